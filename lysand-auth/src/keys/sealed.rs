//! Secrets at rest: AES-256-GCM (NIST SP 800-38D) under keys that are not in the database (FAC-66).

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::secrets::{SecretKey, SecretKeys};
use crate::ambient::Ambient;

/// The label of the key that seals.
const LABEL: &str = "sealed secret";
const NONCE_BYTES: usize = 12;

/// Why something that was sealed cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// None of the keys has the name that it carries.
    #[error("it is sealed under the key {0}, which is not in keys.secrets")]
    UnknownKey(String),
    /// It is nothing that was sealed, was changed since, or belongs elsewhere.
    #[error("it was not sealed for this place, or was changed since")]
    Broken,
}

impl SecretKeys {
    /// Encrypts under the first key: the key's name, a dot, and nonce and ciphertext in base64url. It opens for the same `place`
    /// alone, which says whose secret it is and where it is kept.
    pub(crate) fn seal(&self, ambient: &Ambient, place: &str, secret: &[u8]) -> Result<String, SealError> {
        let key = self.first().ok_or(SealError::Broken)?;
        let nonce: [u8; NONCE_BYTES] = ambient.bytes();
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let sealed = cipher(key).encrypt(Nonce::from_slice(&nonce), payload).map_err(|_| SealError::Broken)?;
        Ok(format!("{}.{}", key.id(), URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat())))
    }

    /// Decrypts what [`seal`](Self::seal) made for this place, under any of the keys.
    pub(crate) fn open(&self, place: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, text) = sealed.split_once('.').ok_or(SealError::Broken)?;
        let key = self.named(id).ok_or_else(|| SealError::UnknownKey(id.to_owned()))?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SealError::Broken)?;
        let (nonce, secret) = bytes.split_at_checked(NONCE_BYTES).ok_or(SealError::Broken)?;
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let opened = cipher(key).decrypt(Nonce::from_slice(nonce), payload).map_err(|_| SealError::Broken)?;
        Ok(Zeroizing::new(opened))
    }
}

fn cipher(key: &SecretKey) -> Aes256Gcm {
    let subkey = Zeroizing::new(key.subkey(LABEL));
    Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(&subkey[..32]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_secret_opens_under_any_of_the_keys_and_in_its_place_alone() {
        let ambient = Ambient::system();
        let (old, both) = (SecretKeys::new(vec![[1; 32]]), SecretKeys::new(vec![[2; 32], [1; 32]]));
        let sealed = old.seal(&ambient, "table.column a", b"hunter2").unwrap();
        assert!(!sealed.contains("hunter2"));
        assert_ne!(sealed, old.seal(&ambient, "table.column a", b"hunter2").unwrap(), "each has a nonce of its own");
        assert_eq!(both.open("table.column a", &sealed).unwrap().as_slice(), b"hunter2");
        assert_eq!(both.open("table.column b", &sealed), Err(SealError::Broken));
        let elsewhere = SecretKeys::new(vec![[3; 32]]);
        assert!(matches!(elsewhere.open("table.column a", &sealed), Err(SealError::UnknownKey(_))));
    }

    #[test]
    fn sealed_secret_that_was_changed_is_refused() {
        let keys = SecretKeys::new(vec![[1; 32]]);
        let sealed = keys.seal(&Ambient::system(), "place", b"hunter2").unwrap();
        let (id, text) = sealed.split_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(text).unwrap();
        for at in 0..bytes.len() {
            bytes[at] ^= 1;
            let changed = format!("{id}.{}", URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(keys.open("place", &changed), Err(SealError::Broken), "byte {at}");
            bytes[at] ^= 1;
        }
        for nothing in ["", ".", id, &format!("{id}."), &format!("{id}.AAAA"), &format!("{id}.*")] {
            assert!(keys.open("place", nothing).is_err(), "{nothing:?}");
        }
    }
}
