//! The structure of the code base: imports go down, no circles, short files and functions, migrations that can be taken
//! back, the rules and what proves them. Read from the sources, so that it is true of every line.

mod circles;
mod code_base;
mod file_size;
mod functions;
mod layers;
mod migrations;
mod public_types;
mod rsa_signers;
mod rules;
mod source;
mod test_names;

use std::path::{Path, PathBuf};

/// The folders whose files and functions are kept short.
const FOLDERS: [&str; 3] = ["lysand-auth/src", "reference-server/src", "tests/src"];

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests is a folder of the workspace").to_owned()
}

/// Demands that nothing is wrong, and says all that is.
#[track_caller]
fn assert_none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}
