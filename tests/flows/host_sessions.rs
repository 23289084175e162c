//! A host's own `actix-session` keeps its values across the library's pages, whichever is wrapped around the other
//! (faults E1).

use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::Key;
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{App as HostApp, HttpResponse};
use lysand_auth::Auth;
use lysand_auth::web::{ApiError, FormSession, SignedIn, Surfaces, form_session, mount};
use tests::Person;
use tests::embedder::{Embedder, auth_builder_of};
use tests::story;
use tests::story::{App, CookieJar, Response, Story, query_of};

const PUT: &str = "/basket/put/{item}";
const BASKET: &str = "/basket";

fn sessions() -> SessionMiddleware<CookieSessionStore> {
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&[7; 64])).cookie_secure(false).build()
}

async fn put(session: Session, item: Path<String>) -> HttpResponse {
    session.insert("item", item.into_inner()).expect("a value");
    HttpResponse::Ok().finish()
}

/// Who is signed in, and what the host's session has.
async fn basket(session: Session, browser: SignedIn) -> Result<String, ApiError> {
    let item = session.get::<String>("item").expect("a session").unwrap_or_default();
    let name = browser.account().map_or("nobody", |account| &account.username);
    Ok(format!("{name}: {item}"))
}

/// A page of the host with a form, which keeps values of its own as well.
async fn order(session: Session, form: FormSession) -> String {
    let orders = session.get::<u32>("orders").expect("a session").unwrap_or_default() + 1;
    session.insert("orders", orders).expect("a value");
    format!("{orders} <input name=\"form_token\" value=\"{}\">", form.token())
}

fn own_routes(config: &mut ServiceConfig) {
    config.route(PUT, web::get().to(put)).route(BASKET, web::get().to(basket)).route("/order", web::get().to(order));
}

/// Sessions around everything; the form session inside.
fn outermost(auth: &Auth) -> Embedder {
    let auth = auth.clone();
    Embedder::serve_app(move || {
        HostApp::new()
            .configure(mount(auth.clone(), Surfaces::all()))
            .configure(own_routes)
            .wrap(form_session(&auth))
            .wrap(sessions())
    })
}

/// The form session around everything; sessions inside, and the library in the host's scope.
fn innermost(auth: &Auth) -> Embedder {
    let auth = auth.clone();
    Embedder::serve_app(move || {
        let scope =
            web::scope("").wrap(sessions()).configure(mount(auth.clone(), Surfaces::all())).configure(own_routes);
        HostApp::new().wrap(form_session(&auth)).service(scope)
    })
}

/// A browser at a host.
struct Browser<'a> {
    story: &'a Story,
    host: &'a Embedder,
    jar: CookieJar,
}

impl Browser<'_> {
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

    async fn has(&mut self, basket: &str) {
        assert_eq!(self.get(BASKET).await.is(200).body, basket);
    }

    /// Through all pages with a form, by their form tokens; after each the host's session is looked at.
    async fn walk(&mut self, person: &Person, app: &App, item: &str) {
        let nobody = format!("nobody: {item}");
        let basket = format!("{}: {item}", person.username);
        let query = app.authorize_query();
        let page = self.get(&format!("/oauth/authorize?{query}")).await.is(200);
        self.has(&nobody).await;
        let token = page.hidden("form_token");
        let form = [("identifier", &*person.username), ("password", &*person.password), ("form_token", token.as_str())];
        let consent = self.post(&format!("/api/auth/login?{query}"), &form).await.is(302).location();
        self.has(&basket).await;
        let page = self.get(&format!("{}?{}", consent.path(), consent.query().unwrap_or_default())).await.is(200);
        assert!(page.body.contains(&format!("@{}", person.username)), "{}", page.body);
        self.has(&basket).await;
        let allow = page.markup();
        let allow = allow.split("action=\"").find(|rest| rest.starts_with("/api/auth/redirect")).expect("a form");
        let allow = allow.split('"').next().expect("an address").to_owned();
        let token = page.hidden("form_token");
        let code = self.post(&allow, &[("form_token", &token)]).await.is(302);
        assert!(code.location().as_str().starts_with(&app.redirect_uri));
        let code = query_of(&code.location(), "code").expect("a code");
        self.story.post(&self.host.url("/oauth/token")).form(&app.code_form(&code)).send().await.is(200);
        self.has(&basket).await;
        let page = self.get("/oauth/authorized_applications").await.is(200);
        assert!(page.body.contains(&format!("@{}", person.username)), "{}", page.body);
        self.has(&basket).await;
        let markup = page.markup();
        let remove = markup.split("action=\"").find(|rest| rest.starts_with("/oauth/authorized_app")).expect("a form");
        let remove = remove.split('"').next().expect("an address").to_owned();
        let form = [("_method", "delete"), ("form_token", &*page.hidden("form_token"))];
        self.post(&remove, &form).await.is(302);
        self.has(&basket).await;
        self.get("/oauth/sso/link/confirm?flow_id=none").await.is(302);
        let form = [("flow_id", "none"), ("form_token", form[1].1)];
        self.post("/oauth/sso/link/confirm", &form).await.is(302);
        self.has(&basket).await;
    }
}

async fn host_session_stays(story: &Story, host: &Embedder) {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, story.usual_app().await);
    let mut browser = Browser { story, host, jar: CookieJar::default() };
    browser.get("/basket/put/lamp").await.is(200);
    browser.walk(&ada, &app, "lamp").await;
    let order = browser.get("/order").await.is(200);
    assert!(order.body.starts_with("1 "), "{}", order.body);
    browser.post("/api/auth/mastodon-logout", &[("form_token", &order.hidden("form_token"))]).await.is(303);
    browser.has("nobody: lamp").await;
    // The next person in the same browser.
    browser.get("/basket/put/kettle").await.is(200);
    browser.walk(&bob, &app, "kettle").await;
    let order = browser.get("/order").await.is(200);
    assert!(order.body.starts_with("2 "), "signing out emptied the host's session: {}", order.body);
}

story!(library_pages_inside_host_session_keep_its_values, |story| {
    let auth = auth_builder_of(&story).build().expect("a host");
    let host = outermost(&auth);
    host_session_stays(&story, &host).await;
    host.end().await;
});

story!(library_pages_around_host_session_keep_its_values, |story| {
    let auth = auth_builder_of(&story).build().expect("a host");
    let host = innermost(&auth);
    host_session_stays(&story, &host).await;
    host.end().await;
});

story!(form_session_forgotten_around_host_page_is_server_error, |story| {
    let auth = auth_builder_of(&story).build().expect("a host");
    let parts = auth.clone();
    let host = Embedder::serve_app(move || {
        HostApp::new()
            .configure(mount(parts.clone(), Surfaces::all()))
            .route("/form", web::get().to(|form: FormSession| async move { form.token() }))
    });
    let answer = story.get(&host.url("/form")).try_send().await.expect("an answer");
    assert_eq!(answer.status.as_u16(), 500);
    assert!(answer.json()["error"].as_str().is_some_and(|text| !text.contains("form_session")), "{}", answer.body);
    host.end().await;
});
