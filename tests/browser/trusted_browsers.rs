//! A browser is trusted after the second step, with and without scripts, and is asked again once its owner says so (FAC-97, FAC-98).

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use tests::authenticator::Authenticator;
use tests::sign_in_pages::APPROVE;
use tests::{Appearance, Browser, ServerProcess};

use crate::accessible::is_accessible;
use crate::fixture::Fixture;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("a time")
}

async fn judge(browser: &Browser, name: &str, appearance: Appearance) {
    match appearance.scripts {
        true => is_accessible(browser, &format!("{name}-{}", appearance.width)).await,
        false => drop(browser.screenshot(&format!("{name}-without-scripts")).await),
    }
}

async fn enrol(at: &Fixture) -> Authenticator {
    let browser = Browser::open().await;
    browser.goto(&at.server.url("/account/security")).await;
    browser.sign_in(&at.person).await;
    browser.click("form[action*='/account/security/totp'] button").await;
    browser.click("details summary").await;
    let secret = browser.evaluate("return document.querySelector('details code').textContent").await;
    let app = Authenticator::new(secret.as_str().expect("a secret"));
    browser.fill("code", &app.code(now())).await;
    browser.click("form:has(#code) button").await;
    browser.find("ul.codes li").await;
    app
}

async fn whole_way(appearance: Appearance, lang: &str) {
    let server = ServerProcess::builder().set("factors.remember_for", "30d").start().await;
    let at = Fixture::before(server).await;
    let key = enrol(&at).await;
    let browser = Browser::with_appearance(appearance).await;
    let request = at.app.authorization_request(at.server.base_url());
    let mut place = request.url.clone();
    place.query_pairs_mut().append_pair("lang", lang);
    browser.goto(&place).await;
    browser.sign_in(&at.person).await;
    browser.find("#code").await;
    judge(&browser, "factor-remember", appearance).await;
    browser.click("input[name='remember']").await;
    // The step that it was set up with is used; the one after counts already.
    browser.fill("code", &key.code(now() + 30)).await;
    browser.click("form:has(#code) button").await;
    browser.find(APPROVE).await;

    // The session ends, and the password is enough.
    browser.devtools("Network.deleteCookies", json!({ "name": "jwt", "url": at.server.url("/").as_str() })).await;
    browser.goto(&place).await;
    browser.sign_in(&at.person).await;
    browser.find(APPROVE).await;

    browser.goto(&at.server.url(&format!("/account/sessions?lang={lang}"))).await;
    browser.find("section[aria-labelledby='trusted'] li").await;
    judge(&browser, "sessions-trusted", appearance).await;
    browser.click("section[aria-labelledby='trusted'] button").await;
    browser.find(".notice.good").await;
    assert!(!browser.has("section[aria-labelledby='trusted']").await);
    browser.devtools("Network.deleteCookies", json!({ "name": "jwt", "url": at.server.url("/").as_str() })).await;
    browser.goto(&place).await;
    browser.sign_in(&at.person).await;
    browser.find("#code").await;
}

#[tokio::test]
async fn browser_is_trusted_and_asked_again_when_its_owner_says_so() {
    whole_way(Appearance::default(), "en").await;
}

#[tokio::test]
async fn browser_is_trusted_in_the_dark_on_a_narrow_screen() {
    whole_way(Appearance { width: 320, dark: true, ..Appearance::default() }, "de").await;
}

#[tokio::test]
async fn browser_is_trusted_without_scripts() {
    whole_way(Appearance { scripts: false, ..Appearance::default() }, "en").await;
}
