//! TLS to PostgreSQL, with the meaning that libpq gives to `sslmode` and `sslrootcert` (faults D2).
//!
//! Absent, `prefer`, `allow` and `require` verify nothing: they keep out who listens, and not who pretends to be the
//! server. `verify-ca` wants a certificate of a trusted authority, `verify-full` one of this host as well. As with libpq,
//! `require` with `sslrootcert` is `verify-ca`.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::StoreError;

/// What is demanded of the server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Nothing,
    Authority,
    AuthorityAndName,
}

/// Whether a URL can be read; files that it names are not looked at.
pub(super) fn check(url: &str) -> Result<(), StoreError> {
    let (rest, mode, _) = split(url);
    if !matches!(mode.as_deref(), None | Some("disable" | "prefer" | "allow" | "require" | "verify-ca" | "verify-full"))
    {
        return Err(StoreError::Url(WANTED_MODE.to_owned()));
    }
    rest.parse::<tokio_postgres::Config>().map(drop).map_err(unreadable)
}

const WANTED_MODE: &str = "sslmode must be disable, prefer, require, verify-ca or verify-full";

/// Reads a URL: where the database is, and how TLS is spoken to it.
pub(super) fn read(url: &str) -> Result<(tokio_postgres::Config, MakeRustlsConnect), StoreError> {
    let (rest, mode, root) = split(url);
    let (mode, demand) = match (mode.as_deref(), &root) {
        (Some("disable"), _) => (SslMode::Disable, Demand::Nothing),
        (None | Some("prefer" | "allow"), _) => (SslMode::Prefer, Demand::Nothing),
        (Some("require"), None) => (SslMode::Require, Demand::Nothing),
        (Some("require" | "verify-ca"), _) => (SslMode::Require, Demand::Authority),
        (Some("verify-full"), _) => (SslMode::Require, Demand::AuthorityAndName),
        (Some(_), _) => {
            return Err(StoreError::Url(WANTED_MODE.to_owned()));
        }
    };
    let mut config: tokio_postgres::Config = rest.parse().map_err(unreadable)?;
    config.ssl_mode(mode);
    Ok((config, MakeRustlsConnect::new(client(demand, root.as_deref())?)))
}

/// The driver's words, which repeat nothing of the URL.
fn unreadable(error: tokio_postgres::Error) -> StoreError {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    StoreError::Url(cause.unwrap_or_else(|| error.to_string()))
}

/// The URL without the two parameters that are read here, and their values.
fn split(url: &str) -> (String, Option<String>, Option<String>) {
    let Some((place, query)) = url.split_once('?') else { return (url.to_owned(), None, None) };
    let (mut mode, mut root, mut others) = (None, None, Vec::new());
    for pair in query.split('&') {
        // A plus is a plus in these URLs.
        let value = |text: &str| {
            let text = text.replace('+', "%2B");
            form_urlencoded::parse(text.as_bytes()).next().map(|(value, _)| value.into_owned()).unwrap_or_default()
        };
        match pair.split_once('=') {
            Some(("sslmode", text)) => mode = Some(value(text)),
            Some(("sslrootcert", text)) => root = Some(value(text)),
            _ => others.push(pair),
        }
    }
    let query = others.join("&");
    (if query.is_empty() { place.to_owned() } else { format!("{place}?{query}") }, mode, root)
}

fn client(demand: Demand, root: Option<&str>) -> Result<ClientConfig, StoreError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let failed = |error: &dyn fmt::Display| StoreError::Url(error.to_string());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(&error))?;
    let verifier = match demand {
        Demand::Nothing => {
            Verifier { chain: None, pinned: Vec::new(), demand, algorithms: provider.signature_verification_algorithms }
        }
        _ => Verifier::with_roots(&provider, demand, root)?,
    };
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
}

/// Judges the server's certificate as far as is demanded. That the server has the certificate's key is always proven.
#[derive(Debug)]
struct Verifier {
    chain: Option<Arc<WebPkiServerVerifier>>,
    /// Certificates that are trusted themselves: a server's own, self-signed one may stand in `sslrootcert`.
    pinned: Vec<CertificateDer<'static>>,
    demand: Demand,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    fn with_roots(provider: &Arc<CryptoProvider>, demand: Demand, root: Option<&str>) -> Result<Self, StoreError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let mut pinned = Vec::new();
        if let Some(file) = root.filter(|file| *file != "system") {
            let wrong = |why: String| StoreError::Url(format!("sslrootcert: {file}: {why}"));
            // Who names an authority means no other.
            roots = RootCertStore::empty();
            let pem = CertificateDer::pem_file_iter(file).map_err(|error| wrong(error.to_string()))?;
            for certificate in pem {
                let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
                // A server's own certificate may not be one that can vouch for others.
                let _ = roots.add(certificate.clone());
                pinned.push(certificate);
            }
            if pinned.is_empty() {
                return Err(wrong("holds no certificate in PEM".to_owned()));
            }
        }
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider)).build();
        let chain = chain.map_err(|error| StoreError::Url(format!("sslrootcert: {error}")))?;
        let algorithms = provider.signature_verification_algorithms;
        Ok(Self { chain: Some(chain), pinned, demand, algorithms })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        if !self.pinned.iter().any(|pinned| pinned == certificate) {
            match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
                // The name is looked at below.
                Err(TlsError::InvalidCertificate(
                    CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
                )) => {}
                judged => {
                    judged?;
                }
            }
        }
        if self.demand == Demand::AuthorityAndName {
            verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_url_parameters_of_tls_are_read_as_libpq_reads_them() {
        for (url, mode) in [
            ("postgres://u@h/n", SslMode::Prefer),
            ("postgres://u@h/n?sslmode=prefer&application_name=x", SslMode::Prefer),
            ("postgres://u@h/n?sslmode=disable", SslMode::Disable),
            ("postgres://u@h/n?application_name=x&sslmode=require", SslMode::Require),
            ("postgres://u@h/n?sslmode=verify-full", SslMode::Require),
            ("postgres://u@h1:5432,h2:5433/n?target_session_attrs=read-write&sslmode=verify-ca", SslMode::Require),
        ] {
            let (config, _) = read(url).unwrap();
            assert_eq!(config.get_ssl_mode(), mode, "{url}");
        }
        assert_eq!(split("postgres://h/n?sslrootcert=%2Fa+b.pem&x=1").0, "postgres://h/n?x=1");
        assert_eq!(split("postgres://h/n?sslrootcert=%2Fa+b.pem").2.as_deref(), Some("/a+b.pem"));
        for wrong in ["postgres://h/n?sslmode=full", "postgres://h/n?sslmode=verify-ca&sslrootcert=/nowhere.pem"] {
            assert!(matches!(read(wrong), Err(StoreError::Url(_))), "{wrong}");
        }
    }
}
