//! How a sign-in by a road of the host's own goes on.

use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::sessions::SignedIn;
use crate::web::kit::page::View;
use crate::web::pages::authorization_request::{consent_location, request_pairs};
use crate::web::pages::authorization_response::approved;
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
        None => approved(View::new(auth, req, &reader), request, &step.code).await,
        Some(_) => {
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            let mut pairs: Vec<_> = request_pairs(app, request).into_iter().map(owned).collect();
            pairs.push(("scope".to_owned(), request.scopes.to_string()));
            redirect(&consent_location(auth, app, &pairs, &step.code))
        }
    };
    cookies::put_sign_in(auth, &mut reply, signed_in)?;
    Ok(reply)
}
