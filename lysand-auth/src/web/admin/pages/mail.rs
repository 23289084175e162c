//! `GET /admin/mail`: the outbox; a test mail, and one mail with what the mail server said (people PPL-148, PPL-154a).

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use super::confirm::{self, Question};
use super::frame::{ACCOUNTS, MAIL, Posted, acted, clock, frame, looked, shown};
use super::listing::Listing;
use super::words;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sessions::SignedInBrowser;
use crate::flows::{admin, outbox};
use crate::host::mailer::{MailRecord, MailState};
use crate::host::pages::{AdminMailPage, AdminMailsPage, ChoiceOnPage, MailRow, Page, Reader};
use crate::model::event::Actor;
use crate::texts;
use crate::web::admin::mail::PATIENCE;
use crate::web::kit::form_session::FormSession;
use crate::web::kit::forms::PostedForm;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::redirect::{redirect, with_query};
use crate::web::wire::reply::ApiError;
use crate::web::wire::request as wire;

/// `GET /admin/mail`, the mails in the state `state` if it is given.
pub(super) async fn page(auth: Data<Auth>, req: HttpRequest, form: FormSession, received: Received) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| list(&auth, &req, params, (staff, form.token()), None).await)
        .await
}

/// `POST /admin/mail`: a test mail to the own address.
pub(super) async fn test(auth: Data<Auth>, req: HttpRequest, form: Result<PostedForm, ApiError>) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        admin::require_admin(&staff.account)?;
        let again = |why: String| list(&auth, &req, &form.params, (&staff, form.token()), Some(why));
        if form.is_stale()? {
            return again(texts::TRY_AGAIN.to_owned()).await;
        }
        let to = staff.account.email.as_ref().map_or("", |email| email.address.as_str());
        let (by, caller) = (Actor::Account(staff.account.id.clone()), wire::caller(&req, auth.config()));
        match outbox::post_test(&auth, to, staff.account.language.clone(), by, &caller).await? {
            Ok(id) => {
                outbox::outcome(&auth, &id, PATIENCE).await?;
                Ok(redirect(&form.reader().keep(&auth.config().base_url.join(&place(&id)))))
            }
            Err(errors) => again(errors.to_string()).await,
        }
    })
    .await
}

/// `GET /admin/mail/ID`
pub(super) async fn one(
    auth: Data<Auth>,
    req: HttpRequest,
    form: FormSession,
    received: Received,
    id: Path<String>,
) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let notice = match params.last_text("notice").as_deref() {
            Some("retried") => Some(texts::MAIL_RETRIED),
            Some("cancelled") => Some(texts::MAIL_CANCELLED),
            _ => None,
        };
        single(&auth, &req, params, (staff, form.token(), &id), (notice, None)).await
    })
    .await
}

/// `POST /admin/mail/ID`: it is tried again at once.
pub(super) async fn retry(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
    id: Path<String>,
) -> HttpResponse {
    acted((&auth, &req), form, async |Posted { form, staff }| {
        admin::require_admin(&staff.account)?;
        let again = |why: String| single(&auth, &req, &form.params, (&staff, form.token(), &id), (None, Some(why)));
        if form.is_stale()? {
            return again(texts::TRY_AGAIN.to_owned()).await;
        }
        let (by, caller) = (Actor::Account(staff.account.id.clone()), wire::caller(&req, auth.config()));
        match outbox::retry(&auth, &id, by, &caller).await {
            Ok(()) => {
                outbox::outcome(&auth, &id, PATIENCE).await?;
                Ok(redirect(&form.reader().keep(&done(&auth, &id, "retried"))))
            }
            Err(Error::Refused(refusal)) if refusal.code == Code::Conflict => again(refusal.why.into_owned()).await,
            Err(error) => Err(error),
        }
    })
    .await
}

/// `GET /admin/mail/ID/cancel`
pub(super) async fn cancel_page(
    auth: Data<Auth>,
    req: HttpRequest,
    form: FormSession,
    received: Received,
    id: Path<String>,
) -> HttpResponse {
    looked((&auth, &req), received, async |params, staff| {
        let question = question(&auth, &req, staff, &id).await?;
        confirm::asked(&auth, &req, params, (staff, form.token()), (question, None)).await
    })
    .await
}

/// `POST /admin/mail/ID/cancel`
pub(super) async fn cancel(
    auth: Data<Auth>,
    req: HttpRequest,
    form: Result<PostedForm, ApiError>,
    id: Path<String>,
) -> HttpResponse {
    acted((&auth, &req), form, async |posted| {
        let staff = &posted.staff;
        let question = question(&auth, &req, staff, &id).await?;
        let mut objection = confirm::objection(&auth, &posted).await?;
        if objection.is_none() {
            let (by, caller) = (Actor::Account(staff.account.id.clone()), wire::caller(&req, auth.config()));
            objection = confirm::mild(outbox::cancel(&auth, &id, by, &caller).await.map(|()| None))?;
        }
        match objection {
            None => Ok(redirect(&posted.form.reader().keep(&done(&auth, &id, "cancelled")))),
            Some(why) => {
                let form = (&**staff, posted.form.token());
                confirm::asked(&auth, &req, &posted.form.params, form, (question, Some(why))).await
            }
        }
    })
    .await
}

