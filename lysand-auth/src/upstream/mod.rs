//! Identity providers: the only module that asks other servers (security RP-1 to RP-8).
//!
//! A provider that is away or slow ends the one attempt that needs it, within ten seconds, and nothing else (LOAD-5).

mod algorithm;
mod apps;
mod document;
mod error;
mod exchange;
mod http;
mod id_token;
mod json;
mod jws;
mod keys;
mod oauth;
mod oauth2_only;
mod openid;
mod text;
mod tunnel;
mod user_info;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

pub(crate) use self::apps::{AppCalls, NotTold};
pub(crate) use self::error::ProviderError;
pub(crate) use self::exchange::{AuthorizationParameters, AuthorizationResponse};
use self::http::Http;
use self::openid::OpenId;
use crate::ambient::Timestamp;
use crate::config::{Config, ConfigProblem, Protocol, Provider};
use crate::model::identity::ProviderProfile;

/// How long all requests of one attempt may take together (security LOAD-5).
const TIMEOUT: Duration = Duration::from_secs(9);
/// How many attempts may wait for one provider; more are refused at once (security LOAD-3).
const MOST_WAITING: usize = 32;

/// All configured providers.
pub(crate) struct ProviderClients {
    http: Http,
    clients: Vec<ProviderClient>,
    app_calls: AppCalls,
}

/// One provider, what is known of it, and how many ask it at present.
struct ProviderClient {
    provider: Provider,
    openid: Option<OpenId>,
    slots: Semaphore,
}

impl ProviderClients {
    /// The clients of the providers; when there can be none, that is one of the problems.
    pub(crate) fn of(config: &Config, problems: &mut Vec<ConfigProblem>) -> Option<Self> {
        match Self::new(config) {
            Ok(clients) => Some(clients),
            Err(why) => {
                if !problems.iter().any(|problem| problem.field == "oidc.trusted_roots") {
                    problems.push(ConfigProblem::new("oidc", format!("providers cannot be asked: {why}")));
                }
                None
            }
        }
    }

    /// Prepares to ask the providers of a configuration; nobody is asked yet, so that a provider may be down at the start.
    pub(crate) fn new(config: &Config) -> Result<Self, String> {
        let sso = &config.sso;
        let client = |provider: &Provider| ProviderClient {
            openid: match &provider.protocol {
                Protocol::OpenId { issuer } => Some(OpenId::new(issuer)),
                Protocol::OAuth2(_) => None,
            },
            provider: provider.clone(),
            slots: Semaphore::new(MOST_WAITING),
        };
        let http = Http::new(&sso.trusted_roots, sso.outgoing_proxy.as_ref())?;
        let app_calls = AppCalls::new(config)?;
        Ok(Self { http, clients: sso.providers.iter().map(client).collect(), app_calls })
    }

    /// What calls apps instead of providers.
    pub(crate) fn app_calls(&self) -> &AppCalls {
        &self.app_calls
    }

    /// The address at the provider to which a browser is sent.
    pub(crate) async fn authorization_url(
        &self,
        id: &str,
        now: Timestamp,
        parameters: AuthorizationParameters<'_>,
    ) -> Result<String, ProviderError> {
        let client = self.client(id)?;
        let asked = async {
            match (&client.openid, &client.provider.protocol) {
                (Some(openid), _) => openid.authorization_url(&self.http, &client.provider, now, parameters).await,
                (None, Protocol::OAuth2(endpoints)) => {
                    oauth2_only::authorization_url(&client.provider, endpoints, &parameters)
                }
                (None, Protocol::OpenId { .. }) => Err(ProviderError::untrusted("no such provider")),
            }
        };
        client.within_limits(asked).await
    }

    /// Whether what the callback says of its sender can be true (RFC 9207): before anything is redeemed there.
    pub(crate) async fn check_issuer(&self, id: &str, now: Timestamp, iss: Option<&str>) -> Result<(), ProviderError> {
        let client = self.client(id)?;
        let Some(openid) = &client.openid else { return Ok(()) };
        // A wrong one needs no question to anybody.
        if iss.is_some_and(|iss| iss != openid.issuer()) {
            return Err(ProviderError::untrusted("the callback names another issuer"));
        }
        if iss.is_none() && client.within_limits(openid.always_sends_iss(&self.http, &client.provider, now)).await? {
            return Err(ProviderError::untrusted("the callback names no issuer, although the provider always does"));
        }
        Ok(())
    }

    /// Who signed in at the provider.
    pub(crate) async fn exchange(
        &self,
        id: &str,
        now: Timestamp,
        response: AuthorizationResponse<'_>,
    ) -> Result<ProviderProfile, ProviderError> {
        let client = self.client(id)?;
        let asked = async {
            match (&client.openid, &client.provider.protocol) {
                (Some(openid), _) => openid.exchange(&self.http, &client.provider, now, response).await,
                (None, Protocol::OAuth2(endpoints)) => {
                    oauth2_only::exchange(&self.http, &client.provider, endpoints, response).await
                }
                (None, Protocol::OpenId { .. }) => Err(ProviderError::untrusted("no such provider")),
            }
        };
        client.within_limits(asked).await
    }

    fn client(&self, id: &str) -> Result<&ProviderClient, ProviderError> {
        self.clients
            .iter()
            .find(|client| client.provider.id == id)
            .ok_or_else(|| ProviderError::untrusted("no such provider"))
    }
}

impl ProviderClient {
    /// Asks, if there is a place, and waits no longer than a person may. A parser that panics over an answer ends this
    /// attempt alone (security LOAD-13).
    async fn within_limits<T>(
        &self,
        asked: impl Future<Output = Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        let _slot =
            self.slots.try_acquire().map_err(|_| ProviderError::Unreachable("too many wait for it".to_owned()))?;
        match tokio::time::timeout(TIMEOUT, AssertUnwindSafe(asked).catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(ProviderError::untrusted("its answer made a parser panic, which is a bug")),
            Err(_) => Err(ProviderError::Unreachable("it takes too long".to_owned())),
        }
    }
}
