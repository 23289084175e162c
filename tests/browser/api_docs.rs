//! The page about what programs can ask: readable on a narrow and a wide screen, light and dark, with and without scripts.

use tests::{Appearance, Browser, ServerProcess};

use crate::accessible::is_accessible;
use crate::layout::{NARROW, fits};

#[tokio::test]
async fn api_docs_page_is_accessible_narrow_wide_light_and_dark() {
    let server = ServerProcess::start().await;
    for (width, dark, lang) in [(NARROW, false, "de"), (NARROW, true, "en"), (1280, false, "fr"), (1280, true, "es")] {
        let browser = Browser::with_appearance(Appearance { width, dark, ..Appearance::default() }).await;
        browser.goto(&server.url(&format!("/api-docs?lang={lang}"))).await;
        browser.reads("POST /oauth/token").await;
        is_accessible(&browser, &format!("api-docs-{lang}-{width}")).await;
    }
    let browser = Browser::with_appearance(Appearance { scripts: false, width: NARROW, ..Appearance::default() }).await;
    browser.goto(&server.url("/api-docs")).await;
    browser.reads("GET /api/v1/auth/sessions").await;
    fits(&browser, "api-docs-without-scripts").await;
}
