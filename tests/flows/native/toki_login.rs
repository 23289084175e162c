//! `POST /login` (native 2.4, C3, NAT-10, NAT-27).

use std::time::Duration;

use lysand_auth::flows::reset::{self, Demanded};
use lysand_auth::flows::staff::{StaffAct, Standing, set_standing};
use lysand_auth::flows::{events, sessions};
use serde_json::{Value, json};
use tests::story;
use tests::story::{Response, Story};

use super::{CLI, LIMITED, TOKI, is_error, is_secret, login, mails_to, opens, post, signed_in, signed_in_on};
use crate::factors::enrol;

const INVALID: &str = "invalid credentials";

story!(toki_login_gives_an_opaque_pair_for_name_and_address, TOKI, |story| {
    let ada = story.person("ada").await;
    for name in ["ada", " ADA ", "@ada", &*ada.email] {
        let answer = login(&story, name, &ada.password).await.is(200);
        is_secret(&answer);
        let body = answer.json();
        let members: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["access_token", "expires_in", "refresh_token", "token_type"]);
        assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(3_600)));
        for token in ["access_token", "refresh_token"] {
            assert_eq!(body[token].as_str().map(str::len), Some(43), "{token}");
        }
        assert!(answer.set_cookie("jwt").is_none() && answer.header("access-control-allow-origin") == "*");
        assert!(opens(&story, body["access_token"].as_str().expect("a token")).await);
    }
    // Unknown members are nothing.
    let body = json!({ "username": "ada", "password": ada.password, "client_version": 3, "device_id": null });
    post(&story, "/login", &body).await.is(200);
});

/// What a refused answer has, but for what differs by chance or time.
fn told(answer: &Response) -> (u16, String, Vec<(String, String)>) {
    let chance = ["date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset"];
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
        .filter(|(name, _)| !chance.contains(&name.as_str()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), answer.body.clone(), headers)
}

story!(toki_login_refuses_everything_in_the_same_bytes, TOKI, |story| {
    let auth = story.server().state().auth.clone();
    let names = ["ada", "off", "gone", "demanded", "waits", "bare"];
    let mut people = Vec::new();
    for name in &names[..4] {
        people.push(story.person(name).await);
    }
    for (name, standing) in [("off", Standing::Disabled), ("gone", Standing::Suspended)] {
        let person = people.iter().find(|person| person.username == name).expect("a person");
        let account = story.account(person).await;
        set_standing(&auth, &account, standing, &StaffAct::by_command()).await.expect("a standing");
    }
    let demanded = story.account(&people[3]).await;
    reset::demand(&auth, &demanded, Demanded::Now, events::Actor::Command).await.expect("a demand");
    let unconfirmed = tests::Person::named("waits");
    story.create(&unconfirmed, false).await;
    let wrong = login(&story, "ada", "wrong-password").await;
    let expected = told(&wrong);
    is_error(wrong, 401, INVALID);
    for (name, password) in [
        ("nobody", "wrong-password"),
        ("off", &*people[1].password),
        ("gone", &*people[2].password),
        ("demanded", &*people[3].password),
        ("waits", &*unconfirmed.password),
        ("", "x"),
        ("ada", ""),
    ] {
        assert_eq!(told(&login(&story, name, password).await), expected, "{name}");
    }
});

story!(toki_login_wants_a_second_factor_only_after_the_right_password, TOKI, |story| {
    let ada = story.person("ada").await;
    enrol(&story, &ada).await;
    is_error(login(&story, "ada", &ada.password).await, 401, "second factor required");
    is_error(login(&story, "ada", "wrong-password").await, 401, INVALID);
    // And to somebody who may not act it is told neither.
    let account = story.account(&ada).await;
    let auth = &story.server().state().auth;
    set_standing(auth, &account, Standing::Disabled, &StaffAct::by_command()).await.expect("a standing");
    is_error(login(&story, "ada", &ada.password).await, 401, INVALID);
});

story!(toki_login_tells_that_the_password_must_be_changed, TOKI, |story| {
    let ada = story.person("ada").await;
    let (auth, account) = (&story.server().state().auth, story.account(&ada).await);
    reset::demand(auth, &account, Demanded::AtNextSignIn, events::Actor::Command).await.expect("a demand");
    is_error(login(&story, "ada", &ada.password).await, 401, "password change required");
    is_error(login(&story, "ada", "wrong-password").await, 401, INVALID);
});

