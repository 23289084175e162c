//! What the provider signs with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
};
use rsa::pkcs1::{DecodeRsaPrivateKey as _, DecodeRsaPublicKey as _};
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

const RSA_2048: &[u8] = include_bytes!("keys/rsa_2048.der");
const RSA_1024: &[u8] = include_bytes!("keys/rsa_1024.der");
/// What stands before a SHA-256 digest in a signature of PKCS#1 (RFC 8017 §9.2).
const SHA_256_PREFIX: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// A key with its algorithm.
pub(super) enum Signer {
    Ed25519(SigningKey),
    Rsa(Box<RsaKeyPair>, &'static str),
    WeakRsa(Box<rsa::RsaPrivateKey>),
    Ecdsa(Box<EcdsaKeyPair>, &'static str),
}

impl Signer {
    /// The signer of this name; EC keys are made anew, so the caller keeps them.
    pub(super) fn named(name: &str) -> Self {
        match name {
            "RS256" | "PS256" => {
                let key = RsaKeyPair::from_der(RSA_2048).expect("a key");
                Self::Rsa(Box::new(key), if name == "RS256" { "RS256" } else { "PS256" })
            }
            "RSA1024" => Self::WeakRsa(Box::new(rsa::RsaPrivateKey::from_pkcs1_der(RSA_1024).expect("a key"))),
            "ES256" => Self::Ecdsa(Box::new(elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING)), "ES256"),
            "ES384" => Self::Ecdsa(Box::new(elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING)), "ES384"),
            other => panic!("no signer is called {other}"),
        }
    }

    /// `alg`
    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::WeakRsa(_) => "RS256",
            Self::Rsa(_, name) | Self::Ecdsa(_, name) => name,
        }
    }

    /// The signature over a message.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Self::Rsa(key, name) => {
                let encoding: &dyn RsaEncoding = if *name == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(encoding, &random, message, &mut signature).expect("a signature");
                signature
            }
            Self::WeakRsa(key) => {
                let scheme = rsa::Pkcs1v15Sign { hash_len: Some(32), prefix: SHA_256_PREFIX.into() };
                key.sign(scheme, &Sha256::digest(message)).expect("a signature")
            }
            Self::Ecdsa(key, _) => key.sign(&random, message).expect("a signature").as_ref().to_vec(),
        }
    }

    /// The public key, as a key set has it.
    pub(super) fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Ed25519(key) => as_jwk(key, id),
            Self::Rsa(key, name) => {
                let public = rsa::RsaPublicKey::from_pkcs1_der(key.public().as_ref()).expect("a key");
                rsa_jwk(&public, name, id)
            }
            Self::WeakRsa(key) => rsa_jwk(&**key, "RS256", id),
            Self::Ecdsa(key, name) => {
                let point = &key.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                let curve = if *name == "ES256" { "P-256" } else { "P-384" };
                json!({ "kty": "EC", "crv": curve, "use": "sig", "alg": name, "kid": id,
                    "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
            }
        }
    }

    /// The left half of the hash that belongs to the algorithm (OpenID Connect Core §3.1.3.6); Ed25519 goes with SHA-512.
    pub(super) fn at_hash(&self, access_token: &str) -> String {
        let hash = match self.algorithm() {
            "EdDSA" => Sha512::digest(access_token).to_vec(),
            "ES384" => Sha384::digest(access_token).to_vec(),
            _ => Sha256::digest(access_token).to_vec(),
        };
        URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2])
    }
}

fn rsa_jwk(key: &impl PublicKeyParts, algorithm: &str, id: &str) -> Value {
    let (n, e) = (URL_SAFE_NO_PAD.encode(key.n().to_bytes_be()), URL_SAFE_NO_PAD.encode(key.e().to_bytes_be()));
    json!({ "kty": "RSA", "use": "sig", "alg": algorithm, "kid": id, "n": n, "e": e })
}

fn elliptic(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
    EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).expect("a key")
}

pub(super) fn as_jwk(key: &SigningKey, id: &str) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": id, "x": x })
}
