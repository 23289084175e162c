//! What programs get that sign somebody in, in place of pages and redirects (FAC-42 to FAC-44).

use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use serde_json::{Value, json};

use super::entity;
use crate::auth::Auth;
use crate::error::{Error, Refusal};
use crate::flows::factors::sign_in::SignedIn;
use crate::flows::waiting::{self, WaitingState};
use crate::web::pages::authorization_request::whole_request;
use crate::web::pages::login_redirect::to_waiting_page;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::{pairs, with_query};
use crate::web::wire::reply::ApiError;

/// Somebody is signed in: where a browser would go, with the cookies of that redirect. The members of `along` are told beside.
pub(crate) fn signed_in(auth: &Auth, signed_in: &SignedIn, redirect: &HttpResponse, along: Value) -> HttpResponse {
    let account = &signed_in.account;
    let mut more = json!({ "account": { "username": account.username, "display_name": account.display_name } });
    // An answer that a browser posts to the app is no address: the request leads there once more.
    if !redirect.status().is_redirection() {
        let asked = whole_request(&signed_in.app, &signed_in.request);
        more["next"] = with_query(&auth.config().base_url.join("/oauth/authorize"), pairs(&asked)).into();
    }
    if let (Some(more), Value::Object(along)) = (more.as_object_mut(), along) {
        more.extend(along);
    }
    entity::finished(redirect, "done", more)
}

/// The first proof, or the second one, was right, and something else is missing: an address, or an approval.
pub(crate) async fn elsewhere(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    refusal: &Refusal,
) -> Option<(HttpResponse, &'static str, Value)> {
    let reader = params.reader(req);
    let token = refusal.waiting_token.as_ref()?;
    let state = waiting::state(auth, token).await.unwrap_or(WaitingState::Pending);
    let status = if state == WaitingState::Unconfirmed { "email" } else { "approval" };
    Some((to_waiting_page(auth, &reader, refusal), status, json!({ "waiting_token": token.expose() })))
}

/// The refusal of a first proof.
pub(crate) async fn refused(auth: &Auth, req: &HttpRequest, params: &Params, error: Error) -> HttpResponse {
    let Error::Refused(refusal) = error else { return ApiError(error).error_response() };
    match elsewhere(auth, req, params, &refusal).await {
        Some((reply, status, more)) => entity::finished(&reply, status, more),
        None => entity::refused(&refusal, None),
    }
}
