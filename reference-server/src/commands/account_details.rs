//! `account show`: an account, and what can act for it.

use lysand_auth::flows::authorized_applications::{self, AuthorizedApp};
use lysand_auth::flows::sessions::{self, Session};
use lysand_auth::flows::sso::{self, AccountIdentity};
use lysand_auth::host::accounts::Account;
use serde_json::{Value, json};

use super::account_facts::{address, entity, language, role, standing};
use super::error::CommandError;
use super::output;
use crate::state::State;

/// Prints an account with its identities, its sessions and its apps.
pub(super) async fn show(state: &State, account: &Account, as_json: bool) -> Result<(), CommandError> {
    let identities = sso::identities(&state.auth, &account.id).await?;
    let sessions = sessions::of_account(&state.auth, &account.id).await?;
    let apps = authorized_applications::apps(&state.auth, &account.id).await?;
    if as_json {
        let mut shown = entity(account);
        shown["identities"] = identities.iter().map(identity_entity).collect();
        shown["sessions"] = sessions.iter().map(session_entity).collect();
        shown["apps"] = apps.iter().map(app_entity).collect();
        output::json(&shown);
        return Ok(());
    }
    let mut facts = vec![
        ("name", account.username.clone()),
        ("e-mail", address(account)),
        ("role", role(account).into()),
        ("standing", standing(account).into()),
        ("language", language(account).to_owned()),
        ("id", account.id.to_string()),
    ];
    facts.extend(identities.iter().map(|identity| ("identity", identity_line(identity))));
    facts
        .extend(sessions.iter().map(|session| ("session", format!("since {}", session.authenticated_at.to_iso8601()))));
    facts.extend(apps.iter().map(|app| ("app", app_line(app))));
    output::text(&output::facts(&facts));
    Ok(())
}

fn identity_line(identity: &AccountIdentity) -> String {
    let provider = identity.provider.as_ref().unwrap_or(&identity.issuer);
    let label = identity.label.as_ref().unwrap_or(&identity.subject);
    format!("{provider}: {label}, since {}", identity.linked_at.to_iso8601())
}

fn identity_entity(identity: &AccountIdentity) -> Value {
    json!({
        "provider": identity.provider,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "label": identity.label,
        "linked_at": identity.linked_at.to_iso8601(),
    })
}

fn session_entity(session: &Session) -> Value {
    json!({
        "id": session.id.as_str(),
        "since": session.authenticated_at.to_iso8601(),
        "until": session.expires_at.to_iso8601(),
    })
}

fn app_line(app: &AuthorizedApp) -> String {
    format!("{} ({}), since {}", app.app.name, app.scopes, app.authorized_at.to_iso8601())
}

fn app_entity(app: &AuthorizedApp) -> Value {
    json!({
        "id": app.app.id.as_str(),
        "name": app.app.name,
        "scopes": app.scopes.words(),
        "since": app.authorized_at.to_iso8601(),
    })
}
