//! Signing up with real programs: ALTCHA's library solves our challenge, Mastodon.py and toot make an account (people
//! PPL-51, PPL-236).

use serde_json::json;
use tests::ServerProcess;
use tests::app::OUT_OF_BAND;
use tests::http::Response;
use tests::story::CookieJar;

use super::client_program::{ALTCHA, Client, ClientProgram, MASTODON_PY_SIGN_UP, TOOT_SIGN_UP};

#[tokio::test]
async fn altcha_lib_solves_the_challenge_of_a_sign_up() {
    let server = ServerProcess::builder().start().await;
    let mut program = ClientProgram::start_in_plain(&ALTCHA, server.base_url(), "urn:none");
    let facts = program.says().await;
    assert_eq!(facts["first"]["status"], 201, "{facts}");
    for spent in ["again", "changed"] {
        assert_eq!(facts[spent]["status"], 422, "{facts}");
        assert_eq!(facts[spent]["body"]["details"]["altcha"][0]["error"], "ERR_INVALID", "{facts}");
    }
    program.ends_well().await;
}

#[tokio::test]
async fn mastodon_py_signs_somebody_up_and_is_let_in_once_the_address_is_confirmed() {
    let callback = "https://app.example/cb";
    let confirmed = signs_somebody_up(&MASTODON_PY_SIGN_UP, callback).await.is(302);
    assert_eq!(confirmed.header("location"), callback);
}

/// toot has no address to go back to: the person reads that the address is confirmed.
#[tokio::test]
async fn toot_signs_somebody_up_and_is_let_in_once_the_address_is_confirmed() {
    let confirmed = signs_somebody_up(&TOOT_SIGN_UP, OUT_OF_BAND).await.is(200);
    assert!(confirmed.body.contains("Your address is confirmed"), "{}", confirmed.body);
}

/// The account waits for its address, and the program is let in with the token it got. What the person sees after confirming.
async fn signs_somebody_up(client: &Client, redirect_uri: &str) -> Response {
    let server = ServerProcess::builder().start().await;
    let mut program = ClientProgram::start_in_plain(client, server.base_url(), redirect_uri);
    let facts = program.says().await;
    assert_eq!(facts["token"], true);
    let waiting = facts["waiting"].as_str().expect("a value");
    assert!(waiting.contains("Your login is missing a confirmed e-mail address"), "{waiting}");

    let token = server.mailed_token("/register/confirm").await;
    let client = server.client();
    let mut jar = CookieJar::default();
    let page = client.get(&format!("/register/confirm?token={token}")).send().await.is(200);
    jar.keep(&page);
    let form_token = page.hidden("form_token");
    let form = [("form_token", &*form_token), ("token", &*token), ("do", "confirm")];
    let confirmed = client.post("/register/confirm").cookies(&jar).form(&form).send().await;

    program.tell(&json!({})).await;
    assert_eq!(program.says().await["account"]["username"], "ada");
    let facts = program.says().await;
    let taken = facts["taken"].as_str().expect("a value");
    assert!(
        taken.contains("Username has already been taken") && taken.contains("Email has already been taken"),
        "{taken}"
    );
    program.ends_well().await;
    confirmed
}
