//! `docs/rules` is whole: every cited id has one row, and every row names files and tests that exist.

mod citations;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use self::citations::cited;
use self::rows::{Proof, Row, has_test};
use crate::{assert_none, root};

/// How many rows each table of the Mastodon contract has. The contract itself is not part of the repository.
const TABLES: [(&str, usize); 65] = [
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

/// The deviation whose number is not used.
const NO_SUCH_DEVIATION: usize = 20;

/// Rows that no test proves, because there is nothing of ours to prove.
const NOT_OURS: &[&str] = &["§5.3a-4", "§11.2a-6", "§11.2a-10", "§16b-3"];

/// Rules that no test proves; the row says why.
const WITHOUT_A_TEST: &[&str] = &["OPS-3"];

/// The folders and files in which a rule may be cited.
const PLACES: [&str; 11] = [
    ".cargo",
    "Cargo.toml",
    "README.md",
    "clippy.toml",
    "docs",
    "lysand-auth",
    "migrations",
    "reference-server",
    "rustfmt.toml",
    "templates",
    "tests",
];

/// The folder of the rules themselves.
const RULES: &str = "docs/rules";

/// The text of a file of the repository.
fn text_of(file: &str) -> Option<String> {
    fs::read_to_string(root().join(file)).ok()
}

/// All pages of the rules, one below the other.
fn pages() -> String {
    let folder = fs::read_dir(root().join(RULES)).expect("docs/rules");
    let pages = folder.map(|page| fs::read_to_string(page.expect("a page").path()).expect("a page of text"));
    pages.collect::<Vec<_>>().join("\n")
}

/// The ids of the single Mastodon rows and deviations.
fn single_rows() -> BTreeSet<String> {
    let numbers = |(table, rows): &(&str, usize)| {
        let table = (*table).to_owned();
        let last = if table == "DEV" { rows + 1 } else { *rows };
        let numbers = (1..=last).filter(|number| table != "DEV" || *number != NO_SUCH_DEVIATION);
        numbers.map(|number| format!("{table}-{number}")).collect::<Vec<_>>()
    };
    TABLES.iter().flat_map(numbers).collect()
}

/// All that is wrong with the rules; `read` gives the text of a file of the repository.
fn complaints(pages: &str, mut read: impl FnMut(&str) -> Option<String>) -> Vec<String> {
    let rows = rows::read(pages);
    let mut texts = BTreeMap::new();
    let mut text_of = |file: &str| texts.entry(file.to_owned()).or_insert_with(|| read(file)).clone();
    let mut complaints = wrong_ids(&rows);
    for row in &rows {
        complaints.extend(wrong_cells(row));
        complaints.extend(wrong_proof(row, &rows, &mut text_of));
        let unknown =
            row.files().filter(|file| text_of(file).is_none()).map(|file| row.says(&format!("no file {file}")));
        complaints.extend(unknown.collect::<Vec<_>>());
    }
    complaints
}

/// Rows that are missing, stand twice, or have an id that the contract does not have.
fn wrong_ids(rows: &[Row<'_>]) -> Vec<String> {
    let mut missing = single_rows();
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for row in rows {
        if !seen.insert(row.id) {
            complaints.push(row.says("stands twice"));
        } else if !missing.remove(row.id) && row.is_single() {
            complaints.push(row.says("there is no such row in the contract"));
        }
    }
    complaints.extend(missing.into_iter().map(|id| format!("{id} is missing")));
    complaints
}

/// A row without its words, or without the file that holds it.
fn wrong_cells(row: &Row<'_>) -> Option<String> {
    let has_file = row.held_in.is_none_or(|held| held == "nowhere yet" || row.files().next().is_some());
    let wrong = match (row.rule.is_empty(), has_file) {
        (true, _) => "says nothing",
        (_, false) => "names no file that holds it",
        _ => return None,
    };
    Some(row.says(wrong))
}

/// What is wrong with the proof of a row.
fn wrong_proof(row: &Row<'_>, rows: &[Row<'_>], text_of: &mut impl FnMut(&str) -> Option<String>) -> Vec<String> {
    let proof = row.proof();
    let disagree = "the row and this test disagree about";
    let wrong = match &proof {
        Proof::NotOurs(_) if !NOT_OURS.contains(&row.id) => format!("{disagree} whether it is ours"),
        Proof::None(_) if !WITHOUT_A_TEST.contains(&row.id) => format!("{disagree} whether a test proves it"),
        Proof::NotOurs(reason) | Proof::None(reason) if reason.is_empty() => "gives no reason".to_owned(),
        Proof::NotOurs(_) | Proof::None(_) => return Vec::new(),
        _ if NOT_OURS.contains(&row.id) => format!("{disagree} whether it is ours"),
        _ if WITHOUT_A_TEST.contains(&row.id) => format!("{disagree} whether a test proves it"),
        Proof::RowsOf(section) if rows.iter().any(|other| other.is_of(section)) => return Vec::new(),
        Proof::RowsOf(section) => format!("{section} has no rows"),
        Proof::Tests(tests) if tests.is_empty() => "names no test".to_owned(),
        Proof::Tests(tests) => {
            let wrong = tests.iter().filter_map(|(file, name)| match text_of(file) {
                None => Some(format!("no file {file}")),
                Some(text) => (!has_test(&text, name)).then(|| format!("no test {name} in {file}")),
            });
            return wrong.map(|wrong| row.says(&wrong)).collect();
        }
    };
    vec![row.says(&wrong)]
}

/// Ids that `file` cites and that have no row.
fn without_a_row(file: &str, text: &str, ids: &BTreeSet<&str>) -> Vec<String> {
    let without = cited(text).into_iter().filter(|id| !ids.contains(id.as_str()));
    without.map(|id| format!("{file} cites {id}, which has no row in {RULES}")).collect()
}

/// Every file of text in which a rule may be cited, by its path from the root. The rules themselves, and this test with
/// its samples, are left out.
fn citing_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for place in PLACES {
        collect(Path::new(place), &mut files);
    }
    files
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let full = root().join(path);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if matches!(name, "target" | "node_modules") || full.is_symlink() || path == Path::new(RULES) {
        return;
    }
    if full.is_file() {
        let this = Path::new(file!()).with_extension("");
        if !path.with_extension("").starts_with(this) {
            files.push(path.to_owned());
        }
        return;
    }
    let folder = fs::read_dir(&full).unwrap_or_else(|error| panic!("{}: {error}", full.display()));
    for entry in folder {
        collect(&path.join(entry.expect("an entry").file_name()), files);
    }
}

