//! The page on which somebody chooses a name whom a provider vouches for (people PPL-41, Lysand §13.3).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::paths::{FINISH, WAITING};
use super::sign_up::{filled_in, refuse_json};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::login::Missing;
use crate::flows::sessions::Browser;
use crate::flows::sign_up::{self, ProviderOffer, SignUpError, SignUpForm, SignedUpByProvider};
use crate::host::pages::{FieldOnPage, Page, ProviderSignUpOnPage, SignUpFields, SignUpPage};
use crate::model::form_error::FormErrors;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, app_on_page, show};
use crate::web::pages::authorization_request::{another_was_meant, consent_location, whole_request};
use crate::web::pages::authorization_response::approved;
use crate::web::wire::cookies;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::redirect;
use crate::web::wire::reply::ApiError;

/// `GET /register/finish`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        let params = received.0?;
        let flow_id = params.last_text("flow_id").unwrap_or_default();
        shown((&auth, &req), &params, form.token(), &flow_id, None).await
    };
    PageError::render_or(reply.await.map_err(over), &auth, &req, &Params::of_query(&req)).await
}

/// A flow that holds nothing for this browser is no mistake of an app's.
fn over(error: Error) -> PageError {
    match error {
        Error::Refused(refusal) if refusal.code == Code::InvalidRequest => {
            Error::refused(Code::InvalidGrant, texts::SIGN_IN_OVER).into()
        }
        other => other.into(),
    }
}

/// `POST /register/finish`
pub(super) async fn submit(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
    browser: Browser,
) -> HttpResponse {
    let reply = async {
        let form = form.map_err(|ApiError(error)| error)?;
        refuse_json(&req)?;
        form.prove_with_token()?;
        let flow_id = form.text("flow_id")?.unwrap_or_default();
        let cookie = cookies::flow_cookie(&auth, req.headers(), &flow_id);
        let filled = filled_in(&form)?;
        match sign_up::by_provider(&auth, (&flow_id, cookie.as_ref()), filled.clone(), browser).await {
            Ok(made) => finished(&auth, &form, &flow_id, made).await,
            Err(SignUpError::Fields(errors)) => {
                let outcome = Some((filled, errors));
                shown((&auth, &req), &form.params, form.token(), &flow_id, outcome).await
            }
            Err(SignUpError::Refused(error)) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(over), &auth, &req, &Params::of_query(&req)).await
}

async fn finished(
    auth: &Auth,
    form: &PostedForm,
    flow_id: &str,
    made: SignedUpByProvider,
) -> Result<HttpResponse, Error> {
    let reader = form.reader();
    let mut reply = match made {
        SignedUpByProvider::Waits(token) => {
            let mut reply = redirect(&auth.config().base_url.join(&reader.keep(WAITING)));
            cookies::put_waiting(auth, &mut reply, &token)?;
            reply
        }
        SignedUpByProvider::SignedIn(signed_in) => {
            let (app, request, step) = (&signed_in.app, &signed_in.request, &signed_in.step);
            let mut reply = match step.missing {
                None => approved(View::new(auth, &form.req, &reader), &request.return_path(app), &step.code).await,
                Some(Missing::AccountMeant) => redirect(&another_was_meant(auth, app, request)),
                Some(_) => redirect(&consent_location(auth, app, &whole_request(app, request), &step.code)),
            };
            cookies::put_sign_in(auth, &mut reply, &signed_in)?;
            reply
        }
    };
    cookies::clear_flow_cookie(auth, &mut reply, flow_id)?;
    Ok(reply)
}

async fn shown(
    (auth, req): (&Auth, &HttpRequest),
    params: &Params,
    form_token: String,
    flow_id: &str,
    outcome: Option<(SignUpForm, FormErrors)>,
) -> Result<HttpResponse, Error> {
    let cookie = cookies::flow_cookie(auth, req.headers(), flow_id);
    let offer = sign_up::provider_offer(auth, flow_id, cookie.as_ref()).await?;
    let status = if outcome.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let (filled, errors) = outcome.unwrap_or_else(|| {
        let mut filled = SignUpForm::new();
        filled.username.clone_from(&offer.username);
        filled.email = offer.email.clone().unwrap_or_default();
        (filled, FormErrors::default())
    });
    let reader = params.reader(req);
    let signups = auth.signups();
    let page = Page::SignUp(Box::new(SignUpPage {
        action: reader.keep(FINISH),
        form_token,
        app: Some(app_on_page(&offer.app)),
        current: None,
        go_on: String::new(),
        closed: None,
        needs_invitation: offer.needs_invitation,
        reviewed: offer.reason != "absent",
        fields: fields(&offer, &filled, &errors),
        rules: &signups.rules,
        tos_url: &signups.tos_url,
        minimum_age: signups.minimum_age,
        challenge: None,
        passkey_action: None,
        provider: Some(ProviderSignUpOnPage {
            name: &offer.provider,
            flow_id,
            email: offer.email.clone().filter(|_| offer.is_confirmed),
            is_taken: offer.is_taken,
            cancel: reader.keep(&auth.config().home_page()),
        }),
        providers: Vec::new(),
        sign_in: auth.config().base_url.join("/account/sign-in"),
    }));
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}

fn fields(offer: &ProviderOffer, filled: &SignUpForm, errors: &FormErrors) -> SignUpFields {
    let field = |name: &str, value: &str, asked: bool, required: bool| FieldOnPage {
        asked,
        required,
        value: value.to_owned(),
        error: errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone()),
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let ticked = if filled.agreement { "1" } else { "" };
    SignUpFields {
        username: field("username", &filled.username, true, true),
        email: field("email", &filled.email, !offer.is_confirmed, false),
        password: FieldOnPage::default(),
        reason: field("reason", &text(&filled.reason), offer.reason != "absent", offer.reason == "required"),
        date_of_birth: field("date_of_birth", &text(&filled.date_of_birth), offer.asks_age, true),
        invite_code: field("invite_code", &text(&filled.invite_code), offer.needs_invitation, true),
        agreement: field("agreement", ticked, offer.agreement, true),
        altcha: FieldOnPage::default(),
        homepage: FieldOnPage::default(),
    }
}