story!(toki_login_says_that_nobody_has_a_password_where_providers_are_forced, |story| {
    let settings = [("native.toki.enabled", "true"), ("oidc.forced", "true")];
    let (story, _provider) = story.with_provider(&settings).await;
    let ada = story.person("ada").await;
    for (name, password) in [("ada", &*ada.password), ("ada", "wrong"), ("nobody", "wrong")] {
        is_error(login(&story, name, password).await, 401, "this account uses OIDC login");
    }
});

story!(toki_lockout_closes_a_name_for_one_network_alone, LIMITED, |story| {
    let ada = story.person("ada").await;
    let try_from = async |name: &str, password: &str, from: &str| {
        let call = story.post("/login").header("x-forwarded-for", from).header("user-agent", CLI);
        call.json(&json!({ "username": name, "password": password })).send().await
    };
    for name in ["ada", "nobody"] {
        for _ in 0..5 {
            is_error(try_from(name, "wrong", "203.0.113.7").await, 401, INVALID);
        }
        let closed = try_from(name, &ada.password, "203.0.113.7").await.is(429);
        let wait: u64 = closed.header("retry-after").parse().expect("seconds");
        assert!((1..=900).contains(&wait), "{wait}");
        assert_eq!(closed.json(), json!({ "error": format!("too many attempts, retry after {wait}s") }));
        is_secret(&closed);
    }
    // The owner elsewhere gets in, and after a while there too.
    try_from("ada", &ada.password, "198.51.100.7").await.is(200);
    try_from("ada", &ada.password, "203.0.113.7").await.is(429);
    story.advance_clock(Duration::from_secs(901));
    try_from("ada", &ada.password, "203.0.113.7").await.is(200);
});

story!(toki_lockout_is_forgotten_when_tokens_are_issued, LIMITED, |story| {
    let ada = story.person("ada").await;
    for _ in 0..4 {
        is_error(login(&story, "ada", "wrong").await, 401, INVALID);
    }
    signed_in(&story, &ada).await;
    for _ in 0..4 {
        is_error(login(&story, "ada", "wrong").await, 401, INVALID);
    }
    signed_in(&story, &ada).await;
});

story!(toki_lockout_counts_parallel_tries, LIMITED, |story| {
    let ada = story.person("ada").await;
    let tries = (0..12).map(|_| login(&story, &ada.username, "wrong"));
    let answers = futures_util::future::join_all(tries).await;
    let refused = answers.iter().filter(|answer| answer.status == 401).count();
    let closed = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!((refused, closed), (5, 7));
});

/// The events of an account by their names, and the details of the last of a name.
async fn events_of(story: &Story, name: &str) -> Vec<Value> {
    let auth = &story.server().state().auth;
    let found = events::find(auth, events::EventQuery::new(100)).await.expect("events");
    found
        .iter()
        .filter(|event| event.event == name)
        .map(|event| serde_json::from_str(event.detail.as_deref().unwrap_or("null")).expect("JSON"))
        .collect()
}

story!(native_sign_in_is_recorded_and_told_from_an_unknown_program, TOKI, |story| {
    let ada = story.person("ada").await;
    signed_in(&story, &ada).await;
    assert_eq!(mails_to(&story, &ada.email).await.len(), 0, "the first sign-in of all is no news");
    signed_in(&story, &ada).await;
    assert_eq!(mails_to(&story, &ada.email).await.len(), 0, "the same program");
    signed_in_on(&story, &ada, "laptop").await;
    let told = mails_to(&story, &ada.email).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("toki-cli"), "{}", told[0]);
    signed_in_on(&story, &ada, "laptop").await;
    assert_eq!(mails_to(&story, &ada.email).await.len(), 1);
    let recorded = events_of(&story, "sign_in").await;
    assert_eq!(recorded.len(), 4);
    assert!(recorded.iter().all(|detail| detail["dialect"] == "toki" && detail["by"] == "password"), "{recorded:?}");
    login(&story, "ada", "wrong").await;
    let failed = events_of(&story, "sign_in_failed").await;
    assert_eq!(failed[0]["service"], "toki");
    let account = story.account(&ada).await.id;
    let browsers = sessions::of_account(&story.server().state().auth, &account).await.expect("sessions");
    assert!(browsers.is_empty(), "no browser's session began");
});
