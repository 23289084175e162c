//! `GET /admin/invitations`: the invitations of all; staff makes some, and ends those that they may (people PPL-19, PPL-85).

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::confirm::{self, Question};
use super::frame::{ACCOUNTS, INVITATIONS, Posted, acted, frame, looked, shown};
use super::listing::Listing;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::invitations::{self as flow, Invitation, MayInvite};
use crate::flows::sessions::SignedInBrowser;
use crate::host::pages::{
    AdminInvitationsPage, FieldOnPage, InvitationFields, InvitationOnPage, InvitationRow, Page, Reader,
};
use crate::model::account::{Account, AccountId};
use crate::model::form_error::FormErrors;
use crate::texts;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::people::invitations::wanted;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// Where all invitations of an account are ended.
pub(super) const END_ALL: &str = "/admin/invitations/end";

/// What the page says beside the forms.
#[derive(Default)]
struct Said {
    notice: Option<&'static str>,
    error: Option<String>,
    errors: FormErrors,
}

impl Said {
    fn wrong(why: impl Into<String>) -> Self {
        Self { error: Some(why.into()), ..Self::default() }
    }
}

/// `GET /admin/invitations`, those of the account `by` if it is given.
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let notice = match params.last_text("notice").as_deref() {
            Some("made") => Some(texts::INVITATION_MADE),
            Some("mailed") => Some(texts::INVITATION_MAILED),
            Some("ended") => Some(texts::INVITATION_ENDED),
            Some("all_ended") => Some(texts::INVITATIONS_ENDED),
            _ => None,
        };
        list(&auth, &req, params, (staff, form.token()), Said { notice, ..Said::default() }).await
    })
    .await
}

/// `POST /admin/invitations`, with `do` = `make` or `end`.
pub(super) async fn submit(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        let again = |said: Said| list(&auth, &req, &form.params, (&staff, form.token()), said);
        if form.is_stale()? {
            return again(Said::wrong(texts::TRY_AGAIN)).await;
        }
        let done = match form.text("do")?.as_deref() {
            Some("end") => ended(&auth, &req, &form, &staff.account).await,
            Some("make") => made(&auth, &req, &form, &staff.account).await,
            _ => Ok(Err(Said::wrong(texts::NOTHING_CHOSEN))),
        };
        match done {
            Ok(Ok(notice)) => {
                let by = form.params.last_text("by").unwrap_or_default();
                let pairs = [("by", by.as_str()), ("notice", notice)];
                let given = pairs.into_iter().filter(|(_, value)| !value.is_empty());
                let place = with_query(&auth.config().base_url.join(INVITATIONS), given);
                Ok(redirect(&form.reader().keep(&place)))
            }
            Ok(Err(said)) => again(said).await,
            Err(Error::Refused(refusal)) if refusal.retry_after.is_none() => {
                again(Said::wrong(refusal.why.into_owned())).await
            }
            Err(error) => Err(error),
        }
    })
    .await
}

type Done = Result<Result<&'static str, Said>, Error>;

async fn ended(auth: &Auth, req: &HttpRequest, form: &PostedForm, staff: &Account) -> Done {
    let id = form.text("id")?.unwrap_or_default();
    match flow::end_any(auth, staff, &id, &wire::caller(req, auth.config())).await {
        Ok(_) => Ok(Ok("ended")),
        Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => Ok(Err(Said::wrong(texts::INVITATION_OVER))),
        Err(error) => Err(error),
    }
}

async fn made(auth: &Auth, req: &HttpRequest, form: &PostedForm, staff: &Account) -> Done {
    let mut new = wanted(&form.params, true)?;
    // A box that is not ticked is not sent.
    new.skips_review = form.text("skips_review")?.is_some();
    match flow::create_by(auth, staff, new, &wire::caller(req, auth.config())).await? {
        Ok(made) => Ok(Ok(if made.email.is_some() { "mailed" } else { "made" })),
        Err(errors) => Ok(Err(Said { errors, ..Said::default() })),
    }
}

/// `GET /admin/invitations/end?by=ID`
pub(super) async fn end_page(
    auth: Data<Auth>,
    req: HttpRequest,
    form: FormSession,
    received: Received,
) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let maker = maker(&auth, staff, params).await?;
        confirm::asked(&auth, &req, params, (staff, form.token()), (question(&maker), None)).await
    })
    .await
}

/// `POST /admin/invitations/end?by=ID`
pub(super) async fn end_all(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    acted((&auth, &req), form, async |posted| {
        let (params, staff) = (&posted.form.params, &posted.staff);
        let maker = maker(&auth, staff, params).await?;
        if let Some(why) = confirm::objection(&auth, &posted).await? {
            let asked = (question(&maker), Some(why));
            return confirm::asked(&auth, &req, params, (staff, posted.form.token()), asked).await;
        }
        flow::end_all(&auth, &staff.account, &maker.id, &wire::caller(&req, auth.config())).await?;
        let place = auth.config().base_url.join(INVITATIONS);
        let place = with_query(&place, [("by", maker.id.as_str()), ("notice", "all_ended")]);
        Ok(redirect(&posted.form.reader().keep(&place)))
    })
    .await
}

