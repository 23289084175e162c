//! The same pages without a mouse, and with a name on everything that can be operated.

use fantoccini::key::Key;
use serde_json::json;
use tests::Browser;
use tests::sign_in_pages::{APPROVE, CODE, DENY, SIGN_IN};

use crate::fixture::Fixture;

/// More steps than any of these pages has things to step on.
const STEPS: usize = 25;

#[tokio::test]
async fn login_and_consent_can_be_completed_by_keyboard_only() {
    let mut fixture = Fixture::open().await;
    let request = fixture.leave_for_server().await;
    fixture.browser.find(SIGN_IN).await;
    tab_to(&fixture.browser, "input[name='identifier']").await;
    fixture.browser.type_text(&fixture.person.username).await;
    tab_to(&fixture.browser, "input[name='password']").await;
    fixture.browser.type_text(&fixture.person.password).await;
    tab_to(&fixture.browser, SIGN_IN).await;
    fixture.browser.press(Key::Enter).await;

    fixture.browser.find(APPROVE).await;
    tab_to(&fixture.browser, DENY).await;
    tab_to(&fixture.browser, APPROVE).await;
    // Reached while it waits, it keeps the focus; it counts after a while (faults F10).
    fixture.browser.find(&format!("{APPROVE}[aria-disabled='false']")).await;
    fixture.browser.press(Key::Enter).await;
    let callback = fixture.redirects.next().await;
    fixture.welcome(&request, &callback).await;
}

#[tokio::test]
async fn login_form_enter_in_password_field_submits() {
    let fixture = Fixture::open().await;
    fixture.leave_for_server().await;
    fixture.browser.fill("identifier", &fixture.person.username).await;
    fixture.browser.fill("password", &fixture.person.password).await;
    fixture.browser.press(Key::Enter).await;
    fixture.browser.find(APPROVE).await;
}

#[tokio::test]
async fn login_consent_and_code_pages_give_controls_accessible_names() {
    let fixture = Fixture::open().await;
    fixture.leave_for_server_out_of_band().await;
    fixture.browser.find(SIGN_IN).await;
    is_named(&fixture.browser, 3).await;

    fixture.browser.sign_in(&fixture.person).await;
    fixture.browser.find(APPROVE).await;
    is_named(&fixture.browser, 2).await;

    fixture.browser.approve().await;
    fixture.browser.find(CODE).await;
    is_named(&fixture.browser, 1).await;
}

/// Presses the tabulator until the focus is on what `css` selects, and checks that the focus can be seen there.
async fn tab_to(browser: &Browser, css: &str) {
    for _ in 0..STEPS {
        let here = browser.evaluate(&format!("return document.activeElement.matches({})", json!(css))).await;
        if here == json!(true) {
            let ring = browser.evaluate(FOCUS_RING).await;
            assert_eq!(ring, json!(true), "the focus on `{css}` cannot be seen");
            return;
        }
        browser.press(Key::Tab).await;
    }
    panic!("the tabulator does not reach `{css}` on {}", browser.url().await);
}

/// Whether whatever has the focus is drawn differently for it.
const FOCUS_RING: &str = r"
    const style = getComputedStyle(document.activeElement);
    return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
";

/// The page says its language and title, and at least `expected` fields and buttons, all of which have a name: a label, a
/// text, an `aria-label`. A placeholder is no name, because it goes when one begins to type.
pub(crate) async fn is_named(browser: &Browser, expected: usize) {
    let url = browser.url().await;
    let page = browser.evaluate("return [document.documentElement.lang, document.title]").await;
    assert_ne!(page[0], json!(""), "{url} does not say its language");
    assert_ne!(page[1], json!(""), "{url} has no title");

    let controls = browser.evaluate(CONTROLS).await;
    let controls = controls.as_array().expect("a value");
    assert!(controls.len() >= expected, "{url} has too few controls: {controls:?}");
    for control in controls {
        assert_ne!(control["name"], json!(""), "{url} has something without a name: {control}");
    }
}

const CONTROLS: &str = r"
    const visible = [...document.querySelectorAll('input, button, select, textarea, a[href]')]
        .filter(control => control.type !== 'hidden' && control.getClientRects().length > 0);
    return visible.map(control => ({
        html: control.outerHTML,
        name: [
            ...[...(control.labels ?? [])].map(label => label.textContent),
            control.getAttribute('aria-label') ?? '',
            control.textContent,
            ...[...control.querySelectorAll('img[alt]')].map(image => image.alt),
        ].join(' ').trim(),
    }));
";
