//! What apps get of OpenID Connect: id tokens (OpenID Connect Core §2) and logout tokens (OpenID Connect Back-Channel Logout 1.0), signed by the algorithm
//! that the app registered.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rsa_keys::{RsaKeySet, StillMade};
use super::sessions::{SESSION_TYPE, SigningKeys};
use crate::ambient::Timestamp;
use crate::config::{BaseUrl, SigningAlg};
use crate::model::strength::ProvenBy;
use crate::secret::Secret;

/// How long an id token is worth believing.
const ID_TOKEN_LIFETIME: Duration = Duration::from_secs(3600);
/// How long a logout token is (FAC-147).
const LOGOUT_TOKEN_LIFETIME: Duration = Duration::from_secs(120);
/// The type that keeps logout tokens apart from all others.
const LOGOUT_TYPE: &str = "logout+jwt";
/// What a logout token says happened.
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What an id token says of the person, beside what every token says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdClaims<'a> {
    /// `sub`: the same as in the user info.
    pub subject: &'a str,
    /// `aud`: the app's `client_id`.
    pub audience: &'a str,
    /// `nonce`, when the app sent one.
    pub nonce: Option<&'a str>,
    /// `auth_time`, `amr` and `acr`: when and by what the person proved who they are (FAC-105).
    pub proven: Option<&'a ProvenBy>,
    /// `sid`: the session, as this app knows it (FAC-142).
    pub session: Option<&'a str>,
}

#[derive(Serialize)]
struct IdTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
}

/// What a logout token says: this session of this person is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogoutClaims<'a> {
    /// `sub`, as in the id token.
    pub subject: &'a str,
    /// `aud`: the app's `client_id`.
    pub audience: &'a str,
    /// `sid`, as in the id token.
    pub session: &'a str,
    /// `jti`: the same in every try to tell the app.
    pub id: &'a str,
}

/// What an id token of ours says, whichever app it was for and whether it has expired (FAC-140).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct UnderstoodToken {
    iss: String,
    /// Whom it is about.
    pub(crate) sub: String,
    /// The `client_id` of the app that got it.
    pub(crate) aud: String,
    /// The session in which the app got it.
    pub(crate) sid: Option<String>,
}

/// What signs for one app.
#[derive(Clone)]
pub(crate) enum OpenIdSigner {
    EdDsa,
    Rs256(RsaKeySet),
}

/// A token cannot be signed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the key cannot sign")]
pub(crate) struct CannotSign;

