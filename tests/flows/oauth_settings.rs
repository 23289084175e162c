//! The switches of `[oauth]`, each thrown.

use tests::story;
use tests::story::{CALLBACK, encode, query_of};

use crate::token::{CHALLENGE, VERIFIER};

story!(secrets_in_query_setting_off_refuses_secrets_in_url, &[("oauth.secrets_in_query", "false")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&ada, &app).await;
    let code = story.consent(&signed_in, &app).await;
    let answer = story.post(&encode("/oauth/token", &app.code_form(&code))).send().await.is(400);
    assert_eq!(answer.json()["error"], "invalid_request");
    for name in ["code", "client_secret", "code_verifier", "refresh_token"] {
        let answer = story.post(&format!("/oauth/token?{name}=x")).form(&app.code_form(&code)).send().await;
        let why = format!("The parameter {name} must stand in the body of the request, not in its URL.");
        answer.is_oauth_error(400, "invalid_request", &why);
    }
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let call = story.post(&format!("/oauth/revoke?token={token}")).basic(&app.client_id, &app.client_secret);
    call.send().await.is(400);
    story.verify(&token).await.is(200);
    // What is no secret may stand there.
    story
        .post("/oauth/token?grant_type=client_credentials")
        .basic(&app.client_id, &app.client_secret)
        .send()
        .await
        .is(200);
});

story!(redirect_match_setting_mastodon_ignores_host_case_and_query, &[("oauth.redirect_match", "mastodon")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let presented = "https://APP.example/callback?tab=1";
    let signed_in = story.sign_in_with(&ada, &app.authorize_query_with(&[("redirect_uri", presented)])).await;
    let mut elsewhere = app.clone();
    elsewhere.redirect_uri = presented.to_owned();
    let answer = story.decide(&signed_in, &elsewhere).await.is(302);
    assert!(answer.header("location").starts_with(&format!("{presented}&code=")), "{}", answer.header("location"));
    let code = query_of(&answer.location(), "code").expect("a code");
    story.redeem(&app, &code).await.is(400);
    story.redeem(&elsewhere, &code).await.is(200);
    for foreign in
        ["https://evil.example/callback", "https://app.example/callback/", "https://app.example@evil.example/callback"]
    {
        let answer = story
            .get(&format!("/oauth/authorize?{}", app.authorize_query_with(&[("redirect_uri", foreign)])))
            .send()
            .await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (400, ""), "{foreign}");
    }
});

story!(
    plain_http_redirects_setting_off_refuses_http_redirect_uri,
    &[("oauth.plain_http_redirects", "false")],
    |story| {
        let form = |uri: &'static str| [("client_name", "App"), ("redirect_uris", uri)];
        let answer = story.post("/api/v1/apps").form(&form("http://app.example/cb")).send().await;
        answer.is_api_error(422, "Validation failed: Redirect URI must be an HTTPS/SSL URI.");
        for fine in ["http://localhost/cb", "http://127.0.0.1:1/cb", "app://cb", CALLBACK, "urn:ietf:wg:oauth:2.0:oob"]
        {
            story.post("/api/v1/apps").form(&form(fine)).send().await.is(200);
        }
    }
);

story!(require_pkce_setting_refuses_authorize_without_code_challenge, &[("oauth.require_pkce", "true")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).send().await.is(400);
    assert!(page.markup().contains("error=invalid_request"), "{}", page.body);
    let query = app.authorize_query_with(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let code = story.consent(&signed_in, &app).await;
    let form = [app.code_form(&code), vec![("code_verifier", VERIFIER)]].concat();
    story.post("/oauth/token").form(&form).send().await.is(200);
});

story!(
    revoke_by_possession_setting_allows_unknown_client_credentials,
    &[("oauth.revoke_by_possession", "true")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let token = story.token(&ada, &app).await;
        let undefined = |token: &str| {
            let form = [("token", token), ("client_id", "undefined"), ("client_secret", "undefined")];
            story.post("/oauth/revoke").form(&form)
        };
        undefined("AAAAAAAAAAAAAAAAAAAA").send().await.is(403);
        story.verify(&token).await.is(200);
        undefined(&token).send().await.is(200);
        story.verify(&token).await.is_api_error(401, "The access token was revoked");
    }
);

story!(revoke_by_possession_is_refused_by_default, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let form = [("token", token.as_str()), ("client_id", "undefined"), ("client_secret", "undefined")];
    story.post("/oauth/revoke").form(&form).send().await.is(403);
    story.verify(&token).await.is(200);
});
