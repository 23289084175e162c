//! Passwords for hosts: argon2id with a fixed number of slots, a bounded queue and a time limit (security LOAD-1).
//!
//! The slots are threads of their own at a lower priority, so that a storm of sign-ins leaves the rest of the server
//! at its speed (LOAD-3). A slot belongs to the running hash: a caller that goes away frees nothing early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use subtle::ConstantTimeEq;
use tokio::sync::oneshot;

use crate::ambient::Ambient;
use crate::secret::Secret;

/// The longest password that is tried at a sign-in, in bytes (security LOAD-7).
pub const MAX_BYTES: usize = 1_024;

const HASH_LENGTH: usize = 32;

/// Cost of a hash and how many may run and wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasswordConfig {
    /// Memory of one hash in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes.
    pub parallelism: u32,
    /// Hashes computed at the same time; 0 means one a core.
    pub max_concurrent: usize,
    /// Hashes that may wait for a slot.
    pub max_waiting: usize,
    /// How long a hash may wait for its slot.
    pub max_wait: Duration,
}

impl Default for PasswordConfig {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            max_concurrent: 0,
            max_waiting: 64,
            max_wait: Duration::from_millis(1_500),
        }
    }
}

/// No slot became free in time: answer 503 with `Retry-After`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many passwords are being checked")]
#[non_exhaustive]
pub struct Busy;

/// The parameters are outside of what argon2 can do.
#[derive(Debug, thiserror::Error)]
#[error("argon2 cannot work with these parameters: {0}")]
pub struct ParametersError(argon2::Error);

/// Hashes and verifies passwords; cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    queue: Sender<Job>,
    params: Params,
    max_wait: Duration,
    ambient: Ambient,
}

struct Job {
    argon2: Argon2<'static>,
    password: Secret,
    salt: Vec<u8>,
    answer: oneshot::Sender<Vec<u8>>,
    claim: Arc<Claim>,
}

/// Shared by a waiting caller and its job: whoever gives up or starts first wins.
#[derive(Default)]
struct Claim(AtomicBool);

impl Claim {
    /// True for the first caller only.
    fn claim(&self) -> bool {
        !self.0.swap(true, Ordering::AcqRel)
    }
}

impl Passwords {
    /// Starts the slots.
    ///
    /// # Errors
    /// When argon2 cannot work with the parameters.
    pub fn new(config: PasswordConfig, ambient: Ambient) -> Result<Self, ParametersError> {
        let params = Params::new(config.memory_kib, config.iterations, config.parallelism, Some(HASH_LENGTH))
            .map_err(ParametersError)?;
        let slots = match config.max_concurrent {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            slots => slots,
        };
        let (queue, jobs) = bounded(config.max_waiting.max(1));
        for number in 0..slots {
            let jobs = jobs.clone();
            std::thread::Builder::new()
                .name(format!("password-{number}"))
                .spawn(move || work(&jobs))
                .map_err(|_| ParametersError(argon2::Error::ThreadsTooMany))?;
        }
        Ok(Self { queue, params, max_wait: config.max_wait, ambient })
    }

    /// Hashes a password as a PHC string, with a fresh salt.
    ///
    /// # Errors
    /// [`Busy`] when no slot became free in time.
    pub async fn hash(&self, password: &Secret) -> Result<String, Busy> {
        let salt = self.ambient.bytes::<16>();
        let output = self.compute(self.params.clone(), password, salt.to_vec()).await?;
        Ok(PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: (&self.params).try_into().map_err(|_| Busy)?,
            salt: Some(Salt::new(&salt).map_err(|_| Busy)?),
            hash: Some(Output::new(&output).map_err(|_| Busy)?),
        }
        .to_string())
    }

    /// Whether `password` is the one that `stored` was made from.
    ///
    /// Without a stored hash, with an unreadable one or with a password that is too long the answer is false, after the
    /// same work as a wrong password costs (security ID-1).
    ///
    /// # Errors
    /// [`Busy`] when no slot became free in time.
    pub async fn verify(&self, password: &Secret, stored: Option<&str>) -> Result<bool, Busy> {
        let known = stored.and_then(Stored::read).filter(|_| password.expose().len() <= MAX_BYTES);
        let Some(known) = known else {
            let nobody = Secret::new("no account has this password");
            self.compute(self.params.clone(), &nobody, vec![0; 16]).await?;
            return Ok(false);
        };
        let output = self.compute(known.params, password, known.salt).await?;
        Ok(output.ct_eq(&known.hash).into())
    }

    /// Whether a stored hash was made with the parameters of today; if not, make it anew when its password comes by
    /// (faults B9).
    #[must_use]
    pub fn is_current(&self, stored: &str) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        Stored::read(stored).is_some_and(|stored| cost(&stored.params) == cost(&self.params))
    }

    async fn compute(&self, params: Params, password: &Secret, salt: Vec<u8>) -> Result<Vec<u8>, Busy> {
        #[cfg(feature = "testing")]
        crate::work::count(|work| work.hashes += 1);
        let (answer, result) = oneshot::channel();
        let claim = Arc::new(Claim::default());
        let job = Job {
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            password: password.clone(),
            salt,
            answer,
            claim: Arc::clone(&claim),
        };
        self.queue.try_send(job).map_err(|_| Busy)?;
        let mut result = std::pin::pin!(result);
        match tokio::time::timeout(self.max_wait, &mut result).await {
            Ok(output) => output.map_err(|_| Busy),
            Err(_) if claim.claim() => Err(Busy),
            Err(_) => result.await.map_err(|_| Busy),
        }
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords").field("params", &self.params).finish_non_exhaustive()
    }
}

