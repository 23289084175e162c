//! The middleware that gives each request an id (faults D12).

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use tracing::Instrument as _;

use crate::ambient::Ambient;
use crate::auth::Auth;
use crate::web::wire::{request, request_id};

/// Gives each request an id: its answer carries it as `X-Request-Id`, and so do its lines in the log, in a span named
/// `request`. A trusted proxy's own id is taken over, when it is plain text.
///
/// Wrap the whole application in it, outside of everything else; handlers find the id in the request's header, too.
///
/// ```
/// use actix_web::{App, middleware};
/// use lysand_auth::web::{Surfaces, mount, with_request_id};
/// # fn application(auth: lysand_auth::Auth) {
/// App::new().wrap(middleware::from_fn(with_request_id)).configure(mount(auth, Surfaces::all()));
/// # }
/// ```
///
/// # Errors
/// What the inner services answer as an error, with the header.
pub async fn with_request_id<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let id = id_of(&request);
    // A filter that hides the levels below an error hides no span that errors need.
    let span = tracing::error_span!("request", request_id = %id);
    let value = HeaderValue::from_str(&id).ok();
    set(request.headers_mut(), value.clone());
    // Within the span: an error is logged when it becomes an answer.
    let answer = async { next.call(request).await.map_err(|error| error.error_response()) };
    match request_id::under(id, answer).instrument(span).await {
        Ok(mut answer) => {
            set(answer.headers_mut(), value);
            Ok(answer)
        }
        Err(mut answer) => {
            set(answer.headers_mut(), value);
            Err(InternalError::from_response("answered under a request id", answer).into())
        }
    }
}

fn id_of(request: &ServiceRequest) -> String {
    let auth = request.app_data::<Data<Auth>>();
    let is_trusted = |auth: &Data<Auth>| request::is_from_trusted_proxy(request.request(), auth.config());
    let given = auth.filter(|auth| is_trusted(auth)).and_then(|_| request_id::given(request.headers()));
    given.unwrap_or_else(|| auth.map_or_else(Ambient::system, |auth| auth.ambient().clone()).id())
}

fn set(headers: &mut HeaderMap, id: Option<HeaderValue>) {
    if let Some(id) = id {
        headers.insert(HeaderName::from_static(request_id::HEADER), id);
    }
}
