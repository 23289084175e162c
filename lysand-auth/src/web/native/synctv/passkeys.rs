//! Passkeys: signing in with one, and the own ones (native 1.4).

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::answer::{Answer, SynctvError};
use super::body::{Asked, Body};
use super::caller::caller;
use super::entities::first_step;
use super::login::identifier_if_any;
use super::mfa::options_of;
use super::user::{TOO_FEW, owner};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::factors::own::{self, Act, OwnProof};
use crate::flows::factors::passkeys::{self, NewPasskey};
use crate::flows::native::{self, NativePasskey};
use crate::secret::Digest;

const LONGEST_NAME: usize = 64;
/// How much of a name goes along with a handle, in bytes.
const KEPT_NAME: usize = 60;
/// How long the id of a passkey that is made is, and what tells whose it is.
const SETUP: usize = 43;
const OWNER: usize = 5;

/// `POST /api/auth/passkeys/login/start`
pub(super) async fn start(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let named = identifier_if_any(&asked)?;
    let (handle, options) = native::passkey_sign_in_options(&auth, named.as_deref(), &asked.caller).await?;
    Ok(asked.ok(&auth, None, json!({ "session_id": handle.expose(), "options": options_of(&options)? })))
}

/// `POST /api/auth/passkeys/login/finish`
pub(super) async fn finish(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let asked = Asked::counted(&auth, &req, body).await?;
    let (handle, credential) = (asked.handle("session_id")?, asked.credential()?);
    let given = (&handle, &*credential);
    let step = native::begin_with_passkey(&auth, given, &asked.program(), &asked.caller).await?;
    Ok(asked.ok(&auth, None, first_step(&step)))
}

/// `GET /api/user/passkeys`
pub(super) async fn list(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let caller = caller(&auth, &req).await?;
    let own = native::own_passkeys(&auth, &caller.account.id).await?;
    let told = json!({ "credentials": own.iter().map(entity).collect::<Vec<_>>() });
    Asked::bare(&auth, &req).ok_for(&auth, &caller, told).await
}

fn entity(passkey: &NativePasskey) -> Value {
    let last_used_at = passkey.last_used_at.map(|at| at.seconds());
    json!({
        "credential_id": passkey.credential,
        "name": passkey.name,
        "sign_count": passkey.counter,
        "created_at": passkey.created_at.seconds(),
        "updated_at": last_used_at.unwrap_or(passkey.created_at.seconds()),
        "last_used_at": last_used_at.unwrap_or(0),
    })
}

/// `POST /api/user/passkeys/bind/start`
pub(super) async fn start_bind(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = caller(&auth, &req).await?;
    let asked = Asked::of(&auth, &req, body)?;
    let name = asked.text_if_any("name", LONGEST_NAME)?.unwrap_or_default();
    let owner = owner(&auth, &caller).await?;
    let setup = passkeys::begin(&auth, &owner, &OwnProof::default(), &asked.caller).await?;
    let session =
        format!("{}{}{}", setup.id, tag(caller.account.id.as_str()), URL_SAFE_NO_PAD.encode(shortened(&name)));
    let told = json!({ "session_id": session, "options": options_of(&setup.options)? });
    asked.ok_for(&auth, &caller, told).await
}

/// `POST /api/user/passkeys/bind/finish`
pub(super) async fn finish_bind(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let caller = caller(&auth, &req).await?;
    let asked = Asked::of(&auth, &req, body)?;
    let (session, credential) = (asked.handle("session_id")?, asked.credential()?);
    let bad_handle = || SynctvError::unfit("Passkey registration session is invalid or expired");
    let setup = session.expose().get(..SETUP).ok_or_else(bad_handle)?;
    let whose = session.expose().get(SETUP..SETUP + OWNER).ok_or_else(bad_handle)?;
    if whose != tag(caller.account.id.as_str()) {
        return Err(SynctvError::forbidden("Passkey registration session belongs to a different user"));
    }
    let name = session.expose().get(SETUP + OWNER..).and_then(|name| URL_SAFE_NO_PAD.decode(name).ok());
    let name = name.and_then(|name| String::from_utf8(name).ok()).ok_or_else(bad_handle)?;
    let owner = owner(&auth, &caller).await?;
    // A bind leaves two-step as it is: the dialect has a switch of its own for that.
    let new = NewPasskey { setup, credential: &credential, name: &name, two_step: Some(false) };
    let added = passkeys::confirm(&auth, (&owner, None), new, &OwnProof::default(), &asked.caller).await;
    let added = added.map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::WrongPasskey => bad_handle(),
        Error::Refused(refusal) if refusal.code == Code::Conflict => {
            SynctvError::conflict("Passkey credential is already registered")
        }
        error => error.into(),
    })?;
    let own = native::own_passkeys(&auth, &caller.account.id).await?;
    let made = own.iter().find(|passkey| passkey.id == added.id).map(entity);
    asked.ok_for(&auth, &caller, json!({ "credential": made })).await
}

/// Whose handle it is, in a few characters.
fn tag(account: &str) -> String {
    Digest::of(account.as_bytes()).to_base64url()[..OWNER].to_owned()
}

/// As much of a name as fits into a handle.
fn shortened(name: &str) -> &str {
    let mut end = name.len().min(KEPT_NAME);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// `DELETE /api/user/passkeys/{credential_id}`
pub(super) async fn remove(auth: Data<Auth>, req: HttpRequest, id: Option<Path<String>>) -> Answer {
    let caller = caller(&auth, &req).await?;
    let asked = Asked::bare(&auth, &req);
    let id = id.map(Path::into_inner).unwrap_or_default();
    let own = native::own_passkeys(&auth, &caller.account.id).await?;
    let passkey = own.iter().find(|passkey| passkey.credential == id);
    let passkey = passkey.ok_or_else(|| SynctvError::missing("Passkey not found"))?;
    let factors = native::two_step_factors(&auth, &caller.account).await?;
    if factors.two_step && own.len() == 1 && factors.eligible() <= 2 {
        return Err(SynctvError::unfit(TOO_FEW));
    }
    let owner = owner(&auth, &caller).await?;
    let act = Act { owner: &owner, proof: &OwnProof::default(), caller: &asked.caller };
    own::remove(&auth, act, &passkey.id).await.map_err(|error| match error {
        Error::Refused(refusal) if refusal.code == Code::LastWayIn => {
            SynctvError::unfit("WebAuthn signup users cannot delete their last passkey")
        }
        error => error.into(),
    })?;
    asked.ok_for(&auth, &caller, json!({ "deleted": true })).await
}
