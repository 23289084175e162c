//! Signing in with a password (Lysand §5).

use std::time::Duration;

use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::Standing;
use tests::http::http_client;
use tests::story;
use tests::story::{CALLBACK, CookieJar, Story, query_of};
use tests::{Person, TestClient};

story!(login_with_missing_or_malformed_parameter_is_refused, |story| {
    let app = story.usual_app().await;
    let path = |query: &str| format!("/api/auth/login?{query}");
    let full = [("identifier", "ada"), ("password", "secret")];
    for name in ["client_id", "redirect_uri", "response_type", "scope"] {
        let answer = story.post(&path(&app.authorize_query_with(&[(name, "")]))).form(&full).send().await;
        answer.is_api_error(422, &format!("Validation error: Required at \"{name}\""));
    }
    for (form, named) in [
        (vec![("identifier", "ada")], "password"),
        (vec![("password", "x")], "identifier"),
        (vec![("identifier", ""), ("password", "x")], "identifier"),
        (vec![("identifier", "ada"), ("password", "")], "password"),
    ] {
        let answer = story.post(&path(&app.authorize_query())).form(&form).send().await;
        answer.is_api_error(422, &format!("Validation error: Required at \"{named}\""));
    }
    let long = "x".repeat(1_025);
    let answer =
        story.post(&path(&app.authorize_query())).form(&[("identifier", "ada"), ("password", &long)]).send().await;
    answer.is_api_error(422, "Validation error: Too long at \"password\"");
    let answer = story.post(&path(&app.authorize_query())).body("text/plain", "identifier=ada").send().await.is(415);
    assert!(answer.json()["error"].is_string());
    story.post(&path(&app.authorize_query())).body("multipart/form-data", "x").send().await.is(400);
    let huge = "identifier=".to_owned() + &"x".repeat(70_000);
    story.post(&path(&app.authorize_query())).body("application/x-www-form-urlencoded", huge).send().await.is(413);
    let twice = path(&format!("{}&scope=follow", app.authorize_query()));
    story.post(&twice).form(&full).send().await.is(422);
    let in_the_url = path(&format!("{}&identifier=ada&password=x", app.authorize_query()));
    story.post(&in_the_url).send().await.is(422);
});

story!(login_checks_app_and_request_before_password, |story| {
    let app = story.usual_app().await;
    let answer = story.log_in(&app.authorize_query_with(&[("client_id", "nobody")]), "ada", "x").await;
    answer.is_api_error(400, "Invalid application");
    let foreign = app.authorize_query_with(&[("redirect_uri", "https://evil.example/"), ("state", "s")]);
    let answer = story.log_in(&foreign, "ada", "x").await;
    let answer = answer.is_login_error("invalid_request", "Redirect URI does not match client_id");
    assert_eq!(query_of(&answer.location(), "state").as_deref(), Some("s"));
    for (name, value, error, description) in [
        ("scope", "admin:read", "invalid_scope", "Invalid scope"),
        ("scope", "everything", "invalid_scope", "Invalid scope"),
        (
            "response_type",
            "token",
            "unsupported_response_type",
            "The authorization server does not support this response type.",
        ),
    ] {
        let answer = story.log_in(&app.authorize_query_with(&[(name, value)]), "ada", "x").await;
        answer.is_login_error(error, description);
    }
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let answer = story.log_in(&app.authorize_query_with(&[("code_challenge", challenge)]), "ada", "x").await;
    answer.is_login_error("invalid_request", "The code_challenge_method must be S256.");
});

