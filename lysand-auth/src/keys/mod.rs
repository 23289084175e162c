//! The keys of one server: what signs its session cookies, and what its secrets are derived from.
//!
//! [`Keys::load_or_create`] makes both files in a folder at the first start and reads them ever after. A host that keeps its
//! keys elsewhere gives them to [`Keys::new`].

mod file;
#[cfg(feature = "rs256")]
mod new_rsa;
#[cfg(not(feature = "rs256"))]
mod no_rsa;
#[cfg(feature = "rs256")]
mod rsa;
mod sealed;
mod secrets;

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, KeypairBytes};

pub use self::file::{KeyError, KeyKind};
#[cfg(feature = "rs256")]
use self::new_rsa::new_rsa_key;
#[cfg(not(feature = "rs256"))]
pub(crate) use self::no_rsa::RsaKey;
#[cfg(not(feature = "rs256"))]
use self::no_rsa::new_rsa_key;
#[cfg(feature = "rs256")]
pub(crate) use self::rsa::RsaKey;
pub(crate) use self::sealed::Sealed;
pub(crate) use self::secrets::{SecretKey, SecretKeys};
use crate::ambient::Ambient;
use crate::secret::{Digest, Secret};

/// The file of the signing key in the folder of [`Keys::load_or_create`].
const SIGNING_FILE: &str = "jwt-ed25519.pem";
/// The file of the secret key in that folder.
const SECRETS_FILE: &str = "secrets.key";

/// The keys of one server. All its replicas have the same ones.
#[derive(Clone, Debug)]
pub struct Keys {
    signing: Vec<Secret>,
    secrets: SecretKeys,
    rsa: Rsa,
}

/// The keys that sign id tokens by RS256.
#[derive(Clone, Debug)]
pub(crate) enum Rsa {
    /// Id tokens are signed by EdDSA alone.
    None,
    /// PKCS#8 PEM: the first signs, all are published.
    Pems(Vec<Secret>),
    /// A file that a running server makes.
    Missing(PathBuf),
}

impl Keys {
    /// Keys that the host keeps itself: Ed25519 private keys as PKCS#8 PEM, of which the first signs and all verify, and
    /// 32 random bytes each, of which the first encrypts and all decrypt.
    #[must_use]
    pub fn new(signing: Vec<Secret>, secrets: Vec<[u8; 32]>) -> Self {
        Self { signing, secrets: SecretKeys::new(secrets), rsa: Rsa::None }
    }

    /// Reads the files `jwt-ed25519.pem` and `secrets.key` in a folder, and makes those that are missing: readable for
    /// their owner alone, whole or not at all, and once, when several processes start at the same moment.
    ///
    /// # Errors
    /// When a file cannot be read or written, or holds something else: a sentence that names it.
    pub fn load_or_create(folder: impl AsRef<Path>) -> Result<Self, KeyError> {
        let at = |name| [folder.as_ref().join(name)];
        Self::load_or_create_files(&at(SIGNING_FILE), &at(SECRETS_FILE), &Ambient::system())
    }

    /// The same for files with other names. A single file that is missing is made; among several, it is a mistake.
    ///
    /// # Errors
    /// When a file cannot be read or written, or holds something else: a sentence that names it.
    pub fn load_or_create_files(signing: &[PathBuf], secrets: &[PathBuf], ambient: &Ambient) -> Result<Self, KeyError> {
        let pem = || new_key(ambient).expose().as_bytes().to_vec();
        file::create_missing(KeyKind::Signing, signing, pem, ambient)?;
        file::create_missing(KeyKind::Secrets, secrets, || ambient.bytes::<32>().to_vec(), ambient)?;
        Self::load(signing, secrets)
    }

    /// Makes a new signing key in a file that is not there yet: PKCS#8 PEM of version 1, readable for its owner alone.
    ///
    /// # Errors
    /// When there is such a file, or it cannot be written.
    pub fn create_signing_file(path: &Path, ambient: &Ambient) -> Result<(), KeyError> {
        file::refuse_existing(KeyKind::Signing, path)?;
        let pem = || new_key(ambient).expose().as_bytes().to_vec();
        file::create_missing(KeyKind::Signing, &[path.to_owned()], pem, ambient)
    }

    /// Reads files that must all be there.
    ///
    /// # Errors
    /// When a file cannot be read, or holds something else: a sentence that names it.
    pub fn load(signing: &[PathBuf], secrets: &[PathBuf]) -> Result<Self, KeyError> {
        let signing = signing.iter().map(|path| read_signing(path)).collect::<Result<_, _>>()?;
        let secrets = secrets.iter().map(|path| secrets::read(path)).collect::<Result<_, _>>()?;
        Ok(Self { signing, secrets: SecretKeys::new(secrets), rsa: Rsa::None })
    }

    /// The same with RSA keys that the host keeps itself, as PKCS#8 PEM of 2048, 3072 or 4096 bits: the first signs the id tokens
    /// of apps that want RS256, and all are published. Without one, id tokens are signed by EdDSA alone.
    #[must_use]
    pub fn with_rsa(self, pems: Vec<Secret>) -> Self {
        let rsa = if pems.is_empty() { Rsa::None } else { Rsa::Pems(pems) };
        Self { rsa, ..self }
    }

