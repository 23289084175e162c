//! The plain page of personal tokens.

use std::fmt::Write as _;

use super::html::{alert, button, escaped, form, link, paragraph};
use super::people::field;
use crate::host::pages::{FieldOnPage, TokensPage};
use crate::model::permission::sentence;

pub(super) fn tokens(page: &TokensPage<'_>) -> String {
    let token = ("form_token", page.form_token.as_str());
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    if let Some(made) = &page.made {
        body += &paragraph(&format!("This is “{}”. Keep it now: it is not shown again.", made.name));
        let _ = writeln!(body, "<p><code>{}</code></p>", escaped(made.value));
    }
    for known in &page.tokens {
        let until = known.expires.as_ref().map_or("until it is ended".to_owned(), |end| format!("until {}", end.day));
        body += &paragraph(&format!("{} ({}), {until}", known.name, known.scopes.join(" ")));
        body += &form(page.action, &[token, ("do", "end"), ("id", known.id)], &button("End"));
        if page.fresh {
            body += &form(page.action, &[token, ("do", "extend"), ("id", known.id)], &button("Extend"));
        }
    }
    if !page.fresh {
        body += &link(&page.confirm, "Confirm that it is you");
    }
    if page.may_make {
        body += &form(page.action, &[token, ("do", "make")], &new_one(page));
    }
    body + &link(&page.account, "Your account")
}

fn new_one(page: &TokensPage<'_>) -> String {
    let mut inside = field("Name", "name", "text", &page.name) + &alert(page.scopes_error.as_deref());
    for scope in &page.scopes {
        let checked = if scope.chosen { " checked" } else { "" };
        let words = format!("{}: {}", scope.word, sentence(&scope.permission.clauses));
        let _ = writeln!(
            inside,
            "<p><label><input type=\"checkbox\" name=\"scopes[]\" value=\"{}\"{checked}> {}</label></p>",
            escaped(scope.word),
            escaped(&words)
        );
    }
    let lifetime = FieldOnPage { required: false, ..page.expires_in.clone() };
    inside += &field("For how many seconds", "expires_in", "text", &lifetime);
    inside += &field("From these networks alone", "networks", "text", &page.networks);
    inside += &field("Current password", "current_password", "password", &page.current_password);
    inside + &button("Make a token")
}
