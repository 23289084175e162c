//! The home page learns what became of a link (Lysand §9.2).

use actix_web::HttpResponse;

use crate::auth::Auth;
use crate::error::Refusal;
use crate::web::kit::link_result;
use crate::web::wire::redirect::{redirect, with_query};

/// `/?oidc_account_linked=true`
pub(crate) fn linked(auth: &Auth) -> HttpResponse {
    redirect(&with_query(&auth.config().home_page(), link_result::linked()))
}

/// `/?oidc_account_linking_error=…`
pub(crate) fn not_linked(auth: &Auth, refusal: &Refusal) -> HttpResponse {
    redirect(&with_query(&auth.config().home_page(), link_result::not_linked(refusal)))
}
