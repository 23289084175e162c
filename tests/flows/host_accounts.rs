//! The conformance suite for a host's accounts: it passes what is right, and finds what is wrong (`host::testing`).

use std::sync::Arc;

use lysand_auth::host::testing::{KnownAccount, check_accounts};
use tests::memory_accounts::{Fault, MemoryAccounts};
use tests::story;

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
    let accounts = MemoryAccounts::new(&known, None);
    check_accounts(Arc::new(accounts), &known).await.expect("nothing to find");
}

#[tokio::test]
async fn check_accounts_finds_every_planted_fault() {
    assert!(Fault::ALL.len() >= 25);
    let known = known();
    for fault in Fault::ALL {
        let found = check_accounts(Arc::new(MemoryAccounts::new(&known, Some(*fault))), &known).await;
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
