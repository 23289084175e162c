//! The list of what is mounted is true: it says which methods a path has and who may read its answers; and a host makes
//! its own routes of the same builder.

use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{MountedRoute, RouteList, Routes, get, get_without_head, post};
use lysand_auth::web::{ApiError, Bearer, FormTokens};
use reqwest::Method;
use tests::embedder::{Embedder, auth_builder_of};
use tests::story;

/// An address that the route's pattern matches.
fn address(route: &MountedRoute) -> String {
    route.path.replace("{rest:.*}", "1/edit").replace("{id}", "1").replace("{issuer}", "1")
}

fn allow(route: &MountedRoute) -> String {
    route.methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ")
}

story!(mounted_paths_each_have_one_route, |story| {
    let list = story.server().state().auth.routes();
    assert!(list.iter().count() > 50);
    for route in list.iter() {
        let address = address(route);
        let alone = |other: &MountedRoute| RouteList::from_iter([other.clone()]).kind_at(&address).is_some();
        let answering: Vec<&str> = list.iter().filter(|other| alone(other)).map(|other| other.path.as_str()).collect();
        assert_eq!(answering, [route.path.as_str()], "the order of mounting must not matter at {address}");
    }
});

story!(mounted_paths_refuse_other_methods_as_the_list_says, |story| {
    let list = story.server().state().auth.routes();
    for route in list.iter() {
        let path = address(route);
        let answer = story.call(Method::from_bytes(b"BREW").expect("a method"), &path).send().await;
        if route.methods.is_empty() {
            answer.is(403);
            continue;
        }
        let answer = answer.is(405);
        assert_eq!(answer.header("allow"), allow(route), "{path}");
        assert_eq!(answer.body, r#"{"error":"Method Not Allowed"}"#, "{path}");
        let open = answer.header("access-control-allow-origin") == "*";
        assert_eq!(open, list.is_open_to_other_origins(&path), "{path}");
        let has_page_headers = answer.header("content-security-policy").contains("script-src");
        assert_eq!(has_page_headers, route.kind == AnswerKind::Page, "{path}");
    }
});

story!(mounted_list_tells_paths_that_are_open_to_other_origins, |story| {
    let list = story.server().state().auth.routes().with("/nodeinfo/{version}", AnswerKind::Public);
    for (path, open) in [
        ("/api/v1/apps", true),
        ("/api/v1/tokens/12/invalidate", true),
        ("/oauth/token", true),
        ("/oauth/revoke/", true),
        ("/oauth/userinfo", true),
        ("/oauth/register", true),
        ("/.well-known/openid-configuration", true),
        ("/nodeinfo/2.0", true),
        ("/api/auth/login", false),
        ("/oauth/authorize", false),
        ("/oauth/token/info", false),
        ("/oauth/introspect", false),
        ("/oauth/applications/1/edit", false),
        ("/not/mounted", false),
        ("/", false),
    ] {
        assert_eq!(list.is_open_to_other_origins(path), open, "{path}");
    }
});

/// `POST /api/v1/statuses`: who posts.
async fn publish(bearer: Bearer) -> Result<String, ApiError> {
    Ok(bearer.account(&["write", "write:statuses"]).await?.username)
}

async fn timeline() -> &'static str {
    "a timeline"
}

story!(host_routes_have_slashes_head_allow_and_headers, |story| {
    let auth = auth_builder_of(&story).build().expect("a host");
    let routes = Routes::new(&auth, AnswerKind::Api)
        .limited()
        .with_form_tokens(FormTokens::new())
        .route("/api/v1/statuses", [get(timeline), post(publish)])
        .route("/api/v1/draws", [get_without_head(timeline)]);
    let listed: Vec<(String, String)> = routes.mounted().map(|route| (route.path.clone(), allow(route))).collect();
    assert_eq!(listed[0], ("/api/v1/statuses".to_owned(), "GET, HEAD, POST".to_owned()));
    assert_eq!(listed[3], ("/api/v1/draws/".to_owned(), "GET".to_owned()));
    // An application is made on the thread of each worker, and the builder is not sent between them.
    let parts = auth.clone();
    let host = Embedder::serve(&auth, move |config: &mut actix_web::web::ServiceConfig| {
        Routes::new(&parts, AnswerKind::Api)
            .limited()
            .with_form_tokens(FormTokens::new())
            .route("/api/v1/statuses", [get(timeline), post(publish)])
            .route("/api/v1/draws", [get_without_head(timeline)])
            .mount(config);
    })
    .await;
    let token = story.token(&story.person("ada").await, &story.usual_app().await).await;
    for path in ["/api/v1/statuses", "/api/v1/statuses/"] {
        let form = [("access_token", token.as_str())];
        let posted = story.post(&host.url(path)).form(&form).send().await.is(200);
        assert_eq!((posted.body.as_str(), posted.header("access-control-allow-origin")), ("ada", "*"));
        let head = story.call(Method::HEAD, &host.url(path)).send().await.is(200);
        assert_eq!(head.body, "");
        let refused = story.call(Method::DELETE, &host.url(path)).send().await.is(405);
        assert_eq!(refused.header("allow"), "GET, HEAD, POST");
    }
    let refused = story.call(Method::HEAD, &host.url("/api/v1/draws")).send().await.is(405);
    assert_eq!(refused.header("allow"), "GET");
    host.end().await;
});
