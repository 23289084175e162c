//! What else signs in to an account whose password a mailed link has set: its owner is asked what stays (people PPL-93, FAC-5).

use serde_json::{Value, json};
use tests::misbehaving_provider::ProviderUser;
use tests::story::{App, CookieJar, Response, Story, query_of};
use tests::{Person, story};

use super::passkey_sign_in::{finish, opened};
use super::passkeys::{add, somebody};
use super::{Waiting, begin, between, browser_of, enrol, is_over, proven_query};
use crate::people::{after, mail_with};

const NEW: &str = "quite another sentence";

/// Sets a new password by the link of a mail.
async fn reset(story: &Story, person: Person) -> Person {
    let asked = json!({ "identifier": person.username }).to_string();
    story.post("/api/v1/auth/password/forgot").body("application/json", asked).send().await.is(200);
    let mail = mail_with(story, &person.email, "/oauth/reset?token=").await;
    let body = json!({ "token": after(&mail, "/oauth/reset?token="), "password": NEW }).to_string();
    story.post("/api/v1/auth/password/reset").body("application/json", body).send().await.is(200);
    Person { password: NEW.to_owned(), ..person }
}

/// Gives name and password, which leads to the page that asks what stays.
async fn begin_review(story: &Story, person: &Person, query: &str) -> Waiting {
    let form = [("identifier", &*person.username), ("password", &*person.password)];
    let answer = story.post(&format!("/api/auth/login?{query}")).form(&form).send().await.is(302);
    assert_eq!((answer.location().path(), answer.cookie("jwt")), ("/oauth/review", None), "{}", answer.location());
    let mut jar = CookieJar::default();
    jar.keep(&answer);
    Waiting { jar, id: query_of(&answer.location(), "pending").expect("an id") }
}

async fn page(story: &Story, waiting: &mut Waiting) -> Response {
    let page = story.get(&format!("/oauth/review?pending={}", waiting.id)).header("accept", "text/html");
    let page = page.cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    page
}

/// Posts the form of the page.
async fn answer(story: &Story, waiting: &mut Waiting, removed: &[&str]) -> Response {
    let token = page(story, waiting).await.hidden("form_token");
    let mut form = vec![("form_token", &*token), ("pending", &*waiting.id)];
    form.extend(removed.iter().map(|id| ("remove", *id)));
    let answer = story.post("/api/auth/review").cookies(&waiting.jar).form(&form).send().await;
    waiting.jar.keep(&answer);
    answer
}

/// Everything stays, after an answer that leads to the page.
pub(super) async fn keep_all(story: &Story, jar: &mut CookieJar, led: Response) -> Response {
    let location = led.is(302).location();
    assert_eq!(location.path(), "/oauth/review", "{location}");
    let mut waiting = Waiting { jar: jar.clone(), id: query_of(&location, "pending").expect("an id") };
    let answer = answer(story, &mut waiting, &[]).await;
    *jar = waiting.jar;
    answer
}

async fn is_not_asked(story: &Story, person: &Person, app: &App) {
    let answer = story.log_in(&app.authorize_query(), &person.username, &person.password).await.is(302);
    assert!(answer.cookie("jwt").is_some(), "{}", answer.location());
}

story!(reset_is_followed_by_the_question_what_else_stays, |story| {
    let (ada, mut passkey, stranger) = somebody(&story, "ada", false).await;
    let app = story.usual_app().await;
    let ada = reset(&story, ada).await;
    // Whoever comes in by the passkey is asked nothing, and answers nothing in the owner's place.
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let credential = passkey.get(&options);
    finish(&story, &mut jar, &app, &credential).await.signed_in();
    story.get("/account/sessions").cookies(&stranger).send().await.is(302);
    story.get("/account/sessions").cookies(&jar).send().await.is(200);

    let (query, request) = proven_query(&story, &app);
    let mut waiting = begin_review(&story, &ada, &query).await;
    let shown = page(&story, &mut waiting).await;
    for part in ["@ada", "Story App", "Is all of this yours?", "Remove", "/api/auth/cancel"] {
        assert!(shown.body.contains(part), "{part}: {}", shown.body);
    }
    let id = between(&shown.markup(), "name=\"remove\" value=\"", "\"");
    let elsewhere = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await;
    assert_eq!(elsewhere.is(302).location().path(), "/oauth/review");
    // What was never shown is no part of the answer, and nothing is removed for it.
    let refused = answer(&story, &mut waiting, &[&id, "another"]).await.is(302).location();
    assert_eq!((refused.path(), query_of(&refused, "error").as_deref()), ("/oauth/review", Some("invalid_request")));
    assert!(page(&story, &mut waiting).await.body.contains(&id));
    // Another browser has no say.
    let mut other = Waiting { jar: CookieJar::default(), id: waiting.id.clone() };
    other.jar.keep(&shown);
    let token = shown.hidden("form_token");
    let form = [("form_token", &*token), ("pending", &*other.id), ("remove", &*id)];
    let request_of_another = story.post("/api/auth/review").header("accept", "text/html").cookies(&other.jar);
    is_over(request_of_another.form(&form).send().await);

    let before = waiting.jar.clone();
    let signed_in = answer(&story, &mut waiting, &[&id]).await.signed_in();
    let consent = story.decide(&signed_in, &app).await.is(302).location();
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    let code = query_of(&consent, "code").expect("a code");
    story.client().redeem_proven(&app, &request, &code).await.expect("an access token");
    is_over(story.get(&format!("/oauth/review?pending={}", waiting.id)).cookies(&before).send().await);
    // The passkey is gone, and whoever came in by it.
    story.get("/account/sessions").cookies(&jar).send().await.is(302);
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let credential = passkey.get(&options);
    assert!(finish(&story, &mut jar, &app, &credential).await.cookie("jwt").is_none());
    mail_with(&story, &ada.email, "was removed").await;
    is_not_asked(&story, &ada, &app).await;
});

