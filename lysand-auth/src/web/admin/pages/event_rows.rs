//! Events as staff reads them: who did what to whom, by names instead of ids.

use std::collections::BTreeSet;

use super::frame::{ACCOUNTS, APPS, MAIL, clock};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::admin::{self, Names};
use crate::flows::events::{Device, Event, EventKind};
use crate::host::pages::{EventRow, Reader, SubjectOnPage};
use crate::texts;

/// The events as rows.
pub(super) async fn rows(auth: &Auth, reader: &Reader, events: &[Event]) -> Result<Vec<EventRow>, Error> {
    let (mut accounts, mut apps) = (BTreeSet::new(), BTreeSet::new());
    for event in events {
        let named = [(Some(event.actor_kind.as_str()), &event.actor), (event.target_kind.as_deref(), &event.target)];
        for (kind, id) in named {
            match (kind, id) {
                (Some("account"), Some(id)) => accounts.insert(id.clone()),
                (Some("app"), Some(id)) => apps.insert(id.clone()),
                _ => false,
            };
        }
        apps.extend(event.app.clone());
    }
    let named = Named { names: admin::names(auth, accounts, apps).await?, auth, reader };
    Ok(events.iter().map(|event| named.row(event)).collect())
}

/// Who and what the events tell of.
struct Named<'a> {
    names: Names,
    auth: &'a Auth,
    reader: &'a Reader,
}

impl Named<'_> {
    fn row(&self, event: &Event) -> EventRow {
        let kind = EventKind::named(&event.event);
        let details = event.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let details: serde_json::Map<String, serde_json::Value> = details.unwrap_or_default();
        EventRow {
            what: kind.map_or_else(|| event.event.clone(), |kind| kind.words_for_staff().to_owned()),
            refused: event.outcome == "refused",
            at: event.at.into(),
            clock: clock(event.at),
            by: self.actor(event),
            target: self.target(event),
            app: event.app.as_deref().map(|id| self.app(id, None)),
            network: event.network.clone(),
            device: event.agent.as_deref().and_then(|agent| Device::of(agent).words()),
            details: details.into_iter().map(|(name, value)| (name, plain(&value))).collect(),
        }
    }

    fn place(&self, path: &str) -> String {
        self.reader.keep(&self.auth.config().base_url.join(path))
    }

    fn actor(&self, event: &Event) -> SubjectOnPage {
        let words = match (event.actor_kind.as_str(), &event.actor) {
            ("account", Some(id)) => return self.account(id, None),
            ("app", Some(id)) => return self.app(id, None),
            ("command", _) => texts::BY_COMMAND,
            ("system", _) => texts::BY_SYSTEM,
            _ => texts::BY_NOBODY,
        };
        SubjectOnPage { name: String::new(), words: Some(words), link: None }
    }

    fn target(&self, event: &Event) -> Option<SubjectOnPage> {
        let (kind, id) = (event.target_kind.as_deref()?, event.target.as_deref()?);
        Some(match kind {
            "account" => self.account(id, event.name.as_deref()),
            "app" => self.app(id, event.name.as_deref()),
            "mail" => SubjectOnPage {
                name: String::new(),
                words: Some(texts::THE_MAIL),
                link: Some(self.place(&format!("{MAIL}/{id}"))),
            },
            "invitation" => SubjectOnPage { name: String::new(), words: Some(texts::THE_INVITATION), link: None },
            _ => SubjectOnPage { name: id.to_owned(), words: None, link: None },
        })
    }

    /// An account by the name that it had then, or has now. One that is gone has no page.
    fn account(&self, id: &str, then: Option<&str>) -> SubjectOnPage {
        let now = self.names.accounts.get(id).map(String::as_str);
        SubjectOnPage {
            name: then.or(now).map_or_else(|| id.to_owned(), |name| format!("@{name}")),
            words: None,
            link: now.map(|_| self.place(&format!("{ACCOUNTS}/{id}"))),
        }
    }

    fn app(&self, id: &str, then: Option<&str>) -> SubjectOnPage {
        let now = self.names.apps.get(id).map(String::as_str);
        SubjectOnPage {
            name: then.or(now).unwrap_or(id).to_owned(),
            words: None,
            link: now.map(|_| self.place(&format!("{APPS}/{id}"))),
        }
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
