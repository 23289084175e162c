//! The plain page of settings.

use super::admin::places;
use super::html::{alert, button, escaped, form, link, paragraph};
use crate::host::pages::{AdminSettingsPage, SettingOnPage, SettingsSection};

pub(super) fn settings(page: &AdminSettingsPage<'_>) -> String {
    let mut body = page.notice.map(paragraph).unwrap_or_default() + &alert(page.error.as_deref());
    if let Some(sign_in) = &page.sign_in {
        body += &link(sign_in, "Sign in again");
    }
    for section in &page.sections {
        body += &part(page, section);
    }
    body + &places(&page.frame)
}

fn part(page: &AdminSettingsPage<'_>, section: &SettingsSection) -> String {
    let fields: String = section.settings.iter().map(field).collect();
    let heading = format!("<h2>{}</h2>\n", escaped(section.name));
    if !section.can_change || page.sign_in.is_some() {
        return heading + &fields;
    }
    let password = "<p><label>Your own password<br><input name=\"current_password\" type=\"password\" \
                    autocomplete=\"current-password\" required></label></p>\n";
    let password = if page.asks_password { password } else { "" };
    let hidden = [("form_token", &*page.form_token), ("seen", &*page.seen), ("section", section.name)];
    heading + &form(&page.action, &hidden, &(fields + password + &button("Save")))
}

fn field(setting: &SettingOnPage) -> String {
    let (name, value) = (escaped(setting.name), escaped(&setting.value));
    let locked = if setting.source == "environment" { " disabled" } else { "" };
    let input = match setting.kind {
        "switch" => {
            let checked = if setting.is_on { " checked" } else { "" };
            format!("<input type=\"checkbox\" name=\"{name}\"{checked}{locked}>")
        }
        "text" | "list" => format!("<textarea name=\"{name}\"{locked}>{value}</textarea>"),
        "secret" => format!("<input type=\"password\" name=\"{name}\" autocomplete=\"off\"{locked}>"),
        "choice" => {
            let option = |choice: &crate::host::pages::SettingChoice| {
                let chosen = if choice.chosen { " selected" } else { "" };
                format!("<option value=\"{}\"{chosen}>{}</option>", escaped(choice.value), escaped(choice.words))
            };
            let options: String = setting.choices.iter().map(option).collect();
            format!("<select name=\"{name}\"{locked}>{options}</select>")
        }
        _ => format!("<input name=\"{name}\" value=\"{value}\"{locked}>"),
    };
    let clear = format!("<label><input type=\"checkbox\" name=\"clear\" value=\"{name}\"> As configured</label>");
    let clear = if setting.source == "database" { clear.as_str() } else { "" };
    let error = alert(setting.error.as_deref());
    format!("<p><label>{}<br>{input}</label> {clear}</p>\n{error}", escaped(setting.label))
}
