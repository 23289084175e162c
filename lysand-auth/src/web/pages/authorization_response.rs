//! The authorization response: how the browser goes back to the app (RFC 6749 §4.1.2, RFC 9207).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};

use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::host::pages::{FormPostPage, Page, Reader};
use crate::model::authorization::{CheckedRequest, ResponseMode, ReturnPath};
use crate::secret::Secret;
use crate::web::kit::page;
use crate::web::wire::redirect::{lang, redirect, with_query};

/// The browser goes back to the app with an approved code.
pub(crate) fn approved(auth: &Auth, reader: &Reader, checked: &CheckedRequest, code: &Secret) -> HttpResponse {
    if checked.redirect_uri.is_out_of_band() {
        let place = auth.config().base_url.join("/oauth/authorize/native");
        return redirect(&with_query(&place, [("code", code.expose())].into_iter().chain(lang(reader))));
    }
    respond(auth, reader, &checked.return_path(), &[("code", code.expose())])
}

/// The browser goes back to the app with a no (Mastodon §5.6).
pub(crate) fn denied(auth: &Auth, reader: &Reader, path: &ReturnPath) -> HttpResponse {
    let why = "The resource owner or authorization server denied the request.";
    let refusal =
        Refusal { code: Code::AccessDenied, why: why.into(), retry_after: None, needed: None, allowance: None };
    if path.redirect_uri.is_out_of_band() {
        return page::error_page(auth, reader, &Error::Refused(refusal), None);
    }
    error_to_app(auth, reader, path, &refusal)
}

/// The browser goes back to the app with an error (RFC 6749 §4.1.2.1, DEV-15).
pub(crate) fn error_to_app(auth: &Auth, reader: &Reader, path: &ReturnPath, refusal: &Refusal) -> HttpResponse {
    respond(auth, reader, path, &[("error", refusal.code.oauth_name()), ("error_description", &*refusal.why)])
}

/// The authorization response: what the app came for, then `state`, then `iss` (RFC 9207). Clients look for `code` first
/// (Mastodon §3).
fn respond(auth: &Auth, reader: &Reader, path: &ReturnPath, outcome: &[(&str, &str)]) -> HttpResponse {
    let issuer = auth.config().base_url.issuer();
    let mut pairs = outcome.to_vec();
    pairs.extend(path.state.as_deref().map(|state| ("state", state)));
    pairs.push(("iss", &issuer));
    let mut reply = match path.mode {
        ResponseMode::Query => redirect(&path.redirect_uri.respond(&pairs)),
        ResponseMode::Fragment => redirect(&path.redirect_uri.respond_in_fragment(&pairs)),
        ResponseMode::FormPost => {
            let form = FormPostPage { action: &path.redirect_uri.without_response(), fields: &pairs };
            page::show(auth, reader, &Page::FormPost(form), StatusCode::OK, &[])
        }
    };
    reply.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}
