//! How a browser is set up.

use std::path::Path;

use serde_json::{Value, json};

/// How the browser is set up.
#[derive(Debug, Clone, Copy)]
pub struct Appearance {
    /// Whether pages may run scripts.
    pub scripts: bool,
    /// Width of the view in CSS pixels.
    pub width: u32,
    /// Whether the person prefers a dark colour scheme.
    pub dark: bool,
}

impl Default for Appearance {
    fn default() -> Self {
        Self { scripts: true, width: 1280, dark: false }
    }
}

/// The capabilities of a session with this appearance.
pub(super) fn capabilities(appearance: Appearance, profile: &Path) -> Value {
    let mut preferences = json!({
        "credentials_enable_service": false,
        "profile.password_manager_leak_detection": false,
    });
    if !appearance.scripts {
        preferences["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    json!({
        "browserName": "chrome",
        // The stories' private authority is unknown to the browser. Real clients check it (tests/clients).
        "acceptInsecureCerts": true,
        "goog:chromeOptions": {
            "args": [
                "--headless=new",
                // Chromium's sandbox refuses to run as root, and in most containers.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--disable-quic",
                // The only name beside `localhost` that a private authority vouches for.
                "--host-resolver-rules=MAP id.example 127.0.0.1",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                format!("--user-data-dir={}", profile.display()),
                "--window-size=1280,900",
            ],
            "prefs": preferences,
        },
    })
}
