//! `migrate` and `sweep`

use lysand_auth::flows::sweep;
use serde_json::json;

use super::error::CommandError;
use super::output;
use crate::database;
use crate::settings::Settings;
use crate::state::State;

/// Does `migrate`.
pub(super) async fn migrate(settings: &Settings, only_status: bool, as_json: bool) -> Result<(), CommandError> {
    let store = database::open(settings).await?;
    if !only_status {
        let applied = database::migrate(&store, settings).await?;
        match (as_json, applied.is_empty()) {
            (true, _) => output::json(&json!({ "applied": applied })),
            (false, true) => output::text("The database is up to date.\n"),
            (false, false) => {
                let rows: Vec<_> = applied.iter().map(|name| ("applied", name.clone())).collect();
                output::text(&output::facts(&rows));
            }
        }
        return Ok(());
    }
    let state = database::migration_state(&store, settings).await?;
    if as_json {
        output::json(&json!({ "applied": state.applied, "pending": state.pending, "unknown": state.unknown }));
        return Ok(());
    }
    let rows: Vec<_> = [("applied", state.applied), ("pending", state.pending), ("unknown", state.unknown)]
        .into_iter()
        .flat_map(|(word, names)| names.into_iter().map(move |name| (word, name)))
        .collect();
    output::text(&output::facts(&rows));
    Ok(())
}

/// Does `sweep`.
pub(super) async fn sweep(state: &State, as_json: bool) -> Result<(), CommandError> {
    let swept = sweep::sweep(&state.auth).await?;
    let rows = [
        ("authorizations", swept.authorizations),
        ("tokens", swept.tokens),
        ("sessions", swept.sessions),
        ("throttles", swept.throttles),
    ];
    match as_json {
        true => output::json(&rows.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect()),
        false => output::text(&output::facts(&rows.map(|(name, count)| (name, count.to_string())))),
    }
    Ok(())
}
