//! Plain pages of second factors.

use super::html::{alert, button, escaped, form, link, paragraph};
use super::people::field;
use crate::host::pages::{
    EmailCodePage, EnrolPage, FactorOnPage, FactorPage, FieldOnPage, HostFactorOnPage, OtherWay, PasskeyPage,
    RecoveryCodesPage, ReviewPage, SecurityPage, SignUpPasskeyPage, TotpPage, WaitingSignIn, WayBackNotice,
    WayBackPage,
};

fn way(other: &OtherWay) -> &str {
    if let Some(name) = &other.name {
        return name;
    }
    match other.method {
        "passkey" => "Use a passkey",
        "totp" => "Use an authenticator app",
        "password" => "Use your password",
        "email" => "Use a code by mail",
        _ => "Use a recovery code",
    }
}

pub(super) fn factor(page: &FactorPage<'_>) -> String {
    let lost = page.way_back.as_ref().map(|address| link(address, "I have none of these"));
    step(page) + &lost.unwrap_or_default()
}

fn step(page: &FactorPage<'_>) -> String {
    let mut body = alert(page.error) + &paragraph(&format!("@{}", page.account.username));
    if let Some(app) = &page.app {
        body += &paragraph(&format!("to go on to {}", app.name));
    }
    let hidden = [("form_token", page.form_token.as_str()), ("pending", page.pending)];
    if page.method == "passkey" {
        // A passkey needs a script, and these pages have none.
        for other in &page.others {
            body += &link(&other.address, way(other));
        }
        return body + &form(&page.cancel_action, &hidden, &button("Cancel"));
    }
    if let Some(host) = &page.host {
        return body + &host_factor(page, host, &hidden);
    }
    if page.method == "password" {
        let inside = "<p><label>Password<br><input name=\"password\" type=\"password\" autocomplete=\"current-password\" required></label></p>\n";
        body += &form(&page.action, &hidden, &(inside.to_owned() + &button("Sign in")));
        for other in &page.others {
            body += &link(&other.address, way(other));
        }
        return body + &form(&page.cancel_action, &hidden, &button("Cancel"));
    }
    let label = match page.method {
        "totp" => "Code of your authenticator app",
        "email" => "Code from the mail",
        "recovery" => "Recovery code",
        _ => return body + &paragraph("This account can give no second proof here."),
    };
    if page.method == "email" {
        let words = if page.sent { "Send another code" } else { "Send a code" };
        body += &paragraph(&page.masked_email);
        body += &form(&page.request_action, &hidden, &button(words));
    }
    let keyboard = if page.method == "recovery" { "text" } else { "numeric" };
    let inside = format!(
        "<p><label>{label}<br><input name=\"code\" inputmode=\"{keyboard}\" autocomplete=\"one-time-code\" required></label></p>\n"
    );
    let remember = match page.may_be_trusted {
        true => {
            "<p><label><input type=\"checkbox\" name=\"remember\" value=\"1\"> Do not ask again in this browser</label></p>\n"
        }
        false => "",
    };
    body += &form(&page.action, &hidden, &(inside + remember + &button("Sign in")));
    for other in &page.others {
        body += &link(&other.address, way(other));
    }
    body + &form(&page.cancel_action, &hidden, &button("Cancel"))
}

fn host_factor(page: &FactorPage<'_>, host: &HostFactorOnPage, hidden: &[(&str, &str)]) -> String {
    let mut body = paragraph(&host.name) + &paragraph(&host.description);
    body += &host.text.as_deref().map(paragraph).unwrap_or_default();
    if let Some(action) = &host.start_action {
        body += &form(action, hidden, &button(if host.text.is_some() { "Once more" } else { "Go on" }));
    }
    if host.text.is_some() {
        let hidden = [hidden, &[("state", host.state.as_str())]].concat();
        let inside = host.field.as_deref().map(|label| {
            let label = escaped(label);
            format!("<p><label>{label}<br><input name=\"code\" autocomplete=\"one-time-code\" required></label></p>\n")
        });
        body += &form(&page.action, &hidden, &(inside.unwrap_or_default() + &button("Sign in")));
    }
    for other in &page.others {
        body += &link(&other.address, way(other));
    }
    body + &form(&page.cancel_action, hidden, &button("Cancel"))
}

