//! Forwards a request to the frontend.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::config::BaseUrl;
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::response::{self, HeadError};
use super::stream::{self, CutOff};
use super::target;

/// How long the connection may take, and the head of the response with it: together less than ten seconds.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(9);
/// How long an unused connection to the frontend is kept.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// How many requests may be with the frontend at the same time.
const MAX_CONCURRENT: usize = 256;
/// How this server names itself to the frontend; a request that bears the name has been forwarded here already.
const NAME: &str = "lysand-auth";

/// The request headers that the frontend gets: what the browser understands and has, never who somebody is.
const REQUEST_HEADERS: [HeaderName; 7] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::ACCEPT_ENCODING,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::RANGE,
    header::USER_AGENT,
];

/// The frontend as all workers share it.
pub struct Frontend {
    origin: BaseUrl,
    own: BaseUrl,
    tls: rustls::ClientConfig,
    permits: Arc<Semaphore>,
    /// Whether the log says already that it does not work.
    is_down: AtomicBool,
}

/// Why a request is not answered with what the frontend has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardError {
    /// The path could be read differently by two programs, so it is not forwarded.
    BadPath,
    /// The request came from this server: `frontend.url` leads back to it.
    Loop,
    /// Too many requests are with the frontend.
    Busy,
    /// The frontend is unreachable, or its response is not HTTP.
    Unreachable,
    /// The frontend takes too long.
    Timeout,
    /// The frontend redirects to another origin.
    ForeignRedirect,
}

impl From<HeadError> for ForwardError {
    fn from(error: HeadError) -> Self {
        match error {
            HeadError::BadStatus => Self::Unreachable,
            HeadError::ForeignRedirect => Self::ForeignRedirect,
        }
    }
}

/// How a forwarded request went, as the log sees it.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    Answered,
    CutOff,
    Failed(ForwardError),
}

impl Frontend {
    /// The frontend at `origin`, shown on the origin `own`.
    ///
    /// # Errors
    /// When TLS cannot be prepared.
    pub fn new(origin: &BaseUrl, own: &BaseUrl) -> Result<Self, rustls::Error> {
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let permits = Arc::new(Semaphore::new(MAX_CONCURRENT));
        Ok(Self { origin: origin.clone(), own: own.clone(), tls, permits, is_down: AtomicBool::new(false) })
    }

    /// A client of one worker: its connections live on that worker's thread.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn client(&self) -> reqwest::Result<reqwest::Client> {
        reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .redirect(Policy::none())
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(POOL_IDLE_TIMEOUT)
            .build()
    }

    /// Forwards a request, and answers with the frontend's response.
    ///
    /// # Errors
    /// When the request may not be forwarded, or the frontend has no response that may be passed on.
    pub async fn forward(
        self: &Arc<Self>,
        client: &reqwest::Client,
        req: &HttpRequest,
    ) -> Result<HttpResponse, ForwardError> {
        let url = target::target(&self.origin, req.uri().path(), req.uri().query()).ok_or(ForwardError::BadPath)?;
        if has_passed_here(req.headers()) {
            tracing::warn!(frontend = self.origin.as_str(), "frontend.url leads back to this server: mend it");
            return Err(ForwardError::Loop);
        }
        let permit = Arc::clone(&self.permits).try_acquire_owned().map_err(|_| ForwardError::Busy)?;
        let response = self.send(client, req, url.clone()).await;
        let reply = response.and_then(|response| {
            let head = response::head(&response, &url, &self.own)?;
            let has_body = req.method() != Method::HEAD && !matches!(head.status().as_u16(), 204 | 304);
            let frontend = Arc::clone(self);
            let body = match has_body {
                true => stream::pass(response, permit, move |CutOff| frontend.log(Outcome::CutOff)),
                false => stream::only_size(response::size(&response)),
            };
            Ok(head.map_body(|_, _| body).map_into_boxed_body())
        });
        self.log(reply.as_ref().map_or_else(|error| Outcome::Failed(*error), |_| Outcome::Answered));
        reply
    }

    /// Sends the request on, and waits for the head of the response.
    async fn send(
        &self,
        client: &reqwest::Client,
        req: &HttpRequest,
        url: url::Url,
    ) -> Result<reqwest::Response, ForwardError> {
        let request = match *req.method() {
            Method::HEAD => client.head(url),
            _ => client.get(url),
        };
        let request = REQUEST_HEADERS
            .iter()
            .flat_map(|name| req.headers().get_all(name).map(move |value| (name, value)))
            .fold(request.header("via", format!("1.1 {NAME}")), |request, (name, value)| {
                request.header(name.as_str(), value.as_bytes())
            });
        match timeout(RESPONSE_TIMEOUT, request.send()).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_timeout() => Err(ForwardError::Timeout),
            Ok(Err(_)) => Err(ForwardError::Unreachable),
            Err(_) => Err(ForwardError::Timeout),
        }
    }

    /// Logs once what is wrong, until the frontend answers again. The line names no request: what is wrong is the
    /// frontend.
    fn log(&self, outcome: Outcome) {
        let was_down = self.is_down.swap(!matches!(outcome, Outcome::Answered), Ordering::Relaxed);
        let frontend = self.origin.as_str();
        let error = match outcome {
            Outcome::Answered if was_down => return tracing::info!(frontend, "the frontend answers again"),
            Outcome::Answered => return,
            _ if was_down => return,
            Outcome::CutOff => "the frontend stopped in the middle of an answer: look after it",
            Outcome::Failed(ForwardError::Timeout) => {
                "the frontend takes too long: look after it, or mend frontend.url"
            }
            Outcome::Failed(ForwardError::ForeignRedirect) => {
                "the frontend redirects to another origin, which is not passed on: mend it there"
            }
            Outcome::Failed(_) => "the frontend cannot be reached: start it, or mend frontend.url",
        };
        tracing::warn!(frontend, "{error}");
    }
}

/// Whether this server has forwarded the request before (RFC 9110 §7.6.3).
fn has_passed_here(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::VIA).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|hop| hop.split_whitespace().nth(1) == Some(NAME))
}
