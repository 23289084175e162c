//! Tokens that apps have for themselves: the same again while it lives (faults F3).

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::story;
use tests::story::{App, Story};

const HOUR: Duration = Duration::from_secs(3_600);

async fn ask(story: &Story, app: &App, scope: &str) -> Value {
    let form = [("grant_type", "client_credentials"), ("scope", scope)];
    let call = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&form);
    call.send().await.is(200).json()
}

async fn token(story: &Story, app: &App, scope: &str) -> String {
    ask(story, app, scope).await["access_token"].as_str().expect("a token").to_owned()
}

async fn is_alive(story: &Story, token: &str) -> bool {
    story.get("/api/v1/apps/verify_credentials").bearer(token).send().await.status == 200
}

story!(client_credentials_of_same_app_and_scopes_return_the_live_token, |story| {
    let (app, other) = (story.usual_app().await, story.usual_app().await);
    let first = ask(&story, &app, "read").await;
    story.advance_clock(400 * 24 * HOUR);
    assert_eq!(ask(&story, &app, "read").await, first, "with the time at which it was issued");
    let first = first["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(first.len(), 43);
    let write = token(&story, &app, "write").await;
    assert_ne!(first, write);
    assert_ne!(first, token(&story, &other, "read").await);
    assert!(is_alive(&story, &first).await && is_alive(&story, &write).await);

    let story = story.restart(&[]).await;
    assert_eq!(token(&story, &app, "read").await, first, "after a restart too");
});

story!(client_credentials_after_revocation_return_another_token, |story| {
    let app = story.usual_app().await;
    let (first, write) = (token(&story, &app, "read").await, token(&story, &app, "write").await);
    let revoke = async |token: &str| {
        let call = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret).form(&[("token", token)]);
        call.send().await.is(200);
    };
    revoke(&first).await;
    let second = token(&story, &app, "read").await;
    assert_ne!(first, second);
    assert_eq!(token(&story, &app, "read").await, second);
    story
        .get("/api/v1/apps/verify_credentials")
        .bearer(&first)
        .send()
        .await
        .is_api_error(401, "The access token was revoked");
    assert!(is_alive(&story, &second).await && is_alive(&story, &write).await);
    // The revoked ones are forgotten some day, and none comes back.
    revoke(&second).await;
    story.advance_clock(26 * HOUR);
    lysand_auth::flows::sweep::sweep(&story.server().state().auth).await.expect("swept");
    let third = token(&story, &app, "read").await;
    assert!(third != first && third != second);
    assert!(!is_alive(&story, &first).await && !is_alive(&story, &second).await);
});

story!(client_credentials_asked_at_once_return_one_token, |story| {
    let app = story.usual_app().await;
    let tokens = join_all((0..20).map(|_| token(&story, &app, "read"))).await;
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 1);
    assert!(is_alive(&story, &tokens[0]).await);
});

story!(client_credentials_of_many_scopes_leave_32_live_tokens, |story| {
    let app = story.app("https://app.example/cb", "read write follow push").await;
    let words: Vec<&str> =
        "read:accounts read:blocks read:lists read:mutes read:search read:statuses".split(' ').collect();
    let mut tokens = Vec::new();
    for set in 1..40_usize {
        let chosen = words.iter().enumerate().filter(|(place, _)| set & (1 << place) != 0).map(|(_, word)| *word);
        tokens.push(token(&story, &app, &chosen.collect::<Vec<_>>().join(" ")).await);
        story.advance_clock(Duration::from_millis(1));
    }
    let mut alive = Vec::new();
    for token in &tokens {
        alive.push(is_alive(&story, token).await);
    }
    let (over, live) = alive.split_at(39 - 32);
    assert!(over.iter().all(|alive| !alive) && live.iter().all(|alive| *alive), "the oldest make room: {alive:?}");
});

story!(client_credentials_token_near_its_end_is_replaced, &[("tokens.access_token_ttl", "8h")], |story| {
    let app = story.usual_app().await;
    let first = ask(&story, &app, "read").await;
    story.advance_clock(3 * HOUR);
    let again = ask(&story, &app, "read").await;
    assert_eq!((&again["access_token"], &again["expires_in"]), (&first["access_token"], &json!(5 * 3_600)));
    story.advance_clock(HOUR + HOUR / 2);
    let next = ask(&story, &app, "read").await;
    assert_ne!(next["access_token"], first["access_token"]);
    assert_eq!(next["expires_in"], 8 * 3_600);
    assert!(is_alive(&story, first["access_token"].as_str().expect("a token")).await, "the old one until its end");
});

story!(client_credentials_after_secret_key_changed_return_a_token_that_works, |story| {
    let app = story.usual_app().await;
    let first = token(&story, &app, "read").await;
    let other_key = story.mail_folder().with_file_name("other.key");
    let story = story.restart(&[("keys.secrets", &other_key.display().to_string())]).await;
    let second = token(&story, &app, "read").await;
    assert_ne!(first, second);
    assert_eq!(token(&story, &app, "read").await, second);
    assert!(is_alive(&story, &first).await && is_alive(&story, &second).await);
});
