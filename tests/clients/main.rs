//! Stories told by real clients over TLS: each registers, sends a person through the pages in a real browser, redeems the
//! code, asks who it is, and gives back what it got.
//!
//! | client | knows | its program |
//! | --- | --- | --- |
//! | Mastodon.py | Mastodon | `mastodon_py.py` |
//! | toot, its own command line | Mastodon | `toot_cli.py` |
//! | masto.js | Mastodon | `masto_js.mjs` |
//! | megalodon | Mastodon and its kin | `megalodon_js.mjs` |
//! | Authlib | OAuth and OpenID Connect | `authlib_py.py` |
//! | openid-client | OAuth and OpenID Connect | `openid_client_js.mjs` |
//! | oauth4webapi | sessions of OpenID Connect | `openid_session_js.mjs` |
//! | Authlib, again | sessions of OpenID Connect | `openid_session_py.py` |
//! | @auth/core, its Mastodon provider | Mastodon | `auth_core_js.mjs` |
//! | next-auth 4 | Mastodon | `next_auth_js.mjs` |
//! | passport-mastodon | Mastodon | `passport_js.mjs` |
//! | Mastodon.py, again | sign-up as Mastodon has it | `sign_up_py.py` |
//! | Mastodon.py, once more | administration as Mastodon has it | `admin_py.py` |
//! | pyotp, soft-webauthn | one-time codes, WebAuthn | `factors_py.py` |
//! | toot's library | sign-up as Mastodon has it | `sign_up_toot.py` |
//! | openid-client, again | the device grant | `device_js.mjs` |
//! | `oauth2` (Rust) | the device grant | `device.rs` |
//! | resonitepy, pysignalr | Resonite's API and its hub | `resonite_py.py` |
//! | @microsoft/signalr | the hub of Resonite's API | `signalr_js.mjs` |
//! | altcha-lib | the proof of work of a sign-up | `altcha_js.mjs` |
//! | openapi-spec-validator, schemathesis | the OpenAPI document | `openapi_py.py`, `schemathesis_hooks.py` |
//! | openapi-typescript, tsc | the same as types | `typed_client.ts` |

#![allow(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod admin;
mod branches;
mod client_program;
mod device;
mod factors;
mod mail;
mod openapi;
mod openid_sessions;
mod resonite;
mod sign_up;

use client_program::{
    AUTH_CORE, AUTHLIB, Client, ClientProgram, MASTO_JS, MASTODON_PY, MEGALODON, NEXT_AUTH, PASSPORT, TOOT,
    openid_client,
};
use serde_json::{Value, json};
use tests::app::OUT_OF_BAND;
use tests::example_host::ExampleHost;
use tests::http::query_of;
use tests::{Browser, Person, Redirects, ServerProcess};
use url::Url;

#[tokio::test]
async fn mastodon_py_signs_in_by_redirect() {
    signs_in_by_redirect(&MASTODON_PY).await;
}

#[tokio::test]
async fn mastodon_py_signs_in_with_out_of_band_code() {
    signs_in_with_a_copied_code(&MASTODON_PY).await;
}

#[tokio::test]
async fn toot_signs_in_with_out_of_band_code() {
    signs_in_with_a_copied_code(&TOOT).await;
}

#[tokio::test]
async fn masto_js_signs_in_by_redirect() {
    signs_in_by_redirect(&MASTO_JS).await;
}

#[tokio::test]
async fn masto_js_signs_in_with_out_of_band_code() {
    signs_in_with_a_copied_code(&MASTO_JS).await;
}

#[tokio::test]
async fn megalodon_signs_in_by_redirect() {
    signs_in_by_redirect(&MEGALODON).await;
}

#[tokio::test]
async fn megalodon_signs_in_with_out_of_band_code() {
    signs_in_with_a_copied_code(&MEGALODON).await;
}

#[tokio::test]
async fn auth_core_signs_in_with_its_mastodon_provider() {
    signs_in_by_redirect(&AUTH_CORE).await;
}

#[tokio::test]
async fn next_auth_signs_in_with_a_mastodon_provider() {
    signs_in_by_redirect(&NEXT_AUTH).await;
}

#[tokio::test]
async fn passport_mastodon_signs_in_by_redirect() {
    signs_in_by_redirect(&PASSPORT).await;
}

#[tokio::test]
async fn authlib_signs_in_with_server_metadata_and_openid() {
    signs_in_by_the_metadata(&AUTHLIB).await;
}

#[tokio::test]
async fn openid_client_signs_in_with_client_secret_post() {
    signs_in_by_the_metadata(&openid_client(&["client_secret_post"])).await;
}

#[tokio::test]
async fn openid_client_signs_in_with_client_secret_basic() {
    signs_in_by_the_metadata(&openid_client(&["client_secret_basic"])).await;
}

#[tokio::test]
async fn openid_client_signs_in_as_public_client_without_secret() {
    signs_in_by_the_metadata(&openid_client(&["none"])).await;
}

