//! `token …`

use lysand_auth::flows::apps::Scopes;
use lysand_auth::flows::apps::{App, Registration};
use lysand_auth::flows::{apps, token};
use lysand_auth::host::accounts::InactiveReason;
use serde_json::json;

use super::cli::CreateToken;
use super::error::CommandError;
use super::outcome::Outcome;
use super::{account_facts, app, output};
use crate::state::State;

/// The name of the app that holds tokens made without another one.
const OWN_APP: &str = "Command line";
/// It never sends anybody anywhere.
const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Does `token create`.
pub(super) async fn create(state: &State, wanted: CreateToken, as_json: bool) -> Result<Outcome, CommandError> {
    let account = account_facts::find(state, &wanted.name).await?;
    if let Some(reason) = account.inactive_reason() {
        let why = match reason {
            InactiveReason::Unconfirmed => "its e-mail address is not confirmed",
            InactiveReason::Pending => "it waits for review",
            _ => "it is disabled",
        };
        return Err(CommandError::new(format!("{} may not act: {why}", account.username)));
    }
    let app = match wanted.app {
        Some(id) => app::find(state, &id).await?,
        None => own_app(state, &wanted.scopes).await?,
    };
    let scopes = app.scopes.grant(Some(&wanted.scopes), &state.auth.config().scopes)?;
    let issued = token::issue(&state.auth, &app, Some(account.id.clone()), scopes).await?;
    match as_json {
        true => output::json(&json!({
            "access_token": issued.access_token.expose(),
            "token_type": "Bearer",
            "scope": issued.scopes.to_string(),
            "created_at": issued.created_at.seconds(),
        })),
        false => output::text(&format!("{}\n", issued.access_token.expose())),
    }
    Ok(Outcome::changed_account("token create", &account))
}

/// The command line's own app with exactly these scopes, registered when it is first needed.
async fn own_app(state: &State, scopes: &str) -> Result<App, CommandError> {
    let mut registration = Registration::default();
    registration.name = Some(OWN_APP.to_owned());
    registration.redirect_uris = vec![OUT_OF_BAND.to_owned()];
    registration.scopes = Some(scopes.to_owned());
    registration.website = None;
    if let Ok(wanted) = Scopes::register(scopes, &state.auth.config().scopes) {
        let same = |app: &App| {
            app.name == OWN_APP
                && app.scopes == wanted
                && app.redirect_uris.iter().all(|uri| uri.as_str() == OUT_OF_BAND)
        };
        if let Some(app) = apps::list(&state.auth).await?.into_iter().find(same) {
            return Ok(app);
        }
    }
    Ok(apps::register(&state.auth, registration, None).await?.app)
}
