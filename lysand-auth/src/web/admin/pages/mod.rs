//! The pages of the people who run the server (people PPL-151 to PPL-155).

mod account;
mod accounts;
mod act;
mod home;
mod requests;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin;
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{Page, Reader, StaffFrame};
use crate::model::account::{Account, Role, Standing};
use crate::texts;
use crate::web::kit::headers::AnswerKind;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::routes::{Routes, get, post};
use crate::web::kit::session;
use crate::web::kit::surfaces::Surface;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};

const HOME: &str = "/admin";
const REQUESTS: &str = "/admin/requests";
const ACCOUNTS: &str = "/admin/accounts";

/// The pages.
pub(super) fn routes(auth: &Auth) -> Routes {
    Routes::new(auth, AnswerKind::Page)
        .of(Surface::Admin)
        .with_form_session()
        .route(HOME, [get(home::page)])
        .route(REQUESTS, [get(requests::page), post(requests::submit)])
        .route(ACCOUNTS, [get(accounts::page)])
        .route("/admin/accounts/{id}", [get(account::page), post(account::submit)])
        .route("/admin/accounts/{id}/{act}", [get(act::page), post(act::submit)])
        .route("/admin/{tail}*", [get(nothing)])
}

/// Somebody of the staff in a browser, or the answer for everybody else.
enum Visitor {
    Staff(Box<SignedInBrowser>),
    Other(HttpResponse),
}

/// Who looks at a page: whoever is not signed in goes to the sign-in page and comes back; everybody else but staff is refused.
async fn visitor(auth: &Auth, req: &HttpRequest, reader: &Reader) -> Result<Visitor, Error> {
    let Some(browser) = session::optional(auth, req.headers()).await?.0 else {
        let sign_in = with_query(&auth.config().base_url.join("/account/sign-in"), [("return_to", req.path())]);
        return Ok(Visitor::Other(redirect(&reader.keep(&sign_in))));
    };
    staff_only(&browser)?;
    Ok(Visitor::Staff(Box::new(browser)))
}

fn staff_only(browser: &SignedInBrowser) -> Result<(), Error> {
    let is_staff = admin::require_staff(&browser.account).is_ok();
    if is_staff { Ok(()) } else { Err(Error::refused(Code::Forbidden, texts::FOR_STAFF)) }
}

/// Where the pages are, and how much waits.
async fn frame<'a>(auth: &Auth, reader: &Reader, staff: &'a Account) -> Result<StaffFrame<'a>, Error> {
    let place = |path| reader.keep(&auth.config().base_url.join(path));
    Ok(StaffFrame {
        username: &staff.username,
        home: place(HOME),
        requests: place(REQUESTS),
        waiting: admin::waiting(auth).await?,
        accounts: place(ACCOUNTS),
        account: place("/account"),
    })
}

/// `GET /admin/…`: nothing is there, and only staff learns that.
async fn nothing(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let reply = async {
        let reader = received.0?.reader(&req);
        match visitor(&auth, &req, &reader).await? {
            Visitor::Staff(_) => Err(Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND)),
            Visitor::Other(reply) => Ok(reply),
        }
    };
    rendered(reply.await, &auth, &req).await
}

async fn rendered(reply: Result<HttpResponse, Error>, auth: &Auth, req: &HttpRequest) -> HttpResponse {
    PageError::render_or(reply.map_err(PageError::from), auth, req, &Params::of_query(req)).await
}

/// A page with this status.
async fn shown(auth: &Auth, req: &HttpRequest, reader: &Reader, page: &Page<'_>, is_wrong: bool) -> HttpResponse {
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    show(View::new(auth, req, reader), page, status, &[]).await
}

/// Whether an account may act, in words.
fn state_words(account: &Account) -> &'static str {
    match account.standing {
        Standing::Disabled => texts::STATE_DISABLED,
        Standing::Suspended => texts::STATE_SUSPENDED,
        _ if account.email.as_ref().is_some_and(|email| !email.confirmed) => texts::STATE_UNCONFIRMED,
        Standing::Pending => texts::STATE_PENDING,
        Standing::Active => texts::STATE_ACTIVE,
    }
}

/// The role in words.
fn role_words(role: Role) -> &'static str {
    crate::flows::staff::role_name(role)
}
