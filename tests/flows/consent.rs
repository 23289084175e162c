//! A person decides: as documented, as existing frontends send it, and no (Lysand §6, §7, Mastodon §5.5, §5.6).

use std::time::Duration;

use reqwest::Method;
use tests::story;
use tests::story::{CALLBACK, SignedIn, encode, query_of};

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";

story!(consent_without_required_parameter_or_session_cookie_is_refused, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    for name in ["client_id", "redirect_uri", "code"] {
        let mut pairs =
            vec![("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("code", signed_in.code.as_str())];
        pairs.retain(|(known, _)| *known != name);
        let answer = story.post(&encode("/api/auth/redirect", &pairs)).session(&signed_in).send().await;
        answer.is_api_error(422, &format!("Validation error: Required at \"{name}\""));
    }
    let pairs = [("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("code", &signed_in.code)];
    let path = encode("/api/auth/redirect", &pairs);
    story.post(&path).send().await.is_login_error("invalid_request", "No jwt cookie was sent in the request");
    let answer = story.post(&path).header("cookie", "jwt=rubbish").send().await;
    answer.is_login_error("invalid_request", "Invalid JWT, could not verify");
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        story.post(&path).header(name, value).session(&signed_in).send().await.is(403);
    }
    story.get(&path).session(&signed_in).send().await.is(405);
    story.decide(&signed_in, &app).await.is(302);
});

story!(consent_with_foreign_used_or_expired_code_is_refused, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
    let other_app = story.usual_app().await;
    let pending = story.sign_in(&ada, &app).await;
    let not_mine = story.sign_in(&eve, &app).await;
    story.redeem(&app, &pending.code).await.is(400);

    let mut stolen = not_mine.clone();
    stolen.code.clone_from(&pending.code);
    story.decide(&stolen, &app).await.is_login_error("invalid_grant", "Invalid code");
    let mut unknown = pending.clone();
    unknown.code = "A".repeat(43);
    story.decide(&unknown, &app).await.is_login_error("invalid_grant", "Invalid code");
    story.decide(&pending, &other_app).await.is_login_error("invalid_grant", "Invalid code");
    let mut elsewhere = app.clone();
    elsewhere.redirect_uri = "https://evil.example/".into();
    let answer = story.decide(&pending, &elsewhere).await;
    answer.is_login_error("invalid_request", "Redirect URI does not match client_id");

    let first = story.decide(&pending, &app).await.is(302).location();
    assert_eq!(story.decide(&pending, &app).await.is(302).location(), first, "the second yes is the first");
    let late = story.sign_in(&ada, &app).await;
    story.advance_clock(Duration::from_secs(601));
    story.decide(&late, &app).await.is_login_error("invalid_grant", "Invalid code");
});

story!(consent_submitted_concurrently_issues_only_one_code, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    let tries = (0..20).map(|_| story.decide(&signed_in, &app));
    let answers = futures_util::future::join_all(tries).await;
    let codes: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| query_of(&answer.location(), "code")).collect();
    assert_eq!(codes.len(), 1, "each press leads to the app with the same code");
});

story!(authorization_response_appends_code_and_state_to_redirect_uri, |story| {
    let person = story.person("ada").await;
    for (uri, start) in [
        ("https://app.example", "https://app.example?code="),
        ("https://app.example/", "https://app.example/?code="),
        ("https://app.example/cb?x=%20&code=old", "https://app.example/cb?x=%20&code="),
        ("myapp://cb", "myapp://cb?code="),
        ("icecubesapp://", "icecubesapp://?code="),
    ] {
        let app = story.app(uri, "read write").await;
        let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("state", "a+b c&d=ü")])).await;
        let answer = story.decide(&signed_in, &app).await.is(302);
        let location = answer.header("location");
        assert!(location.starts_with(start), "{location}");
        let names: Vec<String> = answer.location().query_pairs().map(|(name, _)| name.into_owned()).collect();
        assert_eq!(names[names.len() - 2..], ["code", "state"], "{location}");
        assert_eq!(query_of(&answer.location(), "state").as_deref(), Some("a+b c&d=ü"));
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("cache-control").contains("no-store"));
    }
    let app = story.app("http://127.0.0.1/cb", "read").await;
    let signed_in =
        story.sign_in_with(&person, &app.authorize_query_with(&[("redirect_uri", "http://127.0.0.1:4711/cb")])).await;
    let with_port = tests::story::App { redirect_uri: "http://127.0.0.1:4711/cb".into(), ..app };
    let location = story.decide(&signed_in, &with_port).await.is(302).location();
    assert!(location.as_str().starts_with("http://127.0.0.1:4711/cb?code="), "{location}");
});

