//! Finds the syntax of Tera 1 in an admin's own template, and says how Tera 2 spells it.
//!
//! Everything that is found here Tera 2 refuses too, or it would silently do without an argument. But it says only what
//! it does not understand, at one place at a time.

mod tokens;

use self::tokens::{Token, Tokens, tags};

/// What is wrong with a piece of syntax, and what to write instead.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The line, from 1.
    pub(super) line: usize,
    /// The new spelling.
    pub(super) advice: String,
}

/// Filters of Tera 1 that have another name now.
const RENAMED_FILTERS: [(&str, &str); 4] = [
    ("as_str", "str"),
    ("linebreaksbr", "newlines_to_br"),
    ("trim_start_matches", "trim_start"),
    ("trim_end_matches", "trim_end"),
];

/// Filters of Tera 1 that are gone, and the syntax in their place.
const GONE_FILTERS: [(&str, &str); 8] = [
    ("slice", "write `items[1:3]`"),
    ("concat", "write `[...items, item]`"),
    ("map", "write `[item.name for item in items]`"),
    ("filter", "write `[item for item in items if item.kind == \"a\"]`"),
    ("addslashes", NOTHING),
    ("json_encode", NOTHING),
    ("spaceless", NOTHING),
    ("striptags", NOTHING),
];
const NOTHING: &str = "nothing stands in its place";

/// Arguments of filters that Tera 2 does not read any more.
const GONE_ARGUMENTS: [(&str, &str, &str); 5] = [
    ("int", "default", "leave it out; what is no number is an error"),
    ("float", "default", "leave it out; what is no number is an error"),
    ("indent", "prefix", "write `indent(width=4)`"),
    ("unique", "attribute", "leave it out; whole items are compared"),
    ("unique", "case_sensitive", "leave it out; whole items are compared"),
];

/// Tests of Tera 1 that have another name now, and those whose argument needs its own.
const RENAMED_TESTS: [(&str, &str); 2] = [("divisibleby", "divisible_by"), ("object", "map")];
const TEST_ARGUMENTS: [(&str, &str); 4] =
    [("divisible_by", "divisor"), ("starting_with", "pat"), ("ending_with", "pat"), ("containing", "pat")];

/// All that is written in the syntax of Tera 1, in its order.
pub(super) fn find(template: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for tag in tags(template) {
        let mut next = 0;
        while next < tag.len() {
            next = match advice_at(&tag, next) {
                Some((advice, after)) => {
                    findings.push(Finding { line: tag.line(next), advice });
                    after
                }
                None => next + 1,
            };
        }
    }
    findings
}

/// What is old about the tokens that begin at `index`, and the index of the first one after them.
fn advice_at(tag: &Tokens<'_>, index: usize) -> Option<(String, usize)> {
    let one = |advice: Option<String>| advice.map(|advice| (advice, index + 1));
    let before = index.checked_sub(1).and_then(|before| tag.get(before));
    match tag.get(index)? {
        Token::Text(text) => one(escape(text)),
        Token::Mark("::") => one(Some(macro_call(tag, index))),
        Token::Word(word) if index == 0 && tag.is_statement() => match word {
            "macro" => one(Some(MACRO.to_owned())),
            "import" => one(Some(IMPORT.to_owned())),
            "include" => one(include(tag)),
            "filter" => filter(tag, 1).map(|advice| (advice, 2)),
            _ => None,
        },
        Token::Word("get_env") if tag.get(index + 1) == Some(Token::Mark("(")) => one(Some(GET_ENV.to_owned())),
        Token::Word("is") if before.is_some() => test(tag, index + 1).map(|advice| (advice, index + 1)),
        Token::Word(_) if before == Some(Token::Mark("|")) => one(filter(tag, index)),
        Token::Word(word) if before == Some(Token::Mark(".")) && word.starts_with(|c: char| c.is_ascii_digit()) => {
            element(tag, index)
        }
        Token::Word(_) | Token::Mark(_) => None,
    }
}

const MACRO: &str = "Tera 2 has components instead of macros: \
    `{% component button(label) %}…{% endcomponent %}` instead of `{% macro button(label) %}…{% endmacro %}`";
const IMPORT: &str = "Tera 2 knows the components of all templates everywhere: leave `{% import … %}` out";
const GET_ENV: &str = "Tera 2 has no function `get_env`: nothing stands in its place";

fn macro_call(tag: &Tokens<'_>, index: usize) -> String {
    let name = match tag.get(index + 1) {
        Some(Token::Word(name)) => name,
        _ => "name",
    };
    let namespace = match index.checked_sub(1).and_then(|before| tag.get(before)) {
        Some(Token::Word(namespace)) => namespace,
        _ => "macros",
    };
    format!(
        "Tera 2 has components instead of macros: `{{{{ <{name} label=\"…\" /> }}}}` instead of `{namespace}::{name}(label=\"…\")`"
    )
}

