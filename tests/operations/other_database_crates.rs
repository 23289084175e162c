//! A host has database crates of its own, and a program links one SQLite (faults E2).

use std::path::Path;
use std::process::Command;

/// What a host may have beside the library: a dependency, and whether cargo finds versions that fit.
const BESIDE: [(&str, bool); 13] = [
    (r#"sqlx = { version = "0.8", features = ["sqlite"] }"#, true),
    (r#"sqlx = { version = "0.9", features = ["sqlite"] }"#, true),
    (r#"rusqlite = "0.32""#, true),
    (r#"rusqlite = "0.33""#, true),
    (r#"rusqlite = "0.34""#, true),
    (r#"rusqlite = "0.35""#, true),
    (r#"rusqlite = "0.36""#, true),
    (r#"rusqlite = "0.37""#, true),
    (r#"rusqlite = "0.38""#, true),
    (r#"rusqlite = "0.39""#, true),
    (r#"rusqlite = "0.40""#, true),
    // As the documentation says. When this one resolves, Diesel takes newer ones: raise the range.
    (r#"rusqlite = "0.41""#, false),
    (r#"rusqlite = { version = "0.41", features = ["bundled"] }"#, false),
];

#[test]
fn library_with_sqlite_resolves_beside_sqlx_and_rusqlite() {
    let wrong: Vec<String> = BESIDE
        .iter()
        .filter_map(|(dependency, resolves)| match (resolve(dependency, r#"["sqlite"]"#), resolves) {
            (Err(why), true) => Some(format!("{dependency}: {why}")),
            (Err(why), false) if !why.contains("sqlite3") => Some(format!("{dependency}: for another reason: {why}")),
            (Ok(()), false) => Some(format!("{dependency}: resolves, although the documentation says that it cannot")),
            _ => None,
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn library_without_sqlite_resolves_beside_newer_rusqlite() {
    resolve(r#"rusqlite = "0.41""#, r#"["postgres", "actix"]"#).expect("nothing of ours links SQLite");
}

/// Whether cargo finds versions for a host that has this dependency and the library with these features.
fn resolve(dependency: &str, features: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a folder");
    let library = Path::new(env!("CARGO_MANIFEST_DIR")).join("../lysand-auth");
    let manifest = format!(
        "[package]\nname = \"host\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n{dependency}\n\
         lysand-auth = {{ path = {:?}, default-features = false, features = {features} }}\n",
        library.canonicalize().expect("the library's folder"),
    );
    std::fs::create_dir(folder.path().join("src")).expect("a folder");
    std::fs::write(folder.path().join("src/lib.rs"), "").expect("a file");
    std::fs::write(folder.path().join("Cargo.toml"), manifest).expect("a manifest");
    let output = Command::new(env!("CARGO"))
        .args(["generate-lockfile", "--quiet"])
        .current_dir(folder.path())
        .output()
        .expect("cargo runs");
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}
