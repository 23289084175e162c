//! An app's authorization request is checked: find the app, admit its redirect URI, check the rest (Mastodon §5.2).
//!
//! Every road into a sign-in checks here, in this order. A failed check is a [`RequestProblem`], which each surface tells in
//! the texts of its own contract.

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::app::App;
use crate::model::authorization::{AuthorizationRequest, CheckedRequest, RequestProblem, ReturnPath};
use crate::model::pkce::ChallengeProblem;
use crate::model::redirect_uri::RedirectUri;
use crate::store::apps;
use crate::texts;

/// What becomes of parameters that a request leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Omitted {
    /// What is required must be there.
    Refused,
    /// The app's registration supplies them (Lysand §8).
    FromRegistration,
}

/// Why there is no checked request.
#[derive(Debug)]
pub(crate) enum RequestError {
    /// A check failed. The app may be told where a return path is known: once its redirect URI was admitted.
    Refused(RequestProblem, Option<ReturnPath>),
    /// The database does not answer.
    Failed(Error),
}

impl From<Error> for RequestError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<RequestProblem> for RequestError {
    fn from(problem: RequestProblem) -> Self {
        Self::Refused(problem, None)
    }
}

impl RequestError {
    /// The error of a surface: `own` has its refusals, and Mastodon's stand for all others.
    pub(crate) fn told(self, own: impl FnOnce(RequestProblem) -> Option<Error>) -> Error {
        match self {
            Self::Refused(problem, _) => own(problem).unwrap_or_else(|| mastodon(problem)),
            Self::Failed(error) => error,
        }
    }
}

/// Lysand's refusals of the redirect URI and the scope, wherever its routes check a request (Lysand §5, §7, §8).
pub(crate) fn lysand(problem: RequestProblem) -> Option<Error> {
    match problem {
        RequestProblem::RedirectUri => Some(Error::refused(Code::InvalidRequest, texts::REDIRECT_URI_MISMATCH)),
        RequestProblem::Scope => Some(Error::refused(Code::InvalidScope, texts::INVALID_SCOPE)),
        // Not with a redirect that would carry all of it.
        RequestProblem::TooLarge => Some(Error::refused(Code::Validation, texts::REQUEST_TOO_LARGE)),
        _ => None,
    }
}

/// Checks the request of a sign-in: all of `client_id`, `redirect_uri`, `response_type` and `scope` must be there.
///
/// # Errors
/// 422 for what is missing, 400 for an unknown client, then as Lysand §5 lists them.
pub(crate) async fn check_sign_in(auth: &Auth, request: &AuthorizationRequest) -> Result<(App, CheckedRequest), Error> {
    for (name, value) in [
        ("client_id", &request.client_id),
        ("redirect_uri", &request.redirect_uri),
        ("response_type", &request.response_type),
        ("scope", &request.scope),
    ] {
        if value.is_none() {
            return Err(Error::required(name));
        }
    }
    let checked = check(auth, request, Omitted::Refused).await;
    checked.map_err(|error| {
        error.told(|problem| match problem {
            RequestProblem::UnknownClient => Some(Error::refused(Code::UnknownApplication, "Invalid application")),
            other => lysand(other),
        })
    })
}

