//! The pages of whoever lost all second factors, within the sign-in that waits for one (FAC-112, FAC-114).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::location::{FACTOR, WAY_BACK as PAGE};
use super::page::{last_error, leads_on, standing};
use super::posted::{Posted, acted, open};
use super::setup_pages::private;
use super::{entity, posted};
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim, Refusal};
use crate::flows::factors::pending::{PendingView, Standing};
use crate::flows::factors::way_back::{self as flow, NextStep, Outcome, WayBackTimes, WayBackView};
use crate::host::pages::{MomentOnPage, Page, WayBackOnPage, WayBackPage};
use crate::model::session::Browser;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, app_on_page, show};
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{lang, redirect, with_query};
use crate::web::wire::request;

/// What the forms of our own page post to.
pub(super) const START: &str = "/oauth/factor/way_back/start";
pub(super) const CLAIM: &str = "/oauth/factor/way_back/claim";

/// `GET /oauth/factor/way_back`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        require(&auth)?;
        let params = received.0?;
        let view = match standing(&auth, &req, &params).await? {
            Standing::Open(view) if view.way_back => view,
            other => return leads_on(&auth, &req, &params, other).await,
        };
        let claim = cookies::pending_claim(&auth, req.headers(), Some(&view.id)).ok_or_else(not_found)?;
        let far = flow::look(&auth, &claim).await?;
        let (stage, request, paused_until) = match far.next {
            NextStep::Wait(times) => ("wait", Some(times), None),
            NextStep::Paused(until) => ("paused", None, Some(until)),
            NextStep::Claim(times) => (asks(&far), Some(times), None),
            NextStep::Ask => (asks(&far), None, None),
        };
        let shown = Shown { stage, code: "", request, paused_until: paused_until.map(Into::into), far: &far };
        Ok(show_page((&auth, &req, &params), (&view, form.token()), shown).await)
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

fn asks(far: &WayBackView) -> &'static str {
    if far.mail.sent_at.is_some() { "code" } else { "ask" }
}

/// What is switched off is not there.
fn require(auth: &Auth) -> Result<(), Error> {
    if flow::is_enabled(auth) { Ok(()) } else { Err(not_found()) }
}

fn not_found() -> Error {
    Error::refused(Code::NotFound, "Record not found")
}

/// What is shown of it.
struct Shown<'a> {
    stage: &'static str,
    code: &'a str,
    request: Option<WayBackTimes>,
    paused_until: Option<MomentOnPage>,
    far: &'a WayBackView,
}

/// A request on a page.
pub(crate) fn request_on_page(times: WayBackTimes) -> WayBackOnPage {
    WayBackOnPage { asked: times.asked_at.into(), ripe: times.ripe_at.into(), until: times.until.into() }
}

async fn show_page(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (view, form_token): (&PendingView, String),
    Shown { stage, code, request, paused_until, far }: Shown<'_>,
) -> HttpResponse {
    let reader = params.reader(req).for_account(Some(&view.account));
    let back = with_query(FACTOR, [("pending", view.id.as_str())].into_iter().chain(lang(&reader)));
    let page = Page::WayBack(Box::new(WayBackPage {
        stage,
        action: reader.keep(if stage == "claim" { CLAIM } else { PAGE }),
        form_token,
        pending: Some(&view.id),
        code,
        token: "",
        app: view.app.as_ref().map(app_on_page),
        username: &view.account.username,
        request_action: reader.keep(START),
        masked_email: far.mail.masked.clone(),
        days: far.wait.as_secs().div_ceil(24 * 3600),
        request: request.map(request_on_page),
        paused_until,
        error: last_error(params),
        back,
        forgot: None,
    }));
    private(show(View::new(auth, req, &reader), &page, StatusCode::OK, &[]).await)
}

fn told(times: WayBackTimes) -> Value {
    json!({
        "asked_at": times.asked_at.to_iso8601(),
        "ripe_at": times.ripe_at.to_iso8601(),
        "until": times.until.to_iso8601(),
    })
}

