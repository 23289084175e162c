//! The set-up link makes the first admin, once (running §1, security ONE-2, ONE-6).

use futures_util::future::join_all;
use serde_json::Value;
use tests::{Backend, Person, ServerProcess};

use tests::http::Response;

/// The links that the server has printed so far.
fn links(server: &ServerProcess) -> Vec<String> {
    let log = server.log();
    let starts = log.match_indices("/setup?token=").map(|(at, _)| at);
    starts.map(|at| log[at..].split_whitespace().next().expect("a link").to_owned()).collect()
}

fn link(server: &ServerProcess) -> String {
    links(server).pop().expect("a set-up link in the banner")
}

async fn open(server: &ServerProcess, link: &str) -> Response {
    server.client().get(link).send().await
}

async fn create(server: &ServerProcess, link: &str, name: &str) -> Response {
    let person = Person::named(name);
    let token = link.split_once('=').expect("a token").1;
    let form = [
        ("token", token),
        ("username", &person.username),
        ("email", &person.email),
        ("password", &person.password),
        ("confirmation", &person.password),
    ];
    server.client().post("/setup").form(&form).send().await
}

fn admins(server: &ServerProcess) -> Vec<String> {
    let output = server.run(&["account", "list", "--json"], "");
    let accounts: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let admins = accounts.as_array().expect("a list").iter().filter(|account| account["role"] == "admin");
    admins.map(|account| account["username"].as_str().expect("a name").to_owned()).collect()
}

async fn race(backend: Backend) {
    let mut server = ServerProcess::builder().backend(backend).start().await;
    let link = link(&server);
    let page = open(&server, &link).await.is(200);
    assert!(page.body.contains("<form") && page.header("cache-control").contains("no-store"), "{:?}", page.headers);
    open(&server, "/setup?token=wrong").await.is(410);
    open(&server, "/setup").await.is(410);
    create(&server, "/setup?token=wrong", "eve").await.is(410);

    let names: Vec<String> = (0..6).map(|number| format!("admin{number}x")).collect();
    let answers = join_all(names.iter().map(|name| create(&server, &link, name))).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410, 410, 410, 410, 410]);
    assert_eq!(admins(&server).len(), 1);

    open(&server, &link).await.is(410);
    create(&server, &link, "eve").await.is(410);
    assert!(server.stop().is_some_and(|status| status.success()));
    server.start_again().await;
    assert_eq!(links(&server).len(), 1, "no link is printed while there is an admin");
    open(&server, &link).await.is(410);
    assert_eq!(admins(&server).len(), 1);
}

#[tokio::test]
async fn setup_link_used_in_parallel_makes_one_admin_on_sqlite() {
    race(Backend::Sqlite).await;
}

#[tokio::test]
async fn setup_link_used_in_parallel_makes_one_admin_on_postgres() {
    race(Backend::Postgres).await;
}

#[tokio::test]
async fn setup_link_ends_when_admin_is_created_by_command() {
    let server = ServerProcess::start().await;
    let link = link(&server);
    server.create_account(&Person::named("member"));
    open(&server, &link).await.is(200);
    let root = Person::named("boss");
    let command = ["account", "create", "boss", "--email", &root.email, "--admin", "--password-stdin"];
    assert!(server.run(&command, &root.password).status.success());
    open(&server, &link).await.is(410);
    create(&server, &link, "eve").await.is(410);
    assert_eq!(admins(&server), ["boss"]);
}

#[tokio::test]
async fn setup_links_of_killed_server_end_with_first_admin() {
    let mut server = ServerProcess::start().await;
    let first = link(&server);
    server.kill();
    server.start_again().await;
    let second = link(&server);
    assert_ne!(first, second);
    create(&server, &second, "ada").await.is(303);
    for dead in [first, second] {
        open(&server, &dead).await.is(410);
        create(&server, &dead, "eve").await.is(410);
    }
    assert_eq!(admins(&server), ["ada"]);
}
