//! An app gives a token back (Mastodon §7).

use serde_json::json;
use tests::story;

const DENIED: &str = "You are not authorized to revoke this token";

story!(revocation_requires_own_client_credentials_and_ends_token, |story| {
    let (person, app, other) = (story.person("ada").await, story.usual_app().await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let form =
        |id: &'static str, secret: &'static str| vec![("client_id", id), ("client_secret", secret), ("token", "x")];
    for form in [
        form("undefined", "undefined"),
        form("", ""),
        vec![("token", token.as_str())],
        vec![("client_id", app.client_id.as_str()), ("token", &token)],
        vec![("client_id", app.client_id.as_str()), ("client_secret", "wrong"), ("token", &token)],
        vec![("client_id", other.client_id.as_str()), ("client_secret", &other.client_secret), ("token", &token)],
    ] {
        let answer = story.post("/oauth/revoke").form(&form).send().await;
        let answer = answer.is_oauth_error(403, "unauthorized_client", DENIED);
        assert_eq!(answer.header("www-authenticate"), "");
    }
    story.verify(&token).await.is(200);

    let own = |token: &str| json!({ "client_id": app.client_id, "client_secret": app.client_secret, "token": token });
    for harmless in ["", "unknown"] {
        let answer = story.post("/oauth/revoke").json(&own(harmless)).send().await.is(200);
        assert_eq!(answer.json(), json!({}));
    }
    let mut hinted = own(&token);
    hinted["token_type_hint"] = "refresh_token".into();
    assert_eq!(story.post("/oauth/revoke/").json(&hinted).send().await.is(200).json(), json!({}));
    story.verify(&token).await.is_api_error(401, "The access token was revoked");
    story.post("/oauth/revoke").json(&own(&token)).send().await.is(200);
    story.get("/api/v1/apps/verify_credentials").bearer(&token).send().await.is(401);
    story.token(&person, &app).await;
});

story!(revoked_token_stays_revoked_after_restart, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let call = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
    call.form(&[("token", &token)]).send().await.is(200);
    let story = story.restart(&[]).await;
    story.verify(&token).await.is(401);
});

story!(revoked_token_is_refused_on_other_replica, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let replica = story.replica().await;
    let there = format!("http://localhost:{}/api/v1/apps/verify_credentials", replica.addr().port());
    let token = story.token(&person, &app).await;
    story.get(&there).bearer(&token).send().await.is(200);
    let call = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
    call.form(&[("token", &token)]).send().await.is(200);
    story.get(&there).bearer(&token).send().await.is(401);
    replica.abort().await;
});

story!(revocation_response_does_not_reveal_whether_token_exists, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let kept = story.token(&person, &app).await;
    let of_person = story.token(&person, &app).await;
    let own = [("grant_type", "client_credentials")];
    let body = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&own).send().await;
    let of_app = body.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let client = [("client_id", app.client_id.as_str()), ("client_secret", &app.client_secret)];
    let call = |token: Option<&str>, client: &[(&str, &str)]| {
        let token = token.map(|token| ("token", token));
        story.post("/oauth/revoke").form(&client.iter().copied().chain(token).collect::<Vec<_>>())
    };
    for token in [None, Some(""), Some(" "), Some("unknown"), Some(&of_person), Some(&of_person), Some(&of_app)] {
        let answer = call(token, &client).send().await.is(200);
        assert_eq!(answer.json(), json!({}), "{token:?}");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let nothing = json!({ "client_id": app.client_id, "client_secret": app.client_secret, "token": null });
    assert_eq!(story.post("/oauth/revoke").json(&nothing).send().await.is(200).json(), json!({}));
    for dead in [&of_person, &of_app] {
        let answer = story.get("/api/v1/apps/verify_credentials").bearer(dead).send().await;
        answer.is_api_error(401, "The access token was revoked");
    }
    story.verify(&kept).await.is(200);
    for token in [None, Some(""), Some("unknown"), Some(of_person.as_str()), Some(&kept)] {
        for client in
            [vec![], vec![client[0]], vec![client[0], ("client_secret", "")], vec![("client_id", "x"), client[1]]]
        {
            let answer = call(token, &client).send().await;
            answer.is_oauth_error(403, "unauthorized_client", DENIED);
        }
    }
    story.verify(&kept).await.is(200);
});
