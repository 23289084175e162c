//! Redirects, and addresses with a query.

use actix_web::HttpResponse;
use actix_web::http::header::{self, HeaderValue};

use crate::error::Error;
use crate::host::pages::Reader;
use crate::web::wire::reply;

/// A redirect, which is always 302: a request that carried a password must not be sent again (security AS-5).
pub(crate) fn redirect(location: &str) -> HttpResponse {
    let Ok(location) = HeaderValue::from_str(location) else {
        return reply::failed(&Error::failed("a redirect's target does not fit into a header"));
    };
    HttpResponse::Found()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::PRAGMA, "no-cache"))
        .finish()
}

/// `base` with pairs appended as its query.
pub(crate) fn with_query<'a>(base: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { base.to_owned() } else { format!("{base}?{query}") }
}

/// The longest path of ours that somebody is led back to, in bytes.
const LONGEST_PATH: usize = 2_048;

/// A path of this server, as somebody may be led back to it; none for what leads elsewhere in any browser (FAC-108).
pub(crate) fn own_path(wanted: &str) -> Option<&str> {
    let is_strange = |c: char| c == '\\' || c.is_control() || c.is_whitespace() || !c.is_ascii();
    let is_own = wanted.starts_with('/') && !wanted.starts_with("//") && wanted.len() <= LONGEST_PATH;
    (is_own && !wanted.contains(is_strange)).then_some(wanted)
}

/// Owned pairs as [`with_query`] takes them.
pub(crate) fn pairs(owned: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    owned.iter().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// The parameter that keeps the language from page to page.
pub(crate) fn lang(reader: &Reader) -> Option<(&'static str, &str)> {
    reader.asked.as_ref().map(|asked| ("lang", asked.as_str()))
}
