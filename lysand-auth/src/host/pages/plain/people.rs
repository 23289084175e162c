//! Plain pages of a sign-up.

use super::html::{alert, button, escaped, form, link, paragraph};
use crate::host::pages::{
    ActivityPage, AddressPage, ConfirmAddressPage, ConfirmIdentityPage, EmailPage, FieldOnPage, ForgotPage,
    InvitationsPage, MessagePage, PasswordPage, ProfilePage, ResetPage, SignUpPage, WaitingPage,
};

/// A field with its label and what is wrong with it.
pub(super) fn field(label: &str, name: &str, kind: &str, field: &FieldOnPage) -> String {
    if !field.asked {
        return String::new();
    }
    let required = if field.required { " required" } else { "" };
    let value = escaped(&field.value);
    let input = match kind {
        "textarea" => format!("<textarea name=\"{name}\" rows=\"4\"{required}>{value}</textarea>"),
        "checkbox" => format!("<input type=\"checkbox\" name=\"{name}\" value=\"1\"{required}>"),
        _ => format!("<input type=\"{kind}\" name=\"{name}\" value=\"{value}\"{required}>"),
    };
    let error = field
        .error
        .as_deref()
        .map_or_else(String::new, |error| format!("<br><strong role=\"alert\">{}</strong>", escaped(error)));
    format!("<p><label>{}<br>{input}</label>{error}</p>\n", escaped(label))
}

pub(super) fn sign_up(page: &SignUpPage<'_>) -> String {
    let mut body = String::new();
    if let Some(current) = &page.current {
        body += &link(&page.go_on, &format!("Go on as @{}", current.username));
    }
    if let Some(closed) = &page.closed {
        return body + &paragraph(closed) + &link(&page.sign_in, "Sign in");
    }
    if page.needs_invitation {
        body += &paragraph("You need an invitation to join this server.");
    }
    for rule in page.rules {
        body += &paragraph(rule);
    }
    if !page.tos_url.is_empty() {
        body += &link(page.tos_url, "Terms of service");
    }
    let fields = &page.fields;
    let inside = [
        field("Invitation", "invite_code", "text", &fields.invite_code),
        field("Username", "username", "text", &fields.username),
        field("E-mail address", "email", "email", &fields.email),
        field("Password", "password", "password", &fields.password),
        field("Why do you want to join?", "reason", "textarea", &fields.reason),
        field("Day of birth", "date_of_birth", "date", &fields.date_of_birth),
        field("I agree to the rules", "agreement", "checkbox", &fields.agreement),
        field("Please leave this field empty.", "homepage", "text", &fields.homepage),
        button("Sign up"),
    ];
    let mut hidden = vec![("form_token", page.form_token.as_str())];
    if let Some(provider) = &page.provider {
        body += &paragraph(&format!("{} says who you are. Choose a name here.", provider.name));
        hidden.push(("flow_id", provider.flow_id));
    }
    body += &form(&page.action, &hidden, &inside.concat());
    body + &link(&page.sign_in, "Sign in")
}

pub(super) fn waiting(page: &WaitingPage<'_>) -> String {
    let token = [("form_token", page.form_token.as_str())];
    let act = |what: &str, inside: &str| form(&format!("{}/{what}", page.base), &token, inside);
    let mut body = page.notice.map(paragraph).unwrap_or_default();
    body += &match page.state {
        "unconfirmed" => {
            let code = "<p><label>Code<br><input name=\"code\" inputmode=\"numeric\" autocomplete=\"one-time-code\"></label></p>\n";
            let other = format!(
                "<p><label>Another address<br><input type=\"email\" name=\"email\" value=\"{}\"></label></p>\n",
                escaped(&page.other_email)
            );
            [
                paragraph(&format!("@{}: a mail with a link is on its way to {}.", page.username, page.email)),
                alert(page.code_error.as_deref()),
                act("confirm", &(code.to_owned() + &button("Confirm"))),
                act("resend", &button("Send it again")),
                alert(page.email_error.as_deref()),
                act("email", &(other + &button("Use another address"))),
            ]
            .concat()
        }
        "pending" => paragraph("Your request waits for the people who run this server."),
        "ready" => paragraph("Your account is ready."),
        "rejected" => paragraph("Your request was declined.") + &paragraph(page.message),
        _ => paragraph("This took too long, and the account is gone."),
    };
    if !matches!(page.state, "rejected" | "expired") {
        body += &act("continue", &button("Go on"));
        body += &act("withdraw", &button("This was a mistake: remove my sign-up"));
    }
    body + &link(&page.sign_in, "Sign in")
}

