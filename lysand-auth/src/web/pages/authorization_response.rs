//! The authorization response: how the browser goes back to the app (RFC 6749 §4.1.2, RFC 9207).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};

use crate::error::{Code, Error, Refusal};
use crate::host::pages::{FormPostPage, LinkOnPage, Page};
use crate::model::authorization::{ResponseMode, ReturnPath};
use crate::secret::Secret;
use crate::web::kit::page::{self, View};
use crate::web::wire::redirect::{lang, redirect, with_query};

/// The browser goes back to the app with an approved code.
pub(crate) async fn approved(view: View<'_>, path: &ReturnPath, code: &Secret) -> HttpResponse {
    if path.redirect_uri.is_out_of_band() {
        let place = view.auth.config().base_url.join("/oauth/authorize/native");
        return redirect(&with_query(&place, [("code", code.expose())].into_iter().chain(lang(view.reader))));
    }
    respond(view, path, &[("code", code.expose())]).await
}

/// The browser goes back to the app with a no (Mastodon §5.6).
pub(crate) async fn denied(view: View<'_>, path: &ReturnPath) -> HttpResponse {
    let why = "The resource owner or authorization server denied the request.";
    let refusal = Refusal::new(Code::AccessDenied, why);
    if path.redirect_uri.is_out_of_band() {
        return page::error_page(view, &Error::Refused(refusal), None).await;
    }
    error_to_app(view, path, &refusal).await
}

/// The browser goes back to the app with an error (RFC 6749 §4.1.2.1, DEV-15).
pub(crate) async fn error_to_app(view: View<'_>, path: &ReturnPath, refusal: &Refusal) -> HttpResponse {
    respond(view, path, &[("error", refusal.code.oauth_name()), ("error_description", &*refusal.why)]).await
}

/// The person sees the error, and may go back to the app by a link: nobody ever let it in here, and a stranger's app is not
/// what a link to this server shall lead to at once (faults F11).
pub(crate) async fn error_on_page(view: View<'_>, path: &ReturnPath, refusal: &Refusal) -> HttpResponse {
    let host = path.redirect_uri.destination().to_string();
    let outcome = [("error", refusal.code.oauth_name()), ("error_description", &*refusal.why)];
    let pairs = pairs_of(view, path, &outcome);
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let address = match path.mode {
        ResponseMode::Query => Some(path.redirect_uri.respond(&pairs)),
        ResponseMode::Fragment => Some(path.redirect_uri.respond_in_fragment(&pairs)),
        // A link posts nothing.
        ResponseMode::FormPost => None,
    };
    let app = address.as_deref().map(|address| LinkOnPage::new(&host, address));
    page::error_page_about(view, &Error::Refused(refusal.clone()), None, app).await
}

/// The authorization response: what the app came for, then `state`, then `iss` where it is expected (RFC 9207, faults A2). Clients look for `code` first
/// (Mastodon §3).
async fn respond(view: View<'_>, path: &ReturnPath, outcome: &[(&str, &str)]) -> HttpResponse {
    let pairs = pairs_of(view, path, outcome);
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let mut reply = match path.mode {
        ResponseMode::Query => redirect(&path.redirect_uri.respond(&pairs)),
        ResponseMode::Fragment => redirect(&path.redirect_uri.respond_in_fragment(&pairs)),
        ResponseMode::FormPost => {
            let form = FormPostPage { action: &path.redirect_uri.without_response(), fields: &pairs };
            page::show(view, &Page::FormPost(form), StatusCode::OK, &[]).await
        }
    };
    reply.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    reply
}

fn pairs_of<'a>(view: View<'_>, path: &ReturnPath, outcome: &[(&'a str, &str)]) -> Vec<(&'a str, String)> {
    let mut pairs: Vec<_> = outcome.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    pairs.extend(path.state.clone().map(|state| ("state", state)));
    pairs.extend(path.names_issuer.then(|| ("iss", view.auth.config().base_url.issuer())));
    pairs
}
