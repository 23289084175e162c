//! An unknown person at a provider gets an account, where the operator allows it (Lysand §13.3).

use super::owner::owner;
use super::refusals::already_linked;
use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::host::accounts::{AccountsError, Along, Field, NewAccount};
use crate::model::account::{Account, Email};
use crate::model::identity::{LinkedIdentity, ProviderProfile};
use crate::store::identities;

/// How often a name or an address that cannot be had is replaced: each once, and once more in case of an unlikely name.
const TRIES: usize = 4;

/// Creates an account and links the identity to it, both or none. Of many at once one creates; the others find its account.
///
/// # Errors
/// When host or database do not answer.
pub(super) async fn register(auth: &Auth, profile: &ProviderProfile) -> Result<Option<Account>, Error> {
    let mut username = profile.proposed_username().unwrap_or_else(|| random_name(auth));
    // Only the provider's word that the address is the person's own makes it worth keeping.
    let mut address = profile.email.clone().filter(|_| profile.email_verified);
    for _ in 0..TRIES {
        let email = address.clone().map(|address| Email { address, confirmed: true });
        let new = NewAccount::new(&*username).with_email(email);
        match auth.accounts().create_along(new, linking(auth, profile)).await {
            Ok(account) => {
                tracing::info!(account = %account.id, issuer = %profile.identity.issuer, "account created for an identity");
                return Ok(Some(account));
            }
            // An address that somebody has is left out; it never leads to that somebody (security RP-6).
            Err(AccountsError::Taken(Field::Email)) => address = None,
            Err(AccountsError::Taken(_)) => username = random_name(auth),
            Err(AccountsError::Invalid(_)) if address.is_some() && is_random_name(&username) => address = None,
            Err(AccountsError::Invalid(_)) => username = random_name(auth),
            Err(AccountsError::NotOffered | AccountsError::LastAdmin) => return Ok(None),
            Err(AccountsError::Failed(source)) => match Error::from_host(source) {
                // Somebody was faster with the same identity: another tab of the same person.
                Error::Refused(Refusal { code: Code::AlreadyLinked, .. }) => return of_faster(auth, profile).await,
                error => return Err(error),
            },
        }
    }
    Ok(None)
}

/// Links the identity in the transaction that creates the account.
fn linking(auth: &Auth, profile: &ProviderProfile) -> Along {
    let (identity, label) = (profile.identity.clone(), profile.label());
    let (id, linked_at) = (auth.ambient().id(), auth.ambient().now());
    Along::new(move |c, account| {
        let linked = LinkedIdentity { id, account_id: account.clone(), identity, label, linked_at };
        Box::pin(async move { if identities::insert(c, &linked).await? { Ok(()) } else { Err(already_linked()) } })
    })
}

async fn of_faster(auth: &Auth, profile: &ProviderProfile) -> Result<Option<Account>, Error> {
    match owner(auth, &profile.identity).await? {
        Some(linked) => auth.account(&linked.account_id).await,
        None => Ok(None),
    }
}

/// Eight hexadecimal digits.
fn random_name(auth: &Auth) -> String {
    auth.ambient().bytes::<4>().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_random_name(name: &str) -> bool {
    name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}
