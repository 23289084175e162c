//! Journeys of people at hosts that cannot do everything: what cannot be done is not there (PPL-210, PPL-212, PPL-218).

use std::sync::Arc;

use actix_web::App as HostApp;
use async_trait::async_trait;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{Account, AccountId, Accounts, AccountsError, Along, Change, Email, NewAccount};
use lysand_auth::secret::Secret;
use lysand_auth::web::documents::{self, InstanceInfo};
use lysand_auth::web::{Surface, Surfaces, mount};
use reqwest::Method;
use serde_json::json;
use tests::embedder::{Embedder, SentByStory, auth_builder_of};
use tests::story;
use tests::story::Story;

/// What a host can do beside signing people in.
#[derive(Clone, Copy, Default)]
struct Can {
    make: bool,
    change_language: bool,
    set_passwords: bool,
}

/// The people of a story, and what this host can do with them.
struct Small(Arc<dyn Accounts>, Can);

#[async_trait]
impl Accounts for Small {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        self.0.by_id(id).await
    }

    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
        self.0.by_identifier(identifier).await
    }

    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
        self.0.check_password(identifier, password).await
    }

    async fn create_along(&self, account: NewAccount, along: Along) -> Result<Account, AccountsError> {
        match self.1.make {
            true => self.0.create_along(account, along).await,
            false => Err(AccountsError::NotOffered),
        }
    }

    async fn change_along(&self, id: &AccountId, change: Change, along: Along) -> Result<(), AccountsError> {
        match change {
            Change::Language(_) if self.1.change_language => self.0.change_along(id, change, along).await,
            _ => Err(AccountsError::NotOffered),
        }
    }

    async fn set_password(&self, id: &AccountId, password: &Secret) -> Result<(), AccountsError> {
        match self.1.set_passwords {
            true => self.0.set_password(id, password).await,
            false => Err(AccountsError::NotOffered),
        }
    }

    async fn set_email(&self, _: &AccountId, _: &Email) -> Result<(), AccountsError> {
        Err(AccountsError::NotOffered)
    }
}

fn serve(story: &Story, can: Can) -> Embedder {
    let small = Small(story.server().state().accounts.clone(), can);
    let builder = auth_builder_of(story).accounts(Arc::new(small)).mailer(Arc::new(SentByStory));
    let auth = builder.build().expect("a host");
    Embedder::serve_app(move || {
        HostApp::new()
            .configure(mount(auth.clone(), Surfaces::all().with(Surface::People)))
            .configure(documents::mount(auth.clone(), InstanceInfo::new("Small")))
    })
}

async fn status(story: &Story, host: &Embedder, method: &Method, path: &str) -> u16 {
    let request = story.call(method.clone(), &host.url(path)).header("accept", "text/html");
    let request = match *method {
        Method::GET => request,
        _ => request.form(&[("identifier", "ada"), ("token", "x"), ("password", "a calm evening")]),
    };
    request.send().await.status.as_u16()
}

story!(host_that_makes_and_changes_nobody_has_no_such_pages_routes_and_links, |story| {
    let (ada, app) = (story.person("ada").await, story.app("https://x.example/cb", "read write auth:write").await);
    let token = story.token(&ada, &app).await;
    let host = serve(&story, Can::default());
    let offer = story.get(&host.url("/api/v1/auth/signup")).send().await.is(200).json();
    assert_eq!(offer["mode"], "closed");
    let instance = story.get(&host.url("/api/v2/instance")).send().await.is(200).json();
    assert_eq!(
        (&instance["registrations"]["enabled"], &instance["registrations"]["url"]),
        (&json!(false), &json!(null))
    );
    let page = story.get(&host.url(&format!("/oauth/authorize?{}", app.authorize_query()))).send().await.is(200);
    for link in ["/register", "/account/forgot"] {
        assert!(!page.body.contains(link), "{link}: {}", page.body);
    }
    let refused = story.get(&host.url("/register")).send().await.is(403);
    assert!(refused.body.contains("This server takes no new accounts at present."), "{}", refused.body);
    let fields = [("username", "eve"), ("email", "eve@example.com"), ("password", "a calm evening")];
    story.post(&host.url("/api/v1/auth/signup")).form(&fields).send().await.is(403);
    let (get, post) = (Method::GET, Method::POST);
    for (method, path) in [
        (&get, "/account/forgot"),
        (&post, "/account/forgot"),
        (&post, "/api/v1/auth/password/forgot"),
        (&get, "/oauth/reset?token=x"),
        (&post, "/api/v1/auth/password/reset"),
        (&get, "/.well-known/change-password"),
        (&get, "/account/password"),
        (&post, "/account/password"),
        (&get, "/account/email"),
        (&post, "/account/email"),
        (&get, "/account/profile"),
        (&post, "/account/profile"),
        (&get, "/account/close"),
        (&post, "/account/close"),
    ] {
        assert_eq!(status(&story, &host, method, path).await, 404, "{method} {path}");
    }
    for (method, path) in [
        (Method::POST, "/api/v1/auth/password"),
        (Method::GET, "/api/v1/auth/email"),
        (Method::POST, "/api/v1/auth/email"),
        (Method::PATCH, "/api/v1/accounts/update_credentials"),
        (Method::POST, "/api/v1/auth/closure"),
    ] {
        let body =
            json!({ "current_password": ada.password, "password": "another long one", "email": "b@example.com" });
        let both = story.app("https://y.example/cb", "write auth:read auth:write").await;
        let token = story.token(&ada, &both).await;
        let request = story.call(method.clone(), &host.url(path)).bearer(&token);
        let request = if method == Method::GET { request } else { request.json(&body) };
        request.send().await.is_api_error(404, "Record not found");
    }
    // Signing in is what it can.
    let seen = story.get(&host.url("/api/v1/accounts/verify_credentials")).bearer(&token).send().await.is(200).json();
    assert_eq!(seen["username"], "ada");
    host.end().await;
});

story!(host_that_can_do_some_of_it_has_these_pages_alone, |story| {
    let can = Can { make: true, change_language: true, set_passwords: true };
    let host = serve(&story, can);
    let offer = story.get(&host.url("/api/v1/auth/signup")).send().await.is(200).json();
    assert_eq!(offer["mode"], "open");
    let (get, ada) = (Method::GET, story.person("ada").await);
    for (path, expected) in [
        ("/register", 200),
        ("/account/forgot", 200),
        ("/account/password", 302),
        ("/account/profile", 302),
        ("/account/email", 404),
    ] {
        assert_eq!(status(&story, &host, &get, path).await, expected, "{path}");
    }
    let app = story.app("https://x.example/cb", "read write").await;
    let token = story.token(&ada, &app).await;
    let page = story.get(&host.url("/account/profile")).header("cookie", "").send().await;
    assert_eq!(page.status, 302);
    let body = json!({ "display_name": "Ada", "locale": "de" });
    let route = host.url("/api/v1/accounts/update_credentials");
    let changed = story.call(Method::PATCH, &route).bearer(&token).json(&body).send().await.is(200).json();
    assert_eq!(changed["display_name"], "", "what the host does not keep has no effect");
    assert_eq!(story.account(&ada).await.language.expect("a language").as_str(), "de");
    host.end().await;
});
