//! The page of what is signed in to the own account: browsers, apps, personal tokens (people PPL-107).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::end_everything_page::signed_out;
use super::password::to_sign_in;
use super::paths::{SESSIONS, SESSIONS_END};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::authorized_applications::{self as apps, AuthorizedApp};
use crate::flows::own_sessions::{self as flow, Device, ListSpan, NativeClient, Viewer};
use crate::flows::personal_tokens::{self, PersonalToken};
use crate::flows::sessions::{Session, SignedInBrowser};
use crate::flows::trusted_browsers::{self, TrustedBrowser};
use crate::host::pages::{AccessOnPage, Page, SessionOnPage, SessionsPage, TokenRow, TrustedOnPage};
use crate::model::app::AppId;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, app_on_page, show};
use crate::web::kit::session;
use crate::web::pages::app_list;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// How many browsers the page shows.
const SHOWN: i64 = 100;

/// `GET /account/sessions`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), SESSIONS));
        };
        let notice = match params.last_text("notice").as_deref() {
            Some("ended") => Some(texts::SESSION_ENDED),
            Some("others_ended") => Some(texts::OTHER_SESSIONS_ENDED),
            Some("app_ended") => Some(texts::ACCESS_REMOVED),
            Some("token_ended") => Some(texts::TOKEN_ENDED),
            Some("browser_forgotten") => Some(texts::BROWSER_FORGOTTEN),
            _ => None,
        };
        shown((&auth, &req, &params), (&browser, form.token()), (notice, None)).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/sessions`, with `do` = `end`, `end_others`, `end_app`, `end_token` or `forget_browser`.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), SESSIONS));
        };
        let again = |error| shown((&auth, &req, &form.params), (&browser, form.token()), (None, Some(error)));
        if form.is_stale()? {
            return again(texts::TRY_AGAIN).await;
        }
        let place = auth.config().base_url.join(SESSIONS);
        match acted(&auth, &req, &form, &browser).await {
            Ok(Some(notice)) => Ok(redirect(&form.reader().keep(&with_query(&place, [("notice", notice)])))),
            Ok(None) => {
                form.end_session();
                Ok(signed_out(&auth, &form.reader()))
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => again(texts::SESSION_OVER).await,
            Err(error) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// Ends what the form names, and answers with the notice of it; none when this browser was signed out.
async fn acted(
    auth: &Auth,
    req: &HttpRequest,
    form: &PostedForm,
    browser: &SignedInBrowser,
) -> Result<Option<&'static str>, Error> {
    let (viewer, caller) = (Viewer::in_browser(auth, browser), wire::caller(req, auth.config()));
    let id = form.text("id")?.unwrap_or_default();
    match form.text("do")?.as_deref() {
        Some("end_others") => flow::end_others(auth, &viewer, &caller).await.map(|_| Some("others_ended")),
        Some("end_app") => {
            apps::end(auth, &browser.account.id, &AppId::new(id)).await?;
            Ok(Some("app_ended"))
        }
        Some("end_token") => {
            personal_tokens::end(auth, &browser.account, &id, &caller).await?;
            Ok(Some("token_ended"))
        }
        Some("forget_browser") => {
            trusted_browsers::forget(auth, &browser.account, &id, &caller).await?;
            Ok(Some("browser_forgotten"))
        }
        Some("end") => {
            let was_current = flow::end(auth, &viewer, &id, &caller).await?;
            Ok((!was_current).then_some("ended"))
        }
        _ => Err(Error::refused(Code::NotFound, "Record not found")),
    }
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    (notice, error): (Option<&'static str>, Option<&'static str>),
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let viewer = Viewer::in_browser(auth, browser);
    let span = ListSpan { limit: Some(SHOWN), ..ListSpan::default() };
    let (found, apps) = (flow::list(auth, &viewer, span).await?, apps::apps(auth, &account.id).await?);
    let tokens = match personal_tokens::require(auth) {
        Ok(()) => {
            personal_tokens::list(auth, &account.id, ListSpan { limit: Some(SHOWN), ..ListSpan::default() })
                .await?
                .items
        }
        Err(_) => Vec::new(),
    };
    let trusted = trusted_browsers::list(auth, account).await?;
    let reader = params.reader(req).for_account(Some(account));
    let others = found.items.iter().filter(|own| !own.is_current);
    let here = on_page(&browser.session, true, auth.ambient().now());
    let sessions = others.map(|own| match &own.native {
        None => on_page(&own.session, false, own.session.authenticated_at),
        Some(native) => native_on_page(&own.session, native),
    });
    let page = Page::Sessions(SessionsPage {
        action: &reader.keep(SESSIONS),
        form_token,
        username: &account.username,
        sessions: std::iter::once(here).chain(sessions).collect(),
        has_more: found.has_older,
        apps: apps.iter().map(app).collect(),
        tokens: tokens.iter().map(token).collect(),
        apps_page: reader.keep(app_list::PATH),
        end_everything: reader.keep(SESSIONS_END),
        notice,
        error,
        account: reader.keep(&auth.config().base_url.join("/account")),
        trusted: trusted.into_iter().map(trusted_on_page).collect(),
    });
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}

/// A session in words; one whose use was never written was last used when it began, and the current one is used now.
fn on_page(session: &Session, current: bool, used: Timestamp) -> SessionOnPage {
    let device = Device::of(session.agent.as_deref().unwrap_or_default());
    let last_used = if current { used } else { session.last_used_at.unwrap_or(used) };
    SessionOnPage {
        id: session.id.to_string(),
        current,
        browser: device.browser.unwrap_or_else(|| texts::UNKNOWN_BROWSER.to_owned()),
        system: device.system,
        network: session.network.clone(),
        since: session.created_at.into(),
        last_used: last_used.into(),
        last_used_clock: last_used.to_iso8601().get(11..16).unwrap_or_default().to_owned(),
    }
}

/// The sign-in of a native client: by the name of its device, else by its program.
fn native_on_page(session: &Session, native: &NativeClient) -> SessionOnPage {
    let named = native.name.as_ref().or(native.program.as_ref()).map_or(native.dialect.name(), String::as_str);
    SessionOnPage { browser: named.to_owned(), ..on_page(session, false, session.authenticated_at) }
}

fn trusted_on_page(trusted: TrustedBrowser) -> TrustedOnPage {
    let device = Device::of(trusted.agent.as_deref().unwrap_or_default());
    TrustedOnPage {
        id: trusted.id,
        browser: device.browser.unwrap_or_else(|| texts::UNKNOWN_BROWSER.to_owned()),
        system: device.system,
        since: trusted.created_at.into(),
        last_used: Some(trusted.last_used_at).filter(|used| *used > trusted.created_at).map(Into::into),
        until: trusted.expires_at.into(),
    }
}

fn app(granted: &AuthorizedApp) -> AccessOnPage<'_> {
    AccessOnPage {
        id: granted.app.id.as_str(),
        app: app_on_page(&granted.app),
        since: granted.authorized_at.into(),
        last_used: granted.last_used_at.map(Into::into),
        may_end: !granted.app.skips_consent(),
    }
}

fn token(token: &PersonalToken) -> TokenRow {
    TokenRow {
        id: token.id.clone(),
        name: token.name.clone(),
        since: token.created_at.into(),
        last_used: token.last_used_at.map(Into::into),
    }
}
