//! `end_session_endpoint`: an app sends somebody here to sign out (OpenID Connect RP-Initiated Logout 1.0, FAC-144, FAC-145).

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::openid::logout::{self, Logout, LogoutRequest};
use crate::flows::sessions;
use crate::host::pages::{MessagePage, Page, Reader, SignOutPage};
use crate::model::session::SignedInBrowser;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, account_on_page, app_on_page, show};
use crate::web::kit::session;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{pairs, redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// The path.
pub(crate) const PATH: &str = "/oauth/logout";

/// What of a request goes on through the page.
const ECHOED: [&str; 6] = ["id_token_hint", "client_id", "logout_hint", "post_logout_redirect_uri", "state", "lang"];

/// `GET /oauth/logout`: ends nothing, and asks (WEB-5).
pub(crate) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let logout = logout::judge(&auth, &request_of(&params)?).await?;
        let signed_in = session::even_without_factor(&auth, req.headers()).await?;
        match signed_in.0 {
            Some(browser) => shown((&auth, &req, &params), (&browser, form.token()), &logout, None).await,
            None => Ok(afterwards(&auth, &req, &params.reader(&req), &logout).await),
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /oauth/logout`: with a form token of ours the session ends. Without one an app asks by a form, which says the same as its
/// address would: cookies of ours do not come along with it (as FAC-143).
pub(crate) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        if form.text("form_token")?.is_none() {
            let asked = form.params.echo(&ECHOED);
            return Ok(see_other(&with_query(&auth.config().base_url.join(PATH), pairs(&asked))));
        }
        let logout = logout::judge(&auth, &request_of(&form.params)?).await?;
        let browser = form.signed_in_without_factor().await?;
        if form.is_stale()? {
            return match &browser.0 {
                Some(browser) => {
                    let again = Some(texts::TRY_AGAIN);
                    shown((&auth, &req, &form.params), (browser, form.token()), &logout, again).await
                }
                None => Ok(afterwards(&auth, &req, &form.reader(), &logout).await),
            };
        }
        let reader = form.reader().for_account(browser.account());
        if let Some(session) = browser.session() {
            sessions::sign_out(&auth, session, &request::caller(&req, auth.config())).await?;
        }
        form.end_session();
        let mut reply = afterwards(&auth, &req, &reader, &logout).await;
        for removal in cookies::session_removals(&auth).chain([cookies::removal(&auth, "_session_id")]) {
            reply.add_cookie(&removal).map_err(Error::failed)?;
        }
        Ok(reply)
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

fn request_of(params: &Params) -> Result<LogoutRequest, Error> {
    Ok(LogoutRequest {
        id_token_hint: params.text("id_token_hint")?,
        client_id: params.text("client_id")?,
        post_logout_redirect_uri: params.text("post_logout_redirect_uri")?,
        state: params.text("state")?,
    })
}

fn see_other(location: &str) -> HttpResponse {
    let mut reply = HttpResponse::SeeOther();
    reply.insert_header((header::LOCATION, location)).insert_header((header::CACHE_CONTROL, "private, no-store"));
    reply.finish()
}

/// Nobody is signed in any more: back to the app, where that is safe, or the end.
async fn afterwards(auth: &Auth, req: &HttpRequest, reader: &Reader, logout: &Logout) -> HttpResponse {
    if let Some(back) = logout.back.as_ref().filter(|_| !logout.is_broken) {
        return redirect(back);
    }
    let page = Page::Message(MessagePage {
        title: texts::SIGNED_OUT_TITLE,
        message: texts::SIGNED_OUT,
        action: None,
        fields: &[],
        button: "",
        link: None,
        link_text: "",
        link_app: None,
    });
    show(View::new(auth, req, reader), &page, StatusCode::OK, &[]).await
}

async fn shown(
    (auth, req, params): (&Auth, &HttpRequest, &Params),
    (browser, form_token): (&SignedInBrowser, String),
    logout: &Logout,
    error: Option<&'static str>,
) -> Result<HttpResponse, Error> {
    let reader = params.reader(req).for_account(Some(&browser.account));
    let at_once = !logout.is_broken && logout::is_of_session(auth, logout, &browser.session).await?;
    let home = reader.keep(&auth.config().home_page());
    let fields = params.echo(&ECHOED);
    let page = Page::SignOut(SignOutPage {
        action: &reader.keep(PATH),
        form_token,
        fields: if logout.is_broken { Vec::new() } else { fields.clone() },
        account: account_on_page(&browser.account),
        app: logout.app.as_ref().filter(|_| !logout.is_broken).map(app_on_page),
        destination: logout.destination.clone().filter(|_| !logout.is_broken),
        broken: logout.is_broken,
        at_once: at_once && error.is_none(),
        error,
        cancel: home,
    });
    let status = match (logout.is_broken, error) {
        (true, _) => StatusCode::BAD_REQUEST,
        (false, Some(_)) => StatusCode::UNPROCESSABLE_ENTITY,
        (false, None) => StatusCode::OK,
    };
    Ok(show(View::new(auth, req, &reader), &page, status, &fields).await)
}
