//! Where a template does not work: what the template engine complains about, with file, line and, where we know it, what
//! to write instead.

use std::collections::BTreeSet;
use std::error::Error as _;
use std::fmt;

use tera::{ErrorKind, ReportError};

/// A position in a template, and what is wrong there.
#[derive(Debug)]
pub struct Position {
    /// The file, or the name of a built-in template.
    pub file: String,
    /// The line, from 1; `None` when it is not known.
    pub line: Option<usize>,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.why),
            None => write!(f, "{}: {}", self.file, self.why),
        }
    }
}

/// The positions that an error of the engine names, by the name of the template. What names none is about `template`.
pub(super) fn of_error(error: &tera::Error, template: &str) -> Vec<Position> {
    let at = |file: &str, line, why| vec![Position { file: file.to_owned(), line, why }];
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            at(report.filename(), Some(report.span().start_line), report.message().to_owned())
        }
        ErrorKind::MissingParent { current, .. } => at(current, None, error.to_string()),
        ErrorKind::CircularExtend { tpl, .. } | ErrorKind::CircularInclude { tpl, .. } => {
            at(tpl, None, error.to_string())
        }
        ErrorKind::Msg(text) => of_reports(text).unwrap_or_else(|| at(template, None, with_causes(error))),
        _ => at(template, None, with_causes(error)),
    }
}

/// The error in one line, for the log.
pub(super) fn in_one_line(error: &tera::Error, template: &str) -> String {
    of_error(error, template).iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Unknown filters, tests and functions come as one text with a report for each:
/// `error: Unknown filter`, then `--> code.html:1:9`, then the line itself.
fn of_reports(text: &str) -> Option<Vec<Position>> {
    let position = |report: &str| {
        let mut lines = report.lines();
        let why = lines.next()?.strip_prefix("error: ")?.to_owned();
        let mut position = lines.next()?.trim_start().strip_prefix("--> ")?.rsplitn(3, ':');
        let (_column, line, file) = (position.next()?, position.next()?, position.next()?);
        Some(Position { file: file.to_owned(), line: Some(line.parse().ok()?), why })
    };
    text.split("\n\n").map(position).collect()
}

/// Since Tera 2, what a page fills must be a block of its frame. When pages that nobody replaced miss one, an admin's own frame
/// lacks it: that is told once, about the frame.
pub(super) fn report_missing_blocks(
    positions: Vec<Position>,
    frame: &str,
    replaced: impl Fn(&str) -> bool,
) -> Vec<Position> {
    let mut missing = BTreeSet::new();
    let mut others = Vec::new();
    for position in positions {
        let block =
            position.why.strip_prefix("Block `").and_then(|rest| rest.split_once("` is not defined in any parent"));
        match block {
            Some((block, _)) if !replaced(&position.file) => {
                missing.insert(format!("`{{% block {block} %}}{{% endblock {block} %}}`"));
            }
            _ => others.push(position),
        }
    }
    if !missing.is_empty() {
        let missing = missing.into_iter().collect::<Vec<_>>().join(", ");
        let why = format!("Tera 2 wants every block that a page fills in its frame. Missing: {missing}");
        others.insert(0, Position { file: frame.to_owned(), line: None, why });
    }
    others
}

/// The engine's error with its causes: the outermost alone says too little.
fn with_causes(error: &tera::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

/// What to write where a member of something absent is asked for: an error since Tera 2, and before it just absent too.
/// `source` is the whole template.
pub(super) fn optional_member(error: &tera::Error, source: &str) -> Option<String> {
    let ErrorKind::RenderingError(report) = error.kind() else { return None };
    let (old, new) = optional_spelling(report, source)?;
    Some(format!("If it may be absent, Tera 2 wants `{new}` instead of `{old}`"))
}

fn optional_spelling(report: &ReportError, source: &str) -> Option<(String, String)> {
    let undefined = ["is not defined", "undefined value"];
    if !undefined.iter().any(|words| report.message().contains(words)) {
        return None;
    }
    let (before, behind) = source.split_at_checked(report.span().range.end)?;
    let part_of_path = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
    let path = &before[before.trim_end_matches(part_of_path).len()..];
    let member = match behind.chars().next()? {
        '.' => &behind[..behind.len() - behind.trim_start_matches(part_of_path).len()],
        '[' => &behind[..=behind.find(']')?],
        _ => return None,
    };
    Some((format!("{path}{member}"), format!("{path}?{member}")))
}
