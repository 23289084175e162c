//! Applications that cannot be redirected to: the server shows a code and the person carries it over.

use tests::RegisteredApp;
use tests::client;

use crate::test_setup::Scene;

#[tokio::test]
async fn the_code_on_the_page_is_the_code_that_works() {
    let scene = Scene::open().await;
    let (app, trip) = scene.leave_for_server_out_of_band().await;
    scene.browser.sign_in(&scene.person).await;
    scene.browser.approve().await;

    let code = scene.browser.code_on_page().await;
    scene.browser.screenshot("out-of-band-code").await;
    let url = scene.browser.url().await;
    assert_eq!(url.origin(), scene.server.base_url().origin(), "the browser stays with the server");
    assert_eq!(client::query(&url, "code").as_ref(), Some(&code), "desktop clients read the code off {url}");

    let token = app.redeem(&scene.server, &trip, &code).await;
    let account = RegisteredApp::verify_credentials(&scene.server, &token).await;
    assert_eq!(account["username"], scene.person.username.as_str());
}

#[tokio::test]
async fn a_denial_ends_on_a_page_without_a_code() {
    let scene = Scene::open().await;
    scene.leave_for_server_out_of_band().await;
    scene.browser.sign_in(&scene.person).await;
    scene.browser.deny().await;

    // The text of the error, or of a page that says it in its own words.
    scene.browser.reads("denied").await;
    assert!(!scene.browser.has("input[readonly]").await, "no code is shown");
}
