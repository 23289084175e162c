//! An authorization request as addresses carry it: read from parameters, written into the addresses of pages.

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::authorize;
use crate::model::app::App;
use crate::model::authorization::{AuthorizationRequest, CheckedRequest, RequestProblem};
pub(crate) use crate::model::authorization::{request_pairs, whole_request};
use crate::secret::Secret;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::{pairs, with_query};

/// What a redirect to a page carries along of the request (Lysand §1, query echo).
pub(crate) const ECHOED: [&str; 14] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "nonce",
    "acr_values",
    "response_mode",
    "account_hint",
    "lang",
];

/// The authorization request among the parameters.
pub(crate) fn request(params: &Params) -> Result<AuthorizationRequest, Error> {
    Ok(AuthorizationRequest { scope: params.text("scope")?, ..request_without_scope(params)? })
}

/// The same without the scope, which some routes take in other shapes.
pub(crate) fn request_without_scope(params: &Params) -> Result<AuthorizationRequest, Error> {
    params.require_equal_repeats(&["force_login", "lang", "prompt", "max_age"])?;
    Ok(AuthorizationRequest {
        client_id: params.text("client_id")?,
        redirect_uri: params.text("redirect_uri")?,
        response_type: params.text("response_type")?,
        response_mode: params.text("response_mode")?,
        scope: None,
        state: params.text("state")?,
        code_challenge: params.text("code_challenge")?,
        code_challenge_method: params.text("code_challenge_method")?,
        nonce: params.text("nonce")?,
        acr_values: params.text("acr_values")?,
        id_token_hint: params.text("id_token_hint")?,
        account_hint: params.text("account_hint")?,
        resources: params.every_text("resource")?,
        unsupported: unsupported(params),
    })
}

/// A parameter of the wrong shape is a 422 on Lysand's routes (Lysand §1).
pub(crate) fn as_validation_error<T>(read: Result<T, Error>) -> Result<T, Error> {
    read.map_err(|error| match error {
        Error::Refused(refusal) => Error::refused(Code::Validation, format!("Validation error: {}", refusal.why)),
        failed @ Error::Failed(_) => failed,
    })
}

/// The request with the scope that it comes to: pages and the login route need one (Lysand §3.1).
pub(crate) fn with_scope(mut echoed: Vec<(String, String)>, checked: &CheckedRequest) -> Vec<(String, String)> {
    if !echoed.iter().any(|(name, value)| name == "scope" && !value.trim().is_empty()) {
        echoed.retain(|(name, _)| name != "scope");
        echoed.push(("scope".into(), checked.scopes.to_string()));
    }
    if let Some(hint) = &checked.account_hint {
        echoed.retain(|(name, _)| name != "account_hint");
        echoed.push(("account_hint".into(), hint.clone()));
    }
    echoed
}

/// What a form was about, as far as anybody knows: the request behind its pending code, and what else of it came along. The
/// sign-in page then begins with all of it, whatever the form left out and became of the code (faults A1).
pub(crate) async fn request_of_form(auth: &Auth, params: &Params) -> Vec<(String, String)> {
    let sent = params.echo(&ECHOED);
    let Some(code) = params.last_text("code").map(Secret::new) else { return sent };
    let known = match authorize::asked(auth, &code).await {
        Ok(known) => known,
        Err(error) => {
            tracing::warn!(%error, "the request behind a form is not known");
            None
        }
    };
    let client_id = params.last_text("client_id");
    let Some((app, checked)) = known.filter(|(app, _)| client_id.is_none_or(|id| id == app.client_id)) else {
        return sent;
    };
    let mut pairs = whole_request(&app, &checked);
    pairs
        .extend(sent.into_iter().filter(|(name, _)| !pairs.iter().any(|(known, _)| known == name)).collect::<Vec<_>>());
    pairs
}

/// The words of `prompt`; those that nobody knows mean nothing (FAC-135).
pub(crate) fn prompts(params: &Params) -> Vec<String> {
    params.last_text("prompt").unwrap_or_default().split_ascii_whitespace().map(str::to_owned).collect()
}

/// What a request asks for by further parameters that is not done here (FAC-141, faults A8).
fn unsupported(params: &Params) -> Option<RequestProblem> {
    let asks_openid = || params.last_text("scope").is_some_and(|scope| scope.split(' ').any(|word| word == "openid"));
    let sent = |name: &str| params.last_text(name).is_some();
    match () {
        () if sent("request") => Some(RequestProblem::RequestObject),
        () if sent("request_uri") => Some(RequestProblem::RequestUri),
        () if sent("registration") && asks_openid() => Some(RequestProblem::Registration),
        () => None,
    }
}

/// The consent page's address: the app's name first, then the request, then the pending code (Lysand §5).
pub(crate) fn consent_location(auth: &Auth, app: &App, echoed: &[(String, String)], code: &Secret) -> String {
    let mut query = vec![("application", app.name.as_str())];
    query.extend(app.website.as_deref().map(|website| ("website", website)));
    query.extend(pairs(echoed));
    query.push(("code", code.expose()));
    with_query(&auth.config().consent_page(), query)
}

/// Where somebody goes on who signed in and is not whom the app meant (FAC-140): the request once more, which now can only be
/// answered by `login_required`.
pub(crate) fn another_was_meant(auth: &Auth, app: &App, checked: &CheckedRequest) -> String {
    let request = whole_request(app, checked);
    with_query(&auth.config().base_url.join("/oauth/authorize"), pairs(&request).chain([("prompt", "none")]))
}

/// The sign-in page's address, with a request.
pub(crate) fn login_location(auth: &Auth, echoed: &[(String, String)]) -> String {
    with_query(&auth.config().login_page(), pairs(echoed))
}
