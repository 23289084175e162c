//! Tokens in form bodies, for a host's own handlers (RFC 6750 §2.2, Mastodon §11.1, DEV-23).

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage, ResponseError};
use futures_util::TryFutureExt;
use futures_util::future::{Either, LocalBoxFuture, MapOk};

use crate::error;
use crate::secret::Secret;
use crate::web::wire::body::{self, FORM};
use crate::web::wire::params::Params;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// The middleware that finds a token in a form body, as Mastodon's API takes it: `access_token=…` in an
/// `application/x-www-form-urlencoded` body of a `POST`, `PUT`, `PATCH` or `DELETE`. [`Bearer`](crate::web::Bearer) takes the
/// token from there, and the handler's own extractors get the body with every byte.
///
/// | request | outcome |
/// | --- | --- |
/// | with a token in its `Authorization` header | the header counts; the body is not looked at |
/// | another type of body, a compressed one, or none; another method | handed on, unread |
/// | `access_token` once, or repeated with one value | that is the token |
/// | `access_token` with differing values, as a list, or no UTF-8 | 400 |
/// | a body that breaks off, cannot be read, or takes longer than 30 seconds | 400 |
/// | a body larger than the limit, or with more than 256 fields | 413 |
///
/// A token in the URL opens nothing by this.
///
/// Wrap it around what takes such tokens, inside of [`Headers`](crate::web::headers::Headers), so that browsers can read a
/// refusal, and outside of [`Limits`](crate::web::limits::Limits), so that the request is counted for its token: actix runs
/// what is wrapped last first. Inside of the limits it works as well; such requests are then counted for their address.
///
/// ```
/// # use actix_web::web;
/// # use lysand_auth::web::{ApiError, Bearer, FormTokens, headers::Headers, headers::AnswerKind, limits::Limits};
/// # async fn publish(bearer: Bearer) -> Result<String, ApiError> { Ok(bearer.account(&["write"]).await?.username) }
/// # fn routes(auth: lysand_auth::Auth, config: &mut web::ServiceConfig) {
/// config.service(
///     web::resource("/api/v1/statuses")
///         .route(web::post().to(publish))
///         .wrap(Limits::new(&auth))
///         .wrap(FormTokens::new())
///         .wrap(Headers::new(AnswerKind::Api, true)),
/// );
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FormTokens {
    most: usize,
}

impl FormTokens {
    /// Reads bodies of up to 64 KiB, as the library's own routes do (security LOAD-7).
    #[must_use]
    pub const fn new() -> Self {
        Self { most: body::LARGEST }
    }

    /// Reads bodies of up to `bytes`; they are held in memory.
    #[must_use]
    pub const fn up_to(bytes: usize) -> Self {
        Self { most: bytes }
    }

    /// Whether a token may stand in the body of this request.
    fn applies_to(req: &ServiceRequest) -> bool {
        let (method, headers) = (req.method(), req.headers());
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let has_body = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE].contains(method);
        let is_form = text(CONTENT_TYPE).is_some_and(|kind| body::media_type(&kind) == FORM);
        let is_plain = text(CONTENT_ENCODING).is_none_or(|coding| coding.trim().eq_ignore_ascii_case("identity"));
        has_body && is_form && is_plain && request::bearer(headers).is_none()
    }

    /// Takes the body, and the token in it.
    async fn read(self, req: &mut ServiceRequest) -> Result<(Bytes, Option<Secret>), error::Error> {
        body::check_length(req.headers(), self.most)?;
        let body = body::in_time(body::collect(req.take_payload(), self.most)).await?;
        let token = Params::of_form(&body)?.body_text("access_token")?;
        Ok((body, token.map(Secret::new)))
    }
}

impl Default for FormTokens {
    fn default() -> Self {
        Self::new()
    }
}

/// The token that stood in the body of a request.
pub(crate) struct FormToken(pub(super) Secret);

impl<S, B> Transform<S, ServiceRequest> for FormTokens
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<B>>;
    type Error = Error;
    type Transform = WithFormTokens<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, service: S) -> Self::Future {
        ready(Ok(WithFormTokens { service: Rc::new(service), tokens: *self }))
    }
}

/// The service behind [`FormTokens`].
pub struct WithFormTokens<S> {
    service: Rc<S>,
    tokens: FormTokens,
}

type Answer<B> = ServiceResponse<EitherBody<B>>;

impl<S, B> Service<ServiceRequest> for WithFormTokens<S>
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

    fn call(&self, mut req: ServiceRequest) -> Self::Future {
        if !FormTokens::applies_to(&req) {
            return Either::Left(self.service.call(req).map_ok(ServiceResponse::map_into_left_body));
        }
        let (service, tokens) = (Rc::clone(&self.service), self.tokens);
        Either::Right(Box::pin(async move {
            let (body, token) = match tokens.read(&mut req).await {
                Ok(read) => read,
                Err(error) => {
                    let reply = ApiError(error).error_response();
                    return Ok(req.into_response(reply).map_into_right_body());
                }
            };
            let again = futures_util::stream::once(ready(Ok(body)));
            req.set_payload(Payload::Stream { payload: Box::pin(again) });
            if let Some(token) = token {
                req.extensions_mut().insert(FormToken(token));
            }
            Ok(service.call(req).await?.map_into_left_body())
        }))
    }
}
