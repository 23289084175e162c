//! The first minutes with a new server: the set-up link, the home page and its built-in demo application.
//!
//! These stories happen on a narrow screen, so that they see these pages fit there, too.

use tests::sign_in_pages::{APPROVE, SIGN_IN};
use tests::{Appearance, Browser, Person, ServerProcess, wait};
use url::Url;

use crate::layout::{NARROW, fits};

const SET_UP: &str = "form:has(input[name='confirmation']) button";
const TRY_IT: &str = "section[aria-labelledby='demo'] button";
const SIGN_OUT: &str = ".person form button";

#[tokio::test]
async fn setup_link_creates_first_account_and_works_only_once() {
    let server = ServerProcess::start().await;
    let browser = narrow_browser().await;
    let link = setup_link(&server).await;
    let person = Person::named("root_of_it_all");

    browser.goto(&link).await;
    browser.find(SET_UP).await;
    fits(&browser, "narrow-setup").await;
    browser.fill("username", &person.username).await;
    browser.fill("email", &person.email).await;
    browser.fill("password", &person.password).await;
    browser.fill("confirmation", &person.password).await;
    browser.click(SET_UP).await;

    // Whoever finds the link later, in a log for example, gets nothing from it.
    let gone = wait::until("the set-up link to die", async || {
        let response = server.client().get(link.as_str()).try_send().await?;
        (!response.status.is_success()).then_some(response)
    });
    let page = gone.await.body;
    assert!(!page.contains("confirmation"), "no form for a second account:\n{page}");

    try_it(&server, &browser, &person).await;
}

#[tokio::test]
async fn setup_link_stops_working_after_command_line_creates_an_admin() {
    let server = ServerProcess::start().await;
    let link = setup_link(&server).await;
    let page = async || server.client().get(link.as_str()).send().await.status;

    server.create_account(&Person::named("alice"));
    assert_eq!(page().await, 200, "alice is no administrator: the link is still needed");

    let arguments = ["account", "create", "bob", "--email", "bob@people.example", "--admin", "--password-stdin"];
    assert!(server.run(&arguments, "bob walks 7 dogs").status.success());
    assert_ne!(page().await, 200, "bob is one");
}

#[tokio::test]
async fn demo_app_shows_oauth_steps_and_home_shows_signed_in_account() {
    let server = ServerProcess::start().await;
    let person = Person::named("alice");
    server.create_account(&person);
    let browser = narrow_browser().await;

    try_it(&server, &browser, &person).await;

    browser.goto(server.base_url()).await;
    browser.reads(&person.username).await;
    browser.click(SIGN_OUT).await;
    browser.reads("Nobody is signed in").await;
}

/// Goes through the demo application, from the home page to its account of what happened.
async fn try_it(server: &ServerProcess, browser: &Browser, person: &Person) {
    browser.goto(server.base_url()).await;
    browser.find(TRY_IT).await;
    fits(browser, "narrow-home").await;
    browser.click(TRY_IT).await;

    browser.find(SIGN_IN).await;
    browser.sign_in(person).await;
    browser.find(APPROVE).await;
    browser.approve().await;

    browser.find("ol.steps li").await;
    fits(browser, "narrow-demo").await;
    let page = browser.text().await;
    assert!(page.contains(&person.username), "the demo knows who signed in:\n{page}");
    for step in ["/oauth/authorize", "/oauth/token", "/api/v1/accounts/verify_credentials"] {
        assert!(page.contains(step), "the demo shows {step}:\n{page}");
    }
}

async fn narrow_browser() -> Browser {
    Browser::with_appearance(Appearance { width: NARROW, ..Appearance::default() }).await
}

/// The link is part of the banner, for whoever started the server.
async fn setup_link(server: &ServerProcess) -> Url {
    wait::until("the set-up link in the banner", async || {
        let log = server.log();
        let link = log.split_whitespace().find(|word| word.contains("/setup?token="))?;
        Url::parse(link).ok()
    })
    .await
}
