//! An account that an admin makes for somebody with a password that both know (native 2.8).

use super::attempt::SignUpError;
use super::by_staff::{self, AccountByStaff, Bundle, require_maker};
use super::form::{self, Asked, SignUpForm};
use super::native::{name_problem, password_problem};
use crate::auth::Auth;
use crate::config::AdminPasswords;
use crate::error::{Code, Error};
use crate::host::accounts::NewAccount;
use crate::host::offers::Offered;
use crate::model::account::{Account, Role};
use crate::model::caller::Caller;
use crate::model::credentials::Demand;
use crate::model::form_error::FormErrors;
use crate::secret::Secret;
use crate::steps::{mail, recovery};
use crate::texts;

/// Makes an account with a password that its owner must change at the first sign-in, unless the configuration lets it stand.
///
/// # Errors
/// 403 for everybody but admins, and where no passwords are set so; 404 where the host makes no accounts; the field that is wrong;
/// when host or database do not answer.
pub async fn by_admin(
    auth: &Auth,
    admin: &Account,
    (username, password, role): (&str, &Secret, Role),
    caller: &Caller,
) -> Result<Account, SignUpError> {
    require_maker(admin, Role::Admin)?;
    let rule = auth.config().native.toki.admin_passwords;
    if rule == AdminPasswords::Off {
        return Err(Error::refused(Code::Forbidden, "setting passwords is disabled").into());
    }
    if !auth.offers(Offered::SignUp).await || recovery::require_passwords(auth).await.is_err() {
        return Err(Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND).into());
    }
    if let Some(problem) = name_problem(username).or_else(|| password_problem(password)) {
        return Err(problem.into());
    }
    let wanted = AccountByStaff { role, sends: false, ..AccountByStaff::new(username, "") };
    let form = SignUpForm { username: username.to_owned(), password: Some(password.clone()), ..SignUpForm::default() };
    let mut errors = form::problems(auth, &form, Asked::name_and_password()).await?;
    let named = auth.accounts().by_identifier(&username.trim().to_lowercase()).await.map_err(Error::from_host)?;
    errors.extend(named.map(|_| form::taken("username")));
    if !errors.is_empty() {
        return Err(SignUpError::Fields(FormErrors(errors)));
    }
    let demand = (rule == AdminPasswords::Temporary).then_some(Demand::AtSignIn);
    let bundle = Bundle::new(auth, admin, &wanted, caller).await?.usable(auth.ambient().now(), demand);
    let new = NewAccount::new(username.trim()).with_password(Some(password.clone())).with_role(role);
    let account = by_staff::create(auth, new, bundle).await?;
    mail::wake(auth);
    tracing::info!(account = %account.id, by = %admin.id, "made by an admin, with a password");
    Ok(account)
}
