//! The own devices and the own password (native 2.7), and the lists where people see and end their sign-ins (NAT-24).

use std::time::Duration;

use lysand_auth::flows::native::{self, Caller, Dialect, Program, ProofKind, Proofs};
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::Story;

use super::{Pair, TOKI, account_app, call, get, is_error, is_secret, login, opens, refresh, signed_in, signed_in_on};
use crate::factors::{browser_of, enrol};

async fn devices(story: &Story, token: &str) -> Vec<Value> {
    let told = get(story, "/me/devices", token).await.is(200);
    is_secret(&told);
    told.json().as_array().expect("a list").clone()
}

fn id(device: &Value) -> String {
    device["device_id"].as_str().expect("an id").to_owned()
}

story!(toki_devices_are_listed_renamed_and_ended, TOKI, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let laptop = signed_in_on(&story, &ada, "laptop").await;
    story.advance_clock(Duration::from_secs(60));
    let again = signed_in_on(&story, &ada, "laptop").await;
    let bare = signed_in(&story, &ada).await;
    let foreign = signed_in_on(&story, &eve, "laptop").await;
    let own = devices(&story, &laptop.access).await;
    assert_eq!(own.len(), 2, "{own:?}");
    let named = own.iter().find(|device| device["device_name"] == "laptop").expect("the laptop");
    assert_eq!(named["last_seen"], "2026-11-21T21:01:00Z");
    assert!(own.iter().any(|device| device["device_name"] == "toki-cli"));
    let path = format!("/me/devices/{}", id(named));
    let rename = async |token: &str, name: Value| {
        call(&story, Method::PATCH, &format!("{path}/name"), token, Some(&json!({ "name": name }))).await
    };
    assert_eq!(rename(&laptop.access, json!("  desk ")).await.is(200).json(), json!({ "updated": true }));
    assert!(devices(&story, &bare.access).await.iter().any(|device| device["device_name"] == "desk"));
    let (length, control) = ("device name must be 1-64 characters", "device name must not contain control characters");
    for (name, text) in [
        (json!(""), length),
        (json!("   "), length),
        (json!("x".repeat(65)), length),
        (json!("a\u{7}b"), control),
        (json!(7), "name must be a string"),
        (json!(null), "name is required"),
    ] {
        is_error(rename(&laptop.access, name).await, 422, text);
    }
    is_error(rename(&foreign.access, json!("mine")).await, 404, "device not found");
    is_error(call(&story, Method::DELETE, &path, &foreign.access, None).await, 404, "device not found");
    for odd in ["0", "%00", "..%2f", "a%27b", &"9".repeat(10_000)] {
        let answer = call(&story, Method::DELETE, &format!("/me/devices/{odd}"), &laptop.access, None).await;
        assert!([404, 414].contains(&answer.status.as_u16()), "{odd}: {}", answer.status);
    }
    let ended = call(&story, Method::DELETE, &path, &bare.access, None).await.is(200);
    assert_eq!(ended.json(), json!({ "deleted": true }));
    for pair in [&laptop, &again] {
        assert!(!opens(&story, &pair.access).await);
        is_error(refresh(&story, &pair.refresh).await, 401, "invalid or expired refresh token");
    }
    assert!(opens(&story, &bare.access).await && opens(&story, &foreign.access).await);
    let later = signed_in_on(&story, &ada, "laptop").await;
    let anew = devices(&story, &later.access).await;
    assert!(anew.iter().all(|device| id(device) != id(named)), "a record of its own");
});

story!(toki_password_change_spares_the_sign_in_that_makes_it, TOKI, |story| {
    let ada = story.person("ada").await;
    let (here, there) = (signed_in(&story, &ada).await, signed_in(&story, &ada).await);
    let token = story.token(&ada, &story.usual_app().await).await;
    let jar = browser_of(&story, &ada).await;
    let change = async |pair: &Pair, current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        call(&story, Method::PATCH, "/me/password", &pair.access, Some(&body)).await
    };
    is_error(change(&here, "wrong", "another horse").await, 401, "current password incorrect");
    for new in ["", "1234567", &*"x".repeat(129)] {
        is_error(change(&here, &ada.password, new).await, 422, "password must be 8-128 characters");
    }
    change(&here, &ada.password, "password").await.is(422);
    assert_eq!(change(&here, &ada.password, "another horse").await.is(200).json(), json!({ "updated": true }));
    assert!(opens(&story, &here.access).await && !opens(&story, &there.access).await);
    refresh(&story, &here.refresh).await.is(200);
    is_error(refresh(&story, &there.refresh).await, 401, "invalid or expired refresh token");
    story.verify(&token).await.is(401);
    assert_ne!(story.get("/account").cookies(&jar).send().await.status, 200);
    is_error(login(&story, "ada", &ada.password).await, 401, "invalid credentials");
    login(&story, "ada", "another horse").await.is(200);
});

