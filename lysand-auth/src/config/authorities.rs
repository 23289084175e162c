//! Certificate authorities that are trusted beside the public ones.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::problem::ConfigProblem;

/// The certificate authorities in a PEM text: one at least, and nothing that is none.
pub(crate) fn authorities(pem: &str) -> Result<RootCertStore, String> {
    let mut found = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        found.add(certificate).map_err(|error| error.to_string())?;
    }
    if found.is_empty() { Err("there is no certificate in it".to_owned()) } else { Ok(found) }
}

/// What is wrong with the files of authorities that an admin gave.
pub(super) fn problems(pems: &[String]) -> Vec<ConfigProblem> {
    let mut problems = Vec::new();
    for (index, pem) in pems.iter().enumerate() {
        if let Err(why) = authorities(pem) {
            let which = if pems.len() == 1 { String::new() } else { format!(" (number {})", index + 1) };
            let remedy =
                format!("give files with certificates of authorities in PEM: one{which} cannot be used: {why}");
            problems.push(ConfigProblem::new("oidc.trusted_roots", remedy));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sso_config_check_refuses_trusted_roots_that_are_no_certificates() {
        let of = |roots: &[&str]| problems(&roots.iter().map(|root| (*root).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&[]), []);
        let empty = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        for garbage in ["", "garbage", empty, cut, key] {
            let found = of(&[garbage]);
            assert!(found.len() == 1 && found[0].field == "oidc.trusted_roots", "{garbage:?}: {found:?}");
        }
        assert!(of(&["", "garbage"])[1].remedy.contains("number 2"));
    }
}
