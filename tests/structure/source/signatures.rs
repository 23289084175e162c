//! What a file promises to other crates: the signatures of its public items, and what it re-exports.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenTree};

use super::{inside, is_mark};

/// The signature of a public item, or a public field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The keyword and the name: `fn mount`, `struct Config`; of a field its name alone.
    pub(crate) item: String,
    /// Every path in it, single names included.
    pub(crate) paths: BTreeSet<Vec<String>>,
}

/// The signatures in `tokens`, those inside of modules, types, implementations and macros included. What is `pub(crate)` or
/// narrower is none. A re-export is the item `use`.
pub(super) fn signatures(tokens: &[TokenTree]) -> Vec<Signature> {
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(word) if *word == "pub" && !is_group(tokens.get(at + 1), Delimiter::Parenthesis) => {
                found.extend(signature(&tokens[at + 1..]));
            }
            TokenTree::Group(group) => found.extend(signatures(&inside(group))),
            _ => {}
        }
    }
    found
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

/// The signature that follows a `pub`.
fn signature(tokens: &[TokenTree]) -> Option<Signature> {
    let words: Vec<String> = tokens.iter().map_while(ident).collect();
    // `const`, `async` and `unsafe` may stand before `fn`.
    let keywords = ["fn", "struct", "enum", "trait", "type", "const", "static", "use", "mod", "union", "macro"];
    let before_fn = ["const", "async", "unsafe"];
    let is_item = |word: &&String| keywords.contains(&word.as_str());
    let keyword = match words.iter().find(|word| *word == "fn") {
        Some(word) if words.iter().take_while(|word| *word != "fn").all(|word| before_fn.contains(&word.as_str())) => {
            word
        }
        _ => words.first().filter(is_item).map_or_else(|| tokens.first().and_then(|_| words.first()), Some)?,
    };
    if keyword == "mod" {
        return None;
    }
    let name = words.iter().skip_while(|word| *word != keyword).nth(1).cloned().unwrap_or_default();
    let mut paths = BTreeSet::new();
    let head = &tokens[..length(tokens)];
    match (keyword.as_str(), head.split_last()) {
        // The fields of a tuple are looked at one by one.
        ("struct", Some((TokenTree::Group(_), head))) => collect(head, &mut paths),
        _ => collect(head, &mut paths),
    }
    match (keyword.as_str(), tokens.iter().find(|token| is_group(Some(token), Delimiter::Brace))) {
        // All that is in the braces of these is public.
        ("enum", Some(TokenTree::Group(content))) => collect(&inside(content), &mut paths),
        ("trait", Some(TokenTree::Group(content))) => collect_methods(&inside(content), &mut paths),
        _ => {}
    }
    let item = if keywords.contains(&keyword.as_str()) { format!("{keyword} {name}") } else { keyword.clone() };
    Some(Signature { item: item.trim_end().to_owned(), paths })
}

/// How many tokens belong to what begins here: up to the body, a semicolon, or the comma after a field.
fn length(tokens: &[TokenTree]) -> usize {
    let is_use = tokens.first().and_then(ident).is_some_and(|word| word == "use");
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
            TokenTree::Punct(mark) if mark.as_char() == '>' => {
                let is_arrow = at.checked_sub(1).is_some_and(|before| is_mark(&tokens[before], '-'));
                depth = if is_arrow { depth } else { depth.saturating_sub(1) };
            }
            TokenTree::Punct(mark) if mark.as_char() == ';' => return at,
            // The value of a constant is none of its signature.
            TokenTree::Punct(mark) if mark.as_char() == '=' && depth == 0 && !is_type(tokens) => return at,
            TokenTree::Punct(mark) if mark.as_char() == ',' && depth == 0 && !is_use => return at,
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && !is_use => return at,
            _ => {}
        }
    }
    tokens.len()
}

fn is_type(tokens: &[TokenTree]) -> bool {
    tokens.first().and_then(ident).is_some_and(|word| word == "type")
}

/// The signatures of a trait's methods, without the bodies of their defaults.
fn collect_methods(tokens: &[TokenTree], paths: &mut BTreeSet<Vec<String>>) {
    let mut at = 0;
    while at < tokens.len() {
        let length = length(&tokens[at..]);
        collect(&tokens[at..at + length], paths);
        at += length + 1;
    }
}

/// Every path in `tokens`: names with `::` between them.
fn collect(tokens: &[TokenTree], paths: &mut BTreeSet<Vec<String>>) {
    let mut at = 0;
    while at < tokens.len() {
        if let TokenTree::Group(group) = &tokens[at] {
            collect(&inside(group), paths);
        }
        let Some(first) = ident(&tokens[at]) else {
            at += 1;
            continue;
        };
        let mut path = vec![first];
        at += 1;
        while let [one, two, next, ..] = &tokens[at..]
            && is_mark(one, ':')
            && is_mark(two, ':')
        {
            match ident(next) {
                Some(word) => path.push(word),
                None => {
                    if let TokenTree::Group(group) = next {
                        // The tree of a re-export.
                        let mut below = BTreeSet::new();
                        collect(&inside(group), &mut below);
                        paths.extend(below.into_iter().map(|end| [&path[..], &end].concat()));
                    }
                    break;
                }
            }
            at += 3;
        }
        paths.insert(path);
    }
}

fn ident(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
        pub use ipnet::{IpNet, other::Thing as Renamed};
        pub const MOST: Kept = Hidden::new();
        pub(crate) fn inner(x: Hidden) {}
        pub async fn open<T: Into<Asked>>(place: &place::Path) -> Result<Given, Error> where T: Bound { Hidden::make() }
        pub struct Row { pub key: Map<Id, Value>, secret: Hidden, pub(crate) other: Hidden }
        pub struct Tuple(pub Shown, Hidden);
        pub enum Kind { One, Two(Shown2), Three { of: Shown3 } }
        pub trait Talks { fn say(&self, word: Word) -> Answer { Hidden::body() } fn ask(&self) -> Question; }
        pub type Short = Long<Other>;
        impl Row { pub fn get(&self) -> Reply { Hidden } fn own(&self) -> Hidden {} }
        macro_rules! made { () => { pub fn $name(x: InMacro) {} } }
    "#;

    #[test]
    fn signatures_of_public_items_are_found_without_bodies() {
        let tokens: Vec<TokenTree> = SAMPLE.parse::<proc_macro2::TokenStream>().expect("Rust").into_iter().collect();
        let found = signatures(&tokens);
        let all: BTreeSet<String> = found.iter().flat_map(|one| &one.paths).map(|path| path.join("::")).collect();
        for wanted in [
            "ipnet::IpNet",
            "ipnet::other::Thing",
            "Kept",
            "Asked",
            "place::Path",
            "Given",
            "Error",
            "Bound",
            "Map",
            "Id",
            "Value",
            "Shown",
            "Shown2",
            "Shown3",
            "Word",
            "Answer",
            "Question",
            "Long",
            "Other",
            "Reply",
            "InMacro",
        ] {
            assert!(all.contains(wanted), "{wanted} is not among {all:#?}");
        }
        assert!(!all.iter().any(|path| path.contains("Hidden")), "{all:#?}");
        let items: Vec<&str> = found.iter().map(|one| one.item.as_str()).collect();
        assert!(items.contains(&"fn open") && items.contains(&"use ipnet") && items.contains(&"key"), "{items:?}");
    }
}
