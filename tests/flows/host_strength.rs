//! A host's own handlers demand how well, and how recently, somebody proved who they are (FAC-106, RFC 9470).

use std::time::Duration;

use actix_web::web::{Data, ServiceConfig};
use lysand_auth::Auth;
use lysand_auth::web::headers::AnswerKind;
use lysand_auth::web::routes::{Routes, get};
use lysand_auth::web::{Acr, ApiError, Bearer, SignedIn, Strength};
use tests::client::TestClient;
use tests::embedder::Embedder;
use tests::story;

use crate::factors::{begin, enrol};

fn for_payments() -> Strength {
    Strength::of(Acr::Two).no_older_than(Duration::from_secs(600))
}

async fn pay(bearer: Bearer) -> Result<String, ApiError> {
    bearer.require_strength(for_payments())?;
    Ok(bearer.account(&["read"]).await?.username)
}

async fn till(auth: Data<Auth>, signed_in: SignedIn) -> String {
    signed_in.is_as_strong_as(for_payments(), &auth).to_string()
}

fn routes(auth: &Auth, config: &mut ServiceConfig) {
    Routes::new(auth, AnswerKind::Api).route("/api/pay", [get(pay)]).mount(config);
    Routes::new(auth, AnswerKind::Page).route("/till", [get(till)]).mount(config);
}

story!(host_demands_a_strength_of_tokens_and_sessions, |story| {
    let ada = story.person("ada").await;
    let app = story.usual_app().await;
    let state = story.server().state();
    let auth = Auth::builder(state.auth.config().clone(), state.auth.store().clone())
        .accounts(state.accounts.clone())
        .ambient(state.auth.ambient().clone())
        .build()
        .expect("a host");
    let more = auth.clone();
    let host = Embedder::serve(&auth, move |config| routes(&more, config)).await;
    let client = TestClient::new(&host.url(""), &tests::http::http_client(None));

    let weak = story.sign_in(&ada, &app).await;
    let code = story.consent(&weak, &app).await;
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let refused = client.get("/api/pay").bearer(&token).send().await.is(401);
    let challenge = refused.header("www-authenticate");
    for part in [
        "Bearer realm=",
        "error=\"insufficient_user_authentication\"",
        "error_description=\"A different authentication level is required\"",
        "acr_values=\"urn:lysand-auth:loa:2\"",
        "max_age=\"600\"",
    ] {
        assert!(challenge.contains(part), "{part}: {challenge}");
    }
    assert_eq!(refused.json()["error"], "A different authentication level is required");
    let page = client.get("/till").header("cookie", &format!("jwt={}", weak.cookie)).send().await.is(200);
    assert_eq!(page.body, "false");
    assert_eq!(client.get("/till").send().await.is(200).body, "false", "nobody is signed in");

    let own = enrol(&story, &ada).await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    let answer = waiting.answer(&story, "totp", &own.fresh_code(&story)).await.is(302);
    let strong = answer.signed_in();
    let code = story.consent(&strong, &app).await;
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(client.get("/api/pay").bearer(&token).send().await.is(200).body, "ada");
    let cookie = format!("jwt={}", strong.cookie);
    assert_eq!(client.get("/till").header("cookie", &cookie).send().await.is(200).body, "true");
    story.advance_clock(Duration::from_secs(601));
    client.get("/api/pay").bearer(&token).send().await.is(401);
    assert_eq!(client.get("/till").header("cookie", &cookie).send().await.is(200).body, "false");
    // The challenge leads through an authorization that asks for as much.
    let again = app.authorize_query_with(&[("acr_values", "urn:lysand-auth:loa:2"), ("max_age", "600")]);
    let path = format!("/oauth/authorize?{again}");
    let page = story.get(&path).header("cookie", &cookie).header("accept", "text/html").send().await.is(200);
    assert!(page.body.contains("name=\"password\""), "{}", page.body);
});
