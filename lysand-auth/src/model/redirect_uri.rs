//! Redirect URIs: kept, compared and extended as raw text. They are parsed only to be judged at registration and to be
//! described to a person, since URL libraries change what they print (Mastodon §3).

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use url::Url;

use super::app_scheme;

const OUT_OF_BAND: [&str; 2] = ["urn:ietf:wg:oauth:2.0:oob", "urn:ietf:wg:oauth:2.0:oob:auto"];

/// Schemes that run code or read local files wherever they are opened (DEV-8).
const FORBIDDEN_SCHEMES: [&str; 7] = ["javascript", "data", "vbscript", "file", "blob", "filesystem", "about"];

/// Parameters of an authorization response: never taken from a registered query (DEV-12).
const RESPONSE_PARAMETERS: [&str; 5] = ["code", "state", "error", "error_description", "iss"];

/// One registered redirect URI, byte for byte as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(String);

/// What is wrong with a redirect URI; the texts are Mastodon's (Mastodon §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum UriProblem {
    /// A scheme that must not be.
    Forbidden,
    /// A `#`, even with nothing behind it.
    Fragment,
    /// An opaque URI.
    NoScheme,
    /// Neither scheme nor host.
    NotAbsolute,
    /// `http` without host, user information, control characters or otherwise unreadable.
    Invalid,
    /// A site over plain http, where the operator does not want one (security AS-4).
    Unprotected,
}

impl UriProblem {
    /// The text behind `Redirect URI`.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Forbidden => "Redirect URI is forbidden by the server.",
            Self::Fragment => "Redirect URI cannot contain a fragment.",
            Self::NoScheme => "Redirect URI must specify a scheme.",
            Self::NotAbsolute => "Redirect URI must be an absolute URI.",
            Self::Invalid => "Redirect URI must be a valid URI.",
            Self::Unprotected => "Redirect URI must be an HTTPS/SSL URI.",
        }
    }
}

/// How a presented URI is compared with a registered one (DEV-11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedirectMatch {
    /// Byte for byte.
    #[default]
    Exact,
    /// As Mastodon does it: the host in any case of letters, and a query where none was registered.
    Mastodon,
}

impl RedirectUri {
    /// Judges a URI for registration.
    ///
    /// # Errors
    /// Everything that is wrong with it, at least one thing.
    pub fn register(text: &str) -> Result<Self, Vec<UriProblem>> {
        if OUT_OF_BAND.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let mut problems = Vec::new();
        if text.contains('#') {
            problems.push(UriProblem::Fragment);
        }
        if let Err(problem) = judge(text, &mut problems) {
            problems.push(problem);
        }
        problems.sort_unstable();
        problems.dedup();
        if problems.is_empty() { Ok(Self(text.to_owned())) } else { Err(problems) }
    }

    /// Reads back a stored URI.
    #[must_use]
    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The URI as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request may use `presented` in place of this registered URI: equal byte for byte, or a loopback URI
    /// that differs in the port alone (RFC 8252 §7.3, DEV-10).
    #[must_use]
    pub fn admits(&self, presented: &str, matching: RedirectMatch) -> bool {
        self.0 == presented
            || (matching == RedirectMatch::Mastodon && self.admits_leniently(presented))
            || match (Loopback::split(&self.0), Loopback::split(presented)) {
                (Some(registered), Some(presented)) => registered == presented,
                _ => false,
            }
    }

    fn admits_leniently(&self, presented: &str) -> bool {
        let is_plain = RedirectUri::register(presented).is_ok();
        match (is_plain, Parts::split(&self.0), Parts::split(presented)) {
            (true, Some(registered), Some(presented)) => {
                registered.scheme == presented.scheme
                    && registered.authority.eq_ignore_ascii_case(presented.authority)
                    && registered.path == presented.path
                    && (registered.query.is_none() || registered.query == presented.query)
            }
            _ => false,
        }
    }

    /// True for the two URNs that ask for the code to be shown instead of sent.
    #[must_use]
    pub fn is_out_of_band(&self) -> bool {
        OUT_OF_BAND.contains(&self.0.as_str())
    }

