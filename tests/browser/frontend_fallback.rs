//! A frontend's page on the server's own origin, in redirect mode: its scripts run, and it gets no cookies.

use tests::frontend::Frontend;
use tests::{Browser, ServerProcess};

#[tokio::test]
async fn frontend_fallback_page_runs_its_scripts_without_sharing_cookies() {
    let frontend = Frontend::start().await;
    let builder = ServerProcess::builder().set("frontend.mode", "redirect").set("frontend.url", &frontend.origin());
    let server = builder.start().await;
    let browser = Browser::open().await;
    // A page of ours leaves its cookie first.
    browser.goto(&server.url("/")).await;
    browser.reads("Nobody is signed in").await;
    browser.goto(&server.url("/welcome")).await;
    browser.reads("and its script ran").await;
    assert_eq!(browser.url().await.path(), "/welcome");
    assert_eq!(browser.evaluate("return document.cookie").await, "", "none of the frontend's cookies was taken");
    let asked = frontend.requests();
    assert!(asked.iter().any(|head| head.starts_with("GET /app.js ")), "{asked:?}");
    assert!(asked.iter().all(|head| !head.contains("cookie")), "{asked:?}");
}
