//! How an app proves who it is: in the `Authorization` header or among the parameters (Mastodon §6.1).

use actix_web::HttpRequest;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::client::ClientClaim;
use crate::secret::Secret;
use crate::web::wire::params::Params;
use crate::web::wire::request;

/// The app's claim: its client id, and the secrets that may prove it.
pub(crate) fn claim(auth: &Auth, req: &HttpRequest, params: &Params) -> Result<ClientClaim, Error> {
    let basic = request::basic(req.headers());
    ClientClaim::read(basic.as_ref(), params.text("client_id")?, secret(auth, params, "client_secret")?)
}

/// A secret parameter; whether it may stand in the URL is the operator's to say (DEV-1).
pub(crate) fn secret(auth: &Auth, params: &Params, name: &str) -> Result<Option<Secret>, Error> {
    if !auth.config().oauth.secrets_in_query && params.is_in_query(name) {
        let why = format!("The parameter {name} must stand in the body of the request, not in its URL.");
        return Err(Error::refused(Code::InvalidRequest, why));
    }
    params.secret(name)
}
