//! How well somebody proved who they are: what apps ask for and are told, and how a session becomes stronger (FAC-57,
//! FAC-101 to FAC-105).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::{App, CALLBACK, CookieJar, Response, Story, query_of};

use super::mail_codes::{ask, mailed};
use super::passkeys::{add, begun, options, somebody};
use super::{act, begin, browser_of, enrol, is_over};
use crate::people::{code_in, mail_with};

const TWO: &str = "urn:lysand-auth:loa:2";
const JSON: (&str, &str) = ("accept", "application/json");

/// What the id token of an answer says; who signed it is looked at elsewhere.
fn claims(answer: &Value) -> Value {
    let token = answer["id_token"].as_str().expect("an id token");
    let middle = token.split('.').nth(1).expect("claims");
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(middle).expect("base64url")).expect("JSON")
}

/// An app that is told who signed in.
async fn openid_app(story: &Story) -> App {
    let app = story.app(CALLBACK, "openid profile read").await;
    story.approve(&app).await;
    app
}

/// What a browser that is signed in gets for a request of the app.
async fn asks(story: &Story, jar: &mut CookieJar, app: &App, more: &[(&str, &str)]) -> Response {
    let path = format!("/oauth/authorize?{}", app.authorize_query_with(more));
    let answer = story.get(&path).header("accept", "text/html").cookies(jar).send().await;
    jar.keep(&answer);
    answer
}

/// The page that an answer leads to.
async fn page_of(story: &Story, jar: &mut CookieJar, answer: &Response) -> Response {
    let place = answer.location();
    let path = format!("{}?{}", place.path(), place.query().unwrap_or_default());
    let page = story.get(&path).header("accept", "text/html").cookies(jar).send().await.is(200);
    jar.keep(&page);
    page
}

/// Answers the page with a passkey.
async fn prove(story: &Story, jar: &mut CookieJar, page: &Response, passkey: &mut SoftPasskey) -> Response {
    let credential = passkey.get(&options(page)).to_string();
    let (token, pending) = (page.hidden("form_token"), page.hidden("pending"));
    let form = [("form_token", &*token), ("pending", &*pending), ("credential", &*credential)];
    let answer = story.post("/api/auth/factor/passkey/finish").cookies(jar).form(&form).send().await;
    jar.keep(&answer);
    answer
}

/// What the app gets for the code of an answer that leads to consent.
async fn token_of(story: &Story, app: &App, answer: Response) -> Value {
    let code = story.consent(&answer.signed_in(), app).await;
    story.redeem(app, &code).await.is(200).json()
}

story!(session_that_is_too_weak_is_made_stronger_for_an_app, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", false).await;
    let app = openid_app(&story).await;
    let plain = story.sign_in_with(&ada, &app.authorize_query_with(&[])).await;
    let told = claims(&story.redeem(&app, &story.consent(&plain, &app).await).await.is(200).json());
    assert_eq!((&told["acr"], &told["amr"]), (&json!("urn:lysand-auth:loa:1"), &json!(["pwd"])));

    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &plain.cookie);
    story.advance_clock(Duration::from_secs(100));
    let wanted = [("acr_values", TWO), ("state", "kept")];
    let asked = asks(&story, &mut jar, &app, &wanted).await.is(302);
    assert_eq!(asked.location().path(), "/oauth/factor", "{}", asked.location());
    // It is no new sign-in: nobody is asked for name and password.
    let page = page_of(&story, &mut jar, &asked).await;
    assert!(!page.body.contains("name=\"password\""), "{}", page.body);
    let answer = prove(&story, &mut jar, &page, &mut passkey).await.is(302);
    assert_eq!(query_of(&answer.location(), "state").as_deref(), Some("kept"), "{}", answer.location());
    let told = claims(&token_of(&story, &app, answer).await);
    assert_eq!((&told["acr"], &told["amr"]), (&json!("phr"), &json!(["pwd", "pop", "user", "mfa"])));
    assert_eq!(told["auth_time"], story.now(), "the time of the latest proof");
    // The session that it took the place of is over, and the new one is enough from now on.
    let gone = story.get("/account").header("cookie", &format!("jwt={}", plain.cookie)).send().await.is(302);
    assert_eq!(gone.location().path(), "/account/sign-in");
    for values in [TWO, "phr", "urn:of:somebody else"] {
        let asked = asks(&story, &mut jar, &app, &[("acr_values", values), ("prompt", "consent")]).await.is(302);
        assert_eq!(asked.location().path(), "/oauth/consent", "{values}");
    }
});

