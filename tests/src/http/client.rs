//! The one HTTP client of all tests.

use std::fs;
use std::net::{IpAddr, Ipv4Addr};

use crate::tls::PrivateCa;
use crate::wait;

/// A client that follows no redirect and, when there is a private authority, trusts that one alone.
pub fn http_client(ca: Option<&PrivateCa>) -> reqwest::Client {
    // A connection kept alive would make a server wait for us when it is asked to stop.
    builder(ca).pool_max_idle_per_host(0).build().expect("an HTTP client")
}

/// The same from another address of this machine, with connections that it keeps.
pub fn http_client_from(address: Ipv4Addr, ca: Option<&PrivateCa>) -> reqwest::Client {
    builder(ca).local_address(IpAddr::from(address)).build().expect("an HTTP client")
}

fn builder(ca: Option<&PrivateCa>) -> reqwest::ClientBuilder {
    // reqwest wants a provider even for plain http; somebody else in this program may have been first, with the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let authority = ca.map(|ca| {
        let pem = fs::read(&ca.authority).expect("the authority's certificate");
        reqwest::Certificate::from_pem(&pem).expect("a certificate")
    });
    reqwest::Client::builder()
        .tls_certs_only(authority)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(wait::TIMEOUT)
}
