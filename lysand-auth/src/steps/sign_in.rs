//! The dispatcher: after each step of every road, it decides what a sign-in still lacks before the app gets its code.
//!
//! The roads are a password, a provider's word, and a session that the browser has already. All of them come here and
//! nowhere else. [`STEPS`] lists what can be missing, in the order in which it is asked for; whether it is missing is
//! decided from the database and the configuration, in the transaction that makes the code, and never from what a caller
//! remembers. The [worker](super::session) begins the session and makes the code.

use super::events;
use super::host_rules::{self, Proven};
use super::session::{self, NewSession, SessionChange};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId};
use crate::model::app::App;
use crate::model::authorization::{CheckedRequest, whole_request};
use crate::model::browser_accounts::making_room;
use crate::model::caller::Caller;
use crate::model::credentials::Credentials;
use crate::model::device::Device;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::proofs::Proofs;
use crate::model::rate_limit::FailedAttempts;
use crate::model::scope::{self, Scopes};
use crate::model::session::{Browser, ListedAccount, SessionId, SignedInBrowser};
use crate::secret::Secret;
use crate::steps::mail::Outgoing;
use crate::steps::{
    account_hint, blocks, demanded_password, enrolment, pending, review, second_step, strength, trusted_browsers,
};
use crate::store;
use crate::store::authorizations::{self, ApprovedCode};
use crate::store::{Conn, Work, apps, grants};
use crate::texts;

/// Something that a sign-in lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Missing {
    /// The app meant somebody else (FAC-140): it is told so, and nothing goes on.
    AccountMeant,
    /// The person's consent to what the app asks for.
    Consent,
}

/// What a consent of the person means for this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Consent {
    /// It is asked for, whatever was consented to before.
    Always,
    /// An earlier one will do, if it covers the request (DEV-17).
    AsNeeded,
    /// It was given just now.
    Given,
}

/// Somebody signed in: the session began, and the app's code is made.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedIn {
    /// The `jwt` cookie.
    pub cookie: Secret,
    /// The cookie by which the browser is known from now on (people PPL-113).
    pub known_by: Secret,
    /// The cookie by which the browser is trusted from now on, where the person said so (FAC-97).
    pub trusted_by: Option<Secret>,
    /// Who it is.
    pub account: Account,
    /// The app that asked.
    pub app: App,
    /// What it asked for.
    pub request: CheckedRequest,
    /// The app's code, and what is missing before it is worth something.
    pub step: Step,
}

/// How far a sign-in came.
#[derive(Debug)]
#[non_exhaustive]
pub struct Step {
    /// The first thing that is missing; `None` when the code can be redeemed.
    pub missing: Option<Missing>,
    /// The app's code: pending, and worthless, while something is missing (security AS-1).
    pub code: Secret,
}

/// Everything that a decision depends on.
#[derive(Clone, Debug)]
struct Candidate {
    account: AccountId,
    app: App,
    request: CheckedRequest,
    consent: Consent,
    /// Whether it is somebody else than the app meant.
    is_another: bool,
    /// What is recorded when the person consented just now (people PPL-165).
    event: Option<NewEvent>,
    now: Timestamp,
}

/// Whether whoever would end what a decision rests on has to wait for this transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lock {
    None,
    Shared,
}

/// A step of a sign-in: what it asks for, and whether a candidate lacks it.
struct Requirement {
    missing: Missing,
    is_missing: for<'c> fn(&'c mut Conn, &'c Candidate, Lock) -> Work<'c, bool>,
}

/// What a sign-in may lack before a session begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BeforeSession {
    /// A second proof (FAC-4).
    Factor,
    /// A new password, which staff or the host demand (FAC-25).
    Password,
    /// The owner's word on the other ways in, after a mailed link set the password (people PPL-93).
    Review,
    /// A second factor, which the account must have (FAC-92).
    Enrolment,
}

/// Every step before a session begins, in the order in which they are asked for. What is known of the account is read before
/// them, and is still so when the session begins, or it does not begin (FAC-196).
const BEFORE_SESSION: &[BeforeSession] =
    &[BeforeSession::Factor, BeforeSession::Password, BeforeSession::Review, BeforeSession::Enrolment];

