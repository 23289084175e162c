//! A flow begins: to sign in (Lysand §8), or to link (Lysand §10).

use std::net::IpAddr;

use crate::auth::Auth;
use crate::config::{CallbackStyle, Provider};
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::model::authorization::{AuthorizationRequest, RequestProblem};
use crate::model::identity::{Flow, FlowSecrets, Purpose, StartedBy};
#[cfg(all(feature = "native", feature = "actix"))]
use crate::model::native::Dialect;
#[cfg(all(feature = "native", feature = "actix"))]
use crate::model::native_return::NativeReturn;
use crate::model::rate_limit::{self, Rule};
use crate::model::session::SessionId;
use crate::secret::Secret;
use crate::steps::request::{self, Omitted};
use crate::steps::throttle;
use crate::store::{rate_limits, sso_flows};
use crate::texts;
use crate::upstream::AuthorizationParameters;

/// A browser that is to go to a provider.
#[derive(Debug)]
#[non_exhaustive]
pub struct ProviderRedirect {
    /// Where to.
    pub location: String,
    /// The flow's name; may be seen.
    pub flow_id: String,
    /// What the browser must bring back in a cookie; `None` when no browser is there yet.
    pub browser: Option<Secret>,
}

/// A link that somebody wants.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LinkStart {
    /// The account that gets the identity.
    pub account: AccountId,
    /// By which right.
    pub by: StartedBy,
    /// Whether the browser that begins is there, and gets a cookie.
    pub in_browser: bool,
    /// The session of that browser, when somebody is signed in there: the link is made without a question only as long as
    /// it is the browser's.
    pub session: Option<SessionId>,
    /// Where the request comes from, for the limit.
    pub source: Option<IpAddr>,
}

impl LinkStart {
    /// A link for an account, begun by a program: no browser is there.
    #[must_use]
    pub fn new(account: AccountId, by: StartedBy) -> Self {
        let session = by.session().cloned();
        Self { account, by, in_browser: false, session, source: None }
    }
}

/// Begins a sign-in (`/oauth/sso`). What the request leaves out, the app's registration says.
///
/// # Errors
/// In this order: 422 without `issuer`; `invalid_request` with the texts of Lysand §8; what Lysand §5 says of redirect
/// URI, response type and scope; `temporarily_unavailable` when the provider does not answer; 429.
pub async fn sign_in(
    auth: &Auth,
    provider: Option<&str>,
    request: AuthorizationRequest,
    source: Option<IpAddr>,
) -> Result<ProviderRedirect, Error> {
    let invalid = |why: &'static str| Error::refused(Code::InvalidRequest, why);
    let provider = provider.filter(|id| !id.is_empty()).ok_or_else(|| Error::required("issuer"))?;
    if request.client_id.as_deref().is_none_or(|id| id == "undefined") {
        return Err(invalid(texts::CLIENT_ID_REQUIRED));
    }
    let provider = auth.config().sso.provider(provider).ok_or_else(|| invalid(texts::ISSUER_INVALID))?;
    let checked = request::check(auth, &request, Omitted::FromRegistration).await;
    let (app, checked) = checked.map_err(|error| {
        error.told(|problem| match problem {
            RequestProblem::UnknownClient => Some(invalid(texts::CLIENT_ID_INVALID)),
            other => request::lysand(other),
        })
    })?;
    let client_id = app.client_id.clone();
    let hints = move |flow: &str| vec![("client_id", client_id.clone()), ("flow_id", flow.to_owned())];
    let callback = callback(auth, provider, hints);
    let start = Start { callback: &callback, in_browser: true, session: None, source };
    begin(auth, provider, Purpose::SignIn(app.id, checked), start).await
}

/// Begins a sign-in of a native client, which comes back at an address of its dialect (native 2.6).
///
/// # Errors
/// `temporarily_unavailable` when the provider does not answer; 429.
#[cfg(all(feature = "native", feature = "actix"))]
pub(crate) async fn native_sign_in(
    auth: &Auth,
    provider: &Provider,
    (dialect, back): (Dialect, NativeReturn),
    callback: String,
    source: Option<IpAddr>,
) -> Result<ProviderRedirect, Error> {
    let start = Start { callback: &|_| callback.clone(), in_browser: true, session: None, source };
    begin(auth, provider, Purpose::Native(dialect, back), start).await
}

