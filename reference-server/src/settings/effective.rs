//! The effective configuration as a TOML file.

use std::fmt::Write as _;

use lysand_auth::flows::settings::SettingSource;
use toml::Value as Toml;

use super::reader::Entry;

/// One line a key, each section once and in the order in which it was first read; what has no value is left out. What is not the
/// default says where it comes from.
pub(super) fn to_toml(entries: &[Entry]) -> String {
    let shown = || entries.iter().filter_map(|entry| Some((&*entry.key, entry.shown.as_ref()?)));
    let source = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| entry.source);
    let is_free = |value: &Toml| matches!(value, Toml::Table(_));
    let mut sections: Vec<&str> = Vec::new();
    for (key, value) in shown() {
        let section = if is_free(value) { key } else { split(key).0 };
        if !sections.contains(&section) {
            sections.push(section);
        }
    }
    let mut text = String::new();
    for section in sections {
        let lines: Vec<(&str, &Toml)> =
            shown().filter(|(key, value)| !is_free(value) && split(key).0 == section).collect();
        if !lines.is_empty() {
            heading(&mut text, section);
        }
        for (key, value) in lines {
            let source = source(key).filter(|source| *source != SettingSource::Default);
            let source = source.map(|source| format!(" # {}", source.name())).unwrap_or_default();
            let _ = writeln!(text, "{} = {value}{source}", split(key).1);
        }
        if let Some((_, Toml::Table(table))) = shown().find(|(key, value)| *key == section && is_free(value)) {
            free_table(&mut text, section, table);
        }
    }
    text
}

/// The section of a key, and its name there.
fn split(key: &str) -> (&str, &str) {
    key.rsplit_once('.').unwrap_or(("", key))
}

/// A table whose keys are the admin's own: quoted, since they may hold dots.
fn free_table(text: &mut String, key: &str, table: &toml::Table) {
    if table.is_empty() {
        return;
    }
    heading(text, key);
    for (name, value) in table {
        let _ = writeln!(text, "{} = {value}", Toml::String(name.clone()));
    }
}

fn heading(text: &mut String, section: &str) {
    let gap = if text.is_empty() { "" } else { "\n" };
    let _ = writeln!(text, "{gap}[{section}]");
}
