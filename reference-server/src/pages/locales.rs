//! The languages of the pages. The English text is the key of its translations, so a template reads as it always did:
//! `{{ "Sign in" | t }}`. What a catalogue does not have stays English.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use lysand_auth::host::pages::sentence;
use tera::{Kwargs, State, Tera, TeraResult, Value};

/// The language of the keys, which needs no catalogue, and its name.
pub(super) const ENGLISH: &str = "en";
pub(super) const ENGLISH_NAME: &str = "English";

/// Stands in a text where a part is put in that differs from case to case. Several keep their order in every language.
const HOLE: &str = "{}";

/// What is said in English in place of texts that the contracts fix (faults B7).
pub(super) const PLAIN_ENGLISH: &str = include_str!("../../../templates/locales/en.toml");

macro_rules! catalogues {
    ($($language:literal: $name:literal,)+) => {
        /// The catalogues: language tag in lower case, name of the language in itself, texts.
        pub(super) const BUILT_IN: &[(&str, &str, &str)] =
            &[$(($language, $name, include_str!(concat!("../../../templates/locales/", $language, ".toml"))),)+];
    };
}

catalogues! { "de": "Deutsch", "fr": "Français", "es": "Español", }

/// The texts of one language.
#[derive(Default)]
pub struct Catalogue {
    texts: BTreeMap<String, String>,
    /// The keys of texts with holes.
    patterns: Vec<String>,
}

impl Catalogue {
    pub(super) fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let texts: BTreeMap<String, String> = toml::from_str(text)?;
        let patterns = texts.keys().filter(|key| key.contains(HOLE)).cloned().collect();
        Ok(Self { texts, patterns })
    }

    /// A sentence in this language, with these parts in its holes as they are.
    pub(crate) fn say(&self, pattern: &str, parts: &[&str]) -> String {
        filled(self.texts.get(pattern).map_or(pattern, String::as_str), parts)
    }

    /// Words of ours in this language, such as a day.
    pub(crate) fn words(&self, text: &str) -> String {
        self.translate(text)
    }

    /// The text in this language. One with its holes filled in is found by what stands around the holes.
    fn translate(&self, text: &str) -> String {
        if let Some(found) = self.texts.get(text) {
            return found.clone();
        }
        let filled = self.patterns.iter().find_map(|key| Some(filled(self.texts.get(key)?, &parts(text, key)?)));
        filled.unwrap_or_else(|| text.to_owned())
    }

    /// Does the work with templates that speak this language.
    pub(crate) fn spoken<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        struct Silence;
        impl Drop for Silence {
            fn drop(&mut self) {
                SPOKEN.take();
            }
        }
        SPOKEN.set(Some(Arc::clone(self)));
        let _silence = Silence;
        work()
    }
}

thread_local! {
    /// The language in which this thread renders. A filter could ask the engine for `lang`, but not within a component, which an
    /// admin's own template may define: it sees none of the page's values. And one engine for each language would hold all
    /// templates once for each.
    static SPOKEN: RefCell<Option<Arc<Catalogue>>> = const { RefCell::new(None) };
}

fn translated(text: &str) -> String {
    SPOKEN.with_borrow(|spoken| spoken.as_ref().map_or_else(|| text.to_owned(), |catalogue| catalogue.translate(text)))
}

/// Teaches templates the filters `t`, which translates a text, and `sentence`, which translates clauses and makes one
/// sentence of them. What they return is escaped like any other text.
pub(crate) fn register_functions(tera: &mut Tera) {
    tera.register_filter("t", |text: &str, _: Kwargs, _: &State| translated(text));
    tera.register_filter("sentence", |clauses: &[Value], _: Kwargs, _: &State| joined(clauses));
}

