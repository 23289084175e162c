//! The plain pages of whoever leaves, or takes along what is kept.

use super::html::{alert, button, form, link, paragraph};
use super::people::field;
use crate::host::pages::{ClosePage, ExportPage};

pub(super) fn close(page: &ClosePage<'_>) -> String {
    let day = &page.day.day;
    if page.closed {
        return match page.has_grace {
            true => paragraph(&format!("@{} is closed, and deleted on {day} unless you sign in before.", page.name)),
            false => paragraph(&format!("@{} is deleted.", page.name)),
        };
    }
    let when = match page.has_grace {
        true => format!("@{} is deleted on {day}, unless you sign in before.", page.name),
        false => format!("@{} is deleted at once.", page.name),
    };
    let mut body = alert(page.error.as_deref())
        + &paragraph(&when)
        + &paragraph("Everything that is signed in is signed out at once. Nobody can use the name again.")
        + &link(&page.export, "Take along what is kept");
    match &page.confirm {
        Some(confirm) => body += &link(confirm, "Confirm that it is you"),
        None => {
            let inside = [
                field("The name of your account", "username", "text", &page.username),
                field("Current password", "current_password", "password", &page.current_password),
                button("Close the account"),
            ];
            body += &form(page.action, &[("form_token", page.form_token.as_str())], &inside.concat());
        }
    }
    body + &link(&page.account, "Your account")
}

pub(super) fn export(page: &ExportPage<'_>) -> String {
    let mut body =
        alert(page.error.as_deref()) + &paragraph(&format!("A file with all that is kept about @{}.", page.username));
    match &page.confirm {
        Some(confirm) => body += &link(confirm, "Confirm that it is you"),
        None => {
            let inside = field("Current password", "current_password", "password", &page.current_password)
                + &button("Get the file");
            body += &form(page.action, &[("form_token", page.form_token.as_str())], &inside);
        }
    }
    body + &link(&page.account, "Your account")
}
