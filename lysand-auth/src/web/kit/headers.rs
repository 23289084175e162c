//! Headers that stand on every answer of a kind, errors included (security WEB-6, Mastodon §17, §19).

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::cookie::Cookie;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::web::Data;
use actix_web::{Error, HttpResponse, error};
use futures_util::future::LocalBoxFuture;

use crate::auth::Auth;
use crate::host::pages::{PageSources, SourceKind};
use crate::web::wire::{accounts_cookie, request, session_cookie};

/// Which kind of answers a route gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerKind {
    /// A page or a route that uses cookies: no other origin may read it.
    Page,
    /// `/api`: bearer and public JSON routes.
    Api,
    /// `/oauth/token` and its neighbours.
    Oauth,
    /// Routes between servers, which no browser calls from another origin (Mastodon §17).
    Internal,
    /// Public documents, such as metadata.
    Public,
}

/// The middleware that sets them; wrap each resource or scope with one.
#[derive(Clone, Copy, Debug)]
pub struct Headers {
    kind: AnswerKind,
    secure: bool,
    cors_methods: Option<&'static str>,
    frontend: FrontendAccess,
}

/// Whether the frontend's own origin may read answers of a route where cookies count (FAC-59).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrontendAccess {
    None,
    /// What programs get.
    Json,
    Whole,
}

impl Headers {
    /// Headers for a kind of answers; `secure` when the server's origin is https.
    #[must_use]
    pub const fn new(kind: AnswerKind, secure: bool) -> Self {
        Self { kind, secure, cors_methods: kind.cors_methods(), frontend: FrontendAccess::None }
    }

    /// The same for a route that another origin may use with these methods alone.
    #[must_use]
    pub const fn with_methods(self, methods: &'static str) -> Self {
        Self { cors_methods: Some(methods), ..self }
    }
}

impl Headers {
    /// The same for a route whose answers the frontend's own origin may read, with cookies.
    #[must_use]
    pub(crate) const fn read_by_frontend(self, frontend: FrontendAccess) -> Self {
        Self { frontend, ..self }
    }

    /// The frontend's origin, when a request comes from there and may be read there.
    fn frontend_origin(self, req: &ServiceRequest) -> Option<HeaderValue> {
        let is_preflight = req.method() == Method::OPTIONS;
        if self.frontend == FrontendAccess::None
            || (self.frontend == FrontendAccess::Json && !is_preflight && !request::wants_json(req.headers()))
        {
            return None;
        }
        let origin = req.headers().get(header::ORIGIN)?;
        let auth = req.app_data::<Data<Auth>>()?;
        let frontend = auth.config().frontend.origin.as_ref()?;
        (origin.as_bytes() == frontend.as_str().as_bytes()).then(|| origin.clone())
    }
}

impl AnswerKind {
    /// Whether pages of any site may read the answers.
    #[must_use]
    pub const fn is_open_to_other_origins(self) -> bool {
        match self {
            Self::Page | Self::Internal => false,
            Self::Api | Self::Oauth | Self::Public => true,
        }
    }

    /// The methods that another origin may use; `None` when it may use none.
    const fn cors_methods(self) -> Option<&'static str> {
        match self {
            Self::Page | Self::Internal => None,
            Self::Api => Some("POST, PUT, DELETE, GET, PATCH, OPTIONS"),
            Self::Oauth => Some("POST"),
            Self::Public => Some("GET"),
        }
    }
}

const NOSNIFF: HeaderName = header::X_CONTENT_TYPE_OPTIONS;
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_DOMAIN: HeaderName = HeaderName::from_static("x-permitted-cross-domain-policies");

/// Pages load their own style, pictures and scripts, which ask this server alone, and no more. There is no `form-action`: browsers
/// apply it to the redirects after a form post, which end at the app (Mastodon §19).
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";
/// The policy of a page that loads something from elsewhere as well.
pub(crate) fn page_policy(sources: &PageSources) -> String {
    let more = |kind| sources.of(kind).fold(String::new(), |list, source| list + " " + source);
    let (styles, images) = (more(SourceKind::Styles), more(SourceKind::Images));
    let (scripts, fonts) = (more(SourceKind::Scripts), more(SourceKind::Fonts));
    let fonts = if fonts.is_empty() { fonts } else { format!(" font-src 'self'{fonts};") };
    format!(
        "default-src 'none'; style-src 'self'{styles}; img-src 'self' data:{images}; script-src 'self'{scripts};{fonts} connect-src 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

const DATA_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const NO_FEATURES: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), publickey-credentials-get=(self), \
                            publickey-credentials-create=(self)";
const EXPOSED: &str =
    "Link, X-RateLimit-Reset, X-RateLimit-Limit, X-RateLimit-Remaining, X-Request-Id, Mastodon-Async-Refresh";

impl<S, B> Transform<S, ServiceRequest> for Headers
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = WithHeaders<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(WithHeaders { service: Rc::new(service), headers: *self }))
    }
}

