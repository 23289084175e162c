//! The key files that all other secrets of a server are derived from (FAC-66).

use std::fmt;
use std::path::Path;

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::file::{self, KeyError, KeyKind};
use crate::secret::Digest;

/// The secret keys: the first encrypts, all decrypt.
#[derive(Clone)]
pub(crate) struct SecretKeys(Vec<SecretKey>);

/// One of them.
#[derive(Clone)]
pub(crate) struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKeys {
    pub(super) fn new(keys: Vec<[u8; 32]>) -> Self {
        Self(keys.into_iter().map(|key| SecretKey(Zeroizing::new(key))).collect())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, the first one first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &SecretKey> {
        self.0.iter()
    }

    /// The key that new things are made with; `None` when there is no key.
    pub(crate) fn first(&self) -> Option<&SecretKey> {
        self.0.first()
    }
}

impl SecretKey {
    /// Key material for one purpose, derived by HKDF with SHA-256 (RFC 5869): whoever learns it learns neither the key nor
    /// what another label gives.
    pub(crate) fn subkey(&self, label: &str) -> [u8; 64] {
        let mut subkey = [0; 64];
        let derived = Hkdf::<Sha256>::new(None, &*self.0).expand(label.as_bytes(), &mut subkey);
        derived.expect("64 bytes are fewer than HKDF's bound");
        subkey
    }

    /// The name of a key, which what is sealed under it carries. It tells nothing about the key.
    pub(super) fn id(&self) -> String {
        Digest::of(&[&b"id of a secret key\n"[..], &*self.0].concat()).to_base64url().chars().take(8).collect()
    }
}

impl fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(SecretKey::id)).finish()
    }
}

/// Reads a file of 32 random bytes. One byte repeated is what a crash or a placeholder leaves behind.
pub(super) fn read(path: &Path) -> Result<[u8; 32], KeyError> {
    let bytes = Zeroizing::new(file::read(KeyKind::Secrets, path)?);
    let key = <[u8; 32]>::try_from(&bytes[..]).ok().filter(|key| key.iter().any(|byte| *byte != key[0]));
    key.ok_or_else(|| KeyError::Malformed { kind: KeyKind::Secrets, path: path.to_owned() })
}
