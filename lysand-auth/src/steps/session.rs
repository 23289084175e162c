//! Where every session begins and every app's code is made. The [dispatcher](super::sign_in) says when; a session that is
//! renewed by a proof begins here, too.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::host::sign_in_rules::ProofKind;
use crate::model::account::{Account, AccountId};
use crate::model::app::App;
use crate::model::authorization::{Authorization, CheckedRequest};
use crate::model::caller::Caller;
use crate::model::credentials::Credentials;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::proofs::MULTI_FACTOR;
use crate::model::rate_limit::FailedAttempts;
use crate::model::session::{ListedAccount, Session, SessionId, SignedInBrowser};
use crate::secret::{Digest, Secret};
use crate::steps::completion::Completion;
use crate::steps::events::event;
use crate::steps::mail::{self, Outgoing};
use crate::steps::trust::Trust;
use crate::store::known_browsers::Seen;
use crate::store::{
    Conn, Work, app_sessions, authorizations, credentials, device_codes, events, known_browsers, rate_limits, sessions,
};
use crate::texts;

/// How many requests may wait in one session for the person's word; the oldest makes room (faults F3).
const MOST_PENDING: i64 = 32;

/// The session that a code belongs to.
pub(crate) enum SessionChange {
    /// It begins with the code.
    Begin(Box<NewSession>),
    /// It stands already.
    Continue(Box<Session>),
}

/// A session that is about to begin.
#[derive(Clone)]
pub(crate) struct NewSession {
    session: Session,
    replaces: Option<SessionId>,
    /// Others of its browser that end, because they are too many.
    ends: Vec<ListedAccount>,
    attempts: Option<FailedAttempts>,
    browser: Option<(String, Digest)>,
    /// The id of the event that the browser is new to the account.
    new_browser: String,
    event: Option<NewEvent>,
    /// What tells its owner that the browser is new to the account.
    notice: Option<Outgoing>,
    /// Whether that waits in the outbox.
    is_told: Arc<AtomicBool>,
    /// What was known of the account before the proof.
    proven_with: Credentials,
    /// What is recorded and told when this takes the closing of the account back.
    cancels: Option<Box<CancelledClosing>>,
    /// What the second proof uses up.
    completes: Option<Box<Completion>>,
    /// What changes about the trust in its browser.
    trust: Option<Trust>,
}

#[derive(Clone)]
struct CancelledClosing {
    event: NewEvent,
    notice: Option<Outgoing>,
}

impl NewSession {
    /// A session for `account`, and its cookie. The session that this browser had ends (`replaces`, security WEB-1). It
    /// begins only if nothing was ended since `proven_with` was read, which was before the proof (security REV-2).
    pub(crate) fn new(
        auth: &Auth,
        account: &Account,
        replaces: Option<SessionId>,
        proven_with: Credentials,
    ) -> Result<(Self, Secret), Error> {
        let (id, lifetimes, now) = (auth.ambient().id(), &auth.config().lifetimes, auth.ambient().now());
        let idle_at = Some(now.plus(auth.config().sessions.idle_ttl));
        let session = Session { idle_at, ..Session::begin(id, account.id.clone(), lifetimes, now) };
        let cookie =
            auth.keys().sign_session(&session, &auth.config().base_url, auth.ambient()).map_err(Error::failed)?;
        let new_browser = auth.ambient().id();
        let new = Self {
            cancels: proven_with.closing.map(|_| Box::new(CancelledClosing::new(auth, account, &session))),
            session,
            replaces,
            ends: Vec::new(),
            attempts: None,
            browser: None,
            new_browser,
            event: None,
            notice: None,
            is_told: Arc::default(),
            proven_with,
            completes: None,
            trust: None,
        };
        Ok((new, cookie))
    }

    /// The same, as its owner sees it: begun from here, by these methods.
    pub(crate) fn begun_by(self, caller: &Caller, methods: Vec<String>) -> Self {
        let session = Session { methods, ..self.session.begun_by(caller) };
        Self { session, ..self }
    }

    /// The same, made stronger: its first proof was given then, in the session whose place it takes.
    pub(crate) fn proven_since(self, first: Option<Timestamp>) -> Self {
        Self { session: Session { first_proven_at: first, ..self.session }, ..self }
    }

    /// The same, for which these sessions of its browser make room.
    pub(crate) fn ending(self, ends: Vec<ListedAccount>) -> Self {
        Self { ends, ..self }
    }

    /// The same, bought by this second proof.
    pub(crate) fn completing(self, completes: Option<&Completion>) -> Self {
        Self { completes: completes.cloned().map(Box::new), ..self }
    }

