//! A test is found by its name: it says in words what happens, and no other test of the file has it.

use std::collections::BTreeSet;

use crate::source::{rust_files, test_names, text_of};
use crate::{assert_none, root};

/// Where tests are.
const FOLDERS: [&str; 3] = ["lysand-auth/src", "reference-server/src", "tests"];

/// Words in the name of a test.
const FEWEST_WORDS: usize = 3;

fn complaints(file: &str, text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for name in test_names(text) {
        let plain = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_';
        if !name.bytes().all(plain) || name.split('_').filter(|word| !word.is_empty()).count() < FEWEST_WORDS {
            complaints.push(format!("{file}: {name} is not a name of {FEWEST_WORDS} words or more: [a-z0-9_]+"));
        }
        if !seen.insert(name.clone()) {
            complaints.push(format!("{file}: {name} stands twice"));
        }
    }
    complaints
}

#[test]
fn every_test_has_a_name_of_its_own() {
    let mut found = Vec::new();
    for path in FOLDERS.iter().flat_map(|folder| rust_files(&root().join(folder))) {
        let file = path.strip_prefix(root()).expect("below the root").display().to_string();
        found.extend(complaints(&file, &text_of(&path)));
    }
    assert_none(&found);
}

#[test]
fn a_bad_name_of_a_test_is_noticed() {
    let test = |name: &str| format!("#[test] fn {name}() {{}}\n");
    assert_none(&complaints("file", &format!("{}story!(token_of_2_apps, |s| {{}});", test("token_without_code"))));
    for bad in [
        test("token"),
        test("token_code"),
        test("token__code"),
        test("token_without_Code"),
        "story!(token_code, |s| {});".to_owned(),
        test("a_b_c") + &test("a_b_c"),
        test("a_b_c") + "#[cfg(test)] mod tests { story!(a_b_c, |s| {}); }",
    ] {
        assert_eq!(complaints("file", &bad).len(), 1, "{bad}");
    }
}
