//! A host wraps the library in middleware of its own: headers for other origins, pages for errors, compression; and names a
//! part twice (faults E6).

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::middleware::{Compress, DefaultHeaders, ErrorHandlerResponse, ErrorHandlers};
use actix_web::{App, dev, web};
use lysand_auth::host::pages::{HtmlPage, Page, PageReply, PageRequest, Pages};
use lysand_auth::host::{HostResult, NoMail};
use lysand_auth::web::{Surfaces, mount};
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;
use tests::embedder::{Embedder, auth_builder_of};
use tests::http::Request;
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

/// The text of a body that was compressed once.
fn unzipped(body: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).expect("gzip, once");
    text
}

/// An answer to a caller that takes gzip: what it says of itself, and its text.
async fn zipped(request: Request) -> (reqwest::header::HeaderMap, String) {
    let answer = request.header("accept-encoding", "gzip").open(Duration::from_secs(10)).await;
    let headers = answer.headers().clone();
    let body = answer.bytes().await.expect("a body");
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    assert_eq!(header("content-encoding").as_deref(), Some("gzip"), "{headers:?}");
    let length = header("content-length").map(|length| length.parse::<usize>().expect("a number"));
    assert!(length.is_none_or(|length| length == body.len()), "{headers:?}: {}", body.len());
    assert_eq!(header("etag"), None, "a tag would name the text that was not compressed");
    let varies = headers.get_all("vary").iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(", ");
    assert!(varies.to_ascii_lowercase().contains("accept-encoding"), "{varies}");
    let text = unzipped(&body);
    (headers, text)
}

story!(host_compression_around_everything_keeps_texts_statuses_and_cookies, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let auth = auth_builder_of(&story).build().expect("a host");
    let around = auth.clone();
    let inside = auth.clone();
    // What is wrapped last is the outermost; or the library alone is wrapped, in a scope of its own.
    let hosts = [
        Embedder::serve_app(move || {
            let handlers = ErrorHandlers::new().handler(actix_web::http::StatusCode::UNAUTHORIZED, error_page);
            let library = mount(around.clone(), Surfaces::all());
            App::new().wrap(open_headers()).wrap(handlers).wrap(Compress::default()).configure(library)
        }),
        Embedder::serve_app(move || {
            let library = web::scope("").configure(mount(inside.clone(), Surfaces::all()));
            App::new().wrap(open_headers()).service(library.wrap(Compress::default()))
        }),
    ];
    for host in hosts {
        let query = app.authorize_query();
        let sign_in = || story.get(&host.url(&format!("/oauth/authorize?{query}")));
        let plain = sign_in().send().await.is(200);
        assert_eq!(plain.header("content-encoding"), "", "whoever takes none gets none");
        let (headers, page) = zipped(sign_in()).await;
        assert!(page.contains("name=\"password\"") && page.ends_with("</html>\n"), "{page}");
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut cookies = headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
        assert!(cookies.any(|cookie| cookie.starts_with("form=")), "{headers:?}");
        for name in ["content-security-policy", "content-type", "cache-control"] {
            assert_eq!(header(name), plain.header(name), "{name}");
        }
        let (_, document) = zipped(story.get(&host.url("/.well-known/oauth-authorization-server"))).await;
        let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!(document["issuer"], format!("{}/", story.base()));

        // Posts, redirects, refusals and answers without a body.
        let gzip = |request: Request| request.header("accept-encoding", "gzip");
        let form = [("identifier", ada.username.as_str()), ("password", ada.password.as_str())];
        let posted = story.post(&host.url(&format!("/api/auth/login?{query}"))).form(&form);
        let signed_in = gzip(posted).send().await.is(302).signed_in();
        let code = story.consent(&signed_in, &app).await;
        let token = gzip(story.post(&host.url("/oauth/token")).form(&app.code_form(&code))).send().await;
        assert!(token.is(200).header("cache-control").contains("no-store"));
        let refused = gzip(story.get(&host.url("/api/v1/tokens"))).send().await.is(401);
        assert!(refused.header("www-authenticate").starts_with("Bearer"));
        let head = gzip(story.call(reqwest::Method::HEAD, &host.url(&format!("/oauth/authorize?{query}"))));
        assert_eq!(head.send().await.is(200).body, "");
        host.end().await;
    }
});
