//! What a host leaves out is not there, and no document tells of it; and the order of mounting has a documented outcome
//! (faults E3, E6).

use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{App as HostApp, HttpResponse};
use lysand_auth::Auth;
use lysand_auth::web::{Bearer, SignedIn, Surface, Surfaces, mount, mounted};
use reqwest::Method;
use serde_json::Value;
use tests::embedder::{Embedder, auth_builder_of};
use tests::story;
use tests::story::Story;

fn host_of(story: &Story) -> Auth {
    auth_builder_of(story).build().expect("a host")
}

fn serve(auth: &Auth, surfaces: Surfaces) -> Embedder {
    let auth = auth.clone();
    Embedder::serve_app(move || HostApp::new().configure(mount(auth.clone(), surfaces)))
}

/// Whether a document's addresses of this server are all mounted.
fn tells_only_mounted(document: &Value, auth: &Auth, surfaces: Surfaces) {
    let list = mounted(auth, surfaces);
    let base = auth.config().base_url.as_str();
    let members = document.as_object().expect("an object").iter();
    let addresses = members.filter(|(name, _)| name.ends_with("_endpoint") || *name == "jwks_uri");
    for (name, address) in addresses {
        let path = address.as_str().and_then(|address| address.strip_prefix(base)).expect("an address of ours");
        assert!(list.kind_at(path).is_some(), "{name} is not mounted with {surfaces:?}");
    }
}

story!(surface_left_out_is_not_found_and_metadata_do_not_tell_of_it, |story| {
    let auth = host_of(&story);
    let everything = auth.routes();
    for surface in Surfaces::all().iter() {
        let surfaces = Surfaces::all().without(surface);
        let (host, list) = (serve(&auth, surfaces), mounted(&auth, surfaces));
        let mut left_out = 0;
        for route in everything.iter() {
            let path = route.path.replace("{rest:.*}", "1").replace("{id}", "1").replace("{issuer}", "1");
            let answer = story.call(Method::from_bytes(b"BREW").expect("a method"), &host.url(&path)).send().await;
            let is_listed = list.kind_at(&path).is_some();
            assert_eq!(answer.status != 404, is_listed, "{path} without {surface:?}");
            left_out += usize::from(!is_listed);
        }
        assert!(left_out > 0, "{surface:?}");
        assert!(list.iter().all(|route| route.surface.is_some()));
        for document in ["oauth-authorization-server", "openid-configuration"] {
            let answer = story.get(&host.url(&format!("/.well-known/{document}"))).send().await;
            match surface {
                Surface::OAuth => assert_eq!(answer.status, 404),
                _ => tells_only_mounted(&answer.is(200).json(), &auth, surfaces),
            }
        }
        host.end().await;
    }
});

story!(metadata_without_pages_offers_no_authorization_code, |story| {
    let auth = host_of(&story);
    let host = serve(&auth, Surfaces::none().with(Surface::OAuth));
    let body = story.get(&host.url("/.well-known/oauth-authorization-server")).send().await.is(200).json();
    let names: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    for name in ["authorization_endpoint", "app_registration_endpoint", "code_challenge_methods_supported"] {
        assert!(!names.contains(&name), "{names:?}");
    }
    assert_eq!(body["response_types_supported"], serde_json::json!([]));
    assert!(!body["grant_types_supported"].to_string().contains("authorization_code"));
    host.end().await;
});

story!(sign_in_page_without_sso_surface_offers_no_provider, |story| {
    let (story, _provider) = story.with_provider(&[]).await;
    let (auth, app) = (host_of(&story), story.usual_app().await);
    for (surfaces, offered) in [(Surfaces::all(), true), (Surfaces::all().without(Surface::Sso), false)] {
        let host = serve(&auth, surfaces);
        let page = story.get(&host.url(&format!("/oauth/authorize?{}", app.authorize_query()))).send().await.is(200);
        assert_eq!(page.body.contains("issuer=id"), offered);
        host.end().await;
    }
});

