//! What passkeys are made of (WebAuthn Level 3): the options that a browser gets, and whether what it sends back is right. No
//! storage and no clock: challenges come from outside, and so does whether one was used before.
//!
//! The signatures and the structures around them are checked by `webauthn-rs-core`, in [`RelyingParty`]. What it leaves to its caller
//! is done here: the top origin, and the members of a credential that decide nothing.

#[cfg(not(feature = "passkeys"))]
mod absent;
mod credential;
mod models;
#[cfg(feature = "passkeys")]
mod relying_party;

#[cfg(not(feature = "passkeys"))]
pub(crate) use self::absent::RelyingParty;
#[cfg(feature = "passkeys")]
pub(crate) use self::credential::Kept;
pub(crate) use self::credential::{Challenge, Known, Made, NotAccepted, Presented, Used, User, Verification};
pub(crate) use self::models::name_of as name_of_model;
#[cfg(feature = "passkeys")]
pub(crate) use self::relying_party::{RelyingParty, imported};
