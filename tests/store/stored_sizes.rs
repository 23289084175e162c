//! What outsiders can store has a size, a number and an end (faults F3).

use lysand_auth::flows::sweep::sweep;
use tests::story;
use tests::story::Story;

use crate::database::{facts, run};

async fn pending(story: &Story) -> Vec<String> {
    let states =
        "SELECT coalesce(state, '-') AS fact FROM auth_authorization WHERE approved_at IS NULL ORDER BY created_at";
    facts(story.server().state().auth.store(), states).await
}

story!(authorize_request_that_is_too_large_is_refused_and_not_kept, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&ada, &app).await;
    let before = pending(&story).await.len();
    for (name, length, fits) in [
        ("state", 3_000, true),
        ("state", 4_096, true),
        ("state", 4_097, false),
        ("nonce", 1_024, true),
        ("nonce", 1_025, false),
        ("scope", 12_500, false),
    ] {
        let value = if name == "scope" { "read ".repeat(length / 5) } else { "s".repeat(length) };
        let query = app.authorize_query_with(&[(name, &value)]);
        let answer = story.get(&format!("/oauth/authorize?{query}")).session(&signed_in).send().await;
        match fits {
            true => assert_eq!(answer.is(302).location().path(), "/oauth/consent", "{name} {length}"),
            false => {
                let answer = answer.is(400);
                assert!(answer.header("location").is_empty() && answer.body.contains("too large"), "{name} {length}");
            }
        }
    }
    assert_eq!(pending(&story).await.len(), before + 3);
    let query = app.authorize_query_with(&[("state", &"s".repeat(4_097))]);
    let answer = story.log_in(&query, "ada", &ada.password).await.is(422);
    assert!(answer.header("location").is_empty());
});

story!(pending_requests_of_one_session_are_limited_and_the_oldest_makes_room, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (signed_in, other) = (story.sign_in(&ada, &app).await, story.sign_in(&ada, &app).await);
    for number in 0..40 {
        story.advance_clock(std::time::Duration::from_millis(1));
        let query = app.authorize_query_with(&[("state", &number.to_string())]);
        story.get(&format!("/oauth/authorize?{query}")).session(&signed_in).send().await.is(302);
    }
    let states = pending(&story).await;
    let numbered: Vec<i32> = states.iter().filter_map(|state| state.parse().ok()).collect();
    assert_eq!(numbered, (8..40).collect::<Vec<_>>());
    story.decide(&signed_in, &app).await.is_login_error("invalid_grant", "Invalid code");
    story.consent(&other, &app).await;
});

story!(
    oauth_requests_over_rate_limit_of_their_address_return_429,
    &[("ratelimit.enabled", "true"), ("ratelimit.oauth_address.max", "5")],
    |story| {
        let app = story.usual_app().await;
        let own = [
            ("grant_type", "client_credentials"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
        ];
        for _ in 0..5 {
            story.post("/oauth/token").form(&own).send().await.is(200);
        }
        let answer = story.post("/oauth/token").form(&own).send().await.is(429);
        assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| wait <= 300));
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.json()["error"], "temporarily_unavailable");
        let page = format!("/oauth/authorize?{}", app.authorize_query());
        let answer = story.get(&page).header("accept", "text/html").send().await.is(429);
        assert!(answer.header("content-type").starts_with("text/html"));
        story.post("/oauth/token").header("x-forwarded-for", "192.0.2.1").form(&own).send().await.is(200);
        story.get("/api/v2/instance").send().await.is(200);
        story.advance_clock(std::time::Duration::from_secs(300));
        story.post("/oauth/token").form(&own).send().await.is(200);
    }
);

story!(device_codes_have_a_size_a_number_and_an_end, &[("oauth.device_grant", "true")], |story| {
    let store = story.server().state().auth.store().clone();
    let body = serde_json::json!({
        "redirect_uris": ["https://tv.example/cb"], "scope": "read", "token_endpoint_auth_method": "none",
        "grant_types": ["urn:ietf:params:oauth:grant-type:device_code"],
    });
    let app = story.post("/oauth/register").json(&body).send().await.is(201).json();
    let form = [("client_id", app["client_id"].as_str().expect("text"))];
    let ask = || story.post("/oauth/device_authorization").header("user-agent", &"x".repeat(5_000)).form(&form).send();
    ask().await.is(200);
    let count = "SELECT count(*) || ' ' || max(length(program)) AS fact FROM auth_device_code";
    assert_eq!(facts(&store, count).await, ["1 64"]);
    let bytes = if story.database().is_some() { "BYTEA" } else { "BLOB" };
    let many = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) INSERT INTO auth_device_code \
         (digest, user_digest, app_id, scopes, created_at, expires_at, state) SELECT CAST('a' || i AS {bytes}), \
         CAST('b' || i AS {bytes}), app_id, scopes, created_at, expires_at, state FROM auth_device_code, n"
    );
    run(&store, &many).await;
    let refused = ask().await.is(429);
    assert_eq!((refused.header("retry-after"), refused.json()["error"].is_string()), ("60", true));
    story.advance_clock(std::time::Duration::from_secs(15 * 60));
    ask().await.is(200);
    sweep(&story.server().state().auth).await.expect("swept");
    assert_eq!(facts(&store, count).await, ["10001 64"], "its program can be told for an hour");
    story.advance_clock(std::time::Duration::from_secs(3_601));
    sweep(&story.server().state().auth).await.expect("swept");
    assert_eq!(facts(&store, count).await, ["1 64"]);
});
