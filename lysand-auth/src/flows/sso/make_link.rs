//! An identity is linked to the account that a flow was begun for.

use super::owner::{active_account, owner};
use super::refusals::{already_linked, invalid_flow};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::mailer::Mail;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::identity::{Flow, Identity, LinkedIdentity, Purpose, StartedBy, UnconfirmedLink};
use crate::steps::events;
use crate::steps::mail::{self, Outgoing};
use crate::store::{self, Conn, identities, sessions, sso_flows, tokens};

/// Whether the owner of the account has confirmed the link, with the account's own credentials.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnerConfirmed {
    Yes,
    No,
}

/// Links an identity, unless the flow or the right to it has ended meanwhile.
pub(super) async fn make_link(
    auth: &Auth,
    flow: &Flow,
    link: UnconfirmedLink,
    confirmed: OwnerConfirmed,
) -> Result<(), Error> {
    let Purpose::Link(account_id, by) = flow.purpose.clone() else { return Err(invalid_flow()) };
    let identity = Identity { issuer: flow.issuer.clone(), subject: link.subject };
    let account = active_account(auth, &account_id).await?.ok_or_else(invalid_flow)?;
    owner(auth, &identity).await?;
    let now = auth.ambient().now();
    let linked = LinkedIdentity { id: auth.ambient().id(), account_id, identity, label: link.label, linked_at: now };
    let provider = auth.config().sso.provider_of_issuer(&linked.identity.issuer);
    let provider = provider.map_or_else(|| flow.provider.clone(), |provider| provider.name.clone());
    let notice = Outgoing::to_account(auth, &account, Mail::IdentityLinked { provider });
    let event = events::event(auth, EventKind::IdentityLinked, &Caller::default());
    let event = event.by(Actor::Account(account.id.clone())).about(&account.id, &account.username);
    let event = event.with("provider", flow.provider.as_str());
    let (flow_id, kept) = (flow.id.clone(), linked.clone());
    let made = auth.store().write(move |c| {
        Box::pin(async move {
            if !stands(c, &by, confirmed, now).await? || !sso_flows::finish(c, &flow_id, now).await? {
                return Ok(Err(invalid_flow()));
            }
            if !identities::insert(c, &kept).await? {
                return Ok(Err(already_linked()));
            }
            store::events::add(c, event).await?;
            mail::enqueue_notice(c, notice).await?;
            Ok(Ok(()))
        })
    });
    made.await??;
    tracing::info!(account = %linked.account_id, issuer = %linked.identity.issuer, "identity linked");
    mail::wake(auth);
    Ok(())
}

/// Whether the right by which a link was begun still stands (security REV-1). The owner's own word stands for a session that
/// is over; ending all of them has ended the flow (faults C8).
async fn stands(c: &mut Conn, by: &StartedBy, confirmed: OwnerConfirmed, now: Timestamp) -> Result<bool, Error> {
    match by {
        StartedBy::Session(_) if confirmed == OwnerConfirmed::Yes => Ok(true),
        StartedBy::Token(id) => tokens::is_live(c, id, now).await,
        StartedBy::Session(id) => Ok(sessions::by_id(c, id).await?.is_some_and(|session| session.is_live(now))),
    }
}
