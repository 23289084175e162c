//! Where every sign-in of a native client begins: tokens, and the row by which its owner sees and ends it (native NAT-20 to
//! NAT-28). What it lacks is decided where that of a browser is.

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::credentials::Credentials;
use crate::model::device_code::DeviceApproval;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::family::Family;
use crate::model::lockout::Pair;
use crate::model::native::{DeviceRecord, Dialect, NativeSignIn, Program, app_of, product};
use crate::model::proofs::Proofs;
use crate::model::resonite::ResoniteSession;
use crate::model::session::SessionId;
use crate::model::strength::ProvenBy;
use crate::secret::{Digest, Secret};
use crate::steps::completion::Completion;
use crate::steps::host_rules::{self, Proven};
use crate::steps::mail::{self, Outgoing};
pub(crate) use crate::steps::native_parts::access_token;
use crate::steps::native_parts::{Times, device, family};
use crate::steps::sign_in::{self, BeforeSession};
use crate::steps::{blocks, device_code, events, revocation, session};
use crate::store::known_browsers::{self, Seen};
use crate::store::tokens::{self, StoredToken};
use crate::store::{
    self, Conn, credentials, device_codes, device_records, families, lockouts, native_sign_ins, resonite_sessions,
};
use crate::texts;

/// What a native client gets: shown this once.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NativeTokens {
    /// What opens routes.
    pub access_token: Secret,
    /// What brings the next two, once; empty in a dialect that has none.
    pub refresh_token: Secret,
    /// How long the access token lives.
    pub expires_in: Duration,
    /// The sign-in that they belong to: the name of the grant that [`Revocations`](crate::host::revocations::Revocations) are told.
    pub sign_in: String,
}

/// How a sign-in goes on.
pub(crate) enum Outcome {
    Begun(NativeTokens),
    /// It lacks this, and nothing was begun.
    Lacks(BeforeSession),
}

/// From where somebody signs in, and what is forgotten when they do.
pub(crate) struct Start<'a> {
    pub(crate) program: &'a Program,
    pub(crate) caller: &'a Caller,
    pub(crate) pair: Option<Pair>,
}

/// Somebody proved just now who they are, to a native client.
///
/// # Errors
/// When the host's rules refuse, from a network that is kept out, and when everything of the account was ended meanwhile.
pub(crate) async fn after_proof(auth: &Auth, proven: Proven<'_>, start: Start<'_>) -> Result<Outcome, Error> {
    blocks::may_sign_in(auth, start.caller.source, proven.let_in).await?;
    let known = proven.credentials(auth).await?;
    if let Some(lacks) = sign_in::lacks_before_session(auth, &proven, known).await? {
        return Ok(Outcome::Lacks(lacks));
    }
    let app = app_of(start.program.dialect);
    let rules = host_rules::before_session(auth, proven, Some(&app)).await?;
    let tokens = begin(auth, proven, known, start).await?;
    if let Some(rules) = rules {
        rules.after_session().await;
    }
    Ok(Outcome::Begun(tokens))
}

async fn begin(auth: &Auth, proven: Proven<'_>, known: Credentials, start: Start<'_>) -> Result<NativeTokens, Error> {
    let (new, tokens) = prepared(auth, proven, known, &start);
    match kept(auth, new, Basis::Proof).await? {
        Kept::Begun(()) => Ok(tokens),
        Kept::Faster | Kept::Void => Err(Error::failed("a sign-in without a code used none up")),
    }
}

/// A sign-in of somebody who lacks nothing, to be kept by a transaction that does more.
pub(crate) fn prepared(auth: &Auth, proven: Proven<'_>, known: Credentials, start: &Start<'_>) -> (New, NativeTokens) {
    let now = auth.ambient().now();
    let proofs = proven.proofs(now);
    let at = proofs.iter().map(|proof| proof.at).max().unwrap_or(now);
    let by = ProvenBy { methods: proven.methods(now), at };
    let event = began(auth, proven.account, start);
    let event = match proven.earlier.and_then(Proofs::first) {
        Some(first) => event.with("by", first.kind.name()).with("factor", proven.by.name()),
        None => event.with("by", proven.by.name()),
    };
    let (new, tokens) = New::of(auth, proven.account, (by, event), known, start);
    (new.completing(proven.completes), tokens)
}

