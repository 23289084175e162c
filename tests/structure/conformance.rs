//! `docs/conformance.md` is whole: every row of the contract is there once, and is proven by tests that exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::{assert_none, root};

/// How many rows each table of the contract has. The contract itself is not part of the repository.
const ROWS: [(&str, usize); 65] = [
    ("§0.2", 19),
    ("§0.3", 4),
    ("§0.4a", 5),
    ("§0.4b", 10),
    ("§0.5", 6),
    ("§1", 6),
    ("§2.1a", 4),
    ("§2.1b", 6),
    ("§2.2a", 12),
    ("§2.2b", 5),
    ("§2.3a", 10),
    ("§2.3b", 2),
    ("§3a", 5),
    ("§3b", 6),
    ("§4a", 7),
    ("§4b", 6),
    ("§4c", 4),
    ("§5.1", 10),
    ("§5.2a", 8),
    ("§5.2b", 4),
    ("§5.2c", 1),
    ("§5.3a", 5),
    ("§5.3b", 1),
    ("§5.4", 5),
    ("§5.5a", 4),
    ("§5.5b", 3),
    ("§5.6", 3),
    ("§6.1", 5),
    ("§6.2a", 6),
    ("§6.2b", 1),
    ("§6.3a", 9),
    ("§6.3b", 11),
    ("§6.4", 3),
    ("§6.5", 3),
    ("§6.6", 4),
    ("§7a", 4),
    ("§7b", 5),
    ("§8a", 6),
    ("§8b", 3),
    ("§9", 2),
    ("§10a", 13),
    ("§10b", 4),
    ("§11.1", 4),
    ("§11.2a", 14),
    ("§11.2b", 4),
    ("§11.3", 2),
    ("§11.4", 4),
    ("§12", 1),
    ("§13", 27),
    ("§14.1a", 11),
    ("§14.1b", 1),
    ("§14.2", 3),
    ("§14.3", 3),
    ("§15a", 7),
    ("§15b", 1),
    ("§16a", 3),
    ("§16b", 3),
    ("§17a", 5),
    ("§17b", 4),
    ("§18a", 8),
    ("§18b", 4),
    ("§19", 7),
    ("§20", 6),
    ("§21", 16),
    ("DEV", 24),
];

/// The deviation whose number the contract does not use.
const NO_SUCH_DEVIATION: usize = 20;

/// Rows that no test proves, because there is nothing of ours to prove.
const NOT_OURS: &[&str] = &[
    "§0.2-14",
    "§0.2-15",
    "§4b-5",
    "§5.3a-4",
    "§11.2a-6",
    "§11.2a-10",
    "§11.2a-11",
    "§12-1",
    "§16b-3",
    "§18a-5",
    "§18a-6",
    "§21-14",
    "DEV-24",
];

/// One row of the list.
#[derive(Debug)]
struct Row<'a> {
    id: &'a str,
    proof: &'a str,
}

impl Row<'_> {
    /// The tests that it names, as file and name.
    fn tests(&self) -> impl Iterator<Item = (&str, &str)> {
        self.proof.split('`').skip(1).step_by(2).filter_map(|named| named.split_once(": "))
    }

    fn is_not_ours(&self) -> bool {
        self.proof.starts_with("not ours: ") && self.proof.len() > "not ours: ".len() && !self.proof.contains('`')
    }
}

fn rows(list: &str) -> Vec<Row<'_>> {
    let cells = list.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        Some(cells)
    });
    let rows = cells.filter(|cells| cells[0].starts_with('§') || cells[0].starts_with("DEV-"));
    rows.map(|cells| Row { id: cells[0], proof: cells.last().copied().unwrap_or_default() }).collect()
}

/// The ids that the contract has.
fn wanted() -> BTreeSet<String> {
    let numbers = |(table, rows): &(&str, usize)| {
        let table = (*table).to_owned();
        let last = if table == "DEV" { rows + 1 } else { *rows };
        let numbers = (1..=last).filter(|number| table != "DEV" || *number != NO_SUCH_DEVIATION);
        numbers.map(|number| format!("{table}-{number}")).collect::<Vec<_>>()
    };
    ROWS.iter().flat_map(numbers).collect()
}

