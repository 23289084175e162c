//! Signing in with a certified OpenID provider, on its pages and on ours.

use serde_json::{Value, json};
use tests::canaille::Canaille;
use tests::certified_provider::CertifiedProvider;
use tests::http::query_of;
use tests::{Browser, Person, ServerProcess};
use url::Url;

use crate::fixture::Fixture;

/// The button that sends the person to the provider.
const AT_PROVIDER: &str = ".providers a";

/// A fixture whose server knows a certified provider.
async fn fixture() -> (Fixture, CertifiedProvider) {
    fixture_with(&[]).await
}

async fn fixture_with(settings: &[(&str, &str)]) -> (Fixture, CertifiedProvider) {
    let provider = CertifiedProvider::start().await;
    let builder = settings.iter().fold(ServerProcess::builder(), |builder, (key, value)| builder.set(key, value));
    let server = provider.known_to(builder).start().await;
    (Fixture::before(server).await, provider)
}

/// Signs in with the password, all the way to an access token.
async fn token(fixture: &mut Fixture) -> String {
    let request = fixture.leave_for_server().await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    let code = query_of(&callback, "code").expect("a code");
    fixture.server.client().redeem_proven(&fixture.app, &request, &code).await.expect("a token")
}

async fn api(fixture: &Fixture, method: reqwest::Method, path: &str, token: &str) -> (u16, Value) {
    let response = fixture.server.client().call(method, path).bearer(token).send().await;
    (response.status.as_u16(), serde_json::from_str(&response.body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn provider_identity_can_be_linked_used_to_sign_in_and_unlinked() {
    let (mut fixture, _provider) = fixture().await;
    let token = token(&mut fixture).await;

    fixture.browser.goto(&fixture.server.url("/")).await;
    fixture.browser.click("a[href='/account']").await;
    fixture.browser.reads("No identity of another service").await;
    fixture.browser.screenshot("account").await;
    fixture.browser.click("form[action='/account/link'] button").await;
    fixture.browser.sign_in_at_provider("alice-at-work").await;
    fixture.browser.reads("The identity is linked").await;
    let url = fixture.browser.url().await;
    assert_eq!((url.path(), url.query()), ("/", Some("oidc_account_linked=true")));
    let (status, body) = api(&fixture, reqwest::Method::GET, "/api/v1/sso", &token).await;
    assert_eq!((status, &body[0]["id"]), (200, &json!("certified")), "{body}");

    // Another browser, in which nobody is signed in anywhere.
    fixture.browser = Browser::open().await;
    let request = fixture.leave_for_server().await;
    fixture.browser.find(AT_PROVIDER).await;
    fixture.browser.screenshot("sign-in-with-providers").await;
    fixture.browser.click(AT_PROVIDER).await;
    fixture.browser.sign_in_at_provider("alice-at-work").await;
    fixture.browser.reads("to use your account?").await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;

    fixture.browser.goto(&fixture.server.url("/account")).await;
    fixture.browser.reads("alice-at-work").await;
    fixture.browser.screenshot("account-linked").await;
    fixture.browser.click("form[action='/account/unlink'] button").await;
    fixture.browser.reads("no longer linked").await;
    assert_eq!(api(&fixture, reqwest::Method::GET, "/api/v1/sso", &token).await, (200, json!([])));
}

/// Canaille asks for the name on one page and for the password on the next, and signs tokens with habits of its own.
#[tokio::test]
async fn canaille_identity_can_be_linked_and_used_to_sign_in() {
    let provider = Canaille::start().await;
    let server = provider.known_to(ServerProcess::builder()).start().await;
    let mut fixture = Fixture::before(server).await;
    token(&mut fixture).await;
    open_account(&fixture).await;
    fixture.browser.click("form[action='/account/link'] button").await;
    fixture.browser.sign_in_at_canaille(&provider.person()).await;
    fixture.browser.screenshot("canaille-consent").await;
    fixture.browser.consent_at_canaille().await;
    fixture.browser.reads("The identity is linked").await;

    fixture.browser = Browser::open().await;
    let request = fixture.leave_for_server().await;
    fixture.browser.click(AT_PROVIDER).await;
    fixture.browser.sign_in_at_canaille(&provider.person()).await;
    fixture.browser.reads("to use your account?").await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;
    assert_eq!(fixture.server.complaints(), [""; 0]);
}

/// Goes to the page of one's own identities, as a person finds it: from the start.
async fn open_account(fixture: &Fixture) {
    fixture.browser.goto(&fixture.server.url("/")).await;
    fixture.browser.click("a[href='/account']").await;
    fixture.browser.reads("Linked identities").await;
}

#[tokio::test]
async fn provider_link_and_sign_in_cancelled_can_be_retried() {
    let (mut fixture, _provider) = fixture().await;
    let token = token(&mut fixture).await;

    // Turned back while linking: the outcome stands on the home page, and nothing was linked.
    open_account(&fixture).await;
    fixture.browser.click("form[action='/account/link'] button").await;
    fixture.browser.refuse_at_provider().await;
    fixture.browser.reads("Nothing was linked: the other service refused").await;
    fixture.browser.screenshot("link-refused").await;
    let url = fixture.browser.url().await;
    let told = |name: &str| query_of(&url, name);
    assert_eq!((url.path(), told("oidc_account_linking_error").as_deref()), ("/", Some("Account linking error")));
    assert!(told("oidc_account_linking_error_message").is_some_and(|text| !text.is_empty()), "{url}");
    assert_eq!(told("oidc_account_linked"), None);
    assert_eq!(api(&fixture, reqwest::Method::GET, "/api/v1/sso", &token).await, (200, json!([])));

    // Turned back while signing in: back on the sign-in page, with the request, in our words.
    sign_out(&fixture).await;
    fixture.leave_for_server().await;
    fixture.browser.click(AT_PROVIDER).await;
    fixture.browser.refuse_at_provider().await;
    fixture.browser.reads("You did not finish signing in at the other service.").await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.approve().await;
    fixture.redirects.next().await;

    open_account(&fixture).await;
    fixture.browser.click("form[action='/account/link'] button").await;
    fixture.browser.sign_in_at_provider("alice-at-play").await;
    fixture.browser.reads("The identity is linked").await;
    assert_eq!(fixture.browser.url().await.query(), Some("oidc_account_linked=true"));
    open_account(&fixture).await;
    fixture.browser.reads("alice-at-play").await;

    // Signed out here, and in again by the provider, in the same browser.
    sign_out(&fixture).await;
    let request = fixture.leave_for_server().await;
    fixture.browser.click(AT_PROVIDER).await;
    fixture.browser.reads("to use your account?").await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;
    open_account(&fixture).await;
    fixture.browser.click("form[action='/account/unlink'] button").await;
    fixture.browser.reads("no longer linked").await;
    fixture.browser.reads("No identity of another service").await;
    assert_eq!(api(&fixture, reqwest::Method::GET, "/api/v1/sso/certified", &token).await.0, 404);
    assert!(!fixture.browser.text().await.contains("alice-at-play"));
}

async fn sign_out(fixture: &Fixture) {
    fixture.browser.goto(&fixture.server.url("/")).await;
    fixture.browser.click("form[action='/api/auth/mastodon-logout'] button").await;
    // The next address is opened once the sign-out has led home.
    fixture.browser.reads("Nobody is signed in").await;
    fixture.browser.goto(&fixture.server.url("/account")).await;
    fixture.browser.reads("to go on to").await;
}

#[tokio::test]
async fn link_started_by_api_is_confirmed_with_password_in_browser() {
    let (mut fixture, _provider) = fixture().await;
    let token = token(&mut fixture).await;
    let begin = fixture.server.client().post("/api/v1/sso").bearer(&token);
    let body = begin.json(&json!({ "issuer": "certified" })).send().await.json();
    let link = Url::parse(body["link"].as_str().expect("a value")).expect("a value");

    fixture.browser = Browser::open().await;
    fixture.browser.goto(&link).await;
    fixture.browser.sign_in_at_provider("alice-at-home").await;
    fixture.browser.reads("@alice").await;
    fixture.browser.reads("alice-at-home").await;
    fixture.browser.screenshot("confirm-link").await;
    fixture.browser.fill("password", "not the password").await;
    fixture.browser.click("form button").await;
    fixture.browser.reads("not the password of the account").await;
    assert_eq!(api(&fixture, reqwest::Method::GET, "/api/v1/sso", &token).await, (200, json!([])));
    fixture.browser.fill("password", &fixture.person.password).await;
    fixture.browser.click("form button").await;
    fixture.browser.reads("The identity is linked").await;

    let (status, one) = api(&fixture, reqwest::Method::GET, "/api/v1/sso/certified", &token).await;
    assert_eq!((status, &one["name"]), (200, &json!("Certified ID")));
    assert_eq!(api(&fixture, reqwest::Method::DELETE, "/api/v1/sso/certified", &token).await.0, 204);
    assert_eq!(api(&fixture, reqwest::Method::GET, "/api/v1/sso/certified", &token).await.0, 404);
}

#[tokio::test]
async fn provider_sign_in_without_linked_account_shows_error_on_login_page() {
    let (fixture, _provider) = fixture().await;
    fixture.leave_for_server().await;
    fixture.browser.click(AT_PROVIDER).await;
    fixture.browser.sign_in_at_provider("mallory").await;
    fixture.browser.reads("Nobody here has linked that account of the other service.").await;
    fixture.browser.screenshot("unknown-user").await;
    fixture.browser.find("input[name='password']").await;
}

#[tokio::test]
async fn unlink_of_only_identity_is_refused_with_explanation() {
    let (mut fixture, _provider) = fixture_with(&[("oidc.allow_registration", "true")]).await;
    fixture.person = Person::named("grace");
    let request = fixture.leave_for_server().await;
    fixture.browser.click(AT_PROVIDER).await;
    fixture.browser.sign_in_at_provider("grace").await;
    fixture.browser.screenshot("register-by-provider").await;
    fixture.browser.click("#sign-up button.primary").await;
    fixture.browser.reads("to use your account?").await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    let code = query_of(&callback, "code").expect("a code");
    let token = fixture.server.client().redeem_proven(&fixture.app, &request, &code).await.expect("a token");

    open_account(&fixture).await;
    fixture.browser.click("form[action='/account/unlink'] button").await;
    fixture.browser.reads("That is the only way to sign in to this account, so it stays.").await;
    fixture.browser.reads("Certified ID").await;
    fixture.browser.screenshot("only-way-in").await;
    let (status, body) = api(&fixture, reqwest::Method::GET, "/api/v1/sso", &token).await;
    assert_eq!((status, &body[0]["id"]), (200, &json!("certified")), "{body}");
    assert_eq!(api(&fixture, reqwest::Method::DELETE, "/api/v1/sso/certified", &token).await.0, 409);

    // And it still leads in, from a browser that knows nothing.
    fixture.browser = Browser::open().await;
    let request = fixture.leave_for_server().await;
    fixture.browser.click(AT_PROVIDER).await;
    fixture.browser.sign_in_at_provider("grace").await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;
}
