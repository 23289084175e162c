//! The extractor for bearer tokens, for the library's routes and the host's own.

use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::config::BearerInQuery;
use crate::error::Error;
use crate::flows::bearer;
use crate::model::account::{Account, AccountId};
use crate::model::app::App;
use crate::model::scope::Scopes;
use crate::model::session::ActingToken;
use crate::model::strength::Strength;
use crate::secret::Secret;
use crate::web::kit::form_tokens::FormToken;
use crate::web::wire::params::Params;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// A live bearer token. A handler that takes one is not entered without it: the caller gets Mastodon's 401.
///
/// ```
/// # use lysand_auth::web::{ApiError, Bearer};
/// async fn timeline(bearer: Bearer) -> Result<String, ApiError> {
///     let account = bearer.account(&["read", "read:statuses"]).await?;
///     Ok(format!("what @{} sees", account.username))
/// }
/// ```
pub struct Bearer {
    token: bearer::Bearer,
    auth: Data<Auth>,
}

impl Bearer {
    pub(crate) fn token_id(&self) -> &str {
        &self.token.token_id
    }

    /// The token as flows about the own account take it.
    pub(crate) fn acting(&self) -> ActingToken {
        ActingToken::new(&*self.token.token_id, self.token.family_id.clone())
    }

    /// The name of what the person granted, or of the app's own token: plain text of at most 64 characters, the same for
    /// every token that a refresh brings, and no other grant's. Key on it what is to end with the grant, such as a push
    /// subscription: [`Revocations`](crate::host::revocations::Revocations) is notified of this name when it is revoked, and
    /// [`grants::is_live`](crate::flows::authorized_applications::is_live) tells whether it stands. Not a secret.
    #[must_use]
    pub fn grant_id(&self) -> &str {
        self.token.grant_id()
    }

    /// The app that holds the token.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.token.app
    }

    /// What the token may do.
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.token.scopes
    }

    /// The account that the token speaks for, whether it may act or not; `None` for a token of an app alone.
    #[must_use]
    pub fn account_id(&self) -> Option<&AccountId> {
        self.token.account_id.as_ref()
    }

    /// When the token was issued.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.token.created_at
    }

    /// How long the token still lives; `None` is until it is revoked.
    #[must_use]
    pub fn expires_in(&self, now: Timestamp) -> Option<Duration> {
        self.token.expires_at.map(|end| end.since(now))
    }

    /// What the token `sent` from `source` opens.
    pub(crate) async fn of(auth: Data<Auth>, sent: Option<Secret>, source: Option<IpAddr>) -> Result<Self, ApiError> {
        let checked = Checked::of(&auth, sent, source).await;
        Self::found(auth, checked, source)
    }

    fn found(auth: Data<Auth>, checked: Option<Checked>, source: Option<IpAddr>) -> Result<Self, ApiError> {
        let token =
            checked.map_or_else(|| Err(Error::invalid_token("The access token is invalid")), |checked| checked.0);
        let token = token.map_err(|error| ApiError::at(&auth, error))?;
        bearer::note_use(&auth, &token, source);
        Ok(Self { token, auth })
    }

    /// Demands one of `scopes`.
    ///
    /// # Errors
    /// 403 as in Mastodon §11.2.
    pub fn require(&self, scopes: &'static [&'static str]) -> Result<(), ApiError> {
        self.token.require(scopes).map_err(|error| ApiError::at(&self.auth, error))
    }

    /// Demands that whoever granted the token had proven this well, and this recently, who they are (RFC 9470, FAC-106). The app
    /// sends the person through the authorization again, with the `acr_values` and the `max_age` of the challenge. Demand it before
    /// [`account`](Self::account).
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use lysand_auth::web::{Acr, ApiError, Bearer, Strength};
    /// async fn pay(bearer: Bearer) -> Result<String, ApiError> {
    ///     bearer.require_strength(Strength::of(Acr::Two).no_older_than(Duration::from_secs(600)))?;
    ///     Ok(bearer.account(&["write"]).await?.username)
    /// }
    /// ```
    ///
    /// # Errors
    /// 401 with the challenge `insufficient_user_authentication`; also for a personal token, of which nothing is known.
    pub fn require_strength(&self, strength: Strength) -> Result<(), ApiError> {
        let now = self.auth.ambient().now();
        self.token.require_strength(strength, now).map_err(|error| ApiError::at(&self.auth, error))
    }

    /// Demands that the account, if the token speaks for one, was not switched off.
    ///
    /// # Errors
    /// 403 as in Mastodon §11.2.
    pub(crate) async fn refuse_disabled(&self) -> Result<(), ApiError> {
        Ok(self.token.refuse_disabled(&self.auth).await?)
    }

    /// Demands one of `scopes`, and the account that the token speaks for. A personal token has scopes of staff only as long as
    /// its owner is staff.
    ///
    /// # Errors
    /// 403 for the scope, then 422 or 403 for the account, as in Mastodon §11.2; 403 for scopes of staff while the account lacks the
    /// second factor that it must have (FAC-93).
    pub async fn account(&self, scopes: &'static [&'static str]) -> Result<Account, ApiError> {
        self.require(scopes)?;
        let account = self.token.account(&self.auth).await?;
        self.token.require_role(&account, scopes).map_err(|error| ApiError::at(&self.auth, error))?;
        self.token.refuse_overdue(&self.auth, &account, scopes).await?;
        Ok(account)
    }
}

