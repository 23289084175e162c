//! Stories of the OpenID provider: who signs id tokens, whom a hint means, and what signing out ends (FAC-131 to FAC-149).

mod backchannel;
mod hints;
mod logout;
mod signing;

use serde_json::{Value, json};
use tests::Person;
use tests::folder;
use tests::relying_party::{BackChannel, verified};
use tests::story::{App, CookieJar, Response, SignedIn, Story, query_of};
use tests::tls::PrivateCa;

/// What came of a whole way to an id token.
struct Told {
    signed_in: SignedIn,
    token: String,
    header: Value,
    claims: Value,
}

async fn keys(story: &Story) -> Value {
    story.get("/.well-known/jwks.json").send().await.is(200).json()
}

/// Registers an app by RFC 7591.
async fn register(story: &Story, metadata: Value) -> Response {
    story.post("/oauth/register").json(&metadata).send().await
}

/// An app that registered with these members beside its redirect URI.
async fn openid_app(story: &Story, redirect_uri: &str, more: Value) -> App {
    let mut metadata = json!({ "client_name": "Relying Party", "redirect_uris": [redirect_uri] });
    for (name, value) in more.as_object().expect("members") {
        metadata[name] = value.clone();
    }
    let body = register(story, metadata).await.is(201).json();
    App::registered(&body, redirect_uri, "openid profile email")
}

/// Redeems a code: the id token, checked by the published keys.
async fn redeemed(story: &Story, signed_in: SignedIn, app: &App, code: &str) -> Told {
    let body = story.redeem(app, code).await.is(200).json();
    let token = body["id_token"].as_str().expect("an id token").to_owned();
    let (header, claims) = verified(&keys(story).await, &token).expect("well signed");
    assert_eq!(claims["aud"], app.client_id);
    Told { signed_in, token, header, claims }
}

async fn id_token(story: &Story, person: &Person, app: &App) -> Told {
    let signed_in = story.sign_in(person, app).await;
    let code = story.consent(&signed_in, app).await;
    redeemed(story, signed_in, app, &code).await
}

/// The same in the session of a browser.
async fn id_token_in(story: &Story, browser: &SignedIn, app: &App) -> Told {
    let answer = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).session(browser).send().await;
    let there = answer.is(302).location();
    let code = query_of(&there, "code").expect("a code");
    let signed_in = SignedIn { cookie: browser.cookie.clone(), code: code.clone(), consent: there.clone() };
    // Whoever let the app in before is not asked.
    let code = if there.path() == "/oauth/consent" { story.consent(&signed_in, app).await } else { code };
    redeemed(story, signed_in, app, &code).await
}

/// Whether a session still counts.
async fn is_signed_in(story: &Story, browser: &SignedIn, app: &App) -> bool {
    story.client().is_signed_in(browser, app).await.expect("an answer")
}

/// The browser of a session, with no other cookie.
fn jar_of(browser: &SignedIn) -> CookieJar {
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &browser.cookie);
    jar
}

/// The form token of a page.
fn token_of(page: &Response) -> String {
    let (_, rest) = page.body.split_once("name=\"form_token\" value=\"").expect("a form");
    rest.split('"').next().expect("a value").to_owned()
}

/// A server that may tell an app on this machine, and that app.
async fn with_back_channel(story: Story) -> (Story, BackChannel, tempfile::TempDir) {
    with_back_channel_in(story, r#"["127.0.0.0/8", "::1/128"]"#).await
}

/// The same with these networks in which apps may be told.
async fn with_back_channel_in(story: Story, allowed: &str) -> (Story, BackChannel, tempfile::TempDir) {
    let folder = folder::temporary("authority");
    let ca = PrivateCa::in_folder(folder.path());
    let roots = format!("[{:?}]", ca.authority.display().to_string());
    let app = BackChannel::start(&ca).await;
    let story = story.restart(&[("oidc.trusted_roots", &roots), ("openid.backchannel_allow", allowed)]).await;
    (story, app, folder)
}
