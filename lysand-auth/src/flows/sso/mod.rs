//! Single sign-on: people sign in with an identity that they have at a provider, and manage which ones are theirs
//! (Lysand §8 to §11, security RP-1 to RP-10).
//!
//! A journey begins here, leads the browser to the provider and ends at the callback. Everything that decides about it is
//! kept in the store meanwhile; the provider is asked by [`upstream`](crate::Auth) alone.

mod arrive;
mod begin;
mod confirm;
mod links;
mod register;

use std::time::Duration;

pub use self::arrive::{Arrival, Astray, Callback, Place, SignedIn, arrive};
pub use self::begin::{Departure, LinkStart, link, sign_in};
pub use self::confirm::{Finisher, Question, confirm, question};
pub use self::links::{Linked, forget, get, list, unlink};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId};
use crate::model::identity::{Flow, Identity, LinkedIdentity, Purpose, StartedBy};
use crate::model::session::Session;
use crate::steps::notify;
use crate::store::{Conn, identities, sessions, sso_flows, tokens};
use crate::texts;

/// How long ago a password may have been given for a change of links (security ID-12).
const PROOF: Duration = Duration::from_secs(300);

/// Whether the session began so lately that it proves who is there (security ID-12).
#[must_use]
pub fn is_fresh(auth: &Auth, session: &Session) -> bool {
    auth.ambient().now().since(session.authenticated_at) <= PROOF
}

/// The account, when it may act.
async fn acting(auth: &Auth, id: &AccountId) -> Result<Option<Account>, Error> {
    let account = auth.accounts().by_id(id).await.map_err(Error::from_host)?;
    Ok(account.filter(|account| account.inactive_reason().is_none()))
}

/// Whose an identity is. One that an account left behind when it was removed is nobody's (security REV-3).
async fn owner(auth: &Auth, identity: &Identity) -> Result<Option<LinkedIdentity>, Error> {
    let wanted = identity.clone();
    let found =
        auth.store().look_up(move |c| Box::pin(async move { identities::by_identity(c, &wanted).await })).await?;
    let Some(linked) = found else { return Ok(None) };
    if auth.accounts().by_id(&linked.account_id).await.map_err(Error::from_host)?.is_some() {
        return Ok(Some(linked));
    }
    let id = linked.id.clone();
    tracing::info!(account = %linked.account_id, "an identity of a removed account is let go");
    auth.store().write(move |c| Box::pin(async move { identities::delete(c, &id).await })).await?;
    Ok(None)
}

/// Gives an identity to the account that a flow was begun for, unless the flow or the right to it has ended meanwhile.
async fn make_link(auth: &Auth, flow: &Flow, subject: String, label: Option<String>) -> Result<(), Error> {
    let Purpose::Link(account_id, by) = flow.purpose.clone() else { return Err(ended()) };
    let identity = Identity { issuer: flow.issuer.clone(), subject };
    let account = acting(auth, &account_id).await?.ok_or_else(ended)?;
    owner(auth, &identity).await?;
    let now = auth.ambient().now();
    let linked = LinkedIdentity { id: auth.ambient().id(), account_id, identity, label, linked_at: now };
    let (flow_id, kept) = (flow.id.clone(), linked.clone());
    let made = auth.store().write(move |c| {
        Box::pin(async move {
            if !stands(c, &by, now).await? || !sso_flows::finish(c, &flow_id, now).await? {
                return Ok(Err(ended()));
            }
            Ok(if identities::insert(c, &kept).await? { Ok(()) } else { Err(already_linked()) })
        })
    });
    made.await??;
    tracing::info!(account = %linked.account_id, issuer = %linked.identity.issuer, "identity linked");
    let provider = auth.config().sso.provider_of_issuer(&linked.identity.issuer);
    let provider = provider.map_or_else(|| flow.provider.clone(), |provider| provider.name.clone());
    notify::send_mail(auth, &account, Mail::IdentityLinked { provider }).await;
    Ok(())
}

/// Whether the right by which a link was begun still stands (security REV-1).
async fn stands(c: &mut Conn, by: &StartedBy, now: Timestamp) -> Result<bool, Error> {
    match by {
        StartedBy::Token(id) => tokens::is_live(c, id, now).await,
        StartedBy::Session(id) => Ok(sessions::by_id(c, id).await?.is_some_and(|session| session.is_live(now))),
    }
}

fn ended() -> Error {
    Error::refused(Code::InvalidRequest, texts::INVALID_FLOW)
}

fn already_linked() -> Error {
    Error::refused(Code::AlreadyLinked, "This account has already been linked to this OpenID Connect provider.")
}
