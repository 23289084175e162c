//! What `GET /oauth/authorize` makes of a request (Mastodon §5.1 to §5.4).

use std::time::Duration;

use tests::story;
use tests::story::{CALLBACK, query_of};

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

story!(authorize_with_invalid_client_id_or_redirect_uri_never_redirects, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    for (name, value, status, error) in [
        ("client_id", "", 400, "invalid_request"),
        ("client_id", "nobody", 401, "invalid_client"),
        ("redirect_uri", "", 400, "invalid_redirect_uri"),
        ("redirect_uri", "https://evil.example/cb", 400, "invalid_redirect_uri"),
        ("redirect_uri", "https://app.example/callback/", 400, "invalid_redirect_uri"),
        ("redirect_uri", "https://APP.example/callback", 400, "invalid_redirect_uri"),
        ("redirect_uri", "https://app.example:443/callback", 400, "invalid_redirect_uri"),
        ("redirect_uri", "https://app.example/callback?x=1", 400, "invalid_redirect_uri"),
    ] {
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[(name, value)]));
        for call in [story.get(&path), story.get(&path).session(&signed_in)] {
            let answer = call.send().await.is(status);
            assert!(answer.header("content-type").starts_with("text/html"));
            assert!(answer.body.contains(error), "{error} is named for developers");
            assert!(!answer.body.contains("evil.example"), "no way to the unverified place");
            assert!(answer.headers.get("location").is_none());
        }
    }
});

story!(authorize_with_other_invalid_parameter_redirects_error_to_app, |story| {
    let (person, app) = (story.person("ada").await, story.app(&format!("{CALLBACK}?keep=1 {OOB}"), "read write").await);
    let signed_in = story.sign_in(&person, &app).await;
    story.approve(&app).await;
    for (changes, error, description) in [
        (vec![("response_type", "")], "invalid_request", "Missing required parameter: response_type."),
        (
            vec![("response_type", "token")],
            "unsupported_response_type",
            "The authorization server does not support this response type.",
        ),
        (
            vec![("response_mode", "pigeon")],
            "unsupported_response_mode",
            "The authorization server does not support this response mode.",
        ),
        (vec![("scope", "admin:read")], "invalid_scope", "The requested scope is invalid, unknown, or malformed."),
        (vec![("scope", "read\nwrite")], "invalid_scope", "The requested scope is invalid, unknown, or malformed."),
        (vec![("scope", "read+write")], "invalid_scope", "The requested scope is invalid, unknown, or malformed."),
        (
            vec![("code_challenge", CHALLENGE)],
            "invalid_code_challenge_method",
            "The code_challenge_method must be S256.",
        ),
        (
            vec![("code_challenge", CHALLENGE), ("code_challenge_method", "plain")],
            "invalid_code_challenge_method",
            "The code_challenge_method must be S256.",
        ),
    ] {
        let mut changes = changes;
        changes.push(("state", "a b&c"));
        let path = format!("/oauth/authorize/?{}", app.authorize_query_with(&changes));
        for call in [story.get(&path), story.get(&path).session(&signed_in)] {
            let answer = call.send().await.is(302);
            let location = answer.location();
            assert!(location.as_str().starts_with("https://app.example/callback?keep=1&error="), "{location}");
            assert_eq!(query_of(&location, "error").as_deref(), Some(error));
            assert_eq!(query_of(&location, "error_description").as_deref(), Some(description));
            assert_eq!(query_of(&location, "state").as_deref(), Some("a b&c"));
            assert_eq!(query_of(&location, "iss"), None, "an app of Mastodon's route");
        }
        changes.push(("redirect_uri", OOB));
        let answer =
            story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&changes))).send().await.is(400);
        assert!(answer.body.contains(error), "out of band the person sees it");
    }
    let repeated = format!("/oauth/authorize?{}&scope=push", app.authorize_query());
    story.get(&repeated).send().await.is(400);
    let twice_the_same = format!("/oauth/authorize?{0}&{0}", app.authorize_query());
    story.get(&twice_the_same).send().await.is(200);
});

