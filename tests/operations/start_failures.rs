//! A start that cannot succeed ends with status 1 and one line that says what is wrong and how to mend it (running §5).

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tests::ServerProcess;
use tests::folder::temporary;
use tests::server::{run_in, stderr, stdout};

/// Demands status 1, nothing on standard output, and one line of complaint with these words, after whatever was logged.
#[track_caller]
fn is_refused(output: &Output, words: &[&str]) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let complaints: Vec<&str> = text.lines().filter(|line| line.starts_with("reference-server: ")).collect();
    assert_eq!(complaints.len(), 1, "{text}");
    assert_eq!(text.lines().last(), complaints.first().copied(), "{text}");
    for word in words {
        assert!(complaints[0].contains(word), "no {word:?} in {text}");
    }
    assert!(output.stdout.is_empty(), "{}", stdout(output));
}

#[test]
fn start_with_port_in_use_names_address_and_setting() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let (folder, begun) = (temporary("start"), Instant::now());
    let output = run_in(folder.path(), &[("http.bind_port", &port)], &["serve"], "");
    is_refused(&output, &[&format!("127.0.0.1:{port}"), "http.bind_port"]);
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
    assert!(!folder.path().join("data").exists(), "nothing was made before the port was ours");
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn start_with_unusable_signing_key_names_the_file() {
    let folder = temporary("start");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    write("garbage.pem", "garbage");
    write("empty.pem", "");
    fs::create_dir(folder.path().join("folder.pem")).expect("a folder");
    for name in ["garbage.pem", "empty.pem", "folder.pem"] {
        let output = run_in(folder.path(), &[("http.bind_port", "0"), ("keys.jwt", name)], &["serve"], "");
        is_refused(&output, &["signing key", name]);
    }
    // Nothing can be below a file.
    let output = run_in(folder.path(), &[("http.bind_port", "0"), ("keys.jwt", "empty.pem/key.pem")], &["serve"], "");
    is_refused(&output, &["signing key", "empty.pem/key.pem"]);
}

#[test]
fn start_with_unusable_secret_key_names_the_file() {
    let folder = temporary("start");
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).expect("a file");
    write("empty.key", b"");
    write("short.key", &[7; 31]);
    write("zeros.key", &[0; 32]);
    fs::create_dir(folder.path().join("folder.key")).expect("a folder");
    for name in ["empty.key", "short.key", "zeros.key", "folder.key", "empty.key/secrets.key"] {
        let output = run_in(folder.path(), &[("http.bind_port", "0"), ("keys.secrets", name)], &["serve"], "");
        is_refused(&output, &["secret key", name]);
    }
}

#[test]
fn start_with_unreachable_database_names_it_without_password() {
    let folder = temporary("start");
    let closed = {
        let port = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        port.local_addr().expect("an address").port()
    };
    let away = format!("postgres://somebody:hunter2@127.0.0.1:{closed}/name");
    let not_a_database = folder.path().join("text.sqlite3");
    fs::write(&not_a_database, "this is no database, ".repeat(100)).expect("a file");
    let file = format!("sqlite:{}", not_a_database.display());
    for (url, word) in
        [(away.as_str(), "127.0.0.1"), (&file, "text.sqlite3"), ("sqlite:/dev/null/x.sqlite3", "/dev/null")]
    {
        for command in ["serve", "migrate", "sweep"] {
            let begun = Instant::now();
            let output = run_in(folder.path(), &[("http.bind_port", "0"), ("database.url", url)], &[command], "");
            is_refused(&output, &[word, "database.url"]);
            assert!(!stderr(&output).contains("hunter2"), "{}", stderr(&output));
            assert!(begun.elapsed() < Duration::from_secs(10), "{command} took {:?}", begun.elapsed());
        }
    }
}

#[test]
fn start_with_missing_postgres_database_tells_its_code_and_remedy() {
    let Ok(mut url) = std::env::var("TEST_POSTGRES_URL").map(|url| url::Url::parse(&url).expect("a URL")) else {
        panic!("TEST_POSTGRES_URL names a database server");
    };
    url.set_path("/nowhere_at_all");
    let folder = temporary("start");
    for command in ["serve", "migrate", "sweep"] {
        let settings = [("http.bind_port", "0"), ("database.url", url.as_str())];
        let output = run_in(folder.path(), &settings, &[command], "");
        is_refused(&output, &["\"nowhere_at_all\" does not exist", "SQLSTATE 3D000", "createdb"]);
    }
}

