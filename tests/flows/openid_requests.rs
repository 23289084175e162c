//! OpenID Connect's parameters of an authorization request (faults A8, FAC-135 to FAC-139, FAC-141).

use std::time::Duration;

use tests::Person;
use tests::story;
use tests::story::{App, CALLBACK, Response, SignedIn, Story, query_of};

async fn openid_app(story: &Story) -> App {
    story.app(CALLBACK, "openid profile read").await
}

fn ask(story: &Story, app: &App, more: &[(&str, &str)], browser: Option<&SignedIn>) -> tests::story::Request {
    let query = app.authorize_query_with(&[&[("scope", "openid"), ("state", "s t")], more].concat());
    let call = story.get(&format!("/oauth/authorize?{query}"));
    match browser {
        Some(browser) => call.session(browser),
        None => call,
    }
}

/// Demands that the app was told, and no page was shown.
#[track_caller]
fn is_told(answer: Response, error: &str) {
    let location = answer.is(302).location();
    assert!(location.as_str().starts_with(&format!("{CALLBACK}?")), "{location}");
    assert_eq!(query_of(&location, "error").as_deref(), Some(error), "{location}");
    assert_eq!(query_of(&location, "state").as_deref(), Some("s t"), "{location}");
    assert!(query_of(&location, "iss").is_some(), "{location}");
}

async fn granted(story: &Story, person: &Person, app: &App) -> SignedIn {
    let signed_in = story.sign_in_with(person, &app.authorize_query_with(&[("scope", "openid")])).await;
    let code = story.consent(&signed_in, app).await;
    story.redeem(app, &code).await.is(200);
    signed_in
}

story!(prompt_none_with_openid_answers_app_without_page, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story).await);
    let none = [("prompt", "none")];
    is_told(ask(&story, &app, &none, None).send().await, "login_required");
    let cookie = SignedIn { cookie: "rubbish".into(), ..story.sign_in(&ada, &app).await };
    is_told(ask(&story, &app, &none, Some(&cookie)).send().await, "login_required");

    let first = story.sign_in_with(&ada, &app.authorize_query_with(&[("scope", "openid")])).await;
    is_told(ask(&story, &app, &none, Some(&first)).send().await, "consent_required");
    let signed_in = granted(&story, &ada, &app).await;
    let location = ask(&story, &app, &none, Some(&signed_in)).send().await.is(302).location();
    assert_eq!(query_of(&location, "state").as_deref(), Some("s t"));
    assert_eq!(query_of(&location, "prompt"), None, "never echoed");
    story.redeem(&app, &query_of(&location, "code").expect("a code")).await.is(200);
    // More than was granted needs a page.
    let more = [("prompt", "none"), ("scope", "openid profile")];
    let query = app.authorize_query_with(&[&more[..], &[("state", "s t")]].concat());
    let answer = story.get(&format!("/oauth/authorize?{query}")).session(&signed_in).send().await;
    is_told(answer, "consent_required");

    // How long ago somebody proved who they are.
    story.advance_clock(Duration::from_secs(100));
    let with_age = |age| [("prompt", "none"), ("max_age", age)];
    ask(&story, &app, &with_age("100"), Some(&signed_in)).send().await.is(302).location();
    is_told(ask(&story, &app, &with_age("99"), Some(&signed_in)).send().await, "login_required");
    is_told(ask(&story, &app, &with_age("0"), Some(&signed_in)).send().await, "login_required");
    is_told(ask(&story, &app, &with_age("soon"), Some(&signed_in)).send().await, "invalid_request");

    for prompt in ["none login", "consent none", "none none2", "none select_account"] {
        for browser in [None, Some(&signed_in)] {
            is_told(ask(&story, &app, &[("prompt", prompt)], browser).send().await, "invalid_request");
        }
    }
    story.post("/api/auth/mastodon-logout").session(&signed_in).send().await.is(303);
    is_told(ask(&story, &app, &none, Some(&signed_in)).send().await, "login_required");
});

story!(prompt_none_asks_every_time_where_receiver_is_not_proven, |story| {
    let ada = story.person("ada").await;
    let app = story.app("myapp://callback", "openid").await;
    let signed_in = granted(&story, &ada, &app).await;
    let query = app.authorize_query_with(&[("prompt", "none")]);
    let location = story.get(&format!("/oauth/authorize?{query}")).session(&signed_in).send().await.is(302).location();
    assert_eq!(query_of(&location, "error").as_deref(), Some("consent_required"));
});

