//! What a command did, so that one place records it in the log of events (people PPL-127, PPL-166).

use std::process::ExitCode;

use lysand_auth::flows::events;
use lysand_auth::host::accounts::{Account, AccountId};

use super::error::CommandError;
use crate::state::State;

/// What a command did.
#[derive(Debug)]
pub(super) struct Outcome {
    code: ExitCode,
    changed: Option<Changed>,
}

#[derive(Debug)]
struct Changed {
    command: &'static str,
    account: Option<(AccountId, String)>,
}

impl Outcome {
    /// It only looked.
    pub(super) const fn looked() -> Self {
        Self { code: ExitCode::SUCCESS, changed: None }
    }

    /// It changed something.
    pub(super) const fn changed(command: &'static str) -> Self {
        Self { code: ExitCode::SUCCESS, changed: Some(Changed { command, account: None }) }
    }

    /// It changed an account.
    pub(super) fn changed_account(command: &'static str, account: &Account) -> Self {
        let account = Some((account.id.clone(), account.username.clone()));
        Self { code: ExitCode::SUCCESS, changed: Some(Changed { command, account }) }
    }

    /// It removed an account, of which no name is kept.
    pub(super) const fn removed_account(command: &'static str, id: AccountId) -> Self {
        Self { code: ExitCode::SUCCESS, changed: Some(Changed { command, account: Some((id, String::new())) }) }
    }

    /// It ends with this status.
    pub(super) fn ending(self, code: ExitCode) -> Self {
        Self { code, ..self }
    }

    /// Leaves the event of a change.
    pub(super) async fn record(self, state: &State) -> Result<ExitCode, CommandError> {
        if let Some(Changed { command, account }) = self.changed {
            let account = account.as_ref().map(|(id, name)| (id, name.as_str()));
            events::record_command(&state.auth, command, account).await?;
        }
        Ok(self.code)
    }
}
