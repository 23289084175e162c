//! Apps are told that a session is over (OpenID Connect Back-Channel Logout 1.0, FAC-147, FAC-148). Whom to tell is written with the
//! end of the session; here it is done, each host by itself, so that a slow one holds nobody up.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use tokio::task::JoinSet;
use url::Url;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::secret::Secret;
use crate::signing::LogoutClaims;
use crate::steps::{events, id_token};
use crate::store::logouts::{self, Due};
use crate::store::{apps, openid_clients};
use crate::{store, upstream};

/// How long after a try the next one is; after the last of them it is given up.
const AGAIN: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(5 * 60)];
/// How long one call may take at the most, before another replica may make the next one.
const TURN: Duration = Duration::from_secs(30);
/// How many calls one host gets in a minute.
const MOST_CALLS: i64 = 30;
const MINUTE: Duration = Duration::from_secs(60);
/// How many hosts are called at the same moment.
const MOST_HOSTS: usize = 32;
/// How many rows are looked at at once.
const PAGE: i64 = 500;

/// Tells apps for as long as the future is polled, and looks every now and then whether there is something to tell: what
/// [`web::mount`](crate::web::mount) starts.
pub async fn regularly(auth: Auth, every: Duration) {
    let every = every.clamp(Duration::from_millis(1), Duration::from_secs(1));
    let (mut calls, mut busy) = (JoinSet::new(), HashSet::new());
    loop {
        match hosts(&auth).await {
            Ok(hosts) => {
                for host in hosts {
                    if calls.len() < MOST_HOSTS && busy.insert(host.clone()) {
                        let auth = auth.clone();
                        calls.spawn(async move {
                            let done = tell_host(&auth, &host).await;
                            (host, done)
                        });
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "who is to be told of a sign-out cannot be read; it is tried again soon")
            }
        }
        tokio::select! {
            Some(Ok((host, done))) = calls.join_next() => {
                busy.remove(&host);
                if let Err(error) = done {
                    tracing::warn!(%error, host, "apps cannot be told of a sign-out; it is tried again soon");
                }
            }
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Tells everybody whose time has come, and waits until it is done. Answers with the number of apps that know it now.
///
/// # Errors
/// When the database does not answer.
pub async fn tell_waiting(auth: &Auth) -> Result<usize, Error> {
    let hosts = hosts(auth).await?;
    let told = futures_util::future::join_all(hosts.iter().map(|host| tell_host(auth, host))).await;
    told.into_iter().sum()
}

/// The hosts where somebody is to be told now.
async fn hosts(auth: &Auth) -> Result<BTreeSet<String>, Error> {
    Ok(due(auth).await?.iter().map(|due| host_of(&due.uri)).collect())
}

async fn due(auth: &Auth) -> Result<Vec<Due>, Error> {
    let now = auth.ambient().now();
    auth.store().look_up(move |c| Box::pin(logouts::due(c, now, PAGE))).await
}

/// Host and port: what is called one call at a time.
fn host_of(uri: &str) -> String {
    Url::parse(uri).map_or_else(|_| uri.to_owned(), |url| url.origin().ascii_serialization())
}

/// Tells all that is due at one host, one after another, as long as it has calls left and nobody else calls it.
async fn tell_host(auth: &Auth, host: &str) -> Result<usize, Error> {
    let mut told = 0;
    loop {
        let waiting = due(auth).await?.into_iter().find(|due| host_of(&due.uri) == host);
        let Some(due) = waiting else { return Ok(told) };
        if !take_turn(auth, host).await? {
            return Ok(told);
        }
        let done = tell(auth, &due).await;
        let left = host.to_owned();
        auth.store().write_one(move |c| Box::pin(async move { logouts::leave_host(c, &left).await })).await?;
        told += usize::from(done?);
    }
}

async fn take_turn(auth: &Auth, host: &str) -> Result<bool, Error> {
    let (host, now) = (host.to_owned(), auth.ambient().now());
    let turn = (now, now.plus(TURN), now.minus(MINUTE), MOST_CALLS);
    auth.store().write(move |c| Box::pin(async move { logouts::take_host(c, &host, turn).await })).await
}

/// Tells one app, and notes what came of it; true when the app knows it.
async fn tell(auth: &Auth, due: &Due) -> Result<bool, Error> {
    let why = match auth.config().openid.tells_apps() {
        true => call(auth, due).await?,
        // It was on when the session ended.
        false => Some(Failed::ForGood("apps are not told any more".to_owned())),
    };
    let now = auth.ambient().now();
    let (outcome, next) = match why {
        None => ("told", None),
        Some(Failed::ForNow(why)) => {
            let next = usize::try_from(due.tries).ok().and_then(|tries| AGAIN.get(tries)).map(|wait| now.plus(*wait));
            tracing::warn!(app = %due.app, why, again = next.is_some(), "an app cannot be told of a sign-out");
            ("not_told", next)
        }
        Some(Failed::ForGood(why)) => {
            tracing::warn!(app = %due.app, why, again = false, "an app cannot be told of a sign-out");
            ("not_told", None)
        }
    };
    settle(auth, due, outcome, next).await?;
    Ok(outcome == "told")
}

/// Why an app does not know it.
enum Failed {
    ForNow(String),
    ForGood(String),
}

async fn settle(auth: &Auth, due: &Due, outcome: &'static str, next: Option<Timestamp>) -> Result<(), Error> {
    let kind = EventKind::AppToldOfSignOut;
    let event = events::event(auth, kind, &Caller::default()).by(Actor::System).about(&due.account, "");
    let event = event.through(&due.app);
    let event = if outcome == "told" { event } else { event.refused() };
    let due = due.clone();
    let settled = auth.store().write(move |c| {
        Box::pin(async move {
            match next {
                Some(next) => logouts::again(c, &due, next).await,
                None => {
                    logouts::drop(c, &due).await?;
                    store::events::add(c, event).await
                }
            }
        })
    });
    settled.await
}

/// The call itself; `None` when the app knows it.
async fn call(auth: &Auth, due: &Due) -> Result<Option<Failed>, Error> {
    let wanted = due.app.clone();
    let looked_up = auth.store().look_up(move |c| {
        Box::pin(async move { Ok((apps::by_id(c, &wanted).await?, openid_clients::of_app(c, &wanted).await?)) })
    });
    let (Some(app), client) = looked_up.await? else { return Ok(Some(Failed::ForGood("it is gone".to_owned()))) };
    let Ok(signer) = id_token::signer(auth, client.signed_by).await else {
        return Ok(Some(Failed::ForNow("there is no key for its algorithm".to_owned())));
    };
    let claims =
        LogoutClaims { subject: &due.subject, audience: &app.client_id, session: &due.sid, id: &id_of(auth, due) };
    let token = auth.keys().sign_logout_token(&signer, &claims, &auth.config().base_url, auth.ambient().now());
    let token = token.map_err(Error::failed)?;
    let told = auth.provider_clients().app_calls().tell(&due.uri, &token).await;
    Ok(told.err().map(|error: upstream::NotTold| match error.is_final() {
        true => Failed::ForGood(error.to_string()),
        false => Failed::ForNow(error.to_string()),
    }))
}

/// `jti`: the same in every try, and another one for each app and session.
fn id_of(auth: &Auth, due: &Due) -> String {
    let key = auth.config().keys.secrets().first().map_or([0; 64], |key| key.subkey("logout token"));
    Secret::derive(&key, &[due.session.as_bytes(), due.app.as_str().as_bytes()]).expose().to_owned()
}
