//! Plain pages of what acts for an account.

use super::html::{alert, button, escaped, form, link, paragraph};
use crate::host::pages::{EndAppsOnPage, EndAppsPage, EndEverythingPage, SessionsPage, SignOutPage};

pub(super) fn sessions(page: &SessionsPage<'_>) -> String {
    let token = ("form_token", page.form_token.as_str());
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error);
    body += &paragraph(&format!("@{}", page.username));
    for one in &page.sessions {
        let details = [one.system.as_deref(), one.network.as_deref()];
        let what = details.into_iter().flatten().fold(one.browser.clone(), |line, detail| line + ", " + detail);
        let here = if one.current { " (this browser)" } else { "" };
        let last = format!("{} {} UTC", one.last_used.day, one.last_used_clock);
        body += &paragraph(&format!("{what}{here}, since {}, last used: {last}", one.since.day));
        let words = if one.current { "Sign out" } else { "End" };
        body += &form(page.action, &[token, ("do", "end"), ("id", &one.id)], &button(words));
    }
    if page.sessions.len() > 1 {
        body += &form(page.action, &[token, ("do", "end_others")], &button("Sign out everywhere else"));
    }
    let used = |moment: &Option<_>| moment.as_ref().map_or_else(|| "never".to_owned(), day);
    for one in &page.apps {
        let what = format!("“{}”, since {}, last used: {}", one.app.name, one.since.day, used(&one.last_used));
        body += &paragraph(&what);
        if one.may_end {
            body += &form(page.action, &[token, ("do", "end_app"), ("id", one.id)], &button("Remove access"));
        }
    }
    for one in &page.tokens {
        let what = format!("Token “{}”, since {}, last used: {}", one.name, one.since.day, used(&one.last_used));
        body += &paragraph(&what);
        body += &form(page.action, &[token, ("do", "end_token"), ("id", &one.id)], &button("End"));
    }
    for one in &page.trusted {
        let used = used(&one.last_used);
        let what = format!(
            "Not asked again in {}, since {}, last used: {used}, until {}",
            one.browser, one.since.day, one.until.day
        );
        body += &paragraph(&what);
        body += &form(page.action, &[token, ("do", "forget_browser"), ("id", &one.id)], &button("Ask again"));
    }
    body + &link(&page.end_everything, "End everything") + &link(&page.account, "Your account")
}

fn day(moment: &crate::host::pages::MomentOnPage) -> String {
    moment.day.clone()
}

pub(super) fn end_everything(page: &EndEverythingPage<'_>) -> String {
    let what = format!(
        "This signs @{} out everywhere, here as well: {} browsers and {} apps.",
        page.username, page.sessions, page.apps
    );
    alert(page.error)
        + &paragraph(&what)
        + &form(page.action, &[("form_token", page.form_token.as_str())], &button("End everything"))
        + &link(&page.cancel, "Back")
}

pub(super) fn end_apps(page: &EndAppsPage<'_>) -> String {
    let mut body = alert(page.error) + &paragraph(&format!("@{}", page.username));
    if page.apps.is_empty() {
        return body + &paragraph("There are none.") + &link(&page.cancel, "Back");
    }
    let names = page.apps.iter().map(|app| format!("<li>{}</li>\n", escaped(app.name)));
    body += &format!("<ul>\n{}</ul>\n", names.collect::<String>());
    let days = page.unused_for.map(|days| days.to_string());
    let mut hidden = vec![("form_token", page.form_token.as_str())];
    hidden.extend(days.as_deref().map(|days| ("unused_for", days)));
    body + &form(page.action, &hidden, &button("Remove their access")) + &link(&page.cancel, "Back")
}

pub(super) fn sign_out(page: &SignOutPage<'_>) -> String {
    let mut body = alert(page.error) + &alert(page.broken.then_some(crate::texts::LOGOUT_BROKEN));
    body += &paragraph(&format!("@{}", page.account.username));
    body += &page.app.as_ref().map(|app| paragraph(&format!("“{}”", app.name))).unwrap_or_default();
    let mut hidden = vec![("form_token", page.form_token.as_str())];
    hidden.extend(page.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    body + &form(page.action, &hidden, &button("Sign out")) + &link(&page.cancel, "Back")
}

/// What leads to those pages from the page of authorized apps.
pub(super) fn ways_to_end_apps(end: &EndAppsOnPage) -> String {
    let lang = end.lang.as_deref().map_or_else(String::new, |lang| {
        format!("<input type=\"hidden\" name=\"lang\" value=\"{}\">\n", escaped(lang))
    });
    let days = [30, 90, 180, 365].map(|days| format!("<option value=\"{days}\">{days}</option>\n"));
    format!(
        "<form method=\"get\" action=\"{}\">\n{lang}<p><label>Apps that nobody used for so many days<br><select \
         name=\"unused_for\">\n{}</select></label></p>\n{}</form>\n",
        escaped(&end.unused),
        days.concat(),
        button("Show them"),
    ) + &link(&end.all, "Remove all apps")
}