/// What a presented token opens, looked up in this request.
pub(crate) struct Checked(pub(crate) Result<bearer::Bearer, Error>);

impl Checked {
    /// Looks a token up; nothing when none was presented.
    pub(crate) async fn of(auth: &Auth, token: Option<Secret>, source: Option<IpAddr>) -> Option<Self> {
        Some(Self(bearer::speaks_for_from(auth, &token?, source).await))
    }
}

/// The same of the token of a Resonite client, which came in a scheme of its own.
#[cfg(feature = "native")]
pub(crate) struct CheckedSession(pub(crate) Result<bearer::Bearer, Error>);

#[cfg(feature = "native")]
impl CheckedSession {
    /// Looks it up; nothing when none was presented.
    pub(crate) async fn of(auth: &Auth, named: Option<(String, Secret)>, source: Option<IpAddr>) -> Option<Self> {
        Some(Self(bearer::of_resonite(auth, &named?.1, source).await))
    }
}

/// The token of a request: in its header, in a form body that [`FormTokens`](crate::web::FormTokens) has read, or, where an app
/// reads who signed in, in its query.
pub(crate) fn presented(auth: &Auth, req: &HttpRequest) -> Option<Secret> {
    let in_body = || req.extensions().get::<FormToken>().map(|token| token.0.clone());
    request::bearer(req.headers()).or_else(in_body).or_else(|| in_query(auth, req))
}

/// Where libraries that fetch the profile send the token in the query (faults A6).
const PROFILES: [&str; 2] = ["/api/v1/accounts/verify_credentials", "/oauth/userinfo"];

fn in_query(auth: &Auth, req: &HttpRequest) -> Option<Secret> {
    let is_profile = matches!(*req.method(), Method::GET | Method::HEAD)
        && PROFILES.contains(&req.path().trim_end_matches('/'))
        && auth.config().oauth.bearer_in_query == BearerInQuery::Profile;
    if !is_profile {
        return None;
    }
    Params::of_query(req).text("access_token").ok()?.map(Secret::new)
}

impl FromRequest for Bearer {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let auth = req.app_data::<Data<Auth>>().cloned();
        let token = auth.as_ref().and_then(|auth| presented(auth, req));
        let source = auth.as_ref().and_then(|auth| request::source(req, auth.config()));
        let checked = req.extensions_mut().remove::<Checked>();
        Box::pin(async move {
            let auth = auth.ok_or_else(|| Error::failed("lysand_auth::web::mount was not called on this app"))?;
            match checked {
                None => Self::of(auth, token, source).await,
                checked => Self::found(auth, checked, source),
            }
        })
    }
}