story!(what_is_kept_after_a_reset_is_asked_about_once, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", false).await;
    let app = story.usual_app().await;
    let ada = reset(&story, ada).await;
    let mut waiting = begin_review(&story, &ada, &app.authorize_query()).await;
    answer(&story, &mut waiting, &[]).await.signed_in();
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let credential = passkey.get(&options);
    finish(&story, &mut jar, &app, &credential).await.signed_in();
    is_not_asked(&story, &ada, &app).await;
    // Where there is nothing else nobody is asked, and what is added later is no stranger's.
    let eve = story.person("eve").await;
    let eve = reset(&story, eve).await;
    is_not_asked(&story, &eve, &app).await;
    let mut jar = browser_of(&story, &eve).await;
    add(&story, &mut jar, &[]).await.1.is(200);
    is_not_asked(&story, &eve, &app).await;
});

story!(identity_of_a_stranger_goes_with_what_it_began, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app, guest) = (story.person("ada").await, story.usual_app().await, ProviderUser::named("mallory"));
    let token = story.token(&ada, &app).await;
    story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
    let ada = reset(&story, ada).await;
    let mut strangers = CookieJar::default();
    story.sign_in_at(&mut strangers, &app, &provider, &guest).await.signed_in();
    let mut waiting = begin_review(&story, &ada, &app.authorize_query()).await;
    let shown = page(&story, &mut waiting).await;
    assert!(shown.body.contains("account at a provider"), "{}", shown.body);
    let id = between(&shown.markup(), "name=\"remove\" value=\"", "\"");
    answer(&story, &mut waiting, &[&id]).await.signed_in();
    story.get("/account/sessions").cookies(&strangers).send().await.is(302);
    let back = story.come_back(&mut CookieJar::default(), &app, &provider, &guest).await;
    let told = query_of(&back.location(), "error_description");
    assert_eq!(told.as_deref(), Some("No user found with that account"), "{}", back.location());
});

story!(programs_are_told_what_else_signs_in_and_say_what_goes, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    let app = story.usual_app().await;
    let ada = reset(&story, ada).await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    let post = async |waiting: &mut Waiting, path: &str, mut body: Value| {
        body["pending"] = json!(waiting.id);
        let request = story.post(path).header("accept", "application/json").header("origin", story.base());
        let answer = request.cookies(&waiting.jar).json(&body).send().await;
        waiting.jar.keep(&answer);
        answer
    };
    // It is not asked before the second proof.
    let early = post(&mut waiting, "/api/auth/review", json!({ "remove": [] })).await.is(409).json();
    assert_eq!((&early["code"], &early["signin"]["status"]), (&json!("not_offered"), &json!("factor")));
    let code = enrolled.fresh_code(&story);
    let told = post(&mut waiting, "/api/auth/factor/totp", json!({ "code": code })).await.is(200).json();
    assert_eq!((&told["status"], &told["missing"]), (&json!("review"), &json!(["review"])));
    let way = &told["other_ways"][0];
    assert_eq!((&way["type"], &way["name"]), (&json!("totp"), &json!("Authenticator app")));
    let refused = post(&mut waiting, "/api/auth/review", json!({ "remove": ["nothing"] })).await.is(422).json();
    assert_eq!((&refused["code"], &refused["signin"]["status"]), (&json!("invalid"), &json!("review")));
    // With the last second factor two-step sign-in goes off.
    let done = post(&mut waiting, "/api/auth/review", json!({ "remove": [way["id"]] })).await.is(200);
    assert_eq!(done.json()["status"], "done");
    assert!(done.cookie("jwt").is_some());
    is_not_asked(&story, &ada, &app).await;
});
