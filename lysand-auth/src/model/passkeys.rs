//! Passkeys as the database keeps them.

use crate::ambient::Timestamp;
use crate::model::account::AccountId;
use crate::passkey::Known;

/// A passkey.
#[derive(Clone, Debug)]
pub(crate) struct StoredPasskey {
    pub(crate) id: String,
    pub(crate) account: AccountId,
    /// What the authenticator calls it.
    pub(crate) credential: Vec<u8>,
    /// The domain that it is for.
    pub(crate) rp_id: String,
    /// Its public key, as [`RelyingParty::check`](crate::passkey::RelyingParty::check) reads it.
    pub(crate) key: String,
    pub(crate) counter: u32,
    /// Whether it can be copied to other devices of its owner, and whether it was.
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    /// Whether it verified its owner when it was made.
    pub(crate) verified: bool,
    pub(crate) transports: Vec<String>,
    /// The model of the authenticator, as hexadecimal digits.
    pub(crate) model: Option<String>,
    pub(crate) name: String,
    /// When its counter told of a copy (FAC-76).
    pub(crate) copied_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl StoredPasskey {
    /// As a browser is told of it.
    pub(crate) fn known(&self) -> Known {
        Known { id: self.credential.clone(), transports: self.transports.clone() }
    }
}
