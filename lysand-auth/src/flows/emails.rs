//! The mail that confirms an address, as apps ask for it (Mastodon §12.3).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::caller::Caller;
use crate::model::form_error::FormError;
use crate::steps::confirmation::{self, is_unconfirmed};
use crate::store::sign_ups;

/// Sends the mail once more, to another address if one is given.
///
/// # Errors
/// 403 when another app made the account, or nothing waits to be confirmed; 429 when one was sent a moment ago; the field when
/// the address cannot be taken.
pub async fn send_again(
    auth: &Auth,
    account: &AccountId,
    app: &App,
    address: Option<&str>,
    caller: &Caller,
) -> Result<Result<(), FormError>, Error> {
    let id = account.clone();
    let made = auth.store().look_up(move |c| Box::pin(async move { sign_ups::of_account(c, &id).await })).await?;
    if made.and_then(|record| record.app).is_none_or(|maker| maker != app.id) {
        let why = "This method is only available to the application the user originally signed-up with";
        return Err(Error::refused(Code::Forbidden, why));
    }
    let account = auth.account(account).await?.filter(is_unconfirmed);
    let Some(account) = account else {
        let why = "This method is only available while the e-mail is awaiting confirmation";
        return Err(Error::refused(Code::Forbidden, why));
    };
    match address {
        Some(address) => confirmation::replace_address(auth, &account, address, caller).await,
        None => confirmation::send_again(auth, &account, caller).await.map(Ok),
    }
}

/// Whether the address of an account is confirmed.
///
/// # Errors
/// When the host does not answer.
pub async fn is_confirmed(auth: &Auth, account: &AccountId) -> Result<bool, Error> {
    Ok(auth.account(account).await?.is_some_and(|account| !is_unconfirmed(&account)))
}