story!(sign_in_asks_for_what_the_app_wants_and_the_account_can_give, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", false).await;
    let app = openid_app(&story).await;
    // By itself the account asks for its password alone.
    story.sign_in_with(&ada, &app.authorize_query_with(&[])).await;
    let query = app.authorize_query_with(&[("acr_values", "phr"), ("state", "kept")]);
    let mut waiting = begin(&story, &ada, &query).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).header("accept", "text/html");
    let page = page.cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    let answer = prove(&story, &mut waiting.jar, &page, &mut passkey).await.is(302);
    assert_eq!(claims(&token_of(&story, &app, answer).await)["acr"], "phr");
    // The first one in the app's order that can be reached is enough.
    let query = app.authorize_query_with(&[("acr_values", "urn:lysand-auth:loa:1 phr")]);
    story.sign_in_with(&ada, &query).await;
    // An account with two steps gives two proofs, and the app that asks for a passkey gets the word for two.
    let bob = story.person("bob").await;
    let own = enrol(&story, &bob).await;
    let mut waiting = begin(&story, &bob, &app.authorize_query_with(&[("acr_values", TWO)])).await;
    let answer = waiting.answer(&story, "totp", &own.fresh_code(&story)).await.is(302);
    let told = claims(&token_of(&story, &app, answer).await);
    assert_eq!((&told["acr"], &told["amr"]), (&json!(TWO), &json!(["pwd", "otp", "mfa"])));
});

story!(app_asks_in_the_words_of_others_for_what_they_stand_for, |story| {
    let foreign = "https://refeds.org/profile/mfa";
    let story = story.restart(&[("openid.acr", r#"{ "https://refeds.org/profile/mfa" = 2 }"#)]).await;
    let (ada, mut passkey, _) = somebody(&story, "ada", false).await;
    let app = openid_app(&story).await;
    let document = story.get("/.well-known/openid-configuration").send().await.is(200).json();
    let names = document["acr_values_supported"].as_array().expect("names").clone();
    assert_eq!(names, ["urn:lysand-auth:loa:1", TWO, "phr", foreign]);
    let mut waiting = begin(&story, &ada, &app.authorize_query_with(&[("acr_values", foreign)])).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).header("accept", "text/html");
    let page = page.cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    let strong = prove(&story, &mut waiting.jar, &page, &mut passkey).await.is(302);
    assert_eq!(claims(&token_of(&story, &app, strong).await)["acr"], "phr");
    // A session that is too weak for the name has to become stronger, and none whose prompt may show no page.
    let weak = story.sign_in_with(&ada, &app.authorize_query_with(&[])).await;
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &weak.cookie);
    let silent = asks(&story, &mut jar, &app, &[("acr_values", foreign), ("prompt", "none")]).await.is(302);
    assert_eq!(query_of(&silent.location(), "error").as_deref(), Some("interaction_required"));
    let asked = asks(&story, &mut jar, &app, &[("acr_values", foreign)]).await.is(302);
    assert_eq!(asked.location().path(), "/oauth/factor");
    let stranger = [("acr_values", "https://refeds.org/profile/sfa"), ("prompt", "consent")];
    let unknown = asks(&story, &mut jar, &app, &stranger).await.is(302);
    assert_eq!(unknown.location().path(), "/oauth/consent");
});

story!(app_is_told_of_a_passkey_that_is_on_several_devices, |story| {
    let app = openid_app(&story).await;
    let ada = story.person("ada").await;
    let mut jar = browser_of(&story, &ada).await;
    let mut passkey = SoftPasskey::new(story.base()).synced();
    let (wanted, setup) = begun(&story, &mut jar).await;
    let credential = passkey.create(&wanted).to_string();
    act(&story, &mut jar, "passkeys", &[("setup_id", &*setup), ("credential", &*credential)]).await.is(200);
    for (is_synced, amr) in
        [(true, json!(["pwd", "pop", "user", "swk", "mfa"])), (false, json!(["pwd", "pop", "user", "mfa"]))]
    {
        passkey.backed_up = is_synced;
        let mut waiting = begin(&story, &ada, &app.authorize_query_with(&[("acr_values", "phr")])).await;
        let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).header("accept", "text/html");
        let page = page.cookies(&waiting.jar).send().await.is(200);
        waiting.jar.keep(&page);
        let answer = prove(&story, &mut waiting.jar, &page, &mut passkey).await.is(302);
        assert_eq!(claims(&token_of(&story, &app, answer).await)["amr"], amr);
    }
});

