//! The same pages without scripts, on a narrow screen, in the dark.

use serde_json::{Value, json};
use tests::app::OUT_OF_BAND;
use tests::certified_provider::CertifiedProvider;
use tests::sign_in_pages::{APPROVE, SIGN_IN};
use tests::{Appearance, Browser, Person, ServerProcess};

use crate::fixture::Fixture;

/// As narrow as screens get, and what WCAG 2.2 (1.4.10) asks for.
pub(crate) const NARROW: u32 = 320;

#[tokio::test]
async fn login_consent_and_out_of_band_code_work_without_scripts() {
    let mut fixture = Fixture::with_appearance(Appearance { scripts: false, ..Appearance::default() }).await;
    let request = fixture.leave_for_server().await;
    fixture.browser.sign_in_with(&fixture.person.username, "not the password").await;
    fixture.browser.reads("Invalid identifier or password").await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.approve().await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;

    let (app, request) = fixture.leave_for_server_out_of_band().await;
    fixture.browser.approve().await;
    let code = fixture.browser.code_on_page().await;
    fixture.server.client().redeem_proven(&app, &request, &code).await.expect("a token");
}

#[tokio::test]
async fn login_consent_and_code_pages_fit_narrow_screen() {
    let fixture = Fixture::with_appearance(Appearance { width: NARROW, ..Appearance::default() }).await;
    fixture.leave_for_server_out_of_band().await;
    fixture.browser.find(SIGN_IN).await;
    fits(&fixture.browser, "narrow-sign-in").await;

    fixture.browser.sign_in_with(&fixture.person.username, "not the password").await;
    fixture.browser.reads("Invalid identifier or password").await;
    fits(&fixture.browser, "narrow-wrong-password").await;

    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.find(APPROVE).await;
    fits(&fixture.browser, "narrow-consent").await;

    fixture.browser.approve().await;
    fixture.browser.code_on_page().await;
    fits(&fixture.browser, "narrow-code").await;
}

/// However long the list of what an app asks for, the decision is in sight (faults A5).
#[tokio::test]
async fn consent_buttons_are_visible_without_scrolling_on_small_screens() {
    let fixture = Fixture::open().await;
    let every_subject =
        "profile openid email read:statuses write:statuses write:media read:lists write:lists admin:read";
    for (scopes, lang) in [("read write follow push", "en"), (every_subject, "de")] {
        let app = fixture.server.client().register_with("Pocket", OUT_OF_BAND, scopes, &[]).await.expect("an app");
        let mut request = app.authorization_request(fixture.server.base_url());
        request.url.query_pairs_mut().append_pair("lang", lang);
        fixture.browser.goto(&request.url).await;
        if lang == "en" {
            fixture.browser.sign_in(&fixture.person).await;
        }
        fixture.browser.find(APPROVE).await;
        for (width, height) in [(360, 560), (600, 500), (390, 664), (1280, 720), (320, 568)] {
            let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
            fixture.browser.devtools("Emulation.setDeviceMetricsOverride", size).await;
            let picture = fixture.browser.screenshot(&format!("consent-{lang}-{width}x{height}")).await;
            let seen = fixture.browser.evaluate(DECISION).await;
            assert_eq!(seen["inner"], json!([width, height]));
            assert_eq!(seen["hit"], json!([true, true]), "{scopes} at {width}×{height}: see {}", picture.display());
        }
    }
}

/// Whether each of the two buttons is what one touches at its corners, before anything is scrolled.
const DECISION: &str = r"
    const hit = [...document.querySelectorAll('.decision button')].map(button => {
        const box = button.getBoundingClientRect();
        const at = (x, y) => document.elementFromPoint(x, y) === button;
        return at(box.left + 12, box.top + 2) && at(box.right - 12, box.bottom - 2);
    });
    return { hit, inner: [innerWidth, innerHeight] };
";

