//! Several accounts in one browser: choosing one, going on as another, leaving (FAC-121 to FAC-126).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lysand_auth::flows::events::{self, EventQuery};
use serde_json::{Value, json};
use tests::story::{App, CookieJar, Response, Story, query_of};
use tests::{Person, story};

use crate::factors::between;
use crate::people::form_token;

const COOKIE: &str = "accounts";

/// Signs in with this browser, to consent.
async fn sign_in(story: &Story, jar: &mut CookieJar, person: &Person, app: &App) -> Response {
    let form = [("identifier", &*person.username), ("password", &*person.password)];
    let path = format!("/api/auth/login?{}", app.authorize_query());
    let answer = story.post(&path).cookies(jar).form(&form).send().await.is(302);
    assert!(answer.cookie("jwt").is_some(), "{}", answer.location());
    jar.keep(&answer);
    answer
}

/// The accounts that the browser has, by name, and whether each lives.
async fn accounts(story: &Story, jar: &CookieJar) -> Vec<(String, bool)> {
    let told = story.get("/api/auth/accounts").cookies(jar).send().await.is(200).json();
    let one = |listed: &Value| (listed["username"].as_str().expect("a name").to_owned(), listed["live"] == true);
    told.as_array().expect("a list").iter().map(one).collect()
}

/// By what the browser names an account.
async fn name_of(story: &Story, jar: &CookieJar, username: &str) -> String {
    let told = story.get("/api/auth/accounts").cookies(jar).send().await.is(200).json();
    let found = told.as_array().expect("a list").iter().find(|listed| listed["username"] == username);
    found.expect("an account")["account"].as_str().expect("a name").to_owned()
}

/// Who is signed in, as the page of sessions tells.
async fn who(story: &Story, jar: &CookieJar) -> Option<String> {
    let page = story.get("/account").header("accept", "text/html").cookies(jar).send().await;
    (page.status == 200).then(|| between(&page.markup(), "class=\"handle\">@", "<"))
}

fn select(app: &App) -> String {
    format!("/oauth/authorize?{}", app.authorize_query_with(&[("prompt", "select_account"), ("state", "kept")]))
}

/// Posts a form of the chooser.
async fn choose(story: &Story, jar: &mut CookieJar, app: &App, username: &str) -> Response {
    let token = form_token(story, jar, &select(app)).await;
    let name = name_of(story, jar, username).await;
    let query = app.authorize_query_with(&[("state", "kept")]);
    let form = [("form_token", &*token), ("account", &*name)];
    let answer = story.post(&format!("/oauth/authorize/continue?{query}")).cookies(jar).form(&form).send().await;
    jar.keep(&answer);
    answer
}

story!(browser_with_two_accounts_goes_on_as_either_and_consents_in_its_name, |story| {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    let first = sign_in(&story, &mut jar, &ada, &app).await;
    // While there is nobody else the sign-in cookie says it all.
    assert_eq!(first.set_cookie(COOKIE), None);
    assert_eq!(accounts(&story, &jar).await, [("ada".into(), true)]);
    let adas = jar.get("jwt").expect("a session").to_owned();
    let second = sign_in(&story, &mut jar, &bob, &app).await;
    let cookie = second.set_cookie(COOKIE).expect("a list");
    assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/") && !cookie.contains("ada"), "{cookie}");
    assert_eq!(accounts(&story, &jar).await, [("bob".into(), true), ("ada".into(), true)]);
    // The first one's session stands.
    let mut only = CookieJar::default();
    only.keep_value("jwt", &adas);
    assert_eq!(who(&story, &only).await.as_deref(), Some("ada"));

    let page = story.get(&select(&app)).header("accept", "text/html").cookies(&jar).send().await.is(200);
    for part in
        ["Choose an account", "@ada", "@bob", "Another account", "Forget", "Sign out of all accounts", "Story App"]
    {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains("name=\"password\""));
    // What was proven ten minutes ago is no fresher for it.
    story.advance_clock(Duration::from_secs(600));
    let consent = choose(&story, &mut jar, &app, "ada").await.is(302);
    assert_eq!(consent.location().path(), "/oauth/consent");
    assert_eq!(query_of(&consent.location(), "state").as_deref(), Some("kept"));
    assert_eq!(who(&story, &jar).await.as_deref(), Some("ada"));
    let own = story.get("/account/security").cookies(&jar).send().await.is(200);
    assert!(own.body.contains("Confirm that it is you"), "{}", own.body);
    // A new session with all of the old one took its place.
    assert_ne!(jar.get("jwt"), Some(&*adas));
    assert_eq!(who(&story, &only).await, None);
    let page = story.get(consent.location().as_str()).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("@ada"));
    let code = query_of(&consent.location(), "code").expect("a code");
    let answer = decide(&story, &mut jar, &app, &consent, &code).await.is(302);
    let code = query_of(&answer.location(), "code").expect("a code");
    let token = story.redeem(&app, &code).await.is(200).json();
    let account = story.verify(token["access_token"].as_str().expect("a token")).await.is(200).json();
    assert_eq!(account["username"], "ada");
    assert_eq!(accounts(&story, &jar).await, [("ada".into(), true), ("bob".into(), true)]);
    let auth = &story.server().state().auth;
    let found = events::find(auth, EventQuery::new(100)).await.expect("events");
    assert_eq!(found.iter().filter(|event| event.event == "account_switched").count(), 1);
});

