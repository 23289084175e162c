//! A code by mail in place of name and password (FAC-56, FAC-86): the same answer for everybody, and one proof, never two.

use std::time::Duration;

use lysand_auth::flows::events::Actor;
use lysand_auth::flows::reset::{self, Demanded};
use serde_json::{Value, json};
use tests::story::{App, CookieJar, Response, Story, query_of};
use tests::{Person, story};

use super::{WRONG, Waiting, enrol, is_over, proven_query};
use crate::people::{after, code_in, mail_with, mails_to};

const ON: &[(&str, &str)] = &[("factors.email_sign_in", "true")];
const LIMITED: &[(&str, &str)] = &[("factors.email_sign_in", "true"), ("ratelimit.enabled", "true")];
const ASKED: &str = "If an account has this address, a code is on its way.";
const NO_CODE: &str = "This is no such code.";

/// Asks for a code as a frontend's form does.
async fn ask(story: &Story, query: &str, identifier: &str) -> Waiting {
    let path = format!("/api/auth/code/request?{query}");
    let form = [("identifier", identifier)];
    let answer = story.post(&path).header("origin", story.base()).form(&form).send().await.is(302);
    let location = answer.location();
    assert_eq!((location.path(), answer.cookie("jwt")), ("/oauth/email_code", None), "{location}");
    let id = query_of(&location, "pending").expect("an id");
    let cookie = answer.set_cookie(&format!("signin_{id}")).expect("a cookie of its own");
    assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/; Max-Age=4200"), "{cookie}");
    let mut jar = CookieJar::default();
    jar.keep(&answer);
    Waiting { jar, id }
}

/// Types a code into the page.
async fn answer(story: &Story, waiting: &mut Waiting, code: &str) -> Response {
    let page = story.get(&format!("/oauth/email_code?pending={}", waiting.id)).header("accept", "text/html");
    let page = page.cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    let token = page.hidden("form_token");
    let form = [("form_token", &*token), ("pending", &*waiting.id), ("code", code)];
    let answer = story.post("/api/auth/code").cookies(&waiting.jar).form(&form).send().await;
    waiting.jar.keep(&answer);
    answer
}

/// The same without the page.
async fn post(story: &Story, jar: &CookieJar, id: &str, code: &str) -> Response {
    let form = [("pending", id), ("code", code)];
    let request = story.post("/api/auth/code").header("origin", story.base()).header("accept", "text/html");
    request.cookies(jar).form(&form).send().await
}

#[track_caller]
fn is_wrong(answer: Response, text: &str) {
    let location = answer.is(302).location();
    let told = (location.path(), query_of(&location, "error_description"));
    assert_eq!(told, ("/oauth/email_code", Some(text.to_owned())), "{location}");
}

/// The code that was mailed beside those `before`; mails come in no order.
async fn code(story: &Story, person: &Person, before: &[&str]) -> String {
    tests::wait::until("a code", async || {
        let mails: Vec<String> = mails_to(story, &person.email, before.len()).await;
        let mut codes = mails.iter().filter_map(|mail| code_in(mail));
        codes.find(|code| !before.contains(code)).map(str::to_owned)
    })
    .await
}

async fn consents(story: &Story, app: &App, answer: Response) {
    let consent = story.decide(&answer.signed_in(), app).await.is(302).location();
    assert!(query_of(&consent, "code").is_some(), "{consent}");
}

story!(code_by_mail_signs_in_from_the_page_and_the_apps_request_goes_on, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (query, request) = proven_query(&story, &app);
    let page = story.get(&format!("/oauth/authorize?{query}")).send().await.is(200);
    assert!(page.markup().contains("/oauth/email_code?"), "{}", page.body);
    let mut jar = CookieJar::default();
    let page = story.get(&format!("/oauth/email_code?{query}")).cookies(&jar).send().await.is(200);
    jar.keep(&page);
    let form = [("form_token", &*page.hidden("form_token")), ("identifier", "ada")];
    let asked = story.post(&format!("/api/auth/code/request?{query}")).cookies(&jar).form(&form).send().await.is(302);
    jar.keep(&asked);
    let id = query_of(&asked.location(), "pending").expect("an id");
    let shown = story.get(asked.location().as_str()).cookies(&jar).send().await.is(200);
    assert!(shown.body.contains(ASKED) && shown.body.contains("Story App"), "{}", shown.body);
    assert!(!shown.body.contains(&ada.email) && !shown.body.contains("@ada"), "nobody is known yet: {}", shown.body);
    let code = code(&story, &ada, &[]).await;
    let mut waiting = Waiting { jar, id };
    is_wrong(answer(&story, &mut waiting, "").await, NO_CODE);
    is_wrong(answer(&story, &mut waiting, "12a").await, NO_CODE);
    is_wrong(answer(&story, &mut waiting, "00000000").await, WRONG);
    let before = waiting.jar.clone();
    let spaced = format!("{} {}", &code[..4], &code[4..]);
    let signed_in = answer(&story, &mut waiting, &spaced).await.signed_in();
    let consent = story.decide(&signed_in, &app).await.is(302).location();
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    let granted = query_of(&consent, "code").expect("a code");
    story.client().redeem_proven(&app, &request, &granted).await.expect("an access token");
    // Once, and what is over can be begun again with the request.
    let over = is_over(post(&story, &before, &waiting.id, &code).await);
    assert!(over.body.contains(&app.client_id), "{}", over.body);
});