#[test]
fn rules_in_the_documents_are_whole() {
    assert_none(&complaints(&pages(), text_of));
}

#[test]
fn rule_cited_anywhere_has_a_row() {
    let pages = pages();
    let ids: BTreeSet<&str> = rows::read(&pages).iter().map(|row| row.id).collect();
    let files = citing_files();
    assert!(files.len() > 200, "only {} files were found", files.len());
    let mut found = Vec::new();
    let mut citations = 0;
    for file in files {
        // What is no text, an image for one, cites nothing.
        let Ok(text) = fs::read_to_string(root().join(&file)) else { continue };
        citations += cited(&text).len();
        found.extend(without_a_row(&file.display().to_string(), &text, &ids));
    }
    assert!(citations > 400, "only {citations} citations were found");
    assert_none(&found);
}

#[test]
fn rules_without_a_proof_stay_few() {
    assert!(NOT_OURS.iter().all(|id| single_rows().contains(*id)), "{NOT_OURS:?}");
    assert!(NOT_OURS.len() * 20 < single_rows().len(), "more than one row in twenty is not ours");
    assert!(WITHOUT_A_TEST.len() < 6, "{WITHOUT_A_TEST:?}");
}

#[test]
fn rule_without_a_row_is_noticed() {
    let ids = BTreeSet::from(["AS-1", "AS-2", "Mastodon §5.4"]);
    assert_none(&without_a_row("a.rs", "// As AS-1 to AS-2 say (Mastodon §5.4, RFC 6749 §5.2).", &ids));
    for (text, id) in [
        ("// A rule (security AS-3).", "AS-3"),
        ("// A rule (AS-1 to AS-3).", "AS-3"),
        ("// A rule (Mastodon §5.4,\n    // §5.5).", "Mastodon §5.5"),
        ("# A page (design §7)", "design §7"),
        ("Somewhere else (§9)", "§9 without its document"),
    ] {
        let found = without_a_row("a.rs", text, &ids);
        assert_eq!(found, [format!("a.rs cites {id}, which has no row in {RULES}")], "{text}");
    }
}