    /// True when the URI proves who receives the answer: an https site that is not this device (DEV-17, security AS-2).
    #[must_use]
    pub fn proves_receiver(&self) -> bool {
        matches!(self.destination(), Destination::Site(_))
    }

    /// True for a site over plain http.
    #[must_use]
    pub fn is_unprotected(&self) -> bool {
        matches!(self.destination(), Destination::Unprotected(_))
    }

    /// The URI with an authorization response as its fragment; a registered URI has none of its own.
    #[must_use]
    pub fn respond_in_fragment(&self, response: &[(&str, &str)]) -> String {
        let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(response).finish();
        format!("{}#{pairs}", self.without_response())
    }

    /// The URI without what a registered query might say in place of a response (DEV-12); byte for byte where it says
    /// nothing of the kind.
    #[must_use]
    pub fn without_response(&self) -> Cow<'_, str> {
        match self.0.split_once('?') {
            Some((base, query)) if query.split('&').any(is_response_parameter) => {
                let kept: Vec<&str> = query.split('&').filter(|pair| !is_response_parameter(pair)).collect();
                let mark = if kept.is_empty() { "" } else { "?" };
                Cow::Owned(format!("{base}{mark}{}", kept.join("&")))
            }
            _ => Cow::Borrowed(&self.0),
        }
    }

    /// The URI with an authorization response appended: behind a registered query, of which names of response
    /// parameters are dropped; everything else stays byte for byte.
    #[must_use]
    pub fn respond(&self, response: &[(&str, &str)]) -> String {
        let mut uri = self.without_response().into_owned();
        uri.push_str(match uri.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        });
        let pairs = form_urlencoded::Serializer::new(String::new()).extend_pairs(response).finish();
        uri + &pairs
    }

    /// Where the URI leads, in terms for a person.
    #[must_use]
    pub fn destination(&self) -> Destination {
        if self.is_out_of_band() {
            return Destination::Copy;
        }
        let scheme = self.0.split(':').next().unwrap_or_default().to_ascii_lowercase();
        if scheme != "http" && scheme != "https" {
            return Destination::Scheme(scheme);
        }
        let host = Url::parse(&self.0).ok().and_then(|url| url.host().map(|host| host.to_owned()));
        match host {
            Some(url::Host::Ipv4(v4)) if v4.is_loopback() => Destination::ThisDevice(v4.to_string()),
            Some(url::Host::Ipv6(v6)) if v6.is_loopback() => Destination::ThisDevice(format!("[{v6}]")),
            Some(url::Host::Domain(name)) if name == "localhost" || name.ends_with(".localhost") => {
                Destination::ThisDevice(name)
            }
            Some(host) if scheme == "https" => Destination::Site(host.to_string()),
            Some(host) => Destination::Unprotected(host.to_string()),
            None => Destination::Scheme(scheme),
        }
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where the browser goes after consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "name", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Destination {
    /// An https site: its host.
    Site(String),
    /// A site over plain http: its host. The page marks it as unprotected (security AS-4).
    Unprotected(String),
    /// A program on this device, by a loopback address.
    ThisDevice(String),
    /// An app that owns a private scheme: the scheme.
    Scheme(String),
    /// Nowhere: a code is shown, to be copied by hand.
    Copy,
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(name) | Self::Unprotected(name) | Self::ThisDevice(name) | Self::Scheme(name) => {
                f.write_str(name)
            }
            Self::Copy => f.write_str("Unnamed app"),
        }
    }
}

fn judge(text: &str, problems: &mut Vec<UriProblem>) -> Result<(), UriProblem> {
    if !text.is_ascii() || text.bytes().any(|byte| byte.is_ascii_control() || byte == b' ' || byte == b'\\') {
        return Err(UriProblem::Invalid);
    }
    let (scheme, rest) = text.split_once(':').ok_or(UriProblem::NotAbsolute)?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    if !is_scheme {
        return Err(UriProblem::NotAbsolute);
    }
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    if FORBIDDEN_SCHEMES.iter().any(|forbidden| scheme.eq_ignore_ascii_case(forbidden)) {
        problems.push(UriProblem::Forbidden);
    }
    if !rest.starts_with('/') {
        return Err(UriProblem::NoScheme);
    }
    if !web && !app_scheme::belongs_to_app(scheme) {
        problems.push(UriProblem::Forbidden);
    }
    let authority = rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    if authority.is_some_and(|authority| authority.contains('@')) || (web && authority.is_none_or(str::is_empty)) {
        return Err(UriProblem::Invalid);
    }
    // Percent-encoding must be whole; hosts of web addresses must be readable. Private schemes keep their freedom.
    let whole = text.split('%').skip(1).all(|after| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2);
    if !whole || (web && Url::parse(text).is_err()) {
        return Err(UriProblem::Invalid);
    }
    Ok(())
}