/// The service behind [`Headers`].
pub struct WithHeaders<S> {
    service: Rc<S>,
    headers: Headers,
}

impl<S, B> Service<ServiceRequest> for WithHeaders<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    actix_web::dev::forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        let headers = self.headers;
        if let (&Method::OPTIONS, Some(methods)) = (req.method(), headers.cors_methods) {
            let mut reply = preflight(req.headers(), methods);
            headers.apply(false, reply.headers_mut());
            return Box::pin(ready(Ok(req.into_response(reply).map_into_right_body())));
        }
        let frontend = headers.frontend_origin(&req);
        if let (&Method::OPTIONS, Some(origin)) = (req.method(), &frontend) {
            let mut reply = preflight(req.headers(), "GET, POST");
            reply.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("Content-Type"));
            reply.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
            allow_frontend(reply.headers_mut(), origin);
            headers.apply(false, reply.headers_mut());
            return Box::pin(ready(Ok(req.into_response(reply).map_into_right_body())));
        }
        let foreign = headers.foreign_cookies(&req);
        let answer = self.service.call(req);
        Box::pin(async move {
            let mut reply = answer.await?;
            headers.follow_accounts(&mut reply);
            let is_redirect = reply.status().is_redirection();
            headers.apply(is_redirect, reply.headers_mut());
            if headers.frontend != FrontendAccess::None {
                reply.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
            }
            if let Some(origin) = &frontend {
                allow_frontend(reply.headers_mut(), origin);
            }
            let set: Vec<String> = reply.response().cookies().map(|cookie| cookie.name().to_owned()).collect();
            for removal in foreign {
                // Not what the handler has set just now.
                if removal.domain().is_some() || !set.iter().any(|name| name == removal.name()) {
                    reply.response_mut().add_cookie(&removal).map_err(error::ErrorInternalServerError)?;
                }
            }
            Ok(reply.map_into_left_body())
        })
    }
}

/// Lets the frontend's own origin read the answer, with cookies.
fn allow_frontend(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
}

/// A preflight carries no credentials, and is neither authenticated nor throttled (Mastodon §17).
fn preflight(asked: &HeaderMap, methods: &'static str) -> HttpResponse {
    let mut reply = HttpResponse::Ok();
    reply.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods));
    reply.insert_header((header::ACCESS_CONTROL_MAX_AGE, "7200"));
    let wanted = asked
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .cloned()
        .unwrap_or(HeaderValue::from_static("Authorization, Content-Type, Idempotency-Key"));
    reply.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, wanted));
    reply.finish()
}

impl Headers {
    /// What removes copies of the sign-in cookie that somebody else has put into this browser, where cookies count
    /// (faults F13).
    fn foreign_cookies(self, req: &ServiceRequest) -> Vec<Cookie<'static>> {
        match req.app_data::<Data<Auth>>().filter(|_| self.kind == AnswerKind::Page) {
            Some(auth) => session_cookie::removals_of_foreign(auth, req.headers()),
            None => Vec::new(),
        }
    }

    /// The list of a browser's accounts follows its sign-in cookie (FAC-121).
    fn follow_accounts<B>(self, reply: &mut ServiceResponse<B>) {
        let request = reply.request().clone();
        if let Some(auth) = request.app_data::<Data<Auth>>().filter(|_| self.kind == AnswerKind::Page) {
            accounts_cookie::follow(auth, request.headers(), reply.response_mut());
        }
    }

    /// Sets what the handler has not set itself. A redirect shows no document that could use a feature; its headers stay
    /// small beside an app's long `state` (faults A16).
    fn apply(self, is_redirect: bool, headers: &mut HeaderMap) {
        let mut set = |name: HeaderName, value: &'static str| {
            if !headers.contains_key(&name) {
                headers.insert(name, HeaderValue::from_static(value));
            }
        };
        set(NOSNIFF, "nosniff");
        set(header::X_FRAME_OPTIONS, "DENY");
        set(CROSS_DOMAIN, "none");
        if !is_redirect {
            set(PERMISSIONS, NO_FEATURES);
        }
        if self.secure {
            set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
        match self.kind {
            AnswerKind::Page => {
                set(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
                set(header::REFERRER_POLICY, "same-origin");
                set(header::CACHE_CONTROL, "private, no-store");
                // A popup that a web client opened must keep its opener (Mastodon §19).
                set(OPENER, "unsafe-none");
                return;
            }
            AnswerKind::Api => {
                set(header::CACHE_CONTROL, "private, no-store");
                set(header::VARY, "Authorization, Origin");
                set(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
            }
            AnswerKind::Oauth | AnswerKind::Internal => set(header::CACHE_CONTROL, "no-store"),
            AnswerKind::Public => {}
        }
        set(header::CONTENT_SECURITY_POLICY, DATA_POLICY);
        set(header::REFERRER_POLICY, "no-referrer");
        set(OPENER, "same-origin");
        if self.kind.is_open_to_other_origins() {
            set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        }
    }
}
