//! Signing in with a code by mail in place of name and password (FAC-56, FAC-86). What somebody learns who asks for one is the same
//! whether there is an account with the address or not.

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::model::app::App;
use crate::model::authorization::{AuthorizationRequest, CheckedRequest, whole_request};
use crate::model::credentials::Demand;
use crate::model::event::EventKind;
use crate::model::factors::{Consumed, FactorKind, PendingSignIn};
use crate::model::language::Language;
use crate::model::mail_token::Purpose;
use crate::model::proofs::{ProofKind, Proofs};
use crate::model::rate_limit::Rule;
use crate::model::session::{Browser, SessionId};
use crate::secret::{Digest, Secret};
use crate::steps::completion::{Completion, over, wrong_code};
use crate::steps::host_rules::Proven;
use crate::steps::mail;
use crate::steps::refused_sign_in::{self, Whom};
pub use crate::steps::sign_in::SignedIn;
use crate::steps::throttle::CountedFactor;
use crate::steps::{
    code_factor, code_request, events, identifier, mail_code, request, second_step, session, sign_in, standing,
    throttle, waiting,
};
use crate::store::{self, mail_tokens, pending};

/// The longest name or address that is looked up, in characters.
const LONGEST_IDENTIFIER: usize = 320;

/// Whether a code by mail can take the place of name and password here: the operator wants it, and mail reaches people, or this
/// server runs for its developer alone.
#[must_use]
pub fn is_offered(auth: &Auth) -> bool {
    mail_code::signs_people_in(auth)
}

fn require(auth: &Auth) -> Result<(), Error> {
    match is_offered(auth) {
        true => Ok(()),
        false => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

/// Somebody asks for a code.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CodeRequest {
    /// What the app asked for, as at a sign-in with a password.
    pub request: AuthorizationRequest,
    /// User name, handle or e-mail address, in any case of letters.
    pub identifier: String,
    /// The language in which the page is read: that of the mail, where the account has none.
    pub language: Option<Language>,
    /// What this browser has of earlier sign-ins.
    pub browser: Browser,
}

impl CodeRequest {
    /// A name, for this request, from this browser.
    #[must_use]
    pub fn new(request: AuthorizationRequest, identifier: &str, browser: Browser) -> Self {
        Self { request, identifier: identifier.to_owned(), language: None, browser }
    }
}

/// Has a code mailed to the confirmed address of an account, and answers with what its browser goes on with. For an account that is
/// not there, or cannot be signed in to so, the answer and the work are the same, and no code is right.
///
/// # Errors
/// 404 where codes sign nobody in; as a sign-in with a password for the request; 422 for what is no name; 429 when too many ask from
/// one network.
pub async fn ask(auth: &Auth, asked: CodeRequest) -> Result<PendingClaim, Error> {
    require(auth)?;
    let CodeRequest { request, identifier, language, browser } = asked;
    throttle::refuse_address(auth, browser.caller.source)?;
    let (app, checked) = request::check_sign_in(auth, &request).await?;
    let typed = identifier_of(&identifier)?;
    throttle::count_from(auth, Rule::CodeRequest, &browser.caller).await?;
    let named = identifier::named(auth, typed.clone()).await?;
    let account = auth.accounts().by_identifier(&named).await.map_err(Error::from_host)?;
    let id = account.as_ref().map_or_else(|| code_request::stand_in(auth, &typed), |account| account.id.clone());
    let known = session::credentials_of(auth, &id).await?;
    let account = account.filter(|account| code_request::can_use_it(account, known));
    let (now, secret) = (auth.ambient().now(), Secret::generate(auth.ambient()));
    let row = PendingSignIn {
        steps_up: None,
        id: auth.ambient().id(),
        // Whoever has no code is counted apart from an account of that name, and as one.
        account: account.as_ref().map_or_else(|| code_request::stand_in(auth, &typed), |account| account.id.clone()),
        browser: secret.digest(),
        proofs: Proofs::default(),
        generation: known.generation.unwrap_or(0),
        request: whole_request(&app, &checked),
        created_at: now,
        expires_at: now.plus(auth.config().factors.pending_ttl),
        ended_at: None,
        session: None,
    };
    let claim = PendingClaim::new(row.id.clone(), secret);
    let named = (&*typed, Some(app.name.clone()));
    let mail = code_request::mail_for(auth, account.as_ref(), named, &row, &browser.caller).with_language(language);
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            pending::insert(c, &row).await?;
            mail::enqueue(c, mail).await.map(drop)
        })
    });
    kept.await?;
    mail::wake(auth);
    Ok(claim)
}

fn identifier_of(typed: &str) -> Result<String, Error> {
    let typed = typed.trim().to_lowercase();
    match () {
        () if typed.is_empty() => Err(Error::credentials("Required", "identifier")),
        () if typed.chars().count() > LONGEST_IDENTIFIER => Err(Error::credentials("Too long", "identifier")),
        () if typed.chars().any(char::is_control) => Err(Error::credentials("Invalid", "identifier")),
        () => Ok(typed),
    }
}

/// A sign-in that waits for its code, as its own browser sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AskedCode {
    /// Its id.
    pub id: String,
    /// The app that asked, while it may.
    pub app: Option<App>,
    /// Its request: names and values.
    pub request: Vec<(String, String)>,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// When another code may be asked for.
    pub again_at: Timestamp,
    /// Whether it still waits. One that is over can be begun again with the request.
    pub waits: bool,
    /// The session that it came to.
    pub session: Option<SessionId>,
}

