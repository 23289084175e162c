//! `/users/requestlostpassword`: a mail with the token that sets a new password (native 3.6).

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Data;

use super::answer::{Answer, ResoniteError, done};
use super::body::Body;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::reset;
use crate::model::session::Browser;
use crate::web::wire::request;

/// `GET` and `POST /users/requestlostpassword`: the same answer for everybody.
pub(super) async fn ask(auth: Data<Auth>, req: HttpRequest, body: Body) -> Answer {
    let email = body.members()?.text("email")?.ok_or_else(ResoniteError::unreadable)?;
    if auth.config().sso.forced {
        return Err(ResoniteError::credentials());
    }
    let browser = Browser { caller: request::caller(&req, auth.config()), ..Browser::default() };
    match reset::forgot_in_app(&auth, &email, &browser).await {
        Ok(Ok(())) => Ok(done(StatusCode::OK)),
        Ok(Err(_)) => Err(ResoniteError::unreadable()),
        // Where no passwords are set by mail, nobody is told either.
        Err(Error::Refused(refusal)) if refusal.code == Code::NotFound => Ok(done(StatusCode::OK)),
        Err(error) => Err(error.into()),
    }
}
