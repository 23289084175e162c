//! `POST /oauth/introspect`, `GET /oauth/token/info` (Mastodon §9), and what is not managed here.

use lysand_auth::host::accounts::{Accounts as _, Standing};
use reqwest::Method;
use serde_json::json;
use tests::story;

use crate::token::INVALID_CLIENT;

story!(introspection_returns_active_only_for_own_live_tokens, |story| {
    let (ada, app, other) = (story.person("ada").await, story.usual_app().await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let ask = async |who: &tests::story::App, token: &str| {
        let call = story.post("/oauth/introspect").basic(&who.client_id, &who.client_secret);
        call.form(&[("token", token)]).send().await
    };
    let answer = ask(&app, &token).await.is(200);
    assert_eq!(answer.header("access-control-allow-origin"), "", "no other origin may ask");
    assert_eq!(answer.header("cache-control"), "no-store");
    let expected = json!({
        "active": true, "scope": "read write", "client_id": app.client_id, "token_type": "Bearer", "iat": 1_795_294_800,
        "acr": "urn:lysand-auth:loa:1", "auth_time": 1_795_294_800,
    });
    assert_eq!(answer.json(), expected);
    for (who, token) in [(&other, token.as_str()), (&app, "unknown"), (&app, &app.client_id)] {
        assert_eq!(ask(who, token).await.is(200).json(), json!({ "active": false }));
    }
    story
        .post("/oauth/revoke")
        .basic(&app.client_id, &app.client_secret)
        .form(&[("token", &token)])
        .send()
        .await
        .is(200);
    assert_eq!(ask(&app, &token).await.is(200).json(), json!({ "active": false }));

    let missing = "Missing required parameter: client_id.";
    let nobody = story.post("/oauth/introspect").form(&[("token", &token)]).send().await;
    nobody.is_oauth_error(400, "invalid_request", missing);
    let wrong = story.post("/oauth/introspect").basic(&app.client_id, "wrong").form(&[("token", &token)]).send().await;
    wrong.is_oauth_error(401, "invalid_client", INVALID_CLIENT);
    let nothing = story.post("/oauth/introspect").basic(&app.client_id, &app.client_secret).send().await;
    nothing.is_oauth_error(400, "invalid_request", "Missing required parameter: token.");
    story.post("/oauth/introspect").bearer(&token).form(&[("token", &token)]).send().await.is(400);
});

story!(token_info_returns_owner_scope_and_application, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let body = story.get("/oauth/token/info").bearer(&token).send().await.is(200).json();
    let account = story.account(&ada).await;
    let expected = json!({
        "resource_owner_id": account.id.as_str(), "scope": ["read", "write"], "expires_in": null,
        "application": { "uid": app.client_id }, "created_at": 1_795_294_800,
    });
    assert_eq!(body, expected);
    let expected = json!({
        "error": "invalid_token", "error_description": "The access token is invalid", "state": "unauthorized",
    });
    assert_eq!(story.get("/oauth/token/info").send().await.is(401).json(), expected);
    assert_eq!(story.get("/oauth/token/info").bearer("nonsense").send().await.is(401).json(), expected);
    story.post("/oauth/token/info").bearer(&token).send().await.is(405);
});

story!(oauth_applications_management_routes_return_403, |story| {
    for path in ["/oauth/applications", "/oauth/applications/", "/oauth/applications/new", "/oauth/applications/1/x"] {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE] {
            story.call(method, path).send().await.is_api_error(403, "This action is not allowed");
        }
    }
});

story!(token_of_disabled_account_is_told_as_dead_and_never_as_unknown, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let pair = story.token_pair(&ada, &app).await;
    let accounts = &story.server().state().accounts;
    let id = story.account(&ada).await.id;
    let introspect = async |token: &str| {
        let call = story.post("/oauth/introspect").basic(&app.client_id, &app.client_secret).form(&[("token", token)]);
        call.send().await.is(200).json()
    };
    let routes = ["/api/v1/apps/verify_credentials", "/oauth/token/info"];
    for (standing, active) in [(Standing::Active, true), (Standing::Pending, true), (Standing::Disabled, false)] {
        accounts.set_standing(&id, standing).await.expect("changed");
        for token in [&pair.access, &pair.refresh] {
            let told = introspect(token).await;
            assert_eq!(told["active"], active, "{standing:?}");
            assert_eq!(told.as_object().map(serde_json::Map::len) == Some(1), !active, "nothing is told of a dead one");
        }
        for route in routes {
            let answer = story.get(route).bearer(&pair.access).send().await;
            match active {
                true => answer.is(200),
                false => answer.is_api_error(403, "Your login is currently disabled"),
            };
        }
    }
    accounts.delete(&id).await.expect("deleted");
    assert_eq!(introspect(&pair.access).await["active"], false);
    story.get(routes[0]).bearer(&pair.access).send().await.is_api_error(403, "Your login is currently disabled");
});
