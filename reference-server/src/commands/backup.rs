//! `backup`: a consistent copy of the database while the server runs (faults D13).

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde_json::json;

use super::error::CommandError;
use super::output;
use crate::database;
use crate::settings::Settings;

/// Does `backup FILE`.
pub(super) fn run(settings: &Settings, file: &Path, as_json: bool) -> Result<(), CommandError> {
    let Some(source) = settings.database.url.expose().strip_prefix("sqlite:") else {
        let url = settings.masked_database_url();
        return Err(CommandError::new(format!(
            "a PostgreSQL database is copied by its own tool: pg_dump --format=custom --file={} \"{url}\"",
            file.display()
        )));
    };
    // A connection would make the database that it does not find.
    if !Path::new(source).is_file() {
        return Err(CommandError::new(format!("there is no database {source}: mend database.url")));
    }
    let name = file.to_str().ok_or_else(|| CommandError::new("give a file whose name is UTF-8"))?;
    // For its owner alone from the first byte on, and never in the place of a file that is there.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let made = made.map_err(|error| CommandError::new(format!("{} cannot be made: {error}", file.display())))?;
    let copied = database::copy_sqlite(source, name).and_then(|()| made.sync_all().map_err(|error| error.to_string()));
    if let Err(why) = copied {
        let _ = std::fs::remove_file(file);
        return Err(CommandError::new(format!("{source} cannot be copied: {why}")));
    }
    match as_json {
        true => output::json(&json!({ "file": name })),
        false => output::text(&format!("{name} is a copy of the database. The key files are not in it.\n")),
    }
    Ok(())
}