story!(authorize_without_session_shows_login_form_and_keeps_request, |story| {
    let app = story.usual_app().await;
    let changes = [("state", "s"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256"), ("nonce", "n")];
    let answer = story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&changes))).send().await.is(200);
    for part in ["name=\"identifier\"", "name=\"password\"", "name=\"form_token\"", "/api/auth/login?", "Story App"] {
        assert!(answer.markup().contains(part), "{part}");
    }
    for parameter in ["state=s", "code_challenge=", "code_challenge_method=S256", "nonce=n", "scope=read+write"] {
        assert!(answer.markup().contains(parameter), "{parameter} survives");
    }
    let without_scope =
        story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&[("scope", "")]))).send().await.is(200);
    assert!(without_scope.markup().contains("&scope=read\""), "the default is spelled out: the login route needs one");
});

story!(authorize_with_invalid_or_expired_session_cookie_shows_login, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    let path = format!("/oauth/authorize?{}", app.authorize_query());
    let mut forged = signed_in.clone();
    forged.cookie.truncate(forged.cookie.len() - 4);
    story.get(&path).session(&forged).send().await.is(200);
    let doubled = format!("jwt={}; jwt=other", signed_in.cookie);
    story.get(&path).header("cookie", &doubled).send().await.is(200);
    story.get(&path).session(&signed_in).send().await.is(302);
    story.advance_clock(Duration::from_secs(7 * 24 * 3600));
    story.get(&path).session(&signed_in).send().await.is(200);
});

story!(authorize_with_session_redirects_to_consent_page, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("state", "s"), ("scope", "read:accounts")]));
    let location = story.get(&path).session(&signed_in).send().await.is(302).location();
    assert_eq!(location.path(), "/oauth/consent");
    for (name, value) in [("application", "Story App"), ("scope", "read:accounts"), ("state", "s")] {
        assert_eq!(query_of(&location, name).as_deref(), Some(value));
    }
    let page = story.get(location.as_str()).session(&signed_in).send().await.is(200);
    for part in ["Story App", "app.example", "@ada", "Read-only access", "name=\"_method\"", "/api/auth/redirect?"] {
        assert!(page.markup().contains(part), "{part}");
    }
});

story!(authorize_with_prompt_max_age_or_force_login_asks_again, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    story.token(&person, &app).await;
    let signed_in = story.sign_in(&person, &app).await;
    for (changes, offers_to_go_on) in [
        (vec![("force_login", "true")], true),
        (vec![("prompt", "select_account")], true),
        (vec![("prompt", "login")], false),
        (vec![("max_age", "0")], false),
    ] {
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&changes));
        let page = story.get(&path).session(&signed_in).send().await.is(200);
        assert!(page.body.contains("name=\"password\"") && page.body.contains("ada"), "{changes:?}");
        assert_eq!(page.markup().contains("/oauth/authorize/continue?"), offers_to_go_on, "{changes:?}");
    }
    let consent = format!("/oauth/authorize?{}", app.authorize_query_with(&[("prompt", "consent")]));
    assert_eq!(story.get(&consent).session(&signed_in).send().await.is(302).location().path(), "/oauth/consent");
    for said_no in ["False", "0", "None", "off"] {
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("force_login", said_no)]));
        let location = story.get(&path).session(&signed_in).send().await.is(302).location();
        assert_eq!(location.host_str(), Some("app.example"), "consented before");
    }
});

story!(consent_is_remembered_only_for_https_redirect_uri_and_granted_scope, |story| {
    let person = story.person("ada").await;
    for (uri, remembered) in [
        (CALLBACK, true),
        ("http://app.example/cb", false),
        ("http://127.0.0.1/cb", false),
        ("https://localhost/cb", false),
        ("myapp://cb", false),
        (OOB, false),
    ] {
        let app = story.app(uri, "read write").await;
        story.token(&person, &app).await;
        let signed_in = story.sign_in(&person, &app).await;
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("scope", "read"), ("state", "s")]));
        let location = story.get(&path).session(&signed_in).send().await.is(302).location();
        assert_eq!(location.path() != "/oauth/consent", remembered, "{location}");
        if remembered {
            assert!(location.as_str().starts_with("https://app.example/callback?code="), "{location}");
            let code = query_of(&location, "code").expect("a code");
            story.redeem(&app, &code).await.is(200);
        }
    }
    let app = story.app(CALLBACK, "read write").await;
    let narrow = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", "read:accounts")])).await;
    let code = story.consent(&narrow, &app).await;
    story.redeem(&app, &code).await.is(200);
    let wider = format!("/oauth/authorize?{}", app.authorize_query());
    assert_eq!(story.get(&wider).session(&narrow).send().await.is(302).location().path(), "/oauth/consent");
});