    /// The same, in a browser that the account trusts, or does from now on.
    pub(crate) fn trusting(self, trust: Option<Trust>) -> Self {
        Self { trust, ..self }
    }

    /// The same, which its owner sees as `old`, proven once more by a password.
    pub(crate) fn in_place_of(self, old: &Session) -> Self {
        self.proven_anew(old, &[ProofKind::Password.method()])
    }

    /// The same, which its owner sees as `old`, proven once more by these methods.
    pub(crate) fn proven_anew(self, old: &Session, methods: &[String]) -> Self {
        let mut session = self.session.in_place_of(old);
        for method in methods {
            if !session.methods.contains(method) {
                session.methods.push(method.clone());
            }
        }
        Self { session, ..self }
    }

    /// The session that takes the place of a browser's, whose owner gave a second factor of this kind just now.
    pub(crate) fn after_factor(
        auth: &Auth,
        account: &Account,
        browser: Option<&SignedInBrowser>,
        (known, kind): (Credentials, &ProofKind),
    ) -> Result<Option<(Self, Secret)>, Error> {
        let Some(browser) = browser else { return Ok(None) };
        let (session, cookie) = Self::new(auth, account, Some(browser.session.id.clone()), known)?;
        let methods = [kind.second_method(), MULTI_FACTOR.to_owned()];
        Ok(Some((session.proven_anew(&browser.session, &methods), cookie)))
    }

    /// The same, and its owner is told if the account does not know the browser (people PPL-114).
    pub(crate) fn announced_by(self, notice: Option<Outgoing>) -> Self {
        Self { notice, ..self }
    }

    /// Has the outbox looked at, once it has begun.
    fn wake_outbox(auth: &Auth, is_told: &AtomicBool) {
        if is_told.load(Ordering::Acquire) {
            mail::wake(auth);
        }
    }

    /// The same, and these attempts are taken back: they came to something.
    pub(crate) fn forgetting(self, attempts: Option<FailedAttempts>) -> Self {
        Self { attempts, ..self }
    }

    /// The same in a browser that the account knows from now on (people PPL-113).
    pub(crate) fn in_browser(self, auth: &Auth, browser: Digest) -> Self {
        Self { browser: Some((auth.ambient().id(), browser)), ..self }
    }

    /// The same, recorded as this event in its transaction.
    pub(crate) fn recorded_as(mut self, event: NewEvent) -> Self {
        if let Some(cancels) = &mut self.cancels {
            cancels.event.caller = event.caller.clone();
        }
        Self { event: Some(event), ..self }
    }

    /// The session whose place it takes.
    pub(crate) fn replaced(&self) -> Option<&SessionId> {
        self.replaces.as_ref()
    }

    async fn keep(&self, c: &mut Conn) -> Result<(), Error> {
        // A sign-in with all that it takes is the one thing that does (people PPL-122).
        if let Some(cancels) = &self.cancels
            && credentials::cancel_closing(c, &self.session.account_id).await?
        {
            mail::enqueue_notice(c, cancels.notice.clone()).await?;
            events::add(c, cancels.event.clone()).await?;
        }
        if let Some(completes) = &self.completes
            && completes.is_beside_mail()
        {
            credentials::forget_reset_by_mail(c, &self.session.account_id).await?;
        }
        match self.completes.as_ref().and_then(|completes| completes.claims.as_ref()) {
            Some(claims) if !claims.begin(c, &self.session.account_id).await? => return Err(no_longer_right()),
            Some(_) => {}
            None => self.check_credentials(c).await?,
        }
        if let Some(completes) = &self.completes {
            completes.take(c, Some(&self.session.id)).await?;
        }
        if let Some(trust) = &self.trust {
            let Session { account_id, authenticated_at, .. } = &self.session;
            trust.keep(c, (account_id, self.proven_with.generation.unwrap_or(0)), *authenticated_at).await?;
        }
        self.insert(c).await
    }

    async fn check_credentials(&self, c: &mut Conn) -> Result<(), Error> {
        match credentials::lock_unchanged(c, &self.session.account_id, self.proven_with).await? {
            true => Ok(()),
            false => Err(no_longer_right()),
        }
    }

