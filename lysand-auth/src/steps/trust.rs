//! Browsers that an account trusts: who may have one, and what a sign-in changes about it in its transaction (FAC-97).

use crate::ambient::Timestamp;
use crate::config::Factors;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId, Role};
use crate::model::event::NewEvent;
use crate::model::proofs::ProofKind;
use crate::model::trusted_browser::TrustedBrowser;
use crate::secret::Digest;
use crate::store::{Conn, events, trusted_browsers};
use crate::texts;

/// Whether the account may trust a browser: after a password alone, where the operator lets it, and staff only where that is said
/// besides.
pub(crate) fn is_allowed(rules: &Factors, account: &Account, first: &ProofKind) -> bool {
    let is_staff = account.role != Role::Member;
    *first == ProofKind::Password && !rules.remember_for.is_zero() && (!is_staff || rules.remember_staff)
}

/// What a sign-in changes about the trust in its browser, should the session begin.
#[derive(Clone)]
pub(crate) enum Trust {
    /// It was trusted: by the row with this key. It has to be still.
    Used(String),
    /// It is trusted from now on.
    Begun(Box<NewTrust>),
}

/// A browser that is trusted from now on.
#[derive(Clone)]
pub(crate) struct NewTrust {
    pub(crate) digest: Digest,
    pub(crate) browser: TrustedBrowser,
    /// What the browser showed before.
    pub(crate) shown: Vec<Digest>,
    pub(crate) event: NewEvent,
}

impl Trust {
    /// Keeps it, in the transaction of the session that begins while nothing of the account was ended since `generation`.
    ///
    /// # Errors
    /// `invalid_grant` when the browser was trusted, and is no more.
    pub(crate) async fn keep(
        &self,
        c: &mut Conn,
        (account, generation): (&AccountId, i64),
        now: Timestamp,
    ) -> Result<(), Error> {
        match self {
            Self::Used(id) => match trusted_browsers::note_use(c, (account, generation), id, now).await? {
                true => Ok(()),
                false => Err(Error::refused(Code::InvalidGrant, texts::WRONG_CREDENTIALS)),
            },
            Self::Begun(new) => {
                let NewTrust { digest, browser, shown, event } = &**new;
                trusted_browsers::insert(c, (account, generation), (*digest, browser), shown).await?;
                events::add(c, event.clone()).await
            }
        }
    }
}
