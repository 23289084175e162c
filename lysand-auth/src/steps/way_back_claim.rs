//! Somebody comes back for what they asked a while ago: their second factors go, and everything that was begun with them, in the
//! transaction of the sign-in that claims it (FAC-114).

use crate::ambient::Timestamp;
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::model::credentials::{Closing, Credentials};
use crate::steps::ending::{self, Spared};
use crate::steps::factor_removal;
use crate::steps::mail::{self, Outgoing};
use crate::store::{Conn, credentials, mail_tokens, trusted_browsers, way_back};
use crate::texts;

/// A claim that was right when it was checked.
#[derive(Clone)]
pub(crate) struct WayBackClaim {
    /// The request that it is for.
    pub(crate) id: String,
    /// What was known of the account when the claim was checked.
    pub(crate) known: Credentials,
    /// What the owner is told at every confirmed address.
    pub(crate) notices: Vec<Outgoing>,
}

impl WayBackClaim {
    /// What is known of the account once its factors are gone, with which the rest of the sign-in is decided.
    pub(crate) fn known_after(&self) -> Credentials {
        Credentials { two_step: false, mail_factor: false, only_passkeys: false, ..self.known }
    }

    /// Of two claims one goes on, and none when something else of the account ended meanwhile; false then. Comes first in its
    /// transaction.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn begin(&self, c: &mut Conn, account: &AccountId) -> Result<bool, Error> {
        if !credentials::advance_from(c, account, self.known).await? {
            return Ok(false);
        }
        let found = credentials::of_account(c, account).await?;
        Ok(found.demanded == self.known.demanded && found.closing != Some(Closing::Going))
    }

    /// Takes the factors away, and ends everything.
    ///
    /// # Errors
    /// `NotOffered` when the request was stopped or is over.
    pub(crate) async fn make(&self, c: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
        if !way_back::claim(c, &self.id, now).await? {
            return Err(over());
        }
        mail_tokens::end_of_subject(c, &self.id, now).await?;
        ending::end_rest(c, account, &Spared::default(), now).await?;
        factor_removal::remove(c, account, None).await?;
        trusted_browsers::forget_account(c, account).await?;
        for notice in self.notices.iter().cloned() {
            mail::enqueue(c, notice).await?;
        }
        Ok(())
    }
}

/// The refusal of a claim for what was stopped, or is over.
pub(crate) fn over() -> Error {
    Error::refused(Code::NotOffered, texts::WAY_BACK_OVER)
}