    /// Begins it in a transaction that has ended everything else of the account itself.
    pub(crate) async fn insert(&self, c: &mut Conn) -> Result<(), Error> {
        let mut is_continued = false;
        if let Some(event) = &self.event {
            events::add(c, event.clone()).await?;
        }
        if let Some(attempts) = self.attempts {
            rate_limits::uncount_attempt(c, attempts).await?;
        }
        if let Some(old) = &self.replaces {
            let Session { account_id, authenticated_at, .. } = &self.session;
            is_continued = sessions::give_way(c, account_id, old, *authenticated_at).await?;
            sessions::end(c, old, *authenticated_at).await?;
            // What another tab is being asked goes on in the new session.
            authorizations::move_pending(c, old, &self.session.id, &self.session.account_id).await?;
            device_codes::follow(c, old, &self.session.id, &self.session.account_id).await?;
        }
        for other in &self.ends {
            sessions::end_own(c, &other.account, &other.session, self.session.authenticated_at).await?;
            let now = self.session.authenticated_at;
            authorizations::revoke_all_of_session(c, &other.session, &other.account, now).await?;
        }
        if let Some((id, browser)) = &self.browser {
            let Session { account_id, authenticated_at, .. } = &self.session;
            let seen = known_browsers::remember(c, id, *browser, account_id, *authenticated_at).await?;
            if let Some(event) = self.event.as_ref().filter(|_| seen != Seen::Before) {
                self.note_new_browser(c, event, seen).await?;
            }
        }
        sessions::insert(c, &self.session).await?;
        match self.replaces.as_ref().filter(|_| is_continued) {
            Some(old) => app_sessions::follow(c, old, &self.session.id).await,
            None => Ok(()),
        }
    }

    /// Records that the account did not know the browser, and tells its owner. The first sign-in of all is no news (people
    /// PPL-114); one after all browsers were forgotten is.
    async fn note_new_browser(&self, c: &mut Conn, event: &NewEvent, seen: Seen) -> Result<(), Error> {
        let is_first = seen == Seen::Alone
            && !events::has_another(c, &self.session.account_id, EventKind::SignIn, &event.id).await?;
        if is_first {
            return Ok(());
        }
        events::add(c, event.clone().in_new_browser(self.new_browser.clone())).await?;
        if let Some(notice) = &self.notice
            && mail::enqueue_new_sign_in(c, notice.clone()).await?
        {
            self.is_told.store(true, Ordering::Release);
        }
        Ok(())
    }
}

/// What was right when it was checked is no longer so.
fn no_longer_right() -> Error {
    Error::refused(Code::InvalidGrant, texts::WRONG_CREDENTIALS)
}

impl CancelledClosing {
    fn new(auth: &Auth, account: &Account, session: &Session) -> Self {
        let event = event(auth, EventKind::ClosingCancelled, &Caller::default()).by(Actor::Account(account.id.clone()));
        // By this moment a session is known as the one that did it.
        let event = NewEvent { at: session.authenticated_at, ..event.about(&account.id, &account.username) };
        Self { event, notice: Outgoing::to_confirmed(auth, account, Mail::ClosingCancelled) }
    }
}

/// What is known of an account's credentials now. A session that rests on a proof made after this begins only while it is still
/// so.
pub(crate) async fn credentials_of(auth: &Auth, account: &AccountId) -> Result<Credentials, Error> {
    let account = account.clone();
    auth.store().look_up(move |c| Box::pin(async move { credentials::of_account(c, &account).await })).await
}

/// Begins a session for no app.
pub(crate) async fn begin(auth: &Auth, new: NewSession) -> Result<(), Error> {
    let is_told = Arc::clone(&new.is_told);
    let (account, id) = (new.session.account_id.clone(), new.session.id.clone());
    auth.store().write(move |c| Box::pin(async move { new.keep(c).await })).await?;
    NewSession::wake_outbox(auth, &is_told);
    tracing::info!(%account, session = %id, "signed in");
    Ok(())
}

/// Begins a session that nobody proved anything for; answers with its cookie.
#[cfg(feature = "testing")]
pub(crate) async fn begin_unproven(auth: &Auth, account: &Account) -> Result<Secret, Error> {
    let proven_with = credentials_of(auth, &account.id).await?;
    let (new, cookie) = NewSession::new(auth, account, None, proven_with)?;
    auth.store().write(move |c| Box::pin(async move { new.keep(c).await })).await?;
    Ok(cookie)
}

impl SessionChange {
    fn session(&self) -> &Session {
        match self {
            Self::Begin(new) => &new.session,
            Self::Continue(session) => session,
        }
    }
}

