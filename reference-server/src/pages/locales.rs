//! The languages of the pages. The English text is the key of its translations, so a template reads as it always did:
//! `{{ "Sign in" | t }}`. What a catalogue does not have stays English.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lysand_auth::host::pages::sentence;
use tera::{Tera, Value};

/// The language of the keys, which needs no catalogue.
pub(super) const ENGLISH: &str = "en";

/// Stands in a text where a part is put in that differs from case to case.
const HOLE: &str = "{}";

macro_rules! catalogues {
    ($($language:literal,)+) => {
        /// The catalogues by language tag, in lower case.
        pub(super) const BUILT_IN: &[(&str, &str)] =
            &[$(($language, include_str!(concat!("../../../templates/locales/", $language, ".toml"))),)+];
    };
}

catalogues! { "de", "fr", "es", }

/// The texts of one language.
#[derive(Default)]
pub(super) struct Catalogue {
    texts: BTreeMap<String, String>,
}

impl Catalogue {
    pub(super) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        Ok(Self { texts: toml::from_str(text)? })
    }

    /// The text in this language. One with its hole filled in is found by what stands around the hole.
    fn translate(&self, text: &str) -> String {
        if let Some(found) = self.texts.get(text) {
            return found.clone();
        }
        let filled = self.texts.iter().find_map(|(key, translation)| {
            let (before, after) = key.split_once(HOLE)?;
            let part = text.strip_prefix(before)?.strip_suffix(after)?;
            Some(translation.replacen(HOLE, part, 1))
        });
        filled.unwrap_or_else(|| text.to_owned())
    }

    /// Teaches templates this language: the filter `t` translates a text, the filter `sentence` translates clauses and
    /// makes one sentence of them. What they return is escaped like any other text.
    pub(super) fn teach(self, tera: &mut Tera) {
        let catalogue = Arc::new(self);
        let words = Arc::clone(&catalogue);
        tera.register_filter("t", move |value: &Value, _: &HashMap<String, Value>| match value.as_str() {
            Some(text) => Ok(Value::String(words.translate(text))),
            None => Err(tera::Error::msg("the filter t translates texts alone")),
        });
        tera.register_filter("sentence", move |value: &Value, _: &HashMap<String, Value>| {
            let clauses: Vec<String> = tera::from_value(value.clone())?;
            let clauses: Vec<String> = clauses.iter().map(|clause| catalogue.translate(clause)).collect();
            Ok(Value::String(sentence(&clauses.iter().map(String::as_str).collect::<Vec<_>>())))
        });
    }
}

