//! Headers and address of a request: where it comes from, which site sent it, which credentials and cookies it carries.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, ORIGIN, USER_AGENT};
use actix_web::web::Data;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::auth::Auth;
use crate::config::Config;
use crate::error::{Code, Error};
use crate::model::caller::Caller;
use crate::model::reader::Reader;
use crate::secret::Secret;
use crate::texts;
use crate::web::wire::params::Params;

/// The address that a request comes from: the peer, or what trusted proxies forward (security ID-3).
///
/// Where a trusted proxy forwards something that is no address, an address is made of that: the proxy's own would make one
/// person of all who come through it (faults D6).
#[must_use]
pub fn source(req: &HttpRequest, config: &Config) -> Option<IpAddr> {
    let peer = req.peer_addr()?.ip().to_canonical();
    let trusted = |address: IpAddr| config.trusted_proxies.iter().any(|network| network.contains(&address));
    if !trusted(peer) {
        return Some(peer);
    }
    // From the right: each trusted proxy vouches for the address to its left. Bytes are looked at, so that what a stranger
    // puts before that hides nothing (faults F8).
    let mut source = peer;
    let lines: Vec<&[u8]> = req.headers().get_all("x-forwarded-for").map(HeaderValue::as_bytes).collect();
    let hops = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
    for hop in hops.map(<[u8]>::trim_ascii).filter(|hop| !hop.is_empty()) {
        let Some(address) = forwarded(hop) else {
            report_unreadable(req, source);
            return Some(stand_in(hop));
        };
        source = address.to_canonical();
        if !trusted(source) {
            break;
        }
    }
    Some(source)
}

/// Whether the peer is a proxy that is trusted: what it says of a request is believed.
pub(crate) fn is_from_trusted_proxy(req: &HttpRequest, config: &Config) -> bool {
    let peer = req.peer_addr().map(|peer| peer.ip().to_canonical());
    peer.is_some_and(|peer| config.trusted_proxies.iter().any(|network| network.contains(&peer)))
}

/// From where a request comes, and with what program: for limits and for the record of events.
pub(crate) fn caller(req: &HttpRequest, config: &Config) -> Caller {
    let text = |name: &HeaderName| req.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let caller = Caller::new(source(req, config)).keeping(config.sessions.networks);
    let caller = text(&USER_AGENT).map_or_else(|| caller.clone(), |agent| caller.clone().with_agent(&agent));
    match text(&HeaderName::from_static("x-request-id")) {
        Some(id) => caller.with_request_id(&id),
        None => caller,
    }
}

/// An address as proxies write it: with a port or without, in quotes, brackets, with a zone (faults D6).
fn forwarded(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?;
    let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    let (address, port) = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?,
        None => match text.split_once(':') {
            Some((_, port)) if !port.contains(':') => text.split_at(text.len() - port.len() - 1),
            _ => (text, ""),
        },
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit());
    if !port.is_empty() && !port.strip_prefix(':').is_some_and(is_port) {
        return None;
    }
    match address.split_once('%') {
        Some((address, _)) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => address.parse().ok(),
    }
}

/// An address that nobody has (RFC 4193) in the place of what is none: the same for the same text. The digest is in the first
/// half, by which limits tell addresses apart.
fn stand_in(text: &[u8]) -> IpAddr {
    let digest = Sha256::digest(text);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&digest[..8]);
    bytes[0] = 0xfd;
    IpAddr::V6(Ipv6Addr::from(bytes))
}

/// Tells the operator, once, that a proxy forwards what is no address.
fn report_unreadable(req: &HttpRequest, proxy: IpAddr) {
    if req.app_data::<Data<Auth>>().is_some_and(|auth| auth.is_first_unreadable_source()) {
        tracing::warn!(%proxy, "a trusted proxy puts something into X-Forwarded-For that is no address");
    }
}

/// Who reads the answer to a request, as its URL and its headers tell (Mastodon §5.1): for a host's own pages. Where
/// somebody is signed in, go on with [`Reader::for_account`].
#[must_use]
pub fn reader(req: &HttpRequest) -> Reader {
    Params::of_query(req).reader(req)
}

