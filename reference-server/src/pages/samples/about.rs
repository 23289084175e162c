//! Sample values for the page about this server.

use lysand_auth::host::pages::MomentOnPage;
use serde_json::Value;

use super::add;
use crate::pages::contexts::{AboutPage, TextOnPage};
use crate::settings::FooterLink;

/// The page with all that can be known, and with nothing.
pub(super) fn about(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let rules = [text.to_owned()];
    let links = [FooterLink { name: text.to_owned(), url: text.to_owned() }];
    let long = || TextOnPage {
        since: MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() },
        paragraphs: vec![vec![text, text], vec![text]],
    };
    let full = AboutPage {
        description: text,
        describes_itself: true,
        contact_email: text,
        rules: &rules,
        terms: Some(long()),
        privacy: Some(long()),
        tos_url: text,
        privacy_url: text,
        links: &links,
        sign_up: Some(text.to_owned()),
        home: text.to_owned(),
    };
    add(samples, "about.html", &full);
    let bare = AboutPage {
        describes_itself: false,
        contact_email: "",
        rules: &[],
        terms: None,
        privacy: None,
        tos_url: "",
        privacy_url: "",
        links: &[],
        sign_up: None,
        ..full
    };
    add(samples, "about.html", &bare);
}
