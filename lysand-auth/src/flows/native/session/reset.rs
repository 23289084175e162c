//! The end of a lost password: the token of the mail and the new password begin a session, in the transaction that sets it and ends
//! everything else (native 3.6).

use super::super::login::{lockout as lockout_of, rule};
use super::machine::Machine;
use super::wanted::{BegunSession, SessionLogin, SessionRefused};
use super::{login, named};
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::credentials::Credentials;
use crate::model::event::{Actor, EventKind};
use crate::model::lockout::Pair;
use crate::model::mail_token::{MailToken, Purpose};
use crate::model::native::{Dialect, app_of};
use crate::model::proofs::ProofKind;
use crate::model::rate_limit::FailedAttempts;
use crate::model::session::Browser;
use crate::secret::Secret;
use crate::steps::ending::Spared;
use crate::steps::host_rules::{self, Proven};
use crate::steps::mail::Outgoing;
use crate::steps::native_sign_in::{self, Start};
use crate::steps::new_password::{self, NotSet, PasswordChange};
use crate::steps::sign_in::{self, BeforeSession};
use crate::steps::{blocks, events, header_factor, identifier, lockout, recovery, session, standing, throttle};

/// What is counted until the token turns out to be right.
#[derive(Clone, Copy)]
struct Counted {
    pair: Option<Pair>,
    attempts: FailedAttempts,
}

/// A right token.
struct Found {
    token: MailToken,
    account: Account,
    known: Credentials,
}

pub(super) async fn with_new_password(
    auth: &Auth,
    login: &SessionLogin,
    (token, password): (&Secret, &Secret),
) -> Result<BegunSession, SessionRefused> {
    let caller = &login.caller;
    throttle::refuse_address(auth, caller.source)?;
    let let_in = blocks::may_sign_in(auth, caller.source, None).await?;
    let typed = named::typed(auth, login).await?.trim().to_lowercase();
    let is_name = !typed.is_empty() && typed.len() <= identifier::LONGEST && !typed.contains('\0');
    if !is_name || auth.config().sso.forced || recovery::require_passwords(auth).await.is_err() {
        return Err(SessionRefused::Credentials);
    }
    let name = identifier::named(auth, typed).await?;
    let counted = counted(auth, login, &name).await?;
    let Some(found) = found(auth, token, &name).await? else {
        let event = events::event(auth, EventKind::SignInFailed, caller).with("step", "password");
        events::record_refusal(auth, event.with("service", Dialect::Resonite.name())).await?;
        return Err(SessionRefused::Credentials);
    };
    throttle::forget(auth, counted.attempts).await?;
    lockout::take_back(auth, counted.pair).await?;
    if let Some(problem) = new_password::problem(auth, &found.account, password).await? {
        return Err(SessionRefused::Unfit(problem));
    }
    let by = ProofKind::Email;
    let proven = Proven {
        known_before: Some(found.known),
        let_in: Some(let_in),
        puts_off: true,
        ..Proven::new(&found.account, &by)
    };
    proven_by(auth, login, (proven, &found), (password, counted.pair)).await
}

/// Counts a try as a wrong password, and as one of a link.
async fn counted(auth: &Auth, login: &SessionLogin, name: &str) -> Result<Counted, Error> {
    let (dialect, source) = (Dialect::Resonite, login.caller.source);
    recovery::count_link(auth, &login.caller).await?;
    let pair = lockout::pair(auth, rule(dialect), &format!("{}\n{name}", dialect.name()), source);
    lockout::admit(auth, pair, lockout_of(auth, dialect)).await?;
    match throttle::sign_in(auth, source, name, &Browser::default()).await {
        Ok(attempts) => Ok(Counted { pair, attempts }),
        Err(error) => {
            lockout::take_back(auth, pair).await?;
            Err(error)
        }
    }
}

