//! Every migration can be taken back, and no two have the same number over both sets (`migrations/README.md`).

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{assert_none, root};

/// The folders of all migrations below `sets`, a folder of sets.
fn folders(sets: &Path) -> Vec<PathBuf> {
    let below = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut paths: Vec<_> =
            entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
        paths.sort();
        paths
    };
    below(sets).iter().flat_map(|set| below(set)).collect()
}

fn complaints(sets: &Path) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut versions: BTreeMap<String, String> = BTreeMap::new();
    for folder in folders(sets) {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        for file in ["up.sql", "down.sql"] {
            let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
            if !text.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--")) {
                complaints.push(format!("{name} has no {file}, or one that does nothing"));
            }
        }
        let version = name.split('_').next().unwrap_or_default().to_owned();
        let digits = version.bytes().filter(u8::is_ascii_digit).count();
        if digits != 14 || !version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') || !name.contains('_') {
            complaints.push(format!("{name} is not named by date, number and purpose: 2026-11-21-000100_account"));
        }
        if let Some(other) = versions.insert(version, name.clone()) {
            complaints.push(format!("{name} has the number of {other}"));
        }
    }
    complaints
}

#[test]
fn every_migration_has_down_sql_and_a_unique_version() {
    let sets = root().join("migrations");
    assert!(folders(&sets).len() >= 2, "the migrations are somewhere else now");
    assert_none(&complaints(&sets));
}

#[test]
fn migration_check_detects_missing_down_sql_and_duplicate_version() {
    let sets = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, up: &str, down: Option<&str>| {
        let folder = sets.path().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("up.sql"), up).expect("a file");
        if let Some(down) = down {
            fs::write(folder.join("down.sql"), down).expect("a file");
        }
    };
    write("one/2026-01-01-000000_good", "CREATE TABLE a (id TEXT);", Some("DROP TABLE a;"));
    assert_none(&complaints(sets.path()));
    write("one/2026-01-01-000100_no_way_back", "CREATE TABLE b (id TEXT);", None);
    write("one/2026-01-01-000200_only_words", "CREATE TABLE c (id TEXT);", Some("-- later\n"));
    write("two/2026-01-01-000000_same_number", "CREATE TABLE d (id TEXT);", Some("DROP TABLE d;"));
    write("two/account", "CREATE TABLE e (id TEXT);", Some("DROP TABLE e;"));
    let found = complaints(sets.path());
    assert_eq!(found.len(), 4, "{found:#?}");
}

/// Both licences and the README go with the library, the licences through symlinks (faults E6).
#[test]
fn packaged_library_contains_readme_and_licences() {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["package", "--list", "--allow-dirty", "--offline", "--package", "lysand-auth"])
        .current_dir(root())
        .output()
        .expect("cargo runs this test");
    let listed = String::from_utf8_lossy(&output.stdout).into_owned();
    for wanted in ["README.md", "LICENSE-APACHE", "LICENSE-MIT"] {
        assert!(listed.lines().any(|line| line == wanted), "{wanted} is missing: {listed}");
        assert!(fs::metadata(root().join("lysand-auth").join(wanted)).is_ok_and(|file| file.len() > 300), "{wanted}");
    }
}

/// The crates reach the folder above them by a symlink, which packaging must follow.
#[test]
fn packaged_crate_contains_all_its_migrations() {
    for (package, set) in [("lysand-auth", "auth"), ("reference-server", "accounts")] {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .args(["package", "--list", "--allow-dirty", "--offline", "--package", package])
            .current_dir(root())
            .output()
            .expect("cargo runs this test");
        let listed = String::from_utf8_lossy(&output.stdout).into_owned();
        let sets = root().join("migrations").join(set);
        for folder in fs::read_dir(sets).expect("the migrations").map(|entry| entry.expect("an entry").path()) {
            let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
            for file in ["up.sql", "down.sql"] {
                let wanted = format!("migrations/{name}/{file}");
                let why = String::from_utf8_lossy(&output.stderr);
                assert!(listed.lines().any(|line| line == wanted), "{package} lacks {wanted}: {why}");
            }
        }
    }
}
