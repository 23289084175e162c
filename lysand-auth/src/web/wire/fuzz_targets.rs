//! Fuzz targets for what reads bytes of strangers: parameters, redirect URIs, `Authorization` (security AS-4).
//!
//! Each takes bytes, makes a request of them and demands what must be true of any. proptest feeds them on every run;
//! another fuzzer feeds them through [`known_inputs`] (see docs/decisions/fuzzing.md).

use std::collections::BTreeSet;

use actix_web::FromRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::test::TestRequest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use url::Url;

use crate::error::Error;
use crate::model::client::ClientClaim;
use crate::model::redirect_uri::{RedirectMatch, RedirectUri};
use crate::secret::Secret;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::request;

/// Each target takes any input.
const TARGETS: [fn(&[u8]); 3] = [parameters, redirects, authorization];

/// Takes bytes off the front of an input, as the decisions that a target has to make.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn number(&mut self, below: usize) -> usize {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        usize::from(*first) % below.max(1)
    }

    fn text(&mut self) -> String {
        let length = self.number(24).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }
}

// --- parameters --------------------------------------------------------------------------------------------------------

const NAMES: [&str; 4] = ["client_id", "code", "scope", "state"];
const BOUNDARY: &str = "a-boundary-that-no-value-holds";
const FORM: &str = "application/x-www-form-urlencoded";

/// Parameters have one meaning, wherever they stand and in whatever order; and bytes that are none break nothing.
fn parameters(bytes: &[u8]) {
    for kind in [FORM, "application/json", "multipart/form-data; boundary=x", "text/plain", ""] {
        let Ok(params) = received("", kind, bytes.to_vec()) else { continue };
        for name in NAMES {
            if let Ok(Some(value)) = params.text(name) {
                assert!(was_sent(kind, bytes, name, &value), "{name}={value:?} was never sent as {kind}");
            }
            let _ = (params.last_scalar(name).is_ok(), params.last_list(name).is_ok(), params.flag(name));
        }
    }
    let mut input = Input(bytes);
    let mut sent: Vec<(&str, String)> = Vec::new();
    while !input.0.is_empty() && sent.len() < 12 {
        sent.push((NAMES[input.number(NAMES.len())], input.text()));
    }
    sent.retain(|(_, value)| !value.contains(BOUNDARY));
    let (turn, split) = (input.number(12), input.number(12));
    let mut turned = sent.clone();
    turned.rotate_left(turn.min(sent.len()));
    let backwards: Vec<_> = sent.iter().rev().cloned().collect();
    for pairs in [&sent, &turned, &backwards] {
        let (front, back) = pairs.split_at(split.min(pairs.len()));
        for (way, params) in [
            ("query", received(&form(pairs), "", Vec::new())),
            ("form", received("", FORM, form(pairs).into_bytes())),
            ("multipart", received("", &format!("multipart/form-data; boundary={BOUNDARY}"), multipart(pairs))),
            ("JSON", received("", "application/json", json(pairs).into_bytes())),
            ("query and form", received(&form(front), FORM, form(back).into_bytes())),
            ("query and JSON", received(&form(front), "application/json", json(back).into_bytes())),
        ] {
            let params = params.unwrap_or_else(|error| panic!("{way}: {error}"));
            for name in NAMES {
                let values: BTreeSet<&str> =
                    sent.iter().filter(|(known, _)| *known == name).map(|(_, value)| value.as_str()).collect();
                let read = params.text(name);
                match (values.len(), values.first()) {
                    (0, _) => assert_eq!(read.unwrap(), None, "{name} by {way}"),
                    (1, Some(value)) if value.trim().is_empty() => assert_eq!(read.unwrap(), None, "{name} by {way}"),
                    (1, Some(value)) if value.contains('\0') && name != "scope" => {
                        assert!(read.is_err(), "{name} by {way}")
                    }
                    (1, value) => assert_eq!(read.unwrap().as_deref(), value.copied(), "{name} by {way}"),
                    _ => assert!(read.is_err(), "{name} by {way}: differing values {values:?}"),
                }
            }
        }
    }
}

