//! The home page learns what became of a link (Lysand §9.2).

use actix_web::HttpResponse;

use crate::auth::Auth;
use crate::error::{Code, Refusal};
use crate::web::wire::redirect::{redirect, with_query};

/// `/?oidc_account_linked=true`
pub(crate) fn linked(auth: &Auth) -> HttpResponse {
    redirect(&with_query(&auth.config().home_page(), [("oidc_account_linked", "true")]))
}

/// `/?oidc_account_linking_error=…`
pub(crate) fn not_linked(auth: &Auth, refusal: &Refusal) -> HttpResponse {
    let title = match refusal.code {
        Code::AlreadyLinked => "Account already linked",
        _ => "Account linking error",
    };
    let pairs = [("oidc_account_linking_error", title), ("oidc_account_linking_error_message", &*refusal.why)];
    redirect(&with_query(&auth.config().home_page(), pairs))
}
