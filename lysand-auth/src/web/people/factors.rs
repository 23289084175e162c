//! The own second factors in JSON (FAC-33).

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::json::{body, private};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::factors::only_passkeys;
use crate::flows::factors::own::{self as flow, Act, OwnProof, Owner};
use crate::flows::factors::passkeys::{self, NewPasskey};
use crate::flows::factors::totp;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::secret::Secret;
use crate::web::kit::bearer::Bearer;
use crate::web::wire::params::{Params, Received};
use crate::web::wire::reply::{ApiError, JsonBody as _, json as reply};
use crate::web::wire::request as wire;

type Answer = Result<HttpResponse, ApiError>;

pub(super) const PATH: &str = "/api/v1/auth/factors";

/// A program that changes something, and what it sent.
pub(super) struct Sent {
    pub(super) owner: Owner,
    proof: OwnProof,
    pub(super) caller: Caller,
    params: Params,
}

impl Sent {
    pub(super) async fn of(
        auth: &Auth,
        req: &HttpRequest,
        bearer: &Bearer,
        received: Received,
    ) -> Result<Self, ApiError> {
        let account = bearer.account(&["auth:write"]).await?;
        let owner = Owner::with_token(auth, &bearer.acting(), account).await?;
        let params = body(received)?;
        let given = |name: &str| Ok::<_, Error>(params.body_text(name)?.map(Secret::new));
        let proof = OwnProof::new(given("current_password")?, given("otp")?);
        Ok(Self { owner, proof, caller: wire::caller(req, auth.config()), params })
    }

    fn act(&self) -> Act<'_> {
        Act { owner: &self.owner, proof: &self.proof, caller: &self.caller }
    }

    fn text(&self, name: &str) -> Result<String, Error> {
        Ok(self.params.body_text(name)?.unwrap_or_default())
    }

    fn switch(&self, name: &str) -> Result<Option<bool>, Error> {
        match self.params.body_text(name)?.as_deref() {
            Some("true" | "1") => Ok(Some(true)),
            Some("false" | "0") => Ok(Some(false)),
            None => Ok(None),
            Some(_) => Err(Error::refused(Code::Validation, format!("{name} must be true or false"))),
        }
    }
}

/// `GET /api/v1/auth/factors`
pub(super) async fn list(auth: Data<Auth>, bearer: Bearer) -> Answer {
    let account = bearer.account(&["auth:read"]).await?;
    all(&auth, &account).await
}

/// All of an account.
pub(super) async fn all(auth: &Auth, account: &Account) -> Answer {
    Ok(private(reply(&entity(&flow::list(auth, account).await?))))
}

fn entity(own: &flow::OwnFactors) -> Value {
    let factors: Vec<Value> = own.factors.iter().map(of_factor).collect();
    json!({
        "two_step": own.two_step,
        "required_until": own.required_until.map(Timestamp::to_iso8601),
        "factors": factors,
        "recovery_left": own.recovery_left,
        "email": own.email,
        "only_passkeys": own.only_passkeys,
        "way_back": own.way_back.map(|times| json!({
            "asked_at": times.asked_at.to_iso8601(),
            "ripe_at": times.ripe_at.to_iso8601(),
            "until": times.until.to_iso8601(),
        })),
    })
}

fn of_factor(factor: &flow::OwnFactor) -> Value {
    let times = (factor.created_at, factor.last_used_at);
    let mut told = of_parts(&factor.id, factor.kind.name(), &factor.name, times);
    told["synced"] = factor.passkey.map(|facts| facts.synced).into();
    told
}

fn of_parts(id: &str, kind: &str, name: &str, (made, used): (Timestamp, Option<Timestamp>)) -> Value {
    json!({
        "id": id,
        "type": kind,
        "name": name,
        "created_at": made.to_iso8601(),
        "last_used_at": used.map(Timestamp::to_iso8601),
        "synced": null,
    })
}

fn created(told: &Value) -> HttpResponse {
    private(HttpResponse::build(StatusCode::CREATED).json_body(told))
}

/// `PATCH /api/v1/auth/factors`
pub(super) async fn change(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let sent = Sent::of(&auth, &req, &bearer, received).await?;
    let mut made = Vec::new();
    match (sent.switch("two_step")?, sent.switch("email")?, sent.switch("only_passkeys")?) {
        (Some(on), None, None) => made = flow::set_two_step(&auth, sent.act(), on).await?,
        (None, Some(on), None) => flow::set_mail_factor(&auth, sent.act(), on).await?,
        (None, None, Some(on)) => only_passkeys::set(&auth, sent.act(), on).await?,
        _ => return Err(Error::refused(Code::Validation, "Give one of two_step, email and only_passkeys.").into()),
    }
    let mut told = entity(&flow::list(&auth, &sent.owner.account).await?);
    if !made.is_empty() {
        told["recovery_codes"] = codes(&made);
    }
    Ok(private(reply(&told)))
}

