//! Whether the owner of an account is there: signed in a moment ago, or proven by the password, which is a guess each time; by two
//! proofs where a sign-in needs two (people PPL-23 to PPL-26, FAC-107).

use std::sync::atomic::{AtomicBool, Ordering};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::factors::PendingSignIn;
use crate::model::proofs::{MULTI_FACTOR, ProofKind};
use crate::model::rate_limit::{FailedAttempts, Rule};
use crate::model::session::{ActingToken, Browser, Session};
use crate::secret::Secret;
use crate::steps::{own_factor, proof, session, throttle};
use crate::store::{authorizations, native_sign_ins, sessions};
use crate::texts;

/// What still has to be given before a change that could take the account over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofWanted {
    /// Nothing: the owner proved a moment ago to be there.
    Nothing,
    /// The password, which the form of the change itself can take.
    Password,
    /// More than that: password and code together, or another sign-in.
    Confirmation,
}

/// In what somebody acts: a session or a token. A proof counts there and nowhere else (people PPL-26).
#[derive(Debug)]
pub(crate) struct Present {
    /// By what guesses are counted.
    subject: String,
    is_fresh: bool,
    /// Whether two proofs of different kinds were given then.
    had_two: bool,
    had_password: AtomicBool,
}

impl Present {
    /// Somebody in a browser.
    pub(crate) fn in_session(auth: &Auth, session: &Session) -> Self {
        Self::new(format!("session\n{}", session.id), Some(session), auth)
    }

    /// Somebody who proved just now who they are, and signs in; or some time ago, in a session that is made stronger (FAC-190).
    pub(crate) fn in_sign_in(auth: &Auth, pending: &PendingSignIn) -> Self {
        let began_with_passkey = pending.proofs.first().is_some_and(|proof| proof.kind == ProofKind::Passkey);
        let had_two = pending.proofs.are_two() || began_with_passkey;
        let subject = format!("sign-in\n{}", pending.id);
        let latest = pending.proofs.iter().map(|proof| proof.at).max();
        let is_fresh = pending.steps_up.is_none() || latest.is_some_and(|at| proof::is_recent(auth, at));
        Self { subject, is_fresh, had_two, had_password: AtomicBool::new(false) }
    }

