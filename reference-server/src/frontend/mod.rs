//! In redirect mode, what no route of ours answers is asked of the frontend (`frontend.url`): `GET` and `HEAD` alone, from
//! its fixed origin, without anybody's credentials (Lysand §13.1, security WEB-12).
//!
//! What comes back is shown on this server's own origin, so the frontend is trusted as much as this server's pages are.
//! Its trouble is its own: it has a number of places and a time limit for each step, and nothing else waits for it
//! (security LOAD-3).

mod stream;
mod target;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::body::BodySize;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, guard};
use lysand_auth::config::BaseUrl;
use lysand_auth::host::pages::{ErrorPage, Page, PageReply, Pages as _};
use lysand_auth::web::headers::{Headers, Surface};
use lysand_auth::web::{json, not_found, reader};
use reqwest::redirect::Policy;
use rustls::crypto::ring;
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::nowhere::wants_page;
use crate::server::State;
pub(crate) use target::leads_back;

/// How long the connection may take, and the head of the answer with it: together less than ten seconds.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(9);
/// How long nothing may come, or be taken, in the middle of an answer.
const IDLE: Duration = Duration::from_secs(15);
/// How many requests may be with the frontend at the same time.
const PLACES: usize = 256;
/// How this server names itself to the frontend; a request that bears the name already went round in a circle.
const NAME: &str = "lysand-auth";

/// What the frontend is told of a request: what the browser understands and has, never who somebody is.
const TOLD: [HeaderName; 7] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::ACCEPT_ENCODING,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::RANGE,
    header::USER_AGENT,
];

/// What the browser is told of an answer, beside its status, its length and its redirect. No cookies: those of this origin
/// are ours.
const PASSED_BACK: [HeaderName; 10] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::ETAG,
    header::LAST_MODIFIED,
    header::CACHE_CONTROL,
    header::CONTENT_RANGE,
    header::ACCEPT_RANGES,
    header::VARY,
    header::CONTENT_LANGUAGE,
    header::CONTENT_SECURITY_POLICY,
];

/// The words of the pages about a frontend that is away.
pub(crate) const WORDS: [&str; 2] =
    ["This page cannot be shown", "The part of this site that shows it does not answer. Please try again later."];

/// Paths that stay ours whatever the frontend has: what is not there is not there.
const OURS: [&str; 5] = ["/api", "/oauth", "/oauth/{anything:.*}", "/.well-known", "/.well-known/{anything:.*}"];

/// The frontend as all workers share it.
pub struct Frontend {
    origin: BaseUrl,
    own: BaseUrl,
    tls: rustls::ClientConfig,
    places: Arc<Semaphore>,
    /// Whether its trouble is in the log already.
    is_down: AtomicBool,
}

/// Why a request got no answer of the frontend.
enum Trouble {
    /// It cannot be reached, or what it says is no HTTP.
    Away,
    /// It takes too long.
    Slow,
    /// It sends people to another origin.
    Astray,
    /// It does not finish what it began.
    CutOff,
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
        let places = Arc::new(Semaphore::new(PLACES));
        Ok(Self { origin: origin.clone(), own: own.clone(), tls, places, is_down: AtomicBool::new(false) })
    }

    /// A client of one worker: its connections live on that worker's thread.
    fn client(&self) -> reqwest::Result<reqwest::Client> {
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
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(4))
            .build()
    }

    /// Asks, and waits for the head of the answer.
    async fn ask(
        &self,
        client: &reqwest::Client,
        req: &HttpRequest,
        url: url::Url,
    ) -> Result<reqwest::Response, Trouble> {
        let asked = match *req.method() {
            Method::HEAD => client.head(url),
            _ => client.get(url),
        };
        let asked = TOLD
            .iter()
            .flat_map(|name| req.headers().get_all(name).map(move |value| (name, value)))
            .fold(asked.header("via", format!("1.1 {NAME}")), |asked, (name, value)| {
                asked.header(name.as_str(), value.as_bytes())
            });
        match timeout(ANSWER, asked.send()).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) if error.is_timeout() => Err(Trouble::Slow),
            Ok(Err(_)) => Err(Trouble::Away),
            Err(_) => Err(Trouble::Slow),
        }
    }

    /// Says once what is wrong, until it is well again. Nobody's request is told: it is the frontend's trouble.
    fn note(&self, outcome: Result<(), &Trouble>) {
        let was_down = self.is_down.swap(outcome.is_err(), Ordering::Relaxed);
        let frontend = self.origin.as_str();
        match outcome {
            Ok(()) if was_down => tracing::info!(frontend, "the frontend answers again"),
            Ok(()) => {}
            Err(_) if was_down => {}
            Err(Trouble::Away) => {
                tracing::warn!(frontend, "the frontend cannot be reached: start it, or mend frontend.url")
            }
            Err(Trouble::Slow) => {
                tracing::warn!(frontend, "the frontend takes too long: look after it, or mend frontend.url")
            }
            Err(Trouble::CutOff) => {
                tracing::warn!(frontend, "the frontend stopped in the middle of an answer: look after it");
            }
            Err(Trouble::Astray) => {
                tracing::warn!(
                    frontend,
                    "the frontend redirects to another origin, which is not passed on: mend it there"
                );
            }
        }
    }
}

