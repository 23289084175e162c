//! What this server says about itself, line for line, and where its addresses come from (Mastodon §0.5, §10, §14).

use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::Story;

const PUBLIC: &str = "https://social.example";
const BEHIND_A_PROXY: (&str, &str) = ("http.base_url", PUBLIC);

/// Asks the server at its loopback address, with headers that claim another one.
async fn ask(story: &Story, path: &str) -> tests::story::Response {
    let there = format!("http://127.0.0.1:{}{path}", story.server().addr().port());
    let call = story.call(Method::GET, &there).header("host", "evil.example");
    let call = call.header("x-forwarded-host", "evil.example").header("x-forwarded-proto", "http");
    call.header("forwarded", "host=evil.example;proto=http").send().await
}

story!(authorization_server_metadata_returns_documented_values, &[BEHIND_A_PROXY], |story| {
    let answer = ask(&story, "/.well-known/oauth-authorization-server").await.is(200);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let words = "read profile write write:accounts write:blocks write:bookmarks write:collections write:conversations \
                 write:favourites write:filters write:follows write:lists write:media write:mutes write:notifications \
                 write:reports write:statuses read:accounts read:blocks read:bookmarks read:collections \
                 read:favourites read:filters read:follows read:lists read:mutes read:notifications read:search \
                 read:statuses follow push admin:read admin:read:accounts admin:read:reports admin:read:domain_allows \
                 admin:read:domain_blocks admin:read:ip_blocks admin:read:email_domain_blocks \
                 admin:read:canonical_email_blocks admin:write admin:write:accounts admin:write:reports \
                 admin:write:domain_allows admin:write:domain_blocks admin:write:ip_blocks \
                 admin:write:email_domain_blocks admin:write:canonical_email_blocks auth:read auth:write";
    let body = answer.json();
    for (key, value) in [
        ("issuer", json!("https://social.example/")),
        ("authorization_endpoint", json!("https://social.example/oauth/authorize")),
        ("token_endpoint", json!("https://social.example/oauth/token")),
        ("revocation_endpoint", json!("https://social.example/oauth/revoke")),
        ("userinfo_endpoint", json!("https://social.example/oauth/userinfo")),
        ("app_registration_endpoint", json!("https://social.example/api/v1/apps")),
        ("registration_endpoint", json!("https://social.example/oauth/register")),
        ("scopes_supported", json!(words.split(' ').collect::<Vec<_>>())),
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query", "fragment", "form_post"])),
        ("grant_types_supported", json!(["authorization_code", "client_credentials", "refresh_token"])),
        ("token_endpoint_auth_methods_supported", json!(["client_secret_basic", "client_secret_post", "none"])),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("service_documentation", json!("https://social.example/")),
        ("id_token_signing_alg_values_supported", json!(["RS256", "EdDSA"])),
        ("authorization_response_iss_parameter_supported", Value::Null),
    ] {
        assert_eq!(body[key], value, "{key}");
    }
});

/// Every text in a document.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

story!(metadata_and_redirect_urls_use_configured_base_url_not_host_header, &[BEHIND_A_PROXY], |story| {
    let app = story.server().state().auth.clone();
    let mut registration = lysand_auth::flows::apps::Registration::default();
    registration.name = Some("Behind a proxy".into());
    registration.redirect_uris = vec![tests::story::CALLBACK.into()];
    registration.scopes = Some("read".into());
    let app = lysand_auth::flows::apps::register(&app, registration, None).await.expect("an app").app;
    for path in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/nodeinfo",
        "/nodeinfo/2.0",
        "/api/v1/instance",
        "/api/v2/instance",
    ] {
        let answer = ask(&story, path).await.is(200);
        assert!(!answer.body.contains("evil.example"), "{path}");
        let mut found = Vec::new();
        texts(&answer.json(), &mut found);
        for text in found.iter().filter(|text| text.contains("social.example")) {
            let (secure, host) = (text.starts_with("https://") || text.starts_with("wss://"), text == "social.example");
            assert!(secure || host, "{path}: {text}");
            assert!(!path.starts_with("/.well-known") || !text.contains(['?', '#', '@']), "{path}: {text}");
        }
        assert!(!found.iter().any(|text| text.starts_with("http://") && text.contains("social")), "{path}");
    }
    let host_meta = ask(&story, "/.well-known/host-meta").await.is(200);
    assert!(host_meta.body.contains("template=\"https://social.example/.well-known/webfinger"), "{}", host_meta.body);
    let ask_for = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &app.client_id)
        .append_pair("redirect_uri", tests::story::CALLBACK)
        .append_pair("response_type", "token")
        .finish();
    let answer = ask(&story, &format!("/oauth/authorize?{ask_for}")).await.is(302);
    let location = answer.location();
    assert_eq!((location.host_str(), tests::story::query_of(&location, "iss")), (Some("app.example"), None));
    let location = ask(&story, "/oauth/consent?code=x").await.is(302).location();
    assert!(location.as_str().starts_with("https://social.example/oauth/authorize"), "{location}");
});

story!(discovery_documents_have_cors_and_instance_is_not_deprecated, |story| {
    for path in ["/.well-known/host-meta", "/.well-known/nodeinfo", "/nodeinfo/2.0"] {
        for path in [path.to_owned(), format!("{path}/")] {
            let answer = story.get(&path).header("origin", "https://web.example").send().await.is(200);
            assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        }
    }
    for path in ["/api/v1/instance", "/api/v2/instance"] {
        let answer = story.get(path).send().await.is(200);
        for name in ["deprecation", "sunset"] {
            assert!(answer.headers.get(name).is_none(), "{name} of {path}");
        }
        assert!(answer.header("cache-control").starts_with("public"), "{path}");
    }
});

story!(authorization_server_metadata_lists_served_endpoints_and_usable_scopes, |story| {
    let answer = story.get("/.well-known/oauth-authorization-server").send().await.is(200);
    let body = answer.json();
    let base = story.base();
    assert_eq!(body["issuer"], format!("{base}/"));
    for (key, path) in [
        ("authorization_endpoint", "/oauth/authorize"),
        ("token_endpoint", "/oauth/token"),
        ("revocation_endpoint", "/oauth/revoke"),
        ("userinfo_endpoint", "/oauth/userinfo"),
        ("app_registration_endpoint", "/api/v1/apps"),
        ("registration_endpoint", "/oauth/register"),
        ("introspection_endpoint", "/oauth/introspect"),
        ("jwks_uri", "/.well-known/jwks.json"),
    ] {
        assert_eq!(body[key], format!("{base}{path}"), "{key}");
        assert_ne!(story.get(path).send().await.status, 404, "{key} is served");
    }
    assert_eq!(body["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(body["response_types_supported"], json!(["code"]));
    assert_eq!(body["grant_types_supported"], json!(["authorization_code", "client_credentials", "refresh_token"]));
    assert_eq!(body["response_modes_supported"], json!(["query", "fragment", "form_post"]));
    let methods = json!(["client_secret_basic", "client_secret_post", "none"]);
    assert_eq!(body["token_endpoint_auth_methods_supported"], methods);
    assert_eq!(body.get("authorization_response_iss_parameter_supported"), None, "faults A2");
    assert_eq!(
        story.get("/.well-known/jwks").send().await.is(200).json(),
        story.get("/.well-known/jwks.json").send().await.json()
    );
    assert_eq!(body["scopes_supported"].as_array().map(Vec::len), Some(49));
    for scope in body["scopes_supported"].as_array().expect("a list") {
        story.app(tests::story::CALLBACK, scope.as_str().expect("text")).await;
    }
    assert_eq!(answer.header("access-control-allow-origin"), "*");
});