fn received(query: &str, kind: &str, body: Vec<u8>) -> Result<Params, Error> {
    let request =
        TestRequest::post().uri(&format!("/?{query}")).insert_header(("content-type", kind)).set_payload(body);
    let (request, mut payload) = request.to_http_parts();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(Received::from_request(&request, &mut payload)).unwrap().0
}

fn form(pairs: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn json(pairs: &[(&str, String)]) -> String {
    let members: Vec<String> =
        pairs.iter().map(|(name, value)| format!("\"{name}\":{}", serde_json::json!(value))).collect();
    format!("{{{}}}", members.join(","))
}

fn multipart(pairs: &[(&str, String)]) -> Vec<u8> {
    let part = |(name, value): &(&str, String)| {
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    (pairs.iter().map(part).collect::<String>() + &format!("--{BOUNDARY}--\r\n")).into_bytes()
}

/// Whether a body says this of a parameter, as far as another reader can tell.
fn was_sent(kind: &str, body: &[u8], name: &str, value: &str) -> bool {
    match kind {
        FORM => form_urlencoded::parse(body).any(|(known, sent)| known == name && sent == value),
        "application/json" => match serde_json::from_slice::<serde_json::Value>(body).map(|json| json[name].clone()) {
            Ok(serde_json::Value::String(sent)) => sent == value,
            Ok(serde_json::Value::Number(sent)) => sent.to_string() == value,
            Ok(serde_json::Value::Bool(sent)) => value == if sent { "true" } else { "false" },
            _ => false,
        },
        _ => String::from_utf8_lossy(body).contains(value),
    }
}

// --- redirect URIs -----------------------------------------------------------------------------------------------------

const REGISTERED: [&str; 10] = [
    "https://app.example/callback",
    "https://app.example",
    "https://app.example/cb?x=1&code=old",
    "http://127.0.0.1/cb",
    "http://127.0.0.1:8080/cb?x=1",
    "http://[::1]/cb",
    "http://localhost:1/cb",
    "http://plain.example:80/cb",
    "com.example.app:/cb",
    "urn:ietf:wg:oauth:2.0:oob",
];
const INSERTED: [&str; 16] =
    ["/", "?", "#", "@", ":", "\\", "%2F", "%00", ".", "..", "evil.example", "localhost", ":99", "\u{e9}", " ", "\t"];

/// A presented URI is the registered one byte for byte, but for the port of a plain-http address of this device.
fn redirects(bytes: &[u8]) {
    let mut input = Input(bytes);
    let registered = match input.number(4) {
        0 => String::from_utf8_lossy(input.0).into_owned(),
        _ => REGISTERED[input.number(REGISTERED.len())].to_owned(),
    };
    let presented = changed(&mut input, &registered);
    let free = String::from_utf8_lossy(bytes).into_owned();
    for (registered, presented) in [(&registered, &presented), (&presented, &registered), (&registered, &free)] {
        let uri = RedirectUri::stored(registered.clone());
        let exact = uri.admits(presented, RedirectMatch::Exact);
        assert_eq!(exact, registered == presented || differs_in_its_own_port(registered, presented));
        let back = RedirectUri::stored(presented.clone()).admits(registered, RedirectMatch::Exact);
        assert_eq!(exact, back, "{registered} and {presented}");
        if !exact && RedirectUri::register(registered).is_ok() && uri.admits(presented, RedirectMatch::Mastodon) {
            leads_to_the_same_place(registered, presented);
        }
        if RedirectUri::register(registered).is_ok() {
            keeps_what_was_registered(registered, presented);
        }
    }
}

/// Makes one to three changes to a text, or none.
fn changed(input: &mut Input<'_>, text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..input.number(4) {
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let at = places[input.number(places.len())];
        let end = places[input.number(places.len())].max(at);
        match input.number(5) {
            0 => text.insert_str(at, INSERTED[input.number(INSERTED.len())]),
            1 => text.replace_range(at..end, ""),
            2 => text = text[..at].to_owned() + &text[at..].to_ascii_uppercase(),
            3 => text = text.replacen(":/", &format!(":{}/", input.number(256) * 300), 1),
            _ => {
                let more = input.text();
                text.insert_str(at, &more);
            }
        }
    }
    text
}

/// The rule of RFC 8252 §7.3, read in another way than the code under test reads it: cut the port out, compare the rest.
fn differs_in_its_own_port(one: &str, other: &str) -> bool {
    let without_port = |uri: &str| {
        let rest = uri.strip_prefix("http://")?;
        let host = ["localhost", "[::1]"].into_iter().find(|host| rest.starts_with(host));
        let host = match host {
            Some(host) => host.to_owned(),
            None => rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect(),
        };
        let is_own =
            host.starts_with(['l', '[']) || host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
        let after = &rest[host.len()..];
        let digits = after.strip_prefix(':').map(|after| after.chars().take_while(char::is_ascii_digit).collect());
        let tail = match digits {
            None => after,
            Some(digits) => {
                let digits: String = digits;
                digits.parse::<u16>().ok()?;
                &after[1 + digits.len()..]
            }
        };
        let is_whole = tail.is_empty() || tail.starts_with(['/', '?', '#']);
        (is_own && is_whole).then(|| format!("{host}|{tail}"))
    };
    without_port(one).is_some() && without_port(one) == without_port(other)
}

fn leads_to_the_same_place(registered: &str, presented: &str) {
    let (Ok(one), Ok(other)) = (Url::parse(registered), Url::parse(presented)) else {
        // A private scheme's host may be what no library reads: then all but its letters' case is the same.
        let start = presented.split('?').next().unwrap_or_default();
        let wanted = registered.split('?').next().unwrap_or_default();
        return assert!(start.eq_ignore_ascii_case(wanted), "{registered} admits {presented}");
    };
    assert_eq!(
        (one.scheme(), one.host_str().map(str::to_lowercase), one.port(), one.path(), other.fragment()),
        (other.scheme(), other.host_str().map(str::to_lowercase), other.port(), other.path(), None),
        "{registered} admits {presented}"
    );
    assert!(other.username().is_empty() && other.password().is_none(), "{registered} admits {presented}");
}

fn keeps_what_was_registered(registered: &str, state: &str) {
    let uri = RedirectUri::stored(registered);
    let answer = uri.respond(&[("code", "c"), ("state", state)]);
    let base = registered.split('?').next().unwrap_or_default();
    assert!(answer.starts_with(base) && answer.as_bytes().get(base.len()) == Some(&b'?'), "{answer}");
    assert!(!answer.contains(['\r', '\n', '#']), "{answer}");
    let query = answer.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    for (name, value) in [("code", "c"), ("state", state)] {
        let found: Vec<&str> = pairs.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value).collect();
        assert_eq!(found, [value], "{answer}");
    }
}

