//! The page of apps with access: a person finds an app there that they allowed, and takes its access away.

use tests::Appearance;
use tests::http::query_of;
use tests::sign_in_pages::{APPROVE, SIGN_IN};

use crate::fixture::{APP_NAME, Fixture};
use crate::keyboard::is_named;
use crate::layout::{Colours, NARROW, fits};

const THE_WAY: &str = "a[href='/oauth/authorized_applications']";
const REMOVE: &str = ".grants form:has(input[name='_method'][value='delete']) button";
const EMPTY: &str = "No app can use your account";

/// The person allows the app, which thereby gets a token.
async fn allow(fixture: &mut Fixture) -> String {
    let request = fixture.leave_for_server().await;
    fixture.browser.find(SIGN_IN).await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.find(APPROVE).await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    let code = query_of(&callback, "code").expect("the callback carries a code");
    fixture.server.client().redeem_proven(&fixture.app, &request, &code).await.expect("a token")
}

/// From the home page to the page of apps with access.
async fn look_them_up(fixture: &Fixture) {
    fixture.browser.goto(fixture.server.base_url()).await;
    fixture.browser.click(THE_WAY).await;
    fixture.browser.find(REMOVE).await;
    fixture.browser.reads(APP_NAME).await;
}

/// Whether the token still opens something.
async fn lives(fixture: &Fixture, token: &str) -> bool {
    fixture.server.client().token_status(token).await == Some(200)
}

#[tokio::test]
async fn authorized_applications_remove_button_revokes_token_and_forgets_consent() {
    let mut fixture = Fixture::open().await;
    let token = allow(&mut fixture).await;
    fixture.server.client().account_of(&token).await.expect("a response");
    look_them_up(&fixture).await;
    fixture.browser.screenshot("wide-apps-with-access").await;
    is_named(&fixture.browser, 2).await;
    fixture.browser.click(REMOVE).await;
    fixture.browser.reads(EMPTY).await;
    fixture.browser.screenshot("wide-no-apps-with-access").await;
    let page = fixture.server.url("/oauth/authorized_applications?notice=removed");
    assert_eq!(fixture.browser.url().await, page);
    assert!(!lives(&fixture, &token).await);
    // The app may ask again, and is not let in without an answer.
    fixture.leave_for_server().await;
    fixture.browser.find(APPROVE).await;
}

#[tokio::test]
async fn authorized_applications_page_works_without_scripts_on_narrow_screen() {
    let mut fixture =
        Fixture::with_appearance(Appearance { scripts: false, width: NARROW, ..Appearance::default() }).await;
    let token = allow(&mut fixture).await;
    fixture.browser.goto(fixture.server.base_url()).await;
    fixture.browser.find(THE_WAY).await;
    fits(&fixture.browser, "narrow-home-signed-in").await;
    look_them_up(&fixture).await;
    fits(&fixture.browser, "narrow-apps-with-access").await;
    assert!(lives(&fixture, &token).await);
    fixture.browser.click(REMOVE).await;
    fixture.browser.reads(EMPTY).await;
    fits(&fixture.browser, "narrow-no-apps-with-access").await;
    assert!(!lives(&fixture, &token).await);
}

#[tokio::test]
async fn authorized_applications_page_follows_dark_color_scheme_preference() {
    let mut fixture = Fixture::with_appearance(Appearance { dark: true, ..Appearance::default() }).await;
    allow(&mut fixture).await;
    look_them_up(&fixture).await;
    let colours = Colours::of(&fixture.browser, "dark-apps-with-access").await;
    assert!(colours.background < 0.2, "{colours:?} is dark");
    assert!(colours.contrast() >= 4.5, "{colours:?} is readable (WCAG 2.2, 1.4.3)");
}

#[tokio::test]
async fn authorized_applications_form_posted_by_another_site_keeps_token() {
    let mut fixture = Fixture::open().await;
    let token = allow(&mut fixture).await;
    look_them_up(&fixture).await;
    let action = fixture.browser.evaluate(&format!("return document.querySelector(\"{REMOVE}\").form.action")).await;
    let action = action.as_str().expect("an address");
    let page = tests::browser::page_from(&format!(
        "<!doctype html><title>elsewhere</title><form method=post action=\"{action}\">\
         <input name=_method value=delete><button>Win a prize</button></form>"
    ));
    fixture.browser.goto(&page).await;
    fixture.browser.click("button").await;
    fixture.browser.reads("another site").await;
    assert!(lives(&fixture, &token).await);
}
