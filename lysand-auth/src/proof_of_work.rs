//! A proof of work in ALTCHA's wire form, version 2: challenges that nobody has to keep, and the check of a solution (people
//! PPL-51, PPL-52).
//!
//! A challenge is signed whole, so nothing in it can be changed or spliced; whether it was used before is the caller's to know,
//! by its nonce.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::ambient::{Ambient, Timestamp};
use crate::secret::Digest;

/// How long a challenge can be solved.
const LIFETIME: std::time::Duration = std::time::Duration::from_secs(600);
/// The largest solution, in bytes.
const LARGEST: usize = 4 * 1024;
const ALGORITHM: &str = "PBKDF2/SHA-256";
const KEY_LENGTH: usize = 32;
/// What a derived key begins with: one of 256 does.
const KEY_PREFIX: &str = "00";

/// What a browser gets to work on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Challenge {
    parameters: Parameters,
    signature: String,
}

/// In the order of the alphabet, as they are signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Parameters {
    algorithm: String,
    cost: u32,
    data: Purpose,
    expires_at: i64,
    key_length: usize,
    key_prefix: String,
    nonce: String,
    salt: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Purpose {
    r#for: String,
}

#[derive(Deserialize)]
struct Payload {
    challenge: Challenge,
    solution: Solution,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Solution {
    counter: u32,
    derived_key: String,
}

/// A good solution: it counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Solved {
    /// The digest of its nonce.
    pub(crate) nonce: Digest,
    /// Until when it has to be remembered that it was used.
    pub(crate) expires_at: Timestamp,
}

