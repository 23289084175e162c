//! Signing in with a passkey: in place of name and password, and after the password (FAC-20, FAC-50, FAC-51, FAC-54, FAC-55, FAC-83).

use lysand_auth::host::accounts::Accounts as _;
use serde_json::{Value, json};
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::{App, CookieJar, Response, Story, query_of};

use super::passkeys::{options, somebody};
use super::{WRONG, begin, enrol, is_over, is_step_error, proven_query};
use crate::people::mail_with;

pub(super) const NOT_ACCEPTED: &str = "The passkey was not accepted.";

/// The sign-in page of a request, in a browser: what it uses a passkey with.
pub(crate) async fn opened(story: &Story, jar: &mut CookieJar, app: &App) -> (Value, String) {
    let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).cookies(jar).send().await.is(200);
    jar.keep(&page);
    (options(&page), page.hidden("form_token"))
}

/// Sends what a browser made of them.
pub(crate) async fn finish(story: &Story, jar: &mut CookieJar, app: &App, credential: &Value) -> Response {
    let path = format!("/api/auth/passkey/finish?{}", app.authorize_query());
    let form = [("credential", &*credential.to_string())];
    let answer = story.post(&path).header("origin", story.base()).cookies(jar).form(&form).send().await;
    jar.keep(&answer);
    answer
}

/// Whether an answer leads back to the sign-in page with this error.
#[track_caller]
pub(super) fn is_refused(answer: Response, text: &str) {
    let answer = answer.is(302);
    let told = query_of(&answer.location(), "error_description");
    assert_eq!((told.as_deref(), answer.cookie("jwt")), (Some(text), None), "{}", answer.location());
}

story!(passkey_signs_in_without_a_name, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    assert_eq!((&options["allowCredentials"], &options["userVerification"]), (&json!([]), &json!("required")));
    let credential = passkey.get(&options);
    let signed_in = finish(&story, &mut jar, &app, &credential).await.signed_in();
    let consent = story.decide(&signed_in, &app).await.is(302).location();
    assert!(query_of(&consent, "code").is_some(), "{consent}");
    // It verified its owner: two proofs at once, for what asks for both as well.
    let page = story.get("/account/email").cookies(&jar).send().await.is(200);
    assert!(!page.body.contains("/account/confirm"), "{}", page.body);
    drop(ada);
});

story!(passkey_signs_in_once_and_in_the_browser_that_asked, |story| {
    let (_, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let (mut jar, mut other) = (CookieJar::default(), CookieJar::default());
    let (options, _) = opened(&story, &mut jar, &app).await;
    opened(&story, &mut other, &app).await;
    let credential = passkey.get(&options);
    is_refused(finish(&story, &mut other, &app, &credential).await, NOT_ACCEPTED);
    is_refused(finish(&story, &mut CookieJar::default(), &app, &credential).await, NOT_ACCEPTED);
    let path = format!("/api/auth/passkey/finish?{}", app.authorize_query());
    let form = [("credential", &*credential.to_string())];
    story.post(&path).header("origin", "https://evil.example").cookies(&jar).form(&form).send().await.is(403);
    let before = jar.clone();
    finish(&story, &mut jar, &app, &credential).await.signed_in();
    is_refused(finish(&story, &mut before.clone(), &app, &credential).await, NOT_ACCEPTED);
    // Two at the same moment: one of them.
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let credential = passkey.get(&options);
    let tries =
        (0..8).map(|_| async { finish(&story, &mut jar.clone(), &app, &credential).await.cookie("jwt").is_some() });
    let won = futures_util::future::join_all(tries).await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
});

story!(passkey_of_nobody_and_of_a_removed_account_is_unknown, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let mut stranger = SoftPasskey::new(story.base());
    stranger.owner = passkey.owner.clone();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let unknown = "This server does not know the passkey.";
    is_refused(finish(&story, &mut jar, &app, &stranger.get(&options)).await, unknown);
    let page = story.get(&format!(
        "/oauth/authorize?{}&error=invalid_grant&error_description={}",
        app.authorize_query(),
        unknown.replace(' ', "+")
    ));
    let page = page.send().await.is(200);
    assert!(page.body.contains(unknown), "{}", page.body);
    let accept = ("accept", "application/json");
    let begun = story.post("/api/auth/passkey/start").header("origin", story.base()).cookies(&jar);
    let begun = begun.header(accept.0, accept.1).send().await.is(200);
    jar.keep(&begun);
    let path = format!("/api/auth/passkey/finish?{}", app.authorize_query());
    let body = json!({ "credential": stranger.get(&begun.json()["options"]) });
    let refused = story.post(&path).header("origin", story.base()).header(accept.0, accept.1).cookies(&jar);
    let refused = refused.json(&body).send().await.is(400).json();
    assert_eq!(refused, json!({ "error": unknown, "code": "unknown_passkey" }));
    let id = story.account(&ada).await.id;
    story.server().state().accounts.delete(&id).await.expect("removed");
    let (options, _) = opened(&story, &mut jar, &app).await;
    is_refused(finish(&story, &mut jar, &app, &passkey.get(&options)).await, unknown);
});

