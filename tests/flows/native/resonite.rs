//! What the stories of Resonite clients have in common (native section 3).

use reqwest::Method;
use serde_json::{Value, json};
use tests::Person;
use tests::story::{Request, Response, Story};

/// The dialect is on, and nothing else.
pub(crate) const RESONITE: &[(&str, &str)] = &[("native.resonite.enabled", "true")];
/// The same with limits.
pub(crate) const LIMITED_RESONITE: &[(&str, &str)] =
    &[("native.resonite.enabled", "true"), ("ratelimit.enabled", "true")];
pub(crate) const UID: &str = "6b3a9f0e4c";

/// A session as its client keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) user: String,
    pub(crate) token: String,
}

impl Held {
    pub(crate) fn of(answer: &Response) -> Self {
        let entity = &answer.json()["entity"];
        let text = |name: &str| entity[name].as_str().expect("a text").to_owned();
        Self { user: text("userId"), token: text("token") }
    }

    pub(crate) fn header(&self) -> String {
        format!("res {}:{}", self.user, self.token)
    }

    pub(crate) fn path(&self) -> String {
        format!("/userSessions/{}/{}", self.user, self.token)
    }
}

/// What a client sends to begin a session with a password.
pub(crate) fn by_password(name: &str, password: &str) -> Value {
    json!({
        "username": name,
        "authentication": { "$type": "password", "password": password },
        "secretMachineId": "3f1b1cb0-59a9-4d8f-8a5c-0f5d8a2f7c11",
        "rememberMe": false,
    })
}

pub(crate) fn to_begin(story: &Story, body: &Value) -> Request {
    story.post("/userSessions").header("uid", UID).header("user-agent", "Resonite/2026.11").json(body)
}

pub(crate) async fn begin(story: &Story, body: &Value) -> Response {
    to_begin(story, body).send().await
}

pub(crate) async fn login(story: &Story, name: &str, password: &str) -> Response {
    begin(story, &by_password(name, password)).await
}

pub(crate) async fn begin_with_code(story: &Story, body: &Value, code: &str) -> Response {
    to_begin(story, body).header("totp", code).send().await
}

/// Somebody who signed in with a client.
pub(crate) async fn in_session(story: &Story, person: &Person) -> Held {
    Held::of(&login(story, &person.username, &person.password).await.is(200))
}

pub(crate) async fn call_as(story: &Story, held: &Held, method: Method, path: &str) -> Response {
    story.call(method, path).header("authorization", &held.header()).send().await
}

pub(crate) async fn extend(story: &Story, held: &Held) -> Response {
    call_as(story, held, Method::PATCH, "/userSessions").await
}

/// Whether a session lives.
pub(crate) async fn lives(story: &Story, held: &Held) -> bool {
    let answer = extend(story, held).await;
    match answer.status.as_u16() {
        204 => true,
        403 => {
            is_refused(answer, 403, "Invalid session");
            false
        }
        other => panic!("{other}: {}", answer.body),
    }
}

/// Demands the dialect's form of an error.
#[track_caller]
pub(crate) fn is_refused(answer: Response, status: u16, text: &str) {
    let answer = answer.is(status);
    assert_eq!(answer.body, text);
    assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
}
