//! Databases with the tables of this version, from which those of stories are copied.

use std::fs;
use std::path::{Path, PathBuf};

use lysand_auth::secret::Secret;
use lysand_auth::store::Store;
use reference_server::database::MIGRATIONS;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::folder;

/// Brings a database up to date.
pub(crate) async fn migrate(url: &str) {
    let store = Store::open(&Secret::new(url), 1).await.expect("a database");
    store.migrate(&MIGRATIONS).await.expect("migrated");
}

/// Puts an SQLite database with the tables of this version, and nothing in them, at a path.
pub(crate) async fn copy_to(path: &Path) {
    static MADE: OnceCell<TempDir> = OnceCell::const_new();
    let made = MADE.get_or_init(|| async {
        let folder = folder::temporary("migrated");
        migrate(&format!("sqlite:{}", file(&folder).display())).await;
        folder
    });
    let from = file(made.await);
    fs::copy(&from, path).expect("a copy");
    let log = |of: &Path| PathBuf::from(format!("{}-wal", of.display()));
    if log(&from).exists() {
        fs::copy(log(&from), log(path)).expect("a copy of the log");
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("migrated.sqlite3")
}

/// What all migrations are told by.
pub(crate) fn digest() -> String {
    let mut files = Vec::new();
    files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations"), &mut files);
    files.sort();
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.display().to_string());
        hash.update(fs::read(&file).expect("a migration"));
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files_below(&path, files),
            false => files.push(path),
        }
    }
}
