//! The page that asks for a second proof, and the way on (FAC-30, FAC-31).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::location::{FACTOR, WAY_BACK, page_of, place_of};
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::factors::pending::{self, PendingView, Standing};
use crate::flows::factors::sign_in::{self as flow, BeforeSession, BegunFactor, FactorKind};
use crate::flows::login::Missing;
use crate::host::factor::FactorLabel;
use crate::host::pages::{FactorPage, HostFactorOnPage, MessagePage, OtherWay, Page};
use crate::model::factors::is_for_app;
use crate::texts::{
    FACTOR_ERRORS, FACTOR_UNAVAILABLE, NOT_THE_PASSWORD, PENDING_OVER, PENDING_OVER_TITLE, START_AGAIN, TRY_AGAIN,
};
use crate::web::kit::form_session::FormSession;
use crate::web::kit::page::{PageError, View, account_on_page, app_on_page, show};
use crate::web::kit::session;
use crate::web::pages::authorization_request::{another_was_meant, consent_location, login_location, whole_request};
use crate::web::pages::authorization_response::approved;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{lang, redirect, with_query};

/// `GET /oauth/factor`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        match standing(&auth, &req, &params).await? {
            Standing::Open(view) if view.lacks == Some(BeforeSession::Factor) => {
                asked(&auth, &req, &params, (&view, form.token())).await
            }
            other => leads_on(&auth, &req, &params, other).await,
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// Where the sign-in stands that a browser shows.
pub(super) async fn standing(auth: &Auth, req: &HttpRequest, params: &Params) -> Result<Standing, Error> {
    match cookies::pending_claim(auth, req.headers(), params.last_text("pending").as_deref()) {
        Some(claim) => pending::look(auth, &claim).await,
        None => Ok(Standing::Unknown),
    }
}

/// Where a sign-in leads, wherever it stands.
pub(in crate::web::pages) async fn leads_on(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    standing: Standing,
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req);
    match standing {
        Standing::Open(view) => Ok(redirect(&page_of(auth, &reader, &view, None))),
        Standing::Finished(Some(session), request) => {
            let browser = session::for_sign_in(auth, req).await?.0;
            if !is_for_app(&request) && browser.as_ref().is_some_and(|browser| browser.session.id == session) {
                return Ok(redirect(&reader.keep(&place_of(auth, &request))));
            }
            let gone_on = match &browser {
                Some(browser) => flow::go_on(auth, (&session, &request), browser).await?,
                None => None,
            };
            let Some((app, checked, step)) = gone_on else { return Ok(over(auth, req, params, &request).await) };
            let mut reply = match step.missing {
                None => approved(View::new(auth, req, &reader), &checked.return_path(&app), &step.code).await,
                Some(Missing::AccountMeant) => redirect(&another_was_meant(auth, &app, &checked)),
                Some(_) => redirect(&consent_location(auth, &app, &whole_request(&app, &checked), &step.code)),
            };
            if let Some(claim) = cookies::pending_claim(auth, req.headers(), params.last_text("pending").as_deref()) {
                cookies::clear_pending(auth, &mut reply, &claim.id)?;
            }
            Ok(reply)
        }
        Standing::Finished(None, request) | Standing::Over(request) => Ok(over(auth, req, params, &request).await),
        Standing::Unknown => Ok(over(auth, req, params, &[]).await),
    }
}

/// The page of a sign-in that nobody can go on with; its own browser starts again with the same request.
pub(crate) async fn over(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    request: &[(String, String)],
) -> HttpResponse {
    let reader = params.reader(req);
    let start = match is_for_app(request) {
        false => auth.config().home_page(),
        true => login_location(auth, request),
    };
    let start = reader.keep(&start);
    let page = Page::Message(MessagePage {
        title: PENDING_OVER_TITLE,
        message: PENDING_OVER,
        action: None,
        fields: &[],
        button: "",
        link: Some(&start),
        link_text: START_AGAIN,
        link_app: None,
    });
    show(View::new(auth, req, &reader), &page, StatusCode::GONE, &[]).await
}

/// What is shown of a step: the way that was chosen, and what came of it so far.
#[derive(Default)]
pub(super) struct Said {
    pub(super) method: Option<FactorKind>,
    /// A factor of the host's own that began.
    pub(super) begun: Option<BegunFactor>,
    pub(super) error: Option<&'static str>,
}

