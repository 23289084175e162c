//! A web client as Phanpy is one: a page from another origin that does everything by `fetch`, and opens the server's pages
//! in a popup. The browser enforces what a server can only allow: CORS, and that a popup keeps its opener.

use serde_json::{Value, json};
use tests::browser::WindowHandle;
use tests::sign_in_pages::{APPROVE, SIGN_IN};
use tests::site::{Reply, Site};
use tests::{Browser, Person, ServerProcess};
use url::Url;

const PAGE: &str = "<!doctype html><title>Phanpy-like</title><button id=sign-in disabled>Sign in</button>
    <button id=sign-out>Sign out</button><output></output><script src=/client.js></script>";
/// The popup comes back here, and tells its opener so.
const CALLBACK: &str =
    "<!doctype html><title>Back</title><script>opener.postMessage(location.href, location.origin)</script>";

const OPEN: &str = "#sign-in:enabled";

async fn site() -> Site {
    Site::serve(|url: Url| async move {
        match url.path() {
            "/" => Reply::Page(PAGE.to_owned()),
            "/callback" => Reply::Page(CALLBACK.to_owned()),
            "/client.js" => Reply::Script(include_str!("phanpy_like.js").to_owned()),
            _ => Reply::Missing,
        }
    })
    .await
}

/// The browser at the client's page, which is about to sign somebody in at the server.
async fn at_the_client(server: &ServerProcess, site: &Site) -> Browser {
    let browser = Browser::open().await;
    let mut url = site.url("/");
    url.query_pairs_mut().append_pair("server", &server.base_url().origin().ascii_serialization());
    browser.goto(&url).await;
    browser
}

/// Demands that neither side has lost the other.
async fn are_together(browser: &Browser, opener: &WindowHandle) {
    assert_eq!(
        browser.evaluate("return window.opener !== null").await,
        true,
        "{} lost its opener",
        browser.url().await
    );
    browser.enter(opener).await;
    assert_eq!(browser.evaluate("return popup.closed").await, false, "the opener takes the popup for closed");
    browser.enter_popup().await;
}

#[tokio::test]
async fn cross_origin_client_signs_in_by_popup_and_revokes_token() {
    let server = ServerProcess::start().await;
    let person = Person::named("alice");
    server.create_account(&person);
    let site = site().await;
    let browser = at_the_client(&server, &site).await;

    browser.click(OPEN).await;
    let opener = browser.enter_popup().await;
    browser.find(SIGN_IN).await;
    are_together(&browser, &opener).await;
    browser.sign_in(&person).await;
    browser.find(APPROVE).await;
    are_together(&browser, &opener).await;
    browser.approve().await;

    browser.enter(&opener).await;
    browser.reads("Signed in as @alice").await;
    assert_eq!(browser.windows().await, 1, "the popup is gone");
    let facts = browser.evaluate("return facts").await;
    assert_eq!(facts["pkce"], true);
    is_refused(&facts["wrongCode"], 400, "invalid_grant");
    is_refused(&facts["wrongSecret"], 401, "invalid_client");

    browser.click("#sign-out").await;
    browser.reads("Signed out").await;
    let facts = browser.evaluate("return facts").await;
    is_refused(&facts["forgotten"], 403, "unauthorized_client");
    assert_eq!(facts["revoked"], json!([200, {}]));
    is_refused(&facts["afterwards"], 401, "The access token was revoked");
}

#[tokio::test]
async fn sign_in_popup_closed_early_is_noticed_by_its_opener() {
    let server = ServerProcess::start().await;
    let site = site().await;
    let browser = at_the_client(&server, &site).await;
    browser.click(OPEN).await;
    let opener = browser.enter_popup().await;
    browser.find(SIGN_IN).await;
    browser.enter(&opener).await;
    browser.evaluate("popup.close()").await;
    browser.reads("The window was closed").await;
}

/// The page could read the refusal: a status and a JSON object, for all that it came from another origin.
#[track_caller]
fn is_refused(fact: &Value, status: u16, error: &str) {
    assert_eq!((&fact[0], &fact[1]["error"]), (&json!(status), &json!(error)), "{fact}");
}
