//! The server's Ed25519 keys and the session cookie that they sign (design §7).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use crate::ambient::{Ambient, Timestamp};
use crate::config::BaseUrl;
use crate::model::account::AccountId;
use crate::model::session::{Session, SessionId};
use crate::secret::{Digest, Secret};

/// The header type that keeps session cookies and id tokens apart (security WEB-3).
const SESSION_TYPE: &str = "lysand-session+jwt";

/// Makes a new signing key, as PKCS#8 PEM.
#[must_use]
pub fn new_key(ambient: &Ambient) -> Secret {
    let key = ed25519_dalek::SigningKey::from_bytes(&ambient.bytes());
    // Encoding a key in memory cannot fail; an empty secret would be refused when it is read back.
    Secret::new(key.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).unwrap_or_default())
}

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not an Ed25519 private key in PKCS#8 PEM form")]
pub struct KeyError;

/// How many cookies are remembered as well signed.
const MOST_REMEMBERED: usize = 4_096;

/// The keys of one server: the first signs, all verify.
pub struct SigningKeys {
    signer: EncodingKey,
    verifiers: Vec<DecodingKey>,
    cookie_key: [u8; 64],
    /// What cookies say whose signature was checked before. A signature never becomes wrong; time, session and account
    /// are judged at every request (security REV-1).
    remembered: Mutex<HashMap<Digest, Arc<ReceivedClaims>>>,
}

/// What the session cookie says. `aud` is the server's own origin; an id token never carries `sid` or this type.
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
pub struct SessionClaim {
    /// The server-side row.
    pub session_id: SessionId,
    /// Whose it is.
    pub account_id: AccountId,
}

/// Why a session cookie is no good, in the words of Lysand §7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// When one of them is not an Ed25519 key, or there is none.
    pub fn read(pems: &[Secret]) -> Result<Self, KeyError> {
        let first = pems.first().ok_or(KeyError)?;
        let verifiers = pems.iter().map(verifier).collect::<Result<Vec<_>, _>>()?;
        let signer = EncodingKey::from_ed_pem(first.expose().as_bytes()).map_err(|_| KeyError)?;
        let mut cookie_key = [0; 64];
        for (half, label) in cookie_key.chunks_mut(32).zip(["form cookie, encryption", "form cookie, signature"]) {
            half.copy_from_slice(Digest::of(format!("{label}\n{}", first.expose()).as_bytes()).as_bytes());
        }
        Ok(Self { signer, verifiers, cookie_key, remembered: Mutex::default() })
    }

    /// Key material for the encrypted cookie of the pages; derived, so that all replicas share it.
    #[must_use]
    pub fn cookie_key(&self) -> &[u8; 64] {
        &self.cookie_key
    }

    /// Signs the cookie of a session.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn sign_session(
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
    pub fn verify_session(
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
            .filter(|token| token.header.typ.as_deref() == Some(SESSION_TYPE))?;
        let claims = Arc::new(token.claims);
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= MOST_REMEMBERED {
            remembered.clear();
        }
        remembered.insert(digest, Arc::clone(&claims));
        Some(claims)
    }
}

fn verifier(pem: &Secret) -> Result<DecodingKey, KeyError> {
    let key = ed25519_dalek::SigningKey::from_pkcs8_pem(pem.expose()).map_err(|_| KeyError)?;
    Ok(DecodingKey::from_ed_der(key.verifying_key().as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn session(now: Timestamp) -> Session {
        Session {
            id: SessionId::new("s1"),
            account_id: AccountId::new("a1"),
            authenticated_at: now,
            expires_at: now.plus(Duration::from_secs(60)),
            ended_at: None,
        }
    }

    #[test]
    fn a_cookie_is_good_here_and_in_its_time_only() {
        let ambient = Ambient::system();
        let base = BaseUrl::parse("https://social.example").unwrap();
        let (old, new) = (new_key(&ambient), new_key(&ambient));
        let before = SigningKeys::read(std::slice::from_ref(&old)).unwrap();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let cookie = before.sign_session(&session(now), &base, &ambient).unwrap();

        let rotated = SigningKeys::read(&[new.clone(), old]).unwrap();
        let claim = rotated.verify_session(cookie.expose(), &base, now).unwrap();
        assert_eq!(claim.session_id, SessionId::new("s1"));

        let unverifiable = Err(CookieProblem::Unverifiable);
        let later = now.plus(Duration::from_secs(61));
        assert_eq!(rotated.verify_session(cookie.expose(), &base, later), unverifiable);
        assert_eq!(rotated.verify_session(cookie.expose(), &base, now.minus(Duration::from_secs(120))), unverifiable);
        let elsewhere = BaseUrl::parse("https://other.example").unwrap();
        assert_eq!(rotated.verify_session(cookie.expose(), &elsewhere, now), unverifiable);
        let stranger = SigningKeys::read(&[new]).unwrap();
        assert_eq!(stranger.verify_session(cookie.expose(), &base, now), unverifiable);
    }

    #[test]
    fn other_tokens_of_the_same_key_are_no_session() {
        let ambient = Ambient::system();
        let base = BaseUrl::parse("https://social.example").unwrap();
        let keys = SigningKeys::read(&[new_key(&ambient)]).unwrap();
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
        for garbage in ["", "a.b.c", "....", &"x".repeat(10_000)] {
            assert_eq!(keys.verify_session(garbage, &base, now), Err(CookieProblem::Unverifiable));
        }
    }

    #[test]
    fn keys_that_are_none() {
        assert!(SigningKeys::read(&[]).is_err());
        assert!(
            SigningKeys::read(&[Secret::new("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]).is_err()
        );
    }
}
