//! The plain pages where a person answers for a program.

use super::html::{alert, app, button, escaped, form, link, paragraph, permissions};
use crate::host::pages::{DevicePage, DeviceRequestOnPage, ProgramSignInPage};

pub(super) fn device(page: &DevicePage<'_>) -> String {
    let body = alert(page.error) + &paragraph(&format!("@{}", page.account.username));
    let rest = page.asked.as_ref().map_or_else(|| entry(page), |asked| decision(page, asked));
    body + &rest + &link(&page.switch_account, "Not you?")
}

fn entry(page: &DevicePage<'_>) -> String {
    let field = format!(
        "<p><label>The code that your device shows<br><input type=\"text\" name=\"user_code\" value=\"{}\" maxlength=\"64\" \
         autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" required></label></p>\n",
        escaped(page.user_code)
    );
    form(page.action, &[("form_token", page.form_token.as_str())], &(field + &button("Continue")))
}

fn decision(page: &DevicePage<'_>, asked: &DeviceRequestOnPage<'_>) -> String {
    let mut body = format!("<p><code>{}</code></p>\n", escaped(page.user_code));
    body += &asked.app.as_ref().map(app).unwrap_or_default();
    let at = format!("{} {} UTC", asked.at.day, asked.clock);
    let facts = [asked.program, asked.network, Some(at.as_str())];
    body += &paragraph(&facts.into_iter().flatten().collect::<Vec<_>>().join(", "));
    if !asked.places.is_empty() {
        body += &paragraph(&format!("The app registered: {}", asked.places.join(", ")));
    }
    if asked.is_public {
        body += &paragraph("Any program can say that it is this app.");
    }
    body += &paragraph(&format!("It asks for access to the account @{}:", page.account.username));
    body += &permissions(&asked.permissions);
    for one in &asked.links {
        body += &link(one.address, one.label);
    }
    body += &alert(Some("Only go on if you started this yourself, just now."));
    let answer = |answer| [("form_token", page.form_token.as_str()), ("user_code", page.user_code), ("answer", answer)];
    body += &form(page.answer_action, &answer("allow"), &button("Allow"));
    body + &form(page.answer_action, &answer("deny"), &button("Deny"))
}

pub(super) fn program_sign_in(page: &ProgramSignInPage<'_>) -> String {
    let mut body = paragraph(&format!("A program on this device asks to sign in as @{}.", page.account.username));
    body += &alert(Some("Go on only if you started it yourself, just now."));
    let answer = |answer| [("form_token", page.form_token.as_str()), ("flow_id", page.flow_id), ("answer", answer)];
    body += &form(page.action, &answer("allow"), &button("Allow"));
    body + &form(page.action, &answer("deny"), &button("Deny"))
}
