//! Apps that register by RFC 7591, and what public apps may and must do.

use serde_json::{Value, json};
use tests::story;
use tests::story::{App, CALLBACK, Response, Story, encode, query_of};

use crate::token::{CHALLENGE, VERIFIER};

async fn register(story: &Story, body: Value) -> Response {
    story.post("/oauth/register").json(&body).send().await
}

/// Registers a public app.
async fn public_app(story: &Story) -> App {
    let body = json!({
        "client_name": "Public App", "redirect_uris": [CALLBACK], "scope": "read write",
        "token_endpoint_auth_method": "none",
    });
    let body = register(story, body).await.is(201).json();
    App {
        client_id: body["client_id"].as_str().expect("a client_id").to_owned(),
        client_secret: String::new(),
        redirect_uri: CALLBACK.to_owned(),
        scopes: "read write".to_owned(),
    }
}

story!(dynamic_registration_returns_rfc_7591_client_metadata, |story| {
    let asked = json!({
        "client_name": "Dynamic", "client_uri": "https://app.example/about", "redirect_uris": [CALLBACK, "app://cb"],
        "scope": "read write:statuses", "grant_types": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types": ["code"], "token_endpoint_auth_method": "client_secret_post",
        "software_id": "unknown members are ignored",
    });
    let answer = register(&story, asked).await.is(201);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let body = answer.json();
    assert_eq!(body["client_name"], "Dynamic");
    assert_eq!(body["client_uri"], "https://app.example/about");
    assert_eq!(body["redirect_uris"], json!([CALLBACK, "app://cb"]));
    assert_eq!(body["scope"], "read write:statuses");
    assert_eq!(body["grant_types"], json!(["authorization_code", "client_credentials", "refresh_token"]));
    assert_eq!(body["token_endpoint_auth_method"], "client_secret_post");
    assert_eq!(body["client_secret_expires_at"], 0);
    assert_eq!(body["client_id_issued_at"], 1_795_294_800);

    // It is an app like any other.
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", body["client_id"].as_str().expect("text")),
        ("client_secret", body["client_secret"].as_str().expect("text")),
    ];
    let token = story.post("/oauth/token").form(&form).send().await.is(200).json();
    let token = token["access_token"].as_str().expect("a token");
    let entity = story.get("/api/v1/apps/verify_credentials").bearer(token).send().await.is(200).json();
    assert_eq!(entity["name"], "Dynamic");
});

