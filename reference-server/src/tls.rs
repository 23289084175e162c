//! TLS for servers that face the network themselves: rustls with the *ring* provider, TLS 1.2 and 1.3.

use std::path::Path;
use std::sync::{Arc, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// Why certificate and key cannot be used. The text says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{remedy}")]
pub struct TlsError {
    /// Whether it is about the file of the key, and not that of the certificate.
    pub is_about_key: bool,
    remedy: String,
}

/// The certificate that new connections are shown. Another may take its place while the server runs.
#[derive(Clone, Debug)]
pub struct Certificate(Arc<Shown>);

#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.0.read().ok().map(|shown| Arc::clone(&shown))
    }
}

impl Certificate {
    /// Reads a certificate chain and its private key, both PEM.
    ///
    /// # Errors
    /// When a file cannot be read, holds nothing of its kind, or the two do not belong together.
    pub fn load(cert: &Path, key: &Path) -> Result<Self, TlsError> {
        Ok(Self(Arc::new(Shown(RwLock::new(read(cert, key)?)))))
    }

    /// Shows new connections what the files hold now.
    ///
    /// # Errors
    /// As [`load`](Self::load); what was shown before goes on then.
    pub fn reload(&self, cert: &Path, key: &Path) -> Result<(), TlsError> {
        let fresh = read(cert, key)?;
        if let Ok(mut shown) = self.0.0.write() {
            *shown = fresh;
        }
        Ok(())
    }

    /// TLS with this certificate.
    ///
    /// # Errors
    /// When the provider speaks none of our versions of TLS.
    pub fn server_config(&self) -> Result<ServerConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(builder.with_no_client_auth().with_cert_resolver(self.0.clone()))
    }
}

fn read(cert: &Path, key: &Path) -> Result<Arc<CertifiedKey>, TlsError> {
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
    let certified = CertifiedKey::from_der(chain, key, &rustls::crypto::ring::default_provider());
    let certified =
        certified.map_err(|error| about_key(format!("Give the private key that belongs to the certificate: {error}.")));
    certified.map(Arc::new)
}
