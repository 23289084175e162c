//! A passkey is made, signs in by itself, and is the second proof after the password (FAC-72, FAC-78, FAC-79, FAC-81, FAC-82, FAC-83).

use serde_json::{Value, json};
use tests::sign_in_pages::APPROVE;
use tests::{Appearance, Browser, Person};

use crate::accessible::is_accessible;
use crate::fixture::Fixture;

const MAKE: &str = "form[data-passkey='create'] button";
const WITHOUT_PASSWORD: &str = "button[formaction^='/register/passkey']:not([hidden])";
const USE: &str = "form[data-passkey='get'] button";

/// A device with a screen lock, as Chromium has one for tests.
pub(crate) async fn add_device(browser: &Browser, verifies: bool) -> String {
    browser.devtools("WebAuthn.enable", json!({ "enableUI": false })).await;
    let options = json!({
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": true,
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": true,
    });
    let device = browser.devtools("WebAuthn.addVirtualAuthenticator", json!({ "options": options })).await;
    id_of(&device)
}

fn id_of(device: &Value) -> String {
    let id = device.pointer("/authenticatorId").or_else(|| device.pointer("/value/authenticatorId"));
    id.and_then(Value::as_str).unwrap_or_else(|| panic!("an id in {device}")).to_owned()
}

/// Whether the device answers what pages ask, or waits for its owner.
async fn set_present(browser: &Browser, device: &str, enabled: bool) {
    let params = json!({ "authenticatorId": device, "enabled": enabled });
    browser.devtools("WebAuthn.setAutomaticPresenceSimulation", params).await;
}

async fn judge(browser: &Browser, name: &str, appearance: Appearance, lang: &str) {
    is_accessible(browser, &format!("{name}-{lang}-{}", appearance.width)).await;
}

async fn make(at: &Fixture, appearance: Appearance, lang: &str) {
    let browser = &at.browser;
    browser.goto(&at.server.url(&format!("/account/security?lang={lang}"))).await;
    browser.sign_in(&at.person).await;
    browser.find("form[data-passkey-shown]:not([hidden])").await;
    judge(browser, "passkeys-none", appearance, lang).await;
    browser.click("form[data-passkey-shown] button").await;
    browser.find(MAKE).await;
    judge(browser, "passkey", appearance, lang).await;
    browser.fill("name", "Laptop").await;
    browser.click(MAKE).await;
    browser.find("ul.codes li").await;
    browser.click("input[name='kept']").await;
    browser.click("form:has(input[name='kept']) button").await;
    browser.reads("Laptop").await;
    judge(browser, "passkeys-one", appearance, lang).await;
}

async fn whole_way(appearance: Appearance, lang: &str) {
    let mut at = Fixture::with_appearance(appearance).await;
    let device = add_device(&at.browser, true).await;
    make(&at, appearance, lang).await;

    // In place of name and password.
    at.browser.devtools("Network.clearBrowserCookies", json!({})).await;
    set_present(&at.browser, &device, false).await;
    let request = at.app.authorization_request(at.server.base_url());
    let mut place = request.url.clone();
    place.query_pairs_mut().append_pair("lang", lang);
    at.browser.goto(&place).await;
    at.browser.find("form[data-passkey='get']:not([hidden])").await;
    judge(&at.browser, "sign-in-passkey", appearance, lang).await;
    set_present(&at.browser, &device, true).await;
    // The browser may have offered it already, beside the passwords that it knows.
    if !at.browser.has(APPROVE).await {
        at.browser.evaluate(&format!("document.querySelector(\"{USE}\")?.click()")).await;
    }
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(&request, &callback).await;

    // After the password.
    at.browser.devtools("Network.clearBrowserCookies", json!({})).await;
    set_present(&at.browser, &device, false).await;
    let request = at.app.authorization_request(at.server.base_url());
    let mut place = request.url.clone();
    place.query_pairs_mut().append_pair("lang", lang);
    at.browser.goto(&place).await;
    at.browser.sign_in(&at.person).await;
    at.browser.find(USE).await;
    judge(&at.browser, "factor-passkey", appearance, lang).await;
    set_present(&at.browser, &device, true).await;
    at.browser.click(USE).await;
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(&request, &callback).await;
}

#[tokio::test]
async fn passkey_is_made_and_signs_in() {
    whole_way(Appearance::default(), "en").await;
}

#[tokio::test]
async fn passkey_is_made_and_signs_in_in_the_dark_on_a_narrow_screen() {
    whole_way(Appearance { width: 320, dark: true, ..Appearance::default() }, "de").await;
}

