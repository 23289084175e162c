//! What all pages for staff share: who may look, where the others are, and how they are shown.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sessions::SignedInBrowser;
use crate::flows::{admin, staff};
use crate::host::pages::{Page, Reader, StaffFrame, StaffPlace};
use crate::model::account::{Account, Role, Standing};
use crate::texts;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

pub(super) const HOME: &str = "/admin";
pub(super) const REQUESTS: &str = "/admin/requests";
pub(super) const ACCOUNTS: &str = "/admin/accounts";
pub(super) const INVITATIONS: &str = "/admin/invitations";
pub(super) const APPS: &str = "/admin/apps";
pub(super) const MAIL: &str = "/admin/mail";
pub(super) const EVENTS: &str = "/admin/events";
pub(super) const SETTINGS: &str = "/admin/settings";
pub(super) const BLOCKS: &str = "/admin/blocks";

/// The pages that every other one leads to, in their order.
const PLACES: [(&str, &str); 10] = [
    (HOME, texts::PLACE_OVERVIEW),
    (REQUESTS, texts::PLACE_REQUESTS),
    (ACCOUNTS, texts::PLACE_ACCOUNTS),
    (INVITATIONS, texts::PLACE_INVITATIONS),
    (APPS, texts::PLACE_APPS),
    (MAIL, texts::PLACE_MAIL),
    (EVENTS, texts::PLACE_EVENTS),
    (BLOCKS, texts::PLACE_BLOCKS),
    (SETTINGS, texts::PLACE_SETTINGS),
    (OWN_ACCOUNT, texts::PLACE_OWN_ACCOUNT),
];
const OWN_ACCOUNT: &str = "/account";

/// Somebody of the staff in a browser, or the answer for everybody else.
enum Visitor {
    Staff(Box<SignedInBrowser>),
    Other(HttpResponse),
}

/// Who looks at a page: whoever is not signed in goes to the sign-in page and comes back; everybody else but staff is refused.
async fn visitor(auth: &Auth, req: &HttpRequest, reader: &Reader) -> Result<Visitor, Error> {
    let Some(browser) = session::optional(auth, req).await?.0 else {
        let sign_in = with_query(&auth.config().base_url.join("/account/sign-in"), [("return_to", req.path())]);
        return Ok(Visitor::Other(redirect(&reader.keep(&sign_in))));
    };
    staff_only(&browser)?;
    Ok(Visitor::Staff(Box::new(browser)))
}

/// The answer to whoever looks at a page: to the staff what `show` makes of the parameters.
pub(super) async fn looked(
    (auth, req): (&Auth, &HttpRequest),
    received: Received,
    show: impl AsyncFnOnce(&Params, &SignedInBrowser) -> Result<HttpResponse, Error>,
) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        match visitor(auth, req, &params.reader(req)).await? {
            Visitor::Staff(staff) => show(&params, &staff).await,
            Visitor::Other(reply) => Ok(reply),
        }
    };
    rendered(reply.await, auth, req).await
}

/// The answer to a form: what `act` makes of it, where somebody of the staff posted it.
pub(super) async fn acted(
    (auth, req): (&Auth, &HttpRequest),
    form: Result<PostedForm, ApiError>,
    act: impl AsyncFnOnce(Posted) -> Result<HttpResponse, Error>,
) -> HttpResponse {
    let reply = async {
        match posted(auth, req, form).await? {
            PostedBy::Staff(posted) => act(*posted).await,
            PostedBy::Other(reply) => Ok(reply),
        }
    };
    rendered(reply.await, auth, req).await
}

/// A form that somebody of the staff posted.
pub(super) struct Posted {
    pub(super) form: PostedForm,
    pub(super) staff: Box<SignedInBrowser>,
}

/// A form of the staff, or the answer for everybody else.
enum PostedBy {
    Staff(Box<Posted>),
    Other(HttpResponse),
}

/// Who posted a form: as [`visitor`]. Each counts as a change (people PPL-190).
async fn posted(auth: &Auth, req: &HttpRequest, form: Result<PostedForm, ApiError>) -> Result<PostedBy, Error> {
    let form = form.map_err(|ApiError(error)| error)?;
    form.params.require_known_type()?;
    match visitor(auth, req, &form.reader()).await? {
        Visitor::Staff(staff) => {
            // What another site posts counts for nobody.
            form.prove_origin()?;
            admin::admit_change(auth, &staff.account, &wire::caller(req, auth.config())).await?;
            Ok(PostedBy::Staff(Box::new(Posted { form, staff })))
        }
        Visitor::Other(reply) => {
            form.prove_origin()?;
            Ok(PostedBy::Other(reply))
        }
    }
}

fn staff_only(browser: &SignedInBrowser) -> Result<(), Error> {
    let is_staff = admin::require_staff(&browser.account).is_ok();
    if is_staff { Ok(()) } else { Err(Error::refused(Code::Forbidden, texts::FOR_STAFF)) }
}

/// Whether this member of the staff finds anything there.
fn offers(auth: &Auth, staff: &Account, path: &str) -> bool {
    match path {
        SETTINGS => staff.role == Role::Admin && auth.live_settings().is_some(),
        BLOCKS => staff.role == Role::Admin,
        _ => true,
    }
}

/// Where the pages are, and how much waits. `shown` is the page among them that is shown, or empty.
pub(super) async fn frame<'a>(
    auth: &Auth,
    reader: &Reader,
    staff: &'a Account,
    shown: &str,
) -> Result<StaffFrame<'a>, Error> {
    let link = |path| reader.keep(&auth.config().base_url.join(path));
    let waiting = admin::waiting(auth).await?;
    let place = |(path, words)| StaffPlace {
        link: link(path),
        words,
        count: if path == REQUESTS { waiting } else { 0 },
        is_current: path == shown,
    };
    Ok(StaffFrame {
        username: &staff.username,
        places: PLACES.into_iter().filter(|(path, _)| offers(auth, staff, path)).map(place).collect(),
        requests: link(REQUESTS),
        waiting,
        accounts: link(ACCOUNTS),
    })
}

async fn rendered(reply: Result<HttpResponse, Error>, auth: &Auth, req: &HttpRequest) -> HttpResponse {
    PageError::render_or(reply.map_err(PageError::from), auth, req, &Params::of_query(req)).await
}

/// A page with this status.
pub(super) async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    reader: &Reader,
    page: &Page<'_>,
    is_wrong: bool,
) -> HttpResponse {
    let status = if is_wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    show(View::new(auth, req, reader), page, status, &[]).await
}

/// The time of day of a moment, in UTC.
pub(super) fn clock(at: Timestamp) -> String {
    at.to_iso8601().get(11..16).unwrap_or_default().to_owned()
}

/// Whether an account may act, in words.
pub(super) fn state_words(account: &Account) -> &'static str {
    match account.standing {
        Standing::Disabled => texts::STATE_DISABLED,
        Standing::Suspended => texts::STATE_SUSPENDED,
        _ if account.email.as_ref().is_some_and(|email| !email.confirmed) => texts::STATE_UNCONFIRMED,
        Standing::Pending => texts::STATE_PENDING,
        Standing::Active => texts::STATE_ACTIVE,
    }
}

/// The role in words.
pub(super) fn role_words(role: Role) -> &'static str {
    staff::role_name(role)
}
