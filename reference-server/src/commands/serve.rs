//! `serve`

use std::io::IsTerminal as _;

use actix_web::rt::signal::unix::{Signal, SignalKind, signal};
use lysand_auth::Ambient;

use super::error::CommandError;
use super::output;
use super::reload::Reload;
use crate::server::Running;
use crate::settings::Settings;

/// Serves until SIGTERM or SIGINT, then drains; a second one ends the process at once. SIGHUP reads files again.
pub(super) async fn run(settings: Settings, ambient: Ambient, reload: &Reload) -> Result<(), CommandError> {
    let mut signals = Signals::listen()?;
    let running = Running::start(settings, ambient).await?;
    output::text(&banner(&running));
    tracing::info!(address = %running.addr(), base_url = running.base_url(), "serving");
    loop {
        tokio::select! {
            () = wait_for_end(&mut signals.terminate, &mut signals.interrupt) => break,
            _ = signals.hang_up.recv() => reload.run(&running).await,
        }
    }
    tracing::info!("received a termination signal: finishing requests in flight");
    tokio::select! {
        () = running.stop() => {
            tracing::info!(panics = reload.panics.total(), "stopped");
            Ok(())
        }
        () = wait_for_end(&mut signals.terminate, &mut signals.interrupt) => Err(CommandError::new("received a second termination signal: stopped at once")),
    }
}

/// What a person sees who starts the server.
fn banner(running: &Running) -> String {
    let mut facts = vec![("public URL", running.base_url().to_owned()), ("listens on", running.addr().to_string())];
    if let Some(link) = running.setup_link() {
        facts.push(("set up", link));
    }
    let mut text = format!("lysand-auth reference server {}\n\n", env!("CARGO_PKG_VERSION"));
    for line in output::facts(&facts).lines() {
        text.push_str(&format!("  {line}\n"));
    }
    if running.setup_link().is_some() {
        text.push_str("\n  There is no admin account yet. Open the set-up link to create one; it works once.\n");
    }
    if std::io::stdout().is_terminal() {
        text.push_str("\n  Ctrl-C ends it.\n");
    }
    text.push('\n');
    text
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> Result<Self, CommandError> {
        let listen =
            |kind| signal(kind).map_err(|error| CommandError::new(format!("signals cannot be received: {error}")));
        let hang_up = listen(SignalKind::hangup())?;
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())?, hang_up })
    }
}

async fn wait_for_end(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