story!(toki_password_change_wants_two_proofs_where_a_sign_in_does, TOKI, |story| {
    let ada = story.person("ada").await;
    enrol(&story, &ada).await;
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    let sign_in = async || {
        let now = auth.ambient().now();
        let proofs = Proofs::new([(ProofKind::Password, now), (ProofKind::Totp, now)]);
        let begun = native::begin(auth, &account, Program::of(Dialect::Toki), &proofs, &Caller::default()).await;
        begun.expect("tokens").access_token.expose().to_owned()
    };
    let change = async |token: &str| {
        let body = json!({ "current_password": ada.password, "new_password": "another horse" });
        call(&story, Method::PATCH, "/me/password", token, Some(&body)).await
    };
    let token = sign_in().await;
    story.advance_clock(Duration::from_secs(301));
    is_error(change(&token).await, 403, "second factor required");
    change(&sign_in().await).await.is(200);
});

story!(native_sign_ins_are_listed_among_browsers_and_ended_there, TOKI, |story| {
    let ada = story.person("ada").await;
    let app = account_app(&story).await;
    let (pair, other) = (signed_in_on(&story, &ada, "laptop").await, signed_in(&story, &ada).await);
    let token = story.token(&ada, &app).await;
    let listed = story.get("/api/v1/auth/sessions").bearer(&token).send().await.is(200).json();
    let native: Vec<&Value> = listed.as_array().expect("a list").iter().filter(|own| own["kind"] == "native").collect();
    assert_eq!((listed.as_array().map(Vec::len), native.len()), (Some(3), 2), "{listed}");
    assert!(
        native.iter().all(|own| own["dialect"] == "toki"
            && own["methods"] == json!(["pwd"])
            && own["device"] == json!({ "browser": "toki-cli", "system": null, "kind": "other" })
            && own["current"] == false),
        "{listed}"
    );
    // Page by page, together.
    let first = story.get("/api/v1/auth/sessions?limit=2").bearer(&token).send().await.is(200).json();
    let last = first[1]["id"].as_str().expect("an id");
    let path = format!("/api/v1/auth/sessions?limit=2&max_id={last}");
    let second = story.get(&path).bearer(&token).send().await.is(200).json();
    assert_eq!((first.as_array().map(Vec::len), second.as_array().map(Vec::len)), (Some(2), Some(1)));
    let jar = browser_of(&story, &ada).await;
    let page = story.get("/account/sessions").cookies(&jar).send().await.is(200);
    assert!(page.body.contains("toki-cli"), "{}", page.body);
    // Not among apps, and not among the tokens of apps.
    let apps = story.get("/oauth/authorized_applications").cookies(&jar).send().await.is(200);
    assert!(!apps.body.contains("toki clients"), "{}", apps.body);
    let gone = native[0]["id"].as_str().expect("an id");
    story.call(Method::DELETE, &format!("/api/v1/auth/sessions/{gone}")).bearer(&token).send().await.is(200);
    story.call(Method::DELETE, &format!("/api/v1/auth/sessions/{gone}")).bearer(&token).send().await.is(404);
    let alive = [opens(&story, &pair.access).await, opens(&story, &other.access).await];
    assert_eq!(alive.iter().filter(|alive| **alive).count(), 1);
});

story!(
    native_sign_ins_of_a_dialect_are_no_more_than_so_many,
    &[("native.toki.enabled", "true"), ("native.max_sign_ins", "3")],
    |story| {
        let ada = story.person("ada").await;
        let mut pairs = Vec::new();
        for _ in 0..3 {
            pairs.push(signed_in(&story, &ada).await);
            story.advance_clock(Duration::from_secs(60));
        }
        // The one that is used lately stays.
        pairs[0] = Pair::of(&refresh(&story, &pairs[0].refresh).await.is(200));
        story.advance_clock(Duration::from_secs(60));
        pairs.push(signed_in(&story, &ada).await);
        let mut alive = Vec::new();
        for pair in &pairs {
            alive.push(opens(&story, &pair.access).await);
        }
        assert_eq!(alive, [true, false, true, true]);
    }
);
