//! Mailed codes, and mailed links whose token a program takes (native 1.4, C3).

use std::time::Duration;

use serde_json::json;
use tests::story;

use super::synctv::{FAILED, Pair, SYNCTV, get, handle, is_error, is_secret, login, opens, post, signed_in};
use crate::factors::enrol;
use crate::people::{after, code_in, mail_with, mails_to};

const NEW: &str = "a-better-password-9";

story!(synctv_password_is_reset_by_the_token_of_a_mail, SYNCTV, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let pair = signed_in(&story, &ada).await;
    let ask = async |email: &str| post(&story, "/api/email/password/reset", &json!({ "email": email })).await;
    let known = ask(&ada.email).await.is(200);
    is_secret(&known);
    let unknown = ask("nobody@people.example").await.is(200);
    assert_eq!(known.body, unknown.body);
    is_error(ask("nonsense").await, 400, "email must be an email address");
    is_error(ask("a\n@people.example").await, 400, "email must be an email address");
    let mail = mail_with(&story, &ada.email, "token=").await;
    let token = after(&mail, "token=").to_owned();
    let confirm = async |email: &str, token: &str, password: &str| {
        let body = json!({ "email": email, "token": token, "new_password": password });
        post(&story, "/api/email/password/confirm", &body).await
    };
    let dead = "Invalid or expired reset token";
    is_error(confirm(&eve.email, &token, NEW).await, 400, dead);
    is_error(confirm(&ada.email, "nonsense", NEW).await, 400, dead);
    let common = confirm(&ada.email, &token, "password123").await;
    is_error(common, 400, "Password is too common. Please choose a stronger password.");
    let done = confirm(&ada.email, &token, NEW).await.is(200).json();
    let account = story.account(&ada).await;
    assert_eq!(done, json!({ "message": "Password reset successfully", "user_id": account.id.as_str() }));
    is_error(confirm(&ada.email, &token, NEW).await, 400, dead);
    let over = "Token invalidated due to password change. Please log in again.";
    is_error(get(&story, "/api/user", &pair.access).await, 401, over);
    is_error(login(&story, "ada", &ada.password).await, 401, FAILED);
    login(&story, "ada", NEW).await.is(200);
});

story!(synctv_verification_is_mailed_to_whoever_waits_alone, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let waits = tests::Person::named("waits");
    story.create(&waits, false).await;
    let ask = async |email: &str| post(&story, "/api/email/verify/send", &json!({ "email": email })).await.is(200);
    let answers = [ask(&waits.email).await, ask(&ada.email).await, ask("nobody@people.example").await];
    assert!(answers.iter().all(|answer| answer.body == answers[0].body), "{}", answers[0].body);
    mails_to(&story, &waits.email, 1).await;
    let mails = story.mail().await;
    assert!(!mails.iter().any(|mail| mail.contains(&format!("To: {}", ada.email))), "{mails:?}");
});

story!(synctv_mailed_code_signs_in_once_with_its_address, SYNCTV, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let ask = async |email: &str| post(&story, "/api/auth/email/request", &json!({ "email": email })).await.is(200);
    let (known, unknown) = (ask(&ada.email).await, ask("nobody@people.example").await);
    assert_eq!(known.body, unknown.body);
    is_secret(&known);
    let first = code_in(&mail_with(&story, &ada.email, "<strong>").await).expect("a code").to_owned();
    let login = async |body: serde_json::Value| post(&story, "/api/auth/login", &body).await;
    let with = async |email: &str, code: &str| login(json!({ "email": email, "email_token": code })).await;
    let wrong = "Invalid or expired login code";
    is_error(with(&eve.email, &first).await, 401, wrong);
    is_error(with("nobody@people.example", &first).await, 401, wrong);
    is_error(with(&ada.email, "00000000").await, 401, wrong);
    is_error(with(&ada.email, "nonsense").await, 401, wrong);
    let alone = "Email login token requires email only and cannot be combined with username or password.";
    is_error(login(json!({ "username": "ada", "email_token": first })).await, 400, alone);
    is_error(login(json!({ "username": "ada", "email": ada.email, "email_token": first })).await, 400, alone);
    // A newer one voids none; a fourth is not sent.
    ask(&ada.email).await;
    mails_to(&story, &ada.email, 2).await;
    let tries = (0..4).map(|_| with(&ada.email, &first));
    let answers = futures_util::future::join_all(tries).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| &answer.body).collect::<Vec<_>>());
    assert!(opens(&story, &Pair::of(won[0]).access).await);
    story.advance_clock(Duration::from_secs(601));
    let mails = mails_to(&story, &ada.email, 2).await;
    let other =
        mails.iter().filter_map(|mail| code_in(mail)).find(|code| **code != *first).expect("another").to_owned();
    is_error(with(&ada.email, &other).await, 401, wrong);
});

story!(synctv_mailed_code_is_followed_by_another_proof_and_never_by_mail, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    post(&story, "/api/auth/email/request", &json!({ "email": ada.email })).await.is(200);
    let code = code_in(&mail_with(&story, &ada.email, "<strong>").await).expect("a code").to_owned();
    let answer = post(&story, "/api/auth/login", &json!({ "email": ada.email, "email_token": code })).await.is(200);
    let methods = answer.json()["mfa"]["available_methods"].clone();
    let methods = methods.as_array().expect("methods");
    assert!(
        methods.contains(&json!("MFA_METHOD_TOTP")) && !methods.contains(&json!("MFA_METHOD_EMAIL")),
        "{methods:?}"
    );
    let body = json!({ "mfa_session_id": handle(&answer), "code": enrolled.fresh_code(&story) });
    Pair::of(&post(&story, "/api/auth/mfa/totp/verify", &body).await.is(200));
});

story!(synctv_mailed_codes_end_after_five_wrong_ones, SYNCTV, |story| {
    let ada = story.person("ada").await;
    post(&story, "/api/auth/email/request", &json!({ "email": ada.email })).await.is(200);
    let code = code_in(&mail_with(&story, &ada.email, "<strong>").await).expect("a code").to_owned();
    let with =
        async |code: &str| post(&story, "/api/auth/login", &json!({ "email": ada.email, "email_token": code })).await;
    let other = if code == "00000000" { "11111111" } else { "00000000" };
    for _ in 0..5 {
        with(other).await.is(401);
    }
    with(&code).await.is(401);
});

story!(
    synctv_mailed_codes_sign_nobody_in_unless_they_are_on,
    &[("native.synctv.enabled", "true"), ("native.synctv.email_login", "false")],
    |story| {
        let ada = story.person("ada").await;
        let none = "Email service is not available on this server.";
        let asked = post(&story, "/api/auth/email/request", &json!({ "email": ada.email })).await;
        is_error(asked, 503, none);
        let body = json!({ "email": ada.email, "email_token": "12345678" });
        is_error(post(&story, "/api/auth/login", &body).await, 503, none);
    }
);
