//! What the demo does when the browser is back: it redeems the code, asks whose token it got, and revokes it.

use lysand_auth::error::{Error, Refusal};
use lysand_auth::flows::token::ClientClaim;
use lysand_auth::flows::{bearer, revoke, token};
use lysand_auth::host::accounts::Account;
use lysand_auth::host::pages::Language;
use lysand_auth::secret::Secret;
use lysand_auth::web::documents::credential_account;
use serde::Deserialize;
use serde_json::{Value, json};

use super::steps::{self, AuthorizeRequest, Callback, TokenRequest};
use super::stored::StoredRun;
use crate::pages::contexts::Step;
use crate::site::texts;
use crate::state::State;

/// The query of the callback; the page says what is missing.
#[derive(Default, Deserialize)]
pub(super) struct CallbackQuery {
    pub(super) code: Option<String>,
    pub(super) state: Option<String>,
    pub(super) iss: Option<String>,
    pub(super) error: Option<String>,
    pub(super) error_description: Option<String>,
}

/// A run that is back from the callback, up to its last step or to the first that fails.
pub(super) struct Run<'a> {
    state: &'a State,
    stored: &'a StoredRun,
    steps: Vec<Step>,
    account: Option<Account>,
}

/// How a run ended.
pub(super) struct Finished {
    pub(super) heading: &'static str,
    pub(super) summary: &'static str,
    pub(super) error: Option<String>,
    pub(super) account: Option<Account>,
    pub(super) steps: Vec<Step>,
}

impl<'a> Run<'a> {
    pub(super) fn new(state: &'a State, stored: &'a StoredRun) -> Self {
        Self { state, stored, steps: Vec::new(), account: None }
    }

    /// Adds steps 1 to 4, which the browser has been through, and takes the others.
    pub(super) async fn finish(mut self, query: &CallbackQuery) -> Result<Finished, Error> {
        let base_url = &self.state.settings.http.base_url;
        let challenge = self.stored.challenge();
        self.steps.push(steps::registration(base_url, self.stored.registered(base_url)));
        self.steps.push(steps::authorize(
            base_url,
            &AuthorizeRequest {
                client_id: self.stored.client_id(),
                state: self.stored.state(),
                code_challenge: &challenge,
                lang: self.stored.lang().as_ref().map(Language::as_str),
            },
        ));
        self.steps.push(steps::sign_in(base_url));
        self.steps.push(steps::decision(
            base_url,
            &Callback {
                code: query.code.as_deref(),
                state: self.stored.state(),
                iss: query.iss.as_deref(),
                error: query.error.as_deref(),
                error_description: query.error_description.as_deref(),
            },
        ));
        let Some(code) = &query.code else {
            return Ok(self.finished(texts::DEMO_DENIED, None));
        };
        match self.redeem(&Secret::new(code.as_str())).await {
            Ok(()) => Ok(self.finished(texts::DEMO_WORKED, None)),
            Err(Error::Refused(refusal)) => Ok(self.finished(texts::DEMO_FAILED, Some(refusal.why.into_owned()))),
            Err(failed) => Err(failed),
        }
    }

    /// Steps 5 to 7: redeem the code, ask whom the token speaks for, give it back.
    async fn redeem(&mut self, code: &Secret) -> Result<(), Error> {
        let (auth, base_url) = (&self.state.auth, &self.state.settings.http.base_url);
        let sent = TokenRequest {
            client_id: self.stored.client_id(),
            client_secret: self.stored.client_secret().expose(),
            code: code.expose(),
            code_verifier: self.stored.verifier().expose(),
        };
        let issued = match token::exchange(auth, self.token_request(code)).await {
            Ok(issued) => issued,
            Err(Error::Refused(refusal)) => {
                self.steps.push(steps::token(base_url, &sent, refusal.code.status(), in_json(&refusal)));
                return Err(Error::Refused(refusal));
            }
            Err(failed) => return Err(failed),
        };
        let answer = json!({
            "access_token": issued.access_token.expose(),
            "token_type": "Bearer",
            "scope": issued.scopes.to_string(),
            "created_at": issued.created_at.seconds(),
        });
        self.steps.push(steps::token(base_url, &sent, 200, answer));
        let account = bearer::speaks_for(auth, &issued.access_token).await?.account(auth).await?;
        let entity = credential_account(auth, &account);
        self.steps.push(steps::verify(base_url, issued.access_token.expose(), &entity));
        self.account = Some(account);
        let step = steps::revocation(
            base_url,
            self.stored.client_id(),
            self.stored.client_secret().expose(),
            issued.access_token.expose(),
        );
        revoke::revoke(auth, self.claim(), Some(issued.access_token)).await?;
        self.steps.push(step);
        Ok(())
    }

    fn token_request(&self, code: &Secret) -> token::TokenRequest {
        // Without a source: the request comes from this server itself.
        let mut request = token::TokenRequest::default();
        request.grant_type = Some("authorization_code".to_owned());
        request.client = self.claim();
        request.code = Some(code.clone());
        request.redirect_uri = Some(steps::redirect_uri(&self.state.settings.http.base_url));
        request.code_verifier = Some(self.stored.verifier().clone());
        request
    }

    fn claim(&self) -> ClientClaim {
        let mut claim = ClientClaim::default();
        claim.id = Some(self.stored.client_id().to_owned());
        claim.secrets = vec![self.stored.client_secret().clone()];
        claim
    }

    fn finished(self, [heading, summary]: [&'static str; 2], error: Option<String>) -> Finished {
        Finished { heading, summary, error, account: self.account, steps: self.steps }
    }
}

/// A refusal as `/oauth/token` answers it (RFC 6749 §5.2).
fn in_json(refusal: &Refusal) -> Value {
    json!({ "error": refusal.code.oauth_name(), "error_description": refusal.why })
}
