//! Files of keys: read with care, and made whole, once, and for their owner alone.

use std::fmt;
use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::ambient::Ambient;

/// What a file of keys is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// It signs session cookies, and id tokens by EdDSA.
    Signing,
    /// It signs id tokens by RS256.
    Rsa,
    /// Keys for secrets are derived from it.
    Secrets,
}

impl KeyKind {
    fn remedy(self) -> &'static str {
        match self {
            Self::Signing => {
                "is no Ed25519 key in PKCS#8 PEM: make one with `openssl genpkey -algorithm ed25519`, or move the file \
                 away and the server makes a new one"
            }
            Self::Rsa => {
                "is no RSA key of 2048, 3072 or 4096 bits in PKCS#8 PEM: make one with `keys new --rsa FILE`, or move the \
                 file away and the server makes a new one"
            }
            Self::Secrets => {
                "does not hold 32 random bytes: bring back the file that was there; without one, move this away and the \
                 server makes a new one, which opens nothing that an older one has sealed"
            }
        }
    }
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Signing => "signing key",
            Self::Rsa => "RSA key",
            Self::Secrets => "secret key",
        })
    }
}

/// Why there is no key. The text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A file cannot be read.
    #[error("the {kind} {}: cannot be read: {source}", path.display())]
    #[non_exhaustive]
    Unreadable {
        /// What it is for.
        kind: KeyKind,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file holds something else.
    #[error("the {kind} {}: {}", path.display(), kind.remedy())]
    #[non_exhaustive]
    Malformed {
        /// What it is for.
        kind: KeyKind,
        /// The file.
        path: PathBuf,
    },
    /// A new key cannot be written.
    #[error("the {kind} {}: cannot be written: {source}", path.display())]
    #[non_exhaustive]
    Unwritable {
        /// What it is for.
        kind: KeyKind,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl KeyError {
    /// What the file is for.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Unreadable { kind, .. } | Self::Malformed { kind, .. } | Self::Unwritable { kind, .. } => *kind,
        }
    }
}

/// What is in a file.
pub(super) fn read(kind: KeyKind, path: &Path) -> Result<Vec<u8>, KeyError> {
    let unreadable = |source| KeyError::Unreadable { kind, path: path.to_owned(), source };
    let bytes = fs::read(path).map_err(unreadable)?;
    let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "other users of this machine may read the {kind}: chmod 600 it");
    }
    Ok(bytes)
}

/// Whether there is no such file.
pub(super) fn is_missing(path: &Path) -> bool {
    fs::metadata(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
}

/// Refuses to make a key where something is.
pub(super) fn refuse_existing(kind: KeyKind, path: &Path) -> Result<(), KeyError> {
    if path.exists() {
        let source = ErrorKind::AlreadyExists.into();
        return Err(KeyError::Unwritable { kind, path: path.to_owned(), source });
    }
    Ok(())
}

/// Makes the one and only file, when it is missing: with several paths a missing file is a mistake.
pub(super) fn create_missing(
    kind: KeyKind,
    paths: &[PathBuf],
    content: impl FnOnce() -> Vec<u8>,
    ambient: &Ambient,
) -> Result<(), KeyError> {
    match paths {
        [only] if is_missing(only) => create(kind, only, &content(), ambient).map_err(|source| KeyError::Unwritable {
            kind,
            path: only.clone(),
            source,
        }),
        _ => Ok(()),
    }
}

/// The file appears under its name whole or not at all; when another process was first, that one's key stays.
fn create(kind: KeyKind, path: &Path, content: &[u8], ambient: &Ambient) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let unfinished = path.with_extension(format!("{}.part", ambient.id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let linked = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&unfinished, path))
        // What is sealed under a key may be on the disk before the folder is, so the folder goes first.
        .and_then(|()| fs::File::open(folder.unwrap_or(Path::new(".")))?.sync_all());
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            tracing::info!(path = %path.display(), "a {kind} was created");
            Ok(())
        }
    }
}
