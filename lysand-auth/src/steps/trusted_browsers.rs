//! What a sign-in knows of the trust in its browser (FAC-97). One cookie holds a value for each account that trusts the browser,
//! each drawn for that account: a value that a browser shows is never taken over for another one.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::credentials::Credentials;
use crate::model::event::{Actor, EventKind};
use crate::model::proofs::{ProofKind, Proofs};
use crate::model::session::Browser;
use crate::model::trusted_browser::TrustedBrowser;
use crate::secret::{Digest, Secret};
use crate::steps::events;
use crate::steps::host_rules::{self, Proven};
use crate::steps::trust::{NewTrust, Trust, is_allowed};
use crate::store::trusted_browsers;

/// How many accounts can trust one browser; the one that did first makes room.
pub(crate) const MOST: usize = 5;

/// The key of the row by which the account trusts the browser, whoever may have one (FAC-97). None where that would change nothing,
/// and where the host demands more than a password.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn trusting(
    auth: &Auth,
    account: &Account,
    known: Credentials,
    browser: &Browser,
) -> Result<Option<String>, Error> {
    if !known.two_step || browser.trusted_by.is_empty() {
        return Ok(None);
    }
    let (id, generation, now) = (account.id.clone(), known.generation.unwrap_or(0), auth.ambient().now());
    let shown = digests(browser);
    let found = auth
        .store()
        .look_up(move |c| Box::pin(async move { trusted_browsers::find(c, (&id, generation), &shown, now).await }));
    // What was trusted for longer than is allowed by now is trusted no more.
    let lasts = auth.config().factors.remember_for;
    let Some(row) = found.await?.filter(|row| row.created_at.plus(lasts) > now) else { return Ok(None) };
    let proofs = Proofs::new([(ProofKind::Password, now)]);
    Ok(host_rules::are_enough(auth, account, &proofs).await.then_some(row.id))
}

/// What a sign-in that lacks nothing changes about the trust in its browser, and the cookie of that, should there be a new one.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn of_sign_in(
    auth: &Auth,
    proven: &Proven<'_>,
    browser: &Browser,
) -> Result<(Option<Trust>, Option<Secret>), Error> {
    let Some(first) = proven.earlier.and_then(Proofs::first) else {
        return Ok((proven.trusted.map(|id| Trust::Used(id.to_owned())), None));
    };
    let is_wanted = browser.is_to_be_trusted && *proven.by != ProofKind::Recovery;
    if !is_wanted || !is_allowed(&auth.config().factors, proven.account, &first.kind) {
        return Ok((None, None));
    }
    let (shown, now) = (digests(browser), auth.ambient().now());
    let wanted = shown.clone();
    let living =
        auth.store().look_up(move |c| Box::pin(async move { trusted_browsers::living(c, &wanted, now).await }));
    let living = living.await?;
    let drawn = Secret::generate(auth.ambient());
    let others = browser.trusted_by.iter().filter(|value| living.contains(&value.digest())).take(MOST - 1);
    let values: Vec<&str> = std::iter::once(&drawn).chain(others).map(Secret::expose).collect();
    let cookie = Secret::new(values.join(SEPARATOR));
    let account = proven.account;
    let event = events::event(auth, EventKind::BrowserTrusted, &browser.caller).by(Actor::Account(account.id.clone()));
    let trusted = TrustedBrowser {
        id: auth.ambient().id(),
        agent: browser.caller.agent.clone(),
        created_at: now,
        last_used_at: now,
        expires_at: now.plus(auth.config().factors.remember_for),
    };
    let event = event.about(&account.id, &account.username);
    let new = NewTrust { digest: drawn.digest(), browser: trusted, shown, event };
    Ok((Some(Trust::Begun(Box::new(new))), Some(cookie)))
}

/// Between the values of a cookie.
const SEPARATOR: &str = ".";

/// The values of a cookie; those that are none of ours are as good as none.
pub(crate) fn values(cookie: &str) -> Vec<Secret> {
    let is_ours = |value: &&str| {
        value.len() == 43 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    cookie.split(SEPARATOR).take(MOST).filter(is_ours).map(Secret::new).collect()
}

fn digests(browser: &Browser) -> Vec<Digest> {
    browser.trusted_by.iter().map(Secret::digest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_of_trust_gives_values_of_our_form_alone_and_five_at_most() {
        let value = "A".repeat(43);
        let many = [value.as_str(); 9].join(SEPARATOR);
        for (cookie, number) in [
            (value.as_str(), 1),
            (&format!("{value}.{value}"), 2),
            (&many, 5),
            (&format!("x.{value}"), 1),
            (&"A".repeat(44), 0),
            (&"%".repeat(43), 0),
            (&"A".repeat(8_000), 0),
            ("", 0),
            ("...", 0),
        ] {
            assert_eq!(values(cookie).len(), number, "{cookie}");
        }
    }
}
