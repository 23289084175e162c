//! What every answer has: its label, its headers, and words that a page of another site can read (Mastodon §0.5, §6.6,
//! §17).

use reqwest::Method;
use serde_json::json;
use tests::story;
use tests::story::{App, CALLBACK, Request, Response, Story};

use crate::token::INVALID_CLIENT;

const SITE: &str = "https://web.example";
const LONG: usize = 70_000;

/// A call for every status that the JSON routes have for a mistake.
fn mistakes(story: &Story, app: &App) -> Vec<(Request, u16)> {
    let long = "x".repeat(LONG);
    let (user, secret) = (app.client_id.as_str(), app.client_secret.as_str());
    let own = |scope: &str| {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        story.post("/oauth/token").basic(user, secret).form(&form)
    };
    vec![
        (story.post("/oauth/token"), 400),
        (story.post("/oauth/token").form(&[("grant_type", "password")]), 400),
        (story.post("/oauth/token").form(&app.code_form("AAAAAAAAAAAAAAAA")), 400),
        (own("admin:write"), 400),
        (own("nonsense"), 400),
        (story.post("/oauth/token").form(&[("grant_type", "client_credentials")]), 401),
        (story.get("/oauth/token"), 405),
        (story.post("/oauth/token").body("application/json", long.clone()), 413),
        (story.post("/oauth/token").body("application/json", "{\"\u{e9}\\"), 400),
        (story.post("/oauth/revoke").form(&[("token", "x")]), 403),
        (story.post("/oauth/revoke").body("application/json", "{"), 400),
        (story.post("/oauth/revoke").form(&[("token", &long)]), 413),
        (story.post("/oauth/register").json(&json!({})), 400),
        (story.get("/oauth/userinfo"), 401),
        (story.post("/oauth/userinfo").bearer("dead"), 401),
        (story.post("/oauth/userinfo").form(&[("access_token", &long)]), 413),
        (story.call(Method::PUT, "/oauth/userinfo"), 405),
        (story.post("/api/v1/apps"), 422),
        (story.post("/api/v1/apps").body("application/json", "{"), 400),
        (story.post("/api/v1/apps").form(&[("client_name", &long)]), 413),
        (story.get("/api/v1/apps"), 405),
        (story.get("/api/v1/apps/verify_credentials"), 401),
        (story.get("/api/v1/accounts/verify_credentials").bearer("dead"), 401),
        (story.get("/api/v1/preferences"), 401),
        (story.get("/api/v1/nothing"), 404),
        (story.get("/oauth/nothing"), 404),
        (story.get("/.well-known/nothing"), 404),
        (story.post("/.well-known/oauth-authorization-server"), 405),
        (story.post("/nodeinfo/2.0"), 405),
    ]
}

story!(error_responses_are_json_objects_with_error_text, |story| {
    let app = story.usual_app().await;
    let more = [
        (story.get("/oauth/applications"), 403),
        (story.post("/oauth/introspect"), 400),
        (story.get("/oauth/token/info"), 401),
        (story.call(Method::PUT, "/oauth/authorize"), 405),
    ];
    for (call, status) in mistakes(&story, &app).into_iter().chain(more) {
        let answer = call.send().await.is(status);
        let body = answer.json();
        assert!(body.is_object() && body["error"].as_str().is_some_and(|error| !error.is_empty()), "{body}");
    }
});

story!(error_responses_have_cors_headers_for_any_origin, |story| {
    let app = story.usual_app().await;
    let can_be_read = |answer: &Response| {
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{} {}", answer.status, answer.body);
        assert_eq!(answer.headers.get("access-control-allow-credentials"), None);
        assert_eq!(answer.headers.get_all("access-control-allow-origin").iter().count(), 1);
    };
    for (call, status) in mistakes(&story, &app) {
        can_be_read(&call.header("origin", SITE).send().await.is(status));
    }
    let person = story.person("ada").await;
    let narrow = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", "write")])).await;
    let code = story.consent(&narrow, &app).await;
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    can_be_read(&story.verify(&token).await.is(403));
    let form = [("grant_type", "client_credentials")];
    let own = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&form).send().await.is(200);
    can_be_read(&own);
    can_be_read(&story.verify(own.json()["access_token"].as_str().expect("a token")).await.is(422));
});

