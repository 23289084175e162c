//! Resonite's API, with libraries that somebody else wrote: resonitepy, pysignalr, @microsoft/signalr; and requests that are replayed from
//! `recorded/`.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::CALLBACK;
use tests::authenticator::Authenticator;
use tests::server::stdout;
use tests::web_socket::{Frame, WebSocket};
use tests::{Person, ServerProcess, TestClient};

use super::client_program::{ClientProgram, RESONITE_PY, SIGNALR_JS};

const BY_LAUNCHER: &str = include_str!("recorded/resonite_launcher.json");
const BY_VRCX: &str = include_str!("recorded/vrcx.json");

async fn server() -> ServerProcess {
    ServerProcess::builder().set("native.resonite.enabled", "true").start().await
}

fn addr(server: &ServerProcess) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], server.base_url().port().expect("a port")))
}

/// Begins a session of ours; its `Authorization`, and its path.
async fn session(client: &TestClient, person: &Person) -> (String, String) {
    let body =
        json!({ "username": person.username, "authentication": { "$type": "password", "password": person.password } });
    let answer = client.post("/userSessions").header("uid", "story").json(&body).send().await.is(200).json();
    let text = |name: &str| answer["entity"][name].as_str().expect("a text").to_owned();
    let (user, token) = (text("userId"), text("token"));
    (format!("res {user}:{token}"), format!("/userSessions/{user}/{token}"))
}

