//! Plain pages of the people who run the server.

use std::fmt::Write as _;

use super::html::{alert, button, escaped, form, link, paragraph};
use crate::host::pages::{
    AccountRow, AdminAccountPage, AdminAccountsPage, AdminActPage, AdminHomePage, AdminRequestsPage, StaffFrame,
    StaffPlace,
};

pub(super) fn places(frame: &StaffFrame<'_>) -> String {
    let words = |place: &StaffPlace| match place.count {
        0 => place.words.to_owned(),
        count => format!("{} ({count})", place.words),
    };
    frame.places.iter().map(|place| link(&place.link, &words(place))).collect()
}

pub(super) fn home(page: &AdminHomePage<'_>) -> String {
    let mut body = paragraph(&format!("Accounts: {}, stopped: {}", page.people, page.stopped))
        + &link(&page.failed, &format!("Mails given up: {}", page.failed_mails))
        + &paragraph(&format!("Signing up: {}", page.mode));
    for chart in &page.charts {
        body += &paragraph(&format!("{} in the last {} days: {}", chart.words, chart.days.len(), chart.total));
    }
    if page.reaches_nobody {
        body += &alert(Some("Mail is not configured and reaches nobody."));
    }
    body + &places(&page.frame)
}

pub(super) fn requests(page: &AdminRequestsPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    let mut rows = String::new();
    for request in &page.requests {
        let confirmed = if request.confirmed { "" } else { ", not confirmed" };
        let _ = writeln!(
            rows,
            "<p><label><input type=\"checkbox\" name=\"id\" value=\"{}\"> @{} ({}{confirmed})</label></p>",
            escaped(&request.id),
            escaped(&request.username),
            escaped(&request.email)
        );
        rows += &request.reason.as_deref().map(paragraph).unwrap_or_default();
    }
    if page.requests.is_empty() {
        body += &paragraph("Nobody waits.");
    } else {
        let choice = |name: &str, words: &str| {
            format!("<p><button type=\"submit\" name=\"do\" value=\"{name}\">{words}</button></p>\n")
        };
        let message = format!(
            "<p><label>Message when you decline<br><input name=\"message\" value=\"{}\"></label></p>\n",
            escaped(&page.message)
        );
        let inside = rows + &choice("approve", "Approve") + &message + &choice("reject", "Decline");
        body += &form(&page.action, &[("form_token", page.form_token.as_str())], &inside);
    }
    body + &places(&page.frame)
}

fn row(account: &AccountRow) -> String {
    let words = format!("@{} {} ({}, {})", account.username, account.email, account.state, account.role);
    link(&account.link, &words)
}

pub(super) fn accounts(page: &AdminAccountsPage<'_>) -> String {
    let mut body = format!(
        "<form method=\"get\" action=\"{}\">\n<p><label>Name, address or network<br><input name=\"q\" value=\"{}\"></label></p>\n{}</form>\n",
        escaped(page.action),
        escaped(&page.searched),
        button("Search")
    );
    body += &page.accounts.iter().map(row).collect::<String>();
    if page.accounts.is_empty() {
        body += &paragraph("Nobody was found.");
    }
    body += &page.make.as_deref().map(|place| link(place, "Make an account")).unwrap_or_default();
    body += &page.newer.as_deref().map(|place| link(place, "Newer")).unwrap_or_default();
    body += &page.older.as_deref().map(|place| link(place, "Older")).unwrap_or_default();
    body + &places(&page.frame)
}

pub(super) fn account(page: &AdminAccountPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref()) + &row(&page.account);
    body += &page.reason.as_deref().map(paragraph).unwrap_or_default();
    for place in &page.places {
        body += &paragraph(&format!("{}: {}", place.network, place.last.day));
    }
    let token = ("form_token", page.form_token.as_str());
    for act in &page.acts {
        body += &match &act.link {
            Some(place) => link(place, act.words),
            None => form(&page.action, &[token, ("do", act.name)], &button(act.words)),
        };
    }
    for event in &page.events {
        body += &paragraph(&format!("{}, {}: {}", event.at.day, event.clock, event.what));
    }
    body += &(link(&page.all_events, "All its events") + &link(&page.invitations, "Its invitations"));
    body + &places(&page.frame)
}

pub(super) fn act(page: &AdminActPage<'_>) -> String {
    let mut body = alert(page.error.as_deref()) + &paragraph(&format!("@{}", page.username)) + &paragraph(page.what);
    let mut inside = String::new();
    for role in &page.roles {
        let checked = if role.chosen { " checked" } else { "" };
        let _ = writeln!(
            inside,
            "<p><label><input type=\"radio\" name=\"role\" value=\"{0}\"{checked}> {0}</label></p>",
            role.name
        );
    }
    if page.takes_message {
        let message = escaped(&page.message);
        let _ = writeln!(inside, "<p><label>Message<br><input name=\"message\" value=\"{message}\"></label></p>");
    }
    if page.asks_password {
        inside += "<p><label>Your password<br><input type=\"password\" name=\"current_password\" \
                   autocomplete=\"current-password\" required></label></p>\n";
    }
    body += &match &page.sign_in {
        Some(place) => link(place, "Sign in again"),
        None => form(&page.action, &[("form_token", page.form_token.as_str())], &(inside + &button(page.words))),
    };
    body + &link(&page.back, "Back")
}
