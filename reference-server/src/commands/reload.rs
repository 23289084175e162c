//! SIGHUP: what is read again while the server runs (running contract §5, faults D10).

use std::fmt::Display;

use crate::logging::Log;
use crate::panics::Panics;
use crate::server::Running;
use crate::settings::{Problems, Settings};

/// Reads the configuration again, and gives the log another level.
pub(super) struct Reload {
    pub(super) load: Box<dyn Fn() -> Result<Settings, Problems>>,
    pub(super) log: Log,
    /// Told when the server stops.
    pub(super) panics: Panics,
}

impl Reload {
    /// Reads certificate, templates, the settings that can change and the log's level again and says so. What cannot be used leaves the old in force; a
    /// configuration with problems does so as a whole, and the files that it named before are read all the same.
    pub(super) async fn run(&self, running: &Running) {
        let fresh = (self.load)();
        let mut reloaded = running.reload(fresh.as_ref().ok().cloned()).await;
        match &fresh {
            Err(problems) => reloaded.note("configuration", Err::<(), _>(one_line(problems))),
            Ok(settings) => match self.log.set_level(&settings.log_level) {
                Ok(true) => reloaded.done.push("log.level"),
                Ok(false) => reloaded.kept.push(("log.level", "RUST_LOG stands above it".to_owned())),
                Err(why) => reloaded.kept.push(("log.level", why)),
            },
        }
        for (part, why) in &reloaded.kept {
            tracing::warn!(part, %why, "SIGHUP: not read again, the old goes on");
        }
        tracing::info!("SIGHUP: read again: {}", reloaded.done.join(", "));
    }
}

/// What is wrong with a configuration, for one line of the log.
fn one_line(problems: &impl Display) -> String {
    problems.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
