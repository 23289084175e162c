//! Plain pages of the people who run the server about all but accounts.

use std::fmt::Write as _;

use super::admin::places;
use super::html::{alert, button, escaped, form, link, paragraph};
use crate::host::pages::{AdminConfirmPage, AdminInvitationsPage, FieldOnPage, InvitationRow, NeighboursOnPage};

fn neighbours(beside: &NeighboursOnPage) -> String {
    let newer = beside.newer.as_deref().map(|place| link(place, "Newer")).unwrap_or_default();
    newer + &beside.older.as_deref().map(|place| link(place, "Older")).unwrap_or_default()
}

fn field(name: &str, words: &str, field: &FieldOnPage) -> String {
    let value = escaped(&field.value);
    let error = alert(field.error.as_deref());
    format!("<p><label>{words}<br><input name=\"{name}\" value=\"{value}\"></label></p>\n{error}")
}

fn invitation(row: &InvitationRow<'_>, page: &AdminInvitationsPage<'_>) -> String {
    let made = &row.invitation;
    let whom = made.email.or(made.link.as_deref()).unwrap_or_default();
    let words = format!("{whom} @{} {} {}", row.maker.unwrap_or("-"), made.state, made.comment.unwrap_or_default());
    let end = [("form_token", page.form_token.as_str()), ("do", "end"), ("id", made.id)];
    let end = row.may_end.then(|| form(&page.action, &end, &button("End this invitation")));
    paragraph(&words) + &end.unwrap_or_default()
}

pub(super) fn invitations(page: &AdminInvitationsPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    body += &page.maker.as_deref().map(|maker| paragraph(&format!("@{maker}"))).unwrap_or_default();
    body += &page.all.as_deref().map(|place| link(place, "All invitations")).unwrap_or_default();
    body += &page.end_all.as_deref().map(|place| link(place, "End all its invitations")).unwrap_or_default();
    body += &page.invitations.iter().map(|row| invitation(row, page)).collect::<String>();
    if page.invitations.is_empty() {
        body += &paragraph("There are none yet.");
    }
    body += &neighbours(&page.neighbours);
    if page.may_make {
        let checked = if page.skips_review { " checked" } else { "" };
        let mut inside = field("max_uses", "How many people can use it", &page.fields.max_uses)
            + &field("expires_in", "For how many seconds it counts, or never", &page.fields.expires_in)
            + &field("email", "For this e-mail address alone", &page.fields.email)
            + &field("comment", "Note for yourself", &page.fields.comment);
        let _ = writeln!(
            inside,
            "<p><label><input type=\"checkbox\" name=\"skips_review\" value=\"1\"{checked}> Whoever uses it need not be \
             reviewed</label></p>"
        );
        let hidden = [("form_token", page.form_token.as_str()), ("do", "make")];
        body += &form(&page.action, &hidden, &(inside + &button("Make an invitation")));
    }
    body + &places(&page.frame)
}

pub(super) fn confirm(page: &AdminConfirmPage<'_>) -> String {
    let mut body = alert(page.error.as_deref()) + &paragraph(&page.subject) + &paragraph(page.what);
    let mut inside = String::new();
    if page.asks_password {
        inside += "<p><label>Your password<br><input type=\"password\" name=\"current_password\" \
                   autocomplete=\"current-password\" required></label></p>\n";
    }
    body += &match &page.sign_in {
        Some(place) => link(place, "Sign in again"),
        None => form(&page.action, &[("form_token", page.form_token.as_str())], &(inside + &button(page.words))),
    };
    body + &link(&page.back, "Back") + &places(&page.frame)
}
