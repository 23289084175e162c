//! A session begins, by whatever proof there is.

use super::wanted::{BegunSession, SessionLogin, SessionName, SessionProof, SessionRefused};
use super::{login, renew, reset};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::steps::refused_sign_in::{self, Whom};

/// Begins a session.
///
/// # Errors
/// Why not.
pub async fn begin_session(auth: &Auth, login: SessionLogin) -> Result<BegunSession, SessionRefused> {
    let begun = match &login.proof {
        SessionProof::Password(password) => login::with_password(auth, &login, password).await,
        SessionProof::SessionToken(token) => renew::with_token(auth, &login, token).await,
        SessionProof::Reset { token, password } => reset::with_new_password(auth, &login, (token, password)).await,
    };
    if let Err(refused) = &begun {
        let error = match refused {
            SessionRefused::Other(Error::Refused(refusal)) => Error::Refused(refusal.clone()),
            SessionRefused::Other(Error::Failed(_)) => return begun,
            _ => Error::refused(Code::InvalidGrant, ""),
        };
        let (SessionName::Typed(typed) | SessionName::UserId(typed)) = &login.name;
        refused_sign_in::log(auth, &Whom::Typed(typed), login.caller.source, &error);
    }
    begun
}
