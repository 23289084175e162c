//! What a second proof uses up, in the transaction of the session that it buys (FAC-7, FAC-120).

use crate::ambient::Timestamp;
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::model::event::NewEvent;
use crate::model::factors::Consumed;
use crate::model::proofs::ProofKind;
use crate::model::rate_limit::FailedAttempts;
use crate::model::session::SessionId;
use crate::model::way_back::Stop;
use crate::steps::mail::{self, Outgoing};
use crate::steps::passkeys;
use crate::steps::way_back_claim::WayBackClaim;
use crate::steps::way_back_stop;
use crate::store::spent::{self, Kind};
use crate::store::{self, Conn, credentials, events, factors, mail_tokens, pending, rate_limits, recovery_codes};
use crate::texts;

/// A second proof that was right when it was checked.
#[derive(Clone)]
pub(crate) struct Completion {
    /// The sign-in that it completes; empty where none waited, and first and second proof came together.
    pub(crate) pending: String,
    pub(crate) account: AccountId,
    pub(crate) consumed: Consumed,
    /// What was counted for it, and is taken back.
    pub(crate) attempts: FailedAttempts,
    /// What is recorded.
    pub(crate) events: Vec<NewEvent>,
    /// What the owner is told.
    pub(crate) notice: Option<Outgoing>,
    /// What is recorded when it stops a way back: it is a factor that somebody still has (FAC-113).
    pub(crate) stops: Option<NewEvent>,
    /// The way back that it claims.
    pub(crate) claims: Option<Box<WayBackClaim>>,
    pub(crate) now: Timestamp,
}

impl Completion {
    /// What finishes a sign-in in which nothing more is proven.
    pub(crate) fn of_nothing(pending: String, account: AccountId, now: Timestamp) -> Self {
        let attempts = FailedAttempts { counters: [None; 3], now };
        Self {
            pending,
            account,
            consumed: Consumed::Nothing,
            attempts,
            events: Vec::new(),
            notice: None,
            stops: None,
            claims: None,
            now,
        }
    }

    /// Whether it proves more than that somebody reads the account's mail.
    pub(crate) fn is_beside_mail(&self) -> bool {
        !matches!(self.consumed, Consumed::Email(_) | Consumed::Password | Consumed::Nothing)
    }

    /// Uses everything up, once; `session` is what begins.
    ///
    /// # Errors
    /// `SignInOver` when the sign-in is over, `WrongFactor` when somebody was faster with the same code. Nothing is used up then.
    pub(crate) async fn take(&self, c: &mut Conn, session: Option<&SessionId>) -> Result<(), Error> {
        if !self.pending.is_empty() && !pending::spend(c, &self.pending, session, self.now).await? {
            return Err(over());
        }
        self.use_up(c).await
    }

    /// Uses up everything but the sign-in itself, which lacks something else.
    ///
    /// # Errors
    /// As [`take`](Self::take).
    pub(crate) async fn keep(&self, c: &mut Conn, kind: &ProofKind) -> Result<(), Error> {
        if let Some(claims) = &self.claims {
            if !claims.begin(c, &self.account).await? {
                return Err(over());
            }
            pending::follow(c, &self.pending, claims.known.generation.unwrap_or(0) + 1).await?;
        }
        if !pending::note_second_proof(c, &self.pending, kind, self.now).await? {
            return Err(over());
        }
        if self.is_beside_mail() {
            credentials::forget_reset_by_mail(c, &self.account).await?;
        }
        self.use_up(c).await
    }

    async fn use_up(&self, c: &mut Conn) -> Result<(), Error> {
        if !use_up(c, &self.account, &self.consumed, self.now).await? {
            return Err(wrong_code());
        }
        rate_limits::uncount_attempt(c, self.attempts).await?;
        if let Some(claims) = &self.claims {
            claims.make(c, &self.account, self.now).await?;
        }
        if let Some(event) = &self.stops {
            way_back_stop::stop(c, &self.account, (Stop::Factor, Some(event.clone())), self.now).await?;
        }
        for event in &self.events {
            events::add(c, event.clone()).await?;
        }
        mail::enqueue_notice(c, self.notice.clone()).await
    }
}

/// Uses a code up; false when it was used, or is none any more.
pub(crate) async fn use_up(
    c: &mut Conn,
    account: &AccountId,
    consumed: &Consumed,
    now: Timestamp,
) -> Result<bool, Error> {
    match consumed {
        Consumed::Totp { factor, step } => factors::use_step(c, account, (factor, *step), now).await,
        Consumed::Recovery(digest) => recovery_codes::spend(c, account, *digest, now).await,
        Consumed::Passkey { id, used, challenge } => {
            let is_new = passkeys::spend(c, *challenge, now).await?;
            Ok(is_new && store::passkeys::note_use(c, account, (id, *used), now).await?)
        }
        Consumed::Email(token) => mail_tokens::spend(c, token, now).await,
        Consumed::Host(digest, until) => spent::claim(c, Kind::HostFactor, *digest, (now, *until)).await,
        Consumed::Password | Consumed::Nothing => Ok(true),
    }
}

/// The answer to a sign-in that is over, and to whoever did not begin it.
pub(crate) fn over() -> Error {
    Error::refused(Code::SignInOver, texts::PENDING_OVER)
}

/// The answer to a code that is wrong, used or too old.
pub(crate) fn wrong_code() -> Error {
    Error::refused(Code::WrongFactor, texts::WRONG_FACTOR)
}
