//! A browser is sent to an identity provider, to sign in there (Lysand §8).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::sso;
use crate::model::authorization::AuthorizationRequest;
use crate::web::kit::page::{View, error_page_or_json};
use crate::web::kit::provider_redirect::redirect_to_provider;
use crate::web::pages::authorization_request::{ECHOED, as_validation_error, request_without_scope};
use crate::web::pages::login_redirect::to_login_page;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::request::{issuer, same_origin, source};

/// `GET /oauth/sso`: a plain link starts a sign-in (Lysand §8)
pub(crate) async fn start(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    started(&auth, &req, received, |params| as_validation_error(params.text("issuer"))).await
}

/// `POST /oauth/sso`
pub(crate) async fn start_by_form(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let provider = |params: &Params| {
        same_origin(&req, &auth)?;
        as_validation_error(params.text("issuer"))
    };
    started(&auth, &req, received, provider).await
}

/// `POST /oauth/sso/:issuer`
pub(crate) async fn start_at(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    started(&auth, &req, received, |_| same_origin(&req, &auth).map(|()| Some(issuer(&req)))).await
}

/// Begins where the parameters can be read; otherwise a person sees a page, and a program JSON (faults A12).
async fn started(
    auth: &Auth,
    req: &HttpRequest,
    received: Received,
    provider: impl FnOnce(&Params) -> Result<Option<String>, Error>,
) -> HttpResponse {
    match received.0 {
        Ok(params) => begin(auth, req, &params, provider(&params)).await,
        Err(error) => {
            let reader = Params::of_query(req).reader(req);
            error_page_or_json(View::new(auth, req, &reader), error).await
        }
    }
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
