//! What the commands tell of an account.

use lysand_auth::error::Error;
use lysand_auth::host::accounts::{Account, AccountId, Accounts as _, Language, Role, Standing};
use serde_json::{Value, json};

use super::error::CommandError;
use crate::state::State;

/// An account in JSON.
pub(super) fn entity(account: &Account) -> Value {
    json!({
        "id": account.id.as_str(),
        "username": account.username,
        "display_name": account.display_name,
        "email": account.email.as_ref().map(|email| email.address.as_str()),
        "email_confirmed": account.email.as_ref().is_some_and(|email| email.confirmed),
        "role": role(account),
        "standing": standing(account),
        "language": account.language.as_ref().map(Language::as_str),
    })
}

pub(super) fn address(account: &Account) -> String {
    match &account.email {
        None => "-".to_owned(),
        Some(email) if email.confirmed => email.address.clone(),
        Some(email) => format!("{} (unconfirmed)", email.address),
    }
}

pub(super) fn role(account: &Account) -> &'static str {
    match account.role {
        Role::Admin => "admin",
        Role::Moderator => "moderator",
        _ => "member",
    }
}

pub(super) fn standing(account: &Account) -> &'static str {
    match account.standing {
        Standing::Active => "active",
        Standing::Pending => "pending",
        Standing::Suspended => "suspended",
        _ => "disabled",
    }
}

pub(super) fn language(account: &Account) -> &str {
    account.language.as_ref().map_or("-", Language::as_str)
}

/// The account of this name or address.
pub(super) async fn find(state: &State, name: &str) -> Result<Account, CommandError> {
    let found = state.accounts.by_identifier(name).await.map_err(Error::from_host)?;
    found.ok_or_else(|| CommandError::new(format!("there is no account {name:?}")))
}

/// The account of this id, name or address.
pub(super) async fn find_by_id(state: &State, id: &str) -> Result<Account, CommandError> {
    match state.accounts.by_id(&AccountId::new(id)).await.map_err(Error::from_host)? {
        Some(account) => Ok(account),
        None => find(state, id).await,
    }
}

#[cfg(test)]
mod tests {
    use lysand_auth::host::accounts::AccountId;

    use super::*;

    #[test]
    fn account_command_output_contains_chosen_language() {
        let ada = Account::new(AccountId::new("1"), "ada");
        assert_eq!((entity(&ada)["language"].clone(), language(&ada)), (Value::Null, "-"));
        let german = ada.with_language(Language::parse("de"));
        assert_eq!((entity(&german)["language"].clone(), language(&german)), ("de".into(), "de"));
    }
}