async fn anything(path: Path<String>) -> HttpResponse {
    HttpResponse::ImATeapot().body(path.into_inner())
}

fn catch_all(config: &mut ServiceConfig) {
    config.route("/{path:.*}", web::to(anything));
}

story!(mount_after_catch_all_is_hidden_and_before_it_answers, |story| {
    let auth = host_of(&story);
    let (first, last) = (auth.clone(), auth.clone());
    let before = Embedder::serve_app(move || {
        HostApp::new().configure(mount(first.clone(), Surfaces::all())).configure(catch_all)
    });
    let after = Embedder::serve_app(move || {
        HostApp::new().configure(catch_all).configure(mount(last.clone(), Surfaces::all()))
    });
    story.get(&before.url("/.well-known/jwks.json")).send().await.is(200);
    story.get(&before.url("/elsewhere")).send().await.is(418);
    story.get(&after.url("/.well-known/jwks.json")).send().await.is(418);
    before.end().await;
    after.end().await;
});

story!(host_route_before_mount_replaces_the_library_route, |story| {
    let auth = host_of(&story);
    let parts = auth.clone();
    let host = Embedder::serve_app(move || {
        let own = web::resource("/api/v1/frontend/config").route(web::get().to(|| async { "ours" }));
        HostApp::new().service(own).configure(mount(parts.clone(), Surfaces::all()))
    });
    assert_eq!(story.get(&host.url("/api/v1/frontend/config")).send().await.is(200).body, "ours");
    story.get(&host.url("/oauth/providers")).send().await.is(200);
    host.end().await;
});

story!(mount_twice_or_in_scope_without_prefix_answers_as_once, |story| {
    let auth = host_of(&story);
    let (twice, scoped) = (auth.clone(), auth.clone());
    let pages = Surfaces::none().with(Surface::Pages);
    let hosts = [
        Embedder::serve_app(move || {
            HostApp::new().configure(mount(twice.clone(), pages)).configure(mount(twice.clone(), Surfaces::all()))
        }),
        Embedder::serve_app(move || {
            HostApp::new().service(web::scope("").configure(mount(scoped.clone(), Surfaces::all())))
        }),
    ];
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    for host in hosts {
        let query = app.authorize_query();
        let page = story.get(&host.url(&format!("/oauth/authorize?{query}"))).send().await.is(200);
        let cookie = format!("form={}", page.cookie("form").expect("a cookie"));
        let form = [("identifier", "ada"), ("password", &*ada.password), ("form_token", &*page.hidden("form_token"))];
        let login = story.post(&host.url(&format!("/api/auth/login?{query}"))).header("cookie", &cookie).form(&form);
        login.send().await.signed_in();
        let body = story.get(&host.url("/.well-known/openid-configuration")).send().await.is(200).json();
        tells_only_mounted(&body, &auth, Surfaces::all());
        host.end().await;
    }
});

story!(mount_in_scope_with_prefix_leads_to_the_root, |story| {
    let auth = host_of(&story);
    let parts = auth.clone();
    let host = Embedder::serve_app(move || {
        HostApp::new().service(web::scope("/auth").configure(mount(parts.clone(), Surfaces::all())))
    });
    let body = story.get(&host.url("/auth/.well-known/openid-configuration")).send().await.is(200).json();
    assert_eq!(body["token_endpoint"], format!("{}/oauth/token", story.base()), "as the documentation says");
    story.get(&host.url("/oauth/token")).send().await.is(404);
    host.end().await;
});

story!(extractors_without_mount_are_server_errors, |story| {
    let host = Embedder::serve_app(|| {
        HostApp::new()
            .route("/bearer", web::get().to(|_: Bearer| async { "" }))
            .route("/signed-in", web::get().to(|_: SignedIn| async { "" }))
    });
    for path in ["/bearer", "/signed-in"] {
        let answer = story.get(&host.url(path)).bearer("x").try_send().await.expect("an answer").is(500);
        assert!(!answer.body.contains("mount"), "the reason is for the log: {}", answer.body);
    }
    host.end().await;
});
