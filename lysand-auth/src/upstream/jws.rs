//! A signed token (RFC 7515), taken apart before anything of it is believed (security RP-1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::CoreJwsSigningAlgorithm as Algorithm;
use serde_json::{Map, Value};

use super::algorithm::algorithm;
use super::json;

/// A signed token whose signature is not checked yet.
pub(super) struct Jws<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<&'a str>,
    /// What is signed.
    pub(super) message: &'a str,
    pub(super) signature: Vec<u8>,
    pub(super) claims: Map<String, Value>,
}

/// A header, kept by the caller while its [`Jws`] is read.
pub(super) struct Header(Map<String, Value>);

impl Header {
    /// The header of a compact token.
    pub(super) fn of(compact: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = compact.split('.').collect();
        let [header, _, signature] = parts.as_slice() else { return Err("it does not have three parts") };
        if signature.is_empty() {
            return Err("it is not signed");
        }
        let header = object(header).ok_or("its header is not strict JSON")?;
        if header.keys().any(|name| matches!(name.as_str(), "jwk" | "jku" | "x5u" | "x5c" | "crit" | "enc" | "cty")) {
            return Err("its header brings keys or demands of its own");
        }
        match header.get("typ") {
            None => {}
            Some(Value::String(kind)) if is_jwt(kind) => {}
            Some(_) => return Err("its header says that it is something else: typ"),
        }
        Ok(Self(header))
    }
}

impl<'a> Jws<'a> {
    /// The rest of a compact token.
    pub(super) fn read(compact: &'a str, Header(header): &'a Header) -> Result<Self, &'static str> {
        let (message, signature) = compact.rsplit_once('.').ok_or("it does not have three parts")?;
        let (_, payload) = message.split_once('.').ok_or("it does not have three parts")?;
        let named = header.get("alg").and_then(Value::as_str).unwrap_or_default();
        Ok(Self {
            algorithm: algorithm(named).ok_or("its algorithm is not accepted: alg")?,
            key_id: json::text(header, "kid"),
            message,
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| "its signature is not base64url")?,
            claims: object(payload).ok_or("its claims are not strict JSON")?,
        })
    }
}

fn is_jwt(kind: &str) -> bool {
    kind.eq_ignore_ascii_case("jwt") || kind.eq_ignore_ascii_case("application/jwt")
}

/// A part of a token as an object whose names stand once each.
fn object(part: &str) -> Option<Map<String, Value>> {
    json::object(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(header: &str, claims: &str) -> Result<(), &'static str> {
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let compact = format!("{}.{}.c2ln", encode(header), encode(claims));
        Jws::read(&compact, &Header::of(&compact)?).map(|_| ())
    }

    #[test]
    fn provider_id_token_with_key_header_or_duplicate_names_is_refused() {
        let claims = json!({ "sub": "s" }).to_string();
        for header in [r#"{"alg":"RS256"}"#, r#"{"alg":"Ed25519","typ":"jwt","kid":"k"}"#] {
            assert_eq!(read(header, &claims), Ok(()));
        }
        for name in ["jwk", "jku", "x5u", "x5c", "crit", "enc", "cty"] {
            assert!(read(&json!({ "alg": "RS256", name: [] }).to_string(), &claims).is_err(), "{name}");
        }
        for header in [
            r#"{"alg":"RS256","alg":"none"}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":"RS256","typ":"at+jwt"}"#,
            r#"{"alg":"RS256","typ":["JWT"]}"#,
            r#"{"alg":["RS256"]}"#,
            "{}",
            "[]",
        ] {
            assert!(read(header, &claims).is_err(), "{header}");
        }
        assert!(read(r#"{"alg":"RS256"}"#, r#"{"sub":"t","sub":"s"}"#).is_err());
        for odd in ["", "a.b", "a.b.", "a.b.c.d.e", "!.!.!"] {
            assert!(Header::of(odd).is_err(), "{odd}");
        }
    }
}
