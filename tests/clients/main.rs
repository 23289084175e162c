//! Stories told by real Mastodon clients over TLS: Mastodon.py and masto.js register, send a person through the pages in a
//! real browser, redeem the code, ask who it is, and revoke what they got.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod program;

use program::{ClientProgram, Language};
use serde_json::{Value, json};
use tests::client::{self, OUT_OF_BAND};
use tests::{Browser, Person, Redirects, ServerProcess};
use url::Url;

#[tokio::test]
async fn mastodon_py_signs_in_by_redirect() {
    signs_in_by_redirect(Language::Python).await;
}

#[tokio::test]
async fn mastodon_py_signs_in_with_a_copied_code() {
    signs_in_with_a_copied_code(Language::Python).await;
}

#[tokio::test]
async fn masto_js_signs_in_by_redirect() {
    signs_in_by_redirect(Language::JavaScript).await;
}

#[tokio::test]
async fn masto_js_signs_in_with_a_copied_code() {
    signs_in_with_a_copied_code(Language::JavaScript).await;
}

/// The stories above prove nothing about TLS if the clients would talk to anybody.
#[tokio::test]
async fn the_clients_check_who_they_talk_to() {
    let server = ServerProcess::builder().with_tls().start().await;
    for language in [Language::Python, Language::JavaScript] {
        let trusting_nobody = ClientProgram::start_without_trust(language, &server, OUT_OF_BAND);
        let complaint = trusting_nobody.fails().await;
        assert!(
            complaint.to_lowercase().contains("certificate"),
            "{language:?} complains of something else:\n{complaint}"
        );
    }
}

async fn signs_in_by_redirect(language: Language) {
    let (server, person) = server_with_a_person().await;
    let mut redirects = Redirects::listen().await;
    let mut program = ClientProgram::start(language, &server, &redirects.uri());
    let browser = Browser::open().await;

    browser.goto(&where_to_go(&mut program).await).await;
    browser.sign_in(&person).await;
    browser.approve().await;
    let callback = redirects.next().await;
    let code = client::query(&callback, "code").expect("the callback carries a code");
    program.tell(&json!({ "code": code, "state": client::query(&callback, "state") })).await;

    is_welcome_until_revoked(program, &person).await;
}

async fn signs_in_with_a_copied_code(language: Language) {
    let (server, person) = server_with_a_person().await;
    let mut program = ClientProgram::start(language, &server, OUT_OF_BAND);
    let browser = Browser::open().await;

    browser.goto(&where_to_go(&mut program).await).await;
    browser.sign_in(&person).await;
    browser.approve().await;
    let code = browser.code_on_page().await;
    program.tell(&json!({ "code": code, "state": null })).await;

    is_welcome_until_revoked(program, &person).await;
}

async fn server_with_a_person() -> (ServerProcess, Person) {
    let server = ServerProcess::builder().with_tls().start().await;
    let person = Person::named("alice");
    server.create_account(&person);
    (server, person)
}

async fn where_to_go(program: &mut ClientProgram) -> Url {
    let facts = program.says().await;
    Url::parse(facts["authorize"].as_str().unwrap()).unwrap()
}

async fn is_welcome_until_revoked(mut program: ClientProgram, person: &Person) {
    let facts = program.says().await;
    assert_eq!(facts["app"], program.app_name());
    let account = &facts["account"];
    assert_eq!(account["username"], person.username.as_str());
    assert_eq!(account["acct"], person.username.as_str(), "no domain behind a local name");
    assert!(account["id"].is_string(), "clients expect text: {account}");

    let facts = program.says().await;
    let Value::String(refusal) = &facts["after_revocation"] else { panic!("no refusal in {facts}") };
    assert!(refusal.contains("401"), "a revoked token opens nothing: {refusal}");
    program.ends_well().await;
}
