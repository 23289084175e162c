//! ID tokens, right and wrong.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::defect::Defect;
use super::habit::Part;
use super::signer::{Signer, as_jwk};
use super::state::{Authorization, CLIENT_ID, CLIENT_SECRET, State, new_key};

/// The ID token of an authorization, as the present defect has it; `None` when there is none.
pub(super) fn id_token(state: &State, authorization: &Authorization, access_token: &str) -> Option<String> {
    let (key, key_id) = state.key();
    let signer = state.signer();
    let (defect, now) = {
        let inner = state.inner();
        (inner.defect, inner.now)
    };
    let mut claims = json!({
        "iss": state.url,
        "aud": CLIENT_ID,
        "azp": CLIENT_ID,
        "sub": authorization.user.subject,
        "exp": now + 300,
        "iat": now,
        "nonce": authorization.nonce,
        "at_hash": signer.at_hash(access_token),
        "email": authorization.user.email,
        "email_verified": authorization.user.email_verified,
    });
    let mut header = json!({ "alg": signer.algorithm(), "typ": "JWT", "kid": key_id });
    if let Some(defect) = defect {
        change_claims(defect, now, state, &mut claims);
        change_header(defect, &mut header);
    }
    state.merge(Part::Claims, &mut claims, &authorization.user.subject);
    state.merge(Part::Header, &mut header, &authorization.user.subject);
    match defect {
        Some(Defect::NoIdToken) => None,
        Some(Defect::IdTokenGarbage) => Some("<b>not</b> a token".into()),
        Some(Defect::SubjectTwice) => {
            let twice = claims.to_string().replacen('{', "{\"sub\":\"somebody else\",", 1);
            Some(signed(&key, &header.to_string(), &twice))
        }
        Some(defect) => Some(with_defect(defect, &key, &header, &claims)),
        None => Some(signed_by(&signer, &header, &claims)),
    }
}

/// A token, signed.
pub(super) fn signed_by(signer: &Signer, header: &Value, claims: &Value) -> String {
    let parts = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    format!("{parts}.{}", encode(&signer.sign(parts.as_bytes())))
}

fn change_claims(defect: Defect, now: i64, state: &State, claims: &mut Value) {
    let (name, value) = match defect {
        Defect::WrongIssuer => ("iss", json!("https://another.example")),
        Defect::IssuerWithSlash => ("iss", json!(format!("{}/", state.url))),
        Defect::WrongAudience => ("aud", json!("another")),
        Defect::ExtraAudience => ("aud", json!([CLIENT_ID, "another"])),
        Defect::NoAudience => ("aud", json!([])),
        Defect::WrongParty => ("azp", json!("another")),
        Defect::Expired => ("exp", json!(now - 61)),
        Defect::ExpiryAsText => ("exp", json!((now + 300).to_string())),
        Defect::NoExpiry => ("exp", Value::Null),
        Defect::IssuedTomorrow => ("iat", json!(now + 86_400)),
        Defect::IssuedYesterday => ("iat", json!(now - 86_400)),
        Defect::IssuedAsText => ("iat", json!(now.to_string())),
        Defect::NotYet => ("nbf", json!(now + 3_600)),
        Defect::WrongNonce => ("nonce", json!("another")),
        Defect::NoNonce => ("nonce", Value::Null),
        Defect::NonceAsList => ("nonce", json!([claims["nonce"]])),
        Defect::WrongAtHash => ("at_hash", json!(state.signer().at_hash("another"))),
        Defect::AtHashAsNumber => ("at_hash", json!(1)),
        Defect::SubjectEmpty => ("sub", json!("")),
        Defect::SubjectNumber => ("sub", json!(17)),
        Defect::SubjectNull => ("sub", Value::Null),
        Defect::NoSubject => ("sub", Value::Null),
        Defect::SubjectLong => ("sub", json!("x".repeat(256))),
        Defect::VerifiedAsText => ("email_verified", json!("true")),
        _ => return,
    };
    claims[name] = value;
    if matches!(defect, Defect::NoExpiry | Defect::NoNonce | Defect::NoSubject) {
        claims.as_object_mut().expect("an object").remove(name);
    }
}

fn change_header(defect: Defect, header: &mut Value) {
    match defect {
        Defect::UnknownKeyId => header["kid"] = json!("nobody's"),
        Defect::Critical => header["crit"] = json!(["b64"]),
        Defect::AnotherType => header["typ"] = json!("at+jwt"),
        Defect::Unsigned | Defect::UnsignedWithSignature => header["alg"] = json!("none"),
        Defect::MacWithPublicKey | Defect::MacWithOurSecret => header["alg"] = json!("HS256"),
        _ => {}
    }
}

/// A token whose signature is not what it should be; else the right one over what was changed before.
fn with_defect(defect: Defect, key: &SigningKey, header: &Value, claims: &Value) -> String {
    let (header_text, claims_text) = (header.to_string(), claims.to_string());
    let parts = format!("{}.{}", encode(header_text.as_bytes()), encode(claims_text.as_bytes()));
    let whole = signed(key, &header_text, &claims_text);
    match defect {
        Defect::Unsigned => format!("{parts}."),
        Defect::MacWithPublicKey => {
            format!("{parts}.{}", encode(&hmac(key.verifying_key().as_bytes(), parts.as_bytes())))
        }
        Defect::MacWithOurSecret => format!("{parts}.{}", encode(&hmac(CLIENT_SECRET.as_bytes(), parts.as_bytes()))),
        Defect::ForeignKey => signed(&new_key(), &header_text, &claims_text),
        Defect::KeyInHeader => {
            let own = new_key();
            let mut header = header.clone();
            header["jwk"] = as_jwk(&own, "own");
            header["kid"] = json!("own");
            signed(&own, &header.to_string(), &claims_text)
        }
        Defect::BrokenSignature => {
            let mut signature = key.sign(parts.as_bytes()).to_bytes();
            signature[0] ^= 1;
            format!("{parts}.{}", encode(&signature))
        }
        Defect::ChangedClaims => {
            let mut changed = claims.clone();
            changed["sub"] = json!("somebody else");
            let signature = whole.rsplit('.').next().expect("a signature");
            format!("{}.{}.{signature}", encode(header_text.as_bytes()), encode(changed.to_string().as_bytes()))
        }
        Defect::Encrypted => format!("{}.a.b.c.d", encode(br#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)),
        _ => whole,
    }
}

fn signed(key: &SigningKey, header: &str, claims: &str) -> String {
    let parts = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
    let signature = key.sign(parts.as_bytes()).to_bytes();
    format!("{parts}.{}", encode(&signature))
}

/// HMAC with SHA-256 (RFC 2104).
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|key| key ^ byte);
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
