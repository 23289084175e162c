//! The settings that staff can change while the server runs (people PPL-154).

use lysand_auth::flows::settings::{Setting, SettingKind, SettingWords};
use serde_json::Value as Json;
use toml::Value as Toml;

use super::reader::Entry;

/// Which can be changed, in the order of the page. Files of the machine are not among them: who may change those has a shell there.
const LIVE: &[(&str, SettingKind, SettingWords)] = &[
    ("instance.title", SettingKind::Line, about("Name of this server", "")),
    ("instance.description", SettingKind::Text, about("What this server is about", "")),
    ("instance.contact_email", SettingKind::Line, about("E-mail address for questions", "")),
    (
        "signups.registration",
        SettingKind::Switch,
        joining("Everybody may sign up", "Without it, an invitation is needed."),
    ),
    ("signups.approval", SettingKind::Switch, joining("Staff approves each request to join", "")),
    ("signups.invitations", SettingKind::Choice(INVITATIONS), joining("Who may invite others", "")),
    ("signups.reason_required", SettingKind::Switch, joining("People must say why they want to join", "")),
    ("signups.minimum_age", SettingKind::Number, joining("Minimum age", "0 asks nobody.")),
    ("signups.message", SettingKind::Text, joining("What is said while sign-up is closed", "")),
    ("signups.rules", SettingKind::List, joining("Rules of this server", EACH_LINE)),
    ("signups.tos_url", SettingKind::Line, joining("Address of the terms of service", "")),
    (
        "signups.email_domains_blocked",
        SettingKind::List,
        joining("Mail domains that nobody may sign up with", EACH_LINE),
    ),
    (
        "signups.email_domains_allowed",
        SettingKind::List,
        joining("The only mail domains that people may sign up with", EACH_LINE),
    ),
    ("smtp.enabled", SettingKind::Switch, mail("Send mail by a mail server", "Without it, mail is written to files.")),
    ("smtp.server", SettingKind::Line, mail("Mail server", "Its name alone, such as smtp.example.")),
    ("smtp.port", SettingKind::Number, mail("Port", "465, 587 or 25.")),
    ("smtp.tls", SettingKind::Choice(ENCRYPTIONS), mail("Encryption", "")),
    ("smtp.username", SettingKind::Line, mail("User name at the mail server", "")),
    ("smtp.password", SettingKind::Secret, mail("Password at the mail server", "")),
    ("smtp.from", SettingKind::Line, mail("Sender", "Such as My server <noreply@social.example>.")),
    ("smtp.reply_to", SettingKind::Line, mail("Address for answers", "")),
    ("smtp.timeout", SettingKind::Line, mail("How long sending one mail may take", TIME)),
    ("smtp.max_connections", SettingKind::Number, mail("Connections to the mail server at the same time", "")),
    ("smtp.retry_for", SettingKind::Line, mail("How long a mail is tried again", TIME)),
    ("smtp.keep_files", SettingKind::Line, mail("How long files of mails are kept", TIME)),
];

const INVITATIONS: &[(&str, &str)] = &[("off", "nobody"), ("admins", "staff"), ("people", "everybody")];
const ENCRYPTIONS: &[(&str, &str)] = &[
    ("true", "the one that the port asks for"),
    ("implicit", "TLS from the first byte"),
    ("starttls", "STARTTLS"),
    ("false", "none, to a server on this machine"),
];
const EACH_LINE: &str = "One on each line.";
const TIME: &str = "Such as 20s, 5m or 3d.";

const fn about(label: &'static str, hint: &'static str) -> SettingWords {
    SettingWords { section: "This server", label, hint }
}

const fn joining(label: &'static str, hint: &'static str) -> SettingWords {
    SettingWords { section: "Joining", label, hint }
}

const fn mail(label: &'static str, hint: &'static str) -> SettingWords {
    SettingWords { section: "Mail", label, hint }
}

/// All texts of this file, for those who translate them.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    let words = LIVE.iter().flat_map(|(_, _, words)| [words.section, words.label, words.hint]);
    let choices = INVITATIONS.iter().chain(ENCRYPTIONS).map(|(_, meaning)| *meaning);
    let mut texts: Vec<_> = words.chain(choices).filter(|text| !text.is_empty()).collect();
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// The name of a setting that can be changed, as the table has it.
pub(crate) fn known(name: &str) -> Option<&'static str> {
    LIVE.iter().map(|(known, ..)| *known).find(|known| *known == name)
}

/// What staff stored as the reader takes it. A name that is no setting which can be changed, or that an older version knew, counts
/// for nothing.
pub(super) fn stored(stored: impl IntoIterator<Item = (String, Json)>) -> impl Iterator<Item = (String, Toml)> {
    let known = stored.into_iter().filter(|(name, _)| known(name).is_some());
    known.filter_map(|(name, value)| Some((name, toml(value)?)))
}

