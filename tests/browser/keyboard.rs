//! The same pages without a mouse, and with a name on everything that can be operated.

use fantoccini::key::Key;
use serde_json::json;
use tests::Browser;
use tests::journey::{APPROVE, CODE, DENY, SIGN_IN};

use crate::test_setup::Scene;

/// More steps than any of these pages has things to step on.
const STEPS: usize = 25;

#[tokio::test]
async fn the_whole_way_can_be_gone_by_keyboard() {
    let mut scene = Scene::open().await;
    let trip = scene.leave_for_server().await;
    scene.browser.find(SIGN_IN).await;
    tab_to(&scene.browser, "input[name='identifier']").await;
    scene.browser.type_text(&scene.person.username).await;
    tab_to(&scene.browser, "input[name='password']").await;
    scene.browser.type_text(&scene.person.password).await;
    tab_to(&scene.browser, SIGN_IN).await;
    scene.browser.press(Key::Enter).await;

    scene.browser.find(APPROVE).await;
    tab_to(&scene.browser, DENY).await;
    tab_to(&scene.browser, APPROVE).await;
    scene.browser.press(Key::Enter).await;
    let callback = scene.redirects.next().await;
    scene.welcome(&trip, &callback).await;
}

#[tokio::test]
async fn enter_in_the_password_field_signs_in() {
    let scene = Scene::open().await;
    scene.leave_for_server().await;
    scene.browser.fill("identifier", &scene.person.username).await;
    scene.browser.fill("password", &scene.person.password).await;
    scene.browser.press(Key::Enter).await;
    scene.browser.find(APPROVE).await;
}

#[tokio::test]
async fn everything_that_can_be_operated_has_a_name() {
    let scene = Scene::open().await;
    scene.leave_for_server_out_of_band().await;
    scene.browser.find(SIGN_IN).await;
    is_named(&scene.browser, 3).await;

    scene.browser.sign_in(&scene.person).await;
    scene.browser.find(APPROVE).await;
    is_named(&scene.browser, 2).await;

    scene.browser.approve().await;
    scene.browser.find(CODE).await;
    is_named(&scene.browser, 1).await;
}

/// Presses the tabulator until the focus is on what `css` selects, and checks that the focus can be seen there.
async fn tab_to(browser: &Browser, css: &str) {
    for _ in 0..STEPS {
        let here = browser.ask(&format!("return document.activeElement.matches({})", json!(css))).await;
        if here == json!(true) {
            let ring = browser.ask(FOCUS_RING).await;
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
    let page = browser.ask("return [document.documentElement.lang, document.title]").await;
    assert_ne!(page[0], json!(""), "{url} does not say its language");
    assert_ne!(page[1], json!(""), "{url} has no title");

    let controls = browser.ask(CONTROLS).await;
    let controls = controls.as_array().unwrap();
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
