//! The checks of an authorization request in their order, what survives them, and what the pages say (Mastodon §3 to §5).

use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::Standing;
use tests::story;
use tests::story::{App, CALLBACK, Story, encode, query_of};

use crate::token::{CHALLENGE, VERIFIER};

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";

/// A mistake in one parameter, and what is said about it: status of a page, name, description.
type Mistake = ((&'static str, &'static str), u16, &'static str, &'static str);

/// The checks of Mastodon §5.2 in their order.
const CHECKS: [Mistake; 9] = [
    (("client_id", ""), 400, "invalid_request", "Missing required parameter: client_id."),
    (("client_id", "nobody"), 401, "invalid_client", crate::token::INVALID_CLIENT),
    (("redirect_uri", ""), 400, "invalid_redirect_uri", "The redirect uri included is not valid."),
    (("redirect_uri", "https://evil.example/"), 400, "invalid_redirect_uri", "The redirect uri included is not valid."),
    (("response_type", ""), 400, "invalid_request", "Missing required parameter: response_type."),
    (
        ("response_type", "token"),
        400,
        "unsupported_response_type",
        "The authorization server does not support this response type.",
    ),
    (
        ("response_mode", "pigeon"),
        400,
        "unsupported_response_mode",
        "The authorization server does not support this response mode.",
    ),
    (("scope", "admin:read"), 400, "invalid_scope", "The requested scope is invalid, unknown, or malformed."),
    (
        ("code_challenge_method", "plain"),
        400,
        "invalid_code_challenge_method",
        "The code_challenge_method must be S256.",
    ),
];
/// From here on the app is told.
const FIRST_FOR_THE_APP: usize = 4;

/// The query with this mistake and all later ones.
fn wrong_from(app: &App, first: usize) -> String {
    let mut changes = vec![("state", "a b"), ("code_challenge", CHALLENGE)];
    for ((name, value), ..) in &CHECKS[first..] {
        if !changes.iter().any(|(known, _)| known == name) {
            changes.push((name, value));
        }
    }
    app.authorize_query_with(&changes)
}

story!(authorize_with_several_errors_reports_first_failing_check, |story| {
    let person = story.person("ada").await;
    let apps = [story.usual_app().await, story.app("app://cb", "read").await, story.app(OOB, "read").await];
    let signed_in = story.sign_in(&person, &apps[0]).await;
    for app in &apps {
        story.approve(app).await;
    }
    for (number, (_, status, error, description)) in CHECKS.iter().enumerate() {
        for app in &apps {
            let path = format!("/oauth/authorize?{}", wrong_from(app, number));
            for call in [story.get(&path), story.get(&path).session(&signed_in)] {
                let answer = call.send().await;
                if number >= FIRST_FOR_THE_APP && app.redirect_uri != OOB {
                    let location = answer.is(302).location();
                    assert!(location.as_str().starts_with(&format!("{}?error=", app.redirect_uri)), "{location}");
                    for (name, value) in [("error", *error), ("error_description", description), ("state", "a b")] {
                        assert_eq!(query_of(&location, name).as_deref(), Some(value), "{location}");
                    }
                    continue;
                }
                let page = answer.is(*status);
                assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
                assert!(page.headers.get("location").is_none());
                let markup = page.markup();
                assert!(markup.contains(error) && markup.contains(description), "{error}: {markup}");
                assert!(!markup.contains("<form") && !markup.contains("evil.example"), "{markup}");
                assert!(!markup.contains("app://cb") && !markup.contains("app.example"), "{markup}");
            }
        }
    }
    let missing_method = apps[0].authorize_query_with(&[("code_challenge", CHALLENGE)]);
    let location = story.get(&format!("/oauth/authorize?{missing_method}")).send().await.is(302).location();
    assert_eq!(query_of(&location, "error").as_deref(), Some("invalid_code_challenge_method"));
    let no_challenge = apps[0].authorize_query_with(&[("code_challenge_method", "plain")]);
    story.get(&format!("/oauth/authorize?{no_challenge}")).send().await.is(200);
});

