//! Sign-ins that lack a second proof: they begin where the first one was right, and only the browser that began one goes on
//! with it (FAC-10 to FAC-13).

#[cfg(feature = "native")]
use std::time::Duration;

#[cfg(feature = "native")]
use base64::Engine;
#[cfg(feature = "native")]
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[cfg(feature = "native")]
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim, Refusal};
use crate::model::account::Account;
#[cfg(feature = "native")]
use crate::model::account::AccountId;
use crate::model::credentials::Credentials;
#[cfg(feature = "native")]
use crate::model::factors::DIALECT;
use crate::model::factors::PendingSignIn;
#[cfg(feature = "native")]
use crate::model::native::Dialect;
use crate::model::proofs::{ProofKind, Proofs};
use crate::model::rate_limit::FailedAttempts;
use crate::model::session::{Session, SignedInBrowser};
#[cfg(feature = "native")]
use crate::secret::Digest;
use crate::secret::Secret;
use crate::steps::completion::over;
use crate::steps::host_rules::Proven;
use crate::steps::{enrolment, session, strength};
use crate::store::{pending, rate_limits, sessions};
use crate::texts;

/// How long a sign-in of a native client waits at most (native 1.5).
#[cfg(feature = "native")]
const NATIVE_LIFETIME: Duration = Duration::from_secs(300);

/// Keeps a sign-in whose first proof was right; `attempts` that came to something are taken back. Answers with the refusal
/// that leads on.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn begin(
    auth: &Auth,
    (proven, known): (&Proven<'_>, Credentials),
    request: Vec<(String, String)>,
    attempts: Option<FailedAttempts>,
) -> Result<Error, Error> {
    let proofs = proven.proofs(auth.ambient().now());
    let (row, claim) = waiting(auth, (proven.account, known), proofs, request);
    if enrolment::demanded(auth, proven.account, known).await?.is_some() {
        enrolment::begin(auth, proven.account, known).await?;
    }
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some(attempts) = attempts {
                rate_limits::uncount_attempt(c, attempts).await?;
            }
            pending::insert(c, &row).await
        })
    });
    kept.await?;
    tracing::info!(account = %proven.account.id, by = proven.by.name(), "something more is asked for");
    let refusal = Refusal::new(Code::FactorRequired, texts::FACTOR_REQUIRED);
    Ok(Error::Refused(Refusal { pending: Some(Box::new(claim)), ..refusal }))
}

/// A sign-in that waits from now on, and what its browser goes on with.
fn waiting(
    auth: &Auth,
    (account, known): (&Account, Credentials),
    proofs: Proofs,
    request: Vec<(String, String)>,
) -> (PendingSignIn, PendingClaim) {
    let (now, browser) = (auth.ambient().now(), Secret::generate(auth.ambient()));
    let row = PendingSignIn {
        id: auth.ambient().id(),
        account: account.id.clone(),
        browser: browser.digest(),
        steps_up: None,
        proofs,
        generation: known.generation.unwrap_or(0),
        request,
        created_at: now,
        expires_at: now.plus(auth.config().factors.pending_ttl),
        ended_at: None,
        session: None,
    };
    let claim = PendingClaim::new(row.id.clone(), browser);
    (row, claim)
}

/// Keeps the wish that a session becomes stronger, or is proven anew: what was proven in it counts unless it `is_too_old`
/// (FAC-57, FAC-102). Answers with what its browser goes on with.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn step_up(
    auth: &Auth,
    browser: &SignedInBrowser,
    request: Vec<(String, String)>,
    is_too_old: bool,
) -> Result<PendingClaim, Error> {
    let session = &browser.session;
    let known = session::credentials_of(auth, &browser.account.id).await?;
    let first = strength::first_proof(&session.methods).unwrap_or(ProofKind::Password);
    let proofs = Proofs::new((!is_too_old).then_some((first, session.authenticated_at)));
    let (row, claim) = waiting(auth, (&browser.account, known), proofs, request);
    let row = PendingSignIn { steps_up: Some(session.id.clone()), ..row };
    auth.store().write(move |c| Box::pin(async move { pending::insert(c, &row).await })).await?;
    tracing::info!(account = %browser.account.id, session = %session.id, "a stronger session is asked for");
    Ok(claim)
}