/// `{% include ["a.html", "b.html"] %}` and `{% include "a.html" ignore missing %}`.
fn include(tag: &Tokens<'_>) -> Option<String> {
    let is_old = tag.get(1) == Some(Token::Mark("[")) || tag.get(2) == Some(Token::Word("ignore"));
    is_old.then(|| "Tera 2 includes one template, which must exist: write `{% include \"base.html\" %}`".to_owned())
}

/// A backslash, which meant only itself before.
fn escape(text: &str) -> Option<String> {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        if let Some(escaped) = escaped.filter(|escaped| !"\"'/\\ntr".contains(*escaped)) {
            return Some(format!("Tera 2 reads backslashes in texts: `\\\\{escaped}` instead of `\\{escaped}`"));
        }
    }
    None
}

fn filter(tag: &Tokens<'_>, index: usize) -> Option<String> {
    let Token::Word(name) = tag.get(index)? else { return None };
    if let Some((_, new)) = RENAMED_FILTERS.iter().find(|(old, _)| *old == name) {
        return Some(format!("Tera 2 has another name for this filter: `{new}` instead of `{name}`"));
    }
    if let Some((_, instead)) = GONE_FILTERS.iter().find(|(gone, _)| *gone == name) {
        return Some(format!("Tera 2 has no filter `{name}`: {instead}"));
    }
    let gone = GONE_ARGUMENTS.iter().find(|(of, argument, _)| *of == name && tag.has_argument(index + 1, argument));
    if let Some((_, argument, instead)) = gone {
        return Some(format!("Tera 2 has no argument `{argument}` of the filter `{name}`: {instead}"));
    }
    match name {
        "truncate" if !tag.has_argument(index + 1, "length") => {
            Some("Tera 2 wants the length: `truncate(length=255)` instead of `truncate`".to_owned())
        }
        "round" if tag.arguments(index + 1).is_some_and(|arguments| arguments.contains("common")) => {
            Some("Tera 2 rounds so without being told: `round` instead of `round(method=\"common\")`".to_owned())
        }
        _ => None,
    }
}

/// A test after `is`, or after `is not`.
fn test(tag: &Tokens<'_>, index: usize) -> Option<String> {
    let index = if tag.get(index) == Some(Token::Word("not")) { index + 1 } else { index };
    let Token::Word(old) = tag.get(index)? else { return None };
    if old == "matching" {
        return Some(format!("Tera 2 has no test `matching`: {NOTHING}"));
    }
    let renamed = RENAMED_TESTS.iter().find(|(name, _)| *name == old).map(|(_, new)| *new);
    let new = renamed.unwrap_or(old);
    let parameter = TEST_ARGUMENTS.iter().find(|(test, _)| *test == new);
    let named = parameter.is_some_and(|(_, parameter)| tag.has_argument(index + 1, parameter));
    match (parameter, tag.arguments(index + 1)) {
        (Some((_, parameter)), Some(given)) if !named => Some(format!(
            "Tera 2 wants the argument of a test by name: `{new}({parameter}={given})` instead of `{old}({given})`"
        )),
        _ => renamed.map(|new| format!("Tera 2 has another name for this test: `is {new}` instead of `is {old}`")),
    }
}

