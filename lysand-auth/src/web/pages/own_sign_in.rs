//! How a sign-in by a road of the host's own goes on.

use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Error, PendingClaim};
use crate::flows::login::Missing;
use crate::flows::sessions::SignedIn;
use crate::web::kit::page::View;
use crate::web::pages::authorization_request::{another_was_meant, consent_location, whole_request};
use crate::web::pages::authorization_response::approved;
use crate::web::pages::factor::location::to_factor;
use crate::web::wire::cookies;
use crate::web::wire::params::Params;
use crate::web::wire::redirect::redirect;

/// The answer to a sign-in that a host began with [`sessions::begin`](crate::flows::sessions::begin): the sign-in cookie, and
/// the way to the consent page, or back to the app.
///
/// # Errors
/// When the cookie fits into no header.
pub async fn finish_sign_in(auth: &Auth, req: &HttpRequest, signed_in: &SignedIn) -> Result<HttpResponse, Error> {
    let SignedIn { app, request, step, .. } = signed_in;
    let reader = Params::of_query(req).reader(req);
    let mut reply = match step.missing {
        None => approved(View::new(auth, req, &reader), &request.return_path(app), &step.code).await,
        Some(Missing::AccountMeant) => redirect(&another_was_meant(auth, app, request)),
        Some(_) => redirect(&consent_location(auth, app, &whole_request(app, request), &step.code)),
    };
    cookies::put_sign_in(auth, &mut reply, signed_in)?;
    Ok(reply)
}

/// The answer to a sign-in that a host began and that lacks a second proof: what [`sessions::begin`](crate::flows::sessions::begin)
/// refuses with has it in [`Refusal::pending`](crate::error::Refusal::pending). The page that asks for it leads on to consent, or
/// back to the app.
pub async fn to_second_step(auth: &Auth, req: &HttpRequest, pending: &PendingClaim) -> HttpResponse {
    to_factor(auth, req, &Params::of_query(req).reader(req), pending).await
}
