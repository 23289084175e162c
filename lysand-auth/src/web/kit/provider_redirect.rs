//! Sending a browser to an identity provider, with the cookie by which the callback knows it again.

use actix_web::HttpResponse;

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::sso::Departure;
use crate::web::wire::cookies;
use crate::web::wire::redirect::redirect;

/// Redirects to a provider, with the cookie by which the callback knows the browser again: for a host's own pages.
///
/// # Errors
/// When the cookie or the address fits into no header.
pub fn redirect_to_provider(auth: &Auth, departure: &Departure) -> Result<HttpResponse, Error> {
    let mut reply = redirect(&departure.location);
    remember(auth, &mut reply, departure)?;
    Ok(reply)
}

/// Gives the browser the cookie by which the callback knows it again.
pub(crate) fn remember(auth: &Auth, reply: &mut HttpResponse, departure: &Departure) -> Result<(), Error> {
    match &departure.browser {
        Some(secret) => cookies::set_flow_cookie(auth, reply, &departure.flow_id, secret),
        None => Ok(()),
    }
}
