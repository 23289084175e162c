//! The page on which somebody signs up (people PPL-37, PPL-50).

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use super::paths::{CHALLENGE, REGISTER, REGISTER_PASSKEY};
use super::{entities, sign_up_passkey};
use crate::auth::Auth;
use crate::config::Mode;
use crate::error::{Code, Error};
use crate::flows::authorize;
use crate::flows::sign_up::{self, Offer, Road, SignUp, SignUpError, SignUpForm};
use crate::host::pages::{FieldOnPage, Page, SignUpFields, SignUpPage};
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, account_on_page, app_on_page, show};
use crate::web::kit::session::{self, SignedIn};
use crate::web::kit::surfaces::{self, Surface};
use crate::web::pages::authorization_request::{ECHOED, login_location, request};
use crate::web::pages::sign_in_page::providers;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{pairs, redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// `GET /register`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let mut filled = SignUpForm::new();
        filled.invite_code = match params.last_text("invite") {
            Some(code) => Some(code),
            None => params.last_text("invite_code"),
        };
        shown((&auth, &req), &params, form.token(), &filled, Outcome::default()).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /register`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        refuse_json(&req)?;
        form.params.require_known_type()?;
        let filled = filled_in(&form)?;
        if form.is_stale()? {
            // Nothing that was typed is lost (people PPL-8).
            let outcome = Outcome { stale: true, ..Outcome::default() };
            return shown((&auth, &req), &form.params, form.token(), &filled, outcome).await;
        }
        let asked = asked(&form, &filled).with_passkey(entities::passkey(&form.params)?);
        match sign_up::sign_up(&auth, asked).await {
            Ok(signed_up) => sign_up_passkey::waits(&form, &filled.username, &signed_up).await,
            Err(error) => match sign_up_passkey::why(&error) {
                Some(why) => with_passkey(&form, &filled, Some(why)).await,
                None => refused(&form, &filled, error).await,
            },
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /register/passkey`: the form without a password, for a passkey in its place.
pub(super) async fn begin_passkey(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        refuse_json(&req)?;
        form.params.require_known_type()?;
        let filled = filled_in(&form)?;
        if form.is_stale()? {
            let outcome = Outcome { stale: true, ..Outcome::default() };
            return shown((&auth, &req), &form.params, form.token(), &filled, outcome).await;
        }
        with_passkey(&form, &filled, None).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `GET /register/passkey`: the page was reloaded, and what was typed is gone.
pub(super) async fn without_passkey(auth: Data<Auth>, received: Received) -> HttpResponse {
    match received.0 {
        Ok(params) => redirect(&auth.config().base_url.join(&with_query(REGISTER, pairs(&params.echo(&ECHOED))))),
        Err(error) => ApiError(error).error_response(),
    }
}

fn asked(form: &PostedForm, filled: &SignUpForm) -> SignUp {
    let asked = SignUp::new(filled.clone(), Road::Page, wire::caller(&form.req, form.auth.config()));
    let cookie = cookies::passkey_cookie(&form.auth, form.req.headers());
    asked.with_request(form.params.echo(&ECHOED)).in_browser(cookie)
}

/// The page on which the passkey is made, with what was wrong with the one before.
async fn with_passkey(
    form: &PostedForm,
    filled: &SignUpForm,
    why: Option<&'static str>,
) -> Result<HttpResponse, Error> {
    let mut asked = asked(form, filled);
    let cookie = asked.cookie.take().unwrap_or_else(|| Secret::generate(form.auth.ambient()));
    match sign_up::begin_with_passkey(&form.auth, &asked.in_browser(Some(cookie.clone()))).await {
        Ok(begun) => sign_up_passkey::page(form, filled, (&begun, &cookie), why).await,
        Err(error) => refused(form, filled, error).await,
    }
}

/// The form once more, with what is wrong with it.
async fn refused(form: &PostedForm, filled: &SignUpForm, error: SignUpError) -> Result<HttpResponse, Error> {
    let outcome = match error {
        SignUpError::Fields(errors) => Outcome { errors, ..Outcome::default() },
        SignUpError::Refused(Error::Refused(refusal)) if refusal.code == Code::SignUpRefused => {
            Outcome { refused: Some(refusal.why.into_owned()), ..Outcome::default() }
        }
        SignUpError::Refused(error) => return Err(error),
    };
    shown((&form.auth, &form.req), &form.params, form.token(), filled, outcome).await
}

/// Programs have a route of their own.
pub(super) fn refuse_json(req: &HttpRequest) -> Result<(), Error> {
    let kind = req.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind.to_ascii_lowercase().starts_with("application/json") {
        true => Err(Error::refused(Code::UnsupportedMediaType, "Send the form as a browser does.")),
        false => Ok(()),
    }
}

pub(super) fn filled_in(form: &PostedForm) -> Result<SignUpForm, Error> {
    let mut filled = entities::form(&form.params)?;
    if filled.language.is_none() {
        // The language that the page is shown in.
        let languages = form.auth.pages().languages();
        let offered: Vec<&str> = languages.iter().map(String::as_str).collect();
        filled.language = form.reader().best_of(&offered).and_then(crate::model::language::Language::parse);
    }
    Ok(filled)
}

/// What became of the form that was sent.
#[derive(Default)]
struct Outcome {
    errors: FormErrors,
    /// Why nobody may sign up.
    refused: Option<String>,
    /// The page was open for too long.
    stale: bool,
}

impl Outcome {
    fn status(&self, is_closed: bool) -> StatusCode {
        match () {
            () if is_closed || self.refused.is_some() => StatusCode::FORBIDDEN,
            () if self.stale || !self.errors.0.is_empty() => StatusCode::UNPROCESSABLE_ENTITY,
            () => StatusCode::OK,
        }
    }
}

/// Why nobody may sign up.
fn closed(offer: &Offer) -> Option<String> {
    let message = if offer.message.is_empty() { texts::SIGN_UP_CLOSED } else { &offer.message };
    (offer.mode == Mode::Closed).then(|| message.to_owned())
}

async fn shown(
    (auth, req): (&Auth, &HttpRequest),
    params: &Params,
    form_token: String,
    filled: &SignUpForm,
    outcome: Outcome,
) -> Result<HttpResponse, Error> {
    let browser: SignedIn = session::for_sign_in(auth, req).await?;
    let reader = params.reader(req).for_account(browser.account());
    let offer = sign_up::offer(auth, filled.invite_code.as_deref()).await?;
    let echoed = params.echo(&ECHOED);
    let asked = request(params).ok().filter(|asked| asked.client_id.is_some());
    let app = match &asked {
        Some(asked) => authorize::app_of(auth, asked).await?,
        None => None,
    };
    let needs_invitation = offer.mode == Mode::Invitation && offer.invitation != Some(true);
    let closed = closed(&offer);
    let status = outcome.status(closed.is_some());
    let offers_providers = surfaces::of_request(req).has(Surface::Sso);
    let go_on = match &asked {
        Some(_) => login_location(auth, &echoed),
        None => auth.config().page_named("account").0,
    };
    let signups = auth.signups();
    let page = Page::SignUp(Box::new(SignUpPage {
        action: with_query(REGISTER, pairs(&echoed)),
        form_token,
        app: app.as_ref().map(app_on_page),
        current: browser.account().map(account_on_page),
        go_on,
        closed,
        needs_invitation,
        reviewed: offer.reason != "absent",
        fields: fields(&offer, filled, &outcome),
        rules: &signups.rules,
        tos_url: &signups.tos_url,
        minimum_age: offer.minimum_age.unwrap_or(0),
        challenge: offer.proof_of_work.then(|| CHALLENGE.to_owned()),
        passkey_action: offer.passkey.then(|| with_query(REGISTER_PASSKEY, pairs(&echoed))),
        provider: None,
        providers: match (&asked, offers_providers) {
            (Some(_), true) => providers(auth, &echoed),
            _ => Vec::new(),
        },
        sign_in: match &asked {
            Some(_) => login_location(auth, &echoed),
            None => auth.config().base_url.join("/account/sign-in"),
        },
    }));
    let along: Vec<(String, String)> =
        echoed.iter().cloned().chain(filled.invite_code.clone().map(|code| ("invite".to_owned(), code))).collect();
    Ok(show(View::new(auth, req, &reader), &page, status, &along).await)
}

fn fields(offer: &Offer, filled: &SignUpForm, outcome: &Outcome) -> SignUpFields {
    let error = |name: &str| {
        let found = outcome.errors.0.iter().find(|error| error.field == name);
        found.map(|error| error.description.clone())
    };
    let field = |name: &str, value: &str| FieldOnPage {
        asked: true,
        required: true,
        value: value.to_owned(),
        error: error(name),
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut invite_code = field("invite_code", &text(&filled.invite_code));
    invite_code.asked = offer.mode != Mode::Closed && (offer.mode == Mode::Invitation || offer.invitation.is_some());
    invite_code.required = offer.mode == Mode::Invitation;
    if invite_code.error.is_none() && offer.invitation == Some(false) {
        invite_code.error = Some(texts::INVALID_INVITATION.to_owned());
    }
    SignUpFields {
        username: field("username", &filled.username),
        email: field("email", &filled.email),
        password: field("password", ""),
        reason: FieldOnPage {
            asked: offer.reason != "absent",
            required: offer.reason == "required",
            ..field("reason", &text(&filled.reason))
        },
        date_of_birth: FieldOnPage {
            asked: offer.date_of_birth == "required",
            ..field("date_of_birth", &text(&filled.date_of_birth))
        },
        agreement: FieldOnPage {
            asked: offer.agreement,
            ..field("agreement", if filled.agreement { "1" } else { "" })
        },
        altcha: FieldOnPage { asked: offer.proof_of_work, required: false, ..field("altcha", "") },
        homepage: FieldOnPage {
            asked: error("homepage").is_some(),
            required: false,
            ..field("homepage", &text(&filled.homepage))
        },
        invite_code,
    }
}
