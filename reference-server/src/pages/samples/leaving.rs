//! Sample values for the pages of whoever leaves, or takes along what is kept.

use lysand_auth::host::pages::{ClosePage, ExportPage, FieldOnPage, MomentOnPage};
use serde_json::Value;

use super::add;

/// Closing with and without a way back, before and after, with mistakes, and for somebody without a password.
pub(super) fn leaving(text: &'static str, samples: &mut Vec<(&'static str, Value)>) {
    let field = |asked, wrong: bool| FieldOnPage {
        asked,
        required: true,
        value: String::new(),
        error: wrong.then(|| text.to_owned()),
    };
    for (has_grace, closed, wrong) in
        [(true, false, false), (false, false, true), (true, true, false), (false, true, false)]
    {
        let page = ClosePage {
            action: text,
            form_token: text.to_owned(),
            name: text,
            day: MomentOnPage { iso8601: text.to_owned(), day: text.to_owned() },
            has_grace,
            closed,
            username: FieldOnPage { value: text.to_owned(), ..field(true, wrong) },
            current_password: field(wrong, wrong),
            confirm: None,
            export: text.to_owned(),
            error: wrong.then(|| text.to_owned()),
            account: text.to_owned(),
        };
        add(samples, "close.html", &page);
        if !closed {
            add(samples, "close.html", &ClosePage { confirm: Some(text.to_owned()), ..page });
        }
    }
    for (wrong, confirm) in [(false, None), (true, None), (false, Some(text.to_owned()))] {
        let page = ExportPage {
            action: text,
            form_token: text.to_owned(),
            username: text,
            current_password: field(wrong, wrong),
            confirm,
            error: wrong.then(|| text.to_owned()),
            account: text.to_owned(),
        };
        add(samples, "export.html", &page);
    }
}
