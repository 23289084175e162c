//! OpenID Connect beside Mastodon's OAuth: discovery, keys, id tokens, user info.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::Person;
use tests::relying_party::verified;
use tests::story;
use tests::story::{App, CALLBACK, Story};

/// Signs in for `scopes` and redeems.
async fn answer_for(story: &Story, person: &Person, app: &App, more: &[(&str, &str)]) -> Value {
    let signed_in = story.sign_in_with(person, &app.authorize_query_with(more)).await;
    let code = story.consent(&signed_in, app).await;
    story.redeem(app, &code).await.is(200).json()
}

story!(openid_configuration_matches_oauth_metadata_and_jwks, |story| {
    let answer = story.get("/.well-known/openid-configuration").send().await.is(200);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let body = answer.json();
    let oauth = story.get("/.well-known/oauth-authorization-server").send().await.is(200).json();
    for (key, value) in oauth.as_object().expect("an object") {
        if key != "scopes_supported" {
            assert_eq!(&body[key], value, "{key}");
        }
    }
    assert_eq!(body["scopes_supported"].as_array().map(Vec::len), Some(51));
    assert_eq!(body["id_token_signing_alg_values_supported"], json!(["RS256", "EdDSA"]));
    assert_eq!(body["authorization_response_iss_parameter_supported"], true);
    assert_eq!(body["prompt_values_supported"], json!(["none", "login", "consent", "select_account", "create"]));
    assert_eq!(body["acr_values_supported"], json!(["urn:lysand-auth:loa:1", "urn:lysand-auth:loa:2", "phr"]));
    assert_eq!(body["ui_locales_supported"], json!(["en", "de", "fr", "es"]));
    assert_eq!(body["subject_types_supported"], json!(["public"]));
    let keys = story.get("/.well-known/jwks.json").send().await.is(200);
    assert_eq!(keys.header("access-control-allow-origin"), "*");
    let key = &keys.json()["keys"][0];
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into()));
    assert_eq!(key.get("d"), None, "the private half stays here");
});

story!(id_token_is_signed_with_nonce_and_matches_userinfo, |story| {
    let (ada, app) = (story.person("ada").await, story.app(CALLBACK, "openid profile email read").await);
    let body = answer_for(&story, &ada, &app, &[("nonce", "n-1")]).await;
    let token = body["id_token"].as_str().expect("an id token");
    let keys = story.get("/.well-known/jwks.json").send().await.is(200).json();
    let (_, claims) = verified(&keys, token).expect("well signed");
    assert_eq!((&claims["aud"], &claims["iss"]), (&json!(app.client_id), &json!(format!("{}/", story.base()))));
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!((&claims["iat"], &claims["auth_time"]), (&json!(1_795_294_800), &json!(1_795_294_800)));
    assert_eq!(claims["exp"], 1_795_298_400);

    let access = body["access_token"].as_str().expect("a token");
    let info = story.get("/oauth/userinfo").bearer(access).send().await.is(200).json();
    assert_eq!(info["sub"], claims["sub"]);
    assert_eq!((&info["email"], &info["email_verified"]), (&ada.email.as_str().into(), &true.into()));
    assert_eq!(info["preferred_username"], "ada");

    // Nobody takes it for a session, or for a bearer token (security WEB-3).
    let page = story.get("/").header("cookie", &format!("jwt={token}")).send().await.is(200);
    assert!(!page.markup().contains("@ada"), "signed in by an id token");
    story.verify(token).await.is(401);
    let mut other = token.rsplitn(2, '.');
    let (_, head) = (other.next(), other.next().expect("claims"));
    let forged = format!("{head}.{}", URL_SAFE_NO_PAD.encode([0_u8; 64]));
    assert!(verified(&keys, &forged).is_none(), "a signature of nobody");
});

story!(token_without_openid_scope_has_no_id_token, |story| {
    let (ada, app) = (story.person("ada").await, story.app(CALLBACK, "openid profile read").await);
    let body = answer_for(&story, &ada, &app, &[("scope", "profile read")]).await;
    assert_eq!(body.get("id_token"), None);
    let access = body["access_token"].as_str().expect("a token");
    let info = story.get("/oauth/userinfo").bearer(access).send().await.is(200).json();
    assert_eq!(info.get("email"), None, "nobody granted it");

    let bare = answer_for(&story, &ada, &app, &[("scope", "openid")]).await;
    let access = bare["access_token"].as_str().expect("a token");
    let info = story.get("/oauth/userinfo").bearer(access).send().await.is(200).json();
    let mut keys: Vec<&str> = info.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["iss", "sub"]);
});

story!(userinfo_accepts_access_token_in_form, |story| {
    let (ada, app) = (story.person("ada").await, story.app(CALLBACK, "profile").await);
    let token = story.token(&ada, &app).await;
    let form = [("access_token", token.as_str())];
    story.post("/oauth/userinfo").form(&form).send().await.is(200);
    story.post(&format!("/oauth/userinfo?access_token={token}")).send().await.is(401);
    story.post("/oauth/userinfo").bearer("wrong").form(&form).send().await.is(401);
});