/// Whole rules: every single row is proven by the same tests, and each other kind of row stands there once.
fn sample() -> String {
    let row = |id: &String| match NOT_OURS.contains(&id.as_str()) {
        true => format!("| {id} | words | not ours: a reason |\n"),
        false => format!("| {id} | words | `a.rs: first`, `a.rs: second` |\n"),
    };
    let single: String = single_rows().iter().map(row).collect();
    single
        + "| Mastodon §5.4 | Words. | `a.rs` | the rows of §5.4 |\n| AS-1 | Words. | `a.rs` | `a.rs: first` |\n\
           | OPS-3 | Words. | `a.rs` | none: a reason |\n"
}

const TESTS: &str = "story!(first, |story| {});\n#[test]\n#[ignore]\nfn second() {}\nfn helper() {}\nstory!(\n    \
                     third,\non_both!(fourth, |database| {});\n";

fn judged(pages: &str) -> Vec<String> {
    complaints(pages, |file| (file == "a.rs").then(|| TESTS.to_owned()))
}

#[test]
fn single_row_with_a_mistake_is_noticed() {
    assert_none(&judged(&sample()));
    let (line, own) = ("| §6.3a-7 | words | `a.rs: first`, `a.rs: second` |\n", "`a.rs: first`, `a.rs: second`");
    let with = |proof: &str| sample().replacen(line, &line.replace(own, proof), 1);
    assert!(sample().contains(line));
    assert_none(&judged(&with("`a.rs: third`, `a.rs: fourth`")));
    for (pages, word) in [
        (sample().replacen(line, "", 1), "§6.3a-7 is missing"),
        (sample() + line, "§6.3a-7: stands twice"),
        (sample() + "| §6.3a-10 | words | `a.rs: first` |\n", "no such row"),
        (sample() + "| DEV-20 | words | `a.rs: first` |\n", "no such row"),
        (with("later"), "names no test"),
        (with("not ours: too much work"), "whether it is ours"),
        (with("none: too much work"), "whether a test proves it"),
        (with("`a.rs: firs`"), "no test firs"),
        (with("`a.rs: secon`"), "no test secon"),
        (with("`a.rs: helper`"), "no test helper"),
        (with("`b.rs: first`"), "no file b.rs"),
        (
            sample().replace("| §5.3a-4 | words | not ours: a reason |", "| §5.3a-4 | words | `a.rs: first` |"),
            "is ours",
        ),
        (sample().replace("| §5.3a-4 | words | not ours: a reason |", "| §5.3a-4 | words | not ours: |"), "no reason"),
        (sample().replace(line, &line.replace("words", "")), "says nothing"),
    ] {
        let found = judged(&pages);
        assert!(found.iter().any(|complaint| complaint.contains(word)), "{word}: {found:?}");
    }
}

#[test]
fn rule_with_a_mistake_is_noticed() {
    let (section, rule) = ("| `a.rs` | the rows of §5.4 |", "| `a.rs` | `a.rs: first` |");
    assert!(sample().contains(section) && sample().contains(rule));
    assert_none(&judged(&sample().replace(section, "| `a.rs`, nowhere yet | the rows of §5.4 |")));
    for (pages, word) in [
        (sample() + "| AS-1 | Words. | `a.rs` | `a.rs: first` |\n", "AS-1: stands twice"),
        (sample().replace(rule, "| `a.rs` | `a.rs: firs` |"), "AS-1: no test firs"),
        (sample().replace(rule, "| `a.rs` | later |"), "AS-1: names no test"),
        (sample().replace(rule, "| `a.rs` | none: too much work |"), "whether a test proves it"),
        (sample().replace(rule, "| `a.rs` | not ours: too much work |"), "whether it is ours"),
        (sample().replace(rule, "| `b.rs` | `a.rs: first` |"), "AS-1: no file b.rs"),
        (sample().replace(rule, "| the library | `a.rs: first` |"), "AS-1: names no file"),
        (sample().replace("none: a reason", "`a.rs: first`"), "OPS-3: the row and this test disagree"),
        (sample().replace("none: a reason", "none:"), "OPS-3: gives no reason"),
        (sample().replace("the rows of §5.4", "the rows of §5.9"), "§5.9 has no rows"),
    ] {
        let found = judged(&pages);
        assert!(found.iter().any(|complaint| complaint.contains(word)), "{word}: {found:?}");
    }
}
