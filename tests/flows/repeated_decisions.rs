//! Consent forms that come twice, late, or after another tab decided: nobody is told of a mistake that the app did not make
//! (faults A1), and a form that carries the request itself is what its pending code was asked for (faults A15).

use std::time::Duration;

use tests::story;
use tests::story::{App, CALLBACK, Response, SignedIn, Story, encode, query_of};

use crate::token::{CHALLENGE, VERIFIER};

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Every member of the app's request, as the sign-in page gets it.
fn whole(app: &App) -> Vec<(&str, &str)> {
    vec![
        ("client_id", &app.client_id),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "read write"),
        ("state", "s t&t"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("nonce", "n"),
        ("response_mode", "fragment"),
    ]
}

/// Demands that the sign-in page begins with the whole request, and shows it.
async fn is_begun_anew(story: &Story, answer: Response, app: &App, signed_in: &SignedIn) {
    let location = answer.is(302).location();
    assert_eq!(location.path(), "/oauth/authorize", "{location}");
    for (name, value) in whole(app) {
        assert_eq!(query_of(&location, name).as_deref(), Some(value), "{name} in {location}");
    }
    let page = story.get(location.as_str()).session(signed_in).send().await.is(200);
    assert!(page.markup().contains("action=\"/api/auth/login?"), "{}", page.body);
}

/// What a frontend's form carries that leaves the rest to the pending code.
fn bare<'a>(app: &'a App, code: &'a str) -> [(&'static str, &'a str); 5] {
    [
        ("client_id", &app.client_id),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "read"),
        ("code", code),
    ]
}

fn allow(story: &Story, signed_in: &SignedIn, app: &App) -> tests::story::Request {
    let pairs = [("client_id", app.client_id.as_str()), ("redirect_uri", &app.redirect_uri), ("code", &signed_in.code)];
    story.post(&encode("/api/auth/redirect", &pairs)).session(signed_in)
}

fn deny(story: &Story, signed_in: &SignedIn) -> tests::story::Request {
    let form = [("_method", "delete"), ("code", signed_in.code.as_str())];
    story.post("/oauth/authorize").session(signed_in).form(&form)
}

async fn signed_in(story: &Story, app: &App) -> SignedIn {
    let person = story.person(&format!("p{}", &app.client_id[..8].replace(['-', '_'], "x").to_lowercase())).await;
    story.sign_in_with(&person, &app.authorize_query_with(&whole(app))).await
}

story!(consent_given_twice_leads_to_app_with_same_code, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("state", "s")])).await;
    let first = allow(&story, &signed_in, &app).send().await.is(302).location();
    story.advance_clock(Duration::from_secs(30));
    let second = allow(&story, &signed_in, &app).send().await.is(302).location();
    assert_eq!(first, second);
    assert_eq!(query_of(&second, "state").as_deref(), Some("s"));
    let code = query_of(&second, "code").expect("a code");
    assert_ne!(code, signed_in.code, "what stands in the address of the consent page opens nothing");
    story.redeem(&app, &signed_in.code).await.is(400);

    // Another session, another app or another redirect URI gets nothing by it.
    let eve = story.person("eve").await;
    let mut stolen = story.sign_in(&eve, &app).await;
    stolen.code.clone_from(&signed_in.code);
    allow(&story, &stolen, &app).send().await.is_login_error("invalid_grant", "Invalid code");
    let other = story.usual_app().await;
    allow(&story, &signed_in, &other).send().await.is_login_error("invalid_grant", "Invalid code");
    // Nor does the code that the app got stand for a request.
    let app_code = SignedIn { code: code.clone(), ..signed_in.clone() };
    allow(&story, &app_code, &app).send().await.is_login_error("invalid_grant", "Invalid code");

    story.redeem(&app, &code).await.is(200);
    // The app has what it asked for: to send the code again would revoke it.
    allow(&story, &signed_in, &app).send().await.is_login_error("invalid_grant", "Invalid code");
    story.redeem(&app, &code).await.is(400);
});