/// What becomes of a sign-in that is to begin.
pub(crate) enum Kept<T = ()> {
    Begun(T),
    /// Another poll was faster with the same code.
    Faster,
    /// The sign-in in which somebody said yes to the code ended a moment ago.
    Void,
}

/// Somebody said yes to the code of a device: tokens with the proofs that they gave where they did, and with the code used up in the same
/// transaction.
///
/// # Errors
/// From a network that is kept out, and when everything of the account was ended meanwhile.
pub(crate) async fn after_approval(
    auth: &Auth,
    account: &Account,
    (code, approval): (Digest, &DeviceApproval),
    start: Start<'_>,
) -> Result<Kept<NativeTokens>, Error> {
    blocks::may_sign_in(auth, start.caller.source, None).await?;
    let known = session::credentials_of(auth, &account.id).await?;
    let event = began(auth, account, &start).with("by", "device_code");
    let (new, tokens) = New::of(auth, account, (approval.proven.clone(), event), known, &start);
    Ok(match kept(auth, new, Basis::Code(code, approval.session.clone())).await? {
        Kept::Begun(()) => Kept::Begun(tokens),
        Kept::Faster => Kept::Faster,
        Kept::Void => Kept::Void,
    })
}

/// A living sign-in buys another one with the same proofs: tokens, or nothing when it ended a moment ago.
///
/// # Errors
/// As [`after_approval`].
#[cfg(feature = "native")]
pub(crate) async fn after_sign_in(
    auth: &Auth,
    account: &Account,
    bought_by: &NativeSignIn,
    start: Start<'_>,
) -> Result<Option<NativeTokens>, Error> {
    blocks::may_sign_in(auth, start.caller.source, None).await?;
    let known = session::credentials_of(auth, &account.id).await?;
    let event = began(auth, account, &start).with("by", "session_token");
    let proven = ProvenBy { methods: bought_by.methods.clone(), at: bought_by.proven_at };
    let (new, tokens) = New::of(auth, account, (proven, event), known, &start);
    Ok(match kept(auth, new, Basis::SignIn(bought_by.family.clone())).await? {
        Kept::Begun(()) => Some(tokens),
        Kept::Faster | Kept::Void => None,
    })
}

/// On what a sign-in rests.
enum Basis {
    /// What was proven just now.
    Proof,
    /// A code, which it uses up, and the sign-in in which somebody said yes to that.
    Code(Digest, SessionId),
    /// Another one, which stands.
    SignIn(String),
}

impl Basis {
    /// Uses it up; what came of it where it is no basis any more.
    async fn take(self, c: &mut Conn, now: Timestamp) -> Result<Option<Kept<bool>>, Error> {
        Ok(match self {
            Self::Proof => None,
            Self::Code(_, approved_in) if !device_code::lock_live(c, &approved_in, now).await? => Some(Kept::Void),
            Self::Code(code, _) if !device_codes::consume(c, code, now).await? => Some(Kept::Faster),
            Self::SignIn(family) if !native_sign_ins::lock_live(c, &family, now).await? => Some(Kept::Void),
            Self::Code(..) | Self::SignIn(_) => None,
        })
    }
}

/// Keeps a sign-in and makes room for it.
async fn kept(auth: &Auth, new: New, basis: Basis) -> Result<Kept, Error> {
    let most = auth.config().native.max_sign_ins;
    let (account, dialect) = (new.sign_in.account.clone(), new.sign_in.dialect);
    let sign_in = new.sign_in.family.clone();
    let begun = revocation::revoke_all(
        auth,
        move |c| {
            Box::pin(async move {
                let now = new.sign_in.created_at;
                if let Some(over) = basis.take(c, now).await? {
                    return Ok((over, Vec::new()));
                }
                let is_told = new.keep(c).await?;
                let (id, of) = (&new.sign_in.account, (new.sign_in.dialect, most));
                let ended = native_sign_ins::make_room(c, id, of, now).await?;
                Ok((Kept::Begun(is_told), ended))
            })
        },
        |(_, ended): &(Kept<bool>, Vec<String>)| ended.iter().cloned().map(Revoked::Grant).collect(),
    );
    let (begun, ended) = begun.await?;
    Ok(match begun {
        Kept::Begun(is_told) => {
            if is_told {
                mail::wake(auth);
            }
            tracing::info!(%account, dialect = dialect.name(), %sign_in, made_room = ended.len(), "signed in");
            Kept::Begun(())
        }
        Kept::Faster => Kept::Faster,
        Kept::Void => Kept::Void,
    })
}

