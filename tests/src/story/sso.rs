//! A story's people at identity providers: a browser that goes there and comes back.

use std::collections::BTreeMap;

use reqwest::header;
use url::Url;

use super::{Answer, App, Call, Story, encode};
use crate::provider::{Guest, Provider, entries};

/// A browser's cookies.
#[derive(Clone, Debug, Default)]
pub struct Jar(BTreeMap<String, String>);

impl Jar {
    /// Keeps what an answer sets, and forgets what it removes.
    pub fn keep(&mut self, answer: &Answer) {
        for line in answer.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("text");
            let (name, value) = line.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            if value.is_empty() || line.contains("Max-Age=0") {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Keeps a cookie that another road brought.
    pub fn keep_value(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// Whether a cookie whose name begins like this is there.
    pub fn has(&self, start: &str) -> bool {
        self.0.keys().any(|name| name.starts_with(start))
    }

    /// The value of a cookie.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn line(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

impl Call {
    /// Presents all cookies of a browser.
    pub fn jar(self, jar: &Jar) -> Self {
        if jar.0.is_empty() { self } else { self.header("cookie", &jar.line()) }
    }
}

impl Story {
    /// The time by which the server lives, in seconds.
    pub fn now(&self) -> i64 {
        use lysand_auth::ambient::Clock as _;
        self.clock.now().seconds()
    }

    /// Starts the server anew with one provider, called `id`.
    pub async fn with_provider(self, more: &[(&str, &str)]) -> (Self, Provider) {
        let provider = Provider::start().await;
        let setting = entries(&[provider.entry("id", "")]);
        let settings = [&[("oidc.providers", setting.as_str())], more].concat();
        (self.restart(&settings).await, provider)
    }

    /// A browser follows the link "sign in with".
    pub async fn set_off(&self, jar: &mut Jar, app: &App, provider: &str) -> Url {
        let answer = self.get(&format!("/oauth/sso?{}&issuer={provider}", app.ask())).jar(jar).send().await.is(302);
        jar.keep(&answer);
        answer.location()
    }

    /// A browser comes back from a provider.
    pub async fn come_back(&self, jar: &mut Jar, back: &Url) -> Answer {
        let answer = self.get(back.as_str()).jar(jar).send().await;
        jar.keep(&answer);
        answer
    }

    /// The whole way: to the provider and back.
    pub async fn sign_in_at(&self, jar: &mut Jar, app: &App, provider: &Provider, guest: &Guest) -> Answer {
        let location = self.set_off(jar, app, "id").await;
        self.come_back(jar, &provider.visit(&location, guest, self.now())).await
    }

    /// Begins to link in a browser: `POST /api/v1/sso` from a page of this origin.
    pub async fn start_link(&self, jar: &mut Jar, token: &str, provider: &str) -> Url {
        let call = self.post("/api/v1/sso").bearer(token).header("sec-fetch-site", "same-origin").jar(jar);
        let answer = call.form(&[("issuer", provider)]).send().await.is(200);
        jar.keep(&answer);
        Url::parse(answer.json()["link"].as_str().expect("a link")).expect("a URL")
    }

    /// Links an identity in a browser.
    pub async fn link_at(&self, jar: &mut Jar, token: &str, provider: &Provider, guest: &Guest) -> Answer {
        let location = self.start_link(jar, token, "id").await;
        self.come_back(jar, &provider.visit(&location, guest, self.now())).await
    }

    /// The ids of the providers that an account is linked to.
    pub async fn linked(&self, token: &str) -> Vec<String> {
        let body = self.get("/api/v1/sso").bearer(token).send().await.is(200).json();
        let all = body.as_array().expect("an array").iter();
        all.map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
    }
}

impl Answer {
    /// Demands that a link was made.
    #[track_caller]
    pub fn is_linked(self) -> Self {
        let answer = self.is(302);
        assert!(answer.header("location").ends_with("/?oidc_account_linked=true"), "{}", answer.header("location"));
        answer
    }

    /// Demands that no link was made, with this title and text.
    #[track_caller]
    pub fn is_link_error(self, title: &str, text: &str) -> Self {
        let answer = self.is(302);
        let wanted =
            encode("/", &[("oidc_account_linking_error", title), ("oidc_account_linking_error_message", text)]);
        assert!(answer.header("location").ends_with(&wanted), "{}", answer.header("location"));
        assert_eq!(answer.cookie("jwt"), None);
        answer
    }
}