story!(consent_given_twice_after_code_lifetime_begins_anew, |story| {
    let app = story.usual_app().await;
    let signed_in = signed_in(&story, &app).await;
    allow(&story, &signed_in, &app).send().await.is(302);
    story.advance_clock(Duration::from_secs(61));
    let answer = allow(&story, &signed_in, &app).send().await;
    is_begun_anew(&story, answer, &app, &signed_in).await;
});

story!(consent_given_concurrently_has_one_code_that_is_redeemed_once, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    let words = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "read write"),
        ("code", &signed_in.code),
    ];
    let by_form = (0..10).map(|_| story.post("/oauth/authorize").session(&signed_in).form(&words).send());
    let tries = (0..10).map(|_| allow(&story, &signed_in, &app).send());
    let (some, others) = tokio::join!(futures_util::future::join_all(tries), futures_util::future::join_all(by_form));
    let mut codes: Vec<_> = some.iter().chain(&others).map(|answer| query_of(&answer.location(), "code")).collect();
    codes.dedup();
    assert_eq!(codes.len(), 1, "{codes:?}");
    let code = codes[0].clone().expect("a code");
    let tries = (0..10).map(|_| story.redeem(&app, &code));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
});

story!(decision_after_the_other_decision_begins_anew_with_whole_request, |story| {
    let app = story.usual_app().await;
    let denied = signed_in(&story, &app).await;
    deny(&story, &denied).send().await.is(302);
    let answer = allow(&story, &denied, &app).send().await;
    is_begun_anew(&story, answer, &app, &denied).await;
    // A second no is the same no.
    let again = deny(&story, &denied).send().await.is(302).header("location").to_owned();
    assert!(
        again.starts_with(&format!("{CALLBACK}#error=access_denied")) && again.contains("state=s+t%26t"),
        "{again}"
    );

    let app = story.usual_app().await;
    let allowed = signed_in(&story, &app).await;
    let code = allow(&story, &allowed, &app).send().await.is(302);
    let answer = deny(&story, &allowed).send().await;
    is_begun_anew(&story, answer, &app, &allowed).await;
    let code = code.header("location").split("#code=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code");
    let form = [app.code_form(code), vec![("code_verifier", VERIFIER)]].concat();
    story.post("/oauth/token").form(&form).send().await.is(200);
});

story!(decision_that_comes_too_late_or_without_session_begins_anew_with_whole_request, |story| {
    let app = story.usual_app().await;
    let late = signed_in(&story, &app).await;
    story.advance_clock(Duration::from_secs(601));
    for answer in [allow(&story, &late, &app).send().await, deny(&story, &late).send().await] {
        is_begun_anew(&story, answer, &app, &late).await;
    }

    let app = story.usual_app().await;
    let ended = signed_in(&story, &app).await;
    story.post("/api/auth/mastodon-logout").session(&ended).send().await.is(303);
    for answer in [allow(&story, &ended, &app).send().await, deny(&story, &ended).send().await] {
        is_begun_anew(&story, answer, &app, &ended).await;
    }
    let pairs = [("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("code", &ended.code)];
    let answer = story.post(&encode("/api/auth/redirect", &pairs)).send().await;
    is_begun_anew(&story, answer, &app, &ended).await;
    // The consent page, opened once more: over, and its link begins the whole request.
    let page = story.get(&encode("/oauth/consent", &[("code", &late.code)])).session(&ended).send().await.is(302);
    assert_eq!(query_of(&page.location(), "state").as_deref(), Some("s t&t"));
});

story!(sign_in_page_after_forgotten_request_shows_page_and_tells_app_nothing, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&person, &app).await;
    let unknown = SignedIn { code: "A".repeat(43), ..signed_in.clone() };
    let answer = allow(&story, &unknown, &app).send().await.is_login_error("invalid_grant", "Invalid code");
    for browser in [story.get(answer.header("location")), story.get(answer.header("location")).session(&signed_in)] {
        let page = browser.send().await.is(400);
        assert!(page.body.contains("This request is over"), "{}", page.body);
    }
});

