//! The page where a person types the code that a program shows, and allows or refuses it (RFC 8628 §3.3; native §2.5, §2.12).
//!
//! A code in the address fills the field in and no more. Who is not signed in comes back with the code, and so does who has to prove
//! more first.

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::Auth;
use crate::error::Error;
use crate::flows::device::{self as flow, Answered, Asked, Found};
use crate::flows::factors::step_up::{self, Wish};
use crate::host::pages::{DevicePage, DeviceRequestOnPage, MessagePage, Page, Reader};
use crate::model::permission::permissions;
use crate::model::redirect_uri::Destination;
use crate::model::session::SignedInBrowser;
use crate::model::strength::Acr;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, account_on_page, app_on_page, show};
use crate::web::kit::session;
use crate::web::pages::consent::links;
use crate::web::pages::factor::location::to_factor;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request;

pub(super) use crate::flows::device::{PAGE, has_page};

/// Where the answer is posted to.
pub(super) const ANSWER: &str = "/device/answer";
/// What shows that this session has looked the code up.
const LOOKED_UP: &str = "looked_up";
/// Where somebody signs out to answer as somebody else.
const SIGN_OUT: &str = "/oauth/logout";
/// The longest text that is kept in the field, in characters.
const LONGEST_TYPED: usize = 64;
/// How many places of an app are shown.
const MOST_PLACES: usize = 5;

/// `GET /device`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let Received(params) = received;
    let reply = async { asked_for(At { auth: &auth, req: &req, params: &params? }, &form).await };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

async fn asked_for(at: At<'_>, form: &FormSession) -> Result<HttpResponse, Error> {
    let (auth, params) = (at.auth, at.params);
    let typed = typed(params.last_text("user_code").or_else(|| params.last_text("device")));
    let browser = match at.person(session::for_sign_in(auth, at.req).await?.0, &typed).await? {
        Ok(browser) => browser,
        Err(away) => return Ok(away),
    };
    let found = match params.last_text(LOOKED_UP).map(Secret::new) {
        Some(looked_up) => flow::again(auth, &browser, &typed, &looked_up).await?,
        None => None,
    };
    Ok(match found {
        Some(Found::Asked(asked)) => at.asks(&browser, form.token(), &asked).await,
        Some(Found::Over) => at.over(&browser).await,
        Some(Found::Unknown) | None => at.entry(&browser, form.token(), &typed, None).await,
    })
}

