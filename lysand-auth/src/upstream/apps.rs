//! Calls to apps: a session is over (Back-Channel Logout 1.0). Anybody can register an app, so an address is judged by where it
//! leads at the moment of the connection, and nothing of the answer counts but its status (FAC-148).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CONTENT_TYPE;
use url::{Host, Url};

use super::http::{HttpError, NoPublicAddress, TIMEOUT, careful_client, no_answer, tls};
use super::tunnel::ProxyTunnel;
use crate::config::Config;
use crate::model::address;
use crate::secret::Secret;

/// How much of an answer is read.
const MAX_ANSWER: usize = 4 * 1024;

/// Why an app was not told. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTold {
    /// Its address leads into a network of the operator's, or is no https.
    #[error("{0} is not https or not public (openid.backchannel_allow lets an app be in your own network)")]
    Forbidden(String),
    /// There is an outgoing proxy, which is not asked for this.
    #[error(
        "{0} is reached by the outgoing proxy alone, and apps are not told through it (openid.backchannel_via_proxy = true asks it; openid.backchannel_allow lets this server call an app itself)"
    )]
    ProxyAlone(String),
    /// It does not answer, or not well.
    #[error("{0}")]
    NoAnswer(String),
    /// It answers something else than success.
    #[error("the app answers {0}")]
    Refused(u16),
}

impl NotTold {
    /// Whether it would be the same at the next try.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Self::ProxyAlone(_))
    }
}

/// Calls apps.
pub(crate) struct AppCalls {
    client: reqwest::Client,
    /// The outgoing proxy, where it is asked for this.
    tunnel: Option<ProxyTunnel>,
    reachable: Reachable,
}

/// Which addresses may be connected to without a proxy.
#[derive(Clone)]
struct Reachable {
    /// Those of networks that are allowed though private.
    allowed: Arc<[IpNet]>,
    /// All public ones: not where a proxy stands between.
    public: bool,
}

impl AppCalls {
    pub(super) fn new(config: &Config) -> Result<Self, String> {
        let allowed = config.openid.backchannel_allow.iter().copied().collect();
        let reachable = Reachable { allowed, public: config.sso.outgoing_proxy.is_none() };
        let tls = tls(&config.sso.trusted_roots)?;
        let client = careful_client(&tls).no_proxy().dns_resolver(reachable.clone());
        let client = client.build().map_err(|error| error.to_string())?;
        let proxy = config.sso.outgoing_proxy.as_ref().filter(|_| config.openid.backchannel_via_proxy);
        Ok(Self { client, tunnel: proxy.map(|proxy| ProxyTunnel::new(proxy, tls)), reachable })
    }

    /// Tells an app that a session is over.
    pub(crate) async fn tell(&self, uri: &str, logout_token: &Secret) -> Result<(), NotTold> {
        let url = Url::parse(uri).map_err(|_| NotTold::Forbidden(uri.to_owned()))?;
        let place = url.origin().ascii_serialization();
        let body =
            form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", logout_token.expose()).finish();
        let status = match &self.tunnel {
            Some(tunnel) => match self.reachable.of_proxy(&url, &place).await? {
                Some(address) => through(tunnel, (&url, address), body, &place).await?,
                None => self.call(url, body, place).await?,
            },
            None => self.call(url, body, place).await?,
        };
        if (200..300).contains(&status) { Ok(()) } else { Err(NotTold::Refused(status)) }
    }

    /// Calls an app without a proxy. Answers with the status.
    async fn call(&self, url: Url, body: String, place: String) -> Result<u16, NotTold> {
        self.reachable.judge(&url, &place)?;
        let failed = |error: reqwest::Error| match no_answer(place.clone(), &error) {
            HttpError::NotPublic(place) if !self.reachable.public => NotTold::ProxyAlone(place),
            HttpError::NotPublic(place) => NotTold::Forbidden(place),
            error => NotTold::NoAnswer(error.to_string()),
        };
        let asked = self.client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body).send();
        let mut answer = asked.await.map_err(&failed)?;
        let status = answer.status();
        let mut read = 0;
        while read < MAX_ANSWER {
            let Ok(Some(chunk)) = answer.chunk().await else { break };
            read += chunk.len();
        }
        Ok(status.as_u16())
    }
}

