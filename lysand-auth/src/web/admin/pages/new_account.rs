//! `GET /admin/new_account`: an account for somebody else (people PPL-145).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::deed::address;
use super::frame::{ACCOUNTS, Posted, acted, frame, looked, role_words, shown};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::credentials::{self, ProofWanted};
use crate::flows::sessions::SignedInBrowser;
use crate::flows::sign_up::{self, AccountByStaff, SignUpError};
use crate::flows::{admin, sign_up::is_offered_to_staff};
use crate::host::pages::{AdminNewAccountPage, FieldOnPage, Page, RoleChoice};
use crate::model::account::Role;
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

pub(super) const NEW: &str = "/admin/new_account";

const ROLES: [Role; 3] = [Role::Member, Role::Moderator, Role::Admin];

/// What went wrong at the last try.
#[derive(Default)]
struct Wrong {
    error: Option<String>,
    errors: FormErrors,
}

/// `GET /admin/new_account`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        asked(&auth, &req, params, (staff, form.token()), Wrong::default()).await
    })
    .await
}

/// `POST /admin/new_account`
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        let again = |wrong: Wrong| asked(&auth, &req, &form.params, (&staff, form.token()), wrong);
        let wrong = |why: &str| Wrong { error: Some(why.to_owned()), ..Wrong::default() };
        if form.is_stale()? {
            return again(wrong(texts::TRY_AGAIN)).await;
        }
        match made(&auth, &req, &form, &staff).await {
            Ok(place) => Ok(redirect(&form.reader().keep(&place))),
            Err(SignUpError::Fields(errors)) => again(Wrong { errors, ..Wrong::default() }).await,
            Err(SignUpError::Refused(Error::Refused(refusal)))
                if refusal.code != Code::NotFound && refusal.retry_after.is_none() =>
            {
                again(wrong(&refusal.why)).await
            }
            Err(SignUpError::Refused(error)) => Err(error),
        }
    })
    .await
}

/// Makes the account; where its page is.
async fn made(
    auth: &Auth,
    req: &HttpRequest,
    form: &PostedForm,
    staff: &SignedInBrowser,
) -> Result<String, SignUpError> {
    let text = |name| Ok::<_, Error>(form.text(name)?.unwrap_or_default());
    let mut wanted = AccountByStaff::new(text("username")?, text("email")?);
    let role = text("role")?;
    let Some(role) = ROLES.into_iter().find(|known| role.is_empty() || role == role_words(*known)) else {
        return Err(Error::refused(Code::Validation, texts::UNKNOWN_ROLE).into());
    };
    wanted.role = role;
    // A box that is not ticked is not sent.
    wanted.sends = form.text("send")?.is_some();
    sign_up::require_maker(&staff.account, role)?;
    if role != Role::Member {
        let password = form.text("current_password")?.map(Secret::new);
        admin::require_proof_of_browser(auth, staff, password.as_ref()).await?;
    }
    let notice = if wanted.sends { "made_and_mailed" } else { "made" };
    let account = sign_up::by_staff(auth, &staff.account, wanted, &wire::caller(req, auth.config())).await?;
    Ok(with_query(&address(auth, account.id.as_str()), [("notice", notice)]))
}

async fn asked(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token): (&SignedInBrowser, String),
    wrong: Wrong,
) -> Result<HttpResponse, Error> {
    let staff = &browser.account;
    if !is_offered_to_staff(auth).await {
        return Err(Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND));
    }
    let reader = params.reader(req).for_account(Some(staff));
    let gives_roles = sign_up::require_maker(staff, Role::Moderator).is_ok();
    let proof = if gives_roles { credentials::proof_wanted(auth, browser).await? } else { ProofWanted::Nothing };
    let sign_in = || {
        let place = auth.config().base_url.join("/account/sign-in");
        reader.keep(&with_query(&place, [("return_to", NEW), ("prompt", "login")]))
    };
    let value = |name: &str| params.body_text(name).ok().flatten().unwrap_or_default();
    let field = |name: &'static str| FieldOnPage {
        asked: true,
        required: true,
        value: value(name),
        error: wrong.errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone()),
    };
    let chosen = value("role");
    let choice = |role: Role| RoleChoice {
        name: role_words(role),
        chosen: chosen == role_words(role) || chosen.is_empty() && role == Role::Member,
    };
    let is_first = wrong.error.is_none() && wrong.errors.0.is_empty();
    let page = Page::AdminNewAccount(AdminNewAccountPage {
        frame: frame(auth, &reader, staff, "").await?,
        action: reader.keep(NEW),
        form_token,
        username: field("username"),
        email: field("email"),
        roles: if gives_roles { ROLES.map(choice).into() } else { Vec::new() },
        sends: is_first || !value("send").is_empty(),
        asks_password: proof == ProofWanted::Password,
        sign_in: (proof == ProofWanted::Confirmation).then(sign_in),
        error: wrong.error,
        back: reader.keep(&auth.config().base_url.join(ACCOUNTS)),
    });
    Ok(shown(auth, req, &reader, &page, !is_first).await)
}
