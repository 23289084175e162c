//! Applications that cannot be redirected to: the server shows a code and the person carries it over.

use tests::http::query_of;

use crate::fixture::Fixture;

#[tokio::test]
async fn out_of_band_page_shows_code_that_redeems_for_token() {
    let fixture = Fixture::open().await;
    let (app, request) = fixture.leave_for_server_out_of_band().await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.approve().await;

    let code = fixture.browser.code_on_page().await;
    fixture.browser.screenshot("out-of-band-code").await;
    let url = fixture.browser.url().await;
    assert_eq!(url.origin(), fixture.server.base_url().origin(), "the browser stays with the server");
    assert_eq!(query_of(&url, "code").as_ref(), Some(&code), "desktop clients read the code off {url}");

    let token = fixture.server.client().redeem_proven(&app, &request, &code).await.expect("a token");
    let account = fixture.server.client().account_of(&token).await.expect("a response");
    assert_eq!(account["username"], fixture.person.username.as_str());
}

#[tokio::test]
async fn out_of_band_consent_denied_shows_page_without_code() {
    let fixture = Fixture::open().await;
    fixture.leave_for_server_out_of_band().await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.deny().await;

    // The text of the error, or of a page that says it in its own words.
    fixture.browser.reads("denied").await;
    assert!(!fixture.browser.has("input[readonly]").await, "no code is shown");
}
