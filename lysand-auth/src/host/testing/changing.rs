//! What a host offers beyond finding people: accounts that come, change and go.

use futures_util::future::join_all;

use super::finding::is_nobody;
use super::settings;
use super::suite::{KnownAccount, Suite};
use crate::host::accounts::{AccountsError, Field, NewAccount};
use crate::model::account::{Account, AccountId, Email, Standing};
use crate::secret::Secret;

const FIRST_PASSWORD: &str = "correct horse battery";
const SECOND_PASSWORD: &str = "staple correct horse";
/// Nobody's id in any host.
const NOBODYS_ID: &str = "nobody-has-this-id";

pub(super) async fn check(suite: &mut Suite, known: &[KnownAccount]) {
    list(suite, known).await;
    let new = new_account("suite_one", Some("suite_one@example.com"), Some(FIRST_PASSWORD));
    let created = match suite.accounts.create(new.clone()).await {
        Err(AccountsError::NotOffered) => return,
        Err(error) => return suite.fault(format!("create: failed for a new name and address: {error}")),
        Ok(created) => created,
    };
    is_as_new(suite, &created, &new, known).await;
    taken(suite).await;
    race(suite).await;
    change_password(suite, &created).await;
    change_standing(suite, &created).await;
    settings::role(suite, &created).await;
    settings::email(suite, &created, known).await;
    without_password(suite).await;
    nobodys_account(suite).await;
    delete(suite, &created).await;
}

fn new_account(username: &str, address: Option<&str>, password: Option<&str>) -> NewAccount {
    NewAccount::new(username)
        .with_email(address.map(|address| Email { address: address.into(), confirmed: true }))
        .with_password(password.map(Secret::new))
}

async fn is_as_new(suite: &mut Suite, created: &Account, new: &NewAccount, known: &[KnownAccount]) {
    suite.expect(known.iter().all(|known| known.id != created.id), || {
        format!("create: the id {:?} is another account's", created.id.as_str())
    });
    let same = created.username == new.username
        && created.email == new.email
        && (created.role, created.standing) == (new.role, new.standing);
    suite.expect(same, || format!("create: answers with {created:?}, which is not what was asked for"));
    for found in [suite.accounts.by_id(&created.id).await, suite.accounts.by_identifier(&new.username).await] {
        suite.expect(found.as_ref().is_ok_and(|found| found.as_ref() == Some(created)), || {
            format!("create: afterwards the account is found as {found:?}")
        });
    }
    signs_in(suite, &created.username, FIRST_PASSWORD, true, "create").await;
}

pub(super) async fn signs_in(suite: &mut Suite, name: &str, password: &str, does: bool, after: &str) {
    match suite.accounts.check_password(name, &Secret::new(password)).await {
        Ok(found) => suite.expect(found.is_some() == does, || {
            let did = if does { "the password is not right" } else { "a password is right that should not be" };
            format!("{after}: afterwards {did}")
        }),
        Err(error) => suite.fault(format!("{after}: afterwards check_password fails: {error}")),
    }
}

/// A name and a confirmed address are one account's, in any case of letters.
async fn taken(suite: &mut Suite) {
    for (new, field) in [
        (new_account("suite_one", None, None), Field::Username),
        (new_account("SUITE_ONE", None, None), Field::Username),
        (new_account("suite_two", Some("suite_one@example.com"), None), Field::Email),
        (new_account("suite_two", Some("SUITE_ONE@example.com"), None), Field::Email),
    ] {
        let asked = format!("create({:?}, {:?})", new.username, new.email.as_ref().map(|email| email.address.clone()));
        match suite.accounts.create(new).await {
            Err(AccountsError::Taken(taken)) if taken == field => {}
            // A host may demand small letters.
            Err(AccountsError::Invalid(_)) => {}
            Ok(_) => suite.fault(format!("{asked}: was made, and the {field} is somebody's")),
            Err(error) => suite.fault(format!("{asked}: answers {error:?} and not Taken({field:?})")),
        }
    }
    let left = suite.accounts.by_identifier("suite_two").await;
    is_nobody(suite, left, "by_identifier of an account that could not be created");
}

/// Of ten who ask for one name at the same moment one gets it.
async fn race(suite: &mut Suite) {
    let accounts = suite.accounts.clone();
    let tries = (0..10).map(|_| {
        let accounts = accounts.clone();
        async move { accounts.create(new_account("suite_race", None, None)).await.is_ok() }
    });
    let made = join_all(tries).await.into_iter().filter(|made| *made).count();
    suite.expect(made == 1, || format!("create: of ten who ask for one name at the same moment {made} get it"));
}

