//! Bad input on every route of the dialect (native 4.4): never a failure, nothing consumed, the dialect's form of an error.

use reqwest::Method;
use serde_json::json;
use tests::story;
use tests::story::Response;

use super::{TOKI, is_error, login, refresh, signed_in};

const BODIES: [(&str, &str, &[&str]); 4] = [
    ("POST", "/login", &["username", "password"]),
    ("POST", "/register", &["username", "password"]),
    ("POST", "/token/refresh", &["refresh_token"]),
    ("PATCH", "/me/password", &["current_password", "new_password"]),
];

/// Demands an error in the dialect's form.
fn is_in_form(answer: &Response, what: &str) {
    assert!((400..500).contains(&answer.status.as_u16()), "{what}: {} {}", answer.status, answer.body);
    let body = answer.json();
    let text = body["error"].as_str().unwrap_or_default();
    assert!(!text.is_empty() && body.as_object().map(|members| members.len()) == Some(1), "{what}: {}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json", "{what}");
}

story!(toki_routes_survive_bad_bodies, TOKI, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    for (method, path, members) in BODIES {
        let call = || story.call(Method::from_bytes(method.as_bytes()).expect("a method"), path).bearer(&pair.access);
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let nested = format!("{{\"{}\":{deep}}}", members[0]);
        for broken in
            ["", "{", "[]", "\"x\"", "null", "7", "{\"a\":1,}", &*deep, &*nested, "{\"a\":\"\\ud800\"}", "\u{feff}{}"]
        {
            let answer = call().body("application/json", broken).send().await;
            is_in_form(&answer, &format!("{path} {broken}"));
            assert_eq!(answer.status, 400, "{path} {broken}");
        }
        for (kind, body) in
            [("application/x-www-form-urlencoded", "username=a"), ("text/plain", "{}"), ("text/json", "{}")]
        {
            if path == "/register" && kind != "text/json" && kind != "text/plain" {
                continue;
            }
            is_error(call().body(kind, body).send().await, 415, "the body must be application/json");
        }
        is_error(call().bare_body("{}").send().await, 415, "the body must be application/json");
        is_error(call().send().await, 422, &format!("{} is required", members[0]));
        let large = json!({ members[0]: "x".repeat(64 * 1024) });
        is_in_form(&call().json(&large).send().await.is(413), path);
        let good = |name: &&str| ((*name).to_owned(), json!("good-enough-1"));
        for name in members {
            let with = |value: serde_json::Value| {
                let mut body: serde_json::Map<_, _> = members.iter().map(good).collect();
                body.insert((*name).to_owned(), value);
                serde_json::Value::Object(body)
            };
            let text = format!("{name} must be a string");
            for value in [json!(7), json!(true), json!([]), json!({}), json!("a\0b")] {
                is_error(call().json(&with(value)).send().await, 422, &text);
            }
            is_error(call().json(&with(json!(null))).send().await, 422, &format!("{name} is required"));
            for value in [json!(""), json!("x".repeat(5_000)), json!("'; DROP TABLE account; --")] {
                is_in_form(&call().json(&with(value.clone())).send().await, &format!("{path} {name} {value}"));
            }
            let others: Vec<String> = members.iter().map(|other| format!("\"{other}\":\"good-enough-1\"")).collect();
            let doubled = format!("{{{},\"{name}\":\"other\"}}", others.join(","));
            is_error(call().body("application/json", doubled).send().await, 400, "invalid JSON");
        }
    }
    login(&story, "ada", &ada.password).await.is(200);
    refresh(&story, &pair.refresh).await.is(200);
});

story!(toki_routes_survive_bad_headers_and_paths, TOKI, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    for header in [String::new(), "x".repeat(8 * 1024), "Bearer \u{e9}".to_owned(), "Bearer  ".to_owned()] {
        let Ok(value) = reqwest::header::HeaderValue::from_bytes(header.as_bytes()) else { continue };
        let answer = story.get("/me/devices").raw_header("authorization", value).send().await;
        is_in_form(&answer, &header[..header.len().min(20)]);
        assert_eq!(answer.status, 401);
    }
    let raw = reqwest::header::HeaderValue::from_bytes(b"Bearer \xff\xfe").expect("a header");
    is_in_form(&story.get("/me/devices").raw_header("authorization", raw).send().await.is(401), "not UTF-8");
    for path in
        ["/me/devices/%00", "/me/devices/%ff", "/me/devices/..", "/admin/users/%00", "/admin/pending/%ff/approve"]
    {
        for method in [Method::DELETE, Method::POST, Method::PATCH] {
            let answer = story.call(method, path).bearer(&pair.access).send().await;
            assert!((400..500).contains(&answer.status.as_u16()), "{path}: {}", answer.status);
        }
    }
});