/// `POST /device`: the code is looked up, and on the next page its request stands.
pub(super) async fn enter(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async { entered(&auth, &req, &form.map_err(|ApiError(error)| error)?).await };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

async fn entered(auth: &Auth, req: &HttpRequest, form: &PostedForm) -> Result<HttpResponse, Error> {
    let at = At { auth, req, params: &form.params };
    let (browser, typed) = match at.posted(form).await? {
        Posted::By(browser, typed) => (browser, typed),
        Posted::Elsewhere(away) => return Ok(away),
    };
    Ok(match flow::look_up(auth, &browser, &typed, &request::caller(req, auth.config())).await? {
        Found::Asked(asked) => see_other(&at.address(&typed, Some(&asked.looked_up))),
        Found::Over => at.over(&browser).await,
        Found::Unknown => at.entry(&browser, form.token(), &typed, Some(texts::UNKNOWN_DEVICE_CODE)).await,
    })
}

/// `POST /device/answer`: yes or no.
pub(super) async fn answer(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async { answered(&auth, &req, &form.map_err(|ApiError(error)| error)?).await };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

async fn answered(auth: &Auth, req: &HttpRequest, form: &PostedForm) -> Result<HttpResponse, Error> {
    let at = At { auth, req, params: &form.params };
    let (browser, typed) = match at.posted(form).await? {
        Posted::By(browser, typed) => (browser, typed),
        Posted::Elsewhere(away) => return Ok(away),
    };
    let allow = match form.text("answer")?.as_deref() {
        Some("allow") => true,
        Some("deny") => false,
        _ => return Ok(at.entry(&browser, form.token(), &typed, Some(texts::TRY_AGAIN)).await),
    };
    let caller = request::caller(req, auth.config());
    Ok(match flow::answer(auth, &browser, (&typed, allow), &caller).await? {
        Answered::Allowed => at.message(&browser, (texts::DEVICE_ALLOWED_TITLE, texts::DEVICE_ALLOWED)).await,
        Answered::Denied => at.message(&browser, (texts::DEVICE_DENIED_TITLE, texts::DEVICE_DENIED)).await,
        Answered::Over => at.over(&browser).await,
        Answered::Unknown => at.entry(&browser, form.token(), &typed, Some(texts::UNKNOWN_DEVICE_CODE)).await,
    })
}

/// What somebody typed, or an address says: as it is, unless it is too long to be anything.
fn typed(text: Option<String>) -> String {
    text.filter(|text| text.chars().count() <= LONGEST_TYPED).unwrap_or_default()
}

fn see_other(location: &str) -> HttpResponse {
    let mut reply = HttpResponse::SeeOther();
    reply.insert_header((header::LOCATION, location)).insert_header((header::CACHE_CONTROL, "private, no-store"));
    reply.finish()
}

/// A form that was posted: by whom, with which code; or where its sender has to go first.
enum Posted {
    By(Box<SignedInBrowser>, String),
    Elsewhere(HttpResponse),
}

/// The request that is answered.
#[derive(Clone, Copy)]
struct At<'a> {
    auth: &'a Auth,
    req: &'a HttpRequest,
    params: &'a Params,
}

impl At<'_> {
    fn reader(self) -> Reader {
        self.params.reader(self.req)
    }

    /// The address of the page with a code.
    fn address(self, typed: &str, looked_up: Option<&Secret>) -> String {
        self.auth.config().base_url.join(&self.path(typed, looked_up))
    }

    fn path(self, typed: &str, looked_up: Option<&Secret>) -> String {
        let code = Some(("user_code", typed)).filter(|(_, typed)| !typed.is_empty());
        let looked_up = looked_up.map(|looked_up| (LOOKED_UP, looked_up.expose()));
        self.reader().keep(&with_query(PAGE, code.into_iter().chain(looked_up)))
    }

    /// Whoever is signed in and has proven enough; else where they go first, and come back from with the code.
    async fn person(
        self,
        browser: Option<SignedInBrowser>,
        typed: &str,
    ) -> Result<Result<SignedInBrowser, HttpResponse>, Error> {
        let (auth, back) = (self.auth, self.path(typed, None));
        let Some(browser) = browser else {
            let sign_in = with_query(&auth.config().base_url.join("/account/sign-in"), [("return_to", back.as_str())]);
            return Ok(Err(redirect(&self.reader().keep(&sign_in))));
        };
        if flow::lacks_proof(auth, &browser).await? {
            let acr_values = Some(Acr::Two.name().to_owned());
            let wish = Wish { acr_values, max_age: None, return_to: Some(back) };
            if let Some(claim) = step_up::begin(auth, &browser, wish).await? {
                return Ok(Err(to_factor(auth, self.req, &self.reader(), &claim).await));
            }
        }
        Ok(Ok(browser))
    }

    /// Who posted a form, where it is ours.
    async fn posted(self, form: &PostedForm) -> Result<Posted, Error> {
        form.params.require_known_type()?;
        form.prove_origin()?;
        let typed = typed(form.text("user_code")?);
        let browser = session::unless_overdue(self.auth, form.signed_in_without_factor().await?).await?.0;
        let browser = match self.person(browser, &typed).await? {
            Ok(browser) => browser,
            Err(away) => return Ok(Posted::Elsewhere(away)),
        };
        if form.is_stale()? {
            let again = self.entry(&browser, form.token(), &typed, Some(texts::TRY_AGAIN)).await;
            return Ok(Posted::Elsewhere(again));
        }
        Ok(Posted::By(Box::new(browser), typed))
    }

    /// The page with the field; its status says whether something is wrong.
    async fn entry(
        self,
        browser: &SignedInBrowser,
        form_token: String,
        typed: &str,
        error: Option<&'static str>,
    ) -> HttpResponse {
        let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        self.shown(browser, form_token, (typed, error, None), status).await
    }

    /// The page with the request.
    async fn asks(self, browser: &SignedInBrowser, form_token: String, asked: &Asked) -> HttpResponse {
        let mut places: Vec<String> = Vec::new();
        for uri in &asked.app.redirect_uris {
            let place = match uri.destination() {
                Destination::Copy => continue,
                Destination::Scheme(scheme) => format!("{scheme}:"),
                Destination::Unprotected(host) => format!("http://{host}"),
                Destination::Site(host) | Destination::ThisDevice(host) => host,
            };
            if !places.contains(&place) && places.len() < MOST_PLACES {
                places.push(place);
            }
        }
        let at = asked.code.created_at;
        let request = DeviceRequestOnPage {
            app: Some(app_on_page(&asked.app)),
            is_public: asked.app.is_public,
            places,
            permissions: permissions(&asked.code.scopes, &self.auth.config().scopes),
            links: links(&asked.app),
            program: asked.code.program.as_deref(),
            network: asked.code.network.as_deref(),
            at: at.into(),
            clock: at.to_iso8601().get(11..16).unwrap_or_default().to_owned(),
        };
        let code = asked.user_code.shown();
        self.shown(browser, form_token, (&code, None, Some(request)), StatusCode::OK).await
    }

    async fn shown(
        self,
        browser: &SignedInBrowser,
        form_token: String,
        (user_code, error, asked): (&str, Option<&'static str>, Option<DeviceRequestOnPage<'_>>),
        status: StatusCode,
    ) -> HttpResponse {
        let reader = self.reader().for_account(Some(&browser.account));
        let (action, answer_action) = (reader.keep(PAGE), reader.keep(ANSWER));
        let page = Page::Device(Box::new(DevicePage {
            action: &action,
            answer_action: &answer_action,
            form_token,
            account: account_on_page(&browser.account),
            switch_account: reader.keep(SIGN_OUT),
            user_code,
            error,
            asked,
        }));
        show(View::new(self.auth, self.req, &reader), &page, status, &[]).await
    }

    /// The code was answered before, or its time is over.
    async fn over(self, browser: &SignedInBrowser) -> HttpResponse {
        let reader = self.reader().for_account(Some(&browser.account));
        let another = reader.keep(PAGE);
        let page = MessagePage {
            title: texts::DEVICE_CODE_OVER_TITLE,
            message: texts::DEVICE_CODE_OVER,
            action: None,
            fields: &[],
            button: "",
            link: Some(&another),
            link_text: texts::ANOTHER_DEVICE_CODE,
            link_app: None,
        };
        show(View::new(self.auth, self.req, &reader), &Page::Message(page), StatusCode::GONE, &[]).await
    }

    async fn message(self, browser: &SignedInBrowser, (title, message): (&str, &str)) -> HttpResponse {
        let reader = self.reader().for_account(Some(&browser.account));
        let page = MessagePage {
            title,
            message,
            action: None,
            fields: &[],
            button: "",
            link: None,
            link_text: "",
            link_app: None,
        };
        show(View::new(self.auth, self.req, &reader), &Page::Message(page), StatusCode::OK, &[]).await
    }
}
