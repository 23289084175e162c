//! Whether mail to an address can arrive, and whether this server wants people with such an address (people PPL-44).

use std::time::Duration;

use crate::auth::Auth;
use crate::model::form_error::FormError;

/// How long a look-up of a domain may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is wrong with the domain of an address.
pub(crate) async fn problem(auth: &Auth, address: &str) -> Option<FormError> {
    let (_, domain) = address.trim().rsplit_once('@')?;
    let (signups, blocked) =
        (auth.signups(), || FormError::new("email", "ERR_BLOCKED", "uses a disallowed e-mail provider"));
    if !signups.takes_domain(domain) {
        return Some(blocked());
    }
    let domains = auth.mail_domains()?;
    match tokio::time::timeout(PATIENCE, domains.exchangers(domain)).await {
        Ok(Ok(hosts)) if hosts.is_empty() => Some(FormError::new("email", "ERR_UNREACHABLE", "does not seem to exist")),
        Ok(Ok(hosts)) if hosts.iter().any(|host| signups.blocks_domain(host)) => Some(blocked()),
        Ok(Ok(_)) => None,
        // The mail that confirms the address will show it.
        Ok(Err(error)) => {
            tracing::warn!(%domain, %error, "where mail of this domain goes cannot be looked up; it is taken as it is");
            None
        }
        Err(_) => {
            tracing::warn!(%domain, "where mail of this domain goes was not found out in time; it is taken as it is");
            None
        }
    }
}
