//! RS256 beside EdDSA (FAC-131 to FAC-134, FAC-142).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lysand_auth::on;
use lysand_auth::store::diesel;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::story;
use tests::story::{CALLBACK, SignedIn};

use super::{id_token, id_token_in, is_signed_in, keys, openid_app, register};

story!(id_token_is_signed_by_the_algorithm_that_the_app_registered, |story| {
    let ada = story.person("ada").await;
    for (sent, signed) in [(None, "RS256"), (Some("RS256"), "RS256"), (Some("EdDSA"), "EdDSA")] {
        let more = sent.map_or(json!({}), |sent| json!({ "id_token_signed_response_alg": sent }));
        let body = json!({ "redirect_uris": [CALLBACK], "id_token_signed_response_alg": sent });
        assert_eq!(register(&story, body).await.is(201).json()["id_token_signed_response_alg"], signed);
        let app = openid_app(&story, CALLBACK, more).await;
        assert_eq!(id_token(&story, &ada, &app).await.header["alg"], signed, "{sent:?}");
        // Mastodon's route takes it, too.
        let more: Vec<_> = sent.map(|sent| ("id_token_signed_response_alg", sent)).into_iter().collect();
        let app = story.client().register_with("M", CALLBACK, "openid", &more).await.expect("an app");
        assert_eq!(id_token(&story, &ada, &app).await.header["alg"], signed, "{sent:?}");
    }
    for wrong in ["none", "HS256", "ES256", "rs256"] {
        let body = json!({ "redirect_uris": [CALLBACK], "id_token_signed_response_alg": wrong });
        let refused = register(&story, body).await.is(400).json();
        assert_eq!(refused["error"], "invalid_client_metadata");
        let form = [("client_name", "M"), ("redirect_uris", CALLBACK), ("id_token_signed_response_alg", wrong)];
        let refused = story.post("/api/v1/apps").form(&form).send().await.is(422).json();
        let why = "Validation failed: id_token_signed_response_alg must be RS256 or EdDSA";
        assert_eq!(refused["error"], why, "{wrong}");
    }
});

story!(id_token_without_a_wish_is_signed_by_the_configured_algorithm, &[("openid.default_alg", "EdDSA")], |story| {
    let ada = story.person("ada").await;
    let app = openid_app(&story, CALLBACK, json!({})).await;
    assert_eq!(id_token(&story, &ada, &app).await.header["alg"], "EdDSA");
    let app = openid_app(&story, CALLBACK, json!({ "id_token_signed_response_alg": "RS256" })).await;
    assert_eq!(id_token(&story, &ada, &app).await.header["alg"], "RS256");
});

story!(app_of_an_earlier_version_keeps_its_algorithm, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story, CALLBACK, json!({})).await);
    let store = story.server().state().auth.store();
    let forgotten = store.write(|c| {
        Box::pin(async move { Ok(on!(c, c => diesel::sql_query("DELETE FROM auth_app_openid").execute(c))?) })
    });
    assert_eq!(forgotten.await.expect("a database"), 1);
    assert_eq!(id_token(&story, &ada, &app).await.header["alg"], "EdDSA");
});

/// The thumbprint of RFC 7638.
fn thumbprint(key: &Value) -> String {
    let members = if key["kty"] == "RSA" { &["e", "kty", "n"][..] } else { &["crv", "kty", "x"] };
    let canonical: serde_json::Map<_, _> = members.iter().map(|name| ((*name).to_owned(), key[name].clone())).collect();
    URL_SAFE_NO_PAD.encode(Sha256::digest(Value::Object(canonical).to_string()))
}

fn is_public(keys: &Value) {
    for key in keys["keys"].as_array().expect("keys") {
        assert_eq!(key["kid"], thumbprint(key));
        for private in ["d", "p", "q", "dp", "dq", "qi"] {
            assert_eq!(key.get(private), None, "the private half stays here");
        }
    }
}

