//! A session by the token of another one, which lives on.

use super::super::caller::{is_too_weak, of_token};
use super::machine::Machine;
use super::wanted::{BegunSession, SessionLogin, SessionRefused};
use super::{login, named};
use crate::auth::Auth;
use crate::error::Error;
use crate::model::native::Dialect;
use crate::model::rate_limit::FailedAttempts;
use crate::secret::Secret;
use crate::steps::native_sign_in::{self, Start};
use crate::steps::{identifier, throttle};
use crate::store::{native_sign_ins, resonite_sessions};

pub(super) async fn with_token(
    auth: &Auth,
    login: &SessionLogin,
    token: &Secret,
) -> Result<BegunSession, SessionRefused> {
    let source = login.caller.source;
    throttle::refuse_address(auth, source)?;
    let found = of_token(auth, (Dialect::Resonite, token), source, None).await?;
    let is_theirs = match &found {
        Some(caller) => is_named(auth, login, caller.account.id.as_str()).await?,
        None => false,
    };
    let Some(caller) = found.filter(|_| is_theirs) else {
        // Nobody guesses one; who shows many that are none counts for the address alone.
        let counters = [auth.config().rate_limits.by_address(source), None, None];
        throttle::count(auth, FailedAttempts { counters, now: auth.ambient().now() }, source).await?;
        return Err(SessionRefused::Credentials);
    };
    let family = caller.sign_in().to_owned();
    let of_session = auth.store().look_up(move |c| {
        Box::pin(async move {
            let sign_in = native_sign_ins::of_family(c, &family).await?;
            Ok(sign_in.zip(resonite_sessions::of_family(c, &family).await?))
        })
    });
    let Some((sign_in, session)) = of_session.await? else { return Err(SessionRefused::Credentials) };
    let account = caller.account;
    if is_too_weak(auth, &account, (caller.bearer.authentication, &sign_in.methods)).await? {
        return Err(SessionRefused::Credentials);
    }
    if auth.config().native.resonite.machine_bound && session.machine_bound && !session.uid.is_of(&login.uid) {
        return Err(SessionRefused::Credentials);
    }
    let machine = Machine::of(auth, login, Some(session.absolute_at));
    let program = machine.program();
    let start = Start { program: &program, caller: &login.caller, pair: None };
    match login::told(native_sign_in::after_sign_in(auth, &account, &sign_in, start).await)? {
        Some(tokens) => Ok(machine.begun(auth, account, tokens).await?),
        None => Err(SessionRefused::Credentials),
    }
}

/// Whether the login names this account.
async fn is_named(auth: &Auth, login: &SessionLogin, account: &str) -> Result<bool, Error> {
    let typed = named::typed(auth, login).await?.trim().to_lowercase();
    if typed.is_empty() || typed.len() > identifier::LONGEST || typed.contains('\0') {
        return Ok(false);
    }
    let named = identifier::named(auth, typed).await?;
    let found = auth.accounts().by_identifier(&named).await.map_err(Error::from_host)?;
    Ok(found.is_some_and(|found| found.id.as_str() == account))
}