story!(app_is_told_that_a_code_came_by_a_channel_of_its_own, |story| {
    let app = openid_app(&story).await;
    let ada = story.person("ada").await;
    let mut own = enrol(&story, &ada).await;
    act(&story, &mut own.jar, "email", &[("on", "1")]).await.is(302);
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    ask(&story, &mut waiting).await.is(302);
    let code = mailed(&story, &ada.email, 1).await;
    let answer = waiting.answer(&story, "email", &code).await.is(302);
    let told = claims(&token_of(&story, &app, answer).await);
    assert_eq!((&told["acr"], &told["amr"]), (&json!(TWO), &json!(["pwd", "mca", "mfa"])));
});

story!(only_what_is_as_strong_as_the_app_wants_is_offered, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story).await);
    let mut own = enrol(&story, &ada).await;
    let (_, page) = add(&story, &mut own.jar, &[]).await;
    assert!(page.status.as_u16() < 400, "{}", page.body);
    for (values, kinds) in [("phr", &["passkey"][..]), (TWO, &["passkey", "totp", "recovery"])] {
        let waiting = begin(&story, &ada, &app.authorize_query_with(&[("acr_values", values)])).await;
        let pending = story.get(&format!("/api/auth/pending?pending={}", waiting.id)).cookies(&waiting.jar);
        let told = pending.send().await.is(200).json();
        let offered: Vec<&str> =
            told["methods"].as_array().expect("kinds").iter().filter_map(|kind| kind["type"].as_str()).collect();
        assert_eq!(offered, kinds, "{values}");
        let code = own.fresh_code(&story);
        let form = [("pending", &*waiting.id), ("code", &*code)];
        let answer =
            story.post("/api/auth/factor/totp").header("origin", story.base()).cookies(&waiting.jar).form(&form);
        assert_eq!(answer.send().await.cookie("jwt").is_some(), values == TWO, "{values}");
    }
});

story!(app_that_wants_more_than_the_account_can_prove_is_told_or_waits_for_a_new_factor, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story).await);
    let mut jar = browser_of(&story, &ada).await;
    let wanted = [("acr_values", "phr"), ("state", "kept")];
    let asked = asks(&story, &mut jar, &app, &wanted).await.is(302);
    assert_eq!(asked.location().path(), "/oauth/enrol", "{}", asked.location());
    let page = page_of(&story, &mut jar, &asked).await;
    assert!(
        page.body.contains("The app wants you to prove more") && !page.body.contains("enrol/totp"),
        "{}",
        page.body
    );
    let (token, pending) = (page.hidden("form_token"), page.hidden("pending"));
    let form = [("form_token", &*token), ("pending", &*pending)];
    // It is no step that can be put off.
    let later = story.post("/api/auth/enrol/later").cookies(&jar).form(&form).send().await;
    assert_ne!(later.cookie("jwt").map(|_| ()), Some(()), "{}", later.header("location"));
    let no = story.post("/api/auth/cancel").cookies(&jar).form(&form).send().await.is(302).location();
    assert!(no.as_str().starts_with(CALLBACK), "{no}");
    assert_eq!(query_of(&no, "error").as_deref(), Some("unmet_authentication_requirements"));
    assert_eq!(query_of(&no, "error_description").as_deref(), Some("The requested authentication cannot be met."));
    assert_eq!(query_of(&no, "state").as_deref(), Some("kept"));
    // The session is as it was.
    story.get("/account").cookies(&jar).send().await.is(200);

    let asked = asks(&story, &mut jar, &app, &wanted).await.is(302);
    let page = page_of(&story, &mut jar, &asked).await;
    let form = [("form_token", &*page.hidden("form_token")), ("pending", &*page.hidden("pending"))];
    let start = story.post("/api/auth/enrol/passkey/start").cookies(&jar).form(&form).send().await.is(200);
    jar.keep(&start);
    let mut passkey = SoftPasskey::new(story.base());
    let credential = passkey.create(&options(&start)).to_string();
    let form = [
        ("form_token", &*start.hidden("form_token")),
        ("pending", &*start.hidden("pending")),
        ("setup_id", &*start.hidden("setup_id")),
        ("credential", &*credential),
    ];
    let codes = story.post("/api/auth/enrol/passkey").cookies(&jar).form(&form).send().await.is(200);
    jar.keep(&codes);
    let asked = asks(&story, &mut jar, &app, &[("acr_values", "phr"), ("prompt", "consent")]).await.is(302);
    assert_eq!(asked.location().path(), "/oauth/consent", "{}", asked.location());
});