story!(out_of_band_consent_shows_code_page_and_rejects_malformed_code, |story| {
    let person = story.person("ada").await;
    let app = story.app(OOB, "read").await;
    let signed_in = story.sign_in(&person, &app).await;
    let location = story.decide(&signed_in, &app).await.is(302).location();
    assert!(location.as_str().starts_with(&format!("{}/oauth/authorize/native?code=", story.base())), "{location}");
    let code = query_of(&location, "code").expect("a code");
    let get = |path: &str, code: &str| story.get(&encode(path, &[("code", code)])).session(&signed_in).send();
    for path in ["/oauth/authorize/native", "/oauth/code", "/oauth/code/"] {
        let page = get(path, &code).await.is(200);
        assert!(page.body.contains(&code));
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        for odd in ["", "<script>alert(1)</script>", "short", &"x".repeat(200)] {
            let page = get(path, odd).await.is(400);
            assert!(!page.body.contains("<script>alert"));
        }
    }
    story.advance_clock(Duration::from_secs(599));
    get("/oauth/code", &code).await.is(200);
    story.redeem(&app, &code).await.is(200);
    get("/oauth/code", &code).await.is(400);
});

story!(code_page_shows_only_a_code_that_this_session_was_just_given, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (app, site) = (story.app(OOB, "read").await, story.usual_app().await);
    let (signed_in, other) = (story.sign_in(&ada, &app).await, story.sign_in(&eve, &app).await);
    let waiting = story.sign_in(&ada, &app).await;
    let code = story.consent(&signed_in, &app).await;
    let again = story.sign_in(&ada, &site).await;
    let for_site = story.consent(&again, &site).await;
    let shows = async |code: &str, browser: Option<&SignedIn>| {
        let call = story.get(&encode("/oauth/authorize/native", &[("code", code)]));
        let page = match browser {
            Some(browser) => call.session(browser),
            None => call,
        };
        let page = page.send().await;
        assert_eq!(page.header("referrer-policy"), "no-referrer");
        assert_eq!(page.status == 200, page.body.contains(code), "{code}: {}", page.body);
        page.status == 200
    };
    assert!(shows(&code, Some(&signed_in)).await);
    for (code, browser) in [
        (code.as_str(), None),
        (&code, Some(&other)),
        (&code, Some(&waiting)),
        ("call-0900-1234567-now", Some(&signed_in)),
        ("abcdefghijklmnop", None),
        (&waiting.code, Some(&waiting)),
        (&for_site, Some(&again)),
    ] {
        assert!(!shows(code, browser).await, "{code}");
    }
    story.advance_clock(Duration::from_secs(601));
    assert!(!shows(&code, Some(&signed_in)).await, "it is over");
});

story!(consent_posted_to_oauth_authorize_by_frontend_issues_code, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    let full = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "read"),
        ("state", "test-state"),
        ("application", "x"),
        ("website", ""),
        ("client_secret", "whatever"),
        ("max_age", "604800"),
        ("code", &signed_in.code),
    ];
    let post = || story.post("/oauth/authorize");
    post().form(&full).send().await.is_login_error("invalid_request", "No cookies were sent with the request");
    let answer = post().header("cookie", "x=y").form(&full).send().await;
    answer.is_login_error("invalid_request", "No jwt cookie was sent in the request");
    let answer = post().header("cookie", "jwt=x").form(&full).send().await;
    let answer = answer.is_login_error("invalid_request", "Invalid JWT, could not verify");
    assert_eq!(query_of(&answer.location(), "state").as_deref(), Some("test-state"), "the body's fields come back");
    for (name, value, error, description) in [
        ("response_type", "pigeon", "invalid_request", "Invalid response_type, must ask for code, token, or id_token"),
        (
            "redirect_uri",
            "",
            "invalid_request",
            "Redirect URI is required for code flow (can be urn:ietf:wg:oauth:2.0:oob)",
        ),
        ("client_id", "nobody", "invalid_client", "Invalid client_id or client_secret"),
        ("redirect_uri", "https://evil.example", "invalid_request", "Redirect URI does not match client_id"),
        ("scope", "readonly", "invalid_scope", "Invalid scope"),
        ("scope", "admin:read", "invalid_scope", "Invalid scope"),
    ] {
        let changed = full.map(|pair| if pair.0 == name { (name, value) } else { pair });
        let answer = post().session(&signed_in).form(&changed).send().await;
        answer.is_login_error(error, description);
    }
    for name in ["client_id", "response_type"] {
        let without: Vec<_> = full.into_iter().filter(|pair| pair.0 != name).collect();
        let answer = post().session(&signed_in).form(&without).send().await;
        answer.is_api_error(422, &format!("Validation error: Required at \"{name}\""));
    }
    post().session(&signed_in).header("origin", "https://evil.example").form(&full).send().await.is(403);
    post().session(&signed_in).body("text/plain", "x").send().await.is(415);

    let answer = post().session(&signed_in).form(&full).send().await.is(302);
    let location = answer.location();
    assert!(location.as_str().starts_with("https://app.example/callback?code="), "{location}");
    assert_eq!(query_of(&location, "state").as_deref(), Some("test-state"));
    let code = query_of(&location, "code").expect("a code");
    assert_eq!(story.redeem(&app, &code).await.is(200).json()["scope"], "read");
    story.decide(&signed_in, &app).await.is_login_error("invalid_grant", "Invalid code");

    let json = serde_json::json!({
        "client_id": app.client_id, "response_type": "code", "redirect_uri": CALLBACK, "scope": "read write",
    });
    let answer = post().session(&signed_in).json(&json).send().await.is(302);
    assert_eq!(answer.location().host_str(), Some("app.example"));
});