/// What a stored PHC string says.
struct Stored {
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Stored {
    fn read(phc: &str) -> Option<Self> {
        let parsed = PasswordHash::new(phc).ok()?;
        if parsed.algorithm != Algorithm::Argon2id.ident() {
            return None;
        }
        Some(Self {
            params: Params::try_from(&parsed).ok()?,
            salt: parsed.salt?.as_ref().to_vec(),
            hash: parsed.hash?.as_bytes().to_vec(),
        })
    }
}

/// One slot: takes jobs one after the other and keeps its memory between them while there is work.
fn work(jobs: &Receiver<Job>) {
    // On Linux this lowers the calling thread alone; elsewhere, or when it is refused, slots run at normal priority.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::nice(10);
    let mut memory: Vec<Block> = Vec::new();
    loop {
        let job = match jobs.recv_timeout(Duration::from_secs(1)) {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) => {
                memory = Vec::new();
                match jobs.recv() {
                    Ok(job) => job,
                    Err(_) => return,
                }
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if !job.claim.claim() {
            continue;
        }
        let wanted = job.argon2.params().block_count();
        if memory.len() < wanted {
            memory = mapped(wanted);
        }
        let mut output = vec![0; HASH_LENGTH];
        let password = job.password.expose().as_bytes();
        let done = job.argon2.hash_password_into_with_memory(password, &job.salt, &mut output, &mut memory[..wanted]);
        if done.is_ok() {
            let _ = job.answer.send(output);
        }
    }
}

/// So many blocks, in a mapping of their own that goes back to the system when they are dropped (faults D1).
///
/// glibc takes allocations above 32 MiB from the system one by one, whatever it has learned from earlier ones; what is smaller
/// may end up in its heap, where aligned blocks do not fit their own hole again. So more is reserved; only what is wanted is
/// ever touched, and with it occupied.
fn mapped(wanted: usize) -> Vec<Block> {
    const ABOVE_32_MIB: usize = 34 * 1024;
    let mut memory = Vec::with_capacity(wanted.max(ABOVE_32_MIB));
    memory.resize(wanted, Block::default());
    memory
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(max_waiting: usize) -> Passwords {
        let config = PasswordConfig {
            memory_kib: 64,
            iterations: 1,
            max_concurrent: 1,
            max_waiting,
            ..PasswordConfig::default()
        };
        Passwords::new(config, Ambient::system()).unwrap()
    }

    #[tokio::test]
    async fn password_verify_accepts_only_the_matching_argon2id_hash() {
        let passwords = small(4);
        let secret = Secret::new("correct horse");
        let stored = passwords.hash(&secret).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        assert!(passwords.verify(&secret, Some(&stored)).await.unwrap());
        assert!(!passwords.verify(&Secret::new("wrong"), Some(&stored)).await.unwrap());
        assert!(!passwords.verify(&secret, None).await.unwrap());
        assert!(!passwords.verify(&secret, Some("$2b$not-argon")).await.unwrap());
        let long = Secret::new("x".repeat(MAX_BYTES + 1));
        let stored = passwords.hash(&long).await.unwrap();
        assert!(!passwords.verify(&long, Some(&stored)).await.unwrap());
    }

    #[tokio::test]
    async fn password_hashing_with_full_queue_returns_busy() {
        let config = PasswordConfig { max_concurrent: 1, max_waiting: 1, iterations: 8, ..PasswordConfig::default() };
        let passwords = Passwords::new(config, Ambient::system()).unwrap();
        let secret = Secret::new("x");
        let tries = (0..8).map(|_| passwords.verify(&secret, None));
        let answers = futures_util::future::join_all(tries).await;
        assert!(answers.contains(&Ok(false)) && answers.contains(&Err(Busy)), "{answers:?}");
    }

    #[tokio::test]
    async fn password_hash_verifies_with_argon2_crate_defaults() {
        use argon2::password_hash::PasswordVerifier;
        let stored = small(1).hash(&Secret::new("same")).await.unwrap();
        let parsed = PasswordHash::new(&stored).unwrap();
        assert!(Argon2::default().verify_password(b"same", &parsed).is_ok());
    }
}