story!(authorize_state_is_returned_unchanged_and_blank_state_omitted, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let long = "0123456789 +%&=#?/ü☂\"<>".repeat(157);
    assert!((4_000..=4_096).contains(&long.len()), "{}", long.len());
    for state in [long.as_str(), "0", "null", " x ", "a\tb\r\nc", "[]"] {
        let query = app.authorize_query_with(&[("state", state)]);
        let signed_in = story.sign_in_with(&person, &query).await;
        let location = story.decide(&signed_in, &app).await.is(302).location();
        assert_eq!(query_of(&location, "state").as_deref(), Some(state));
        let wrong = app.authorize_query_with(&[("state", state), ("scope", "admin:read")]);
        let location = story.get(&format!("/oauth/authorize?{wrong}")).send().await.is(302).location();
        assert_eq!(query_of(&location, "state").as_deref(), Some(state));
    }
    for blank in ["", "+", "%20%20"] {
        let query = format!("{}&state={blank}", app.authorize_query());
        let signed_in = story.sign_in_with(&person, &query).await;
        let location = story.decide(&signed_in, &app).await.is(302).location();
        assert_eq!(query_of(&location, "state"), None, "{location}");
    }
});

/// What a request for a scope, as it stands in the URL, comes to.
async fn granted(story: &Story, app: &App, scope: &str) -> Result<String, String> {
    let path = format!("/oauth/authorize?{}&{scope}", app.authorize_query_with(&[("scope", "")]));
    let answer = story.get(&path).send().await;
    if answer.status == 302 {
        return Err(query_of(&answer.location(), "error").expect("an error"));
    }
    let page = answer.is(200).markup();
    let scope = page.split("scope=").nth(1).and_then(|rest| rest.split(['&', '"']).next()).expect("a scope");
    Ok(scope.replace('+', " ").replace("%3A", ":"))
}

story!(authorize_scope_is_space_separated_and_limited_to_app_scopes, |story| {
    let app = story.app(CALLBACK, "read write").await;
    story.approve(&app).await;
    for (scope, expected) in [
        ("scope=read+write", "read write"),
        ("scope=read%20write", "read write"),
        ("scope=write:media+read", "write:media read"),
        ("scope=", "read"),
        ("x=1", "read"),
        ("scope=+", "read"),
    ] {
        assert_eq!(granted(&story, &app, scope).await, Ok(expected.to_owned()), "{scope}");
    }
    for wrong in [
        "read%2Bwrite",
        "read%0Awrite",
        "read%09write",
        "read%0D%0Awrite",
        "read,write",
        "read;write",
        "READ",
        "reads",
        "read%00",
        "read%C2%A0write",
        "everything",
        "admin",
        "admin:read",
        "profile",
        "%22read%22",
    ] {
        let refused = granted(&story, &app, &format!("scope={wrong}")).await;
        assert_eq!(refused, Err("invalid_scope".to_owned()), "{wrong}");
    }
    let narrow = story.app(CALLBACK, "write:media push").await;
    story.approve(&narrow).await;
    assert_eq!(granted(&story, &narrow, "x=1").await, Ok("write:media push".to_owned()), "what the app has");
    assert!(granted(&story, &narrow, "scope=write").await.is_err(), "never the other way round");
});

story!(authorize_with_retired_scopes_drops_them_from_token, |story| {
    let (person, app) = (story.person("ada").await, story.app(CALLBACK, "read crypto").await);
    let asked = "read crypto read:reports read:me read:circles write:circles";
    let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", asked)])).await;
    let code = story.consent(&signed_in, &app).await;
    assert_eq!(story.redeem(&app, &code).await.is(200).json()["scope"], "read");
});

story!(authorize_and_consent_with_inactive_account_give_no_code, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    story.token(&person, &app).await;
    let account = story.account(&person).await;
    let accounts = story.server().state().accounts.clone();
    for (standing, told) in [(Standing::Disabled, Some("This account is disabled.")), (Standing::Pending, None)] {
        let signed_in = story.sign_in(&person, &app).await;
        accounts.set_standing(&account.id, standing).await.expect("an answer");
        // Consent was given before, so that a person who may act would be sent on with a code.
        let page =
            story.get(&format!("/oauth/authorize?{}", app.authorize_query())).session(&signed_in).send().await.is(200);
        assert!(page.body.contains("name=\"password\"") && !page.body.contains("@ada"), "{}", page.body);
        let consent = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(302);
        assert_eq!(consent.location().path(), "/oauth/authorize");
        story.decide(&signed_in, &app).await.is_login_error("invalid_request", "Invalid sub");
        let answer = story.log_in(&app.authorize_query(), &person.username, &person.password).await;
        match told {
            Some(told) => {
                answer.is_login_error("access_denied", told);
            }
            None => assert_eq!(answer.is(302).location().path(), "/register/waiting"),
        }
        accounts.set_standing(&account.id, Standing::Active).await.expect("an answer");
        story.decide(&signed_in, &app).await.is(302);
    }
});

