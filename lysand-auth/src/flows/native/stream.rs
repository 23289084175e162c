//! Streams of native clients: who may open one, and when it is over (native NAT-9).

use super::caller::Caller as NativeCaller;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::native::Dialect;
use crate::secret::Secret;
use crate::steps::stream_watch::StreamWatch;
use crate::steps::tickets;
use crate::store::native_sign_ins;

/// The target of connection tokens.
const HUB: &str = "hub";

/// A stream that may open.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stream {
    /// Whose it is.
    pub account: Account,
    /// The sign-in: the name of the grant that [`Revocations`](crate::host::revocations::Revocations) are told when it is over.
    pub sign_in: String,
    /// What its client speaks.
    pub dialect: Dialect,
}

impl Stream {
    /// Waits until the sign-in is over: within a second when this process ends it, within a minute when another one does.
    pub async fn ended(&self, auth: &Auth) {
        StreamWatch::of(auth, &self.sign_in, &self.account.id).ended().await;
    }
}

/// The stream of whoever calls.
#[must_use]
pub fn of_caller(caller: &NativeCaller, dialect: Dialect) -> Stream {
    Stream { account: caller.account.clone(), sign_in: caller.sign_in().to_owned(), dialect }
}

/// A connection token for the hub: a ticket of the sign-in that calls.
///
/// # Errors
/// 429 while too many of the sign-in wait to be used; when the database does not answer.
pub async fn connection_token(auth: &Auth, caller: &NativeCaller) -> Result<Secret, Error> {
    tickets::issue(auth, &caller.bearer, HUB).await
}

/// The stream that a connection token opens: of the hub, and of no room that has its name.
///
/// # Errors
/// When host or database do not answer.
pub async fn hub_of_ticket(auth: &Auth, shown: &Secret) -> Result<Option<Stream>, Error> {
    of_ticket(auth, shown, (HUB, Dialect::Resonite)).await
}

/// The stream that a ticket for a room opens.
///
/// # Errors
/// When host or database do not answer.
pub async fn room_of_ticket(auth: &Auth, shown: &Secret, room: &str) -> Result<Option<Stream>, Error> {
    of_ticket(auth, shown, (room, Dialect::Synctv)).await
}

async fn of_ticket(auth: &Auth, shown: &Secret, (target, dialect): (&str, Dialect)) -> Result<Option<Stream>, Error> {
    let Some(opened) = tickets::redeem(auth, shown, target).await? else { return Ok(None) };
    let (family, now) = (opened.sign_in.clone(), auth.ambient().now());
    let found = auth.store().look_up(move |c| Box::pin(async move { native_sign_ins::of_family(c, &family).await }));
    let is_its = found.await?.is_some_and(|own| own.dialect == dialect && own.as_session().is_live(now));
    Ok(is_its.then_some(Stream { account: opened.account, sign_in: opened.sign_in, dialect }))
}
