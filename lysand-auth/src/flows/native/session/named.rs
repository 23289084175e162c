//! Whom a session is for, in the form in which a password is looked up.

use super::wanted::{SessionLogin, SessionName};
use crate::auth::Auth;
use crate::error::Error;
use crate::model::resonite::account_of;

/// What nobody typed, and nobody is called.
const NOBODY: &str = "\u{1}";

/// The name as somebody would type it. The id of nobody is nobody's name, and takes the same work from here on.
pub(super) async fn typed(auth: &Auth, login: &SessionLogin) -> Result<String, Error> {
    match &login.name {
        SessionName::Typed(typed) => Ok(typed.clone()),
        SessionName::UserId(id) => {
            let account = match account_of(id) {
                Some(account) => auth.account(&account).await?,
                None => None,
            };
            Ok(account.map_or_else(|| format!("{NOBODY}{id}"), |account| account.username))
        }
    }
}
