//! RSA keys, as PKCS#8 PEM: `ring` reads them, signs and verifies (FAC-132). Making one is in [`new_rsa`](super::new_rsa).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::SecretDocument;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair, PublicKeyComponents};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};

use crate::secret::{Digest, Secret};

/// A private key of 2048 to 4096 bits, and what is public of it.
pub(crate) struct RsaKey {
    pair: KeyPair,
    public: PublicKeyComponents<Vec<u8>>,
    kid: String,
}

impl RsaKey {
    /// Reads a key; `None` when it is none that can sign.
    pub(crate) fn read(pem: &Secret) -> Option<Self> {
        let (label, document) = SecretDocument::from_pem(pem.expose()).ok()?;
        let pair = KeyPair::from_pkcs8(document.as_bytes()).ok().filter(|_| label == "PRIVATE KEY")?;
        let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
        let (n, e) = (URL_SAFE_NO_PAD.encode(&public.n), URL_SAFE_NO_PAD.encode(&public.e));
        // The thumbprint of RFC 7638: members in the order of their names, without white space.
        let kid = Digest::of(format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#).as_bytes()).to_base64url();
        Some(Self { pair, public, kid })
    }

    /// The signature by RSASSA-PKCS1-v1_5 with SHA-256: `RS256` (RFC 7518 §3.3).
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        // This padding draws nothing from the random source, which the interface wants anyway.
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
        Some(signature)
    }

    /// Whether a signature is this key's.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.public.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    }

    /// Its name.
    pub(crate) fn kid(&self) -> &str {
        &self.kid
    }

    /// Modulus and exponent, as a JSON Web Key has them (RFC 7518 §6.3.1).
    pub(crate) fn public_members(&self) -> (String, String) {
        (URL_SAFE_NO_PAD.encode(&self.public.n), URL_SAFE_NO_PAD.encode(&self.public.e))
    }
}
