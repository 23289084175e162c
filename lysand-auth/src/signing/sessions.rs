//! The server's Ed25519 keys, and what they sign first of all: the session cookie (WEB-1).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use super::eddsa;
use super::rsa_keys::{RsaKeys, StillMade};
use crate::ambient::{Ambient, Timestamp};
use crate::config::BaseUrl;
use crate::keys::{Rsa, RsaKey};
use crate::model::account::AccountId;
use crate::model::session::{Session, SessionId};
use crate::secret::{Digest, Secret};

/// The header type that keeps session cookies and id tokens apart (security WEB-3).
pub(super) const SESSION_TYPE: &str = "lysand-session+jwt";

/// Why keys cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    /// One of those that sign cookies.
    #[error("each must be an Ed25519 private key in PKCS#8 PEM form")]
    Signing,
    /// One of those that sign id tokens.
    #[error("each must be an RSA private key of 2048, 3072 or 4096 bits in PKCS#8 PEM form")]
    Rsa,
}

impl KeyError {
    /// The part of the configuration that holds it.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Signing => "keys.signing",
            Self::Rsa => "keys.rsa",
        }
    }
}

/// How many cookies are remembered as well signed.
const MOST_REMEMBERED: usize = 4_096;

/// The keys of one server: the first signs, all verify.
pub(crate) struct SigningKeys {
    pub(super) signer: EncodingKey,
    pub(super) verifiers: Vec<DecodingKey>,
    pub(super) public: Vec<PublicKey>,
    pub(super) rsa: Arc<RsaKeys>,
    /// What cookies say whose signature was checked before. A signature never becomes wrong; time, session and account
    /// are judged at every request (security REV-1).
    remembered: Mutex<HashMap<Digest, Arc<ReceivedClaims>>>,
}

/// The public half of a key, as a JSON Web Key (RFC 8037 §2, RFC 7518 §6.3).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PublicKey {
    kty: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    pub(super) kid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

/// What the session cookie says. `aud` is the server's own origin, and no id token has this type.
#[derive(Serialize)]
struct SessionClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    sid: &'a str,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct ReceivedClaims {
    iss: Option<String>,
    aud: Option<String>,
    sub: Option<String>,
    sid: Option<String>,
    jti: Option<String>,
    nbf: Option<i64>,
    exp: Option<i64>,
}

/// What a good session cookie names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionClaim {
    /// The server-side row.
    pub session_id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
}

/// Why a session cookie is no good, in the words of Lysand §7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CookieProblem {
    /// Signature, algorithm, type, issuer, audience or time is wrong.
    Unverifiable,
    /// A claim is missing: its name.
    Missing(&'static str),
}

impl SigningKeys {
    /// Reads keys from PKCS#8 PEM.
    ///
    /// # Errors
    /// When one of them is not an Ed25519 key, or there is none; or one of the others not an RSA key.
    pub(crate) fn read(pems: &[Secret], rsa: &Rsa) -> Result<Self, KeyError> {
        let first = pems.first().ok_or(KeyError::Signing)?;
        let public = pems.iter().map(PublicKey::of).collect::<Result<Vec<_>, _>>()?;
        let verifiers = pems.iter().map(verifier).collect::<Result<Vec<_>, _>>()?;
        let der = signing_key(first)?.to_pkcs8_der().map_err(|_| KeyError::Signing)?;
        let rsa = Arc::new(RsaKeys::read(rsa).ok_or(KeyError::Rsa)?);
        let signer = EncodingKey::from_ed_der(der.as_bytes());
        eddsa::install();
        Ok(Self { signer, verifiers, public, rsa, remembered: Mutex::default() })
    }

    /// The public keys, of each kind the signing one first: what an app needs to check an id token (RFC 7517 §5).
    ///
    /// # Errors
    /// When the RSA key is still being made: without it the set would be wrong for as long as apps keep it.
    pub(crate) async fn public(&self) -> Result<Vec<PublicKey>, StillMade> {
        let rsa = self.rsa.get().await?;
        let of_rsa = rsa.iter().flat_map(|keys| keys.iter()).map(PublicKey::of_rsa);
        Ok(self.public.iter().cloned().chain(of_rsa).collect())
    }

    /// Makes the RSA key, where the server is to have one and has none yet, on a thread of its own.
    pub(crate) fn make_missing(&self, ambient: &Ambient) {
        self.rsa.make_missing(ambient);
    }

