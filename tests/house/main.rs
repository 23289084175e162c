//! The house holds: the rules, floors, sizes of rooms, migrations. Read from the sources, so that it is true of every line.

mod floors;
mod migrations;
mod rooms;
mod rules;
mod source;

use std::path::{Path, PathBuf};

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a folder of the workspace").to_owned()
}

/// Demands that nothing is wrong, and says all that is.
#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
