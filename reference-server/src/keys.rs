//! The signing keys: Ed25519 as PKCS#8 PEM. A missing one is created, once, readable for the server's user alone.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use lysand_auth::Ambient;
use lysand_auth::secret::Secret;
use lysand_auth::signing::{SigningKeys, new_key};

/// Why there is no signing key. The text is one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file cannot be read.
    #[error("the signing key {}: {source}: mend it, or name another file in keys.jwt", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is no Ed25519 private key in PEM.
    #[error(
        "the signing key {}: is no Ed25519 key in PKCS#8 PEM: make one with `openssl genpkey -algorithm ed25519`, or \
         move the file away and the server makes a new one",
        .0.display()
    )]
    Malformed(PathBuf),
    /// A new key cannot be written.
    #[error("the signing key {}: cannot be written: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Reads the keys in `paths`. When the one and only path leads to no file, a new key is created there: with several paths a
/// missing file is a mistake.
///
/// # Errors
/// When a file cannot be read or written, or holds something else.
pub fn load_or_create(paths: &[PathBuf], ambient: &Ambient) -> Result<Vec<Secret>, KeyError> {
    if let [only] = paths
        && fs::metadata(only).is_err_and(|error| error.kind() == ErrorKind::NotFound)
    {
        create(only, ambient).map_err(|source| KeyError::Unwritable { path: only.clone(), source })?;
    }
    paths.iter().map(|path| read(path)).collect()
}

/// Checks the keys in `paths` without creating one.
///
/// # Errors
/// When [`load_or_create`] would refuse what is there.
pub fn check(paths: &[PathBuf]) -> Result<(), KeyError> {
    match paths {
        [only] if !only.exists() => Ok(()),
        _ => paths.iter().try_for_each(|path| read(path).map(drop)),
    }
}

fn read(path: &Path) -> Result<Secret, KeyError> {
    let unreadable = |source| KeyError::Unreadable { path: path.to_owned(), source };
    let bytes = fs::read(path).map_err(unreadable)?;
    let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "other users of this machine may read the signing key: chmod 600 it");
    }
    let malformed = || KeyError::Malformed(path.to_owned());
    let key = Secret::new(String::from_utf8(bytes).map_err(|_| malformed())?);
    match SigningKeys::read(std::slice::from_ref(&key)) {
        Ok(_) => Ok(key),
        Err(_) => Err(malformed()),
    }
}

/// Creates a key. It appears under its name whole or not at all; when another process was first, that one's key stays.
fn create(path: &Path, ambient: &Ambient) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let unfinished = path.with_extension(format!("{}.part", ambient.id()));
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
    let linked = file
        .write_all(new_key(ambient).expose().as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&unfinished, path));
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            tracing::info!(path = %path.display(), "a signing key was created");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signing_key_missing_is_generated_once_with_private_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/key.pem");
        let made = load_or_create(std::slice::from_ref(&path), &Ambient::system()).unwrap();
        let again = load_or_create(std::slice::from_ref(&path), &Ambient::system()).unwrap();
        assert!(made == again && made.len() == 1);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn signing_key_generated_by_parallel_starts_is_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let start = || load_or_create(std::slice::from_ref(&path), &Ambient::system()).unwrap();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.windows(2).all(|pair| pair[0] == pair[1]));
    }

    #[test]
    fn signing_key_file_malformed_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        for text in ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            fs::write(&path, text).unwrap();
            let error = load_or_create(std::slice::from_ref(&path), &Ambient::system()).unwrap_err().to_string();
            assert!(error.contains("key.pem") && !error.contains('\n'), "{error}");
        }
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(matches!(load_or_create(std::slice::from_ref(&path), &Ambient::system()), Err(KeyError::Malformed(_))));
        let is_folder = load_or_create(&[folder.path().to_owned()], &Ambient::system());
        assert!(matches!(is_folder, Err(KeyError::Unreadable { .. })));
    }

    #[test]
    fn signing_key_list_with_missing_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [one, two] = ["one.pem", "two.pem"].map(|name| folder.path().join(name));
        load_or_create(std::slice::from_ref(&one), &Ambient::system()).unwrap();
        assert!(load_or_create(&[one.clone(), two.clone()], &Ambient::system()).is_err());
        load_or_create(std::slice::from_ref(&two), &Ambient::system()).unwrap();
        assert_eq!(load_or_create(&[one, two], &Ambient::system()).unwrap().len(), 2);
    }
}
