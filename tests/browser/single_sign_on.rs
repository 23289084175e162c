//! Signing in with a certified OpenID provider, on its pages and on ours.

use serde_json::{Value, json};
use tests::certified::CertifiedProvider;
use tests::{Browser, Person, Redirects, RegisteredApp, ServerProcess};
use url::Url;

use crate::test_setup::{APP_NAME, Scene};

/// The button that sends the person to the provider.
const AT_PROVIDER: &str = ".providers a";

/// A scene whose server knows a certified provider.
async fn scene() -> (Scene, CertifiedProvider) {
    scene_with(&[]).await
}

async fn scene_with(settings: &[(&str, &str)]) -> (Scene, CertifiedProvider) {
    let provider = CertifiedProvider::start().await;
    let builder = settings.iter().fold(ServerProcess::builder(), |builder, (key, value)| builder.set(key, value));
    let server = provider.known_to(builder).start().await;
    let person = Person::named("alice");
    server.create_account(&person);
    let redirects = Redirects::listen().await;
    let app = RegisteredApp::register(&server, APP_NAME, &redirects.uri(), "read write").await;
    let browser = Browser::open().await;
    (Scene { browser, redirects, app, person, server }, provider)
}

/// Signs in with the password, all the way to an access token.
async fn token(scene: &mut Scene) -> String {
    let trip = scene.leave_for_server().await;
    scene.browser.sign_in(&scene.person).await;
    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    let code = tests::client::query(&callback, "code").expect("a code");
    scene.app.redeem(&scene.server, &trip, &code).await
}

