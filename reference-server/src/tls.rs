//! TLS for servers that face the network themselves: rustls with the *ring* provider, TLS 1.2 and 1.3.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Why certificate and key cannot be used. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{remedy}")]
pub struct TlsError {
    /// Whether it is about the file of the key, and not that of the certificate.
    pub is_about_key: bool,
    remedy: String,
}

/// Reads a certificate chain and its private key, both PEM.
///
/// # Errors
/// When a file cannot be read, holds nothing of its kind, or the two do not belong together.
pub fn load(cert: &Path, key: &Path) -> Result<ServerConfig, TlsError> {
    let about_cert = |remedy| TlsError { is_about_key: false, remedy };
    let about_key = |remedy| TlsError { is_about_key: true, remedy };
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| about_cert(format!("Give a certificate chain in PEM that the server can read: {error}.")))?;
    if chain.is_empty() {
        return Err(about_cert("Give a file with at least one certificate in PEM; this one has none.".to_owned()));
    }
    let key = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| about_key(format!("Give a private key in PEM that the server can read: {error}.")))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| about_key(format!("Give the private key that belongs to the certificate: {error}.")))
}