/// The same for a native client, which goes on by the handle alone; `kept` is what its dialect needs then. Answers with the handle and
/// with when it is over.
///
/// # Errors
/// When the database does not answer.
#[cfg(feature = "native")]
pub(crate) async fn begin_native(
    auth: &Auth,
    (proven, known): (&Proven<'_>, Credentials),
    dialect: Dialect,
    mut kept: Vec<(String, String)>,
) -> Result<(Secret, Timestamp), Error> {
    kept.push((DIALECT.to_owned(), dialect.name().to_owned()));
    let proofs = proven.proofs(auth.ambient().now());
    let (row, _) = waiting(auth, (proven.account, known), proofs, kept);
    let handle = new_handle(auth);
    let PendingClaim { id, browser } = claim_of(&handle);
    let expires_at = row.expires_at.min(row.created_at.plus(NATIVE_LIFETIME));
    let row = PendingSignIn { id, browser: browser.digest(), expires_at, ..row };
    auth.store().write(move |c| Box::pin(async move { pending::insert(c, &row).await })).await?;
    tracing::info!(account = %proven.account.id, by = proven.by.name(), dialect = dialect.name(), "something more is asked for");
    Ok((handle, expires_at))
}

/// Keeps what a native client goes on with that nobody is known by yet: the form of a sign-up. Answers with its handle.
///
/// # Errors
/// When the database does not answer.
#[cfg(feature = "native")]
pub(crate) async fn keep_form(auth: &Auth, dialect: Dialect, mut form: Vec<(String, String)>) -> Result<Secret, Error> {
    form.push((DIALECT.to_owned(), dialect.name().to_owned()));
    let (handle, now) = (new_handle(auth), auth.ambient().now());
    let PendingClaim { id, browser } = claim_of(&handle);
    let row = PendingSignIn {
        account: AccountId::new(format!("nobody {id}")),
        id,
        browser: browser.digest(),
        steps_up: None,
        proofs: Proofs::default(),
        generation: 0,
        request: form,
        created_at: now,
        expires_at: now.plus(NATIVE_LIFETIME),
        ended_at: None,
        session: None,
    };
    auth.store().write(move |c| Box::pin(async move { pending::insert(c, &row).await })).await?;
    Ok(handle)
}

/// The form of this handle, once.
///
/// # Errors
/// `SignInOver` for one that is none, used or too old.
#[cfg(feature = "native")]
pub(crate) async fn take_form(auth: &Auth, dialect: Dialect, handle: &Secret) -> Result<PendingSignIn, Error> {
    let (claim, now) = (claim_of(handle), auth.ambient().now());
    let taken = auth.store().write(move |c| {
        Box::pin(async move {
            let Some(row) = pending::code_by_id(c, &claim.id).await? else { return Ok(None) };
            let is_its = claim.browser.digest().matches(row.browser.as_bytes()) && row.dialect() == Some(dialect);
            Ok(if is_its && pending::spend(c, &row.id, None, now).await? { Some(row) } else { None })
        })
    });
    taken.await?.ok_or_else(over)
}

/// A handle of native clients: 48 random characters.
#[cfg(feature = "native")]
pub(crate) fn new_handle(auth: &Auth) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(auth.ambient().bytes::<36>()))
}

/// The handle is all that a native client has: its digest names the row.
#[cfg(feature = "native")]
fn claim_of(handle: &Secret) -> PendingClaim {
    let id = Digest::of(format!("native\n{}", handle.expose()).as_bytes()).to_base64url();
    PendingClaim::new(id, handle.clone())
}

/// The sign-in that a browser shows, whatever became of it; none that another browser began (FAC-13), nor a native client.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn found(auth: &Auth, claim: &PendingClaim) -> Result<Option<PendingSignIn>, Error> {
    Ok(shown(auth, claim).await?.filter(|pending| pending.dialect().is_none()))
}

async fn shown(auth: &Auth, claim: &PendingClaim) -> Result<Option<PendingSignIn>, Error> {
    let id = claim.id.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { pending::by_id(c, &id).await })).await?;
    Ok(found.filter(|pending| claim.browser.digest().matches(pending.browser.as_bytes())))
}

/// A sign-in that waits for an answer, with its account and what is known of that now.
pub(crate) struct Open {
    pub(crate) pending: PendingSignIn,
    pub(crate) account: Account,
    pub(crate) known: Credentials,
}

/// The sign-in that a browser shows, while it waits: everything that ends an account's sessions ends it, too (FAC-15).
///
/// # Errors
/// `SignInOver` for every cause.
pub(crate) async fn open(auth: &Auth, claim: &PendingClaim) -> Result<Open, Error> {
    opened(auth, found(auth, claim).await?).await
}

/// The sign-in of this handle, while it waits: of this dialect, and none that a browser began (native 1.5).
///
/// # Errors
/// `SignInOver` for every cause.
#[cfg(feature = "native")]
pub(crate) async fn open_native(auth: &Auth, dialect: Dialect, handle: &Secret) -> Result<Open, Error> {
    let found = shown(auth, &claim_of(handle)).await?;
    opened(auth, found.filter(|pending| pending.dialect() == Some(dialect))).await
}

async fn opened(auth: &Auth, found: Option<PendingSignIn>) -> Result<Open, Error> {
    let pending = found.filter(|pending| pending.is_open(auth.ambient().now())).ok_or_else(over)?;
    if let Some(session) = pending.steps_up.clone() {
        let found = auth.store().look_up(move |c| Box::pin(async move { sessions::by_id(c, &session).await })).await?;
        let is_its = |session: &Session| session.account_id == pending.account;
        found.filter(|session| is_its(session) && session.is_live(auth.ambient().now())).ok_or_else(over)?;
    }
    let known = session::credentials_of(auth, &pending.account).await?;
    let account = auth.account(&pending.account).await?.ok_or_else(over)?;
    match known.generation.unwrap_or(0) == pending.generation {
        true => Ok(Open { pending, account, known }),
        false => Err(over()),
    }
}