story!(dynamic_registration_errors_use_rfc_7591_error_codes, |story| {
    let plain = register(&story, json!({ "redirect_uris": [CALLBACK] })).await.is(201).json();
    assert_eq!((&plain["scope"], &plain["client_name"]), (&"openid profile email".into(), &"app.example".into()));
    assert_eq!(plain["grant_types"], json!(["authorization_code"]));
    assert_eq!(plain["token_endpoint_auth_method"], "client_secret_basic");
    for (body, error) in [
        (json!({}), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["javascript:alert(1)"] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": ["https://a.example/#x", CALLBACK] }), "invalid_redirect_uri"),
        (json!({ "redirect_uris": [CALLBACK], "scope": "everything" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_uri": "javascript://x" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_name": "x".repeat(61) }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "grant_types": ["implicit"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "response_types": ["token"] }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "x" }), "invalid_client_metadata"),
        (json!({ "redirect_uris": [CALLBACK], "client_name": ["x"] }), "invalid_request"),
    ] {
        let answer = register(&story, body.clone()).await.is(400);
        assert_eq!(answer.json()["error"], error, "{body}");
        assert!(answer.json()["error_description"].is_string(), "{body}");
        assert_eq!(answer.header("www-authenticate"), "", "{body}");
    }
    story.post("/oauth/register").body("application/json", "{").send().await.is(400);
    story.post("/oauth/register").body("text/plain", "x").send().await.is(415);
    story.get("/oauth/register").send().await.is(405);
});

story!(registration_rate_limit_is_shared_by_both_endpoints, &[("ratelimit.enabled", "true")], |story| {
    for _ in 0..3 {
        register(&story, json!({ "redirect_uris": [CALLBACK] })).await.is(201);
    }
    story.usual_app().await;
    story.usual_app().await;
    let answer = register(&story, json!({ "redirect_uris": [CALLBACK] })).await.is(429);
    assert_ne!(answer.header("retry-after"), "");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
});

story!(public_app_has_no_client_secret_and_requires_pkce, |story| {
    let form = [("client_name", "P"), ("redirect_uris", CALLBACK), ("token_endpoint_auth_method", "none")];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    assert_eq!(body.get("client_secret"), None);

    let (ada, app) = (story.person("ada").await, public_app(&story).await);
    // Nobody ever let it in, so the mistake is shown on a page (faults F11).
    let answer = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).send().await.is(400);
    assert!(answer.markup().contains("error=invalid_request"), "{}", answer.body);
    let answer = story.log_in(&app.authorize_query(), &ada.username, &ada.password).await;
    answer.is_login_error("invalid_request", "Missing required parameter: code_challenge.");

    let query = app.authorize_query_with(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let code = story.consent(&signed_in, &app).await;
    let bare = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", CALLBACK),
        ("client_id", &app.client_id),
    ];
    story.post("/oauth/token").form(&bare).send().await.is(400);
    let other = public_app(&story).await;
    let foreign =
        bare.map(|(name, value)| if name == "client_id" { (name, other.client_id.as_str()) } else { (name, value) });
    let foreign = [&foreign[..], &[("code_verifier", VERIFIER)]].concat();
    story.post("/oauth/token").form(&foreign).send().await.is(400);
    let good = [&bare[..], &[("code_verifier", VERIFIER)]].concat();
    let token = story.post("/oauth/token").form(&good).send().await.is(200).json();
    let token = token["access_token"].as_str().expect("a token").to_owned();
    story.verify(&token).await.is(200);

    // Consent is asked every time, though it was given before and the redirect is an https site.
    let again = story.get(&format!("/oauth/authorize?{query}")).session(&signed_in).send().await.is(302);
    assert_eq!(again.location().path(), "/oauth/consent");

    // Knowing its name proves nothing.
    let own = [("grant_type", "client_credentials"), ("client_id", &app.client_id)];
    let answer = story.post("/oauth/token").form(&own).send().await.is(400);
    assert_eq!(answer.json()["error"], "unauthorized_client");
    let ask = [("token", token.as_str()), ("client_id", &app.client_id)];
    story.post("/oauth/introspect").form(&ask).send().await.is(401);

    // It gives its own tokens back, and nobody else's.
    let foreign = [("token", token.as_str()), ("client_id", &other.client_id)];
    story.post("/oauth/revoke").form(&foreign).send().await.is(403);
    story.verify(&token).await.is(200);
    story.post("/oauth/revoke").form(&ask).send().await.is(200);
    story.verify(&token).await.is_api_error(401, "The access token was revoked");
});

story!(confidential_app_cannot_redeem_code_without_client_secret, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query_with(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let code = story.consent(&signed_in, &app).await;
    let form: Vec<_> = app.code_form(&code).into_iter().filter(|(name, _)| *name != "client_secret").collect();
    let form = [form, vec![("code_verifier", VERIFIER), ("token_endpoint_auth_method", "none")]].concat();
    story.post("/oauth/token").form(&form).send().await.is(401);
    story.post(&encode("/oauth/token", &form)).send().await.is(401);
});

/// The app behind the answer to a registration with a secret.
fn registered(body: &Value) -> App {
    App::registered(body, CALLBACK, body["scope"].as_str().expect("a scope"))
}

story!(dynamic_registration_that_demands_what_is_not_done_is_refused, |story| {
    for (name, value) in [
        ("request_object_signing_alg", json!("RS256")),
        ("request_uris", json!(["https://app.example/request.jwt"])),
        ("require_signed_request_object", json!(true)),
        ("require_pushed_authorization_requests", json!(true)),
        ("dpop_bound_access_tokens", json!(true)),
        ("tls_client_certificate_bound_access_tokens", json!("true")),
        ("subject_type", json!("pairwise")),
        ("id_token_signed_response_alg", json!("HS256")),
        ("id_token_signed_response_alg", json!("none")),
        ("id_token_encrypted_response_alg", json!("RSA-OAEP")),
        ("userinfo_signed_response_alg", json!("RS256")),
        ("userinfo_encrypted_response_alg", json!("ECDH-ES")),
        ("authorization_signed_response_alg", json!("RS256")),
        ("introspection_signed_response_alg", json!("RS256")),
        ("grant_types", json!(["refresh_token"])),
        ("logo_uri", json!("javascript:alert(1)")),
        ("policy_uri", json!("data:text/html,x")),
        ("tos_uri", json!("/terms")),
        ("client_name", json!("App\u{202e}ppA")),
        ("client_name", json!("App\nand this server")),
    ] {
        let body = register(&story, json!({ "redirect_uris": [CALLBACK], name: value })).await.is(400).json();
        assert_eq!(body["error"], "invalid_client_metadata", "{name} {value}");
    }
    for (name, value) in [
        ("request_object_signing_alg", json!("none")),
        ("request_uris", json!([])),
        ("require_pushed_authorization_requests", json!(false)),
        ("dpop_bound_access_tokens", json!(false)),
        ("subject_type", json!("public")),
        ("id_token_signed_response_alg", json!("EdDSA")),
        ("userinfo_signed_response_alg", json!("none")),
        ("require_auth_time", json!(true)),
        ("post_logout_redirect_uris", json!(["https://app.example/"])),
        ("jwks_uri", json!("https://app.example/jwks")),
        ("contacts", json!(["a@app.example"])),
    ] {
        register(&story, json!({ "redirect_uris": [CALLBACK], name: value })).await.is(201);
    }
});

story!(dynamic_registration_keeps_links_and_shows_them_on_consent_page, |story| {
    let ada = story.person("ada").await;
    let links = [
        ("logo_uri", "https://app.example/logo.png"),
        ("policy_uri", "https://app.example/privacy"),
        ("tos_uri", "https://app.example/terms"),
    ];
    let mut body = json!({ "redirect_uris": [CALLBACK], "scope": "read" });
    for (name, link) in links {
        body[name] = link.into();
    }
    let answer = register(&story, body).await.is(201).json();
    let app = registered(&answer);
    let signed_in = story.sign_in(&ada, &app).await;
    let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200);
    for (name, link) in links {
        assert_eq!(answer[name], link);
        assert!(page.markup().contains(&format!("href=\"{link}\"")), "{link}: {}", page.body);
    }
    // Mastodon's route keeps no such things.
    let form = [("client_name", "M"), ("redirect_uris", CALLBACK), ("policy_uri", "https://m.example/privacy")];
    let answer = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    let signed_in = story.sign_in(&ada, &App::registered(&answer, CALLBACK, "read")).await;
    let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200);
    assert!(!page.body.contains("m.example"), "{}", page.body);
});

story!(grant_types_of_dynamic_registration_decide_what_an_app_may_do, |story| {
    let ada = story.person("ada").await;
    let own = |app: &App| {
        let form = [("grant_type", "client_credentials"), ("client_id", &app.client_id)];
        story.post("/oauth/token").form(&[&form[..], &[("client_secret", &app.client_secret)]].concat())
    };
    let plain =
        registered(&register(&story, json!({ "redirect_uris": [CALLBACK], "scope": "read" })).await.is(201).json());
    assert_eq!(own(&plain).send().await.is(400).json()["error"], "unauthorized_client");
    let answer = story.refresh(&plain, "AAAAAAAAAAAAAAAA").await.is(400);
    assert_eq!(answer.json()["error"], "unauthorized_client");
    story.token(&ada, &plain).await;

    let body = json!({ "redirect_uris": [CALLBACK], "scope": "read", "grant_types": ["client_credentials"] });
    let answer = register(&story, body).await.is(201).json();
    assert_eq!((&answer["grant_types"], &answer["response_types"]), (&json!(["client_credentials"]), &json!([])));
    let machine = registered(&answer);
    own(&machine).send().await.is(200);
    let page = story.get(&format!("/oauth/authorize?{}", machine.authorize_query())).send().await.is(400);
    assert!(page.markup().contains("error=unauthorized_client"), "nobody can ever let it in: {}", page.body);
    // Mastodon's route leaves everything open, as Mastodon does.
    own(&story.usual_app().await).send().await.is(200);
});

story!(openid_client_that_registers_itself_without_scope_signs_in, |story| {
    let ada = story.person("ada").await;
    let answer = register(&story, json!({ "redirect_uris": [CALLBACK] })).await.is(201).json();
    assert_eq!(answer["scope"], "openid profile email");
    let app = registered(&answer);
    // Words that nobody knows are dropped beside `openid`, and the answer says what is left (faults A18).
    let query = app.authorize_query_with(&[("scope", "openid offline_access address phone profile x:y email")]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let location = story.decide(&signed_in, &app).await.is(302).location();
    assert_eq!(query_of(&location, "iss"), Some(format!("{}/", story.base())), "it is an OpenID client");
    let body = story.redeem(&app, &query_of(&location, "code").expect("a code")).await.is(200).json();
    assert_eq!(body["scope"], "openid profile email");
    assert!(body["id_token"].is_string());

    let body = json!({ "redirect_uris": [CALLBACK], "scope": "openid offline_access phone" });
    assert_eq!(register(&story, body).await.is(201).json()["scope"], "openid");
    let form = [("client_name", "M"), ("redirect_uris", CALLBACK), ("scopes", "openid offline_access read")];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    assert_eq!(body["scopes"], json!(["openid", "read"]));
    // What is known and was not registered stays refused, and so does everything without `openid`.
    for scope in ["openid write", "profile offline_access", "read address"] {
        let answer = story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&[("scope", scope)])));
        let location = answer.send().await.is(302).location();
        assert_eq!(query_of(&location, "error").as_deref(), Some("invalid_scope"), "{scope}");
    }
    register(&story, json!({ "redirect_uris": [CALLBACK], "scope": "read offline_access" })).await.is(400);
    let form = [("client_name", "M"), ("redirect_uris", CALLBACK), ("scopes", "read offline_access")];
    story.post("/api/v1/apps").form(&form).send().await.is(422);
    let form = [("client_name", "M"), ("redirect_uris", CALLBACK)];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    assert_eq!(body["scopes"], json!(["read"]), "Mastodon's route keeps its default");
});

