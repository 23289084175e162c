//! A session that is used goes on, and its owner ends it (native 3.4).

use std::time::Duration;

use super::super::caller::{Caller as NativeCaller, of_token};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::native::Dialect;
use crate::model::resonite::ResoniteSession;
use crate::secret::Secret;
use crate::steps::{events, native_sign_in};
use crate::store::{self, device_records, families, native_sign_ins, resonite_sessions};

/// How much later the end has to be to be written: programs extend before every request.
const STEP: Duration = Duration::from_secs(60);

/// Moves the end of the session that somebody calls with, at most to its absolute end.
///
/// # Errors
/// 401 when it ended meanwhile; when the database does not answer.
pub async fn extend_session(auth: &Auth, caller: &NativeCaller) -> Result<(), Error> {
    let over = || Error::invalid_token("The access token was revoked");
    let (family, now) = (caller.sign_in().to_owned(), auth.ambient().now());
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            let sign_in = native_sign_ins::of_family(c, &family).await?;
            Ok(sign_in.zip(resonite_sessions::of_family(c, &family).await?))
        })
    });
    let (sign_in, session) = found.await?.ok_or_else(over)?;
    let (unused, _) = auth.config().native.resonite.lifetimes(session.remembered);
    let until = now.plus(unused).min(session.absolute_at);
    if until < sign_in.expires_at.plus(STEP) {
        return Ok(());
    }
    let (family, device) = (session.family, sign_in.device);
    let extended = auth.store().write(move |c| {
        Box::pin(async move {
            device_records::see(c, &device, now).await?;
            resonite_sessions::extend(c, &family, until, now).await
        })
    });
    if extended.await? { Ok(()) } else { Err(over()) }
}

/// Ends a session of the account that calls, by its token.
///
/// # Errors
/// 404 when the account has no such one; when the database does not answer.
pub async fn end_session(auth: &Auth, caller: &NativeCaller, token: &Secret, from: &Caller) -> Result<(), Error> {
    let nothing = || Error::refused(Code::NotFound, "Unknown session");
    let found = of_token(auth, (Dialect::Resonite, token), from.source, None).await?;
    let found = found.filter(|found| found.account.id == caller.account.id).ok_or_else(nothing)?;
    let (account, now) = (caller.account.clone(), auth.ambient().now());
    let (family, over) = (found.sign_in().to_owned(), found.sign_in().to_owned());
    let event = events::event(auth, EventKind::SessionEnded, from).by(Actor::Account(account.id.clone()));
    let event = event.about(&account.id, &account.username).with("dialect", Dialect::Resonite.name());
    let ended = native_sign_in::end(auth, move |c| {
        Box::pin(async move {
            if !families::end(c, &family, now).await? {
                return Ok((false, Vec::new()));
            }
            store::events::add(c, event).await?;
            Ok((true, vec![family]))
        })
    });
    if !ended.await? {
        return Err(nothing());
    }
    tracing::info!(account = %account.id, sign_in = %over, "a session was ended by its owner");
    Ok(())
}

/// Whether a session may be used from a machine that says this of itself: any, unless sessions are bound to theirs.
///
/// # Errors
/// When the database does not answer.
pub async fn is_of_machine(auth: &Auth, caller: &NativeCaller, uid: Option<&Secret>) -> Result<bool, Error> {
    if !auth.config().native.resonite.machine_bound {
        return Ok(true);
    }
    let family = caller.sign_in().to_owned();
    let found = auth.store().look_up(move |c| Box::pin(async move { resonite_sessions::of_family(c, &family).await }));
    let is_its = |session: ResoniteSession| !session.machine_bound || uid.is_some_and(|uid| session.uid.is_of(uid));
    Ok(found.await?.is_some_and(is_its))
}
