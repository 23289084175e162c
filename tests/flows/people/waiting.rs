//! Waiting for an account to be usable: the link, the code, another address, taking it back, going on.

use std::time::Duration;

use lysand_auth::host::accounts::Accounts as _;
use serde_json::{Value, json};
use tests::Person;
use tests::story;
use tests::story::{CookieJar, Response, Story, query_of};

use super::{after, form, form_token, mails_to, sign_up, state};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];
/// With limits, which stories switch off otherwise.
const LIMITED: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("ratelimit.enabled", "true")];

const HOUR: Duration = Duration::from_secs(3600);

/// Posts JSON to one of the routes of a sign-up.
async fn post(story: &Story, what: &str, body: &Value) -> Response {
    story.post(&format!("/api/v1/auth/signup/{what}")).body("application/json", body.to_string()).send().await
}

/// The token of a confirmation link to an address, other than those that are known.
async fn link(story: &Story, address: &str, known: &[&str]) -> String {
    let mails = mails_to(story, address, known.len() + 1).await;
    let links = mails.iter().filter(|mail| mail.contains("/register/confirm?token="));
    let mut tokens = links.map(|mail| after(mail, "/register/confirm?token=").to_owned());
    tokens.find(|token| !known.contains(&token.as_str())).expect("a link")
}

/// Presses a button on the page of a link, in a browser of its own; what has none is the answer.
async fn press(story: &Story, token: &str, button: &str) -> Response {
    let mut jar = CookieJar::default();
    let page = story.get(&format!("/register/confirm?token={token}")).cookies(&jar).send().await;
    jar.keep(&page);
    if !page.body.contains("name=\"form_token\"") {
        return page;
    }
    let form_token = after(&page.body, "name=\"form_token\" value=\"").to_owned();
    let fields = [("form_token", form_token.as_str()), ("token", token), ("do", button)];
    story.post("/register/confirm").cookies(&jar).form(&fields).send().await
}

async fn exists(story: &Story, name: &str) -> bool {
    story.server().state().accounts.by_identifier(name).await.expect("an answer").is_some()
}

story!(confirmation_link_works_once_within_an_hour_and_signs_nobody_in, OPEN, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let waiting = made["waiting_token"].as_str().expect("a token");
    let first = link(&story, "ada@example.com", &[]).await;
    story.advance_clock(HOUR + Duration::from_secs(1));
    let dead = press(&story, &first, "confirm").await.is(410);
    assert!(dead.body.contains("no longer valid") && dead.body.contains("Send a new one"));
    // The page of a dead link has another one sent, and that one works.
    press(&story, &first, "again").await.is(200);
    let second = link(&story, "ada@example.com", &[&first]).await;
    assert_ne!(first, second);
    // Mastodon's address is taken as the same link.
    let page = story.get(&format!("/auth/confirmation?confirmation_token={second}")).send().await.is(200);
    assert!(page.body.contains(&second) && page.body.contains("name=\"form_token\""), "{}", page.body);
    press(&story, &first, "confirm").await.is(410);
    for unknown in ["", "nobody", &"x".repeat(500)] {
        let page = story.get(&format!("/register/confirm?token={unknown}")).send().await.is(410);
        assert!(!page.body.contains("Send a new one"));
    }
    let done = press(&story, &second, "confirm").await.is(200);
    assert!(done.body.contains("Your address is confirmed") && done.cookie("jwt").is_none());
    assert_eq!(state(&story, waiting).await, "ready");
    let again = story.get(&format!("/register/confirm?token={second}")).send().await.is(200);
    assert!(again.body.contains("Your address is confirmed"));
});

story!(twenty_confirmations_at_once_by_link_and_code_have_one_effect, OPEN, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let waiting = made["waiting_token"].as_str().expect("a token");
    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    let (token, code) = (after(&mail, "/register/confirm?token="), after(&mail, "where you began: "));
    let by_link = json!({ "token": token });
    let by_code = json!({ "waiting_token": waiting, "code": code });
    let tries = (0..20).map(|number| post(&story, "confirm", if number % 2 == 0 { &by_link } else { &by_code }));
    for answer in futures_util::future::join_all(tries).await {
        answer.is(200);
    }
    let welcomes = mails_to(&story, "ada@example.com", 2).await;
    let welcomes = welcomes.iter().filter(|mail| mail.contains("is ready")).count();
    assert_eq!(welcomes, 1);
});

