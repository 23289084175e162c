//! A set of recovery codes: drawn, and as the database keeps it (FAC-67).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::{Account, AccountId};
use crate::model::event::NewEvent;
use crate::model::recovery_code;
use crate::secret::{Digest, Secret};
use crate::store::{Conn, events, recovery_codes};

/// Codes that are about to be an account's.
pub(crate) struct RecoverySet {
    /// To be shown, once.
    pub(crate) codes: Vec<Secret>,
    /// To be kept.
    pub(crate) digests: Vec<Digest>,
}

impl RecoverySet {
    /// Draws a set.
    pub(crate) fn new(auth: &Auth, account: &Account) -> Self {
        let number = auth.config().factors.recovery_codes;
        let codes: Vec<Secret> = (0..number).map(|_| recovery_code::generate(auth.ambient())).collect();
        let digests = codes.iter().filter_map(|code| digests(auth, account, code.expose()).next()).collect();
        Self { codes, digests }
    }
}

/// The codes of an account that may have some already, for the transaction that turns two-step sign-in on.
pub(crate) struct FirstCodes {
    account: AccountId,
    digests: Vec<Digest>,
    event: NewEvent,
    now: Timestamp,
}

impl FirstCodes {
    /// This set, recorded by this event, should there be none.
    pub(crate) fn new(auth: &Auth, account: &Account, set: &RecoverySet, event: NewEvent) -> Self {
        Self { account: account.id.clone(), digests: set.digests.clone(), event, now: auth.ambient().now() }
    }

    /// Keeps them; false when there are some.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn keep(self, c: &mut Conn) -> Result<bool, Error> {
        if !recovery_codes::all(c, &self.account).await?.is_empty() {
            return Ok(false);
        }
        recovery_codes::replace(c, &self.account, &self.digests, self.now).await?;
        events::add(c, self.event).await?;
        Ok(true)
    }
}

/// What the database may keep of a code as somebody typed it, under each key, that of new codes first; nothing for what is no code.
pub(crate) fn digests(auth: &Auth, account: &Account, typed: &str) -> impl Iterator<Item = Digest> {
    let code = recovery_code::normalised(typed);
    let under = |key| code.as_ref().map(|code| recovery_code::digest(&key, account.id.as_str(), code));
    auth.recovery_keys().filter_map(under).collect::<Vec<_>>().into_iter()
}
