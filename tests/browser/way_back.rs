//! Lost second factors, and several accounts in one browser: their pages with and without scripts, on a narrow screen and in the dark
//! (FAC-112, FAC-113, FAC-122, FAC-126).

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use tests::authenticator::Authenticator;
use tests::sign_in_pages::APPROVE;
use tests::{Appearance, Browser, Person, ServerProcess, wait};

use crate::accessible::is_accessible;
use crate::fixture::Fixture;

const NARROW: Appearance = Appearance { width: 320, dark: true, scripts: true };
const SUBMIT: &str = "main form button.primary";

async fn judge(browser: &Browser, name: &str, appearance: Appearance, lang: &str) {
    match appearance.scripts {
        true => is_accessible(browser, &format!("{name}-{lang}-{}", appearance.width)).await,
        false => drop(browser.screenshot(&format!("{name}-{lang}-without-scripts")).await),
    }
}

/// The mails so far that have this text in them, as their readers see them.
async fn mail_with(server: &ServerProcess, text: &str) -> String {
    wait::until("a mail", async || {
        let mails = server.mails().into_iter().map(|mail| mail.replace("=\r\n", "").replace("=3D", "="));
        mails.into_iter().find(|mail| mail.contains(text))
    })
    .await
}

/// Adds an authenticator app in a browser of its own, which stays signed in.
async fn enrol(at: &Fixture, appearance: Appearance) -> Browser {
    let browser = Browser::with_appearance(appearance).await;
    browser.goto(&at.server.url("/account/security")).await;
    browser.sign_in(&at.person).await;
    browser.click("form[action*='/account/security/totp'] button").await;
    browser.click("details summary").await;
    let secret = browser.evaluate("return document.querySelector('details code').textContent").await;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let code = Authenticator::new(secret.as_str().expect("a secret")).code(i64::try_from(now).expect("a time"));
    browser.fill("code", &code).await;
    browser.click("form:has(#code) button").await;
    browser.find("ul.codes li").await;
    browser
}

async fn asks_and_stops(appearance: Appearance, lang: &str) {
    let server = ServerProcess::builder().set("factors.way_back.enabled", "true").start().await;
    let mut at = Fixture::before(server).await;
    // An app is set up with scripts; the page of the own account is looked at without.
    let owner = enrol(&at, Appearance { scripts: true, ..appearance }).await;
    at.browser = Browser::with_appearance(appearance).await;
    let mut place = at.app.authorization_request(at.server.base_url()).url;
    place.query_pairs_mut().append_pair("lang", lang);
    at.browser.goto(&place).await;
    at.browser.sign_in(&at.person).await;
    at.browser.find("#code").await;
    judge(&at.browser, "factor-with-way-back", appearance, lang).await;
    at.browser.click("a[href*='/oauth/factor/way_back']").await;
    at.browser.find("form[action*='/oauth/factor/way_back/start']").await;
    judge(&at.browser, "way-back-ask", appearance, lang).await;
    at.browser.click("form[action*='/oauth/factor/way_back/start'] button").await;
    at.browser.find("#code").await;
    judge(&at.browser, "way-back-code", appearance, lang).await;
    at.browser.fill("code", "00000000").await;
    at.browser.click(SUBMIT).await;
    at.browser.find("#code-error").await;
    judge(&at.browser, "way-back-wrong", appearance, lang).await;
    let mail = mail_with(&at.server, "<strong>").await;
    let code =
        mail.split_once("<strong>").and_then(|rest| rest.1.split_once("</strong>")).expect("a code").0.to_owned();
    at.browser.fill("code", &code).await;
    at.browser.click(SUBMIT).await;
    at.browser.find("dl time").await;
    judge(&at.browser, "way-back-wait", appearance, lang).await;

    // Every page of the owner says so.
    for path in ["/account", "/account/security", "/account/sessions", "/"] {
        let mut page = at.server.url(path);
        page.query_pairs_mut().append_pair("lang", lang);
        owner.goto(&page).await;
        owner.find("aside.standing a").await;
        judge(
            &owner,
            &format!("way-back-notice{}", path.replace('/', "-")),
            Appearance { scripts: true, ..appearance },
            lang,
        )
        .await;
    }
    // The link of the mail stops it, without a sign-in.
    let told = mail_with(&at.server, "/account/way_back/stop?token=").await;
    let token = told.split("stop?token=").nth(1).and_then(|rest| rest.get(..43)).expect("a token");
    let mut stop = at.server.url(&format!("/account/way_back/stop?token={token}"));
    stop.query_pairs_mut().append_pair("lang", lang);
    at.browser.goto(&stop).await;
    at.browser.find(SUBMIT).await;
    judge(&at.browser, "way-back-stop", appearance, lang).await;
    if appearance.scripts {
        // The button is dead until the page was looked at for a moment.
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    }
    at.browser.click(SUBMIT).await;
    at.browser.find("a.button.primary").await;
    judge(&at.browser, "way-back-stopped", appearance, lang).await;
    owner.goto(&at.server.url("/account")).await;
    assert!(!owner.has("aside.standing").await);
}

