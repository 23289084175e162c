//! Entity tags: what a browser or a program has already is not sent again.

use actix_web::http::header::{self, HeaderMap};

/// Whether a request names this tag, quotes included, as one that it has (RFC 9110 §13.1.2).
#[must_use]
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get(header::IF_NONE_MATCH).and_then(|known| known.to_str().ok());
    known.is_some_and(|known| known.split(',').any(|one| is_same(one.trim(), tag)))
}

/// Whether a tag that somebody has is this one: a proxy that compresses makes a weak tag of it.
fn is_same(known: &str, tag: &str) -> bool {
    known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
}