    /// The same with RSA keys in files. A single file that is missing is made while the server runs, on a thread of its own,
    /// since that takes a second or several; among several, it is a mistake.
    ///
    /// # Errors
    /// When a file cannot be read, or holds something else: a sentence that names it.
    pub fn with_rsa_files(self, paths: &[PathBuf]) -> Result<Self, KeyError> {
        let rsa = match paths {
            [] => Rsa::None,
            [only] if file::is_missing(only) => Rsa::Missing(only.clone()),
            _ => Rsa::Pems(paths.iter().map(|path| read_rsa(path)).collect::<Result<_, _>>()?),
        };
        Ok(Self { rsa, ..self })
    }

    /// Makes a new RSA key in a file that is not there yet: 3072 bits, PKCS#8 PEM, readable for its owner alone.
    ///
    /// # Errors
    /// When there is such a file, or it cannot be written.
    pub fn create_rsa_file(path: &Path, ambient: &Ambient) -> Result<(), KeyError> {
        file::refuse_existing(KeyKind::Rsa, path)?;
        make_rsa_file(path, ambient).map(drop)
    }

    /// What [`with_rsa_files`](Self::with_rsa_files) would refuse.
    #[must_use]
    pub fn check_rsa_files(paths: &[PathBuf]) -> Option<KeyError> {
        Self::new(Vec::new(), Vec::new()).with_rsa_files(paths).err()
    }

    /// What [`load_or_create_files`](Self::load_or_create_files) would refuse, without making anything.
    #[must_use]
    pub fn check_files(signing: &[PathBuf], secrets: &[PathBuf]) -> Vec<KeyError> {
        let wrong = |paths: &[PathBuf], read: fn(&Path) -> Option<KeyError>| match paths {
            [only] if !only.exists() => None,
            _ => paths.iter().find_map(|path| read(path)),
        };
        let signing = wrong(signing, |path| read_signing(path).err());
        signing.into_iter().chain(wrong(secrets, |path| secrets::read(path).err())).collect()
    }

    /// New keys in memory, for tests: with the process they are gone, and so is every sign-in.
    #[must_use]
    pub fn generate(ambient: &Ambient) -> Self {
        Self::new(vec![new_key(ambient)], vec![ambient.bytes()])
    }

    /// Digests of a text that nobody finds by trying texts who has not the keys: by the first key, under which a host keeps it, and
    /// then by each of the others, under which it may have been kept before; none without a key. The label names what they are
    /// for: those of one label tell nothing about those of another.
    #[must_use]
    pub fn keyed_digests(&self, label: &str, text: &str) -> Vec<Digest> {
        let digest = |key: &SecretKey| {
            let key = key.subkey(&format!("digests for a host\n{label}"));
            Secret::derive(&key, &[text.as_bytes()]).digest()
        };
        self.secrets.all().map(digest).collect()
    }

    pub(crate) fn signing(&self) -> &[Secret] {
        &self.signing
    }

    pub(crate) fn secrets(&self) -> &SecretKeys {
        &self.secrets
    }

    pub(crate) fn rsa(&self) -> &Rsa {
        &self.rsa
    }
}

/// Makes an RSA key in a file, unless there is one by then, and reads it. It takes a second or several.
///
/// # Errors
/// When it cannot be made, written or read.
pub(crate) fn make_rsa_file(path: &Path, ambient: &Ambient) -> Result<Secret, KeyError> {
    // Another process may have been faster.
    if file::is_missing(path) {
        let unwritable = |source| KeyError::Unwritable { kind: KeyKind::Rsa, path: path.to_owned(), source };
        let pem = new_rsa_key(ambient).ok_or_else(|| unwritable(std::io::ErrorKind::Unsupported.into()))?;
        file::create_missing(KeyKind::Rsa, &[path.to_owned()], || pem.expose().as_bytes().to_vec(), ambient)?;
    }
    read_rsa(path)
}

/// Makes a signing key, as PKCS#8 PEM of version 1: without the public half, which OpenSSL does not read (faults D11).
pub(crate) fn new_key(ambient: &Ambient) -> Secret {
    let key = KeypairBytes { secret_key: ambient.bytes(), public_key: None };
    // Encoding a key in memory cannot fail; an empty secret would be refused when it is read back.
    Secret::new(key.to_pkcs8_pem(LineEnding::LF).map(|pem| pem.to_string()).unwrap_or_default())
}

fn read_signing(path: &Path) -> Result<Secret, KeyError> {
    let bytes = file::read(KeyKind::Signing, path)?;
    let malformed = || KeyError::Malformed { kind: KeyKind::Signing, path: path.to_owned() };
    let pem = Secret::new(String::from_utf8(bytes).map_err(|_| malformed())?);
    SigningKey::from_pkcs8_pem(pem.expose()).map_err(|_| malformed())?;
    Ok(pem)
}

fn read_rsa(path: &Path) -> Result<Secret, KeyError> {
    let bytes = file::read(KeyKind::Rsa, path)?;
    let pem = String::from_utf8(bytes).ok().map(Secret::new);
    let malformed = || KeyError::Malformed { kind: KeyKind::Rsa, path: path.to_owned() };
    pem.filter(|pem| RsaKey::read(pem).is_some()).ok_or_else(malformed)
}

#[cfg(test)]
mod tests;
