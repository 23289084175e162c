//! The library's public signatures name its own types, the standard library's, actix-web's, and those that it re-exports:
//! with any other, a host would have to keep another crate at our version (faults E6).

use std::collections::BTreeSet;

use crate::code_base::CodeBase;
use crate::source::{Source, text_of};
use crate::{assert_none, root};

/// The crates that may be named anywhere.
const FREE: [&str; 1] = ["actix_web"];

/// The crates that the library depends on, by the names of their paths.
fn dependencies() -> BTreeSet<String> {
    let manifest = text_of(&root().join("lysand-auth/Cargo.toml"));
    let mut names = BTreeSet::new();
    let mut is_list = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_list = line.trim_end_matches(']').ends_with(".dependencies") || line == "[dependencies]";
        } else if let (true, Some((name, _))) = (is_list, line.split_once(['.', ' ', '='])) {
            names.insert(name.replace('-', "_"));
        }
    }
    names
}

/// What a path of a file is called in the crate that it comes from; none when that is ours or the standard library.
fn foreign(source: &Source, path: &[String], crates: &BTreeSet<String>) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    // `pub struct Reader` in a file that imports no `Reader`.
    let import = source.imports.iter().find(|import| import.name.as_ref() == Some(first));
    let whole = match import {
        Some(import) => [&import.path[..], rest].concat(),
        // The name of a parameter or a field, or a type of the file's own.
        None if rest.is_empty() => return None,
        None => path.to_vec(),
    };
    crates.contains(whole.first()?).then_some(whole)
}

fn complaints(base: &CodeBase, crates: &BTreeSet<String>) -> Vec<String> {
    let exported: BTreeSet<Vec<String>> = base
        .files
        .iter()
        .flat_map(|file| file.signatures.iter().filter(|one| one.item.starts_with("use")).map(move |one| (file, one)))
        .flat_map(|(_, one)| one.paths.iter().filter(|path| crates.contains(&path[0])).cloned())
        .collect();
    let is_exported = |path: &[String]| (1..=path.len()).any(|length| exported.contains(&path[..length]));
    let mut found = Vec::new();
    for file in &base.files {
        for signature in file.signatures.iter().filter(|one| !one.item.starts_with("use")) {
            for path in signature.paths.iter().filter_map(|path| foreign(file, path, crates)) {
                if !FREE.contains(&path[0].as_str()) && !is_exported(&path) {
                    found.push(format!("{}: `{}` names {}", file.name(), signature.item, path.join("::")));
                }
            }
        }
    }
    found
}

#[test]
fn public_signatures_name_no_types_of_crates_that_are_not_re_exported() {
    let crates = dependencies();
    assert!(crates.contains("serde_json") && crates.contains("actix_web") && crates.contains("rustix"), "{crates:?}");
    let base = CodeBase::at("lysand-auth");
    let count = base.files.iter().map(|file| file.signatures.len()).sum::<usize>();
    assert!(count > 500, "{count} signatures were read");
    assert_none(&complaints(&base, &crates));
}

#[test]
fn foreign_type_in_public_signature_is_found() {
    let crates = BTreeSet::from(["url".to_owned(), "ipnet".to_owned(), "actix_web".to_owned()]);
    let text = r"
        use url::Url;
        use ipnet::IpNet as Net;
        pub use ipnet::IpNet;
        pub fn place() -> Url { x }
        pub struct Row { pub at: Option<url::Host>, of: url::Host, pub net: Net }
        pub fn answer() -> actix_web::HttpResponse { x }
        pub(crate) fn inner() -> Url { x }
    ";
    let base = CodeBase::new("sample", vec![Source::read(&["a"], text)]);
    assert_eq!(complaints(&base, &crates), ["a: `fn place` names url::Url", "a: `at` names url::Host"]);
}