/// Sets up an authenticator app for somebody; one of the recovery codes.
async fn recovery_code(server: &ServerProcess, person: &Person) -> String {
    let output = server.run(&["token", "create", &person.username, "--scopes", "auth:read auth:write"], "");
    let (token, client) = (stdout(&output).trim().to_owned(), server.client());
    let call = async |path: &str, mut body: Value| {
        body["current_password"] = json!(person.password);
        let request = client.post(&format!("/api/v1/auth/factors/{path}")).bearer(&token);
        request.json(&body).send().await.is(201).json()
    };
    let setup = call("totp", json!({})).await;
    let app = Authenticator::new(setup["secret"].as_str().expect("a secret"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let code = app.code(i64::try_from(now).expect("a time"));
    let made = call("totp/confirm", json!({ "setup_id": setup["setup_id"], "code": code })).await;
    made["recovery_codes"][0].as_str().expect("a code").to_owned()
}

#[tokio::test]
async fn resonitepy_and_pysignalr_sign_in_open_the_hub_and_see_its_end() {
    let server = server().await;
    let (ada, eve) = (Person::named("ada"), Person::named("eve"));
    for person in [&ada, &eve] {
        server.create_account(person);
    }
    let client = server.client();
    let (header, _) = session(&client, &ada).await;
    let id = header.trim_start_matches("res ").split(':').next().expect("an id").to_owned();
    let mut program = ClientProgram::start_in_plain(&RESONITE_PY, server.base_url(), CALLBACK);
    let code = recovery_code(&server, &eve).await;
    let other = json!({ "username": eve.username, "password": eve.password, "code": code });
    let told =
        json!({ "username": ada.username, "email": ada.email, "id": id, "password": ada.password, "other": other });
    program.tell(&told).await;
    let facts = program.says().await;
    assert_eq!(facts["ids"], json!([id, id, id]), "{facts}");
    assert_eq!(
        json!([facts["remembered_longer"], facts["hashes"], facts["extended"], facts["wrong"]]),
        json!([true, true, null, "InvalidCredentials"])
    );
    assert_eq!(program.says().await, json!({ "hub": true }));
    program.tell(&json!({})).await;
    assert_eq!(program.says().await, json!({ "hub": false, "after": "InvalidToken" }));
    assert_eq!(program.says().await, json!({ "pysignalr": "open" }));
    program.tell(&json!({})).await;
    assert_eq!(program.says().await, json!({ "pysignalr": "closed" }));
    let facts = program.says().await;
    assert_eq!(facts["lacks"], "InvalidToken");
    assert!(facts["with_code"].as_str().is_some_and(|user| user.starts_with("U-")), "{facts}");
    program.ends_well().await;
}

#[tokio::test]
async fn signalr_connects_with_and_without_negotiation_and_is_closed_on_revocation() {
    let server = server().await;
    let ada = Person::named("ada");
    server.create_account(&ada);
    let client = server.client();
    for how in ["negotiated", "skipped"] {
        let ((header, path), (other, _)) = (session(&client, &ada).await, session(&client, &ada).await);
        let mut program = ClientProgram::start_in_plain(&SIGNALR_JS, server.base_url(), CALLBACK);
        program.tell(&json!({ "header": header, "how": how })).await;
        assert_eq!(program.says().await, json!({ "state": "Connected" }), "{how}");
        client.call(Method::DELETE, &path).header("authorization", &other).send().await.is(200);
        let facts = program.says().await;
        assert_eq!(facts["state"], "Disconnected", "{how}: {facts}");
        assert!(facts["error"].as_str().is_some_and(|why| why.contains("The session is over.")), "{how}: {facts}");
        program.ends_well().await;
        let mut program = ClientProgram::start_in_plain(&SIGNALR_JS, server.base_url(), CALLBACK);
        program.tell(&json!({ "header": header, "how": how })).await;
        let facts = program.says().await;
        assert!(facts["refused"].is_string(), "{how}: {facts}");
        program.ends_well().await;
    }
}

/// Sends a recorded request with these values in the place of `$name`.
async fn replay(
    client: &TestClient,
    request: &Value,
    values: &[(&str, &str)],
    auth: Option<&str>,
) -> tests::http::Response {
    let filled =
        values.iter().fold(request.to_string(), |text, (name, value)| text.replace(&format!("${name}"), value));
    let request: Value = serde_json::from_str(&filled).expect("JSON");
    let method = Method::from_bytes(request["method"].as_str().expect("a method").as_bytes()).expect("a method");
    let mut call = client.call(method, request["path"].as_str().expect("a path"));
    for (name, value) in request["headers"].as_object().expect("headers") {
        call = call.header(name, value.as_str().expect("a text"));
    }
    if let Some(auth) = auth {
        call = call.header("authorization", auth);
    }
    if request["body"].is_object() { call.json(&request["body"]).send().await } else { call.send().await }
}

#[tokio::test]
async fn recorded_requests_of_the_launcher_and_of_vrcx_go_through_a_session() {
    let server = server().await;
    let ada = Person::named("ada");
    server.create_account(&ada);
    let client = server.client();
    for recorded in [BY_LAUNCHER, BY_VRCX] {
        let recorded: Value = serde_json::from_str(recorded).expect("JSON");
        let person = [("username", &*ada.username), ("email", &*ada.email), ("password", &*ada.password)];
        let begun = replay(&client, &recorded["sign_in"], &person, None).await.is(200).json();
        let text = |name: &str| begun["entity"][name].as_str().expect("a text").to_owned();
        assert_eq!(begun["entity"]["rememberMe"], true);
        let (user, token) = (text("userId"), text("token"));
        let (values, auth) = ([("userId", &*user), ("token", &*token)], format!("res {user}:{token}"));
        if recorded["extend"].is_object() {
            replay(&client, &recorded["extend"], &values, Some(&auth)).await.is(204);
        }
        if recorded["go_on"].is_object() {
            replay(&client, &recorded["go_on"], &values, None).await.is(200);
        }
        let told = replay(&client, &recorded["negotiate"], &values, Some(&auth)).await.is(200).json();
        let path = format!("/hub?id={}", told["connectionToken"].as_str().expect("a token"));
        let mut hub = WebSocket::open(addr(&server), &path, &[]).await.expect("a stream without a header");
        hub.say("{\"protocol\":\"json\",\"version\":1}\u{1e}").await;
        assert_eq!(hub.next().await, Frame::Text("{}\u{1e}".to_owned()));
        if recorded["sign_out"].is_object() {
            replay(&client, &recorded["sign_out"], &values, Some(&auth)).await.is(200);
            assert!(matches!(hub.next().await, Frame::Text(last) if last.contains("\"type\":7")));
            assert_eq!(hub.next().await, Frame::Close(1008));
        }
    }
}
