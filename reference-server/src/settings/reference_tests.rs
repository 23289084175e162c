//! `docs/configuration.md` is whole (faults D13).

use super::*;

/// A configuration in which every list has a section, so that all keys are asked for.
const EVERY_LIST: &str = "[[oidc.providers]]\n[[oauth2.providers]]\n[[branding.links]]\n";

/// A row of the reference: key, what it wants, default.
fn reference_row(entry: &reader::Entry) -> [String; 3] {
    let wanted = entry.wanted.split(", such as").next().unwrap_or_default().to_owned();
    let is_list = entry.wanted.starts_with("each as a section");
    let shown = entry.shown.as_ref().filter(|_| !is_list && !entry.key.ends_with("client_secret"));
    let usual = shown.map_or_else(|| "none".to_owned(), |value| format!("`{value}`"));
    [format!("`{}`", entry.key), wanted, usual]
}

#[test]
fn configuration_reference_lists_every_key_with_type_default_and_meaning() {
    let mut reader = Reader::new(Path::new(""), EVERY_LIST, []).unwrap();
    Settings::read(&mut reader);
    let written = include_str!("../../../docs/configuration.md");
    let rows: Vec<Vec<&str>> = written
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    let is_explained = |row: &&Vec<&str>| row.get(3).is_some_and(|meaning| meaning.len() > 10);
    let missing: Vec<String> = reader
        .asked()
        .map(reference_row)
        .filter(|wanted| !rows.iter().filter(is_explained).any(|row| row[..3] == wanted[..]))
        .map(|[key, wanted, usual]| format!("| {key} | {wanted} | {usual} | what it means |\n"))
        .collect();
    assert!(missing.is_empty(), "docs/configuration.md has not:\n{}", missing.concat());
    let keys: Vec<String> = reader.asked().map(|entry| format!("`{}`", entry.key)).collect();
    for row in &rows {
        assert!(keys.iter().any(|key| key == row[0]), "there is no key {}", row[0]);
    }
}