story!(consent_page_shows_app_account_scopes_and_redirect_target, |story| {
    let person = story.person("ada").await;
    let handle = format!("@ada@{}", story.base().trim_start_matches("http://"));
    for (uri, said) in [
        (CALLBACK, "app.example"),
        ("http://plain.example/cb", "http://plain.example"),
        ("http://127.0.0.1:4711/cb", "127.0.0.1"),
        ("com.example.app:/cb", "com.example.app:"),
        (OOB, "code to copy"),
    ] {
        let form = [
            ("client_name", "Tuba ☂"),
            ("redirect_uris", uri),
            ("scopes", "read write:media"),
            ("website", "https://about.example/tuba"),
        ];
        let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
        let app = App {
            client_id: body["client_id"].as_str().expect("an id").into(),
            client_secret: body["client_secret"].as_str().expect("a secret").into(),
            redirect_uri: uri.into(),
            scopes: "read write:media".into(),
        };
        let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("state", "kept")])).await;
        let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200).markup();
        for part in ["Tuba ☂", "https://about.example/tuba", said, &handle, "Everything in your account", "Media"] {
            assert!(page.contains(part), "{part} in {page}");
        }
        let switch = page.split("href=\"/oauth/authorize?").nth(1).expect("a way to another account");
        let switch = switch.split('"').next().expect("a link");
        assert!(switch.contains("state=kept") && switch.contains(&app.client_id), "{switch}");
        let other = story.get(&format!("/oauth/authorize?{switch}")).session(&signed_in).send().await.is(200);
        assert!(other.body.contains("name=\"password\""), "{}", other.body);
    }
});

story!(authorization_request_survives_wrong_password_and_account_switch, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
    let whole = [
        ("state", "a b&c"),
        ("scope", "read:accounts"),
        ("nonce", "n"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("response_mode", "fragment"),
    ];
    let query = app.authorize_query_with(&whole);
    // A wrong password, and the sign-in page that it leads to.
    let wrong = story.log_in(&query, &ada.username, "wrong").await.is(302);
    let page = story.get(wrong.header("location")).send().await.is(200).markup();
    let action = page.split("action=\"/api/auth/login?").nth(1).and_then(|rest| rest.split('"').next());
    let action = action.expect("the form's action").to_owned();
    // Somebody signs in, is somebody else, and says so.
    let signed_in = story.sign_in_with(&eve, &action).await;
    let consent = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200).markup();
    let switch = consent.split("href=\"/oauth/authorize?").nth(1).and_then(|rest| rest.split('"').next());
    let chooser = story.get(&format!("/oauth/authorize?{}", switch.expect("a link"))).session(&signed_in).send().await;
    let chooser = chooser.is(200).markup();
    assert!(chooser.contains("@eve") && chooser.contains("/oauth/authorize/continue?"), "{chooser}");
    let action = chooser.split("action=\"/api/auth/login?").nth(1).and_then(|rest| rest.split('"').next());
    let signed_in = story.sign_in_with(&ada, action.expect("the form's action")).await;
    // The answer is what was asked for in the first place.
    let location = story.decide(&signed_in, &app).await.is(302).location();
    let answer: Vec<(String, String)> =
        form_urlencoded::parse(location.fragment().expect("a fragment").as_bytes()).into_owned().collect();
    assert_eq!((answer[0].0.as_str(), answer[1].1.as_str()), ("code", "a b&c"));
    let form = [app.code_form(&answer[0].1), vec![("code_verifier", VERIFIER)]].concat();
    let body = story.post("/oauth/token").form(&form).send().await.is(200).json();
    assert_eq!(body["scope"], "read:accounts");
    let account = story.verify(body["access_token"].as_str().expect("a token")).await.is(200).json();
    assert_eq!(account["username"], "ada");
});

