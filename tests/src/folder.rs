//! Folders: temporary ones, and the one with everything that was built.

use std::env;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// An empty folder that vanishes with the value.
pub fn temporary(purpose: &str) -> TempDir {
    tempfile::Builder::new().prefix(&format!("{purpose}-")).tempdir().expect("a temporary folder")
}

/// Puts an RSA key into a folder, the same each time: to make one takes a server seconds.
pub fn rsa_key(folder: &Path) -> PathBuf {
    let path = folder.join("jwt-rsa.pem");
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| file.write_all(include_bytes!("../keys/jwt-rsa.pem")));
    written.expect("a folder to write in");
    path
}

/// The folder of programs that the running test was built into: `target/PROFILE`.
pub fn programs() -> PathBuf {
    let own = env::current_exe().expect("a running program knows its own path");
    let folder = own.parent().expect("it lies in a folder");
    if folder.ends_with("deps") { folder.parent().expect("target/PROFILE/deps") } else { folder }.to_owned()
}

/// The folder of all that was built: `target`.
pub fn target() -> PathBuf {
    programs().parent().map(Path::to_owned).expect("target/PROFILE")
}
