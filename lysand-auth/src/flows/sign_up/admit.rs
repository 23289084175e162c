//! Whether a form may become an account: who may sign up at all, the fields, the proof of work (people PPL-50).

use super::attempt::{Checked, SignUpError};
use super::challenge;
use super::form::{self, Asked, SignUpForm};
use super::refusals::{not_admitted, refuse_exceeded};
use crate::auth::Auth;
use crate::error::Error;
use crate::host::offers::Offered;
use crate::model::caller::Caller;
use crate::model::form_error::{FormError, FormErrors};
use crate::model::sign_up::Road;
use crate::steps::admission::{self, Admission};
use crate::steps::blocks;
use crate::texts;

/// Whether this form may become an account.
pub(super) async fn checked(
    auth: &Auth,
    form: &SignUpForm,
    (road, by_password): (Road, bool),
    caller: &Caller,
) -> Result<Checked, SignUpError> {
    let (admission, asked) = admitted(auth, form, (road, by_password), caller).await?;
    let work = challenge::checked(auth, form.altcha.as_deref(), road).await?;
    Ok(Checked { admission, asked, work })
}

/// Whether this form may become an account, its proof of work aside.
pub(super) async fn admitted(
    auth: &Auth,
    form: &SignUpForm,
    (road, by_password): (Road, bool),
    caller: &Caller,
) -> Result<(Admission, Asked), SignUpError> {
    refuse_exceeded(auth, caller).await?;
    auth.offers(Offered::SignUp).await;
    let mode = admission::mode(auth, road);
    let is_reviewed = blocks::may_sign_up(auth, caller, road).await?;
    let invited = admission::invitation(auth, form.invite_code.as_deref(), Some(&form.email)).await?;
    let admission = admission::admit(mode, invited).map_err(|refused| not_admitted(auth, refused, mode, road))?;
    let mut asked = Asked::new(&auth.signups(), admission.needs_review);
    // Mastodon's route asks for it in any case (people PPL-46).
    asked.agreement |= road == Road::App;
    asked.password = by_password;
    if road == Road::Native {
        // Nobody is asked for what the dialect cannot carry (native NAT-28).
        (asked.address, asked.reason_required) = (false, false);
    }
    // For the network alone nothing more is asked: the page does not know of it.
    let admission = admission.reviewed_if(is_reviewed);
    let mut errors = form::problems(auth, form, asked).await?;
    if road == Road::Page && form.homepage.as_deref().is_some_and(|filled| !filled.trim().is_empty()) {
        errors.push(FormError::new("homepage", "ERR_INVALID", texts::LEAVE_EMPTY));
    }
    let is_named_well = !errors.iter().any(|error| error.field == "username");
    if is_named_well
        && auth
            .accounts()
            .by_identifier(&form.username.trim().to_lowercase())
            .await
            .map_err(Error::from_host)?
            .is_some()
    {
        errors.push(form::taken("username"));
    }
    let is_told = road == Road::App && !auth.signups().hide_taken_addresses;
    let has_good_address = !errors.iter().any(|error| error.field == "email");
    if is_told && has_good_address {
        let owner = auth.accounts().by_email(form.email.trim()).await.map_err(Error::from_host)?;
        errors.extend(owner.map(|_| form::taken("email")));
    }
    match errors.is_empty() {
        true => Ok((admission, asked)),
        false => Err(SignUpError::Fields(FormErrors(errors))),
    }
}
