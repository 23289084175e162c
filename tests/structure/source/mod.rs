//! A source file as the compiler sees it, without comments and without tests: which paths it names, which methods it
//! calls, what it defines, how long it and its functions are. And, beside that, which tests it has.

mod functions;
mod paths;
mod signatures;
mod strip;

use std::collections::BTreeSet;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};

pub(crate) use self::functions::{Function, test_names};
pub(crate) use self::paths::Import;
pub(crate) use self::signatures::Signature;

/// One file of a crate.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The module that the file holds, from the root of its crate: `["store", "apps"]`; empty for `lib.rs`.
    pub(crate) module: Vec<String>,
    /// Every path of two words or more, use trees written out. What begins with `crate`, `self` or `super` is told from
    /// the root of the crate and begins with `crate`; everything else stands as it was written.
    pub(crate) paths: BTreeSet<Vec<String>>,
    /// The names that `use` brings into the file.
    pub(crate) imports: Vec<Import>,
    /// Modules that are declared here and stand in files of their own.
    pub(crate) children: BTreeSet<String>,
    /// What the file defines at its top level: functions, types, constants, macros, inline modules.
    pub(crate) defined: BTreeSet<String>,
    /// The methods and fields behind a dot, and the words `async` and `await`.
    pub(crate) words: BTreeSet<String>,
    /// Macros that the file defines.
    pub(crate) macros: BTreeSet<String>,
    /// Modules that are declared here for tests alone and stand in files of their own.
    pub(crate) test_modules: BTreeSet<String>,
    /// What other crates may name, and what it is made of.
    pub(crate) signatures: Vec<Signature>,
    /// Every function with a body.
    pub(crate) functions: Vec<Function>,
    /// Lines that hold code.
    pub(crate) lines: usize,
}

impl Source {
    /// Reads all files below `folder`, the `src` of a crate, except those that hold tests alone.
    pub(crate) fn crate_at(folder: &Path) -> Vec<Self> {
        let mut files: Vec<Self> = Vec::new();
        for path in rust_files(folder) {
            let module = module_of(path.strip_prefix(folder).expect("below the folder"));
            let words: Vec<&str> = module.iter().map(String::as_str).collect();
            files.push(Self::read(&words, &text_of(&path)));
        }
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
        let code = strip::tests_and_documentation(tokens);
        let mut lines = BTreeSet::new();
        collect_lines(&code.tokens, &mut lines);
        let (children, defined) = items(&code.tokens);
        let mut source = Self {
            children,
            defined,
            test_modules: code.test_modules,
            functions: functions::functions(&code.tokens),
            signatures: signatures::signatures(&code.tokens),
            lines: lines.len(),
            ..Self::default()
        };
        source.walk(&code.tokens, &module);
        source.module = module;
        source
    }

    /// The file's name as a person would look for it.
    pub(crate) fn name(&self) -> String {
        if self.module.is_empty() { "lib".to_owned() } else { self.module.join("/") }
    }

    fn walk(&mut self, tokens: &[TokenTree], module: &[String]) {
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            self.paths.extend(paths::path_at(tokens, at, module));
            match token {
                TokenTree::Ident(word) if *word == "use" && !paths::is_separator(tokens, at + 1) => {
                    let length = tokens[at..].iter().position(|token| is_mark(token, ';')).unwrap_or(0);
                    self.imports(&tokens[at + 1..at + length.max(1)], module);
                    at += length;
                }
                TokenTree::Ident(word) if *word == "use" => {
                    let length = tokens[at..].iter().position(|token| is_mark(token, ';')).unwrap_or(0);
                    self.imports(&tokens[at + 3..at + length.max(3)], module);
                    at += length;
                }
                TokenTree::Ident(word) if *word == "mod" => {
                    if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
                        (tokens.get(at + 1), tokens.get(at + 2))
                    {
                        self.walk(&inside(body), &inner(module, &name.to_string()));
                        at += 2;
                    }
                }
                TokenTree::Ident(word) if *word == "macro_rules" => {
                    self.macros.extend(tokens.get(at + 2).map(ToString::to_string));
                }
                TokenTree::Ident(word) if *word == "async" || is_after_dot(tokens, at) => {
                    self.words.insert(word.to_string());
                }
                TokenTree::Group(group) => self.walk(&inside(group), module),
                TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }

    /// An import: its use tree written out.
    fn imports(&mut self, tokens: &[TokenTree], module: &[String]) {
        let imports = paths::imports(tokens, module);
        self.paths.extend(imports.iter().map(|import| import.path.clone()).filter(|path| path.len() > 1));
        self.imports.extend(imports);
    }
}

/// All Rust files below `folder`, in the order of their names.
pub(crate) fn rust_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry of a folder").path()).collect();
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() && !path.ends_with("node_modules") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The text of a file.
pub(crate) fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The module that a file holds. `main.rs` is a crate of its own beside `lib.rs`, and is called `main` here.
fn module_of(path: &Path) -> Vec<String> {
    let mut module: Vec<String> =
        path.with_extension("").iter().map(|word| word.to_string_lossy().into_owned()).collect();
    if matches!(module.last().map(String::as_str), Some("mod" | "lib")) {
        module.pop();
    }
    module
}

fn inner(module: &[String], name: &str) -> Vec<String> {
    [module, &[name.to_owned()]].concat()
}

fn inside(group: &proc_macro2::Group) -> Vec<TokenTree> {
    group.stream().into_iter().collect()
}

fn is_mark(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(found) if found.as_char() == mark)
}