/// Refuses what another site sent: `Sec-Fetch-Site` first, then `Origin`; neither means no browser (security WEB-5).
pub(crate) fn same_origin(req: &HttpRequest, auth: &Auth) -> Result<(), Error> {
    let headers = req.headers();
    let text = |value: &HeaderValue| value.to_str().unwrap_or("unreadable").to_owned();
    let origins: Vec<String> = headers.get_all(ORIGIN).map(text).collect();
    let sites: Vec<String> = headers.get_all("sec-fetch-site").map(text).collect();
    let config = auth.config();
    let is_frontend = config.frontend.origin.as_ref().is_some_and(|frontend| origins == [frontend.as_str()]);
    let is_ours = match sites.as_slice() {
        [] => origins.is_empty() || origins == [config.base_url.as_str()] || is_frontend,
        [site] if site == "same-origin" => true,
        [site] if site == "same-site" || site == "cross-site" => is_frontend,
        // "none" is a person at the address bar, who posts no forms.
        _ => false,
    };
    if is_ours { Ok(()) } else { Err(foreign(&origins, &sites, config.base_url.as_str())) }
}

/// The refusal of what another site sent, with what was seen of that site and what is expected (faults A12).
fn foreign(origins: &[String], sites: &[String], expected: &str) -> Error {
    // A header is nothing that may say what it likes on a page of ours.
    let is_origin =
        |origin: &&String| url::Url::parse(origin).is_ok_and(|url| url.origin().ascii_serialization() == **origin);
    let seen = match (origins, sites) {
        ([origin], _) if origin == "null" => "origin null".to_owned(),
        ([origin], _) => {
            Some(origin).filter(is_origin).map_or_else(|| "an unreadable origin".to_owned(), String::clone)
        }
        ([], [site]) if ["same-site", "cross-site", "none"].contains(&site.as_str()) => {
            format!("sec-fetch-site {site}")
        }
        _ => "an unreadable origin".to_owned(),
    };
    let mut parts = [seen.as_str(), expected].into_iter();
    let why = texts::FOREIGN_ORIGIN
        .split("{}")
        .fold(String::new(), |why, text| why + text + parts.next().unwrap_or_default());
    Error::refused(Code::Forbidden, why)
}

/// Whether a page of this very origin sent the request, as a browser tells it.
pub(crate) fn is_same_origin_fetch(req: &HttpRequest) -> bool {
    let mut sites = req.headers().get_all("sec-fetch-site");
    sites.next().is_some_and(|site| site == "same-origin") && sites.next().is_none()
}

/// The value of a cookie; two differing copies count as none (security WEB-2).
///
/// Bytes are looked at, because the header is shared with whatever else the host's name sets: a neighbour's cookie that is
/// no ASCII hides none of ours (faults A4).
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    if has_two(headers, name) {
        return None;
    }
    let value = std::str::from_utf8(values(headers, name).next()?).ok()?;
    (!value.is_empty()).then(|| value.to_owned())
}

