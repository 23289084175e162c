//! `app …`

use lysand_auth::flows::apps;
use lysand_auth::flows::apps::RedirectUri;
use lysand_auth::flows::apps::{App, OpenIdClient, Registration};
use serde_json::{Value, json};

use super::cli::{AppCommand, CreateApp};
use super::error::CommandError;
use super::outcome::Outcome;
use super::output;
use crate::state::State;

/// Does an `app` command.
pub(super) async fn run(state: &State, command: AppCommand, as_json: bool) -> Result<Outcome, CommandError> {
    match command {
        AppCommand::Create(wanted) => create(state, wanted, as_json).await,
        AppCommand::List => list(state, as_json).await,
        AppCommand::Delete { id } => {
            let app = find_any(state, &id).await?;
            apps::delete(&state.auth, &app.id).await?;
            output::text(&format!("{} is removed, with its codes and tokens.\n", app.name.escape_debug()));
            Ok(Outcome::changed("app delete"))
        }
    }
}

async fn create(state: &State, wanted: CreateApp, as_json: bool) -> Result<Outcome, CommandError> {
    let mut registration = Registration::default();
    registration.name = Some(wanted.name);
    registration.redirect_uris = wanted.redirect_uri;
    registration.scopes = Some(wanted.scopes);
    registration.website = wanted.website;
    registration.openid.signed_by = wanted.id_token_alg;
    registration.openid.post_logout_redirect_uris = wanted.post_logout_redirect_uri;
    registration.openid.backchannel_logout_uri = wanted.backchannel_logout_uri;
    registration.openid.backchannel_logout_session_required = wanted.backchannel_logout_session_required;
    let apps::Registered { app, openid, secret, .. } = match wanted.first_party {
        true => apps::register_first_party(&state.auth, registration).await?,
        false => apps::register(&state.auth, registration, None).await?,
    };
    let secret = secret.unwrap_or_default();
    if as_json {
        output::json(&credential_application(&app, &openid, secret.expose()));
        return Ok(Outcome::changed("app create"));
    }
    output::text(&output::facts(&[
        ("name", app.name.clone()),
        ("client_id", app.client_id.clone()),
        ("client_secret", secret.expose().to_owned()),
        ("scopes", app.scopes.to_string()),
        ("id tokens", openid.signed_by.name().into()),
        ("redirect URIs", redirect_uris(&app).join(" ")),
        ("first-party", yes_or_no(app.first_party).into()),
        ("id", app.id.to_string()),
    ]));
    Ok(Outcome::changed("app create"))
}

async fn list(state: &State, as_json: bool) -> Result<Outcome, CommandError> {
    let mut all = apps::list(&state.auth).await?;
    all.extend(apps::built_in(&state.auth).await?);
    if as_json {
        output::json(&all.iter().map(entity).collect());
        return Ok(Outcome::looked());
    }
    let rows: Vec<_> = all
        .iter()
        .map(|app| {
            let first_party = yes_or_no(app.first_party).to_owned();
            let uris = redirect_uris(app).join(" ");
            vec![app.id.to_string(), app.name.clone(), first_party, app.scopes.to_string(), uris]
        })
        .collect();
    output::text(&output::table(&["ID", "NAME", "FIRST-PARTY", "SCOPES", "REDIRECT URIS"], &rows));
    Ok(Outcome::looked())
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// The registered app of this id or client id.
pub(super) async fn find(state: &State, id: &str) -> Result<App, CommandError> {
    of_id(apps::list(&state.auth).await?, id)
}

/// The same, or one that is built in.
async fn find_any(state: &State, id: &str) -> Result<App, CommandError> {
    let mut all = apps::list(&state.auth).await?;
    all.extend(apps::built_in(&state.auth).await?);
    of_id(all, id)
}

fn of_id(apps: Vec<App>, id: &str) -> Result<App, CommandError> {
    let found = apps.into_iter().find(|app| app.id.as_str() == id || app.client_id == id);
    found.ok_or_else(|| CommandError::new(format!("there is no app {id:?}")))
}

fn redirect_uris(app: &App) -> Vec<&str> {
    app.redirect_uris.iter().map(RedirectUri::as_str).collect()
}

/// What a list shows of an app: everything but its secret, of which only a digest is kept.
fn entity(app: &App) -> Value {
    json!({
        "id": app.id.as_str(),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.words(),
        "redirect_uris": redirect_uris(app),
        "client_id": app.client_id,
        "first_party": app.first_party,
        "created_at": app.created_at.to_iso8601(),
    })
}

/// The credential application of Mastodon §2.3.
fn credential_application(app: &App, openid: &OpenIdClient, secret: &str) -> Value {
    json!({
        "id": app.id.as_str(),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.words(),
        "redirect_uris": redirect_uris(app),
        "redirect_uri": redirect_uris(app).join("\n"),
        "client_id": app.client_id,
        "client_secret": secret,
        "client_secret_expires_at": 0,
        "id_token_signed_response_alg": openid.signed_by.name(),
        "vapid_key": "",
    })
}
