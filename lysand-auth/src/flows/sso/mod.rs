//! Single sign-on: people sign in with an identity that they have at a provider, and manage which ones are theirs
//! (Lysand §8 to §11, security RP-1 to RP-10).
//!
//! A flow begins here, leads the browser to the provider and ends at the [`callback`]. Everything that decides about it is
//! kept in the store meanwhile; the provider is asked by the provider clients alone.

mod begin;
pub mod callback;
mod confirm_link;
mod links;
mod make_link;
mod owner;
mod refusals;
mod register;

#[cfg(all(feature = "native", feature = "actix"))]
pub(crate) use self::begin::native_sign_in;
pub use self::begin::{LinkStart, ProviderRedirect, link, sign_in};
pub use self::confirm_link::{ConfirmationQuestion, LinkConfirmation, confirm_link, confirmation_question};
pub use self::links::{AccountIdentity, Linked, forget, get, identities, list, remove, unlink};
pub use crate::model::identity::{Hints, StartedBy};
