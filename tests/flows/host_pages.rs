//! A host that brings no pages and no mail, one whose pages load from elsewhere, and one whose pages fail (faults E3, E6).

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use lysand_auth::host::HostResult;
use lysand_auth::host::pages::{HtmlPage, Page, PageReply, PageRequest, PageSources, Pages, Plain, SourceKind};
use lysand_auth::{Auth, AuthBuilder};
use sha2::Digest as _;
use tests::embedder::{Embedder, auth_builder_of};
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Response, Story, query_of};
use url::Url;

/// A story's host, without pages and mail.
fn bare_builder(story: &Story) -> AuthBuilder {
    let state = story.server().state();
    let auth = &state.auth;
    Auth::builder(auth.config().clone(), auth.store().clone())
        .accounts(state.accounts.clone())
        .ambient(auth.ambient().clone())
}

/// The address in a page's first form that posts to something that begins like this.
fn action(page: &Response, start: &str) -> String {
    let markup = page.markup();
    let found = markup.split("action=\"").find(|rest| rest.starts_with(start)).expect("a form");
    found.split('"').next().expect("an address").to_owned()
}

fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

struct Walk<'a> {
    story: &'a Story,
    host: Embedder,
    jar: CookieJar,
}

impl Walk<'_> {
    async fn get(&mut self, path: &str) -> Response {
        let answer = self.story.get(&self.host.url(path)).cookies(&self.jar).send().await;
        self.jar.keep(&answer);
        answer
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Response {
        let answer = self.story.post(&self.host.url(path)).cookies(&self.jar).form(form).send().await;
        self.jar.keep(&answer);
        answer
    }
}

story!(host_without_pages_and_mailer_shows_plain_pages_for_every_journey, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let ada = story.person("ada").await;
    let app =
        story.client().register_with("<b>Fern</b>", tests::story::CALLBACK, "read write", &[]).await.expect("an app");
    let auth = bare_builder(&story).build().expect("pages and mailer have a default");
    let host = Embedder::serve(&auth, |_| {}).await;
    let mut walk = Walk { story: &story, host, jar: CookieJar::default() };
    // Sign in, with a wrong password first.
    let query = app.authorize_query();
    let page = walk.get(&format!("/oauth/authorize?{query}")).await.is(200);
    assert!(page.body.contains("&lt;b&gt;Fern&lt;/b&gt;") && page.markup().contains("issuer=id"), "{}", page.body);
    assert_eq!((page.header("content-language"), page.body.matches("<style").count()), ("en", 1));
    let (_, style) = page.body.split_once("<style>").expect("a style");
    let (style, _) = style.split_once("</style>").expect("its end");
    let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, sha2::Sha256::digest(style));
    let policy = page.header("content-security-policy");
    assert!(policy.contains(&format!("style-src 'self' 'sha256-{digest}';")), "{policy}");
    let token = page.hidden("form_token");
    let wrong = [("identifier", "ada"), ("password", "wrong"), ("form_token", &*token)];
    let again = walk.post(&action(&page, "/api/auth/login"), &wrong).await.is(302).location();
    let page = walk.get(&path_of(&again)).await.is(200);
    assert!(page.body.contains("role=\"alert\""), "{}", page.body);
    let right = [("identifier", "ada"), ("password", &*ada.password), ("form_token", &*token)];
    let consent = walk.post(&action(&page, "/api/auth/login"), &right).await.is(302).location();
    // Deny, then allow.
    let page = walk.get(&path_of(&consent)).await.is(200);
    assert!(page.body.contains("@ada") && page.body.contains("<li>"), "{}", page.body);
    let fields = ["_method", "client_id", "redirect_uri", "code"].map(|name| (name, page.hidden(name)));
    let token = page.hidden("form_token");
    let mut denial: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    denial.push(("form_token", &token));
    let denied = walk.post(&action(&page, "/oauth/authorize"), &denial).await.is(302).location();
    assert_eq!(query_of(&denied, "error").as_deref(), Some("access_denied"));
    let page = walk.get(&format!("/oauth/authorize?{query}&prompt=select_account")).await.is(200);
    let go_on = action(&page, "/oauth/authorize/continue");
    let consent = walk.post(&go_on, &[("form_token", &page.hidden("form_token"))]).await.is(302).location();
    let page = walk.get(&path_of(&consent)).await.is(200);
    let form = [("form_token", &*page.hidden("form_token"))];
    let back = walk.post(&action(&page, "/api/auth/redirect"), &form).await.is(302).location();
    let code = query_of(&back, "code").expect("a code");
    story.redeem(&app, &code).await.is(200);
    // The other pages.
    let page = walk.get("/oauth/authorized_applications").await.is(200);
    assert!(page.body.contains("&lt;b&gt;Fern") && page.body.contains("Remove access"), "{}", page.body);
    let form = [("_method", "delete"), ("form_token", &*page.hidden("form_token"))];
    walk.post(&action(&page, "/oauth/authorized_applications/"), &form).await.is(302);
    let page = walk.get("/oauth/authorized_applications").await.is(200);
    assert!(page.body.contains("There are none."), "{}", page.body);
    walk.get("/oauth/authorize/native?code=abcdefghijklmnop").await.is(400);
    let by_hand = story.app("urn:ietf:wg:oauth:2.0:oob", "read").await;
    let query = by_hand.authorize_query_with(&[("prompt", "select_account")]);
    let page = walk.get(&format!("/oauth/authorize?{query}")).await.is(200);
    let go_on = action(&page, "/oauth/authorize/continue");
    let consent = walk.post(&go_on, &[("form_token", &page.hidden("form_token"))]).await.is(302).location();
    let page = walk.get(&path_of(&consent)).await.is(200);
    let form = [("form_token", &*page.hidden("form_token"))];
    let shown_at = walk.post(&action(&page, "/api/auth/redirect"), &form).await.is(302).location();
    let code = query_of(&shown_at, "code").expect("a code");
    let page = walk.get(&path_of(&shown_at)).await.is(200);
    assert!(page.body.contains(&format!("<code>{code}</code>")), "{}", page.body);
    let page = walk.get("/oauth/authorize?client_id=nobody").await.is(401);
    assert!(page.body.contains("<h1>"), "{}", page.body);
    let request = app.authorize_query_with(&[("response_mode", "form_post"), ("scope", "admin:read")]);
    let page = walk.get(&format!("/oauth/authorize?{request}")).await.is(200);
    assert!(page.body.contains("invalid_scope") && page.body.contains("Continue"), "{}", page.body);
    // A link that comes back to another browser.
    let token = story.token(&ada, &app).await;
    let begun = story.post("/api/v1/sso").bearer(&token).form(&[("issuer", "id")]).send().await.is(200).json();
    let location = Url::parse(begun["link"].as_str().expect("a link")).expect("a URL");
    let back = provider.authorize(&location, &ProviderUser::named("guest"), story.now());
    walk.jar = CookieJar::default();
    let question = walk.get(&path_of(&back)).await.is(302).location();
    let page = walk.get(&path_of(&question)).await.is(200);
    assert!(page.body.contains("@ada") && page.body.contains("type=\"password\""), "{}", page.body);
    let (flow, token) = (page.hidden("flow_id"), page.hidden("form_token"));
    let form = [("flow_id", &*flow), ("form_token", &*token), ("password", &*ada.password)];
    walk.post(&action(&page, "/oauth/sso/link/confirm"), &form).await.is_linked();
    // This host sends none; the server of the story, which has the same outbox, may have been faster.
    let mails = story.mail().await.into_iter().filter(|mail| !mail.contains("New sign-in to"));
    assert!(mails.count() <= 1);
    walk.host.end().await;
});

