//! An account's role and address, where a host lets the library change them.

use super::suite::{KnownAccount, Suite};
use crate::host::accounts::{AccountsError, Field, NewAccount};
use crate::model::account::{Account, AccountId, Email, Role, Standing};

pub(super) async fn role(suite: &mut Suite, account: &Account) {
    for role in [Role::Moderator, Role::Admin, Role::Member] {
        match suite.accounts.set_role(&account.id, role).await {
            Err(AccountsError::NotOffered) => return,
            // Whether it was the last admin is checked below.
            Err(AccountsError::LastAdmin) if role == Role::Member => break,
            Err(error) => return suite.fault(format!("set_role({role:?}): failed: {error}")),
            Ok(()) => {}
        }
        is_role(suite, account, role, &format!("set_role({role:?})")).await;
    }
    last_admin(suite, account).await;
    beside_another_admin(suite, account).await;
    let changed = suite.accounts.set_role(&AccountId::new("nobody-has-this-id"), Role::Admin).await;
    suite.expect(changed.is_err(), || "set_role: says that it is done for an account that is not there".into());
}

/// The only admin who can act stays one.
async fn last_admin(suite: &mut Suite, account: &Account) {
    let acts_as_admin = |other: &Account| other.role == Role::Admin && other.standing == Standing::Active;
    match suite.accounts.list().await {
        Ok(all) if all.iter().all(|other| other.id == account.id || !acts_as_admin(other)) => {}
        // There is another, or nobody can tell.
        _ => return,
    }
    if let Err(error) = suite.accounts.set_role(&account.id, Role::Admin).await {
        return suite.fault(format!("set_role(Admin): failed: {error}"));
    }
    let demoted = suite.accounts.set_role(&account.id, Role::Moderator).await;
    suite.expect(matches!(demoted, Err(AccountsError::LastAdmin)), || {
        format!("set_role: answers {demoted:?} and not LastAdmin for the only admin who can act")
    });
    is_role(suite, account, Role::Admin, "set_role that was refused").await;
}

/// With another admin there, the role can be taken away.
async fn beside_another_admin(suite: &mut Suite, account: &Account) {
    let Ok(other) = suite.accounts.create(NewAccount::new("suite_admin")).await else {
        return suite.fault("create: failed for an account without address and password".into());
    };
    for (id, role) in [(&other.id, Role::Admin), (&account.id, Role::Member)] {
        if let Err(error) = suite.accounts.set_role(id, role).await {
            return suite.fault(format!("set_role({role:?}) beside another admin: failed: {error}"));
        }
    }
    is_role(suite, account, Role::Member, "set_role(Member)").await;
}

async fn is_role(suite: &mut Suite, account: &Account, role: Role, after: &str) {
    let found = suite.accounts.by_id(&account.id).await.ok().flatten().map(|found| found.role);
    suite.expect(found == Some(role), || format!("{after}: afterwards it is {found:?}"));
}

pub(super) async fn email(suite: &mut Suite, account: &Account, known: &[KnownAccount]) {
    let new = |confirmed| Email { address: "suite_later@example.com".into(), confirmed };
    // First another address, then the same one confirmed.
    for email in [new(false), new(true)] {
        match suite.accounts.set_email(&account.id, &email).await {
            Err(AccountsError::NotOffered) => return,
            Err(error) => return suite.fault(format!("set_email({email:?}): failed: {error}")),
            Ok(()) => {}
        }
        let found = suite.accounts.by_id(&account.id).await.ok().flatten().and_then(|found| found.email);
        suite.expect(found.as_ref() == Some(&email), || format!("set_email({email:?}): afterwards it is {found:?}"));
    }
    for (identifier, is_found) in [("suite_later@example.com", true), ("suite_one@example.com", false)] {
        let found = suite.accounts.by_identifier(identifier).await.ok().flatten().map(|found| found.id);
        suite.expect((found.as_ref() == Some(&account.id)) == is_found, || {
            format!("set_email: afterwards by_identifier({identifier:?}) answers {found:?}")
        });
    }
    if let Some(taken) = known.iter().find_map(|known| known.email.clone()) {
        let email = Email { address: taken, confirmed: true };
        let answer = suite.accounts.set_email(&account.id, &email).await;
        suite.expect(matches!(answer, Err(AccountsError::Taken(Field::Email))), || {
            format!("set_email: answers {answer:?} for an address that is confirmed for another")
        });
    }
    let changed = suite.accounts.set_email(&AccountId::new("nobody-has-this-id"), &new(true)).await;
    suite.expect(changed.is_err(), || "set_email: says that it is done for an account that is not there".into());
}
