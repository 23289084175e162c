//! The rows of the rules: `| id | rule | held in | proof |`, and for single rows of a section `| row | says | proof |`.

/// One row.
#[derive(Debug)]
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) rule: &'a str,
    /// The files that hold it; a single row of a section has none of its own.
    pub(super) held_in: Option<&'a str>,
    proof: &'a str,
}

/// What proves a rule.
#[derive(Debug)]
pub(super) enum Proof<'a> {
    /// Tests, as file and name.
    Tests(Vec<(&'a str, &'a str)>),
    /// The single rows of this section.
    RowsOf(&'a str),
    /// There is nothing of ours to prove, for this reason.
    NotOurs(&'a str),
    /// No test, for this reason.
    None(&'a str),
}

impl<'a> Row<'a> {
    /// Whether it is a single row of the Mastodon contract, or a deviation: those are counted.
    pub(super) fn is_single(&self) -> bool {
        self.id.starts_with('§') || self.id.starts_with("DEV-")
    }

    /// Whether it is a single row of this section: `§5.2a-3` is one of `§5.2` and of `§5`.
    pub(super) fn is_of(&self, section: &str) -> bool {
        let rest = self.id.strip_prefix(section);
        rest.is_some_and(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
    }

    /// The files that hold it.
    pub(super) fn files(&self) -> impl Iterator<Item = &'a str> {
        quoted(self.held_in.unwrap_or_default())
    }

    pub(super) fn proof(&self) -> Proof<'a> {
        let reason = |word: &str| self.proof.strip_prefix(word).map(str::trim);
        if let Some(reason) = reason("not ours:") {
            return Proof::NotOurs(reason);
        }
        if let Some(reason) = reason("none:") {
            return Proof::None(reason);
        }
        match self.proof.strip_prefix("the rows of ") {
            Some(section) => Proof::RowsOf(section),
            None => Proof::Tests(quoted(self.proof).filter_map(|named| named.split_once(": ")).collect()),
        }
    }

    /// A complaint about it.
    pub(super) fn says(&self, wrong: &str) -> String {
        format!("{}: {wrong}", self.id)
    }
}

/// What stands between backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// All rows of these pages. A line of a table whose first cell is no id is none.
pub(super) fn read(pages: &str) -> Vec<Row<'_>> {
    let cells = pages.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        Some(cells)
    });
    let rows = cells.filter_map(|cells| match *cells {
        [id, rule, proof] => Some(Row { id, rule, held_in: None, proof }),
        [id, rule, held_in, proof] => Some(Row { id, rule, held_in: Some(held_in), proof }),
        _ => None,
    });
    rows.filter(|row| is_id(row.id)).collect()
}

/// Whether a cell is an id: `AS-2`, `E1`, `Mastodon §5.4`, `§5.2a-3`.
fn is_id(cell: &str) -> bool {
    let numbered = cell.split_once('-').is_some_and(|(family, number)| {
        let is_family = !family.is_empty() && family.bytes().all(|letter| letter.is_ascii_uppercase());
        is_family && number.parse::<usize>().is_ok()
    });
    let fault = cell.strip_prefix(|letter: char| letter.is_ascii_uppercase());
    let is_fault = fault.is_some_and(|number| number.parse::<u32>().is_ok());
    numbered || is_fault || cell.split(' ').next_back().is_some_and(|word| word.starts_with('§'))
}

/// Whether `text` has a test of this name: told by one of the macros that make tests, or marked as a test.
pub(super) fn has_test(text: &str, name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    let told = ["story!(", "on_both!("].into_iter().flat_map(|word| text.split(word).skip(1));
    told.map(str::trim_start).any(|rest| rest.strip_prefix(name).is_some_and(ends))
        || text.match_indices(&format!("fn {name}")).any(|(at, found)| {
            let before = text[..at].trim_end().trim_end_matches("async").trim_end();
            let mut marks = before.rsplit('\n').map(str::trim).take_while(|line| line.starts_with("#["));
            ends(&text[at + found.len()..]) && marks.any(|line| line == "#[test]" || line.contains("::test"))
        })
}

#[test]
fn rows_of_a_page_are_read_by_their_ids() {
    let page = "| id | rule | held in | proof |\n| --- | --- | --- | --- |\n| AS-2 | Words. | `a.rs` (by a crate), `b.rs` | \
                `a.rs: one`, `a.rs: two` |\n| Mastodon §5 | Words. | `a.rs` | the rows of §5 |\n\nText.\n\n| row | says | proof \
                |\n| §5.2a-3 | words | not ours: a reason |\n| E1 | Words. | `a.rs` | `a.rs: one` |\n| page | ids | what about |\n| x | y |\n";
    let rows = read(page);
    assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), ["AS-2", "Mastodon §5", "§5.2a-3", "E1"]);
    assert_eq!(rows[0].files().collect::<Vec<_>>(), ["a.rs", "b.rs"]);
    assert!(matches!(rows[0].proof(), Proof::Tests(tests) if tests == [("a.rs", "one"), ("a.rs", "two")]));
    assert!(matches!(rows[1].proof(), Proof::RowsOf("§5")));
    assert!(matches!(rows[2].proof(), Proof::NotOurs("a reason")));
    assert!(rows[2].is_of("§5.2") && rows[2].is_of("§5") && !rows[2].is_of("§5.20"));
    assert!(!Row { id: "§5.20-1", ..read("| §1-1 | a | b |")[0] }.is_of("§5.2"));
}
