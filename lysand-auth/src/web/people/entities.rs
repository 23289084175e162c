//! Answers in JSON that several routes give.

use actix_web::HttpResponse;

use crate::error::Error;
use crate::flows::sign_up::{SignUpError, SignUpForm, SignUpPasskey};
use crate::model::language::Language;
use crate::secret::Secret;
use crate::web::wire::params::Params;
use crate::web::wire::reply::{ApiError, field_errors};

/// Why there is no account.
pub(super) fn refused(error: SignUpError) -> Result<HttpResponse, ApiError> {
    match error {
        SignUpError::Fields(errors) => Ok(field_errors(&errors)),
        SignUpError::Refused(error) => Err(ApiError(error)),
    }
}

/// The passkey among the parameters of a body, where there is one in place of a password.
///
/// # Errors
/// 400 for differing copies of a field.
pub(super) fn passkey(params: &Params) -> Result<Option<SignUpPasskey>, Error> {
    let (setup, credential) = (params.body_text("setup_id")?, params.body_text("credential")?);
    Ok(credential.map(|credential| SignUpPasskey::new(setup.unwrap_or_default(), credential)))
}

/// The form among the parameters of a body; `agrees` tells what counts as a yes.
///
/// # Errors
/// 400 for differing copies of a field.
pub(super) fn form(params: &Params) -> Result<SignUpForm, Error> {
    let text = |name: &str| params.body_text(name);
    let mut form = SignUpForm::new();
    form.username = text("username")?.unwrap_or_default();
    form.email = text("email")?.unwrap_or_default();
    form.password = text("password")?.map(Secret::new);
    form.agreement = text("agreement")?.is_some_and(|said| matches!(said.as_str(), "true" | "1" | "on"));
    form.reason = text("reason")?;
    form.date_of_birth = text("date_of_birth")?;
    form.invite_code = match text("invite_code")? {
        Some(code) => Some(code),
        None => text("invite")?,
    };
    form.language = text("locale")?.as_deref().and_then(Language::parse);
    form.altcha = text("altcha")?;
    form.homepage = text("homepage")?;
    Ok(form)
}
