//! A code by mail in place of name and password (FAC-86), and what somebody is asked whose password a link of a mail has set (people
//! PPL-93).

use tests::sign_in_pages::APPROVE;
use tests::{Appearance, Browser, ServerProcess, wait};

use crate::accessible::is_accessible;
use crate::fixture::Fixture;
use crate::passkeys::add_device;

const SUBMIT: &str = "main form button.primary";
const NARROW: Appearance = Appearance { width: 320, dark: true, scripts: true };

async fn judge(browser: &Browser, name: &str, appearance: Appearance, lang: &str) {
    match appearance.scripts {
        true => is_accessible(browser, &format!("{name}-{lang}-{}", appearance.width)).await,
        false => drop(browser.screenshot(&format!("{name}-{lang}-without-scripts")).await),
    }
}

/// The code of eight digits that was mailed.
async fn mailed_code(server: &ServerProcess) -> String {
    wait::until("a code", async || {
        let mails = server.mails();
        mails.iter().find_map(|mail| {
            let (code, _) = mail.split_once("<strong>")?.1.split_once("</strong>")?;
            Some(code.to_owned()).filter(|code| code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()))
        })
    })
    .await
}

async fn signs_in_by_mail(appearance: Appearance, lang: &str) {
    let server = ServerProcess::builder().set("factors.email_sign_in", "true").start().await;
    let mut at = Fixture::before(server).await;
    at.browser = Browser::with_appearance(appearance).await;
    let request = at.app.authorization_request(at.server.base_url());
    let mut place = request.url.clone();
    place.query_pairs_mut().append_pair("lang", lang);
    at.browser.goto(&place).await;
    judge(&at.browser, "sign-in-with-mail", appearance, lang).await;
    at.browser.click("a[href*='/oauth/email_code']").await;
    at.browser.find("#identifier").await;
    judge(&at.browser, "email-code", appearance, lang).await;
    at.browser.fill("identifier", &at.person.email).await;
    at.browser.click(SUBMIT).await;
    at.browser.find("#code").await;
    judge(&at.browser, "email-code-sent", appearance, lang).await;
    at.browser.fill("code", "00000000").await;
    at.browser.click(SUBMIT).await;
    at.browser.find("#code-error").await;
    judge(&at.browser, "email-code-wrong", appearance, lang).await;
    at.browser.fill("code", &mailed_code(&at.server).await).await;
    at.browser.click(SUBMIT).await;
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(&request, &callback).await;
}

#[tokio::test]
async fn code_by_mail_leads_back_to_the_app() {
    signs_in_by_mail(Appearance::default(), "en").await;
}

#[tokio::test]
async fn code_by_mail_leads_back_to_the_app_on_a_narrow_screen() {
    signs_in_by_mail(NARROW, "de").await;
}

#[tokio::test]
async fn code_by_mail_leads_back_to_the_app_without_scripts() {
    signs_in_by_mail(Appearance { scripts: false, ..Appearance::default() }, "en").await;
}

/// Somebody who knows the password adds a passkey, and is gone.
async fn add_passkey(at: &Fixture) {
    let browser = Browser::open().await;
    browser.goto(&at.server.url("/account/security")).await;
    browser.sign_in(&at.person).await;
    add_device(&browser, true).await;
    browser.find("form[data-passkey-shown]:not([hidden])").await;
    browser.click("form[data-passkey-shown] button").await;
    browser.find("form[data-passkey='create'] button").await;
    browser.fill("name", "Not mine").await;
    browser.click("input[name='two_step']").await;
    browser.click("form[data-passkey='create'] button").await;
    browser.find("ul.codes li").await;
}

async fn reviews(appearance: Appearance, lang: &str) {
    let mut at = Fixture::with_appearance(appearance).await;
    add_passkey(&at).await;
    at.leave_for_server().await;
    at.browser.click("a[href*='/account/forgot']").await;
    at.browser.fill("identifier", &at.person.email).await;
    at.browser.click(SUBMIT).await;
    let token = at.server.mailed_token("/oauth/reset").await;
    at.browser.goto(&at.server.url(&format!("/oauth/reset?token={token}"))).await;
    at.person.password = "a new one, 12 words".to_owned();
    at.browser.fill("password", &at.person.password).await;
    at.browser.click(SUBMIT).await;
    at.browser.reads("go on to").await;
    let request = at.app.authorization_request(at.server.base_url());
    let mut place = request.url.clone();
    place.query_pairs_mut().append_pair("lang", lang);
    at.browser.goto(&place).await;
    at.browser.sign_in(&at.person).await;
    at.browser.find("input[name='remove']").await;
    judge(&at.browser, "review", appearance, lang).await;
    at.browser.click("input[name='remove']").await;
    at.browser.click(SUBMIT).await;
    at.browser.find(APPROVE).await;
    at.browser.approve().await;
    let callback = at.redirects.next().await;
    at.welcome(&request, &callback).await;
    at.browser.goto(&at.server.url("/account/security")).await;
    at.browser.find("#passkeys").await;
    assert!(!at.browser.text().await.contains("Not mine"));
}

#[tokio::test]
async fn owner_says_after_a_reset_what_stays() {
    reviews(Appearance::default(), "en").await;
}

#[tokio::test]
async fn owner_says_after_a_reset_what_stays_on_a_narrow_screen() {
    reviews(NARROW, "de").await;
}
