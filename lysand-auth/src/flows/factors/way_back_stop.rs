//! The owner of an account says that the second factors stay: with the link of a mail, without signing in, or where they are signed in
//! (FAC-113).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::event::Actor;
use crate::model::mail_token::Purpose;
use crate::model::way_back::Stop;
pub use crate::model::way_back::WayBackTimes;
use crate::secret::Secret;
use crate::steps::way_back_notice::stopped;
use crate::steps::{mail, recovery, way_back_stop};
use crate::store::{self, mail_tokens};

/// What the page of a mail's link shows: whose second factors it is about, and when they go.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StopQuestion {
    /// The account's name.
    pub username: String,
    /// The request.
    pub times: WayBackTimes,
}

/// The open request of an account.
///
/// # Errors
/// When the database does not answer.
pub async fn of_account(auth: &Auth, account: &Account) -> Result<Option<WayBackTimes>, Error> {
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let open = auth.store().look_up(move |c| Box::pin(async move { store::way_back::open(c, &id, now).await }));
    Ok(open.await?.map(|row| row.times))
}

/// What the link of a mail would stop; none when it is over. Nothing changes.
///
/// # Errors
/// 429 when an address tries too many links.
pub async fn look(auth: &Auth, token: &Secret, caller: &Caller) -> Result<Option<StopQuestion>, Error> {
    recovery::count_link(auth, caller).await?;
    let found = recovery::live_token(auth, token, &[Purpose::WayBackStop]).await?;
    let Some((_, account)) = found else { return Ok(None) };
    let times = of_account(auth, &account).await?;
    Ok(times.map(|times| StopQuestion { username: account.username, times }))
}

/// Stops the request with the link of a mail; whose it was.
///
/// # Errors
/// `DeadLink` when it is over; 429 when an address tries too many links.
pub async fn by_link(auth: &Auth, token: &Secret, caller: &Caller) -> Result<String, Error> {
    recovery::count_link(auth, caller).await?;
    let found = recovery::live_token(auth, token, &[Purpose::WayBackStop]).await?;
    let (token, account) = found.ok_or_else(recovery::dead_link)?;
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let event = stopped(auth, &account, Stop::Mail, (Actor::Nobody, caller));
    let done = auth.store().write(move |c| {
        Box::pin(async move {
            let is_first = mail_tokens::spend(c, &token.id, now).await?;
            Ok(is_first && way_back_stop::stop(c, &id, (Stop::Mail, Some(event)), now).await?)
        })
    });
    if !done.await? {
        return Err(recovery::dead_link());
    }
    mail::wake(auth);
    tracing::info!(account = %account.id, "the removal of second factors is stopped by the link of a mail");
    Ok(account.username)
}

/// Stops the request of whoever is signed in. It needs no proof.
///
/// # Errors
/// 404 when there is none.
pub async fn by_owner(auth: &Auth, account: &Account, caller: &Caller) -> Result<(), Error> {
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let event = stopped(auth, account, Stop::Owner, (Actor::Account(id.clone()), caller));
    let done = auth
        .store()
        .write(move |c| Box::pin(async move { way_back_stop::stop(c, &id, (Stop::Owner, Some(event)), now).await }));
    if !done.await? {
        return Err(Error::refused(Code::NotFound, "Record not found"));
    }
    mail::wake(auth);
    tracing::info!(account = %account.id, "the removal of second factors is stopped");
    Ok(())
}