/// Every step after that, in the same order.
const STEPS: &[Requirement] = &[
    Requirement { missing: Missing::AccountMeant, is_missing: is_another_account },
    Requirement { missing: Missing::Consent, is_missing: lacks_consent },
];

/// What a candidate lacks first. This is the one decision about every sign-in.
async fn first_missing(c: &mut Conn, candidate: &Candidate, lock: Lock) -> Result<Option<Missing>, Error> {
    for requirement in STEPS {
        if (requirement.is_missing)(c, candidate, lock).await? {
            return Ok(Some(requirement.missing));
        }
    }
    Ok(None)
}

fn is_another_account<'c>(_: &'c mut Conn, candidate: &'c Candidate, _: Lock) -> Work<'c, bool> {
    Box::pin(std::future::ready(Ok(candidate.is_another)))
}

fn lacks_consent<'c>(c: &'c mut Conn, candidate: &'c Candidate, lock: Lock) -> Work<'c, bool> {
    Box::pin(async move {
        if let Some(decided) = candidate.lacks_consent_whatever_was_granted() {
            return Ok(decided);
        }
        let Candidate { account, app, now, .. } = candidate;
        let granted = match lock {
            Lock::None => grants::live_scopes(c, account, &app.id, *now).await?,
            Lock::Shared => grants::lock_live_scopes(c, account, &app.id, *now).await?,
        };
        Ok(!candidate.is_covered_by(&granted))
    })
}

impl Candidate {
    /// Whether consent is missing, where that does not depend on what was granted before.
    fn lacks_consent_whatever_was_granted(&self) -> Option<bool> {
        match self.consent {
            Consent::Given => Some(false),
            // Nobody is asked about the server's own app (Mastodon §5.4).
            _ if self.app.skips_consent() => Some(false),
            Consent::Always => Some(true),
            // What gives the account away is never given in passing (people PPL-4).
            Consent::AsNeeded if self.request.scopes.words().iter().any(|word| scope::is_grave(word)) => Some(true),
            // A public app proves nothing of itself, so its redirect URI has to prove who receives the code, and it is
            // asked about every time (security AS-2).
            Consent::AsNeeded if self.app.is_public || !self.request.redirect_uri.proves_receiver() => Some(true),
            Consent::AsNeeded => None,
        }
    }

    /// A live grant covers all that the request asks for.
    fn is_covered_by(&self, granted: &[Scopes]) -> bool {
        granted.iter().any(|scopes| scopes.cover_all(&self.request.scopes))
    }

    /// Why the person is not asked, for the log.
    fn reason(&self) -> &'static str {
        match self.consent {
            Consent::Given => "authorized",
            _ if self.app.skips_consent() => "authorized, as the server's own app",
            Consent::Always | Consent::AsNeeded => "authorized as before",
        }
    }

    fn log_approval(&self) {
        let (app, scopes) = (&self.app.id, &self.request.scopes);
        tracing::info!(account = %self.account, %app, %scopes, "{}", self.reason());
    }
}

