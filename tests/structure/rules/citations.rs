//! Which rules a text cites: `AS-2`, `RP-1 to RP-8`, `Mastodon §5.4, §6`, `Lysand §9.2`, `running contract §4`,
//! `faults E1, A4`.

use std::collections::BTreeSet;

/// Documents whose sections are rules. Pages that are not part of the repository are here as well, so that a citation of
/// one is found to have no row.
const DOCUMENTS: [&str; 6] = ["Mastodon", "Lysand", "running", "design", "security", "native"];

/// The last word of the name of a standard; its sections need no row.
const STANDARDS: [&str; 2] = ["Core", "Practices"];

/// What looks like the id of a rule and is the name of an algorithm, an encoding or a licence.
const NO_RULES: [&str; 4] = ["SHA", "UTF", "AES", "MPL"];

/// The ids of all rules that `text` cites.
pub(super) fn cited(text: &str) -> BTreeSet<String> {
    let text = flowing(text);
    let mut ids = numbered(&text);
    ids.extend(sections(&text));
    ids.extend(faults(&text));
    ids
}

/// The text in one line, without the marks with which lines of comments begin.
fn flowing(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.trim();
        let marks = ["//!", "///", "//", "--", "#"];
        marks.into_iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line).trim()
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// Ids of the form `AS-2`, also those between the two ends of `AS-2 to AS-5`.
fn numbered(text: &str) -> BTreeSet<String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut ids = BTreeSet::new();
    for (at, word) in words.iter().enumerate() {
        let Some((family, first)) = id(word) else { continue };
        let end = match words.get(at + 1..at + 3) {
            Some(["to", last]) => id(last).filter(|(other, _)| *other == family).map(|(_, last)| last),
            _ => None,
        };
        ids.extend((first..=end.unwrap_or(first)).map(|number| format!("{family}-{number}")));
    }
    ids
}

/// Ids of the form `faults E1, A4`: a letter and a number after the word, or after another of them.
fn faults(text: &str) -> BTreeSet<String> {
    let words = text.split_whitespace().map(|word| word.trim_start_matches(['(', '`', '"', '[']));
    let mut ids = BTreeSet::new();
    let mut listed = false;
    for word in words {
        let bare = word.trim_end_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let number = bare.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or_default();
        let is_id = (1..=2).contains(&number.len()) && number.bytes().all(|letter| letter.is_ascii_digit());
        if listed && is_id {
            ids.insert(bare.to_owned());
        }
        let goes_on = word.ends_with(',') || bare == word;
        listed = bare == "faults" || (listed && goes_on && (is_id || matches!(word, "and" | "or")));
    }
    ids
}

/// The family and the number of an id.
fn id(word: &str) -> Option<(&str, u32)> {
    let (family, number) = word.split_once('-')?;
    let is_family = (2..=5).contains(&family.len()) && family.bytes().all(|letter| letter.is_ascii_uppercase());
    let is_number = (1..=3).contains(&number.len()) && number.bytes().all(|letter| letter.is_ascii_digit());
    if !is_family || !is_number || NO_RULES.contains(&family) {
        return None;
    }
    Some((family, number.parse().ok()?))
}

/// Ids of the form `Mastodon §5.4`. A document is named once for a list of sections, and a range names its two ends.
fn sections(text: &str) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    // The section before, its document, and where it ends.
    let mut before = ("", "", 0);
    for (at, mark) in text.match_indices('§') {
        let (first, list, end) = before;
        let begin = at + mark.len();
        let section = number(&text[begin..]);
        let between = text[end..at].trim();
        let goes_on = !first.is_empty() && matches!(between, "," | "to" | "and" | "or" | ", and");
        let document = if goes_on { list } else { document(&text[..at]) };
        if !is_standard(document) {
            let range = inner(first, section).filter(|_| goes_on && between == "to");
            ids.extend(range.map(|section| named(document, &section)));
            ids.insert(named(document, section));
        }
        before = (section, document, begin + section.len());
    }
    ids
}

