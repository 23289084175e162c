//! Sentences of mails: English with holes, which the catalogues say in other languages.

use lysand_auth::ambient::Timestamp;

/// What to do about something that one did oneself.
pub(super) const IF_YOU: &str = "If that was you, there is nothing to do.";

/// A sentence with holes, and what stands in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sentence {
    pub(super) pattern: &'static str,
    pub(super) parts: Vec<Part>,
}

/// What stands in a hole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Somebody's own words, as they are.
    Text(String),
    /// English words of ours.
    Words(String),
}

/// A line of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Say(Sentence),
    /// An address of this server, on a line of its own.
    Address(String),
}

/// A sentence with these texts in its holes.
pub(super) fn sentence(pattern: &'static str, parts: &[&str]) -> Sentence {
    Sentence { pattern, parts: parts.iter().map(|part| Part::Text(one_line(part))).collect() }
}

/// A line that says it.
pub(super) fn say(pattern: &'static str, parts: &[&str]) -> Line {
    Line::Say(sentence(pattern, parts))
}

/// A line with an address alone.
pub(super) fn address(url: &str) -> Line {
    Line::Address(url.to_owned())
}

/// A line with a text in its first hole, and words of ours in its second.
pub(super) fn with_words(pattern: &'static str, text: &str, words: String) -> Line {
    Line::Say(Sentence { pattern, parts: vec![Part::Text(one_line(text)), Part::Words(words)] })
}

/// A name as it may stand within a sentence: no line of its own, nothing that steers a terminal.
pub(super) fn one_line(name: &str) -> String {
    name.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// What was done, and with what, from where and when, as far as that is known.
pub(super) fn circumstances(
    what: Line,
    [device, network, app]: [Option<&String>; 3],
    at: Option<Timestamp>,
) -> Vec<Line> {
    let mut lines = vec![what];
    let facts = [("Device: {}", device), ("Network: {}", network), ("App: {}", app)].into_iter();
    lines.extend(facts.filter_map(|(pattern, fact)| Some(say(pattern, &[fact.filter(|fact| !fact.is_empty())?]))));
    if let Some(at) = at {
        let (day, clock) = (at.to_day(), at.to_iso8601());
        let clock = format!("{} UTC", clock.get(11..16).unwrap_or_default());
        lines.push(Line::Say(Sentence { pattern: "Time: {}, {}", parts: vec![Part::Words(day), Part::Text(clock)] }));
    }
    lines
}
