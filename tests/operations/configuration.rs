//! The configuration: everything that is wrong is said at once, and what is printed loads again (running §2, §3).

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use tests::folder::temporary;
use tests::server::{feed, program, run_in, stderr, stdout};

/// Runs a command with this configuration file.
fn with_file(folder: &TempDir, text: &str, arguments: &[&str]) -> Output {
    let file = folder.path().join("config.toml");
    fs::write(&file, text).expect("a file");
    let file = file.display().to_string();
    run_in(folder.path(), &[], &[&["--config", file.as_str()], arguments].concat(), "")
}

const WRONG: &str = r#"
[http]
base_url = "http://social.example/path"
bind_prot = 8080
bind = "everywhere"
[database]
url = "mysql://somebody:hunter2@host/name"
[password]
iterations = 0
[tokens]
session_ttl = "soon"
[frontend]
mode = "sideways"
[colours]
red = true
"#;

#[test]
fn unknown_configuration_key_stops_every_command_with_nearest_key() {
    let folder = temporary("configuration");
    for (text, key, nearest) in [
        ("[http]\nbase_ulr = \"http://localhost\"", "http.base_ulr", "http.base_url"),
        ("[htpp]\nbind = \"127.0.0.1\"", "htpp", "http.bind"),
        ("[tokens]\nsesion_ttl = \"1d\"", "tokens.sesion_ttl", "tokens.session_ttl"),
    ] {
        for command in [&["serve"][..], &["migrate"], &["account", "list"], &["print-config"]] {
            let output = with_file(&folder, text, command);
            assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
            assert!(stderr(&output).contains(key) && stderr(&output).contains(nearest), "{}", stderr(&output));
        }
    }
    let output = run_in(folder.path(), &[("http.bind_prot", "1")], &["serve"], "");
    assert_eq!(output.status.code(), Some(2));
    let variables = ["LYSAND_AUTH__HTTP__BIND_PROT", "LYSAND_AUTH__HTTP__BIND_PORT"];
    assert!(variables.iter().all(|name| stderr(&output).contains(name)), "{}", stderr(&output));
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[test]
fn check_config_lists_every_problem() {
    let folder = temporary("configuration");
    let output = with_file(&folder, WRONG, &["check-config", "--json"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    let problems: Vec<Value> = serde_json::from_str(&stdout(&output)).expect("a list");
    for key in [
        "http.base_url",
        "http.bind_prot",
        "http.bind",
        "database.url",
        "password.iterations",
        "tokens.session_ttl",
        "frontend.mode",
        "colours",
    ] {
        let found = problems.iter().find(|problem| problem["key"].as_str().is_some_and(|found| found.starts_with(key)));
        let found = found.unwrap_or_else(|| panic!("{key} is not among {problems:#?}"));
        assert!(found["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{found}");
    }
    assert!(!(stdout(&output) + &stderr(&output)).contains("hunter2"), "secrets are masked");

    let for_people = with_file(&folder, WRONG, &["check-config"]);
    assert_eq!(for_people.status.code(), Some(2));
    assert!(problems.iter().all(|problem| stdout(&for_people).contains(problem["key"].as_str().expect("a key"))));
    // The start names all of them as well.
    let started = with_file(&folder, WRONG, &["serve"]);
    assert_eq!(started.status.code(), Some(2));
    assert!(problems.iter().all(|problem| stderr(&started).contains(problem["key"].as_str().expect("a key"))));
}

#[test]
fn check_config_refuses_malformed_key_and_broken_template() {
    let folder = temporary("configuration");
    fs::write(folder.path().join("bad.pem"), "garbage").expect("a file");
    fs::create_dir(folder.path().join("templates")).expect("a folder");
    fs::write(folder.path().join("templates/home.html"), "{% if %}").expect("a file");
    let text = "[keys]\njwt = \"bad.pem\"\nsecrets = \"bad.pem\"\n[frontend]\ntemplates_dir = \"templates\"\n";
    let output = with_file(&folder, text, &["check-config"]);
    assert_eq!(output.status.code(), Some(2));
    for key in ["keys.jwt", "keys.secrets", "frontend.templates_dir"] {
        assert!(stdout(&output).contains(key), "{}", stdout(&output));
    }

    let good = run_in(folder.path(), &[], &["check-config"], "");
    assert!(good.status.success() && !folder.path().join("data").exists(), "checking makes nothing");
}

#[test]
fn start_with_a_template_in_old_syntax_is_refused_with_file_line_and_new_spelling() {
    let folder = temporary("configuration");
    fs::create_dir(folder.path().join("templates")).expect("a folder");
    let template = "{% extends \"base.html\" %}\n{% block main %}\n<b>{{ languages.0.name }}</b>{% endblock main %}";
    fs::write(folder.path().join("templates/account.html"), template).expect("a file");
    let place = "templates/account.html:3: Tera 2 writes list elements with brackets: \
                 `languages[0].name` instead of `languages.0.name`";
    let text = "[frontend]\ntemplates_dir = \"templates\"\n";
    let started = with_file(&folder, text, &["serve"]);
    assert!(!started.status.success(), "{}", stderr(&started));
    assert!(stderr(&started).contains(place), "{}", stderr(&started));
    let checked = with_file(&folder, text, &["check-config"]);
    assert_eq!(checked.status.code(), Some(2));
    assert!(stdout(&checked).contains(place), "{}", stdout(&checked));
}

#[test]
fn print_config_output_loads_again_with_secrets_masked() {
    let folder = temporary("configuration");
    let text = r#"
[http]
base_url = "https://social.example"
trusted_proxies = ["10.0.0.0/8"]
[database]
url = "postgres://somebody:hunter2@db.example:5432/name"
[instance]
title = "A \"quoted\" title"
languages = ["en", "pt-BR"]
[frontend.settings]
"org.lysand.fe:theme" = "dark"
[tokens]
session_ttl = "36h"
[ratelimit.login_account]
per = "2h"
max = 7
"#;
    let first = with_file(&folder, text, &["print-config"]);
    assert!(first.status.success(), "{}", stderr(&first));
    assert!(!stdout(&first).contains("hunter2"), "secrets are masked");
    for wanted in
        ["https://social.example", "10.0.0.0/8", "pt-BR", "org.lysand.fe:theme", "36h", "max = 7", "A \"quoted\" title"]
    {
        let quoted = wanted.replace('"', "\\\"");
        assert!(
            stdout(&first).contains(wanted) || stdout(&first).contains(&quoted),
            "{wanted} is not in {}",
            stdout(&first)
        );
    }
    let second = with_file(&folder, &stdout(&first), &["print-config"]);
    assert!(second.status.success(), "{}", stderr(&second));
    assert_eq!(values(&second), values(&first));

    let usual = run_in(folder.path(), &[], &["print-config"], "");
    let again = with_file(&folder, &stdout(&usual), &["print-config"]);
    assert_eq!(values(&again), values(&usual));
    assert!(stdout(&first).contains("session_ttl = \"36h\" # file"), "{}", stdout(&first));
    assert!(!stdout(&usual).contains('#'), "{}", stdout(&usual));
}

/// What `print-config` printed, without where each value comes from.
fn values(output: &Output) -> Vec<String> {
    stdout(output).lines().map(|line| line.split(" # ").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn wrong_command_line_or_missing_config_file_exits_with_2() {
    let folder = temporary("configuration");
    for arguments in [&["sreve"][..], &["account", "create", "ada"], &["serve", "--log-format", "xml"], &["--config"]] {
        let output = run_in(folder.path(), &[], arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty());
    }
    let output = run_in(folder.path(), &[], &["--config", "missing.toml", "serve"], "");
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("missing.toml"), "{}", stderr(&output));
}

/// What is in a folder, by name.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut names: Vec<_> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn commands_called_from_elsewhere_work_on_the_files_beside_the_configuration() {
    let (home, elsewhere) = (temporary("configuration"), temporary("configuration"));
    let file = home.path().join("x.toml");
    fs::write(&file, "[database]\nurl_file = \"database.url\"\n[keys]\njwt = \"own.pem\"\n").expect("a file");
    fs::write(home.path().join("database.url"), "sqlite:own.sqlite3\n").expect("a file");
    let file = file.display().to_string();
    let run = |arguments: &[&str], input: &str| {
        run_in(elsewhere.path(), &[], &[&["--config", file.as_str()], arguments].concat(), input)
    };
    // Nothing is made by looking.
    for arguments in
        [&["account", "list"][..], &["app", "list"], &["sweep"], &["migrate", "--status"], &["check-config"]]
    {
        let output = run(arguments, "");
        let is_refused = !matches!(arguments[0], "migrate" | "check-config");
        assert_eq!(output.status.code(), Some(i32::from(is_refused)), "{arguments:?}: {}", stderr(&output));
        assert_eq!(names_in(home.path()), ["database.url", "x.toml"], "{arguments:?}");
        assert!(!is_refused || stderr(&output).contains("--config"), "{}", stderr(&output));
    }
    assert!(run(&["migrate"], "").status.success());
    assert!(names_in(home.path()).contains(&"own.sqlite3".to_owned()), "{:?}", names_in(home.path()));
    let create = ["account", "create", "ada", "--email", "ada@people.example", "--password-stdin"];
    let created = run(&create, "ada walks 7 dogs");
    assert!(created.status.success(), "{}", stderr(&created));
    assert!(stdout(&run(&["account", "list"], "")).contains("ada"));
    // The variable does the same, and a path of the configuration may be relative itself.
    let mut call = std::process::Command::new(program());
    call.current_dir(home.path()).env("LYSAND_AUTH_CONFIG", "x.toml").args(["account", "list"]);
    assert!(stdout(&feed(&mut call, "")).contains("ada"));
    assert_eq!(names_in(elsewhere.path()), [""; 0], "nothing was made where the commands were called");

    // A database that is there with keys that are not: no command makes new ones.
    fs::remove_file(home.path().join("own.pem")).expect("the key");
    let output = run(&["account", "list"], "");
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("own.pem") && !home.path().join("own.pem").exists(), "{}", stderr(&output));
}

#[test]
fn commands_without_configuration_in_an_empty_folder_make_nothing() {
    let folder = temporary("configuration");
    for arguments in [&["account", "list"][..], &["account", "show", "ada"], &["app", "list"], &["sweep"]] {
        let output = run_in(folder.path(), &[], arguments, "");
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("there is no such database"), "{}", stderr(&output));
    }
    assert_eq!(names_in(folder.path()), [""; 0]);
}

#[test]
fn variables_that_mean_nothing_are_refused() {
    let folder = temporary("configuration");
    for (name, value, wanted) in [
        ("RUST_LOG", "loud", "names no level"),
        ("RUST_LOG", "lysand_auth", "names no level"),
        ("LYSAND_AUTH_HTTP__BIND_PORT", "1", "LYSAND_AUTH__HTTP__BIND_PORT"),
        ("LYSAND_AUTH_HTTP_BASE_URL", "http://localhost", "LYSAND_AUTH__HTTP__BASE_URL"),
        ("LYSAND_AUTH_CONFIGURATION", "x.toml", "LYSAND_AUTH_CONFIG"),
    ] {
        let mut call = std::process::Command::new(program());
        call.current_dir(folder.path()).env(name, value).arg("serve");
        let output = feed(&mut call, "");
        assert_eq!(output.status.code(), Some(2), "{name}={value}: {}", stderr(&output));
        assert!(stderr(&output).contains(name) && stderr(&output).contains(wanted), "{}", stderr(&output));
    }
    assert_eq!(names_in(folder.path()), [""; 0]);
    let mut call = std::process::Command::new(program());
    call.current_dir(folder.path()).env("RUST_LOG", "").arg("check-config");
    assert!(feed(&mut call, "").status.success(), "an empty one counts as none");
}

#[test]
fn database_password_with_bare_characters_is_never_shown() {
    let folder = temporary("configuration");
    for url in
        ["postgres://u:hun@ter2@localhost/n", "postgres://u:12/ter2@localhost/n", "postgres://u:12#ter2@localhost/n"]
    {
        for command in ["print-config", "check-config", "serve", "migrate"] {
            let output = run_in(folder.path(), &[("database.url", url)], &[command], "");
            let said = stdout(&output) + &stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains("ercent-encode") && !said.contains("ter2"), "{command}: {said}");
        }
    }
}

#[test]
fn check_config_tells_that_sign_up_is_closed_without_mail() {
    let folder = temporary("configuration");
    let (nobody, closed) = (
        "mail is written to data/mail and reaches nobody: configure [smtp]",
        "sign-up is closed because mail is not configured",
    );
    let smtp = "[smtp]\nenabled = true\nserver = \"smtp.example\"\n";
    for (text, tells_nobody, tells_closed) in [
        ("", true, false),
        ("[http]\nbase_url = \"https://social.example\"", true, true),
        (&format!("[http]\nbase_url = \"https://social.example\"\n{smtp}"), false, false),
    ] {
        let output = with_file(&folder, text, &["check-config"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let told = stdout(&output);
        assert_eq!((told.contains(nobody), told.contains(closed)), (tells_nobody, tells_closed), "{text}: {told}");
    }
}
