//! The page of apps with access: a person finds an app there that they allowed, and takes its access away.

use tests::journey::{APPROVE, SIGN_IN};
use tests::{Look, RegisteredApp, client};

use crate::keyboard::is_named;
use crate::layout::{Colours, NARROW, fits};
use crate::test_setup::{APP_NAME, Scene};

const THE_WAY: &str = "a[href='/oauth/authorized_applications']";
const REMOVE: &str = ".grants form:has(input[name='_method'][value='delete']) button";
const EMPTY: &str = "No app can use your account";

/// The person allows the app, which thereby gets a token.
async fn allow(scene: &mut Scene) -> String {
    let trip = scene.leave_for_server().await;
    scene.browser.find(SIGN_IN).await;
    scene.browser.sign_in(&scene.person).await;
    scene.browser.find(APPROVE).await;
    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    let code = client::query(&callback, "code").expect("the callback carries a code");
    scene.app.redeem(&scene.server, &trip, &code).await
}

/// From the home page to the page of apps with access.
async fn look_them_up(scene: &Scene) {
    scene.browser.goto(scene.server.base_url()).await;
    scene.browser.click(THE_WAY).await;
    scene.browser.find(REMOVE).await;
    scene.browser.reads(APP_NAME).await;
}

/// Whether the token still opens something.
async fn lives(scene: &Scene, token: &str) -> bool {
    let url = scene.server.url("/api/v1/apps/verify_credentials");
    let reply = scene.server.http().get(url).bearer_auth(token).send().await.expect("an answer");
    reply.status() == 200
}

#[tokio::test]
async fn a_person_takes_the_access_of_an_app_away() {
    let mut scene = Scene::open().await;
    let token = allow(&mut scene).await;
    RegisteredApp::verify_credentials(&scene.server, &token).await;
    look_them_up(&scene).await;
    scene.browser.screenshot("wide-apps-with-access").await;
    is_named(&scene.browser, 2).await;
    scene.browser.click(REMOVE).await;
    scene.browser.reads(EMPTY).await;
    scene.browser.screenshot("wide-no-apps-with-access").await;
    assert_eq!(scene.browser.url().await, scene.server.url("/oauth/authorized_applications"));
    assert!(!lives(&scene, &token).await);
    // The app may ask again, and is not let in without an answer.
    scene.leave_for_server().await;
    scene.browser.find(APPROVE).await;
}

#[tokio::test]
async fn it_needs_no_scripts_and_no_wide_screen() {
    let mut scene = Scene::with_look(Look { scripts: false, width: NARROW, ..Look::default() }).await;
    let token = allow(&mut scene).await;
    scene.browser.goto(scene.server.base_url()).await;
    scene.browser.find(THE_WAY).await;
    fits(&scene.browser, "narrow-home-signed-in").await;
    look_them_up(&scene).await;
    fits(&scene.browser, "narrow-apps-with-access").await;
    assert!(lives(&scene, &token).await);
    scene.browser.click(REMOVE).await;
    scene.browser.reads(EMPTY).await;
    fits(&scene.browser, "narrow-no-apps-with-access").await;
    assert!(!lives(&scene, &token).await);
}

#[tokio::test]
async fn it_is_dark_for_those_who_prefer_it() {
    let mut scene = Scene::with_look(Look { dark: true, ..Look::default() }).await;
    allow(&mut scene).await;
    look_them_up(&scene).await;
    let colours = Colours::of(&scene.browser, "dark-apps-with-access").await;
    assert!(colours.background < 0.2, "{colours:?} is dark");
    assert!(colours.contrast() >= 4.5, "{colours:?} is readable (WCAG 2.2, 1.4.3)");
}

#[tokio::test]
async fn another_site_cannot_take_it_away() {
    let mut scene = Scene::open().await;
    let token = allow(&mut scene).await;
    look_them_up(&scene).await;
    let action = scene.browser.ask(&format!("return document.querySelector(\"{REMOVE}\").form.action")).await;
    let action = action.as_str().expect("an address");
    let page = tests::browser::page_from(&format!(
        "<!doctype html><title>elsewhere</title><form method=post action=\"{action}\">\
         <input name=_method value=delete><button>Win a prize</button></form>"
    ));
    scene.browser.goto(&page).await;
    scene.browser.click("button").await;
    scene.browser.reads("another site").await;
    assert!(lives(&scene, &token).await);
}