story!(published_keys_are_named_by_their_thumbprints, |story| {
    let keys = keys(&story).await;
    let kinds: Vec<_> = keys["keys"].as_array().expect("keys").iter().map(|key| key["alg"].clone()).collect();
    assert_eq!(kinds, ["EdDSA", "RS256"]);
    is_public(&keys);
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
        let body = story.get(path).send().await.is(200).json();
        assert_eq!(body["id_token_signing_alg_values_supported"], json!(["RS256", "EdDSA"]), "{path}");
    }
    let body = story.get("/.well-known/openid-configuration").send().await.is(200).json();
    assert_eq!(body["end_session_endpoint"], format!("{}/oauth/logout", story.base()));
    assert_eq!(body["backchannel_logout_supported"], true);
    assert_eq!(body["backchannel_logout_session_supported"], true);
    assert!(body["claims_supported"].as_array().expect("claims").contains(&json!("sid")));
    assert_eq!(body.get("frontchannel_logout_supported"), None);
    assert_eq!(body.get("check_session_iframe"), None);
});

story!(rsa_key_in_front_signs_and_the_former_one_is_published_still, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story, CALLBACK, json!({})).await);
    let before = id_token(&story, &ada, &app).await;
    let folder = story.mail_folder().parent().expect("a folder").to_owned();
    let (old, new) = (folder.join("jwt-rsa.pem"), folder.join("new.pem"));
    std::fs::write(&new, include_str!("other-rsa.pem")).expect("a folder to write in");
    let both = format!("[{:?}, {:?}]", new.display().to_string(), old.display().to_string());
    let story = story.restart(&[("keys.rsa", &both)]).await;
    let keys = keys(&story).await;
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(3));
    is_public(&keys);
    assert!(tests::relying_party::verified(&keys, &before.token).is_some(), "apps go on with what they have");
    let after = id_token(&story, &ada, &app).await;
    assert_ne!(before.header["kid"], after.header["kid"]);
});

story!(token_that_needs_a_key_that_is_not_made_yet_is_had_later, |story| {
    let ada = story.person("ada").await;
    let app = openid_app(&story, CALLBACK, json!({})).await;
    let other = openid_app(&story, CALLBACK, json!({ "id_token_signed_response_alg": "EdDSA" })).await;
    let plain = story.usual_app().await;
    let good = story.mail_folder().parent().expect("a folder").join("jwt-rsa.pem").display().to_string();
    // Nothing can be written there.
    let story = story.restart(&[("keys.rsa", "/proc/nowhere/jwt-rsa.pem")]).await;
    let (signed_in, others) = (story.sign_in(&ada, &app).await, story.sign_in(&ada, &other).await);
    let (code, its) = (story.consent(&signed_in, &app).await, story.consent(&others, &other).await);
    let begun = std::time::SystemTime::now();
    let (refused, published) = tokio::join!(story.redeem(&app, &code), story.get("/.well-known/jwks.json").send());
    let refused = refused.is(503);
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(refused.json()["error"], "temporarily_unavailable");
    published.is(503);
    let waited = begun.elapsed().expect("time goes on").as_secs();
    assert!((4..20).contains(&waited), "{waited} s");
    // Nobody else waits for it.
    let body = story.redeem(&other, &its).await.is(200).json();
    assert_eq!(tests::relying_party::parts(body["id_token"].as_str().expect("a token")).0["alg"], "EdDSA");
    story.token(&ada, &plain).await;
    // The code is not spent.
    let story = story.restart(&[("keys.rsa", &good)]).await;
    assert!(story.redeem(&app, &code).await.is(200).json()["id_token"].is_string());
});

story!(session_has_one_name_for_each_app_and_keeps_it, |story| {
    let ada = story.person("ada").await;
    let (one, two) = (openid_app(&story, CALLBACK, json!({})).await, openid_app(&story, CALLBACK, json!({})).await);
    let first = id_token(&story, &ada, &one).await;
    let sid = first.claims["sid"].as_str().expect("a name").to_owned();
    assert_eq!(sid.len(), 32);
    let again = id_token_in(&story, &first.signed_in, &one).await;
    let other = id_token_in(&story, &first.signed_in, &two).await;
    assert_eq!(again.claims["sid"], sid);
    assert_ne!(other.claims["sid"], sid);
    let elsewhere = id_token(&story, &ada, &one).await;
    assert_ne!(elsewhere.claims["sid"], sid);
    // It opens nothing.
    let stranger = SignedIn { cookie: sid.clone(), ..first.signed_in.clone() };
    assert!(!is_signed_in(&story, &stranger, &one).await);
});
