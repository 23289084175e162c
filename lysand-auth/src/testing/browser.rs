//! A browser in which somebody is signed in.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::secret::Secret;
use crate::steps::session;

/// A browser in which somebody is signed in.
#[derive(Clone, Debug)]
pub struct Browser {
    name: String,
    cookie: Secret,
    twin: Option<(String, String)>,
}

impl Browser {
    /// The header `Cookie` of its requests.
    #[must_use]
    pub fn cookie_header(&self) -> String {
        let twin = self.twin.as_ref().map(|(name, digest)| format!("; {name}={digest}")).unwrap_or_default();
        format!("{}={}{twin}", self.name, self.cookie.expose())
    }

    /// The value of the session's cookie.
    #[must_use]
    pub fn cookie(&self) -> &Secret {
        &self.cookie
    }
}

/// Signs an account in without asking for anything: a session that began now.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_in(auth: &Auth, account: &Account) -> Result<Browser, Error> {
    let cookie = session::begin_unproven(auth, account).await?;
    let twin = auth.config().session_cookie_twin().map(|name| (name, cookie.digest().to_base64url()));
    Ok(Browser { name: auth.config().session_cookie.clone(), cookie, twin })
}
