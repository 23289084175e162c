//! `/userSessions`: sessions begin, go on and end (native 3.2, 3.4).

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::answer::{Answer, ResoniteError, done, ok};
use super::body::Body;
use super::caller::{Res, single, uid};
use super::json::Members;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::native::{
    self, BegunSession, SessionLogin, SessionName, SessionProof, SessionRefused, begin_session, user_id,
};
use crate::secret::Secret;
use crate::web::wire::request;

/// The longest text by which a program names its machine once more, in characters.
const LONGEST_MACHINE: usize = 128;
/// The longest header with a code, in characters: longer ones are none.
const LONGEST_CODE: usize = 64;

/// `POST /userSessions`
pub(super) async fn begin(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let uid = uid(&req).ok_or_else(|| ResoniteError::unfit("Missing UID"))?;
    let members = body.members()?;
    let machine = members.text("secretMachineId")?.unwrap_or_default();
    if machine.chars().count() > LONGEST_MACHINE {
        return Err(ResoniteError::unreadable());
    }
    let login = SessionLogin::new(name(&members)?, proof(&members)?, request::caller(&req, auth.config()))
        .with_code(code(&req))
        .on_machine(uid, Secret::new(machine))
        .remembered(members.truth("rememberMe")?);
    match begin_session(&auth, login).await {
        Ok(begun) => Ok(entity(&begun)),
        Err(SessionRefused::Credentials) => Err(ResoniteError::credentials()),
        Err(SessionRefused::SecondFactor) => Err(ResoniteError::forbidden("TOTP")),
        Err(SessionRefused::PasswordChange) => Err(ResoniteError::forbidden("Password change required")),
        Err(SessionRefused::Unfit(problem)) => Err(ResoniteError::unfit(problem.sentence())),
        Err(SessionRefused::Other(error)) => Err(error.into()),
    }
}

/// Exactly one of the three names.
fn name(members: &Members) -> Result<SessionName, ResoniteError> {
    let (username, email) = (members.text("username")?, members.text("email")?);
    match (username, email, members.text("ownerId")?) {
        (Some(typed), None, None) | (None, Some(typed), None) => Ok(SessionName::Typed(typed)),
        (None, None, Some(id)) => Ok(SessionName::UserId(id)),
        _ => Err(ResoniteError::unreadable()),
    }
}

fn proof(members: &Members) -> Result<SessionProof, ResoniteError> {
    let given = members.object("authentication")?.ok_or_else(ResoniteError::unreadable)?;
    let secret = |name: &str| -> Result<Option<Secret>, ResoniteError> { Ok(given.text(name)?.map(Secret::new)) };
    match given.text("$type")?.as_deref() {
        Some("password") => {
            let password = secret("password")?.ok_or_else(ResoniteError::unreadable)?;
            Ok(match secret("recoveryCode")? {
                Some(token) => SessionProof::Reset { token, password },
                None => SessionProof::Password(password),
            })
        }
        Some("sessionToken") => {
            secret("sessionToken")?.map(SessionProof::SessionToken).ok_or_else(ResoniteError::unreadable)
        }
        _ => Err(ResoniteError::unreadable()),
    }
}

/// The code of a second factor. What cannot be read is a wrong one, and nothing where the header is empty or not there.
fn code(req: &HttpRequest) -> Option<Secret> {
    if !req.headers().contains_key("totp") {
        return None;
    }
    let is_short = |code: &Secret| code.expose().len() <= LONGEST_CODE;
    Some(single(req, "totp").filter(is_short).unwrap_or_else(|| Secret::new("?")))
}

fn entity(begun: &BegunSession) -> HttpResponse {
    ok(&json!({
        "entity": {
            "userId": user_id(&begun.account.id),
            "token": begun.token.expose(),
            "created": begun.created_at.to_rfc3339_seconds(),
            "expire": begun.expires_at.to_rfc3339_seconds(),
            "rememberMe": begun.remembered,
            "isMachineBound": begun.machine_bound,
            "originalLoginType": "Password",
            "logoutUrl": null,
            "logoutUrlClientSide": false,
            "sessionLoginCounter": 1,
            "secretMachineIdHash": begun.machine.hash,
            "secretMachineIdSalt": begun.machine.salt,
            "uidHash": begun.uid.hash,
            "uidSalt": begun.uid.salt,
        },
        "configFiles": [],
    }))
}

/// `PATCH /userSessions`
pub(super) async fn extend(auth: Data<Auth>, req: HttpRequest) -> Answer {
    let res = Res::of(&auth, &req).await?;
    match native::extend_session(&auth, res.caller()).await {
        Ok(()) => Ok(done(StatusCode::NO_CONTENT)),
        Err(Error::Refused(refusal)) if refusal.code == Code::InvalidToken => Err(ResoniteError::no_session()),
        Err(error) => Err(error.into()),
    }
}

/// `DELETE /userSessions/{userId}/{token}`
pub(super) async fn end(auth: Data<Auth>, req: HttpRequest, path: Option<Path<(String, String)>>) -> Answer {
    let res = Res::of(&auth, &req).await?;
    let (user, token) = path.map(Path::into_inner).unwrap_or_default();
    res.own(&user)?;
    let from = request::caller(&req, auth.config());
    native::end_session(&auth, res.caller(), &Secret::new(token), &from).await?;
    Ok(done(StatusCode::OK))
}
