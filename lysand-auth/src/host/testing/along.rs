//! Hosts whose accounts are kept in the library's store: what the library does along with a change is part of it, so that
//! both happen or neither does.

use std::sync::{Arc, Mutex, PoisonError};

use super::finding::is_nobody;
use super::suite::{KnownAccount, Suite};
use crate::error::Error;
use crate::host::accounts::{AccountsError, Along, Change, Field, NewAccount};
use crate::model::account::{Account, AccountId, Email, Role, Standing};
use crate::model::language::Language;
use crate::secret::Secret;

const PASSWORD: &str = "correct horse battery";
const OTHER_PASSWORD: &str = "battery horse correct";

/// What the library does in the host's transaction: it notes for whom, and may fail.
#[derive(Clone, Default)]
struct Work(Arc<Mutex<Vec<AccountId>>>);

impl Work {
    fn along(&self, fails: bool) -> Along {
        let done = self.0.clone();
        Along::new(move |_, account| {
            done.lock().unwrap_or_else(PoisonError::into_inner).push(account.clone());
            Box::pin(async move { if fails { Err(Error::failed("the suite wants this undone")) } else { Ok(()) } })
        })
    }

    fn was_done_for(&self, account: &AccountId) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) == [account.clone()]
    }
}

pub(super) async fn check(suite: &mut Suite, known: &[KnownAccount]) {
    let Some(created) = create(suite, known).await else { return };
    change(suite, &created, known).await;
}

fn new_account(username: &str) -> NewAccount {
    NewAccount::new(username)
        .with_email(Some(address(&format!("{username}@example.com"))))
        .with_password(Some(Secret::new(PASSWORD)))
}

fn address(text: &str) -> Email {
    Email { address: text.into(), confirmed: true }
}

async fn create(suite: &mut Suite, known: &[KnownAccount]) -> Option<Account> {
    let failing = suite.accounts.create_along(new_account("suite_along"), Work::default().along(true)).await;
    match failing {
        Err(AccountsError::NotOffered) => return None,
        Err(_) => {}
        Ok(_) => suite.fault("create_along: answers with an account though what goes along failed".into()),
    }
    let left = suite.accounts.by_identifier("suite_along").await;
    is_nobody(suite, left, "by_identifier after a create_along that failed");
    if let Some(taken) = known.first() {
        let answer = suite.accounts.create_along(NewAccount::new(&taken.username), Work::default().along(false)).await;
        suite.expect(matches!(answer, Err(AccountsError::Taken(Field::Username) | AccountsError::Invalid(_))), || {
            format!("create_along({:?}): answers {answer:?} and not Taken", taken.username)
        });
    }
    let work = Work::default();
    let created = match suite.accounts.create_along(new_account("suite_along"), work.along(false)).await {
        Ok(created) => created,
        Err(error) => {
            suite.fault(format!("create_along: failed for a new name and address: {error}"));
            return None;
        }
    };
    suite.expect(work.was_done_for(&created.id), || "create_along: what goes along was not done for it, once".into());
    is_now(suite, &created, "create_along").await;
    signs_in(suite, (&created.username, PASSWORD), true, "create_along").await;
    Some(created)
}