/// What can be changed, as it is.
pub(super) fn settings(entries: &[Entry]) -> Vec<Setting> {
    let setting = |(name, kind, words): &(&'static str, SettingKind, SettingWords)| {
        let entry = entries.iter().find(|entry| entry.key == *name)?;
        Some(Setting::new(name, *words, *kind, shown(entries, entry, *kind), entry.source))
    };
    LIVE.iter().filter_map(setting).collect()
}

fn shown(entries: &[Entry], entry: &Entry, kind: SettingKind) -> Json {
    match (&entry.shown, kind) {
        // Given by a file, it is not shown even masked.
        (shown, SettingKind::Secret) => {
            let by_file = entries.iter().find(|other| other.key == format!("{}_file", entry.key));
            let is_by_file = by_file.is_some_and(|other| other.shown.is_some());
            Json::Bool(is_by_file || shown.as_ref().is_some_and(|value| value.as_str() != Some("")))
        }
        (Some(Toml::Boolean(yes)), SettingKind::Choice(_)) => Json::String(yes.to_string()),
        (Some(value), _) => json(value),
        (None, _) => Json::Null,
    }
}

fn toml(value: Json) -> Option<Toml> {
    Some(match value {
        Json::String(text) => Toml::String(text),
        Json::Bool(yes) => Toml::Boolean(yes),
        Json::Number(number) => Toml::Integer(number.as_i64()?),
        Json::Array(items) => Toml::Array(items.into_iter().filter_map(toml).collect()),
        Json::Null | Json::Object(_) => return None,
    })
}

fn json(value: &Toml) -> Json {
    match value {
        Toml::String(text) => Json::String(text.clone()),
        Toml::Boolean(yes) => Json::Bool(*yes),
        Toml::Integer(number) => Json::from(*number),
        Toml::Array(items) => Json::Array(items.iter().map(json).collect()),
        other => Json::String(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use lysand_auth::flows::settings::SettingSource;
    use serde_json::json;

    use super::*;
    use crate::settings::Settings;

    fn stored(entries: &[(&str, Json)]) -> Vec<(String, Json)> {
        entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn setting(settings: &Settings, name: &str) -> (Json, SettingSource) {
        let found = settings.live().into_iter().find(|setting| setting.name == name).expect(name);
        (found.value, found.source)
    }

    #[test]
    fn stored_settings_stand_above_the_file_and_below_the_environment() {
        let file = "[instance]\ntitle = \"File\"\ndescription = \"File\"\ncontact_email = \"a@b.example\"\n";
        let environment = [("LYSAND_AUTH__INSTANCE__TITLE".to_owned(), "Environment".to_owned())];
        let settings = Settings::parse(file, environment).unwrap();
        let stored = stored(&[
            ("instance.title", json!("Stored")),
            ("instance.description", json!("Stored")),
            ("signups.minimum_age", json!(16)),
            ("signups.rules", json!(["Be kind.", "No spam."])),
            ("http.bind_port", json!(1)),
            ("signups.is_of_an_older_version", json!(true)),
        ]);
        let settings = settings.with_stored(stored).unwrap();
        assert_eq!(setting(&settings, "instance.title"), (json!("Environment"), SettingSource::Environment));
        assert_eq!(setting(&settings, "instance.description"), (json!("Stored"), SettingSource::Database));
        assert_eq!(setting(&settings, "instance.contact_email"), (json!("a@b.example"), SettingSource::File));
        assert_eq!(setting(&settings, "signups.message"), (json!(""), SettingSource::Default));
        assert_eq!(settings.signups.rules, ["Be kind.", "No spam."]);
        assert_eq!((settings.signups.minimum_age, settings.http.bind_port), (16, 8080));
        assert!(settings.to_toml().contains("description = \"Stored\" # database"), "{}", settings.to_toml());
        // Read anew, they do not pile up.
        let settings = settings.with_stored([]).unwrap();
        assert_eq!(setting(&settings, "instance.description"), (json!("File"), SettingSource::File));
    }

    #[test]
    fn stored_settings_are_refused_by_the_rules_and_words_of_the_file() {
        let settings = Settings::parse("", []).unwrap();
        let wrong = settings.with_stored(stored(&[("smtp.enabled", json!(true)), ("instance.title", json!(" "))]));
        let told = wrong.unwrap_err().to_string();
        assert!(told.contains("smtp.server") && told.contains("instance.title"), "{told}");
    }

    #[test]
    fn stored_password_is_never_shown() {
        let settings = Settings::parse("[smtp]\npassword = \"old\"\nusername = \"u\"\n", []).unwrap();
        let settings = settings.with_stored(stored(&[("smtp.password", json!("hunter2"))])).unwrap();
        assert_eq!(setting(&settings, "smtp.password"), (json!(true), SettingSource::Database));
        assert!(!settings.to_toml().contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn every_live_setting_is_one_of_the_configuration() {
        let settings = Settings::parse("", []).unwrap();
        let known: Vec<_> = settings.live().iter().map(|setting| setting.name).collect();
        assert_eq!(known, LIVE.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
    }
}