story!(program_signs_in_with_a_passkey, |story| {
    let (_, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let origin = story.base().to_owned();
    let json_call = |path: &str| story.post(path).header("accept", "application/json").header("origin", &origin);
    let mut jar = CookieJar::default();
    let begun = json_call("/api/auth/passkey/start").send().await.is(200);
    assert_eq!(begun.header("cache-control"), "no-store");
    jar.keep(&begun);
    let credential = passkey.get(&begun.json()["options"]);
    let path = format!("/api/auth/passkey/finish?{}", app.authorize_query());
    let done = json_call(&path).cookies(&jar).json(&json!({ "credential": credential })).send().await.is(200);
    let told = done.json();
    assert_eq!((&told["status"], &told["account"]["username"]), (&json!("done"), &json!("ada")));
    assert!(done.cookie("jwt").is_some());
});

story!(passkey_is_the_second_proof_after_the_password, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let (query, request) = proven_query(&story, &app);
    let mut waiting = begin(&story, &ada, &query).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    let given = options(&page);
    assert_eq!(given["allowCredentials"][0]["transports"], json!(["internal", "hybrid"]));
    assert!(page.body.contains("Use a recovery code") && !page.body.contains("Use a code by mail"), "{}", page.body);
    let finish = async |waiting: &crate::factors::Waiting, credential: &Value| {
        let form = [("pending", &*waiting.id), ("credential", &*credential.to_string())];
        story.post("/api/auth/factor/passkey/finish").cookies(&waiting.jar).form(&form).send().await
    };
    let mut foreign = SoftPasskey::new(story.base());
    is_step_error(finish(&waiting, &foreign.get(&given)).await, "invalid_grant", NOT_ACCEPTED);
    // What was presented in vain is spent, and another sign-in has other challenges.
    let other = begin(&story, &ada, &query).await;
    is_step_error(finish(&other, &passkey.get(&given)).await, "invalid_grant", NOT_ACCEPTED);
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    let signed_in = finish(&waiting, &passkey.get(&options(&page))).await.signed_in();
    let consent = story.decide(&signed_in, &app).await.is(302).location();
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    let code = query_of(&consent, "code").expect("a code");
    story.client().redeem_proven(&app, &request, &code).await.expect("an access token");
    // Five wrong answers end a sign-in.
    for _ in 0..3 {
        is_step_error(finish(&other, &json!({})).await, "invalid_grant", NOT_ACCEPTED);
    }
    is_over(finish(&other, &json!({})).await);
});

story!(passkey_and_other_ways_are_offered_by_json, |story| {
    let ada = story.person("ada").await;
    let mut own = enrol(&story, &ada).await;
    let (mut passkey, page) = crate::factors::passkeys::add(&story, &mut own.jar, &[]).await;
    page.is(302);
    let app = story.usual_app().await;
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let call = |path: &str| story.post(path).header("accept", "application/json").cookies(&waiting.jar);
    let told =
        story.get(&format!("/api/auth/pending?pending={}", waiting.id)).cookies(&waiting.jar).send().await.json();
    let kinds: Vec<&str> =
        told["methods"].as_array().expect("a list").iter().filter_map(|one| one["type"].as_str()).collect();
    assert_eq!(kinds, ["passkey", "totp", "recovery"]);
    let body = json!({ "pending": waiting.id });
    let begun = call("/api/auth/factor/passkey/start").json(&body).send().await.is(200).json();
    let wrong = json!({ "pending": waiting.id, "credential": { "id": "AA" } });
    let refused = call("/api/auth/factor/passkey/finish").json(&wrong).send().await.is(400).json();
    assert_eq!((&refused["code"], &refused["signin"]["status"]), (&json!("wrong_passkey"), &json!("factor")));
    let wrong = json!({ "pending": waiting.id, "code": "000000" });
    assert_eq!(call("/api/auth/factor/totp").json(&wrong).send().await.is(400).json()["error"], WRONG);
    // The device does not verify its owner: good enough for the second proof, if it never did.
    passkey.verifies = false;
    let body = json!({ "pending": waiting.id, "credential": passkey.get(&begun["options"]) });
    call("/api/auth/factor/passkey/finish").json(&body).send().await.is(400);
    passkey.verifies = true;
    let begun =
        call("/api/auth/factor/passkey/start").json(&json!({ "pending": waiting.id })).send().await.is(200).json();
    let body = json!({ "pending": waiting.id, "credential": passkey.get(&begun["options"]) });
    let done = call("/api/auth/factor/passkey/finish").json(&body).send().await.is(200);
    assert!(done.cookie("jwt").is_some(), "{}", done.body);
});