/// The kind of a sign-in with this name.
pub(super) fn kind_named(view: &PendingView, name: &str) -> Option<FactorKind> {
    view.methods.iter().find(|kind| kind.name() == name).copied()
}

async fn asked(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (view, form_token): (&PendingView, String),
) -> Result<HttpResponse, Error> {
    let wanted = params.last_text("method").and_then(|name| kind_named(view, &name));
    let mut said = Said { method: wanted, begun: None, error: last_error(params) };
    // What sends nothing begins by itself.
    let host = said.method.or(view.methods.first().copied());
    if let Some((kind, (_, false))) = host.and_then(|kind| Some((kind, flow::host_factor(auth, kind)?)))
        && let Some(claim) = cookies::pending_claim(auth, req.headers(), Some(&view.id))
    {
        match flow::begin_host_factor(auth, &claim, kind).await {
            Ok(begun) => said.begun = Some(begun),
            Err(Error::Refused(_)) => said.error = Some(FACTOR_UNAVAILABLE),
            Err(error) => return Err(error),
        }
    }
    Ok(shown(View::new(auth, req, &params.reader(req)), (view, form_token), said).await)
}

/// The page.
pub(super) async fn shown(
    shown: View<'_>,
    (view, form_token): (&PendingView, String),
    Said { method, begun, error }: Said,
) -> HttpResponse {
    let (auth, reader) = (shown.auth, shown.reader.clone().for_account(Some(&view.account)));
    let method = method.or(view.methods.first().copied());
    let of_sign_in = |page: &str| with_query(page, [("pending", view.id.as_str())].into_iter().chain(lang(&reader)));
    let other = |kind: &FactorKind| OtherWay {
        method: kind.name(),
        address: with_query(
            FACTOR,
            [("pending", view.id.as_str()), ("method", kind.name())].into_iter().chain(lang(&reader)),
        ),
        name: view.host_names.get(kind.name()).cloned(),
    };
    let status = match begun.is_some() && error.is_some() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let host = method.and_then(|kind| {
        let (FactorLabel { name, description, .. }, sends) = flow::host_factor(auth, kind)?;
        let start_action = sends.then(|| reader.keep(&format!("{}/start", action(kind))));
        let (text, field, state) = match begun {
            Some(BegunFactor { text, field, state, .. }) => (Some(text), field, state),
            None => (None, None, String::new()),
        };
        Some(HostFactorOnPage { name, description, text, field, state, start_action })
    });
    let page = Page::Factor(FactorPage {
        method: method.map_or("", FactorKind::name),
        action: method.map_or_else(String::new, |kind| reader.keep(&action(kind))),
        host,
        options: view.passkey_options.clone().filter(|_| method == Some(FactorKind::Passkey)).unwrap_or_default(),
        form_token,
        pending: &view.id,
        app: view.app.as_ref().map(app_on_page),
        account: account_on_page(&view.account),
        others: view.methods.iter().filter(|kind| Some(**kind) != method).map(other).collect(),
        masked_email: view.mail.as_ref().map(|mail| mail.masked.clone()).unwrap_or_default(),
        sent: view.mail.as_ref().is_some_and(|mail| mail.sent_at.is_some()),
        request_action: reader.keep("/api/auth/factor/email/request"),
        error,
        cancel_action: reader.keep("/api/auth/cancel"),
        way_back: view.way_back.then(|| of_sign_in(WAY_BACK)),
        may_be_trusted: view.may_be_trusted && method.is_some_and(|kind| kind != FactorKind::Recovery),
    });
    show(View::new(auth, shown.req, &reader), &page, status, &[]).await
}

/// Where the form of a kind posts to.
pub(super) fn action(kind: FactorKind) -> String {
    match kind {
        FactorKind::Passkey => "/api/auth/factor/passkey/finish".to_owned(),
        kind => format!("/api/auth/factor/{}", kind.name()),
    }
}

/// What went wrong at the last try: one of our own sentences, never somebody else's from a URL.
pub(super) fn last_error(params: &Params) -> Option<&'static str> {
    params.last_text("error")?;
    let described = params.last_text("error_description").unwrap_or_default();
    let mut known = FACTOR_ERRORS.iter().chain([&NOT_THE_PASSWORD]);
    Some(known.find(|known| **known == described).copied().unwrap_or(TRY_AGAIN))
}
