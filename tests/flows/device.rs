//! Programs without a browser: codes, the page where a person answers, and the polls (RFC 8628, native §2.5, §2.12).

mod attacks;
mod grant;
mod page;

use std::time::Duration;

use serde_json::{Value, json};
use tests::Person;
use tests::story::{App, CALLBACK, CookieJar, Response, Story};

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(crate) const ON: &[(&str, &str)] = &[("oauth.device_grant", "true")];
pub(crate) const ENDPOINT: &str = "/oauth/device_authorization";

/// Registers an app that may poll, and more of its registration.
pub(crate) async fn registered(story: &Story, more: Value) -> App {
    let mut body = json!({
        "client_name": "Story TV", "redirect_uris": [CALLBACK], "scope": "read write:statuses", "grant_types": [GRANT],
    });
    for (name, value) in more.as_object().expect("members") {
        body[name] = value.clone();
    }
    let answer = story.post("/oauth/register").json(&body).send().await.is(201).json();
    let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
    App {
        client_id: text("client_id"),
        client_secret: text("client_secret"),
        redirect_uri: CALLBACK.to_owned(),
        scopes: text("scope"),
    }
}

/// Both codes of a program.
#[derive(Clone, Debug)]
pub(crate) struct Codes {
    pub(crate) device: String,
    pub(crate) user: String,
}

/// Asks for codes.
pub(crate) async fn codes(story: &Story, app: &App) -> Codes {
    let form = [("client_id", &*app.client_id), ("client_secret", &*app.client_secret)];
    let answer = story.post(ENDPOINT).form(&form).send().await.is(200).json();
    let text = |name: &str| answer[name].as_str().expect("a code").to_owned();
    Codes { device: text("device_code"), user: text("user_code") }
}

/// Polls.
pub(crate) async fn poll(story: &Story, app: &App, device_code: &str) -> Response {
    let form = [
        ("grant_type", GRANT),
        ("client_id", &*app.client_id),
        ("client_secret", &*app.client_secret),
        ("device_code", device_code),
    ];
    story.post("/oauth/token").form(&form).send().await
}

/// Polls after the interval, and demands this error.
pub(crate) async fn is_told(story: &Story, app: &App, device_code: &str, error: &str) {
    story.advance_clock(Duration::from_secs(5));
    let answer = poll(story, app, device_code).await.is(400);
    assert_eq!(answer.json()["error"], error, "{}", answer.body);
}

/// A browser in which somebody is signed in.
pub(crate) async fn browser_of(story: &Story, person: &Person) -> CookieJar {
    crate::factors::browser_of(story, person).await
}

/// Opens a page.
pub(crate) async fn open(story: &Story, jar: &mut CookieJar, path: &str) -> Response {
    let page = story.get(path).header("accept", "text/html").cookies(jar).send().await;
    jar.keep(&page);
    page
}

/// Types a code into the page.
pub(crate) async fn enter(story: &Story, jar: &mut CookieJar, typed: &str) -> Response {
    let token = open(story, jar, "/device").await.is(200).hidden("form_token");
    let form = [("form_token", &*token), ("user_code", typed)];
    let answer = story.post("/device").header("accept", "text/html").cookies(jar).form(&form).send().await;
    jar.keep(&answer);
    answer
}

/// Types a code, and opens the page with its request.
pub(crate) async fn question(story: &Story, jar: &mut CookieJar, typed: &str) -> Response {
    let location = enter(story, jar, typed).await.is(303).location();
    open(story, jar, &format!("{}?{}", location.path(), location.query().unwrap_or_default())).await.is(200)
}

/// Presses one of the buttons of a page with a request.
pub(crate) async fn press(story: &Story, jar: &mut CookieJar, page: &Response, answer: &str) -> Response {
    let (token, code) = (page.hidden("form_token"), page.hidden("user_code"));
    let form = [("form_token", &*token), ("user_code", &*code), ("answer", answer)];
    let answer = story.post("/device/answer").header("accept", "text/html").cookies(jar).form(&form).send().await;
    jar.keep(&answer);
    answer
}

/// The whole way to a yes or a no.
pub(crate) async fn decide(story: &Story, jar: &mut CookieJar, codes: &Codes, answer: &str) -> Response {
    let page = question(story, jar, &codes.user).await;
    press(story, jar, &page, answer).await
}

/// The access token of a good answer.
pub(crate) fn access(answer: &Response) -> String {
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}
