//! Signing up with a program (native 1.4, NAT-28).

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde_json::{Value, json};

use super::answer::{Answer, FAILED, SynctvError, TAKEN, TOO_LONG, TOO_SHORT};
use super::body::{Asked, Body};
use super::entities::user;
use super::login::{LONGEST_NAME, LONGEST_PASSWORD, address_if_any};
use super::mfa::options_of;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::native::{self, ProofKind, Proofs};
use crate::flows::sign_up::{self, FormError, NativeRefused, SignUpForm, SignedUpNatively, WaitingState};
use crate::secret::Secret;
use crate::texts;

/// What is said where the road is closed.
const NO_PASSWORDS: &str = "Password registration is disabled";
const NO_PASSKEYS: &str = "WebAuthn registration is disabled";

/// `POST /api/auth/register`
pub(super) async fn register(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let password = Secret::new(asked.text("password", LONGEST_PASSWORD)?);
    let form = SignUpForm { password: Some(password), ..form(&asked)? };
    let name = form.username.clone();
    let made = sign_up::by_synctv(&auth, form, None, asked.caller.clone()).await;
    match made {
        Ok(made) => registered(&auth, &asked, made, ProofKind::Password).await,
        Err(why) => Err(refused(&auth, why, &name, NO_PASSWORDS).await),
    }
}

fn form(asked: &Asked) -> Result<SignUpForm, SynctvError> {
    Ok(SignUpForm {
        username: asked.text("username", LONGEST_NAME)?,
        email: address_if_any(asked, "email")?.unwrap_or_default(),
        agreement: asked.truth_if_any("agreement")?.unwrap_or(false),
        reason: asked.text_if_any("reason", 500)?,
        date_of_birth: asked.text_if_any("date_of_birth", 10)?,
        invite_code: asked.text_if_any("invite_code", 64)?,
        ..SignUpForm::new()
    })
}

/// `POST /api/auth/passkeys/registration/start`
pub(super) async fn start_passkey(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let form = form(&asked)?;
    let name = form.username.clone();
    match sign_up::begin_synctv_passkey(&auth, form, asked.caller.clone()).await {
        Ok((handle, options)) => {
            Ok(asked.ok(&auth, None, json!({ "session_id": handle.expose(), "options": options_of(&options)? })))
        }
        Err(why) => Err(refused(&auth, why, &name, NO_PASSKEYS).await),
    }
}

/// `POST /api/auth/passkeys/registration/finish`
pub(super) async fn finish_passkey(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (handle, credential) = (asked.handle("session_id")?, asked.credential()?);
    match sign_up::finish_synctv_passkey(&auth, &handle, credential, asked.caller.clone()).await {
        Ok(made) => registered(&auth, &asked, made, ProofKind::Passkey).await,
        Err(NativeRefused::Other(Error::Refused(refusal))) if refusal.code == Code::Conflict => {
            Err(SynctvError::conflict("Passkey credential is already registered"))
        }
        Err(why) => Err(refused(&auth, why, "", NO_PASSKEYS).await),
    }
}

/// What a sign-up came to: tokens for an account that is ready.
async fn registered(auth: &Auth, asked: &Asked, made: SignedUpNatively, by: ProofKind) -> Answer {
    let account = &made.account;
    let mut told = json!({
        "user": user(account),
        "access_token": "",
        "refresh_token": "",
        "status": "REGISTRATION_STATUS_REGISTERED",
        "pending_review": null,
    });
    match made.state {
        WaitingState::Ready => {
            let proofs = Proofs::new([(by, auth.ambient().now())]);
            // Whoever must set a second factor up first has an account all the same.
            match native::begin(auth, account, asked.program(), &proofs, &asked.caller).await {
                Ok(tokens) => {
                    told["access_token"] = tokens.access_token.expose().into();
                    told["refresh_token"] = tokens.refresh_token.expose().into();
                }
                Err(Error::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        WaitingState::Pending => {
            told["status"] = "REGISTRATION_STATUS_PENDING_REVIEW".into();
            told["user"] = Value::Null;
            told["pending_review"] = json!({
                "review_request_id": account.id.as_str(),
                "username": account.username,
                "email": account.email.as_ref().map_or("", |email| &email.address),
            });
        }
        _ => {}
    }
    Ok(asked.ok(auth, None, told))
}

async fn refused(auth: &Auth, refused: NativeRefused, name: &str, closed: &'static str) -> SynctvError {
    match refused {
        NativeRefused::Closed if auth.config().sso.forced => SynctvError::no_passwords(),
        NativeRefused::Closed => SynctvError::forbidden(closed),
        NativeRefused::Field(error) => field(auth, &error, name).await,
        NativeRefused::Other(Error::Refused(refusal)) => match refusal.code {
            Code::NotFound => SynctvError::forbidden(closed),
            Code::SignInOver | Code::WrongPasskey => SynctvError::unauthorized(FAILED),
            _ => Error::Refused(refusal).into(),
        },
        NativeRefused::Other(error) => error.into(),
    }
}

/// What is wrong with a field, in the words of the guide; else in the host's own.
async fn field(auth: &Auth, error: &FormError, name: &str) -> SynctvError {
    match (error.field, error.code) {
        ("username", "ERR_TAKEN") => match sign_up::is_waiting(auth, name).await {
            Ok(true) => SynctvError::conflict("Pending registration username already exists").with_code(TAKEN),
            Ok(false) => SynctvError::conflict("Username or email already taken").with_code(TAKEN),
            Err(error) => error.into(),
        },
        ("email", "ERR_TAKEN") => SynctvError::conflict("Username or email already taken").with_code(TAKEN),
        ("email", "ERR_BLOCKED") => SynctvError::unfit("Email domain is not allowed for registration"),
        ("password", _) if error.description == texts::FIELD_COMMON => SynctvError::common_password(),
        (_, "ERR_TOO_SHORT") => SynctvError::unfit(error.sentence()).with_code(TOO_SHORT),
        (_, "ERR_TOO_LONG") => SynctvError::unfit(error.sentence()).with_code(TOO_LONG),
        _ => SynctvError::unfit(error.sentence()),
    }
}