story!(login_failures_do_not_reveal_which_part_was_wrong, |story| {
    let person = story.person("ada").await;
    let (unconfirmed, disabled) = (Person::named("bob"), story.person("eve").await);
    story.create(&unconfirmed, false).await;
    let account = story.account(&disabled).await;
    story.server().state().accounts.set_standing(&account.id, Standing::Disabled).await.expect("an answer");
    let app = story.usual_app().await;
    let query = app.authorize_query_with(&[("state", "a b")]);
    for (identifier, password) in [
        ("nobody", "x"),
        ("nobody@people.example", "x"),
        (person.username.as_str(), "wrong"),
        (&person.username, &person.password.to_uppercase()),
        (&unconfirmed.username, "wrong"),
        (&disabled.username, "wrong"),
        ("ada\u{0}", &person.password),
    ] {
        let answer = story.log_in(&query, identifier, password).await;
        let answer = answer.is_login_error("invalid_grant", "Invalid identifier or password");
        let location = answer.location();
        for (name, value) in [
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "read write"),
            ("state", "a b"),
        ] {
            assert_eq!(query_of(&location, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(query_of(&location, "password"), None);
    }
});

/// Signs in with the right password of accounts that may not act: each with what is said of it.
async fn sign_in_inactive(story: &Story, query: &str) -> Vec<(url::Url, &'static str)> {
    let (unconfirmed, pending, disabled) = (Person::named("bob"), Person::named("cleo"), story.person("eve").await);
    let accounts = story.server().state().accounts.clone();
    for (person, confirmed) in [(&unconfirmed, false), (&pending, true)] {
        story.create(person, confirmed).await;
    }
    for (person, standing) in
        [(&unconfirmed, Standing::Pending), (&pending, Standing::Pending), (&disabled, Standing::Suspended)]
    {
        let account = story.account(person).await;
        accounts.set_standing(&account.id, standing).await.expect("an answer");
    }
    let mut answers = Vec::new();
    for (person, told) in [(unconfirmed, None), (pending, None), (disabled, Some("This account is disabled."))] {
        let wrong = story.log_in(query, &person.username, "wrong").await.is(302).location();
        assert_eq!(query_of(&wrong, "error_description").as_deref(), Some("Invalid identifier or password"));
        let answer = story.log_in(query, &person.username, &person.password).await.is(302);
        assert_eq!((answer.cookie("jwt"), query_of(&answer.location(), "code")), (None, None));
        match told {
            Some(told) => answers.push((answer.location(), told)),
            None => assert_eq!(answer.location().path(), "/register/waiting"),
        }
    }
    answers
}

story!(login_with_right_password_of_inactive_account_says_what_is_the_matter, |story| {
    let app = story.usual_app().await;
    for (location, told) in sign_in_inactive(&story, &app.authorize_query_with(&[("state", "a b")])).await {
        assert_eq!(location.path(), "/oauth/authorize");
        for (name, value) in [("error", "access_denied"), ("error_description", told), ("state", "a b")] {
            assert_eq!(query_of(&location, name).as_deref(), Some(value), "{name}");
        }
        let page = story.get(location.as_str()).send().await.is(200).markup();
        assert!(page.contains(told) && page.contains("name=\"password\""), "{page}");
        for language in ["de", "es", "fr"] {
            let page = story.get(location.as_str()).header("accept-language", language).send().await.is(200).markup();
            assert!(page.contains("role=\"alert\"") && !page.contains(told), "{language}: {page}");
        }
    }
    // The same sentence in a link says nothing to somebody else's words.
    let link = format!("/oauth/authorize?{}&error=access_denied&error_description=Pay+here", app.authorize_query());
    assert!(!story.get(&link).send().await.is(200).body.contains("Pay here"));
});

story!(
    login_with_right_password_of_inactive_account_tells_the_frontend_too,
    &[("frontend.mode", "redirect"), ("frontend.url", "https://fe.example"), ("frontend.routes.login", "/login")],
    |story| {
        let app = story.usual_app().await;
        for (location, told) in sign_in_inactive(&story, &app.authorize_query()).await {
            assert_eq!((location.host_str(), location.path()), (Some("fe.example"), "/login"));
            for (name, value) in [("error", "access_denied"), ("error_description", told)] {
                assert_eq!(query_of(&location, name).as_deref(), Some(value), "{name}");
            }
        }
    }
);

story!(
    login_with_right_password_of_inactive_account_counts_as_no_failure,
    &[("ratelimit.enabled", "true"), ("ratelimit.login_account.max", "3")],
    |story| {
        let (person, app) = (story.person("ada").await, story.usual_app().await);
        let account = story.account(&person).await;
        let accounts = story.server().state().accounts.clone();
        accounts.set_standing(&account.id, Standing::Disabled).await.expect("an answer");
        for _ in 0..6 {
            let answer = story.log_in(&app.authorize_query(), &person.username, &person.password).await;
            answer.is_login_error("access_denied", "This account is disabled.");
        }
        accounts.set_standing(&account.id, Standing::Active).await.expect("an answer");
        story.sign_in(&person, &app).await;
    }
);

story!(login_with_handle_as_people_write_it_finds_the_account, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query();
    let base = url::Url::parse(story.base()).expect("a URL");
    let (host, port) = (base.host_str().expect("a host"), base.port().expect("a port"));
    for handle in
        ["@ada", "@ADA", " @ada ", &format!("@ada@{host}"), &format!("@Ada@{host}:{port}"), &format!("ada@{host}")]
    {
        let answer = story.log_in(&query, handle, &ada.password).await.is(302);
        assert_eq!(answer.location().path(), "/oauth/consent", "{handle}");
    }
    for foreign in [
        "@",
        "@@",
        "@@ada",
        "ada@",
        &format!("@{host}"),
        "@ada@elsewhere.example",
        "ada@elsewhere.example",
        &format!("@ada@x@{host}"),
        &format!("@ada@{host}.evil.example"),
        "@ada@people.example",
    ] {
        let answer = story.log_in(&query, foreign, &ada.password).await;
        answer.is_login_error("invalid_grant", "Invalid identifier or password");
    }
});

story!(
    login_with_address_at_own_host_tests_the_confirmed_owner_before_the_handle,
    &[("http.base_url", "https://social.example")],
    |story| {
        let client = TestClient::new(&format!("http://{}", story.server().addr()), &http_client(None));
        let app = client.register().await.expect("an app");
        let ada = story.person("ada").await;
        let confirmed = Person { email: "ada@social.example".into(), ..Person::named("bob") };
        let unconfirmed = Person { email: "eve@social.example".into(), ..Person::named("carol") };
        let eve = story.person("eve").await;
        story.create(&confirmed, true).await;
        story.create(&unconfirmed, false).await;
        let enters = async |identifier: &str, person: &Person| {
            let answer = client.log_in(&app.authorize_query(), identifier, &person.password).await;
            let answer = answer.expect("an answer").is(302);
            answer.location().path() == "/oauth/consent"
        };
        // A confirmed address is its owner's, and nobody else is tried; with a leading @ it is the handle.
        assert!(enters("ada@social.example", &confirmed).await);
        assert!(!enters("ada@social.example", &ada).await);
        assert!(enters("@ada@social.example", &ada).await);
        assert!(!enters("@ada@social.example", &confirmed).await);
        // An address that nobody confirmed takes no handle away.
        assert!(enters("eve@social.example", &eve).await);
        assert!(enters("bob@social.example", &confirmed).await);
        assert!(!enters("nobody@social.example", &ada).await);
    }
);

story!(
    login_failures_count_for_one_account_however_its_handle_is_written,
    &[("ratelimit.enabled", "true"), ("ratelimit.login_account.max", "4")],
    |story| {
        let (person, app) = (story.person("ada").await, story.usual_app().await);
        let host = url::Url::parse(story.base()).expect("a URL").host_str().expect("a host").to_owned();
        for spelling in ["ada", "@ada", &format!("@ada@{host}"), &format!("ada@{host}")] {
            story.log_in(&app.authorize_query(), spelling, "wrong").await.is(302);
        }
        story.log_in(&app.authorize_query(), "@ADA", &person.password).await.is(429);
    }
);

story!(login_success_redirects_to_consent_with_session_cookie, |story| {
    let person = story.person("ada").await;
    let form = [("client_name", "Ünï & co"), ("redirect_uris", "https://example.com"), ("scopes", "read write")];
    let app = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    let client_id = app["client_id"].as_str().expect("a client_id");
    let query = format!(
        "client_id={client_id}&redirect_uri=https://example.com&response_type=code&scope=read+write&state=x%26y&error=old"
    );
    for identifier in ["ada", "ADA", " Ada ", "ada@people.example", "ADA@People.example"] {
        let pairs = [("identifier", identifier), ("password", &*person.password)];
        let answer = story.post(&format!("/api/auth/login?{query}")).multipart(&pairs).send().await.is(302);
        let location = answer.location();
        assert!(answer.header("location").starts_with(story.base()), "absolute");
        assert_eq!(location.path(), "/oauth/consent");
        let pairs: Vec<(String, String)> = location.query_pairs().into_owned().collect();
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["application", "client_id", "redirect_uri", "response_type", "scope", "state", "code"]);
        assert_eq!(pairs[0].1, "Ünï & co");
        assert_eq!(pairs[2].1, "https://example.com");
        assert_eq!(pairs[5].1, "x&y");
        let cookie = answer.set_cookie("jwt").expect("a cookie");
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=604800"] {
            assert!(cookie.contains(attribute), "{attribute} in {cookie}");
        }
        assert!(!cookie.contains("Secure"), "plain http on loopback");
        assert!(answer.header("cache-control").contains("no-store"));
        assert_eq!(answer.header("pragma"), "no-cache");
    }
});

