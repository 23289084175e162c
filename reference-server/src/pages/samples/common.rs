//! What samples of several pages have in common.

use lysand_auth::host::pages::{AccountOnPage, AppOnPage};
use serde::Serialize;
use serde_json::Value;

pub(super) fn add(samples: &mut Vec<(&'static str, Value)>, template: &'static str, context: &impl Serialize) {
    // A context that cannot be serialised becomes null, and its template then fails for want of its first value.
    samples.push((template, serde_json::to_value(context).unwrap_or_default()));
}

pub(super) fn account(text: &'static str) -> AccountOnPage<'static> {
    AccountOnPage { username: text, display_name: text }
}

pub(super) fn app(text: &'static str) -> AppOnPage<'static> {
    AppOnPage { name: text, website: Some(text), website_host: Some(text.to_owned()) }
}