/// German words are the longest that the pages have.
#[tokio::test]
async fn login_consent_and_code_pages_in_german_fit_narrow_screen() {
    let fixture = Fixture::with_appearance(Appearance { width: NARROW, ..Appearance::default() }).await;
    let every_row = "profile openid email push read:accounts write:accounts read:statuses write:statuses write:media \
                     write:conversations read:notifications write:notifications follow read:bookmarks write:bookmarks \
                     read:filters write:filters read:search write:reports";
    let app = fixture
        .server
        .client()
        .register_with("Donaudampfschifffahrt", OUT_OF_BAND, every_row, &[])
        .await
        .expect("an app");
    let mut request = app.authorization_request(fixture.server.base_url());
    request.url.query_pairs_mut().append_pair("lang", "de");
    fixture.browser.goto(&request.url).await;
    fixture.browser.reads("Benutzername oder E-Mail").await;
    fits(&fixture.browser, "narrow-german-sign-in").await;

    fixture.browser.sign_in_with(&fixture.person.username, "not the password").await;
    fixture.browser.reads("Benutzername, E-Mail oder Passwort ist falsch").await;
    fits(&fixture.browser, "narrow-german-wrong-password").await;

    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.find(APPROVE).await;
    fixture.browser.reads("Push-Benachrichtigungen").await;
    fits(&fixture.browser, "narrow-german-consent").await;

    fixture.browser.approve().await;
    fixture.browser.code_on_page().await;
    fixture.browser.reads("Noch ein Schritt").await;
    fits(&fixture.browser, "narrow-german-code").await;
}

/// The pages beside a sign-in, in the same language.
#[tokio::test]
async fn setup_home_and_account_pages_in_german_fit_narrow_screen() {
    let provider = CertifiedProvider::start().await;
    let server = provider.known_to(ServerProcess::builder()).start().await;
    let browser = Browser::with_appearance(Appearance { width: NARROW, ..Appearance::default() }).await;
    let person = Person::named("donaudampfschifffahrtsgesell");
    server.create_account(&person);
    let go = async |path: &str, words: &str| {
        let joint = if path.contains('?') { '&' } else { '?' };
        browser.goto(&server.url(&format!("{path}{joint}lang=de"))).await;
        browser.reads(words).await;
    };
    let log = server.log();
    let set_up = log.split_whitespace().find(|word| word.contains("/setup?token=")).expect("a link");
    let set_up = &set_up[set_up.find("/setup").expect("a path")..];
    go(set_up, "Das erste Konto anlegen").await;
    browser.click("form button").await;
    browser.reads("Das Passwort muss 8 bis 128 Zeichen lang sein").await;
    fits(&browser, "narrow-german-setup").await;
    go("/setup", "reference-server account create").await;
    fits(&browser, "narrow-german-setup-over").await;

    go("/", "Mit diesem Browser ist niemand angemeldet").await;
    fits(&browser, "narrow-german-home").await;
    browser.click("section[aria-labelledby='demo'] button").await;
    browser.find(SIGN_IN).await;
    browser.sign_in(&person).await;
    browser.find(APPROVE).await;
    browser.approve().await;
    browser.reads("Es hat geklappt").await;
    fits(&browser, "narrow-german-demo").await;

    go("/?oidc_account_linking_error=x", "Es wurde nichts verknüpft").await;
    fits(&browser, "narrow-german-home-signed-in").await;
    go("/account?notice=last", "Wie im Browser eingestellt").await;
    fits(&browser, "narrow-german-account").await;
    browser.click("form[action^='/account/link'] button").await;
    browser.sign_in_at_provider("donaudampfschifffahrtsgesellschaft").await;
    browser.reads("The identity is linked").await;
    go("/account", "Verknüpfte Identitäten").await;
    browser.find("form[action^='/account/unlink'] button").await;
    fits(&browser, "narrow-german-account-linked").await;
    go("/oauth/authorized_applications", "Apps mit Zugriff").await;
    fits(&browser, "narrow-german-apps-with-access").await;
}