/// Whether a cookie came in two copies that differ: which one is ours is for nobody to say (security WEB-2).
pub(crate) fn has_two(headers: &HeaderMap, name: &str) -> bool {
    let mut values = values(headers, name);
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// Every value that a request has for a cookie, as far as it is text.
pub(crate) fn cookie_copies(headers: &HeaderMap, name: &str) -> impl Iterator<Item = String> {
    values(headers, name).filter_map(|value| std::str::from_utf8(value).ok().map(str::to_owned))
}

/// The cookies whose names begin like this, by the rest of their names, each once.
pub(crate) fn cookies_after(headers: &HeaderMap, start: &str) -> Vec<String> {
    let pairs = headers.get_all(COOKIE).flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    let names =
        pairs.filter_map(|pair| pair.trim_ascii().strip_prefix(start.as_bytes())?.split(|byte| *byte == b'=').next());
    let mut names: Vec<String> = names.filter_map(|name| String::from_utf8(name.to_vec()).ok()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a [u8]> {
    let pairs = headers.get_all(COOKIE).flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
    pairs.map(<[u8]>::trim_ascii).filter_map(move |pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

/// Where a request that cannot have the method it wants names it, beside the parameter `_method`.
const METHOD_OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// The method that the sender wants instead of the one that a request has, in lower case; none where that is the same. A no
/// that is sent so must not become a yes (faults A7).
pub(crate) fn method_override(req: &HttpRequest, params: &Params) -> Result<Option<String>, Error> {
    let in_headers = METHOD_OVERRIDES.iter().flat_map(|name| req.headers().get_all(*name));
    let in_headers = in_headers.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let named = in_headers.chain(params.text("_method")?).map(|method| method.trim().to_ascii_lowercase());
    let mut wanted: Option<String> = None;
    for method in named.filter(|method| !method.is_empty()) {
        if wanted.as_ref().is_some_and(|wanted| *wanted != method) {
            return Err(Error::refused(Code::InvalidRequest, "The request asks for two methods."));
        }
        wanted = Some(method);
    }
    Ok(wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(req.method().as_str())))
}

/// Refuses a request that wants another method than it has.
pub(crate) fn refuse_method_override(req: &HttpRequest, params: &Params) -> Result<(), Error> {
    match method_override(req, params)? {
        Some(_) => Err(Error::refused(Code::MethodNotAllowed, "Method Not Allowed")),
        None => Ok(()),
    }
}

/// Whether a request names a type of answer among those that it takes.
pub(crate) fn accepts(headers: &HeaderMap, media_type: &str) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains(media_type))
}

/// Whether the caller takes JSON and nothing else: a program that knows what it asks for. Libraries send `*/*` beside it when
/// nobody said what is wanted.
pub(crate) fn wants_json(headers: &HeaderMap) -> bool {
    let ranges = headers.get_all(ACCEPT).flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let mut ranges =
        ranges.map(|range| range.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()).peekable();
    ranges.peek().is_some() && ranges.all(|range| range.eq_ignore_ascii_case(b"application/json"))
}

/// The credentials of a Basic header, split at the first colon (RFC 7617).
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    let encoded = credentials(headers, "basic")?;
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    // An unreadable header still is the client's chosen method: it authenticates nobody.
    let Some(decoded) = decoded else { return Some(("\u{0}".into(), Secret::default())) };
    let (user, password) = decoded.split_once(':').unwrap_or((&decoded, ""));
    Some((user.to_owned(), Secret::new(password)))
}

/// The token of a Bearer header; an empty one counts as none (Mastodon §11.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<Secret> {
    credentials(headers, "bearer").map(str::trim).filter(|token| !token.is_empty()).map(Secret::new)
}

/// The account and the token of a Resonite client (native 3.3): `res U-…:token`, split at the first colon; nothing for every other
/// spelling, and of two headers.
#[cfg(feature = "native")]
pub(crate) fn res(headers: &HeaderMap) -> Option<(String, Secret)> {
    if headers.get_all(AUTHORIZATION).count() > 1 {
        return None;
    }
    let (user, token) = credentials(headers, "res")?.split_once(':')?;
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let is_read = !user.is_empty() && !token.is_empty() && token.bytes().all(is_token) && !user.contains(' ');
    is_read.then(|| (user.to_owned(), Secret::new(token)))
}

fn credentials<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (named, credentials) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then_some(credentials)
}