/// Says yes on the consent page that an answer led to.
async fn decide(story: &Story, jar: &mut CookieJar, app: &App, consent: &Response, code: &str) -> Response {
    let page = story.get(consent.location().as_str()).cookies(jar).send().await.is(200);
    jar.keep(&page);
    yes(story, jar, app, &page.hidden("form_token"), code).await
}

async fn yes(story: &Story, jar: &CookieJar, app: &App, token: &str, code: &str) -> Response {
    let query = [("client_id", &*app.client_id), ("redirect_uri", &*app.redirect_uri), ("code", code)];
    let path = tests::story::encode("/api/auth/redirect", &query);
    story.post(&path).header("accept", "text/html").cookies(jar).form(&[("form_token", token)]).send().await
}

story!(consent_of_one_account_is_never_given_in_the_name_of_another, |story| {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    let consent = sign_in(&story, &mut jar, &ada, &app).await;
    let page = story.get(consent.location().as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&page);
    let (token, code) = (page.hidden("form_token"), query_of(&consent.location(), "code").expect("a code"));
    // In a second tab.
    sign_in(&story, &mut jar, &bob, &app).await;
    for answer in [
        yes(&story, &jar, &app, &token, &code).await,
        story.get(consent.location().as_str()).header("accept", "text/html").cookies(&jar).send().await,
    ] {
        let page = answer.is(409);
        for part in ["Another account was chosen", "Continue as", "@ada", "Start again as", "@bob"] {
            assert!(page.body.contains(part), "{part}: {}", page.body);
        }
        assert!(page.markup().contains("redirect_uri=https%3A%2F%2Fapp.example"), "the request is kept");
    }
    // A browser that never was ada's learns nothing of her.
    let mut others = CookieJar::default();
    sign_in(&story, &mut others, &bob, &app).await;
    let stranger = story.get(consent.location().as_str()).header("accept", "text/html").cookies(&others).send().await;
    assert!(!stranger.body.contains("ada"), "{}", stranger.body);

    // "Continue as @ada": her request goes on.
    let shown = yes(&story, &jar, &app, &token, &code).await.is(409);
    jar.keep(&shown);
    let action = between(&shown.markup(), "action=\"/oauth/authorize/continue?", "\"");
    let (token, name) = (shown.hidden("form_token"), shown.hidden("account"));
    let form = [("form_token", &*token), ("account", &*name)];
    let back =
        story.post(&format!("/oauth/authorize/continue?{action}")).cookies(&jar).form(&form).send().await.is(302);
    jar.keep(&back);
    assert_eq!(who(&story, &jar).await.as_deref(), Some("ada"));
    let code = query_of(&back.location(), "code").expect("a code");
    let answer = decide(&story, &mut jar, &app, &back, &code).await.is(302).location();
    assert_eq!(answer.host_str(), Some("app.example"));
    // Once her session is over, she signs in again or bob begins anew.
    let consent = sign_in(&story, &mut jar, &ada, &app).await;
    sign_in(&story, &mut jar, &bob, &app).await;
    let auth = &story.server().state().auth;
    lysand_auth::flows::sessions::sign_out_everywhere(auth, &story.account(&ada).await.id).await.expect("ended");
    let page = story.get(consent.location().as_str()).header("accept", "text/html").cookies(&jar).send().await;
    assert!(!page.body.contains("Continue as"), "{}", page.body);
});