pub(super) fn email_code(page: &EmailCodePage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error);
    let token = ("form_token", page.form_token.as_str());
    match page.pending {
        None => {
            let inside =
                field("Username or e-mail", "identifier", "text", &page.identifier) + &button("Send me a code");
            body += &form(&page.action, &[token], &inside);
        }
        Some(pending) => {
            let code = FieldOnPage { asked: true, required: true, value: String::new(), error: None };
            let inside = field("Code from the mail", "code", "text", &code) + &button("Sign in");
            body += &form(&page.action, &[token, ("pending", pending)], &inside);
            body += &link(&page.again, "Ask for another code");
        }
    }
    body + &link(&page.sign_in, "Go to the sign-in page")
}

pub(super) fn enrol(page: &EnrolPage<'_>) -> String {
    let hidden = [("form_token", page.form_token.as_str()), ("pending", page.pending)];
    let mut body = alert(page.error) + &paragraph(&format!("@{}", page.account.username));
    body += &paragraph("This server asks your account for a second factor.");
    // A passkey needs a script, and these pages have none.
    for (action, words) in
        [(&page.two_step_action, "Turn two-step sign-in on"), (&page.totp_action, "Add an authenticator app")]
    {
        if let Some(action) = action {
            body += &form(action, &hidden, &button(words));
        }
    }
    if page.later_until.is_some() {
        body += &form(&page.later_action, &hidden, &button("Later"));
    }
    body + &form(&page.cancel_action, &hidden, &button("Cancel"))
}

pub(super) fn review(page: &ReviewPage<'_>) -> String {
    let mut body = alert(page.error) + &paragraph(&format!("@{}", page.account.username));
    body += &paragraph("Your password was reset by mail. These sign in to your account, too.");
    let mut inside = String::new();
    for way in &page.ways {
        let kind = match way.kind {
            "passkey" => "Passkey",
            "totp" => "Authenticator app",
            _ => "Provider",
        };
        let (id, name) = (escaped(way.id), escaped(way.name));
        inside += &format!(
            "<p>{kind} <b>{name}</b>, since {}<br><label><input type=\"checkbox\" name=\"remove\" value=\"{id}\"> Remove {name}</label></p>\n",
            escaped(&way.made.day)
        );
    }
    let hidden = [("form_token", page.form_token.as_str()), ("pending", page.pending)];
    body += &form(&page.action, &hidden, &(inside + &button("Go on")));
    body + &form(&page.cancel_action, &hidden, &button("Cancel"))
}

/// What stands at the top of every page.
pub(super) fn way_back_notice(notice: &WayBackNotice) -> String {
    let words = format!("Somebody asked to remove your second factors. From {} on they can be.", notice.ripe.day);
    alert(Some(&words)) + &link(&notice.security, "Stop it")
}

pub(super) fn way_back(page: &WayBackPage<'_>) -> String {
    let mut body = alert(page.error) + &paragraph(&format!("@{}", page.username));
    let hidden: Vec<(&str, &str)> =
        [("form_token", page.form_token.as_str())].into_iter().chain(page.pending.map(|id| ("pending", id))).collect();
    if let Some(request) = &page.request {
        let days = format!(
            "Asked on {}. They can be removed from {} on, until {}.",
            request.asked.day, request.ripe.day, request.until.day
        );
        body += &paragraph(&days);
    }
    body += &match page.stage {
        "ask" => {
            paragraph(&format!(
                "Your second factors can be removed after {} days. A code goes to {}.",
                page.days, page.masked_email
            )) + &form(&page.request_action, &hidden, &button("Send a code"))
        }
        "code" => {
            let code = FieldOnPage { asked: true, required: true, value: String::new(), error: None };
            form(&page.action, &hidden, &(field("Code from the mail", "code", "text", &code) + &button("Go on")))
                + &form(&page.request_action, &hidden, &button("Send another code"))
        }
        "claim" => {
            let hidden = [&hidden[..], &[("code", page.code)]].concat();
            form(&page.action, &hidden, &button("Remove my second factors and go on"))
        }
        "stop" => {
            let hidden = [&hidden[..], &[("token", page.token)]].concat();
            form(&page.action, &hidden, &button("Stop it"))
        }
        "stopped" => paragraph("Your second factors stay. Somebody knows your password: choose a new one."),
        "paused" => paragraph("This was stopped a short while ago, or asked for too often."),
        _ => paragraph("Come back then, and sign in as today."),
    };
    if let Some(forgot) = &page.forgot {
        body += &link(forgot, "Choose a new password");
    }
    body + &link(&page.back, "Back")
}

fn back(security: Option<&String>, token: &str, sign_in: Option<&WaitingSignIn<'_>>) -> String {
    let link_back = security.map(|security| link(security, "Cancel")).unwrap_or_default();
    let Some(sign_in) = sign_in else { return link_back };
    let hidden = [("form_token", token), ("pending", sign_in.pending)];
    link_back + &link(&sign_in.enrol, "Another way") + &form(&sign_in.cancel_action, &hidden, &button("Cancel"))
}

