//! Apps register themselves (Mastodon §2, §11.3).

use serde_json::{Value, json};
use tests::story;
use tests::story::{CALLBACK, encode};

story!(app_registration_with_several_errors_reports_all_at_once, |story| {
    for (form, message) in [
        (vec![], "Application name can't be blank, Redirect URI can't be blank"),
        (
            vec![("client_name", " "), ("redirect_uris", "javascript:alert(1)"), ("scopes", "all")],
            "Application name can't be blank, Redirect URI is forbidden by the server., Redirect URI must specify a \
             scheme., Scopes doesn't match those configured on the server.",
        ),
        (
            vec![("client_name", "A"), ("redirect_uris", "https://a.example/#")],
            "Redirect URI cannot contain a fragment.",
        ),
        (vec![("client_name", "A"), ("redirect_uris", "/cb")], "Redirect URI must be an absolute URI."),
        (vec![("client_name", "A"), ("redirect_uris", "https://")], "Redirect URI must be a valid URI."),
        (
            vec![("client_name", "A"), ("redirect_uris", CALLBACK), ("website", "javascript:alert(1)")],
            "Application website is not a valid URL",
        ),
    ] {
        let answer = story.post("/api/v1/apps").form(&form).send().await;
        answer.is_api_error(422, &format!("Validation failed: {message}"));
    }
});

story!(app_registration_returns_entity_with_client_id_and_client_secret, |story| {
    let form = [
        ("client_name", "Tuba  ☂"),
        ("redirect_uris", "https://a.example\napp://cb"),
        ("scopes", "write read write"),
        ("website", ""),
    ];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    assert_eq!(body["name"], "Tuba  ☂");
    assert_eq!(body["website"], Value::Null);
    assert_eq!(body["scopes"], json!(["write", "read"]));
    assert_eq!(body["redirect_uris"], json!(["https://a.example", "app://cb"]));
    assert_eq!(body["redirect_uri"], "https://a.example\napp://cb");
    assert_eq!(body["client_secret_expires_at"], 0);
    assert_eq!(body["vapid_key"], "");
    assert!(body["id"].is_string());
    for secret in ["client_id", "client_secret"] {
        assert_eq!(body[secret].as_str().map(str::len), Some(43), "{secret}");
    }
});

story!(app_registration_accepts_json_multipart_query_and_form_parameters, |story| {
    let json = json!({ "client_name": 123, "redirect_uris": [CALLBACK, "app://cb"], "scopes": ["read", "write"] });
    let body = story.post("/api/v1/apps").json(&json).send().await.is(200).json();
    assert_eq!((&body["name"], &body["scopes"]), (&"123".into(), &json!(["read", "write"])));
    assert_eq!(body["redirect_uris"], json!([CALLBACK, "app://cb"]));

    let pairs = [("client_name", "A"), ("redirect_uris[]", CALLBACK), ("redirect_uris[]", "app://cb"), ("scopes", "")];
    let body = story.post("/api/v1/apps").multipart(&pairs).send().await.is(200).json();
    assert_eq!((&body["redirect_uris"], &body["scopes"]), (&json!([CALLBACK, "app://cb"]), &json!(["read"])));

    let query = encode("/api/v1/apps/", &[("client_name", "Query"), ("redirect_uri", CALLBACK)]);
    let body = story.post(&query).form(&[("client_name", "Body")]).send().await.is(200).json();
    assert_eq!((&body["name"], &body["redirect_uri"]), (&"Query".into(), &CALLBACK.into()));
});

story!(app_registration_with_malformed_body_returns_json_error, |story| {
    let post = || story.post("/api/v1/apps");
    for (content_type, body, status) in [
        ("application/json", "{".to_owned(), 400),
        ("application/json", "[]".to_owned(), 400),
        ("multipart/form-data", "x".to_owned(), 400),
        ("multipart/form-data; boundary=x", "no parts".to_owned(), 400),
        ("text/plain", "client_name=A".to_owned(), 422),
        ("application/x-www-form-urlencoded", format!("client_name={}", "x".repeat(70_000)), 413),
        ("application/x-www-form-urlencoded", "a=1&".repeat(300), 413),
    ] {
        let answer = post().body(content_type, body).send().await.is(status);
        assert!(answer.json()["error"].is_string(), "{}", answer.body);
    }
});

