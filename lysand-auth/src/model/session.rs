//! Browser sessions: a signed cookie that names a server-side row (security WEB-1).

use std::fmt;
use std::time::Duration;

use crate::ambient::Timestamp;
use crate::config::Lifetimes;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::secret::Secret;

/// Names a session row; travels inside the signed cookie only.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionId(String);

impl SessionId {
    /// Wraps a key.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One browser that somebody signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The row's key.
    pub id: SessionId,
    /// Who signed in.
    pub account_id: AccountId,
    /// When the password was given.
    pub authenticated_at: Timestamp,
    /// When the first of its proofs was given, where that was in the session whose place it took: what wants every proof to be
    /// recent counts from then (FAC-107).
    pub first_proven_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// When it was ended.
    pub ended_at: Option<Timestamp>,
    /// Since when there is one: before the last proof, if that took the place of an earlier one.
    pub created_at: Timestamp,
    /// When it was last used, to within five minutes; `None` when it was not used since it began.
    pub last_used_at: Option<Timestamp>,
    /// When it ends unless it is used again; `None` for one from before there was such an end, until it is used.
    pub idle_at: Option<Timestamp>,
    /// What the browser said about itself at the sign-in.
    pub agent: Option<String>,
    /// From which network the sign-in came, as far as that is kept.
    pub network: Option<String>,
    /// By what its owner proved who they are.
    pub methods: Vec<String>,
}

/// How often the use of a session is written down.
pub(crate) const USE_WRITTEN_EVERY: Duration = Duration::from_secs(300);

impl Session {
    /// The session of somebody who proved just now who they are.
    #[must_use]
    pub fn begin(id: impl Into<String>, account_id: AccountId, lifetimes: &Lifetimes, now: Timestamp) -> Self {
        Self {
            id: SessionId::new(id),
            account_id,
            authenticated_at: now,
            first_proven_at: None,
            expires_at: now.plus(lifetimes.session),
            ended_at: None,
            created_at: now,
            last_used_at: None,
            idle_at: None,
            agent: None,
            network: None,
            methods: Vec::new(),
        }
    }

    /// The same, begun by this browser.
    pub(crate) fn begun_by(self, caller: &Caller) -> Self {
        Self { agent: caller.agent.clone(), network: caller.network(), ..self }
    }

    /// The same in the place of `old`: what its owner knows it by stays.
    pub(crate) fn in_place_of(self, old: &Self) -> Self {
        let Self { created_at, agent, network, .. } = old.clone();
        Self { created_at, agent, network, ..self }
    }

    /// Whether the session still stands.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at && self.idle_at.is_none_or(|idle| now < idle)
    }

    /// Whether its use was written down a moment ago, so that it need not be again (people PPL-110).
    pub(crate) fn is_use_noted(&self, now: Timestamp) -> bool {
        let noted = self.last_used_at.or(self.idle_at.map(|_| self.authenticated_at));
        noted.is_some_and(|noted| noted.plus(USE_WRITTEN_EVERY) > now)
    }
}

/// An account that was signed in to with a browser, and the session of that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedAccount {
    /// The account.
    pub account: AccountId,
    /// Its session.
    pub session: SessionId,
    /// When it was noticed that the session has ended.
    pub ended_at: Option<Timestamp>,
}

impl ListedAccount {
    /// An account and its session.
    #[must_use]
    pub fn new(account: AccountId, session: SessionId) -> Self {
        Self { account, session, ended_at: None }
    }
}

/// What a browser has of earlier sign-ins, when somebody is about to sign in with it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Browser {
    /// The session that it has, which ends when another of the same account begins (security WEB-1).
    pub session: Option<SessionId>,
    /// The value by which it is known to the accounts that signed in with it (people PPL-113). It proves nothing.
    pub known_by: Option<Secret>,
    /// Where it is, and what it says about itself: for the record of events.
    pub caller: Caller,
    /// Whether it can wait for an account that is not usable yet: there are pages for that (people PPL-59).
    pub can_wait: bool,
    /// What it shows to be trusted by accounts: after the password of one of them no second factor is asked for (FAC-97).
    pub trusted_by: Vec<Secret>,
    /// Whether the person wants the account to trust it from this sign-in on.
    pub is_to_be_trusted: bool,
    /// The accounts that were signed in to with it, the one used last first. They stay so when another one begins, unless they are too
    /// many (FAC-124).
    pub accounts: Vec<ListedAccount>,
}

/// The token of a program that acts for somebody, by its key and that of its family.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ActingToken {
    /// The token's key; not the token.
    pub id: String,
    /// The family of refresh tokens that it belongs to.
    pub family: Option<String>,
}

impl ActingToken {
    /// A token by its key.
    #[must_use]
    pub fn new(id: impl Into<String>, family: Option<String>) -> Self {
        Self { id: id.into(), family }
    }

    /// The name of what the person granted.
    pub(crate) fn grant(&self) -> &str {
        self.family.as_deref().unwrap_or(&self.id)
    }
}

/// Somebody who is signed in with a browser.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedInBrowser {
    /// The session.
    pub session: Session,
    /// Who it is; may act at present.
    pub account: Account,
}