fn is_response_parameter(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    let name: Cow<'_, str> =
        form_urlencoded::parse(name.as_bytes()).next().map_or(Cow::Borrowed(name), |(name, _)| name);
    RESPONSE_PARAMETERS.contains(&name.as_ref())
}

/// A URI with an authority, taken apart as text.
struct Parts<'a> {
    scheme: &'a str,
    authority: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn split(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        Some(Self { scheme, authority, path, query })
    }
}

/// A plain-http URI of this device, split around its port.
#[derive(PartialEq, Eq)]
struct Loopback<'a> {
    host: &'a str,
    rest: &'a str,
}

impl<'a> Loopback<'a> {
    fn split(uri: &'a str) -> Option<Self> {
        let after = uri.strip_prefix("http://")?;
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(end);
        let port_at = if authority.starts_with('[') {
            authority.find(']')? + 1
        } else {
            authority.find(':').unwrap_or(authority.len())
        };
        let (host, port) = authority.split_at(port_at);
        let port_is_fine = match port.strip_prefix(':') {
            Some(digits) => digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok(),
            None => port.is_empty(),
        };
        let loopback = host == "localhost"
            || host == "[::1]"
            || host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback());
        (port_is_fine && loopback).then_some(Self { host, rest })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn redirect_uri_registration_accepts_forms_used_by_real_apps() {
        for uri in [
            "https://a.example",
            "http://localhost/cb",
            "http://127.0.0.1/cb",
            "http://[::1]/cb",
            "http://plain.example/cb",
            "myapp://cb",
            "myapp:///cb",
            "com.example.app:/oauth",
            "icecubesapp://",
            "oauth2redirect://com.keylesspalace.tusky/",
            "https://under_score.example/cb",
            "https://a.example/cb?x=1",
            "https://elk.zone/api/HOST/oauth/https%3A%2F%2Felk.zone",
            "urn:ietf:wg:oauth:2.0:oob",
            "urn:ietf:wg:oauth:2.0:oob:auto",
        ] {
            assert_eq!(RedirectUri::register(uri).map(|uri| uri.0), Ok(uri.to_owned()));
        }
    }

    #[test]
    fn redirect_uri_registration_refuses_dangerous_and_malformed_values() {
        use UriProblem::*;
        for (uri, problems) in [
            ("javascript:alert(1)", vec![Forbidden, NoScheme]),
            ("DATA:text/html,x", vec![Forbidden, NoScheme]),
            ("vbscript://x", vec![Forbidden]),
            ("file:///etc/passwd", vec![Forbidden]),
            ("blob://x/y", vec![Forbidden]),
            ("https://a.example/#", vec![Fragment]),
            ("https://a.example/#x", vec![Fragment]),
            ("myapp:cb", vec![NoScheme]),
            ("urn:foo:bar", vec![NoScheme]),
            ("localhost:3000/cb", vec![NoScheme]),
            ("foo", vec![NotAbsolute]),
            ("/foo", vec![NotAbsolute]),
            ("//host/path", vec![NotAbsolute]),
            ("https://", vec![Invalid]),
            ("http:/cb", vec![Invalid]),
            ("https:///cb", vec![Invalid]),
            ("https://ä.example", vec![Invalid]),
            ("https://[bad", vec![Invalid]),
            ("https://user:pw@a.example", vec![Invalid]),
            ("https://a.example\\@evil.example", vec![Invalid]),
            ("https://a.example/%zz", vec![Invalid]),
            ("https://a.example/\u{7}", vec![Invalid]),
        ] {
            assert_eq!(RedirectUri::register(uri), Err(problems), "{uri}");
        }
    }

