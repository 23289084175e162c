//! Getting back in, and changing what one gets in with: a forgotten password, another address and back, what happened (people
//! PPL-235).

use tests::sign_in_pages::{APPROVE, SIGN_IN};
use tests::{Appearance, Browser, ServerProcess};

use crate::accessible::is_accessible;
use crate::fixture::Fixture;

const SUBMIT: &str = "main form button.primary";

#[tokio::test]
async fn forgotten_password_is_replaced_and_the_app_waits_meanwhile() {
    let mut fixture = Fixture::open().await;
    let request = fixture.leave_for_server().await;
    let browser = &fixture.browser;
    browser.click("a[href*='/account/forgot']").await;
    browser.find("#identifier").await;
    is_accessible(browser, "forgot").await;
    browser.fill("identifier", &fixture.person.email).await;
    browser.click(SUBMIT).await;
    browser.reads("Look into your mail").await;
    is_accessible(browser, "forgot-sent").await;

    let token = fixture.server.mailed_token("/oauth/reset").await;
    browser.goto(&fixture.server.url(&format!("/oauth/reset?token={token}"))).await;
    browser.fill("password", "short").await;
    browser.click(SUBMIT).await;
    browser.find("#password-error").await;
    is_accessible(browser, "reset-mistake").await;
    fixture.person.password = "a new one, 12 words".to_owned();
    fixture.browser.fill("password", &fixture.person.password).await;
    fixture.browser.click(SUBMIT).await;
    fixture.browser.reads("go on to").await;
    is_accessible(&fixture.browser, "reset-done").await;
    if !fixture.browser.has(SIGN_IN).await {
        fixture.browser.click("main a").await;
    }
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;
}

/// Makes every session of a server so old that it proves nobody's presence any more.
fn age_sessions(server: &ServerProcess) {
    let path = server.folder().join("data/lysand-auth.sqlite3");
    let database = rusqlite::Connection::open(path).expect("the server's database");
    let aged = database.execute("UPDATE auth_session SET authenticated_at = authenticated_at - 600000000", []);
    assert_eq!(aged.expect("an update"), 1);
}

#[tokio::test]
async fn identity_is_confirmed_with_the_password_on_the_way_to_another_address() {
    let fixture = Fixture::with_appearance(Appearance { width: 320, dark: true, ..Appearance::default() }).await;
    let (browser, server) = (&fixture.browser, &fixture.server);
    fixture.leave_for_server().await;
    browser.sign_in(&fixture.person).await;
    browser.find(APPROVE).await;
    age_sessions(server);
    browser.goto(&server.url("/account/confirm?then=/account/email")).await;
    browser.fill("current_password", "not the password").await;
    is_accessible(browser, "confirm-identity").await;
    browser.click(SUBMIT).await;
    browser.find("#current_password-error").await;
    is_accessible(browser, "confirm-identity-wrong").await;
    browser.fill("current_password", &fixture.person.password).await;
    browser.click(SUBMIT).await;
    browser.find("#email").await;
    assert!(!browser.has("#current_password").await, "it is not asked twice");
}

#[tokio::test]
async fn address_is_changed_and_the_change_undone_in_another_browser() {
    let appearance = Appearance { width: 320, ..Appearance::default() };
    let fixture = Fixture::with_appearance(appearance).await;
    let (browser, server) = (&fixture.browser, &fixture.server);
    fixture.leave_for_server().await;
    browser.sign_in(&fixture.person).await;
    browser.find(APPROVE).await;
    for (path, name) in [("/account", "account"), ("/account/password", "password")] {
        browser.goto(&server.url(path)).await;
        browser.find("main h1").await;
        is_accessible(browser, name).await;
    }
    browser.goto(&server.url("/account/email")).await;
    browser.fill("email", "other@people.example").await;
    is_accessible(browser, "email").await;
    if browser.has("input[name='current_password']").await {
        browser.fill("current_password", &fixture.person.password).await;
    }
    browser.click(SUBMIT).await;
    browser.find("#code").await;
    is_accessible(browser, "email-asked").await;

    let token = server.mailed_token("/account/email/confirm").await;
    browser.goto(&server.url(&format!("/account/email/confirm?token={token}"))).await;
    browser.find(SUBMIT).await;
    is_accessible(browser, "email-confirm").await;
    browser.click(SUBMIT).await;
    browser.reads("The new address is yours.").await;
    browser.goto(&server.url("/account/activity")).await;
    browser.reads("Signed in").await;
    is_accessible(browser, "activity").await;

    let token = server.mailed_token("/account/email/undo").await;
    let other = Browser::with_appearance(appearance).await;
    other.goto(&server.url(&format!("/account/email/undo?token={token}"))).await;
    other.find(SUBMIT).await;
    is_accessible(&other, "email-undo").await;
    other.click(SUBMIT).await;
    let token = server.mailed_token("/oauth/reset").await;
    is_accessible(&other, "email-undone").await;
    other.goto(&server.url(&format!("/oauth/reset?token={token}"))).await;
    other.find("#password").await;
    browser.goto(&server.url("/account")).await;
    browser.find(SIGN_IN).await;
}