story!(login_from_other_origin_or_wrong_form_token_is_refused, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let path = format!("/api/auth/login?{}", app.authorize_query());
    let form = [("identifier", person.username.as_str()), ("password", &person.password)];
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
    ] {
        let answer = story.post(&path).header(name, value).form(&form).send().await.is(403);
        assert!(answer.json()["error"].is_string());
        assert_eq!(answer.cookie("jwt"), None);
    }
    let own = story.base().to_owned();
    story.post(&path).header("origin", &own).form(&form).send().await.is(302);
    story.post(&path).header("origin", "null").header("sec-fetch-site", "same-origin").form(&form).send().await.is(302);
    let wrong_token = [form[0], form[1], ("form_token", "guessed")];
    let answer = story.post(&path).form(&wrong_token).send().await.is(422);
    assert!(answer.header("content-type").starts_with("text/html"), "a page that offers to start over");
});

story!(login_problem_of_a_person_is_a_page_and_of_a_program_json, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let path = |query: &str| format!("/api/auth/login?{query}");
    let (usual, removed) = (path(&app.authorize_query()), path(&app.authorize_query_with(&[("client_id", "gone")])));
    let (name, password, long) = (person.username.as_str(), &*person.password, "x".repeat(1_025));
    let rest = app.authorize_query();
    for (path, form, header, status, title, start_over) in [
        (&usual, [("identifier", "  "), ("password", password)], None, 422, "That is not enough to sign in", true),
        (&usual, [("identifier", name), ("password", "")], None, 422, "That is not enough to sign in", true),
        (&usual, [("identifier", name), ("password", &long)], None, 422, "That is not enough to sign in", true),
        (&usual, [("identifier", &long), ("password", "x")], None, 422, "That is not enough to sign in", true),
        (
            &usual,
            [("identifier", name), ("password", password)],
            Some(("origin", "https://evil.example")),
            403,
            "This form came from elsewhere",
            true,
        ),
        (&removed, [("identifier", name), ("password", password)], None, 400, "This app is not known here", false),
    ] {
        let post = |accept: &str| {
            let request = story.post(path).header("accept", accept).form(&form);
            match header {
                Some((name, value)) => request.header(name, value),
                None => request,
            }
            .send()
        };
        let page = post("text/html,application/xhtml+xml,*/*;q=0.8").await.is(status);
        assert!(page.header("content-type").starts_with("text/html"), "{title}: {}", page.body);
        assert_eq!(page.cookie("jwt"), None);
        let markup = page.markup();
        assert!(markup.contains(title), "{title}: {markup}");
        assert_eq!(markup.contains(&format!("/oauth/authorize?{}", &rest[..20])), start_over, "{markup}");
        for accept in ["*/*", "application/json"] {
            let answer = post(accept).await.is(status);
            assert!(answer.json()["error"].is_string(), "{title}");
        }
    }
    let page = story.get(&format!("/oauth/sso?{rest}")).header("accept", "text/html").send().await;
    assert!(page.status.as_u16() < 500 && !page.body.starts_with('{'), "{} {}", page.status, page.body);
});