fn is_after_dot(tokens: &[TokenTree], at: usize) -> bool {
    at.checked_sub(1).and_then(|before| tokens.get(before)).is_some_and(|token| is_mark(token, '.'))
}

/// The lines on which a token begins or ends.
fn collect_lines(tokens: &[TokenTree], lines: &mut BTreeSet<usize>) {
    for token in tokens {
        lines.insert(token.span().start().line);
        lines.insert(token.span().end().line);
        if let TokenTree::Group(group) = token {
            collect_lines(&inside(group), lines);
        }
    }
}

/// The child modules of a file and the names of what it defines at its top level.
fn items(tokens: &[TokenTree]) -> (BTreeSet<String>, BTreeSet<String>) {
    const KEYWORDS: [&str; 9] = ["fn", "struct", "enum", "union", "trait", "type", "const", "static", "mod"];
    let (mut children, mut defined) = (BTreeSet::new(), BTreeSet::new());
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Ident(word) = token else { continue };
        let word = word.to_string();
        match (word.as_str(), tokens.get(at + 1), tokens.get(at + 2)) {
            ("mod", Some(TokenTree::Ident(name)), Some(end)) if is_mark(end, ';') => {
                children.insert(name.to_string());
            }
            ("macro_rules", _, Some(name)) => {
                defined.insert(name.to_string());
            }
            (keyword, Some(TokenTree::Ident(name)), _) if KEYWORDS.contains(&keyword) => {
                defined.insert(name.to_string());
            }
            _ => {}
        }
    }
    (children, defined)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = r#"
        //! crate::ghost::in_a_comment
        use super::{Conn, schema::{self, auth_app as table}};
        pub use crate::model::{account::Account, scope};
        use ::diesel::prelude::*;
        use crate::host::*;

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

        mod child;
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
    fn source_reader_resolves_every_path_from_crate_root() {
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
    fn imports_are_known_by_the_name_they_bring() {
        let found: Vec<String> = sample()
            .imports
            .iter()
            .map(|import| format!("{} = {}", import.name.as_deref().unwrap_or("*"), import.path.join("::")))
            .collect();
        for wanted in [
            "Conn = crate::store::Conn",
            "schema = crate::store::schema",
            "table = crate::store::schema::auth_app",
            "Account = crate::model::account::Account",
            "* = diesel::prelude",
            "* = crate::host",
        ] {
            assert!(found.contains(&wanted.to_owned()), "{wanted} is not among {found:#?}");
        }
    }

    #[test]
    fn words_macros_items_and_test_modules_are_found() {
        let source = sample();
        assert!(["store", "read", "async", "await"].iter().all(|word| source.words.contains(*word)));
        assert!(source.macros.contains("odd"));
        assert_eq!(source.test_modules.iter().collect::<Vec<_>>(), ["more", "tests"]);
        assert_eq!(source.children.iter().collect::<Vec<_>>(), ["child"]);
        assert_eq!(source.defined.iter().collect::<Vec<_>>(), ["TEXT", "all", "below", "foreign", "odd"]);
    }

    #[test]
    fn source_reader_counts_no_comments_blank_lines_or_tests() {
        let source = Source::read(
            &[],
            "//! a\n\n/// b\nfn f() {\n    // c\n    let text = \"\n\";\n\n}\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n",
        );
        assert_eq!(source.lines, 4);
    }

    #[test]
    fn files_are_known_by_their_module() {
        for (path, module) in [
            ("lib.rs", &[][..]),
            ("main.rs", &["main"]),
            ("store/mod.rs", &["store"]),
            ("store/apps.rs", &["store", "apps"]),
        ] {
            assert_eq!(module_of(Path::new(path)), module);
        }
    }
}
