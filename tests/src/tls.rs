//! A private certificate authority that vouches for `localhost`, `id.example` and one public address, and for nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

/// A public address of nobody here: only a proxy of a story leads to it.
pub const PUBLIC: &str = "93.184.215.14";

/// Certificates of one story: the authority's, the server's, and the server's key, as PEM files.
#[derive(Debug, Clone)]
pub struct PrivateCa {
    /// The authority's certificate. Whoever trusts this file trusts the server.
    pub authority: PathBuf,
    /// The server's certificate, for `localhost`, the loopback addresses, `id.example` and [`PUBLIC`].
    pub certificate: PathBuf,
    /// The key of the server's certificate.
    pub key: PathBuf,
}

impl PrivateCa {
    /// Makes an authority and lets it vouch for `localhost`. The authority's own key is forgotten at once.
    pub fn in_folder(folder: &Path) -> Self {
        let authority_key = KeyPair::generate().expect("a key");
        let authority_params = authority_params();
        let authority = authority_params.self_signed(&authority_key).expect("a certificate");
        let issuer = Issuer::new(authority_params, authority_key);

        let key = KeyPair::generate().expect("a key");
        let certificate = server_params().signed_by(&key, &issuer).expect("a certificate");

        Self {
            authority: write(folder, "authority.pem", &authority.pem()),
            certificate: write(folder, "certificate.pem", &certificate.pem()),
            key: write(folder, "key.pem", &key.serialize_pem()),
        }
    }
}

fn authority_params() -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("no names, no bad names");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "Authority of one story");
    params
}

fn server_params() -> CertificateParams {
    let names = ["localhost", "127.0.0.1", "::1", "id.example", PUBLIC].map(String::from);
    let mut params = CertificateParams::new(names).expect("good names");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params
}

fn write(folder: &Path, name: &str, pem: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, pem).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    path
}
