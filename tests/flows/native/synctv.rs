//! What stories about SyncTV clients share (native section 1).

use reqwest::Method;
use serde_json::{Value, json};
use tests::Person;
use tests::story::{Response, Story};

/// The dialect is on, and nothing else.
pub(crate) const SYNCTV: &[(&str, &str)] = &[("native.synctv.enabled", "true")];
/// The same with limits.
pub(crate) const LIMITED: &[(&str, &str)] = &[("native.synctv.enabled", "true"), ("ratelimit.enabled", "true")];
pub(crate) const APP: &str = "synctv-app/3.1";
pub(crate) const FAILED: &str = "Authentication failed";
pub(crate) const TWO_FACTORS: &str = "Two-factor authentication is required before tokens can be issued";

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
        let pair = Self { access: text("access_token"), refresh: text("refresh_token") };
        assert!(pair.access.len() == 43 && pair.refresh.len() == 43, "{}", answer.body);
        pair
    }
}

pub(crate) async fn post(story: &Story, path: &str, body: &Value) -> Response {
    story.post(path).header("user-agent", APP).json(body).send().await
}

pub(crate) async fn login(story: &Story, username: &str, password: &str) -> Response {
    post(story, "/api/auth/login", &json!({ "username": username, "password": password })).await
}

/// Somebody who signed in with a program.
pub(crate) async fn signed_in(story: &Story, person: &Person) -> Pair {
    Pair::of(&login(story, &person.username, &person.password).await.is(200))
}

/// A sign-in that waits for a second proof: its handle.
pub(crate) async fn waiting(story: &Story, person: &Person) -> String {
    let answer = login(story, &person.username, &person.password).await.is(200);
    handle(&answer)
}

/// The handle of an answer that asks for a second proof.
pub(crate) fn handle(answer: &Response) -> String {
    let body = answer.json();
    assert_eq!(
        (&body["mfa"]["required"], &body["access_token"], &body["user"]),
        (&json!(true), &json!(""), &json!(null))
    );
    let handle = body["mfa"]["session_id"].as_str().expect("a handle").to_owned();
    assert_eq!(handle.len(), 48);
    handle
}

pub(crate) async fn refresh(story: &Story, token: &str) -> Response {
    post(story, "/api/auth/refresh", &json!({ "refresh_token": token })).await
}

pub(crate) async fn call(story: &Story, method: Method, path: &str, token: &str, body: Option<&Value>) -> Response {
    let call = story.call(method, path).bearer(token).header("user-agent", APP);
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
    let answer = get(story, "/api/user", token).await;
    match answer.status.as_u16() {
        200 => true,
        401 => {
            is_error(answer, 401, "Invalid or expired token");
            false
        }
        other => panic!("{other}: {}", answer.body),
    }
}

/// Demands the dialect's form of an error (native 1.1).
#[track_caller]
pub(crate) fn is_error(answer: Response, status: u16, text: &str) {
    let body = is_in_form(&answer);
    assert_eq!((answer.status.as_u16(), &body["error"]), (status, &json!(text)), "{}", answer.body);
}

/// The same whatever it says.
#[track_caller]
pub(crate) fn is_in_form(answer: &Response) -> Value {
    let body = answer.json();
    assert_eq!(body["status"], answer.status.as_u16(), "{}", answer.body);
    let id = body["request_id"].as_str().expect("the id of the request");
    assert_eq!(answer.header("x-request-id"), id);
    assert!(body["error"].as_str().is_some_and(|text| !text.is_empty()), "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/json");
    is_secret(answer);
    if answer.status == 401 {
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    body
}

/// Demands that nobody keeps an answer (C1).
#[track_caller]
pub(crate) fn is_secret(answer: &Response) {
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"), "{}", answer.body);
}