story!(app_that_was_used_survives_restart_and_sweep_after_400_days, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    story.token(&person, &app).await;
    let story = story.restart(&[]).await;
    story.advance_clock(std::time::Duration::from_secs(400 * 24 * 3600));
    let swept = lysand_auth::flows::sweep::sweep(&story.server().state().auth).await;
    swept.expect("a clean-up");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", &app.client_secret),
    ];
    story.post("/oauth/token").form(&form).send().await.is(200);
});

story!(app_verify_credentials_returns_no_client_id_or_secret, |story| {
    story.get("/api/v1/apps/verify_credentials").send().await.is_api_error(401, "The access token is invalid");
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let body = story.get("/api/v1/apps/verify_credentials/").bearer(&token).send().await.is(200).json();
    assert_eq!(body["name"], "Story App");
    for secret in ["client_id", "client_secret", "client_secret_expires_at"] {
        assert_eq!(body.get(secret), None);
    }
});

story!(app_registration_over_rate_limit_returns_429_with_retry_after, &[("ratelimit.enabled", "true")], |story| {
    for _ in 0..5 {
        story.usual_app().await;
    }
    let form = [("client_name", "A"), ("redirect_uris", CALLBACK)];
    let answer = story.post("/api/v1/apps").form(&form).send().await;
    let answer = answer.is_api_error(429, "Too many requests");
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| (1..=600).contains(&wait)));
    story.advance_clock(std::time::Duration::from_secs(600));
    story.usual_app().await;
});

story!(app_registration_validation_errors_come_in_documented_order, |story| {
    let long = "x".repeat(2_000);
    let (long_uri, name) = (format!("https://a.example/{long}"), "x".repeat(61));
    let uri = |text: &str| vec![("client_name", "A".to_owned()), ("redirect_uris", text.to_owned())];
    let with = |name: &'static str, value: &str| [uri(CALLBACK), vec![(name, value.to_owned())]].concat();
    let forbidden = "Redirect URI is forbidden by the server.";
    let opaque = "Redirect URI must specify a scheme.";
    let fragment = "Redirect URI cannot contain a fragment.";
    let relative = "Redirect URI must be an absolute URI.";
    let invalid = "Redirect URI must be a valid URI.";
    let scopes = "Scopes doesn't match those configured on the server.";
    let website = "Application website is not a valid URL";
    for (form, messages) in [
        (vec![("redirect_uris", CALLBACK.to_owned())], vec!["Application name can't be blank"]),
        ([uri(CALLBACK), vec![("client_name", " \t".into())]].concat(), vec!["Application name can't be blank"]),
        (vec![("client_name", "A".to_owned())], vec!["Redirect URI can't be blank"]),
        (uri(" \r\n\t "), vec!["Redirect URI can't be blank"]),
        (uri("javascript:alert(1)"), vec![forbidden, opaque]),
        (uri("JavaScript://x/"), vec![forbidden]),
        (uri("data:x vbscript:x file:///x blob:x filesystem:x about:x"), vec![forbidden, opaque]),
        (uri("https://a.example/#"), vec![fragment]),
        (uri("https://a.example/#x https://b.example/#y"), vec![fragment]),
        (uri("myapp:cb"), vec![opaque]),
        (uri("urn:foo:bar"), vec![opaque]),
        (uri("localhost:3000/cb"), vec![opaque]),
        (uri("foo /foo //host/path"), vec![relative]),
        (uri("https://"), vec![invalid]),
        (uri("https://\u{e4}.example"), vec![invalid]),
        (uri("https://[bad"), vec![invalid]),
        (uri("javascript:x https://a/# foo https://"), vec![forbidden, fragment, opaque, relative, invalid]),
        (with("scopes", "everything"), vec![scopes]),
        (
            [uri(CALLBACK), vec![("client_name", name.clone())]].concat(),
            vec!["Application name is too long (maximum is 60 characters)"],
        ),
        (uri(&long_uri), vec!["Redirect URI is too long (maximum is 2000 characters)"]),
        (with("website", "ftp://a.example"), vec![website]),
        (with("website", "//a.example"), vec![website]),
        (with("website", "https://"), vec![website]),
        (with("website", &long_uri), vec!["Application website is too long (maximum is 2000 characters)"]),
        (
            vec![
                ("client_name", name.clone()),
                ("redirect_uris", format!("{long_uri} foo")),
                ("scopes", "x".to_owned()),
                ("website", format!("x{long}")),
            ],
            vec![
                relative,
                scopes,
                "Application name is too long (maximum is 60 characters)",
                "Redirect URI is too long (maximum is 2000 characters)",
                website,
                "Application website is too long (maximum is 2000 characters)",
            ],
        ),
    ] {
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = story.post("/api/v1/apps").form(&pairs).send().await;
        answer.is_api_error(422, &format!("Validation failed: {}", messages.join(", ")));
    }
});

