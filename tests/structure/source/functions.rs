//! Functions and their sizes, and the names of tests.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenTree};

use super::strip::attribute;
use super::{collect_lines, inside, is_mark};

/// A function with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its name.
    pub(crate) name: String,
    /// Lines that hold code, from `fn` to the closing brace.
    pub(crate) lines: usize,
    /// Parameters, `self` not counted.
    pub(crate) parameters: usize,
}

/// All functions in `tokens`, those inside of modules, implementations, macros and other functions included.
pub(super) fn functions(tokens: &[TokenTree]) -> Vec<Function> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        found.extend(function_at(tokens, at));
        if let TokenTree::Group(group) = &tokens[at] {
            found.extend(functions(&inside(group)));
        }
    }
    found
}

fn function_at(tokens: &[TokenTree], at: usize) -> Option<Function> {
    let (TokenTree::Ident(word), TokenTree::Ident(name)) = (tokens.get(at)?, tokens.get(at + 1)?) else { return None };
    if *word != "fn" {
        return None;
    }
    let rest = &tokens[at..];
    let end = rest.iter().position(|token| is_mark(token, ';') || is_group(token, Delimiter::Brace))?;
    if is_mark(&rest[end], ';') {
        return None;
    }
    let mut lines = BTreeSet::new();
    collect_lines(&rest[..=end], &mut lines);
    Some(Function { name: name.to_string(), lines: lines.len(), parameters: parameters(list(&rest[2..end])?) })
}

fn is_group(token: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == delimiter)
}

/// The list of parameters: the first parentheses outside of angle brackets.
fn list(tokens: &[TokenTree]) -> Option<&Group> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Punct(mark) if mark.as_char() == '<' => depth += 1,
            TokenTree::Punct(mark) if mark.as_char() == '>' && !is_arrow(tokens, at) => depth = depth.saturating_sub(1),
            TokenTree::Group(group) if depth == 0 && group.delimiter() == Delimiter::Parenthesis => return Some(group),
            _ => {}
        }
    }
    None
}

fn is_arrow(tokens: &[TokenTree], at: usize) -> bool {
    at.checked_sub(1).is_some_and(|before| is_mark(&tokens[before], '-'))
}

/// How many parameters a list has. Commas between angle brackets separate types.
fn parameters(list: &Group) -> usize {
    let tokens = inside(list);
    let mut depth = 0_usize;
    let mut starts = vec![0];
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Punct(mark) = token else { continue };
        match mark.as_char() {
            '<' => depth += 1,
            '>' if !is_arrow(&tokens, at) => depth = depth.saturating_sub(1),
            ',' if depth == 0 => starts.push(at + 1),
            _ => {}
        }
    }
    starts.into_iter().filter(|start| tokens.len() > *start && !is_receiver(&tokens[*start..])).count()
}

/// Whether a parameter is `self`, in any of its forms: `&'a mut self`.
fn is_receiver(tokens: &[TokenTree]) -> bool {
    match tokens {
        [mark, _, rest @ ..] if is_mark(mark, '\'') => is_receiver(rest),
        [mark, rest @ ..] if is_mark(mark, '&') => is_receiver(rest),
        [TokenTree::Ident(word), rest @ ..] => word == "self" || (word == "mut" && is_receiver(rest)),
        _ => false,
    }
}

/// The names of all tests in a file, those that are written with `story!` included.
pub(crate) fn test_names(text: &str) -> Vec<String> {
    let tokens: proc_macro2::TokenStream = text.parse().unwrap_or_else(|error| panic!("cannot be read: {error}"));
    names_in(&tokens.into_iter().collect::<Vec<_>>())
}

fn names_in(tokens: &[TokenTree]) -> Vec<String> {
    let mut names = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token {
            TokenTree::Ident(word) if *word == "macro_rules" => at += 3,
            TokenTree::Ident(word) if *word == "story" && tokens.get(at + 1).is_some_and(|next| is_mark(next, '!')) => {
                if let Some(TokenTree::Group(group)) = tokens.get(at + 2) {
                    names.extend(inside(group).first().map(ToString::to_string));
                }
                at += 2;
            }
            TokenTree::Group(group) => names.extend(names_in(&inside(group))),
            _ => names.extend(marked_at(tokens, at)),
        }
        at += 1;
    }
    names
}

/// The name of the test whose attribute `#[test]` or `#[runtime::test]` begins at `at`.
fn marked_at(tokens: &[TokenTree], at: usize) -> Option<String> {
    let (mark, mut after) = attribute(tokens, at)?;
    let words: Vec<String> = inside(mark)
        .iter()
        .map_while(|token| match token {
            TokenTree::Ident(word) => Some(word.to_string()),
            TokenTree::Punct(_) => Some(String::new()),
            TokenTree::Group(_) | TokenTree::Literal(_) => None,
        })
        .collect();
    if words.last().is_none_or(|word| word != "test") {
        return None;
    }
    while let Some((_, next)) = attribute(tokens, after) {
        after = next;
    }
    let end = tokens[after..].iter().position(|token| matches!(token, TokenTree::Ident(word) if *word == "fn"))?;
    tokens.get(after + end + 1).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    #[test]
    fn functions_are_measured_wherever_they_stand() {
        let text = "
            fn none() {}
            impl Thing {
                /// Documentation.
                pub async fn method<A, B: Fn(A) -> B>(&mut self, map: BTreeMap<A, B>, f: impl Fn(A, B) -> A,) -> u8
                where
                    A: Copy,
                {
                    // A comment.
                    1
                }
                fn declared(&self, one: u8);
                fn longer<'a>(&'a mut self, one: u8) {}

            }
            trait Other { fn given(self: Box<Self>, one: super::Two, three: self::Four, more: &'a u8) { fn inside(x: u8) {} } }
            const POINTER: fn(u8) = drop;
            #[cfg(test)]
            mod tests { #[test] fn a_test() {} }
        ";
        let found: Vec<(String, usize, usize)> = Source::read(&[], text)
            .functions
            .into_iter()
            .map(|function| (function.name, function.lines, function.parameters))
            .collect();
        let wanted = [("none", 1, 0), ("method", 6, 2), ("longer", 1, 1), ("given", 1, 3), ("inside", 1, 1)];
        assert_eq!(found, wanted.map(|(name, lines, parameters)| (name.to_owned(), lines, parameters)));
    }

    #[test]
    fn tests_are_known_by_name_however_they_are_marked() {
        let text = "
            #[test] fn plain() {}
            #[tokio::test(flavor = \"multi_thread\")] async fn waiting() {}
            #[cfg(test)] mod tests { #[test] #[should_panic] fn inside() {} #[test_log] fn no_test() {} }
            story!(told, |story| { #[rustfmt::skip] fn helper() {} });
            proptest! { #[test] fn property(x in 0..1) {} }
            macro_rules! story { () => { #[tokio::test] async fn sqlite() {} } }
        ";
        assert_eq!(test_names(text), ["plain", "waiting", "inside", "told", "property"]);
    }
}
