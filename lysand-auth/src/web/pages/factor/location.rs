//! Where a browser goes that has to prove more (FAC-40, FAC-41).

use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use crate::auth::Auth;
use crate::error::{Error, PendingClaim};
use crate::flows::factors::pending::{self, PendingView, Standing};
use crate::flows::factors::sign_in::BeforeSession;
use crate::host::pages::Reader;
use crate::model::factors::return_to;
use crate::web::pages::factor::entity;
use crate::web::wire::cookies;
use crate::web::wire::redirect::{lang, pairs, redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// Our own page.
pub(crate) const FACTOR: &str = "/oauth/factor";
/// Our own page for whoever has none of the factors any more.
pub(super) const WAY_BACK: &str = "/oauth/factor/way_back";
/// Our own page where a second factor is set up that has to be there.
pub(super) const ENROL: &str = "/oauth/enrol";
/// Our own page where the owner says what of the other ways in stays.
pub(super) const REVIEW: &str = "/oauth/review";
/// From where a sign-in goes on, whatever it lacks (FAC-30).
pub(crate) const CONTINUE: &str = "/oauth/continue";

/// Leads a browser to the page that asks for what is missing, with the cookie by which it goes on; a program is told what is
/// asked for.
pub(crate) async fn to_factor(auth: &Auth, req: &HttpRequest, reader: &Reader, claim: &PendingClaim) -> HttpResponse {
    let reply = async {
        let view = match pending::look(auth, claim).await? {
            Standing::Open(view) => *view,
            _ => return Err(Error::failed("a sign-in that began a moment ago is over")),
        };
        let page = page_of(auth, reader, &view, None);
        let mut reply = match request::wants_json(req.headers()) {
            true => entity::open(&view, &page),
            false => redirect(&page),
        };
        cookies::put_pending(auth, req.headers(), &mut reply, claim)?;
        Ok(reply)
    };
    reply.await.unwrap_or_else(|error| ApiError(error).error_response())
}

/// The address of the page that asks for what is missing: the frontend's with all that it may want to know, or our own.
pub(crate) fn page_of(auth: &Auth, reader: &Reader, view: &PendingView, error: Option<(&str, &str)>) -> String {
    let (page, is_of_frontend) = match view.lacks {
        Some(BeforeSession::Factor) => auth.config().page_named("factor"),
        Some(BeforeSession::Enrolment) => auth.config().page_named("enrol"),
        Some(BeforeSession::Review) => (auth.config().base_url.join(REVIEW), false),
        Some(BeforeSession::Password) => (auth.config().password_reset_page(), false),
        None => (auth.config().base_url.join(CONTINUE), false),
    };
    let mut query = vec![("pending", view.id.as_str())];
    if let Some(token) = &view.new_password {
        query.extend([("token", token.expose()), ("login_reset", "true")]);
    }
    let methods: Vec<&str> = view.methods.iter().map(|kind| kind.name()).collect();
    let methods = methods.join(" ");
    if is_of_frontend {
        query.extend(view.app.as_ref().map(|app| ("application", app.name.as_str())));
        query.push(("methods", methods.as_str()));
        query.extend(pairs(&view.request));
    }
    if let Some((name, why)) = error {
        query.extend([("error", name), ("error_description", why)]);
    }
    query.extend(lang(reader));
    with_query(&page, query)
}

/// Where a sign-in for no app leads: to the path that was asked for, or to the own account.
pub(super) fn place_of(auth: &Auth, request: &[(String, String)]) -> String {
    match return_to(request) {
        Some(path) => auth.config().base_url.join(path),
        None => auth.config().page_named("account").0,
    }
}