/// A challenge for one purpose. `key` is the same on all replicas.
pub(crate) fn challenge(ambient: &Ambient, key: &[u8; 64], purpose: &str, cost: u32) -> Challenge {
    let parameters = Parameters {
        algorithm: ALGORITHM.to_owned(),
        cost,
        data: Purpose { r#for: purpose.to_owned() },
        expires_at: ambient.now().plus(LIFETIME).seconds(),
        key_length: KEY_LENGTH,
        key_prefix: KEY_PREFIX.to_owned(),
        nonce: to_hex(&ambient.bytes::<16>()),
        salt: to_hex(&ambient.bytes::<16>()),
    };
    let signature = to_hex(&sign(key, &parameters));
    Challenge { parameters, signature }
}

/// Checks what a browser sends: its size, the signature over all parameters, the time, the purpose, the cost, and last the work
/// itself. `None` for whatever is wrong. Whether it was used before is to be looked up between the cheap checks and
/// [`Unchecked::work`].
pub(crate) fn read(sent: &str, key: &[u8; 64], purpose: &str, cost: u32, now: Timestamp) -> Option<Unchecked> {
    if sent.len() > LARGEST {
        return None;
    }
    let bytes = STANDARD.decode(sent.trim()).ok()?;
    let Payload { challenge, solution } = serde_json::from_slice(&bytes).ok()?;
    let Challenge { parameters, signature } = challenge;
    let signed = to_hex(&sign(key, &parameters));
    if !bool::from(signed.as_bytes().ct_eq(signature.as_bytes())) {
        return None;
    }
    let is_ours = parameters.algorithm == ALGORITHM
        && parameters.data.r#for == purpose
        && parameters.cost == cost
        && parameters.key_length == KEY_LENGTH
        && parameters.key_prefix == KEY_PREFIX;
    let in_time = now.seconds() < parameters.expires_at;
    (is_ours && in_time).then_some(Unchecked { parameters, solution })
}

/// A solution whose challenge is ours.
pub(crate) struct Unchecked {
    parameters: Parameters,
    solution: Solution,
}

impl Unchecked {
    /// What is to be remembered of it.
    pub(crate) fn solved(&self) -> Solved {
        let expires_at = Timestamp::from_micros(self.parameters.expires_at.saturating_mul(1_000_000));
        Solved { nonce: Digest::of(self.parameters.nonce.as_bytes()), expires_at }
    }

    /// One derivation: whether the work was done.
    pub(crate) fn work(&self) -> bool {
        let Some((nonce, salt)) = from_hex(&self.parameters.nonce).zip(from_hex(&self.parameters.salt)) else {
            return false;
        };
        let mut password = nonce;
        password.extend_from_slice(&self.solution.counter.to_be_bytes());
        let mut derived = [0; KEY_LENGTH];
        pbkdf2::pbkdf2_hmac::<Sha256>(&password, &salt, self.parameters.cost, &mut derived);
        let derived = to_hex(&derived);
        derived.starts_with(KEY_PREFIX) && bool::from(derived.as_bytes().ct_eq(self.solution.derived_key.as_bytes()))
    }
}

fn sign(key: &[u8; 64], parameters: &Parameters) -> Vec<u8> {
    let mut mac: Hmac<Sha256> = KeyInit::new(key.into());
    // The members stand in the order of the alphabet, which is what is signed.
    mac.update(serde_json::to_string(parameters).unwrap_or_default().as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    if text.len().is_multiple_of(2) && text.is_ascii() { pairs.collect() } else { None }
}

/// Solves a challenge, as a browser does.
#[cfg(test)]
fn solve(challenge: &Challenge) -> String {
    let parameters = &challenge.parameters;
    for counter in 0.. {
        let mut password = from_hex(&parameters.nonce).unwrap_or_default();
        password.extend_from_slice(&u32::to_be_bytes(counter));
        let mut derived = [0; KEY_LENGTH];
        let salt = from_hex(&parameters.salt).unwrap_or_default();
        pbkdf2::pbkdf2_hmac::<Sha256>(&password, &salt, parameters.cost, &mut derived);
        let derived_key = to_hex(&derived);
        if derived_key.starts_with(&parameters.key_prefix) {
            let solution = serde_json::json!({ "counter": counter, "derivedKey": derived_key });
            return STANDARD.encode(serde_json::json!({ "challenge": challenge, "solution": solution }).to_string());
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 64] = [7; 64];
    const COST: u32 = 10;

    fn accepted(sent: &str, now: Timestamp) -> bool {
        read(sent, &KEY, "signup", COST, now).is_some_and(|unchecked| unchecked.work())
    }

    fn changed(sent: &str, change: impl Fn(&mut serde_json::Value)) -> String {
        let mut payload: serde_json::Value = serde_json::from_slice(&STANDARD.decode(sent).unwrap()).unwrap();
        change(&mut payload);
        STANDARD.encode(payload.to_string())
    }

    #[test]
    fn proof_of_work_solution_is_accepted_until_its_challenge_expires() {
        let ambient = Ambient::system();
        let challenge = challenge(&ambient, &KEY, "signup", COST);
        let sent = solve(&challenge);
        let now = ambient.now();
        assert!(accepted(&sent, now) && accepted(&sent, now.plus(LIFETIME / 2)));
        assert!(!accepted(&sent, now.plus(LIFETIME)));
        assert!(read(&sent, &[8; 64], "signup", COST, now).is_none(), "another server's key");
        assert!(read(&sent, &KEY, "other", COST, now).is_none() && read(&sent, &KEY, "signup", 11, now).is_none());
    }

    /// Version 1 could be spliced: its salt and its number had no delimiter (GHSA-6gvq-jcmp-8959).
    #[test]
    fn proof_of_work_with_any_changed_or_spliced_parameter_is_refused() {
        let ambient = Ambient::system();
        let sent = solve(&challenge(&ambient, &KEY, "signup", COST));
        let now = ambient.now();
        for (pointer, value) in [
            ("/challenge/parameters/cost", serde_json::json!(1)),
            ("/challenge/parameters/keyPrefix", serde_json::json!("")),
            ("/challenge/parameters/keyLength", serde_json::json!(1)),
            ("/challenge/parameters/expiresAt", serde_json::json!(9_999_999_999_i64)),
            ("/challenge/parameters/nonce", serde_json::json!("00")),
            ("/challenge/parameters/salt", serde_json::json!("")),
            ("/challenge/parameters/data/for", serde_json::json!("other")),
            ("/challenge/parameters/algorithm", serde_json::json!("SHA-256")),
            ("/challenge/signature", serde_json::json!("")),
            ("/solution/derivedKey", serde_json::json!("00")),
            ("/solution/counter", serde_json::json!(-1)),
        ] {
            let bad = changed(&sent, |payload| *payload.pointer_mut(pointer).unwrap() = value.clone());
            assert!(!accepted(&bad, now), "{pointer}");
        }
        let spliced = changed(&sent, |payload| {
            let nonce = payload["challenge"]["parameters"]["nonce"].as_str().unwrap().to_owned();
            payload["challenge"]["parameters"]["nonce"] = nonce[..30].into();
            let salt = payload["challenge"]["parameters"]["salt"].as_str().unwrap().to_owned();
            payload["challenge"]["parameters"]["salt"] = (nonce[30..].to_owned() + &salt).into();
        });
        let added = changed(&sent, |payload| payload["challenge"]["parameters"]["keySignature"] = "x".into());
        for bad in [spliced.as_str(), &added, "", "e30=", "%%%", &"A".repeat(5_000)] {
            assert!(!accepted(bad, now), "{bad}");
        }
    }
}
