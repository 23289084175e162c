//! The page of the own invitations (people PPL-85).

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::invitations::wanted;
use super::password::to_sign_in;
use super::paths::INVITATIONS;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::invitations::{self as flow, Invitation, ListSpan, MayInvite};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{FieldOnPage, InvitationFields, InvitationOnPage, InvitationsPage, Page};
use crate::model::form_error::FormErrors;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{PageError, View, show};
use crate::web::kit::session;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// How many invitations the page shows.
const SHOWN: i64 = 100;

/// `GET /account/invitations`
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    let reply = async {
        flow::require(&auth)?;
        let params = received.0?;
        let Some(browser) = session::optional(&auth, &req).await?.0 else {
            return Ok(to_sign_in(&auth, &params.reader(&req), INVITATIONS));
        };
        let notice = match params.last_text("notice").as_deref() {
            Some("made") => Some(texts::INVITATION_MADE),
            Some("mailed") => Some(texts::INVITATION_MAILED),
            Some("ended") => Some(texts::INVITATION_ENDED),
            _ => None,
        };
        let said = Said { notice, ..Said::default() };
        shown(&auth, &req, &params, (&browser, form.token()), said).await
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

/// `POST /account/invitations`, with `do` = `make` or `end`.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    let reply = async {
        flow::require(&auth)?;
        let form = form.map_err(|ApiError(error)| error)?;
        form.params.require_known_type()?;
        let Some(browser) = form.signed_in().await?.0 else {
            form.prove_origin()?;
            return Ok(to_sign_in(&auth, &form.reader(), INVITATIONS));
        };
        let again = |said: Said| shown(&auth, &req, &form.params, (&browser, form.token()), said);
        if form.is_stale()? {
            return again(Said::wrong(texts::TRY_AGAIN)).await;
        }
        match acted(&auth, &req, &form, &browser).await? {
            Ok(notice) => Ok(redirect(&with_query(&auth.config().base_url.join(INVITATIONS), [("notice", notice)]))),
            Err(said) => again(said).await,
        }
    };
    PageError::render_or(reply.await.map_err(PageError::from), &auth, &req, &Params::of_query(&req)).await
}

async fn acted(
    auth: &Auth,
    req: &HttpRequest,
    form: &PostedForm,
    browser: &SignedInBrowser,
) -> Result<Result<&'static str, Said>, Error> {
    let (account, caller) = (&browser.account, wire::caller(req, auth.config()));
    if form.text("do")?.as_deref() == Some("end") {
        let id = form.text("id")?.unwrap_or_default();
        return match flow::end_own(auth, account, &id, &caller).await {
            Ok(_) => Ok(Ok("ended")),
            Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => {
                Ok(Err(Said::wrong(texts::INVITATION_OVER)))
            }
            Err(error) => Err(error),
        };
    }
    let is_staff = flow::may_invite(auth, account) == MayInvite::AsStaff;
    let mut new = wanted(&form.params, is_staff)?;
    // A box that is not ticked is not sent.
    new.skips_review = is_staff && form.text("skips_review")?.is_some();
    match flow::create_by(auth, account, new, &caller).await {
        Ok(Ok(made)) => Ok(Ok(if made.email.is_some() { "mailed" } else { "made" })),
        Ok(Err(errors)) => Ok(Err(Said { errors, ..Said::default() })),
        Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => {
            Ok(Err(Said { error: Some(refusal.why.into_owned()), ..Said::default() }))
        }
        Err(error) => Err(error),
    }
}

/// What the page says beside the forms.
#[derive(Default)]
struct Said {
    notice: Option<&'static str>,
    error: Option<String>,
    errors: FormErrors,
}

impl Said {
    fn wrong(why: &str) -> Self {
        Self { error: Some(why.to_owned()), ..Self::default() }
    }
}

async fn shown(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let account = &browser.account;
    let may = flow::may_invite(auth, account);
    if may == MayInvite::No {
        return Err(Error::refused(Code::NotFound, "Record not found"));
    }
    let span = ListSpan { limit: Some(SHOWN), ..ListSpan::default() };
    let found = flow::of_person(auth, account, span).await?;
    let reader = params.reader(req).for_account(Some(account));
    let status = match said.error.is_some() || !said.errors.0.is_empty() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    let field = |name: &'static str| {
        let error = said.errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone());
        let value = params.body_text(name).ok().flatten().unwrap_or_default();
        FieldOnPage { asked: true, required: false, value, error }
    };
    let page = Page::Invitations(InvitationsPage {
        action: &reader.keep(INVITATIONS),
        form_token,
        username: &account.username,
        invitations: found.items.iter().map(|made| on_page(auth, made)).collect(),
        may_make: matches!(may, MayInvite::AsStaff | MayInvite::AsPerson),
        from: match may {
            MayInvite::From(from) => Some(from.into()),
            _ => None,
        },
        is_staff: may == MayInvite::AsStaff,
        most_open: (may == MayInvite::AsPerson).then_some(auth.signups().max_open_invitations),
        fields: InvitationFields {
            max_uses: field("max_uses"),
            expires_in: field("expires_in"),
            comment: field("comment"),
            email: field("email"),
        },
        notice: said.notice,
        error: said.error,
        account: reader.keep(&auth.config().base_url.join("/account")),
    });
    Ok(show(View::new(auth, req, &reader), &page, status, &[]).await)
}

fn on_page<'a>(auth: &Auth, made: &'a Invitation) -> InvitationOnPage<'a> {
    InvitationOnPage {
        id: &made.id,
        link: flow::link(auth, made),
        email: made.email.as_deref(),
        comment: made.comment.as_deref(),
        uses: made.uses,
        max_uses: made.max_uses,
        made: made.created_at.into(),
        expires: made.expires_at.map(Into::into),
        state: made.state(auth.ambient().now()),
    }
}
