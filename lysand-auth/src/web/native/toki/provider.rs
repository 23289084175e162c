//! Signing in with a provider: a browser goes there and brings the tokens back (native 2.6).

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Answer, TokiError, secret};
use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error};
use crate::flows::native::{Caller, Dialect};
use crate::flows::sign_up::{self, MadeAtOnce, WaitingState};
use crate::flows::sso;
use crate::flows::sso::callback::Callback;
use crate::flows::sso::callback::native::{self, Finished, Issued, NotSignedIn, Vouching};
use crate::host::pages::{MessagePage, Page, ProgramSignInPage};
use crate::model::account::Account;
use crate::model::native_return::{NativeReturn, is_own_device};
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, account_on_page, show};
use crate::web::kit::provider_redirect::remember;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::with_query;
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

/// Where a browser begins.
pub(super) const BEGIN: &str = "/auth/oidc/authorize";
/// Where it comes back.
pub(super) const CALLBACK: &str = "/auth/callback";
/// Where its person is asked.
pub(super) const CONFIRM: &str = "/auth/oidc/confirm";

/// The provider by which people sign in, where tokens may stand in addresses.
pub(super) fn provider(auth: &Auth) -> Option<&Provider> {
    let toki = &auth.config().native.toki;
    match toki.tokens_in_redirect && !toki.provider.is_empty() {
        true => auth.config().sso.provider(&toki.provider),
        false => None,
    }
}

pub(super) fn path(auth: &Auth, path: &str) -> String {
    format!("{}{path}", auth.config().native.toki.prefix)
}

pub(super) fn address(auth: &Auth, name: &str) -> String {
    auth.config().base_url.join(&path(auth, name))
}

fn not_configured() -> TokiError {
    TokiError::missing("OIDC not configured")
}

/// `GET /auth/oidc/authorize`
pub(super) async fn begin(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let provider = provider(&auth).ok_or_else(not_configured)?;
    let redirect_uri = received.0?.text("redirect_uri")?.filter(|address| !address.is_empty());
    if redirect_uri.as_deref().is_some_and(|address| !is_own_device(address)) {
        return Err(TokiError::named(400, "redirect_uri must be localhost"));
    }
    let back = NativeReturn { is_asked: redirect_uri.is_some() && is_sent_by_page(req.headers()), redirect_uri };
    let (callback, source) = (address(&auth, CALLBACK), request::source(&req, auth.config()));
    let departure = sso::native_sign_in(&auth, provider, (Dialect::Toki, back), callback, source).await;
    let departure = departure.map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::ProviderUnreachable => no_answer(),
        error => error.into(),
    })?;
    let mut reply = leads_to(StatusCode::TEMPORARY_REDIRECT, &departure.location);
    remember(&auth, &mut reply, &departure)?;
    Ok(reply)
}

/// Whether a page sent the browser: a program that opens it says nothing, or that it was nobody.
fn is_sent_by_page(headers: &HeaderMap) -> bool {
    headers.get_all("sec-fetch-site").any(|site| site.as_bytes() != b"none")
}

