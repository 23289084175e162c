//! Apps register themselves, once and for good.

use std::net::IpAddr;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::app::{App, AppId, Registration};
use crate::model::throttle::{self, Allowance, Rule};
use crate::secret::{Digest, Secret};
use crate::store::{apps, throttles};

/// A new app and its secret, which is shown this once.
#[derive(Debug)]
pub struct Registered {
    /// The app.
    pub app: App,
    /// `client_secret`.
    pub secret: Secret,
    /// What is left of the limit on registrations, where there is one.
    pub allowance: Option<Allowance>,
}

/// Registers an app (`POST /api/v1/apps`, Mastodon §2). `source` is the caller's address, for the limit on
/// registrations; without one, as on the command line, there is no limit.
///
/// # Errors
/// 422 with all that is wrong with the registration; 429 when an address registers too many.
pub async fn register(auth: &Auth, registration: Registration, source: Option<IpAddr>) -> Result<Registered, Error> {
    let checked = registration
        .check()
        .map_err(|problems| Error::refused(Code::Validation, format!("Validation failed: {}", problems.join(", "))))?;
    let now = auth.ambient().now();
    let secret = Secret::mint(auth.ambient());
    let app = App {
        id: AppId::new(auth.ambient().id()),
        client_id: Secret::mint(auth.ambient()).expose().to_owned(),
        name: checked.name,
        website: checked.website,
        redirect_uris: checked.redirect_uris,
        scopes: checked.scopes,
        created_at: now,
    };
    let limit = source.and_then(|source| Some((source, auth.config().rate_limits.of(Rule::Apps)?)));
    let (stored, digest) = (app.clone(), secret.digest());
    let counted = auth.store().write(move |c| {
        Box::pin(async move {
            let mut allowance = None;
            if let Some((source, limit)) = limit {
                let subject = Digest::of(throttle::source_of(source).as_bytes());
                let count = throttles::count(c, Rule::Apps, subject, limit.window(now)).await?;
                if count > i64::from(limit.max) {
                    return Ok(Err(limit.exceeded("Too many requests", now)));
                }
                allowance = Some(limit.allowance(count, now));
            }
            apps::insert(c, &stored, digest).await?;
            Ok(Ok(allowance))
        })
    });
    let allowance = counted.await??;
    tracing::info!(app = %app.id, name = ?app.name, "app registered");
    Ok(Registered { app, secret, allowance })
}

/// Every app, oldest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(auth: &Auth) -> Result<Vec<App>, Error> {
    auth.store().read(|c| Box::pin(apps::list(c))).await
}

/// The app with this id.
///
/// # Errors
/// 404 when there is none.
pub async fn find(auth: &Auth, id: &AppId) -> Result<App, Error> {
    let wanted = id.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { apps::by_id(c, &wanted).await })).await?;
    found.ok_or_else(|| Error::refused(Code::NotFound, "There is no app with this id."))
}

/// Removes an app with its codes and tokens.
///
/// # Errors
/// 404 when there is none with this id.
pub async fn delete(auth: &Auth, id: &AppId) -> Result<(), Error> {
    let wanted = id.clone();
    let removed = auth.store().write(move |c| Box::pin(async move { apps::delete(c, &wanted).await })).await?;
    if removed { Ok(()) } else { Err(Error::refused(Code::NotFound, "There is no app with this id.")) }
}