/// `POST /api/v1/auth/factors/totp`
pub(super) async fn begin_totp(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let sent = Sent::of(&auth, &req, &bearer, received).await?;
    let setup = totp::begin(&auth, &sent.owner, &sent.proof, &sent.caller).await?;
    Ok(created(&json!({
        "setup_id": setup.id,
        "secret": setup.secret.expose(),
        "otpauth_uri": setup.address.expose(),
        "expires_at": setup.expires_at.to_iso8601(),
    })))
}

/// `POST /api/v1/auth/factors/totp/confirm`
pub(super) async fn confirm_totp(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let sent = Sent::of(&auth, &req, &bearer, received).await?;
    let (id, code, name) = (sent.text("setup_id")?, sent.text("code")?, sent.text("name")?);
    let given = (id.as_str(), code.as_str(), name.as_str());
    let enrolled = totp::confirm(&auth, (&sent.owner, None), given, &sent.proof, &sent.caller).await?;
    let mut told = of_parts(&enrolled.id, "totp", &enrolled.name, (enrolled.created_at, None));
    if !enrolled.recovery_codes.is_empty() {
        told["recovery_codes"] = codes(&enrolled.recovery_codes);
    }
    Ok(created(&told))
}

/// `POST /api/v1/auth/factors/passkeys/start`
pub(super) async fn begin_passkey(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let sent = Sent::of(&auth, &req, &bearer, received).await?;
    let setup = passkeys::begin(&auth, &sent.owner, &sent.proof, &sent.caller).await?;
    let options: Value = serde_json::from_str(&setup.options).map_err(Error::failed)?;
    let told = json!({ "setup_id": setup.id, "options": options, "expires_at": setup.expires_at.to_iso8601() });
    Ok(private(reply(&told)))
}

/// `POST /api/v1/auth/factors/passkeys`
pub(super) async fn add_passkey(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let sent = Sent::of(&auth, &req, &bearer, received).await?;
    let (setup, credential, name) = (sent.text("setup_id")?, sent.text("credential")?, sent.text("name")?);
    let new = NewPasskey { setup: &setup, credential: &credential, name: &name, two_step: sent.switch("two_step")? };
    let added = passkeys::confirm(&auth, (&sent.owner, None), new, &sent.proof, &sent.caller).await?;
    let mut told = of_parts(&added.id, "passkey", &added.name, (added.created_at, None));
    told["synced"] = added.synced.into();
    if !added.recovery_codes.is_empty() {
        told["recovery_codes"] = codes(&added.recovery_codes);
    }
    Ok(created(&told))
}

fn codes(codes: &[Secret]) -> Value {
    codes.iter().map(Secret::expose).collect::<Vec<_>>().into()
}

/// `POST /api/v1/auth/factors/recovery`
pub(super) async fn recovery(auth: Data<Auth>, req: HttpRequest, bearer: Bearer, received: Received) -> Answer {
    let sent = Sent::of(&auth, &req, &bearer, received).await?;
    let made = flow::make_recovery_codes(&auth, sent.act()).await?;
    Ok(created(&json!({ "recovery_codes": codes(&made) })))
}

/// `PATCH /api/v1/auth/factors/{id}`
pub(super) async fn rename(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let sent = Sent::of(&auth, &req, &bearer, received).await?;
    flow::rename(&auth, sent.act(), &id, &sent.text("name")?).await?;
    let own = flow::list(&auth, &sent.owner.account).await?;
    let renamed = own.factors.iter().find(|factor| factor.id == *id);
    let renamed = renamed.ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
    Ok(private(reply(&of_factor(renamed))))
}

/// `DELETE /api/v1/auth/factors/{id}`
pub(super) async fn remove(
    auth: Data<Auth>,
    req: HttpRequest,
    bearer: Bearer,
    id: Path<String>,
    received: Received,
) -> Answer {
    let sent = Sent::of(&auth, &req, &bearer, received).await?;
    flow::remove(&auth, sent.act(), &id).await?;
    Ok(private(HttpResponse::NoContent().finish()))
}
