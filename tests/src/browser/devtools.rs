//! The DevTools protocol, as chromedriver passes it on.

use fantoccini::Client;
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

use super::appearance::Appearance;

const HEIGHT: u32 = 900;

#[derive(Debug)]
struct Command {
    name: &'static str,
    params: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/goog/cdp/execute", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "cmd": self.name, "params": self.params }).to_string()))
    }
}

pub(super) async fn send(client: &Client, name: &'static str, params: Value) -> Value {
    let answer = client.issue_cmd(Command { name, params }).await;
    answer.unwrap_or_else(|error| panic!("{name} failed: {error}"))
}

/// A window cannot be made as narrow as a phone, a view can. The preference for dark has no switch of its own, either.
pub(super) async fn apply(client: &Client, appearance: Appearance) {
    let view = json!({ "width": appearance.width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": false });
    send(client, "Emulation.setDeviceMetricsOverride", view).await;

    let scheme = if appearance.dark { "dark" } else { "light" };
    let media = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
    send(client, "Emulation.setEmulatedMedia", media).await;
}
