//! Sentences of mails: English with holes, which the catalogues say in other languages.

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