/// Somebody proved just now who they are. Unless the host's rules are against it, a session begins; the one that this
/// `browser` had of the account ends (security WEB-1), and `attempts` that came to nothing are forgotten.
pub(crate) async fn after_proof(
    auth: &Auth,
    proven: Proven<'_>,
    (app, request): (App, CheckedRequest),
    browser: Browser,
    attempts: Option<FailedAttempts>,
) -> Result<SignedIn, Error> {
    blocks::may_sign_in(auth, browser.caller.source, proven.let_in).await?;
    let wanted = request.acr_values.clone();
    let proven = Proven { acr_values: wanted.as_deref(), ..proven };
    let proven_with = proven.credentials(auth).await?;
    if lacks_before_session(auth, &proven, proven_with).await?.is_some() {
        return Err(pending::begin(auth, (&proven, proven_with), whole_request(&app, &request), attempts).await?);
    }
    let rules = host_rules::before_session(auth, proven, Some(&app.id)).await?;
    let (trust, trusted_by) = trusted_browsers::of_sign_in(auth, &proven, &browser).await?;
    let account = proven.account;
    let candidate = Candidate {
        account: account.id.clone(),
        app: app.clone(),
        request: request.clone(),
        consent: Consent::Always,
        is_another: account_hint::is_another(auth, &request, account),
        event: None,
        now: auth.ambient().now(),
    };
    let known_by = browser.known_by.clone().unwrap_or_else(|| Secret::generate(auth.ambient()));
    let (replaces, ends) = room_for(auth, account, &browser);
    let (new, cookie) = NewSession::new(auth, account, replaces, proven_with)?;
    let new = new.ending(ends);
    let began = began(auth, &proven, &browser.caller).through(&app.id);
    let new = new.in_browser(auth, known_by.digest()).recorded_as(began).forgetting(attempts);
    let new = new.begun_by(&browser.caller, proven.methods(auth.ambient().now())).completing(proven.completes);
    let new = new.proven_since(proven.since());
    let new = new.announced_by(new_sign_in(auth, account, &browser.caller, Some(&app))).trusting(trust);
    let step = finish(auth, candidate, SessionChange::Begin(Box::new(new))).await?;
    let step = step.ok_or_else(|| Error::failed("a session that begins cannot have ended"))?;
    if let Some(rules) = rules {
        rules.after_session().await;
    }
    Ok(SignedIn { cookie, known_by, trusted_by, account: account.clone(), app, request, step })
}

/// Which sessions of its browser make room for one of this account (FAC-124).
fn room_for(auth: &Auth, account: &Account, browser: &Browser) -> (Option<SessionId>, Vec<ListedAccount>) {
    let most = usize::try_from(auth.config().sessions.accounts_per_browser).unwrap_or(1);
    making_room((browser.session.as_ref(), &browser.accounts), &account.id, most)
}

/// What a sign-in lacks first, before a session begins. This is the one decision about it, on every road and after every step
/// (FAC-1).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn lacks_before_session(
    auth: &Auth,
    proven: &Proven<'_>,
    known: Credentials,
) -> Result<Option<BeforeSession>, Error> {
    for step in BEFORE_SESSION {
        let is_missing = match step {
            BeforeSession::Factor => {
                second_step::is_missing(auth, proven, known)
                    || second_step::is_missing_for_host(auth, proven, known).await?
                    || strength::is_factor_missing(auth, proven, known).await?
            }
            BeforeSession::Password => demanded_password::is_missing(auth, proven, known.demanded.is_some()).await?,
            BeforeSession::Review => review::is_missing(auth, proven, known).await?,
            BeforeSession::Enrolment => {
                enrolment::is_missing(auth, proven, known).await?
                    || strength::unreachable(auth, proven, known).await?.is_some()
            }
        };
        if is_missing {
            return Ok(Some(*step));
        }
    }
    Ok(None)
}

/// The event of a sign-in, or of a session that was made stronger, with the kinds of the proofs.
fn began(auth: &Auth, proven: &Proven<'_>, caller: &Caller) -> NewEvent {
    let kind = if proven.steps_up { EventKind::StepUp } else { EventKind::SignIn };
    let account = proven.account;
    let event = events::event(auth, kind, caller).by(Actor::Account(account.id.clone()));
    let event = event.about(&account.id, &account.username);
    match proven.earlier.and_then(Proofs::first) {
        Some(first) => event.with("by", first.kind.name()).with("factor", proven.by.name()),
        None if proven.trusted.is_some() => event.with("by", proven.by.name()).with("factor", "trusted_browser"),
        None => event.with("by", proven.by.name()),
    }
}

/// A session that began for no app.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionStart {
    /// The `jwt` cookie.
    pub cookie: Secret,
    /// The cookie by which the browser is known from now on (people PPL-113).
    pub known_by: Secret,
    /// The cookie by which the browser is trusted from now on, where the person said so (FAC-97).
    pub trusted_by: Option<Secret>,
}

