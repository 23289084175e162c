//! Signing up with a SyncTV client, and who may, as it is told before it tries (native 1.4, NAT-28).

use super::native::{self, NativeRefused, SignedUpNatively};
use super::refusals::counted;
use super::{
    NativeMode, SignUp, SignUpForm, SignUpPasskey, admit, is_offered_with_passkey, make, native_mode, with_passkey,
};
use crate::auth::Auth;
use crate::config::Mode;
use crate::error::Error;
use crate::model::account::InactiveReason;
use crate::model::caller::Caller;
use crate::model::form_error::FormError;
use crate::model::native::Dialect;
use crate::model::sign_up::Road;
use crate::secret::Secret;
use crate::steps::{admission, pending};

const SHORTEST_NAME: usize = 3;
/// Under what names a form waits for its passkey.
const SETUP: &str = "setup";
const USERNAME: &str = "username";
const EMAIL: &str = "email";
const AGREEMENT: &str = "agreement";
const REASON: &str = "reason";
const BORN: &str = "date_of_birth";
const INVITED: &str = "invite_code";

/// How people can sign up with a SyncTV client.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SynctvSettings {
    /// With a password.
    pub password: NativeMode,
    /// With a mailed code alone.
    pub email: NativeMode,
    /// With a passkey.
    pub passkey: NativeMode,
    /// Whether mail to some domains alone is taken.
    pub email_domains_are_listed: bool,
}

/// How people can sign up with a SyncTV client now, without more than it asks of itself.
pub async fn synctv_settings(auth: &Auth) -> SynctvSettings {
    let password = native_mode(auth).await;
    let passkey = if is_offered_with_passkey(auth).await { password } else { NativeMode::Closed };
    let email_domains_are_listed = !auth.signups().email_domains_allowed.is_empty();
    SynctvSettings { password, email: NativeMode::Closed, passkey, email_domains_are_listed }
}

/// Signs somebody up with a password, or with a passkey that was made for the name.
///
/// # Errors
/// Why there is no account.
pub async fn by_synctv(
    auth: &Auth,
    form: SignUpForm,
    passkey: Option<SignUpPasskey>,
    caller: Caller,
) -> Result<SignedUpNatively, NativeRefused> {
    admits(auth, &form).await?;
    let by_password = passkey.is_none();
    let sign_up = SignUp::new(form, Road::Native, caller).with_passkey(passkey);
    let whole = async {
        if !by_password {
            with_passkey::require(auth).await?;
        }
        let checked = admit::checked(auth, &sign_up.form, (Road::Native, by_password), &sign_up.caller).await?;
        Ok((checked, with_passkey::made(auth, &sign_up).await?))
    };
    let made = match whole.await {
        Ok((checked, passkey)) => {
            let SignUp { form, caller, .. } = sign_up;
            make::for_native_client(auth, (form, caller), checked, passkey).await
        }
        Err(error) => Err(counted(auth, &sign_up.caller, Road::Native, error).await),
    };
    native::told(auth, made).await
}

/// What a browser makes the passkey from that signs somebody up, and the handle that goes back with it: all fields are checked, and
/// kept for five minutes.
///
/// # Errors
/// Why there will be no account.
pub async fn begin_synctv_passkey(
    auth: &Auth,
    form: SignUpForm,
    caller: Caller,
) -> Result<(Secret, String), NativeRefused> {
    admits(auth, &form).await?;
    let sign_up = SignUp::new(form, Road::Native, caller);
    let begun = async {
        with_passkey::require(auth).await?;
        admit::admitted(auth, &sign_up.form, (Road::Native, false), &sign_up.caller).await?;
        Ok(with_passkey::begun(auth, &sign_up).await?)
    };
    let begun = match begun.await {
        Ok(begun) => begun,
        Err(error) => return Err(native::of_sign_up(counted(auth, &sign_up.caller, Road::Native, error).await)),
    };
    let form = &sign_up.form;
    let fields = [
        (SETUP, Some(begun.id)),
        (USERNAME, Some(form.username.clone())),
        (EMAIL, Some(form.email.clone())),
        (AGREEMENT, form.agreement.then(|| "1".to_owned())),
        (REASON, form.reason.clone()),
        (BORN, form.date_of_birth.clone()),
        (INVITED, form.invite_code.clone()),
    ];
    let kept = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let handle = pending::keep_form(auth, Dialect::Synctv, kept.collect()).await?;
    Ok((handle, begun.options))
}

/// Signs somebody up with the passkey that a browser made.
///
/// # Errors
/// Why there is no account: `SignInOver` for a handle that is none.
pub async fn finish_synctv_passkey(
    auth: &Auth,
    handle: &Secret,
    credential: String,
    caller: Caller,
) -> Result<SignedUpNatively, NativeRefused> {
    let kept = pending::take_form(auth, Dialect::Synctv, handle).await?;
    let field = |name| kept.kept(name).map(str::to_owned);
    let form = SignUpForm {
        username: field(USERNAME).unwrap_or_default(),
        email: field(EMAIL).unwrap_or_default(),
        agreement: field(AGREEMENT).is_some(),
        reason: field(REASON),
        date_of_birth: field(BORN),
        invite_code: field(INVITED),
        ..SignUpForm::new()
    };
    let passkey = SignUpPasskey::new(field(SETUP).unwrap_or_default(), credential);
    by_synctv(auth, form, Some(passkey), caller).await
}

/// Whether whoever has this name still waits for staff.
///
/// # Errors
/// When the host does not answer.
pub async fn is_waiting(auth: &Auth, username: &str) -> Result<bool, Error> {
    let found = auth.accounts().by_identifier(&username.trim().to_lowercase()).await.map_err(Error::from_host)?;
    Ok(found.is_some_and(|account| account.inactive_reason() == Some(InactiveReason::Pending)))
}

/// Whether the road is open for what a request brings (NAT-28), and its name can be one of this dialect.
async fn admits(auth: &Auth, form: &SignUpForm) -> Result<(), NativeRefused> {
    // Whether the host makes accounts is asked here.
    native_mode(auth).await;
    let signups = auth.signups();
    let lacks_agreement = signups.asks_agreement() && !form.agreement;
    let lacks_age = signups.minimum_age > 0 && form.date_of_birth.is_none();
    let is_closed = match admission::mode(auth, Road::Native) {
        Mode::Open | Mode::Approval => false,
        Mode::Invitation => form.invite_code.is_none(),
        Mode::Closed => true,
    };
    if is_closed || lacks_agreement || lacks_age {
        return Err(NativeRefused::Closed);
    }
    match form.username.trim().chars().count() {
        length if length < SHORTEST_NAME => {
            let problem = FormError::new("username", "ERR_TOO_SHORT", "is too short (minimum is 3 characters)");
            Err(NativeRefused::Field(problem))
        }
        _ => Ok(()),
    }
}
