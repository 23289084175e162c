//! Sample values for the page of settings.

use lysand_auth::host::pages::{AdminSettingsPage, SettingChoice, SettingOnPage, SettingsSection};
use serde_json::Value;

use super::add;
use super::admin::frame;

/// Every kind of setting from everywhere, good and wrong.
pub(super) fn settings(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let setting = |kind: &'static str, source: &'static str, wrong: bool| SettingOnPage {
        name: text,
        label: text,
        hint: if wrong { "" } else { text },
        kind,
        value: text.to_owned(),
        is_on: !wrong,
        choices: [true, false].map(|chosen| SettingChoice { value: text, words: text, chosen }).into(),
        source,
        error: wrong.then(|| text.to_owned()),
    };
    let kinds = ["line", "text", "switch", "number", "choice", "list", "secret"];
    let sources = ["environment", "database", "file", "default"];
    let page = |is_wrong: bool, sign_in: bool| AdminSettingsPage {
        frame: frame(text, 0),
        action: text.to_owned(),
        form_token: text.to_owned(),
        seen: text.to_owned(),
        sections: [true, false]
            .map(|can_change| SettingsSection {
                name: text,
                is_wrong,
                can_change,
                settings: kinds
                    .into_iter()
                    .zip(sources.into_iter().cycle())
                    .map(|(kind, source)| setting(kind, source, is_wrong))
                    .collect(),
            })
            .into(),
        asks_password: is_wrong,
        sign_in: sign_in.then(|| text.to_owned()),
        notice: Some(text).filter(|_| !is_wrong),
        error: is_wrong.then(|| text.to_owned()),
    };
    for (is_wrong, sign_in) in [(false, false), (true, false), (true, true)] {
        add(samples, "admin_settings.html", &page(is_wrong, sign_in));
    }
}