/// Takes a picture, and checks that there is nothing to scroll to on the right.
pub(crate) async fn fits(browser: &Browser, name: &str) {
    let picture = browser.screenshot(name).await;
    let widths = browser.evaluate(WIDTHS).await;
    assert_eq!(widths["screen"], json!(NARROW), "the screen is narrow");
    // The vertical scroll bar takes its part of the screen, so the page has a little less than all of it.
    assert_eq!(widths["content"], widths["page"], "{name} scrolls sideways, see {}", picture.display());
}

const WIDTHS: &str = r"
    const page = document.scrollingElement;
    return { screen: innerWidth, page: page.clientWidth, content: page.scrollWidth };
";

#[tokio::test]
async fn login_and_consent_pages_follow_dark_color_scheme_preference() {
    let fixture = Fixture::with_appearance(Appearance { dark: true, ..Appearance::default() }).await;
    fixture.leave_for_server().await;
    fixture.browser.find(SIGN_IN).await;
    let sign_in = Colours::of(&fixture.browser, "dark-sign-in").await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.find(APPROVE).await;
    let consent = Colours::of(&fixture.browser, "dark-consent").await;

    for page in [sign_in, consent] {
        assert!(page.background < 0.2, "{page:?} is dark");
        assert!(page.contrast() >= 4.5, "{page:?} is readable (WCAG 2.2, 1.4.3)");
    }
}

#[tokio::test]
async fn login_and_consent_pages_are_light_by_default() {
    let fixture = Fixture::open().await;
    fixture.leave_for_server().await;
    fixture.browser.find(SIGN_IN).await;
    let sign_in = Colours::of(&fixture.browser, "light-sign-in").await;
    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.find(APPROVE).await;
    let consent = Colours::of(&fixture.browser, "light-consent").await;

    for page in [sign_in, consent] {
        assert!(page.background > 0.7, "{page:?} is light");
        assert!(page.contrast() >= 4.5, "{page:?} is readable (WCAG 2.2, 1.4.3)");
    }
}

/// Relative luminance of a page's background and text: 0 is black, 1 is white.
#[derive(Debug)]
pub(crate) struct Colours {
    pub(crate) background: f64,
    text: f64,
}

impl Colours {
    pub(crate) async fn of(browser: &Browser, name: &str) -> Self {
        browser.screenshot(name).await;
        let colours = browser.evaluate(COLOURS).await;
        Self { background: luminance(&colours["background"]), text: luminance(&colours["text"]) }
    }

    /// Contrast ratio as WCAG defines it.
    pub(crate) fn contrast(&self) -> f64 {
        let (darker, lighter) = (self.background.min(self.text), self.background.max(self.text));
        (lighter + 0.05) / (darker + 0.05)
    }
}

/// Asks for the colours as painted: whatever notation the style sheet uses, a canvas turns it into red, green and blue.
/// The background of a page is the body's; or the root's, if the body has none; or the browser's own.
const COLOURS: &str = r"
    const painted = (...layers) => {
        const context = document.createElement('canvas').getContext('2d');
        for (const colour of layers) {
            context.fillStyle = colour;
            context.fillRect(0, 0, 1, 1);
        }
        return Array.from(context.getImageData(0, 0, 1, 1).data.slice(0, 3));
    };
    const probe = document.body.appendChild(document.createElement('span'));
    probe.style.backgroundColor = 'Canvas';
    const canvas = getComputedStyle(probe).backgroundColor;
    probe.remove();
    const root = getComputedStyle(document.documentElement);
    const body = getComputedStyle(document.body);
    const background = painted(canvas, root.backgroundColor, body.backgroundColor);
    return { background, text: painted(body.color) };
";

fn luminance(colour: &Value) -> f64 {
    let channel = |index: usize| {
        let value = colour[index].as_f64().expect("a value") / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * channel(0) + 0.7152 * channel(1) + 0.0722 * channel(2)
}
