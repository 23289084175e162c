//! Makes RSA keys, once for each server, and never because of a request (FAC-132). Whatever else is done with one, `ring` does.

use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};
use rsa::rand_core::{self, CryptoRng, RngCore};

use crate::ambient::Ambient;
use crate::secret::Secret;

/// The size of a new key in bits (ASVS 11.2.3).
const BITS: usize = 3072;

/// Makes a key, which takes a second or several, as PKCS#8 PEM; `None` when that fails.
pub(super) fn new_rsa_key(ambient: &Ambient) -> Option<Secret> {
    let key = RsaPrivateKey::new(&mut Random(ambient), BITS).ok()?;
    Some(Secret::new(key.to_pkcs8_pem(LineEnding::LF).ok()?.as_str()))
}

/// The random source of the server, as the generator of primes wants it.
struct Random<'a>(&'a Ambient);

impl CryptoRng for Random<'_> {}

impl RngCore for Random<'_> {
    fn next_u32(&mut self) -> u32 {
        u32::from_le_bytes(self.0.bytes())
    }

    fn next_u64(&mut self) -> u64 {
        u64::from_le_bytes(self.0.bytes())
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            chunk.copy_from_slice(&self.0.bytes::<32>()[..chunk.len()]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}
