//! The keys of a provider (RFC 7517): which may check a signature, and which may not (security RP-1, faults C5, C6).

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use openidconnect::JsonWebKey as _;
use openidconnect::core::{CoreJsonCurveType, CoreJsonWebKey, CoreJwsSigningAlgorithm as Algorithm};
use serde_json::{Map, Value};

use super::algorithm::algorithm;
use super::error::ProviderError;
use super::json;
use super::jws::Jws;

/// The most keys that a provider may have.
const MAX_KEYS: usize = 64;
/// The fewest bits of an RSA key.
const FEWEST_BITS: usize = 2_048;
/// What only the owner of a key knows (RFC 7518 §6.2.2, §6.3.2).
const PRIVATE_PARTS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];
/// Base64url as it is sent: with and without padding.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The keys of a provider that may check signatures.
pub(super) struct Keys {
    usable: Vec<Key>,
    /// Why others are not among them; for the log.
    left_out: Vec<String>,
}

struct Key {
    id: Option<String>,
    /// The one algorithm that it is for, when it says so.
    algorithm: Option<Algorithm>,
    key: CoreJsonWebKey,
}

impl Keys {
    /// Reads a set. A key that cannot be used is left out; a set that tells a private part proves nothing at all.
    pub(super) fn read(set: &Map<String, Value>) -> Result<Self, ProviderError> {
        let Some(Value::Array(all)) = set.get("keys") else {
            return Err(ProviderError::untrusted("its keys have no list \"keys\""));
        };
        if all.len() > MAX_KEYS {
            return Err(ProviderError::untrusted("it has too many keys"));
        }
        let mut keys = Self { usable: Vec::new(), left_out: Vec::new() };
        for jwk in all.iter().filter_map(Value::as_object) {
            let id: String = json::text(jwk, "kid").unwrap_or("without kid").chars().take(100).collect();
            if is_private(jwk) {
                return Err(ProviderError::untrusted(format!("its key {id:?} is published with its private part")));
            }
            match Key::read(jwk) {
                Ok(key) => keys.usable.push(key),
                Err(why) => keys.left_out.push(format!("{id:?} {why}")),
            }
        }
        Ok(keys)
    }

    /// The key that made a signature. One without an id may be any, and of two with the same id either.
    pub(super) fn verify(&self, jws: &Jws<'_>) -> Result<&CoreJsonWebKey, String> {
        let fits = |key: &&Key| {
            let is_named = jws.key_id.is_none() || key.id.is_none() || key.id.as_deref() == jws.key_id;
            is_named && key.algorithm.as_ref().is_none_or(|own| *own == jws.algorithm)
        };
        let mut why = "no key of the provider has its kid";
        for Key { key, .. } in self.usable.iter().filter(fits) {
            if key.verify_signature(&jws.algorithm, jws.message.as_bytes(), &jws.signature).is_ok() {
                return Ok(key);
            }
            why = "its signature fits no key of the provider";
        }
        let left_out = self.left_out.join(", ");
        Err(if left_out.is_empty() { why.to_owned() } else { format!("{why} (not used: {left_out})") })
    }
}

fn is_private(jwk: &Map<String, Value>) -> bool {
    let is_asymmetric = json::text(jwk, "kty") != Some("oct");
    is_asymmetric && PRIVATE_PARTS.iter().any(|part| jwk.get(*part).is_some_and(|value| !value.is_null()))
}

impl Key {
    fn read(jwk: &Map<String, Value>) -> Result<Self, String> {
        if json::text(jwk, "use").is_some_and(|purpose| purpose != "sig") {
            return Err("is not for signatures: use".to_owned());
        }
        let is_for_signatures = |does: Vec<&str>| does.iter().any(|does| matches!(*does, "verify" | "sign"));
        if json::texts(jwk, "key_ops").is_some_and(|does| !is_for_signatures(does)) {
            return Err("is not for signatures: key_ops".to_owned());
        }
        let algorithm = match json::text(jwk, "alg") {
            Some(name) => Some(algorithm(name).ok_or("is for an algorithm that is not accepted: alg")?),
            None => None,
        };
        let key = match json::text(jwk, "kty") {
            Some("RSA") => rsa(jwk)?,
            Some("EC") => elliptic(jwk)?,
            Some("OKP") => edwards(jwk)?,
            _ => return Err("is of a type that is not accepted: kty".to_owned()),
        };
        Ok(Self { id: json::text(jwk, "kid").map(str::to_owned), algorithm, key })
    }
}

fn rsa(jwk: &Map<String, Value>) -> Result<CoreJsonWebKey, String> {
    let (modulus, exponent) = (number(jwk, "n")?, number(jwk, "e")?);
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if bits < FEWEST_BITS {
        return Err(format!("is an RSA key of {bits} bits, fewer than {FEWEST_BITS}"));
    }
    // With 1 anybody signs.
    if exponent.is_empty() || exponent == [1] {
        return Err("is an RSA key that anybody signs with: e".to_owned());
    }
    Ok(CoreJsonWebKey::new_rsa(modulus, exponent, None))
}

fn elliptic(jwk: &Map<String, Value>) -> Result<CoreJsonWebKey, String> {
    let (curve, length) = match json::text(jwk, "crv") {
        Some("P-256") => (CoreJsonCurveType::P256, 32),
        Some("P-384") => (CoreJsonCurveType::P384, 48),
        _ => return Err("is on a curve that is not accepted: crv".to_owned()),
    };
    // Some leave out zeros at the front.
    let coordinate = |name| {
        let value = number(jwk, name)?;
        let missing = usize::checked_sub(length, value.len()).ok_or_else(|| format!("is unreadable: {name}"))?;
        Ok::<_, String>([vec![0; missing], value].concat())
    };
    Ok(CoreJsonWebKey::new_ec(coordinate("x")?, coordinate("y")?, curve, None))
}

fn edwards(jwk: &Map<String, Value>) -> Result<CoreJsonWebKey, String> {
    if json::text(jwk, "crv") != Some("Ed25519") {
        return Err("is on a curve that is not accepted: crv".to_owned());
    }
    let point = bytes(jwk, "x")?;
    if point.len() != 32 {
        return Err("is unreadable: x".to_owned());
    }
    Ok(CoreJsonWebKey::new_okp(point, CoreJsonCurveType::Ed25519, None))
}

/// A number without zeros at the front.
fn number(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, String> {
    Ok(bytes(jwk, name)?.into_iter().skip_while(|byte| *byte == 0).collect())
}

fn bytes(jwk: &Map<String, Value>, name: &str) -> Result<Vec<u8>, String> {
    let text = json::text(jwk, name).ok_or_else(|| format!("is unreadable: {name}"))?;
    let text = text.replace('+', "-").replace('/', "_");
    LENIENT.decode(text).map_err(|_| format!("is unreadable: {name}"))
}
