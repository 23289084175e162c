//! "Try the sign-in": a built-in app that goes through the same sign-in as any other app, and shows each step.
//!
//! The browser really goes to `/oauth/authorize` and comes back with a code. What an app asks without the browser (steps
//! 1 and 5 to 7) the demo asks by calling the flows behind those routes, with the same parameters.

mod app;
mod run;
mod steps;
mod stored;

use actix_session::Session;
use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use lysand_auth::error::{Code, Error};
use lysand_auth::host::pages::{AccountOnPage, Reader};
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get_without_head, post};
use lysand_auth::web::{ApiError, FormSession, PostedForm, SignedIn, reader, way_back_notice};

pub use self::app::DemoApp;
use self::run::{CallbackQuery, Run};
#[cfg(test)]
pub(super) use self::steps::texts as step_texts;
use self::stored::StoredRun;
use super::{error_page, texts};
use crate::pages::contexts::DemoPage;
use crate::paths::{DEMO_CALLBACK, DEMO_START, HOME};
use crate::state::State;

/// `POST /demo/start`: steps 1 and 2; redirects to the sign-in.
async fn start(
    state: Data<State>,
    app: Data<DemoApp>,
    session: Session,
    browser: SignedIn,
    form: PostedForm,
) -> Result<HttpResponse, ApiError> {
    let reader = form.reader();
    match form.prove_with_token() {
        Ok(()) => {}
        Err(Error::Refused(refusal)) if refusal.code == Code::StaleForm => {
            return Ok(cannot_continue(&state, &reader.for_account(browser.account()), &refusal.why));
        }
        Err(error) => return Err(error.into()),
    }
    let run = StoredRun::begin(&state.auth, &app, reader.asked).await?;
    run.store(&session)?;
    let location = run.authorize_url(&state.settings.http.base_url);
    Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish())
}

/// `GET /demo/callback`: the browser is back, and the demo takes the other steps.
async fn callback(
    state: Data<State>,
    request: HttpRequest,
    (session, forms): (Session, FormSession),
    browser: SignedIn,
    query: Option<web::Query<CallbackQuery>>,
) -> Result<HttpResponse, ApiError> {
    let query = query.map(web::Query::into_inner).unwrap_or_default();
    let reader = reader(&request).for_account(browser.account());
    let Some(stored) = StoredRun::take(&session) else {
        return Ok(cannot_continue(&state, &reader, texts::DEMO_UNKNOWN_RUN));
    };
    // No app is sent back with the language of its sign-in: it knows what it asked for.
    let mut reader = reader;
    reader.asked = reader.asked.or(stored.lang());
    let issuer = state.settings.http.base_url.issuer();
    // What an app must check before it believes the answer (RFC 6749 §10.12, RFC 9207).
    if query.state.as_deref() != Some(stored.state()) || query.iss.as_ref().is_some_and(|iss| *iss != issuer) {
        return Ok(cannot_continue(&state, &reader, texts::DEMO_FOREIGN_ANSWER));
    }
    let finished = Run::new(&state, &stored).finish(&query).await?;
    let page = DemoPage {
        heading: finished.heading,
        summary: finished.summary,
        trouble: finished.error,
        account: finished
            .account
            .as_ref()
            .map(|account| AccountOnPage { username: &account.username, display_name: &account.display_name }),
        steps: finished.steps,
        again: reader.keep(DEMO_START),
        home: reader.keep(HOME),
        form_token: forms.token(),
    };
    let way_back = way_back_notice(&state.auth, &request).await;
    Ok(state.pages.reply((&reader, way_back.as_ref()), StatusCode::OK, "demo.html", &page))
}

/// The page about a run of the demo that cannot continue.
fn cannot_continue(state: &State, reader: &Reader, why: &str) -> HttpResponse {
    error_page::reply(state, reader, StatusCode::BAD_REQUEST, [texts::DEMO_OVER, why], Some(reader.keep(HOME)))
}

/// The routes of the demo; none when it is switched off.
pub fn routes(state: &State) -> Routes {
    let routes = Routes::new(&state.auth, AnswerKind::Page).with_form_session();
    if !state.settings.demo {
        return routes;
    }
    let sessions = || {
        let auth = state.auth.clone();
        move || stored::sessions(&auth)
    };
    routes
        .route(DEMO_START, [post(start).wrap(sessions())])
        .route(DEMO_CALLBACK, [get_without_head(callback).wrap(sessions())])
}
