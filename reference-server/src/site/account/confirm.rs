//! `POST /account/confirm`: the password once more; the session is a new one afterwards.

use actix_web::HttpResponse;
use lysand_auth::Secret;
use lysand_auth::flows::sessions;
use lysand_auth::web::{ApiError, put_session, source};

use super::form::PostedForm;

/// Renews the session of whoever knows the password.
pub(super) async fn confirm(form: PostedForm) -> Result<HttpResponse, ApiError> {
    let auth = &form.state.auth;
    let (password, source) = (Secret::new(form.text("password")?), source(&form.request, auth.config()));
    match sessions::renew(auth, &form.browser, Some(&password), source).await {
        Ok(cookie) => {
            let mut reply = form.back(None);
            put_session(auth, &mut reply, &cookie)?;
            Ok(reply)
        }
        Err(error) => form.refuse(error),
    }
}
