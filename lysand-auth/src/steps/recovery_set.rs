//! A set of recovery codes: drawn, and as the database keeps it (FAC-67).

use crate::auth::Auth;
use crate::model::account::Account;
use crate::model::recovery_code;
use crate::secret::{Digest, Secret};

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

/// What the database may keep of a code as somebody typed it, under each key, that of new codes first; nothing for what is no code.
pub(crate) fn digests(auth: &Auth, account: &Account, typed: &str) -> impl Iterator<Item = Digest> {
    let code = recovery_code::normalised(typed);
    let under = |key| code.as_ref().map(|code| recovery_code::digest(&key, account.id.as_str(), code));
    auth.recovery_keys().filter_map(under).collect::<Vec<_>>().into_iter()
}