// --- Authorization -----------------------------------------------------------------------------------------------------

/// What a header opens was in the header; a header is of one kind; what cannot be read proves nothing.
fn authorization(bytes: &[u8]) {
    let mut input = Input(bytes);
    let scheme = ["", "Bearer ", "bearer ", "Basic ", "BASIC  ", "Basic"][input.number(6)];
    let plain = [scheme.as_bytes(), input.0].concat();
    let encoded = format!("{scheme}{}", STANDARD.encode(input.0)).into_bytes();
    for header in [bytes.to_vec(), plain, encoded] {
        let Ok(value) = HeaderValue::from_bytes(&header) else { continue };
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value);
        let text = String::from_utf8_lossy(&header).into_owned();
        let (bearer, basic) = (request::bearer(&headers), request::basic(&headers));
        assert!(bearer.is_none() || basic.is_none(), "{text:?} is of two kinds");
        if let Some(token) = &bearer {
            let token = token.expose();
            assert!(!token.is_empty() && token.trim() == token, "{text:?}");
            assert_eq!(text.split_once(' ').map(|(_, rest)| rest.trim()), Some(token));
            assert!(text.to_ascii_lowercase().starts_with("bearer "), "{text:?}");
        }
        if let Some((user, password)) = &basic {
            assert!(text.to_ascii_lowercase().starts_with("basic "), "{text:?}");
            let sent = STANDARD.decode(text[6..].trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            match &sent {
                None => assert_eq!((user.as_str(), password.expose()), ("\u{0}", ""), "{text:?}"),
                Some(sent) => {
                    assert!(!user.contains(':'), "{text:?}");
                    let whole = [user, ":", password.expose()].concat();
                    assert!(whole == *sent || (password.is_empty() && user == sent), "{text:?}");
                }
            }
            claims_are_what_was_sent(user, password.expose());
        }
    }
}

