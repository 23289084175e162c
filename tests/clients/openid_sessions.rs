//! A session as OpenID libraries know it: how strong it is, whether it still lives, and its end, of which they are told (FAC-102,
//! FAC-104, FAC-135 to FAC-140, FAC-144 to FAC-147).

use serde_json::json;
use tests::relying_party::BackChannel;
use tests::tls::PrivateCa;
use tests::{Browser, Person, ServerProcess, folder, wait};
use url::Url;

use super::client_program::{AUTHLIB_SESSION, Client, ClientProgram, oauth4webapi};

#[tokio::test]
async fn oauth4webapi_goes_through_a_session_with_rs256() {
    goes_through_a_session(&oauth4webapi(&["RS256"])).await;
}

#[tokio::test]
async fn oauth4webapi_goes_through_a_session_with_eddsa() {
    goes_through_a_session(&oauth4webapi(&["EdDSA"])).await;
}

#[tokio::test]
async fn authlib_goes_through_a_session() {
    goes_through_a_session(&AUTHLIB_SESSION).await;
}

async fn goes_through_a_session(client: &Client) {
    let folder = folder::temporary("back-channel");
    let ca = PrivateCa::in_folder(folder.path());
    let there = BackChannel::start(&ca).await;
    let roots = format!("[{:?}]", ca.authority.display().to_string());
    let server = ServerProcess::builder().with_tls().set("oidc.trusted_roots", &roots);
    let server = server.set("openid.backchannel_allow", r#"["127.0.0.0/8", "::1/128"]"#).start().await;
    let person = Person::named("alice");
    server.create_account(&person);

    // Who receives a code on this machine is not proven by a name, and so consent is asked each time: the app has another for the browser.
    let far = there.url().replace("localhost", "id.example");
    let mut program = ClientProgram::start(client, &server, &format!("{far}/cb"));
    program.tell(&json!({ "near": there.url() })).await;
    let browser = Browser::open().await;
    loop {
        let facts = program.says().await;
        if let Some(url) = facts["authorize"].as_str() {
            let before = there.visits().len();
            browser.goto(&Url::parse(url).expect("a URL")).await;
            if facts["pages"] == true {
                browser.sign_in(&person).await;
                browser.approve().await;
            }
            let callback = wait::until("a visit", async || there.visits().get(before).cloned()).await;
            program.tell(&json!({ "callback": callback.as_str() })).await;
        } else if facts["listens"] == true {
            let told = wait::until("a call", async || there.told().pop()).await;
            assert_eq!(told.content_type, "application/x-www-form-urlencoded");
            program.tell(&json!({ "logout_token": told.token })).await;
        } else {
            assert_eq!(facts, json!({ "done": true }));
            break;
        }
    }
    program.ends_well().await;
}