#[tokio::test]
async fn removal_of_lost_factors_is_asked_for_and_stopped() {
    asks_and_stops(Appearance::default(), "en").await;
}

#[tokio::test]
async fn removal_of_lost_factors_is_asked_for_and_stopped_on_a_narrow_screen() {
    asks_and_stops(NARROW, "de").await;
}

#[tokio::test]
async fn removal_of_lost_factors_is_asked_for_and_stopped_without_scripts() {
    asks_and_stops(Appearance { scripts: false, ..Appearance::default() }, "fr").await;
}

async fn chooses(appearance: Appearance, lang: &str) {
    let server = ServerProcess::builder().start().await;
    let mut at = Fixture::before(server).await;
    let other = Person::named("grace");
    at.server.create_account(&other);
    at.browser = Browser::with_appearance(appearance).await;
    let request = at.app.authorization_request(at.server.base_url());
    let mut place = request.url.clone();
    place.query_pairs_mut().append_pair("lang", lang);
    at.browser.goto(&place).await;
    at.browser.sign_in(&at.person).await;
    at.browser.find(APPROVE).await;
    // "Not you?" of somebody alone is the sign-in page.
    at.browser.click("a[href*='prompt=select_account']").await;
    at.browser.find("#password").await;
    at.browser.sign_in(&other).await;
    at.browser.find(APPROVE).await;
    let consent_of_other = at.browser.url().await;
    at.browser.click("a[href*='prompt=select_account']").await;
    at.browser.find("form[action*='/oauth/authorize/continue']").await;
    judge(&at.browser, "choose-account", appearance, lang).await;
    if appearance.scripts {
        tokio::time::sleep(std::time::Duration::from_millis(800)).await;
    }
    // The second row is the one that was signed in first.
    at.browser.click("ul.identities li:nth-child(2) form[action*='/oauth/authorize/continue'] button").await;
    at.browser.find(APPROVE).await;
    at.browser.reads(&format!("@{}", at.person.username)).await;
    let own = at.browser.url().await;
    // The other account's page is left open in another tab.
    at.browser.goto(&consent_of_other).await;
    at.browser.find("form[action*='/oauth/authorize/continue']").await;
    judge(&at.browser, "another-account-chosen", appearance, lang).await;
    at.browser.goto(&own).await;
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(&request, &callback).await;
    // A session that is over signs in again.
    let jar = json!({ "name": "jwt", "url": at.server.url("/").as_str() });
    at.browser.devtools("Network.deleteCookies", jar).await;
    let mut again = place.clone();
    again.query_pairs_mut().append_pair("prompt", "select_account");
    at.browser.goto(&again).await;
    at.browser.find("form[action*='/oauth/authorize/continue']").await;
    judge(&at.browser, "choose-account-signed-out", appearance, lang).await;
}

#[tokio::test]
async fn account_is_chosen_among_several() {
    chooses(Appearance::default(), "en").await;
}

#[tokio::test]
async fn account_is_chosen_among_several_on_a_narrow_screen() {
    chooses(NARROW, "es").await;
}

#[tokio::test]
async fn account_is_chosen_among_several_without_scripts() {
    chooses(Appearance { scripts: false, ..Appearance::default() }, "en").await;
}
