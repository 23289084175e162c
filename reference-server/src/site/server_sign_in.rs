//! Signing in to this server itself, without an app: to a page of its own, and back to it (faults B3).
//!
//! The server has an app of its own for that, about which nobody is asked, so a person comes through the same sign-in as
//! with any other app: providers, limits and all. Its code is never redeemed, and nobody keeps its secret.

use std::sync::{Mutex, PoisonError};

use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::Auth;
use lysand_auth::config::BaseUrl;
use lysand_auth::error::{Code, Error};
use lysand_auth::flows::apps::{self, App, Registration};
use lysand_auth::flows::authorize::{self, AuthorizationRequest, Interaction};
use lysand_auth::host::pages::Reader;
use lysand_auth::secret::Secret;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get_without_head};
use lysand_auth::web::{ApiError, reader};

use crate::paths::{ACCOUNT, HOME, SIGN_IN, SIGNED_IN};
use crate::settings::domain;
use crate::state::State;

/// All that the app may ask for. It never asks: its code buys nothing.
const SCOPE: &str = "profile";

/// The longest path that somebody is brought back to.
const MAX_PATH: usize = 1_024;

/// The app of this server, once it is known: its `client_id`.
#[derive(Debug, Default)]
pub struct OwnApp(Mutex<Option<String>>);

/// Redirects to the sign-in, and from there to `path`, one of our own.
pub(super) fn to_sign_in(state: &State, reader: &Reader, path: &str) -> HttpResponse {
    redirect(&state.settings.http.base_url, &reader.keep(&address(path)))
}

/// The address at which one signs in and comes back to `path`.
pub(super) fn address(path: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", path).finish();
    format!("{SIGN_IN}?{query}")
}

/// `GET /account/sign-in?return_to=PATH`
async fn begin(
    state: Data<State>,
    own: Data<OwnApp>,
    req: HttpRequest,
    query: Option<Query<Vec<(String, String)>>>,
) -> Result<HttpResponse, ApiError> {
    let base_url = &state.settings.http.base_url;
    let client_id = own.client_id(&state.auth, base_url).await?;
    let redirect_uri = base_url.join(SIGNED_IN);
    let reader = reader(&req);
    let place = in_language_of(&reader, own_path(value(query.as_deref(), "return_to")));
    // A challenge that nobody knows the verifier of: the code cannot be redeemed by anybody.
    let challenge = Secret::generate(state.auth.ambient());
    let request = [
        ("client_id", client_id.as_str()),
        ("redirect_uri", &redirect_uri),
        ("response_type", "code"),
        ("scope", SCOPE),
        ("state", &*place),
        ("code_challenge", challenge.expose()),
        ("code_challenge_method", "S256"),
    ];
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(request).finish();
    Ok(redirect(base_url, &reader.keep(&format!("/oauth/authorize?{query}"))))
}

/// `GET /account/signed-in`: the browser is back. The code is left to expire.
async fn arrive(state: Data<State>, query: Option<Query<Vec<(String, String)>>>) -> HttpResponse {
    // Whoever turned back, or came here by another way than the sign-in, is not sent round in circles.
    let place = match value(query.as_deref(), "code") {
        Some(_) => own_path(value(query.as_deref(), "state")),
        None => HOME,
    };
    redirect(&state.settings.http.base_url, place)
}

fn value<'a>(query: Option<&'a Vec<(String, String)>>, name: &str) -> Option<&'a str> {
    query?.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The page that asked for the sign-in, in the language that it was asked for in: it is the same one that comes back.
fn in_language_of(reader: &Reader, path: &str) -> String {
    let (_, query) = path.split_once('?').unwrap_or_default();
    let says_language = form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == "lang");
    let kept = if says_language { path.to_owned() } else { reader.keep(path) };
    if kept.len() <= MAX_PATH { kept } else { path.to_owned() }
}

/// A path of this server to come back to; the page of the own account in place of anything else (faults B3). A redirect puts our
/// own origin before it, so that it leads nowhere else even if it could be read in another way.
fn own_path(wanted: Option<&str>) -> &str {
    let is_own = |path: &&str| {
        let strange = |c: char| c == '\\' || c.is_control() || c.is_whitespace() || !c.is_ascii();
        path.starts_with('/') && !path.starts_with("//") && path.len() <= MAX_PATH && !path.contains(strange)
    };
    // The sign-in leads to itself no more than elsewhere.
    let is_sign_in = |path: &&str| path.starts_with(SIGN_IN) || path.starts_with(SIGNED_IN);
    wanted.filter(is_own).filter(|path| !is_sign_in(path)).unwrap_or(ACCOUNT)
}

fn redirect(base_url: &BaseUrl, path: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((actix_web::http::header::LOCATION, base_url.join(path)))
        .insert_header((actix_web::http::header::CACHE_CONTROL, "private, no-store"))
        .finish()
}

impl OwnApp {
    /// The app's `client_id`; the app is registered where that is still to do.
    async fn client_id(&self, auth: &Auth, base_url: &BaseUrl) -> Result<String, Error> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known
            && is_registered(auth, base_url, &known).await?
        {
            return Ok(known);
        }
        let (name, uri) = (domain(base_url), base_url.join(SIGNED_IN));
        let is_ours = |app: &App| app.skips_consent() && app.redirect_uris.iter().all(|known| known.as_str() == uri);
        let client_id = match apps::list(auth).await?.into_iter().find(is_ours) {
            Some(app) => app.client_id,
            None => {
                let mut registration = Registration::default();
                registration.name = Some(name.to_owned());
                registration.redirect_uris = vec![uri.clone()];
                registration.scopes = Some(SCOPE.to_owned());
                apps::register_first_party(auth, registration).await?.app.client_id
            }
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(client_id.clone());
        Ok(client_id)
    }
}

/// Whether no admin has removed the app meanwhile.
async fn is_registered(auth: &Auth, base_url: &BaseUrl, client_id: &str) -> Result<bool, Error> {
    let mut request = AuthorizationRequest::default();
    request.client_id = Some(client_id.to_owned());
    request.redirect_uri = Some(base_url.join(SIGNED_IN));
    request.response_type = Some("code".to_owned());
    match authorize::begin(auth, &request, None, Interaction::AsNeeded).await {
        Ok(_) => Ok(true),
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidClient => Ok(false),
        Err(error) => Err(error),
    }
}

/// The routes of the sign-in without an app.
pub fn routes(state: &State) -> Routes {
    Routes::new(&state.auth, AnswerKind::Page)
        .route(SIGN_IN, [get_without_head(begin)])
        .route(SIGNED_IN, [get_without_head(arrive)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_path_is_a_path_of_this_server_or_the_account_page() {
        for path in ["/", "/account", "/account?notice=old", "/a/b?c=d&e=%2F", "/@ada", "/%2F%2Fevil.example", "/a//b"]
        {
            assert_eq!(own_path(Some(path)), path);
        }
        for foreign in [
            "",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "\\/evil.example",
            "https://evil.example",
            "https:evil.example",
            "HTTPS://evil.example",
            "evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            " //evil.example",
            "\t//evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/a\r\nb",
            "/a\\..\\b",
            "@evil.example",
            ".evil.example",
            ":1@evil.example",
            "/ü",
            "/a b",
            "?a",
            "#a",
            "/account/sign-in",
            "/account/sign-in?return_to=/",
            "/account/signed-in?code=x",
        ] {
            assert_eq!(own_path(Some(foreign)), "/account", "{foreign:?}");
        }
        assert_eq!(own_path(Some(&format!("/{}", "x".repeat(MAX_PATH)))), "/account");
        assert_eq!(own_path(None), "/account");
    }
}
