//! What an ID token must say. Nothing else that it says decides anything, and nobody reads it (faults C1); one of these
//! claims of the wrong type is a failure and not an absence (security RP-1).

use std::time::Duration;

use serde_json::{Map, Value};

use crate::ambient::Timestamp;
use crate::model::identity::MAX_SUBJECT;

/// How far two clocks may be apart (security LOAD-11).
const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// An ID token that is older was not made for this sign-in.
const OLDEST: i64 = 3_600;

/// What this ID token must repeat.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    /// Other audiences that may stand beside us (faults C3).
    pub(super) trusted_audiences: &'a [String],
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

impl Expected<'_> {
    /// Checks the claims of an ID token whose signature is right; `at_hash` is compared where the access token is known.
    pub(super) fn check(&self, claims: &Map<String, Value>) -> Result<(), &'static str> {
        let text = |name: &str| claims.get(name).map(|value| value.as_str());
        let seconds = |name: &str| claims.get(name).map(as_seconds);
        let (now, skew) = (self.now.seconds(), i64::try_from(CLOCK_SKEW.as_secs()).unwrap_or(0));
        if text("iss") != Some(Some(self.issuer)) {
            return Err("iss is another issuer's");
        }
        if !self.is_audience(claims.get("aud")) {
            return Err("aud is not ours alone, and not all others are in trusted_audiences");
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

    /// Whether it is for us, and for nobody else whom the operator does not trust.
    fn is_audience(&self, aud: Option<&Value>) -> bool {
        let is_trusted = |one: &Value| self.trusted_audiences.iter().any(|trusted| one == trusted);
        match aud {
            Some(Value::String(one)) => one == self.client_id,
            Some(Value::Array(all)) => {
                all.iter().any(|one| one == self.client_id)
                    && all.iter().all(|one| one == self.client_id || is_trusted(one))
            }
            _ => false,
        }
    }
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

    fn check(claims: &Value) -> Result<(), &'static str> {
        let expected = Expected {
            issuer: "https://id.example",
            client_id: "us",
            trusted_audiences: &["sibling".to_owned()],
            nonce: "n",
            now: Timestamp::from_micros(NOW * 1_000_000),
        };
        expected.check(claims.as_object().expect("an object"))
    }

    fn good() -> Value {
        json!({ "iss": "https://id.example", "aud": "us", "sub": "s", "nonce": "n", "exp": NOW + 60, "iat": NOW })
    }

    #[test]
    fn provider_id_token_with_missing_or_wrong_claim_is_refused() {
        assert_eq!(check(&good()), Ok(()));
        for (name, value) in [
            ("iss", json!("https://id.example/")),
            ("iss", json!(1)),
            ("iss", Value::Null),
            ("aud", json!("them")),
            ("aud", json!(["us", "them"])),
            ("aud", json!(["us", "sibling", "them"])),
            ("aud", json!(["sibling"])),
            ("aud", json!("sibling")),
            ("aud", json!(["us", 1])),
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
            assert!(check(&claims).is_err(), "{name}: {value}");
        }
        for name in ["iss", "aud", "nonce", "sub", "exp", "iat"] {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(name);
            assert!(check(&claims).is_err(), "{name}");
        }
        for (name, value) in [
            ("aud", json!(["us"])),
            ("aud", json!(["sibling", "us"])),
            ("azp", json!("us")),
            ("nbf", json!(NOW)),
            ("exp", json!(4e9)),
        ] {
            let mut claims = good();
            claims[name] = value.clone();
            assert_eq!(check(&claims), Ok(()), "{name}: {value}");
        }
    }
}
