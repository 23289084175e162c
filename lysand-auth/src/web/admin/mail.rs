//! The outbox in JSON, for staff (people PPL-148).

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::paths::{ALL_READS, ALL_WRITES, MAIL};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::{admin, outbox};
use crate::host::mailer::{MailRecord, MailState};
use crate::model::event::Actor;
use crate::model::form_error::{FormError, FormErrors};
use crate::texts;
use crate::web::kit::bearer::Bearer;
use crate::web::kit::list_page;
use crate::web::wire::params::Received;
use crate::web::wire::reply::{ApiError, JsonBody, field_errors, json as reply, private};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

/// How long is waited for what becomes of a mail that somebody wants sent now.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// `GET /api/v1/admin/auth/mail`, those in the state `state` if one is given.
pub(super) async fn list(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(ALL_READS).await?;
    admin::require_staff(&staff)?;
    let params = received.0?;
    let word = params.last_scalar("state")?;
    let state = word.as_deref().and_then(MailState::named);
    if word.is_some() && state.is_none() {
        let known = MailState::ALL.map(MailState::word).join(", ");
        let error = FormError::new("state", "ERR_INCLUSION", format!("must be one of: {known}"));
        return Ok(private(field_errors(&FormErrors::from(error))));
    }
    let caller = wire::caller(&req, auth.config());
    let found = admin::mails(&auth, &staff, state, list_page::span(&params)?, &caller).await?;
    let filters: Vec<(&str, &str)> = word.iter().map(|word| ("state", word.as_str())).collect();
    Ok(private(list_page::filtered(&auth, (MAIL, &filters), &found, |mail| (mail.id.as_str(), entity(mail)))))
}

/// `GET /api/v1/admin/auth/mail/:id`
pub(super) async fn one(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let staff = bearer.account(ALL_READS).await?;
    let mail = admin::see_mail(&auth, &staff, &id, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&entity(&mail))))
}

/// `POST /api/v1/admin/auth/mail/:id/retry`
pub(super) async fn retry(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, id: Path<String>) -> Answer {
    let staff = bearer.account(ALL_WRITES).await?;
    admin::require_admin(&staff)?;
    admin::admit_change(&auth, &staff, &wire::caller(&req, auth.config())).await?;
    let by = Actor::Account(staff.id.clone());
    outbox::retry(&auth, &id, by, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&entity(&known(&auth, &id).await?))))
}

/// `DELETE /api/v1/admin/auth/mail/:id`
pub(super) async fn cancel(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let staff = bearer.account(ALL_WRITES).await?;
    admin::require_admin(&staff)?;
    admin::admit_change(&auth, &staff, &wire::caller(&req, auth.config())).await?;
    let password = received.0?.secret("current_password")?;
    admin::require_proof(&auth, &bearer.acting(), &staff, password.as_ref()).await?;
    let by = Actor::Account(staff.id.clone());
    outbox::cancel(&auth, &id, by, &wire::caller(&req, auth.config())).await?;
    Ok(private(reply(&entity(&known(&auth, &id).await?))))
}

/// `POST /api/v1/admin/auth/mail/test`: a mail to the address `to`. What became of it is said as far as that is known soon.
pub(super) async fn test(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let staff = bearer.account(ALL_WRITES).await?;
    admin::require_admin(&staff)?;
    admin::admit_change(&auth, &staff, &wire::caller(&req, auth.config())).await?;
    let params = received.0?;
    params.require_known_type()?;
    let to = params.last_scalar("to")?.unwrap_or_default();
    let (by, caller) = (Actor::Account(staff.id.clone()), wire::caller(&req, auth.config()));
    match outbox::post_test(&auth, &to, staff.language.clone(), by, &caller).await? {
        Ok(id) => {
            let mail = outbox::outcome(&auth, &id, PATIENCE).await?;
            Ok(private(HttpResponse::build(StatusCode::ACCEPTED).json_body(&entity(&mail))))
        }
        Err(errors) => Ok(private(field_errors(&errors))),
    }
}

async fn known(auth: &Auth, id: &str) -> Result<MailRecord, Error> {
    let mail = outbox::get(auth, id).await?;
    mail.ok_or_else(|| Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND))
}

fn entity(mail: &MailRecord) -> Value {
    json!({
        "id": mail.id,
        "kind": mail.kind,
        "address": mail.address,
        "account_id": mail.account.as_ref().map(|account| account.as_str()),
        "state": mail.state.word(),
        "tries": mail.tries,
        "not_before": mail.not_before.to_iso8601(),
        "last_error": mail.last_error,
        "last_reply": mail.last_reply(),
        "created_at": mail.created_at.to_iso8601(),
        "ended_at": mail.ended_at.map(|end| end.to_iso8601()),
    })
}
