//! Who calls a route of a dialect: by an access token of that dialect, and by nothing else (native C12, NAT-21).

use std::net::IpAddr;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::native::Dialect;
use crate::model::session::ActingToken;
use crate::model::strength::{Acr, Authentication};
use crate::secret::Secret;
use crate::steps::bearer::{self, Bearer};
use crate::steps::session;

/// Somebody who calls with a native client.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Caller {
    /// The account, which may act.
    pub account: Account,
    /// The token.
    pub bearer: Bearer,
}

impl Caller {
    /// The token as flows about the own account take it.
    pub(crate) fn acting(&self) -> ActingToken {
        ActingToken::new(&*self.bearer.token_id, self.bearer.family_id.clone())
    }

    /// The sign-in that the token belongs to.
    #[must_use]
    pub fn sign_in(&self) -> &str {
        self.bearer.grant_id()
    }

    /// How well, and when, the sign-in was proven.
    #[must_use]
    pub fn authentication(&self) -> Option<Authentication> {
        self.bearer.authentication
    }

    /// Whether the sign-in was proven since then.
    #[must_use]
    pub fn is_proven_since(&self, at: Timestamp) -> bool {
        self.bearer.authentication.is_some_and(|proven| proven.at >= at)
    }
}

/// Who a token of this dialect speaks for; the same look-up as every other check of a token. `checked` is what this request has
/// looked up already.
/// `None` for everything else.
///
/// # Errors
/// When host or database do not answer.
pub async fn of_token(
    auth: &Auth,
    (dialect, token): (Dialect, &Secret),
    source: Option<IpAddr>,
    checked: Option<Result<Bearer, Error>>,
) -> Result<Option<Caller>, Error> {
    let found = match checked {
        Some(found) => found,
        None if dialect == Dialect::Resonite => bearer::of_resonite(auth, token, source).await,
        None => bearer::speaks_for_from(auth, token, source).await,
    };
    let bearer = match found {
        Ok(bearer) if bearer.app.id.as_str() == dialect.app_id() => bearer,
        Ok(_) => return Ok(None),
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidToken => return Ok(None),
        Err(error) => return Err(error),
    };
    match bearer.account(auth).await {
        Ok(account) => Ok(Some(Caller { account, bearer })),
        Err(Error::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether one proof alone is no longer enough for an account (native C11).
pub(super) async fn is_too_weak(
    auth: &Auth,
    account: &Account,
    (proven, methods): (Option<Authentication>, &[String]),
) -> Result<bool, Error> {
    let is_one = proven.is_none_or(|proven| proven.acr == Acr::One);
    let is_local = !methods.iter().any(|method| method == "fed");
    Ok(is_one && is_local && session::credentials_of(auth, &account.id).await?.two_step)
}