/// Pages that load from elsewhere, and write down who asks.
#[derive(Default)]
struct FromElsewhere(Mutex<Vec<String>>);

#[async_trait]
impl Pages for FromElsewhere {
    async fn show(&self, page: &Page<'_>, request: &PageRequest) -> HostResult<PageReply> {
        let told = [
            &*request.path,
            request.header("user-agent").unwrap_or("none"),
            request.header("authorization").unwrap_or("none"),
        ];
        let line = format!("{} {}", told.join(" "), request.reader.languages().collect::<Vec<_>>().join(","));
        self.0.lock().expect("a list").push(line);
        // What is awaited here: a template that lies in a database, for one.
        tokio::task::yield_now().await;
        match page {
            Page::SignIn(_) => {
                let sources = PageSources::default()
                    .with(SourceKind::Images, "https://pictures.example")?
                    .with(SourceKind::Fonts, "https://fonts.example")?;
                Ok(HtmlPage::new("<p>Ours</p>").with_sources(sources).into())
            }
            Page::Code(_) => Err(PageSources::default().with(SourceKind::Scripts, "*").expect_err("refused").into()),
            _ => Plain.show(page, request).await,
        }
    }
}

story!(host_page_adds_sources_to_content_security_policy_and_learns_the_request, |story| {
    let (app, pages) = (story.usual_app().await, Arc::new(FromElsewhere::default()));
    let auth = auth_builder_of(&story).pages(pages.clone()).build().expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let page = story.get(&host.url(&format!("/oauth/authorize?{}&lang=de", app.authorize_query())));
    let page = page.header("user-agent", "Story").bearer("secret").send().await.is(200);
    assert_eq!(page.body, "<p>Ours</p>");
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'none'; style-src 'self'; img-src 'self' data: https://pictures.example; script-src 'self'; \
         font-src 'self' https://fonts.example; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert_eq!(pages.0.lock().expect("a list").as_slice(), ["/oauth/authorize Story none de"]);
    let page = story.get(&host.url("/oauth/authorize?client_id=nobody")).send().await.is(401);
    assert!(page.header("content-security-policy").contains("img-src 'self' data:; script-src 'self';"));
    host.end().await;
});

story!(host_page_that_fails_is_server_error_without_its_words, |story| {
    let auth = auth_builder_of(&story).pages(Arc::new(FromElsewhere::default())).build().expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let (ada, by_hand) = (story.person("ada").await, story.app("urn:ietf:wg:oauth:2.0:oob", "read").await);
    let signed_in = story.sign_in(&ada, &by_hand).await;
    let path = format!("/oauth/code?code={}", story.consent(&signed_in, &by_hand).await);
    let answer = story.get(&host.url(&path)).session(&signed_in).try_send().await.expect("an answer").is(500);
    assert!(!answer.body.contains("no source"), "{}", answer.body);
    host.end().await;
});
