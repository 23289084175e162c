//! The own account, preferences, tickets (native 1.4).

use std::time::Duration;

use lysand_auth::flows::tickets;
use reqwest::Method;
use serde_json::json;
use tests::story;

use super::synctv::{FAILED, SYNCTV, call, get, is_error, is_in_form, is_secret, login, opens, refresh, signed_in};
use crate::factors::passkeys::somebody;

const USER: &str = "/api/user";
const PREFERENCES: &str = "/api/user/preferences";
const STALE: Duration = Duration::from_secs(301);
const NEW: &str = "a-better-password-9";

story!(synctv_user_is_told_and_changes_the_password, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let (own, other) = (signed_in(&story, &ada).await, signed_in(&story, &ada).await);
    let told = get(&story, USER, &own.access).await.is(200);
    is_secret(&told);
    assert_eq!(told.json()["user"]["username"], "ada");
    let patch = async |body: serde_json::Value| call(&story, Method::PATCH, USER, &own.access, Some(&body)).await;
    is_error(patch(json!({ "username": "eve" })).await, 400, "The username cannot be changed");
    is_error(patch(json!({ "password": NEW })).await, 400, "old_password is required when password is provided");
    let wrong = patch(json!({ "password": NEW, "old_password": "wrong" })).await;
    is_error(wrong, 401, "Invalid current password");
    let common = patch(json!({ "password": "password123", "old_password": ada.password })).await;
    is_error(common, 400, "Password is too common. Please choose a stronger password.");
    patch(json!({ "password": "short", "old_password": ada.password })).await.is(400);
    let done = patch(json!({ "password": NEW, "old_password": ada.password, "username": "ada" })).await.is(200);
    assert_eq!(done.json()["username"], "ada");
    assert!(opens(&story, &own.access).await);
    let over = "Token invalidated due to password change. Please log in again.";
    is_error(get(&story, USER, &other.access).await, 401, over);
    is_error(refresh(&story, &other.refresh).await, 401, over);
    is_error(login(&story, "ada", &ada.password).await, 401, FAILED);
    login(&story, "ada", NEW).await.is(200);
});

story!(synctv_preferences_turn_two_step_on_with_two_factors, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    let told = get(&story, PREFERENCES, &pair.access).await.is(200).json();
    let factors = json!({ "password": true, "webauthn": false, "email": true, "totp": false, "eligible_count": 2 });
    let expected = json!({
        "preferences": { "two_factor_enabled": false }, "auth_factors": factors, "totp_recovery_codes_remaining": 0,
    });
    assert_eq!(told, expected);
    let patch =
        async |token: &str, body: serde_json::Value| call(&story, Method::PATCH, PREFERENCES, token, Some(&body)).await;
    is_error(patch(&pair.access, json!({})).await, 400, "No valid user preference fields provided");
    is_error(
        patch(&pair.access, json!({ "two_factor_enabled": 1 })).await,
        400,
        "two_factor_enabled must be true or false",
    );
    story.advance_clock(STALE);
    let stale = patch(&pair.access, json!({ "two_factor_enabled": true })).await;
    assert_eq!(is_in_form(&stale)["code"], 4001);
    is_error(stale, 403, "Recent verification is required");
    let fresh = signed_in(&story, &ada).await;
    let on = patch(&fresh.access, json!({ "two_factor_enabled": true })).await.is(200).json();
    assert_eq!(on["preferences"]["two_factor_enabled"], true);
});

story!(synctv_preferences_count_what_there_is, SYNCTV, |story| {
    let (ada, _, _) = somebody(&story, "ada", false).await;
    let pair = signed_in(&story, &ada).await;
    let told = get(&story, PREFERENCES, &pair.access).await.is(200).json();
    assert_eq!((&told["auth_factors"]["webauthn"], &told["auth_factors"]["eligible_count"]), (&json!(true), &json!(3)));
});

story!(synctv_ticket_opens_one_target_of_its_sign_in, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    let ask = async |room: &str| {
        call(&story, Method::POST, "/api/tickets", &pair.access, Some(&json!({ "room_id": room }))).await
    };
    let answer = ask("room_1-A").await.is(200);
    is_secret(&answer);
    let told = answer.json();
    assert_eq!((&told["room_id"], &told["expires_in_secs"]), (&json!("room_1-A"), &json!(30)));
    assert!(told["usage"].is_string());
    let auth = &story.server().state().auth;
    let ticket = lysand_auth::Secret::new(told["ticket"].as_str().expect("a ticket"));
    assert_eq!(ticket.expose().len(), 43);
    let opened = tickets::redeem(auth, &ticket, "room_1-A").await.expect("an answer").expect("a stream");
    assert_eq!(opened.account.username, "ada");
    assert!(tickets::redeem(auth, &ticket, "room_1-A").await.expect("an answer").is_none());
    is_error(ask("a/b").await, 400, "room_id may only contain letters, digits, _ and -");
    is_error(ask("").await, 400, "room_id is required");
    is_error(ask(&"x".repeat(65)).await, 400, "room_id must be at most 64 characters");
});