/// The address at which a browser comes back, with what the provider's registration may want in it.
fn callback<'a>(
    auth: &'a Auth,
    provider: &'a Provider,
    hints: impl Fn(&str) -> Vec<(&'static str, String)> + 'a,
) -> impl Fn(&str) -> String + 'a {
    move |flow| {
        let callback = auth.config().base_url.join(&format!("/oauth/sso/{}/callback", provider.id));
        match provider.callback {
            CallbackStyle::Query => {
                let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(hints(flow)).finish();
                format!("{callback}?{query}")
            }
            _ => callback,
        }
    }
}

/// Begins a link (`POST /api/v1/sso`, or a form of the signed-in person).
///
/// # Errors
/// 404 when there is no such provider; 502 when it does not answer; 429.
pub async fn link(auth: &Auth, provider: &str, start: LinkStart) -> Result<ProviderRedirect, Error> {
    let found = auth.config().sso.provider(provider);
    let provider = found.ok_or_else(|| Error::refused(Code::NotFound, format!("Issuer {provider} not found")))?;
    let account = start.account.clone();
    let hints = move |flow: &str| {
        vec![("flow_id", flow.to_owned()), ("link", "true".to_owned()), ("user_id", account.as_str().to_owned())]
    };
    let purpose = Purpose::Link(start.account, start.by);
    let LinkStart { in_browser, session, source, .. } = start;
    let callback = callback(auth, provider, hints);
    begin(auth, provider, purpose, Start { callback: &callback, in_browser, session, source }).await
}

/// Who begins a flow.
struct Start<'a> {
    /// Where the browser comes back, once the flow has a name.
    callback: &'a (dyn Fn(&str) -> String + Sync),
    /// Whether the browser that begins is there, and gets a cookie.
    in_browser: bool,
    /// Its session, when somebody is signed in there.
    session: Option<SessionId>,
    /// Where the request comes from, for the limit.
    source: Option<IpAddr>,
}

async fn begin(
    auth: &Auth,
    provider: &Provider,
    purpose: Purpose,
    Start { callback, in_browser, session, source }: Start<'_>,
) -> Result<ProviderRedirect, Error> {
    let (ambient, now) = (auth.ambient(), auth.ambient().now());
    let state = Secret::generate(ambient);
    let browser = in_browser.then(|| Secret::generate(ambient));
    let FlowSecrets { verifier, nonce } = FlowSecrets::derive(&auth.flow_key(), &state, browser.as_ref());
    let id = ambient.id();
    let callback = callback(&id);
    let parameters = AuthorizationParameters { state: &state, nonce: &nonce, verifier: &verifier, callback: &callback };
    let location = auth.provider_clients().authorization_url(&provider.id, now, parameters).await.map_err(|error| {
        tracing::warn!(provider = %provider.id, why = ?error.to_string(), "{}", error.kind());
        Error::refused(Code::ProviderUnreachable, texts::PROVIDER_UNREACHABLE)
    })?;
    let flow = Flow {
        id: id.clone(),
        state: state.digest(),
        provider: provider.id.clone(),
        issuer: provider.issuer(),
        stored_secrets: None,
        callback,
        browser: browser.as_ref().map(|browser| browser.digest().as_bytes().to_vec()),
        session,
        purpose,
        expires_at: now.plus(auth.config().sso.flow_lifetime),
        used_at: None,
        unconfirmed: None,
        held: None,
        finished_at: None,
    };
    let limits = &auth.config().rate_limits;
    let counter = source.and_then(|source| limits.counter(Rule::Sso, &rate_limit::source_of(source)));
    let _turn = match counter {
        Some(counter) => Some(throttle::admit(auth, counter, texts::TOO_MANY_REQUESTS).await?),
        None => None,
    };
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some(counter) = counter
                && rate_limits::count(c, counter, now).await? > i64::from(counter.limit.max)
            {
                return Ok(Err(counter));
            }
            sso_flows::insert(c, &flow).await?;
            Ok(Ok(()))
        })
    });
    match kept.await? {
        Ok(()) => Ok(ProviderRedirect { location, flow_id: id, browser }),
        Err(counter) => Err(throttle::exceeded(auth, (counter, source), texts::TOO_MANY_REQUESTS).await),
    }
}