    #[test]
    fn redirect_uri_scheme_of_browser_or_system_is_refused() {
        for scheme in [
            "ms-msdt",
            "search-ms",
            "ms-word",
            "ms-officecmd",
            "mailto",
            "tel",
            "sms",
            "facetime",
            "ftp",
            "sftp",
            "ssh",
            "ws",
            "wss",
            "smb",
            "ldap",
            "ldaps",
            "nfs",
            "telnet",
            "rdp",
            "vnc",
            "view-source",
            "chrome",
            "chrome-extension",
            "moz-extension",
            "resource",
            "edge",
            "intent",
            "android-app",
            "content",
            "shell",
            "itms-services",
            "itms",
            "prefs",
            "x-apple.",
            ".x",
            "jar",
            "mk",
            "res",
            "hcp",
            "feed",
            "magnet",
            "steam",
            "web+x",
            "MS-MSDT",
            "javascript",
        ] {
            assert!(RedirectUri::register(&format!("{scheme}://cb")).is_err(), "{scheme}");
        }
        for scheme in [
            "com.example.app",
            "icecubesapp",
            "IceCubesApp",
            "mastodon-android-auth",
            "megalodon-android-auth",
            "fedilab",
            "tusker",
            "oauth2redirect",
            "dev.geopjr.tuba",
            "app",
            "myapp",
        ] {
            assert!(RedirectUri::register(&format!("{scheme}://cb")).is_ok(), "{scheme}");
        }
    }

