//! People and apps as they talk to one server over HTTP.
//!
//! A call that brings no whole response is `None`: a test may end the server in the middle of it. [`Story`](mod@crate::story)
//! offers the same to tests whose server stays.

use reqwest::Method;
use serde_json::Value;

use crate::app::{App, AuthorizationRequest, CALLBACK, SignedIn};
use crate::http::{Request, Response, encode, query_of};
use crate::person::Person;

/// Who talks to one server; cheap to clone, so that many may talk at once.
#[derive(Clone, Debug)]
pub struct TestClient {
    base: String,
    http: reqwest::Client,
}

impl TestClient {
    /// A client of the server at `base`, an origin.
    pub fn new(base: &str, http: &reqwest::Client) -> Self {
        Self { base: base.trim_end_matches('/').to_owned(), http: http.clone() }
    }

    /// The server's public origin.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A request with any method; `path` may be a whole URL.
    pub fn call(&self, method: Method, path: &str) -> Request {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        let is_own = url.strip_prefix(&self.base).is_some_and(|path| path.is_empty() || path.starts_with(['/', '?']));
        let request = Request::new(&self.http, method, &url);
        if is_own { request.documented() } else { request }
    }

    /// A `GET`.
    pub fn get(&self, path: &str) -> Request {
        self.call(Method::GET, path)
    }

    /// A `POST`.
    pub fn post(&self, path: &str) -> Request {
        self.call(Method::POST, path)
    }

    /// Registers the usual app: redirects to [`CALLBACK`], asks for `read write`.
    pub async fn register(&self) -> Option<App> {
        self.register_with("Test App", CALLBACK, "read write", &[]).await
    }

    /// Registers an app that asks for tokens that expire.
    pub async fn register_expiring(&self) -> Option<App> {
        let grants = ["authorization_code", "refresh_token"].map(|grant| ("grant_types[]", grant));
        self.register_with("Expiring", CALLBACK, "read write", &grants).await
    }

    /// Registers an app.
    pub async fn register_with(
        &self,
        name: &str,
        redirect_uris: &str,
        scopes: &str,
        more: &[(&str, &str)],
    ) -> Option<App> {
        let form = [("client_name", name), ("redirect_uris", redirect_uris), ("scopes", scopes)];
        let body = self.post("/api/v1/apps").form(&[&form, more].concat()).try_send().await?.is(200).json();
        Some(App::registered(&body, redirect_uris, scopes))
    }

    /// Posts the sign-in form for the authorization request in `query`.
    pub async fn log_in(&self, query: &str, identifier: &str, password: &str) -> Option<Response> {
        let form = [("identifier", identifier), ("password", password)];
        self.post(&format!("/api/auth/login?{query}")).form(&form).try_send().await
    }

    /// Signs a person in for an app's request, up to the consent page.
    pub async fn sign_in(&self, person: &Person, app: &App) -> Option<SignedIn> {
        self.sign_in_with(person, &app.authorize_query()).await
    }

    /// Signs a person in for the authorization request in `query`, up to the consent page.
    pub async fn sign_in_with(&self, person: &Person, query: &str) -> Option<SignedIn> {
        Some(self.log_in(query, &person.username, &person.password).await?.signed_in())
    }

    /// Posts the consent as the document says.
    pub async fn decide(&self, signed_in: &SignedIn, app: &App) -> Option<Response> {
        let pairs = [("client_id", &app.client_id), ("redirect_uri", &app.redirect_uri), ("code", &signed_in.code)];
        let path = encode("/api/auth/redirect", &pairs.map(|(name, value)| (name, value.as_str())));
        self.post(&path).session(signed_in).try_send().await
    }

    /// Consents; the outcome is the approved code.
    pub async fn consent(&self, signed_in: &SignedIn, app: &App) -> Option<String> {
        let response = self.decide(signed_in, app).await?.is(302);
        Some(query_of(&response.location(), "code").expect("a code"))
    }

    /// Redeems a code.
    pub async fn redeem(&self, app: &App, code: &str) -> Option<Response> {
        self.post("/oauth/token").form(&app.code_form(code)).try_send().await
    }

    /// Redeems the code that a request with PKCE brought; the outcome is the access token.
    pub async fn redeem_proven(&self, app: &App, request: &AuthorizationRequest, code: &str) -> Option<String> {
        let form = [&app.code_form(code)[..], &[("code_verifier", &request.verifier)]].concat();
        access_token(self.post("/oauth/token").form(&form).try_send().await?)
    }

    /// Redeems a refresh token.
    pub async fn refresh(&self, app: &App, token: &str) -> Option<Response> {
        self.post("/oauth/token").form(&app.refresh_form(token)).try_send().await
    }

    /// The whole way to an access token: sign in, consent, redeem.
    pub async fn token(&self, person: &Person, app: &App) -> Option<String> {
        let signed_in = self.sign_in(person, app).await?;
        let code = self.consent(&signed_in, app).await?;
        access_token(self.redeem(app, &code).await?)
    }

    /// Asks for a token that speaks for the app alone.
    pub async fn own_token(&self, app: &App) -> Option<Response> {
        let form = [&[("grant_type", "client_credentials")][..], &app.credentials()].concat();
        self.post("/oauth/token").form(&form).try_send().await
    }

    /// Revokes a token.
    pub async fn revoke(&self, app: &App, token: &str) -> Option<Response> {
        let form = [&app.credentials()[..], &[("token", token)]].concat();
        self.post("/oauth/revoke").form(&form).try_send().await
    }

    /// Signs out.
    pub async fn sign_out(&self, signed_in: &SignedIn) -> Option<Response> {
        self.post("/api/auth/mastodon-logout").session(signed_in).try_send().await
    }

    /// What a token says about its account.
    pub async fn verify(&self, token: &str) -> Option<Response> {
        self.get("/api/v1/accounts/verify_credentials").bearer(token).try_send().await
    }

    /// The account that a good token speaks for.
    pub async fn account_of(&self, token: &str) -> Option<Value> {
        Some(self.verify(token).await?.is(200).json())
    }

    /// Whether a token opens anything: the status of `verify_credentials` for apps.
    pub async fn token_status(&self, token: &str) -> Option<u16> {
        let response = self.get("/api/v1/apps/verify_credentials").bearer(token).try_send().await?;
        Some(response.status.as_u16())
    }

    /// What the account's own route says to a token.
    pub async fn account_status(&self, token: &str) -> Option<u16> {
        Some(self.verify(token).await?.status.as_u16())
    }

    /// Whether a session still counts: consent is asked for at once, without the sign-in page.
    pub async fn is_signed_in(&self, signed_in: &SignedIn, app: &App) -> Option<bool> {
        let call = self.get(&format!("/oauth/authorize?{}", app.authorize_query())).session(signed_in);
        Some(call.try_send().await?.status == 302)
    }
}

/// The access token of a good response of the token endpoint.
#[track_caller]
pub fn access_token(response: Response) -> Option<String> {
    response.is(200).json()["access_token"].as_str().map(str::to_owned)
}
