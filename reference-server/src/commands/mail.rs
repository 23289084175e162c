//! `mail …` (PPL-176)

use std::process::ExitCode;
use std::time::Duration;

use lettre::Address;
use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::outbox;
use lysand_auth::host::accounts::Language;
use lysand_auth::host::mailer::{MailRecord, MailState};
use serde_json::{Value, json};

use super::cli::MailCommand;
use super::error::CommandError;
use super::outcome::Outcome;
use super::output;
use crate::state::State;

/// How many mails are listed.
const NEWEST: u32 = 100;
/// How long a test mail is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often is looked whether another process has sent it.
const LOOK: Duration = Duration::from_millis(200);

/// Does a `mail` command.
pub(super) async fn run(state: &State, command: MailCommand, as_json: bool) -> Result<Outcome, CommandError> {
    match command {
        MailCommand::Test { address } => test(state, &address, as_json).await,
        MailCommand::List => list(state, as_json).await,
        MailCommand::Retry { id } => {
            outbox::retry(&state.auth, &id, Actor::Command, &Caller::default()).await?;
            let mail = sent(state, &id).await?;
            output::text(&format!("{}\n", said(&mail)));
            Ok(Outcome::changed("mail retry"))
        }
    }
}

async fn test(state: &State, address: &str, as_json: bool) -> Result<Outcome, CommandError> {
    if address.parse::<Address>().is_err() {
        return Err(CommandError::new(format!("{address:?} is no e-mail address")));
    }
    let language = state.settings.instance.languages.first().and_then(|tag| Language::parse(tag));
    let id = outbox::post_test(&state.auth, address, language, Actor::Command, &Caller::default()).await?;
    let id = id.map_err(|errors| CommandError::new(errors.to_string()))?;
    let mail = sent(state, &id).await?;
    match as_json {
        true => output::json(&entity(&mail)),
        false => output::text(&format!("{}\n", said(&mail))),
    }
    let code = if mail.state == MailState::Sent { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    Ok(Outcome::changed("mail test").ending(code))
}

/// Sends what waits, and says what became of one mail, which a server that runs may have taken.
async fn sent(state: &State, id: &str) -> Result<MailRecord, CommandError> {
    let look = async {
        loop {
            outbox::send_waiting(&state.auth).await?;
            let mail = outbox::get(&state.auth, id).await?;
            match mail {
                Some(mail)
                    if mail.state == MailState::Sending || (mail.state == MailState::Waiting && mail.tries == 0) =>
                {
                    tokio::time::sleep(LOOK).await;
                }
                Some(mail) => return Ok(mail),
                None => return Err(CommandError::new("the mail is gone from the outbox")),
            }
        }
    };
    match tokio::time::timeout(PATIENCE, look).await {
        Ok(mail) => mail,
        Err(_) => {
            let mail = outbox::get(&state.auth, id).await?;
            mail.ok_or_else(|| CommandError::new("the mail is gone from the outbox"))
        }
    }
}

fn said(mail: &MailRecord) -> String {
    let why = mail.last_error.as_deref().unwrap_or_default();
    match mail.state {
        MailState::Sent => match &mail.reply {
            Some(reply) => format!("The mail to {} was sent: {reply}", mail.address),
            None => format!("The mail to {} was sent.", mail.address),
        },
        MailState::Failed => format!("The mail to {} was refused: {why}", mail.address),
        MailState::Cancelled => format!("The mail to {} was not sent: {why}", mail.address),
        _ if why.is_empty() => {
            format!("The mail to {} is not sent yet; a server that runs goes on trying.", mail.address)
        }
        _ => format!("The mail to {} is not sent yet; a server that runs tries again: {why}", mail.address),
    }
}

async fn list(state: &State, as_json: bool) -> Result<Outcome, CommandError> {
    let all = outbox::list(&state.auth, None, NEWEST).await?;
    if as_json {
        output::json(&all.iter().map(entity).collect());
        return Ok(Outcome::looked());
    }
    let rows: Vec<_> = all
        .iter()
        .map(|mail| {
            let (state, tries) = (mail.state.word().to_owned(), mail.tries.to_string());
            let (made, why) = (mail.created_at.to_iso8601(), mail.last_error.clone().unwrap_or_default());
            vec![mail.id.clone(), mail.kind.clone(), mail.address.clone(), state, tries, made, why]
        })
        .collect();
    output::text(&output::table(&["ID", "KIND", "TO", "STATE", "TRIES", "MADE", "LAST ERROR"], &rows));
    Ok(Outcome::looked())
}

fn entity(mail: &MailRecord) -> Value {
    json!({
        "id": mail.id,
        "kind": mail.kind,
        "address": mail.address,
        "account_id": mail.account.as_ref().map(|account| account.as_str().to_owned()),
        "state": mail.state.word(),
        "tries": mail.tries,
        "not_before": mail.not_before.to_iso8601(),
        "last_error": mail.last_error,
        "last_reply": mail.last_reply(),
        "created_at": mail.created_at.to_iso8601(),
        "ended_at": mail.ended_at.map(|at| at.to_iso8601()),
    })
}
