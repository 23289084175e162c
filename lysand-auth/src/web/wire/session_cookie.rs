//! The sign-in cookie, and its twin over https (faults F13).
//!
//! Whoever answers at a sibling's name (`blog.example` beside `social.example` below one domain, or a host below ours) can
//! put a cookie of our name into a browser, and so sign its owner out or somebody else in. A cookie with the prefix `__Host-` can be set by nobody but
//! us: it holds the digest of the sign-in cookie, and tells which copy is ours.

use std::borrow::Cow;

use actix_web::cookie::Cookie;
use actix_web::http::header::HeaderMap;

use super::{cookies, request};
use crate::auth::Auth;
use crate::secret::Digest;

/// The value of our sign-in cookie in a request.
///
/// Over https a browser's counts when the twin names it. Without a twin it counts when no browser sent it, that is, without
/// `Sec-Fetch-Site`.
pub(crate) fn session_cookie(auth: &Auth, headers: &HeaderMap) -> Option<String> {
    let name = &auth.config().session_cookie;
    let Some(twin) = auth.config().session_cookie_twin() else { return request::cookie(headers, name) };
    match request::cookie(headers, &twin) {
        Some(twin) => {
            request::cookie_copies(headers, name).find(|copy| Digest::of(copy.as_bytes()).to_base64url() == twin)
        }
        None if headers.contains_key("sec-fetch-site") || has(headers, &twin) => None,
        None => request::cookie(headers, name),
    }
}

/// The cookies that remove copies which are not ours from the browser that sent them: those of every domain that we
/// belong to, and what stands under our own name alone if none is ours.
pub(crate) fn removals_of_foreign(auth: &Auth, headers: &HeaderMap) -> Vec<Cookie<'static>> {
    let name = &auth.config().session_cookie;
    let Some(twin) = auth.config().session_cookie_twin() else { return Vec::new() };
    if !headers.contains_key("sec-fetch-site") && !has(headers, &twin) {
        return Vec::new();
    }
    let ours = session_cookie(auth, headers);
    let is_clean = request::cookie_copies(headers, name).all(|copy| Some(&copy) == ours.as_ref());
    if is_clean {
        return Vec::new();
    }
    let of_domain = |domain: &str| {
        let mut cookie = cookies::removal(auth, Cow::Owned(name.clone()));
        cookie.set_domain(domain.to_owned());
        cookie
    };
    let mut removals: Vec<_> = domains(auth.config().base_url.as_str()).into_iter().map(of_domain).collect();
    if ours.is_none() {
        removals.push(cookies::removal(auth, name.clone()));
    }
    removals
}

fn has(headers: &HeaderMap, name: &str) -> bool {
    request::cookie_copies(headers, name).next().is_some()
}

/// The host of an origin and the domains above it that have a dot.
fn domains(origin: &str) -> Vec<&str> {
    let host = origin.split_once("://").map_or(origin, |(_, rest)| rest);
    let host = host.split([':', '/']).next().unwrap_or_default();
    if host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        return Vec::new();
    }
    let starts = std::iter::once(0).chain(host.match_indices('.').map(|(dot, _)| dot + 1));
    starts.map(|start| &host[start..]).filter(|domain| domain.contains('.')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_of_an_origin_are_those_that_can_set_a_cookie_for_it() {
        assert_eq!(domains("https://a.social.example:8443"), ["a.social.example", "social.example"]);
        assert_eq!(domains("https://social.example"), ["social.example"]);
        for none in ["https://localhost", "https://127.0.0.1:8443", "https://[::1]:8443"] {
            assert_eq!(domains(none), [""; 0], "{none}");
        }
    }
}