#[test]
fn start_with_silent_database_fails_in_time() {
    let deaf = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let url = format!("postgres://somebody@127.0.0.1:{}/name", deaf.local_addr().expect("an address").port());
    let (folder, begun) = (temporary("start"), Instant::now());
    let output = run_in(folder.path(), &[("http.bind_port", "0"), ("database.url", &url)], &["serve"], "");
    is_refused(&output, &["database"]);
    assert!(begun.elapsed() < Duration::from_secs(15), "it took {:?}", begun.elapsed());
}

#[test]
fn start_with_newer_or_unmigrated_database_is_refused() {
    use diesel::{Connection, RunQueryDsl, SqliteConnection};
    let folder = temporary("start");
    let waiting =
        run_in(folder.path(), &[("http.bind_port", "0"), ("database.migrate_on_start", "false")], &["serve"], "");
    is_refused(&waiting, &["reference-server migrate", "database.migrate_on_start"]);

    assert!(run_in(folder.path(), &[], &["migrate"], "").status.success());
    let file = folder.path().join("data/lysand-auth.sqlite3").display().to_string();
    let mut database = SqliteConnection::establish(&file).expect("a database");
    diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000')")
        .execute(&mut database)
        .expect("a migration of tomorrow");
    for command in ["serve", "migrate", "sweep"] {
        let output = run_in(folder.path(), &[("http.bind_port", "0")], &[command], "");
        is_refused(&output, &["newer than this program", "99990101000000", "install"]);
    }
}

#[tokio::test]
async fn start_of_second_server_on_same_port_leaves_first_running() {
    let server = ServerProcess::start().await;
    let output = server.run(&["serve"], "");
    is_refused(&output, &["http.bind_port"]);
    server.client().get("/health/ready").send().await.is(200);
}

/// The owner alone may read what the server writes, however careless the one who started it was.
#[test]
fn files_written_by_commands_are_readable_by_owner_only() {
    let folder = temporary("start");
    let careless = |arguments: &[&str], input: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000; exec \"$@\"", "sh"]).arg(tests::server::program()).args(arguments);
        tests::server::feed(command.current_dir(folder.path()), input)
    };
    let made = careless(&["migrate"], "");
    assert!(made.status.success(), "{}", stderr(&made));
    let create = ["account", "create", "ada", "--email", "ada@people.example", "--password-stdin"];
    for (arguments, password) in [
        (&create[..], "ada walks 7 dogs"),
        (&["account", "set-password", "ada", "--password-stdin"], "ada walks 8 dogs"),
    ] {
        let output = careless(arguments, password);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let mut seen = Vec::new();
    look(&folder.path().join("data"), &mut seen);
    for wanted in ["lysand-auth.sqlite3", "jwt-ed25519.pem", "mail", ".eml"] {
        assert!(seen.iter().any(|name| name.ends_with(wanted)), "{wanted} is not among {seen:?}");
    }
}

#[tokio::test]
async fn files_of_running_server_are_readable_by_owner_only() {
    let server = ServerProcess::start().await;
    let mut seen = Vec::new();
    look(&server.folder().join("data"), &mut seen);
    for wanted in ["lysand-auth.sqlite3", "lysand-auth.sqlite3-wal", "lysand-auth.sqlite3-shm", "jwt-ed25519.pem"] {
        assert!(seen.iter().any(|name| name.ends_with(wanted)), "{wanted} is not among {seen:?}");
    }
}

/// Demands 0700 of folders and 0600 of files.
fn look(path: &Path, seen: &mut Vec<String>) {
    let data = fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (wanted, found) = (if data.is_dir() { 0o700 } else { 0o600 }, data.permissions().mode() & 0o777);
    assert_eq!(found, wanted, "{} has mode {found:o}", path.display());
    seen.push(path.display().to_string());
    if data.is_dir() {
        for entry in fs::read_dir(path).expect("a folder") {
            look(&entry.expect("an entry").path(), seen);
        }
    }
}