    /// Signs the cookie of a session.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(crate) fn sign_session(
        &self,
        session: &Session,
        base_url: &BaseUrl,
        ambient: &Ambient,
    ) -> Result<Secret, jsonwebtoken::errors::Error> {
        let header = Header { typ: Some(SESSION_TYPE.into()), ..Header::new(Algorithm::EdDSA) };
        let claims = SessionClaims {
            iss: base_url.as_str(),
            aud: base_url.as_str(),
            sub: session.account_id.as_str(),
            sid: session.id.as_str(),
            jti: ambient.id(),
            iat: session.authenticated_at.seconds(),
            nbf: session.authenticated_at.seconds(),
            exp: session.expires_at.seconds(),
        };
        jsonwebtoken::encode(&header, &claims, &self.signer).map(Secret::new)
    }

    /// Verifies a session cookie. Whether the session still stands is the store's to say.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn verify_session(
        &self,
        cookie: &str,
        base_url: &BaseUrl,
        now: Timestamp,
    ) -> Result<SessionClaim, CookieProblem> {
        let claims = self.well_signed(cookie).ok_or(CookieProblem::Unverifiable)?;
        let account_id = claims.sub.as_ref().filter(|sub| !sub.is_empty()).ok_or(CookieProblem::Missing("sub"))?;
        let audience = claims.aud.as_ref().ok_or(CookieProblem::Missing("aud"))?;
        let expires = claims.exp.ok_or(CookieProblem::Missing("exp"))?;
        let ours = base_url.as_str();
        let in_time = now.seconds() < expires && claims.nbf.is_some_and(|nbf| nbf <= now.seconds() + 60);
        if claims.iss.as_deref() != Some(ours) || audience.as_str() != ours || !in_time || claims.jti.is_none() {
            return Err(CookieProblem::Unverifiable);
        }
        let session_id = claims.sid.as_ref().ok_or(CookieProblem::Unverifiable)?;
        Ok(SessionClaim { session_id: SessionId::new(session_id), account_id: AccountId::new(account_id) })
    }

    /// What a cookie says whose signature, algorithm and type are right.
    fn well_signed(&self, cookie: &str) -> Option<Arc<ReceivedClaims>> {
        let digest = Digest::of(cookie.as_bytes());
        let known = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).get(&digest).cloned();
        if known.is_some() {
            return known;
        }
        // The claims are judged by the caller, by our own clock and with the texts of the contract.
        let mut signature_alone = Validation::new(Algorithm::EdDSA);
        signature_alone.required_spec_claims.clear();
        signature_alone.validate_exp = false;
        signature_alone.validate_aud = false;
        let token = self
            .verifiers
            .iter()
            .find_map(|key| jsonwebtoken::decode::<ReceivedClaims>(cookie, key, &signature_alone).ok())
            // What a header calls critical and nobody here knows must not be passed over (RFC 7515 §4.1.11).
            .filter(|token| token.header.typ.as_deref() == Some(SESSION_TYPE) && token.header.crit.is_none())?;
        let claims = Arc::new(token.claims);
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(digest, Arc::clone(&claims));
        Some(claims)
    }
}