/// All that is wrong with the list; `read` gives the text of a file of the repository.
fn complaints(list: &str, mut read: impl FnMut(&str) -> Option<String>) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut missing = wanted();
    let mut texts = BTreeMap::new();
    for row in rows(list) {
        let id = row.id;
        if !missing.remove(id) {
            complaints.push(format!("{id} stands twice, or the contract has no such row"));
        }
        if row.is_not_ours() != NOT_OURS.contains(&id) {
            complaints.push(format!("{id}: the list and the test disagree about whether it is ours"));
        }
        if !row.is_not_ours() && row.tests().next().is_none() {
            complaints.push(format!("{id} names no test"));
        }
        for (file, name) in row.tests() {
            match texts.entry(file.to_owned()).or_insert_with(|| read(file)) {
                None => complaints.push(format!("{id}: there is no file {file}")),
                Some(text) if !has_test(text, name) => complaints.push(format!("{id}: no test {name} in {file}")),
                Some(_) => {}
            }
        }
    }
    complaints.extend(missing.into_iter().map(|id| format!("{id} is missing")));
    complaints
}

/// Whether `text` tells a story of this name, or has a function of this name that is marked as a test.
fn has_test(text: &str, name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    let story = text.split("story!(").skip(1).any(|rest| rest.trim_start().strip_prefix(name).is_some_and(ends));
    story
        || text.match_indices(&format!("fn {name}")).any(|(at, found)| {
            let before = text[..at].trim_end().trim_end_matches("async").trim_end();
            let marked = before.rsplit('\n').map(str::trim).take_while(|line| line.starts_with("#["));
            ends(&text[at + found.len()..])
                && marked.into_iter().any(|line| line == "#[test]" || line.contains("::test"))
        })
}

#[test]
fn the_list_is_whole() {
    let read = |file: &str| fs::read_to_string(root().join(file)).ok();
    let list = read("docs/conformance.md").expect("docs/conformance.md");
    assert_none(&complaints(&list, read));
}

#[test]
fn what_is_not_ours_stays_short() {
    assert!(NOT_OURS.iter().all(|id| wanted().contains(*id)), "{NOT_OURS:?}");
    assert!(NOT_OURS.len() * 20 < wanted().len(), "more than one row in twenty is not ours");
}

/// A whole list whose every row is proven by the same test.
fn sample() -> String {
    let row = |id: &String| match NOT_OURS.contains(&id.as_str()) {
        true => format!("| {id} | words | not ours: a reason |\n"),
        false => format!("| {id} | words | `a.rs: first`, `a.rs: second` |\n"),
    };
    wanted().iter().map(row).collect()
}

const TESTS: &str =
    "story!(first, |story| {});\n#[test]\n#[ignore]\nfn second() {}\nfn helper() {}\nstory!(\n    third,\n";

fn judged(list: &str) -> Vec<String> {
    complaints(list, |file| (file == "a.rs").then(|| TESTS.to_owned()))
}

#[test]
fn what_is_wrong_with_a_list_is_noticed() {
    assert_none(&judged(&sample()));
    let (line, own) = ("| §6.3a-7 | words | `a.rs: first`, `a.rs: second` |\n", "`a.rs: first`, `a.rs: second`");
    let with = |proof: &str| sample().replacen(line, &line.replace(own, proof), 1);
    assert!(sample().contains(line));
    assert_none(&judged(&with("`a.rs: third`")));
    for (list, word) in [
        (sample().replacen(line, "", 1), "§6.3a-7 is missing"),
        (sample() + line, "§6.3a-7 stands twice"),
        (sample() + "| §6.3a-10 | words | `a.rs: first` |\n", "no such row"),
        (sample() + "| DEV-20 | words | `a.rs: first` |\n", "no such row"),
        (with("later"), "names no test"),
        (with("not ours: too much work"), "disagree"),
        (with("`a.rs: firs`"), "no test firs"),
        (with("`a.rs: secon`"), "no test secon"),
        (with("`a.rs: helper`"), "no test helper"),
        (with("`b.rs: first`"), "no file b.rs"),
        (sample().replace("| §12-1 | words | not ours: a reason |", "| §12-1 | words | `a.rs: first` |"), "disagree"),
    ] {
        let found = judged(&list);
        assert!(found.iter().any(|complaint| complaint.contains(word)), "{word}: {found:?}");
    }
}