fn claims_are_what_was_sent(user: &str, password: &str) {
    let basic = (user.to_owned(), Secret::new(password));
    let of_body = Secret::new("the secret of the body");
    let claim = ClientClaim::read(Some(&basic), None, Some(of_body.clone())).unwrap();
    let decoded =
        |text: &str| form_urlencoded::parse(format!("x={text}").as_bytes()).next().map(|(_, text)| text.into_owned());
    if user.is_empty() {
        return assert_eq!((claim.id, claim.secrets), (None, vec![of_body]));
    }
    assert!(claim.id.as_deref() == Some(user) || claim.id == decoded(user), "{user:?} became {:?}", claim.id);
    for secret in &claim.secrets {
        let secret = secret.expose();
        assert!(secret == password || Some(secret) == decoded(password).as_deref(), "{password:?} became {secret:?}");
    }
    assert!(!claim.proves(of_body.digest().as_bytes()) || password.contains("secret"), "a header is used alone");
}

// --- who feeds them ----------------------------------------------------------------------------------------------------

/// Bytes of any kind, and bytes that look like the real thing.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        "[ -~]{0,120}".prop_map(String::into_bytes),
        "(client_id|code|scope)(\\[[0-9a-z]{0,2}\\]?)?=[ -~]{0,12}(&(client_id|code)=[ -~]{0,6}){0,4}"
            .prop_map(String::into_bytes),
        "\\{\"(code|scope|state)\":(\"[ -~]{0,8}\"|[0-9]{1,5}|null|true|\\[\"a\"\\]|\\{\\})(,\"code\":\"[a-c]\"){0,3}\\}"
            .prop_map(String::into_bytes),
        "(--x\r\n(Content-Disposition: form-data; name=\"(code|state)\"\r\n)?\r\n[ -~]{0,12}\r\n){0,4}(--x--\r\n)?"
            .prop_map(String::into_bytes),
        "http://(127\\.0\\.0\\.[01]|localhost|\\[::1\\])(:[0-9]{0,6})?[/?#@a]{0,3}[ -~]{0,20}".prop_map(String::into_bytes),
        "(?i:bearer|basic) {0,3}[A-Za-z0-9+/=:_%-]{0,60}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn fuzz_parameters_have_the_same_meaning_in_every_encoding(bytes in bytes()) {
        parameters(&bytes);
    }

    #[test]
    fn fuzz_redirect_uri_match_is_exact_except_loopback_port(bytes in bytes()) {
        redirects(&bytes);
    }

    #[test]
    fn fuzz_authorization_header_yields_only_credentials_that_were_sent(bytes in bytes()) {
        authorization(&bytes);
    }

    #[test]
    fn basic_authorization_header_round_trips_user_and_password(user in "[^:\u{0}]{1,20}", password in "\\PC{0,30}") {
        let header = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(&header).unwrap());
        let (name, secret) = request::basic(&headers).unwrap();
        prop_assert_eq!((name, secret.expose()), (user, &*password));
    }
}

/// Inputs that once told two readers apart, or that chance does not find.
const KNOWN: [&[u8]; 10] = [
    b"",
    b"\0",
    b"client_id=a&client_id=b",
    b"scope=read&scope=read&scope[]=write",
    b"code=%00&state=%ff%fe&client_id=%",
    b"{\"client_id\":\"a\",\"client_id\":\"b\",\"scope\":[\"read\"]}",
    b"--x\r\nContent-Disposition: form-data; name=\"code\"\r\n\r\n1\r\n--x--\r\n",
    b"http://127.0.0.1:99999/cb?code=1#iss=2",
    b"Basic Y2xpZW50JTNBaWQ6c2VjcmV0PWp1bms=",
    b"bEaReR \ttoken=, Basic ===",
];

/// A fuzzer names the file with its input in `LYSAND_AUTH_FUZZ_INPUT`; it joins the known ones.
#[test]
fn fuzz_known_inputs_pass_all_targets() {
    let given = std::env::var_os("LYSAND_AUTH_FUZZ_INPUT").map(|file| std::fs::read(file).unwrap());
    for input in KNOWN.into_iter().chain(given.as_deref()) {
        for target in TARGETS {
            target(input);
        }
    }
}