/// Asks the frontend for what is not here.
async fn hand_over(state: Data<State>, client: Data<reqwest::Client>, req: HttpRequest) -> HttpResponse {
    let Some(frontend) = state.frontend.clone() else { return not_found().await };
    let Some(url) = target::target(&frontend.origin, req.uri().path(), req.uri().query()) else {
        return not_found().await;
    };
    if went_round(req.headers()) {
        tracing::warn!(frontend = frontend.origin.as_str(), "frontend.url leads back to this server: mend it");
        return plainly(StatusCode::LOOP_DETECTED, "frontend.url leads back to this server");
    }
    let Ok(place) = Arc::clone(&frontend.places).try_acquire_owned() else {
        return trouble(&state, &req, StatusCode::SERVICE_UNAVAILABLE);
    };
    let answer = frontend.ask(&client, &req, url.clone()).await;
    let passed = answer.and_then(|answer| pass_back(&frontend, &req, &url, answer, place));
    frontend.note(passed.as_ref().map(|_| ()));
    passed.unwrap_or_else(|why| match why {
        Trouble::Away | Trouble::Astray | Trouble::CutOff => trouble(&state, &req, StatusCode::BAD_GATEWAY),
        Trouble::Slow => trouble(&state, &req, StatusCode::GATEWAY_TIMEOUT),
    })
}

/// Whether this server has had the request in its hands before (RFC 9110 §7.6.3).
fn went_round(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(header::VIA).filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|hop| hop.split_whitespace().nth(1) == Some(NAME))
}

/// The frontend's answer as the browser gets it.
fn pass_back(
    frontend: &Arc<Frontend>,
    req: &HttpRequest,
    url: &url::Url,
    answer: reqwest::Response,
    place: OwnedSemaphorePermit,
) -> Result<HttpResponse, Trouble> {
    let status = StatusCode::from_u16(answer.status().as_u16()).map_err(|_| Trouble::Away)?;
    let mut reply = HttpResponse::new(status);
    for name in &PASSED_BACK {
        for value in answer.headers().get_all(name.as_str()) {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                reply.headers_mut().append(name.clone(), value);
            }
        }
    }
    if let Some(given) = answer.headers().get("location") {
        let given = given.to_str().map_err(|_| Trouble::Astray)?;
        let place = target::location(url, &frontend.own, given).ok_or(Trouble::Astray)?;
        let place = HeaderValue::from_str(&place).map_err(|_| Trouble::Astray)?;
        reply.headers_mut().insert(header::LOCATION, place);
    }
    keep_safe(reply.headers_mut());
    let size = answer.headers().get("content-length").and_then(|length| length.to_str().ok()?.parse().ok());
    let has_body = req.method() != Method::HEAD && !matches!(status.as_u16(), 204 | 304);
    let whole = Arc::clone(frontend);
    let body = match has_body {
        true => stream::pass(answer, IDLE, place, move || whole.note(Err(&Trouble::CutOff))),
        false => stream::only_size(size.map_or(BodySize::None, BodySize::Sized)),
    };
    Ok(reply.map_body(|_, _| body).map_into_boxed_body())
}

/// What the frontend did not say itself. Its documents bring scripts and styles of their own, so they are not under the
/// policy of our pages; nobody may frame them, and nobody keeps what the frontend did not say how long to keep.
fn keep_safe(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    set(header::CONTENT_SECURITY_POLICY, "frame-ancestors 'none'");
    set(header::CACHE_CONTROL, "no-cache");
}

/// A page for people, JSON for programs.
fn trouble(state: &State, req: &HttpRequest, status: StatusCode) -> HttpResponse {
    let [title, message] = WORDS;
    let mut reply = plainly(status, message);
    if wants_page(req.headers()) {
        let reader = reader(req);
        let page =
            ErrorPage { status: status.as_u16(), title, message, error: "", error_description: "", start_over: None };
        if let Ok(PageReply::Html { html, language }) = state.pages.show(&Page::Error(page), &reader) {
            let mut page = HttpResponse::build(status);
            page.insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"));
            if let Some(language) = language {
                page.insert_header((header::CONTENT_LANGUAGE, language));
            }
            reply = page.body(html);
        }
    }
    reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
    reply.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept, Accept-Language"));
    reply
}

fn plainly(status: StatusCode, why: &str) -> HttpResponse {
    let mut reply = json(&json!({ "error": why }));
    *reply.status_mut() = status;
    reply
}

/// The way to the frontend, for what no other route answers: mount it after all of them.
pub fn routes(state: &State) -> impl FnOnce(&mut ServiceConfig) + use<> {
    let secure = state.auth.config().base_url.is_secure();
    let (page, api) = (Headers::new(Surface::Page, secure), Headers::new(Surface::Api, secure));
    let frontend = state.frontend.clone();
    move |config| {
        let Some(frontend) = frontend else { return };
        let client = match frontend.client() {
            Ok(client) => client,
            Err(error) => {
                return tracing::error!(%error, "no client for the frontend can be made; its pages are not shown");
            }
        };
        for path in OURS {
            config.service(web::resource(path).default_service(web::to(not_found)).wrap(api));
        }
        config.service(
            web::resource("/{anything:.*}")
                .guard(guard::Any(guard::Get()).or(guard::Head()))
                .app_data(Data::new(client))
                .route(web::to(hand_over))
                .wrap(page),
        );
    }
}
