//! The plain page on which an account is chosen.

use super::html::{button, form, link, paragraph};
use crate::host::pages::ChooseAccountPage;

pub(super) fn choose(page: &ChooseAccountPage<'_>) -> String {
    let mut body = paragraph(&format!("to go on to {}", page.app.name));
    if page.changed {
        body += &paragraph("Another account was chosen in this browser meanwhile. Nothing was allowed yet.");
    }
    let token = ("form_token", page.form_token.as_str());
    for choice in &page.accounts {
        let hidden: Vec<(&str, &str)> =
            [token].into_iter().chain((!choice.name.is_empty()).then_some(("account", choice.name))).collect();
        body += &paragraph(&format!("@{}", choice.account.username));
        if let Some(action) = &choice.continue_action {
            body += &form(action, &hidden, &button("Continue"));
        }
        if let Some(sign_in) = &choice.sign_in {
            body += &link(sign_in, "Sign in again");
        }
        if let Some(action) = &choice.forget_action {
            body += &form(action, &hidden, &button("Sign out and forget"));
        }
    }
    if let Some(another) = &page.another {
        body += &link(another, "Another account");
    }
    if let Some(action) = &page.sign_out_action {
        body += &form(action, &[token, ("accounts", "all")], &button("Sign out of all accounts"));
    }
    body
}
