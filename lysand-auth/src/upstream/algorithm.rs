//! The algorithms of signatures that are accepted.

use openidconnect::core::CoreJwsSigningAlgorithm as Algorithm;

/// The asymmetric algorithm of this name; `None` for a MAC, since whoever knows our secret could sign, and for what is
/// unknown. The names of RFC 9864 say the same as the older ones with the curve that is meant.
pub(super) fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "RS256" => Algorithm::RsaSsaPkcs1V15Sha256,
        "RS384" => Algorithm::RsaSsaPkcs1V15Sha384,
        "RS512" => Algorithm::RsaSsaPkcs1V15Sha512,
        "PS256" => Algorithm::RsaSsaPssSha256,
        "PS384" => Algorithm::RsaSsaPssSha384,
        "PS512" => Algorithm::RsaSsaPssSha512,
        "ES256" | "ESP256" => Algorithm::EcdsaP256Sha256,
        "ES384" | "ESP384" => Algorithm::EcdsaP384Sha384,
        "EdDSA" | "Ed25519" => Algorithm::EdDsa,
        _ => return None,
    })
}
