//! A second factor that the server demands: it is set up on the way from an app through the sign-in, and the app goes on (FAC-26, FAC-34).

use std::time::{SystemTime, UNIX_EPOCH};

use tests::authenticator::Authenticator;
use tests::sign_in_pages::APPROVE;
use tests::{Appearance, Browser, ServerProcess};

use crate::accessible::is_accessible;
use crate::fixture::Fixture;
use crate::passkeys::add_device;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("a time")
}

async fn judge(browser: &Browser, name: &str, appearance: Appearance, lang: &str) {
    match appearance.scripts {
        true => is_accessible(browser, &format!("{name}-{lang}-{}", appearance.width)).await,
        false => drop(browser.screenshot(&format!("{name}-{lang}-without-scripts")).await),
    }
}

/// The codes are kept, and the person goes on to the app.
async fn go_on(at: &mut Fixture, request: &tests::app::AuthorizationRequest, (appearance, lang): (Appearance, &str)) {
    at.browser.find("ul.codes li").await;
    judge(&at.browser, "enrol-codes", appearance, lang).await;
    at.browser.click("input[name='kept']").await;
    at.browser.click("form:has(input[name='kept']) button").await;
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(request, &callback).await;
}

async fn whole_way(appearance: Appearance, lang: &str, grace: &str) {
    let server = ServerProcess::builder().set("factors.required", "everyone").set("factors.grace", grace).start().await;
    let mut at = Fixture::before(server).await;
    at.browser = Browser::with_appearance(appearance).await;
    let request = at.app.authorization_request(at.server.base_url());
    let mut place = request.url.clone();
    place.query_pairs_mut().append_pair("lang", lang);
    let has_passkeys = appearance.scripts && appearance.width > 400;
    if has_passkeys {
        add_device(&at.browser, true).await;
    }
    at.browser.goto(&place).await;
    at.browser.sign_in(&at.person).await;
    at.browser.find("form[action*='/api/auth/enrol/totp']").await;
    judge(&at.browser, "enrol", appearance, lang).await;
    if has_passkeys {
        at.browser.click("form[action*='/api/auth/enrol/passkey/start'] button").await;
        at.browser.find("form[data-passkey='create'] button").await;
        judge(&at.browser, "enrol-passkey", appearance, lang).await;
        at.browser.click("form[data-passkey='create'] button").await;
        return go_on(&mut at, &request, (appearance, lang)).await;
    }
    at.browser.click("form[action*='/api/auth/enrol/totp'] button").await;
    at.browser.click("details summary").await;
    let secret = at.browser.evaluate("return document.querySelector('details code').textContent").await;
    let app = Authenticator::new(secret.as_str().expect("a secret"));
    at.browser.fill("code", "000000").await;
    at.browser.click("form:has(#code) button").await;
    at.browser.find("#code-error").await;
    judge(&at.browser, "enrol-totp-wrong", appearance, lang).await;
    at.browser.fill("code", &app.code(now())).await;
    at.browser.click("form:has(#code) button").await;
    go_on(&mut at, &request, (appearance, lang)).await;
}

#[tokio::test]
async fn demanded_passkey_is_made_on_the_way_through_a_sign_in() {
    whole_way(Appearance::default(), "en", "14d").await;
}

#[tokio::test]
async fn demanded_app_is_added_on_the_way_through_a_sign_in_on_a_narrow_screen() {
    whole_way(Appearance { width: 320, dark: true, ..Appearance::default() }, "de", "14d").await;
}

#[tokio::test]
async fn demanded_app_is_added_on_the_way_through_a_sign_in_without_scripts() {
    whole_way(Appearance { scripts: false, ..Appearance::default() }, "en", "0s").await;
}

#[tokio::test]
async fn demanded_factor_is_put_off() {
    let server = ServerProcess::builder().set("factors.required", "everyone").start().await;
    let mut at = Fixture::before(server).await;
    let request = at.leave_for_server().await;
    at.browser.sign_in(&at.person).await;
    at.browser.click("form[action*='/api/auth/enrol/later'] button").await;
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(&request, &callback).await;
}