story!(cors_preflight_returns_allowed_methods_and_headers_of_route, |story| {
    const ALL: &str = "POST, PUT, DELETE, GET, PATCH, OPTIONS";
    for (path, methods) in [
        ("/api/v1/apps", ALL),
        ("/api/v1/apps/verify_credentials", ALL),
        ("/api/v1/accounts/verify_credentials", ALL),
        ("/api/v1/preferences", ALL),
        ("/api/v1/instance", ALL),
        ("/api/v2/instance", ALL),
        ("/api/v1/statuses/1/favourite", ALL),
        ("/oauth/token", "POST"),
        ("/oauth/token/", "POST"),
        ("/oauth/revoke", "POST"),
        ("/oauth/register", "POST"),
        ("/oauth/userinfo", "GET, POST"),
        ("/.well-known/oauth-authorization-server", "GET"),
        ("/.well-known/openid-configuration", "GET"),
        ("/.well-known/host-meta", "GET"),
        ("/.well-known/nodeinfo", "GET"),
        ("/nodeinfo/2.0", "GET"),
    ] {
        for (wanted, allowed) in [
            (Some("authorization,content-type,idempotency-key"), "authorization,content-type,idempotency-key"),
            (Some("X-Odd"), "X-Odd"),
            (None, "Authorization, Content-Type, Idempotency-Key"),
        ] {
            let call = story.call(Method::OPTIONS, path).header("origin", SITE);
            let call = call.header("access-control-request-method", "POST");
            let call = match wanted {
                Some(names) => call.header("access-control-request-headers", names),
                None => call,
            };
            let answer = call.send().await.is(200);
            for (name, value) in [
                ("access-control-allow-origin", "*"),
                ("access-control-allow-methods", methods),
                ("access-control-allow-headers", allowed),
                ("access-control-max-age", "7200"),
                ("access-control-allow-credentials", ""),
                ("www-authenticate", ""),
            ] {
                assert_eq!(answer.header(name), value, "{name} of {path}");
            }
            assert_eq!(answer.body, "");
        }
    }
});

story!(api_responses_vary_by_authorization_and_set_cache_control, |story| {
    let (person, app) = (story.person("ada").await, story.app(CALLBACK, "read profile").await);
    let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", "profile")])).await;
    let code = story.consent(&signed_in, &app).await;
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let form = [("client_name", "A"), ("redirect_uris", CALLBACK)];
    for (call, status) in [
        (story.post("/api/v1/apps").form(&form), 200),
        (story.post("/api/v1/apps"), 422),
        (story.get("/api/v1/apps/verify_credentials").bearer(&token), 200),
        (story.get("/api/v1/apps/verify_credentials"), 401),
        (story.get("/api/v1/accounts/verify_credentials").bearer(&token), 200),
        (story.get("/api/v1/preferences").bearer(&token), 403),
        (story.get("/oauth/userinfo").bearer(&token), 200),
        (story.get("/oauth/userinfo"), 401),
        (story.get("/api/v1/instance"), 200),
        (story.get("/api/v1/nothing"), 404),
    ] {
        let answer = call.header("origin", SITE).send().await.is(status);
        let varies: Vec<&str> = answer.header("vary").split(',').map(str::trim).collect();
        assert!(varies.contains(&"Authorization"), "{varies:?}");
        let kept = answer.header("cache-control");
        let public = answer.body.contains("short_description");
        assert_eq!(kept.contains("public"), public, "{kept}");
        assert_eq!(kept.contains("no-store"), !public, "{kept}");
        assert_eq!(
            answer.header("access-control-expose-headers"),
            "Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id, Mastodon-Async-Refresh"
        );
    }
});

story!(api_errors_with_german_accept_language_stay_english, |story| {
    let german = |call: Request| call.header("accept-language", "de").send();
    let own = [("grant_type", "client_credentials")];
    german(story.post("/oauth/token").form(&own)).await.is_oauth_error(401, "invalid_client", INVALID_CLIENT);
    german(story.post("/oauth/token?lang=de")).await.is_oauth_error(
        400,
        "invalid_request",
        "Missing required parameter: grant_type.",
    );
    german(story.get("/api/v1/preferences")).await.is_api_error(401, "The access token is invalid");
    german(story.post("/api/v1/apps"))
        .await
        .is_api_error(422, "Validation failed: Application name can't be blank, Redirect URI can't be blank");
});

story!(token_and_introspection_errors_have_one_www_authenticate_challenge, |story| {
    let app = story.usual_app().await;
    let odd = [
        (story.post("/oauth/token").body("application/json", "\"quoted \\\" \u{fc} text\""), 400),
        (story.post("/oauth/token").multipart(&[("a\r\nb", "x")]), 400),
        (story.post("/oauth/introspect").form(&[("token", "x")]), 400),
        (story.post("/oauth/introspect").basic("nobody", "x").form(&[("token", "x")]), 401),
    ];
    let of_token: Vec<_> = mistakes(&story, &app).into_iter().take(9).collect();
    for (call, status) in of_token.into_iter().chain(odd).filter(|(_, status)| *status != 405) {
        let answer = call.header("x-state", "kept-out").send().await.is(status);
        let body = answer.json();
        let (name, why) = (body["error"].as_str().expect("a name"), body["error_description"].as_str().expect("text"));
        let fits = |c: char| if matches!(c, ' ' | '!' | '#'..='[' | ']'..='~') { c } else { '_' };
        let why: String = why.chars().map(fits).collect();
        let lines: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
        assert_eq!(lines.len(), 1, "{body}");
        let expected = format!("Bearer realm=\"Lysand Auth\", error=\"{name}\", error_description=\"{why}\"");
        assert_eq!(lines[0].to_str().expect("plain text"), expected);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    for form in [vec![("state", "kept-out")], [app.code_form("x"), vec![("state", "kept-out")]].concat()] {
        let answer = story.post("/oauth/token?state=kept-out").form(&form).send().await.is(400);
        assert!(!answer.body.contains("kept-out") && !format!("{:?}", answer.headers).contains("kept-out"));
    }
});

story!(cors_is_allowed_on_api_routes_but_not_on_pages, |story| {
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
