//! `POST /account/link` and `/account/unlink`: the identities at providers that sign in to the account.

use actix_web::HttpResponse;
use lysand_auth::flows::sso::StartedBy;
use lysand_auth::flows::sso::{self, LinkStart};
use lysand_auth::web::{ApiError, depart, source};

use super::form::PostedForm;
use crate::site::texts::AccountNotice;

/// Begins to link an identity: redirects to the provider.
pub(super) async fn link(form: PostedForm) -> Result<HttpResponse, ApiError> {
    if !form.is_proven().await? {
        return Ok(form.to_confirmation());
    }
    let auth = &form.state.auth;
    let by = StartedBy::Session(form.browser.session.id.clone());
    let mut start = LinkStart::new(form.browser.account.id.clone(), by);
    start.in_browser = true;
    start.source = source(&form.request, auth.config());
    match sso::link(auth, &form.text("issuer")?, start).await {
        Ok(departure) => Ok(depart(auth, &departure)?),
        Err(error) => form.refuse(error),
    }
}

/// Unlinks an identity.
pub(super) async fn unlink(form: PostedForm) -> Result<HttpResponse, ApiError> {
    if !form.is_proven().await? {
        return Ok(form.to_confirmation());
    }
    match sso::unlink(&form.state.auth, &form.browser.account.id, &form.text("issuer")?).await {
        Ok(()) => Ok(form.back(AccountNotice::Unlinked)),
        Err(error) => form.refuse(error),
    }
}
