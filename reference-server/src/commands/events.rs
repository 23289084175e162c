//! `events`: the log of events, listed or exported

use lysand_auth::ambient::Timestamp;
use lysand_auth::flows::events::{self, Event, EventKind, EventQuery};

use super::cli::EventsWanted;
use super::error::CommandError;
use super::outcome::Outcome;
use super::{account_facts, output};
use crate::settings;
use crate::state::State;

/// How many are read at a time.
const PAGE: u32 = 1_000;
/// How many are exported at most.
const MOST: usize = 100_000;
/// How many a person is shown who asks for nothing in particular.
const SHOWN: usize = 100;

/// Does `events`.
pub(super) async fn run(state: &State, wanted: EventsWanted, as_json: bool) -> Result<Outcome, CommandError> {
    let query = query(state, &wanted).await?;
    let is_export = as_json || wanted.csv;
    let is_narrow = wanted.since.is_some() || wanted.event.is_some() || wanted.account.is_some();
    let found = read(state, query, if is_export || is_narrow { MOST } else { SHOWN }).await?;
    if as_json {
        output::json(&found.iter().map(events::event_as_json).collect());
    } else if wanted.csv {
        let rows: String = found.iter().map(events::event_as_csv).collect();
        output::text(&format!("{}\r\n{rows}", events::EVENT_COLUMNS.join(",")));
    } else {
        let dash = |text: Option<&String>| text.map_or_else(|| "-".to_owned(), ToString::to_string);
        let rows: Vec<_> = found
            .iter()
            .map(|event| {
                let target = event.name.as_ref().filter(|name| !name.is_empty()).or(event.target.as_ref());
                let by = event.actor.as_ref().map_or_else(|| event.actor_kind.clone(), ToString::to_string);
                let detail = event.detail.clone().unwrap_or_default();
                let (kind, outcome) = (event.event.clone(), event.outcome.clone());
                vec![event.at.to_iso8601(), kind, outcome, dash(target), by, dash(event.network.as_ref()), detail]
            })
            .collect();
        output::text(&output::table(&["AT", "EVENT", "OUTCOME", "WHOM", "BY", "FROM", "DETAIL"], &rows));
    }
    Ok(if is_export { Outcome::changed("events") } else { Outcome::looked() })
}

async fn query(state: &State, wanted: &EventsWanted) -> Result<EventQuery, CommandError> {
    let mut query = EventQuery::new(PAGE);
    if let Some(kind) = &wanted.event {
        if EventKind::named(kind).is_none() {
            let known: Vec<_> = EventKind::ALL.iter().map(|kind| kind.name()).collect();
            return Err(CommandError::new(format!("--event {kind:?}: there are {}", known.join(", "))));
        }
        query.event = Some(kind.clone());
    }
    if let Some(since) = &wanted.since {
        let moment = moment(since, state.auth.ambient().now());
        query.since = Some(moment.ok_or_else(|| {
            CommandError::new(format!("--since {since:?}: write 2026-11-21, 2026-11-21T08:00:00Z or 24h"))
        })?);
    }
    if let Some(name) = &wanted.account {
        query.target = Some(account_facts::find_by_id(state, name).await?.id.as_str().to_owned());
    }
    Ok(query)
}

/// A day, a moment, or so long ago.
fn moment(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Some(ago) = settings::duration(text) {
        return Some(now.minus(ago));
    }
    Timestamp::parse(text)
}

async fn read(state: &State, mut query: EventQuery, most: usize) -> Result<Vec<Event>, CommandError> {
    let mut all = Vec::new();
    loop {
        let found = events::find(&state.auth, query.clone()).await?;
        let Some(last) = found.last() else { return Ok(all) };
        query.before = Some(last.id.clone());
        all.extend(found);
        if all.len() >= most {
            all.truncate(most);
            return Ok(all);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_since_is_a_day_a_moment_or_so_long_ago() {
        let now = Timestamp::from_micros(1_800_000_000_000_000);
        let seconds = |text| moment(text, now).map(Timestamp::seconds);
        assert_eq!(seconds("1h"), Some(1_800_000_000 - 3_600));
        assert_eq!(seconds("1970-01-02"), Some(86_400));
        assert_eq!(seconds("1970-01-01T01:00:00+01:00"), Some(0));
        for wrong in ["", "yesterday", "2026-13-01", "2026-11-21T08:00"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