/// Calls an app by way of the outgoing proxy. Answers with the status.
async fn through(tunnel: &ProxyTunnel, to: (&Url, SocketAddr), body: String, place: &str) -> Result<u16, NotTold> {
    match tokio::time::timeout(TIMEOUT, tunnel.post(to, body, MAX_ANSWER)).await {
        Ok(answer) => answer.map_err(|why| NotTold::NoAnswer(format!("no answer from {place} by the proxy: {why}"))),
        Err(_) => Err(NotTold::NoAnswer(format!("no answer from {place} by the proxy: it takes too long"))),
    }
}

impl Reachable {
    fn has(&self, address: IpAddr) -> bool {
        (self.public && address::is_public(address)) || self.allowed.iter().any(|network| network.contains(&address))
    }

    /// The public address at which the proxy is to be asked for an app; none where this server calls the app itself.
    async fn of_proxy(&self, url: &Url, place: &str) -> Result<Option<SocketAddr>, NotTold> {
        let forbidden = || NotTold::Forbidden(place.to_owned());
        if url.scheme() != "https" || !url.username().is_empty() || url.password().is_some() {
            return Err(forbidden());
        }
        let host = url.host_str().ok_or_else(forbidden)?.trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, url.port_or_known_default().unwrap_or(443))).await;
        let found: Vec<SocketAddr> = found.map_err(|_| NotTold::NoAnswer(format!("{place} is not found")))?.collect();
        match found.first() {
            Some(first) if found.iter().all(|found| address::is_public(found.ip())) => Ok(Some(*first)),
            Some(_) if found.iter().all(|found| self.has(found.ip())) => Ok(None),
            _ => Err(forbidden()),
        }
    }

    /// What can be said before the name is looked up.
    fn judge(&self, url: &Url, place: &str) -> Result<(), NotTold> {
        let bare = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
        let literal = match url.host() {
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(Host::Domain(_)) => None,
            None => return Err(NotTold::Forbidden(place.to_owned())),
        };
        match bare && literal.is_none_or(|address| self.has(address)) {
            true => Ok(()),
            false if bare && !self.public && literal.is_some_and(address::is_public) => {
                Err(NotTold::ProxyAlone(place.to_owned()))
            }
            false => Err(NotTold::Forbidden(place.to_owned())),
        }
    }
}

impl Resolve for Reachable {
    fn resolve(&self, name: Name) -> Resolving {
        let (name, reachable) = (name.as_str().to_owned(), self.clone());
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            // One private address among public ones is how a name is rebound: such a name is nobody's to be called.
            if found.is_empty() || !found.iter().all(|found| reachable.has(found.ip())) {
                return Err(NoPublicAddress.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reachable(allowed: &[&str], public: bool) -> Reachable {
        Reachable { allowed: allowed.iter().map(|network| network.parse().unwrap()).collect(), public }
    }

    #[test]
    fn app_in_a_private_network_is_called_only_where_that_is_allowed() {
        let may = |reachable: &Reachable, text: &str| reachable.judge(&Url::parse(text).unwrap(), "x").is_ok();
        let (usual, own) = (reachable(&[], true), reachable(&["127.0.0.0/8", "::1/128"], true));
        for text in ["https://a.example/", "https://93.184.215.14/"] {
            assert!(may(&usual, text) && may(&own, text), "{text}");
        }
        for text in ["https://127.0.0.1/", "https://[::1]:1/"] {
            assert!(!may(&usual, text) && may(&own, text), "{text}");
        }
        for text in
            ["http://a.example/", "https://10.0.0.1/", "https://169.254.169.254/", "https://u@a.example/", "file:///x"]
        {
            assert!(!may(&usual, text) && !may(&own, text), "{text}");
        }
        let behind_proxy = reachable(&["127.0.0.0/8"], false);
        assert!(!may(&behind_proxy, "https://93.184.215.14/") && may(&behind_proxy, "https://127.0.0.1/"));
    }

    #[tokio::test]
    async fn app_name_is_judged_by_every_address_that_it_leads_to() {
        let resolve =
            |reachable: Reachable| async move { reachable.resolve("localhost".parse().unwrap()).await.is_ok() };
        assert!(!resolve(reachable(&[], true)).await);
        assert!(!resolve(reachable(&["10.0.0.0/8"], true)).await);
        assert!(resolve(reachable(&["127.0.0.0/8", "::1/128"], true)).await);
    }
}
