//! Second factors: the step of a sign-in that asks for one ([`sign_in`]) or has one set up ([`enrol`]), authenticator apps
//! ([`totp`]) and [`passkeys`], what people do about their own factors ([`own`]), and the keys that seal their secrets
//! ([`keys`]).

pub mod enrol;
pub mod keys;
pub mod only_passkeys;
pub mod own;
pub mod passkey_signals;
pub mod passkeys;
pub mod password;
pub mod pending;
pub mod review;
pub mod sign_in;
pub mod step_up;
pub mod totp;
pub mod void_recovery;
pub mod way_back;
pub mod way_back_stop;