story!(whoever_asks_for_a_code_learns_nothing_of_accounts, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query();
    let eve = story.person("eve").await;
    let account = story.account(&eve).await;
    let auth = &story.server().state().auth;
    reset::demand(auth, &account, Demanded::Now, Actor::Command).await.expect("a demand");
    for name in ["ada", "eve", "nobody", "nobody@example.org"] {
        let mut waiting = ask(&story, &query, name).await;
        for left in (0..5).rev() {
            let told = answer(&story, &mut waiting, "00000000").await;
            match left {
                0 => drop(is_over(told)),
                _ => is_wrong(told, WRONG),
            }
        }
        is_over(post(&story, &waiting.jar, &waiting.id, "00000000").await);
    }
    let json = async |name: &str| {
        let path = format!("/api/auth/code/request?{query}");
        let request = story.post(&path).header("origin", story.base()).header("accept", "application/json");
        let mut told = request.json(&json!({ "identifier": name })).send().await.is(200).json();
        for changing in ["pending", "expires_at", "next"] {
            assert!(told[changing].is_string(), "{told}");
            told[changing] = Value::Null;
        }
        told["methods"][0]["again_at"] = Value::Null;
        told
    };
    let (known, unknown) = (json("ada").await, json("nobody").await);
    assert_eq!(known, unknown);
    assert_eq!((&known["status"], &known["account"], &known["message"]), (&json!("code"), &json!(null), &json!(ASKED)));
    // The mails went to whom they were for, and to nobody else.
    mails_to(&story, &ada.email, 2).await;
    let mails = mails_to(&story, &eve.email, 1).await;
    assert!(mails.iter().all(|mail| code_in(mail).is_none()), "{mails:?}");
});

story!(code_counts_in_the_browser_that_asked_and_for_ten_minutes, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query();
    let (mut first, mut second) = (ask(&story, &query, "ada").await, ask(&story, &query, "ada").await);
    let mails: Vec<String> = mails_to(&story, &ada.email, 2).await;
    let codes: Vec<String> = mails.iter().map(|mail| code_in(mail).expect("a code").to_owned()).collect();
    // Each has its own: the other's is wrong, and neither voids the other.
    let is_firsts = post(&story, &first.jar, &first.id, &codes[0]).await.cookie("jwt").is_some();
    let (of_second, of_first) = if is_firsts { (&codes[1], &codes[0]) } else { (&codes[0], &codes[1]) };
    is_wrong(answer(&story, &mut second, of_first).await, WRONG);
    is_over(post(&story, &CookieJar::default(), &second.id, of_second).await);
    is_over(post(&story, &first.jar, &second.id, of_second).await);
    let mut forged = CookieJar::default();
    forged.keep_value(&format!("signin_{}", second.id), &"A".repeat(43));
    is_over(post(&story, &forged, &second.id, of_second).await);
    story
        .post("/api/auth/code")
        .header("origin", "https://evil.example")
        .cookies(&second.jar)
        .form(&[("pending", &*second.id), ("code", of_second)])
        .send()
        .await
        .is(403);
    // It is no second proof, and no other page takes it.
    for path in ["/api/auth/factor/email", "/api/auth/factor/totp", "/api/auth/review"] {
        let form = [("pending", &*second.id), ("code", &**of_second)];
        let request = story.post(path).header("origin", story.base()).header("accept", "text/html");
        is_over(request.cookies(&second.jar).form(&form).send().await);
    }
    consents(&story, &app, answer(&story, &mut second, of_second).await).await;
    if !is_firsts {
        consents(&story, &app, answer(&story, &mut first, of_first).await).await;
    }
    let mut late = ask(&story, &query, "ada").await;
    let code = code(&story, &ada, &[&codes[0], &codes[1]]).await;
    story.advance_clock(Duration::from_secs(600));
    is_over(post(&story, &late.jar, &late.id, &code).await);
    late.jar = CookieJar::default();
});

