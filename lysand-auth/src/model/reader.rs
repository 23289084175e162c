//! Who reads a page: the languages of a person, as a request and their account tell them.

use std::cmp::Reverse;

use crate::model::account::Account;
use crate::model::language::Language;

/// How many entries of `Accept-Language` are looked at.
const MOST_ENTRIES: usize = 32;

/// Who reads a page: their languages in the order of Mastodon §5.1, which is `lang`, the account's own, `Accept-Language`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reader {
    /// The parameter `lang`.
    pub asked: Option<Language>,
    /// What the person who is signed in chose for their account.
    pub chosen: Option<Language>,
    /// What the browser accepts, best first.
    pub accepted: Vec<Language>,
}

impl Reader {
    /// The reader of a request with these headers `Accept-Language` and this parameter `lang`. What is malformed is left
    /// out: it is no reason to show no page.
    #[must_use]
    pub fn new<'a>(asked: Option<&str>, accept_language: impl IntoIterator<Item = &'a str>) -> Self {
        Self { asked: asked.and_then(Language::parse), chosen: None, accepted: accepted(accept_language) }
    }

    /// The same reader, who is signed in with this account.
    #[must_use]
    pub fn for_account(self, account: Option<&Account>) -> Self {
        Self { chosen: account.and_then(|account| account.language.clone()), ..self }
    }

    /// All languages, best first.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().chain(&self.chosen).chain(&self.accepted).map(Language::as_str)
    }

    /// The address of another page for this reader: with the parameter `lang`, if it was asked for.
    #[must_use]
    pub fn keep(&self, address: &str) -> String {
        let Some(asked) = &self.asked else { return address.to_owned() };
        let joint = if address.contains('?') { '&' } else { '?' };
        format!("{address}{joint}lang={asked}")
    }

    /// The best of the languages that are offered (lower case): `de-at` is content with `de` (lookup, RFC 4647 §3.4).
    #[must_use]
    pub fn best_of<'a>(&self, offered: &[&'a str]) -> Option<&'a str> {
        self.languages().find_map(|wanted| {
            let mut range = wanted;
            loop {
                if let Some(found) = offered.iter().find(|offer| **offer == range) {
                    return Some(*found);
                }
                range = range.rsplit_once('-')?.0;
            }
        })
    }
}

fn accepted<'a>(lines: impl IntoIterator<Item = &'a str>) -> Vec<Language> {
    let entries = lines.into_iter().flat_map(|line| line.split(',')).take(MOST_ENTRIES);
    let mut weighted: Vec<(u16, Language)> = entries.filter_map(entry).filter(|(weight, _)| *weight > 0).collect();
    // Stable: what weighs the same stays in the order in which it came.
    weighted.sort_by_key(|(weight, _)| Reverse(*weight));
    weighted.into_iter().map(|(_, language)| language).collect()
}

/// `de-AT;q=0.8`: the weight in thousandths, and the language.
fn entry(text: &str) -> Option<(u16, Language)> {
    let (named, weight) = match text.split_once(';') {
        Some((named, parameter)) => (named, weight(parameter.trim().strip_prefix(['q', 'Q'])?.trim_start())?),
        None => (text, 1000),
    };
    Some((weight, Language::parse(named)?))
}

