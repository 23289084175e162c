//! A host wraps the library in middleware of its own: headers for other origins, pages for errors; and names a part twice
//! (faults E6).

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::middleware::{DefaultHeaders, ErrorHandlerResponse, ErrorHandlers};
use actix_web::{App, dev};
use lysand_auth::host::pages::{HtmlPage, Page, PageReply, PageRequest, Pages};
use lysand_auth::host::{HostResult, NoMail};
use lysand_auth::web::{Surfaces, mount};
use std::sync::Arc;
use tests::embedder::{Embedder, auth_builder_of};
use tests::story;

/// What hosts put around everything: any origin may read everything, and nothing is ever kept.
fn open_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add(("access-control-allow-origin", "*"))
        .add(("content-security-policy", "default-src *"))
        .add(("cache-control", "public, max-age=3600"))
}

story!(host_headers_around_everything_do_not_open_pages_and_tokens, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let auth = auth_builder_of(&story).build().expect("a host");
    let host =
        Embedder::serve_app(move || App::new().wrap(open_headers()).configure(mount(auth.clone(), Surfaces::all())));
    let page = story.get(&host.url(&format!("/oauth/authorize?{}", app.authorize_query()))).send().await.is(200);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"), "the library's policy stands");
    assert!(page.header("cache-control").contains("no-store"));

    let code = story.consent(&story.sign_in(&ada, &app).await, &app).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.client_secret.as_str()),
        ("redirect_uri", app.redirect_uri.as_str()),
        ("code", code.as_str()),
    ];
    let token = story.post(&host.url("/oauth/token")).form(&form).send().await.is(200);
    assert!(token.header("cache-control").contains("no-store"), "a token is kept nowhere");
    host.end().await;
});

/// A host's own error page in place of every 401.
fn error_page<B>(response: dev::ServiceResponse<B>) -> actix_web::Result<ErrorHandlerResponse<B>> {
    let (request, response) = response.into_parts();
    let mut response = response.set_body("<h1>No</h1>".to_owned());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    let response = dev::ServiceResponse::new(request, response).map_into_boxed_body().map_into_right_body();
    Ok(ErrorHandlerResponse::Response(response))
}

story!(host_error_page_replaces_the_body_and_keeps_status_and_challenge, |story| {
    let auth = auth_builder_of(&story).build().expect("a host");
    let host = Embedder::serve_app(move || {
        let handlers = ErrorHandlers::new().handler(actix_web::http::StatusCode::UNAUTHORIZED, error_page);
        App::new().wrap(handlers).configure(mount(auth.clone(), Surfaces::all()))
    });
    let refused = story.get(&host.url("/api/v1/apps/verify_credentials")).send().await.is(401);
    assert_eq!(refused.body, "<h1>No</h1>", "what a host replaces is replaced");
    assert!(refused.header("www-authenticate").starts_with("Bearer"), "and the client is still told how to go on");
    host.end().await;
});

struct Numbered(u8);

#[async_trait::async_trait]
impl Pages for Numbered {
    async fn show(&self, _: &Page<'_>, _: &PageRequest) -> HostResult<PageReply> {
        Ok(HtmlPage::new(format!("<p>{}</p>", self.0)).into())
    }
}

story!(builder_part_given_twice_counts_as_the_last, |story| {
    let app = story.usual_app().await;
    let builder = auth_builder_of(&story).pages(Arc::new(Numbered(1))).pages(Arc::new(Numbered(2)));
    let auth = builder.mailer(Arc::new(NoMail::default())).build().expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let page = story.get(&host.url(&format!("/oauth/authorize?{}", app.authorize_query()))).send().await.is(200);
    assert_eq!(page.body, "<p>2</p>");
    host.end().await;
});