story!(two_tabs_with_sign_ins_of_their_own_both_reach_their_apps, |story| {
    let (ada, app, other) = (story.person("ada").await, story.usual_app().await, story.usual_app().await);
    let first = story.sign_in(&ada, &app).await;
    let form = [("identifier", ada.username.as_str()), ("password", &ada.password)];
    let query = other.authorize_query();
    let second = story.post(&format!("/api/auth/login?{query}")).session(&first).form(&form).send().await.signed_in();
    let first = SignedIn { cookie: second.cookie.clone(), ..first };
    let page = story.get(&encode("/oauth/consent", &[("code", &first.code)])).session(&first).send().await.is(200);
    assert!(page.body.contains("Story App"));
    for (tab, app) in [(first, &app), (second, &other)] {
        let code = query_of(&allow(&story, &tab, app).send().await.is(302).location(), "code").expect("a code");
        story.redeem(app, &code).await.is(200);
    }

    // Somebody else's sign-in in the same browser takes nothing over.
    let waits = story.sign_in(&ada, &app).await;
    let eve = story.person("eve").await;
    let form = [("identifier", eve.username.as_str()), ("password", &eve.password)];
    let hers = story.post(&format!("/api/auth/login?{query}")).session(&waits).form(&form).send().await.signed_in();
    let taken = SignedIn { cookie: hers.cookie, ..waits };
    allow(&story, &taken, &app).send().await.is_login_error("invalid_grant", "Invalid code");
});

story!(out_of_band_code_is_shown_again_after_second_press, |story| {
    let (person, app) = (story.person("ada").await, story.app(OOB, "read").await);
    let signed_in = story.sign_in(&person, &app).await;
    let first = allow(&story, &signed_in, &app).send().await.is(302).location();
    let second = allow(&story, &signed_in, &app).send().await.is(302).location();
    assert_eq!((first.path(), &first), ("/oauth/authorize/native", &second));
    story.redeem(&app, &query_of(&first, "code").expect("a code")).await.is(200);
});