async fn question(auth: &Auth, req: &HttpRequest, staff: &SignedInBrowser, id: &str) -> Result<Question, Error> {
    admin::require_admin(&staff.account)?;
    let mail = admin::see_mail(auth, &staff.account, id, &wire::caller(req, auth.config())).await?;
    Ok(Question {
        place: format!("{}/cancel", place(id)),
        words: texts::ACT_CANCEL_MAIL,
        what: texts::ACT_CANCEL_MAIL_WHAT,
        subject: mail.address,
        has_formats: false,
        back: place(id),
    })
}

fn place(id: &str) -> String {
    format!("{MAIL}/{id}")
}

fn done(auth: &Auth, id: &str, notice: &str) -> String {
    with_query(&auth.config().base_url.join(&place(id)), [("notice", notice)])
}

async fn list(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token): (&SignedInBrowser, String),
    error: Option<String>,
) -> Result<HttpResponse, Error> {
    let staff = &browser.account;
    let reader = params.reader(req).for_account(Some(staff));
    let state = params.last_text("state").as_deref().and_then(MailState::named);
    let word = state.map_or("", MailState::word);
    let listing = Listing::new(MAIL, params, &[("state", word)]);
    let found = admin::mails(auth, staff, state, listing.span(), &wire::caller(req, auth.config())).await?;
    let is_wrong = error.is_some();
    let is_admin = admin::require_admin(staff).is_ok();
    let choice = |known: MailState| ChoiceOnPage {
        name: known.word(),
        words: words::state(known),
        chosen: state == Some(known),
    };
    let page = Page::AdminMails(Box::new(AdminMailsPage {
        frame: frame(auth, &reader, staff, MAIL).await?,
        action: MAIL,
        lang: reader.asked.as_ref().map(ToString::to_string),
        states: MailState::ALL.map(choice).into(),
        mails: found.items.iter().map(|mail| row(auth, &reader, mail)).collect(),
        neighbours: listing.neighbours(auth, &reader, &found, |mail| &mail.id),
        reaches_nobody: !auth.mailer().reaches_people(),
        test_action: is_admin.then(|| reader.keep(MAIL)),
        form_token,
        test_to: staff.email.as_ref().map(|email| email.address.as_str()),
        error,
    }));
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

async fn single(
    auth: &Auth,
    req: &HttpRequest,
    params: &Params,
    (browser, form_token, id): (&SignedInBrowser, String, &str),
    (notice, error): (Option<&'static str>, Option<String>),
) -> Result<HttpResponse, Error> {
    let staff = &browser.account;
    let reader = params.reader(req).for_account(Some(staff));
    let mail = admin::see_mail(auth, staff, id, &wire::caller(req, auth.config())).await?;
    let link = |path: String| reader.keep(&auth.config().base_url.join(&path));
    let may_act = admin::require_admin(staff).is_ok() && matches!(mail.state, MailState::Waiting | MailState::Failed);
    let is_again = mail.state == MailState::Waiting && mail.tries > 0;
    let is_wrong = error.is_some();
    let page = Page::AdminMail(Box::new(AdminMailPage {
        frame: frame(auth, &reader, staff, "").await?,
        account: mail.account.as_ref().map(|account| link(format!("{ACCOUNTS}/{account}"))),
        next: is_again.then(|| (mail.not_before.into(), clock(mail.not_before))),
        ended: mail.ended_at.map(|end| (end.into(), clock(end))),
        retry: may_act.then(|| reader.keep(&place(id))),
        form_token,
        cancel: may_act.then(|| link(format!("{}/cancel", place(id)))),
        mail: row(auth, &reader, &mail),
        notice,
        error,
        back: link(MAIL.to_owned()),
    }));
    Ok(shown(auth, req, &reader, &page, is_wrong).await)
}

fn row<'a>(auth: &Auth, reader: &Reader, mail: &'a MailRecord) -> MailRow<'a> {
    MailRow {
        link: reader.keep(&auth.config().base_url.join(&place(&mail.id))),
        what: words::mail(&mail.kind),
        address: &mail.address,
        state: mail.state.word(),
        state_words: words::state(mail.state),
        tries: mail.tries,
        made: mail.created_at.into(),
        clock: clock(mail.created_at),
        reply: mail.last_reply(),
    }
}
