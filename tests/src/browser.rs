//! A real Chromium, driven through WebDriver.

mod devtools;
mod driver;

use std::fs;
use std::path::{Path, PathBuf};

use fantoccini::elements::Element;
use fantoccini::key::Key;
pub use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use url::Url;

use crate::wait;
use driver::Driver;

/// How the browser is set up.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Whether pages may run scripts.
    pub scripts: bool,
    /// Width of the view in CSS pixels.
    pub width: u32,
    /// Whether the person prefers a dark colour scheme.
    pub dark: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { scripts: true, width: 1280, dark: false }
    }
}

/// A browser with a fresh profile: no cookies, no history. It closes when the value is dropped.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    // Below the client, because the driver ends the session when it goes: fields drop in this order.
    driver: Driver,
}

impl Browser {
    /// Opens a wide, light browser with scripts.
    pub async fn open() -> Self {
        Self::with_look(Look::default()).await
    }

    /// Opens a browser that looks at pages in a particular way.
    pub async fn with_look(look: Look) -> Self {
        let driver = Driver::start().await;
        let client = driver.new_session(look).await;
        devtools::apply(&client, look).await;
        Self { client, driver }
    }

    /// The folder of the browser's profile.
    pub fn profile(&self) -> &Path {
        self.driver.profile()
    }

    /// Goes to `url` and waits until the page has loaded.
    pub async fn goto(&self, url: &Url) {
        let going = self.client.goto(url.as_str()).await;
        going.unwrap_or_else(|error| panic!("{url} did not load: {error}"));
    }

    /// Goes to the window that the page has opened, and waits for it; answers with the one that it leaves.
    pub async fn enter_popup(&self) -> WindowHandle {
        let opener = self.client.window().await.expect("a window");
        let popup = wait::until("a second window", async || {
            self.client.windows().await.ok()?.into_iter().find(|window| *window != opener)
        });
        self.client.switch_to_window(popup.await).await.expect("it is there");
        opener
    }

    /// Goes to a window.
    pub async fn enter(&self, window: &WindowHandle) {
        self.client.switch_to_window(window.clone()).await.expect("it is there");
    }

    /// How many windows are open.
    pub async fn windows(&self) -> usize {
        self.client.windows().await.expect("windows").len()
    }

    /// Where the browser is.
    pub async fn url(&self) -> Url {
        self.client.current_url().await.expect("every page has a URL")
    }

    /// Everything a person can read on the page.
    pub async fn text(&self) -> String {
        let body = self.client.find(Locator::Css("body")).await;
        match body {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// The first visible element that `css` selects. Waits for it, and shows what was there instead.
    pub async fn find(&self, css: &str) -> Element {
        let found = wait::within(wait::PATIENCE, async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.is_displayed().await.ok()?.then_some(element)
        });
        match found.await {
            Some(element) => element,
            None => self.disappointed(&format!("element `{css}`")).await,
        }
    }

    /// Whether the page has an element that `css` selects, now.
    pub async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Waits until the page says `text` somewhere.
    pub async fn reads(&self, text: &str) {
        let seen = wait::within(wait::PATIENCE, async || self.text().await.contains(text).then_some(()));
        if seen.await.is_none() {
            self.disappointed(&format!("text \"{text}\"")).await;
        }
    }

    /// Replaces what stands in the input called `name`.
    pub async fn fill(&self, name: &str, value: &str) {
        let input = self.find(&format!("input[name='{name}']")).await;
        input.clear().await.expect("an input can be emptied");
        input.send_keys(value).await.expect("an input can be typed into");
    }

    /// Clicks on the first visible element that `css` selects.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.click().await.unwrap_or_else(|error| panic!("`{css}` cannot be clicked: {error}"));
    }

    /// Presses one key, wherever the focus is.
    pub async fn press(&self, key: Key) {
        self.type_text(&char::from(key).to_string()).await;
    }

    /// Types `text`, wherever the focus is.
    pub async fn type_text(&self, text: &str) {
        let focused = self.client.active_element().await.expect("something has the focus");
        focused.send_keys(text).await.expect("it takes keys");
    }

    /// Evaluates a function body of JavaScript. Works with scripts off, too: it is us who ask, not the page.
    pub async fn ask(&self, script: &str) -> Value {
        let answer = self.client.execute(script, Vec::new()).await;
        answer.unwrap_or_else(|error| panic!("`{script}` failed: {error}"))
    }

    /// Saves what the browser shows to `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let picture = self.client.screenshot().await.expect("a picture");
        let folder = screenshots();
        fs::create_dir_all(&folder).expect("a folder for screenshots");
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, picture).expect("a file in it");
        path
    }

    /// Speaks the DevTools protocol, for what WebDriver does not offer.
    pub async fn devtools(&self, command: &'static str, params: Value) -> Value {
        devtools::send(&self.client, command, params).await
    }

    async fn disappointed(&self, expected: &str) -> ! {
        let picture = self.screenshot(&format!("failed-{}", story_name())).await;
        panic!(
            "found no {expected} on {}\nThe page reads:\n{}\nIt looks like {}",
            self.url().await,
            self.text().await,
            picture.display()
        );
    }
}

/// The name of the test that is running: its thread bears it.
fn story_name() -> String {
    let thread = std::thread::current();
    thread.name().unwrap_or("story").replace("::", "-")
}

/// `target/screenshots`, found from the running test: `target/PROFILE/deps/…`.
fn screenshots() -> PathBuf {
    let test = std::env::current_exe().expect("a running test knows its own path");
    test.ancestors().nth(3).expect("a test lies in target/PROFILE/deps").join("screenshots")
}

/// A page of our own, to find out what a browser is able to do.
pub fn page_from(html: &str) -> Url {
    let encoded: String = url::form_urlencoded::byte_serialize(html.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20");
    Url::parse(&format!("data:text/html,{encoded}")).expect("a data URL")
}

/// The capabilities of a session with `look`.
fn capabilities(look: Look, profile: &Path) -> Value {
    let mut preferences = json!({
        "credentials_enable_service": false,
        "profile.password_manager_leak_detection": false,
    });
    if !look.scripts {
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
