//! What the answers of all dialects have in common.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};

/// The same answer, kept by nobody (native C1).
pub(super) fn secret(mut reply: HttpResponse) -> HttpResponse {
    reply.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    reply
}

/// How long somebody waits, as `Retry-After` has it: whole seconds, rounded up (native C7).
pub(super) fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}