story!(
    browser_keeps_so_many_accounts_and_the_one_unused_longest_makes_room,
    &[("sessions.accounts_per_browser", "2")],
    |story| {
        let (ada, bob, eve) = (story.person("ada").await, story.person("bob").await, story.person("eve").await);
        let app = story.usual_app().await;
        let mut jar = CookieJar::default();
        sign_in(&story, &mut jar, &ada, &app).await;
        let mut adas = CookieJar::default();
        adas.keep_value("jwt", jar.get("jwt").expect("a session"));
        sign_in(&story, &mut jar, &bob, &app).await;
        choose(&story, &mut jar, &app, "ada").await.is(302);
        let mut bobs = jar.clone();
        sign_in(&story, &mut jar, &eve, &app).await;
        // Bob was unused longest: his session has ended.
        assert_eq!(accounts(&story, &jar).await, [("eve".into(), true), ("ada".into(), true)]);
        let told = accounts(&story, &bobs).await;
        assert_eq!(told, [("ada".into(), true), ("bob".into(), false)]);
        let refused = choose(&story, &mut bobs, &app, "bob").await.is(302).location();
        assert_eq!(refused.path(), "/oauth/authorize");
        let page = story.get(refused.as_str()).cookies(&bobs).send().await.is(200);
        assert!(page.body.contains("name=\"password\"") && page.markup().contains("value=\"bob\""), "{}", page.body);
        // The same account's session is replaced.
        let before = jar.get("jwt").expect("a session").to_owned();
        sign_in(&story, &mut jar, &eve, &app).await;
        let mut old = CookieJar::default();
        old.keep_value("jwt", &before);
        assert_eq!(who(&story, &old).await, None);
    }
);

story!(browser_with_one_account_is_as_before, &[("sessions.accounts_per_browser", "1")], |story| {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    let first = sign_in(&story, &mut jar, &ada, &app).await;
    assert_eq!(first.set_cookie(COOKIE), None);
    let mut adas = jar.clone();
    sign_in(&story, &mut jar, &bob, &app).await;
    assert_eq!(who(&story, &adas).await, None);
    let page = story.get(&select(&app)).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("name=\"password\"") && page.body.contains("@bob"), "{}", page.body);
    assert_eq!(accounts(&story, &jar).await, [("bob".into(), true)]);
    adas.keep(&page);
});

story!(signing_out_forgets_one_account_or_all_of_them, |story| {
    let people = [story.person("ada").await, story.person("bob").await, story.person("eve").await];
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    for person in &people {
        sign_in(&story, &mut jar, person, &app).await;
    }
    let stolen = jar.clone();
    // Forgetting another one ends its session and leaves this one.
    let token = form_token(&story, &mut jar, &select(&app)).await;
    let name = name_of(&story, &jar, "ada").await;
    let query = app.authorize_query_with(&[("state", "kept")]);
    let form = [("form_token", &*token), ("account", &*name)];
    let gone = story.post(&format!("/api/auth/accounts/forget?{query}")).cookies(&jar).form(&form).send().await.is(302);
    assert_eq!(query_of(&gone.location(), "state").as_deref(), Some("kept"));
    jar.keep(&gone);
    assert_eq!(accounts(&story, &jar).await, [("eve".into(), true), ("bob".into(), true)]);
    assert_eq!(accounts(&story, &stolen).await[2], ("ada".into(), false));
    // Sign-out ends this account's session, and forgets it here.
    let out = story.post("/api/auth/mastodon-logout").header("origin", story.base()).cookies(&jar).send().await.is(303);
    jar.keep(&out);
    assert_eq!(accounts(&story, &jar).await, [("bob".into(), true)]);
    assert_eq!(who(&story, &jar).await, None);
    choose(&story, &mut jar, &app, "bob").await.is(302);
    sign_in(&story, &mut jar, &people[0], &app).await;
    let all = story.post("/api/auth/mastodon-logout").header("origin", story.base()).cookies(&jar);
    let all = all.form(&[("accounts", "all")]).send().await.is(303);
    let before = jar.clone();
    jar.keep(&all);
    assert_eq!(accounts(&story, &jar).await, []);
    assert!(accounts(&story, &before).await.iter().all(|(_, lives)| !lives));
});