/// Whose invitations are ended, where this member of the staff may.
async fn maker(auth: &Auth, staff: &SignedInBrowser, params: &Params) -> Result<Account, Error> {
    let by = params.last_scalar("by")?.unwrap_or_default();
    let found = auth.account(&AccountId::new(&*by)).await?;
    let maker = found.ok_or_else(|| Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND))?;
    match flow::may_end(&staff.account, Some(&maker.id)) {
        true => Ok(maker),
        false => Err(Error::refused(Code::Forbidden, texts::ACTION_NOT_ALLOWED)),
    }
}

fn question(maker: &Account) -> Question {
    let by = [("by", maker.id.as_str())];
    Question {
        place: with_query(END_ALL, by),
        words: texts::ACT_END_INVITATIONS,
        what: texts::ACT_END_INVITATIONS_WHAT,
        subject: format!("@{}", maker.username),
        has_formats: false,
        back: with_query(INVITATIONS, by),
    }
}

async fn list(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token): (&SignedInBrowser, String),
    said: Said,
) -> Result<HttpResponse, Error> {
    let staff = &browser.account;
    let reader = params.reader(req).for_account(Some(staff));
    let by = params.last_scalar("by")?.unwrap_or_default();
    let maker = Some(AccountId::new(&*by)).filter(|_| !by.is_empty());
    let maker_account = match &maker {
        Some(maker) => auth.account(maker).await?,
        None => None,
    };
    let listing = Listing::new(INVITATIONS, params, &[("by", &by)]);
    let found = flow::of_all(auth, staff, maker, listing.span()).await?;
    let is_wrong = said.error.is_some() || !said.errors.0.is_empty();
    let may_end_all = maker_account.as_ref().is_some_and(|maker| flow::may_end(staff, Some(&maker.id)));
    let has_usable = found.items.iter().any(|made| made.ended_at.is_none());
    let link = |path: &str| reader.keep(&auth.config().base_url.join(path));
    let page = Page::AdminInvitations(Box::new(AdminInvitationsPage {
        frame: frame(auth, &reader, staff, INVITATIONS).await?,
        action: reader.keep(&with_query(INVITATIONS, [("by", by.as_str())].into_iter().filter(|_| !by.is_empty()))),
        form_token,
        maker: maker_account.map(|maker| maker.username),
        all: (!by.is_empty()).then(|| link(INVITATIONS)),
        end_all: (may_end_all && has_usable).then(|| link(&with_query(END_ALL, [("by", by.as_str())]))),
        invitations: found.items.iter().map(|made| row(auth, &reader, staff, made)).collect(),
        neighbours: listing.neighbours(auth, &reader, &found, |made| &made.id),
        may_make: flow::may_invite(auth, staff) == MayInvite::AsStaff,
        fields: fields(params, &said.errors),
        skips_review: !is_wrong || params.body_text("skips_review")?.is_some(),
        notice: said.notice,
        error: said.error,
    }));
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

fn fields(params: &Params, errors: &FormErrors) -> InvitationFields {
    let field = |name: &'static str| {
        let error = errors.0.iter().find(|error| error.field == name).map(|error| error.description.clone());
        let value = params.body_text(name).ok().flatten().unwrap_or_default();
        FieldOnPage { asked: true, required: false, value, error }
    };
    // Nobody invites everybody by mistake.
    let max_uses = match params.body_text("do") {
        Ok(None) => FieldOnPage { value: "1".to_owned(), ..field("max_uses") },
        _ => field("max_uses"),
    };
    InvitationFields { max_uses, expires_in: field("expires_in"), comment: field("comment"), email: field("email") }
}

fn row<'a>(auth: &Auth, reader: &Reader, staff: &Account, made: &'a Invitation) -> InvitationRow<'a> {
    let link = |path: String| reader.keep(&auth.config().base_url.join(&path));
    let maker = made.maker.as_ref();
    InvitationRow {
        invitation: InvitationOnPage {
            id: &made.id,
            link: flow::link(auth, made),
            email: made.email.as_deref(),
            comment: made.comment.as_deref(),
            uses: made.uses,
            max_uses: made.max_uses,
            made: made.created_at.into(),
            expires: made.expires_at.map(Into::into),
            state: made.state(auth.ambient().now()),
        },
        maker: made.maker_name.as_deref(),
        account: maker.map(|maker| link(format!("{ACCOUNTS}/{maker}"))),
        others: maker.map(|maker| link(with_query(INVITATIONS, [("by", maker.as_str())]))),
        skips_review: made.skips_review,
        may_end: made.ended_at.is_none() && flow::may_end(staff, maker),
    }
}
