//! A program without a browser shows a code; a person types it on a page, signs in on the way, and allows it (RFC 8628).

use serde_json::{Value, json};
use tests::sign_in_pages::SIGN_IN;
use tests::{Appearance, Browser, Person, ServerProcess};
use url::Url;

use crate::accessible::is_accessible;
use crate::keyboard::is_named;
use crate::layout::{Colours, NARROW, fits};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const FIELD: &str = "input[name='user_code']:not([type='hidden'])";
const CONTINUE: &str = "form[action^='/device'] button";
const ALLOW: &str = "form:has(input[value='allow']) button";
const DENY: &str = "form:has(input[value='deny']) button";

/// A server, a program that wants tokens of it, and somebody with an account.
struct Living {
    server: ServerProcess,
    person: Person,
    app: Value,
}

impl Living {
    async fn room() -> Self {
        let server = ServerProcess::builder().set("oauth.device_grant", "true").start().await;
        let person = Person::named("alice");
        server.create_account(&person);
        let app = json!({
            "client_name": "Living Room TV", "client_uri": "https://tv.example/", "redirect_uris": ["https://tv.example/cb"],
            "scope": "read write:statuses follow", "grant_types": [GRANT],
        });
        let app = server.client().post("/oauth/register").json(&app).send().await.is(201).json();
        Self { server, person, app }
    }

    async fn post(&self, path: &str, more: &[(&str, &str)]) -> Value {
        let own = ["client_id", "client_secret"].map(|name| (name, self.app[name].as_str().unwrap()));
        let form = [&own[..], more].concat();
        let call = self.server.client().post(path).header("user-agent", "living-room-tv/4.2 (Linux)").form(&form);
        call.send().await.json()
    }

    /// What the program shows.
    async fn codes(&self) -> Value {
        self.post("/oauth/device_authorization", &[("scope", "read write:statuses follow")]).await
    }

    async fn poll(&self, codes: &Value) -> Value {
        self.post("/oauth/token", &[("grant_type", GRANT), ("device_code", codes["device_code"].as_str().unwrap())])
            .await
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

#[tokio::test]
async fn device_is_allowed_by_somebody_who_signs_in_on_the_way() {
    let (living, browser) = (Living::room().await, Browser::open().await);
    let codes = living.codes().await;
    browser.goto(&Url::parse(text(&codes, "verification_uri_complete")).unwrap()).await;
    browser.find(SIGN_IN).await;
    browser.sign_in(&living.person).await;
    browser.find(FIELD).await;
    let typed = browser.evaluate("return document.querySelector(\"input[name='user_code']\").value").await;
    assert_eq!(typed, codes["user_code"], "the code came along, and was not sent");
    browser.screenshot("wide-device-code").await;
    is_accessible(&browser, "device-code").await;
    is_named(&browser, 2).await;
    browser.click(CONTINUE).await;
    browser.find(ALLOW).await;
    browser.reads("Only go on if you started this yourself, just now.").await;
    for shown in ["Living Room TV", "tv.example", "living-room-tv/4.2", text(&codes, "user_code"), "@alice@"] {
        browser.reads(shown).await;
    }
    browser.screenshot("wide-device-question").await;
    is_accessible(&browser, "device-question").await;
    assert_eq!(living.poll(&codes).await["error"], "authorization_pending");
    browser.click(ALLOW).await;
    browser.reads("You can go back to your program.").await;
    browser.screenshot("wide-device-allowed").await;
    let token = living.poll(&codes).await;
    let account = living.server.client().account_of(text(&token, "access_token")).await.unwrap();
    assert_eq!(account["username"], "alice");
}

#[tokio::test]
async fn device_pages_fit_narrow_screen_without_scripts_and_say_no() {
    let living = Living::room().await;
    let browser = Browser::with_appearance(Appearance { scripts: false, width: NARROW, ..Appearance::default() }).await;
    let codes = living.codes().await;
    browser.goto(&living.server.url("/device?lang=de")).await;
    browser.find(SIGN_IN).await;
    browser.sign_in(&living.person).await;
    browser.find(FIELD).await;
    fits(&browser, "narrow-device-code").await;
    browser.fill("user_code", "aeio-uaei").await;
    browser.click(CONTINUE).await;
    browser.reads("Diesen Code gibt es nicht.").await;
    fits(&browser, "narrow-device-wrong-code").await;
    browser.fill("user_code", &text(&codes, "user_code").to_lowercase().replace('-', " ")).await;
    browser.click(CONTINUE).await;
    browser.find(DENY).await;
    fits(&browser, "narrow-device-question").await;
    browser.click(DENY).await;
    browser.reads("Das Programm bekommt keinen Zugriff auf Ihr Konto.").await;
    fits(&browser, "narrow-device-refused").await;
    assert_eq!(living.poll(&codes).await["error"], "access_denied");
}

#[tokio::test]
async fn device_pages_follow_dark_color_scheme_preference() {
    let living = Living::room().await;
    let browser = Browser::with_appearance(Appearance { dark: true, ..Appearance::default() }).await;
    let codes = living.codes().await;
    browser.goto(&living.server.url(&format!("/device?user_code={}", text(&codes, "user_code")))).await;
    browser.find(SIGN_IN).await;
    browser.sign_in(&living.person).await;
    browser.find(FIELD).await;
    assert!(Colours::of(&browser, "dark-device-code").await.contrast() >= 7.0);
    browser.click(CONTINUE).await;
    browser.find(ALLOW).await;
    assert!(Colours::of(&browser, "dark-device-question").await.contrast() >= 7.0);
}