story!(passkey_alone_is_not_enough_where_the_operator_wants_two, &[("factors.passkey_alone", "false")], |story| {
    let (_, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let answer = finish(&story, &mut jar, &app, &passkey.get(&options)).await.is(302);
    assert_eq!((answer.location().path(), answer.cookie("jwt")), ("/oauth/factor", None), "{}", answer.location());
    let page = story.get(answer.location().as_str()).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("autocomplete=\"current-password\""), "{}", page.body);
    assert!(page.body.contains("Use a recovery code") && !page.body.contains("Use a passkey"), "{}", page.body);
});

story!(password_is_the_second_proof_after_a_passkey_alone, &[("factors.passkey_alone", "false")], |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let led = finish(&story, &mut jar, &app, &passkey.get(&options)).await.is(302);
    let id = query_of(&led.location(), "pending").expect("an id");
    let post = async |jar: &CookieJar, password: &str, accept: &str| {
        let body = json!({ "pending": id, "password": password });
        story.post("/api/auth/factor/password").header("accept", accept).cookies(jar).json(&body).send().await
    };
    let wrong = post(&jar, "wrong", "application/json").await.is(400).json();
    assert_eq!((&wrong["code"], &wrong["signin"]["status"]), (&json!("wrong_password"), &json!("factor")), "{wrong}");
    is_step_error(post(&jar, "wrong", "*/*").await, "invalid_grant", "This is not the password of the account");
    is_step_error(post(&jar, "", "*/*").await, "invalid_grant", "This is not the password of the account");
    let done = post(&jar, &ada.password, "application/json").await.is(200);
    assert!(done.cookie("jwt").is_some() && done.json()["status"] == "done", "{}", done.body);
    jar.keep(&done);
    // Two proofs of different kinds: what wants both is open.
    let page = story.get("/account/email").cookies(&jar).send().await.is(200);
    assert!(!page.body.contains("/account/confirm"), "{}", page.body);

    // It is none after itself.
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let body = json!({ "pending": waiting.id, "password": ada.password });
    let refused = story.post("/api/auth/factor/password").cookies(&waiting.jar).json(&body).send().await;
    is_step_error(refused, "invalid_request", "That way is not offered for this sign-in.");
    // Five wrong ones end a sign-in.
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let led = finish(&story, &mut jar, &app, &passkey.get(&options)).await.is(302);
    let id = query_of(&led.location(), "pending").expect("an id");
    for (left, status) in [(4, 400), (3, 400), (2, 400), (1, 400), (0, 410)] {
        let body = json!({ "pending": id, "password": "wrong" });
        let request = story.post("/api/auth/factor/password").header("accept", "application/json").cookies(&jar);
        assert_eq!(request.json(&body).send().await.status, status, "{left} left");
    }
});

story!(passkey_whose_counter_does_not_rise_is_refused_and_told, |story| {
    let (ada, mut passkey, owner) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let sign_in = async |passkey: &mut SoftPasskey| {
        let mut jar = CookieJar::default();
        let (options, _) = opened(&story, &mut jar, &app).await;
        finish(&story, &mut jar, &app, &passkey.get(&options)).await
    };
    passkey.counter = 7;
    sign_in(&mut passkey).await.signed_in();
    passkey.counter = 8;
    sign_in(&mut passkey).await.signed_in();
    is_refused(sign_in(&mut passkey).await, NOT_ACCEPTED);
    mail_with(&story, &ada.email, "may have been copied").await;
    let page = story.get("/account/security").cookies(&owner).send().await.is(200);
    assert!(page.body.contains("This passkey may have been copied"), "{}", page.body);
    // It stays refused, and is not offered after the password.
    passkey.counter = 20;
    is_refused(sign_in(&mut passkey).await, NOT_ACCEPTED);
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("data-passkey"), "{}", page.body);
});
