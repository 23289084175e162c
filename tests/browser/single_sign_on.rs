//! Signing in with a certified OpenID provider, on its pages and on ours.

use serde_json::{Value, json};
use tests::certified::CertifiedProvider;
use tests::{Browser, Person, Redirects, RegisteredApp, ServerProcess};
use url::Url;

use crate::scene::{APP_NAME, Scene};

/// The button that sends the person to the provider.
const AT_PROVIDER: &str = ".providers a";

/// A scene whose server knows a certified provider.
async fn scene() -> (Scene, CertifiedProvider) {
    let provider = CertifiedProvider::start().await;
    let server = provider.known_to(ServerProcess::builder()).start().await;
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