/// The sign-in for which this browser asked a code; none that another asked for. Nothing changes.
///
/// # Errors
/// 404 where codes sign nobody in; when the database does not answer.
pub async fn look(auth: &Auth, claim: &PendingClaim) -> Result<Option<AskedCode>, Error> {
    require(auth)?;
    let Some(row) = found(auth, claim).await? else { return Ok(None) };
    let app = match asked(auth, &row).await {
        Ok((app, _)) => Some(app),
        Err(Error::Refused(_)) => None,
        Err(error) => return Err(error),
    };
    let again_at = row.created_at.plus(mail_code::AGAIN);
    let waits = row.is_open(auth.ambient().now());
    let PendingSignIn { id, request, expires_at, session, .. } = row;
    Ok(Some(AskedCode { id, app, request, expires_at, again_at, waits, session }))
}

async fn found(auth: &Auth, claim: &PendingClaim) -> Result<Option<PendingSignIn>, Error> {
    let id = claim.id.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { pending::code_by_id(c, &id).await })).await?;
    Ok(found.filter(|row| claim.browser.digest().matches(row.browser.as_bytes())))
}

async fn asked(auth: &Auth, row: &PendingSignIn) -> Result<(App, CheckedRequest), Error> {
    request::check_sign_in(auth, &AuthorizationRequest::of_pairs(&row.request)).await
}

/// The code, which is the first proof of the sign-in: what else is missing is asked for, and never a code by mail again.
///
/// # Errors
/// 404 where codes sign nobody in; `SignInOver` when it is over, or another browser's; 422 for what is no code; `WrongFactor`; 429 beyond
/// the limits. With a right one as a sign-in with a password.
pub async fn answer(auth: &Auth, claim: &PendingClaim, typed: &str, browser: Browser) -> Result<SignedIn, Error> {
    require(auth)?;
    let row = found(auth, claim).await?.filter(|row| row.is_open(auth.ambient().now())).ok_or_else(over)?;
    let (account, source) = (row.account.clone(), browser.caller.source);
    let answered = answered(auth, row, typed, browser).await;
    answered.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account), source, error))
}

async fn answered(auth: &Auth, row: PendingSignIn, typed: &str, browser: Browser) -> Result<SignedIn, Error> {
    let code = code_factor::code_of(FactorKind::Email, typed)?;
    let attempts = throttle::factor(auth, Some(&row.id), &row.account, &browser).await?;
    let (app, checked) = asked(auth, &row).await?;
    let known = session::credentials_of(auth, &row.account).await?;
    let (account, id, now) = (row.account.clone(), row.id.clone(), auth.ambient().now());
    let digest: Digest = mail::code_digest(auth, &code);
    let found = auth.store().look_up(move |c| {
        Box::pin(async move { mail_tokens::with_code(c, (&account, Purpose::SignIn, &id), digest, now).await })
    });
    // Whatever ended everything of the account ended this, too.
    let is_unchanged = known.generation.unwrap_or(0) == row.generation && known.demanded != Some(Demand::Now);
    let Some(token) = found.await?.filter(|_| is_unchanged) else {
        return Err(wrong(auth, &row, &attempts, &app, &browser).await?);
    };
    let account = auth.account(&row.account).await?.ok_or_else(over)?;
    let wanted = checked.acr_values.clone();
    let proven = Proven::new(&account, &ProofKind::Email);
    let proven = Proven { known_before: Some(known), acr_values: wanted.as_deref(), ..proven };
    let inactive = match second_step::is_missing(auth, &proven, known) {
        true => None,
        false => standing::may_sign_in(&account).err(),
    };
    if inactive.is_none() && sign_in::lacks_before_session(auth, &proven, known).await?.is_none() {
        // Used up with the session that it buys, so that the second of two equal posts finds it (FAC-16).
        let consumed = Consumed::Email(token);
        let completion = Completion::of_nothing(row.id.clone(), account.id.clone(), now);
        let completion = Completion { consumed, attempts: attempts.counted, ..completion };
        let proven = Proven { completes: Some(&completion), ..proven };
        return sign_in::after_proof(auth, proven, (app, checked), browser, None).await;
    }
    take(auth, &row, token, &attempts).await?;
    match inactive {
        Some(inactive) => Err(waiting::instead_of(auth, inactive, &account, row.request, &browser).await?),
        None => sign_in::after_proof(auth, proven, (app, checked), browser, None).await,
    }
}

/// Uses the code up, and the sign-in that waited for it: of two equal posts one wins (FAC-120).
async fn take(auth: &Auth, row: &PendingSignIn, token: String, attempts: &CountedFactor) -> Result<(), Error> {
    let (id, counted, now) = (row.id.clone(), attempts.counted, auth.ambient().now());
    let taken = auth.store().write(move |c| {
        Box::pin(async move {
            if !pending::spend(c, &id, None, now).await? {
                return Err(over());
            }
            if !mail_tokens::spend(c, &token, now).await? {
                return Err(wrong_code());
            }
            store::rate_limits::uncount_attempt(c, counted).await
        })
    });
    taken.await
}

/// Records a wrong code, and ends the sign-in with the last one that it bears.
async fn wrong(
    auth: &Auth,
    row: &PendingSignIn,
    attempts: &CountedFactor,
    app: &App,
    browser: &Browser,
) -> Result<Error, Error> {
    let event = events::event(auth, EventKind::SignInFailed, &browser.caller).through(&app.id).with("step", "code");
    let event = match row.account.as_str().starts_with("nobody ") {
        true => event,
        false => event.about(&row.account, ""),
    };
    let (id, is_last, now) = (row.id.clone(), attempts.is_last, auth.ambient().now());
    let event = event.refused();
    let recorded = auth.store().write(move |c| {
        Box::pin(async move {
            if is_last {
                pending::spend(c, &id, None, now).await?;
            }
            store::events::add(c, event).await
        })
    });
    recorded.await?;
    Ok(if is_last { over() } else { wrong_code() })
}
