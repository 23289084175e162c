//! Passwords that are guessed first (security ID-6, faults B9).

use std::cmp::Ordering;

/// A word without digits and signs around it, by which people vary it.
pub(super) fn without_trimmings(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphabetic())
}

/// What well-known lists of leaked passwords have, without the digits and signs around it, and words of the languages of our
/// pages: one a line, in the order of its bytes, so that a word is found without reading the list (faults B9).
const COMMON: &str = include_str!("common_passwords.txt");

/// Whether a word is in [`COMMON`].
fn is_listed(word: &str) -> bool {
    let (mut low, mut high) = (0, COMMON.len());
    while low < high {
        let middle = low.midpoint(high);
        let start = COMMON.as_bytes()[..middle].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end =
            COMMON.as_bytes()[start..].iter().position(|byte| *byte == b'\n').map_or(COMMON.len(), |at| start + at);
        match COMMON.as_bytes()[start..end].cmp(word.as_bytes()) {
            Ordering::Equal => return true,
            Ordering::Less => low = end + 1,
            Ordering::Greater => high = start,
        }
    }
    false
}

const ROWS: [&str; 9] = [
    "01234567890123456789",
    "98765432109876543210",
    "abcdefghijklmnopqrstuvwxyz",
    "zyxwvutsrqponmlkjihgfedcba",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "1q2w3e4r5t6z7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
];

/// Whether a password in lower case is among those that are guessed first.
pub(super) fn is_common(plain: &str) -> bool {
    let repeats = (1..=plain.len() / 2)
        .filter(|size| plain.is_char_boundary(*size))
        .any(|size| size <= 4 && plain.len().is_multiple_of(size) && plain[..size].repeat(plain.len() / size) == plain);
    let core = without_trimmings(plain);
    let letters: String = core.chars().filter(|c| c.is_alphabetic()).collect();
    repeats
        || ROWS.iter().any(|row| row.contains(plain))
        || is_listed(core)
        || is_listed(plain.trim_end_matches(|c: char| !c.is_alphabetic()))
        || is_listed(plain)
        || (core.is_empty() && plain.chars().all(|c| c.is_ascii_digit()) && plain.len() <= 8)
        || (letters.is_empty() && plain.chars().all(|c| !c.is_alphanumeric()) && plain.len() <= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_password_list_is_sorted_and_each_word_is_found() {
        let words: Vec<&str> = COMMON.lines().collect();
        assert!(words.len() >= 20_000, "{}", words.len());
        assert!(words.is_sorted_by(|one, next| one.as_bytes() < next.as_bytes()), "sorted by bytes, each word once");
        for word in &words {
            assert!(is_listed(word), "{word}");
            assert_eq!(*word, word.to_lowercase());
        }
        for none in ["", "\n", "correct horse battery staple", "zzzzzzzzzzzzzz", "sommerhalbjahrsplan", "\u{10FFFF}"] {
            assert!(!is_listed(none), "{none:?}");
        }
    }
}
