//! Whom a request means (FAC-140, FAC-141).

use serde_json::json;
use tests::story;
use tests::story::{App, CALLBACK, Response, Story, query_of};

use super::{id_token, id_token_in, openid_app};

async fn ask(story: &Story, app: &App, more: &[(&str, &str)], cookie: Option<&tests::story::SignedIn>) -> Response {
    let query = app.authorize_query_with(&[&[("state", "s t")], more].concat());
    let call = story.get(&format!("/oauth/authorize?{query}"));
    match cookie {
        Some(browser) => call.session(browser).send().await,
        None => call.send().await,
    }
}

#[track_caller]
fn is_told(answer: Response, error: &str) {
    let location = answer.is(302).location();
    assert!(location.as_str().starts_with(&format!("{CALLBACK}?")), "{location}");
    let told = (query_of(&location, "error"), query_of(&location, "state"));
    assert_eq!(told, (Some(error.to_owned()), Some("s t".to_owned())), "{location}");
    assert!(query_of(&location, "iss").is_some() && !location.as_str().contains("_hint="), "{location}");
}

story!(hint_of_the_one_who_is_signed_in_asks_nothing_more, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story, CALLBACK, json!({})).await);
    let told = id_token(&story, &ada, &app).await;
    story.advance_clock(std::time::Duration::from_secs(7_200));
    // Expired, and of another app: it still says who is meant.
    let other = openid_app(&story, CALLBACK, json!({ "id_token_signed_response_alg": "EdDSA" })).await;
    let others = id_token_in(&story, &told.signed_in, &other).await;
    for token in [&told.token, &others.token] {
        for prompt in ["", "none"] {
            let answer =
                ask(&story, &app, &[("id_token_hint", token), ("prompt", prompt)], Some(&told.signed_in)).await;
            let location = answer.is(302).location();
            assert!(query_of(&location, "code").is_some(), "{location}");
            assert!(!location.as_str().contains("hint"), "{location}");
        }
    }
});

story!(hint_of_somebody_else_wants_a_sign_in_and_takes_no_other, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let app = openid_app(&story, CALLBACK, json!({})).await;
    let (hers, eves) = (id_token(&story, &ada, &app).await, id_token(&story, &eve, &app).await);
    let hint = [("id_token_hint", &*hers.token)];
    is_told(
        ask(&story, &app, &[&hint[..], &[("prompt", "none")]].concat(), Some(&eves.signed_in)).await,
        "login_required",
    );
    // Eve is not asked for consent: Ada is to sign in.
    let page = ask(&story, &app, &hint, Some(&eves.signed_in)).await.is(200);
    let markup = page.markup();
    assert!(markup.contains("account_hint=") && !markup.contains(&hers.token), "the token goes no further");
    assert!(!markup.contains("ada"), "a hint tells nobody who that is");
    let query = |markup: &str| {
        let (_, rest) = markup.split_once("/api/auth/login?").expect("a form");
        rest.split('"').next().expect("an address").to_owned()
    };
    let request = query(&markup);
    let wrong = story.log_in(&request, &eve.username, &eve.password).await.is(302);
    let back = wrong.location();
    assert_eq!(back.path(), "/oauth/authorize", "no consent page, and no code");
    let eve_now = tests::story::SignedIn {
        cookie: wrong.cookie("jwt").expect("a session: the password was right"),
        ..eves.signed_in.clone()
    };
    is_told(story.get(back.as_str()).session(&eve_now).send().await, "login_required");
    story.log_in(&request, &ada.username, &ada.password).await.signed_in();
});

story!(hint_that_is_no_id_token_of_ours_is_the_apps_mistake, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story, CALLBACK, json!({})).await);
    story.approve(&story.usual_app().await).await;
    let told = id_token(&story, &ada, &app).await;
    let (message, _) = told.token.rsplit_once('.').expect("a signature");
    let forged = format!("{message}.{}", "A".repeat(512));
    for wrong in ["rubbish", "a.b.c", &forged, &format!("{message}."), &told.signed_in.cookie] {
        for prompt in ["", "none"] {
            let more = [("id_token_hint", wrong), ("prompt", prompt)];
            is_told(ask(&story, &app, &more, Some(&told.signed_in)).await, "invalid_request");
        }
    }
    // Without openid the parameter means nothing.
    let plain = story.app(CALLBACK, "read").await;
    let query = plain.authorize_query_with(&[("id_token_hint", "rubbish")]);
    story.get(&format!("/oauth/authorize?{query}")).send().await.is(200);
});

story!(registration_in_a_request_is_not_supported_and_ui_locales_choose_the_language, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story, CALLBACK, json!({})).await);
    id_token(&story, &ada, &app).await;
    is_told(ask(&story, &app, &[("registration", "{}")], None).await, "registration_not_supported");
    let page = ask(&story, &app, &[("ui_locales", "xx fr de")], None).await.is(200);
    assert!(page.body.contains("<html lang=\"fr\""), "{}", page.body);
});

story!(name_that_the_app_suggests_fills_the_field_and_tells_nothing, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story, CALLBACK, json!({})).await);
    for name in [&*ada.username, "nobody", "a\"><b>@example.org"] {
        let page = ask(&story, &app, &[("login_hint", name)], None).await.is(200);
        let shown = name.replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;");
        assert!(page.markup().contains(&format!("value=\"{shown}\"")), "{name}: {}", page.body);
    }
    let long = "a".repeat(321);
    let page = ask(&story, &app, &[("login_hint", &long)], None).await.is(200);
    assert!(!page.body.contains(&format!("value=\"{long}\"")));
});

story!(request_by_a_form_of_the_app_is_the_same_by_get_and_never_consent, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story, CALLBACK, json!({})).await);
    let told = id_token(&story, &ada, &app).await;
    let form = [
        ("client_id", &*app.client_id),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("state", "s t"),
        ("nonce", "n"),
        ("prompt", "none"),
        ("max_age", "600"),
        ("evil", "x"),
    ];
    for (name, value) in [("origin", "https://app.example"), ("sec-fetch-site", "cross-site"), ("origin", "null")] {
        let call = story.post("/oauth/authorize").header(name, value).session(&told.signed_in);
        let there = call.form(&form).send().await.is(303).location();
        assert_eq!((there.path(), query_of(&there, "evil")), ("/oauth/authorize", None), "{there}");
        for (name, value) in &form[..8] {
            assert_eq!(query_of(&there, name).as_deref(), Some(*value), "{there}");
        }
        // Which the browser follows, and the cookie then counts as for any link.
        let back = story.get(there.as_str()).session(&told.signed_in).send().await.is(302).location();
        assert!(query_of(&back, "code").is_some(), "{back}");
    }
    // With a pending code it would be a yes in somebody else's name.
    let pending = story.sign_in(&ada, &app).await;
    for more in [("code", &*pending.code), ("form_token", "guessed")] {
        let form = [&form[..], &[more]].concat();
        let call = story.post("/oauth/authorize").header("origin", "https://app.example").session(&pending);
        call.form(&form).send().await.is(403);
    }
});
