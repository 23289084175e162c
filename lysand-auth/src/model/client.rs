//! Client authentication: what a caller claims, and whether it is proven (RFC 6749 §2.3, Mastodon §6.1).

use crate::error::{Code, Error};
use crate::secret::{Digest, Secret};

/// Who a caller says it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientClaim {
    /// `client_id`.
    pub id: Option<String>,
    /// `client_secret`; several readings of a Basic header are tried in turn.
    pub secrets: Vec<Secret>,
}

impl ClientClaim {
    /// Reads the claim: a Basic header with a user part is used alone, else the parameters (Mastodon §6.1).
    ///
    /// # Errors
    /// `invalid_request` when header and parameters name different clients.
    pub fn read(basic: Option<&(String, Secret)>, id: Option<String>, secret: Option<Secret>) -> Result<Self, Error> {
        let Some((user, password)) = basic.filter(|(user, _)| !user.is_empty()) else {
            return Ok(Self { id, secrets: secret.into_iter().collect() });
        };
        if id.as_ref().is_some_and(|id| id != user && Some(id) != decoded(user).as_ref()) {
            return Err(Error::refused(
                Code::InvalidRequest,
                "The request utilizes more than one mechanism for authenticating the client.",
            ));
        }
        let mut secrets = vec![password.clone()];
        secrets.extend(decoded(password.expose()).map(Secret::new));
        // Our identifiers hold no character that decoding changes, so what is left unchanged is one already.
        Ok(Self { id: Some(decoded(user).unwrap_or_else(|| user.clone())), secrets })
    }

    /// Whether one of the secrets has this digest. An empty secret proves nothing (security AS-12).
    #[must_use]
    pub fn proves(&self, stored: &[u8]) -> bool {
        self.secrets.iter().any(|secret| !secret.is_empty() && Digest::of(secret.expose().as_bytes()).matches(stored))
    }
}

/// A part of a Basic header as RFC 6749 §2.3.1 has it encoded; `None` when it is no single encoded text.
fn decoded(text: &str) -> Option<String> {
    let is_one = !text.is_empty() && !text.contains(['&', '=']);
    form_urlencoded::parse(text.as_bytes()).next().filter(|_| is_one).map(|(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(user: &str, password: &str) -> Option<(String, Secret)> {
        Some((user.into(), Secret::new(password)))
    }

    #[test]
    fn client_authentication_with_basic_header_ignores_secret_in_body() {
        let digest = Secret::new("s").digest();
        let claim = ClientClaim::read(basic("c", "wrong").as_ref(), Some("c".into()), Some(Secret::new("s"))).unwrap();
        assert!(!claim.proves(digest.as_bytes()));
        let claim = ClientClaim::read(basic("", "x").as_ref(), Some("c".into()), Some(Secret::new("s"))).unwrap();
        assert!(claim.proves(digest.as_bytes()));
    }

    #[test]
    fn client_authentication_refuses_two_client_ids_and_accepts_encoded_credentials() {
        assert!(ClientClaim::read(basic("a", "s").as_ref(), Some("b".into()), None).is_err());
        assert_eq!(ClientClaim::read(basic("a%5Fb", "s").as_ref(), None, None).unwrap().id.as_deref(), Some("a_b"));
        let claim = ClientClaim::read(basic("a", "s%2B").as_ref(), None, None).unwrap();
        assert!(claim.proves(Secret::new("s+").digest().as_bytes()));
        assert!(claim.proves(Secret::new("s%2B").digest().as_bytes()));
        let claim = ClientClaim::read(basic("%61", "s=x").as_ref(), Some("a".into()), None).unwrap();
        assert_eq!(claim.id.as_deref(), Some("a"));
        assert!(!claim.proves(Secret::new("s").digest().as_bytes()), "no part of it will do");
    }

    #[test]
    fn client_authentication_with_empty_or_missing_secret_fails() {
        let empty = Secret::new("").digest();
        assert!(!ClientClaim::read(None, None, Some(Secret::new(""))).unwrap().proves(empty.as_bytes()));
        assert!(!ClientClaim::default().proves(&[]));
    }
}