fn joined(clauses: &[Value]) -> TeraResult<String> {
    let clauses: Option<Vec<String>> = clauses.iter().map(|clause| clause.as_str().map(translated)).collect();
    let clauses = clauses.ok_or_else(|| tera::Error::message("the filter sentence joins texts alone"))?;
    Ok(sentence(&clauses.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// What stands in the holes of `pattern`; `None` when the text is not made after it.
fn parts<'a>(text: &'a str, pattern: &str) -> Option<Vec<&'a str>> {
    let mut around = pattern.split(HOLE);
    let mut rest = text.strip_prefix(around.next()?)?;
    let mut around = around.peekable();
    let mut parts = Vec::new();
    while let Some(behind) = around.next() {
        let (part, after) = match around.peek() {
            Some(_) => rest.split_once(behind)?,
            None => (rest.strip_suffix(behind)?, ""),
        };
        parts.push(part);
        rest = after;
    }
    rest.is_empty().then_some(parts)
}

/// The pattern with these parts in its holes, in their order.
fn filled(pattern: &str, parts: &[&str]) -> String {
    let mut pieces = pattern.split(HOLE);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for (part, piece) in parts.iter().zip(pieces) {
        text += part;
        text += piece;
    }
    text
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
pub(super) mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::pages::sources::BUILT_IN as TEMPLATES;

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
        found.retain(|words| words.contains(char::is_alphabetic) && words != "http://" && !words.starts_with('/'));
        found
    }

    /// The texts of all templates.
    pub(crate) fn template_texts() -> BTreeSet<String> {
        TEMPLATES.iter().flat_map(|(_, template)| texts_of(template)).collect()
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

    /// What is wrong with the built-in catalogues when these texts are used.
    pub(crate) fn catalogue_faults(used: &BTreeSet<String>) -> Vec<String> {
        let of = |(language, _, text): &(&str, &str, &str)| {
            let found = faults(&Catalogue::parse(text).unwrap(), used);
            found.into_iter().map(|fault| format!("locales/{language}.toml: {fault}")).collect::<Vec<_>>()
        };
        BUILT_IN.iter().flat_map(of).collect()
    }

    #[test]
    fn language_catalogue_check_detects_every_kind_of_fault() {
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

    /// The frame has no words of its own.
    #[test]
    fn plain_english_replaces_texts_of_the_library() {
        let plain = Catalogue::parse(PLAIN_ENGLISH).unwrap();
        let texts = lysand_auth::web::page_texts();
        for (text, said) in &plain.texts {
            assert!(texts.contains(text), "nobody says “{text}”");
            assert!(!texts.contains(said) && said.ends_with('.'), "{said}");
        }
        assert!(plain.translate("Invalid flow").starts_with("This sign-in"));
        assert_eq!(plain.translate("Sign in"), "Sign in");
    }

    #[test]
    fn page_templates_contain_no_untranslated_text() {
        for (name, template) in TEMPLATES {
            assert!(translates(template) || *name == "base.html", "{name} translates nothing");
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
    fn language_catalogue_translates_text_with_placeholders() {
        let catalogue = Catalogue::parse("'Log {}.' = 'Protokoll: {}'\n'Log no.' = 'Kein Protokoll'").unwrap();
        assert_eq!(catalogue.translate("Log 17."), "Protokoll: 17");
        assert_eq!(catalogue.translate("Log no."), "Kein Protokoll");
        assert_eq!(catalogue.translate("Log {}."), "Protokoll: {}", "a template puts the part in itself");
        for other in ["Log 17", "Unknown", "", "Log."] {
            assert_eq!(catalogue.translate(other), other);
        }
        let days = Catalogue::parse("'{} May {}' = '{} de mayo de {}'\n'From {} to {}.' = 'De {} a {}.'").unwrap();
        assert_eq!(days.translate("3 May 2026"), "3 de mayo de 2026");
        assert_eq!(days.translate("From 8 to {} to 128."), "De 8 a {} to 128.", "what a part says is only a part");
        for other in ["3 June 2026", "May", "From 8.", "From 8 to 9", "From to ."] {
            assert_eq!(days.translate(other), other);
        }
    }

    #[test]
    fn page_template_translation_is_detected_by_t_filter() {
        for yes in ["{{ \"a\" | t }}", "{{ a|t }}", "{{ a | trim | t }}"] {
            assert!(translates(yes), "{yes}");
        }
        for no in ["", "t", "{{ a | trim }}", "{{ a | t_ }}", "{{ a | title }} t"] {
            assert!(!translates(no), "{no}");
        }
    }
}
