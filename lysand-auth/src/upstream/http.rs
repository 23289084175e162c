//! The one place from which this library asks other servers (security RP-8): to known addresses only, without redirects,
//! with a limit on everything.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use oauth2::http::{Response, StatusCode};
use oauth2::{HttpRequest, HttpResponse};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::json;
use crate::config::authorities;
use crate::model::address;

/// How long one request may take, and of it the connection.
const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The largest answer that is read.
const MAX_ANSWER: usize = 256 * 1024;

/// Why a request brought no answer. The text is for the log; it holds no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// The address may not be asked.
    #[error("{0} may not be asked: it is not https, or not public")]
    Forbidden(String),
    /// Nobody answers, or not in time.
    #[error("no answer from {0}")]
    NoAnswer(String),
    /// Nobody vouches for it whom we trust. The operator reads what to do.
    #[error("the certificate of {0} is not trusted ({1}): if it is right, its authority belongs in oidc.trusted_roots")]
    UntrustedCertificate(String, String),
    /// The answer is too large, not JSON, or a redirect.
    #[error("the answer of {0} {1}")]
    UnusableAnswer(String, &'static str),
}

/// Two clients: one that finds public addresses alone, one for providers that may be private.
#[derive(Clone)]
pub(super) struct Http {
    public: reqwest::Client,
    private: reqwest::Client,
}

impl Http {
    /// Clients that trust the public authorities and `roots`.
    pub(super) fn new(roots: &[String]) -> Result<Self, String> {
        let tls = tls(roots)?;
        let client = || {
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(Policy::none())
                .no_proxy()
                .no_gzip()
                .no_brotli()
                .no_zstd()
                .no_deflate()
                .referer(false)
                .http1_only()
                .connect_timeout(CONNECT_TIMEOUT)
                .timeout(TIMEOUT)
                // A connection lives on the thread of the request that opened it; none is lent to another.
                .pool_max_idle_per_host(0)
                .user_agent(concat!("lysand-auth/", env!("CARGO_PKG_VERSION")))
        };
        let built = |builder: reqwest::ClientBuilder| builder.build().map_err(|error| error.to_string());
        Ok(Self { public: built(client().dns_resolver(PublicOnly))?, private: built(client())? })
    }

    /// Sends a request and reads the whole answer. A good one is JSON, each of whose names stands once.
    pub(super) async fn send(&self, request: HttpRequest, may_be_private: bool) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let text = parts.uri.to_string();
        let url = Url::parse(&text).map_err(|_| HttpError::Forbidden(text.clone()))?;
        let place = url.origin().ascii_serialization();
        if !is_allowed(&url, may_be_private) {
            return Err(HttpError::Forbidden(place));
        }
        let client = if may_be_private { &self.private } else { &self.public };
        let silent = |error: reqwest::Error| match refused_certificate(&error) {
            Some(why) => HttpError::UntrustedCertificate(place.clone(), why),
            None => HttpError::NoAnswer(place.clone()),
        };
        let asked = client.request(parts.method, url).headers(parts.headers).body(body).send();
        let mut answer = asked.await.map_err(silent)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        if status.is_redirection() {
            return Err(HttpError::UnusableAnswer(place, "is a redirect"));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(silent)? {
            if bytes.len() + chunk.len() > MAX_ANSWER {
                return Err(HttpError::UnusableAnswer(place, "is too large"));
            }
            bytes.extend_from_slice(&chunk);
        }
        if status == StatusCode::OK && !json::is_strict(&bytes) {
            return Err(HttpError::UnusableAnswer(place, "is not JSON, or says something twice"));
        }
        let mut response = Response::new(bytes);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// What was wrong with the other side's certificate, when that ended the request. Anything else about an error stays
/// untold: its text could hold the request's address.
fn refused_certificate(error: &reqwest::Error) -> Option<String> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        // An I/O error hides what it carries from its own chain of sources.
        let carried = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        let found = carried.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::InvalidCertificate(why)) = found {
            return Some(why.to_string());
        }
        cause = carried.map_or_else(|| error.source(), |inner| Some(inner));
    }
    None
}

/// https to a public name or address; what may be private, may also be plain http.
pub(super) fn is_allowed(url: &Url, may_be_private: bool) -> bool {
    let bare = url.username().is_empty() && url.password().is_none();
    let literal = match url.host() {
        None => return false,
        Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
        Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
        Some(Host::Domain(_)) => None,
    };
    let scheme = url.scheme() == "https" || (may_be_private && url.scheme() == "http");
    bare && scheme && (may_be_private || literal.is_none_or(address::is_public))
}

/// Finds public addresses alone, so that no name leads into the operator's own network.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| address::is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(format!("{name} has no public address").into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

fn tls(roots: &[String]) -> Result<rustls::ClientConfig, String> {
    let mut store = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for pem in roots {
        store.roots.extend(authorities(pem)?.roots);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_client_refuses_plain_http_and_private_addresses_by_default() {
        let allowed = |text: &str, private| is_allowed(&Url::parse(text).unwrap(), private);
        assert!(allowed("https://id.example/a", false) && allowed("https://93.184.215.14/", false));
        for text in [
            "http://id.example/",
            "https://127.0.0.1/",
            "https://10.0.0.1/",
            "https://[::1]/",
            "https://u:p@id.example/",
            "ftp://id.example/",
            "file:///etc/passwd",
        ] {
            assert!(!allowed(text, false), "{text}");
        }
        assert!(allowed("http://127.0.0.1:1/", true) && !allowed("ftp://127.0.0.1/", true));
    }

    #[test]
    fn provider_client_with_malformed_trusted_root_fails_to_build() {
        assert!(Http::new(&[]).is_ok());
        assert!(Http::new(&["nothing".into()]).is_err());
    }
}
