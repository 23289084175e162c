//! A token without a code.

use crate::auth::Auth;
use crate::error::Error;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::scope::Scopes;
pub use crate::steps::new_tokens::IssuedToken;
use crate::steps::new_tokens::new_token;
use crate::store::{apps, tokens};

/// Issues a token without a code: for the app itself, or by an admin's command.
///
/// # Errors
/// When the database does not answer.
pub async fn issue(auth: &Auth, app: &App, account: Option<AccountId>, scopes: Scopes) -> Result<IssuedToken, Error> {
    let (issued, stored) = new_token(auth, app, account, scopes, None);
    let digest = issued.access_token.digest();
    tracing::info!(app = %app.id, account = ?stored.account_id, token = %stored.id, "token issued");
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            tokens::insert(c, &stored, digest).await?;
            match stored.account_id {
                Some(_) => apps::set_approved(c, &stored.app_id).await,
                None => apps::set_had_own_token(c, &stored.app_id).await,
            }
        })
    });
    kept.await?;
    Ok(issued)
}
