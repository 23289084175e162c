//! Paths that are not there: a page for people, JSON for programs (Mastodon §0.3).

use reqwest::Method;
use tests::story;

story!(unknown_path_in_browser_shows_not_found_page, |story| {
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

story!(unknown_path_or_method_returns_json_404_or_405, |story| {
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

story!(favicon_is_the_icon_of_the_pages, |story| {
    let icon = story.get("/favicon.ico").send().await.is(200);
    assert_eq!(icon.header("content-type"), "image/png");
    let page = story.get("/assets/icon.png").send().await.is(200);
    assert_eq!(
        (icon.header("etag"), icon.header("content-length")),
        (page.header("etag"), page.header("content-length"))
    );
    story.call(Method::HEAD, "/favicon.ico").send().await.is(200);
    story.post("/favicon.ico").send().await.is(405);
});
