//! What stands in the place of RSA keys without the feature `rs256`: there is none.

use std::convert::Infallible;

use crate::ambient::Ambient;
use crate::secret::Secret;

/// No key is one.
pub(crate) struct RsaKey(Infallible);

impl RsaKey {
    pub(crate) fn read(_: &Secret) -> Option<Self> {
        None
    }

    pub(crate) fn sign(&self, _: &[u8]) -> Option<Vec<u8>> {
        match self.0 {}
    }

    pub(crate) fn verifies(&self, _: &[u8], _: &[u8]) -> bool {
        match self.0 {}
    }

    pub(crate) fn kid(&self) -> &str {
        match self.0 {}
    }

    pub(crate) fn public_members(&self) -> (String, String) {
        match self.0 {}
    }
}

pub(super) fn new_rsa_key(_: &Ambient) -> Option<Secret> {
    None
}
