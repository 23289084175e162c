//! Limits and lockout (native 1.3, NAT-10).

use std::time::Duration;

use serde_json::json;
use tests::story;
use tests::story::{Response, Story};

use super::synctv::{APP, FAILED, LIMITED, Pair, is_error, login, refresh, signed_in};

async fn try_from(story: &Story, name: &str, password: &str, from: &str) -> Response {
    let call = story.post("/api/auth/login").header("x-forwarded-for", from).header("user-agent", APP);
    call.json(&json!({ "username": name, "password": password })).send().await
}

#[track_caller]
fn is_closed(answer: Response, most: u64) {
    let answer = answer.is(429);
    let wait: u64 = answer.header("retry-after").parse().expect("seconds");
    assert!((1..=most).contains(&wait), "{wait}");
    is_error(answer, 429, &format!("Too many failed login attempts. Please try again in {wait} seconds."));
}

story!(synctv_lockout_closes_a_name_for_one_network_alone, LIMITED, |story| {
    let ada = story.person("ada").await;
    for name in ["ada", "nobody"] {
        for _ in 0..5 {
            is_error(try_from(&story, name, "wrong", "203.0.113.7").await, 401, FAILED);
        }
        is_closed(try_from(&story, name, &ada.password, "203.0.113.7").await, 60);
    }
    try_from(&story, "ada", &ada.password, "198.51.100.7").await.is(200);
    story.advance_clock(Duration::from_secs(61));
    for _ in 0..5 {
        is_error(try_from(&story, "ada", "wrong", "203.0.113.7").await, 401, FAILED);
    }
    is_closed(try_from(&story, "ada", &ada.password, "203.0.113.7").await, 300);
    story.advance_clock(Duration::from_secs(301));
    try_from(&story, "ada", &ada.password, "203.0.113.7").await.is(200);
});

story!(synctv_requests_to_sign_in_are_limited_by_address, LIMITED, |story| {
    let mut answers = Vec::new();
    for _ in 0..62 {
        answers.push(refresh(&story, "x").await);
    }
    let last = answers.pop().expect("an answer").is(429);
    let wait: u64 = last.header("retry-after").parse().expect("seconds");
    is_error(last, 429, &format!("Too many requests. Please try again in {wait} seconds."));
    let elsewhere = story.post("/api/auth/refresh").header("x-forwarded-for", "198.51.100.7");
    elsewhere.json(&json!({ "refresh_token": "x" })).send().await.is(401);
});

story!(synctv_refresh_is_limited_by_account, LIMITED, |story| {
    let ada = story.person("ada").await;
    let mut pair = signed_in(&story, &ada).await;
    for _ in 0..10 {
        pair = Pair::of(&refresh(&story, &pair.refresh).await.is(200));
    }
    refresh(&story, &pair.refresh).await.is(429);
    story.advance_clock(Duration::from_secs(61));
    refresh(&story, &pair.refresh).await.is(200);
    login(&story, "ada", &ada.password).await.is(200);
});

story!(synctv_takes_no_password_where_providers_are_forced, |story| {
    let settings = [("native.synctv.enabled", "true"), ("oidc.forced", "true")];
    let (story, _provider) = story.with_provider(&settings).await;
    let ada = story.person("ada").await;
    let off = "Password login is disabled";
    for (name, password) in [("ada", &*ada.password), ("ada", "wrong"), ("nobody", "wrong")] {
        is_error(login(&story, name, password).await, 403, off);
    }
    let post = async |path: &str, body: serde_json::Value| story.post(path).json(&body).send().await;
    is_error(post("/api/email/password/reset", json!({ "email": ada.email })).await, 403, off);
    let form = json!({ "username": "eve", "password": "correct horse battery" });
    is_error(post("/api/auth/register", form).await, 403, off);
});
