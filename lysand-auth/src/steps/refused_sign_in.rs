//! One line in the log for each refused sign-in, in a form that does not change: log watchers read it (faults D12).

use std::net::IpAddr;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::secret::Secret;

/// The target of the lines; whoever watches them looks for it (`docs/operations.md`).
const TARGET: &str = "lysand_auth::sign_in";

/// Whom a sign-in was about.
pub(crate) enum Whom<'a> {
    /// An account.
    Account(&'a AccountId),
    /// Nobody that is known: what was typed may be a password in the wrong field, so a keyed digest of it stands in the log.
    Typed(&'a str),
    /// An identity at a provider that belongs to no account.
    Nobody,
}

/// Logs the refusal of a sign-in, or of a proof by password. What is wrong with a request, or with this server, is none.
pub(crate) fn log(auth: &Auth, whom: &Whom<'_>, source: Option<IpAddr>, error: &Error) {
    let reason = match whom {
        Whom::Nobody => Some("no_account"),
        _ => reason(error),
    };
    let Some(reason) = reason else { return };
    let source = source.map_or_else(|| "unknown".to_owned(), |source| source.to_string());
    match whom {
        Whom::Account(account) => tracing::info!(target: TARGET, reason, %source, %account, "refused"),
        Whom::Typed(typed) => tracing::info!(target: TARGET, reason, %source, typed = digest(auth, typed), "refused"),
        Whom::Nobody => tracing::info!(target: TARGET, reason, %source, "refused"),
    }
}

fn reason(error: &Error) -> Option<&'static str> {
    let Error::Refused(refusal) = error else { return None };
    match refusal.code {
        Code::InvalidGrant => Some("wrong_credentials"),
        Code::TooManyRequests => Some("rate_limit"),
        Code::AccountInactive => Some("inactive_account"),
        Code::SignInRefused => Some("host_rules"),
        _ => None,
    }
}

/// The same for the same text, on all replicas.
pub(crate) fn digest(auth: &Auth, typed: &str) -> String {
    Secret::derive(&auth.log_key(), &[typed.as_bytes()]).expose().chars().take(16).collect()
}
