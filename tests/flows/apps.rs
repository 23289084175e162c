//! Apps register themselves (Mastodon §2, §11.3).

use serde_json::{Value, json};
use tests::story;
use tests::story::{CALLBACK, encode};

story!(what_is_wrong_is_said_all_at_once, |story| {
    for (form, message) in [
        (vec![], "Application name can't be blank, Redirect URI can't be blank"),
        (
            vec![("client_name", " "), ("redirect_uris", "javascript:alert(1)"), ("scopes", "all")],
            "Application name can't be blank, Redirect URI is forbidden by the server., Redirect URI must specify a \
             scheme., Scopes doesn't match those configured on the server.",
        ),
        (
            vec![("client_name", "A"), ("redirect_uris", "https://a.example/#")],
            "Redirect URI cannot contain a fragment.",
        ),
        (vec![("client_name", "A"), ("redirect_uris", "/cb")], "Redirect URI must be an absolute URI."),
        (vec![("client_name", "A"), ("redirect_uris", "https://")], "Redirect URI must be a valid URI."),
        (
            vec![("client_name", "A"), ("redirect_uris", CALLBACK), ("website", "javascript:alert(1)")],
            "Application website is not a valid URL",
        ),
    ] {
        let answer = story.post("/api/v1/apps").form(&form).send().await;
        answer.is_api_error(422, &format!("Validation failed: {message}"));
    }
});

story!(the_entity_is_what_clients_decode, |story| {
    let form = [
        ("client_name", "Tuba  ☂"),
        ("redirect_uris", "https://a.example\napp://cb"),
        ("scopes", "write read write"),
        ("website", ""),
    ];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    assert_eq!(body["name"], "Tuba  ☂");
    assert_eq!(body["website"], Value::Null);
    assert_eq!(body["scopes"], json!(["write", "read"]));
    assert_eq!(body["redirect_uris"], json!(["https://a.example", "app://cb"]));
    assert_eq!(body["redirect_uri"], "https://a.example\napp://cb");
    assert_eq!(body["client_secret_expires_at"], 0);
    assert_eq!(body["vapid_key"], "");
    assert!(body["id"].is_string());
    for secret in ["client_id", "client_secret"] {
        assert_eq!(body[secret].as_str().map(str::len), Some(43), "{secret}");
    }
});

story!(every_way_to_send_parameters_works, |story| {
    let json = json!({ "client_name": 123, "redirect_uris": [CALLBACK, "app://cb"], "scopes": ["read", "write"] });
    let body = story.post("/api/v1/apps").json(&json).send().await.is(200).json();
    assert_eq!((&body["name"], &body["scopes"]), (&"123".into(), &json!(["read", "write"])));
    assert_eq!(body["redirect_uris"], json!([CALLBACK, "app://cb"]));

    let pairs = [("client_name", "A"), ("redirect_uris[]", CALLBACK), ("redirect_uris[]", "app://cb"), ("scopes", "")];
    let body = story.post("/api/v1/apps").multipart(&pairs).send().await.is(200).json();
    assert_eq!((&body["redirect_uris"], &body["scopes"]), (&json!([CALLBACK, "app://cb"]), &json!(["read"])));

    let query = encode("/api/v1/apps/", &[("client_name", "Query"), ("redirect_uri", CALLBACK)]);
    let body = story.post(&query).form(&[("client_name", "Body")]).send().await.is(200).json();
    assert_eq!((&body["name"], &body["redirect_uri"]), (&"Query".into(), &CALLBACK.into()));
});

story!(malformed_bodies_are_refused_in_words, |story| {
    let post = || story.post("/api/v1/apps");
    for (content_type, body, status) in [
        ("application/json", "{".to_owned(), 400),
        ("application/json", "[]".to_owned(), 400),
        ("multipart/form-data", "x".to_owned(), 400),
        ("multipart/form-data; boundary=x", "no parts".to_owned(), 400),
        ("text/plain", "client_name=A".to_owned(), 422),
        ("application/x-www-form-urlencoded", format!("client_name={}", "x".repeat(70_000)), 413),
        ("application/x-www-form-urlencoded", "a=1&".repeat(300), 413),
    ] {
        let answer = post().body(content_type, body).send().await.is(status);
        assert!(answer.json()["error"].is_string(), "{}", answer.body);
    }
});

story!(a_registered_app_stays, |story| {
    let app = story.usual_app().await;
    let story = story.restart(&[]).await;
    story.pass(std::time::Duration::from_secs(400 * 24 * 3600));
    let swept = lysand_auth::flows::sweep::sweep(&story.server().state().auth).await;
    swept.expect("a clean-up");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", &app.client_secret),
    ];
    story.post("/oauth/token").form(&form).send().await.is(200);
});

story!(verify_credentials_shows_no_secret, |story| {
    story.get("/api/v1/apps/verify_credentials").send().await.is_api_error(401, "The access token is invalid");
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let body = story.get("/api/v1/apps/verify_credentials/").bearer(&token).send().await.is(200).json();
    assert_eq!(body["name"], "Story App");
    for secret in ["client_id", "client_secret", "client_secret_expires_at"] {
        assert_eq!(body.get(secret), None);
    }
});

story!(too_many_registrations_wait, &[("ratelimit.enabled", "true")], |story| {
    for _ in 0..5 {
        story.usual_app().await;
    }
    let form = [("client_name", "A"), ("redirect_uris", CALLBACK)];
    let answer = story.post("/api/v1/apps").form(&form).send().await;
    let answer = answer.is_api_error(429, "Too many requests");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| (1..=600).contains(&wait)));
    story.pass(std::time::Duration::from_secs(600));
    story.usual_app().await;
});
