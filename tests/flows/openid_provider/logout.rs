//! An app sends somebody here to sign out (FAC-144 to FAC-146, FAC-197).

use serde_json::{Value, json};
use tests::story;
use tests::story::{App, CALLBACK, CookieJar, Response, Story, encode, query_of};

use super::{id_token, id_token_in, is_signed_in, jar_of, openid_app, register, token_of};

const BACK: &str = "https://app.example/signed-out?x=1";

async fn app(story: &Story) -> App {
    openid_app(story, CALLBACK, json!({ "post_logout_redirect_uris": [BACK, "https://app.example/other"] })).await
}

/// The page of a request, in a browser.
async fn page(story: &Story, jar: &mut CookieJar, query: &[(&str, &str)]) -> Response {
    let answer = story.get(&encode("/oauth/logout", query)).cookies(jar).send().await;
    jar.keep(&answer);
    answer
}

/// Presses the button of a page.
async fn press(story: &Story, jar: &CookieJar, page: &Response) -> Response {
    let mut fields = Vec::new();
    for part in page.markup().split("<input type=\"hidden\" name=\"").skip(1) {
        let (name, rest) = part.split_once("\" value=\"").expect("a value");
        fields.push((name.to_owned(), rest.split('"').next().expect("a value").to_owned()));
    }
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    story.post("/oauth/logout").cookies(jar).form(&fields).send().await
}

story!(logout_page_ends_nothing_and_its_button_leads_back_to_the_app, |story| {
    let (ada, app) = (story.person("ada").await, app(&story).await);
    let told = id_token(&story, &ada, &app).await;
    let mut jar = jar_of(&told.signed_in);
    let query = [
        ("id_token_hint", &*told.token),
        ("post_logout_redirect_uri", BACK),
        ("state", "s t"),
        ("client_id", &app.client_id),
        ("logout_hint", "ada"),
    ];
    let shown = page(&story, &mut jar, &query).await.is(200);
    assert!(shown.markup().contains("data-posts-itself"), "the app means this very session");
    assert!(shown.body.contains("Relying Party") && shown.body.contains("@ada"), "{}", shown.body);
    assert!(is_signed_in(&story, &told.signed_in, &app).await, "a GET ends nothing");
    let answer = press(&story, &jar, &shown).await.is(302);
    let back = answer.location();
    assert!(back.as_str().starts_with(BACK), "{back}");
    assert_eq!((query_of(&back, "x").as_deref(), query_of(&back, "state").as_deref()), (Some("1"), Some("s t")));
    assert!(!is_signed_in(&story, &told.signed_in, &app).await);
    let removed = answer.set_cookie("jwt").expect("the cookie goes");
    assert!(removed.contains("Max-Age=0"), "{removed}");
    // Nobody is signed in any more: as after the end.
    let answer = page(&story, &mut CookieJar::default(), &query).await.is(302);
    assert!(answer.location().as_str().starts_with(BACK));
    let without_state = page(&story, &mut CookieJar::default(), &query[..2]).await.is(302);
    assert_eq!(without_state.location().as_str(), BACK);
});

story!(logout_by_a_post_of_the_app_asks_as_well, |story| {
    let (ada, app) = (story.person("ada").await, app(&story).await);
    let told = id_token(&story, &ada, &app).await;
    let form = [("id_token_hint", &*told.token), ("post_logout_redirect_uri", BACK), ("state", "s")];
    for origin in ["https://app.example", "null"] {
        let call = story.post("/oauth/logout").session(&told.signed_in).header("origin", origin);
        let answer = call.header("sec-fetch-site", "cross-site").form(&form).send().await.is(303);
        let there = answer.location();
        assert_eq!((there.path(), query_of(&there, "state").as_deref()), ("/oauth/logout", Some("s")));
        assert!(answer.cookie("jwt").is_none());
    }
    assert!(is_signed_in(&story, &told.signed_in, &app).await);
    // Nor does a form token of nobody end anything.
    for token in ["", "guessed"] {
        let form = [&form[..], &[("form_token", token)]].concat();
        let answer = story.post("/oauth/logout").session(&told.signed_in).form(&form).send().await;
        assert_ne!(answer.status, 302, "{token:?}");
    }
    assert!(is_signed_in(&story, &told.signed_in, &app).await);
});

