//! Who is meant by a request, by an id token that the app shows (FAC-140). What goes on through pages is a keyed digest of the
//! subject: it tells nobody who that is, and does not grow with the token.

use crate::auth::Auth;
use crate::model::account::Account;
use crate::model::authorization::CheckedRequest;
use crate::secret::Secret;

/// The hint of whom an id token is about.
pub(crate) fn of_subject(auth: &Auth, subject: &str) -> String {
    let key = auth.config().keys.secrets().first().map_or([0; 64], |key| key.subkey("account hint"));
    Secret::derive(&key, &[subject.as_bytes()]).expose().to_owned()
}

/// Whether a request is for somebody else than this account.
pub(crate) fn is_another(auth: &Auth, request: &CheckedRequest, account: &Account) -> bool {
    request.account_hint.as_ref().is_some_and(|hint| !is_of(auth, hint, account))
}

/// Whether a hint is of this account.
pub(crate) fn is_of(auth: &Auth, hint: &str, account: &Account) -> bool {
    let of_subject = of_subject(auth, &auth.accounts().profile(account, &auth.config().base_url).uri);
    hint == of_subject
}