/// `GET /auth/callback`
pub(super) async fn callback(auth: Data<Auth>, req: HttpRequest, received: Received) -> Answer {
    let provider = provider(&auth).ok_or_else(not_configured)?;
    let params = received.0.map_err(|_| of_state())?;
    let read = || -> Result<Callback, Error> {
        Ok(Callback {
            provider: provider.id.clone(),
            state: params.secret("state")?,
            code: params.secret("code")?,
            iss: params.text("iss")?,
            error: params.text("error")?,
            ..Callback::default()
        })
    };
    let callback = read().map_err(|_| of_state())?;
    let flow = native::identify(&auth, Dialect::Toki, &callback).await?;
    let (id, cookie) = (flow.id().to_owned(), cookies::flow_cookie(&auth, req.headers(), flow.id()));
    let caller = request::caller(&req, auth.config());
    let finished = async {
        let came_back = native::redeem(&auth, flow, cookie.as_ref(), &callback).await?;
        let account = account_of(&auth, &came_back.vouching, &caller).await?;
        native::finish(&auth, &came_back, &account, &caller).await
    };
    let mut reply = match finished.await {
        Ok(Finished::SignedIn(issued)) => delivers(&auth, StatusCode::TEMPORARY_REDIRECT, &issued),
        Ok(Finished::IsAsked(awaits)) => {
            let place = with_query(&address(&auth, CONFIRM), [("flow_id", awaits.flow_id.as_str())]);
            let mut reply = leads_to(StatusCode::SEE_OTHER, &place);
            cookies::set_flow_cookie(&auth, &mut reply, &awaits.flow_id, &awaits.browser)?;
            return Ok(reply);
        }
        // Whoever has not the cookie loses none by it.
        Err(NotSignedIn::Flow) => return Err(of_state()),
        Err(why) => actix_web::ResponseError::error_response(&TokiError::from(why)),
    };
    cookies::clear_flow_cookie(&auth, &mut reply, &id)?;
    Ok(reply)
}

/// The account of somebody whom the provider vouches for, or a new one where nothing has to be asked for that.
async fn account_of(auth: &Auth, vouching: &Vouching, caller: &Caller) -> Result<Account, NotSignedIn> {
    if let Some(account) = vouching.known(auth).await? {
        return Ok(account);
    }
    let Vouching { flow, provider, identity } = vouching;
    match sign_up::at_once(auth, (flow, provider, identity), caller).await? {
        MadeAtOnce::Made(account, WaitingState::Ready) => Ok(account),
        MadeAtOnce::Made(..) => Err(NotSignedIn::Pending),
        // Another tab of the same person was faster.
        MadeAtOnce::Linked => vouching.known(auth).await?.ok_or(NotSignedIn::Closed),
        MadeAtOnce::Closed => {
            vouching.log_unknown(auth, caller);
            Err(NotSignedIn::Closed)
        }
    }
}

