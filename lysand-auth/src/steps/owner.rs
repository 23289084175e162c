//! Whoever changes something about the own account.

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::model::credentials::Credentials;
use crate::model::session::{ActingToken, Session, SessionId, SignedInBrowser};
use crate::secret::{Digest, Secret};
use crate::steps::completion::over;
use crate::steps::pending::Open;
use crate::steps::presence::Present;
use crate::store::{Conn, credentials, pending, sessions, tokens};
use crate::texts;

/// Who changes something about the own account: in a browser, or by a program with a token.
#[derive(Debug)]
#[non_exhaustive]
pub struct Owner {
    /// The account.
    pub account: Account,
    pub(crate) present: Present,
    /// By what a change is bound to this session or token.
    pub(crate) asked_in: String,
    acts_in: ActsIn,
    /// The session that somebody is in, or that the program's token came from, while that lives.
    session: Option<SessionId>,
    token: Option<ActingToken>,
}

/// In what somebody acts.
#[derive(Clone, Debug)]
pub(crate) enum ActsIn {
    Session(SessionId),
    Token(String),
    /// A sign-in that waits for its owner to set up a second factor (FAC-34).
    SignIn(String),
}

impl Owner {
    /// Whoever is signed in with a browser.
    #[must_use]
    pub fn in_browser(auth: &Auth, browser: &SignedInBrowser) -> Self {
        let (present, id) = (Present::in_session(auth, &browser.session), browser.session.id.clone());
        let asked_in = asked_in("session", id.as_str());
        let (acts_in, session) = (ActsIn::Session(id.clone()), Some(id));
        Self { account: browser.account.clone(), present, asked_in, acts_in, session, token: None }
    }

    /// Whoever signs in, and must set up a second factor first.
    pub(crate) fn in_sign_in(auth: &Auth, open: &Open) -> Self {
        let (present, id) = (Present::in_sign_in(auth, &open.pending), open.pending.id.clone());
        let (asked_in, acts_in) = (asked_in("sign-in", &id), ActsIn::SignIn(id));
        let session = open.pending.steps_up.clone();
        Self { account: open.account.clone(), present, asked_in, acts_in, session, token: None }
    }

    /// Whoever a token speaks for.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn with_token(auth: &Auth, token: &ActingToken, account: Account) -> Result<Self, Error> {
        let (present, session): (Present, Option<Session>) = Present::with_token(auth, token, &account).await?;
        let (asked_in, acts_in) = (asked_in("grant", token.grant()), ActsIn::Token(token.id.clone()));
        let session = session.map(|session| session.id);
        Ok(Self { account, present, asked_in, acts_in, session, token: Some(token.clone()) })
    }

    /// The session that somebody is in, or that the program's token came from.
    pub(crate) fn session(&self) -> Option<SessionId> {
        self.session.clone()
    }

    /// The token of the program.
    pub(crate) fn token(&self) -> Option<&ActingToken> {
        self.token.as_ref()
    }

    /// Demands that the owner signed in a moment ago, or the password.
    ///
    /// # Errors
    /// `ProofRequired` without either; `WrongPassword`; 429 after too many.
    pub(crate) async fn prove(&self, auth: &Auth, password: Option<&Secret>) -> Result<(), Error> {
        self.present.require(auth, &self.account, password).await
    }

    /// Whether the owner may say that the old address is theirs no more: by two proofs of a moment ago (people PPL-106).
    #[must_use]
    pub fn may_give_up_address(&self) -> bool {
        self.present.has_given_two()
    }

    /// In what the owner acts, for the transaction.
    pub(crate) fn acts_in(&self) -> ActsIn {
        self.acts_in.clone()
    }
}

impl ActsIn {
    /// Demands that it stands. Until this transaction is over nothing ends everything of the account, and whoever does so
    /// afterwards finds what this transaction made (security REV-2, people PPL-224).
    ///
    /// # Errors
    /// `InvalidGrant` for a session that was ended meanwhile, 401 for a token.
    pub(crate) async fn require(&self, c: &mut Conn, account: &AccountId, now: Timestamp) -> Result<(), Error> {
        let known = credentials::of_account(c, account).await?;
        match credentials::lock_unchanged(c, account, known).await? {
            true => self.require_live(c, now).await,
            false => Err(self.ended()),
        }
    }

    /// The same in a transaction that holds the account's credentials already.
    ///
    /// # Errors
    /// As [`require`](Self::require).
    pub(crate) async fn require_live(&self, c: &mut Conn, now: Timestamp) -> Result<(), Error> {
        let is_live = match self {
            Self::Session(id) => sessions::lock_live(c, id, now).await?,
            Self::Token(id) => tokens::is_live(c, id, now).await?,
            Self::SignIn(id) => pending::lock_open(c, id, now).await?,
        };
        if is_live { Ok(()) } else { Err(self.ended()) }
    }

    /// Goes on after a change that ended everything else of the account: a sign-in is bound to what it ended.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn follow(&self, c: &mut Conn, seen: Credentials) -> Result<(), Error> {
        match self {
            Self::SignIn(id) => pending::follow(c, id, seen.generation.unwrap_or(0) + 1).await,
            Self::Session(_) | Self::Token(_) => Ok(()),
        }
    }

    fn ended(&self) -> Error {
        match self {
            Self::Session(_) => Error::refused(Code::InvalidGrant, texts::SIGN_IN_ENDED),
            Self::Token(_) => Error::invalid_token("The access token was revoked"),
            Self::SignIn(_) => over(),
        }
    }
}

fn asked_in(kind: &str, id: &str) -> String {
    Digest::of(format!("{kind}\n{id}").as_bytes()).to_base64url()
}