/// Mastodon's refusal of a request (Mastodon §5.2).
pub(crate) fn mastodon(problem: RequestProblem) -> Error {
    match problem {
        RequestProblem::MissingClient => Error::missing_client_id(),
        RequestProblem::UnknownClient => Error::invalid_client(),
        RequestProblem::RedirectUri => {
            Error::refused(Code::InvalidRedirectUri, "The redirect uri included is not valid.")
        }
        RequestProblem::PromptNone => Error::refused(Code::InvalidRequest, "The prompt none must stand alone."),
        RequestProblem::MaxAge => Error::refused(Code::InvalidRequest, "The max_age must be a number of seconds."),
        RequestProblem::RequestObject => {
            Error::refused(Code::RequestNotSupported, "The parameter request is not supported.")
        }
        RequestProblem::RequestUri => {
            Error::refused(Code::RequestUriNotSupported, "The parameter request_uri is not supported.")
        }
        RequestProblem::IdTokenHint => {
            Error::refused(Code::InvalidRequest, "The id_token_hint is not a token of this server.")
        }
        RequestProblem::Registration => {
            Error::refused(Code::RegistrationNotSupported, "The parameter registration is not supported.")
        }
        RequestProblem::ForeignResource => Error::invalid_target(),
        RequestProblem::GrantNotRegistered => Error::grant_not_registered(),
        RequestProblem::MissingResponseType => Error::missing("response_type"),
        RequestProblem::UnsupportedResponseType => {
            Error::refused(Code::UnsupportedResponseType, texts::UNSUPPORTED_RESPONSE_TYPE)
        }
        RequestProblem::UnsupportedResponseMode => Error::refused(
            Code::UnsupportedResponseMode,
            "The authorization server does not support this response mode.",
        ),
        RequestProblem::Scope => Error::invalid_scope(),
        RequestProblem::Challenge(ChallengeProblem::Method) => {
            Error::refused(Code::InvalidCodeChallengeMethod, texts::PKCE_METHOD_NOT_S256)
        }
        RequestProblem::Challenge(ChallengeProblem::Malformed) => Error::refused(
            Code::InvalidCodeChallenge,
            "The code_challenge must be the base64url-encoded SHA-256 of the verifier: 43 characters.",
        ),
        RequestProblem::MissingChallenge => Error::missing("code_challenge"),
        RequestProblem::TooLarge => Error::refused(Code::InvalidRequest, texts::REQUEST_TOO_LARGE),
    }
}

/// The app of a request, and the request once every check passed.
pub(crate) async fn check(
    auth: &Auth,
    request: &AuthorizationRequest,
    omitted: Omitted,
) -> Result<(App, CheckedRequest), RequestError> {
    request.check_size()?;
    let app = find_app(auth, request).await?;
    let completed;
    let request = match omitted {
        Omitted::Refused => request,
        Omitted::FromRegistration => {
            completed = complete(request, &app);
            &completed
        }
    };
    let redirect_uri = admit_redirect(auth, request, &app)?;
    let config = auth.config();
    let checked = match request.resources.iter().all(|resource| config.base_url.covers(resource)) {
        true => request.check(&app, redirect_uri.clone(), &config.oauth, &config.scopes),
        false => Err(RequestProblem::ForeignResource),
    };
    match checked {
        Ok(checked) => Ok((app, checked)),
        Err(problem) => Err(RequestError::Refused(problem, Some(request.return_path(&app, redirect_uri)))),
    }
}

/// Where an answer to a request may be sent: checks 1 to 3 alone.
pub(crate) async fn return_path(auth: &Auth, request: &AuthorizationRequest) -> Result<ReturnPath, RequestError> {
    request.check_size()?;
    let app = find_app(auth, request).await?;
    Ok(request.return_path(&app, admit_redirect(auth, request, &app)?))
}

async fn find_app(auth: &Auth, request: &AuthorizationRequest) -> Result<App, RequestError> {
    let client_id = request.client_id.clone().ok_or(RequestProblem::MissingClient)?;
    let stored =
        auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &client_id).await })).await?;
    Ok(stored.ok_or(RequestProblem::UnknownClient)?.app)
}

fn admit_redirect(auth: &Auth, request: &AuthorizationRequest, app: &App) -> Result<RedirectUri, RequestProblem> {
    app.admit_redirect(request.redirect_uri.as_deref(), auth.config().oauth.redirect_match)
        .ok_or(RequestProblem::RedirectUri)
}

/// The request, completed from what the app registered (Lysand §8).
fn complete(request: &AuthorizationRequest, app: &App) -> AuthorizationRequest {
    let mut request = request.clone();
    if let ([only], None) = (app.redirect_uris.as_slice(), &request.redirect_uri) {
        request.redirect_uri = Some(only.as_str().to_owned());
    }
    request.response_type.get_or_insert_with(|| "code".into());
    request.scope.get_or_insert_with(|| app.scopes.to_string());
    request
}
