//! The OpenAPI document as it is served (NAT-12), with the page about it; and that the stories hold answers against it.

use reqwest::{Method, StatusCode, header};
use serde_json::json;
use tests::http::Response;
use tests::openapi;
use tests::story;

const DOCUMENT: &str = "/api-docs/openapi.json";

story!(openapi_document_is_public_cacheable_and_open_to_other_origins, |story| {
    let answer = story.get(DOCUMENT).header("origin", "https://elsewhere.example").send().await.is(200);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let document = answer.json();
    assert_eq!((&document["openapi"], &document["servers"]), (&json!("3.1.0"), &json!([{ "url": story.base() }])));
    let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
    for (name, kind) in [("bearer", "http"), ("res", "apiKey"), ("session", "apiKey")] {
        assert_eq!(schemes[name]["type"], kind, "{name}");
    }
    let tag = answer.header("etag").to_owned();
    for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
        let again = story.get(DOCUMENT).header("if-none-match", &known).send().await.is(304);
        assert_eq!((again.body.as_str(), again.header("etag")), ("", tag.as_str()));
        assert_eq!(again.header("access-control-allow-origin"), "*");
    }
    story.get(DOCUMENT).header("if-none-match", "\"other\"").send().await.is(200);
    story.call(Method::HEAD, "/api-docs/openapi.json/").send().await.is(200);
    let refused = story.post(DOCUMENT).send().await.is(405);
    assert_eq!((refused.header("allow"), refused.header("access-control-allow-origin")), ("GET, HEAD", "*"));
    let preflight =
        story.call(Method::OPTIONS, DOCUMENT).header("access-control-request-headers", "x-own").send().await;
    assert_eq!(preflight.is(200).header("access-control-allow-headers"), "x-own");
});

story!(openapi_document_leaves_out_what_is_off, |story| {
    let path = "/api/auth/code";
    assert_eq!(story.get(DOCUMENT).send().await.is(200).json()["paths"].get(path), None);
    let before = story.get(DOCUMENT).send().await.header("etag").to_owned();
    let story = story.restart(&[("factors.email_sign_in", "true")]).await;
    let document = story.get(DOCUMENT).send().await.is(200);
    assert_eq!(document.json()["paths"][path]["post"]["operationId"], "postAuthCode");
    assert_ne!(document.header("etag"), before);
});

story!(api_docs_page_lists_operations_without_scripts, |story| {
    let page = story.get("/api-docs").send().await.is(200);
    let markup = page.markup();
    assert!(markup.contains("<code>POST /oauth/token</code>") && markup.contains("href=\"/api-docs/openapi.json\""));
    assert!(markup.contains("<code>bearer auth:read</code>") && !markup.contains("<script"), "{markup}");
    let page = story.get("/api-docs").header("accept-language", "de").send().await.is(200);
    assert!(page.body.contains("Was Programme abfragen können"));
});

fn answer(status: u16, kind: &'static str, body: &str) -> Response {
    let mut headers = header::HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    Response { status: StatusCode::from_u16(status).expect("a status"), headers, body: body.to_owned() }
}

/// The stories would prove nothing about the document if it were held against nothing.
#[test]
fn answers_that_the_document_does_not_have_are_found() {
    let judge = |method: Method, path: &str, status, kind, body: &str| {
        openapi::judge(&method, path, &answer(status, kind, body))
    };
    let (get, json) = (Method::GET, "application/json");
    for (path, body) in [("/health", r#"{"status":"ok"}"#), ("//health/", r#"{"status":"ok"}"#), ("/nowhere", "{}")] {
        assert_eq!(judge(get.clone(), path, 200, json, body), Ok(()));
    }
    for (path, status, kind, body, why) in [
        ("/health", 418, json, "{}", "getHealth: the status 418 is not documented"),
        ("/health", 200, "text/plain", "ok", "getHealth: the type \"text/plain\" is not documented for 200"),
        ("/health", 200, json, "{}", "getHealth: 200: at \"\": \"status\" is a required property"),
        ("/health", 200, json, r#"{"status":7}"#, "getHealth: 200: at \"/status\": 7 is not of type \"string\""),
        ("/health/", 200, json, r#"{"status":"ok","more":1}"#, "'more' was unexpected"),
        ("/api/v1/tokens/1", 404, json, r#"{"mistake":"x"}"#, "getTokensById: 404"),
        ("/api/v1/auth/sessions", 200, json, r#"[{"id":1}]"#, "at \"/0/id\""),
    ] {
        let found = judge(get.clone(), path, status, kind, body).expect_err(path);
        assert!(found.contains(why), "{found}");
    }
}
