//! The browser and its pages.

use std::fs;
use std::path::{Path, PathBuf};

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use fantoccini::{Client, Locator};
use serde_json::Value;
use url::Url;

use super::appearance::Appearance;
use super::devtools;
use super::driver::Driver;
use crate::{folder, wait};

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
        Self::with_appearance(Appearance::default()).await
    }

    /// Opens a browser that is set up in a particular way.
    pub async fn with_appearance(appearance: Appearance) -> Self {
        let driver = Driver::start().await;
        let client = driver.new_session(appearance).await;
        devtools::apply(&client, appearance).await;
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
        let found = wait::within(wait::TIMEOUT, async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.is_displayed().await.ok()?.then_some(element)
        });
        match found.await {
            Some(element) => element,
            None => self.fail(&format!("element `{css}`")).await,
        }
    }

    /// Whether the page has an element that `css` selects, now.
    pub async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// Waits until the page says `text` somewhere.
    pub async fn reads(&self, text: &str) {
        let seen = wait::within(wait::TIMEOUT, async || self.text().await.contains(text).then_some(()));
        if seen.await.is_none() {
            self.fail(&format!("text \"{text}\"")).await;
        }
    }

    /// Replaces what stands in the input called `name`.
    pub async fn fill(&self, name: &str, value: &str) {
        let input = self.find(&format!("input[name='{name}']")).await;
        input.clear().await.expect("an input can be emptied");
        input.send_keys(value).await.expect("an input can be typed into");
    }

    /// Clicks on the first visible element that `css` selects, once it counts: what the page keeps waiting
    /// (`templates/assets/decide.js`) is given its time.
    pub async fn click(&self, css: &str) {
        let element = self.find(css).await;
        wait::until("the page to let the element be pressed", async || {
            let waits = element.attr("aria-disabled").await.ok()?;
            (waits.as_deref() != Some("true")).then_some(())
        })
        .await;
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

    /// Evaluates a function body of JavaScript. Works with scripts off, too: the driver evaluates it, not the page.
    pub async fn evaluate(&self, script: &str) -> Value {
        let answer = self.client.execute(script, Vec::new()).await;
        answer.unwrap_or_else(|error| panic!("`{script}` failed: {error}"))
    }

    /// Saves what the browser shows to `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        let picture = self.client.screenshot().await.expect("a picture");
        let folder = folder::target().join("screenshots");
        fs::create_dir_all(&folder).expect("a folder for screenshots");
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, picture).expect("a file in it");
        path
    }

    /// Speaks the DevTools protocol, for what WebDriver does not offer.
    pub async fn devtools(&self, command: &'static str, params: Value) -> Value {
        devtools::send(&self.client, command, params).await
    }

    async fn fail(&self, expected: &str) -> ! {
        let picture = self.screenshot(&format!("failed-{}", test_name())).await;
        panic!(
            "found no {expected} on {}\nThe page reads:\n{}\nIt looks like {}",
            self.url().await,
            self.text().await,
            picture.display()
        );
    }
}

/// The name of the test that is running: its thread bears it.
fn test_name() -> String {
    let thread = std::thread::current();
    thread.name().unwrap_or("story").replace("::", "-")
}

/// A page of our own, to find out what a browser is able to do.
pub fn page_from(html: &str) -> Url {
    let encoded: String = url::form_urlencoded::byte_serialize(html.as_bytes()).collect();
    let encoded = encoded.replace('+', "%20");
    Url::parse(&format!("data:text/html,{encoded}")).expect("a data URL")
}
