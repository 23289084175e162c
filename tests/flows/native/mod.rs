//! Native clients: programs that send name and password themselves (native sections 0 and 2).

mod attacks;
mod endings;
mod outside;
mod resonite;
mod resonite_hub;
mod resonite_login;
mod resonite_reset;
mod resonite_sessions;
mod synctv;
mod synctv_limits;
mod synctv_login;
mod synctv_mail;
mod synctv_mfa;
mod synctv_passkeys;
mod synctv_register;
mod synctv_rooms;
mod synctv_routes;
mod synctv_session;
mod synctv_user;
mod tickets;
mod toki_admin;
mod toki_devices;
mod toki_login;
mod toki_me;
mod toki_provider;
mod toki_refresh;
mod toki_register;
mod toki_routes;

use reqwest::Method;
use serde_json::{Value, json};
use tests::Person;
use tests::story::{App, Response, Story};

/// The dialect is on, and nothing else.
pub(crate) const TOKI: &[(&str, &str)] = &[("native.toki.enabled", "true")];
/// The same with limits.
pub(crate) const LIMITED: &[(&str, &str)] = &[("native.toki.enabled", "true"), ("ratelimit.enabled", "true")];
pub(crate) const CLI: &str = "toki-cli/2.0.1";

/// A pair of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl Pair {
    pub(crate) fn of(answer: &Response) -> Self {
        let body = answer.json();
        let text = |name: &str| body[name].as_str().expect("a token").to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

/// What a program posts.
pub(crate) async fn post(story: &Story, path: &str, body: &Value) -> Response {
    story.post(path).header("user-agent", CLI).json(body).send().await
}

pub(crate) async fn login(story: &Story, username: &str, password: &str) -> Response {
    post(story, "/login", &json!({ "username": username, "password": password })).await
}

/// Somebody who signed in with a program.
pub(crate) async fn signed_in(story: &Story, person: &Person) -> Pair {
    Pair::of(&login(story, &person.username, &person.password).await.is(200))
}

/// The same on a device.
pub(crate) async fn signed_in_on(story: &Story, person: &Person, device: &str) -> Pair {
    let body = json!({ "username": person.username, "password": person.password, "device_id": device });
    Pair::of(&post(story, "/login", &body).await.is(200))
}

pub(crate) async fn refresh(story: &Story, token: &str) -> Response {
    post(story, "/token/refresh", &json!({ "refresh_token": token })).await
}

pub(crate) async fn call(story: &Story, method: Method, path: &str, token: &str, body: Option<&Value>) -> Response {
    let call = story.call(method, path).bearer(token);
    match body {
        Some(body) => call.json(body).send().await,
        None => call.send().await,
    }
}

pub(crate) async fn get(story: &Story, path: &str, token: &str) -> Response {
    call(story, Method::GET, path, token, None).await
}

/// Whether an access token opens a route of the dialect.
pub(crate) async fn opens(story: &Story, token: &str) -> bool {
    let answer = get(story, "/me/devices", token).await;
    match answer.status.as_u16() {
        200 => true,
        401 => {
            is_error(answer, 401, "invalid or expired token");
            false
        }
        other => panic!("{other}: {}", answer.body),
    }
}

/// Demands the dialect's form of an error.
pub(crate) fn is_error(answer: Response, status: u16, text: &str) {
    let answer = answer.is(status);
    assert_eq!(answer.json(), json!({ "error": text }), "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    if status == 401 {
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

/// Demands that nobody keeps an answer (C1).
pub(crate) fn is_secret(answer: &Response) {
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"), "{}", answer.body);
}

/// An app that sees and changes what is signed in.
pub(crate) async fn account_app(story: &Story) -> App {
    story.app("https://keys.example/cb", "read auth:read auth:write").await
}

/// The mails to an address, once the outbox is empty.
pub(crate) async fn mails_to(story: &Story, address: &str) -> Vec<String> {
    lysand_auth::flows::outbox::send_waiting(&story.server().state().auth).await.expect("sent");
    let mails = story.mail().await.into_iter().map(|mail| mail.replace("=\r\n", "").replace("=3D", "="));
    mails.filter(|mail| mail.contains(&format!("To: {address}"))).collect()
}
