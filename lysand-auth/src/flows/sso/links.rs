//! Which identities are mine: list, look at, remove (Lysand §10, §11).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::model::account::AccountId;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::identity::LinkedIdentity;
use crate::steps::events;
use crate::steps::mail::{self, Outgoing};
use crate::steps::mail_code;
use crate::steps::passkeys;
use crate::store::{self, identities, sso_flows};

/// A provider that an account is linked to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Linked {
    /// The provider.
    pub provider: Provider,
    /// How the person knows the identity there.
    pub label: Option<String>,
}

/// The providers that an account is linked to, the oldest link first. Those that left the configuration are skipped.
///
/// # Errors
/// When the database does not answer.
pub async fn list(auth: &Auth, account: &AccountId) -> Result<Vec<Linked>, Error> {
    let account = account.clone();
    let all = auth.store().look_up(move |c| Box::pin(async move { identities::of_account(c, &account).await })).await?;
    Ok(all.into_iter().filter_map(|linked| of_provider(auth, linked)).collect())
}

fn of_provider(auth: &Auth, linked: LinkedIdentity) -> Option<Linked> {
    let provider = auth.config().sso.provider_of_issuer(&linked.identity.issuer)?;
    Some(Linked { provider: provider.clone(), label: linked.label })
}

/// One provider that an account is linked to.
///
/// # Errors
/// 404 when there is no such provider, or no link.
pub async fn get(auth: &Auth, account: &AccountId, provider: &str) -> Result<Linked, Error> {
    let provider = known(auth, provider)?;
    let all = list(auth, account).await?;
    all.into_iter().find(|linked| linked.provider.id == provider.id).ok_or_else(not_linked)
}

/// Removes a link, unless nothing else would let the owner in (security RP-10).
///
/// # Errors
/// 404 when there is no such provider, or no link; 409 for the last way in.
pub async fn unlink(auth: &Auth, account: &AccountId, provider: &str) -> Result<(), Error> {
    let known = known(auth, provider)?;
    let issuer = known.issuer();
    let sso = &auth.config().sso;
    let by_password = !sso.forced && auth.accounts().has_password(account).await.map_err(Error::from_host)?;
    let by_mail = auth.account(account).await?.is_some_and(|account| mail_code::is_way_in(auth, &account));
    let ways_in: Vec<String> = sso.providers.iter().map(Provider::issuer).collect();
    let notice = notice(auth, account, &known.name).await?;
    let event = unlinked(auth, account, &known.id).by(Actor::Account(account.clone()));
    let (owner, domain) = (account.clone(), passkeys::sign_in_domain(auth));
    let done = auth.store().write(move |c| {
        Box::pin(async move {
            // One after the other, so that two removals at once do not each leave the other's link (security ONE-6).
            identities::lock_owner(c, &owner).await?;
            let all = identities::of_account(c, &owner).await?;
            let Some(link) = all.iter().find(|linked| linked.identity.issuer == issuer) else {
                return Ok(Err(not_linked()));
            };
            let leads_in = |other: &LinkedIdentity| other.id != link.id && ways_in.contains(&other.identity.issuer);
            let is_other_way = all.iter().any(leads_in);
            if !by_password && !by_mail && !is_other_way && !passkeys::is_way_in(c, &owner, domain.as_deref()).await? {
                return Ok(Err(last_sign_in_method()));
            }
            identities::delete(c, &link.id).await?;
            store::events::add(c, event).await?;
            mail::enqueue_notice(c, notice).await?;
            Ok(Ok(()))
        })
    });
    done.await??;
    tracing::info!(%account, %provider, "identity unlinked");
    mail::wake(auth);
    Ok(())
}

fn unlinked(auth: &Auth, account: &AccountId, provider: &str) -> NewEvent {
    let event = events::event(auth, EventKind::IdentityUnlinked, &Caller::default()).about(account, "");
    event.with("provider", provider)
}

/// What tells the owner of an account that an identity at this provider is gone.
async fn notice(auth: &Auth, account: &AccountId, provider: &str) -> Result<Option<Outgoing>, Error> {
    let owner = auth.account(account).await?;
    let mail = Mail::IdentityUnlinked { provider: provider.to_owned() };
    Ok(owner.and_then(|owner| Outgoing::to_account(auth, &owner, mail)))
}

/// An identity of an account, also of a provider that is not configured (any more).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccountIdentity {
    /// The provider's id, if it is configured.
    pub provider: Option<String>,
    /// Who says it.
    pub issuer: String,
    /// Who the person is there.
    pub subject: String,
    /// How the person knows it.
    pub label: Option<String>,
    /// Since when.
    pub linked_at: Timestamp,
}

/// All identities that can sign in to an account, or could: for whoever administers it.
///
/// # Errors
/// When the database does not answer.
pub async fn identities(auth: &Auth, account: &AccountId) -> Result<Vec<AccountIdentity>, Error> {
    let account = account.clone();
    let all = auth.store().look_up(move |c| Box::pin(async move { identities::of_account(c, &account).await })).await?;
    let named = all.into_iter().map(|linked| AccountIdentity {
        provider: auth.config().sso.provider_of_issuer(&linked.identity.issuer).map(|known| known.id.clone()),
        issuer: linked.identity.issuer,
        subject: linked.identity.subject,
        label: linked.label,
        linked_at: linked.linked_at,
    });
    Ok(named.collect())
}

/// Removes an identity by the word of whoever administers the account, even the last way in. `provider` is an id from the
/// configuration, or an issuer.
///
/// # Errors
/// 404 when there is no such link.
pub async fn remove(auth: &Auth, account: &AccountId, provider: &str) -> Result<(), Error> {
    let known = auth.config().sso.provider(provider);
    let issuer = known.map_or_else(|| provider.to_owned(), Provider::issuer);
    let name = known.map_or_else(|| provider.to_owned(), |known| known.name.clone());
    let notice = notice(auth, account, &name).await?;
    let event = unlinked(auth, account, provider).by(Actor::Command);
    let owner = account.clone();
    let removed = auth.store().write(move |c| {
        Box::pin(async move {
            identities::lock_owner(c, &owner).await?;
            let all = identities::of_account(c, &owner).await?;
            let Some(link) = all.iter().find(|linked| linked.identity.issuer == issuer) else { return Ok(false) };
            identities::delete(c, &link.id).await?;
            store::events::add(c, event).await?;
            mail::enqueue_notice(c, notice).await?;
            Ok(true)
        })
    });
    if !removed.await? {
        return Err(not_linked());
    }
    tracing::info!(%account, %provider, "identity unlinked by the operator");
    mail::wake(auth);
    Ok(())
}

/// Lets go of all identities of an account that is removed: a new one with the same subject starts empty (security REV-3).
///
/// # Errors
/// When the database does not answer.
pub async fn forget(auth: &Auth, account: &AccountId) -> Result<(), Error> {
    let (account, now) = (account.clone(), auth.ambient().now());
    let forgotten = auth.store().write(move |c| {
        Box::pin(async move {
            sso_flows::end_all_of_account(c, &account, now).await?;
            identities::delete_all_of_account(c, &account).await
        })
    });
    forgotten.await
}

fn known<'a>(auth: &'a Auth, provider: &str) -> Result<&'a Provider, Error> {
    auth.config().sso.provider(provider).ok_or_else(|| Error::refused(Code::NotFound, "Issuer not found"))
}

fn not_linked() -> Error {
    Error::refused(Code::NotFound, "Account not found or is not linked to this issuer")
}

fn last_sign_in_method() -> Error {
    Error::refused(Code::LastWayIn, "This is the only way to sign in to this account. Add another one first.")
}
