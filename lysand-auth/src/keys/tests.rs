use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn create(folder: &Path) -> Keys {
    Keys::load_or_create(folder).unwrap()
}

fn subkey(keys: &Keys, label: &str) -> [u8; 64] {
    keys.secrets().first().unwrap().subkey(label)
}

#[test]
fn key_files_missing_are_made_once_with_private_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (made, again) = (create(&data), create(&data));
    assert!(made.signing() == again.signing() && made.signing().len() == 1);
    assert_eq!(subkey(&made, "x"), subkey(&again, "x"));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for (name, size) in [(SIGNING_FILE, None), (SECRETS_FILE, Some(32))] {
        assert_eq!(mode(&data.join(name)), 0o600, "{name}");
        assert!(size.is_none_or(|size| fs::metadata(data.join(name)).unwrap().len() == size));
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 2, "nothing is left behind");
}

#[test]
fn signing_key_is_made_in_the_version_of_pkcs8_that_openssl_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.pem");
    Keys::create_signing_file(&path, &Ambient::system()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let pem = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = pem.lines().collect();
    assert_eq!((lines[0], lines[2], lines.len()), ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----", 3));
    let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, lines[1]).unwrap();
    // RFC 8410 §10.3: version 0, which is the first, and nothing behind the key.
    assert_eq!((der.len(), &der[..5]), (48, &[0x30, 0x2e, 2, 1, 0][..]));
    assert!(Keys::load(std::slice::from_ref(&path), &[]).is_ok());
    let again = Keys::create_signing_file(&path, &Ambient::system()).unwrap_err();
    assert!(again.to_string().contains("new.pem") && fs::read_to_string(&path).unwrap() == pem, "{again}");
}

#[test]
fn key_files_made_by_parallel_starts_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let keys: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| create(folder.path()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(keys.windows(2).all(|pair| pair[0].signing() == pair[1].signing()));
    assert!(keys.windows(2).all(|pair| subkey(&pair[0], "x") == subkey(&pair[1], "x")));
}

#[test]
fn key_file_malformed_is_refused_with_its_name() {
    let random: [u8; 33] = Ambient::system().bytes();
    for (name, contents) in [
        (
            SIGNING_FILE,
            [&b""[..], b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", &[0xff, 0xfe]],
        ),
        (SECRETS_FILE, [&b""[..], &random[..31], &random[..], &[0; 32]]),
    ] {
        for content in contents {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(name), content).unwrap();
            let error = Keys::load_or_create(folder.path()).unwrap_err();
            assert!(matches!(error, KeyError::Malformed { .. }));
            assert!(error.to_string().contains(name) && !error.to_string().contains('\n'), "{error}");
            assert_eq!(fs::read(folder.path().join(name)).unwrap(), content, "nothing is overwritten");
        }
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(name)).unwrap();
        let is_folder = Keys::load_or_create(folder.path());
        assert!(matches!(is_folder, Err(KeyError::Unreadable { .. })), "{name}");
    }
}

#[test]
fn key_list_with_missing_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ambient = Ambient::system();
    let at = |name: &str| folder.path().join(name);
    let both = |signing: &[PathBuf], secrets: &[PathBuf]| Keys::load_or_create_files(signing, secrets, &ambient);
    both(&[at("1.pem")], &[at("1.key")]).unwrap();
    assert!(both(&[at("1.pem"), at("2.pem")], &[at("1.key")]).is_err());
    assert!(both(&[at("1.pem")], &[at("2.key"), at("1.key")]).is_err());
    assert_eq!(Keys::check_files(&[at("1.pem"), at("2.pem")], &[at("2.key"), at("1.key")]).len(), 2);
    both(&[at("2.pem")], &[at("2.key")]).unwrap();
    let rotated = both(&[at("1.pem"), at("2.pem")], &[at("2.key"), at("1.key")]).unwrap();
    assert_eq!(rotated.signing().len(), 2);
    assert_eq!(subkey(&rotated, "x"), subkey(&both(&[at("1.pem")], &[at("2.key")]).unwrap(), "x"), "the first derives");
}

/// The expected bytes are those of another implementation of RFC 5869: Python's `hmac`, with an empty salt.
#[test]
fn subkey_is_hkdf_of_its_label() {
    let keys = Keys::new(vec![], vec![[0x0b; 32]]);
    let derived = |label: &str| subkey(&keys, label);
    let expected = "a4f84e862f11c91ded0ca1307a489a57fd0b717713bdcfb1748c2a34ee1bd7c4a038d93d197a41031566";
    let hex = derived("form token").map(|byte| format!("{byte:02x}")).concat();
    assert!(hex.starts_with(expected), "{hex}");
    assert_ne!(derived("form token"), derived("form tokens"));
    assert!(Keys::new(vec![], vec![]).secrets().is_empty());
    let shown = format!("{keys:?}");
    assert!(!shown.contains("11, 11") && !shown.to_lowercase().contains("0b0b"), "{shown}");
}

#[cfg(feature = "rs256")]
#[test]
fn rsa_key_file_is_private_and_of_a_size_that_signs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/rsa.pem");
    let without = || Keys::new(Vec::new(), Vec::new());
    let missing = without().with_rsa_files(std::slice::from_ref(&path)).unwrap();
    assert!(
        matches!(missing.rsa(), Rsa::Missing(found) if *found == path) && !path.exists(),
        "a running server makes it"
    );
    assert!(matches!(without().with_rsa_files(&[]).unwrap().rsa(), Rsa::None));
    Keys::create_rsa_file(&path, &Ambient::system()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let key = RsaKey::read(&Secret::new(fs::read_to_string(&path).unwrap())).unwrap();
    assert_eq!(key.sign(b"message").unwrap().len() * 8, 3072);
    assert!(key.verifies(b"message", &key.sign(b"message").unwrap()) && !key.verifies(b"other", &[0; 384]));
    assert!(Keys::create_rsa_file(&path, &Ambient::system()).is_err(), "never over a file that is there");
    // Among several a missing one is a mistake, and so is one of another kind.
    let other = folder.path().join("other.pem");
    assert!(without().with_rsa_files(&[path.clone(), other.clone()]).is_err());
    fs::write(&other, new_key(&Ambient::system()).expose()).unwrap();
    let error = Keys::check_rsa_files(&[path.clone(), other]).unwrap();
    assert_eq!(error.kind(), KeyKind::Rsa);
    assert!(error.to_string().contains("other.pem") && error.to_string().contains("keys new --rsa"), "{error}");
    assert!(Keys::check_rsa_files(&[path]).is_none());
}