story!(
    frontend_login_page_gets_whole_request_after_lost_decision,
    &[("frontend.url", "https://front.example"), ("frontend.mode", "redirect")],
    |story| {
        let app = story.usual_app().await;
        let person = story.person("ada").await;
        let query = app.authorize_query_with(&whole(&app));
        let answer = story.log_in(&query, &person.username, &person.password).await.is(302);
        let code = query_of(&answer.location(), "code").expect("a pending code");
        let cookie = answer.cookie("jwt").expect("a cookie");
        let signed_in = SignedIn { cookie, code, consent: answer.location() };
        deny(&story, &signed_in).send().await.is(302);
        let bare = encode(
            "/api/auth/redirect",
            &[("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("code", &signed_in.code)],
        );
        for lost in [story.post(&bare).session(&signed_in), story.post(&bare)] {
            let location = lost.send().await.is(302).location();
            assert!(location.as_str().starts_with("https://front.example/"), "{location}");
            for (name, value) in whole(&app) {
                assert_eq!(query_of(&location, name).as_deref(), Some(value), "{name} in {location}");
            }
            assert!(query_of(&location, "error").is_some() && query_of(&location, "error_description").is_some());
        }
    }
);

story!(consent_form_without_challenge_keeps_that_of_pending_code, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query_with(&whole(&app));
    for (name, value) in [
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cX"),
        ("nonce", "another"),
        ("response_mode", "query"),
    ] {
        let signed_in = story.sign_in_with(&ada, &query).await;
        let form = [&bare(&app, &signed_in.code)[..], &[(name, value), ("code_challenge_method", "S256")]].concat();
        let answer = story.post("/oauth/authorize").session(&signed_in).form(&form).send().await;
        answer.is_login_error("invalid_request", "This is not what the app asked for");
    }
    let signed_in = story.sign_in_with(&ada, &query).await;
    let other = [("redirect_uri", "https://app.example/other"), ("scope", "read write follow")];
    for (name, value) in other {
        let form = bare(&app, &signed_in.code).map(|pair| if pair.0 == name { (name, value) } else { pair });
        story.post("/oauth/authorize").session(&signed_in).form(&form).send().await.is(302);
        story.redeem(&app, &signed_in.code).await.is(400);
    }
    // A code of another session or of nobody vouches for nothing, and the challenge is not lost over it.
    for code in ["A".repeat(43), story.sign_in_with(&story.person("eve").await, &query).await.code] {
        let answer = story.post("/oauth/authorize").session(&signed_in).form(&bare(&app, &code)).send().await;
        answer.is_login_error("invalid_grant", "Invalid code");
    }

    let answer =
        story.post("/oauth/authorize").session(&signed_in).form(&bare(&app, &signed_in.code)).send().await.is(302);
    let location = answer.header("location").to_owned();
    assert!(location.starts_with(&format!("{CALLBACK}#code=")) && location.contains("state=s+t%26t"), "{location}");
    let code = location.split("#code=").nth(1).and_then(|rest| rest.split('&').next()).expect("a code");
    // A second press, by the one form or the other, gives the same.
    let again =
        story.post("/oauth/authorize").session(&signed_in).form(&bare(&app, &signed_in.code)).send().await.is(302);
    assert_eq!(again.header("location"), location);
    assert_eq!(allow(&story, &signed_in, &app).send().await.is(302).header("location"), location);
    story.redeem(&app, code).await.is(400);
    let form = [app.code_form(code), vec![("code_verifier", VERIFIER)]].concat();
    assert_eq!(story.post("/oauth/token").form(&form).send().await.is(200).json()["scope"], "read");
});

story!(method_override_makes_no_yes_of_a_no, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let words = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "read"),
    ];
    // Where the app was approved before, any mistake here would give it a code.
    story.token(&ada, &app).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let post = |path: &str| story.post(path).session(&signed_in).form(&words);
    for no in [
        post("/oauth/authorize?_method=delete"),
        post("/oauth/authorize?_method=DELETE"),
        post("/oauth/authorize").header("x-http-method-override", "DELETE"),
        post("/oauth/authorize").header("x-http-method", "delete"),
        post("/oauth/authorize").header("x-method-override", "Delete"),
    ] {
        let location = no.send().await.is(302).location();
        assert_eq!(query_of(&location, "error").as_deref(), Some("access_denied"), "{location}");
    }
    for method in ["patch", "PUT", "get", "head", "options", "nonsense"] {
        let in_body = [&words[..], &[("_method", method)]].concat();
        let ways = [
            story.post("/oauth/authorize").session(&signed_in).form(&in_body),
            post(&encode("/oauth/authorize", &[("_method", method)])),
            post("/oauth/authorize").header("x-http-method-override", method),
        ];
        for way in ways {
            let answer = way.send().await.is_api_error(405, "Method Not Allowed");
            assert_eq!(answer.header("allow"), "GET, HEAD, POST, DELETE");
        }
    }
    let both = post("/oauth/authorize?_method=delete").header("x-http-method-override", "PATCH").send().await;
    assert_ne!(both.status, 302);
    // The other way to a yes takes no no at all, and a request is not answered with a code either.
    let pairs = [("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("code", &signed_in.code)];
    for method in ["delete", "patch"] {
        let path = encode("/api/auth/redirect", &[&pairs[..], &[("_method", method)]].concat());
        story.post(&path).session(&signed_in).send().await.is(405);
        let path = format!("/oauth/authorize?{}&_method={method}", app.authorize_query());
        story.get(&path).session(&signed_in).send().await.is(405);
        let path = format!("/oauth/authorize?{}", app.authorize_query());
        story.get(&path).session(&signed_in).header("x-http-method-override", method).send().await.is(405);
    }
    // What wants what it is goes on.
    let answer = post("/oauth/authorize").header("x-http-method-override", "POST").send().await.is(302);
    assert!(query_of(&answer.location(), "code").is_some());
    allow(&story, &signed_in, &app).send().await.is(302);
});
