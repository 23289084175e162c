//! Headers, escaping and form tokens of the pages (Mastodon §19, security AS-3, WEB-6, WEB-7).

use tests::story;
use tests::story::{CALLBACK, encode, query_of};

story!(pages_send_security_headers_and_forbid_framing, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    for path in [
        format!("/oauth/authorize?{}", app.authorize_query_with(&[("force_login", "1")])),
        signed_in.consent.to_string(),
    ] {
        let page = story.get(&path).session(&signed_in).send().await.is(200);
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("form-action") && !policy.contains("unsafe"), "{policy}");
        for (name, value) in [
            ("x-frame-options", "DENY"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "unsafe-none"),
            ("cache-control", "private, no-store"),
            ("content-type", "text/html; charset=utf-8"),
        ] {
            assert_eq!(page.header(name), value, "{name}");
        }
        assert_eq!(page.header("access-control-allow-origin"), "");
        let form_cookie = page.set_cookie("form").expect("the cookie of the form token");
        assert!(form_cookie.contains("HttpOnly") && form_cookie.contains("SameSite=Lax"), "{form_cookie}");
    }
    let head =
        story.call(reqwest::Method::HEAD, &format!("/oauth/authorize?{}", app.authorize_query())).send().await.is(200);
    assert_eq!(head.body, "");
});

story!(consent_page_is_shown_only_to_its_own_session, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
    let pending = story.sign_in(&ada, &app).await;
    let other = story.sign_in(&eve, &app).await;
    let path = pending.consent.as_str();
    let answer = story.get(path).send().await.is(302);
    assert_eq!(answer.location().path(), "/oauth/authorize", "signed out: sign in first");
    assert_eq!(query_of(&answer.location(), "client_id"), Some(app.client_id.clone()));
    let page = story.get(path).session(&other).send().await.is(400);
    assert!(!page.body.contains("@ada") && !page.body.contains("@eve"));
    let forged = encode(
        "/oauth/consent",
        &[
            ("application", "Your bank"),
            ("website", "javascript:alert(1)"),
            ("scope", "admin:write"),
            ("code", &pending.code),
        ],
    );
    let page = story.get(&forged).session(&pending).send().await.is(200);
    assert!(!page.body.contains("Your bank") && page.body.contains("Story App"), "what the database says is shown");
    story.decide(&pending, &app).await.is(302);
    story.get(path).session(&pending).send().await.is(400);
});

story!(pages_escape_app_name_and_ignore_error_description, |story| {
    let person = story.person("ada").await;
    let name = "<img src=x onerror=alert(1)>\"'&";
    let form = [
        ("client_name", name),
        ("redirect_uris", CALLBACK),
        ("website", "https://x.example/\"><script>alert(1)</script>"),
    ];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    let app = tests::story::App {
        client_id: body["client_id"].as_str().expect("an id").into(),
        client_secret: body["client_secret"].as_str().expect("a secret").into(),
        redirect_uri: CALLBACK.into(),
        scopes: "read".into(),
    };
    let signed_in = story.sign_in(&person, &app).await;
    let hostile =
        [("state", "\"><script>alert(1)</script>"), ("error", "x"), ("error_description", "<b>Request 555</b>")];
    for path in [format!("/oauth/authorize?{}", app.authorize_query_with(&hostile)), signed_in.consent.to_string()] {
        let page = story.get(&path).session(&signed_in).send().await.is(200);
        assert!(!page.body.contains("<img src=x") && !page.body.contains("<script>alert"), "{}", page.body);
        assert!(!page.body.contains("Request 555"), "a sentence in the URL is nobody's");
        assert!(page.body.contains("&lt;img src=x"), "the name is shown as it is");
    }
});

story!(consent_page_quotes_app_name_on_its_own_line_and_names_host_of_website, |story| {
    let ada = story.person("ada").await;
    let name = "this server to keep you signed in and";
    let form = [("client_name", name), ("redirect_uris", CALLBACK), ("website", "https://аpple.example/sign-in")];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    let app = tests::story::App::registered(&body, CALLBACK, "read");
    let signed_in = story.sign_in(&ada, &app).await;
    let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200).markup();
    assert!(page.contains(&format!("<p class=\"app\"><q><bdi>{name}</bdi></q></p>")), "{page}");
    assert!(page.contains("<h1>Allow this app to use your account?</h1>"), "{page}");
    assert!(page.contains("<bdi>xn--pple-43d.example</bdi>"), "{page}");
    for (field, value) in [
        ("client_name", "App\u{2028}this server"),
        ("client_name", "App\u{115F}"),
        ("website", "https://bank.example@evil.example/"),
        ("website", "https://a.example/\u{202E}gpj"),
    ] {
        let form = form.map(|pair| if pair.0 == field { (field, value) } else { pair });
        story.post("/api/v1/apps").form(&form).send().await.is(422);
    }
});

story!(form_token_is_bound_to_the_browser_cookie, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query();
    let page = story.get(&format!("/oauth/authorize?{query}")).send().await.is(200);
    let token = page.hidden("form_token");
    let form_cookie = page.cookie("form").expect("a cookie");
    let form = [("identifier", person.username.as_str()), ("password", &person.password), ("form_token", &token)];
    let post = || story.post(&format!("/api/auth/login?{query}"));
    post().form(&form).send().await.is(422);
    post().header("cookie", "form=other").form(&form).send().await.is(422);
    post().header("cookie", &format!("form={form_cookie}")).form(&form).send().await.is(302);

    let signed_in = story.sign_in(&person, &app).await;
    let go_on = || story.post(&format!("/oauth/authorize/continue?{query}"));
    go_on().session(&signed_in).send().await.is(422);
    let cookies = format!("form={form_cookie}; jwt={}", signed_in.cookie);
    go_on().header("cookie", &cookies).form(&[("form_token", &token)]).send().await.is(422);
    let again = format!("/oauth/authorize?{query}&prompt=select_account");
    let token = story.get(&again).header("cookie", &cookies).send().await.is(200).hidden("form_token");
    let answer = go_on().header("cookie", &cookies).form(&[("form_token", &token)]).send().await.is(302);
    assert_eq!(answer.location().path(), "/oauth/consent");
    let answer = go_on().header("cookie", &format!("form={form_cookie}")).form(&[("form_token", &token)]).send().await;
    assert_eq!(answer.is(302).location().path(), "/oauth/authorize", "signed out in between");
});

