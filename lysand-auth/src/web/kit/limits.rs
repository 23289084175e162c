//! The general limits of the API, and the headers that tell of them (Mastodon §18).

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError};
use futures_util::TryFutureExt;
use futures_util::future::{Either, LocalBoxFuture, MapOk};

use crate::auth::Auth;
use crate::error;
use crate::flows::api_rate_limits::{self, Caller};
use crate::model::rate_limit::Allowance;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::page::View;
use crate::web::kit::{bearer, page};
use crate::web::wire::params::Params;
use crate::web::wire::reply::{self, ApiError, OAuthError};
use crate::web::wire::request;

/// The middleware that counts requests by token, account or address, refuses those beyond the limits, and tells what is
/// left. The library's own `/api` routes have it; wrap yours in it, inside of [`Headers`](crate::web::headers::Headers), so
/// that browsers can read a refusal.
///
/// A request is counted once, however many of these it passes. When limits are off it does nothing.
#[derive(Clone)]
pub struct Limits {
    auth: Auth,
    for_forms: bool,
    of_oauth: Option<AnswerKind>,
    errors: Option<ErrorForm>,
}

/// How a refusal is written that no handler has made.
pub(crate) type ErrorForm = fn(error::Error) -> HttpResponse;

impl Limits {
    /// The limits of this configuration.
    #[must_use]
    pub fn new(auth: &Auth) -> Self {
        Self { auth: auth.clone(), for_forms: false, of_oauth: None, errors: None }
    }

    /// The same with refusals of another form.
    pub(crate) fn with_errors(self, errors: Option<ErrorForm>) -> Self {
        Self { errors, ..self }
    }

    /// For routes that forms post to: a person who sends one sees a refusal as a page.
    pub(crate) fn for_forms(auth: &Auth) -> Self {
        Self { auth: auth.clone(), for_forms: true, of_oauth: None, errors: None }
    }

    /// For routes below `/oauth`: they have a limit of their own for each address (faults F3).
    pub(crate) fn of_oauth(auth: &Auth, kind: AnswerKind) -> Self {
        Self { auth: auth.clone(), for_forms: kind == AnswerKind::Page, of_oauth: Some(kind), errors: None }
    }

    /// Preflights carry no credentials and are not counted (Mastodon §17).
    fn applies_to(&self, req: &ServiceRequest) -> bool {
        let is_counted = req.extensions().contains::<Counted>();
        self.auth.config().rate_limits.enabled && req.method() != Method::OPTIONS && !is_counted
    }

    /// Counts a request. A token is looked up here and handed on, so that the handler need not do it again.
    async fn admit(&self, req: &ServiceRequest) -> Result<Option<Allowance>, error::Error> {
        if self.of_oauth.is_some() {
            req.extensions_mut().insert(Counted);
            return api_rate_limits::admit_oauth(&self.auth, request::source(req.request(), self.auth.config()))
                .map(|()| None);
        }
        let source = request::source(req.request(), self.auth.config());
        let checked = bearer::Checked::of(&self.auth, bearer::presented(&self.auth, req.request()), source).await;
        #[cfg(feature = "native")]
        let session = match checked {
            None => bearer::CheckedSession::of(&self.auth, request::res(req.headers()), source).await,
            Some(_) => None,
        };
        let live = checked.as_ref().and_then(|checked| checked.0.as_ref().ok());
        #[cfg(feature = "native")]
        let live = live.or_else(|| session.as_ref().and_then(|session| session.0.as_ref().ok()));
        let admitted = api_rate_limits::admit(
            &self.auth,
            Caller {
                token_id: live.map(|token| token.token_id.as_str()),
                account: live.and_then(|token| token.account_id.as_ref()),
                source,
            },
        );
        let mut extensions = req.extensions_mut();
        extensions.insert(Counted);
        if let Some(checked) = checked {
            extensions.insert(checked);
        }
        #[cfg(feature = "native")]
        if let Some(session) = session {
            extensions.insert(session);
        }
        admitted
    }

    async fn refuse(&self, req: &ServiceRequest, error: error::Error) -> HttpResponse {
        if self.for_forms && request::accepts(req.headers(), "text/html") {
            let reader = Params::of_query(req.request()).reader(req.request());
            return page::error_page(View::new(&self.auth, req.request(), &reader), &error, None).await;
        }
        if let Some(form) = self.errors {
            return form(error);
        }
        match self.of_oauth {
            Some(AnswerKind::Oauth) => OAuthError::at(&self.auth, error).error_response(),
            _ => ApiError(error).error_response(),
        }
    }
}

/// Marks a request that was counted.
struct Counted;

impl<S, B> Transform<S, ServiceRequest> for Limits
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = WithLimits<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(WithLimits { service: Rc::new(service), limits: self.clone() }))
    }
}

/// The service behind [`Limits`].
pub struct WithLimits<S> {
    service: Rc<S>,
    limits: Limits,
}

type Answer<B> = ServiceResponse<EitherBody<B>>;

impl<S, B> Service<ServiceRequest> for WithLimits<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = Answer<B>;
    type Error = Error;
    type Future = Either<
        MapOk<S::Future, fn(ServiceResponse<B>) -> Answer<B>>,
        LocalBoxFuture<'static, Result<Answer<B>, Error>>,
    >;

    actix_web::dev::forward_ready!(service);

    fn call(&self, req: ServiceRequest) -> Self::Future {
        if !self.limits.applies_to(&req) {
            return Either::Left(self.service.call(req).map_ok(ServiceResponse::map_into_left_body));
        }
        let (service, limits) = (Rc::clone(&self.service), self.limits.clone());
        Either::Right(Box::pin(async move {
            let own = match limits.admit(&req).await {
                Ok(own) => own,
                Err(error) => {
                    let reply = limits.refuse(&req, error).await;
                    return Ok(req.into_response(reply).map_into_right_body());
                }
            };
            let mut answer = service.call(req).await?;
            // A limit of the route's own, which its handler left with the answer.
            let of_route = answer.response().extensions().get::<Allowance>().copied();
            if limits.of_oauth.is_some() {
                return Ok(answer.map_into_left_body());
            }
            if let Some(nearest) = of_route.into_iter().chain(own).reduce(Allowance::nearer) {
                reply::set_rate_limit_headers(answer.headers_mut(), nearest);
            }
            Ok(answer.map_into_left_body())
        }))
    }
}
