//! Tokens without documentation and without what is compiled for tests alone.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::{inside, is_mark};

/// What is left of a file.
pub(super) struct Code {
    pub(super) tokens: Vec<TokenTree>,
    /// Modules that are declared for tests alone.
    pub(super) test_modules: BTreeSet<String>,
}

/// Leaves out documentation and everything that is marked `#[cfg(test)]`.
pub(super) fn tests_and_documentation(tokens: TokenStream) -> Code {
    let mut code = Code { tokens: Vec::new(), test_modules: BTreeSet::new() };
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while let Some(token) = all.get(at) {
        if let Some((attribute, after)) = attribute(&all, at) {
            if is_test_only(attribute) {
                at = skip_item(&all, after, &mut code.test_modules);
                continue;
            }
            if is_documentation(attribute) {
                at = after;
                continue;
            }
        }
        code.tokens.push(match token {
            TokenTree::Group(group) => {
                let content = tests_and_documentation(group.stream());
                code.test_modules.extend(content.test_modules);
                let mut stripped = Group::new(group.delimiter(), content.tokens.into_iter().collect());
                stripped.set_span(group.span());
                TokenTree::Group(stripped)
            }
            other => other.clone(),
        });
        at += 1;
    }
    code
}

/// The place after the item that begins at `at`, further attributes included.
fn skip_item(tokens: &[TokenTree], mut at: usize, test_modules: &mut BTreeSet<String>) -> usize {
    while let Some((_, after)) = attribute(tokens, at) {
        at = after;
    }
    if let (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(name))) = (tokens.get(at), tokens.get(at + 1))
        && *word == "mod"
    {
        test_modules.insert(name.to_string());
    }
    let ends = |token: &TokenTree| {
        is_mark(token, ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    let length = tokens.get(at..).unwrap_or_default().iter().position(ends);
    length.map_or(tokens.len(), |length| at + length + 1)
}

/// The content of an attribute `#[…]` or `#![…]` that begins at `at`, and the place after it.
pub(super) fn attribute(tokens: &[TokenTree], at: usize) -> Option<(&Group, usize)> {
    if !is_mark(tokens.get(at)?, '#') {
        return None;
    }
    let inside = if is_mark(tokens.get(at + 1)?, '!') { at + 2 } else { at + 1 };
    match tokens.get(inside)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some((group, inside + 1)),
        _ => None,
    }
}

fn is_test_only(attribute: &Group) -> bool {
    attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

fn is_documentation(attribute: &Group) -> bool {
    matches!(inside(attribute).first(), Some(TokenTree::Ident(word)) if word == "doc")
}