/// What is found under the token, when it is of the account that is named, and that may sign in.
async fn found(auth: &Auth, token: &Secret, name: &str) -> Result<Option<Found>, Error> {
    let named = auth.accounts().by_identifier(name).await.map_err(Error::from_host)?;
    let Some((token, account)) = recovery::reset_token(auth, token).await? else { return Ok(None) };
    // The link for a sign-in that lacks a new password came by no mail, and a first password confirms an address besides.
    let is_mailed = token.purpose == Purpose::Reset && token.subject.is_none();
    let is_theirs = named.is_some_and(|named| named.id == account.id);
    if !is_mailed || !is_theirs || standing::may_sign_in(&account).is_err() {
        return Ok(None);
    }
    let known = session::credentials_of(auth, &account.id).await?;
    Ok(Some(Found { token, account, known }))
}

/// Asks for the second factor, where one is wanted, and sets the password.
async fn proven_by(
    auth: &Auth,
    login: &SessionLogin,
    (proven, found): (Proven<'_>, &Found),
    (password, pair): (&Secret, Option<Pair>),
) -> Result<BegunSession, SessionRefused> {
    let known = found.known;
    match sign_in::lacks_before_session(auth, &proven, known).await? {
        None => set(auth, login, (proven, found), (password, pair)).await,
        Some(BeforeSession::Factor) => {
            let (code, first) = (login.code.as_ref(), ProofKind::Email);
            let checked = header_factor::check(auth, (&found.account, known, &first), code, &login.caller).await?;
            let Some((kind, completion)) = checked else { return Err(SessionRefused::SecondFactor) };
            let (earlier, by) = (proven.proofs(auth.ambient().now()), kind.proof());
            let proven = Proven { by: &by, earlier: Some(&earlier), completes: Some(&completion), ..proven };
            match sign_in::lacks_before_session(auth, &proven, known).await? {
                None => set(auth, login, (proven, found), (password, pair)).await,
                Some(_) => Err(SessionRefused::SecondFactor),
            }
        }
        Some(BeforeSession::Enrolment) => Err(SessionRefused::SecondFactor),
        Some(BeforeSession::Password | BeforeSession::Review) => Err(SessionRefused::Credentials),
    }
}

/// Sets the password, ends everything, and begins the session, in one transaction.
async fn set(
    auth: &Auth,
    login: &SessionLogin,
    (proven, found): (Proven<'_>, &Found),
    (password, pair): (&Secret, Option<Pair>),
) -> Result<BegunSession, SessionRefused> {
    let (account, caller) = (&found.account, &login.caller);
    let machine = Machine::of(auth, login, None);
    let program = machine.program();
    let start = Start { program: &program, caller, pair };
    let app = app_of(Dialect::Resonite);
    let rules = login::told(host_rules::before_session(auth, proven, Some(&app)).await)?;
    let (begins, tokens) = native_sign_in::prepared(auth, proven, found.known, &start);
    let has_one = auth.accounts().has_password(&account.id).await.map_err(Error::from_host)?;
    let event = events::event(auth, EventKind::ResetDone, caller).by(Actor::Nobody);
    let change = PasswordChange {
        token: Some(found.token.id.clone()),
        sign_in: None,
        demands: None,
        proven_with: Some(found.known),
        spared: Spared::default(),
        session: None,
        begins: Some(Box::new(begins)),
        notice: Outgoing::to_confirmed(auth, account, new_password::changed(auth, caller)),
        event: event.about(&account.id, &account.username).with("first", !has_one),
        now: auth.ambient().now(),
    };
    match new_password::set(auth, account, password, change).await {
        Ok(()) => {}
        Err(NotSet::Unfit(problem)) => return Err(SessionRefused::Unfit(problem)),
        // Somebody was faster, with the token or the code.
        Err(NotSet::Lost) => return Err(SessionRefused::Credentials),
        Err(NotSet::Failed(error)) => return Err(error.into()),
    }
    if let Some(rules) = rules {
        rules.after_session().await;
    }
    Ok(machine.begun(auth, account.clone(), tokens).await?)
}
