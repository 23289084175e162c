//! Passkeys: in place of name and password, and the own ones (native 1.4, factors section 20).

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::{Response, Story};

use super::synctv::{FAILED, Pair, SYNCTV, call, get, handle, is_error, is_in_form, opens, post, signed_in};
use crate::factors::passkeys::somebody;

const START: &str = "/api/auth/passkeys/login/start";
const FINISH: &str = "/api/auth/passkeys/login/finish";
const OWN: &str = "/api/user/passkeys";

async fn start(story: &Story, body: &Value) -> (String, Value) {
    let told = post(story, START, body).await.is(200).json();
    (told["session_id"].as_str().expect("a handle").to_owned(), told["options"].clone())
}

async fn finish(story: &Story, session: &str, credential: &Value) -> Response {
    post(story, FINISH, &json!({ "session_id": session, "credential": credential })).await
}

story!(synctv_passkey_signs_in_with_and_without_a_name_once, SYNCTV, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", false).await;
    for body in [json!({}), json!({ "username": "ada" }), json!({ "email": ada.email })] {
        let (session, options) = start(&story, &body).await;
        assert_eq!((session.len(), &options["userVerification"]), (48, &json!("required")));
        let (other, _) = start(&story, &body).await;
        let credential = passkey.get(&options);
        is_error(finish(&story, &other, &credential).await, 401, FAILED);
        let pair = Pair::of(&finish(&story, &session, &credential).await.is(200));
        assert!(opens(&story, &pair.access).await);
        is_error(finish(&story, &session, &credential).await, 401, FAILED);
    }
    let both = json!({ "username": "ada", "email": ada.email });
    is_error(post(&story, START, &both).await, 400, "Provide exactly one of username or email");
    let (session, options) = start(&story, &json!({})).await;
    let credential = passkey.get(&options);
    story.advance_clock(Duration::from_secs(301));
    is_error(finish(&story, &session, &credential).await, 401, FAILED);
});

story!(synctv_passkey_options_are_the_same_for_nobody, SYNCTV, |story| {
    let (_, mut passkey, _) = somebody(&story, "ada", false).await;
    story.person("eve").await;
    let list = |options: &Value| options["allowCredentials"].clone();
    for name in ["nobody", "eve"] {
        let (_, one) = start(&story, &json!({ "username": name })).await;
        let (_, again) = start(&story, &json!({ "username": name })).await;
        assert_eq!(list(&one), list(&again));
        assert_eq!(list(&one).as_array().map(Vec::len), Some(1));
    }
    // What was asked for one account is nothing to another.
    let (session, options) = start(&story, &json!({ "username": "eve" })).await;
    let mut forged = options.clone();
    forged["allowCredentials"] = json!([]);
    is_error(finish(&story, &session, &passkey.get(&forged)).await, 401, FAILED);
});

story!(synctv_passkey_is_followed_by_a_second_proof_where_two_step_is_on, SYNCTV, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", true).await;
    let (session, options) = start(&story, &json!({})).await;
    let answer = finish(&story, &session, &passkey.get(&options)).await.is(200);
    let methods = answer.json()["mfa"]["available_methods"].clone();
    assert!(methods.as_array().expect("methods").contains(&json!("MFA_METHOD_PASSWORD")), "{methods}");
    assert!(!methods.as_array().expect("methods").contains(&json!("MFA_METHOD_WEBAUTHN")), "{methods}");
    let waits = handle(&answer);
    let verify = async |password: &str| {
        post(&story, "/api/auth/mfa/password/verify", &json!({ "mfa_session_id": waits, "password": password })).await
    };
    is_error(verify("wrong").await, 401, FAILED);
    let pair = Pair::of(&verify(&ada.password).await.is(200));
    assert!(opens(&story, &pair.access).await);
});

story!(synctv_passkeys_are_bound_listed_and_removed, SYNCTV, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (own, other) = (signed_in(&story, &ada).await, signed_in(&story, &eve).await);
    let begin = async |token: &str, body: Value| {
        let told = call(&story, Method::POST, &format!("{OWN}/bind/start"), token, Some(&body)).await.is(200).json();
        (told["session_id"].as_str().expect("a handle").to_owned(), told["options"].clone())
    };
    let end = async |token: &str, session: &str, credential: &Value| {
        let body = json!({ "session_id": session, "credential": credential });
        call(&story, Method::POST, &format!("{OWN}/bind/finish"), token, Some(&body)).await
    };
    let (session, options) = begin(&own.access, json!({ "name": "Schlüssel" })).await;
    let mut passkey = SoftPasskey::new(story.base());
    let credential = passkey.create(&options);
    let foreign = "Passkey registration session belongs to a different user";
    is_error(end(&other.access, &session, &credential).await, 403, foreign);
    is_error(end(&own.access, "x", &credential).await, 400, "Passkey registration session is invalid or expired");
    let made = end(&own.access, &session, &credential).await.is(200).json();
    assert_eq!(made["credential"]["name"], "Schlüssel");
    end(&own.access, &session, &credential).await.is(400);
    let listed = get(&story, OWN, &own.access).await.is(200).json();
    assert_eq!(listed["credentials"], json!([made["credential"]]));
    let factors = get(&story, "/api/user/preferences", &own.access).await.is(200).json();
    assert_eq!(factors["preferences"]["two_factor_enabled"], false, "a bind leaves two-step as it is");
    assert!(begin(&own.access, json!({})).await.0.len() == 48);
    let id = made["credential"]["credential_id"].as_str().expect("an id").to_owned();
    let remove = async |token: &str, id: &str| call(&story, Method::DELETE, &format!("{OWN}/{id}"), token, None).await;
    is_error(remove(&other.access, &id).await, 404, "Passkey not found");
    is_error(remove(&own.access, "nonsense").await, 404, "Passkey not found");
    assert_eq!(remove(&own.access, &id).await.is(200).json(), json!({ "deleted": true }));
    is_error(remove(&own.access, &id).await, 404, "Passkey not found");
    story.advance_clock(Duration::from_secs(301));
    let stale = call(&story, Method::POST, &format!("{OWN}/bind/start"), &own.access, Some(&json!({}))).await;
    assert_eq!(is_in_form(&stale)["code"], 4001);
    is_error(stale, 403, "Recent verification is required");
});

story!(synctv_account_is_closed_by_its_owner, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    story.advance_clock(Duration::from_secs(301));
    is_error(
        call(&story, Method::DELETE, "/api/user/me", &pair.access, None).await,
        403,
        "Recent verification is required",
    );
    let fresh = signed_in(&story, &ada).await;
    call(&story, Method::DELETE, "/api/user/me", &fresh.access, None).await.is(204);
    assert!(!opens(&story, &fresh.access).await && !opens(&story, &pair.access).await);
});
