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
        let digests = codes.iter().filter_map(|code| digest(auth, account, code.expose())).collect();
        Self { codes, digests }
    }
}

/// What the database keeps of a code as somebody typed it; none for what is no code.
pub(crate) fn digest(auth: &Auth, account: &Account, typed: &str) -> Option<Digest> {
    let code = recovery_code::normalised(typed)?;
    Some(recovery_code::digest(&auth.recovery_key(), account.id.as_str(), &code))
}
