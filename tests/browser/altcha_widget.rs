//! The sign-up page of a frontend on another origin, with ALTCHA's own widget (people PPL-51).

use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::site::{Reply, Site};
use tests::{Browser, Person, ServerProcess};
use url::Url;

const PAGE: &str = include_str!("altcha_widget.html");
const SCRIPT: &str = include_str!("altcha_widget.js");

/// A file of the widget's package.
fn packaged(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/node_modules/altcha/dist");
    fs::read_to_string(folder.join(path)).expect("altcha, which tests/run installs")
}

/// The frontend: its page with the widget's `bundle`, under a policy for contents that allows what `policy` says besides its own
/// files and the server.
async fn frontend(server: &ServerProcess, bundle: &'static str, policy: &str) -> Site {
    let origin = server.base_url().origin().ascii_serialization();
    let policy = format!("default-src 'none'; script-src 'self'; connect-src {origin}; {policy}");
    let page = PAGE.replace("$POLICY", &policy).replace("$SERVER", &origin).replace("$BUNDLE", bundle);
    Site::serve(move |url: Url| {
        let page = page.clone();
        async move {
            match url.path() {
                "/" => Reply::Page(page),
                "/sign-up.js" => Reply::Script(SCRIPT.to_owned()),
                "/altcha.css" => Reply::Style(packaged("external/altcha.css")),
                path if path.ends_with(".js") => Reply::Script(packaged(&path[1..])),
                _ => Reply::Missing,
            }
        }
    })
    .await
}

/// Fills in the form, lets the widget work, and sends it; what the server answered.
async fn sign_up(browser: &Browser, person: &Person) -> Value {
    browser.fill("username", &person.username).await;
    browser.fill("email", &person.email).await;
    browser.fill("password", &person.password).await;
    browser.click("altcha-widget label").await;
    browser.reads("The widget: verified").await;
    browser.click("#send").await;
    browser.reads("The server:").await;
    browser.evaluate("return facts").await
}

#[tokio::test]
async fn altcha_widget_on_another_origin_solves_the_challenge_of_a_sign_up() {
    let server = ServerProcess::start().await;
    let site = frontend(&server, "/main/altcha.js", "worker-src blob:; style-src 'unsafe-inline' 'self'").await;
    let browser = Browser::open().await;
    browser.goto(&site.url("/")).await;
    let facts = sign_up(&browser, &Person::named("ada")).await;
    assert_eq!((&facts["status"], &facts["body"]["state"]), (&201.into(), &"unconfirmed".into()), "{facts}");
    browser.screenshot("altcha-widget").await;
    assert!(server.mailed_token("/register/confirm").await.len() > 20);

    // A solution makes one account; the widget has another after it was reset.
    browser.fill("username", "mallory").await;
    browser.fill("email", "mallory@people.example").await;
    browser.click("#send").await;
    browser.reads("The server: 422").await;
    let facts = browser.evaluate("return facts").await;
    assert_eq!(facts["body"]["details"]["altcha"][0]["error"], "ERR_INVALID", "{facts}");
    browser.click("#again").await;
    browser.reads("The widget: unverified").await;
    let facts = sign_up(&browser, &Person::named("grace")).await;
    assert_eq!(facts["status"], 201, "{facts}");
    assert_eq!(facts["violations"], serde_json::json!([]), "{facts}");
}

#[tokio::test]
async fn altcha_widget_under_a_strict_policy_solves_the_challenge_of_a_sign_up() {
    let server = ServerProcess::start().await;
    let site = frontend(&server, "/external/altcha.js", "worker-src 'self'; style-src 'self'").await;
    let browser = Browser::open().await;
    browser.goto(&site.url("/")).await;
    let facts = sign_up(&browser, &Person::named("ada")).await;
    assert_eq!(facts["status"], 201, "{facts}");
}
