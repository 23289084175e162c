//! A new password that is demanded in the middle of a sign-in: the sign-in goes on with it (FAC-5, FAC-25).

use lysand_auth::flows::events::Actor;
use lysand_auth::flows::reset::{self, Demanded};
use serde_json::json;
use tests::story::{App, CookieJar, Response, Story, query_of};
use tests::{Person, story};

use super::passkey_sign_in::{finish, opened};
use super::passkeys::somebody;
use super::{Waiting, begin, enrol, is_over, proven_query};
use crate::people::form_token;

const NEW: &str = "quite another sentence";

async fn demand(story: &Story, person: &Person) {
    let account = story.account(person).await;
    let auth = &story.server().state().auth;
    reset::demand(auth, &account, Demanded::AtNextSignIn, Actor::Command).await.expect("a demand");
}

/// Gives name and password, which leads to the page of a new one: the sign-in, and the token.
async fn begin_demanded(story: &Story, person: &Person, query: &str) -> (Waiting, String) {
    let form = [("identifier", &*person.username), ("password", &*person.password)];
    let answer = story.post(&format!("/api/auth/login?{query}")).form(&form).send().await.is(302);
    assert_eq!(answer.cookie("jwt"), None, "no session before that");
    let mut jar = CookieJar::default();
    jar.keep(&answer);
    let location = answer.location();
    (Waiting { jar, id: query_of(&location, "pending").expect("an id") }, token_of(&answer))
}

/// The token in the address that an answer leads to.
#[track_caller]
fn token_of(answer: &Response) -> String {
    let location = answer.location();
    assert_eq!((location.path(), query_of(&location, "login_reset").as_deref()), ("/oauth/reset", Some("true")));
    query_of(&location, "token").expect("a token")
}

/// Sets the password as a frontend's form does, which knows nothing of the sign-in.
async fn set(story: &Story, jar: &CookieJar, token: &str, password: &str) -> Response {
    let form = [("token", token), ("password", password)];
    story.post("/api/auth/reset").header("origin", story.base()).cookies(jar).form(&form).send().await
}

/// Follows the way on, and expects somebody who is signed in.
async fn goes_on(story: &Story, waiting: &mut Waiting, answer: Response) -> Response {
    let location = answer.is(302).location();
    assert_eq!(location.path(), "/oauth/continue", "{location}");
    assert_eq!(query_of(&location, "pending").as_deref(), Some(&*waiting.id));
    let answer = story.get(location.as_str()).cookies(&waiting.jar).send().await.is(302);
    waiting.jar.keep(&answer);
    answer
}

async fn redeems(story: &Story, app: &App, answer: Response, request: &tests::app::AuthorizationRequest) {
    let signed_in = answer.signed_in();
    let consent = story.decide(&signed_in, app).await.is(302).location();
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    let code = query_of(&consent, "code").expect("a code");
    let token = story.client().redeem_proven(app, request, &code).await.expect("an access token");
    story.verify(&token).await.is(200);
}

story!(demanded_password_is_set_on_the_way_and_the_apps_request_goes_on, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (query, request) = proven_query(&story, &app);
    demand(&story, &ada).await;
    let (mut waiting, token) = begin_demanded(&story, &ada, &query).await;
    assert_eq!(token.len(), 64);
    // Coming back leads to the same page with the same token, and nothing is skipped.
    let path = format!("/oauth/continue?pending={}", waiting.id);
    let again = story.get(&path).cookies(&waiting.jar).send().await.is(302);
    assert_eq!(token_of(&again), token);
    is_over(story.get(&path).header("accept", "text/html").send().await);
    let path = format!("/oauth/reset?token={token}&login_reset=true&pending={}", waiting.id);
    let form = form_token(&story, &mut waiting.jar, &path).await;
    let fields = [("form_token", &*form), ("token", &*token), ("password", "short")];
    let refused = story.post("/api/auth/reset").cookies(&waiting.jar).form(&fields).send().await.is(422);
    assert!(refused.body.contains("is too short"), "{}", refused.body);
    let fields = [("form_token", &*form), ("token", &*token), ("password", NEW)];
    let answer = story.post("/api/auth/reset").cookies(&waiting.jar).form(&fields).send().await;
    let jar = waiting.jar.clone();
    let answer = goes_on(&story, &mut waiting, answer).await;
    redeems(&story, &app, answer, &request).await;
    // What was used up begins nothing more.
    set(&story, &jar, &token, "a third sentence").await.is(302);
    is_over(story.get(&format!("/oauth/continue?pending={}", waiting.id)).cookies(&jar).send().await);
    let old = story.log_in(&app.authorize_query(), &ada.username, &ada.password).await.is(302);
    assert!(old.cookie("jwt").is_none());
    assert!(story.log_in(&app.authorize_query(), &ada.username, NEW).await.is(302).cookie("jwt").is_some());
});

