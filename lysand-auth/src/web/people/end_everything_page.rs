//! The page that ends all sign-ins, apps and tokens at once (people PPL-109).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::confirm_identity;
use super::password::to_sign_in;
use super::paths::{SESSIONS, SESSIONS_END, SESSIONS_ENDED};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::credentials;
use crate::flows::own_sessions::{self as flow, Viewer};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{EndEverythingPage, MessagePage, Page, Reader};
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// `GET /account/sessions/end`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), SESSIONS_END));
        };
        if !credentials::is_proven(&auth, &browser).await? {
            return Ok(redirect(&confirm_identity::address(&params.reader(&req), SESSIONS_END)));
        }
        shown((&auth, &req, &params), (&browser, form.token()), None).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/sessions/end`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), SESSIONS_END));
        };
        if form.is_stale()? {
            return shown((&auth, &req, &form.params), (&browser, form.token()), Some(texts::TRY_AGAIN)).await;
        }
        let (viewer, caller) = (Viewer::in_browser(&auth, &browser), wire::caller(&req, auth.config()));
        match flow::end_everything(&auth, &viewer, None, &caller).await {
            Ok(_) => {
                form.end_session();
                let mut reply = signed_out(&auth, &form.reader());
                cookies::clear_known(&auth, &mut reply)?;
                Ok(reply)
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::ProofRequired => {
                Ok(redirect(&confirm_identity::address(&form.reader(), SESSIONS_END)))
            }
            Err(error) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `GET /account/sessions/ended`: what is said once this browser is signed out, to whoever asks.
pub(super) async fn ended(auth: Data<Auth>, req: HttpRequest, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let reader = session::reader(&auth, &req, &params).await;
        let sign_in = reader.keep(&auth.config().base_url.join("/account/sign-in"));
        let page = Page::Message(MessagePage {
            title: texts::SIGNED_OUT_TITLE,
            message: texts::SIGNED_OUT,
            action: None,
            fields: &[],
            button: "",
            link: Some(&sign_in),
            link_text: texts::TO_SIGN_IN,
            link_app: None,
        });
        Ok(show(View::new(&auth, &req, &reader), &page, StatusCode::OK, &[]).await)
    };
    PageError::render_or(reply.await.map_err(|error: Error| error.into()), &auth, &req, &Params::of_query(&req)).await
}

/// The answer to whoever signed this browser out.
pub(super) fn signed_out(auth: &Auth, reader: &Reader) -> HttpResponse {
    let mut reply = redirect(&reader.keep(&auth.config().base_url.join(SESSIONS_ENDED)));
    for removal in cookies::session_removals(auth) {
        if let Err(error) = reply.add_cookie(&removal) {
            tracing::error!(%error, "a cookie cannot be removed");
        }
    }
    reply
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    error: Option<&'static str>,
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let there_is = flow::would_end(auth, account).await?;
    let reader = params.reader(req).for_account(Some(account));
    let page = Page::EndEverything(EndEverythingPage {
        action: &reader.keep(SESSIONS_END),
        form_token,
        username: &account.username,
        sessions: there_is.sessions,
        apps: there_is.apps,
        tokens: there_is.tokens,
        error,
        cancel: reader.keep(&auth.config().base_url.join(SESSIONS)),
    });
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}
