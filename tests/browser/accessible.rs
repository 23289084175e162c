//! What every page must be: in sight, named, and without a fault that axe finds.

use std::fs;
use std::path::Path;

use serde_json::json;
use tests::Browser;

use crate::keyboard::is_named;

/// Takes a picture of the page, and checks that nothing is cut off on the right, that everything has a name, and, where pages may
/// run scripts, that axe finds nothing (WCAG 2.2 A and AA).
pub(crate) async fn is_accessible(browser: &Browser, name: &str) {
    let picture = browser.screenshot(name).await;
    let widths =
        browser.evaluate("const page = document.scrollingElement; return [page.scrollWidth, page.clientWidth]");
    let widths = widths.await;
    assert_eq!(widths[0], widths[1], "{name} scrolls sideways, see {}", picture.display());
    is_named(browser, 1).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("browser/node_modules/axe-core/axe.min.js");
    let axe = fs::read_to_string(folder).expect("axe-core, which tests/run installs");
    let found = browser.evaluate(&format!("{axe}\n{FAULTS}")).await;
    assert_eq!(found, json!([]), "{name}, see {}", picture.display());
}

const FAULTS: &str = r"
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    return axe.run({ runOnly: tags }).then(({ violations }) =>
        violations.map(({ id, nodes }) => [id, ...nodes.map(({ html, failureSummary }) => html + ' ' + failureSummary)]));
";