story!(address_that_two_accounts_confirm_belongs_to_the_first, OPEN, |story| {
    sign_up(&story, "ada", "shared@example.com").await;
    let first = link(&story, "shared@example.com", &[]).await;
    let other = sign_up(&story, "grace", "shared@example.com").await;
    let second = link(&story, "shared@example.com", &[&first]).await;
    assert_ne!(first, second);
    press(&story, &second, "confirm").await.is(200);
    let late = press(&story, &first, "confirm").await.is(409);
    assert!(late.body.contains("This address belongs to another account."));
    assert_eq!(state(&story, other["waiting_token"].as_str().expect("a token")).await, "ready");
});

story!(owner_of_an_address_disowns_a_sign_up, OPEN, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let token = link(&story, "ada@example.com", &[]).await;
    let gone = press(&story, &token, "disown").await.is(200);
    assert!(gone.body.contains("no such mail comes"));
    assert!(!exists(&story, "ada").await);
    let waiting = json!({ "waiting_token": made["waiting_token"] });
    post(&story, "state", &waiting).await.is_api_error(404, "Record not found");
    // For a day no such mail comes; then it does.
    sign_up(&story, "ada", "ada@example.com").await;
    assert_eq!(mails_to(&story, "ada@example.com", 1).await.len(), 1);
    story.advance_clock(24 * HOUR + Duration::from_secs(1));
    sign_up(&story, "adah", "ada@example.com").await;
    assert_eq!(mails_to(&story, "ada@example.com", 2).await.len(), 2);
});

story!(five_wrong_codes_end_the_code_and_not_the_link, OPEN, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    let (token, code) = (after(&mail, "/register/confirm?token="), after(&mail, "where you began: "));
    let wrong = if code == "11111111" { "22222222" } else { "11111111" };
    let with = |code: &str| json!({ "waiting_token": made["waiting_token"], "code": code });
    for _ in 0..5 {
        let refused = post(&story, "confirm", &with(wrong)).await.is(422).json();
        assert_eq!(refused["details"]["code"][0]["description"], "That code is not right.");
    }
    let ended = post(&story, "confirm", &with(code)).await.is(422).json();
    assert_eq!(ended["details"]["code"][0]["description"], "Please have a new code sent.");
    // The code alone, without what one waits with, is worth nothing.
    post(&story, "confirm", &json!({ "code": code })).await.is_api_error(404, "Record not found");
    press(&story, token, "confirm").await.is(200);
});

story!(mail_can_be_sent_again_once_a_minute_and_five_times_in_half_an_hour, LIMITED, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let waiting = json!({ "waiting_token": made["waiting_token"] });
    let soon = post(&story, "resend", &waiting).await.is(429);
    let wait: u64 = soon.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(post(&story, "state", &waiting).await.is(200).json()["resend_after"], 60);
    let mut sent = 0;
    for _ in 0..6 {
        story.advance_clock(Duration::from_secs(61));
        sent += usize::from(post(&story, "resend", &waiting).await.status == 200);
    }
    assert!(sent <= 5, "{sent}");
    story.advance_clock(HOUR);
    post(&story, "resend", &waiting).await.is(200);
});

story!(waiting_account_gets_another_address_and_its_earlier_link_is_dead, OPEN, |story| {
    let made = sign_up(&story, "ada", "typo@example.com").await;
    let first = link(&story, "typo@example.com", &[]).await;
    let with = |email: &str| json!({ "waiting_token": made["waiting_token"], "email": email });
    for bad in ["", "nowhere", "a@b@c"] {
        let refused = post(&story, "email", &with(bad)).await.is(422).json();
        assert!(refused["details"]["email"].is_array(), "{bad}");
    }
    post(&story, "email", &with("ada@example.com")).await.is(200);
    press(&story, &first, "confirm").await.is(410);
    let shown = post(&story, "state", &json!({ "waiting_token": made["waiting_token"] })).await.json();
    assert_eq!(shown["email"], "a…@example.com");
    press(&story, &link(&story, "ada@example.com", &[]).await, "confirm").await.is(200);
});

story!(sign_up_that_is_taken_back_frees_name_and_address, OPEN, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let first = link(&story, "ada@example.com", &[]).await;
    let waiting = json!({ "waiting_token": made["waiting_token"] });
    post(&story, "withdraw", &waiting).await.is(200);
    assert!(!exists(&story, "ada").await);
    post(&story, "withdraw", &waiting).await.is_api_error(404, "Record not found");
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let token = link(&story, "ada@example.com", &[&first]).await;
    press(&story, &token, "confirm").await.is(200);
    // An account that is usable is not taken back by its way in.
    let waiting = json!({ "waiting_token": made["waiting_token"] });
    post(&story, "withdraw", &waiting).await.is_api_error(409, "This request has been decided already");
    assert!(exists(&story, "ada").await);
});

