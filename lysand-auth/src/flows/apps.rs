//! Apps register themselves, once and for good.

use std::net::IpAddr;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::model::app::DEVICE_GRANT;
pub use crate::model::app::{App, AppId, AppLinks};
use crate::model::caller::Caller;
use crate::model::native;
pub use crate::model::openid_client::{CheckedOpenId, OpenIdClient, OpenIdRegistration, SigningAlg};
use crate::model::rate_limit::{self, Allowance, Rule};
pub use crate::model::redirect_uri::{RedirectUri, UriProblem};
use crate::model::registration::GRANT_TYPES;
pub use crate::model::registration::{CheckedRegistration, Dialect, Problem, Registration};
pub use crate::model::scope::{Scopes, UnknownScope};
use crate::secret::Secret;
use crate::steps::revocation;
use crate::steps::throttle;
use crate::store::{apps, openid_clients, rate_limits};
use crate::texts;

/// A new app and its secret, which is shown this once.
#[derive(Debug)]
#[non_exhaustive]
pub struct Registered {
    /// The app.
    pub app: App,
    /// What is known of it as an OpenID client.
    pub openid: OpenIdClient,
    /// `client_secret`; a public app has none.
    pub secret: Option<Secret>,
    /// What is left of the limit on registrations, where there is one.
    pub allowance: Option<Allowance>,
}

/// Registers an app (`POST /api/v1/apps`, Mastodon §2; `POST /oauth/register`, RFC 7591). `source` is the caller's address, for the limit on
/// registrations; without one, as on the command line, there is no limit, and the app stays for good.
///
/// # Errors
/// All that is wrong with the registration, as its dialect says it: 422 in Mastodon's, else 400
/// `invalid_redirect_uri` or `invalid_client_metadata`; 429 when an address registers too many.
pub async fn register(auth: &Auth, registration: Registration, source: Option<IpAddr>) -> Result<Registered, Error> {
    keep(auth, checked(auth, registration)?, source, false).await
}

/// Registers an app of the server's own, about which nobody is asked (Mastodon §5.4). No route leads here: it is the
/// operator's to call, on a command line or where a host sets itself up.
///
/// # Errors
/// All that is wrong with the registration; 422 for a public app, which has no secret to prove that it is itself.
pub async fn register_first_party(auth: &Auth, registration: Registration) -> Result<Registered, Error> {
    let checked = checked(auth, registration)?;
    if checked.is_public {
        let why = "Validation failed: An app without a secret cannot be the server's own";
        return Err(Error::refused(Code::Validation, why));
    }
    keep(auth, checked, None, true).await
}

fn checked(auth: &Auth, registration: Registration) -> Result<CheckedRegistration, Error> {
    let dialect = registration.dialect;
    let config = auth.config();
    let mut registration = registration;
    if registration.asks_for_devices() && !config.oauth.device_grant {
        if dialect == Dialect::Dynamic {
            return Err(refused(dialect, &[Problem::Metadata(GRANT_TYPES)]));
        }
        // What Mastodon's route does not know is ignored.
        registration.grant_types.retain(|word| word != DEVICE_GRANT);
    }
    let checked = registration
        .check(config.oauth.plain_http_redirects, &config.scopes)
        .map_err(|problems| refused(dialect, &problems))?;
    match checked.openid.signed_by.is_some_and(|wanted| !auth.keys().algorithms().contains(&wanted)) {
        true => Err(refused(dialect, &[Problem::Metadata("id_token_signed_response_alg must be EdDSA")])),
        false => Ok(checked),
    }
}

/// By which algorithm the id tokens of an app are signed that asks for none.
fn usual_algorithm(auth: &Auth) -> SigningAlg {
    let (usual, known) = (auth.config().openid.default_alg, auth.keys().algorithms());
    if known.contains(&usual) { usual } else { known[0] }
}