story!(login_from_other_origin_is_told_which_was_seen_and_which_expected, |story| {
    let path = format!("/api/auth/login?{}", story.usual_app().await.authorize_query());
    let form = [("identifier", "ada"), ("password", "x")];
    for (name, value, seen) in [
        ("origin", "https://evil.example", "https://evil.example"),
        ("origin", "http://social.example:8080", "http://social.example:8080"),
        ("origin", "null", "origin null"),
        ("origin", "Call 555-0199 now", "an unreadable origin"),
        ("origin", "https://evil.example/path", "an unreadable origin"),
        ("origin", "javascript:alert(1)", "an unreadable origin"),
        ("sec-fetch-site", "cross-site", "sec-fetch-site cross-site"),
        ("sec-fetch-site", "call-us", "an unreadable origin"),
    ] {
        let told = format!("This request came from another site: {seen}. Expected was {}.", story.base());
        let post = || story.post(&path).header(name, value).form(&form);
        post().send().await.is_api_error(403, &told);
        let page = post().header("accept", "text/html").send().await.is(403);
        assert!(page.markup().contains(&told), "{}", page.body);
    }
});

story!(login_rate_limit_counts_only_failed_attempts, &[("ratelimit.enabled", "true")], |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    for _ in 0..30 {
        story.sign_in(&person, &app).await;
    }
    let query = app.authorize_query();
    let guesses = (0..30).map(|_| story.log_in(&query, "Ada", "wrong"));
    let answers = futures_util::future::join_all(guesses).await;
    let refused = answers.iter().filter(|answer| answer.status == 429).count();
    assert_eq!(refused, 5, "25 guesses are tried, however many come at once");
    let answer = story.log_in(&app.authorize_query(), &person.username, &person.password).await.is(429);
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| wait >= 1));
    assert!(answer.json()["error"].is_string());
    let story = story.restart(&[]).await;
    story.log_in(&app.authorize_query(), "ada", "wrong").await.is(429);
    story.advance_clock(Duration::from_secs(3_600));
    story.sign_in(&person, &app).await;
});

