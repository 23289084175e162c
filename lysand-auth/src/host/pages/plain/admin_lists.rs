//! Plain pages of the people who run the server about all but accounts.

use std::fmt::Write as _;

use super::admin::places;
use super::html::{alert, button, escaped, form, link, paragraph};
use crate::host::pages::{
    AdminAppPage, AdminAppsPage, AdminBlocksPage, AdminConfirmPage, AdminEventsPage, AdminInvitationsPage,
    AdminMailPage, AdminMailsPage, AdminNewAccountPage, AppRow, ChoiceOnPage, EventRow, FieldOnPage, InvitationRow,
    MailRow, NeighboursOnPage, SubjectOnPage,
};

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
    for format in &page.formats {
        let checked = if format.chosen { " checked" } else { "" };
        let _ = writeln!(
            inside,
            "<p><label><input type=\"radio\" name=\"format\" value=\"{}\"{checked}> {}</label></p>",
            format.name, format.words
        );
    }
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

pub(super) fn new_account(page: &AdminNewAccountPage<'_>) -> String {
    let mut inside = field("username", "Username", &page.username) + &field("email", "E-mail address", &page.email);
    let checked = if page.sends { " checked" } else { "" };
    let _ = writeln!(
        inside,
        "<p><label><input type=\"checkbox\" name=\"send\" value=\"1\"{checked}> Send the mail now</label></p>"
    );
    for role in &page.roles {
        let checked = if role.chosen { " checked" } else { "" };
        let _ = writeln!(
            inside,
            "<p><label><input type=\"radio\" name=\"role\" value=\"{0}\"{checked}> {0}</label></p>",
            role.name
        );
    }
    if page.asks_password {
        inside += "<p><label>Your password<br><input type=\"password\" name=\"current_password\" \
                   autocomplete=\"current-password\"></label></p>\n";
    }
    let hidden = [("form_token", page.form_token.as_str())];
    let sign_in = page.sign_in.as_deref().map(|place| link(place, "Sign in again")).unwrap_or_default();
    let body = alert(page.error.as_deref()) + &form(&page.action, &hidden, &(inside + &button("Make an account")));
    body + &sign_in + &link(&page.back, "Back") + &places(&page.frame)
}

pub(super) fn blocks(page: &AdminBlocksPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    body += &link(&page.others, if page.of_domains { "Blocked networks" } else { "Blocked mail domains" });
    let token = ("form_token", page.form_token.as_str());
    for block in &page.blocks {
        let words = format!("{} {} {}", block.subject, block.severity.unwrap_or_default(), block.comment);
        let end = [token, ("do", "end"), ("id", block.id.as_str())];
        body += &(paragraph(&words) + &form(&page.action, &end, &button("End this block")));
    }
    if page.blocks.is_empty() {
        body += &paragraph("There are none yet.");
    }
    let fields = &page.fields;
    let inside = match page.of_domains {
        true => field("domain", "Domain", &fields.domain),
        false => {
            field("ip", "Address or network", &fields.ip)
                + &choices("severity", "What is blocked", &fields.severities)
                + &field("expires_in", "For how many seconds it counts, or empty", &fields.expires_in)
                + &field("comment", "Note", &fields.comment)
        }
    };
    body +=
        &(neighbours(&page.neighbours) + &form(&page.action, &[token, ("do", "make")], &(inside + &button("Block"))));
    body + &places(&page.frame)
}

/// A form that leads to a list; `inside` is HTML.
fn search(action: &str, lang: Option<&str>, inside: &str) -> String {
    let lang = lang.map(|lang| format!("<input type=\"hidden\" name=\"lang\" value=\"{}\">\n", escaped(lang)));
    let action = escaped(action);
    format!(
        "<form method=\"get\" action=\"{action}\">\n{}{inside}</form>\n",
        lang.unwrap_or_default() + &button("Show")
    )
}

fn choices(name: &str, words: &str, choices: &[ChoiceOnPage]) -> String {
    let mut options = "<option value=\"\">all</option>".to_owned();
    for choice in choices {
        let selected = if choice.chosen { " selected" } else { "" };
        let _ = write!(options, "<option value=\"{}\"{selected}>{}</option>", choice.name, escaped(choice.words));
    }
    format!("<p><label>{words}<br><select name=\"{name}\">{options}</select></label></p>\n")
}

fn app_row(app: &AppRow<'_>) -> String {
    let more = if app.has_more { " or more" } else { "" };
    let used = app.last_used.as_ref().map_or("never", |used| &used.day);
    let words = format!(
        "{} {}, registered {} {}, tokens {}{more}, people {}{more}, used {used}",
        app.name,
        app.website_host.as_deref().unwrap_or_default(),
        app.since.day,
        app.network.unwrap_or_default(),
        app.live_tokens,
        app.people
    );
    link(&app.link, &words)
}