story!(prompt_none_with_a_session_that_is_too_weak_is_interaction_required, |story| {
    let (ada, _, _) = somebody(&story, "ada", false).await;
    let app = openid_app(&story).await;
    let mut jar = browser_of(&story, &ada).await;
    let silent = [("prompt", "none"), ("acr_values", TWO), ("scope", "openid")];
    let told = asks(&story, &mut jar, &app, &silent).await.is(302).location();
    assert_eq!(query_of(&told, "error").as_deref(), Some("interaction_required"), "{told}");
    let silent = [("prompt", "none"), ("acr_values", "urn:lysand-auth:loa:1"), ("scope", "openid")];
    let told = asks(&story, &mut jar, &app, &silent).await.is(302).location();
    assert_eq!(query_of(&told, "error").as_deref(), Some("consent_required"), "{told}");
});

story!(consent_in_words_of_its_own_wants_the_strength_as_well, |story| {
    let (ada, _, _) = somebody(&story, "ada", false).await;
    let app = openid_app(&story).await;
    let jar = browser_of(&story, &ada).await;
    // As frontends post it, without a pending code.
    let post = async |values: &str| {
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("acr_values", values)]));
        story.post(&path).header("origin", story.base()).cookies(&jar).send().await.is(302).location()
    };
    let refused = post(TWO).await;
    assert_eq!((refused.path(), query_of(&refused, "code")), ("/oauth/authorize", None), "{refused}");
    assert_eq!(query_of(&refused, "error").as_deref(), Some("interaction_required"), "{refused}");
    let allowed = post("urn:lysand-auth:loa:1").await;
    assert!(allowed.as_str().starts_with(CALLBACK) && query_of(&allowed, "code").is_some(), "{allowed}");
});

story!(introspection_tells_how_and_when_it_was_proven_and_a_refresh_keeps_it, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let app = story.expiring_app().await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    let answer = waiting.answer(&story, "totp", &own.fresh_code(&story)).await.is(302);
    let proven_at = story.now();
    let code = story.consent(&answer.signed_in(), &app).await;
    let first = story.redeem(&app, &code).await.is(200).json();
    story.advance_clock(Duration::from_secs(600));
    let refresh = first["refresh_token"].as_str().expect("a refresh token");
    let second = story.refresh(&app, refresh).await.is(200).json();
    for token in [&second["access_token"], &second["refresh_token"]] {
        let token = token.as_str().expect("a token");
        let told = story.post("/oauth/introspect").basic(&app.client_id, &app.client_secret);
        let told = told.form(&[("token", token)]).send().await.is(200).json();
        assert_eq!((&told["acr"], &told["auth_time"]), (&json!(TWO), &json!(proven_at)), "{told}");
    }
    // Nobody signed in for the app itself.
    let form =
        [("grant_type", "client_credentials"), ("client_id", &app.client_id), ("client_secret", &app.client_secret)];
    let own = story.post("/oauth/token").form(&form).send().await.is(200).json();
    let told = story.post("/oauth/introspect").basic(&app.client_id, &app.client_secret);
    let told = told.form(&[("token", own["access_token"].as_str().expect("a token"))]).send().await.is(200).json();
    assert_eq!((told.get("acr"), told.get("auth_time")), (None, None), "{told}");
});