impl SigningKeys {
    /// The algorithms by which apps can have their tokens signed, the usual one first.
    pub(crate) fn algorithms(&self) -> &'static [SigningAlg] {
        if self.rsa.are_wanted() { &[SigningAlg::Rs256, SigningAlg::EdDsa] } else { &[SigningAlg::EdDsa] }
    }

    /// What signs by an algorithm; `None` when the server has no such key.
    ///
    /// # Errors
    /// When the key is still being made.
    pub(crate) async fn signer(&self, algorithm: SigningAlg) -> Result<Option<OpenIdSigner>, StillMade> {
        match algorithm {
            SigningAlg::EdDsa => Ok(Some(OpenIdSigner::EdDsa)),
            SigningAlg::Rs256 => Ok(self.rsa.get().await?.map(OpenIdSigner::Rs256)),
        }
    }

    /// Signs an id token. Its type and audience differ from a session cookie's, so it never passes for one (WEB-3).
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(crate) fn sign_id_token(
        &self,
        signer: &OpenIdSigner,
        claims: &IdClaims<'_>,
        base_url: &BaseUrl,
        now: Timestamp,
    ) -> Result<Secret, CannotSign> {
        let claims = IdTokenClaims {
            iss: &base_url.issuer(),
            sub: claims.subject,
            aud: claims.audience,
            iat: now.seconds(),
            exp: now.plus(ID_TOKEN_LIFETIME).seconds(),
            auth_time: claims.proven.map(|proven| proven.at.seconds()),
            acr: claims.proven.map(|proven| proven.authentication().acr.name()),
            amr: claims.proven.map(ProvenBy::amr).unwrap_or_default(),
            nonce: claims.nonce,
            sid: claims.session,
        };
        self.sign(signer, "JWT", &claims)
    }

    /// Signs a logout token.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(crate) fn sign_logout_token(
        &self,
        signer: &OpenIdSigner,
        claims: &LogoutClaims<'_>,
        base_url: &BaseUrl,
        now: Timestamp,
    ) -> Result<Secret, CannotSign> {
        let claims = json!({
            "iss": base_url.issuer(),
            "sub": claims.subject,
            "aud": claims.audience,
            "iat": now.seconds(),
            "exp": now.plus(LOGOUT_TOKEN_LIFETIME).seconds(),
            "jti": claims.id,
            "sid": claims.session,
            "events": { LOGOUT_EVENT: {} },
        });
        self.sign(signer, LOGOUT_TYPE, &claims)
    }

    fn sign(&self, signer: &OpenIdSigner, typ: &str, claims: &impl Serialize) -> Result<Secret, CannotSign> {
        match signer {
            OpenIdSigner::EdDsa => {
                let kid = self.public.first().map(|key| key.kid.clone());
                let header = Header { kid, typ: Some(typ.to_owned()), ..Header::new(Algorithm::EdDSA) };
                let signed = jsonwebtoken::encode(&header, claims, &self.signer);
                signed.map(Secret::new).map_err(|_| CannotSign)
            }
            // Not by `jsonwebtoken`: a host may have given it a signer whose time tells of the key (FAC-132).
            OpenIdSigner::Rs256(keys) => {
                let key = keys.first().ok_or(CannotSign)?;
                let header = json!({ "typ": typ, "alg": "RS256", "kid": key.kid() });
                let part = |value: &[u8]| URL_SAFE_NO_PAD.encode(value);
                let claims = serde_json::to_vec(claims).map_err(|_| CannotSign)?;
                let message = format!("{}.{}", part(header.to_string().as_bytes()), part(&claims));
                let signature = key.sign(message.as_bytes()).ok_or(CannotSign)?;
                Ok(Secret::new(format!("{message}.{}", part(&signature))))
            }
        }
    }

    /// What an id token of ours says; `None` for anything else.
    #[must_use]
    pub(crate) fn understand_id_token(&self, token: &str, base_url: &BaseUrl) -> Option<UnderstoodToken> {
        let header: Value = serde_json::from_slice(&decoded(token.split('.').next()?)?).ok()?;
        let is_plain = header.get("crit").is_none() && header.get("typ").is_none_or(|typ| typ == "JWT");
        let claims = match header.get("alg").and_then(Value::as_str).filter(|_| is_plain)? {
            "EdDSA" => self.signed_by_ed25519(token)?,
            "RS256" => self.signed_by_rsa(token)?,
            _ => return None,
        };
        // No session cookie names our issuer, and no logout token is of this type: neither is a hint.
        (claims.iss == base_url.issuer()).then_some(claims)
    }

    fn signed_by_ed25519(&self, token: &str) -> Option<UnderstoodToken> {
        let mut signature_alone = Validation::new(Algorithm::EdDSA);
        signature_alone.required_spec_claims.clear();
        signature_alone.validate_exp = false;
        signature_alone.validate_aud = false;
        let decoded = |key| jsonwebtoken::decode::<UnderstoodToken>(token, key, &signature_alone).ok();
        let token = self.verifiers.iter().find_map(decoded)?;
        (token.header.typ.as_deref() != Some(SESSION_TYPE)).then_some(token.claims)
    }

    fn signed_by_rsa(&self, token: &str) -> Option<UnderstoodToken> {
        let (message, signature) = token.rsplit_once('.')?;
        let (_, claims) = message.split_once('.')?;
        let (signature, keys) = (decoded(signature)?, self.rsa.now()?);
        let is_ours = keys.iter().any(|key| key.verifies(message.as_bytes(), &signature));
        serde_json::from_slice(&decoded(claims)?).ok().filter(|_| is_ours)
    }
}

fn decoded(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
}

#[cfg(test)]
mod tests;
