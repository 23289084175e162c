//! The conformance suite for a host's accounts: it passes what is right, and finds what is wrong (`host::testing`).

// The hosts that the library's documentation shows.
#[allow(unreachable_pub, dead_code, reason = "an example is a program of its own")]
#[path = "../../lysand-auth/examples/integer_ids.rs"]
mod integer_ids;
#[allow(unreachable_pub, dead_code, reason = "an example is a program of its own")]
#[path = "../../lysand-auth/examples/uuids_and_bcrypt.rs"]
mod uuids_and_bcrypt;

use std::sync::Arc;

use lysand_auth::host::testing::{KnownAccount, check_accounts};
use lysand_auth::store::{MIGRATIONS, MigrationSet};
use lysand_auth::testing::ScratchStore;
use tests::memory_accounts::{Fault, MemoryAccounts};
use tests::story;

static SETS: [MigrationSet; 1] = [MIGRATIONS];

fn known() -> [KnownAccount; 3] {
    [
        KnownAccount::new("17", "ada").with_email("ada@example.com").with_password("the engine weaves"),
        KnownAccount::new("23", "grace").with_email("grace@example.com").with_password("nanoseconds matter"),
        KnownAccount::new("42", "eve"),
    ]
}

#[tokio::test]
async fn check_accounts_of_correct_host_finds_nothing() {
    let known = known();
    let scratch = ScratchStore::open(&SETS).await.expect("a database");
    let accounts = MemoryAccounts::new(&known, None, scratch.store().clone());
    check_accounts(Arc::new(accounts), &known).await.expect("nothing to find");
}

#[tokio::test]
async fn check_accounts_finds_every_planted_fault() {
    assert!(Fault::ALL.len() >= 25);
    let known = known();
    let scratch = ScratchStore::open(&SETS).await.expect("a database");
    for fault in Fault::ALL {
        let accounts = MemoryAccounts::new(&known, Some(*fault), scratch.store().clone());
        let found = check_accounts(Arc::new(accounts), &known).await;
        assert!(found.is_err(), "{fault:?} is not found");
    }
}

story!(check_accounts_of_reference_server_finds_nothing, |story| {
    let mut known = Vec::new();
    for name in ["ada", "grace"] {
        let person = story.person(name).await;
        let id = story.account(&person).await.id;
        let account = KnownAccount::new(id.as_str(), name).with_email(person.email.clone());
        known.push(account.with_password(person.password.clone()));
    }
    let accounts = story.server().state().accounts.clone();
    check_accounts(accounts, &known).await.unwrap_or_else(|faults| panic!("{faults}"));
});

#[tokio::test]
async fn check_accounts_of_example_with_integer_ids_finds_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let people = integer_ids::People::open(&folder.path().join("people.sqlite3")).expect("a table");
    let mut known = Vec::new();
    for (id, name, password) in [("1", "ada", "the engine weaves"), ("2", "grace", "nanoseconds matter")] {
        let mail = format!("{name}@people.example");
        people.add(name, &mail, password).await.expect("a person");
        known.push(KnownAccount::new(id, name).with_email(mail).with_password(password));
    }
    check_accounts(Arc::new(people), &known).await.unwrap_or_else(|faults| panic!("{faults}"));
}

#[tokio::test]
async fn check_accounts_of_example_with_uuids_and_bcrypt_finds_nothing() {
    let (ada, grace) = (uuid::Uuid::from_u128(1), uuid::Uuid::from_u128(2));
    let people = [(ada, "ada", "the engine weaves"), (grace, "grace", "nanoseconds matter")];
    let known: Vec<KnownAccount> = people
        .iter()
        .map(|(id, name, password)| KnownAccount::new(id.to_string(), *name).with_password(*password))
        .collect();
    let people = uuids_and_bcrypt::People::new(&people).expect("hashes");
    check_accounts(Arc::new(people), &known).await.unwrap_or_else(|faults| panic!("{faults}"));
}

/// What the documentation promises: a host is a page of code.
#[test]
fn example_host_needs_sixty_lines_of_glue_at_most() {
    let source = include_str!("../../lysand-auth/examples/integer_ids.rs");
    let (_, glue) = source.split_once("// What follows is all that the library asks of this host.").expect("the glue");
    let lines = glue.lines().filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 60, "{lines} lines");
}