story!(max_age_asks_again_only_when_the_sign_in_is_older, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story).await);
    let mut jar = browser_of(&story, &ada).await;
    story.advance_clock(Duration::from_secs(50));
    let asked = asks(&story, &mut jar, &app, &[("max_age", "60")]).await.is(302);
    assert_eq!(asked.location().path(), "/oauth/consent", "{}", asked.location());
    story.advance_clock(Duration::from_secs(50));
    let page = asks(&story, &mut jar, &app, &[("max_age", "60")]).await.is(200);
    assert!(page.body.contains("name=\"password\""), "{}", page.body);
    for wrong in ["x", "-1", "1.5", "18446744073709551616"] {
        let told = asks(&story, &mut jar, &app, &[("max_age", wrong), ("state", "s")]).await.is(302).location();
        let found = (query_of(&told, "error"), query_of(&told, "state"));
        assert_eq!(found, (Some("invalid_request".into()), Some("s".into())), "{wrong}: {told}");
    }
    // Given again, it is the time of the new proof.
    let query = app.authorize_query_with(&[("max_age", "60")]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let told = claims(&story.redeem(&app, &story.consent(&signed_in, &app).await).await.is(200).json());
    assert_eq!(told["auth_time"], story.now());
});

story!(second_factor_in_a_session_of_an_hour_ago_is_no_fresh_proof_of_both, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = openid_app(&story).await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).header("accept", "text/html");
    let page = page.cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    // Two mailed and typed proofs would be enough for the sign-in; the passkey makes it the strongest.
    prove(&story, &mut waiting.jar, &page, &mut passkey).await.is(302);
    let asks_to_confirm = async |jar: &CookieJar| {
        let page = story.get("/account/email").cookies(jar).send().await.is(200);
        page.body.contains("/account/confirm") || page.body.contains("name=\"current_password\"")
    };
    assert!(!asks_to_confirm(&waiting.jar).await, "both proofs are fresh");

    let bob = story.person("bob").await;
    let mut jar = browser_of(&story, &bob).await;
    story.advance_clock(Duration::from_secs(3_600));
    let asked = asks(&story, &mut jar, &app, &[("acr_values", TWO)]).await.is(302);
    let id = query_of(&asked.location(), "pending").expect("an id");
    let form = [("pending", &*id)];
    let sent = story.post("/api/auth/factor/email/request").header("origin", story.base()).cookies(&jar).form(&form);
    sent.send().await.is(302);
    let mail = mail_with(&story, &bob.email, "Your code for").await;
    let code = code_in(&mail).expect("a code").to_owned();
    let form = [("pending", &*id), ("code", &*code)];
    let answer =
        story.post("/api/auth/factor/email").header("origin", story.base()).cookies(&jar).form(&form).send().await;
    jar.keep(&answer);
    let told = claims(&token_of(&story, &app, answer).await);
    assert_eq!((&told["acr"], &told["auth_time"]), (&json!(TWO), &json!(story.now())));
    // The app is told of two proofs, of which one is an hour old: the mailbox alone changes nothing of the account.
    assert!(asks_to_confirm(&jar).await);
});

/// Asks for a stronger session, as a frontend does.
async fn step_up(story: &Story, jar: &mut CookieJar, body: &Value) -> Response {
    let asked = story.post("/api/auth/step_up").header(JSON.0, JSON.1).header("origin", story.base());
    let answer = asked.cookies(jar).json(body).send().await;
    jar.keep(&answer);
    answer
}