async fn change_password(suite: &mut Suite, account: &Account) {
    match suite.accounts.set_password(&account.id, &Secret::new(SECOND_PASSWORD)).await {
        Err(AccountsError::NotOffered) => return,
        Err(error) => return suite.fault(format!("set_password: failed: {error}")),
        Ok(()) => {}
    }
    signs_in(suite, &account.username, SECOND_PASSWORD, true, "set_password").await;
    signs_in(suite, &account.username, FIRST_PASSWORD, false, "set_password").await;
    has_password(suite, &account.id, true).await;
}

async fn has_password(suite: &mut Suite, id: &AccountId, has: bool) {
    let told = suite.accounts.has_password(id).await;
    suite.expect(told.as_ref().is_ok_and(|told| !told || has), || {
        format!("has_password: says {told:?} of an account that has none")
    });
}

async fn change_standing(suite: &mut Suite, account: &Account) {
    for standing in [Standing::Disabled, Standing::Pending, Standing::Active] {
        match suite.accounts.set_standing(&account.id, standing).await {
            Err(AccountsError::NotOffered) => return,
            Err(error) => return suite.fault(format!("set_standing({standing:?}): failed: {error}")),
            Ok(()) => {}
        }
        for found in [suite.accounts.by_id(&account.id).await, suite.accounts.by_identifier(&account.username).await] {
            let told = found.ok().flatten().map(|account| account.standing);
            suite.expect(told == Some(standing), || format!("set_standing({standing:?}): afterwards it is {told:?}"));
        }
        let checked = suite.accounts.check_password(&account.username, &Secret::new(SECOND_PASSWORD)).await;
        if let Ok(Some(checked)) = checked {
            suite.expect(checked.standing == standing, || {
                format!("set_standing({standing:?}): check_password tells {:?}", checked.standing)
            });
        }
    }
}

async fn without_password(suite: &mut Suite) {
    let Ok(created) = suite.accounts.create(new_account("suite_three", None, None)).await else {
        return suite.fault("create: failed for an account without address and password".into());
    };
    for password in ["", FIRST_PASSWORD] {
        signs_in(suite, &created.username, password, false, "create without a password").await;
    }
    has_password(suite, &created.id, false).await;
}

/// What is asked of an account that is not there changes nobody else's, and is not told as done.
async fn nobodys_account(suite: &mut Suite) {
    let nobody = AccountId::new(NOBODYS_ID);
    let changes = [
        ("set_password", suite.accounts.set_password(&nobody, &Secret::new("whose is this")).await),
        ("set_standing", suite.accounts.set_standing(&nobody, Standing::Disabled).await),
    ];
    for (name, changed) in changes {
        suite.expect(changed.is_err(), || format!("{name}: says that it is done for an account that is not there"));
    }
}

async fn list(suite: &mut Suite, known: &[KnownAccount]) {
    let listed = match suite.accounts.list().await {
        Err(AccountsError::NotOffered) => return,
        Err(error) => return suite.fault(format!("list: failed: {error}")),
        Ok(listed) => listed,
    };
    for account in known {
        let count = listed.iter().filter(|listed| listed.id == account.id).count();
        suite.expect(count == 1, || format!("list: has account {:?} {count} times", account.id.as_str()));
    }
}

async fn delete(suite: &mut Suite, account: &Account) {
    match suite.accounts.delete(&account.id).await {
        Err(AccountsError::NotOffered) => return,
        Err(error) => return suite.fault(format!("delete: failed: {error}")),
        Ok(()) => {}
    }
    let found = suite.accounts.by_id(&account.id).await;
    is_nobody(suite, found, "by_id after delete");
    for identifier in ["suite_one", "suite_one@example.com"] {
        let found = suite.accounts.by_identifier(identifier).await;
        is_nobody(suite, found, &format!("by_identifier({identifier:?}) after delete"));
    }
    for password in [FIRST_PASSWORD, SECOND_PASSWORD] {
        signs_in(suite, &account.username, password, false, "delete").await;
    }
    if let Ok(listed) = suite.accounts.list().await {
        suite.expect(listed.iter().all(|listed| listed.id != account.id), || "list: has a deleted account".into());
    }
    // An id is what tokens and identities are kept under, so that it must never come back as somebody else's.
    if let Ok(again) = suite.accounts.create(new_account("suite_four", None, None)).await {
        suite.expect(again.id != account.id, || "create: a new account gets the id of a deleted one".into());
    }
}