/// `GET /auth/oidc/confirm`: whether somebody started this.
pub(super) async fn question(
    auth: Data<Auth>,
    req: HttpRequest,
    form: FormSession,
    received: Received,
) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let flow_id = params.text("flow_id")?.unwrap_or_default();
        let cookie = cookies::flow_cookie(&auth, req.headers(), &flow_id);
        let account = native::who_is_asked(&auth, (Dialect::Toki, &flow_id), cookie.as_ref()).await.map_err(told)?;
        let reader = params.reader(&req).for_account(Some(&account));
        let page = Page::ProgramSignIn(ProgramSignInPage {
            action: &reader.keep(&path(&auth, CONFIRM)),
            form_token: form.token(),
            flow_id: &flow_id,
            account: account_on_page(&account),
        });
        Ok::<_, Error>(show(View::new(&auth, &req, &reader), &page, StatusCode::OK, &[]).await)
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /auth/oidc/confirm`: yes or no.
pub(super) async fn answer(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async { answered(&auth, &req, &form.map_err(|ApiError(error)| error)?).await };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

async fn answered(auth: &Auth, req: &HttpRequest, form: &PostedForm) -> Result<HttpResponse, Error> {
    form.prove_with_token()?;
    let flow_id = form.text("flow_id")?.unwrap_or_default();
    let allow = match form.text("answer")?.as_deref() {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Err(Error::refused(Code::InvalidRequest, texts::TRY_AGAIN)),
    };
    let cookie = cookies::flow_cookie(auth, req.headers(), &flow_id);
    let caller = request::caller(req, auth.config());
    let of = (Dialect::Toki, flow_id.as_str());
    let mut reply = match native::answer(auth, of, cookie.as_ref(), allow, &caller).await.map_err(told)? {
        Some(issued) => delivers(auth, StatusCode::SEE_OTHER, &issued),
        None => {
            let page = MessagePage {
                title: texts::DEVICE_DENIED_TITLE,
                message: texts::PROGRAM_REFUSED,
                action: None,
                fields: &[],
                button: "",
                link: None,
                link_text: "",
                link_app: None,
            };
            show(View::new(auth, req, &form.reader()), &Page::Message(page), StatusCode::OK, &[]).await
        }
    };
    cookies::clear_flow_cookie(auth, &mut reply, &flow_id)?;
    Ok(reply)
}

/// Why nobody is signed in, for a person.
fn told(why: NotSignedIn) -> Error {
    match why {
        NotSignedIn::Other(error) => error,
        NotSignedIn::Flow => Error::refused(Code::InvalidRequest, texts::INVALID_FLOW),
        NotSignedIn::SecondFactor => Error::refused(Code::FactorRequired, texts::MORE_PROOFS_DEMANDED),
        NotSignedIn::Pending => Error::refused(Code::AccountInactive, texts::ACCOUNT_PENDING),
        _ => Error::refused(Code::AccountInactive, texts::ACCOUNT_DISABLED),
    }
}

fn of_state() -> TokiError {
    TokiError::named(400, "invalid or expired state parameter")
}

fn no_answer() -> TokiError {
    TokiError::named(502, "the identity provider does not answer")
}

impl From<NotSignedIn> for TokiError {
    fn from(why: NotSignedIn) -> Self {
        match why {
            NotSignedIn::Flow => of_state(),
            NotSignedIn::Provider(name) => Self::new(StatusCode::BAD_REQUEST, format!("OIDC error: {name}")),
            NotSignedIn::NoAnswer => no_answer(),
            NotSignedIn::Credentials => Self::unauthorized("invalid credentials"),
            NotSignedIn::SecondFactor => Self::unauthorized("second factor required"),
            NotSignedIn::PasswordChange => Self::unauthorized("password change required"),
            NotSignedIn::Closed => Self::forbidden("registration is disabled"),
            NotSignedIn::Pending => Self::forbidden("registration is pending"),
            NotSignedIn::Other(error) => error.into(),
        }
    }
}

/// Brings the tokens to the program, or in a fragment to the dashboard.
fn delivers(auth: &Auth, status: StatusCode, Issued { tokens, redirect_uri }: &Issued) -> HttpResponse {
    let lifetime = tokens.expires_in.as_secs().to_string();
    let pairs = |named: &[(&str, &str)]| form_urlencoded::Serializer::new(String::new()).extend_pairs(named).finish();
    let (access, refresh) = (tokens.access_token.expose(), tokens.refresh_token.expose());
    let place = match redirect_uri {
        Some(address) => {
            let sign = if address.contains('?') { '&' } else { '?' };
            let query = pairs(&[
                ("access_token", access),
                ("refresh_token", refresh),
                ("token_type", "Bearer"),
                ("expires_in", &lifetime),
            ]);
            format!("{address}{sign}{query}")
        }
        None => {
            let fragment = pairs(&[("access_token", access), ("refresh_token", refresh), ("expires_in", &lifetime)]);
            format!("{}#{fragment}", dashboard(auth))
        }
    };
    leads_to(status, &place)
}

/// Where a browser without a program ends.
fn dashboard(auth: &Auth) -> String {
    let config = auth.config();
    match &config.frontend.origin {
        Some(origin) => format!("{}{}", origin.as_str(), config.native.toki.dashboard),
        None => address(auth, "/dashboard"),
    }
}

/// A redirect that nobody keeps, and of which no other site is told.
fn leads_to(status: StatusCode, location: &str) -> HttpResponse {
    let mut reply = HttpResponse::build(status);
    reply.insert_header((header::REFERRER_POLICY, "no-referrer"));
    match HeaderValue::from_str(location) {
        Ok(location) => secret(reply.insert_header((header::LOCATION, location)).finish()),
        Err(error) => actix_web::ResponseError::error_response(&TokiError::from(Error::failed(error))),
    }
}
