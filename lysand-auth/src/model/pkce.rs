//! Proof key for code exchange: S256 and nothing else (RFC 7636, security AS-6).

use subtle::ConstantTimeEq;

use crate::secret::Secret;

/// What is wrong with the PKCE parameters of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChallengeProblem {
    /// Another method than `S256`, or none.
    Method,
    /// The challenge is not the base64url of 32 bytes.
    Malformed,
}

/// The challenge that a code is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge(String);

impl Challenge {
    /// Reads the two parameters of an authorization request. A method without a challenge is ignored; padding is
    /// forgiven (DEV-19).
    ///
    /// # Errors
    /// When a challenge comes without the method `S256`, or is not the base64url of 32 bytes.
    pub fn requested(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, ChallengeProblem> {
        let Some(challenge) = challenge else { return Ok(None) };
        if method != Some("S256") {
            return Err(ChallengeProblem::Method);
        }
        let bare = challenge.trim_end_matches('=');
        if bare.len() != 43 || !bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_') {
            return Err(ChallengeProblem::Malformed);
        }
        Ok(Some(Self(bare.to_owned())))
    }

    /// Reads back a stored challenge.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The challenge as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `verifier` is the one that the challenge was made from.
    #[must_use]
    pub fn is_met_by(&self, verifier: &Secret) -> bool {
        let text = verifier.expose();
        let well_formed = (43..=128).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        well_formed && bool::from(verifier.digest().to_base64url().as_bytes().ct_eq(self.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn pkce_s256_verifier_matches_rfc_7636_test_vector() {
        let challenge = Challenge::requested(Some(CHALLENGE), Some("S256")).unwrap().unwrap();
        assert!(challenge.is_met_by(&Secret::new(VERIFIER)));
        assert!(!challenge.is_met_by(&Secret::new(CHALLENGE)));
        assert!(!challenge.is_met_by(&Secret::new("")));
        let padded = Challenge::requested(Some(&format!("{CHALLENGE}=")), Some("S256")).unwrap();
        assert_eq!(padded, Some(challenge));
    }

    #[test]
    fn pkce_plain_method_or_malformed_challenge_is_refused() {
        for method in [None, Some("plain"), Some("s256"), Some("")] {
            assert!(Challenge::requested(Some(CHALLENGE), method).is_err(), "{method:?}");
        }
        for challenge in ["", "short", &CHALLENGE.replace('-', "+"), &"A".repeat(44)] {
            assert!(Challenge::requested(Some(challenge), Some("S256")).is_err(), "{challenge}");
        }
        assert_eq!(Challenge::requested(None, Some("plain")).unwrap(), None);
        let challenge = Challenge::stored(Secret::new("abc").digest().to_base64url());
        assert!(!challenge.is_met_by(&Secret::new("abc")), "a verifier has 43 characters at least");
    }
}
