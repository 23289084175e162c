//! A host names the realm of its challenges, and has scopes of its own beside those of the library (faults E6).

use actix_web::web::ServiceConfig;
use lysand_auth::Auth;
use lysand_auth::config::{Config, HostScope};
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};
use lysand_auth::web::{ApiError, Bearer};
use tests::client::TestClient;
use tests::embedder::Embedder;
use tests::story;
use tests::story::{CALLBACK, Story};
use url::Url;

fn scopes() -> Vec<HostScope> {
    vec![
        HostScope::reading("fern:read", "Your ferns", "see your ferns"),
        HostScope::changing("fern:write", "Your ferns", "water your ferns"),
        HostScope::changing("fern", "Your garden", "do everything in your garden"),
    ]
}

fn build(story: &Story, change: impl FnOnce(Config) -> Config) -> Result<Auth, lysand_auth::config::ConfigProblems> {
    let state = story.server().state();
    let config = change(state.auth.config().clone());
    Auth::builder(config, state.auth.store().clone())
        .accounts(state.accounts.clone())
        .ambient(state.auth.ambient().clone())
        .build()
}

async fn ferns(bearer: Bearer) -> Result<String, ApiError> {
    Ok(bearer.account(&["fern:read"]).await?.username)
}

async fn watering(bearer: Bearer) -> Result<String, ApiError> {
    bearer.require(&["fern:write"])?;
    Ok("wet".into())
}

fn routes(auth: &Auth, config: &mut ServiceConfig) {
    let routes = Routes::new(auth, AnswerKind::Api).route("/api/ferns", [get(ferns)]);
    routes.mount(config);
    // Without any middleware of the library.
    config.route("/api/ferns/water", actix_web::web::get().to(watering));
}

/// The host stands at another port than the base URL that it shares with the story's server.
fn path_of(url: &Url) -> String {
    format!("{}?{}", url.path(), url.query().unwrap_or_default())
}

story!(host_scopes_are_registered_explained_granted_and_demanded, |story| {
    let ada = story.person("ada").await;
    let auth = build(&story, |config| config.with_scopes(scopes())).expect("a host");
    let more = auth.clone();
    let host = Embedder::serve(&auth, move |config| routes(&more, config)).await;
    let client = TestClient::new(&host.url(""), &tests::http::http_client(None));

    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let document = client.get(path).send().await.is(200).json();
        let supported = document["scopes_supported"].as_array().expect("a list").clone();
        for scope in ["read", "fern", "fern:read", "fern:write"] {
            assert!(supported.contains(&scope.into()), "{path}: {supported:?}");
        }
    }
    // Registered, as a set with Mastodon's; a word that nobody has is refused as ever.
    let register = |scopes: &'static str| {
        client.post("/api/v1/apps").form(&[("client_name", "Pot"), ("redirect_uris", CALLBACK), ("scopes", scopes)])
    };
    register("fern:prune").send().await.is(422);
    register("read ferns").send().await.is(422);
    let app = client.register_with("Pot", CALLBACK, "fern profile", &[]).await.expect("an app");
    let dynamic = serde_json::json!({ "redirect_uris": [CALLBACK], "scope": "fern:read openid" });
    client.post("/oauth/register").json(&dynamic).send().await.is(201);
    // Another host, over the same database, does not know them.
    story
        .post("/api/v1/apps")
        .form(&[("client_name", "Pot"), ("redirect_uris", CALLBACK), ("scopes", "fern")])
        .send()
        .await
        .is(422);

    let asked = app.authorize_query_with(&[("scope", "fern:read fern:write")]);
    let signed_in = client.sign_in_with(&ada, &asked).await.expect("a response");
    let page = client.get(&path_of(&signed_in.consent)).session(&signed_in).send().await.is(200);
    assert!(
        page.body.contains("Your ferns") && page.body.contains("See your ferns; water your ferns."),
        "{}",
        page.body
    );
    let wide = app.authorize_query_with(&[("scope", "fern:prune")]);
    let refused = client.log_in(&wide, &ada.username, &ada.password).await.expect("a response");
    refused.is_login_error("invalid_scope", "Invalid scope");

    let asked = app.authorize_query_with(&[("scope", "fern:read profile")]);
    let signed_in = client.sign_in_with(&ada, &asked).await.expect("a response");
    let code = client.consent(&signed_in, &app).await.expect("a code");
    let token = client.redeem(&app, &code).await.expect("a response").is(200).json();
    assert_eq!(token["scope"], "fern:read profile");
    let token = token["access_token"].as_str().expect("a token");
    assert_eq!(client.get("/api/ferns").bearer(token).send().await.is(200).body, "ada");
    let refused = client.get("/api/ferns/water").bearer(token).send().await.is(403);
    assert!(refused.header("www-authenticate").contains("requires scope _fern:write_"), "{:?}", refused.headers);
    // The wide word does for each below it, and those of Mastodon's do not.
    let whole = client.sign_in_with(&ada, &app.authorize_query_with(&[("scope", "fern")])).await.expect("a response");
    let code = client.consent(&whole, &app).await.expect("a code");
    let token = client.redeem(&app, &code).await.expect("a response").is(200).json();
    let token = token["access_token"].as_str().expect("a token");
    client.get("/api/ferns").bearer(token).send().await.is(200);
    client.get("/api/ferns/water").bearer(token).send().await.is(200);
    let reader = client.token(&ada, &client.register().await.expect("an app")).await.expect("a token");
    client.get("/api/ferns").bearer(&reader).send().await.is(403);
    // The page of apps with access has the row as well.
    let granted = client.get("/oauth/authorized_applications").session(&whole).send().await.is(200);
    assert!(granted.body.contains("Your garden"), "{}", granted.body);
    host.end().await;
});

