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

/// What is said of a value that cannot be, as the settings themselves say it: the pages translate it.
#[cfg(test)]
const REMEDIES: &[&str] = &[
    "Give the server a name.",
    "Give one e-mail address, such as \"admin@social.example\", or \"\".",
    "Give an age up to 120; 0 asks nobody.",
    "Give at most 1000 characters.",
    "Give an address that begins with https:, or a path on this server.",
    "Give names of hosts, such as [\"example.com\"].",
    "{} is in signups.email_domains_blocked as well: take it out of one of them",
    "Give a whole number from 0 to 65535.",
    "Give a whole number from 0 to 4294967295.",
    "Give a number from 1 to 100.",
    "Give a duration from {} to {}.",
    "Give a duration, such as \"60s\", \"10m\", \"24h\" or \"7d\".",
    "Give a name alone, such as \"smtp.example\"; the port is smtp.port.",
    "Give one address, such as \"My instance <noreply@social.example>\".",
    "Give the name of the mail server, which smtp.enabled = true needs.",
    "Give the port of the mail server: 465, 587 or 25.",
    "Give both smtp.username and smtp.password, or neither.",
    "Mail would travel in the clear: only a server on this machine may be spoken to with smtp.tls = false. Give true.",
];

/// All texts of this file, for those who translate them.
#[cfg(test)]
pub(crate) fn texts() -> Vec<&'static str> {
    let words = LIVE.iter().flat_map(|(_, _, words)| [words.section, words.label, words.hint]);
    let choices = INVITATIONS.iter().chain(ENCRYPTIONS).map(|(_, meaning)| *meaning);
    let mut texts: Vec<_> =
        words.chain(choices).chain(REMEDIES.iter().copied()).filter(|text| !text.is_empty()).collect();
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

    #[test]
    fn what_is_wrong_with_a_setting_has_words_that_pages_translate() {
        let long = "x".repeat(1_001);
        let wrong: &[(&str, Json)] = &[
            ("instance.title", json!(" ")),
            ("instance.contact_email", json!("nowhere")),
            ("signups.minimum_age", json!(121)),
            ("signups.minimum_age", json!("old")),
            ("signups.message", json!(long)),
            ("signups.tos_url", json!("terms")),
            ("signups.email_domains_blocked", json!(["a b"])),
            ("signups.email_domains_allowed", json!(["a b"])),
            ("smtp.server", json!("smtp://a.example")),
            ("smtp.port", json!("many")),
            ("smtp.from", json!("nobody")),
            ("smtp.reply_to", json!("nobody")),
            ("smtp.timeout", json!("an age")),
            ("smtp.timeout", json!("1h")),
            ("smtp.max_connections", json!(0)),
            ("smtp.max_connections", json!("many")),
            ("smtp.retry_for", json!("1s")),
            ("smtp.keep_files", json!("1s")),
        ];
        let together: &[&[(&str, Json)]] = &[
            &[("smtp.enabled", json!(true))],
            &[("smtp.enabled", json!(true)), ("smtp.server", json!("a.example")), ("smtp.port", json!(0))],
            &[("smtp.enabled", json!(true)), ("smtp.server", json!("a.example")), ("smtp.username", json!("a"))],
            &[("smtp.enabled", json!(true)), ("smtp.server", json!("192.0.2.1")), ("smtp.tls", json!("false"))],
        ];
        let cases = wrong.iter().map(std::slice::from_ref).chain(together.iter().copied());
        let settings = Settings::parse("", []).unwrap();
        let is_said = |remedy: &str| {
            REMEDIES.iter().any(|known| match known.split_once("{}") {
                Some((before, rest)) => {
                    remedy.starts_with(before) && remedy.ends_with(rest.rsplit("{}").next().unwrap_or_default())
                }
                None => remedy == *known,
            })
        };
        for case in cases {
            let problems = settings.with_stored(stored(case)).expect_err(&format!("{case:?}"));
            for problem in problems.0 {
                assert!(is_said(&problem.remedy), "{case:?}: {}", problem.remedy);
            }
        }
    }
}
