//! Recording what happened, in the transaction of what it records.

use serde_json::Map;

use crate::auth::Auth;
use crate::error::Error;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::store::events;

/// Something that happens now, by nobody in particular so far.
pub(crate) fn event(auth: &Auth, kind: EventKind, caller: &Caller) -> NewEvent {
    NewEvent {
        id: auth.ambient().id(),
        at: auth.ambient().now(),
        kind,
        refused: false,
        actor: Actor::Nobody,
        target: None,
        app: None,
        caller: caller.clone().keeping(auth.config().sessions.networks),
        detail: Map::new(),
    }
}

/// Records a refusal: there is no other transaction that it belongs to.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn record_refusal(auth: &Auth, event: NewEvent) -> Result<(), Error> {
    let event = event.refused();
    auth.store().write_one(move |c| Box::pin(events::add(c, event))).await
}
