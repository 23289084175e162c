//! A lost password, by a Resonite client (native 3.6, NAT-29).

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::{Response, Story};

use super::mails_to;
use super::resonite::{Held, LIMITED_RESONITE, RESONITE, begin, begin_with_code, in_session, is_refused, lives, login};
use crate::factors::{browser_of, enrol};

const NEW: &str = "quite another sentence";
const ROUTE: &str = "/users/requestlostpassword";
const INVALID: &str = "Invalid credentials";
const PASTE: &str = "In the app, paste this:";

async fn ask(story: &Story, method: Method, email: &str) -> Response {
    story.call(method, ROUTE).json(&json!({ "email": email })).send().await
}

/// The token that a mail shows by itself.
async fn token(story: &Story, email: &str) -> String {
    ask(story, Method::POST, email).await.is(200);
    let mails = mails_to(story, email).await;
    let mail = mails.iter().rfind(|mail| mail.contains("/oauth/reset?token=")).expect("a mail");
    let shown = mail.split(PASTE).nth(1).expect("a token by itself").trim_start();
    let token: String = shown.chars().take_while(char::is_ascii_hexdigit).collect();
    assert!(token.len() >= 32 && mail.contains(&format!("/oauth/reset?token={token}")), "{mail}");
    token
}

fn with_token(name: &str, token: &str, password: &str) -> Value {
    json!({ "username": name, "authentication": { "$type": "password", "recoveryCode": token, "password": password } })
}

story!(resonite_lost_password_is_asked_for_by_get_and_post_in_the_same_way, RESONITE, |story| {
    let ada = story.person("ada").await;
    for method in [Method::GET, Method::POST] {
        for email in [&*ada.email, "nobody@example.com", "nonsense"] {
            let answer = ask(&story, method.clone(), email).await.is(200);
            assert_eq!((answer.body.as_str(), answer.header("cache-control")), ("", "no-store"));
        }
        is_refused(story.call(method.clone(), ROUTE).json(&json!({})).send().await, 400, "Invalid request");
        is_refused(story.call(method, ROUTE).json(&json!({ "email": 7 })).send().await, 400, "Invalid request");
    }
    is_refused(story.get(&format!("{ROUTE}?email={}", ada.email)).send().await, 400, "Invalid request");
    is_refused(story.get(ROUTE).body("text/plain", "{}").send().await, 400, "Invalid request");
    assert_eq!(mails_to(&story, &ada.email).await.len(), 2);
    // The mail that a browser asks for has nothing to paste.
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "ada" })).send().await.is(200);
    let mails = mails_to(&story, &ada.email).await;
    assert_eq!(mails.iter().filter(|mail| mail.contains(PASTE)).count(), 2, "{mails:?}");
});

story!(resonite_lost_password_ends_in_a_session_and_ends_everything_else, RESONITE, |story| {
    let ada = story.person("ada").await;
    let (before, jar) = (in_session(&story, &ada).await, browser_of(&story, &ada).await);
    let token = token(&story, &ada.email).await;
    let answer = begin(&story, &with_token("ada", &token, NEW)).await.is(200);
    let held = Held::of(&answer);
    assert!(lives(&story, &held).await && !lives(&story, &before).await);
    story.get("/account").cookies(&jar).send().await.is(302);
    is_refused(login(&story, "ada", &ada.password).await, 400, INVALID);
    login(&story, "ada", NEW).await.is(200);
    is_refused(begin(&story, &with_token("ada", &token, "one more sentence")).await, 400, INVALID);
    assert!(
        mails_to(&story, &ada.email).await.iter().any(|mail| mail.contains("password") && mail.contains("changed"))
    );
});

story!(resonite_lost_password_keeps_the_token_until_everything_is_right, RESONITE, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let factors = enrol(&story, &ada).await;
    let token = token(&story, &ada.email).await;
    let good = with_token("ada", &token, NEW);
    is_refused(begin(&story, &with_token("eve", &token, NEW)).await, 400, INVALID);
    is_refused(begin(&story, &with_token("ada", "f00", NEW)).await, 400, INVALID);
    is_refused(begin(&story, &with_token("nobody", &token, NEW)).await, 400, INVALID);
    // The password is judged before a code is spent.
    let short = begin_with_code(&story, &with_token("ada", &token, "short"), &factors.codes[0]).await.is(400);
    assert!(short.body.contains("too short"), "{}", short.body);
    is_refused(begin(&story, &good).await, 403, "TOTP");
    for code in ["000000", &*token] {
        is_refused(begin_with_code(&story, &good, code).await, 403, "TOTP");
    }
    // A code of two-step is none where the mail's is wanted.
    is_refused(begin(&story, &with_token("ada", &factors.codes[0], NEW)).await, 400, INVALID);
    let held = Held::of(&begin_with_code(&story, &good, &factors.codes[0]).await.is(200));
    assert!(lives(&story, &held).await);
    is_refused(begin_with_code(&story, &good, &factors.codes[1]).await, 400, INVALID);
    login(&story, "eve", &eve.password).await.is(200);
    is_refused(login(&story, "ada", NEW).await, 403, "TOTP");
});

story!(resonite_lost_password_is_set_by_one_of_many, RESONITE, |story| {
    let ada = story.person("ada").await;
    let token = token(&story, &ada.email).await;
    let bodies: Vec<Value> = (0..6).map(|number| with_token("ada", &token, &format!("{NEW} {number}"))).collect();
    let answers = futures_util::future::join_all(bodies.iter().map(|body| begin(&story, body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        is_refused(answer, 400, INVALID);
    }
});

story!(resonite_lost_password_ends_after_its_time_and_counts_guesses, LIMITED_RESONITE, |story| {
    let ada = story.person("ada").await;
    let token = token(&story, &ada.email).await;
    for _ in 0..5 {
        is_refused(begin(&story, &with_token("ada", &"0".repeat(64), NEW)).await, 400, INVALID);
    }
    begin(&story, &with_token("ada", &token, NEW)).await.is(429);
    story.advance_clock(Duration::from_secs(3_601));
    is_refused(begin(&story, &with_token("ada", &token, NEW)).await, 400, INVALID);
});
