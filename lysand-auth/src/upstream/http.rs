//! The one place from which this library asks other servers (security RP-8): to known addresses only, without redirects,
//! with a limit on everything.

use std::error::Error;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use oauth2::http::Response;
use oauth2::{HttpRequest, HttpResponse};
use reqwest::Proxy;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use serde_json::{Map, Value};
use url::{Host, Url};

use super::json;
use crate::config::authorities;
use crate::model::address;
use crate::secret::Secret;

/// How long one request may take, and of it the connection.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The largest answer that is read.
const MAX_ANSWER: usize = 256 * 1024;

/// Why a request brought no answer. The text is for the log; it holds no secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// The address may not be asked.
    #[error(
        "{0} may not be asked: it is not https, or not public (allow_private = true lets the provider be in your own network)"
    )]
    Forbidden(String),
    /// The name leads to private addresses alone, or to none.
    #[error("{0} has no public address: allow_private = true lets the provider be in your own network")]
    NotPublic(String),
    /// Nobody answers, or not in time.
    #[error("no answer from {0}: {1}")]
    NoAnswer(String, &'static str),
    /// Nobody vouches for it whom we trust. The operator reads what to do.
    #[error("the certificate of {0} is not trusted ({1}): if it is right, its authority belongs in oidc.trusted_roots")]
    UntrustedCertificate(String, String),
    /// The answer is too large, not JSON, or a redirect.
    #[error("the answer of {0} {1}")]
    UnusableAnswer(String, &'static str),
}

/// Two clients: one that finds public addresses alone, or asks the outgoing proxy; one for providers that may be private,
/// which are asked directly.
#[derive(Clone)]
pub(super) struct Http {
    public: reqwest::Client,
    private: reqwest::Client,
}

impl Http {
    /// Clients that trust the public authorities and `roots`. With a proxy it is the proxy that finds the addresses of
    /// names, and so the proxy that keeps them from leading into the operator's own network.
    pub(super) fn new(roots: &[String], proxy: Option<&Secret>) -> Result<Self, String> {
        let tls = tls(roots)?;
        let client = || careful_client(&tls);
        let built = |builder: reqwest::ClientBuilder| builder.build().map_err(|error| error.to_string());
        let public = match proxy {
            // What is wrong with the address is not repeated: it may hold a password.
            Some(proxy) => client().proxy(Proxy::all(proxy.expose()).map_err(|_| "the proxy's address is none")?),
            None => client().no_proxy().dns_resolver(PublicOnly),
        };
        Ok(Self { public: built(public)?, private: built(client().no_proxy())? })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    pub(super) async fn send(&self, request: HttpRequest, may_be_private: bool) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let text = parts.uri.to_string();
        let url = Url::parse(&text).map_err(|_| HttpError::Forbidden(text.clone()))?;
        let place = url.origin().ascii_serialization();
        if !is_allowed(&url, may_be_private) {
            return Err(HttpError::Forbidden(place));
        }
        let client = if may_be_private { &self.private } else { &self.public };
        let silent = |error: reqwest::Error| no_answer(place.clone(), &error);
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
        let mut response = Response::new(bytes);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// A client that follows nothing, unpacks nothing, keeps nothing and does not wait for long.
pub(super) fn careful_client(tls: &rustls::ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .redirect(Policy::none())
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
}

/// Why there was no answer: what was wrong with the certificate, that the name is not public, or a word for the rest. The
/// error's own text stays untold: it could hold the request's address.
pub(super) fn no_answer(place: String, error: &reqwest::Error) -> HttpError {
    let mut why = if error.is_timeout() { "it takes too long" } else { "the connection fails" };
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        // An I/O error hides what it carries from its own chain of sources.
        let io = error.downcast_ref::<io::Error>();
        let carried = io.and_then(io::Error::get_ref);
        let found = carried.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::InvalidCertificate(why)) = found {
            return HttpError::UntrustedCertificate(place, why.to_string());
        }
        if error.is::<NoPublicAddress>() {
            return HttpError::NotPublic(place);
        }
        match io.map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => why = "the connection is refused",
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => why = "the connection is cut",
            Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => why = "no route leads there",
            _ => {}
        }
        cause = carried.map_or_else(|| error.source(), |inner| Some(inner));
    }
    HttpError::NoAnswer(place, why)
}

/// The answer's body as an object, each of whose names stands once.
pub(super) fn object(answer: &HttpResponse, of: &str) -> Result<Map<String, Value>, HttpError> {
    json::object(answer.body()).map_err(|why| HttpError::UnusableAnswer(of.to_owned(), why))
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
                return Err(NoPublicAddress.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// A name that leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("no public address")]
pub(super) struct NoPublicAddress;

pub(super) fn tls(roots: &[String]) -> Result<rustls::ClientConfig, String> {
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
        assert!(Http::new(&[], None).is_ok());
        assert!(Http::new(&["nothing".into()], None).is_err());
    }

    #[tokio::test]
    async fn provider_name_with_private_addresses_alone_is_told_apart() {
        let http = Http::new(&[], None).unwrap();
        let request = oauth2::http::Request::get("https://localhost:1/").body(Vec::new()).unwrap();
        let error = http.send(request, false).await.unwrap_err();
        assert!(matches!(&error, HttpError::NotPublic(place) if place == "https://localhost:1"), "{error}");
        assert!(error.to_string().contains("allow_private = true"));
        let request = oauth2::http::Request::get("http://127.0.0.1:1/").body(Vec::new()).unwrap();
        let error = http.send(request, true).await.unwrap_err();
        assert!(matches!(&error, HttpError::NoAnswer(_, "the connection is refused")), "{error}");
    }
}
