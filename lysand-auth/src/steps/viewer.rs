//! Whoever looks at what acts for the own account, and may end it.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::session::{ActingToken, SessionId, SignedInBrowser};
use crate::steps::presence::Present;

/// Whoever looks at what acts for the own account: in a browser, or with a program.
#[derive(Debug)]
#[non_exhaustive]
pub struct Viewer {
    /// The account.
    pub account: Account,
    pub(crate) present: Present,
    /// The session that somebody is in, or that the program's token came from.
    pub(crate) current: Option<SessionId>,
}

impl Viewer {
    /// Whoever is signed in with a browser.
    #[must_use]
    pub fn in_browser(auth: &Auth, browser: &SignedInBrowser) -> Self {
        let present = Present::in_session(auth, &browser.session);
        Self { account: browser.account.clone(), present, current: Some(browser.session.id.clone()) }
    }

    /// Whoever a token speaks for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn with_token(auth: &Auth, token: &ActingToken, account: Account) -> Result<Self, Error> {
        let (present, session) = Present::with_token(auth, token, &account).await?;
        Ok(Self { account, present, current: session.map(|session| session.id) })
    }

    /// Whether this is the session that the viewer is in.
    pub(crate) fn is_in(&self, session: &SessionId) -> bool {
        self.current.as_ref() == Some(session)
    }
}