story!(prompt_none_without_openid_or_after_error_shows_page, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story).await);
    let page = ask(&story, &app, &[("prompt", "none"), ("scope", "read")], None).send().await.is(200);
    assert!(page.markup().contains("/api/auth/login?"), "as Lysand's frontends need it");
    ask(&story, &app, &[("prompt", "none"), ("error", "invalid_grant")], None).send().await.is(200);
    // The form that such a page posts to takes it as well.
    let query = app.authorize_query_with(&[("prompt", "none"), ("scope", "openid")]);
    story.log_in(&query, &ada.username, &ada.password).await.signed_in();
});

story!(
    prompt_none_with_settings_that_show_errors_still_shows_no_page,
    &[("oauth.authorize_errors", "page")],
    |story| {
        let app = openid_app(&story).await;
        is_told(ask(&story, &app, &[("prompt", "none")], None).send().await, "login_required");
        is_told(
            ask(&story, &app, &[("prompt", "none"), ("response_type", "token")], None).send().await,
            "unsupported_response_type",
        );
        ask(&story, &app, &[("response_type", "token")], None).send().await.is(400);
    }
);

story!(prompt_is_a_list_of_words_and_unknown_ones_mean_nothing, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story).await);
    let signed_in = granted(&story, &ada, &app).await;
    for (prompt, leads_to) in [
        ("login consent", "sign-in"),
        ("consent select_account", "sign-in"),
        ("consent", "consent"),
        ("x consent y", "consent"),
        ("create", "sign-up"),
        ("register", "app"),
        ("LOGIN", "app"),
    ] {
        let answer = ask(&story, &app, &[("prompt", prompt)], Some(&signed_in)).send().await;
        match leads_to {
            "sign-in" => drop(answer.is(200)),
            "sign-up" => assert_eq!(answer.is(302).location().path(), "/register"),
            "consent" => assert_eq!(answer.is(302).location().path(), "/oauth/consent", "{prompt}"),
            _ => assert!(query_of(&answer.is(302).location(), "code").is_some(), "{prompt}"),
        }
    }
});

story!(request_objects_are_refused_by_their_own_names, |story| {
    let app = openid_app(&story).await;
    story.approve(&app).await;
    for (name, error) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
    ] {
        is_told(ask(&story, &app, &[(name, "https://app.example/request.jwt")], None).send().await, error);
        is_told(ask(&story, &app, &[(name, "x"), ("prompt", "none")], None).send().await, error);
    }
    for ignored in ["claims", "display", "acr_values", "login_hint", "ui_locales"] {
        ask(&story, &app, &[(ignored, "x")], None).send().await.is(200);
    }
    let page = ask(&story, &app, &[("ui_locales", "fr-CA fr en")], None).send().await.is(200);
    assert_eq!(page.header("content-language"), "fr");
    let page = ask(&story, &app, &[("ui_locales", "fr"), ("lang", "de")], None).send().await.is(200);
    assert_eq!(page.header("content-language"), "de");
});

story!(prompt_none_with_hint_of_somebody_else_requires_sign_in, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, openid_app(&story).await);
    let query = app.authorize_query_with(&[("scope", "openid")]);
    let mut found = Vec::new();
    for person in [&ada, &eve] {
        let signed_in = story.sign_in_with(person, &query).await;
        let code = story.consent(&signed_in, &app).await;
        let token = story.redeem(&app, &code).await.is(200).json()["id_token"].as_str().expect("a token").to_owned();
        found.push((signed_in, token));
    }
    // A token that has expired says who is meant all the same.
    story.advance_clock(Duration::from_secs(24 * 3_600));
    let [(ada, hers), (_, another)] = &found[..] else { panic!("two") };
    let silent = |hint: &str| ask(&story, &app, &[("prompt", "none"), ("id_token_hint", hint)], Some(ada)).send();
    let location = silent(hers).await.is(302).location();
    assert!(query_of(&location, "code").is_some() && query_of(&location, "id_token_hint").is_none(), "{location}");
    is_told(silent(another).await, "login_required");
    for bad in ["rubbish", &ada.cookie, &format!("{hers}x"), "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."] {
        is_told(silent(bad).await, "invalid_request");
    }
});