story!(form_token_changes_with_the_account_that_is_signed_in, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
    let signed_in = [story.sign_in(&ada, &app).await, story.sign_in(&eve, &app).await];
    let page = story.get("/").send().await.is(200);
    let form_cookie = page.cookie("form").expect("a cookie");
    let cookies = |person: usize| format!("form={form_cookie}; jwt={}", signed_in[person].cookie);
    let mut tokens = vec![page.hidden("form_token")];
    for person in [0, 1] {
        let page = story.get("/").header("cookie", &cookies(person)).send().await.is(200);
        assert_eq!(page.cookie("form"), None, "the cookie stays");
        tokens.push(page.hidden("form_token"));
    }
    let query = app.authorize_query();
    for (token, accepted) in tokens.iter().zip([false, true, false]) {
        let call = story.post(&format!("/oauth/authorize/continue?{query}")).header("cookie", &cookies(0));
        call.form(&[("form_token", token)]).send().await.is(if accepted { 302 } else { 422 });
    }
    // A sign-in form may have been shown before somebody signed in in another tab.
    for (token, accepted) in tokens.iter().zip([true, true, false]) {
        let call = story.post(&format!("/api/auth/login?{query}")).header("cookie", &cookies(0));
        let form = [("identifier", "eve"), ("password", &*eve.password), ("form_token", token)];
        call.form(&form).send().await.is(if accepted { 302 } else { 422 });
    }
});

story!(setup_link_with_repeated_token_shows_page_of_invalid_link, |story| {
    for query in ["?token=a&token=b", "?token=a", ""] {
        let page = story.get(&format!("/setup{query}")).send().await.is(410);
        assert!(page.header("content-type").starts_with("text/html"), "{query}: {}", page.body);
    }
});

story!(form_target_refusal_is_a_page_for_a_person_and_json_for_a_program, &[("demo.enabled", "true")], |story| {
    let query = story.usual_app().await.authorize_query();
    let targets = [
        format!("/api/auth/login?{query}"),
        format!("/api/auth/redirect?{query}&code=x"),
        format!("/oauth/authorize/continue?{query}"),
        "/api/auth/mastodon-logout".to_owned(),
        "/account/confirm".to_owned(),
        "/account/link".to_owned(),
        "/account/language".to_owned(),
        "/demo/start".to_owned(),
        "/oauth/sso/link/confirm".to_owned(),
        "/oauth/authorized_applications/x".to_owned(),
    ];
    let told = format!("This request came from another site: https://evil.example. Expected was {}.", story.base());
    let person = "text/html,application/xhtml+xml,*/*;q=0.8";
    for target in &targets {
        let foreign = |accept: &str| {
            let call = story.post(target).header("origin", "https://evil.example").header("accept", accept);
            call.form(&[("a", "b")]).send()
        };
        let page = foreign(person).await.is(403);
        assert!(page.header("content-type").starts_with("text/html"), "{target}: {:?}", page.headers);
        assert!(page.markup().contains(&told), "{target}: {}", page.body);
        assert_eq!(page.header("access-control-allow-origin"), "", "{target}");
        // Confirmations and "continue as" are for people alone.
        let for_people = ["/oauth/sso", "/oauth/authorize/continue", "/account/confirm"];
        if !for_people.iter().any(|path| target.starts_with(path)) {
            let told_program = foreign("application/json").await;
            assert!(told_program.header("content-type").starts_with("application/json"), "{target}");
            // The login names the kind as well, as every step of a sign-in does (FAC-44).
            match target.starts_with("/api/auth/login") {
                true => {
                    let body = told_program.is(403).json();
                    assert_eq!(body, serde_json::json!({ "error": told, "code": "foreign" }));
                }
                false => drop(told_program.is_api_error(403, &told)),
            }
        }
    }
    // Who opens such an address by itself, or posts more than a form has.
    for target in targets.iter().chain([&"/setup".to_owned()]) {
        let has_page = ["/oauth/sso/link/confirm", "/account/confirm", "/setup"].contains(&target.as_str());
        if !has_page {
            let page = story.get(target).header("accept", person).send().await.is(405);
            assert!(page.header("content-type").starts_with("text/html"), "{target}: {:?}", page.headers);
            assert!(page.header("allow").contains("POST") || page.header("allow").contains("DELETE"), "{target}");
            assert!(story.get(target).send().await.is(405).json()["error"].is_string(), "{target}");
        }
        let big = format!("a={}", "x".repeat(70_000));
        let big = story.post(target).header("accept", person).body("application/x-www-form-urlencoded", big);
        let page = big.send().await;
        assert_eq!(page.status, 413, "{target}");
        assert!(page.header("content-type").starts_with("text/html"), "{target}: {:?}", page.headers);
    }
    let big = format!("issuer={}", "x".repeat(70_000));
    for (accept, content_type) in [(person, "text/html"), ("application/json", "application/json")] {
        let call = story.post("/oauth/sso").header("accept", accept);
        let answer = call.body("application/x-www-form-urlencoded", big.clone()).send().await.is(413);
        assert!(answer.header("content-type").starts_with(content_type), "{:?}", answer.headers);
    }
});
