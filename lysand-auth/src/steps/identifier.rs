//! Whom a sign-in names: people write their handle as they know it from the fediverse (faults A10).

use crate::auth::Auth;
use crate::config::BaseUrl;
use crate::error::Error;

/// The longest identifier that is looked up, in bytes: an e-mail address has 320 at most.
pub(crate) const LONGEST: usize = 1_024;

/// What the host is asked about for what was typed, in lower case: one account, never two.
///
/// `@ada` and `@ada@HOST` are the handle. `ada@HOST` is the address of whoever confirmed it, and the handle only where nobody
/// did. A handle of another host stays as it is, and is nobody's.
///
/// # Errors
/// When the host fails.
pub(crate) async fn named(auth: &Auth, typed: String) -> Result<String, Error> {
    let own = |host: &str| is_own_host(&auth.config().base_url, host);
    match (typed.strip_prefix('@'), typed.rsplit_once('@')) {
        (Some(handle), _) => Ok(match handle.rsplit_once('@') {
            None if !handle.is_empty() => handle.to_owned(),
            Some((name, host)) if is_name(name) && own(host) => name.to_owned(),
            _ => typed,
        }),
        (None, Some((name, host))) if is_name(name) && own(host) => {
            // Both are asked for in any case, so that how long it takes tells nothing (security ID-1).
            let by_address = auth.accounts().by_email(&typed).await.map_err(Error::from_host)?;
            let by_handle = auth.accounts().by_identifier(name).await.map_err(Error::from_host)?;
            let confirmed = |email: &crate::model::account::Email| email.confirmed;
            let is_confirmed = by_address.is_some_and(|owner| owner.email.as_ref().is_some_and(confirmed));
            Ok(if by_handle.is_some() && !is_confirmed { name.to_owned() } else { typed })
        }
        _ => Ok(typed),
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains('@')
}

/// Whether a host is ours, with or without its port, and in any spelling of an international name.
fn is_own_host(base_url: &BaseUrl, typed: &str) -> bool {
    let with_port = base_url.as_str().split_once("://").map_or("", |(_, rest)| rest);
    typed == with_port || url::Host::parse(typed).is_ok_and(|host| host.to_string() == base_url.host())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_host_is_recognized_in_its_spellings_and_no_other() {
        let base_url = BaseUrl::parse("https://bücher.example:8443").unwrap();
        for own in ["bücher.example", "xn--bcher-kva.example", "xn--bcher-kva.example:8443"] {
            assert!(is_own_host(&base_url, own), "{own}");
        }
        for foreign in ["", "example", "bucher.example", "www.bücher.example", "bücher.example.evil.example", "a/b"] {
            assert!(!is_own_host(&base_url, foreign), "{foreign}");
        }
    }
}
