//! Administrative commands work while the server runs, on the same database, and take effect at once (running §2, REV-1).

use std::thread;

use serde_json::Value;
use tests::folder::temporary;
use tests::server::{run_in, stderr, stdout};
use tests::{Backend, Person, ServerProcess};

use tests::App;

/// Runs a command that must succeed.
#[track_caller]
pub(crate) fn done(server: &ServerProcess, arguments: &[&str], input: &str) -> String {
    let output = server.run(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

/// Runs a command that must be refused, and gives its one line of reason.
#[track_caller]
pub(crate) fn refused(server: &ServerProcess, arguments: &[&str], input: &str) -> String {
    let output = server.run(arguments, input);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stdout(&output));
    let text = stderr(&output);
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

#[track_caller]
pub(crate) fn json(server: &ServerProcess, arguments: &[&str], input: &str) -> Value {
    let text = done(server, &[arguments, &["--json"]].concat(), input);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

async fn accounts(backend: Backend) {
    let server = ServerProcess::builder().backend(backend).start().await;
    let (client, ada) = (server.client(), Person::named("ada"));
    let create = ["account", "create", "ada", "--email", &ada.email, "--password-stdin"];
    let created = json(&server, &create, &ada.password);
    assert_eq!((&created["username"], &created["email"]), (&"ada".into(), &ada.email.as_str().into()));
    assert_eq!((&created["role"], &created["standing"]), (&"member".into(), &"active".into()));
    assert!(refused(&server, &create, &ada.password).contains("taken"));
    let weak = ["account", "create", "bob", "--email", "bob@people.example", "--password-stdin"];
    assert!(refused(&server, &weak, "short").to_lowercase().contains("password"));
    refused(&server, &["account", "show", "nobody"], "");
    let shown = done(&server, &["account", "show", "ada"], "");
    assert!(shown.lines().any(|line| line.starts_with("language") && line.ends_with('-')), "{shown}");

    let app = client.register().await.expect("an app");
    let browser = client.sign_in(&ada, &app).await.expect("signed in");
    let token = client.token(&ada, &app).await.expect("a token");
    assert_eq!(client.account_status(&token).await, Some(200));

    done(&server, &["account", "disable", "ada"], "");
    assert_eq!(json(&server, &["account", "show", &ada.email], "")["standing"], "disabled");
    assert_eq!(client.account_status(&token).await, Some(403));
    assert_eq!(client.is_signed_in(&browser, &app).await, Some(false));
    done(&server, &["account", "enable", "ada"], "");
    assert_eq!(client.account_status(&token).await, Some(200));
    // Whoever was kept out signs in anew; the apps go on (faults F6).
    assert_eq!(client.is_signed_in(&browser, &app).await, Some(false));
    let browser = client.sign_in(&ada, &app).await.expect("signed in");
    let shown = json(&server, &["account", "show", "ada"], "");
    assert_eq!(shown["apps"][0]["name"], "Test App");
    assert_eq!((shown["sessions"].as_array().map(Vec::len), &shown["identities"]), (Some(1), &Value::Array(vec![])));
    done(&server, &["account", "unlock", "ada"], "");
    assert!(refused(&server, &["account", "unlink", "ada", "nowhere"], "").contains("not linked"));

    done(&server, &["account", "sign-out", "ada"], "");
    assert_eq!(client.account_status(&token).await, Some(401));
    assert_eq!(client.is_signed_in(&browser, &app).await, Some(false));

    let (browser, token) =
        (client.sign_in(&ada, &app).await.expect("signed in"), client.token(&ada, &app).await.expect("a token"));
    let changed = Person { password: "ada walks 8 cats".to_owned(), ..ada.clone() };
    done(&server, &["account", "set-password", "ada", "--password-stdin"], &format!("{}\n", changed.password));
    assert_eq!(client.account_status(&token).await, Some(401));
    assert_eq!(client.is_signed_in(&browser, &app).await, Some(false));
    let old = client.log_in(&app.authorize_query(), "ada", &ada.password).await.expect("an answer").is(302);
    assert!(old.header("location").contains("error=invalid_grant"), "{:?}", old.headers);
    let token = client.token(&changed, &app).await.expect("the new password opens");

    done(&server, &["account", "delete", "ada"], "");
    assert!(matches!(client.account_status(&token).await, Some(401 | 403)));
    assert_eq!(json(&server, &["account", "list"], ""), Value::Array(vec![]));
    // Nobody gets the name but by the operator's word, and whoever does inherits nothing (security REV-3, faults B1).
    assert!(refused(&server, &create, &ada.password).contains("taken"));
    refused(&server, &["account", "release-name", "bob"], "");
    done(&server, &["account", "release-name", "ADA"], "");
    server.create_account(&ada);
    assert!(matches!(client.account_status(&token).await, Some(401 | 403)));
}

#[tokio::test]
async fn account_commands_on_running_server_take_effect_at_once_on_sqlite() {
    accounts(Backend::Sqlite).await;
}

#[tokio::test]
async fn account_commands_on_running_server_take_effect_at_once_on_postgres() {
    accounts(Backend::Postgres).await;
}

#[tokio::test]
async fn app_and_token_commands_on_running_server_take_effect() {
    let server = ServerProcess::start().await;
    let (client, ada) = (server.client(), Person::named("ada"));
    server.create_account(&ada);
    let create = [
        "app",
        "create",
        "--name",
        "Bench",
        "--redirect-uri",
        "https://app.example/callback",
        "--scopes",
        "read write",
    ];
    let created = json(&server, &create, "");
    let text = |name: &str| created[name].as_str().unwrap_or_else(|| panic!("no {name} in {created}")).to_owned();
    let app = App::registered(&created, "https://app.example/callback", "read write");
    let from_a_code = client.token(&ada, &app).await.expect("a token");

    let by_command = done(&server, &["token", "create", "ada", "--scopes", "read", "--app", &text("id")], "");
    let by_command = by_command.trim_end();
    assert_eq!(client.account_status(by_command).await, Some(200));
    let own = json(&server, &["token", "create", "ada", "--scopes", "read"], "");
    assert_eq!(client.account_status(own["access_token"].as_str().expect("a token")).await, Some(200));
    refused(&server, &["token", "create", "ada", "--scopes", "admin:read", "--app", &text("id")], "");
    refused(&server, &["token", "create", "nobody", "--scopes", "read"], "");

    let listed = done(&server, &["app", "list", "--json"], "");
    assert!(listed.contains(&app.client_id) && !listed.contains(&app.client_secret), "secrets are shown once");
    done(&server, &["app", "delete", &text("id")], "");
    for token in [from_a_code.as_str(), by_command] {
        assert_eq!(client.token_status(token).await, Some(401));
    }
    refused(&server, &["app", "delete", &text("id")], "");
    assert_eq!(json(&server, &["sweep"], "")["tokens"], 0);
}

#[tokio::test]
async fn app_create_command_with_first_party_flag_marks_the_app() {
    let server = ServerProcess::start().await;
    let create = ["app", "create", "--redirect-uri", "https://app.example/", "--scopes", "read", "--name"];
    let flagged = |name| [&create[..], &[name, "--first-party"]].concat();
    let own = json(&server, &flagged("Own"), "");
    assert!(own["client_secret"].is_string(), "{own}");
    json(&server, &[&create[..], &["Other"]].concat(), "");
    let listed = json(&server, &["app", "list"], "");
    let flags: Vec<_> =
        listed.as_array().expect("a list").iter().map(|app| (&app["name"], &app["first_party"])).collect();
    // What native clients' sign-ins hang on is shown, too, and stays.
    assert_eq!(flags[..2], [(&"Own".into(), &true.into()), (&"Other".into(), &false.into())]);
    let built_in: Vec<_> = flags[2..].iter().map(|(name, _)| name.as_str().expect("a name")).collect();
    assert_eq!(built_in, ["Resonite clients", "SyncTV clients", "toki clients"]);
    assert!(refused(&server, &["app", "delete", "native-toki"], "").contains("built in"));
    let table = done(&server, &["app", "list"], "");
    let row = |name: &str| table.lines().find(|line| line.contains(name)).expect("a row").to_owned();
    assert!(
        row("NAME").contains("FIRST-PARTY") && row("Own").contains(" yes ") && row("Other").contains(" no "),
        "{table}"
    );
    let bad = ["app", "create", "--redirect-uri", "javascript:x", "--scopes", "read", "--name", "X", "--first-party"];
    assert!(refused(&server, &bad, "").contains("Validation failed"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_app_commands_and_registrations_lose_nothing() {
    let server = ServerProcess::start().await;
    let client = server.client();
    let mut registering = tokio::task::JoinSet::new();
    for _ in 0..40 {
        let client = client.clone();
        registering.spawn(async move { client.register().await.expect("an app").client_id });
    }
    let create = ["app", "create", "--name", "N", "--redirect-uri", "https://app.example/", "--scopes", "read"];
    let mut wanted: Vec<String> = thread::scope(|scope| {
        let commands: Vec<_> = (0..6).map(|_| scope.spawn(|| json(&server, &create, ""))).collect();
        let created = commands.into_iter().map(|command| command.join().expect("an app"));
        created.map(|app| app["client_id"].as_str().expect("text").to_owned()).collect()
    });
    wanted.extend(registering.join_all().await);
    let listed = done(&server, &["app", "list", "--json"], "");
    assert_eq!(wanted.len(), 46);
    assert!(wanted.iter().all(|client_id| listed.contains(client_id)));
}

#[test]
fn migrate_command_run_in_parallel_applies_migrations_once() {
    let folder = temporary("commands");
    let status = || {
        let output = run_in(folder.path(), &[], &["migrate", "--status", "--json"], "");
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_str::<Value>(&stdout(&output)).expect("JSON")
    };
    let before = status();
    let pending = before["pending"].as_array().expect("a list").clone();
    assert!(pending.len() >= 2 && before["applied"] == Value::Array(vec![]), "{before}");

    let applied: Vec<Vec<Value>> = thread::scope(|scope| {
        let migrate = || {
            let output = run_in(folder.path(), &[], &["migrate", "--json"], "");
            assert!(output.status.success(), "{}", stderr(&output));
            let answer: Value = serde_json::from_str(&stdout(&output)).expect("JSON");
            answer["applied"].as_array().expect("a list").clone()
        };
        let processes: Vec<_> = (0..5).map(|_| scope.spawn(migrate)).collect();
        processes.into_iter().map(|process| process.join().expect("migrated")).collect()
    });
    assert_eq!(applied.iter().filter(|names| !names.is_empty()).collect::<Vec<_>>(), [&pending]);
    let after = status();
    assert_eq!((&after["applied"], &after["pending"]), (&before["pending"], &Value::Array(vec![])));
}

/// The address of a copy as `database.url` names it.
fn url_of(file: &std::path::Path) -> String {
    format!("sqlite:{}", file.display())
}

#[tokio::test]
async fn backup_of_running_server_is_whole_private_and_opens() {
    let server = ServerProcess::start().await;
    let (client, ada) = (server.client(), Person::named("ada"));
    server.create_account(&ada);
    let app = client.register().await.expect("an app");
    let token = client.token(&ada, &app).await.expect("a token");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("copy.sqlite3");
    let name = file.display().to_string();
    assert!(done(&server, &["backup", &name], "").contains("is a copy"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().expect("a file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(refused(&server, &["backup", &name], "").contains("exists"), "nothing is overwritten");
    assert!(refused(&server, &["backup", "/nowhere/copy"], "").contains("cannot be made"));
    assert_eq!(client.account_status(&token).await, Some(200), "the server goes on");

    let restored = ServerProcess::builder().set("database.url", &url_of(&file)).start().await;
    assert_eq!(json(&restored, &["account", "show", "ada"], "")["username"], "ada");
    assert_eq!(restored.client().account_status(&token).await, Some(200), "tokens are in the copy");
}

#[tokio::test]
async fn backup_on_postgres_names_the_tool_without_the_password() {
    let server = ServerProcess::builder().backend(Backend::Postgres).start().await;
    let told = refused(&server, &["backup", "copy.dump"], "");
    assert!(told.contains("pg_dump --format=custom --file=copy.dump") && told.contains("***"), "{told}");
}

#[tokio::test]
async fn completions_and_manual_name_every_command() {
    let server = ServerProcess::start().await;
    let manual = done(&server, &["man"], "");
    assert!(manual.starts_with(".ie") && manual.contains(".TH reference-server 1"), "{manual}");
    for command in ["ACCOUNT SET\\-PASSWORD", "CHECK\\-CONFIG", "BACKUP"] {
        assert!(manual.contains(command) || manual.contains(&command.replace("\\-", "-")), "{command}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = done(&server, &["completions", shell], "");
        assert!(script.contains("release-name") && script.contains("check-config"), "{shell}");
    }
}