/// A sign-in that is about to begin.
#[derive(Clone)]
pub(crate) struct New {
    sign_in: NativeSignIn,
    device: DeviceRecord,
    device_key: String,
    family: Family,
    token: StoredToken,
    access: Digest,
    refresh: Option<Digest>,
    known: Credentials,
    known_by: (String, Digest),
    new_browser: String,
    event: NewEvent,
    notice: Option<Outgoing>,
    pair: Option<Pair>,
    /// What a session of Resonite has besides.
    session: Option<ResoniteSession>,
    /// What the second proof uses up.
    completes: Option<Box<Completion>>,
    /// What is recorded and told when this takes the closing of the account back.
    cancels: Option<(NewEvent, Option<Outgoing>)>,
}

impl New {
    fn of(
        auth: &Auth,
        account: &Account,
        (proven, event): (ProvenBy, NewEvent),
        known: Credentials,
        start: &Start<'_>,
    ) -> (Self, NativeTokens) {
        let (now, program, caller) = (auth.ambient().now(), start.program, start.caller);
        let times = Times::of(auth, program);
        let family = family(auth, &account.id, program.dialect, &proven, times.end);
        let ProvenBy { methods, at: proven_at } = proven;
        let (token, access) = access_token(auth, &family, times.access);
        // The sessions of Resonite are extended, and have no other token.
        let refresh = (program.dialect != Dialect::Resonite).then(|| Secret::generate(auth.ambient()));
        let device = device(auth, &account.id, program, caller);
        let sign_in = NativeSignIn {
            family: family.id.clone(),
            account: account.id.clone(),
            dialect: program.dialect,
            device: device.id.clone(),
            name: None,
            agent: caller.agent.clone(),
            network: caller.network(),
            methods,
            origin: program.origin.map(str::to_owned),
            created_at: now,
            proven_at,
            last_used_at: None,
            idle_at: family.idle_end(now, times.idle),
            expires_at: family.expires_at,
            ended_at: None,
        };
        let tokens = NativeTokens {
            access_token: access.clone(),
            refresh_token: refresh.clone().unwrap_or_default(),
            expires_in: times.access.min(family.expires_at.since(now)),
            sign_in: family.id.clone(),
        };
        let new = Self {
            device_key: program.device.clone().unwrap_or_else(|| format!("\n{}", device.id)),
            access: access.digest(),
            refresh: refresh.as_ref().map(Secret::digest),
            known_by: (auth.ambient().id(), program.known_by(caller.agent.as_deref())),
            new_browser: auth.ambient().id(),
            event,
            notice: new_sign_in(auth, account, start),
            pair: start.pair,
            session: resonite_session(program, &family, times.absolute_at),
            completes: None,
            cancels: known.closing.map(|_| cancelled_closing(auth, account, caller)),
            sign_in,
            device,
            family,
            token,
            known,
        };
        (new, tokens)
    }

    /// The same with what its second proof uses up.
    fn completing(self, completes: Option<&Completion>) -> Self {
        Self { completes: completes.cloned().map(Box::new), ..self }
    }

    /// Keeps it; whether its owner is told of it by mail.
    async fn keep(&self, c: &mut Conn) -> Result<bool, Error> {
        // What changes the row of the account comes first: whoever holds it together with others cannot change it.
        self.take_back(c).await?;
        if !credentials::lock_unchanged(c, &self.sign_in.account, self.known).await? {
            return Err(Error::refused(Code::InvalidGrant, texts::WRONG_CREDENTIALS));
        }
        self.use_up_second_proof(c).await?;
        self.write(c).await
    }

    /// Uses its second proof up, if it has one.
    ///
    /// # Errors
    /// `WrongFactor` when somebody was faster with the same code.
    pub(crate) async fn use_up_second_proof(&self, c: &mut Conn) -> Result<(), Error> {
        match &self.completes {
            Some(completes) => completes.take(c, None).await,
            None => Ok(()),
        }
    }

    /// Keeps all of it, where the account is locked already.
    pub(crate) async fn insert(&self, c: &mut Conn) -> Result<bool, Error> {
        self.take_back(c).await?;
        self.write(c).await
    }