async fn keep(
    auth: &Auth,
    checked: CheckedRegistration,
    source: Option<IpAddr>,
    first_party: bool,
) -> Result<Registered, Error> {
    let now = auth.ambient().now();
    let secret = (!checked.is_public).then(|| Secret::generate(auth.ambient()));
    let app = App {
        id: AppId::new(auth.ambient().id()),
        client_id: Secret::generate(auth.ambient()).expose().to_owned(),
        name: checked.name,
        website: checked.website,
        redirect_uris: checked.redirect_uris,
        scopes: checked.scopes,
        created_at: now,
        is_public: checked.is_public,
        expiring: checked.expiring,
        first_party,
        approved: source.is_none(),
        grants: checked.grants,
        device_grant: checked.device_grant,
        links: checked.links,
    };
    let openid = checked.openid.into_client(usual_algorithm(auth));
    let limits = &auth.config().rate_limits;
    let counter = source.and_then(|source| limits.counter(Rule::Apps, &rate_limit::source_of(source)));
    let _turn = match counter {
        Some(counter) => Some(throttle::admit(auth, counter, texts::TOO_MANY_REQUESTS).await?),
        None => None,
    };
    let network = Caller::new(source).keeping(auth.config().sessions.networks).network();
    let (stored, digest, client) = (app.clone(), secret.as_ref().map(Secret::digest), openid.clone());
    let counted = auth.store().write(move |c| {
        Box::pin(async move {
            let mut allowance = None;
            if let Some(counter) = counter {
                let count = rate_limits::count(c, counter, now).await?;
                if count > i64::from(counter.limit.max) {
                    return Ok(Err(counter));
                }
                allowance = Some(counter.limit.allowance(count, now));
            }
            apps::insert(c, &stored, digest, network).await?;
            openid_clients::insert(c, &stored.id, &client).await?;
            Ok(Ok(allowance))
        })
    });
    let allowance = match counted.await? {
        Ok(allowance) => allowance,
        Err(counter) => return Err(throttle::exceeded(auth, (counter, source), texts::TOO_MANY_REQUESTS).await),
    };
    tracing::info!(app = %app.id, name = ?app.name, first_party, "app registered");
    Ok(Registered { app, openid, secret, allowance })
}

fn refused(dialect: Dialect, problems: &[Problem]) -> Error {
    let messages: Vec<&str> = problems.iter().map(|problem| problem.message()).collect();
    let about_uri = problems.iter().any(|problem| matches!(problem, Problem::RedirectUri(_)));
    match dialect {
        Dialect::Mastodon => Error::refused(Code::Validation, format!("Validation failed: {}", messages.join(", "))),
        Dialect::Dynamic if about_uri => Error::refused(Code::InvalidRedirectUri, messages.join(", ")),
        Dialect::Dynamic => Error::refused(Code::InvalidClientMetadata, messages.join(", ")),
    }
}

/// The apps that are built in: the sign-ins of native clients hang on them, and nobody can be one.
///
/// # Errors
/// When the database does not answer.
pub async fn built_in(auth: &Auth) -> Result<Vec<App>, Error> {
    auth.store().read(|c| Box::pin(apps::built_in(c))).await
}

/// Every app that was registered, oldest first.
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
/// 404 when there is none with this id; `Conflict` for one that is built in.
pub async fn delete(auth: &Auth, id: &AppId) -> Result<(), Error> {
    if native::is_built_in(id.as_str()) {
        return Err(Error::refused(Code::Conflict, "This app is built in: the sign-ins of native clients hang on it."));
    }
    let (wanted, over) = (id.clone(), Revoked::App(id.clone()));
    let removed = revocation::revoke(
        auth,
        move |c| Box::pin(async move { apps::delete(c, &wanted).await }),
        |removed| removed.then_some(over),
    );
    if removed.await? { Ok(()) } else { Err(Error::refused(Code::NotFound, "There is no app with this id.")) }
}
