//! Changing the address of an account, with the former one able to stop and to undo it.

mod ask;
mod confirm;
mod undo;

pub use self::ask::{AddressError, AddressState, NewAddress, Pending, ask, cancel, send_again, state};
pub use self::confirm::{confirm, confirm_by_code, look, set, stop};
pub use self::undo::undo;
pub use crate::model::session::ActingToken;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::email::ask::asked_in;
use crate::model::account::Account;
use crate::model::email_change::EmailChange;
use crate::model::mail_token::{MailToken, Purpose};
use crate::model::session::{Session, SignedInBrowser};
use crate::secret::Secret;
use crate::steps::presence::Present;
use crate::steps::recovery;
use crate::store::email_changes;

/// Who changes the own address: in a browser, or by a program with a token.
#[derive(Debug)]
#[non_exhaustive]
pub struct Owner {
    /// The account.
    pub account: Account,
    present: Present,
    /// By what the change is bound to this session or token.
    asked_in: String,
}

impl Owner {
    /// Whoever is signed in with a browser.
    #[must_use]
    pub fn in_browser(auth: &Auth, browser: &SignedInBrowser) -> Self {
        let present = Present::in_session(auth, &browser.session);
        Self { account: browser.account.clone(), present, asked_in: asked_in("session", browser.session.id.as_str()) }
    }

    /// Whoever a token speaks for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn with_token(auth: &Auth, token: &ActingToken, account: Account) -> Result<Self, Error> {
        let (present, _): (Present, Option<Session>) = Present::with_token(auth, token, &account).await?;
        Ok(Self { account, present, asked_in: asked_in("grant", token.grant()) })
    }

    /// Whether the owner signed in a moment ago, so that no password is asked for.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.present.is_fresh()
    }
}

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
async fn find(
    auth: &Auth,
    token: &Secret,
    link: AddressLink,
) -> Result<Option<(MailToken, EmailChange, Account)>, Error> {
    let Some((token, account)) = recovery::live_token(auth, token, link.purpose()).await? else { return Ok(None) };
    let Some(id) = token.subject.clone() else { return Ok(None) };
    let change = auth.store().look_up(move |c| Box::pin(async move { email_changes::by_id(c, &id).await })).await?;
    let Some(change) = change.filter(|change| change.account == account.id) else { return Ok(None) };
    let counts = match link {
        AddressLink::Confirm | AddressLink::Stop => change.is_pending(),
        AddressLink::Undo => change.can_be_undone(auth.ambient().now()),
    };
    Ok(counts.then_some((token, change, account)))
}
