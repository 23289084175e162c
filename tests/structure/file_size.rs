//! No file holds more than a person can keep in mind.

use crate::source::Source;
use crate::{FOLDERS, assert_none, root};

/// Lines of code in one file, tests not counted.
const MOST: usize = 400;

fn complaints(folder: &str, files: &[Source]) -> Vec<String> {
    let large = files.iter().filter(|file| file.lines > MOST);
    large
        .map(|file| format!("{folder}/{} has {} lines of code; {MOST} are the most", file.name(), file.lines))
        .collect()
}

#[test]
fn no_file_is_too_long() {
    let found = FOLDERS.iter().flat_map(|folder| complaints(folder, &Source::crate_at(&root().join(folder))));
    assert_none(&found.collect::<Vec<_>>());
}

#[test]
fn a_long_file_is_noticed() {
    let line = "fn f() {}\n";
    let (fits, long) = (line.repeat(MOST), line.repeat(MOST + 1));
    let tests = format!("{fits}\n// a comment\n#[cfg(test)]\nmod tests {{\n{fits}\n}}\n");
    assert_none(&complaints("src", &[Source::read(&["fits"], &fits), Source::read(&["tests"], &tests)]));
    assert_eq!(complaints("src", &[Source::read(&["long"], &long)]).len(), 1);
}
