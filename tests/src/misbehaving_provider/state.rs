//! What the provider knows: its users, its keys, what they authorized, and how it misbehaves.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ed25519_dalek::SigningKey;

use super::defect::Defect;
use super::habit::Difference;
use super::signer::Signer;

/// This server's name there, and its secret: it holds what an encoding could break.
pub const CLIENT_ID: &str = "lysand test";
/// See [`CLIENT_ID`].
pub const CLIENT_SECRET: &str = "s3cret: +&%/é";

/// Somebody with an account at the provider.
#[derive(Clone, Debug)]
pub struct ProviderUser {
    /// `sub`
    pub subject: String,
    /// `preferred_username`
    pub username: String,
    /// `email`
    pub email: String,
    /// `email_verified`
    pub email_verified: bool,
}

impl ProviderUser {
    /// Somebody of this name, with an address that the provider vouches for.
    pub fn named(name: &str) -> Self {
        Self {
            subject: format!("subject of {name}"),
            username: name.to_owned(),
            email: format!("{name}@id.example"),
            email_verified: true,
        }
    }
}

/// What the provider's routes share.
pub(super) struct State {
    pub(super) url: String,
    pub(super) key: SigningKey,
    pub(super) inner: Mutex<Inner>,
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) defect: Option<Defect>,
    pub(super) habit: Vec<Difference>,
    /// The signer of the habit, once it was used.
    pub(super) signer: Option<Arc<Signer>>,
    pub(super) key: Option<SigningKey>,
    pub(super) key_id: Option<String>,
    pub(super) authentication: Option<&'static str>,
    pub(super) codes: BTreeMap<String, Authorization>,
    pub(super) tokens: BTreeMap<String, ProviderUser>,
    pub(super) requests: Vec<&'static str>,
    pub(super) now: i64,
}

/// What somebody authorized at the provider, until the code is redeemed.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) user: ProviderUser,
    pub(super) nonce: Option<String>,
    pub(super) challenge: String,
    pub(super) callback: String,
}

impl State {
    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has(&self, defect: Defect) -> bool {
        self.inner().defect == Some(defect)
    }

    pub(super) fn key(&self) -> (SigningKey, String) {
        let inner = self.inner();
        (inner.key.clone().unwrap_or_else(|| self.key.clone()), inner.key_id.clone().unwrap_or_else(|| "one".into()))
    }
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes
}

pub(super) fn new_key() -> SigningKey {
    SigningKey::from_bytes(&random())
}
