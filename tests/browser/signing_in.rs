//! From an application to the sign-in page, to the consent page, and back to the application.

use tests::client;
use tests::journey::{APPROVE, DENY, SIGN_IN};

use crate::test_setup::{APP_NAME, Scene};

async fn a_person_signs_in_and_approves(mut scene: Scene) {
    let trip = scene.leave_for_server().await;
    scene.browser.sign_in(&scene.person).await;

    scene.browser.find(APPROVE).await;
    let consent = scene.browser.text().await;
    assert!(consent.contains(APP_NAME), "who asks is said:\n{consent}");
    assert!(consent.contains(&scene.person.username), "who is asked is said:\n{consent}");
    assert!(scene.redirects.is_quiet(), "nothing leaves before the person has decided");

    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    scene.welcome(&trip, &callback).await;
}

#[tokio::test]
async fn a_person_signs_in_approves_and_the_application_learns_who_it_is() {
    a_person_signs_in_and_approves(Scene::open().await).await;
}

mod postgres {
    use tests::Backend;

    use crate::test_setup::Scene;

    #[tokio::test]
    async fn a_person_signs_in_approves_and_the_application_learns_who_it_is() {
        super::a_person_signs_in_and_approves(Scene::on(Backend::Postgres).await).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_the_request_survives_it() {
    let mut scene = Scene::open().await;
    let trip = scene.leave_for_server().await;
    scene.browser.sign_in_with(&scene.person.username, "not the password").await;

    scene.browser.reads("Invalid identifier or password").await;
    scene.browser.screenshot("wrong-password").await;
    let url = scene.browser.url().await;
    for name in ["client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"] {
        assert_eq!(client::query(&url, name), client::query(&trip.url, name), "`{name}` is kept");
    }
    assert!(!url.as_str().contains("password="), "no password in the address: {url}");

    scene.browser.sign_in(&scene.person).await;
    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    scene.welcome(&trip, &callback).await;
}

#[tokio::test]
async fn an_unknown_name_is_refused_with_the_same_words() {
    let scene = Scene::open().await;
    scene.leave_for_server().await;
    scene.browser.sign_in_with("nobody", &scene.person.password).await;
    scene.browser.reads("Invalid identifier or password").await;
    scene.browser.find(SIGN_IN).await;
}

#[tokio::test]
async fn the_address_signs_in_as_well_as_the_name() {
    let scene = Scene::open().await;
    scene.leave_for_server().await;
    scene.browser.sign_in_with(&scene.person.email, &scene.person.password).await;
    scene.browser.find(APPROVE).await;
}

#[tokio::test]
async fn a_denial_is_told_to_the_application() {
    let mut scene = Scene::open().await;
    let trip = scene.leave_for_server().await;
    scene.browser.sign_in(&scene.person).await;
    scene.browser.deny().await;

    let callback = scene.redirects.next().await;
    assert_eq!(client::query(&callback, "error").as_deref(), Some("access_denied"), "{callback}");
    assert_eq!(client::query(&callback, "state"), Some(trip.state), "{callback}");
    assert_eq!(client::query(&callback, "code"), None, "{callback}");
}

#[tokio::test]
async fn who_is_signed_in_already_only_decides() {
    let mut scene = Scene::open().await;
    scene.leave_for_server().await;
    scene.browser.sign_in(&scene.person).await;
    scene.browser.deny().await;
    scene.redirects.next().await;

    let trip = scene.leave_for_server().await;
    scene.browser.find(DENY).await;
    assert!(!scene.browser.has("input[name='password']").await, "no password is asked");
    scene.browser.approve().await;
    let callback = scene.redirects.next().await;
    scene.welcome(&trip, &callback).await;
}