/// What a program is told beside the sign-in.
fn entity_with(view: &PendingView, page: &str, way_back: Value) -> HttpResponse {
    entity::open_with(view, page, json!({ "way_back": way_back }))
}

/// The address of the page, with what went wrong.
fn again(form: &PostedForm, view: &PendingView, refusal: Option<&Refusal>) -> String {
    let reader = form.reader();
    let name = match refusal.map(|refusal| refusal.code) {
        Some(Code::WrongFactor) => "invalid_grant",
        _ => "invalid_request",
    };
    let error = refusal.map(|refusal| [("error", name), ("error_description", &*refusal.why)]);
    let query = [("pending", view.id.as_str())].into_iter().chain(error.into_iter().flatten());
    with_query(&form.auth.config().base_url.join(PAGE), query.chain(lang(&reader)))
}

/// A person sees this page again with what went wrong, as long as the sign-in waits for it; anything else is answered as at the other
/// ways.
async fn or_again(
    form: &PostedForm,
    claim: &PendingClaim,
    reply: Result<HttpResponse, Error>,
) -> Result<HttpResponse, Error> {
    match reply {
        Err(Error::Refused(refusal))
            if matches!(refusal.code, Code::WrongFactor | Code::Validation | Code::TooSoon)
                && !request::wants_json(form.req.headers()) =>
        {
            let view = open(form, claim).await.map_err(|_| Error::Refused(refusal.clone()))?;
            match view.way_back {
                true => Ok(redirect(&again(form, &view, Some(&refusal)))),
                false => Err(Error::Refused(refusal)),
            }
        }
        other => other,
    }
}

/// `POST /oauth/factor/way_back/start`: a code is mailed.
pub(super) async fn start(form: Posted, browser: Browser) -> HttpResponse {
    acted(form, async |form, claim| {
        require(&form.auth)?;
        let started = async {
            flow::start(&form.auth, claim, &browser).await?;
            let view = open(form, claim).await?;
            let page = again(form, &view, None);
            Ok(match request::wants_json(form.req.headers()) {
                true => entity_with(&view, &page, Value::Null),
                false => redirect(&page),
            })
        };
        or_again(form, claim, started.await).await
    })
    .await
}

/// `POST /oauth/factor/way_back`: the code, which asks for the way back, or is looked at once that is ripe.
pub(super) async fn answer(form: Posted, browser: Browser) -> HttpResponse {
    acted(form, async |form, claim| {
        require(&form.auth)?;
        let answered = async {
            let typed = form.text("code")?.unwrap_or_default();
            let outcome = flow::answer(&form.auth, claim, &typed, &browser).await?;
            let (view, far) = (open(form, claim).await?, flow::look(&form.auth, claim).await?);
            let (stage, times) = match outcome {
                Outcome::Ripe(times) => ("claim", times),
                Outcome::Asked(times) => ("wait", times),
            };
            if request::wants_json(form.req.headers()) {
                return Ok(entity_with(&view, &again(form, &view, None), told(times)));
            }
            let code = if stage == "claim" { &*typed } else { "" };
            let shown = Shown { stage, code, request: Some(times), paused_until: None, far: &far };
            Ok(show_page((&form.auth, &form.req, &form.params), (&view, form.token()), shown).await)
        };
        or_again(form, claim, answered.await).await
    })
    .await
}

/// `POST /oauth/factor/way_back/claim`: the second factors go, and the sign-in goes on.
pub(super) async fn claim(form: Posted, browser: Browser) -> HttpResponse {
    acted(form, async |form, claim| {
        require(&form.auth)?;
        let claimed = async {
            let typed = form.text("code")?.unwrap_or_default();
            let finished = flow::claim(&form.auth, claim, &typed, browser).await?;
            posted::leads_on((&form.auth, &form.req, &form.params), claim, (&finished, json!({}))).await
        };
        or_again(form, claim, claimed.await).await
    })
    .await
}