story!(host_realm_is_named_by_every_challenge, |story| {
    let app = story.usual_app().await;
    let auth = build(&story, |config| config.with_realm("Fernhill & Co.").with_scopes(scopes())).expect("a host");
    let more = auth.clone();
    let host = Embedder::serve(&auth, move |config| routes(&more, config)).await;
    let client = TestClient::new(&host.url(""), &tests::http::http_client(None));
    let own = client.own_token(&app).await.expect("a response").is(200).json();
    let own = own["access_token"].as_str().expect("a token");
    let wrong = [("grant_type", "client_credentials"), ("client_id", "nobody"), ("client_secret", "x")];
    let challenged = [
        client.get("/api/v1/tokens").bearer("nothing").send().await.is(401),
        client.get("/api/v1/apps/verify_credentials").send().await.is(401),
        client.get("/oauth/userinfo").bearer(own).send().await.is(403),
        client.get("/api/ferns").bearer(own).send().await.is(403),
        client.get("/api/ferns/water").bearer(own).send().await.is(403),
        client.get("/api/ferns/water").send().await.is(401),
        client.post("/oauth/token").form(&wrong).send().await.is(401),
        client.post("/oauth/token").form(&[("grant_type", "magic")]).send().await.is(400),
        client.post("/oauth/introspect").form(&wrong).send().await.is(401),
        client.post("/oauth/revoke").body("application/json", "{").send().await.is(400),
    ];
    for answer in challenged {
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with("Bearer realm=\"Fernhill & Co.\", error=\""), "{challenge:?}: {}", answer.body);
    }
    host.end().await;
});

story!(host_realm_or_scope_that_cannot_be_is_refused_at_the_start, |story| {
    for realm in ["", "Fern\"hill", "Fern\\hill", "Fern\r\nX: y", "Färn"] {
        let problems = build(&story, |config| config.with_realm(realm)).expect_err(realm);
        assert!(problems.to_string().contains("realm"), "{realm:?}: {problems}");
    }
    let admin = HostScope::changing("admin", "Ferns", "see ferns");
    let problems = build(&story, |config| config.with_scopes(vec![admin, admin])).expect_err("what it would open");
    let problems = problems.to_string();
    assert!(problems.contains("\"admin\" would cover") && problems.contains("there twice"), "{problems}");
});
