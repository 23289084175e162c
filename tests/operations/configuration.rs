//! The configuration: everything that is wrong is said at once, and what is printed loads again (running §2, §3).

use std::fs;
use std::process::Output;

use serde_json::Value;
use tempfile::TempDir;
use tests::folder::temporary;
use tests::server::{run_in, stderr, stdout};

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
    assert_eq!(stdout(&second), stdout(&first));

    let usual = run_in(folder.path(), &[], &["print-config"], "");
    let again = with_file(&folder, &stdout(&usual), &["print-config"]);
    assert_eq!(stdout(&again), stdout(&usual));
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
