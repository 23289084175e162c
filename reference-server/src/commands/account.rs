//! `account …`

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::staff::{self, StaffAct};
use lysand_auth::flows::{closing, export, own_sessions, reset, reviews, sessions, sso};
use lysand_auth::host::accounts::{Account, Email, Role, Standing};
use lysand_auth::host::accounts::{Accounts as _, NewAccount};

use super::account_facts::{address, entity, find, role, standing};
use super::cli::{AccountCommand, CreateAccount, RoleName};
use super::error::CommandError;
use super::outcome::Outcome;
use super::{account_details, output, password, recovery};
use crate::state::State;

/// Does an `account` command.
pub(super) async fn run(state: &State, command: AccountCommand, as_json: bool) -> Result<Outcome, CommandError> {
    match command {
        AccountCommand::Create(wanted) => create(state, wanted, as_json).await,
        AccountCommand::List => list(state, as_json).await,
        AccountCommand::Show { name } => {
            let account = find(state, &name).await?;
            account_details::show(state, &account, as_json).await?;
            Ok(Outcome::looked())
        }
        AccountCommand::SetPassword { name, password_stdin } => set_password(state, &name, password_stdin).await,
        AccountCommand::Reset { name, at_next_sign_in } => {
            recovery::reset(state, &name, at_next_sign_in, as_json).await
        }
        AccountCommand::SetEmail { name, address, confirmed } => {
            recovery::set_email(state, &name, &address, confirmed).await
        }
        AccountCommand::Unlock { name } => {
            let account = find(state, &name).await?;
            unlock(state, &account).await?;
            output::text(&format!("{} may try to sign in again.\n", account.username));
            Ok(Outcome::changed_account("account unlock", &account))
        }
        AccountCommand::Unlink { name, provider } => unlink(state, &name, &provider).await,
        AccountCommand::ReleaseName { name } => release_name(state, &name).await,
        AccountCommand::Confirm { name } => confirm(state, &name).await,
        AccountCommand::Disable { name } => set_standing(state, &name, Standing::Disabled, "account disable").await,
        AccountCommand::Enable { name } => set_standing(state, &name, Standing::Active, "account enable").await,
        AccountCommand::Suspend { name } => set_standing(state, &name, Standing::Suspended, "account suspend").await,
        AccountCommand::Unsuspend { name } => set_standing(state, &name, Standing::Active, "account unsuspend").await,
        AccountCommand::Role { name, role } => set_role(state, &name, role).await,
        AccountCommand::Delete { name } => delete(state, &name).await,
        AccountCommand::Export { name } => export(state, &name).await,
        AccountCommand::Factors { name: Some(name), only, .. } => {
            recovery::reset_factors(state, &name, only.as_deref()).await
        }
        AccountCommand::Factors { .. } => recovery::void_recovery_codes(state).await,
        AccountCommand::SignOut { name } => {
            let account = find(state, &name).await?;
            own_sessions::end_everything_of(&state.auth, &account, Actor::Command, &Caller::default()).await?;
            recovery::send_mail(state).await;
            output::text(&format!("All sessions and tokens of {} are ended.\n", account.username));
            Ok(Outcome::changed_account("account sign-out", &account))
        }
    }
}

async fn unlock(state: &State, account: &Account) -> Result<(), CommandError> {
    Ok(sessions::unlock(&state.auth, account, Actor::Command, &Caller::default()).await?)
}

async fn create(state: &State, wanted: CreateAccount, as_json: bool) -> Result<Outcome, CommandError> {
    let password = password::new_password(wanted.password_stdin)?;
    let new = NewAccount::new(wanted.name)
        .with_email(Email { address: wanted.email, confirmed: !wanted.unconfirmed })
        .with_password(password)
        .with_role(if wanted.admin { Role::Admin } else { Role::Member });
    let account = state.accounts.create(new).await?;
    account_details::show(state, &account, as_json).await?;
    Ok(Outcome::changed_account("account create", &account))
}

async fn confirm(state: &State, name: &str) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    reviews::confirm(&state.auth, &account.id, Actor::Command, &Caller::default()).await?;
    output::text(&format!("The e-mail address of {} counts as confirmed.\n", account.username));
    Ok(Outcome::changed_account("account confirm", &account))
}

async fn list(state: &State, as_json: bool) -> Result<Outcome, CommandError> {
    let accounts = state.accounts.list().await?;
    if as_json {
        output::json(&accounts.iter().map(entity).collect());
        return Ok(Outcome::looked());
    }
    let rows: Vec<_> = accounts
        .iter()
        .map(|account| vec![account.username.clone(), address(account), role(account).into(), standing(account).into()])
        .collect();
    output::text(&output::table(&["NAME", "E-MAIL", "ROLE", "STANDING"], &rows));
    Ok(Outcome::looked())
}

async fn set_password(state: &State, name: &str, from_stdin: bool) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    let password = password::new_password(from_stdin)?;
    reset::set_by_staff(&state.auth, &account, &password, Actor::Command).await?;
    unlock(state, &account).await?;
    recovery::send_mail(state).await;
    output::text(&format!("The password of {} is set; all its sessions and tokens are ended.\n", account.username));
    Ok(Outcome::changed_account("account set-password", &account))
}

async fn set_standing(
    state: &State,
    name: &str,
    standing: Standing,
    command: &'static str,
) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    staff::set_standing(&state.auth, &account, standing, &StaffAct::by_command()).await?;
    recovery::send_mail(state).await;
    let words = if standing == Standing::Active { "may act" } else { "may no longer act" };
    output::text(&format!("{} {words}.\n", account.username));
    Ok(Outcome::changed_account(command, &account))
}

async fn set_role(state: &State, name: &str, role: RoleName) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    let role = match role {
        RoleName::User => Role::Member,
        RoleName::Moderator => Role::Moderator,
        RoleName::Admin => Role::Admin,
    };
    staff::set_role(&state.auth, &account, role, &StaffAct::by_command()).await?;
    recovery::send_mail(state).await;
    output::text(&format!("{} is {} now.\n", account.username, staff::role_name(role)));
    Ok(Outcome::changed_account("account role", &account))
}

async fn unlink(state: &State, name: &str, provider: &str) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    sso::remove(&state.auth, &account.id, provider).await?;
    output::text(&format!("{} is no longer linked to {provider}.\n", account.username));
    Ok(Outcome::changed_account("account unlink", &account))
}

async fn release_name(state: &State, name: &str) -> Result<Outcome, CommandError> {
    if !state.accounts.release_name(name).await? {
        return Err(CommandError::new(format!("{name:?} is not the name of a removed account")));
    }
    output::text(&format!("{name} can be taken again. Apps may take its next owner for the one before.\n"));
    Ok(Outcome::changed("account release-name"))
}

async fn delete(state: &State, name: &str) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    closing::remove(&state.auth, &account, Actor::Command, &Caller::default()).await?;
    recovery::send_mail(state).await;
    output::text(&format!("{} is removed.\n", account.username));
    Ok(Outcome::removed_account("account delete", account.id))
}

/// What is kept about somebody, for whoever asks the people who run the server for it.
async fn export(state: &State, name: &str) -> Result<Outcome, CommandError> {
    let account = find(state, name).await?;
    let export = export::of_account(&state.auth, &account, Actor::Command, &Caller::default()).await?;
    output::json(&export.content);
    Ok(Outcome::changed_account("account export", &account))
}
