//! EdDSA for `jsonwebtoken`, over `ed25519-dalek`: the one algorithm that this library uses of that crate.
//!
//! The providers that `jsonwebtoken` brings know every algorithm and pull in RSA and two generations of elliptic curves, or a
//! C library. This one refuses whatever is not EdDSA.

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::jwk::{EllipticCurve, ThumbprintHash};
use jsonwebtoken::signature::Error;
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        rsa_pub_components_from_public_key: |_| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ec_pub_components_from_private_key: |_, _| Err(ErrorKind::UnsupportedAlgorithm.into()),
        ed_pub_components_from_private_key: public_half,
        compute_digest: digest,
    },
};

/// Makes this the process's provider, unless there is one: `jsonwebtoken` has no other place for it. A host that has its
/// own, by a feature of that crate or installed before the keys are read, keeps it.
pub(super) fn install() {
    if CryptoProvider::try_get_default().is_none() {
        // When another thread was quicker, the provider is there as well.
        let _ = PROVIDER.install_default();
    }
}

struct EdDsaSigner(SigningKey);

impl Signer<Vec<u8>> for EdDsaSigner {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Signer::<Signature>::try_sign(&self.0, message).map(|signature| signature.to_vec())
    }
}

impl JwtSigner for EdDsaSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct EdDsaVerifier(VerifyingKey);

impl Verifier<Vec<u8>> for EdDsaVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        self.0.verify(message, &Signature::from_slice(signature)?)
    }
}

impl JwtVerifier for EdDsaVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    ed_dsa_alone(*algorithm, key.family())?;
    Ok(Box::new(EdDsaSigner(private_key(key.as_bytes())?)))
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    ed_dsa_alone(*algorithm, key.family())?;
    let bytes = key.try_get_as_bytes()?.try_into().map_err(|_| ErrorKind::InvalidEddsaKey)?;
    let key = VerifyingKey::from_bytes(bytes).map_err(|_| ErrorKind::InvalidEddsaKey)?;
    Ok(Box::new(EdDsaVerifier(key)))
}

fn ed_dsa_alone(algorithm: Algorithm, family: AlgorithmFamily) -> Result<()> {
    match (algorithm, family) {
        (Algorithm::EdDSA, AlgorithmFamily::Ed) => Ok(()),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    }
}

fn private_key(pkcs8: &[u8]) -> Result<SigningKey> {
    Ok(SigningKey::from_pkcs8_der(pkcs8).map_err(|_| ErrorKind::InvalidEddsaKey)?)
}

fn public_half(pkcs8: &[u8], curve: &EllipticCurve) -> Result<Vec<u8>> {
    match curve {
        EllipticCurve::Ed25519 => Ok(private_key(pkcs8)?.verifying_key().as_bytes().to_vec()),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

fn digest(data: &[u8], hash: ThumbprintHash) -> Result<Vec<u8>> {
    match hash {
        ThumbprintHash::SHA256 => Ok(crate::secret::Digest::of(data).as_bytes().to_vec()),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use ed25519_dalek::pkcs8::EncodePrivateKey as _;
    use serde_json::json;

    use super::*;
    use crate::keys::Rsa;
    use crate::secret::Secret;
    use crate::signing::sessions::SigningKeys;

    /// The signature of RFC 8037, appendix A.4, with the key of its appendix A.1.
    #[test]
    fn a_signature_of_the_rfc_is_made_and_verified() {
        const MESSAGE: &[u8] = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        const SIGNATURE: &str =
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        install();
        let d = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
        let seed = URL_SAFE_NO_PAD.decode(d).unwrap();
        let key = SigningKey::from_bytes(seed.as_slice().try_into().unwrap());
        let der = key.to_pkcs8_der().unwrap();
        let encoding = EncodingKey::from_ed_der(der.as_bytes());
        assert_eq!(jsonwebtoken::crypto::sign(MESSAGE, &encoding, Algorithm::EdDSA).unwrap(), SIGNATURE);
        let decoding = DecodingKey::from_ed_components("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").unwrap();
        let verify = |signature, message| jsonwebtoken::crypto::verify(signature, message, &decoding, Algorithm::EdDSA);
        assert!(verify(SIGNATURE, MESSAGE).unwrap());
        assert!(!verify(SIGNATURE, b"another").unwrap());
        assert!(!verify("AAAA", MESSAGE).unwrap());
    }

    #[test]
    fn other_algorithms_and_keys_are_refused() {
        install();
        let key = EncodingKey::from_secret(b"secret").unwrap();
        for algorithm in [Algorithm::HS256, Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
            let header = jsonwebtoken::Header::new(algorithm);
            assert!(jsonwebtoken::encode(&header, &json!({}), &key).is_err(), "{algorithm:?}");
        }
        for key in [DecodingKey::from_secret(b"secret").unwrap(), DecodingKey::from_ed_der(&[1; 31])] {
            assert!(verifier(&Algorithm::EdDSA, &key).is_err());
        }
        assert!(signer(&Algorithm::EdDSA, &EncodingKey::from_ed_der(b"no key")).is_err());
        assert!(verifier(&Algorithm::HS256, &DecodingKey::from_ed_der(&[1; 32])).is_err());
    }

    /// A host may make a JSON Web Key of a key of its own.
    #[test]
    fn a_web_key_and_its_thumbprint_are_made() {
        install();
        // The key of RFC 8410 §10.3: that crate wants the short form, without the public half.
        let text = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
        let encoding = EncodingKey::from_ed_der(&STANDARD.decode(text).unwrap());
        let web_key = jsonwebtoken::jwk::Jwk::from_encoding_key(&encoding, Algorithm::EdDSA).unwrap();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n");
        let ours = SigningKeys::read(&[Secret::new(pem)], &Rsa::None).unwrap();
        assert_eq!(web_key.thumbprint(ThumbprintHash::SHA256).unwrap(), ours.public[0].kid);
    }
}
