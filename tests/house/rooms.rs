//! Small rooms: no file holds more than a person can keep in mind.

use crate::source::Source;
use crate::{assert_none, root};

/// Lines of code in one file, tests not counted.
const MOST: usize = 500;

fn complaints(house: &[Source]) -> Vec<String> {
    let large = house.iter().filter(|file| file.lines > MOST);
    large.map(|file| format!("{} has {} lines of code; {MOST} are the most", file.name(), file.lines)).collect()
}

#[test]
fn no_room_is_too_large() {
    let folders = ["lysand-auth/src", "reference-server/src", "tests/src"];
    let house: Vec<Source> = folders.iter().flat_map(|folder| Source::crate_at(&root().join(folder))).collect();
    assert_none(&complaints(&house));
}

#[test]
fn a_large_room_is_noticed() {
    let line = "fn f() {}\n";
    let (fits, large) = (line.repeat(MOST), line.repeat(MOST + 1));
    let tests = format!("{fits}\n// a comment\n#[cfg(test)]\nmod tests {{\n{fits}\n}}\n");
    assert_eq!(complaints(&[Source::read(&["fits"], &fits), Source::read(&["tests"], &tests)]), Vec::<String>::new());
    assert_eq!(complaints(&[Source::read(&["large"], &large)]).len(), 1);
}
