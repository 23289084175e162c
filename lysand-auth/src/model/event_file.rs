//! Events in files: their columns, and how no cell is a formula (people PPL-149).

use serde_json::{Value, json};

use super::event::Event;

/// The names of what an event has, in the order of a file.
pub const EVENT_COLUMNS: [&str; 14] = [
    "id",
    "at",
    "event",
    "outcome",
    "actor_kind",
    "actor",
    "target_kind",
    "target",
    "name",
    "app",
    "network",
    "agent",
    "request_id",
    "detail",
];

/// An event in JSON.
#[must_use]
pub fn event_as_json(event: &Event) -> Value {
    json!({
        "id": event.id,
        "at": event.at.to_iso8601(),
        "event": event.event,
        "outcome": event.outcome,
        "actor_kind": event.actor_kind,
        "actor": event.actor,
        "target_kind": event.target_kind,
        "target": event.target,
        "name": event.name,
        "app": event.app,
        "network": event.network,
        "agent": event.agent,
        "request_id": event.request_id,
        "detail": event.detail.as_deref().and_then(|detail| serde_json::from_str::<Value>(detail).ok()),
    })
}

/// An event as a line of a CSV file (RFC 4180).
#[must_use]
pub fn event_as_csv(event: &Event) -> String {
    let at = event.at.to_iso8601();
    let known = [&event.id, &at, &event.event, &event.outcome, &event.actor_kind].map(String::as_str);
    let perhaps = [
        &event.actor,
        &event.target_kind,
        &event.target,
        &event.name,
        &event.app,
        &event.network,
        &event.agent,
        &event.request_id,
        &event.detail,
    ];
    let perhaps = perhaps.map(|value| value.as_deref().unwrap_or_default());
    let cells: Vec<String> = known.into_iter().chain(perhaps).map(cell).collect();
    format!("{}\r\n", cells.join(","))
}

/// A cell of a CSV file (RFC 4180). What a spreadsheet would take for a formula is made a text (people PPL-149).
fn cell(value: &str) -> String {
    let plain = match value.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{value}"),
        false => value.to_owned(),
    };
    match plain.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", plain.replace('"', "\"\"")),
        false => plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_export_cells_are_no_formulas() {
        for (value, expected) in [
            ("ada", "ada"),
            ("", ""),
            ("=1+1", "'=1+1"),
            ("+49", "'+49"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            ("a,b", "\"a,b\""),
            ("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\""),
            ("{\"a\":1}", "\"{\"\"a\"\":1}\""),
        ] {
            assert_eq!(cell(value), expected);
        }
    }
}