impl PublicKey {
    fn of(pem: &Secret) -> Result<Self, KeyError> {
        let key = signing_key(pem)?;
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        // The thumbprint of RFC 7638: members in the order of their names, without white space.
        let kid = Digest::of(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#).as_bytes()).to_base64url();
        let (crv, x) = (Some("Ed25519"), Some(x));
        Ok(Self { kty: "OKP", alg: "EdDSA", purpose: "sig", kid, crv, x, n: None, e: None })
    }

    fn of_rsa(key: &RsaKey) -> Self {
        let (n, e) = key.public_members();
        let kid = key.kid().to_owned();
        Self { kty: "RSA", alg: "RS256", purpose: "sig", kid, crv: None, x: None, n: Some(n), e: Some(e) }
    }
}

fn verifier(pem: &Secret) -> Result<DecodingKey, KeyError> {
    Ok(DecodingKey::from_ed_der(signing_key(pem)?.verifying_key().as_bytes()))
}

fn signing_key(pem: &Secret) -> Result<SigningKey, KeyError> {
    SigningKey::from_pkcs8_pem(pem.expose()).map_err(|_| KeyError::Signing)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Lifetimes;
    use crate::keys::new_key;

    fn session(now: Timestamp) -> Session {
        let lifetimes = Lifetimes { session: Duration::from_secs(60), ..Lifetimes::default() };
        Session::begin("s1", AccountId::new("a1"), &lifetimes, now)
    }

    #[test]
    fn session_cookie_verifies_only_with_known_key_origin_and_time() {
        let ambient = Ambient::system();
        let base = BaseUrl::parse("https://social.example").unwrap();
        let (old, new) = (new_key(&ambient), new_key(&ambient));
        let before = SigningKeys::read(std::slice::from_ref(&old), &Rsa::None).unwrap();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let cookie = before.sign_session(&session(now), &base, &ambient).unwrap();

        let rotated = SigningKeys::read(&[new.clone(), old], &Rsa::None).unwrap();
        let claim = rotated.verify_session(cookie.expose(), &base, now).unwrap();
        assert_eq!(claim.session_id, SessionId::new("s1"));

        let unverifiable = Err(CookieProblem::Unverifiable);
        let later = now.plus(Duration::from_secs(61));
        assert_eq!(rotated.verify_session(cookie.expose(), &base, later), unverifiable);
        assert_eq!(rotated.verify_session(cookie.expose(), &base, now.minus(Duration::from_secs(120))), unverifiable);
        let elsewhere = BaseUrl::parse("https://other.example").unwrap();
        assert_eq!(rotated.verify_session(cookie.expose(), &elsewhere, now), unverifiable);
        let stranger = SigningKeys::read(&[new], &Rsa::None).unwrap();
        assert_eq!(stranger.verify_session(cookie.expose(), &base, now), unverifiable);
    }

    #[test]
    fn session_cookie_with_other_type_or_missing_claim_is_refused() {
        let ambient = Ambient::system();
        let base = BaseUrl::parse("https://social.example").unwrap();
        let keys = SigningKeys::read(&[new_key(&ambient)], &Rsa::None).unwrap();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let sign = |typ: &str, claims: serde_json::Value| {
            let header = Header { typ: Some(typ.into()), ..Header::new(Algorithm::EdDSA) };
            jsonwebtoken::encode(&header, &claims, &keys.signer).unwrap()
        };
        let full = serde_json::json!({
            "iss": base.as_str(), "aud": base.as_str(), "sub": "a", "sid": "s", "jti": "j",
            "nbf": now.seconds(), "exp": now.seconds() + 60,
        });
        assert!(keys.verify_session(&sign(SESSION_TYPE, full.clone()), &base, now).is_ok());
        assert_eq!(keys.verify_session(&sign("JWT", full.clone()), &base, now), Err(CookieProblem::Unverifiable));
        for (claim, problem) in [
            ("sub", CookieProblem::Missing("sub")),
            ("aud", CookieProblem::Missing("aud")),
            ("exp", CookieProblem::Missing("exp")),
            ("sid", CookieProblem::Unverifiable),
            ("jti", CookieProblem::Unverifiable),
            ("iss", CookieProblem::Unverifiable),
        ] {
            let mut claims = full.clone();
            claims.as_object_mut().unwrap().remove(claim);
            assert_eq!(keys.verify_session(&sign(SESSION_TYPE, claims), &base, now), Err(problem), "{claim}");
        }
        for crit in [vec![], vec!["exp".to_owned()], vec!["urn:example:future".to_owned()]] {
            let header = Header { typ: Some(SESSION_TYPE.into()), crit: Some(crit), ..Header::new(Algorithm::EdDSA) };
            let cookie = jsonwebtoken::encode(&header, &full, &keys.signer).unwrap();
            assert_eq!(keys.verify_session(&cookie, &base, now), Err(CookieProblem::Unverifiable));
        }
        for garbage in ["", "a.b.c", "....", &"x".repeat(10_000)] {
            assert_eq!(keys.verify_session(garbage, &base, now), Err(CookieProblem::Unverifiable));
        }
    }

    /// The key of RFC 8410 §10.3, made by another program, and the public half that RFC 8410 §10.1 gives for it.
    #[test]
    fn a_key_of_another_program_is_read() {
        let pem = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
                   -----END PRIVATE KEY-----\n";
        assert_eq!(PublicKey::of(&Secret::new(pem)).unwrap().x.unwrap(), "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE");
    }

    #[test]
    fn signing_keys_empty_or_malformed_are_refused() {
        let no_key = || Secret::new("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----");
        let read = |keys: &[Secret], rsa: &Rsa| SigningKeys::read(keys, rsa).err();
        assert_eq!(read(&[], &Rsa::None), Some(KeyError::Signing));
        assert_eq!(read(&[no_key()], &Rsa::None), Some(KeyError::Signing));
        let good = new_key(&Ambient::system());
        assert_eq!(read(std::slice::from_ref(&good), &Rsa::Pems(vec![no_key()])), Some(KeyError::Rsa));
        // A key for cookies is none for RS256.
        assert_eq!(read(std::slice::from_ref(&good), &Rsa::Pems(vec![good.clone()])), Some(KeyError::Rsa));
    }
}
