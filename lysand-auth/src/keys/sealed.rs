//! Sealing what the database keeps of a secret that must come back in the clear (FAC-66): AES-256-GCM under a key of
//! `keys.secrets`, bound to the row that it stands in.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, Key, KeyInit as _, Nonce};
use zeroize::Zeroizing;

use super::secrets::{SecretKey, SecretKeys};
use crate::ambient::Ambient;

/// What the subkey that seals is derived by.
const LABEL: &str = "sealed in the database";
const NONCE: usize = 12;

/// A sealed secret, as the database keeps it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// The name of the key that it is sealed under.
    pub(crate) key: String,
    /// Nonce and ciphertext.
    pub(crate) bytes: Vec<u8>,
}

impl SecretKeys {
    /// Seals `plain` under the first key for the place that `place` names: table, column, account, row. None without a key.
    pub(crate) fn seal(&self, ambient: &Ambient, place: &[&str], plain: &[u8]) -> Option<Sealed> {
        let key = self.first()?;
        let nonce: [u8; NONCE] = ambient.bytes();
        let payload = Payload { msg: plain, aad: &bound_to(place) };
        let sealed = cipher(key).encrypt(Nonce::from_slice(&nonce), payload).ok()?;
        Some(Sealed { key: key.id(), bytes: [&nonce[..], &sealed].concat() })
    }

    /// What was sealed for this place. None under a key that is not there, for another place, and when a byte was changed.
    pub(crate) fn open(&self, place: &[&str], sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
        let key = self.all().find(|key| key.id() == sealed.key)?;
        let (nonce, bytes) = sealed.bytes.split_at_checked(NONCE)?;
        let payload = Payload { msg: bytes, aad: &bound_to(place) };
        cipher(key).decrypt(Nonce::from_slice(nonce), payload).ok().map(Zeroizing::new)
    }

    /// The names of all keys, the one that seals first.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.all().map(SecretKey::id).collect()
    }
}

fn cipher(key: &SecretKey) -> Aes256Gcm {
    let subkey = Zeroizing::new(key.subkey(LABEL));
    Aes256Gcm::new(Key::<Aes256Gcm>::from_slice(&subkey[..32]))
}

/// The parts of a place, each with its length, so that no two places are one.
fn bound_to(place: &[&str]) -> Vec<u8> {
    let part = |part: &&str| [&(part.len() as u64).to_be_bytes()[..], part.as_bytes()].concat();
    place.iter().flat_map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: [&str; 3] = ["auth_factor", "account", "row"];

    fn keys(bytes: &[u8]) -> SecretKeys {
        SecretKeys::new(bytes.iter().map(|byte| [*byte; 32]).collect())
    }

    #[test]
    fn sealed_secret_opens_in_its_place_under_its_key_alone() {
        let (old, both, other) = (keys(&[1]), keys(&[2, 1]), keys(&[2]));
        let sealed = old.seal(&Ambient::system(), &PLACE, b"seed").unwrap();
        assert_eq!(both.open(&PLACE, &sealed).unwrap().as_slice(), b"seed");
        assert_eq!(sealed.key, old.ids()[0]);
        assert!(other.open(&PLACE, &sealed).is_none(), "the key is gone");
        for place in
            [["auth_factor", "account", "other"], ["auth_factor", "accountr", "ow"], ["other", "account", "row"]]
        {
            assert!(old.open(&place, &sealed).is_none(), "{place:?}");
        }
        for at in 0..sealed.bytes.len() {
            let mut changed = sealed.clone();
            changed.bytes[at] ^= 1;
            assert!(old.open(&PLACE, &changed).is_none(), "byte {at}");
        }
        let short = Sealed { bytes: vec![0; NONCE - 1], ..sealed };
        assert!(old.open(&PLACE, &short).is_none());
        assert!(!sealed_twice_alike(&old));
    }

    fn sealed_twice_alike(keys: &SecretKeys) -> bool {
        let seal = || keys.seal(&Ambient::system(), &PLACE, b"seed").unwrap();
        seal().bytes == seal().bytes
    }
}