story!(step_up_makes_a_session_stronger_and_leads_back, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", false).await;
    let mut jar = browser_of(&story, &ada).await;
    let wish = json!({ "acr": TWO, "return_to": "/account/security" });
    let told = step_up(&story, &mut jar, &wish).await.is(200).json();
    assert_eq!((&told["status"], &told["missing"]), (&json!("factor"), &json!(["factor"])), "{told}");
    assert_eq!(told["methods"][0]["type"], "passkey", "{told}");
    let id = told["pending"].as_str().expect("an id").to_owned();
    let start = story.post("/api/auth/factor/passkey/start").header(JSON.0, JSON.1).header("origin", story.base());
    let start = start.cookies(&jar).json(&json!({ "pending": id })).send().await.is(200).json();
    let body = json!({ "pending": id, "credential": passkey.get(&start["options"]) });
    let finish = story.post("/api/auth/factor/passkey/finish").header(JSON.0, JSON.1).header("origin", story.base());
    let done = finish.cookies(&jar).json(&body).send().await.is(200);
    jar.keep(&done);
    assert_eq!(done.json()["status"], "done", "{}", done.body);
    assert_eq!(done.json()["next"], format!("{}/account/security", story.base()));
    // From now on it is enough.
    let told = step_up(&story, &mut jar, &wish).await.is(200).json();
    assert_eq!(
        (&told["status"], &told["next"]),
        (&json!("done"), &json!(format!("{}/account/security", story.base())))
    );
    let events = story.get("/account/activity").cookies(&jar).send().await.is(200);
    assert!(events.body.contains("Proved once more to be there"), "{}", events.body);
});

story!(step_up_refuses_what_says_nothing_and_what_comes_from_elsewhere, |story| {
    let ada = story.person("ada").await;
    let mut jar = browser_of(&story, &ada).await;
    for nothing in
        [json!({}), json!({ "acr": "gold" }), json!({ "max_age": "soon" }), json!({ "acr": TWO, "max_age": "-1" })]
    {
        let refused = step_up(&story, &mut jar, &nothing).await.is(422).json();
        assert_eq!(refused["code"], "invalid", "{nothing}: {refused}");
    }
    let wish = json!({ "acr": TWO });
    let foreign = story.post("/api/auth/step_up").header(JSON.0, JSON.1).header("origin", "https://evil.example");
    assert_eq!(foreign.cookies(&jar).json(&wish).send().await.is(403).json()["code"], "foreign");
    step_up(&story, &mut CookieJar::default(), &wish).await.is(400);
    // What leads elsewhere leads to the own account.
    for elsewhere in ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"] {
        let wish = json!({ "acr": "urn:lysand-auth:loa:1", "return_to": elsewhere });
        let told = step_up(&story, &mut jar, &wish).await.is(200).json();
        assert_eq!(told["next"], format!("{}/account", story.base()), "{elsewhere}");
    }
});

story!(step_up_ends_with_the_session_that_it_began_in, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", false).await;
    let mut jar = browser_of(&story, &ada).await;
    let told = step_up(&story, &mut jar, &json!({ "acr": TWO })).await.is(200).json();
    let id = told["pending"].as_str().expect("an id").to_owned();
    let page = story.get(&format!("/oauth/factor?pending={id}")).header("accept", "text/html");
    let page = page.cookies(&jar).send().await.is(200);
    jar.keep(&page);
    let out = story.post("/api/auth/mastodon-logout").header("origin", story.base()).cookies(&jar).send().await;
    assert!(out.status.as_u16() < 400, "{}", out.body);
    is_over(prove(&story, &mut jar, &page, &mut passkey).await);
});

