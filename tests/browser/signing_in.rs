//! From an application to the sign-in page, to the consent page, and back to the application.

use tests::http::query_of;
use tests::sign_in_pages::{APPROVE, DENY, SIGN_IN};

use crate::fixture::{APP_NAME, Fixture};

async fn a_person_signs_in_and_approves(mut fixture: Fixture) {
    let request = fixture.leave_for_server().await;
    fixture.browser.sign_in(&fixture.person).await;

    fixture.browser.find(APPROVE).await;
    let consent = fixture.browser.text().await;
    assert!(consent.contains(APP_NAME), "who asks is said:\n{consent}");
    assert!(consent.contains(&fixture.person.username), "who is asked is said:\n{consent}");
    assert!(fixture.redirects.is_quiet(), "nothing leaves before the person has decided");

    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;
}

#[tokio::test]
async fn login_and_consent_approved_gives_app_a_token_for_account() {
    a_person_signs_in_and_approves(Fixture::open().await).await;
}

mod postgres {
    use tests::Backend;

    use crate::fixture::Fixture;

    #[tokio::test]
    async fn login_and_consent_approved_gives_app_a_token_on_postgres() {
        super::a_person_signs_in_and_approves(Fixture::on(Backend::Postgres).await).await;
    }
}

#[tokio::test]
async fn login_with_wrong_password_shows_error_and_keeps_authorization_request() {
    let mut fixture = Fixture::open().await;
    let request = fixture.leave_for_server().await;
    fixture.browser.sign_in_with(&fixture.person.username, "not the password").await;

    fixture.browser.reads("Invalid identifier or password").await;
    fixture.browser.screenshot("wrong-password").await;
    let url = fixture.browser.url().await;
    for name in ["client_id", "redirect_uri", "scope", "state", "code_challenge", "code_challenge_method"] {
        assert_eq!(query_of(&url, name), query_of(&request.url, name), "`{name}` is kept");
    }
    assert!(!url.as_str().contains("password="), "no password in the address: {url}");

    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;
}

#[tokio::test]
async fn login_with_unknown_username_shows_same_error_as_wrong_password() {
    let fixture = Fixture::open().await;
    fixture.leave_for_server().await;
    fixture.browser.sign_in_with("nobody", &fixture.person.password).await;
    fixture.browser.reads("Invalid identifier or password").await;
    fixture.browser.find(SIGN_IN).await;
}

#[tokio::test]
async fn login_with_email_address_instead_of_username_succeeds() {
    let fixture = Fixture::open().await;
    fixture.leave_for_server().await;
    fixture.browser.sign_in_with(&fixture.person.email, &fixture.person.password).await;
    fixture.browser.find(APPROVE).await;
}

#[tokio::test]
async fn consent_denied_redirects_to_app_with_access_denied_and_state() {
    let mut fixture = Fixture::open().await;
    let request = fixture.leave_for_server().await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.deny().await;

    let callback = fixture.redirects.next().await;
    assert_eq!(query_of(&callback, "error").as_deref(), Some("access_denied"), "{callback}");
    assert_eq!(query_of(&callback, "state"), Some(request.state), "{callback}");
    assert_eq!(query_of(&callback, "code"), None, "{callback}");
}

#[tokio::test]
async fn authorize_with_existing_session_asks_only_for_consent() {
    let mut fixture = Fixture::open().await;
    fixture.leave_for_server().await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.deny().await;
    fixture.redirects.next().await;

    let request = fixture.leave_for_server().await;
    fixture.browser.find(DENY).await;
    assert!(!fixture.browser.has("input[name='password']").await, "no password is asked");
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;
}

/// Presses the button at once, tells whether that counted.
const PRESS: &str = r"
    const button = document.querySelector('[data-waits]');
    let counted = false;
    const form = button.closest('form');
    form.addEventListener('submit', event => { counted = true; event.preventDefault(); }, { once: true });
    button.click();
    return counted;
";

#[tokio::test]
async fn consent_counts_only_after_page_was_focused_for_a_while() {
    let fixture = Fixture::open().await;
    fixture.leave_for_server().await;
    fixture.browser.sign_in(&fixture.person).await;
    let ready = format!("{APPROVE}[aria-disabled='false']");
    fixture.browser.find(&ready).await;
    // Each change of the focus begins the wait anew.
    for change in ["blur", "focus"] {
        let press = format!("dispatchEvent(new Event('{change}')); {PRESS}");
        assert_eq!(fixture.browser.evaluate(&press).await, serde_json::json!(false), "{change}");
        fixture.browser.find(&ready).await;
    }
    assert_eq!(fixture.browser.evaluate(PRESS).await, serde_json::json!(true));
}
