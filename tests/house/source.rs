//! A source file as the compiler sees it, without comments and without tests: which paths it names, which methods it
//! calls, how many lines of code it has.

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

/// One file of a crate.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The module that the file holds, from the root of its crate: `["store", "apps"]`; empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    /// Every path of two words or more, use trees written out. What begins with `crate`, `self` or `super` is told from
    /// the root of the crate and begins with `crate`; everything else stands as it was written.
    pub(crate) paths: BTreeSet<Vec<String>>,
    /// The methods and fields behind a dot, and the words `async` and `await`.
    pub(crate) words: BTreeSet<String>,
    /// Macros that the file defines.
    pub(crate) macros: BTreeSet<String>,
    /// Modules that are declared here for tests alone and stand in files of their own.
    pub(crate) test_modules: BTreeSet<String>,
    /// Lines that hold code.
    pub(crate) lines: usize,
}

impl Source {
    /// Reads all files below `folder`, the `src` of a crate, except those that hold tests alone.
    pub(crate) fn crate_at(folder: &Path) -> Vec<Self> {
        let mut files = Vec::new();
        collect(folder, &mut Vec::new(), &mut files);
        let tests: BTreeSet<Vec<String>> = files
            .iter()
            .flat_map(|file: &Self| file.test_modules.iter().map(|name| inner(&file.module, name)))
            .collect();
        files.retain(|file| !tests.iter().any(|test| file.module.starts_with(test)));
        assert!(!files.is_empty(), "no sources in {}", folder.display());
        files
    }

    /// Reads the text of the file that holds `module`.
    pub(crate) fn read(module: &[&str], text: &str) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{module:?} cannot be read: {error}"));
        let module: Vec<String> = module.iter().map(ToString::to_string).collect();
        let mut source = Self { module: module.clone(), ..Self::default() };
        let mut lines = BTreeSet::new();
        source.walk(&tokens.into_iter().collect::<Vec<_>>(), &module, &mut lines);
        source.lines = lines.len();
        source
    }

    /// The file's name as a person would look for it.
    pub(crate) fn name(&self) -> String {
        if self.module.is_empty() { "lib".to_owned() } else { self.module.join("/") }
    }

    fn walk(&mut self, tokens: &[TokenTree], module: &[String], lines: &mut BTreeSet<usize>) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if let Some((attribute, after)) = attribute(tokens, at) {
                if is_test_only(attribute) {
                    at = self.skip_item(tokens, after);
                    continue;
                }
                if is_documentation(attribute) {
                    at = after;
                    continue;
                }
            }
            lines.insert(token.span().start().line);
            lines.insert(token.span().end().line);
            self.paths.extend(path_at(tokens, at, module));
            match token {
                TokenTree::Ident(word) if *word == "use" => {
                    let length = tokens[at..].iter().position(|token| is_mark(token, ';')).unwrap_or(0);
                    self.imports(&tokens[at + 1..at + length.max(1)], module, lines);
                    at += length;
                }
                TokenTree::Ident(word) if *word == "mod" => {
                    if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                    {
                        self.walk_group(body, &inner(module, &name.to_string()), lines);
                        at += 2;
                    }
                }
                TokenTree::Ident(word) if *word == "macro_rules" => {
                    self.macros.extend(tokens.get(at + 2).map(ToString::to_string));
                }
                TokenTree::Ident(word) if *word == "async" || is_after_dot(tokens, at) => {
                    self.words.insert(word.to_string());
                }
                TokenTree::Group(group) => self.walk_group(group, module, lines),
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }

    /// An import: its use tree written out.
    fn imports(&mut self, tokens: &[TokenTree], module: &[String], lines: &mut BTreeSet<usize>) {
        for token in tokens {
            lines.extend(token.span().start().line..=token.span().end().line);
        }
        let start = if is_separator(tokens, 0) { 2 } else { 0 };
        self.paths.extend(path_at(&tokens[start..], 0, module));
    }

    fn walk_group(&mut self, group: &Group, module: &[String], lines: &mut BTreeSet<usize>) {
        lines.insert(group.span_open().start().line);
        lines.insert(group.span_close().start().line);
        self.walk(&group.stream().into_iter().collect::<Vec<_>>(), module, lines);
    }

    /// The place after the item that begins at `at`, further attributes included.
    fn skip_item(&mut self, tokens: &[TokenTree], mut at: usize) -> usize {
        while let Some((_, after)) = attribute(tokens, at) {
            at = after;
        }
        if let (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(name))) = (tokens.get(at), tokens.get(at + 1))
            && *word == "mod"
        {
            self.test_modules.insert(name.to_string());
        }
        let ends = |token: &TokenTree| {
            is_mark(token, ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
        };
        let length = tokens.get(at..).unwrap_or_default().iter().position(ends);
        length.map_or(tokens.len(), |length| at + length + 1)
    }
}

fn collect(folder: &Path, module: &mut Vec<String>, files: &mut Vec<Source>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("an entry of a folder").path();
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        if path.is_dir() {
            module.push(name);
            collect(&path, module, files);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut own: Vec<&str> = module.iter().map(String::as_str).collect();
            if !matches!(name.as_str(), "mod" | "lib" | "main") {
                own.push(&name);
            }
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            files.push(Source::read(&own, &text));
        }
    }
}