/// Somebody proved just now who they are, and no app asked. The same rules hold.
pub(crate) async fn without_app(auth: &Auth, proven: Proven<'_>, browser: Browser) -> Result<SessionStart, Error> {
    blocks::may_sign_in(auth, browser.caller.source, proven.let_in).await?;
    let proven_with = proven.credentials(auth).await?;
    if lacks_before_session(auth, &proven, proven_with).await?.is_some() {
        return Err(pending::begin(auth, (&proven, proven_with), Vec::new(), None).await?);
    }
    let rules = host_rules::before_session(auth, proven, None).await?;
    let (trust, trusted_by) = trusted_browsers::of_sign_in(auth, &proven, &browser).await?;
    let account = proven.account;
    let known_by = browser.known_by.clone().unwrap_or_else(|| Secret::generate(auth.ambient()));
    let (replaces, ends) = room_for(auth, account, &browser);
    let (new, cookie) = NewSession::new(auth, account, replaces, proven_with)?;
    let new = new.ending(ends);
    let began = began(auth, &proven, &browser.caller);
    let new = new.in_browser(auth, known_by.digest()).recorded_as(began);
    let new = new.begun_by(&browser.caller, proven.methods(auth.ambient().now())).completing(proven.completes);
    let new = new.proven_since(proven.since());
    let new = new.announced_by(new_sign_in(auth, account, &browser.caller, None)).trusting(trust);
    session::begin(auth, new).await?;
    if let Some(rules) = rules {
        rules.after_session().await;
    }
    Ok(SessionStart { cookie, known_by, trusted_by })
}

/// What tells the owner of an account of this sign-in, should the account not know the browser (people PPL-114).
fn new_sign_in(auth: &Auth, account: &Account, caller: &Caller, app: Option<&App>) -> Option<Outgoing> {
    if !auth.config().sessions.new_sign_in_mail {
        return None;
    }
    let words = caller.agent.as_deref().and_then(|agent| Device::of(agent).words());
    let mail = Mail::NewSignIn {
        device: words.unwrap_or_else(|| texts::UNKNOWN_BROWSER.to_owned()),
        network: caller.network().unwrap_or_default(),
        app: app.map(|app| app.name.clone()),
        at: auth.ambient().now(),
    };
    // Whoever signed in has proven to be the person: strangers cannot use this mail's allowance up.
    Some(Outgoing::to_confirmed(auth, account, mail)?.from_proven_person())
}

/// Somebody goes on who is signed in with this browser. `None` when the session ended meanwhile.
pub(crate) async fn in_session(
    auth: &Auth,
    browser: &SignedInBrowser,
    (app, request): (&App, &CheckedRequest),
    consent: Consent,
) -> Result<Option<Step>, Error> {
    let candidate = Candidate::in_session(auth, browser, (app, request), consent);
    let asked = candidate.clone();
    let looked_up = auth.store().look_up(move |c| Box::pin(async move { first_missing(c, &asked, Lock::None).await }));
    if let Some(missing) = looked_up.await? {
        // Whatever is missing, the code is worthless, and one statement keeps it.
        let code = session::make_pending_code(auth, (app, request), &browser.session).await?;
        return Ok(Some(Step { missing: Some(missing), code }));
    }
    finish(auth, candidate, SessionChange::Continue(Box::new(browser.session.clone()))).await
}

/// The code for somebody who is signed in with this browser and lacks nothing, or what is missing: nothing is kept that waits
/// for anybody (FAC-139). `None` when the session ended meanwhile.
pub(crate) async fn silently(
    auth: &Auth,
    browser: &SignedInBrowser,
    (app, request): (&App, &CheckedRequest),
) -> Result<Option<Result<Secret, Missing>>, Error> {
    let candidate = Candidate::in_session(auth, browser, (app, request), Consent::AsNeeded);
    let asked = candidate.clone();
    let looked_up = auth.store().look_up(move |c| Box::pin(async move { first_missing(c, &asked, Lock::None).await }));
    if let Some(missing) = looked_up.await? {
        return Ok(Some(Err(missing)));
    }
    let step = finish(auth, candidate, SessionChange::Continue(Box::new(browser.session.clone()))).await?;
    Ok(step.map(|step| step.missing.map_or(Ok(step.code), Err)))
}

