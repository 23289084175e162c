//! The one HTTP client of all tests.

use std::fs;

use crate::tls::PrivateCa;
use crate::wait;

/// A client that follows no redirect and, when there is a private authority, trusts that one alone.
pub fn http_client(ca: Option<&PrivateCa>) -> reqwest::Client {
    // reqwest wants a provider even for plain http; somebody else in this program may have been first, with the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = ca.map(|ca| {
        let pem = fs::read(&ca.authority).expect("the authority's certificate");
        reqwest::Certificate::from_pem(&pem).expect("a certificate")
    });
    reqwest::Client::builder()
        .tls_certs_only(authority)
        .redirect(reqwest::redirect::Policy::none())
        // A connection kept alive would make a server wait for us when it is asked to stop.
        .pool_max_idle_per_host(0)
        .timeout(wait::TIMEOUT)
        .build()
        .expect("an HTTP client")
}