story!(app_registration_keeps_redirect_uris_byte_for_byte, |story| {
    let in_use = [
        "https://a.example",
        "https://A.Example:443/",
        "http://localhost/cb",
        "http://127.0.0.1/cb",
        "http://[::1]/cb",
        "http://plain.example/cb",
        "myapp://cb",
        "myapp:///cb",
        "com.example.app:/oauth",
        "icecubesapp://",
        "oauth2redirect://com.keylesspalace.tusky/",
        "https://under_score.example/cb",
        "https://a.example/cb?x=1&y=%20",
        "https://elk.zone/api/HOST/oauth/https%3A%2F%2Felk.zone",
        "urn:ietf:wg:oauth:2.0:oob",
        "urn:ietf:wg:oauth:2.0:oob:auto",
    ];
    for uri in in_use {
        let form = [("client_name", "A"), ("redirect_uris", uri)];
        let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
        assert_eq!((&body["redirect_uri"], &body["redirect_uris"]), (&json!(uri), &json!([uri])));
    }
    for separator in ["\n", "\r\n", " ", "\t", " \n\n "] {
        let body = json!({ "client_name": "A", "redirect_uris": in_use.join(separator) });
        let body = story.post("/api/v1/apps").json(&body).send().await.is(200).json();
        assert_eq!(body["redirect_uris"], json!(in_use), "{separator:?}");
        assert_eq!(body["redirect_uri"], in_use.join("\n"));
    }
});

story!(app_registration_defaults_deduplicates_and_validates_scopes, |story| {
    let register = async |scopes: Value| {
        let body = json!({ "client_name": "A", "redirect_uris": CALLBACK, "scopes": scopes });
        story.post("/api/v1/apps").json(&body).send().await
    };
    for (sent, kept) in [
        (json!(null), json!(["read"])),
        (json!(""), json!(["read"])),
        (json!("  \n "), json!(["read"])),
        (json!([]), json!(["read"])),
        (json!("write  read\twrite\nread"), json!(["write", "read"])),
        (json!(["write", "read:accounts"]), json!(["write", "read:accounts"])),
        (json!("read crypto read:reports read:me read:circles write:circles"), json!(["read"])),
        (json!("crypto"), json!(["read"])),
        (
            json!("read write follow push admin:read admin:write"),
            json!(["read", "write", "follow", "push", "admin:read", "admin:write"]),
        ),
    ] {
        assert_eq!(register(sent.clone()).await.is(200).json()["scopes"], kept, "{sent}");
    }
    for unknown in ["read,write", "read+write", "admin", "Read", "read:everything", "write:read"] {
        let words = "Validation failed: Scopes doesn't match those configured on the server.";
        register(json!(unknown)).await.is_api_error(422, words);
        register(json!(["read", unknown])).await.is_api_error(422, words);
    }
});

story!(app_verify_credentials_with_any_live_token_returns_app, |story| {
    let person = story.person("ada").await;
    let app = story.app(&format!("{CALLBACK} app://cb"), "read push").await;
    let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", "push")])).await;
    let code = story.consent(&signed_in, &app).await;
    let of_person = story.redeem(&app, &code).await.is(200).json();
    let own = [("grant_type", "client_credentials"), ("scope", "push")];
    let of_app = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&own).send().await;
    for body in [of_person, of_app.is(200).json()] {
        let token = body["access_token"].as_str().expect("a token");
        let entity = story.get("/api/v1/apps/verify_credentials").bearer(token).send().await.is(200).json();
        assert!(entity["id"].is_string());
        for (key, value) in [
            ("name", json!("Story App")),
            ("website", Value::Null),
            ("scopes", json!(["read", "push"])),
            ("redirect_uris", json!([CALLBACK, "app://cb"])),
            ("redirect_uri", json!(format!("{CALLBACK}\napp://cb"))),
            ("vapid_key", json!("")),
        ] {
            assert_eq!(entity.get(key), Some(&value), "{key}");
        }
        for secret in ["client_id", "client_secret", "client_secret_expires_at"] {
            assert_eq!(entity.get(secret), None, "{secret}");
        }
    }
});
