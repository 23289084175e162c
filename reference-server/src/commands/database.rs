//! `migrate` and `sweep`

use lysand_auth::Ambient;
use lysand_auth::flows::sweep;
use lysand_auth::keys::Keys;
use serde_json::json;

use super::error::CommandError;
use super::output;
use crate::database;
use crate::settings::Settings;
use crate::state::{StartError, State};

/// Does `migrate`.
pub(super) async fn migrate(
    settings: &Settings,
    ambient: &Ambient,
    only_status: bool,
    as_json: bool,
) -> Result<(), CommandError> {
    if only_status && database::require(settings).is_err() {
        // To look makes nothing (faults D7).
        print_state([Vec::new(), database::names_of_migrations(), Vec::new()], as_json);
        return Ok(());
    }
    let store = database::open(settings).await?;
    if !only_status {
        // All that other commands need is there afterwards.
        Keys::load_or_create_files(&settings.keys.signing, &settings.keys.secrets, ambient).map_err(StartError::Key)?;
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
    print_state([state.applied, state.pending, state.unknown], as_json);
    Ok(())
}

fn print_state([applied, pending, unknown]: [Vec<String>; 3], as_json: bool) {
    if as_json {
        return output::json(&json!({ "applied": applied, "pending": pending, "unknown": unknown }));
    }
    let rows: Vec<_> = [("applied", applied), ("pending", pending), ("unknown", unknown)]
        .into_iter()
        .flat_map(|(word, names)| names.into_iter().map(move |name| (word, name)))
        .collect();
    output::text(&output::facts(&rows));
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
