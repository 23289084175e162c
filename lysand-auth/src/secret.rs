//! Secrets: values that are never printed, how they are generated, stored as digests and compared.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::ambient::Ambient;

/// A password, token, code or key. `Debug` hides it, dropping it wipes it; whoever needs it says [`expose`](Self::expose).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a value that came from outside.
    #[must_use]
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// Generates 256 unpredictable bits as 43 characters of base64url: an access token, a code, a client secret.
    ///
    /// The alphabet fits a URL, a form, a header and a `Sec-WebSocket-Protocol` value (Mastodon contract §1).
    #[must_use]
    pub fn generate(ambient: &Ambient) -> Self {
        Self::of_bytes(&ambient.bytes())
    }

    /// These bits in that form.
    pub(crate) fn of_bytes(bytes: &[u8; 32]) -> Self {
        Self::new(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The same form of 256 bits that follow from `parts`, and that nobody without the key can tell from drawn ones: HMAC with
    /// SHA-256 (RFC 2104) over the parts' digests, so that no two lists of parts are one.
    pub(crate) fn derive(key: &[u8; 64], parts: &[&[u8]]) -> Self {
        let mut mac: Hmac<Sha256> = KeyInit::new(key.into());
        for part in parts {
            mac.update(Digest::of(part).as_bytes());
        }
        Self::new(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }

    /// The value itself. Each call is a place to look at when auditing.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// True for a value of no characters; such a value matches nothing (security AS-12).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What the database keeps in place of the value.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// SHA-256 of a secret. Minted secrets carry 256 random bits, so a slow hash would buy nothing and invite overload
/// (Mastodon contract §1); passwords go through [`password`](crate::password) instead.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest in a database column; `None` when it is none.
    pub(crate) fn stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The digest's bytes, as a database column keeps them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether a stored digest is this one; takes the same time wherever they differ (security ID-5).
    #[must_use]
    pub fn matches(&self, stored: &[u8]) -> bool {
        self.0.ct_eq(stored).into()
    }

    /// Whether it begins with these bytes; it takes as long whether it does or not.
    pub(crate) fn begins_with(&self, bytes: &[u8]) -> bool {
        self.0.get(..bytes.len()).is_some_and(|beginning| beginning.ct_eq(bytes).into())
    }

    /// The digest as base64url without padding, as PKCE writes it (RFC 7636 §4.2).
    #[must_use]
    pub fn to_base64url(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_debug_output_never_shows_the_value() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret:?} {:?}", secret.digest()).contains("hunter2"));
    }

    #[test]
    fn generated_secret_is_43_url_safe_characters_and_unique() {
        let one = Secret::generate(&Ambient::system());
        assert_eq!(one.expose().len(), 43);
        assert!(one.expose().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_ne!(one, Secret::generate(&Ambient::system()));
    }

    #[test]
    fn derived_secret_depends_on_key_and_on_each_part() {
        let derive = |key: u8, parts: &[&str]| {
            Secret::derive(&[key; 64], &parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>())
        };
        let one = derive(1, &["ab", "c"]);
        assert_eq!((one.expose().len(), derive(1, &["ab", "c"])), (43, one.clone()));
        for other in
            [derive(2, &["ab", "c"]), derive(1, &["a", "bc"]), derive(1, &["abc"]), derive(1, &["ab", "c", ""])]
        {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn secret_digest_comparison_refuses_prefix_and_empty() {
        let digest = Secret::new("abc").digest();
        assert!(digest.matches(Secret::new("abc").digest().as_bytes()));
        assert!(!digest.matches(&digest.as_bytes()[..31]));
        assert!(!digest.matches(&[]));
    }
}