story!(logout_never_leads_where_the_app_has_not_registered, |story| {
    let (ada, app) = (story.person("ada").await, app(&story).await);
    let told = id_token(&story, &ada, &app).await;
    let other = openid_app(&story, CALLBACK, json!({ "post_logout_redirect_uris": ["https://evil.example/"] })).await;
    let (hint, own) = (("id_token_hint", &*told.token), ("client_id", &*app.client_id));
    let forged = told.token.replace('.', "x.");
    for query in [
        vec![hint, ("post_logout_redirect_uri", "https://evil.example/")],
        vec![hint, ("post_logout_redirect_uri", "https://app.example/signed-out")],
        vec![hint, ("post_logout_redirect_uri", "https://app.example/signed-out?x=1&y=2")],
        vec![hint, ("post_logout_redirect_uri", "HTTPS://app.example/signed-out?x=1")],
        vec![hint, ("post_logout_redirect_uri", CALLBACK)],
        vec![hint, ("client_id", &*other.client_id), ("post_logout_redirect_uri", "https://evil.example/")],
        vec![hint, ("client_id", "nobody"), ("post_logout_redirect_uri", BACK)],
        vec![("id_token_hint", &forged), ("post_logout_redirect_uri", BACK)],
        vec![("id_token_hint", "rubbish"), own, ("post_logout_redirect_uri", BACK)],
    ] {
        let mut jar = jar_of(&told.signed_in);
        let shown = page(&story, &mut jar, &query).await.is(400);
        assert!(shown.body.contains("Sign out all the same"), "{query:?}");
        assert!(!shown.body.contains("data-posts-itself"), "{query:?}");
        assert!(is_signed_in(&story, &told.signed_in, &app).await, "{query:?}");
        // Whoever is signed out already stays here, too.
        let page = page(&story, &mut CookieJar::default(), &query).await.is(200);
        assert!(page.body.contains("You are signed out"), "{query:?}");
    }
    let mut jar = jar_of(&told.signed_in);
    let shown = page(&story, &mut jar, &[hint, ("post_logout_redirect_uri", "https://evil.example/")]).await;
    let done = press(&story, &jar, &shown).await.is(200);
    assert!(done.body.contains("You are signed out"), "all the same: {}", done.body);
    assert!(!is_signed_in(&story, &told.signed_in, &app).await);
});

story!(logout_without_a_hint_of_this_session_asks_and_stays_here, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, app(&story).await);
    let (hers, eves) = (id_token(&story, &ada, &app).await, id_token(&story, &eve, &app).await);
    let elsewhere = id_token(&story, &ada, &app).await;
    let back = ("post_logout_redirect_uri", BACK);
    // No hint at all: nobody knows who asks.
    for query in [vec![], vec![back], vec![("client_id", &*app.client_id), back]] {
        let mut jar = jar_of(&hers.signed_in);
        let shown = page(&story, &mut jar, &query).await.is(200);
        assert!(!shown.body.contains("data-posts-itself") && shown.body.contains("data-waits"), "{query:?}");
    }
    // Of another person, of another session of the same person: the button is the person's.
    for token in [&eves.token, &elsewhere.token] {
        let mut jar = jar_of(&hers.signed_in);
        let shown = page(&story, &mut jar, &[("id_token_hint", token), back]).await.is(200);
        assert!(!shown.body.contains("data-posts-itself"), "{}", shown.body);
    }
    assert!(is_signed_in(&story, &hers.signed_in, &app).await);
    let mut jar = jar_of(&hers.signed_in);
    let shown = page(&story, &mut jar, &[("client_id", &*app.client_id), back]).await.is(200);
    press(&story, &jar, &shown).await.is(200);
    assert!(!is_signed_in(&story, &hers.signed_in, &app).await);
    assert!(is_signed_in(&story, &elsewhere.signed_in, &app).await, "the other session goes on");
});

