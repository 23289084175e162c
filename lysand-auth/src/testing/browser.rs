//! A browser in which somebody is signed in.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::secret::Secret;
use crate::steps::session;

/// The cookie of the session, as the library's routes and [`web::SignedIn`](crate::web::SignedIn) take it.
const COOKIE_NAME: &str = "jwt";

/// A browser in which somebody is signed in.
#[derive(Clone, Debug)]
pub struct Browser {
    cookie: Secret,
}

impl Browser {
    /// The header `Cookie` of its requests.
    #[must_use]
    pub fn cookie_header(&self) -> String {
        format!("{COOKIE_NAME}={}", self.cookie.expose())
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
    session::begin_unproven(auth, account).await.map(|cookie| Browser { cookie })
}