async fn api(scene: &Scene, method: reqwest::Method, path: &str, token: &str) -> (u16, Value) {
    let reply = scene.server.http().request(method, scene.server.url(path)).bearer_auth(token).send().await.unwrap();
    let status = reply.status().as_u16();
    let body = reply.text().await.unwrap();
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

#[tokio::test]
async fn a_person_links_an_identity_signs_in_with_it_and_removes_it() {
    let (mut scene, _provider) = scene().await;
    let token = token(&mut scene).await;

    scene.browser.goto(&scene.server.url("/")).await;
    scene.browser.click("a[href='/account']").await;
    scene.browser.reads("No identity of another service").await;
    scene.browser.screenshot("account").await;
    scene.browser.click("form[action='/account/link'] button").await;
    scene.browser.sign_in_at_provider("alice-at-work").await;
    scene.browser.reads("The identity is linked").await;
    let url = scene.browser.url().await;
    assert_eq!((url.path(), url.query()), ("/", Some("oidc_account_linked=true")));
    let (status, body) = api(&scene, reqwest::Method::GET, "/api/v1/sso", &token).await;
    assert_eq!((status, &body[0]["id"]), (200, &json!("certified")), "{body}");

    // Another browser, in which nobody is signed in anywhere.
    scene.browser = Browser::open().await;
    let trip = scene.leave_for_server().await;
    scene.browser.find(AT_PROVIDER).await;
    scene.browser.screenshot("sign-in-with-providers").await;
    scene.browser.click(AT_PROVIDER).await;
    scene.browser.sign_in_at_provider("alice-at-work").await;
    scene.browser.reads("to use your account?").await;
    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    scene.welcome(&trip, &callback).await;

    scene.browser.goto(&scene.server.url("/account")).await;
    scene.browser.reads("alice-at-work").await;
    scene.browser.screenshot("account-linked").await;
    scene.browser.click("form[action='/account/unlink'] button").await;
    scene.browser.reads("no longer linked").await;
    assert_eq!(api(&scene, reqwest::Method::GET, "/api/v1/sso", &token).await, (200, json!([])));
}

/// Goes to the page of one's own identities, as a person finds it: from the start.
async fn open_account(scene: &Scene) {
    scene.browser.goto(&scene.server.url("/")).await;
    scene.browser.click("a[href='/account']").await;
    scene.browser.reads("Linked identities").await;
}

#[tokio::test]
async fn a_person_turns_back_at_the_provider_and_then_does_not() {
    let (mut scene, _provider) = scene().await;
    let token = token(&mut scene).await;

    // Turned back while linking: the outcome stands on the home page, and nothing was linked.
    open_account(&scene).await;
    scene.browser.click("form[action='/account/link'] button").await;
    scene.browser.turn_back_at_provider().await;
    scene.browser.reads("Nothing was linked: the other service refused").await;
    scene.browser.screenshot("link-refused").await;
    let url = scene.browser.url().await;
    let told = |name: &str| tests::client::query(&url, name);
    assert_eq!((url.path(), told("oidc_account_linking_error").as_deref()), ("/", Some("Account linking error")));
    assert!(told("oidc_account_linking_error_message").is_some_and(|text| !text.is_empty()), "{url}");
    assert_eq!(told("oidc_account_linked"), None);
    assert_eq!(api(&scene, reqwest::Method::GET, "/api/v1/sso", &token).await, (200, json!([])));

    // Turned back while signing in: back on the sign-in page, with the request, in our words.
    sign_out(&scene).await;
    scene.leave_for_server().await;
    scene.browser.click(AT_PROVIDER).await;
    scene.browser.turn_back_at_provider().await;
    scene.browser.reads("You did not finish signing in at the other service.").await;
    scene.browser.sign_in(&scene.person).await;
    scene.browser.approve().await;
    scene.redirects.next().await;

    open_account(&scene).await;
    scene.browser.click("form[action='/account/link'] button").await;
    scene.browser.sign_in_at_provider("alice-at-play").await;
    scene.browser.reads("The identity is linked").await;
    assert_eq!(scene.browser.url().await.query(), Some("oidc_account_linked=true"));
    open_account(&scene).await;
    scene.browser.reads("alice-at-play").await;

    // Signed out here, and in again by the provider, in the same browser.
    sign_out(&scene).await;
    let trip = scene.leave_for_server().await;
    scene.browser.click(AT_PROVIDER).await;
    scene.browser.reads("to use your account?").await;
    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    scene.welcome(&trip, &callback).await;
    open_account(&scene).await;
    scene.browser.click("form[action='/account/unlink'] button").await;
    scene.browser.reads("no longer linked").await;
    scene.browser.reads("No identity of another service").await;
    assert_eq!(api(&scene, reqwest::Method::GET, "/api/v1/sso/certified", &token).await.0, 404);
    assert!(!scene.browser.text().await.contains("alice-at-play"));
}

async fn sign_out(scene: &Scene) {
    scene.browser.goto(&scene.server.url("/")).await;
    scene.browser.click("form[action='/api/auth/mastodon-logout'] button").await;
    scene.browser.goto(&scene.server.url("/account")).await;
    scene.browser.reads("Nobody is signed in").await;
}

#[tokio::test]
async fn a_program_begins_to_link_and_the_owner_finishes_in_a_browser() {
    let (mut scene, _provider) = scene().await;
    let token = token(&mut scene).await;
    let begin = scene.server.http().post(scene.server.url("/api/v1/sso")).bearer_auth(&token);
    let body: Value = begin.json(&json!({ "issuer": "certified" })).send().await.unwrap().json().await.unwrap();
    let link = Url::parse(body["link"].as_str().unwrap()).unwrap();

    scene.browser = Browser::open().await;
    scene.browser.goto(&link).await;
    scene.browser.sign_in_at_provider("alice-at-home").await;
    scene.browser.reads("@alice").await;
    scene.browser.reads("alice-at-home").await;
    scene.browser.screenshot("confirm-link").await;
    scene.browser.fill("password", "not the password").await;
    scene.browser.click("form button").await;
    scene.browser.reads("not the password of the account").await;
    assert_eq!(api(&scene, reqwest::Method::GET, "/api/v1/sso", &token).await, (200, json!([])));
    scene.browser.fill("password", &scene.person.password).await;
    scene.browser.click("form button").await;
    scene.browser.reads("The identity is linked").await;

    let (status, one) = api(&scene, reqwest::Method::GET, "/api/v1/sso/certified", &token).await;
    assert_eq!((status, &one["name"]), (200, &json!("Certified ID")));
    assert_eq!(api(&scene, reqwest::Method::DELETE, "/api/v1/sso/certified", &token).await.0, 204);
    assert_eq!(api(&scene, reqwest::Method::GET, "/api/v1/sso/certified", &token).await.0, 404);
}

#[tokio::test]
async fn a_stranger_at_the_provider_is_told_so() {
    let (scene, _provider) = scene().await;
    scene.leave_for_server().await;
    scene.browser.click(AT_PROVIDER).await;
    scene.browser.sign_in_at_provider("mallory").await;
    scene.browser.reads("No user found with that account").await;
    scene.browser.screenshot("stranger").await;
    scene.browser.find("input[name='password']").await;
}

#[tokio::test]
async fn the_only_way_in_stays_and_the_person_is_told_why() {
    let (mut scene, _provider) = scene_with(&[("oidc.allow_registration", "true")]).await;
    scene.person = Person::named("grace");
    let trip = scene.leave_for_server().await;
    scene.browser.click(AT_PROVIDER).await;
    scene.browser.sign_in_at_provider("grace").await;
    scene.browser.reads("to use your account?").await;
    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    let code = tests::client::query(&callback, "code").expect("a code");
    let token = scene.app.redeem(&scene.server, &trip, &code).await;

    open_account(&scene).await;
    scene.browser.click("form[action='/account/unlink'] button").await;
    scene.browser.reads("That is the only way to sign in to this account, so it stays.").await;
    scene.browser.reads("Certified ID").await;
    scene.browser.screenshot("only-way-in").await;
    let (status, body) = api(&scene, reqwest::Method::GET, "/api/v1/sso", &token).await;
    assert_eq!((status, &body[0]["id"]), (200, &json!("certified")), "{body}");
    assert_eq!(api(&scene, reqwest::Method::DELETE, "/api/v1/sso/certified", &token).await.0, 409);

    // And it still leads in, from a browser that knows nothing.
    scene.browser = Browser::open().await;
    let trip = scene.leave_for_server().await;
    scene.browser.click(AT_PROVIDER).await;
    scene.browser.sign_in_at_provider("grace").await;
    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    scene.welcome(&trip, &callback).await;
}
