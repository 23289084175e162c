//! Apps that register by RFC 7591, and what public apps may and must do.

use serde_json::{Value, json};
use tests::story;
use tests::story::{App, CALLBACK, Response, Story, encode, query_of};

use crate::token::{CHALLENGE, VERIFIER};

async fn register(story: &Story, body: Value) -> Response {
    story.post("/oauth/register").json(&body).send().await
}

/// Registers a public app.
async fn public_app(story: &Story) -> App {
    let body = json!({
        "client_name": "Public App", "redirect_uris": [CALLBACK], "scope": "read write",
        "token_endpoint_auth_method": "none",
    });
    let body = register(story, body).await.is(201).json();
    App {
        client_id: body["client_id"].as_str().expect("a client_id").to_owned(),
        client_secret: String::new(),
        redirect_uri: CALLBACK.to_owned(),
        scopes: "read write".to_owned(),
    }
}

story!(dynamic_registration_returns_rfc_7591_client_metadata, |story| {
    let asked = json!({
        "client_name": "Dynamic", "client_uri": "https://app.example/about", "redirect_uris": [CALLBACK, "app://cb"],
        "scope": "read write:statuses", "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"], "token_endpoint_auth_method": "client_secret_post",
        "software_id": "unknown members are ignored",
    });
    let answer = register(&story, asked).await.is(201);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let body = answer.json();
    assert_eq!(body["client_name"], "Dynamic");
    assert_eq!(body["client_uri"], "https://app.example/about");
    assert_eq!(body["redirect_uris"], json!([CALLBACK, "app://cb"]));
    assert_eq!(body["scope"], "read write:statuses");
    assert_eq!(body["grant_types"], json!(["authorization_code", "client_credentials", "refresh_token"]));
    assert_eq!(body["token_endpoint_auth_method"], "client_secret_post");
    assert_eq!(body["client_secret_expires_at"], 0);
    assert_eq!(body["client_id_issued_at"], 1_795_294_800);

    // It is an app like any other.
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", body["client_id"].as_str().expect("text")),
        ("client_secret", body["client_secret"].as_str().expect("text")),
    ];
    let token = story.post("/oauth/token").form(&form).send().await.is(200).json();
    let token = token["access_token"].as_str().expect("a token");
    let entity = story.get("/api/v1/apps/verify_credentials").bearer(token).send().await.is(200).json();
    assert_eq!(entity["name"], "Dynamic");
});

story!(dynamic_registration_errors_use_rfc_7591_error_codes, |story| {
    let plain = register(&story, json!({ "redirect_uris": [CALLBACK] })).await.is(201).json();
    assert_eq!((&plain["scope"], &plain["client_name"]), (&"read".into(), &"app.example".into()));
    assert_eq!(plain["token_endpoint_auth_method"], "client_secret_basic");
    for (body, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://a.example/#x", CALLBACK] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [CALLBACK], "scope": "everything" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_uri": "javascript://x" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_name": "x".repeat(61) }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "grant_types": ["implicit"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "response_types": ["token"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "x" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_name": ["x"] }), "invalid_request"),
    ] {
        let answer = register(&story, body.clone()).await.is(400);
        assert_eq!(answer.json()["error"], error, "{body}");
        assert!(answer.json()["error_description"].is_string(), "{body}");
        assert_eq!(answer.header("www-authenticate"), "", "{body}");
    }
    story.post("/oauth/register").body("application/json", "{").send().await.is(400);
    story.post("/oauth/register").body("text/plain", "x").send().await.is(415);
    story.get("/oauth/register").send().await.is(405);
});

story!(registration_rate_limit_is_shared_by_both_endpoints, &[("ratelimit.enabled", "true")], |story| {
    for _ in 0..3 {
        register(&story, json!({ "redirect_uris": [CALLBACK] })).await.is(201);
    }
    story.usual_app().await;
    story.usual_app().await;
    let answer = register(&story, json!({ "redirect_uris": [CALLBACK] })).await.is(429);
    assert_ne!(answer.header("retry-after"), "");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
});

story!(public_app_has_no_client_secret_and_requires_pkce, |story| {
    let form = [("client_name", "P"), ("redirect_uris", CALLBACK), ("token_endpoint_auth_method", "none")];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    assert_eq!(body.get("client_secret"), None);

    let (ada, app) = (story.person("ada").await, public_app(&story).await);
    let answer = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).send().await.is(302);
    assert_eq!(query_of(&answer.location(), "error").as_deref(), Some("invalid_request"));
    let answer = story.log_in(&app.authorize_query(), &ada.username, &ada.password).await;
    answer.is_login_error("invalid_request", "Missing required parameter: code_challenge.");

    let query = app.authorize_query_with(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let code = story.consent(&signed_in, &app).await;
    let bare = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", &app.client_id),
    ];
    story.post("/oauth/token").form(&bare).send().await.is(400);
    let other = public_app(&story).await;
    let foreign =
        bare.map(|(name, value)| if name == "client_id" { (name, other.client_id.as_str()) } else { (name, value) });
    let foreign = [&foreign[..], &[("code_verifier", VERIFIER)]].concat();
    story.post("/oauth/token").form(&foreign).send().await.is(400);
    let good = [&bare[..], &[("code_verifier", VERIFIER)]].concat();
    let token = story.post("/oauth/token").form(&good).send().await.is(200).json();
    let token = token["access_token"].as_str().expect("a token").to_owned();
    story.verify(&token).await.is(200);

    // Consent is asked every time, though it was given before and the redirect is an https site.
    let again = story.get(&format!("/oauth/authorize?{query}")).session(&signed_in).send().await.is(302);
    assert_eq!(again.location().path(), "/oauth/consent");

    // Knowing its name proves nothing.
    let own = [("grant_type", "client_credentials"), ("client_id", &app.client_id)];
    let answer = story.post("/oauth/token").form(&own).send().await.is(400);
    assert_eq!(answer.json()["error"], "unauthorized_client");
    let ask = [("token", token.as_str()), ("client_id", &app.client_id)];
    story.post("/oauth/introspect").form(&ask).send().await.is(401);

    // It gives its own tokens back, and nobody else's.
    let foreign = [("token", token.as_str()), ("client_id", &other.client_id)];
    story.post("/oauth/revoke").form(&foreign).send().await.is(403);
    story.verify(&token).await.is(200);
    story.post("/oauth/revoke").form(&ask).send().await.is(200);
    story.verify(&token).await.is_api_error(401, "The access token was revoked");
});

story!(confidential_app_cannot_redeem_code_without_client_secret, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query_with(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let code = story.consent(&signed_in, &app).await;
    let form: Vec<_> = app.code_form(&code).into_iter().filter(|(name, _)| *name != "client_secret").collect();
    let form = [form, vec![("code_verifier", VERIFIER), ("token_endpoint_auth_method", "none")]].concat();
    story.post("/oauth/token").form(&form).send().await.is(401);
    story.post(&encode("/oauth/token", &form)).send().await.is(401);
});
