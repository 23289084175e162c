//! The table that is printed, and the same as JSON.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::machine::Machine;

/// How a figure stands to its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    Reached,
    Below,
    Failed,
}

impl Verdict {
    /// Reached or below, for a figure that could be measured.
    pub(crate) fn of(reached: bool) -> Verdict {
        if reached { Verdict::Reached } else { Verdict::Below }
    }

    fn word(self) -> &'static str {
        match self {
            Verdict::Reached => "reached",
            Verdict::Below => "BELOW",
            Verdict::Failed => "FAILED",
        }
    }
}

/// One line of the table.
pub(crate) struct Row {
    pub(crate) work: &'static str,
    pub(crate) figure: String,
    pub(crate) target: &'static str,
    pub(crate) verdict: Verdict,
    /// What the figure was made of, for the lines below the table.
    pub(crate) detail: String,
    /// The same as numbers, for the JSON file.
    pub(crate) numbers: Vec<(&'static str, f64)>,
}

impl Row {
    /// The row of a measurement that did not work out.
    pub(crate) fn failed(work: &'static str, target: &'static str, why: &str) -> Row {
        Row {
            work,
            target,
            figure: "–".to_owned(),
            verdict: Verdict::Failed,
            detail: why.to_owned(),
            numbers: Vec::new(),
        }
    }
}

/// Everything that was measured on one database.
pub(crate) struct Section {
    pub(crate) database: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// The whole run.
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) quick: bool,
    pub(crate) seconds: f64,
    /// The shares of the processors that other programs, and the machine below this one, took during the run.
    pub(crate) others: f64,
    pub(crate) stolen: f64,
    pub(crate) sections: Vec<Section>,
}

impl Report {
    /// The run as text.
    pub(crate) fn text(&self) -> String {
        let mut lines = vec![["database", "work", "figure", "target", ""].map(str::to_owned)];
        for (database, row) in self.rows() {
            let verdict = row.verdict.word();
            lines.push([database, row.work, &row.figure, row.target, verdict].map(str::to_owned));
        }
        let mut text = format!("{}\n\n{}\n", self.machine.line(), table(&lines));
        for (database, row) in self.rows() {
            let _ = writeln!(text, "{database}, {}: {}", row.work, row.detail);
        }
        let of = |verdict| self.rows().filter(|(_, row)| row.verdict == verdict).count();
        let _ = write!(
            text,
            "\n{} reached, {} below, {} failed, in {:.0} s; other programs and the kernel's own threads took {:.0} % of the processors, \
             the machine below {:.0} %{}",
            of(Verdict::Reached),
            of(Verdict::Below),
            of(Verdict::Failed),
            self.seconds,
            self.others * 100.0,
            self.stolen * 100.0,
            if self.quick { " (quick: short measurements, not for comparison)" } else { "" }
        );
        text
    }

    /// The run as JSON.
    pub(crate) fn json(&self) -> Outcome<String> {
        let rows: Vec<Value> = self.rows().map(|(database, row)| entry(database, row)).collect();
        let value = json!({
            "machine": {
                "processor": self.machine.processor,
                "cores": self.machine.cores,
                "kernel": self.machine.kernel,
                "file_system": self.machine.file_system,
                "fdatasync_median_ms": self.machine.sync_median_ms,
                "fdatasync_p99_ms": self.machine.sync_p99_ms,
            },
            "quick": self.quick,
            "seconds": self.seconds,
            "others_share": self.others,
            "stolen_share": self.stolen,
            "rows": rows,
        });
        Ok(serde_json::to_string_pretty(&value)?)
    }

    /// Whether something could not be measured, or failed while it was.
    pub(crate) fn has_failures(&self) -> bool {
        self.rows().any(|(_, row)| row.verdict == Verdict::Failed)
    }

    fn rows(&self) -> impl Iterator<Item = (&'static str, &Row)> {
        self.sections.iter().flat_map(|section| section.rows.iter().map(|row| (section.database, row)))
    }
}

fn entry(database: &str, row: &Row) -> Value {
    let numbers: Map<String, Value> =
        row.numbers.iter().map(|(name, number)| ((*name).to_owned(), json!(number))).collect();
    json!({
        "database": database,
        "work": row.work,
        "figure": row.figure,
        "target": row.target,
        "verdict": row.verdict.word().to_lowercase(),
        "detail": row.detail,
        "numbers": numbers,
    })
}

/// Lines as a Markdown table, aligned for the terminal as well.
fn table(lines: &[[String; 5]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..5).map(width).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (cell, width) in line.iter().zip(&widths) {
            let padding = " ".repeat(width - cell.chars().count());
            let _ = write!(text, "| {cell}{padding} ");
        }
        text.push_str("|\n");
        if number == 0 {
            for width in &widths {
                let _ = write!(text, "| {} ", "-".repeat((*width).max(3)));
            }
            text.push_str("|\n");
        }
    }
    text
}