story!(same_code_twice_at_the_same_moment_signs_in_once, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let waiting = ask(&story, &app.authorize_query(), "ada").await;
    let code = code(&story, &ada, &[]).await;
    let tries = (0..4).map(|_| post(&story, &waiting.jar, &waiting.id, &code));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.cookie("jwt").is_some()).count(), 1);
});

story!(code_sent_twice_by_double_click_leads_to_the_same_place, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query_with(&[("state", "kept")]);
    let mut waiting = ask(&story, &query, "ada").await;
    let code = code(&story, &ada, &[]).await;
    let first = answer(&story, &mut waiting, &code).await.is(302);
    let second = post(&story, &waiting.jar, &waiting.id, &code).await.is(302);
    assert_eq!(second.location().path(), first.location().path());
    assert_eq!(query_of(&second.location(), "state").as_deref(), Some("kept"));
    assert!(second.cookie("jwt").is_none(), "no second session begins");
    // It leads on in that session alone, and programs start again.
    let mut without = waiting.jar.clone();
    without.keep_value("jwt", "");
    is_over(post(&story, &without, &waiting.id, &code).await);
    let form = [("pending", &*waiting.id), ("code", &*code)];
    let program = story.post("/api/auth/code").header("origin", story.base()).header("accept", "application/json");
    program.cookies(&waiting.jar).form(&form).send().await.is(410);
});

story!(code_by_mail_is_one_proof_and_never_the_second_too, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let enrolled = enrol(&story, &ada).await;
    let mut waiting = ask(&story, &app.authorize_query(), "ada").await;
    let code = code(&story, &ada, &[]).await;
    let led = answer(&story, &mut waiting, &code).await.is(302);
    assert_eq!((led.location().path(), led.cookie("jwt")), ("/oauth/factor", None));
    waiting.id = query_of(&led.location(), "pending").expect("an id");
    let page = story.get(led.location().as_str()).cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("method=email") && page.body.contains("method=password"), "{}", page.body);
    consents(&story, &app, waiting.answer(&story, "totp", &enrolled.fresh_code(&story)).await).await;

    // A mailbox that has just set the password is not both: the password does not count after the code.
    let asked = json!({ "identifier": "ada" }).to_string();
    story.post("/api/v1/auth/password/forgot").body("application/json", asked).send().await.is(200);
    let mail = mail_with(&story, &ada.email, "/oauth/reset?token=").await;
    let body = json!({ "token": after(&mail, "/oauth/reset?token="), "password": "quite another sentence" });
    story.post("/api/v1/auth/password/reset").body("application/json", body.to_string()).send().await.is(200);
    let mut waiting = ask(&story, &app.authorize_query(), "ada").await;
    let code = self::code(&story, &ada, &[&code]).await;
    let led = answer(&story, &mut waiting, &code).await.is(302);
    let page = story.get(led.location().as_str()).cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("method=password") && page.body.contains("method=recovery"), "{}", page.body);
});

story!(code_of_an_ended_account_is_none, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let waiting = ask(&story, &app.authorize_query(), "ada").await;
    let code = code(&story, &ada, &[]).await;
    let account = story.account(&ada).await;
    let auth = &story.server().state().auth;
    let password = lysand_auth::Secret::new("quite another sentence");
    reset::set_by_staff(auth, &account, &password, Actor::Command).await.expect("a password");
    is_wrong(post(&story, &waiting.jar, &waiting.id, &code).await, WRONG);
});

story!(codes_sign_nobody_in_unless_the_operator_wants_it, |story| {
    let app = story.usual_app().await;
    let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).send().await.is(200);
    assert!(!page.body.contains("/oauth/email_code"));
    story.get(&format!("/oauth/email_code?{}", app.authorize_query())).send().await.is(404);
    let path = format!("/api/auth/code/request?{}", app.authorize_query());
    story.post(&path).header("origin", story.base()).form(&[("identifier", "ada")]).send().await.is(404);
});

story!(requests_for_codes_are_limited_by_network_and_have_a_shape, LIMITED, |story| {
    let app = story.usual_app().await;
    let path = format!("/api/auth/code/request?{}", app.authorize_query());
    let post = async |identifier: &str| {
        story.post(&path).header("origin", story.base()).form(&[("identifier", identifier)]).send().await
    };
    for odd in ["", " ", "a\u{0}b", &"x".repeat(321)] {
        post(odd).await.is(422);
    }
    let unknown =
        "/api/auth/code/request?client_id=nobody&redirect_uri=https://app.example&response_type=code&scope=read";
    story.post(unknown).header("origin", story.base()).form(&[("identifier", "ada")]).send().await.is(400);
    for number in 0..10 {
        post(&format!("nobody{number}")).await.is(302);
    }
    assert!(!post("ada").await.is(429).header("retry-after").is_empty());
});