story!(sign_in_to_unconfirmed_account_waits_and_later_signs_in, OPEN, |story| {
    let app = story.usual_app().await;
    let person = Person::named("ada");
    story.create(&person, false).await;
    let answer = story.log_in(&app.authorize_query(), "ada", &person.password).await.is(302);
    assert_eq!(answer.location().path(), "/register/waiting");
    assert!(answer.cookie("jwt").is_none());
    let wrong = story.log_in(&app.authorize_query(), "ada", "not the password").await;
    wrong.is_login_error("invalid_grant", "Invalid identifier or password");
    let mut jar = CookieJar::default();
    jar.keep(&answer);
    let token = form_token(&story, &mut jar, "/register/waiting").await;
    let sent = story.post("/register/waiting/resend").cookies(&jar).form(&[("form_token", &token)]).send().await;
    assert_eq!(query_of(&sent.is(302).location(), "notice").as_deref(), Some("sent"));
    press(&story, &link(&story, &person.email, &[]).await, "confirm").await.is(200);
    // Its browser did not sign up, so it goes on by signing in, with the request.
    let go_on = story.post("/register/waiting/continue").cookies(&jar).form(&[("form_token", &token)]).send().await;
    let location = go_on.is(302).location();
    assert_eq!(location.path(), "/oauth/authorize");
    assert_eq!(query_of(&location, "error_description").as_deref(), Some("Your account is ready. Please sign in."));
    assert_eq!(query_of(&location, "client_id").as_deref(), Some(app.client_id.as_str()));
});

story!(waiting_browser_that_comes_after_a_day_signs_in, OPEN, |story| {
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let page = format!("/register?{}", app.authorize_query());
    let token = form_token(&story, &mut jar, &page).await;
    let fields = [form("ada", "ada@example.com"), vec![("form_token", token.as_str())]].concat();
    jar.keep(&story.post(&page).cookies(&jar).form(&fields).send().await.is(302));
    press(&story, &link(&story, "ada@example.com", &[]).await, "confirm").await.is(200);
    story.advance_clock(24 * HOUR + Duration::from_secs(1));
    let token = form_token(&story, &mut jar, "/register/waiting").await;
    let go_on = story.post("/register/waiting/continue").cookies(&jar).form(&[("form_token", &token)]).send().await;
    assert!(go_on.cookie("jwt").is_none());
    assert_eq!(go_on.is(302).location().path(), "/oauth/authorize");
});

story!(json_sign_up_goes_on_in_a_browser, OPEN, |story| {
    let app = story.usual_app().await;
    let asked = json!({
        "client_id": app.client_id, "redirect_uri": app.redirect_uri, "response_type": "code", "scope": "read write",
    });
    let body = |asked: &Value| {
        json!({
            "username": "ada", "email": "ada@example.com", "password": "a calm evening", "authorization": asked,
        })
        .to_string()
    };
    let mut foreign = asked.clone();
    foreign["redirect_uri"] = "https://evil.example/".into();
    let refused = story.post("/api/v1/auth/signup").body("application/json", body(&foreign)).send().await;
    assert!(refused.status.is_client_error() && refused.status != 422, "{}", refused.status);
    let made = story.post("/api/v1/auth/signup").body("application/json", body(&asked)).send().await.is(201).json();
    let token = made["waiting_token"].as_str().expect("a token").to_owned();
    let go_on = || story.post("/api/auth/continue").form(&[("waiting_token", token.as_str())]);
    let early = go_on().send().await;
    early.is_login_error("access_denied", "Your login is missing a confirmed e-mail address");
    press(&story, &link(&story, "ada@example.com", &[]).await, "confirm").await.is(200);
    let foreign = go_on().header("sec-fetch-site", "cross-site").send().await;
    assert_eq!(foreign.status, 403);
    go_on().send().await.signed_in();
    // Once.
    assert!(go_on().send().await.cookie("jwt").is_none());
});

story!(waiting_page_of_nobody_says_so, |story| {
    let page = story.get("/register/waiting").header("accept", "text/html").send().await.is(404);
    assert!(page.body.contains("Nothing is waiting here"));
    story.get("/register/waiting/state").send().await.is_api_error(404, "Record not found");
    let cookie = story.get("/register/waiting").header("cookie", "waiting=nobody").send().await;
    assert_eq!(cookie.status, 404);
    story.get("/register/waiting/elsewhere").header("cookie", "waiting=nobody").send().await.is(404);
});