story!(demanded_password_comes_after_the_second_proof, |story| {
    let ada = story.person("ada").await;
    let enrolled = enrol(&story, &ada).await;
    let app = story.usual_app().await;
    let (query, request) = proven_query(&story, &app);
    demand(&story, &ada).await;
    let mut waiting = begin(&story, &ada, &query).await;
    let answer = waiting.answer(&story, "totp", &enrolled.fresh_code(&story)).await.is(302);
    assert_eq!(answer.cookie("jwt"), None);
    let token = token_of(&answer);
    let answer = set(&story, &waiting.jar, &token, NEW).await;
    let answer = goes_on(&story, &mut waiting, answer).await;
    redeems(&story, &app, answer, &request).await;
});

story!(demanded_password_that_another_browser_sets_signs_nobody_in_there, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    demand(&story, &ada).await;
    let (waiting, token) = begin_demanded(&story, &ada, &app.authorize_query()).await;
    let elsewhere = set(&story, &CookieJar::default(), &token, NEW).await.is(302);
    assert_eq!(elsewhere.header("location"), format!("{}/oauth/reset?success=true", story.base()));
    assert!(elsewhere.cookie("jwt").is_none());
    is_over(story.get(&format!("/oauth/continue?pending={}", waiting.id)).send().await);
    // A demand of staff in the middle of it ends the sign-in with the rest.
    demand(&story, &ada).await;
    let ada = Person { password: NEW.to_owned(), ..ada };
    let (waiting, token) = begin_demanded(&story, &ada, &app.authorize_query()).await;
    demand(&story, &ada).await;
    let answer = set(&story, &waiting.jar, &token, "a third sentence").await.is(302);
    assert!(!answer.header("location").contains("/oauth/continue"), "{}", answer.header("location"));
    is_over(story.get(&format!("/oauth/continue?pending={}", waiting.id)).cookies(&waiting.jar).send().await);
});

story!(demanded_password_is_told_to_programs_and_not_asked_of_passkeys, |story| {
    let (ada, mut passkey, _) = somebody(&story, "ada", false).await;
    let app = story.usual_app().await;
    demand(&story, &ada).await;
    let form = [("identifier", &*ada.username), ("password", &*ada.password)];
    let login = story.post(&format!("/api/auth/login?{}", app.authorize_query())).header("accept", "application/json");
    let answer = login.form(&form).send().await.is(200);
    let told = answer.json();
    assert_eq!(
        (&told["status"], &told["missing"], &told["methods"]),
        (&json!("password"), &json!(["password"]), &json!([]))
    );
    let next = told["next"].as_str().expect("an address");
    assert!(next.contains("/oauth/reset?") && next.contains("&login_reset=true"), "{next}");
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let credential = passkey.get(&options);
    finish(&story, &mut jar, &app, &credential).await.signed_in();
    // By the token of a sign-in nothing is reset by mail: nobody is asked what else is theirs.
    let mut waiting = Waiting { jar: CookieJar::default(), id: told["pending"].as_str().expect("an id").to_owned() };
    waiting.jar.keep(&answer);
    let next: url::Url = next.parse().expect("a URL");
    let set = set(&story, &waiting.jar, &query_of(&next, "token").expect("a token"), NEW).await;
    let gone_on = goes_on(&story, &mut waiting, set).await;
    assert!(gone_on.cookie("jwt").is_some(), "{}", gone_on.location());
});
