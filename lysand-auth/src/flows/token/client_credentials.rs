//! An app gets a token for itself (RFC 6749 §4.4, Mastodon §6.4).

use super::grant::{ClientProof, Exchange, Grant, GrantStatus, Presented};
use super::issue::{self, IssuedToken};
use super::request::TokenRequest;
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::revocations::Revoked;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::store::{Conn, Work, apps};

/// The client's own credentials are the grant.
pub(super) struct ClientCredentials;

impl Grant for ClientCredentials {
    const TYPE: &'static str = "client_credentials";
    const CLIENT: ClientProof = ClientProof::Secret;

    async fn look_up(auth: &Auth, request: &TokenRequest) -> Result<Presented<Self>, Error> {
        let client_id = request.client.id.clone().unwrap_or_default();
        let found = auth.store().look_up(move |c| Box::pin(async move { apps::by_client_id(c, &client_id).await }));
        Ok(Presented { grant: Some(Self), caller: found.await? })
    }

    fn check_request(_: &Auth, _: &TokenRequest, presented: &Presented<Self>) -> Result<(), Error> {
        if !presented.caller.as_ref().is_some_and(|stored| stored.app.is_public) {
            return Ok(());
        }
        // It can prove to nobody that it is itself (RFC 6749 §4.4).
        let why = "The client is not authorized to perform this request using this method.";
        Err(Error::refused(Code::GrantNotAllowed, why))
    }

    fn status(&self, _: &TokenRequest, _: &App, _: Timestamp) -> GrantStatus {
        GrantStatus::Valid
    }

    fn account(&self) -> Option<&AccountId> {
        None
    }

    async fn exchange(&self, exchange: Exchange<'_>) -> Result<Option<IssuedToken>, Error> {
        let scopes = exchange.app.scopes.grant(exchange.request.scope.as_deref(), &exchange.auth.config().scopes)?;
        issue::issue(exchange.auth, exchange.app, None, scopes).await.map(Some)
    }

    /// Credentials are used as often as the app likes.
    fn revoke_issued<'c>(&'c self, _: &'c mut Conn, _: Timestamp) -> Work<'c, Option<Revoked>> {
        Box::pin(async { Ok(None) })
    }
}
