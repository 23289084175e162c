//! The server's keys, and what they sign: the session cookie (WEB-1) by Ed25519, and what apps get of OpenID Connect by that or
//! by RSA.

mod eddsa;
mod openid;
mod rsa_keys;
mod sessions;

#[cfg(feature = "sso")]
pub(crate) use self::openid::LogoutClaims;
pub(crate) use self::openid::{IdClaims, OpenIdSigner, UnderstoodToken};
pub use self::sessions::CookieProblem;
pub(crate) use self::sessions::SigningKeys;
