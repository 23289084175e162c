//! Languages, named by their tags.

use std::fmt;

/// The longest tag that is taken for one (RFC 5646 §4.4.1).
pub(super) const LONGEST_TAG: usize = 35;

/// What languages call themselves.
const NAMES: [(&str, &str); 24] = [
    ("ar", "العربية"),
    ("ca", "Català"),
    ("cs", "Čeština"),
    ("da", "Dansk"),
    ("de", "Deutsch"),
    ("el", "Ελληνικά"),
    ("en", "English"),
    ("eo", "Esperanto"),
    ("es", "Español"),
    ("fa", "فارسی"),
    ("fi", "Suomi"),
    ("fr", "Français"),
    ("he", "עברית"),
    ("it", "Italiano"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("pt", "Português"),
    ("ru", "Русский"),
    ("sv", "Svenska"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
    ("zh", "中文"),
];

/// A language: its tag in lower case, `de` or `pt-br`. It need not be one that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Language(String);

impl Language {
    /// The language with this tag, if the text looks like one. Some clients write `pt_BR`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = text.len() <= LONGEST_TAG && text.starts_with(|first: char| first.is_ascii_alphabetic());
        let fits = fits && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        fits.then(|| Self(text.replace('_', "-").to_ascii_lowercase()))
    }

    /// What the language of a tag calls itself; the tag, where that is not known here.
    #[must_use]
    pub fn name_of(tag: &str) -> &str {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(primary));
        known.map_or(tag, |(_, name)| *name)
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
