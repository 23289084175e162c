//! Which events are looked for.

use crate::ambient::Timestamp;
use crate::model::caller::{self, Networks};
use crate::store::events::{By, Wanted};

/// Which events are looked for; what is `None` excludes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventQuery {
    /// The name of their kind.
    pub event: Option<String>,
    /// `done` or `refused`.
    pub outcome: Option<String>,
    /// Who did it: an id, or `command`, `system` or `nobody`, who have none.
    pub actor: Option<String>,
    /// What it was done to: the id of an account, an app, an invitation or a mail.
    pub target: Option<String>,
    /// From where: a network as it is kept, or an address of one.
    pub network: Option<String>,
    /// Not before this.
    pub since: Option<Timestamp>,
    /// Before this.
    pub until: Option<Timestamp>,
    /// Only those before the event with this id.
    pub before: Option<String>,
    /// How many at most.
    pub limit: u32,
}

impl EventQuery {
    /// The newest events.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        Self { limit, ..Self::default() }
    }

    /// What the store looks for, where this much of addresses is kept.
    pub(super) fn wanted(&self, kept: Networks) -> Wanted {
        Wanted {
            event: self.event.clone(),
            outcome: self.outcome.clone(),
            by: self.actor.clone().map(|actor| match actor.as_str() {
                "command" | "system" | "nobody" => By::Kind(actor),
                _ => By::Id(actor),
            }),
            target: self.target.clone(),
            network: self.network.as_deref().map(|network| caller::kept_network(network, kept)),
            since: self.since,
            until: self.until,
        }
    }
}
