//! Whether an account must have a second factor, and until when its owner may put that off (FAC-92 to FAC-95).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::config::Required;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::credentials::Credentials;
use crate::model::event::{Actor, EventKind};
use crate::model::factors::FactorKind;
use crate::model::proofs::ProofKind;
use crate::model::session::Session;
use crate::model::strength::Acr;
use crate::steps::host_rules::Proven;
use crate::steps::{events, passkeys, session};
use crate::store::{self, credentials, factors, identities};
use crate::texts;

/// A second factor that an account must have, and has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demanded {
    /// Its owner may put it off until then.
    By(Timestamp),
    /// Nobody signs in to the account without it.
    Now,
}

/// What there is to say of a second factor that somebody has to set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Enrolment {
    /// Until when it can be put off; `None` when it cannot.
    pub later_until: Option<Timestamp>,
    /// Whether the account has one already, and only has to ask for it from now on.
    pub has_factor: bool,
    /// How well the app wants the person to prove who they are, where that is all it is for: nothing is demanded here (FAC-103).
    pub wanted: Option<Acr>,
}

/// What can be set up here, and what there is to say of it.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn offered(
    auth: &Auth,
    account: &Account,
    known: Credentials,
) -> Result<(Vec<FactorKind>, Enrolment), Error> {
    let later_until = match demanded(auth, account, known).await? {
        Some(Demanded::Now) => None,
        Some(Demanded::By(end)) => Some(end),
        // Nothing is demanded any more, and there is nothing to wait for.
        None => Some(auth.ambient().now()),
    };
    let can = |kind: &FactorKind| auth.config().factors.satisfy(*kind) && can_be_set_up(auth, *kind);
    let methods = FactorKind::ALL.into_iter().filter(can).collect();
    Ok((methods, Enrolment { later_until, has_factor: has_factor(auth, account).await?, wanted: None }))
}

/// Whether a factor of this kind can be set up in the middle of a sign-in.
pub(crate) fn can_be_set_up(auth: &Auth, kind: FactorKind) -> bool {
    match kind {
        FactorKind::Passkey => passkeys::require(auth).is_ok(),
        FactorKind::Totp => auth.config().factors.allow(kind),
        FactorKind::Email | FactorKind::Recovery | FactorKind::Password | FactorKind::Host(_) => false,
    }
}

/// What is demanded of an account, if anything. Nothing is looked up for accounts that the configuration asks nothing of.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn demanded(auth: &Auth, account: &Account, known: Credentials) -> Result<Option<Demanded>, Error> {
    if !concerns(auth, account) || is_satisfied(auth, account, known).await? {
        return Ok(None);
    }
    Ok(Some(deadline(auth, known)))
}

fn concerns(auth: &Auth, account: &Account) -> bool {
    auth.config().factors.required.concerns(account.role)
}

fn deadline(auth: &Auth, known: Credentials) -> Demanded {
    let now = auth.ambient().now();
    let end = known.demanded_since.unwrap_or(now).plus(auth.config().factors.grace);
    if now < end { Demanded::By(end) } else { Demanded::Now }
}

async fn is_satisfied(auth: &Auth, account: &Account, known: Credentials) -> Result<bool, Error> {
    Ok(known.two_step && has_factor(auth, account).await?)
}

/// Whether the account has a factor of a kind that satisfies the demand, on or off.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn has_factor(auth: &Auth, account: &Account) -> Result<bool, Error> {
    let (rules, id) = (&auth.config().factors, account.id.clone());
    if rules.satisfy(FactorKind::Totp) {
        let apps = auth.store().look_up(move |c| Box::pin(async move { factors::proven(c, &id).await }));
        if !apps.await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(rules.satisfy(FactorKind::Passkey) && !passkeys::working(auth, &account.id).await?.is_empty())
}

/// Whether a sign-in lacks a second factor that has to be set up first. A provider's word is enough, unless the operator says
/// otherwise (FAC-95).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn is_missing(auth: &Auth, proven: &Proven<'_>, known: Credentials) -> Result<bool, Error> {
    if proven.vouched.is_enough() {
        return Ok(false);
    }
    Ok(match demanded(auth, proven.account, known).await? {
        None => false,
        Some(Demanded::By(_)) => !proven.puts_off,
        Some(Demanded::Now) => true,
    })
}

/// The owner learns that a factor is demanded: the time in which that can be put off begins, once.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn begin(auth: &Auth, account: &Account, known: Credentials) -> Result<(), Error> {
    if known.demanded_since.is_some() {
        return Ok(());
    }
    let event = events::event(auth, EventKind::EnrolmentDemanded, &Caller::default());
    let event = event.by(Actor::System).about(&account.id, &account.username);
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let begun = auth.store().write(move |c| {
        Box::pin(async move {
            if credentials::note_demanded(c, &id, now).await? {
                store::events::add(c, event).await?;
            }
            Ok(())
        })
    });
    begun.await
}

/// Until when a second factor has to be set up, where one is demanded.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn required_until(
    auth: &Auth,
    account: &Account,
    known: Credentials,
) -> Result<Option<Timestamp>, Error> {
    if demanded(auth, account, known).await?.is_none() {
        return Ok(None);
    }
    begin(auth, account, known).await?;
    let since = known.demanded_since.unwrap_or_else(|| auth.ambient().now());
    Ok(Some(since.plus(auth.config().factors.grace)))
}

/// Refuses whoever acts for an account that must have a second factor by now, and has none: in a session (`began`) that no
/// provider vouched for, or with a token (FAC-93). It is read each time, so that a risen role counts at once (FAC-94).
///
/// # Errors
/// `FactorDemanded`; when the database does not answer.
pub(crate) async fn refuse_overdue(auth: &Auth, account: &Account, began: Option<&Session>) -> Result<(), Error> {
    if auth.config().factors.required == Required::None || !concerns(auth, account) {
        return Ok(());
    }
    let is_by_provider = began.is_some_and(|session| session.methods.first() == Some(&ProofKind::Provider.method()));
    if is_by_provider && has_enough(auth, account).await? {
        return Ok(());
    }
    let known = session::credentials_of(auth, &account.id).await?;
    match demanded(auth, account, known).await? {
        None => Ok(()),
        Some(Demanded::By(_)) => begin(auth, account, known).await,
        Some(Demanded::Now) => {
            begin(auth, account, known).await?;
            // Mastodon's words (Mastodon §11.2).
            Err(Error::refused(Code::FactorDemanded, "Your account requires two-factor authentication"))
        }
    }
}

/// Whether the account is linked to a provider whose word is enough by itself.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn has_enough(auth: &Auth, account: &Account) -> Result<bool, Error> {
    let (sso, usual) = (&auth.config().sso, auth.config().factors.after_sso);
    if sso.are_enough(usual) {
        return Ok(true);
    }
    let id = account.id.clone();
    let linked = auth.store().look_up(move |c| Box::pin(async move { identities::of_account(c, &id).await })).await?;
    let mut providers = linked.iter().filter_map(|linked| sso.provider_of_issuer(&linked.identity.issuer));
    Ok(providers.any(|provider| provider.is_enough(usual, None)))
}

/// Refuses a change after which the account lacks what it must have by now (FAC-92): `is_kept` tells whether it has it still.
///
/// # Errors
/// `Demanded`.
pub(crate) fn refuse_removal(auth: &Auth, account: &Account, known: Credentials, is_kept: bool) -> Result<(), Error> {
    match is_kept || !concerns(auth, account) || deadline(auth, known) != Demanded::Now {
        true => Ok(()),
        false => Err(Error::refused(Code::Demanded, texts::SECOND_FACTOR_DEMANDED)),
    }
}
