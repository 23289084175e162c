//! The second proof (native 1.5, C4, C11).

use std::time::Duration;

use lysand_auth::flows::staff::{StaffAct, Standing, set_standing};
use serde_json::{Value, json};
use tests::story;
use tests::story::{Response, Story};

use super::synctv::{
    FAILED, LIMITED, Pair, SYNCTV, TWO_FACTORS, call, get, handle, is_error, is_secret, login, opens, post, refresh,
    signed_in, waiting,
};
use crate::factors::passkeys::somebody;
use crate::factors::{begin, enrol, proven_query};
use crate::people::{code_in, mail_with};

const NO_CODE: &str = "Invalid or expired login code";
const TOTP: &str = "/api/auth/mfa/totp/verify";
const RECOVERY: &str = "/api/auth/mfa/recovery-code/verify";
const PASSWORD: &str = "/api/auth/mfa/password/verify";

async fn totp(story: &Story, handle: &str, code: &str) -> Response {
    post(story, TOTP, &json!({ "mfa_session_id": handle, "code": code })).await
}

/// Turns two-step on with the password and the confirmed address alone.
async fn two_step_by_mail(story: &Story, person: &tests::Person) {
    let pair = signed_in(story, person).await;
    let body = json!({ "two_factor_enabled": true });
    call(story, reqwest::Method::PATCH, "/api/user/preferences", &pair.access, Some(&body)).await.is(200);
}

story!(synctv_totp_is_a_second_proof_once, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    let first = waiting(&story, &ada).await;
    let code = enrolled.fresh_code(&story);
    is_error(totp(&story, &first, "000000").await, 401, FAILED);
    for malformed in ["12345", "1234567", "12345a", "12 345"] {
        is_error(totp(&story, &first, malformed).await, 400, "code must be 6 digits");
    }
    let answer = totp(&story, &first, &code).await.is(200);
    is_secret(&answer);
    assert_eq!(answer.json()["mfa"]["required"], false);
    assert!(opens(&story, &Pair::of(&answer).access).await);
    // Handle and code are used up.
    is_error(totp(&story, &first, &enrolled.fresh_code(&story)).await, 401, FAILED);
    let second = waiting(&story, &ada).await;
    is_error(totp(&story, &second, &code).await, 401, FAILED);
});

story!(synctv_second_proof_in_parallel_succeeds_once, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    let waits = waiting(&story, &ada).await;
    let code = enrolled.fresh_code(&story);
    let tries = (0..4).map(|_| totp(&story, &waits, &code));
    let answers = futures_util::future::join_all(tries).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1, "{:?}", answers.iter().map(|answer| answer.body.clone()).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status.as_u16())));
});

story!(synctv_recovery_code_is_a_second_proof_once, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    let ask = async |handle: &str, code: &str| {
        post(&story, RECOVERY, &json!({ "mfa_session_id": handle, "recovery_code": code })).await
    };
    let first = waiting(&story, &ada).await;
    let pair = Pair::of(&ask(&first, &enrolled.codes[0]).await.is(200));
    let told = get(&story, "/api/user/preferences", &pair.access).await.is(200).json();
    assert_eq!(told["totp_recovery_codes_remaining"], 9, "{told}");
    let second = waiting(&story, &ada).await;
    is_error(ask(&second, &enrolled.codes[0]).await, 401, FAILED);
    ask(&second, &enrolled.codes[1].to_lowercase()).await.is(200);
});

story!(synctv_mailed_code_is_a_second_proof_of_its_sign_in, SYNCTV, |story| {
    let ada = story.person("ada_lovelace").await;
    two_step_by_mail(&story, &ada).await;
    let answer = login(&story, &ada.username, &ada.password).await.is(200);
    let told = answer.json();
    assert_eq!(told["mfa"]["available_methods"], json!(["MFA_METHOD_EMAIL"]));
    let masked = told["mfa"]["masked_email"].as_str().expect("an address").to_owned();
    assert!(masked.starts_with("ada***@") && !ada.email.starts_with("ada@"), "{masked}");
    let first = handle(&answer);
    let other = waiting(&story, &ada).await;
    let sent = post(&story, "/api/auth/mfa/email/request", &json!({ "mfa_session_id": first })).await.is(200);
    is_secret(&sent);
    assert_eq!(sent.json()["masked_email"], json!(masked));
    let mail = mail_with(&story, &ada.email, "<strong>").await;
    let code = code_in(&mail).expect("a code").to_owned();
    let ask = async |handle: &str, code: &str| {
        post(&story, "/api/auth/mfa/email/verify", &json!({ "mfa_session_id": handle, "email_token": code })).await
    };
    is_error(ask(&other, &code).await, 401, NO_CODE);
    is_error(ask(&first, "00000000").await, 401, NO_CODE);
    is_error(ask(&first, "nonsense").await, 401, NO_CODE);
    is_error(ask(&"x".repeat(48), &code).await, 401, FAILED);
    let pair = Pair::of(&ask(&first, &code).await.is(200));
    assert!(opens(&story, &pair.access).await);
    is_error(ask(&first, &code).await, 401, FAILED);
    // Where mail is none of the methods nobody is mailed.
    let eve = story.person("eve").await;
    enrol(&story, &eve).await;
    let waits = waiting(&story, &eve).await;
    let asked = post(&story, "/api/auth/mfa/email/request", &json!({ "mfa_session_id": waits })).await;
    is_error(asked, 401, FAILED);
});

