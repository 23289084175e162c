//! `review …`: requests to join

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::reviews::{self, Request};
use serde_json::{Value, json};

use super::account_facts::address;
use super::cli::ReviewCommand;
use super::error::CommandError;
use super::outcome::Outcome;
use super::{account, output};
use crate::state::State;

/// Does a `review` command.
pub(super) async fn run(state: &State, command: ReviewCommand, as_json: bool) -> Result<Outcome, CommandError> {
    match command {
        ReviewCommand::List { unconfirmed } => list(state, unconfirmed, as_json).await,
        ReviewCommand::Approve { id } => {
            let account = account::find_by_id(state, &id).await?;
            reviews::approve(&state.auth, &account.id, Actor::Command, &Caller::default()).await?;
            output::text(&format!("{} is approved.\n", account.username));
            Ok(Outcome::changed_account("review approve", &account))
        }
        ReviewCommand::Reject { id, message } => {
            let account = account::find_by_id(state, &id).await?;
            let message = message.as_deref();
            reviews::reject(&state.auth, &account.id, message, Actor::Command, &Caller::default()).await?;
            output::text(&format!("The request of {} is declined, and its account is gone.\n", account.username));
            Ok(Outcome::changed_account("review reject", &account))
        }
    }
}

async fn list(state: &State, unconfirmed: bool, as_json: bool) -> Result<Outcome, CommandError> {
    let requests = reviews::list(&state.auth, unconfirmed).await?;
    if as_json {
        output::json(&requests.iter().map(entity).collect());
        return Ok(Outcome::looked());
    }
    let rows: Vec<_> = requests
        .iter()
        .map(|Request { account, sign_up, .. }| {
            let (since, reason) = (sign_up.created_at.to_iso8601(), sign_up.reason.clone().unwrap_or_default());
            let road = sign_up.road.name().to_owned();
            vec![account.id.to_string(), account.username.clone(), address(account), road, since, reason]
        })
        .collect();
    output::text(&output::table(&["ID", "NAME", "E-MAIL", "ROAD", "SINCE", "REASON"], &rows));
    Ok(Outcome::looked())
}

fn entity(request: &Request) -> Value {
    let Request { account, sign_up, .. } = request;
    json!({
        "id": account.id.as_str(),
        "username": account.username,
        "email": account.email.as_ref().map(|email| email.address.as_str()),
        "confirmed": sign_up.confirmed_at.is_some(),
        "road": sign_up.road.name(),
        "app_id": sign_up.app.as_ref().map(|app| app.as_str().to_owned()),
        "provider": sign_up.provider,
        "invitation_id": sign_up.invitation,
        "reason": sign_up.reason,
        "network": sign_up.network,
        "agent": sign_up.agent,
        "language": sign_up.language,
        "created_at": sign_up.created_at.to_iso8601(),
        "confirmed_at": sign_up.confirmed_at.map(|at| at.to_iso8601()),
        "expires_at": sign_up.expires_at.to_iso8601(),
    })
}
