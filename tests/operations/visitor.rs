//! People and apps at the server's door, over HTTP. A call that brings no whole answer is `None`: the server is gone.

use std::time::Duration;

use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::Value;
use tests::{Person, ServerProcess};
use url::Url;

const CALLBACK: &str = "https://app.example/callback";

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Demands a status.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} {:?}", self.body, self.headers);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where the browser is sent.
    fn location(&self) -> Option<Url> {
        Url::parse(self.headers.get(LOCATION)?.to_str().ok()?).ok()
    }

    fn code(&self) -> Option<String> {
        self.location()?.query_pairs().find(|(name, _)| name == "code").map(|(_, code)| code.into_owned())
    }
}

/// Sends a request; `None` when no whole answer came.
pub(crate) async fn send(request: RequestBuilder) -> Option<Answer> {
    let reply = request.send().await.ok()?;
    let (status, headers) = (reply.status(), reply.headers().clone());
    Some(Answer { status, headers, body: reply.text().await.ok()? })
}

/// A registered app.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

/// A browser that somebody signed in with, and the code that waits for consent.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) cookie: String,
    pub(crate) pending: String,
}

/// Somebody who talks to one server; cheap to clone, so that many may talk at once.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    base: Url,
    http: reqwest::Client,
}

impl Visitor {
    pub(crate) fn of(server: &ServerProcess) -> Self {
        Self { base: server.base_url().clone(), http: server.http().clone() }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.http.get(self.base.join(path).expect("a path"))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.http.post(self.base.join(path).expect("a path")).timeout(Duration::from_secs(30))
    }

    /// The authorization request of an app, as a query.
    pub(crate) fn ask(app: &App) -> String {
        let pairs = [
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "read write"),
        ];
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    pub(crate) async fn register(&self) -> Option<App> {
        self.register_with(&[]).await
    }

    /// Registers an app that asks for tokens that expire.
    pub(crate) async fn register_expiring(&self) -> Option<App> {
        let grants = ["authorization_code", "refresh_token"];
        self.register_with(&grants.map(|grant| ("grant_types[]", grant))).await
    }

    async fn register_with(&self, more: &[(&str, &str)]) -> Option<App> {
        let form = [("client_name", "Visitor"), ("redirect_uris", CALLBACK), ("scopes", "read write")];
        let app = send(self.post("/api/v1/apps").form(&[&form, more].concat())).await?.is(200).json();
        let text = |name: &str| app[name].as_str().expect("text").to_owned();
        Some(App { client_id: text("client_id"), client_secret: text("client_secret") })
    }

    /// Posts the sign-in form.
    pub(crate) async fn try_password(&self, app: &App, name: &str, password: &str) -> Option<Answer> {
        let form = [("identifier", name), ("password", password)];
        send(self.post(&format!("/api/auth/login?{}", Self::ask(app))).form(&form)).await
    }

    pub(crate) async fn sign_in(&self, app: &App, person: &Person) -> Option<Browser> {
        let answer = self.try_password(app, &person.username, &person.password).await?.is(302);
        let line = answer.headers.get(SET_COOKIE)?.to_str().ok()?;
        let cookie = line.split(';').next()?.strip_prefix("jwt=")?.to_owned();
        Some(Browser { cookie, pending: answer.code()? })
    }

    /// Says yes; the answer is the approved code.
    pub(crate) async fn consent(&self, app: &App, browser: &Browser) -> Option<String> {
        let pairs = [("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("code", &browser.pending)];
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let call = self.post(&format!("/api/auth/redirect?{query}"));
        send(call.header("cookie", format!("jwt={}", browser.cookie))).await?.is(302).code()
    }

    pub(crate) async fn redeem(&self, app: &App, code: &str) -> Option<Answer> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
        ];
        send(self.post("/oauth/token").form(&form)).await
    }

    pub(crate) async fn refresh(&self, app: &App, token: &str) -> Option<Answer> {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
        ];
        send(self.post("/oauth/token").form(&form)).await
    }

    /// The whole way to an access token.
    pub(crate) async fn token(&self, app: &App, person: &Person) -> Option<String> {
        let browser = self.sign_in(app, person).await?;
        let code = self.consent(app, &browser).await?;
        access_token(self.redeem(app, &code).await?)
    }

    /// A token that speaks for the app alone.
    pub(crate) async fn own_token(&self, app: &App) -> Option<Answer> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
        ];
        send(self.post("/oauth/token").form(&form)).await
    }

    pub(crate) async fn revoke(&self, app: &App, token: &str) -> Option<Answer> {
        let form = [("client_id", app.client_id.as_str()), ("client_secret", &app.client_secret), ("token", token)];
        send(self.post("/oauth/revoke").form(&form)).await
    }

    pub(crate) async fn sign_out(&self, browser: &Browser) -> Option<Answer> {
        let call = self.post("/api/auth/mastodon-logout");
        send(call.header("cookie", format!("jwt={}", browser.cookie))).await
    }

    /// Whether a token opens anything: the status of `verify_credentials` for apps.
    pub(crate) async fn token_status(&self, token: &str) -> Option<u16> {
        let call = self.get("/api/v1/apps/verify_credentials").bearer_auth(token);
        Some(send(call).await?.status.as_u16())
    }

    /// What the account's own route says to a token.
    pub(crate) async fn account_status(&self, token: &str) -> Option<u16> {
        let call = self.get("/api/v1/accounts/verify_credentials").bearer_auth(token);
        Some(send(call).await?.status.as_u16())
    }

    /// Whether a cookie still signs somebody in: consent is asked for at once, without the sign-in page.
    pub(crate) async fn is_signed_in(&self, app: &App, cookie: &str) -> Option<bool> {
        let call = self.get(&format!("/oauth/authorize?{}", Self::ask(app)));
        let answer = send(call.header("cookie", format!("jwt={cookie}"))).await?;
        Some(answer.status == 302)
    }
}

#[track_caller]
pub(crate) fn access_token(answer: Answer) -> Option<String> {
    answer.is(200).json()["access_token"].as_str().map(str::to_owned)
}
