//! A story about a narrow, dark or scriptless browser proves nothing if the browser is none of it.

use serde_json::json;
use tests::browser::page_from;
use tests::{Appearance, Browser, wait};

#[tokio::test]
async fn test_browser_with_scripts_disabled_runs_no_script() {
    let page = page_from("<title>still</title><script>document.title = 'moved'</script>");
    let look = Appearance { scripts: false, ..Appearance::default() };
    let (with, without) = (Browser::open().await, Browser::with_appearance(look).await);

    with.goto(&page).await;
    without.goto(&page).await;
    assert_eq!(with.evaluate("return document.title").await, json!("moved"));
    assert_eq!(without.evaluate("return document.title").await, json!("still"));
}

#[tokio::test]
async fn test_browser_applies_requested_width_and_dark_color_scheme() {
    let facts = "return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches]";
    let page = page_from("<!doctype html><title>plain</title>");
    let browser = Browser::with_appearance(Appearance { width: 320, dark: true, ..Appearance::default() }).await;
    browser.goto(&page).await;
    assert_eq!(browser.evaluate(facts).await, json!([320, true]));

    let browser = Browser::open().await;
    browser.goto(&page).await;
    assert_eq!(browser.evaluate(facts).await, json!([1280, false]));
}

#[tokio::test]
async fn test_browser_dropped_leaves_no_process_running() {
    let browser = Browser::open().await;
    let profile = browser.profile().to_owned();
    assert!(runs_with(&profile), "the browser names its profile on its command line");
    drop(browser);
    // Those that were killed are gone a moment later on a busy machine.
    wait::until("the end of the browser's processes", async || (!runs_with(&profile)).then_some(())).await;
}

/// Whether some process was started with `profile` on its command line.
fn runs_with(profile: &std::path::Path) -> bool {
    let wanted = format!("--user-data-dir={}", profile.display());
    let processes = std::fs::read_dir("/proc").expect("a value");
    processes.flatten().any(|process| {
        let command_line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&command_line).contains(&wanted)
    })
}
