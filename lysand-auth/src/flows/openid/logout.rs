//! An app sends somebody here to sign out (OpenID Connect RP-Initiated Logout 1.0).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::app::App;
use crate::model::redirect_uri::RedirectUri;
use crate::model::session::Session;
use crate::signing::UnderstoodToken;
use crate::store::{app_sessions, apps, openid_clients};

/// The most bytes of all parameters together.
const LARGEST: usize = 12 * 1024;

/// What an app asks for.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct LogoutRequest {
    /// `id_token_hint`: who is to be signed out, by an id token of ours.
    pub id_token_hint: Option<String>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `post_logout_redirect_uri`: where the browser goes afterwards.
    pub post_logout_redirect_uri: Option<String>,
    /// `state`: goes back unchanged.
    pub state: Option<String>,
}

/// What a request to sign out comes to. Nothing has ended yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct Logout {
    /// The app that asks, as far as it is known.
    pub app: Option<App>,
    /// Where the browser goes afterwards: registered by that very app, and proven by its id token.
    pub back: Option<String>,
    /// The host of that address.
    pub destination: Option<String>,
    /// Something of the request is wrong, so that it leads nowhere (FAC-145).
    pub is_broken: bool,
    hint: Option<UnderstoodToken>,
}

/// Judges a request.
///
/// # Errors
/// When the database does not answer.
pub async fn judge(auth: &Auth, request: &LogoutRequest) -> Result<Logout, Error> {
    let LogoutRequest { id_token_hint, client_id, post_logout_redirect_uri, state } = request;
    let parts = [id_token_hint, client_id, post_logout_redirect_uri, state];
    let is_too_large = parts.into_iter().flatten().map(String::len).sum::<usize>() > LARGEST;
    let base_url = &auth.config().base_url;
    let hint = id_token_hint.as_deref().filter(|_| !is_too_large);
    let hint = hint.and_then(|token| auth.keys().understand_id_token(token, base_url));
    let mut logout = Logout { app: None, back: None, destination: None, is_broken: is_too_large, hint: hint.clone() };
    logout.is_broken |= id_token_hint.is_some() && hint.is_none();
    logout.is_broken |= matches!((&hint, client_id), (Some(hint), Some(named)) if hint.aud != *named);
    let Some(named) = hint.as_ref().map(|hint| hint.aud.clone()).or_else(|| client_id.clone()) else {
        return Ok(logout);
    };
    if logout.is_broken {
        return Ok(logout);
    }
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            let Some(stored) = apps::by_client_id(c, &named).await? else { return Ok(None) };
            let client = openid_clients::of_app(c, &stored.app.id).await?;
            Ok(Some((stored.app, client)))
        })
    });
    let Some((app, client)) = found.await? else {
        // An app that was removed since has nowhere to go back to.
        logout.is_broken = post_logout_redirect_uri.is_some();
        return Ok(logout);
    };
    logout.app = Some(app);
    // Who shows no token of ours may be anybody: it is named on the page, and the browser stays here.
    if let (Some(wanted), Some(_)) = (post_logout_redirect_uri, &logout.hint) {
        match client.post_logout_redirect_uris.iter().find(|known| known.as_str() == wanted) {
            Some(known) => {
                logout.back = Some(with_state(known, state.as_deref()));
                logout.destination = Some(known.destination().to_string());
            }
            None => logout.is_broken = true,
        }
    }
    Ok(logout)
}

/// Whether the id token that the app shows is of this very session, so that nobody else is meant (FAC-144).
///
/// # Errors
/// When the database does not answer.
pub async fn is_of_session(auth: &Auth, logout: &Logout, session: &Session) -> Result<bool, Error> {
    let (Some(hint), Some(app)) = (&logout.hint, &logout.app) else { return Ok(false) };
    let (session, app) = (session.id.clone(), app.id.clone());
    let known = auth.store().look_up(move |c| Box::pin(async move { app_sessions::of_app(c, &session, &app).await }));
    let known = known.await?;
    Ok(known.is_some_and(|known| Some(&known.sid) == hint.sid.as_ref() && known.subject == hint.sub))
}

fn with_state(uri: &RedirectUri, state: Option<&str>) -> String {
    match state {
        Some(state) => uri.respond(&[("state", state)]),
        None => uri.as_str().to_owned(),
    }
}