fn named(document: &str, section: &str) -> String {
    match document {
        "" => format!("§{section} without its document"),
        _ => format!("{document} §{section}"),
    }
}

/// The number at the beginning of `text`: `5`, `5.4`.
fn number(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

/// The document whose section follows `before`; empty when none of those that we know is named.
fn document(before: &str) -> &str {
    let mut words = before.split_whitespace().rev().map(|word| word.trim_start_matches(['(', '`', '"', '[']));
    let last = words.next().unwrap_or_default();
    let last = if last == "contract" { words.next().unwrap_or_default() } else { last };
    let is_rfc = !last.is_empty() && last.bytes().all(|letter| letter.is_ascii_digit()) && words.next() == Some("RFC");
    if is_rfc || STANDARDS.contains(&last) || DOCUMENTS.contains(&last) { last } else { "" }
}

fn is_standard(document: &str) -> bool {
    STANDARDS.contains(&document) || document.starts_with(|first: char| first.is_ascii_digit())
}

/// The sections between two: `6` to `8` has `7`, `5.1` to `5.4` has `5.2` and `5.3`.
fn inner(first: &str, last: &str) -> impl Iterator<Item = String> {
    let parts = |section: &str| match section.split_once('.') {
        Some((major, minor)) => (major.parse().unwrap_or(0), minor.parse().unwrap_or(0)),
        None => (section.parse().unwrap_or(0), 0),
    };
    let ((first, first_minor), (last, last_minor)): ((u32, u32), (u32, u32)) = (parts(first), parts(last));
    let minors = if first == last { first_minor + 1..last_minor } else { 0..0 };
    let minors = minors.map(move |minor| format!("{first}.{minor}"));
    (first + 1..last).map(|major| major.to_string()).chain(minors)
}

#[test]
fn citation_in_any_form_is_found() {
    for (text, ids) in [
        ("/// A rule (security AS-2, DEV-10).", &["AS-2", "DEV-10"][..]),
        ("//! All of them (RP-9 to\n//! RP-11); RP-1 to AS-2.", &["AS-2", "RP-1", "RP-10", "RP-11", "RP-9"]),
        ("`SHA-256`, UTF-8, P-256, as-2, AS-2b, AS-, A-B-1, X_AS-1, AES-256-GCM", &[]),
        ("(Mastodon §5.4)", &["Mastodon §5.4"]),
        ("-- last used (Mastodon §11.4). §", &["Mastodon §11.4", "§ without its document"]),
        (
            "(Mastodon §2, §6 to §8, §11.3)",
            &["Mastodon §11.3", "Mastodon §2", "Mastodon §6", "Mastodon §7", "Mastodon §8"],
        ),
        ("// (Mastodon §0.5,\n    // §17)", &["Mastodon §0.5", "Mastodon §17"]),
        ("(Mastodon §5.1 to §5.3)", &["Mastodon §5.1", "Mastodon §5.2", "Mastodon §5.3"]),
        ("(Lysand §8 to §10.1, security RP-1)", &["Lysand §10.1", "Lysand §8", "Lysand §9", "RP-1"]),
        ("(Lysand §6, Mastodon §5.5, §5.6)", &["Lysand §6", "Mastodon §5.5", "Mastodon §5.6"]),
        ("(RFC 6749 §5.2, Mastodon §6.3)", &["Mastodon §6.3"]),
        ("(Lysand §9; OpenID Connect Core §2, §3)", &["Lysand §9"]),
        ("(running contract §4), (running §2, §3)", &["running §2", "running §3", "running §4"]),
        ("the Mastodon contract §11.2; design §9.11", &["Mastodon §11.2", "design §9.11"]),
        ("(security WEB-5, faults E1, F13 and\n// A4); B2, faults: G1. G2", &["A4", "E1", "F13", "G1", "WEB-5"]),
        ("faults in E1; S256, E1, the faults of E1", &[]),
        ("(§13.1) and 7591 §2", &["§13.1 without its document", "§2 without its document"]),
    ] {
        assert_eq!(cited(text).iter().map(String::as_str).collect::<Vec<_>>(), ids, "{text}");
    }
}
