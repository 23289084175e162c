//! What of [`Accounts`] a host offers beside signing people in: found out once, by asking for something that cannot be done
//! (people PPL-210, PPL-212, PPL-218).

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use super::accounts::{Accounts, AccountsError, Along, Change, NewAccount};
use crate::error::Error;
use crate::model::account::{AccountId, Email};
use crate::secret::Secret;

/// What a journey needs of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Offered {
    /// Accounts are made along with what the library keeps.
    SignUp,
    /// A password is set.
    Password,
    /// An address is set.
    Email,
    /// A name to show is set.
    DisplayName,
    /// A language is set.
    Language,
    /// An account is removed.
    Delete,
}

/// What is known of a host by now.
#[derive(Debug, Default)]
pub(crate) struct Offers([OnceLock<bool>; 6]);

impl Offers {
    /// Whether the host offers it, as far as that was found out.
    pub(crate) fn known(&self, what: Offered) -> Option<bool> {
        self.0[what as usize].get().copied()
    }

    /// Whether the host offers it. A host that fails to say so is taken to offer it, and asked again.
    pub(crate) async fn find_out(&self, accounts: &dyn Accounts, what: Offered) -> bool {
        if let Some(known) = self.known(what) {
            return known;
        }
        let was_run = Arc::new(AtomicBool::new(false));
        let answer = asked_in_vain(accounts, what, &was_run).await;
        let is_offered = !matches!(answer, Err(AccountsError::NotOffered));
        if !matches!(answer, Err(AccountsError::Failed(_))) || was_run.load(Ordering::Relaxed) {
            return *self.0[what as usize].get_or_init(|| is_offered);
        }
        is_offered
    }
}

/// Asks for what no host can do: for an account without a name, or a change of an account that does not exist; and what goes
/// along fails in any case.
async fn asked_in_vain(accounts: &dyn Accounts, what: Offered, was_run: &Arc<AtomicBool>) -> Result<(), AccountsError> {
    let nobody = AccountId::new("");
    let along = failing(Arc::clone(was_run));
    let password = || Secret::new("this is nobody’s password");
    let email = || Email { address: "nobody@example.invalid".to_owned(), confirmed: false };
    let change = match what {
        Offered::SignUp => return accounts.create_along(NewAccount::new(""), along).await.map(drop),
        Offered::Password => Change::Password(password()),
        Offered::Email => Change::Email(email()),
        Offered::DisplayName => Change::DisplayName(String::new()),
        Offered::Language => Change::Language(None),
        Offered::Delete => Change::Delete,
    };
    match (accounts.change_along(&nobody, change, along).await, what) {
        (Err(AccountsError::NotOffered), Offered::Password) => accounts.set_password(&nobody, &password()).await,
        (Err(AccountsError::NotOffered), Offered::Email) => accounts.set_email(&nobody, &email()).await,
        (Err(AccountsError::NotOffered), Offered::Delete) => accounts.delete(&nobody).await,
        (answer, _) => answer,
    }
}

fn failing(was_run: Arc<AtomicBool>) -> Along {
    Along::new(move |_, _| {
        was_run.store(true, Ordering::Relaxed);
        Box::pin(async { Err(Error::failed("this was asked to be refused")) })
    })
}