/// The person consents to a request that waits nowhere, in its own words. `None` when the session ended meanwhile.
pub(crate) async fn consented(
    auth: &Auth,
    browser: &SignedInBrowser,
    (app, request): (&App, &CheckedRequest),
) -> Result<Option<Step>, Error> {
    let candidate = Candidate::in_session(auth, browser, (app, request), Consent::Given);
    finish(auth, candidate, SessionChange::Continue(Box::new(browser.session.clone()))).await
}

/// The person consents to what a pending code was made for, or to `restated`, which is less: the code is approved, unless
/// something else is missing. False when it is, and when the code was no longer pending in this session.
pub(crate) async fn consented_to_pending(
    auth: &Auth,
    browser: &SignedInBrowser,
    (app, request): (&App, &CheckedRequest),
    codes: ApprovedCode,
    restated: bool,
) -> Result<bool, Error> {
    let candidate = Candidate::in_session(auth, browser, (app, request), Consent::Given);
    let session = browser.session.id.clone();
    let expires_at = candidate.now.plus(request.code_lifetime(&auth.config().lifetimes));
    let approval = Approval { candidate: candidate.clone(), codes, restated, session, expires_at };
    let approved = auth.store().write(move |c| Box::pin(approval.approve(c))).await?;
    if approved {
        candidate.log_approval();
    }
    Ok(approved)
}

/// Makes the code; what is missing is decided in the same transaction, so that neither a grant nor a session that ends
/// meanwhile leaves an approved code behind (Mastodon §20, security REV-1).
async fn finish(auth: &Auth, candidate: Candidate, change: SessionChange) -> Result<Option<Step>, Error> {
    let judged = candidate.clone();
    let made = session::make_code(auth, (&candidate.app, &candidate.request), change, move |c| {
        Box::pin(async move {
            let missing = first_missing(c, &judged, Lock::Shared).await?;
            if missing.is_none() {
                remember_approval(c, &judged).await?;
            }
            Ok(missing)
        })
    });
    let Some((code, missing)) = made.await? else { return Ok(None) };
    let step = Step { missing, code };
    if step.missing.is_none() {
        candidate.log_approval();
    }
    Ok(Some(step))
}

/// The approval of a pending code.
struct Approval {
    candidate: Candidate,
    codes: ApprovedCode,
    /// The request is no longer in the words in which it waited.
    restated: bool,
    session: SessionId,
    expires_at: Timestamp,
}

impl Approval {
    /// Approves the code, unless something is missing or it is no longer pending.
    async fn approve(self, c: &mut Conn) -> Result<bool, Error> {
        let Self { candidate, codes, restated, session, expires_at } = self;
        let missing = first_missing(c, &candidate, Lock::Shared).await?;
        if restated {
            authorizations::restate(c, codes.pending, &session, &candidate.request).await?;
        }
        if missing.is_some() || !authorizations::approve(c, codes, &session, expires_at, candidate.now).await? {
            return Ok(false);
        }
        remember_approval(c, &candidate).await?;
        Ok(true)
    }
}

/// Records a consent. An app that a person let in once is not swept as one that nobody uses (faults D14).
async fn remember_approval(c: &mut Conn, candidate: &Candidate) -> Result<(), Error> {
    if let Some(event) = &candidate.event {
        store::events::add(c, event.clone()).await?;
    }
    if candidate.app.approved { Ok(()) } else { apps::set_approved(c, &candidate.app.id).await }
}

impl Candidate {
    fn in_session(
        auth: &Auth,
        browser: &SignedInBrowser,
        (app, request): (&App, &CheckedRequest),
        consent: Consent,
    ) -> Self {
        let (account, now) = (browser.account.id.clone(), auth.ambient().now());
        let event = (consent == Consent::Given).then(|| {
            let event = events::event(auth, EventKind::Consent, &Caller::default()).by(Actor::Account(account.clone()));
            event.about(&account, &browser.account.username).through(&app.id).with("scopes", request.scopes.to_string())
        });
        let is_another = account_hint::is_another(auth, request, &browser.account);
        Self { account, app: app.clone(), request: request.clone(), consent, is_another, event, now }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::app::{AppId, AppLinks};
    use crate::model::authorization::ResponseMode;
    use crate::model::redirect_uri::RedirectUri;

    #[derive(Clone, Copy)]
    struct Case {
        redirect_uri: &'static str,
        is_public: bool,
        first_party: bool,
        consent: Consent,
        granted: &'static [&'static str],
    }