/// The identity provider in the path; empty where it cannot be read.
pub(crate) fn issuer(req: &HttpRequest) -> String {
    req.match_info().get("issuer").unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;
    use crate::config::BaseUrl;
    use crate::keys::Keys;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut request = TestRequest::default();
        for (name, value) in pairs {
            request = request.append_header((*name, *value));
        }
        request.to_http_request().headers().clone()
    }

    #[test]
    fn authorization_header_bearer_and_basic_are_parsed_strictly() {
        let token = |value: &str| bearer(&headers(&[("authorization", value)])).map(|token| token.expose().to_owned());
        assert_eq!(token("bearer abc").as_deref(), Some("abc"));
        for none in ["Bearer ", "Bearer", "abc", "Basic YTpi", ""] {
            assert_eq!(token(none), None, "{none:?}");
        }
        let basic = |value: &str| basic(&headers(&[("authorization", value)]));
        let (user, password) = basic("Basic YTpiOmM=").unwrap();
        assert_eq!((user.as_str(), password.expose()), ("a", "b:c"));
        assert!(basic("Basic ???").is_some(), "an unreadable header does not fall back to the body");
        assert!(basic("Bearer x").is_none());
    }

    #[test]
    fn cookie_repeated_with_differing_values_is_ignored() {
        assert_eq!(cookie(&headers(&[("cookie", "a=1; jwt=x; b=2")]), "jwt").as_deref(), Some("x"));
        assert_eq!(cookie(&headers(&[("cookie", "jwt=x; jwt=x")]), "jwt").as_deref(), Some("x"));
        assert_eq!(cookie(&headers(&[("cookie", "jwt=x; jwt=y")]), "jwt"), None);
        assert_eq!(cookie(&headers(&[("cookie", "jwt=x"), ("cookie", "jwt=y")]), "jwt"), None);
        assert_eq!(cookie(&headers(&[("cookie", "jwt=")]), "jwt"), None);
    }

    #[test]
    fn source_address_behind_untrusted_proxy_ignores_forwarded_for() {
        let mut config = Config::new(BaseUrl::parse("https://a.example").unwrap(), Keys::new(vec![], vec![]));
        let request = |peer: &str, forwarded: &str| {
            TestRequest::default()
                .peer_addr(format!("{peer}:1").parse().unwrap())
                .append_header(("x-forwarded-for", forwarded))
                .to_http_request()
        };
        let checked = |config: &Config, peer: &str, forwarded: &str| {
            source(&request(peer, forwarded), config).unwrap().to_string()
        };
        assert_eq!(checked(&config, "10.0.0.1", "1.2.3.4"), "10.0.0.1");
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        assert_eq!(checked(&config, "10.0.0.1", "1.2.3.4"), "1.2.3.4");
        assert_eq!(checked(&config, "10.0.0.1", "6.6.6.6, 1.2.3.4, 10.0.0.2"), "1.2.3.4");
        assert_eq!(checked(&config, "9.9.9.9", "1.2.3.4"), "9.9.9.9");
    }

    #[test]
    fn source_address_is_read_from_the_right_by_bytes_with_port_or_brackets() {
        let mut config = Config::new(BaseUrl::parse("https://a.example").unwrap(), Keys::new(vec![], vec![]));
        config.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let source = |lines: &[&[u8]]| {
            let mut request = TestRequest::default().peer_addr("10.0.0.1:1".parse().unwrap());
            for line in lines {
                request = request.append_header(("x-forwarded-for", HeaderValue::from_bytes(line).unwrap()));
            }
            super::source(&request.to_http_request(), &config).unwrap().to_string()
        };
        let rows: [(&[&[u8]], &str); 15] = [
            (&[], "10.0.0.1"),
            (&[b""], "10.0.0.1"),
            (&["é, 1.2.3.4".as_bytes()], "1.2.3.4"),
            (&[b"\xff\xfe, 1.2.3.4"], "1.2.3.4"),
            (&["é".as_bytes(), b"1.2.3.4"], "1.2.3.4"),
            (&["é, 1.2.3.4".as_bytes(), b"10.0.0.2"], "1.2.3.4"),
            (&[b"6.6.6.6", b"1.2.3.4"], "1.2.3.4"),
            (&[b"6.6.6.6,1.2.3.4 , ,"], "1.2.3.4"),
            (&[b"203.0.113.7:51234"], "203.0.113.7"),
            (&[b"6.6.6.6, 203.0.113.7:51234, 10.0.0.3:80"], "203.0.113.7"),
            (&[b"[2001:db8::7]:443"], "2001:db8::7"),
            (&[b"[2001:db8::7]"], "2001:db8::7"),
            (&[b"\"[2001:db8::7]:443\""], "2001:db8::7"),
            (&[b"fe80::1%eth0"], "fe80::1"),
            (&[b"::ffff:1.2.3.4"], "1.2.3.4"),
        ];
        for (lines, expected) in rows {
            assert_eq!(source(lines), expected, "{:?}", lines.concat());
        }
        // What is no address is told apart from all others, and never is the proxy.
        let mut seen = std::collections::BTreeSet::from(["10.0.0.1".to_owned()]);
        for unreadable in [
            "unknown",
            "_hidden",
            "1.2.3.4, rubbish",
            "1.2.3.4:",
            "1.2.3.4:99999",
            "1.2.3.4:+80",
            "[2001:db8::7",
            "1.2.3.4, é",
        ] {
            let first = source(&[unreadable.as_bytes()]);
            assert!(first.starts_with("fd"), "{unreadable}: {first}");
            assert_eq!(source(&[unreadable.as_bytes(), b"10.0.0.2"]), first, "{unreadable}");
            assert!(seen.insert(first), "{unreadable}");
        }
    }
}
