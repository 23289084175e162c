//! Signing up with real programs: ALTCHA's library solves our challenge, Mastodon.py makes an account (people PPL-51, PPL-236).

use serde_json::json;
use tests::ServerProcess;
use tests::story::CookieJar;

use super::client_program::{ALTCHA, ClientProgram, MASTODON_PY_SIGN_UP};

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
    let server = ServerProcess::builder().start().await;
    let callback = "https://app.example/cb";
    let mut program = ClientProgram::start_in_plain(&MASTODON_PY_SIGN_UP, server.base_url(), callback);
    let facts = program.says().await;
    assert_eq!(facts["token"], true);
    let waiting = facts["waiting"].as_str().expect("a value");
    assert!(waiting.contains("Your login is missing a confirmed e-mail address"), "{waiting}");

    let token = server.mailed_token("/register/confirm").await;
    let client = server.client();
    let mut jar = CookieJar::default();
    let page = client.get(&format!("/register/confirm?token={token}")).send().await.is(200);
    jar.keep(&page);
    let form_token =
        page.body.split("name=\"form_token\" value=\"").nth(1).expect("a value").split('"').next().expect("a value");
    let form = [("form_token", form_token), ("token", &*token), ("do", "confirm")];
    let confirmed = client.post("/register/confirm").cookies(&jar).form(&form).send().await.is(302);
    assert_eq!(confirmed.header("location"), callback);

    program.tell(&json!({})).await;
    assert_eq!(program.says().await["account"]["username"], "ada");
    let facts = program.says().await;
    let taken = facts["taken"].as_str().expect("a value");
    assert!(
        taken.contains("Username has already been taken") && taken.contains("Email has already been taken"),
        "{taken}"
    );
    program.ends_well().await;
}