/// `items.0`, whose digit is the token at `index`; also `items.0.1` and `items.0.name`.
fn element(tag: &Tokens<'_>, index: usize) -> Option<(String, usize)> {
    let (start, end) = tag.path_around(index)?;
    let old = tag.text(start, end);
    let mut new = String::new();
    let mut at = start;
    while at < end {
        at += match (tag.get(at), tag.get(at + 1)) {
            (Some(Token::Mark(".")), Some(Token::Word(part))) if part.chars().all(|c| c.is_ascii_digit()) => {
                new += &format!("[{part}]");
                2
            }
            (Some(Token::Mark(".")), Some(Token::Word(part))) if part.starts_with(|c: char| c.is_ascii_digit()) => {
                new += &format!("[\"{part}\"]");
                2
            }
            _ => {
                new += tag.text(at, at + 1);
                1
            }
        };
    }
    Some((format!("Tera 2 writes list elements with brackets: `{new}` instead of `{old}`"), end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::sources::BUILT_IN;

    fn advice(template: &str) -> Vec<String> {
        find(template).into_iter().map(|finding| format!("{}: {}", finding.line, finding.advice)).collect()
    }

    fn parses(template: &str) -> bool {
        let mut tera = tera::Tera::new();
        tera.add_raw_templates([("code.html", "a"), ("own.html", template)]).is_ok()
    }

    #[test]
    fn old_syntax_is_found_with_its_new_spelling() {
        for (old, new) in [
            ("{{ items.0 }}", "`items[0]` instead of `items.0`"),
            ("{{ a.b.10.c.0 | t }}", "`a.b[10].c[0]` instead of `a.b.10.c.0`"),
            ("{% if x and items.0.1 %}{% endif %}", "`items[0][1]` instead of `items.0.1`"),
            ("{{ items[\"a\"].0 }}", "`items[\"a\"][0]` instead of `items[\"a\"].0`"),
            ("{{ item.2nd }}", "`item[\"2nd\"]` instead of `item.2nd`"),
            ("{% macro a(b) %}{% endmacro a %}", "`{% component button(label) %}"),
            ("{% import \"base.html\" as forms %}", "leave `{% import … %}` out"),
            ("{{ forms::field(name=\"a\") }}", "`{{ <field label=\"…\" /> }}` instead of `forms::field("),
            ("{% include [\"a.html\", \"b.html\"] %}", "`{% include \"base.html\" %}`"),
            ("{%- include 'a.html' ignore missing -%}", "`{% include \"base.html\" %}`"),
            ("{{ a | as_str }}", "`str` instead of `as_str`"),
            ("{{ a | linebreaksbr | safe }}", "`newlines_to_br` instead of `linebreaksbr`"),
            ("{% filter linebreaksbr %}{% endfilter %}", "`newlines_to_br` instead of `linebreaksbr`"),
            ("{{ a | trim_end_matches(pat=\"/\") }}", "`trim_end` instead of `trim_end_matches`"),
            ("{{ a | slice(end=3) }}", "`items[1:3]`"),
            ("{{ a | concat(with=b) }}", "`[...items, item]`"),
            ("{{ a | map(attribute=\"name\") }}", "`[item.name for item in items]`"),
            ("{{ a | filter(attribute=\"name\") }}", "`[item for item in items if"),
            ("{{ a | json_encode }}", "no filter `json_encode`"),
            ("{{ a | int(default=0) }}", "no argument `default` of the filter `int`"),
            ("{{ a | truncate }}", "`truncate(length=255)` instead of `truncate`"),
            ("{{ a | truncate(end=\"\") }}", "`truncate(length=255)` instead of `truncate`"),
            ("{{ a | round(method=\"common\") }}", "`round` instead of `round("),
            ("{% if a is divisibleby(2) %}{% endif %}", "`divisible_by(divisor=2)` instead of `divisibleby(2)`"),
            ("{% if a is object %}{% endif %}", "`is map` instead of `is object`"),
            ("{% if a is not starting_with(\"x\") %}{% endif %}", "`starting_with(pat=\"x\")` instead of `starting"),
            ("{% if a is matching(\"x\") %}{% endif %}", "no test `matching`"),
            ("{{ a | split(pat=\"\\d\") }}", "`\\\\d` instead of `\\d`"),
            ("{{ get_env(name=\"HOME\") }}", "no function `get_env`"),
        ] {
            let found = advice(&format!("a\n{{# b.0 #}}\n{old}"));
            assert!(
                found.len() == 1 && found[0].starts_with("3: Tera 2 ") && found[0].contains(new),
                "{old}: {found:?}"
            );
            // These three the engine would take, and do without the argument or fail when the page is shown.
            let accepted = ["int(", "truncate", "round("].iter().any(|filter| old.contains(filter));
            assert_eq!(parses(old), accepted, "{old}");
        }
        assert_eq!(find("{{ a.0 }}{{ b.0 }}\n{{ c.0 }}").len(), 3, "all of them");
    }

    #[test]
    fn todays_syntax_is_left_alone() {
        for good in [
            "{{ items[0] }} items.0 {{ \"items.0\" }} {# items.0 #} {% raw %}{{ items.0 }}{% endraw %}",
            "{{ 1.5 }} {{ items[0].name }} {{ items[1:2] }} {{ [...items, 0.5] }} {{ 1 if items else 2.0 }}",
            "{{ a.map }} {{ a | default(value=\"filter\") }} {{ {\"as_str\": 1}[\"as_str\"] }} {{ a?.b }} {{ a?[0] }}",
            "{{ a | truncate(length=3) }} {{ a | round(method=\"ceil\") }} {{ a | int(base=2) }} {{ a | split(pat=\"\\n\") }}",
            "{% if a is divisible_by(divisor=2) or a is containing(pat=\"x\") or a is map %}{% endif %}",
            "{% include \"code.html\" %} {{ \"a \\\" {{ b.0 }}\" }} {% filter upper %}{% endfilter %}",
            "{% component a.b(label: string = \"x.0\") %}{{ label }}{% endcomponent a.b %} {{ <a.b label=\"y\" /> }}",
            "",
        ] {
            assert_eq!(advice(good), Vec::<String>::new(), "{good}");
            assert!(parses(good), "{good}");
        }
        for broken in
            ["{{ a }", "{{", "{%", "{#", "{{ \"", "{% raw %}{{ a.0", "{{ a. }}", "{{ .0 }}", "{{ ].0 }}", "{{ a.0"]
        {
            assert_eq!(advice(broken), Vec::<String>::new(), "{broken}");
        }
        for (name, template) in BUILT_IN {
            assert_eq!(advice(template), Vec::<String>::new(), "{name}");
        }
    }
}
