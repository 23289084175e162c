//! Every page in every language as it was last looked at. What a page shows changes only together with its snapshot:
//! `INSTA_UPDATE=always cargo test -p reference-server snapshots` writes them, `git diff` shows what became different.

use std::collections::BTreeMap;

use super::{TeraPages, samples};
use crate::assets::PageAssets;

/// All shapes of each template, one after the other.
fn rendered(pages: &TeraPages, language: &str) -> BTreeMap<&'static str, String> {
    let mut texts: BTreeMap<&'static str, String> = BTreeMap::new();
    for (template, context) in samples::all("sample") {
        let html = pages.render_in(language, template, &context).unwrap();
        let text = texts.entry(template).or_default();
        text.push_str(&without_digests(html));
        text.push('\n');
    }
    texts
}

/// The addresses of assets carry a digest of their content, which is no business of the pages.
fn without_digests(mut html: String) -> String {
    let serde_json::Value::Object(addresses) = serde_json::to_value(PageAssets::new()).unwrap() else {
        panic!("the addresses of the assets are an object")
    };
    for (name, address) in addresses {
        html = html.replace(address.as_str().unwrap(), &format!("[{name}]"));
    }
    html
}

#[test]
fn pages_in_every_language_equal_their_snapshots() {
    let pages = TeraPages::load(None, "Title", "social.example").unwrap();
    let languages: Vec<_> = pages.languages().map(|(language, _)| language).collect();
    assert_eq!(languages.len(), 4, "a new language needs its snapshots");
    for language in languages {
        for (template, text) in rendered(&pages, language) {
            let name = template.trim_end_matches(".html");
            insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
                insta::assert_snapshot!(format!("{name}.{language}"), text);
            });
        }
    }
}