    /// Takes back what a sign-in ends: the closing of the account, and a reset that a mail asked for.
    async fn take_back(&self, c: &mut Conn) -> Result<(), Error> {
        let account = &self.sign_in.account;
        if let Some((event, notice)) = &self.cancels
            && credentials::cancel_closing(c, account).await?
        {
            mail::enqueue_notice(c, notice.clone()).await?;
            store::events::add(c, event.clone()).await?;
        }
        if self.completes.as_ref().is_some_and(|completes| completes.is_beside_mail()) {
            credentials::forget_reset_by_mail(c, account).await?;
        }
        Ok(())
    }

    async fn write(&self, c: &mut Conn) -> Result<bool, Error> {
        let now = self.sign_in.created_at;
        store::events::add(c, self.event.clone()).await?;
        if let Some(pair) = &self.pair {
            lockouts::forget(c, pair).await?;
        }
        families::insert(c, &self.family, now).await?;
        tokens::insert(c, &self.token, self.access).await?;
        if let Some(refresh) = self.refresh {
            families::insert_refresh(c, refresh, &self.family.id, self.sign_in.idle_at, now).await?;
        }
        let device = device_records::remember(c, &self.device, &self.device_key).await?;
        native_sign_ins::insert(c, &NativeSignIn { device, ..self.sign_in.clone() }).await?;
        if let Some(session) = &self.session {
            resonite_sessions::insert(c, session).await?;
        }
        self.note_new_program(c).await
    }

    /// Records that the account did not know the program, and tells its owner; the first sign-in of all is no news (NAT-27, people
    /// PPL-114).
    async fn note_new_program(&self, c: &mut Conn) -> Result<bool, Error> {
        let (account, now) = (&self.sign_in.account, self.sign_in.created_at);
        let (id, digest) = &self.known_by;
        let seen = known_browsers::remember(c, id, *digest, account, now).await?;
        let is_first =
            seen == Seen::Alone && !store::events::has_another(c, account, EventKind::SignIn, &self.event.id).await?;
        if seen == Seen::Before || is_first {
            return Ok(false);
        }
        store::events::add(c, self.event.clone().in_new_browser(self.new_browser.clone())).await?;
        match &self.notice {
            Some(notice) => mail::enqueue_new_sign_in(c, notice.clone()).await,
            None => Ok(false),
        }
    }
}

/// The event of the sign-in.
fn began(auth: &Auth, account: &Account, start: &Start<'_>) -> NewEvent {
    let event = events::event(auth, EventKind::SignIn, start.caller).by(Actor::Account(account.id.clone()));
    event.about(&account.id, &account.username).with("dialect", start.program.dialect.name())
}

fn new_sign_in(auth: &Auth, account: &Account, start: &Start<'_>) -> Option<Outgoing> {
    if !auth.config().sessions.new_sign_in_mail {
        return None;
    }
    let program = start.caller.agent.as_deref().map(product).filter(|product| !product.is_empty());
    let mail = Mail::NewSignIn {
        device: start.program.name.as_deref().or(program).unwrap_or(texts::UNKNOWN_BROWSER).to_owned(),
        network: start.caller.network().unwrap_or_default(),
        app: None,
        at: auth.ambient().now(),
    };
    Some(Outgoing::to_confirmed(auth, account, mail)?.from_proven_person())
}

fn cancelled_closing(auth: &Auth, account: &Account, caller: &Caller) -> (NewEvent, Option<Outgoing>) {
    let event = events::event(auth, EventKind::ClosingCancelled, caller).by(Actor::Account(account.id.clone()));
    let notice = Outgoing::to_confirmed(auth, account, Mail::ClosingCancelled);
    (event.about(&account.id, &account.username), notice)
}

/// What a session of Resonite has besides.
fn resonite_session(program: &Program, family: &Family, absolute_at: Timestamp) -> Option<ResoniteSession> {
    program.terms.as_ref().map(|terms| ResoniteSession {
        family: family.id.clone(),
        remembered: terms.remembered,
        machine_bound: terms.machine_bound,
        uid: terms.uid.clone(),
        absolute_at,
    })
}

/// Ends sign-ins in a transaction, and tells the host which.
///
/// # Errors
/// When the transaction fails.
pub(crate) async fn end<T: Send + 'static>(
    auth: &Auth,
    work: impl for<'c> FnOnce(&'c mut Conn) -> store::Work<'c, (T, Vec<String>)> + Send + 'static,
) -> Result<T, Error> {
    let ended = revocation::revoke_all(auth, work, |(_, ended)| ended.iter().cloned().map(Revoked::Grant).collect());
    Ok(ended.await?.0)
}
