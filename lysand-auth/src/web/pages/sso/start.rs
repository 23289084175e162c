//! A browser is sent to an identity provider, to sign in there (Lysand §8).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::sso;
use crate::model::authorization::AuthorizationRequest;
use crate::web::kit::page::View;
use crate::web::kit::provider_redirect::redirect_to_provider;
use crate::web::pages::authorization_request::{ECHOED, as_validation_error, request_without_scope};
use crate::web::pages::login_redirect::to_login_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request::{issuer, same_origin, source};

/// `GET /oauth/sso`: a plain link starts a sign-in (Lysand §8)
pub(crate) async fn start(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let provider = as_validation_error(params.text("issuer"));
    Ok(begin(&auth, &req, &params, provider).await)
}

/// `POST /oauth/sso`
pub(crate) async fn start_by_form(
    auth: Data<Auth>,
    req: HttpRequest,
    received: Received,
) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let provider = same_origin(&req, &auth).and_then(|()| as_validation_error(params.text("issuer")));
    Ok(begin(&auth, &req, &params, provider).await)
}

/// `POST /oauth/sso/:issuer`
pub(crate) async fn start_at(auth: Data<Auth>, req: HttpRequest, received: Received) -> Result<HttpResponse, ApiError> {
    let params = received.0?;
    let provider = same_origin(&req, &auth).map(|()| Some(issuer(&req)));
    Ok(begin(&auth, &req, &params, provider).await)
}

async fn begin(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    provider: Result<Option<String>, Error>,
) -> HttpResponse {
    let outcome = async {
        params.require_known_type()?;
        let (provider, request) = (provider?, as_validation_error(request(params))?);
        let departure = sso::sign_in(auth, provider.as_deref(), request, source(req, auth.config())).await?;
        redirect_to_provider(auth, &departure)
    };
    match outcome.await {
        Ok(reply) => reply,
        Err(error) => {
            let echoed = params.echo(&[&ECHOED[..], &["issuer"]].concat());
            to_login_page(View::new(auth, req, &params.reader(req)), echoed, error).await
        }
    }
}

/// The authorization request; its scope in any of the shapes that frontends send (Lysand §2).
fn request(params: &Params) -> Result<AuthorizationRequest, Error> {
    let scope = match params.words("scope")? {
        None => params.words("scopes")?,
        some => some,
    };
    Ok(AuthorizationRequest { scope, ..request_without_scope(params)? })
}