/// Each change, its failure first.
async fn change(suite: &mut Suite, created: &Account, known: &[KnownAccount]) {
    let id = &created.id;
    let language = Language::parse("de");
    let mut expected = created.clone();
    for (change, name) in [
        (Change::Password(Secret::new(OTHER_PASSWORD)), "Password"),
        (Change::Email(address("suite_moved@example.com")), "Email"),
        (Change::Standing(Standing::Disabled), "Standing"),
        (Change::Standing(Standing::Active), "Standing"),
        (Change::Role(Role::Moderator), "Role"),
        (Change::Role(Role::Member), "Role"),
        (Change::Language(language.clone()), "Language"),
        (Change::Language(None), "Language"),
        (Change::DisplayName("Suite Along".to_owned()), "DisplayName"),
        (Change::DisplayName(String::new()), "DisplayName"),
        (Change::NoPassword, "NoPassword"),
    ] {
        let call = format!("change_along({name})");
        match suite.accounts.change_along(id, change.clone(), Work::default().along(true)).await {
            // A host may show people as it likes.
            Err(AccountsError::NotOffered) if name == "DisplayName" => continue,
            Err(AccountsError::NotOffered) => return,
            Err(_) => {}
            Ok(()) => suite.fault(format!("{call}: says that it is done though what goes along failed")),
        }
        is_now(suite, &expected, &format!("{call} that failed")).await;
        let before = if matches!(change, Change::NoPassword) { OTHER_PASSWORD } else { PASSWORD };
        if matches!(change, Change::Password(_) | Change::NoPassword) {
            signs_in(suite, (&created.username, before), true, &format!("{call} that failed")).await;
        }
        let work = Work::default();
        if let Err(error) = suite.accounts.change_along(id, change.clone(), work.along(false)).await {
            suite.fault(format!("{call}: failed: {error}"));
            continue;
        }
        suite.expect(work.was_done_for(id), || format!("{call}: what goes along was not done for it, once"));
        match change {
            Change::Password(_) => {
                signs_in(suite, (&created.username, OTHER_PASSWORD), true, &call).await;
                signs_in(suite, (&created.username, PASSWORD), false, &call).await;
            }
            Change::NoPassword => {
                for password in [PASSWORD, OTHER_PASSWORD, ""] {
                    signs_in(suite, (&created.username, password), false, &call).await;
                }
            }
            Change::Email(email) => expected.email = Some(email),
            Change::Standing(standing) => expected.standing = standing,
            Change::Role(role) => expected.role = role,
            Change::Language(language) => expected.language = language,
            Change::DisplayName(name) => expected.display_name = name,
            Change::Delete => {}
        }
        is_now(suite, &expected, &call).await;
    }
    refusals(suite, id, known).await;
    delete(suite, created).await;
}

async fn refusals(suite: &mut Suite, id: &AccountId, known: &[KnownAccount]) {
    if let Some(taken) = known.iter().find_map(|known| known.email.as_deref()) {
        let work = Work::default();
        let answer = suite.accounts.change_along(id, Change::Email(address(taken)), work.along(false)).await;
        suite.expect(matches!(answer, Err(AccountsError::Taken(Field::Email))), || {
            format!("change_along(Email): answers {answer:?} for an address that is confirmed for another")
        });
    }
    let nobody = AccountId::new("nobody-has-this-id");
    let answer = suite.accounts.change_along(&nobody, Change::NoPassword, Work::default().along(false)).await;
    suite.expect(answer.is_err(), || "change_along: says that it is done for an account that is not there".into());
}

async fn delete(suite: &mut Suite, created: &Account) {
    let failing = suite.accounts.change_along(&created.id, Change::Delete, Work::default().along(true)).await;
    suite
        .expect(failing.is_err(), || "change_along(Delete): says that it is done though what goes along failed".into());
    let found = suite.accounts.by_id(&created.id).await;
    suite.expect(found.as_ref().is_ok_and(Option::is_some), || {
        format!("change_along(Delete) that failed: afterwards the account is found as {found:?}")
    });
    match suite.accounts.change_along(&created.id, Change::Delete, Work::default().along(false)).await {
        Err(AccountsError::NotOffered) => return,
        Err(error) => return suite.fault(format!("change_along(Delete): failed: {error}")),
        Ok(()) => {}
    }
    let found = suite.accounts.by_id(&created.id).await;
    is_nobody(suite, found, "by_id after change_along(Delete)");
    let found = suite.accounts.by_identifier(&created.username).await;
    is_nobody(suite, found, "by_identifier after change_along(Delete)");
}

async fn is_now(suite: &mut Suite, expected: &Account, after: &str) {
    let found = suite.accounts.by_id(&expected.id).await;
    suite.expect(found.as_ref().is_ok_and(|found| found.as_ref() == Some(expected)), || {
        format!("{after}: afterwards the account is found as {found:?} and not as {expected:?}")
    });
}

async fn signs_in(suite: &mut Suite, (name, password): (&str, &str), does: bool, after: &str) {
    super::changing::signs_in(suite, name, password, does, after).await;
}
