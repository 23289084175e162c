//! The links of mails about an address.

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::email_change::EmailChange;
use crate::model::mail_token::{Link, MailToken, Purpose};
use crate::secret::Secret;
use crate::steps::recovery;
use crate::store::email_changes;

/// What the link of a mail about an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressLink {
    /// Confirms the new one.
    Confirm,
    /// Stops the change, from the former one.
    Stop,
    /// Undoes it, from the former one.
    Undo,
}

impl AddressLink {
    fn purpose(self) -> Purpose {
        match self {
            Self::Confirm => Purpose::EmailConfirm,
            Self::Stop => Purpose::EmailStop,
            Self::Undo => Purpose::EmailUndo,
        }
    }
}

/// What the page of such a link shows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AddressQuestion {
    /// The account's name.
    pub username: String,
    /// The former address, if there was one.
    pub old: Option<String>,
    /// The new address.
    pub new: String,
    /// When it was asked for, or for an undoing, when it was changed.
    pub at: Timestamp,
}

/// The living token of a link, what it is about, and the account.
pub(super) async fn find(
    auth: &Auth,
    token: &Secret,
    link: AddressLink,
) -> Result<Option<(MailToken, EmailChange, Account)>, Error> {
    let Some((token, account)) = recovery::live_token(auth, token, &[link.purpose()]).await? else { return Ok(None) };
    let Some(id) = token.subject.clone() else { return Ok(None) };
    let change = auth.store().look_up(move |c| Box::pin(async move { email_changes::by_id(c, &id).await })).await?;
    let Some(change) = change.filter(|change| change.account == account.id) else { return Ok(None) };
    let counts = match link {
        AddressLink::Confirm | AddressLink::Stop => change.is_pending(),
        AddressLink::Undo => change.can_be_undone(auth.ambient().now()),
    };
    Ok(counts.then_some((token, change, account)))
}

/// The link of a mail about this change.
pub(super) fn link(auth: &Auth, account: &Account, change: &EmailChange, purpose: Purpose) -> Link {
    let ttl = match purpose {
        Purpose::EmailUndo => auth.config().password.undo_for,
        _ => auth.config().lifetimes.confirmation,
    };
    let has_code = purpose == Purpose::EmailConfirm;
    Link { purpose, account: Some(account.id.clone()), subject: Some(change.id.clone()), ttl, has_code }
}
