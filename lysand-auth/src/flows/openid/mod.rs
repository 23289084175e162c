//! The OpenID provider beside the sign-in itself: its keys, and signing out.

#[cfg(feature = "sso")]
pub mod backchannel;
pub mod logout;

use std::time::Duration;

use serde::Serialize;

use crate::auth::Auth;
use crate::config::SigningAlg;
use crate::error::{Code, Error};

/// How long somebody waits who comes before the key is there.
const COME_AGAIN: Duration = Duration::from_secs(5);

/// The algorithms by which id tokens can be signed, the usual one first.
pub fn algorithms(auth: &Auth) -> impl Iterator<Item = SigningAlg> + use<> {
    auth.keys().algorithms().iter().copied()
}

/// The public keys as JSON Web Keys (RFC 7517 §5): of each kind the signing one first.
///
/// # Errors
/// 503 while the RSA key is being made.
pub async fn public_keys(auth: &Auth) -> Result<Vec<impl Serialize + use<>>, Error> {
    let why = "The keys are still being made. Please try again in a moment.";
    auth.keys().public().await.map_err(|_| Error::later(Code::Unavailable, why, COME_AGAIN))
}

/// Makes the RSA key on a thread of its own, where a file is to hold one and none is there: what
/// [`web::mount`](crate::web::mount) does, and a host without it may do.
pub fn make_missing_keys(auth: &Auth) {
    auth.keys().make_missing(auth.ambient());
}