story!(session_that_is_too_old_is_proven_anew_by_its_first_proof, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", true).await;
    let mut waiting = begin(&story, &ada, &story.usual_app().await.authorize_query()).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).header("accept", "text/html");
    let page = page.cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    prove(&story, &mut waiting.jar, &page, &mut passkey).await.is(302);
    let mut jar = waiting.jar;
    let wish = json!({ "max_age": "300", "return_to": "/account" });
    assert_eq!(step_up(&story, &mut jar, &wish).await.is(200).json()["status"], "done");
    story.advance_clock(Duration::from_secs(301));
    let told = step_up(&story, &mut jar, &wish).await.is(200).json();
    let kinds: Vec<&str> =
        told["methods"].as_array().expect("kinds").iter().filter_map(|kind| kind["type"].as_str()).collect();
    assert_eq!(kinds, ["passkey", "password"], "{told}");
    let id = told["pending"].as_str().expect("an id").to_owned();
    // As the first proof a passkey verifies its owner, and the password is one of two.
    let start = story.post("/api/auth/factor/passkey/start").header(JSON.0, JSON.1).header("origin", story.base());
    let start = start.cookies(&jar).json(&json!({ "pending": id })).send().await.is(200).json();
    assert_eq!(start["options"]["userVerification"], "required", "{start}");
    passkey.verifies = false;
    let body = json!({ "pending": id, "credential": passkey.get(&start["options"]) });
    let finish = story.post("/api/auth/factor/passkey/finish").header(JSON.0, JSON.1).header("origin", story.base());
    assert_eq!(finish.cookies(&jar).json(&body).send().await.is(400).json()["code"], "wrong_passkey");
    let body = json!({ "pending": id, "password": ada.password });
    let password = story.post("/api/auth/factor/password").header(JSON.0, JSON.1).header("origin", story.base());
    let told = password.cookies(&jar).json(&body).send().await.is(200).json();
    assert_eq!(told["status"], "factor", "the account asks for two: {told}");
    let kinds: Vec<&str> =
        told["methods"].as_array().expect("kinds").iter().filter_map(|kind| kind["type"].as_str()).collect();
    assert!(kinds.contains(&"passkey") && !kinds.contains(&"password"), "{told}");
    passkey.verifies = true;
    let start = story.post("/api/auth/factor/passkey/start").header(JSON.0, JSON.1).header("origin", story.base());
    let start = start.cookies(&jar).json(&json!({ "pending": id })).send().await.is(200).json();
    let body = json!({ "pending": id, "credential": passkey.get(&start["options"]) });
    let finish = story.post("/api/auth/factor/passkey/finish").header(JSON.0, JSON.1).header("origin", story.base());
    let done = finish.cookies(&jar).json(&body).send().await.is(200);
    jar.keep(&done);
    assert_eq!(done.json()["next"], format!("{}/account", story.base()));
    assert_eq!(step_up(&story, &mut jar, &wish).await.is(200).json()["status"], "done");
});

story!(session_of_an_hour_ago_sets_up_no_factor_for_an_app, |story| {
    let (ada, app) = (story.person("ada").await, openid_app(&story).await);
    let mut jar = browser_of(&story, &ada).await;
    story.advance_clock(Duration::from_secs(3_600));
    // The app's wish asks for name and password first; a program is asked for the password, and then for the factor.
    let page = asks(&story, &mut jar, &app, &[("acr_values", "phr")]).await.is(200);
    assert!(page.body.contains("name=\"password\""), "{}", page.body);
    let told = step_up(&story, &mut jar, &json!({ "acr": "phr" })).await.is(200).json();
    assert_eq!((&told["status"], &told["methods"][0]["type"]), (&json!("factor"), &json!("password")), "{told}");
    let pending = told["pending"].as_str().expect("an id");
    let start = story.post("/api/auth/enrol/passkey/start").header(JSON.0, JSON.1).header("origin", story.base());
    let refused = start.cookies(&jar).json(&json!({ "pending": pending })).send().await;
    assert!(refused.status.as_u16() >= 400, "{}", refused.body);
    let password = story.post("/api/auth/factor/password").header(JSON.0, JSON.1).header("origin", story.base());
    let body = json!({ "pending": pending, "password": ada.password });
    let told = password.cookies(&jar).json(&body).send().await.is(200).json();
    assert_eq!((&told["status"], &told["methods"][0]["type"]), (&json!("enrol"), &json!("passkey")), "{told}");
    let start = story.post("/api/auth/enrol/passkey/start").header(JSON.0, JSON.1).header("origin", story.base());
    start.cookies(&jar).json(&json!({ "pending": pending })).send().await.is(200);

    // A wish that began in time waits no longer than the proof counts.
    let fresh = browser_of(&story, &ada).await;
    let wish = story.post("/api/auth/step_up").header(JSON.0, JSON.1).header("origin", story.base());
    let wish = wish.cookies(&fresh).json(&json!({ "acr": "phr" })).send().await.is(200);
    let mut jar = fresh.clone();
    jar.keep(&wish);
    let told = wish.json();
    assert_eq!(told["status"], "enrol", "{told}");
    story.advance_clock(Duration::from_secs(301));
    let start = story.post("/api/auth/enrol/passkey/start").header(JSON.0, JSON.1).header("origin", story.base());
    let late = start.cookies(&jar).json(&json!({ "pending": told["pending"] })).send().await;
    assert!(late.status.as_u16() >= 400, "{}", late.body);
});
