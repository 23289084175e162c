//! Whoever changes the own address.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::session::{ActingToken, Session, SignedInBrowser};
use crate::secret::Digest;
use crate::steps::presence::Present;

/// Who changes the own address: in a browser, or by a program with a token.
#[derive(Debug)]
#[non_exhaustive]
pub struct Owner {
    /// The account.
    pub account: Account,
    pub(super) present: Present,
    /// By what the change is bound to this session or token.
    pub(super) asked_in: String,
}

impl Owner {
    /// Whoever is signed in with a browser.
    #[must_use]
    pub fn in_browser(auth: &Auth, browser: &SignedInBrowser) -> Self {
        let present = Present::in_session(auth, &browser.session);
        Self { account: browser.account.clone(), present, asked_in: asked_in("session", browser.session.id.as_str()) }
    }

    /// Whoever a token speaks for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn with_token(auth: &Auth, token: &ActingToken, account: Account) -> Result<Self, Error> {
        let (present, _): (Present, Option<Session>) = Present::with_token(auth, token, &account).await?;
        Ok(Self { account, present, asked_in: asked_in("grant", token.grant()) })
    }

    /// Whether the owner signed in a moment ago, so that no password is asked for.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.present.is_fresh()
    }
}

fn asked_in(kind: &str, id: &str) -> String {
    Digest::of(format!("{kind}\n{id}").as_bytes()).to_base64url()
}
