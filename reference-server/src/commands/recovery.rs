//! `account reset` and `account set-email`.

use std::time::Duration;

use lysand_auth::config::FactorKind;
use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::reset::{self, Demanded};
use lysand_auth::flows::{email, factors, outbox};
use lysand_auth::host::accounts::{Email, rules};
use lysand_auth::secret::Secret;
use serde_json::json;

use super::account_facts::find;
use super::error::CommandError;
use super::outcome::Outcome;
use super::output;
use crate::state::State;

/// How long a command waits until a mail is sent; after that the server goes on trying.
const MAIL_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends what is in the outbox, if that is quickly done. Where a server runs, it may send it as well as this.
pub(super) async fn send_mail(state: &State) {
    let _ = tokio::time::timeout(MAIL_TIMEOUT, outbox::send_waiting(&state.auth)).await;
}

/// Demands a new password (people PPL-99).
pub(super) async fn reset(state: &State, name: &str, at_sign_in: bool, as_json: bool) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    let how = if at_sign_in { Demanded::AtNextSignIn } else { Demanded::Now };
    let demand = reset::demand(&state.auth, &account, how, Actor::Command).await?;
    send_mail(state).await;
    let link = demand.link.as_ref().map(Secret::expose);
    if as_json {
        output::json(&json!({ "id": account.id.as_str(), "link": link, "mailed": demand.mailed }));
        return Ok(Outcome::changed_account("account reset", &account));
    }
    let mut text = format!("Everything of {} is ended.\n", account.username);
    match link {
        Some(link) => {
            text += "No password signs in until a new one is chosen. Give this link to nobody but the owner:\n";
            text += &format!("{link}\n");
            let told = "A mail with a link of its own is on its way.\n";
            text += if demand.mailed { told } else { "No mail was sent: the account has no confirmed address.\n" };
        }
        None => text += "The next sign-in with the right password leads to the page for a new one.\n",
    }
    output::text(&text);
    Ok(Outcome::changed_account("account reset", &account))
}

/// Removes the second factors of somebody who has lost them, or those of one kind (FAC-116).
pub(super) async fn reset_factors(state: &State, name: &str, only: Option<&str>) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    let only = only.and_then(FactorKind::named);
    let removed = factors::own::reset(&state.auth, &account, only, Actor::Command, &Caller::default()).await?;
    send_mail(state).await;
    let what = match removed {
        0 => "no factor with a name".to_owned(),
        1 => "1 factor with a name".to_owned(),
        many => format!("{many} factors with names"),
    };
    let codes = if only.is_none_or(|kind| kind == FactorKind::Recovery) { ", and all recovery codes" } else { "" };
    output::text(&format!(
        "Removed from {}: {what}{codes}. Everything of the account is ended. See account show {} for what is left.\n",
        account.username, account.username
    ));
    Ok(Outcome::changed_account("account factors", &account))
}

/// Voids the recovery codes of everybody, and tells the owners (FAC-70).
pub(super) async fn void_recovery_codes(state: &State) -> Result<Outcome, CommandError> {
    let voided = factors::void_recovery::of_all(&state.auth, Actor::Command, &Caller::default()).await?;
    send_mail(state).await;
    output::text(&format!(
        "The recovery codes of {} accounts are void; {} owners are told by mail. Their other second factors stay.\n",
        voided.accounts, voided.told
    ));
    Ok(Outcome::changed("account factors"))
}

/// Seals the secrets of second factors under the first key (FAC-66).
pub(super) async fn rewrap_secrets(state: &State) -> Result<Outcome, CommandError> {
    let sealed = factors::keys::rewrap(&state.auth).await?;
    output::text(&format!("{sealed} secrets are sealed anew, under the first key of keys.secrets.\n"));
    Ok(Outcome::changed("keys rewrap"))
}

/// Gives an account another address.
pub(super) async fn set_email(
    state: &State,
    name: &str,
    address: &str,
    confirmed: bool,
) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    let address = rules::email(address).map_err(|error| CommandError::new(error.to_string()))?;
    let words = if confirmed { "" } else { ", once it is confirmed: a mail is on its way" };
    let told = format!("The address of {} is {address}{words}.\n", account.username);
    email::set(&state.auth, &account, Email { address, confirmed }, Actor::Command).await?;
    send_mail(state).await;
    output::text(&told);
    Ok(Outcome::changed_account("account set-email", &account))
}