/// `=0.8`: zero to one with three places at most (RFC 9110 §12.4.2).
fn weight(text: &str) -> Option<u16> {
    let (whole, places) = match text.strip_prefix('=')?.trim().split_once('.') {
        Some(parts) => parts,
        None => (text[1..].trim(), ""),
    };
    if places.len() > 3 || !places.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{places:0<3}").parse::<u16>().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::account::AccountId;
    use crate::model::language::LONGEST_TAG;

    fn reader(asked: &str, header: &str) -> Vec<String> {
        Reader::new(Some(asked), [header]).languages().map(str::to_owned).collect()
    }

    #[test]
    fn accept_language_header_is_ordered_by_quality_value() {
        assert_eq!(reader("", "fr;q=0.3, de-AT, en;q=0.8,es ; q=0.8"), ["de-at", "en", "es", "fr"]);
        assert_eq!(reader("", "de;q=0.001, en;q=1.000, fr;Q=0"), ["en", "de"]);
        let two_lines = Reader::new(None, ["fr;q=0.5", "de"]);
        assert_eq!(two_lines.languages().collect::<Vec<_>>(), ["de", "fr"]);
    }

    #[test]
    fn lang_parameter_precedes_accept_language_header() {
        assert_eq!(reader("es", "de, es;q=0.5"), ["es", "de", "es"]);
        assert_eq!(reader("pt_BR", ""), ["pt-br"]);
    }

    #[test]
    fn account_language_ranks_between_lang_parameter_and_accept_language() {
        let mut account = Account::new(AccountId::new("1"), "ada");
        let best = |reader: Reader| reader.best_of(&["en", "de", "fr"]).map(str::to_owned);
        let german = || Reader::new(None, ["de"]);
        assert_eq!(german().for_account(Some(&account)), german(), "nothing is chosen");
        account.language = Language::parse("fr");
        assert_eq!(best(german().for_account(Some(&account))).as_deref(), Some("fr"));
        assert_eq!(best(Reader::new(Some("en"), ["de"]).for_account(Some(&account))).as_deref(), Some("en"));
        assert_eq!(best(Reader::new(Some("tlh"), ["de"]).for_account(Some(&account))).as_deref(), Some("fr"));
        account.language = Language::parse("tlh");
        assert_eq!(
            best(german().for_account(Some(&account))).as_deref(),
            Some("de"),
            "what nobody offers is passed over"
        );
    }

    #[test]
    fn language_tags_and_quality_values_malformed_are_ignored() {
        for text in ["", " ", "*", "d e", "-de", "<b>", "дe", "de\"", &"a".repeat(36)] {
            assert_eq!(reader(text, text), Vec::<String>::new(), "{text}");
        }
        for text in ["de;q=2", "de;q=1.1", "de;q=0.1234", "de;q=-1", "de;q=", "de;q", "de;x=1", "de;q=0.5;q=1", "de;"] {
            assert_eq!(reader("", &format!("{text}, fr")), ["fr"], "{text}");
        }
        assert_eq!(Reader::new(None, ["de,".repeat(10_000).as_str()]).accepted.len(), MOST_ENTRIES);
    }

    #[test]
    fn language_with_region_falls_back_to_base_language() {
        let best = |asked, header| Reader::new(Some(asked), [header]).best_of(&["en", "de", "pt-br"]);
        assert_eq!(best("de-AT", "en"), Some("de"));
        assert_eq!(best("de-Latn-AT", "en"), Some("de"));
        assert_eq!(best("xx", "de;q=0.5"), Some("de"), "unknown ones are passed over");
        assert_eq!(best("pt", ""), None, "a language is not content with a region");
        assert_eq!(best("den", "pt-BR"), Some("pt-br"), "a tag is compared by its parts");
        assert_eq!(best("None", ""), None);
    }

    #[test]
    fn lang_parameter_is_kept_in_links_but_accept_language_is_not() {
        let german = Reader::new(Some("de_AT"), ["fr"]);
        assert_eq!(german.keep("/account"), "/account?lang=de-at");
        assert_eq!(german.keep("/account?notice=gone"), "/account?notice=gone&lang=de-at");
        assert_eq!(Reader::new(Some("\"><b>"), ["fr"]).keep("/account"), "/account");
    }

    proptest! {
        #[test]
        fn accept_language_parser_never_panics_on_any_input(asked in "\\PC{0,40}", header in "[a-zA-Zé0-9;=,.q* -]{0,80}") {
            let reader = Reader::new(Some(&asked), [header.as_str()]);
            prop_assert!(reader.languages().all(|tag| tag.len() <= LONGEST_TAG && tag.is_ascii()));
            let _ = reader.best_of(&["en"]);
        }
    }
}