story!(
    frontend_redirect_mode_sends_login_and_consent_to_frontend_routes,
    &[
        ("frontend.mode", "redirect"),
        ("frontend.url", "https://fe.example"),
        ("frontend.routes.login", "/login"),
        ("frontend.routes.consent", "/consent/"),
    ],
    |story| {
        let (person, app) = (story.person("ada").await, story.usual_app().await);
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("state", "s"), ("scope", "")]));
        let location = story.get(&path).send().await.is(302).location();
        assert!(location.as_str().starts_with("https://fe.example/login?client_id="), "{location}");
        assert_eq!(query_of(&location, "scope").as_deref(), Some("read"));
        let answer = story.log_in(&app.authorize_query(), &person.username, "wrong").await.is(302);
        assert!(answer.header("location").starts_with("https://fe.example/login?"));
        let answer = story
            .post(&format!("/api/auth/login?{}", app.authorize_query()))
            .header("origin", "https://fe.example")
            .header("sec-fetch-site", "same-site")
            .form(&[("identifier", &person.username), ("password", &person.password)])
            .send()
            .await
            .is(302);
        assert!(answer.header("location").starts_with("https://fe.example/consent?application=Story+App&"));
        let passed_on = story.get("/oauth/consent?application=x&code=y").send().await.is(302);
        assert_eq!(passed_on.header("location"), "https://fe.example/consent?application=x&code=y");
        let page = story.get("/oauth/authorize?client_id=nobody").send().await.is(401);
        assert!(page.header("content-type").starts_with("text/html"), "errors stay on our own page");
    }
);

story!(authorize_errors_setting_page_shows_error_instead_of_redirect, &[("oauth.authorize_errors", "page")], |story| {
    let app = story.usual_app().await;
    let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("response_type", "token")]));
    let page = story.get(&path).send().await.is(400);
    assert!(page.headers.get("location").is_none() && page.body.contains("unsupported_response_type"));
});

story!(
    frontend_login_page_gets_every_member_of_request_and_error,
    &[("frontend.mode", "redirect"), ("frontend.url", "https://fe.example"), ("frontend.routes.login", "/login")],
    |story| {
        let app = story.usual_app().await;
        let members = [
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "read write"),
            ("state", "a b&c=ü"),
            ("code_challenge", crate::token::CHALLENGE),
            ("code_challenge_method", "S256"),
            ("prompt", "login"),
            ("max_age", "60"),
            ("nonce", "n+1"),
            ("response_mode", "fragment"),
            ("lang", "de"),
        ];
        let errors = [("error", "invalid_grant"), ("error_description", "Invalid identifier or password")];
        for sent in [members.to_vec(), [&members[..], &errors].concat()] {
            let location = story.get(&tests::story::encode("/oauth/authorize", &sent)).send().await.is(302).location();
            assert_eq!((location.host_str(), location.path()), (Some("fe.example"), "/login"));
            let pairs: Vec<_> = location.query_pairs().into_owned().collect();
            let sent: Vec<_> = sent.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(pairs, sent, "each member once, in its order, and nothing else");
        }
        // A try that failed brings the same, and what went wrong.
        let query = tests::story::encode("", &members).trim_start_matches('?').to_owned();
        let location = story.log_in(&query, "nobody", "wrong").await.is(302).location();
        let pairs: Vec<_> = location.query_pairs().into_owned().collect();
        let wanted = [&members[..], &errors].concat();
        let wanted: Vec<_> = wanted.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(pairs, wanted);
    }
);
