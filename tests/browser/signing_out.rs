//! An app sends somebody here to sign out, and gets the browser back.

use tests::http::query_of;
use tests::relying_party::parts;
use tests::sign_in_pages::SIGN_IN;
use tests::{App, Appearance};
use url::Url;

use crate::fixture::{APP_NAME, Fixture};

const SIGN_OUT: &str = "form[action^='/oauth/logout'] button";

/// Somebody who is signed in, an app, and what the app shows when it wants them signed out.
async fn signed_in(fixture: &mut Fixture) -> (App, Url) {
    let uri = fixture.redirects.uri();
    let more = [("post_logout_redirect_uris", &*uri)];
    let app = fixture.server.client().register_with(APP_NAME, &uri, "openid", &more).await.expect("an app");
    let request = app.authorization_request(fixture.server.base_url());
    fixture.browser.goto(&request.url).await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.approve().await;
    let code = query_of(&fixture.redirects.next().await, "code").expect("a code");
    let form = [&app.code_form(&code)[..], &[("code_verifier", &*request.verifier)]].concat();
    let body = fixture.server.client().post("/oauth/token").form(&form).send().await.is(200).json();
    let token = body["id_token"].as_str().expect("an id token");
    assert!(parts(token).1["sid"].is_string());
    let mut logout = fixture.server.url("/oauth/logout");
    logout
        .query_pairs_mut()
        .append_pair("id_token_hint", token)
        .append_pair("post_logout_redirect_uri", &uri)
        .append_pair("state", "s t");
    (app, logout)
}

async fn is_signed_out(fixture: &mut Fixture, app: &App) {
    let back = fixture.redirects.next().await;
    assert_eq!(query_of(&back, "state").as_deref(), Some("s t"), "{back}");
    let request = app.authorization_request(fixture.server.base_url());
    fixture.browser.goto(&request.url).await;
    fixture.browser.find(SIGN_IN).await;
}

#[tokio::test]
async fn logout_of_the_very_session_presses_its_button_by_itself() {
    let mut fixture = Fixture::open().await;
    let (app, logout) = signed_in(&mut fixture).await;
    fixture.browser.goto(&logout).await;
    is_signed_out(&mut fixture, &app).await;
}

#[tokio::test]
async fn logout_without_scripts_waits_for_the_button() {
    let mut fixture = Fixture::with_appearance(Appearance { scripts: false, ..Appearance::default() }).await;
    let (app, logout) = signed_in(&mut fixture).await;
    fixture.browser.goto(&logout).await;
    fixture.browser.reads("Sign out of").await;
    fixture.browser.screenshot("sign-out").await;
    assert!(fixture.redirects.is_quiet(), "a GET ends nothing");
    fixture.browser.click(SIGN_OUT).await;
    is_signed_out(&mut fixture, &app).await;
}

#[tokio::test]
async fn logout_without_a_hint_waits_for_a_press_that_is_meant() {
    let mut fixture = Fixture::open().await;
    let (app, logout) = signed_in(&mut fixture).await;
    let mut bare = logout.clone();
    bare.set_query(None);
    fixture.browser.goto(&bare).await;
    fixture.browser.find(&format!("{SIGN_OUT}[data-waits]")).await;
    assert!(fixture.redirects.is_quiet());
    fixture.browser.click(SIGN_OUT).await;
    fixture.browser.reads("You are signed out").await;
    let request = app.authorization_request(fixture.server.base_url());
    fixture.browser.goto(&request.url).await;
    fixture.browser.find(SIGN_IN).await;
}