fn inner(module: &[String], name: &str) -> Vec<String> {
    [module, &[name.to_owned()]].concat()
}

/// The content of an attribute `#[…]` or `#![…]` that begins at `at`, and the place after it.
fn attribute(tokens: &[TokenTree], at: usize) -> Option<(&Group, usize)> {
    if !is_mark(tokens.get(at)?, '#') {
        return None;
    }
    let inside = if is_mark(tokens.get(at + 1)?, '!') { at + 2 } else { at + 1 };
    match tokens.get(inside)? {
        TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => Some((group, inside + 1)),
        _ => None,
    }
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

fn is_test_only(attribute: &Group) -> bool {
    attribute.stream().to_string().replace(' ', "") == "cfg(test)"
}

fn is_documentation(attribute: &Group) -> bool {
    matches!(attribute.stream().into_iter().next(), Some(TokenTree::Ident(word)) if word == "doc")
}

fn is_after_dot(tokens: &[TokenTree], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|token| is_mark(token, '.'))
}

/// Whether `::` stands at `at`.
fn is_separator(tokens: &[TokenTree], at: usize) -> bool {
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
fn path_at(tokens: &[TokenTree], at: usize, module: &[String]) -> Vec<Vec<String>> {
    let Some(first) = tokens.get(at).filter(|token| is_name(token)) else { return Vec::new() };
    let continues = at >= 3 && is_separator(tokens, at - 2) && is_name(&tokens[at - 3]);
    if continues || !is_separator(tokens, at + 1) {
        return Vec::new();
    }
    let mut paths = Vec::new();
    tree(&tokens[at..], vec![first.to_string()], 1, &mut paths);
    paths.into_iter().map(|path| from_root(path, module)).collect()
}

/// Writes out a use tree whose words up to `at` are `path`.
fn tree(tokens: &[TokenTree], mut path: Vec<String>, mut at: usize, paths: &mut Vec<Vec<String>>) {
    while is_separator(tokens, at) {
        match tokens.get(at + 2) {
            Some(TokenTree::Ident(word)) => {
                path.push(word.to_string());
                at += 3;
            }
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let branches: Vec<TokenTree> = group.stream().into_iter().collect();
                for branch in branches.split(|token| is_mark(token, ',')) {
                    let Some(TokenTree::Ident(word)) = branch.first() else { continue };
                    let mut path = path.clone();
                    if word != "self" {
                        path.push(word.to_string());
                    }
                    tree(branch, path, 1, paths);
                }
                return;
            }
            _ => break,
        }
    }
    paths.push(path);
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

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
        //! crate::ghost::in_a_comment
        use super::{Conn, schema::{self, auth_app as table}};
        pub use crate::model::{account::Account, scope};
        use ::diesel::prelude::*;

        /// crate::ghost::in_documentation
        #[cfg(test)]
        #[derive(Debug)]
        struct Ghost { of: crate::ghost::Field }

        const TEXT: &str = "crate::ghost::in_a_string";

        fn foreign() -> impl ::actix_web::Responder {}
        fn all<T: crate::host::Trait>(x: u32) -> Result<(), crate::error::Error> {
            let made = Vec::<crate::secret::Secret>::new();
            on!(conn, c => $crate::store::apps::list(c))?;
            auth.store().read(async { self::helper(x).await })
        }

        mod below { use super::super::sibling::Thing; }

        macro_rules! odd { () => {} }

        #[cfg(test)]
        mod tests { use crate::ghost::in_a_test; }
        #[cfg(test)]
        mod more;
    "#;

    fn sample() -> Source {
        Source::read(&["store", "apps"], SAMPLE)
    }

    #[test]
    fn every_path_is_found_and_told_from_the_root() {
        let paths: Vec<String> = sample().paths.iter().map(|path| path.join("::")).collect();
        for wanted in [
            "crate::store::Conn",
            "crate::store::schema",
            "crate::store::schema::auth_app",
            "crate::model::account::Account",
            "crate::model::scope",
            "diesel::prelude",
            "actix_web::Responder",
            "crate::host::Trait",
            "crate::error::Error",
            "crate::secret::Secret",
            "crate::store::apps::list",
            "crate::store::apps::helper",
            "crate::store::sibling::Thing",
        ] {
            assert!(paths.contains(&wanted.to_owned()), "{wanted} is not among {paths:#?}");
        }
        assert!(!paths.iter().any(|path| path.contains("ghost")), "{paths:#?}");
    }

    #[test]
    fn words_macros_and_test_modules_are_found() {
        let source = sample();
        assert!(["store", "read", "async", "await"].iter().all(|word| source.words.contains(*word)));
        assert!(source.macros.contains("odd"));
        assert_eq!(source.test_modules.iter().collect::<Vec<_>>(), ["more", "tests"]);
    }

    #[test]
    fn comments_documentation_blank_lines_and_tests_are_no_code() {
        let source = Source::read(
            &[],
            "//! a\n\n/// b\nfn f() {\n    // c\n    let text = \"\n\";\n\n}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n",
        );
        assert_eq!(source.lines, 4);
    }
}
