//! Signing in with a password (Lysand §5).

use std::time::Duration;

use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::Standing;
use tests::Person;
use tests::story;
use tests::story::{CALLBACK, query_of};

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
        (&unconfirmed.username, &unconfirmed.password),
        (&disabled.username, &disabled.password),
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