    #[test]
    fn redirect_uri_exact_match_frees_only_the_loopback_port() {
        for (registered, presented, expected) in [
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example/", false),
            ("https://a.example/cb", "https://A.example/cb", false),
            ("https://a.example/cb", "https://a.example:443/cb", false),
            ("https://a.example/cb", "https://a.example/cb?x=1", false),
            ("https://a.example/%2F", "https://a.example/%2f", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:4711/cb", true),
            ("http://127.0.0.1:80/cb", "http://127.0.0.1:4711/cb", true),
            ("http://127.0.0.1/cb", "http://127.0.0.2:4711/cb", false),
            ("http://[::1]/cb", "http://[::1]:1/cb", true),
            ("http://localhost/cb", "http://localhost:1/cb", true),
            ("http://localhost/cb", "http://127.0.0.1:1/cb", false),
            ("http://localhost/cb", "http://localhost:1/cb2", false),
            ("http://localhost/cb", "http://localhost:99999/cb", false),
            ("http://localhost/cb", "http://localhost:1@evil.example/cb", false),
            ("http://localhost/cb", "http://user@localhost/cb", false),
            ("http://localhost/cb", "https://localhost:1/cb", false),
            ("http://a.example/cb", "http://a.example:1/cb", false),
        ] {
            let admits = RedirectUri::stored(registered).admits(presented, RedirectMatch::Exact);
            assert_eq!(admits, expected, "{registered} admits {presented}");
        }
    }

    #[test]
    fn redirect_uri_mastodon_match_tolerates_host_case_and_added_query() {
        for (registered, presented, expected) in [
            ("https://a.example/cb", "https://A.Example/cb", true),
            ("https://a.example/cb", "https://a.example/cb?x=1", true),
            ("https://a.example/cb?x=1", "https://a.example/cb?x=1&y=2", false),
            ("https://a.example/cb?x=1", "https://A.example/cb?x=1", true),
            ("https://a.example/cb", "https://a.example/cb/", false),
            ("https://a.example/cb", "https://a.example/CB", false),
            ("https://a.example/cb", "http://a.example/cb", false),
            ("https://a.example/cb", "https://a.example:444/cb", false),
            ("https://a.example/cb", "https://a.example/cb#x", false),
            ("https://a.example/cb", "https://user@a.example/cb", false),
            ("https://a.example/cb", "https://a.example/cb?x=\r\ny", false),
            ("https://a.example/cb", "https://a.example\\@evil.example/cb", false),
            ("http://localhost/cb", "http://localhost:1/cb", true),
            ("urn:ietf:wg:oauth:2.0:oob", "urn:ietf:wg:oauth:2.0:OOB", false),
        ] {
            let admits = RedirectUri::stored(registered).admits(presented, RedirectMatch::Mastodon);
            assert_eq!(admits, expected, "{registered} admits {presented}");
        }
    }

    #[test]
    fn redirect_uri_query_response_keeps_own_query_and_replaces_code_state() {
        for (uri, expected) in [
            ("https://a/cb", "https://a/cb?code=c&state=s+1"),
            ("https://a/cb?x=1", "https://a/cb?x=1&code=c&state=s+1"),
            ("https://a/cb?code=old&x=%20&sta%74e=y", "https://a/cb?x=%20&code=c&state=s+1"),
            ("https://a/cb?", "https://a/cb?code=c&state=s+1"),
            ("icecubesapp://", "icecubesapp://?code=c&state=s+1"),
            ("https://host/", "https://host/?code=c&state=s+1"),
        ] {
            assert_eq!(RedirectUri::stored(uri).respond(&[("code", "c"), ("state", "s 1")]), expected);
        }
    }

    #[test]
    fn redirect_uri_fragment_response_removes_response_parameters_from_query() {
        for (uri, left) in [
            ("https://a/cb", "https://a/cb"),
            ("https://a/cb?", "https://a/cb?"),
            ("https://a/cb?x=%20&&y", "https://a/cb?x=%20&&y"),
            ("https://a/cb?code=old&x=1&iss=y", "https://a/cb?x=1"),
            ("https://a/cb?code=old", "https://a/cb"),
        ] {
            let uri = RedirectUri::stored(uri);
            assert_eq!(uri.without_response(), left);
            assert_eq!(uri.respond_in_fragment(&[("code", "c")]), format!("{left}#code=c"));
        }
    }

    #[test]
    fn redirect_uri_destination_names_host_device_scheme_or_copy() {
        for (uri, expected) in [
            ("https://App.example:8443/cb", Destination::Site("app.example".into())),
            ("http://app.example/cb", Destination::Unprotected("app.example".into())),
            ("http://127.0.0.1:1/", Destination::ThisDevice("127.0.0.1".into())),
            ("https://localhost/", Destination::ThisDevice("localhost".into())),
            ("com.example.app:/x", Destination::Scheme("com.example.app".into())),
            ("urn:ietf:wg:oauth:2.0:oob", Destination::Copy),
        ] {
            assert_eq!(RedirectUri::stored(uri).destination(), expected, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn redirect_uri_parser_never_panics_and_matches_itself(text in ".{0,120}", other in ".{0,120}") {
            let _ = RedirectUri::register(&text);
            let uri = RedirectUri::stored(text.clone());
            let _ = (uri.destination(), uri.respond(&[("code", &other)]), uri.respond_in_fragment(&[("code", &other)]));
            let _ = uri.admits(&other, RedirectMatch::Mastodon);
            prop_assert!(uri.admits(&text, RedirectMatch::Exact));
        }

        #[test]
        fn redirect_uri_other_port_matches_on_loopback_only(host in "[a-z]{1,8}\\.example", port in 1u16.., other in 1u16..) {
            prop_assume!(port != other);
            let site = RedirectUri::stored(format!("http://{host}:{port}/cb"));
            let presented = format!("http://{host}:{other}/cb");
            prop_assert!(!site.admits(&presented, RedirectMatch::Exact));
            let device = RedirectUri::stored(format!("http://127.0.0.1:{port}/cb"));
            let presented = format!("http://127.0.0.1:{other}/cb");
            prop_assert!(device.admits(&presented, RedirectMatch::Exact));
        }

        #[test]
        fn authorization_response_returns_state_unchanged(state in "\\PC{1,60}") {
            let answer = RedirectUri::stored("https://a.example/cb?x=1").respond(&[("code", "c"), ("state", &state)]);
            let query = answer.split_once('?').unwrap().1;
            let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            prop_assert_eq!(pairs.len(), 3);
            prop_assert_eq!(&pairs[2].1, &state);
        }
    }
}
