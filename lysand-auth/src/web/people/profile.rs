//! The page of the own profile, and Mastodon's route for apps (people PPL-126a).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::password::to_sign_in;
use super::paths::PROFILE;
use crate::auth::Auth;
use crate::error::Error;
use crate::flows::profile::{self as flow, NewProfile, ProfileError};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{FieldOnPage, LanguageOnPage, Page, ProfilePage};
use crate::model::form_error::FormErrors;
use crate::model::language::Language;
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::documents::credential_account;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::{ApiError, field_errors, json as reply};

/// `PATCH /api/v1/accounts/update_credentials`
pub(super) async fn by_app(auth: Data<Auth>, bearer: Bearer, received: Received) -> Result<HttpResponse, ApiError> {
    let account = bearer.account(&["write", "write:accounts"]).await?;
    let params = received.0?;
    let mut new = NewProfile::new();
    new.display_name = params.given_text("display_name")?;
    new.language = params.given_text("locale")?;
    match flow::change(&auth, &account, &new).await {
        Ok(account) => {
            let mut reply = reply(&credential_account(&auth, &account));
            reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
            Ok(reply)
        }
        Err(ProfileError::Fields(errors)) => Ok(field_errors(&errors)),
        Err(ProfileError::Refused(error)) => Err(error.into()),
    }
}

/// `GET /account/profile`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        flow::fields(&auth).await?;
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), PROFILE));
        };
        let is_saved = params.last_text("notice").as_deref() == Some("saved");
        let said = Said { notice: is_saved.then_some(texts::PROFILE_SAVED), ..Said::default() };
        shown(&auth, &req, &params, (&browser, form.token()), said).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/profile`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        flow::fields(&auth).await?;
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), PROFILE));
        };
        let mut new = NewProfile::new();
        new.display_name = form.params.given_text("display_name")?;
        new.language = form.params.given_text("locale")?;
        let again = |said: Said| {
            let said = Said { typed: new.clone(), ..said };
            shown(&auth, &req, &form.params, (&browser, form.token()), said)
        };
        if form.is_stale()? {
            return again(Said { error: Some(texts::TRY_AGAIN), ..Said::default() }).await;
        }
        match flow::change(&auth, &browser.account, &new).await {
            // Without the `lang` of the page that was shown: it would hide a language that was just chosen.
            Ok(_) => Ok(redirect(&with_query(&auth.config().base_url.join(PROFILE), [("notice", "saved")]))),
            Err(ProfileError::Fields(errors)) => again(Said { errors, ..Said::default() }).await,
            Err(ProfileError::Refused(error)) => Err(error),
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// What the page says beside the form.
#[derive(Default)]
struct Said {
    notice: Option<&'static str>,
    error: Option<&'static str>,
    errors: FormErrors,
    typed: NewProfile,
}

async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let (account, fields) = (&browser.account, flow::fields(auth).await?);
    let reader = params.reader(req).for_account(Some(account));
    let found =
        |name: &str| said.errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone());
    let chosen = match &said.typed.language {
        Some(typed) => Language::parse(typed),
        None => account.language.clone(),
    };
    let languages = auth.pages().languages().into_iter().map(|tag| {
        let is_chosen = chosen.as_ref().is_some_and(|chosen| chosen.as_str().eq_ignore_ascii_case(&tag));
        LanguageOnPage { name: Language::name_of(&tag).to_owned(), chosen: is_chosen, tag }
    });
    let status = match said.error.is_some() || !said.errors.0.is_empty() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let name = said.typed.display_name.clone().unwrap_or_else(|| account.display_name.clone());
    let page = Page::Profile(ProfilePage {
        action: &reader.keep(PROFILE),
        form_token,
        username: &account.username,
        display_name: FieldOnPage {
            asked: fields.display_name,
            required: false,
            value: name,
            error: found("display_name"),
        },
        asks_language: fields.language,
        languages: languages.collect(),
        language_error: found("locale"),
        notice: said.notice,
        error: said.error,
        account: reader.keep(&auth.config().base_url.join("/account")),
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}
