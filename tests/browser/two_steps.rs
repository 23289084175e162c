//! Adding an authenticator app, and signing in with it (FAC-31, FAC-35, FAC-62, FAC-68).

use std::time::{SystemTime, UNIX_EPOCH};

use tests::authenticator::Authenticator;
use tests::{Appearance, Browser};

use crate::accessible::is_accessible;
use crate::fixture::Fixture;

/// A person who looks at the pages in one way.
struct Looks {
    appearance: Appearance,
    lang: &'static str,
}

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("a time")
}

impl Looks {
    async fn judge(&self, browser: &Browser, name: &str) {
        match self.appearance.scripts {
            true => is_accessible(browser, &format!("{name}-{}-{}", self.lang, self.appearance.width)).await,
            false => drop(browser.screenshot(&format!("{name}-{}-without-scripts", self.lang)).await),
        }
    }

    /// Sets an app up on the page of the own factors.
    async fn enrol(&self, at: &Fixture) -> Authenticator {
        let browser = &at.browser;
        browser.goto(&at.server.url(&format!("/account/security?lang={}", self.lang))).await;
        browser.sign_in(&at.person).await;
        browser.find("form[action*='/account/security/totp']").await;
        self.judge(browser, "security-off").await;
        browser.click("form[action*='/account/security/totp'] button").await;
        browser.find(".qr svg").await;
        self.judge(browser, "totp").await;
        browser.click("details summary").await;
        let secret = browser.evaluate("return document.querySelector('details code').textContent").await;
        let app = Authenticator::new(secret.as_str().expect("a secret"));
        browser.fill("code", "000000").await;
        browser.click("form:has(#code) button").await;
        browser.find("#code-error").await;
        self.judge(browser, "totp-wrong").await;
        browser.fill("code", &app.code(now())).await;
        browser.click("form:has(#code) button").await;
        browser.find("ul.codes li").await;
        self.judge(browser, "recovery-codes").await;
        browser.click("input[name='kept']").await;
        browser.click("form:has(input[name='kept']) button").await;
        browser.find("form[action*='/account/security/two_step']").await;
        self.judge(browser, "security-on").await;
        app
    }

    /// Signs in from an app, in another browser.
    async fn sign_in(&self, at: &mut Fixture, key: &Authenticator) {
        let browser = Browser::with_appearance(self.appearance).await;
        let request = at.app.authorization_request(at.server.base_url());
        let mut place = request.url.clone();
        place.query_pairs_mut().append_pair("lang", self.lang);
        browser.goto(&place).await;
        browser.sign_in(&at.person).await;
        browser.find("#code").await;
        self.judge(&browser, "factor").await;
        browser.click("ul.links a[href*='method=recovery']").await;
        browser.find("input[autocomplete='off']#code").await;
        self.judge(&browser, "factor-recovery").await;
        browser.click("ul.links a[href*='method=totp']").await;
        browser.find("input[inputmode='numeric']#code").await;
        browser.fill("code", "000000").await;
        browser.click("form:has(#code) button").await;
        browser.find("#code-error").await;
        self.judge(&browser, "factor-wrong").await;
        // The step that it was set up with is used; the one after counts already.
        browser.fill("code", &key.code(now() + 30)).await;
        browser.click("form:has(#code) button").await;
        browser.find(tests::sign_in_pages::APPROVE).await;
        browser.approve().await;
        let callback = at.redirects.next().await;
        at.welcome(&request, &callback).await;
    }
}

async fn whole_way(appearance: Appearance, lang: &'static str) {
    let (mut at, looks) = (Fixture::with_appearance(appearance).await, Looks { appearance, lang });
    let key = looks.enrol(&at).await;
    looks.sign_in(&mut at, &key).await;
}

#[tokio::test]
async fn person_adds_an_authenticator_app_and_signs_in_with_it() {
    whole_way(Appearance::default(), "en").await;
}

#[tokio::test]
async fn person_adds_an_authenticator_app_in_the_dark_on_a_narrow_screen() {
    whole_way(Appearance { width: 320, dark: true, ..Appearance::default() }, "de").await;
}

#[tokio::test]
async fn person_adds_an_authenticator_app_without_scripts() {
    whole_way(Appearance { scripts: false, ..Appearance::default() }, "en").await;
}