/// Whether a template has its texts translated.
pub(super) fn translates(template: &str) -> bool {
    let names = template.split('|').skip(1).map(|rest| {
        let rest = rest.trim_start();
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
    });
    names.into_iter().any(|name| name == "t")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pages::BUILT_IN as TEMPLATES;

    /// The texts that stand in a template as `"…" | t`.
    fn texts_of(template: &str) -> BTreeSet<String> {
        let mut parts: Vec<&str> = template.split("\" | t").collect();
        parts.pop();
        parts.into_iter().filter_map(|part| Some(part.rsplit_once('"')?.1.to_owned())).collect()
    }

    /// What a person reads in a template that is not translated: between its tags, and in the labels on them.
    fn left_alone(template: &str) -> Vec<String> {
        let mut text = template.to_owned();
        for (begin, end) in [("{#", "#}"), ("{%", "%}"), ("{{", "}}")] {
            while let Some((before, rest)) = text.clone().split_once(begin) {
                text = format!("{before}{}", rest.split_once(end).unwrap().1);
            }
        }
        let mut found = Vec::new();
        for part in text.split('<').skip(1) {
            let (tag, words) = part.split_once('>').unwrap();
            let labels = ["aria-label=\"", "title=\"", "placeholder=\"", " alt=\""];
            let labels = labels.iter().filter_map(|label| tag.split_once(label)?.1.split('"').next());
            found.extend(labels.chain([words]).map(str::trim).map(str::to_owned));
        }
        found.retain(|words| words.contains(char::is_alphabetic) && words != "http://");
        found
    }

    fn used() -> BTreeSet<String> {
        let mut used: BTreeSet<String> = lysand_auth::web::page_texts().into_iter().collect();
        used.extend(crate::frontend::WORDS.map(str::to_owned));
        used.extend(TEMPLATES.iter().flat_map(|(_, template)| texts_of(template)));
        used
    }

    /// What is wrong with a catalogue for these texts.
    fn faults(catalogue: &Catalogue, used: &BTreeSet<String>) -> Vec<String> {
        let known: BTreeSet<String> = catalogue.texts.keys().cloned().collect();
        let mut faults: Vec<String> = used.difference(&known).map(|text| format!("missing: {text}")).collect();
        faults.extend(known.difference(used).map(|text| format!("used nowhere: {text}")));
        for (key, text) in &catalogue.texts {
            if key.matches(HOLE).count() != text.matches(HOLE).count() {
                faults.push(format!("another number of holes: {key}"));
            }
            if text.is_empty() || text.trim() != text {
                faults.push(format!("empty, or with space around: {key}"));
            }
            if key.ends_with('.') && !text.ends_with('.') && !text.ends_with(HOLE) {
                faults.push(format!("without its full stop: {key}"));
            }
        }
        faults
    }

    #[test]
    fn every_catalogue_has_exactly_the_texts_that_are_used() {
        let used = used();
        assert!(used.len() > 100, "{}", used.len());
        for (language, text) in BUILT_IN {
            let faults = faults(&Catalogue::parse(text).unwrap(), &used);
            assert!(faults.is_empty(), "locales/{language}.toml: {faults:#?}");
        }
    }

    #[test]
    fn a_bad_catalogue_is_noticed() {
        let used: BTreeSet<String> = ["Allow", "Back to {}.", "Deny", "Error", "So."].map(str::to_owned).into();
        let of = |text: &str| faults(&Catalogue::parse(text).unwrap(), &used);
        let good = "Allow = 'a'\n'Back to {}.' = '{}e.'\nDeny = 'b'\nError = 'c'\n'So.' = 'd.'";
        assert_eq!(of(good), Vec::<String>::new());
        let bad = "'Back to {}.' = 'e.'\nDeny = ' b'\nError = ''\nOld = 'f'\n'So.' = 'd'";
        assert_eq!(
            of(bad),
            [
                "missing: Allow",
                "used nowhere: Old",
                "another number of holes: Back to {}.",
                "empty, or with space around: Deny",
                "empty, or with space around: Error",
                "without its full stop: So.",
            ]
        );
        assert!(Catalogue::parse("Deny = 'a'\nDeny = 'b'").is_err(), "a text stands there once");
    }

    /// The pages on the way to a sign-in; the others are English for now.
    #[test]
    fn no_words_on_the_way_are_left_in_english() {
        let on_the_way = ["sign_in.html", "consent.html", "code.html", "form_post.html", "trouble.html"];
        for (name, template) in TEMPLATES {
            assert!(translates(template) || !on_the_way.contains(name), "{name} translates nothing");
            if translates(template) {
                assert_eq!(left_alone(template), Vec::<String>::new(), "{name}");
            }
        }
        let forgotten =
            "{# no #}<p title=\"Tip\">{{ \"Deny\" | t }} now {% if x == 'y' %}<b class=\"z\">1</b>{% endif %}</p>";
        assert_eq!(left_alone(forgotten), ["Tip", "now"]);
        assert_eq!(texts_of(forgotten), ["Deny".to_owned()].into());
    }

    #[test]
    fn what_stands_around_a_hole_finds_the_text() {
        let catalogue = Catalogue::parse("'Log {}.' = 'Protokoll: {}'\n'Log no.' = 'Kein Protokoll'").unwrap();
        assert_eq!(catalogue.translate("Log 17."), "Protokoll: 17");
        assert_eq!(catalogue.translate("Log no."), "Kein Protokoll");
        assert_eq!(catalogue.translate("Log {}."), "Protokoll: {}", "a template puts the part in itself");
        for other in ["Log 17", "Unknown", "", "Log."] {
            assert_eq!(catalogue.translate(other), other);
        }
    }

    #[test]
    fn translating_templates_are_known_by_the_filter() {
        for yes in ["{{ \"a\" | t }}", "{{ a|t }}", "{{ a | trim | t }}"] {
            assert!(translates(yes), "{yes}");
        }
        for no in ["", "t", "{{ a | trim }}", "{{ a | t_ }}", "{{ a | title }} t"] {
            assert!(!translates(no), "{no}");
        }
    }
}