#[tokio::test]
async fn passkey_on_a_device_that_verifies_nobody_is_a_second_proof_alone() {
    let mut at = Fixture::open().await;
    add_device(&at.browser, false).await;
    make(&at, Appearance::default(), "fr").await;
    at.browser.devtools("Network.clearBrowserCookies", json!({})).await;
    let request = at.app.authorization_request(at.server.base_url());
    at.browser.goto(&request.url).await;
    at.browser.sign_in(&at.person).await;
    at.browser.click(USE).await;
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(&request, &callback).await;
}

#[tokio::test]
async fn passkeys_are_not_offered_without_scripts() {
    let appearance = Appearance { scripts: false, ..Appearance::default() };
    let at = Fixture::with_appearance(appearance).await;
    at.browser.goto(&at.server.url("/account/security")).await;
    assert!(!at.browser.has("form[data-passkey]:not([hidden])").await, "on the sign-in page");
    at.browser.sign_in(&at.person).await;
    at.browser.find("form[action*='/account/security/totp']").await;
    at.browser.reads("This browser cannot make passkeys here").await;
    assert!(!at.browser.has("form[data-passkey-shown]:not([hidden])").await);
    at.browser.screenshot("passkeys-without-scripts").await;
}

#[tokio::test]
async fn passkey_that_was_removed_goes_from_the_device_as_well() {
    let at = Fixture::open().await;
    let device = add_device(&at.browser, true).await;
    make(&at, Appearance::default(), "en").await;
    assert_eq!(kept(&at.browser, &device).await, 1);
    at.browser.goto(&at.server.url("/account/security")).await;
    at.browser.find("section[aria-labelledby='passkeys'] form[action$='/remove'] button").await;
    // It takes no press before the page was seen for a moment.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    at.browser.click("section[aria-labelledby='passkeys'] form[action$='/remove'] button").await;
    at.browser.find("section[aria-labelledby='passkeys'] p").await;
    at.browser.reads("There is none yet").await;
    for _ in 0..50 {
        if kept(&at.browser, &device).await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the browser was not told, or does not listen");
}

/// How many passkeys a device keeps.
async fn kept(browser: &Browser, device: &str) -> usize {
    let found = browser.devtools("WebAuthn.getCredentials", json!({ "authenticatorId": device })).await;
    let found = found.pointer("/credentials").or_else(|| found.pointer("/value/credentials"));
    found.and_then(Value::as_array).map_or(0, Vec::len)
}

/// Somebody signs up from an app with a passkey, confirms the address elsewhere, and the app gets its code.
async fn whole_sign_up(appearance: Appearance, lang: &str) {
    let mut at = Fixture::with_appearance(appearance).await;
    at.person = Person::named("newcomer");
    add_device(&at.browser, true).await;
    let request = at.app.authorization_request(at.server.base_url());
    let mut place = request.url.clone();
    place.query_pairs_mut().append_pair("lang", lang);
    at.browser.goto(&place).await;
    at.browser.click("a[href*='/register']").await;
    at.browser.find(WITHOUT_PASSWORD).await;
    judge(&at.browser, "sign-up-with-passkey", appearance, lang).await;
    at.browser.fill("username", &at.person.username).await;
    at.browser.click(WITHOUT_PASSWORD).await;
    at.browser.find("#email-error").await;
    assert!(!at.browser.has("#password-error").await, "no password is asked for");
    at.browser.fill("email", &at.person.email).await;
    at.browser.click(WITHOUT_PASSWORD).await;
    at.browser.find(MAKE).await;
    judge(&at.browser, "sign-up-passkey", appearance, lang).await;
    at.browser.click(MAKE).await;
    at.browser.find("#code").await;

    let token = at.server.mailed_token("/register/confirm").await;
    let other = Browser::with_appearance(appearance).await;
    other.goto(&at.server.url(&format!("/register/confirm?token={token}&lang={lang}"))).await;
    other.find("p.notice.warn").await;
    judge(&other, "sign-up-passkey-confirm", appearance, lang).await;
    other.click("button[name='do'][value='confirm']").await;
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(&request, &callback).await;
}

#[tokio::test]
async fn passkey_signs_somebody_up_from_an_app() {
    whole_sign_up(Appearance::default(), "en").await;
}

#[tokio::test]
async fn passkey_signs_somebody_up_in_french_in_the_dark_on_a_narrow_screen() {
    whole_sign_up(Appearance { width: 320, dark: true, ..Appearance::default() }, "fr").await;
}

#[tokio::test]
async fn passkey_is_not_offered_to_who_signs_up_without_scripts() {
    let at = Fixture::with_appearance(Appearance { scripts: false, ..Appearance::default() }).await;
    at.browser.goto(&at.server.url("/register")).await;
    at.browser.find("#sign-up button.primary").await;
    assert!(!at.browser.has("button[data-passkey-shown]:not([hidden])").await);
}
