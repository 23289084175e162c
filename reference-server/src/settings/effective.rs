//! The effective configuration as a TOML file.

use std::fmt::Write as _;

use toml::Value as Toml;

use super::reader::Entry;

/// One line a key, one section a group of keys that stand together; what has no value is left out.
pub(super) fn to_toml(entries: &[Entry]) -> String {
    let mut text = String::new();
    let mut section = "";
    for entry in entries {
        let Some(value) = &entry.shown else { continue };
        if let Toml::Table(table) = value {
            free_table(&mut text, &entry.key, table);
            continue;
        }
        let (here, name) = entry.key.rsplit_once('.').unwrap_or(("", &entry.key));
        if here != section {
            heading(&mut text, here);
            section = here;
        }
        let _ = writeln!(text, "{name} = {value}");
    }
    text
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