story!(synctv_passkey_is_a_second_proof_of_its_sign_in_and_ceremony, SYNCTV, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", true).await;
    let answer = login(&story, "ada", &ada.password).await.is(200);
    assert_eq!(answer.json()["mfa"]["available_methods"][0], "MFA_METHOD_WEBAUTHN");
    let (first, other) = (handle(&answer), waiting(&story, &ada).await);
    let start = async |handle: &str| {
        let path = "/api/auth/mfa/passkeys/start";
        let told = post(&story, path, &json!({ "mfa_session_id": handle })).await.is(200).json();
        (told["passkey_session_id"].as_str().expect("a handle").to_owned(), told["options"].clone())
    };
    let finish = async |mfa: &str, ceremony: &str, credential: &Value| {
        let body = json!({ "mfa_session_id": mfa, "passkey_session_id": ceremony, "credential": credential });
        post(&story, "/api/auth/mfa/passkeys/finish", &body).await
    };
    let (ceremony, options) = start(&first).await;
    let (another, _) = start(&first).await;
    let credential = passkey.get(&options);
    is_error(finish(&first, &another, &credential).await, 401, FAILED);
    is_error(finish(&other, &ceremony, &credential).await, 401, FAILED);
    is_error(finish(&first, &ceremony, &json!({})).await, 401, FAILED);
    is_error(finish(&first, &ceremony, &json!("x")).await, 400, "credential must be an object");
    let pair = Pair::of(&finish(&first, &ceremony, &credential).await.is(200));
    assert!(opens(&story, &pair.access).await);
    is_error(finish(&first, &ceremony, &credential).await, 401, FAILED);
});

story!(synctv_second_proof_of_the_first_ones_kind_counts_as_wrong, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    let waits = waiting(&story, &ada).await;
    for _ in 0..5 {
        let body = json!({ "mfa_session_id": waits, "password": ada.password });
        is_error(post(&story, PASSWORD, &body).await, 401, FAILED);
    }
    // Five wrong answers end it.
    is_error(totp(&story, &waits, &enrolled.fresh_code(&story)).await, 401, FAILED);
    let again = waiting(&story, &ada).await;
    totp(&story, &again, &enrolled.fresh_code(&story)).await.is(200);
});

story!(synctv_sign_in_that_waits_ends_by_time_and_by_what_ends_the_account, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    let late = waiting(&story, &ada).await;
    story.advance_clock(Duration::from_secs(301));
    is_error(totp(&story, &late, &enrolled.fresh_code(&story)).await, 401, FAILED);
    let waits = waiting(&story, &ada).await;
    let account = story.account(&ada).await;
    let auth = story.server().state().auth.clone();
    lysand_auth::flows::reset::set_by_staff(
        &auth,
        &account,
        &lysand_auth::Secret::new("another-password-1"),
        lysand_auth::flows::events::Actor::Command,
    )
    .await
    .map_err(|error| error.to_string())
    .expect("a password");
    is_error(totp(&story, &waits, &enrolled.fresh_code(&story)).await, 401, FAILED);
    let answer = login(&story, "ada", "another-password-1").await.is(200);
    let waits = handle(&answer);
    set_standing(&auth, &account, Standing::Disabled, &StaffAct::by_command()).await.expect("a standing");
    is_error(totp(&story, &waits, &enrolled.fresh_code(&story)).await, 401, FAILED);
});

story!(synctv_sign_in_that_waits_is_no_browsers_and_a_browsers_none_of_it, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    let app = story.usual_app().await;
    let (query, _) = proven_query(&story, &app);
    let browser = begin(&story, &ada, &query).await;
    let cookie = browser.jar.get(&format!("signin_{}", browser.id)).expect("a cookie").to_owned();
    for handle in [&*browser.id, &*cookie] {
        is_error(totp(&story, handle, &enrolled.fresh_code(&story)).await, 401, FAILED);
    }
    let waits = waiting(&story, &ada).await;
    let id = lysand_auth::secret::Digest::of(format!("native\n{waits}").as_bytes()).to_base64url();
    let code = enrolled.fresh_code(&story);
    let form = [("pending", &*id), ("code", &*code)];
    let call = story.post("/api/auth/factor/totp").header("origin", story.base());
    let answer = call.header("cookie", &format!("signin_{id}={waits}")).header("accept", "application/json");
    let answer = answer.form(&form).send().await;
    assert!(answer.cookie("jwt").is_none() && answer.status != 200, "{} {}", answer.status, answer.body);
    totp(&story, &waits, &code).await.is(200);
});

story!(synctv_tokens_of_one_proof_end_where_two_are_wanted, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let before = signed_in(&story, &ada).await;
    two_step_by_mail(&story, &ada).await;
    // The sign-in that turned it on is spared, and closed by the gate; every other one is over.
    assert!(!opens(&story, &before.access).await);
    let eve = story.person("eve").await;
    let own = signed_in(&story, &eve).await;
    let body = json!({ "two_factor_enabled": true });
    call(&story, reqwest::Method::PATCH, "/api/user/preferences", &own.access, Some(&body)).await.is(200);
    is_error(get(&story, "/api/user", &own.access).await, 401, TWO_FACTORS);
    let refreshed = refresh(&story, &own.refresh).await;
    is_error(refreshed, 401, TWO_FACTORS);
});

story!(synctv_wrong_codes_close_the_account_for_a_while, LIMITED, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    for _ in 0..2 {
        let waits = waiting(&story, &ada).await;
        for _ in 0..5 {
            is_error(totp(&story, &waits, "000000").await, 401, FAILED);
        }
    }
    let waits = waiting(&story, &ada).await;
    let closed = totp(&story, &waits, &enrolled.fresh_code(&story)).await.is(429);
    let wait: u64 = closed.header("retry-after").parse().expect("seconds");
    is_error(closed, 429, &format!("Too many failed login attempts. Please try again in {wait} seconds."));
});
