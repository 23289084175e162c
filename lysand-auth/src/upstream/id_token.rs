//! What an ID token must say, read from its own bytes. The library for OpenID Connect checks the signature and most claims;
//! here stands what it leaves to its caller, and each type once more: a claim of the wrong type is a failure and not an
//! absence (security RP-1).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::json;
use crate::ambient::Timestamp;
use crate::model::identity::MAX_SUBJECT;

/// How far two clocks may be apart (security LOAD-11).
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// An ID token that is older was not made for this sign-in.
const OLDEST: i64 = 3_600;

/// What this ID token must repeat.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

impl Expected<'_> {
    /// Checks a compact ID token, all but its signature.
    pub(super) fn check(&self, compact: &str) -> Result<(), &'static str> {
        let parts: Vec<&str> = compact.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err("the ID token does not have three parts");
        };
        if signature.is_empty() {
            return Err("the ID token is not signed");
        }
        let header = object(header).ok_or("the ID token's header is not strict JSON")?;
        if header.keys().any(|name| matches!(name.as_str(), "jwk" | "jku" | "x5u" | "x5c" | "crit" | "enc")) {
            return Err("the ID token's header brings keys or demands of its own");
        }
        let claims = object(payload).ok_or("the ID token's claims are not strict JSON")?;
        self.check_claims(&claims)
    }

    fn check_claims(&self, claims: &Map<String, Value>) -> Result<(), &'static str> {
        let text = |name: &str| claims.get(name).map(|value| value.as_str());
        let seconds = |name: &str| claims.get(name).map(as_seconds);
        let (now, skew) = (self.now.seconds(), i64::try_from(CLOCK_SKEW.as_secs()).unwrap_or(0));
        if text("iss") != Some(Some(self.issuer)) {
            return Err("iss is another issuer's");
        }
        match claims.get("aud") {
            Some(Value::String(one)) if one == self.client_id => {}
            Some(Value::Array(all)) if !all.is_empty() && all.iter().all(|one| one == self.client_id) => {}
            _ => return Err("aud is not ours alone"),
        }
        if text("azp").is_some_and(|azp| azp != Some(self.client_id)) {
            return Err("azp is somebody else");
        }
        if text("nonce") != Some(Some(self.nonce)) {
            return Err("nonce is another sign-in's");
        }
        if !matches!(text("sub"), Some(Some(sub)) if !sub.trim().is_empty() && sub.len() <= MAX_SUBJECT) {
            return Err("sub is missing, empty or too long");
        }
        if text("at_hash").is_some_and(|hash| hash.is_none()) {
            return Err("at_hash is no text");
        }
        match seconds("exp") {
            Some(Some(exp)) if exp > now - skew => {}
            _ => return Err("exp is over, or no number"),
        }
        match seconds("iat") {
            Some(Some(iat)) if iat <= now + skew && iat >= now - OLDEST => {}
            _ => return Err("iat is not about now, or no number"),
        }
        match seconds("nbf") {
            None => Ok(()),
            Some(Some(nbf)) if nbf <= now + skew => Ok(()),
            Some(_) => Err("nbf is to come, or no number"),
        }
    }
}

/// A part of a token as an object whose names stand once each.
fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
    if !json::is_strict(&bytes) {
        return None;
    }
    serde_json::from_slice(&bytes).ok()
}

/// Whole seconds of a date; fractions are cut off.
fn as_seconds(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the bounds are checked; a fraction of a second is not needed")]
    let whole = |number: f64| (number.abs() < 1e15).then_some(number as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(whole))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_294_800;

    fn check(header: &str, claims: &str) -> Result<(), &'static str> {
        let expected = Expected {
            issuer: "https://id.example",
            client_id: "us",
            nonce: "n",
            now: Timestamp::from_micros(NOW * 1_000_000),
        };
        let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
        expected.check(&format!("{}.{}.c2ln", encode(header), encode(claims)))
    }

    fn good() -> Value {
        json!({ "iss": "https://id.example", "aud": "us", "sub": "s", "nonce": "n", "exp": NOW + 60, "iat": NOW })
    }

    #[test]
    fn provider_id_token_with_missing_or_wrong_claim_is_refused() {
        assert_eq!(check("{}", &good().to_string()), Ok(()));
        for (name, value) in [
            ("iss", json!("https://id.example/")),
            ("iss", json!(1)),
            ("iss", Value::Null),
            ("aud", json!("them")),
            ("aud", json!(["us", "them"])),
            ("aud", json!([])),
            ("aud", json!({ "us": 1 })),
            ("azp", json!("them")),
            ("azp", json!(["us"])),
            ("azp", Value::Null),
            ("nonce", json!("m")),
            ("nonce", json!(1)),
            ("sub", json!("")),
            ("sub", json!(17)),
            ("sub", Value::Null),
            ("sub", json!("x".repeat(256))),
            ("at_hash", json!(1)),
            ("exp", json!(NOW - 61)),
            ("exp", json!((NOW + 60).to_string())),
            ("exp", Value::Null),
            ("iat", json!(NOW + 61)),
            ("iat", json!(NOW - 3_601)),
            ("iat", json!("now")),
            ("iat", json!(1e300)),
            ("nbf", json!(NOW + 61)),
            ("nbf", json!("x")),
        ] {
            let mut claims = good();
            claims[name] = value.clone();
            assert!(check("{}", &claims.to_string()).is_err(), "{name}: {value}");
        }
        for name in ["iss", "aud", "nonce", "sub", "exp", "iat"] {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(name);
            assert!(check("{}", &claims.to_string()).is_err(), "{name}");
        }
        for (name, value) in [("aud", json!(["us"])), ("azp", json!("us")), ("nbf", json!(NOW)), ("exp", json!(4e9))] {
            let mut claims = good();
            claims[name] = value.clone();
            assert_eq!(check("{}", &claims.to_string()), Ok(()), "{name}: {value}");
        }
    }

    #[test]
    fn provider_id_token_with_key_header_or_duplicate_names_is_refused() {
        for name in ["jwk", "jku", "x5u", "x5c", "crit"] {
            assert!(check(&json!({ "alg": "RS256", name: [] }).to_string(), &good().to_string()).is_err(), "{name}");
        }
        assert!(check(r#"{"alg":"RS256","alg":"none"}"#, &good().to_string()).is_err());
        let twice = good().to_string().replacen('{', r#"{"sub":"t","#, 1);
        assert!(check("{}", &twice).is_err());
        let expected = Expected { issuer: "i", client_id: "c", nonce: "n", now: Timestamp::from_micros(0) };
        for odd in ["", "a.b", "a.b.", "a.b.c.d.e", "!.!.!"] {
            assert!(expected.check(odd).is_err(), "{odd}");
        }
    }
}