pub(super) fn confirm_address(page: &ConfirmAddressPage<'_>) -> String {
    let hidden = |what| [("form_token", page.form_token.as_str()), ("token", page.token), ("do", what)];
    let day = page.signed_up.as_ref().map_or_else(String::new, |moment| format!(" on {}", moment.day));
    let passkey = match page.has_passkey {
        true => paragraph("A passkey signs in to this account already. Confirm only if you made it."),
        false => String::new(),
    };
    alert(page.error)
        + &paragraph(&format!("Somebody signed up as @{} with the address {}{day}.", page.username, page.email))
        + &passkey
        + &form(page.action, &hidden("confirm"), &button("Confirm"))
        + &form(page.action, &hidden("disown"), &button("This was not me"))
}

pub(super) fn message(page: &MessagePage<'_>) -> String {
    let mut body = paragraph(page.message);
    if let Some(action) = page.action {
        body += &form(action, page.fields, &button(page.button));
    }
    body + &page.link.map_or_else(String::new, |address| {
        link(address, &page.link_text.replace("{}", page.link_app.unwrap_or_default()))
    })
}

pub(super) fn forgot(page: &ForgotPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default();
    if !page.action.is_empty() {
        let inside =
            field("Username or e-mail address", "identifier", "text", &page.identifier) + &button("Send a link");
        body += &form(&page.action, &[("form_token", page.form_token.as_str())], &inside);
    }
    body + &link(&page.sign_in, "Sign in")
}

pub(super) fn reset(page: &ResetPage<'_>) -> String {
    let mut body = alert(page.error);
    if page.demanded {
        body += &paragraph("The people who run this server ask for a new password.");
    }
    body += &paragraph(&format!("For @{}.", page.username));
    let inside = field("New password", "password", "password", &page.password) + &button("Set the password");
    body + &form(page.action, &[("form_token", page.form_token.as_str()), ("token", page.token)], &inside)
}

pub(super) fn password(page: &PasswordPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error);
    let token = ("form_token", page.form_token.as_str());
    if page.exists || page.fresh {
        let apps = "<p><label><input type=\"checkbox\" name=\"sign_out_apps\" value=\"1\" checked> \
                    Also sign out my apps</label></p>\n";
        let inside = [
            field("Current password", "current_password", "password", &page.current_password),
            field("New password", "password", "password", &page.password),
            if page.offers_apps { apps.to_owned() } else { String::new() },
            button("Set the password"),
        ];
        body += &form(page.action, &[token], &inside.concat());
    }
    if !page.exists {
        body += &form(page.action, &[token, ("do", "link")], &button("Send me a link"));
    }
    body + &link(&page.account, "Your account")
}

pub(super) fn confirm_identity(page: &ConfirmIdentityPage<'_>) -> String {
    let mut body = alert(page.error) + &paragraph(&format!("@{}", page.username));
    if page.current_password.asked {
        let inside = field("Password", "current_password", "password", &page.current_password)
            + &field("Code of your authenticator app, or a recovery code", "otp", "text", &page.otp)
            + &button("Confirm");
        body += &form(page.action, &[("form_token", page.form_token.as_str()), ("then", page.then)], &inside);
    }
    body + &link(&page.sign_in, "Sign in once more") + &link(&page.account, "Your account")
}

pub(super) fn activity(page: &ActivityPage<'_>) -> String {
    let mut body = paragraph(&format!("@{}", page.username));
    for done in &page.activity {
        let times = if done.count > 1 { format!(" ({})", done.count) } else { String::new() };
        let what = format!("{}{times}, {} {} UTC", done.what, done.at.day, done.clock);
        let device = [done.browser.as_deref(), done.system.as_deref()];
        let details = [done.app.as_deref(), done.network.as_deref(), device[0], device[1], done.by];
        body += &paragraph(&details.into_iter().flatten().fold(what, |line, detail| line + ", " + detail));
    }
    if let Some(password) = &page.password {
        body += &link(password, "Choose another password");
    }
    body + &link(&page.account, "Your account")
}