/// The manual ends here: a host of a page of code, with plain pages, and an unchanged Mastodon client that is signed in.
#[tokio::test]
async fn mastodon_py_signs_in_at_example_with_integer_ids() {
    signs_in_at_example("integer_ids").await;
}

#[tokio::test]
async fn mastodon_py_signs_in_at_example_with_uuids_and_bcrypt() {
    signs_in_at_example("uuids_and_bcrypt").await;
}

async fn signs_in_at_example(name: &str) {
    let (host, mut redirects) = (ExampleHost::start(name).await, Redirects::listen().await);
    let mut program = ClientProgram::start_in_plain(&MASTODON_PY, host.base_url(), &redirects.uri());
    let person = Person { username: "ada".into(), password: "the engine weaves".into(), ..Person::named("ada") };
    is_let_in(&mut program, &mut redirects, &person).await;
    is_welcome_until_revoked(program, &MASTODON_PY, &person).await;
}

/// The stories above prove nothing about TLS if the clients would talk to anybody.
#[tokio::test]
async fn real_clients_refuse_untrusted_tls_certificate() {
    let server = ServerProcess::builder().with_tls().start().await;
    for client in [MASTODON_PY, AUTHLIB, MASTO_JS, MEGALODON, openid_client(&["none"])] {
        let trusting_nobody = ClientProgram::start_without_trust(&client, &server, OUT_OF_BAND);
        let complaint = trusting_nobody.fails().await;
        assert!(
            complaint.to_lowercase().contains("certificate"),
            "{client:?} complains of something else:\n{complaint}"
        );
    }
    // toot gives up as well, and does not say why.
    ClientProgram::start_without_trust(&TOOT, &server, OUT_OF_BAND).fails().await;
}

async fn signs_in_by_redirect(client: &Client) {
    let (server, person) = server_with_a_person().await;
    let program = comes_back_by_redirect(client, &server, &person).await;
    is_welcome_until_revoked(program, client, &person).await;
}

/// A client for which the server is any authorization server with OpenID Connect.
async fn signs_in_by_the_metadata(client: &Client) {
    let (server, person) = server_with_a_person().await;
    let mut program = comes_back_by_redirect(client, &server, &person).await;

    let facts = program.says().await;
    let (claims, info) = (&facts["id_token"], &facts["userinfo"]);
    assert_eq!(claims["iss"], server.base_url().as_str());
    assert_eq!(claims["sub"], info["sub"], "{facts}");
    assert_eq!(info["preferred_username"], person.username.as_str(), "{facts}");
    assert_eq!(facts["refreshed"], true, "{facts}");

    is_welcome_until_revoked(program, client, &person).await;
}

async fn signs_in_with_a_copied_code(client: &Client) {
    let (server, person) = server_with_a_person().await;
    let mut program = ClientProgram::start(client, &server, OUT_OF_BAND);
    let browser = Browser::open().await;

    browser.goto(&where_to_go(&mut program).await).await;
    browser.sign_in(&person).await;
    browser.approve().await;
    let code = browser.code_on_page().await;
    program.tell(&json!({ "code": code, "state": null })).await;

    is_welcome_until_revoked(program, client, &person).await;
}

/// Starts the program and brings it the answer to its request.
async fn comes_back_by_redirect(client: &Client, server: &ServerProcess, person: &Person) -> ClientProgram {
    let mut redirects = Redirects::listen().await;
    let mut program = ClientProgram::start(client, server, &redirects.uri());
    is_let_in(&mut program, &mut redirects, person).await;
    program
}

/// The person signs in and consents, and the program gets the answer to its request.
async fn is_let_in(program: &mut ClientProgram, redirects: &mut Redirects, person: &Person) {
    let browser = Browser::open().await;

    browser.goto(&where_to_go(program).await).await;
    browser.sign_in(person).await;
    browser.approve().await;
    let callback = redirects.next().await;
    let code = query_of(&callback, "code").expect("the callback carries a code");
    let state = query_of(&callback, "state");
    program.tell(&json!({ "code": code, "state": state, "callback": callback.as_str() })).await;
}

async fn server_with_a_person() -> (ServerProcess, Person) {
    let server = ServerProcess::builder().with_tls().start().await;
    let person = Person::named("alice");
    server.create_account(&person);
    (server, person)
}

async fn where_to_go(program: &mut ClientProgram) -> Url {
    let facts = program.says().await;
    Url::parse(facts["authorize"].as_str().expect("a value")).expect("a value")
}

async fn is_welcome_until_revoked(mut program: ClientProgram, client: &Client, person: &Person) {
    let facts = program.says().await;
    assert_eq!(facts["app"], client.app_name);
    let account = &facts["account"];
    assert_eq!(account["username"], person.username.as_str());
    assert_eq!(account["acct"], person.username.as_str(), "no domain behind a local name");
    assert!(account["id"].is_string(), "clients expect text: {account}");

    let facts = program.says().await;
    let Value::String(refusal) = &facts["after_revocation"] else { panic!("no refusal in {facts}") };
    assert!(refusal.contains("The access token was revoked"), "a revoked token opens nothing: {refusal}");
    program.ends_well().await;
}
