//! The mail that goes out with a new account.

use crate::ambient::Timestamp;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::mail_token::Link;
use crate::secret::Digest;
use crate::steps::confirmation::enqueue_wanted;
use crate::steps::mail::{self, Decoy, Outgoing};
use crate::store::Conn;

/// A mail that goes out with an account.
#[derive(Clone)]
pub(super) enum FirstMail {
    /// To the new account's address, with the link that confirms it, if that is to be done.
    ToNewAccount(Outgoing, Option<Link>),
    /// To whoever has the address already.
    ToOwner(Outgoing),
}

impl FirstMail {
    /// Puts it into the outbox, in the transaction that makes the account. Where it has no link, the decoy stands for one.
    pub(super) async fn post(
        self,
        c: &mut Conn,
        id: &AccountId,
        (disowned, decoy): (Digest, Decoy),
        now: Timestamp,
    ) -> Result<(), Error> {
        let mail = match self {
            // What proved the address came from its owner.
            Self::ToNewAccount(mail, None) => return mail::enqueue(c, mail.about(id.clone())).await.map(drop),
            Self::ToNewAccount(mail, Some(link)) => {
                mail.about(id.clone()).with_link(Link { account: Some(id.clone()), ..link })
            }
            Self::ToOwner(mail) => mail,
        };
        enqueue_wanted(c, Some(mail), (disowned, decoy.of(id.clone())), now).await
    }
}
