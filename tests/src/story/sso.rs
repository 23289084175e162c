//! People at identity providers: a browser that goes there and comes back.

use url::Url;

use super::server::Story;
use crate::app::App;
use crate::http::{CookieJar, Response};
use crate::misbehaving_provider::{Provider, ProviderUser, entries};

impl Story {
    /// Starts the server anew with one provider, called `id`.
    pub async fn with_provider(self, more: &[(&str, &str)]) -> (Self, Provider) {
        let provider = Provider::start().await;
        let setting = entries(&[provider.entry("id", "")]);
        let settings = [&[("oidc.providers", setting.as_str())], more].concat();
        (self.restart(&settings).await, provider)
    }

    /// A browser follows the link "sign in with".
    pub async fn redirect_to_provider(&self, jar: &mut CookieJar, app: &App, provider: &str) -> Url {
        let response = self
            .get(&format!("/oauth/sso?{}&issuer={provider}", app.authorize_query()))
            .cookies(jar)
            .send()
            .await
            .is(302);
        jar.keep(&response);
        response.location()
    }

    /// A browser comes back from a provider.
    pub async fn follow_callback(&self, jar: &mut CookieJar, back: &Url) -> Response {
        let response = self.get(back.as_str()).cookies(jar).send().await;
        jar.keep(&response);
        response
    }

    /// The whole way: to the provider and back.
    pub async fn sign_in_at(
        &self,
        jar: &mut CookieJar,
        app: &App,
        provider: &Provider,
        user: &ProviderUser,
    ) -> Response {
        let back = self.come_back(jar, app, provider, user).await;
        if !back.header("location").contains("/register/finish") {
            return back;
        }
        // Somebody whom nobody here knows takes the name that is proposed; where there is none, one of their own.
        let page = self.get(back.location().as_str()).cookies(jar).send().await.is(200);
        jar.keep(&page);
        let value = |name: &str| {
            let found = page.body.split(&format!("name=\"{name}\"")).nth(1).expect("a field");
            found.split("value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
        };
        let (token, flow, name) = (value("form_token"), value("flow_id"), value("username"));
        let name = if name.is_empty() { format!("guest{}", user.subject.len()) } else { name };
        let form = [("form_token", token.as_str()), ("flow_id", &flow), ("username", &name)];
        let answer = self.post("/register/finish").cookies(jar).form(&form).send().await;
        jar.keep(&answer);
        answer
    }

    /// To the provider and back, and no further.
    pub async fn come_back(
        &self,
        jar: &mut CookieJar,
        app: &App,
        provider: &Provider,
        user: &ProviderUser,
    ) -> Response {
        let location = self.redirect_to_provider(jar, app, "id").await;
        self.follow_callback(jar, &provider.authorize(&location, user, self.now())).await
    }

    /// Begins to link in a browser: `POST /api/v1/sso` from a page of this origin.
    pub async fn start_link(&self, jar: &mut CookieJar, token: &str, provider: &str) -> Url {
        let call = self.post("/api/v1/sso").bearer(token).header("sec-fetch-site", "same-origin").cookies(jar);
        let response = call.form(&[("issuer", provider)]).send().await.is(200);
        jar.keep(&response);
        Url::parse(response.json()["link"].as_str().expect("a link")).expect("a URL")
    }

    /// Links an identity in a browser.
    pub async fn link_at(
        &self,
        jar: &mut CookieJar,
        token: &str,
        provider: &Provider,
        user: &ProviderUser,
    ) -> Response {
        let location = self.start_link(jar, token, "id").await;
        self.follow_callback(jar, &provider.authorize(&location, user, self.now())).await
    }

    /// Removes the link to the provider called `id`.
    pub async fn unlink(&self, token: &str) {
        self.call(reqwest::Method::DELETE, "/api/v1/sso/id").bearer(token).send().await.is(204);
    }

    /// The ids of the providers that an account is linked to.
    pub async fn linked_providers(&self, token: &str) -> Vec<String> {
        let body = self.get("/api/v1/sso").bearer(token).send().await.is(200).json();
        let all = body.as_array().expect("an array").iter();
        all.map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    }
}
