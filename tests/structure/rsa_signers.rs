//! RSA is signed by `ring` alone (FAC-132): the signer of the crate `rsa` takes a time that tells of the key. That crate makes keys, in
//! one file, and may verify.

use crate::assert_none;
use crate::source::Source;
use crate::{FOLDERS, root};

/// The one file that may name the crate.
const MAKER: (&str, &str) = ("lysand-auth/src", "keys/new_rsa");
/// What it may name of it.
const MADE_WITH: [&str; 8] =
    ["rsa", "RsaPrivateKey", "pkcs8", "EncodePrivateKey", "LineEnding", "rand_core", "CryptoRng", "RngCore"];
/// What gives other crates a private key of RSA to sign with.
const SIGNERS: [&str; 5] =
    ["from_rsa_pem", "from_rsa_der", "CoreRsaPrivateSigningKey", "rsa_pkcs1_sha256", "RsaPrivateKey"];

fn complaints(folder: &str, file: &Source) -> Vec<String> {
    let is_maker = (folder, file.name().as_str()) == MAKER;
    let mut complaints = Vec::new();
    for path in file.paths.iter().filter(|path| path.first().is_some_and(|first| first == "rsa")) {
        let may =
            is_maker && path.iter().all(|word| MADE_WITH.contains(&word.as_str()) || word == "Error" || word == "self");
        if !may {
            complaints.push(format!("{folder}/{} names {}", file.name(), path.join("::")));
        }
    }
    let is_named = |word: &&&str| {
        file.words.contains(**word) || file.paths.iter().any(|path| path.iter().any(|part| part == **word))
    };
    for word in SIGNERS.iter().filter(is_named).filter(|_| !is_maker) {
        complaints.push(format!("{folder}/{} signs by RSA with {word}", file.name()));
    }
    complaints
}

#[test]
fn rsa_is_signed_by_ring_alone() {
    let crates = FOLDERS.iter().filter(|folder| **folder != "tests/src");
    let found = crates.flat_map(|folder| {
        let files = Source::crate_at(&root().join(folder));
        files.iter().flat_map(|file| complaints(folder, file)).collect::<Vec<_>>()
    });
    assert_none(&found.collect::<Vec<_>>());
}

#[test]
fn another_signer_is_noticed() {
    let of = |module: &[&str], text: &str| complaints("lysand-auth/src", &Source::read(module, text));
    for text in [
        "use rsa::pkcs1v15::SigningKey;",
        "fn f() { rsa::RsaPrivateKey::new(r, 1).sign(x, y) }",
        "fn f() { jsonwebtoken::EncodingKey::from_rsa_pem(x) }",
        "use openidconnect::core::CoreRsaPrivateSigningKey;",
    ] {
        assert!(!of(&["signing", "openid"], text).is_empty(), "{text}");
    }
    assert!(!of(&["keys", "new_rsa"], "use rsa::pkcs1v15::SigningKey;").is_empty());
    assert_none(&of(&["keys", "new_rsa"], "use rsa::RsaPrivateKey; use rsa::rand_core::{self, RngCore};"));
    assert_none(&of(&["keys", "rsa"], "use ring::rsa::KeyPair; use super::rsa::RsaKey;"));
}
