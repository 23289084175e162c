//! Paths and use trees, told from the root of the crate.

use proc_macro2::{Delimiter, Spacing, TokenTree};

use super::{inside, is_mark};

/// A name that a `use` brings into a file, or all names of a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The name; none for `use module::*`.
    pub(crate) name: Option<String>,
    /// Where it comes from, as [`Source::paths`](super::Source::paths) has it.
    pub(crate) path: Vec<String>,
}

/// Whether `::` stands at `at`.
pub(super) fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
    matches!((tokens.get(at), tokens.get(at + 1)),
        (Some(TokenTree::Punct(one)), Some(two))
            if one.as_char() == ':' && one.spacing() == Spacing::Joint && is_mark(two, ':'))
}

/// A word that may be a part of a path. Those before which a path may begin with `::` are not.
fn is_name(token: &TokenTree) -> bool {
    const NO_NAMES: [&str; 9] = ["use", "dyn", "impl", "as", "in", "return", "mut", "for", "where"];
    matches!(token, TokenTree::Ident(word) if !NO_NAMES.iter().any(|other| word == other))
}

/// The paths that begin with the word at `at`: one, or several when it is the root of a use tree.
pub(super) fn path_at(tokens: &[TokenTree], at: usize, module: &[String]) -> Vec<Vec<String>> {
    let Some(first) = tokens.get(at).filter(|token| is_name(token)) else { return Vec::new() };
    let continues = at >= 3 && is_separator(tokens, at - 2) && is_name(&tokens[at - 3]);
    if continues || !is_separator(tokens, at + 1) {
        return Vec::new();
    }
    let mut found = Vec::new();
    tree(&tokens[at..], vec![first.to_string()], 1, &mut found);
    found.into_iter().map(|import| from_root(import.path, module)).collect()
}

/// What the use tree `tokens` imports.
pub(super) fn imports(tokens: &[TokenTree], module: &[String]) -> Vec<Import> {
    let Some(first) = tokens.first().filter(|token| is_name(token)) else { return Vec::new() };
    let mut found = Vec::new();
    tree(tokens, vec![first.to_string()], 1, &mut found);
    found.into_iter().map(|import| Import { path: from_root(import.path, module), ..import }).collect()
}

/// Writes out a use tree whose words up to `at` are `path`.
fn tree(tokens: &[TokenTree], mut path: Vec<String>, mut at: usize, found: &mut Vec<Import>) {
    while is_separator(tokens, at) {
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(word)) => {
                path.push(word.to_string());
                at += 3;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let branches = inside(group);
                for branch in branches.split(|token| is_mark(token, ',')) {
                    let Some(TokenTree::Ident(word)) = branch.first() else { continue };
                    let mut path = path.clone();
                    if word != "self" {
                        path.push(word.to_string());
                    }
                    tree(branch, path, 1, found);
                }
                return;
            }
            Some(mark) if is_mark(mark, '*') => {
                found.push(Import { name: None, path });
                return;
            }
            _ => break,
        }
    }
    let name = match (tokens.get(at), tokens.get(at + 1)) {
        (Some(TokenTree::Ident(word)), Some(name)) if *word == "as" => Some(name.to_string()),
        _ => path.last().cloned(),
    };
    found.push(Import { name, path });
}

/// Tells `crate`, `self` and `super` from the root of the crate.
fn from_root(path: Vec<String>, module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|word| *word == "super").count();
    let here = match path[0].as_str() {
        "super" => &module[..module.len().saturating_sub(ups)],
        "self" => module,
        _ => return path,
    };
    let rest = &path[ups.max(1)..];
    [&["crate".to_owned()], here, rest].concat()
}