pub(super) fn apps(page: &AdminAppsPage<'_>) -> String {
    let inside =
        format!("<p><label>Name or website<br><input name=\"q\" value=\"{}\"></label></p>\n", escaped(&page.searched));
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &search(page.action, page.lang.as_deref(), &inside);
    body += &page.apps.iter().map(app_row).collect::<String>();
    if page.apps.is_empty() {
        body += &paragraph("There are none.");
    }
    body + &neighbours(&page.neighbours) + &places(&page.frame)
}

pub(super) fn app(page: &AdminAppPage<'_>) -> String {
    let mut body = app_row(&page.app);
    body += &page.redirect_uris.iter().map(|address| paragraph(address)).collect::<String>();
    body += &paragraph(&page.scopes.join(" "));
    body += &page.remove.as_deref().map(|place| link(place, "Remove the app")).unwrap_or_default();
    body + &link(&page.back, "Apps") + &places(&page.frame)
}

fn mail_words(mail: &MailRow<'_>) -> String {
    let reply = mail.reply.unwrap_or_default();
    format!("{}, {}: {} to {}, {} {reply}", mail.made.day, mail.clock, mail.what, mail.address, mail.state_words)
}

pub(super) fn mails(page: &AdminMailsPage<'_>) -> String {
    let mut body = alert(page.error.as_deref());
    if page.reaches_nobody {
        body += &alert(Some("Mail is not configured and reaches nobody."));
    }
    if let (Some(action), Some(_)) = (&page.test_action, page.test_to) {
        body += &form(action, &[("form_token", page.form_token.as_str())], &button("Send a test mail to me"));
    }
    body += &search(page.action, page.lang.as_deref(), &choices("state", "State", &page.states));
    body += &page.mails.iter().map(|mail| link(&mail.link, &mail_words(mail))).collect::<String>();
    if page.mails.is_empty() {
        body += &paragraph("There are none.");
    }
    body + &neighbours(&page.neighbours) + &places(&page.frame)
}

pub(super) fn mail(page: &AdminMailPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    body += &paragraph(&mail_words(&page.mail));
    for (name, moment) in [("Tried next", &page.next), ("Ended", &page.ended)] {
        body +=
            &moment.as_ref().map(|(at, clock)| paragraph(&format!("{name}: {}, {clock}", at.day))).unwrap_or_default();
    }
    body += &page.account.as_deref().map(|place| link(place, "The account")).unwrap_or_default();
    if let Some(action) = &page.retry {
        body += &form(action, &[("form_token", page.form_token.as_str())], &button("Try again now"));
    }
    body += &page.cancel.as_deref().map(|place| link(place, "Do not send this mail")).unwrap_or_default();
    body + &link(&page.back, "Mail") + &places(&page.frame)
}

fn named(subject: &SubjectOnPage) -> &str {
    subject.words.unwrap_or(&subject.name)
}

fn event(event: &EventRow) -> String {
    let refused = if event.refused { " (refused)" } else { "" };
    let mut words = format!("{}, {}: {}{refused}, by {}", event.at.day, event.clock, event.what, named(&event.by));
    let beside = [("", &event.target), ("with ", &event.app)];
    for (word, subject) in beside.into_iter().filter_map(|(word, subject)| Some((word, subject.as_ref()?))) {
        let _ = write!(words, ", {word}{}", named(subject));
    }
    for text in event.network.iter().chain(&event.device) {
        let _ = write!(words, ", {text}");
    }
    for (name, value) in &event.details {
        let _ = write!(words, ", {name} {value}");
    }
    paragraph(&words)
}

pub(super) fn events(page: &AdminEventsPage<'_>) -> String {
    let fields = &page.fields;
    let inside = choices("event", "What", &page.kinds)
        + &choices("outcome", "How it ended", &page.outcomes)
        + &field("actor", "Who did it", &fields.actor)
        + &field("target", "To whom or what", &fields.target)
        + &field("network", "From which network", &fields.network)
        + &field("since", "From this day on", &fields.since)
        + &field("until", "Until this day", &fields.until);
    let mut body = search(page.action, page.lang.as_deref(), &inside);
    body += &page.export.as_deref().map(|place| link(place, "Export the events")).unwrap_or_default();
    body += &page.events.iter().map(event).collect::<String>();
    if page.events.is_empty() {
        body += &paragraph("There are none.");
    }
    body + &neighbours(&page.neighbours) + &places(&page.frame)
}