story!(authorization_response_names_issuer_to_openid_and_dynamic_apps_alone, |story| {
    let ada = story.person("ada").await;
    let iss = Some(format!("{}/", story.base()));
    let mastodon = story.app(CALLBACK, "openid profile read").await;
    let dynamic =
        registered(&register(&story, json!({ "redirect_uris": [CALLBACK], "scope": "read" })).await.is(201).json());
    for (app, scope, expected) in [
        (&mastodon, "read", None),
        (&mastodon, "profile read", None),
        (&mastodon, "openid", iss.clone()),
        (&mastodon, "read openid", iss.clone()),
        (&dynamic, "read", iss.clone()),
    ] {
        let query = app.authorize_query_with(&[("scope", scope), ("state", "s")]);
        let signed_in = story.sign_in_with(&ada, &query).await;
        let location = story.decide(&signed_in, app).await.is(302).location();
        assert_eq!(query_of(&location, "iss"), expected, "{scope}");
        let names: Vec<_> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names[..2], ["code", "state"], "{location}");
        // A no, and an error, are told in the same way.
        let signed_in = story.sign_in_with(&ada, &query).await;
        let no = [("_method", "delete"), ("code", signed_in.code.as_str())];
        let location = story.post("/oauth/authorize").session(&signed_in).form(&no).send().await.is(302).location();
        assert_eq!(query_of(&location, "iss"), expected, "{location}");
        let wrong = format!("{query}&code_challenge=x&code_challenge_method=plain");
        let location = story.get(&format!("/oauth/authorize?{wrong}")).send().await.is(302).location();
        assert_eq!(query_of(&location, "iss"), expected, "{location}");
    }
});

story!(resource_of_another_server_is_refused_with_invalid_target, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let base = story.base().to_owned();
    for (resource, ours) in [
        (base.clone(), true),
        (format!("{base}/api"), true),
        ("https://api.example/".to_owned(), false),
        ("not an address".to_owned(), false),
        (format!("{base}.evil.example"), false),
    ] {
        let query = app.authorize_query_with(&[("resource", &resource), ("state", "s")]);
        let answer = story.get(&format!("/oauth/authorize?{query}")).send().await;
        let signed_in = story.sign_in(&ada, &app).await;
        let code = story.consent(&signed_in, &app).await;
        let form = [app.code_form(&code), vec![("resource", resource.as_str())]].concat();
        let token = story.post("/oauth/token").form(&form).send().await;
        if ours {
            answer.is(200);
            token.is(200);
        } else {
            assert_eq!(query_of(&answer.is(302).location(), "error").as_deref(), Some("invalid_target"), "{resource}");
            assert_eq!(token.is(400).json()["error"], "invalid_target", "{resource}");
        }
    }
});