pub(super) fn security(page: &SecurityPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    let token = ("form_token", page.form_token.as_str());
    body += &paragraph(if page.two_step { "Two-step sign-in is on." } else { "Two-step sign-in is off." });
    if let Some(request) = &page.way_back {
        body += &paragraph(&format!(
            "Somebody asked to remove your second factors. From {} on they can be.",
            request.ripe.day
        ));
        body += &form(&page.way_back_action, &[token], &button("Stop it"));
    }
    if !page.fresh {
        body += &link(&page.confirm, "Confirm that it is you");
    }
    for factor in page.passkeys.iter().map(|passkey| &passkey.factor).chain(&page.apps) {
        body += &one(factor, token, page.fresh);
    }
    if page.fresh {
        if let Some(action) = &page.add_action {
            body += &form(action, &[token], &button("Add an authenticator app"));
        }
        if !page.apps.is_empty() || !page.passkeys.is_empty() {
            let (on, words) = if page.two_step { ("0", "Turn it off") } else { ("1", "Turn it on") };
            body += &form(&page.two_step_action, &[token, ("on", on)], &button(words));
            let (on, words) =
                if page.email { ("0", "Take no codes by mail") } else { ("1", "Take codes by mail, too") };
            body += &form(&page.email_action, &[token, ("on", on)], &button(words));
            let (on, words) = if page.only_passkeys { ("0", "Take codes again") } else { ("1", "Take only passkeys") };
            body += &form(&page.only_passkeys_action, &[token, ("on", on)], &button(words));
            body += &paragraph(&format!("Recovery codes left: {}", page.recovery_left));
            body += &form(&page.recovery_action, &[token], &button("Make new recovery codes"));
        }
    }
    body + &link(&page.account, "Your account")
}

fn one(factor: &FactorOnPage<'_>, token: (&str, &str), fresh: bool) -> String {
    let name = escaped(factor.name);
    let field = format!("<p><label>Name<br><input name=\"name\" value=\"{name}\"></label></p>\n");
    let rename = form(&factor.rename_action, &[token], &(field + &button("Rename")));
    let remove = if fresh { form(&factor.remove_action, &[token], &button("Remove")) } else { String::new() };
    format!("<h2>{name}</h2>\n") + &rename + &remove
}

/// A passkey needs a script, and these pages have none.
pub(super) fn passkey(page: &PasskeyPage<'_>) -> String {
    let back = back(page.security.as_ref(), &page.form_token, page.sign_in.as_ref());
    paragraph("Passkeys cannot be added on this page.") + &back
}

pub(super) fn sign_up_passkey(page: &SignUpPasskeyPage<'_>) -> String {
    paragraph("Passkeys cannot be made on this page.") + &link(&page.back, "Choose a password instead")
}

pub(super) fn totp(page: &TotpPage<'_>) -> String {
    let mut hidden = vec![("form_token", page.form_token.as_str()), ("setup_id", page.setup_id)];
    hidden.extend(page.sign_in.as_ref().map(|sign_in| ("pending", sign_in.pending)));
    let inside = [
        field("Code of the app", "code", "text", &page.code),
        field("Name", "name", "text", &page.name),
        button("Add"),
    ];
    alert(page.error)
        + page.qr_code
        + &link(page.address, "Open in an app on this device")
        + &format!("<p><code>{}</code></p>\n", escaped(&page.groups.join(" ")))
        + &form(&page.action, &hidden, &inside.concat())
        + &back(page.security.as_ref(), &page.form_token, page.sign_in.as_ref())
}

pub(super) fn recovery_codes(page: &RecoveryCodesPage<'_>) -> String {
    let rows: String = page.codes.iter().map(|code| format!("<li><code>{}</code></li>\n", escaped(code))).collect();
    let codes = page.codes.join(" ");
    let next = page.pending.map_or_else(|| page.next.clone(), |pending| format!("{}?pending={pending}", page.next));
    page.notice.map(paragraph).unwrap_or_default()
        + &paragraph("Keep these codes where nobody else finds them. They are not shown again.")
        + &format!("<ul>\n{rows}</ul>\n")
        + &page.download_action.as_ref().map_or_else(String::new, |action| {
            form(action, &[("form_token", &page.form_token), ("codes", &codes)], &button("Download"))
        })
        + &link(&next, "I have kept them")
}
