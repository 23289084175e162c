//! What programs and people read about the server itself: instance, frontend configuration, discovery, health (Mastodon
//! §10, §14).

use serde_json::json;
use tests::story;

story!(
    frontend_config_returns_configured_settings_verbatim,
    &[("frontend.settings", r#"{ "org.lysand.fe:theme" = "dark", "net.googly.frontend:deep" = { a = [1, true] } }"#),],
    |story| {
        let answer = story.get("/api/v1/frontend/config").send().await.is(200);
        assert_eq!(
            answer.json(),
            json!({ "org.lysand.fe:theme": "dark", "net.googly.frontend:deep": { "a": [1, true] } })
        );
    }
);

story!(frontend_config_without_settings_returns_empty_object, |story| {
    assert_eq!(story.get("/api/v1/frontend/config/").send().await.is(200).json(), json!({}));
});

story!(instance_documents_and_nodeinfo_describe_this_server, |story| {
    let v2 = story.get("/api/v2/instance/").header("authorization", "Bearer dead").send().await.is(200).json();
    let domain = story.base().trim_start_matches("http://");
    assert_eq!(v2["domain"], domain);
    assert_eq!(v2["sso"], json!({ "forced": false, "providers": [] }));
    assert_eq!(v2["api_versions"]["mastodon"], 3);
    assert!(v2["banner"].is_object() && v2["thumbnail"].is_object() && v2["registrations"].is_object());
    assert!(v2["configuration"]["urls"]["streaming"].is_string());
    let v1 = story.get("/api/v1/instance").send().await.is(200).json();
    assert_eq!(v1["uri"], domain);
    assert_eq!(v1["registrations"], true);
    assert_eq!(v2["registrations"]["enabled"], true);
    assert_eq!(v1["sso"], v2["sso"]);
    let version = v1["version"].as_str().expect("text").split(' ').next().expect("a number").to_owned();
    assert_eq!(version.split('.').count(), 3);
    let host_meta = story.get("/.well-known/host-meta").send().await.is(200);
    assert!(host_meta.body.contains("/.well-known/webfinger?resource={uri}"));
    let nodeinfo = story.get("/.well-known/nodeinfo").send().await.is(200).json();
    let there = nodeinfo["links"][0]["href"].as_str().expect("a link").to_owned();
    assert_eq!(story.get(&there).send().await.is(200).json()["software"]["name"], "lysand-auth");
});

story!(health_and_readiness_return_ok, |story| {
    assert_eq!(story.get("/health").send().await.is(200).json(), json!({ "status": "ok" }));
    story.get("/health/ready").send().await.is(200);
});