/// Begins the session, if it is to begin, and makes a code that belongs to it, in one transaction. `decide` runs in it and
/// answers what is still missing; when nothing is, the code is approved. `None` when the session ended meanwhile.
pub(crate) async fn make_code<T: Send + 'static>(
    auth: &Auth,
    (app, request): (&App, &CheckedRequest),
    change: SessionChange,
    decide: impl for<'c> FnOnce(&'c mut Conn) -> Work<'c, Option<T>> + Send + 'static,
) -> Result<Option<(Secret, Option<T>)>, Error> {
    let (now, lifetimes) = (auth.ambient().now(), auth.config().lifetimes);
    let (code, pending) = new_code(auth, (app, request), change.session());
    let (digest, session, account) = (code.digest(), pending.session_id.clone(), pending.account_id.clone());
    let is_told = match &change {
        SessionChange::Begin(new) => Some(Arc::clone(&new.is_told)),
        SessionChange::Continue(_) => None,
    };
    let made = auth.store().write(move |c| {
        Box::pin(async move {
            match &change {
                SessionChange::Begin(new) => new.keep(c).await?,
                SessionChange::Continue(session) => {
                    if !sessions::lock_live(c, &session.id, now).await? {
                        return Ok(None);
                    }
                    let oldest = authorizations::oldest_pending(c, &session.id, MOST_PENDING - 1).await?;
                    if !oldest.is_empty() {
                        authorizations::delete_pending(c, &oldest).await?;
                    }
                }
            }
            let missing = decide(c).await?;
            let authorization = if missing.is_none() { pending.approved(&lifetimes, now) } else { pending };
            authorizations::insert(c, digest, &authorization, now).await?;
            Ok(Some(missing))
        })
    });
    let made = made.await?;
    if let Some(is_told) = is_told {
        NewSession::wake_outbox(auth, &is_told);
        tracing::info!(%account, app = %app.id, %session, "signed in");
    }
    Ok(made.map(|missing| (code, missing)))
}

/// Makes a code that is worth nothing until something else happens, in a session that stands.
pub(crate) async fn make_pending_code(
    auth: &Auth,
    request: (&App, &CheckedRequest),
    session: &Session,
) -> Result<Secret, Error> {
    let (code, pending) = new_code(auth, request, session);
    let (digest, now) = (code.digest(), auth.ambient().now());
    let session = pending.session_id.clone();
    auth.store()
        .write_one(move |c| Box::pin(async move { authorizations::insert(c, digest, &pending, now).await }))
        .await?;
    // A look-up of its own: one transaction for both would cost PostgreSQL three trips more.
    let oldest = auth
        .store()
        .look_up(move |c| Box::pin(async move { authorizations::oldest_pending(c, &session, MOST_PENDING).await }))
        .await?;
    if !oldest.is_empty() {
        auth.store()
            .write_one(move |c| Box::pin(async move { authorizations::delete_pending(c, &oldest).await }))
            .await?;
    }
    Ok(code)
}

/// Puts a new session in the place of `old`: its owner proved once more to be there (security WEB-1, ID-12). Answers with
/// its cookie; `None` when the old one was ended meanwhile, for such a session is not prolonged (security REV-2).
pub(crate) async fn renew(
    auth: &Auth,
    account: &Account,
    old: &Session,
    (proven_with, methods): (Credentials, &[String]),
) -> Result<Option<Secret>, Error> {
    let now = auth.ambient().now();
    let (new, cookie) = NewSession::new(auth, account, Some(old.id.clone()), proven_with)?;
    let (new, old) = (new.proven_anew(old, methods), old.id.clone());
    let renewed = auth.store().write(move |c| {
        Box::pin(async move {
            if !sessions::by_id(c, &old).await?.is_some_and(|old| old.is_live(now)) {
                return Ok(false);
            }
            new.check_credentials(c).await?;
            // Of two that end it one does, and whoever ended it from elsewhere has not prolonged it.
            if !sessions::give_way(c, &new.session.account_id, &old, now).await? {
                return Ok(false);
            }
            new.insert(c).await?;
            app_sessions::follow(c, &old, &new.session.id).await?;
            Ok(true)
        })
    });
    Ok(renewed.await?.then_some(cookie))
}

/// The code that the app gets when the person consents to what `pending` stands for. It follows from that, so that a second
/// press of the button gives the same one; and what stands in the address of the consent page opens nothing (faults A1).
pub(crate) fn approved_code(auth: &Auth, pending: &Secret) -> Secret {
    Secret::derive(auth.code_key(), &[pending.expose().as_bytes()])
}

fn new_code(auth: &Auth, (app, request): (&App, &CheckedRequest), session: &Session) -> (Secret, Authorization) {
    let pending = request.clone().begin(app, session, &auth.config().lifetimes, auth.ambient().now());
    (Secret::generate(auth.ambient()), pending)
}