story!(authorize_denied_redirects_with_access_denied, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("state", "s")])).await;
    let form = [("_method", "delete"), ("code", signed_in.code.as_str()), ("client_id", &app.client_id)];
    let foreign = story.post("/oauth/authorize").header("origin", "https://evil.example");
    foreign.session(&signed_in).form(&form).send().await.is(403);
    let answer = story.post("/oauth/authorize").session(&signed_in).form(&form).send().await.is(302);
    let location = answer.location();
    assert!(location.as_str().starts_with("https://app.example/callback?error=access_denied&"), "{location}");
    assert_eq!(query_of(&location, "state").as_deref(), Some("s"));
    assert_eq!(
        query_of(&location, "error_description").as_deref(),
        Some("The resource owner or authorization server denied the request.")
    );
    story.decide(&signed_in, &app).await.is_login_error("invalid_grant", "Invalid code");

    let whole = [("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("state", "t")];
    let call = || story.call(Method::DELETE, "/oauth/authorize").session(&signed_in);
    assert_eq!(call().form(&whole).send().await.is(302).location().host_str(), Some("app.example"));
    let odd = [whole[0], ("redirect_uri", "https://evil.example/")];
    let page = call().form(&odd).send().await.is(400);
    assert!(page.headers.get("location").is_none());

    let app = story.app(OOB, "read").await;
    let signed_in = story.sign_in(&person, &app).await;
    let form = [("_method", "delete"), ("code", signed_in.code.as_str())];
    let page = story.post("/oauth/authorize").session(&signed_in).form(&form).send().await.is(403);
    assert!(page.header("content-type").starts_with("text/html"));
});

story!(sign_out_voids_codes_and_ends_only_this_session, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    let approved = story.sign_in(&person, &app).await;
    let code = story.consent(&approved, &app).await;
    let sign_out = || story.post("/api/auth/mastodon-logout").session(&approved);
    sign_out().header("origin", "https://evil.example").send().await.is(403);
    let answer = sign_out().send().await.is(303);
    assert_eq!(answer.header("location"), format!("{}/", story.base()));
    for name in ["jwt", "_session_id"] {
        assert!(answer.set_cookie(name).is_some_and(|line| line.contains("Max-Age=0")), "{name}");
    }
    story.redeem(&app, &code).await.is(400);
    story.decide(&approved, &app).await.is_login_error("invalid_request", "Invalid JWT, could not verify");
    story.decide(&signed_in, &app).await.is(302);
});

story!(consent_racing_sign_out_leaves_no_code_that_can_be_redeemed, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let mut approved = 0;
    for _ in 0..20 {
        let signed_in = story.sign_in(&person, &app).await;
        let form = [
            ("client_id", app.client_id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "read"),
        ];
        let consents = (0..4).map(|_| story.post("/oauth/authorize").session(&signed_in).form(&form).send());
        let sign_out = story.post("/api/auth/mastodon-logout").session(&signed_in).send();
        let (answers, ended) = tokio::join!(futures_util::future::join_all(consents), sign_out);
        ended.is(303);
        for code in answers.iter().filter_map(|answer| query_of(&answer.location(), "code")) {
            approved += 1;
            story.redeem(&app, &code).await.is(400);
        }
    }
    assert!(approved > 0, "no consent came before the session ended");
});