    /// Somebody who uses a program, and the session that its token came from, while that lives.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn with_token(
        auth: &Auth,
        token: &ActingToken,
        account: &Account,
    ) -> Result<(Self, Option<Session>), Error> {
        let (id, acting) = (account.id.clone(), token.clone());
        let found = auth.store().look_up(move |c| {
            Box::pin(async move {
                if let Some(session) =
                    authorizations::session_of_token(c, &id, (&acting.id, acting.family.as_deref())).await?
                {
                    return sessions::by_id(c, &session).await;
                }
                // A native client has no session: its own sign-in takes the place of one (native NAT-22).
                let Some(family) = acting.family else { return Ok(None) };
                Ok(native_sign_ins::of_family(c, &family).await?.map(|sign_in| sign_in.as_session()))
            })
        });
        let session = found.await?.filter(|session| session.account_id == account.id);
        let present = Self::new(format!("token\n{}", token.grant()), session.as_ref(), auth);
        let live = session.filter(|session| session.is_live(auth.ambient().now()));
        Ok((present, live))
    }

    fn new(subject: String, session: Option<&Session>, auth: &Auth) -> Self {
        let is_fresh = session.is_some_and(|session| proof::is_fresh(auth, session));
        let had_two = session.is_some_and(|session| were_two_given_here(&session.methods));
        Self { subject, is_fresh, had_two, had_password: AtomicBool::new(false) }
    }

    /// Whether somebody proved a moment ago to be there: by two proofs where a sign-in needs two.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn is_proven(&self, auth: &Auth, account: &Account) -> Result<bool, Error> {
        Ok(self.is_fresh && (self.had_two || !session::credentials_of(auth, &account.id).await?.two_step))
    }

    /// Whether somebody gave two proofs a moment ago.
    pub(crate) fn has_given_two(&self) -> bool {
        self.is_fresh && self.had_two
    }

    /// What [`require`](Self::require) will ask for.
    ///
    /// # Errors
    /// When host or database do not answer.
    pub(crate) async fn wanted(&self, auth: &Auth, account: &Account) -> Result<ProofWanted, Error> {
        if self.is_proven(auth, account).await? {
            return Ok(ProofWanted::Nothing);
        }
        let takes_password = !auth.config().sso.forced
            && !session::credentials_of(auth, &account.id).await?.two_step
            && auth.accounts().has_password(&account.id).await.map_err(Error::from_host)?;
        Ok(if takes_password { ProofWanted::Password } else { ProofWanted::Confirmation })
    }

    pub(crate) fn note_password(&self) {
        self.had_password.store(true, Ordering::Relaxed);
    }

    pub(crate) fn had_password(&self) -> bool {
        self.had_password.load(Ordering::Relaxed)
    }

    /// Demands the password of the account (people PPL-25).
    ///
    /// # Errors
    /// `WrongPassword`; 429 after too many wrong ones in this session or with this token; 503 when no slot for hashing became free.
    pub(crate) async fn prove(&self, auth: &Auth, account: &Account, password: &Secret) -> Result<(), Error> {
        if auth.config().sso.forced || password.expose().len() > crate::password::MAX_BYTES {
            return Err(wrong_password());
        }
        let limits = &auth.config().rate_limits;
        let counter = limits.counter(Rule::LoginSession, &format!("{}\n{}", account.id, self.subject));
        let attempts = FailedAttempts { counters: [counter, None, None], now: auth.ambient().now() };
        let attempts = throttle::count(auth, attempts, None).await?;
        let proven = auth.accounts().check_password(&account.username, password).await.map_err(Error::from_host);
        // A try that came to no verdict is no failure either.
        if !matches!(&proven, Ok(None)) {
            throttle::forget(auth, attempts).await?;
        }
        match proven? {
            Some(proven) if proven.id == account.id => Ok(()),
            _ => Err(wrong_password()),
        }
    }

    /// The same, by a password and a code of a second factor where a sign-in needs two proofs.
    ///
    /// # Errors
    /// As [`require`](Self::require), and `WrongFactor`; 429 after too many wrong codes of the account.
    pub(crate) async fn require_proof(
        &self,
        auth: &Auth,
        account: &Account,
        proof: &OwnProof,
        caller: &Caller,
    ) -> Result<(), Error> {
        let OwnProof { password: Some(password), code: Some(code) } = proof else {
            return self.require(auth, account, proof.password.as_ref()).await;
        };
        if !session::credentials_of(auth, &account.id).await?.two_step {
            return self.require(auth, account, Some(password)).await;
        }
        self.prove(auth, account, password).await?;
        let browser = Browser { caller: caller.clone(), ..Browser::default() };
        own_factor::prove(auth, account, code.expose(), &browser).await.map(drop)
    }

    /// Demands that the owner signed in a moment ago, or the password. Where a sign-in needs two proofs, neither a password alone nor
    /// a sign-in that did without the second is enough (FAC-107).
    ///
    /// # Errors
    /// `ProofRequired` without either, and as [`prove`](Self::prove).
    pub(crate) async fn require(&self, auth: &Auth, account: &Account, password: Option<&Secret>) -> Result<(), Error> {
        if session::credentials_of(auth, &account.id).await?.two_step {
            return match self.is_fresh && self.had_two {
                true => Ok(()),
                false => Err(Error::refused(Code::ProofRequired, texts::CONFIRM_IT_IS_YOU)),
            };
        }
        match password.filter(|password| !password.is_empty()) {
            Some(password) => self.prove(auth, account, password).await,
            None if self.is_fresh => Ok(()),
            None => Err(Error::refused(Code::ProofRequired, texts::CONFIRM_IT_IS_YOU)),
        }
    }
}

/// Whether two proofs were given of which one was given here: a provider's word is none of them, however it came to it (FAC-96).
fn were_two_given_here(methods: &[String]) -> bool {
    let by_provider = ProofKind::Provider.method();
    let has_own = methods.iter().any(|method| *method != MULTI_FACTOR && *method != by_provider);
    has_own && methods.iter().any(|method| method == MULTI_FACTOR)
}

/// What somebody gives to prove once more that they are there.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OwnProof {
    /// The password.
    pub password: Option<Secret>,
    /// A code of an authenticator app, or a recovery code: where a sign-in needs two proofs.
    pub code: Option<Secret>,
}

impl OwnProof {
    /// A password, and a code of a second factor.
    #[must_use]
    pub fn new(password: Option<Secret>, code: Option<Secret>) -> Self {
        let given = |secret: Option<Secret>| secret.filter(|secret| !secret.is_empty());
        Self { password: given(password), code: given(code) }
    }
}

/// The refusal of a password that is not the account's.
pub(crate) fn wrong_password() -> Error {
    Error::refused(Code::WrongPassword, texts::NOT_THE_PASSWORD)
}