const GIVE_UP: &str = "<p><label><input type=\"checkbox\" name=\"give_up_old\" value=\"1\"> My old address is no longer mine</label></p>\n";

pub(super) fn email(page: &EmailPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    body += &paragraph(&format!("@{}: {}", page.username, page.email.unwrap_or("no address")));
    let token = ("form_token", page.form_token.as_str());
    if let Some(pending) = page.pending {
        body += &paragraph(&format!("{pending} waits to be confirmed."));
        let inside = field("Code", "code", "text", &page.code) + &button("Confirm");
        body += &form(page.action, &[token, ("do", "code")], &inside);
        body += &form(page.action, &[token, ("do", "resend")], &button("Send it again"));
        body += &form(page.action, &[token, ("do", "cancel")], &button("Keep the address"));
    }
    if let Some(confirm) = &page.confirm {
        body += &link(confirm, "Confirm that it is you");
    } else {
        let inside = [
            field("New address", "email", "email", &page.new_email),
            field("Current password", "current_password", "password", &page.current_password),
            if page.may_give_up_old { GIVE_UP.to_owned() } else { String::new() },
            button("Change the address"),
        ];
        body += &form(page.action, &[token, ("do", "ask")], &inside.concat());
    }
    body + &link(&page.account, "Your account")
}

pub(super) fn address(page: &AddressPage<'_>) -> String {
    let token = [("form_token", page.form_token.as_str()), ("token", page.token)];
    let old = page.old.unwrap_or("none");
    let (words, button_text) = match page.asks {
        "stop" => ("Somebody asked to change the address of", "Stop this"),
        "undo" => ("This undoes the change of the address of", "Undo the change"),
        _ => ("This confirms the new address of", "Confirm"),
    };
    paragraph(&format!("{words} @{}, from {old} to {}, on {}.", page.username, page.new, page.day.day))
        + &form(page.action, &token, &button(button_text))
}

pub(super) fn profile(page: &ProfilePage<'_>) -> String {
    let mut inside = field("Display name", "display_name", "text", &page.display_name);
    if page.asks_language {
        let option = |tag: &str, name: &str, is_chosen: bool| {
            let selected = if is_chosen { " selected" } else { "" };
            format!("<option value=\"{}\"{selected}>{}</option>\n", escaped(tag), escaped(name))
        };
        let languages = page.languages.iter().map(|one| option(&one.tag, &one.name, one.chosen)).collect::<String>();
        let choices = option("", "As the browser says", false) + &languages;
        inside += &format!("<p><label>Language<br><select name=\"locale\">\n{choices}</select></label></p>\n");
    }
    let body = page.notice.map(paragraph).unwrap_or_default()
        + &alert(page.error)
        + &alert(page.language_error.as_deref())
        + &paragraph(&format!("@{}", page.username));
    body + &form(page.action, &[("form_token", page.form_token.as_str())], &(inside + &button("Save")))
        + &link(&page.account, "Your account")
}

pub(super) fn invitations(page: &InvitationsPage<'_>) -> String {
    let token = ("form_token", page.form_token.as_str());
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    for made in &page.invitations {
        let most = made.max_uses.map_or_else(String::new, |most| format!("/{most}"));
        let place = made.link.as_deref().or(made.email).unwrap_or_default();
        body += &paragraph(&format!("{place} ({}, {}{most})", made.state, made.uses));
        if made.state == "usable" {
            body += &form(page.action, &[token, ("do", "end"), ("id", made.id)], &button("End"));
        }
    }
    if page.may_make {
        let inside = [
            field("How often it can be used", "max_uses", "number", &page.fields.max_uses),
            field("For how many seconds", "expires_in", "number", &page.fields.expires_in),
            field("Note", "comment", "text", &page.fields.comment),
            field("For this e-mail address alone", "email", "email", &page.fields.email),
            button("Make an invitation"),
        ];
        body += &form(page.action, &[token, ("do", "make")], &inside.concat());
    }
    body + &link(&page.account, "Your account")
}