story!(logout_leaves_the_tokens_of_apps_and_shows_a_stale_form_again, |story| {
    let (ada, app) = (story.person("ada").await, app(&story).await);
    let told = id_token(&story, &ada, &app).await;
    let other = id_token_in(&story, &told.signed_in, &openid_app(&story, CALLBACK, json!({})).await).await;
    let token = story.token(&ada, &story.app(CALLBACK, "read").await).await;
    let mut jar = jar_of(&told.signed_in);
    let shown = page(&story, &mut jar, &[("id_token_hint", &*other.token), ("ui_locales", "de")]).await.is(200);
    assert!(shown.body.contains("abmelden?"), "{}", shown.body);
    let stale = [("form_token", "old"), ("id_token_hint", &*other.token)];
    let again = story.post("/oauth/logout").cookies(&jar).form(&stale).send().await.is(422);
    jar.keep(&again);
    assert!(!again.body.contains("data-posts-itself") && !token_of(&again).is_empty());
    press(&story, &jar, &again).await.is(200);
    story.verify(&token).await.is(200);
});

story!(logout_addresses_are_registered_by_the_rules_of_redirect_uris, |story| {
    let body = |more: Value| {
        let mut body = json!({ "redirect_uris": [CALLBACK] });
        for (name, value) in more.as_object().expect("members") {
            body[name] = value.clone();
        }
        body
    };
    let known = json!({
        "post_logout_redirect_uris": [BACK],
        "backchannel_logout_uri": "https://app.example/told?a=b",
        "backchannel_logout_session_required": true,
    });
    let answer = register(&story, body(known.clone())).await.is(201).json();
    for (name, value) in known.as_object().expect("members") {
        assert_eq!(&answer[name], value, "{name}");
    }
    let ten: Vec<_> = (0..10).map(|number| format!("https://app.example/{number}")).collect();
    let eleven: Vec<_> = (0..11).map(|number| format!("https://app.example/{number}")).collect();
    register(&story, body(json!({ "post_logout_redirect_uris": ten }))).await.is(201);
    for wrong in [
        json!({ "post_logout_redirect_uris": eleven }),
        json!({ "post_logout_redirect_uris": ["javascript:alert(1)"] }),
        json!({ "post_logout_redirect_uris": ["https://app.example/#x"] }),
        json!({ "post_logout_redirect_uris": ["urn:ietf:wg:oauth:2.0:oob"] }),
        json!({ "backchannel_logout_uri": "http://app.example/told" }),
        json!({ "backchannel_logout_uri": "https://other.example/told" }),
        json!({ "backchannel_logout_uri": "https://app.example:444/told" }),
        json!({ "backchannel_logout_uri": "https://u@app.example/told" }),
        json!({ "backchannel_logout_uri": "https://app.example/told#x" }),
        json!({ "backchannel_logout_uri": "https://127.0.0.1/told" }),
    ] {
        let refused = register(&story, body(wrong.clone())).await.is(400).json();
        assert_eq!(refused["error"], "invalid_client_metadata", "{wrong}");
    }
    let form = [
        ("client_name", "M"),
        ("redirect_uris", CALLBACK),
        ("scopes", "openid"),
        ("backchannel_logout_uri", "https://other.example/told"),
    ];
    story.post("/api/v1/apps").form(&form).send().await.is(422);
});

story!(logout_of_one_account_of_the_browser_leaves_the_others_and_a_hint_chooses_first, |story| {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, app(&story).await);
    let told = id_token(&story, &ada, &app).await;
    let mut jar = jar_of(&told.signed_in);
    let form = [("identifier", &*bob.username), ("password", &*bob.password)];
    let login = format!("/api/auth/login?{}", app.authorize_query());
    jar.keep(&story.post(&login).cookies(&jar).form(&form).send().await.is(302));
    // The chooser begins with whom the app means.
    let select = [("prompt", "select_account"), ("id_token_hint", &*told.token)];
    let chooser = story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&select))).cookies(&jar);
    let chooser = chooser.header("accept", "text/html").send().await.is(200).markup();
    let place = |name: &str| chooser.find(name).expect("a row");
    assert!(place("@ada") < place("@bob"), "{chooser}");
    // Signing out here is of whoever is signed in, and forgets that account alone.
    let shown = page(&story, &mut jar, &[("client_id", &app.client_id)]).await.is(200);
    assert!(shown.body.contains("@bob"), "{}", shown.body);
    jar.keep(&press(&story, &jar, &shown).await.is(200));
    let left = story.get("/api/auth/accounts").cookies(&jar).send().await.is(200).json();
    let names: Vec<&str> = left.as_array().expect("a list").iter().filter_map(|one| one["username"].as_str()).collect();
    assert_eq!(names, ["ada"], "{left}");
});