story!(authorize_with_unknown_lang_falls_back_to_accept_language, |story| {
    let app = story.usual_app().await;
    for lang in ["None", "xx-YY", "../../etc/passwd", "<b>"] {
        for (accepted, spoken) in [("fr", "fr"), ("tlh", "en")] {
            let query = app.authorize_query_with(&[("lang", lang)]);
            let call = story.get(&format!("/oauth/authorize?{query}")).header("accept-language", accepted);
            let page = call.send().await.is(200);
            assert!(page.body.contains(&format!("<html lang=\"{spoken}\"")) && !page.body.contains("<b>"), "{lang}");
        }
    }
});

story!(token_with_padded_code_challenge_is_accepted, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let padded = format!("{CHALLENGE}=");
    let query = app.authorize_query_with(&[("code_challenge", &padded), ("code_challenge_method", "S256")]);
    let signed_in = story.sign_in_with(&person, &query).await;
    let code = story.consent(&signed_in, &app).await;
    let form = [app.code_form(&code), vec![("code_verifier", VERIFIER)]].concat();
    story.post("/oauth/token").form(&form).send().await.is(200);
    for wrong in ["short", &"A".repeat(44), &CHALLENGE.replace('-', "+")] {
        let query = app.authorize_query_with(&[("code_challenge", wrong), ("code_challenge_method", "S256")]);
        let location = story.get(&format!("/oauth/authorize?{query}")).send().await.is(302).location();
        assert_eq!(query_of(&location, "error").as_deref(), Some("invalid_request"), "{wrong}");
    }
});

story!(consent_and_login_with_invalid_form_token_show_error_page, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    let pairs = [("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("code", &signed_in.code)];
    let stale = [("form_token", "guessed")];
    let whole = [&pairs[..], &stale, &[("response_type", "code"), ("scope", "read")]].concat();
    let no = [&pairs[..], &stale, &[("_method", "delete")]].concat();
    for call in [
        story.post(&encode("/api/auth/redirect", &pairs)).form(&stale),
        story.post("/oauth/authorize").form(&whole),
        story.post("/oauth/authorize").form(&no),
        story.post(&format!("/api/auth/login?{}", app.authorize_query())).form(&[
            ("identifier", &person.username),
            ("password", &person.password),
            stale[0],
        ]),
    ] {
        let page = call.session(&signed_in).send().await.is(422);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert!(page.markup().contains("/oauth/authorize?client_id="), "a way to start over: {}", page.body);
    }
    story.decide(&signed_in, &app).await.is(302);
});

story!(authorize_error_of_app_that_nobody_let_in_is_shown_with_its_host_as_link, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own_scheme = story.app("com.example.app:/cb", "read").await;
    let ask = |app: &App, more: &[(&str, &str)]| {
        let more = [&[("response_type", "nonsense"), ("state", "a&b")], more].concat();
        story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&more)))
    };
    for (app, more, link, host) in [
        (&app, &[][..], "https://app.example/callback?error=unsupported_response_type&", "app.example"),
        (
            &app,
            &[("response_mode", "fragment")],
            "https://app.example/callback#error=unsupported_response_type&",
            "app.example",
        ),
        (&own_scheme, &[], "com.example.app:/cb?error=unsupported_response_type&", "com.example.app"),
    ] {
        let page = ask(app, more).send().await.is(400);
        assert_eq!(page.header("location"), "");
        let markup = page.markup();
        assert!(markup.contains(&format!("href=\"{link}")) && markup.contains("state=a%26b"), "{markup}");
        assert!(markup.contains(&format!(">{host}</")), "{markup}");
    }
    let page = ask(&app, &[("response_mode", "form_post")]).send().await.is(400);
    assert!(!page.markup().contains("app.example"), "a link posts nothing: {}", page.body);
    // Somebody who is signed in came for the app, or it is let in already, or no page may be shown.
    let signed_in = story.sign_in(&ada, &app).await;
    ask(&app, &[]).session(&signed_in).send().await.is(302);
    ask(&app, &[]).send().await.is(400);
    let openid = story.app(CALLBACK, "openid read").await;
    let silent = [("prompt", "none"), ("scope", "openid")];
    let location = ask(&openid, &silent).send().await.is(302).location();
    assert_eq!(query_of(&location, "error").as_deref(), Some("unsupported_response_type"));
    story.consent(&signed_in, &app).await;
    let location = ask(&app, &[]).send().await.is(302).location();
    assert_eq!(location.host_str(), Some("app.example"));
});
