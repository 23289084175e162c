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
    let names = admin::names(auth, accounts, apps).await?;
    Ok(events.iter().map(|event| names.row(auth, reader, event)).collect())
}

impl Names {
    fn row(&self, auth: &Auth, reader: &Reader, event: &Event) -> EventRow {
        let kind = EventKind::named(&event.event);
        let details = event.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let details: serde_json::Map<String, serde_json::Value> = details.unwrap_or_default();
        let place = |path: &str| reader.keep(&auth.config().base_url.join(path));
        EventRow {
            what: kind.map_or_else(|| event.event.clone(), |kind| kind.words_for_staff().to_owned()),
            refused: event.outcome == "refused",
            at: event.at.into(),
            clock: clock(event.at),
            by: self.actor(event, &place),
            target: self.target(event, &place),
            app: event.app.as_deref().map(|id| self.app(id, None, &place)),
            network: event.network.clone(),
            device: event.agent.as_deref().and_then(|agent| Device::of(agent).words()),
            details: details.into_iter().map(|(name, value)| (name, plain(&value))).collect(),
        }
    }

    fn actor(&self, event: &Event, place: &impl Fn(&str) -> String) -> SubjectOnPage {
        let words = match (event.actor_kind.as_str(), &event.actor) {
            ("account", Some(id)) => return self.account(id, None, place),
            ("app", Some(id)) => return self.app(id, None, place),
            ("command", _) => texts::BY_COMMAND,
            ("system", _) => texts::BY_SYSTEM,
            _ => texts::BY_NOBODY,
        };
        SubjectOnPage { name: String::new(), words: Some(words), link: None }
    }

    fn target(&self, event: &Event, place: &impl Fn(&str) -> String) -> Option<SubjectOnPage> {
        let (kind, id) = (event.target_kind.as_deref()?, event.target.as_deref()?);
        Some(match kind {
            "account" => self.account(id, event.name.as_deref(), place),
            "app" => self.app(id, event.name.as_deref(), place),
            "mail" => SubjectOnPage {
                name: String::new(),
                words: Some(texts::THE_MAIL),
                link: Some(place(&format!("{MAIL}/{id}"))),
            },
            "invitation" => SubjectOnPage { name: String::new(), words: Some(texts::THE_INVITATION), link: None },
            _ => SubjectOnPage { name: id.to_owned(), words: None, link: None },
        })
    }

    /// An account by the name that it had then, or has now. One that is gone has no page.
    fn account(&self, id: &str, then: Option<&str>, place: &impl Fn(&str) -> String) -> SubjectOnPage {
        let now = self.accounts.get(id).map(String::as_str);
        SubjectOnPage {
            name: then.or(now).map_or_else(|| id.to_owned(), |name| format!("@{name}")),
            words: None,
            link: now.map(|_| place(&format!("{ACCOUNTS}/{id}"))),
        }
    }

    fn app(&self, id: &str, then: Option<&str>, place: &impl Fn(&str) -> String) -> SubjectOnPage {
        let now = self.apps.get(id).map(String::as_str);
        SubjectOnPage {
            name: then.or(now).unwrap_or(id).to_owned(),
            words: None,
            link: now.map(|_| place(&format!("{APPS}/{id}"))),
        }
    }
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
