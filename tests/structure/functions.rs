//! No function is longer, and none takes more, than a person can follow.

use crate::source::{Function, Source};
use crate::{FOLDERS, assert_none, root};

/// Lines of code in one function, from `fn` to the closing brace.
const MOST_LINES: usize = 60;

/// Parameters of one function, `self` not counted.
const MOST_PARAMETERS: usize = 5;

fn too_long(folder: &str, files: &[Source]) -> Vec<String> {
    complaints(folder, files, |function| {
        let lines = function.lines;
        (lines > MOST_LINES).then(|| format!("has {lines} lines of code; {MOST_LINES} are the most"))
    })
}

fn too_many_parameters(folder: &str, files: &[Source]) -> Vec<String> {
    complaints(folder, files, |function| {
        let parameters = function.parameters;
        (parameters > MOST_PARAMETERS).then(|| format!("has {parameters} parameters; {MOST_PARAMETERS} are the most"))
    })
}

fn complaints(folder: &str, files: &[Source], judge: impl Fn(&Function) -> Option<String>) -> Vec<String> {
    let functions = files.iter().flat_map(|file| file.functions.iter().map(move |function| (file, function)));
    let judged = functions.filter_map(|(file, function)| Some((file, function, judge(function)?)));
    judged.map(|(file, function, what)| format!("{folder}/{}: {} {what}", file.name(), function.name)).collect()
}

/// What is said of all folders.
fn everywhere(judge: impl Fn(&str, &[Source]) -> Vec<String>) -> Vec<String> {
    FOLDERS.iter().flat_map(|folder| judge(folder, &Source::crate_at(&root().join(folder)))).collect()
}

#[test]
fn no_function_is_too_long() {
    assert_none(&everywhere(too_long));
}

#[test]
fn no_function_takes_too_much() {
    assert_none(&everywhere(too_many_parameters));
}

#[test]
fn a_long_function_is_noticed() {
    let with = |lines: usize| format!("fn f() {{\n{}}}\n", "f();\n\n// a comment\n".repeat(lines - 2));
    let judged = |text: &str| too_long("src", &[Source::read(&["file"], text)]);
    assert_none(&judged(&with(MOST_LINES)));
    assert_eq!(judged(&with(MOST_LINES + 1)), ["src/file: f has 61 lines of code; 60 are the most"]);
    assert_none(&judged(&format!("#[cfg(test)]\nmod tests {{\n{}\n}}\n", with(MOST_LINES + 1))));
}

#[test]
fn a_function_that_takes_too_much_is_noticed() {
    let judged = |text: &str| too_many_parameters("src", &[Source::read(&["file"], text)]);
    assert_none(&judged("impl A { fn f(&self, a: u8, b: u8, c: u8, d: u8, e: (u8, u8)) {} }"));
    let found = judged("fn f(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8) {}");
    assert_eq!(found, ["src/file: f has 6 parameters; 5 are the most"]);
}
