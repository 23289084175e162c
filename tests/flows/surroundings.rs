//! What stands around a sign-in: metadata, CORS, unknown paths, instance information (Mastodon §0, §10, §14, §17).

use reqwest::Method;
use serde_json::json;
use tests::story;

story!(metadata_is_true, |story| {
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
    assert_eq!(body["authorization_response_iss_parameter_supported"], true);
    assert_eq!(body["scopes_supported"].as_array().map(Vec::len), Some(47));
    for scope in body["scopes_supported"].as_array().expect("a list") {
        story.app(tests::story::CALLBACK, scope.as_str().expect("text")).await;
    }
    assert_eq!(answer.header("access-control-allow-origin"), "*");
});

story!(preflights_are_answered_and_errors_can_be_read, |story| {
    for path in [
        "/api/v1/apps",
        "/api/v1/apps/verify_credentials",
        "/api/v1/accounts/verify_credentials",
        "/api/v1/frontend/config",
        "/api/v2/instance",
        "/oauth/token",
        "/oauth/revoke",
        "/oauth/userinfo",
        "/.well-known/oauth-authorization-server",
        "/.well-known/nodeinfo",
        "/api/v1/nothing",
    ] {
        let call = story.call(Method::OPTIONS, path).header("origin", "https://web.example");
        let call = call.header("access-control-request-method", "POST");
        let answer = call.header("access-control-request-headers", "authorization, x-odd").send().await;
        assert!(answer.status.is_success(), "{path} {}", answer.status);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
        assert_eq!(answer.header("access-control-allow-headers"), "authorization, x-odd", "{path}");
        assert_eq!(answer.header("access-control-max-age"), "7200", "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), "", "{path}");
        let answer = story.get(path).header("origin", "https://web.example").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path} {}", answer.status);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
    for path in ["/oauth/authorize", "/oauth/consent", "/api/auth/login", "/api/auth/redirect", "/oauth/code"] {
        let answer = story.call(Method::OPTIONS, path).header("origin", "https://web.example").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
        let answer = story.get(path).header("origin", "https://web.example").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
});

story!(people_who_lost_their_way_see_a_page, |story| {
    let visit = |path: &str| story.get(path).header("accept", "text/html,*/*;q=0.8").header("accept-language", "de");
    for path in ["/nothing", "/oauth/nothing", "//evil.example/", "/..%2f"] {
        let answer = visit(path).send().await.is(404);
        assert!(answer.header("content-type").starts_with("text/html"), "{path}");
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        let markup = answer.markup();
        assert!(markup.contains("Diese Seite gibt es nicht") && markup.contains("href=\"/\""), "{markup}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    visit("/api/v1/nothing").send().await.is_api_error(404, "Not Found");
    story.post("/nothing").header("accept", "text/html").send().await.is_api_error(404, "Not Found");
});

story!(unknown_paths_and_methods_answer_json, |story| {
    for path in ["/oauth/nothing", "/api/v1/nothing", "/.well-known/nothing", "/oauth/"] {
        for call in [story.get(path), story.post(path)] {
            call.send().await.is_api_error(404, "Not Found");
        }
    }
    for (method, path, allow) in [
        (Method::GET, "/oauth/token", "POST"),
        (Method::GET, "/api/v1/apps", "POST"),
        (Method::PUT, "/oauth/authorize", "GET, HEAD, POST, DELETE"),
        (Method::POST, "/api/v1/frontend/config", "GET, HEAD"),
    ] {
        let answer = story.call(method, path).send().await.is(405);
        assert_eq!(answer.header("allow"), allow);
        assert!(answer.json()["error"].is_string());
    }
});

story!(
    the_frontend_config_is_verbatim,
    &[("frontend.settings", r#"{ "org.lysand.fe:theme" = "dark", "net.googly.frontend:deep" = { a = [1, true] } }"#),],
    |story| {
        let answer = story.get("/api/v1/frontend/config").send().await.is(200);
        assert_eq!(
            answer.json(),
            json!({ "org.lysand.fe:theme": "dark", "net.googly.frontend:deep": { "a": [1, true] } })
        );
    }
);

story!(no_frontend_config_is_an_empty_object, |story| {
    assert_eq!(story.get("/api/v1/frontend/config/").send().await.is(200).json(), json!({}));
});

story!(clients_learn_where_they_are, |story| {
    let v2 = story.get("/api/v2/instance/").header("authorization", "Bearer dead").send().await.is(200).json();
    let domain = story.base().trim_start_matches("http://");
    assert_eq!(v2["domain"], domain);
    assert_eq!(v2["sso"], json!({ "forced": false, "providers": [] }));
    assert_eq!(v2["api_versions"]["mastodon"], 3);
    assert!(v2["banner"].is_object() && v2["thumbnail"].is_object() && v2["registrations"].is_object());
    assert!(v2["configuration"]["urls"]["streaming"].is_string());
    let v1 = story.get("/api/v1/instance").send().await.is(200).json();
    assert_eq!(v1["uri"], domain);
    assert_eq!(v1["registrations"], false);
    assert_eq!(v1["sso"], v2["sso"]);
    let version = v1["version"].as_str().expect("text").split(' ').next().expect("a number").to_owned();
    assert_eq!(version.split('.').count(), 3);
    let host_meta = story.get("/.well-known/host-meta").send().await.is(200);
    assert!(host_meta.body.contains("/.well-known/webfinger?resource={uri}"));
    let nodeinfo = story.get("/.well-known/nodeinfo").send().await.is(200).json();
    let there = nodeinfo["links"][0]["href"].as_str().expect("a link").to_owned();
    assert_eq!(story.get(&there).send().await.is(200).json()["software"]["name"], "lysand-auth");
});

story!(health_is_told, |story| {
    assert_eq!(story.get("/health").send().await.is(200).json(), json!({ "status": "ok" }));
    story.get("/health/ready").send().await.is(200);
});