    const SERVER_APP: Case = Case {
        redirect_uri: "https://app.example/cb",
        is_public: false,
        first_party: false,
        consent: Consent::AsNeeded,
        granted: &["read write"],
    };

    fn lacks_consent(case: Case) -> bool {
        let app = App {
            id: AppId::new("app"),
            client_id: "client".into(),
            name: "App".into(),
            website: None,
            redirect_uris: vec![RedirectUri::stored(case.redirect_uri)],
            scopes: Scopes::stored("read write"),
            created_at: Timestamp::from_micros(0),
            is_public: case.is_public,
            expiring: false,
            first_party: case.first_party,
            approved: true,
            grants: None,
            device_grant: false,
            links: AppLinks::default(),
        };
        let request = CheckedRequest {
            redirect_uri: RedirectUri::stored(case.redirect_uri),
            scopes: Scopes::stored("read"),
            state: None,
            challenge: None,
            nonce: None,
            response_mode: ResponseMode::Query,
            acr_values: None,
            account_hint: None,
        };
        let (account, consent) = (AccountId::new("1"), case.consent);
        let candidate = Candidate {
            account,
            app,
            request,
            consent,
            is_another: false,
            event: None,
            now: Timestamp::from_micros(0),
        };
        let granted: Vec<Scopes> = case.granted.iter().map(|scopes| Scopes::stored(scopes)).collect();
        candidate.lacks_consent_whatever_was_granted().unwrap_or_else(|| !candidate.is_covered_by(&granted))
    }

    #[test]
    fn steps_are_asked_for_in_the_order_of_the_contract() {
        let order: Vec<Missing> = STEPS.iter().map(|requirement| requirement.missing).collect();
        let before = [BeforeSession::Factor, BeforeSession::Password, BeforeSession::Review, BeforeSession::Enrolment];
        assert_eq!((BEFORE_SESSION, &*order), (&before[..], &[Missing::AccountMeant, Missing::Consent][..]));
    }

    #[test]
    fn consent_is_asked_for_unless_it_was_given_or_nobody_is_asked() {
        let Case { granted: covering, .. } = SERVER_APP;
        for (case, lacks, why) in [
            (SERVER_APP, false, "an earlier consent covers the request"),
            (Case { granted: &[], ..SERVER_APP }, true, "nothing was granted"),
            (Case { granted: &["write"], ..SERVER_APP }, true, "something else was granted"),
            (Case { granted: &["write", "read:accounts"], ..SERVER_APP }, true, "less was granted"),
            (Case { granted: &["write", "read"], ..SERVER_APP }, false, "one grant of several covers it"),
            (Case { consent: Consent::Always, ..SERVER_APP }, true, "it is asked for in any case"),
            (Case { is_public: true, ..SERVER_APP }, true, "a public app is asked about every time"),
            (Case { redirect_uri: "app://cb", ..SERVER_APP }, true, "the redirect URI proves no receiver"),
            (Case { redirect_uri: "http://127.0.0.1/cb", ..SERVER_APP }, true, "any program may listen there"),
            (Case { consent: Consent::Given, granted: &[], ..SERVER_APP }, false, "it was given just now"),
            (Case { first_party: true, granted: &[], ..SERVER_APP }, false, "the server's own app"),
            (Case { first_party: true, consent: Consent::Always, ..SERVER_APP }, false, "the same after a proof"),
            (
                Case { first_party: true, is_public: true, granted: covering, ..SERVER_APP },
                true,
                "an app without a secret cannot be the server's own",
            ),
        ] {
            assert_eq!(lacks_consent(case), lacks, "{why}");
        }
    }
}