story!(list_of_accounts_names_and_signs_nobody_in, |story| {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    sign_in(&story, &mut jar, &ada, &app).await;
    sign_in(&story, &mut jar, &bob, &app).await;
    let value = jar.get(COOKIE).expect("a list").to_owned();
    let sealed = value.rsplit_once('.').and_then(|(_, bytes)| URL_SAFE_NO_PAD.decode(bytes).ok()).expect("bytes");
    let id = story.account(&bob).await.id;
    assert!(!sealed.windows(id.as_str().len()).any(|part| part == id.as_str().as_bytes()), "it tells nobody's id");
    let mut thief = CookieJar::default();
    thief.keep_value(COOKIE, &value);
    assert_eq!(who(&story, &thief).await, None);
    for (at, other) in [(0, "x"), (value.len() / 2, "."), (value.len() - 2, "A")] {
        let mut broken = value.clone();
        broken.replace_range(at..=at, if &value[at..=at] == other { "B" } else { other });
        let mut thief = CookieJar::default();
        thief.keep_value(COOKIE, &broken);
        assert_eq!(accounts(&story, &thief).await, [], "{at}");
    }
    for odd in ["", ".", "a.b", &"A".repeat(5_000)] {
        let mut thief = CookieJar::default();
        thief.keep_value(COOKIE, odd);
        assert_eq!(accounts(&story, &thief).await, []);
    }
    // What is not in the list is nobody's to choose, whatever the name.
    let mut others = CookieJar::default();
    sign_in(&story, &mut others, &bob, &app).await;
    let name = name_of(&story, &jar, "ada").await;
    let switch =
        story.post("/api/auth/accounts/switch").header("accept", "application/json").header("origin", story.base());
    let refused = switch.cookies(&others).json(&json!({ "account": name })).send().await.is(404);
    assert_eq!(refused.cookie("jwt"), None);
    // A page of another site switches nothing, and neither does a form without its token.
    let foreign = story.post("/api/auth/accounts/switch").header("origin", "https://evil.example");
    let refused =
        foreign.header("accept", "application/json").cookies(&jar).json(&json!({ "account": name })).send().await;
    assert_eq!(refused.is(403).cookie("jwt"), None);
    let query = app.authorize_query();
    let no_token =
        story.post(&format!("/oauth/authorize/continue?{query}")).header("origin", story.base()).cookies(&jar);
    let refused = no_token.form(&[("account", &*name)]).send().await.is(422);
    assert_eq!(refused.cookie("jwt"), None);
    // Programs of the same site do.
    let switch =
        story.post("/api/auth/accounts/switch").header("accept", "application/json").header("origin", story.base());
    let done = switch.cookies(&jar).json(&json!({ "account": name })).send().await.is(200);
    let told = done.json();
    assert_eq!((&told["status"], &told["account"]["username"]), (&json!("done"), &json!("ada")));
    jar.keep(&done);
    assert_eq!(who(&story, &jar).await.as_deref(), Some("ada"));
    // It ends with what ends the session, and the name stays for a month.
    let auth = &story.server().state().auth;
    lysand_auth::flows::sessions::sign_out_everywhere(auth, &story.account(&bob).await.id).await.expect("ended");
    let page = story.get(&select(&app)).header("accept", "text/html").cookies(&jar).send().await.is(200);
    jar.keep(&page);
    assert!(page.body.contains("Sign in again as"), "{}", page.body);
    assert_eq!(accounts(&story, &jar).await, [("ada".into(), true), ("bob".into(), false)]);
    story.advance_clock(Duration::from_secs(31 * 24 * 3600));
    assert!(!accounts(&story, &jar).await.iter().any(|(name, _)| name == "bob"));
});

story!(hinted_account_comes_first_and_a_stale_session_signs_in_again, |story| {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    sign_in(&story, &mut jar, &ada, &app).await;
    sign_in(&story, &mut jar, &bob, &app).await;
    let first = async |hint: &str| {
        let path = format!("{}&login_hint={hint}", select(&app));
        let page = story.get(&path).header("accept", "text/html").cookies(&jar).send().await.is(200);
        between(&page.markup(), "class=\"handle\">@", "<")
    };
    assert_eq!(first("nobody").await, "bob");
    for hint in ["ada", "ADA", "%40ada", "ada%40people.example"] {
        assert_eq!(first(hint).await, "ada", "{hint}");
    }
    // An app that wants a fresh proof gets no one-click answer.
    let path = format!("{}&max_age=0", select(&app));
    let page = story.get(&path).header("accept", "text/html").cookies(&jar).send().await.is(200);
    assert!(!page.markup().contains("/oauth/authorize/continue?"), "{}", page.body);
    let link = between(&page.markup(), &format!("href=\"{}/oauth/authorize?", story.base()), "\"");
    let page = story.get(&format!("/oauth/authorize?{link}")).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("name=\"password\""), "{}", page.body);
    // And a form that asks for one all the same leads to the sign-in page.
    let token = form_token(&story, &mut jar, &select(&app)).await;
    let name = name_of(&story, &jar, "ada").await;
    let query = app.authorize_query_with(&[("max_age", "0")]);
    let form = [("form_token", &*token), ("account", &*name)];
    let answer =
        story.post(&format!("/oauth/authorize/continue?{query}")).cookies(&jar).form(&form).send().await.is(302);
    assert_eq!((answer.location().path(), answer.cookie("jwt")), ("/oauth/authorize", None));
});
