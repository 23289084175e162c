//! Whether mail to an address can arrive, and whether this server wants people with such an address (people PPL-44).

use std::time::Duration;

use crate::auth::Auth;
use crate::error::Error;
use crate::model::form_error::FormError;
use crate::steps::blocks;

/// How long a look-up of a domain may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is wrong with the domain of an address.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn problem(auth: &Auth, address: &str) -> Result<Option<FormError>, Error> {
    let Some((_, domain)) = address.trim().rsplit_once('@') else { return Ok(None) };
    let (signups, blocked) =
        (auth.signups(), || FormError::new("email", "ERR_BLOCKED", "uses a disallowed e-mail provider"));
    if !signups.takes_domain(domain) || blocks::is_domain_blocked(auth, [domain]).await? {
        return Ok(Some(blocked()));
    }
    let Some(domains) = auth.mail_domains() else { return Ok(None) };
    Ok(match tokio::time::timeout(PATIENCE, domains.exchangers(domain)).await {
        Ok(Ok(hosts)) if hosts.is_empty() => Some(FormError::new("email", "ERR_UNREACHABLE", "does not seem to exist")),
        Ok(Ok(hosts)) if hosts.iter().any(|host| signups.blocks_domain(host)) => Some(blocked()),
        Ok(Ok(hosts)) => blocks::is_domain_blocked(auth, hosts.iter().map(String::as_str)).await?.then(blocked),
        // The mail that confirms the address will show it.
        Ok(Err(error)) => {
            tracing::warn!(%domain, %error, "where mail of this domain goes cannot be looked up; it is taken as it is");
            None
        }
        Err(_) => {
            tracing::warn!(%domain, "where mail of this domain goes was not found out in time; it is taken as it is");
            None
        }
    })
}
