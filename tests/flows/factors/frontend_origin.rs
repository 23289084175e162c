//! What the frontend's own origin may read of a sign-in, with cookies; nobody else may (FAC-59).

use reqwest::Method;
use serde_json::json;
use tests::story;
use tests::story::{Response, Story};

const FRONTEND: &str = "https://fe.example";
const REDIRECT: [(&str, &str); 2] = [("frontend.mode", "redirect"), ("frontend.url", FRONTEND)];
const READ: [&str; 8] = [
    "/api/auth/login",
    "/api/auth/pending",
    "/api/auth/factor/totp",
    "/api/auth/factor/email/request",
    "/api/auth/factor/passkey/start",
    "/api/auth/enrol/totp",
    "/api/auth/enrol/later",
    "/api/auth/passkey/start",
];
const NOT_READ: [&str; 5] =
    ["/api/auth/cancel", "/api/auth/mastodon-logout", "/account/security", "/oauth/factor", "/oauth/consent"];

/// What an answer lets the origin of a request do: read it, and with cookies.
fn access(answer: &Response) -> (String, String) {
    let header = |name: &str| answer.headers.get(name).map(|value| value.to_str().expect("text").to_owned());
    let read = header("access-control-allow-origin").unwrap_or_default();
    (read, header("access-control-allow-credentials").unwrap_or_default())
}

async fn preflight(story: &Story, path: &str, origin: &str) -> Response {
    let asked = story.call(Method::OPTIONS, path).header("origin", origin);
    asked
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send()
        .await
}

async fn asked(story: &Story, path: &str, origin: &str) -> Response {
    let method = if path.ends_with("pending") { Method::GET } else { Method::POST };
    let request = story.call(method, path).header("origin", origin).header("accept", "application/json");
    request.json(&json!({ "identifier": "ada", "password": "wrong" })).send().await
}

story!(frontend_reads_the_steps_of_a_sign_in_from_its_own_origin_alone, &REDIRECT, |story| {
    let allowed = (FRONTEND.to_owned(), "true".to_owned());
    for path in READ {
        let answer = preflight(&story, path, FRONTEND).await.is(200);
        assert_eq!(access(&answer), allowed, "{path}");
        assert_eq!(answer.header("vary"), "Origin");
        let answer = asked(&story, path, FRONTEND).await;
        assert_eq!(access(&answer), allowed, "{path}: {}", answer.status);
        let varies = answer.headers.get_all("vary").iter().any(|value| value == "Origin");
        assert!(varies, "{path}");
        for other in [
            "https://evil.example",
            "null",
            "https://fe.example.evil.example",
            "http://fe.example",
            "https://fe.example:444",
        ] {
            assert_eq!(access(&preflight(&story, path, other).await).0, "", "{path} {other}");
            assert_eq!(access(&asked(&story, path, other).await).0, "", "{path} {other}");
        }
    }
    for path in NOT_READ {
        assert_eq!(access(&preflight(&story, path, FRONTEND).await).0, "", "{path}");
        assert_eq!(access(&asked(&story, path, FRONTEND).await).0, "", "{path}");
    }
    // A form needs none of it.
    let form = story.post("/api/auth/login").header("origin", FRONTEND).form(&[("identifier", "ada")]).send().await;
    assert_eq!(access(&form).0, "");
});

story!(nobody_reads_a_sign_in_where_the_pages_are_our_own, |story| {
    for path in READ {
        for origin in [FRONTEND, "null", story.base()] {
            assert_eq!(access(&preflight(&story, path, origin).await).0, "", "{path} {origin}");
            assert_eq!(access(&asked(&story, path, origin).await).0, "", "{path} {origin}");
        }
    }
});
