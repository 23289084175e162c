//! What people read before they sign up, beside the rules: terms of service, privacy policy.

use crate::ambient::Timestamp;

/// A text that people agree to or are told: plain, with blank lines between its paragraphs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LegalText {
    /// The text.
    pub text: String,
    /// Since when it stands like this.
    pub since: Timestamp,
}

impl LegalText {
    /// A text, and since when it stands like this.
    #[must_use]
    pub fn new(text: impl Into<String>, since: Timestamp) -> Self {
        Self { text: text.into(), since }
    }

    /// Its paragraphs, each with its lines.
    #[must_use]
    pub fn paragraphs(&self) -> Vec<Vec<&str>> {
        let mut paragraphs = vec![Vec::new()];
        for line in self.text.lines().map(str::trim) {
            match (line, paragraphs.last_mut()) {
                ("", _) => paragraphs.push(Vec::new()),
                (line, Some(paragraph)) => paragraph.push(line),
                (_, None) => {}
            }
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        paragraphs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_text_is_split_at_blank_lines() {
        let of = |text: &str| {
            let text = LegalText::new(text, Timestamp::from_micros(0));
            text.paragraphs().into_iter().map(|lines| lines.join("|")).collect::<Vec<_>>()
        };
        assert_eq!(of("\r\n One.\r\nTwo.\n \n\t\nThree.\n"), ["One.|Two.", "Three."]);
        assert_eq!(of(" \n"), [""; 0]);
    }
}
