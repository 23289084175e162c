//! What commands print: aligned columns for people, JSON for machines.

use std::io::Write as _;

use serde_json::Value;

/// Prints one JSON value, readable and with a line break at its end.
pub(super) fn json(value: &Value) {
    text(&format!("{value:#}\n"));
}

/// Prints text as it stands. Whoever reads may have gone away; that is no error of ours.
pub(super) fn text(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints why the program did not do what it was asked to, on standard error.
pub(super) fn complain(why: &str) {
    eprintln!("reference-server: {why}");
}

/// Rows below a heading, each column as wide as its widest cell.
pub(super) fn table(heading: &[&str], rows: &[Vec<String>]) -> String {
    let mut all: Vec<Vec<String>> = vec![heading.iter().map(ToString::to_string).collect()];
    all.extend(rows.iter().cloned());
    aligned(&all)
}

/// Names and values below each other.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let rows: Vec<_> = facts.iter().map(|(name, value)| vec![(*name).to_owned(), value.clone()]).collect();
    aligned(&rows)
}

fn aligned(rows: &[Vec<String>]) -> String {
    // Names of apps come from outside: no character of theirs may move the cursor.
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| plain(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn plain(cell: &str) -> String {
    cell.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_output_table_columns_are_aligned() {
        let rows = vec![vec!["alice".into(), "admin".into()], vec!["bö".into(), "member".into()]];
        assert_eq!(table(&["NAME", "ROLE"], &rows), "NAME   ROLE\nalice  admin\nbö     member\n");
        assert_eq!(facts(&[("id", "1".into()), ("name", "x".into())]), "id    1\nname  x\n");
        assert_eq!(table(&["NAME"], &[]), "NAME\n");
    }

    #[test]
    fn command_output_removes_terminal_escape_characters() {
        assert!(!facts(&[("name", "a\x1b[2J\nb".into())]).contains('\x1b'));
    }
}
