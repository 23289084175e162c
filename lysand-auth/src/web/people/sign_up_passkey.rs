//! The page on which somebody who signs up makes a passkey in place of a password, and what follows it (FAC-81).

use actix_web::HttpResponse;
use actix_web::http::StatusCode;

use super::paths::{REGISTER, WAITING};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::sign_up::{BegunPasskey, SignUpError, SignUpForm, SignedUp};
use crate::host::pages::{Page, SignUpPasskeyPage};
use crate::secret::Secret;
use crate::texts;
use crate::web::kit::forms::PostedForm;
use crate::web::kit::page::{View, show};
use crate::web::pages::authorization_request::ECHOED;
use crate::web::pages::factor::setup_pages::{codes_of_sign_up, private};
use crate::web::wire::cookies;
use crate::web::wire::redirect::{pairs, redirect, with_query};

/// What to say of a passkey that was refused; none when that is no matter of the passkey.
pub(super) fn why(error: &SignUpError) -> Option<&'static str> {
    let SignUpError::Refused(Error::Refused(refusal)) = error else { return None };
    match refusal.code {
        Code::WrongPasskey => Some(texts::WRONG_PASSKEY),
        Code::Conflict if refusal.why == texts::PASSKEY_TAKEN => Some(texts::PASSKEY_TAKEN),
        _ => None,
    }
}

/// The page, for the browser with this cookie.
pub(super) async fn page(
    form: &PostedForm,
    filled: &SignUpForm,
    (begun, cookie): (&BegunPasskey, &Secret),
    error: Option<&'static str>,
) -> Result<HttpResponse, Error> {
    let (auth, reader, echoed) = (&form.auth, form.reader(), form.params.echo(&ECHOED));
    let action = with_query(REGISTER, pairs(&echoed));
    let invite = filled.invite_code.as_deref().map(|code| ("invite", code));
    let back = with_query(REGISTER, pairs(&echoed).chain(invite));
    let page = Page::SignUpPasskey(SignUpPasskeyPage {
        action,
        form_token: form.token(),
        setup_id: &begun.id,
        options: &begun.options,
        username: filled.username.trim(),
        fields: fields(filled),
        error,
        back,
    });
    let status = if error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let mut reply = private(show(View::new(auth, &form.req, &reader), &page, status, &[]).await);
    cookies::put_passkey(auth, &mut reply, cookie)?;
    Ok(reply)
}

/// What was filled in, to be sent once more with the passkey.
fn fields(filled: &SignUpForm) -> Vec<(&'static str, &str)> {
    let optional = [
        ("reason", filled.reason.as_deref()),
        ("date_of_birth", filled.date_of_birth.as_deref()),
        ("invite_code", filled.invite_code.as_deref()),
        ("altcha", filled.altcha.as_deref()),
        ("agreement", filled.agreement.then_some("1")),
        ("locale", filled.language.as_ref().map(|language| language.as_str())),
    ];
    let given = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
    [("username", &*filled.username), ("email", &*filled.email)].into_iter().chain(given).collect()
}

/// Somebody signed up, and waits: where recovery codes were made they are shown first.
pub(super) async fn waits(form: &PostedForm, username: &str, signed_up: &SignedUp) -> Result<HttpResponse, Error> {
    let (auth, reader): (&Auth, _) = (&form.auth, form.reader());
    let next = auth.config().base_url.join(&reader.keep(WAITING));
    let mut reply = match signed_up.recovery_codes.is_empty() {
        true => redirect(&next),
        false => {
            let (view, next) = (View::new(auth, &form.req, &reader), auth.config().base_url.join(WAITING));
            codes_of_sign_up(view, &signed_up.recovery_codes, username.trim(), next).await
        }
    };
    cookies::put_waiting(auth, &mut reply, &signed_up.waiting_token)?;
    Ok(reply)
}