story!(login_with_existing_session_ends_the_old_session, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let first = story.sign_in(&person, &app).await;
    let form = [("identifier", person.username.as_str()), ("password", &person.password)];
    let path = format!("/api/auth/login?{}", app.authorize_query());
    story.post(&path).session(&first).form(&form).send().await.is(302);
    let answer = story.decide(&first, &app).await;
    answer.is_login_error("invalid_request", "Invalid JWT, could not verify");
});

story!(login_refused_in_a_browser_keeps_the_typed_name_for_the_next_page_alone, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (query, mut jar) = (app.authorize_query(), CookieJar::default());
    let page = format!("/oauth/authorize?{query}");
    let get = async |jar: &mut CookieJar, path: &str| {
        let page = story.get(path).cookies(jar).header("accept", "text/html").send().await.is(200);
        jar.keep(&page);
        page
    };
    let odd = "ada\"><b>@x";
    for (identifier, password, kept) in [
        ("ada", "wrong", "value=\"ada\""),
        (" ada ", "wrong", "value=\"ada\""),
        (odd, "wrong", "value=\"ada&quot;&gt;&lt;b&gt;@x\""),
        ("ada", "", "value=\"ada\""),
    ] {
        let form = [("identifier", identifier), ("password", password)];
        let call = story.post(&format!("/api/auth/login?{query}")).cookies(&jar).header("accept", "text/html");
        let answer = call.form(&form).send().await;
        jar.keep(&answer);
        let next = if answer.status == 302 { answer.location().to_string() } else { page.clone() };
        assert!(!next.contains("ada"), "a name has no place in an address: {next}");
        assert!(get(&mut jar, &next).await.body.contains(kept), "{identifier}");
        assert!(!get(&mut jar, &next).await.body.contains(kept), "once is enough: {identifier}");
    }
    // Not too long for a name, nobody's after the right password, and none of a program's.
    let long = "a".repeat(321);
    for (identifier, password, accept) in [
        (long.as_str(), "wrong", "text/html"),
        ("ada", &*ada.password, "text/html"),
        ("ada", "wrong", "*/*;q=0.1, application/json"),
    ] {
        let form = [("identifier", identifier), ("password", password)];
        let call = story.post(&format!("/api/auth/login?{query}")).header("accept", accept);
        assert_eq!(call.form(&form).send().await.cookie("typed"), None, "{accept}");
    }
    assert!(!get(&mut CookieJar::default(), &page).await.body.contains("value=\"ada\""));
});
