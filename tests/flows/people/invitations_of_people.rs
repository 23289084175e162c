//! Invitations that people make, and what staff see and end of them (PPL-19, PPL-85 to PPL-87, PPL-190).

use std::time::Duration;

use lysand_auth::host::accounts::{Accounts as _, Role};
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::{CookieJar, Response, Story};
use tests::{Person, wait};

use super::{after, form, form_token, mails_to};

const OWN: &str = "/api/v1/auth/invitations";
const ALL: &str = "/api/v1/admin/auth/invitations";
const PAGE: &str = "/account/invitations";
const PEOPLE: &[(&str, &str)] =
    &[("signups.proof_of_work", "false"), ("signups.invitations", "people"), ("invitations.account_age", "0s")];
const STAFF: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("signups.invitations", "admins")];

async fn token(story: &Story, person: &Person) -> String {
    let scopes = "read auth:read auth:write admin:read admin:write";
    story.token(person, &story.app("https://invites.example/cb", scopes).await).await
}

async fn make(story: &Story, token: &str, body: Value) -> Response {
    story.post(OWN).bearer(token).json(&body).send().await
}

async fn end(story: &Story, token: &str, path: &str) -> Response {
    story.call(Method::DELETE, path).bearer(token).send().await
}

async fn with_role(story: &Story, name: &str, role: Role) -> Person {
    let person = story.person(name).await;
    let account = story.account(&person).await;
    story.server().state().accounts.set_role(&account.id, role).await.expect("a role");
    person
}

async fn sign_up(story: &Story, name: &str, code: &str) -> Response {
    let email = format!("{name}@example.com");
    let fields = [form(name, &email), vec![("invite_code", code)]].concat();
    story.post("/api/v1/auth/signup").form(&fields).send().await
}

story!(invitation_of_a_person_is_made_listed_used_and_ended, PEOPLE, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (token, other) = (token(&story, &ada).await, token(&story, &eve).await);
    let answer = make(&story, &token, json!({ "comment": " For Grace ", "skips_review": true })).await.is(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let made = answer.json();
    let code = made["code"].as_str().expect("a code");
    assert_eq!(made["url"], format!("{}/register?invite={code}", story.base()));
    assert_eq!((&made["max_uses"], &made["uses"], &made["state"]), (&json!(1), &json!(0), &json!("usable")));
    assert_eq!((&made["comment"], &made["skips_review"]), (&json!("For Grace"), &json!(false)));
    assert_eq!((&made["email"], &made["created_by"]["username"]), (&json!(null), &json!("ada")));
    let lives = made["expires_at"].as_str().expect("a moment").get(..10).expect("a day").to_owned();
    assert!(lives.as_str() > made["created_at"].as_str().expect("a moment"), "{made}");
    assert_eq!(story.get(OWN).bearer(&token).send().await.is(200).json(), json!([made]));
    assert_eq!(story.get(OWN).bearer(&other).send().await.is(200).json(), json!([]));
    sign_up(&story, "grace", code).await.is(201);
    let used = story.get(OWN).bearer(&token).send().await.is(200).json();
    assert_eq!((&used[0]["uses"], &used[0]["state"]), (&json!(1), &json!("used_up")));
    story.advance_clock(Duration::from_secs(1));
    let second = make(&story, &token, json!({ "max_uses": 2, "expires_in": 3600 })).await.is(200).json();
    let path = format!("{OWN}/{}", second["id"].as_str().expect("an id"));
    end(&story, &other, &path).await.is_api_error(404, "Record not found");
    end(&story, &token, &path).await.is(200);
    end(&story, &token, &path).await.is_api_error(404, "Record not found");
    end(&story, &token, &format!("{OWN}/nothing")).await.is(404);
    sign_up(&story, "hedy", second["code"].as_str().expect("a code")).await.is(422);
    let listed = story.get(&format!("{OWN}?limit=1")).bearer(&token).send().await.is(200);
    assert_eq!((listed.json().as_array().expect("a list").len(), &listed.json()[0]["state"]), (1, &json!("ended")));
    let links = listed.header("link").to_owned();
    assert!(links.contains("rel=\"next\"") && links.contains("rel=\"prev\"") && links.contains("limit=1"), "{links}");
    let older = format!("{OWN}?max_id={}", second["id"].as_str().expect("an id"));
    assert_eq!(story.get(&older).bearer(&token).send().await.is(200).json()[0]["id"], made["id"]);
    let newer = format!("{OWN}?min_id={}", made["id"].as_str().expect("an id"));
    assert_eq!(story.get(&newer).bearer(&token).send().await.is(200).json()[0]["id"], second["id"]);
});

story!(invitation_of_a_person_keeps_within_the_bounds_of_people, PEOPLE, |story| {
    let ada = story.person("ada").await;
    let token = token(&story, &ada).await;
    for (body, field) in [
        (json!({ "max_uses": 101 }), "max_uses"),
        (json!({ "max_uses": "none" }), "max_uses"),
        (json!({ "max_uses": 0 }), "max_uses"),
        (json!({ "max_uses": "many" }), "max_uses"),
        (json!({ "max_uses": -1 }), "max_uses"),
        (json!({ "expires_in": "never" }), "expires_in"),
        (json!({ "expires_in": 31 * 24 * 3600 }), "expires_in"),
        (json!({ "expires_in": 299 }), "expires_in"),
        (json!({ "expires_in": "soon" }), "expires_in"),
        (json!({ "email": "nobody" }), "email"),
        (json!({ "comment": "x\u{1b}[31m" }), "comment"),
    ] {
        let answer = make(&story, &token, body.clone()).await.is(422).json();
        assert_eq!(answer["details"][field][0]["error"], "ERR_INVALID", "{body}: {answer}");
    }
    let long = make(&story, &token, json!({ "comment": "x".repeat(421), "max_uses": 0 })).await.is(422).json();
    assert_eq!(long["details"]["comment"][0]["error"], "ERR_TOO_LONG");
    assert_eq!(long["details"]["max_uses"][0]["error"], "ERR_INVALID", "all at once");
    // Twelve at the same moment, and five are open.
    let tries = (0..12).map(|_| make(&story, &token, json!({ "max_uses": 100, "expires_in": 30 * 24 * 3600 })));
    let answers = futures_util::future::join_all(tries).await;
    let made: Vec<Value> = answers.iter().filter(|answer| answer.status == 200).map(Response::json).collect();
    assert_eq!(made.len(), 5, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 409));
    let refused = make(&story, &token, json!({})).await;
    refused.is_api_error(409, "You have 5 open invitations, and no more are possible. End one first.");
    end(&story, &token, &format!("{OWN}/{}", made[0]["id"].as_str().expect("an id"))).await.is(200);
    make(&story, &token, json!({})).await.is(200);
});

story!(invitation_needs_the_setting_the_age_of_the_account_and_the_scope, STAFF, |story| {
    let ada = story.person("ada").await;
    let token_of_ada = token(&story, &ada).await;
    make(&story, &token_of_ada, json!({})).await.is_api_error(403, "This action is not allowed");
    let app = story.app("https://reads.example/cb", "read write auth:read").await;
    let reading = story.token(&ada, &app).await;
    make(&story, &reading, json!({})).await.is_api_error(403, "This action is outside the authorized scopes");
    let role = async |story: &Story| {
        let seen = story.get("/api/v1/accounts/verify_credentials").bearer(&reading).send().await.is(200).json();
        seen["role"]["permissions"].clone()
    };
    assert_eq!(role(&story).await, "0");
    assert_eq!(story.get("/api/v1/instance").send().await.is(200).json()["invites_enabled"], false);
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &story.usual_app().await).await.cookie);
    story.get(PAGE).cookies(&jar).send().await.is(404);
    let account = story.get("/account").cookies(&jar).send().await.is(200);
    assert!(!account.body.contains(PAGE), "{}", account.body);
    // The same server with invitations of people.
    let story = story.restart(&[("signups.invitations", "people")]).await;
    assert_eq!(role(&story).await, "65536");
    assert_eq!(story.get("/api/v1/instance").send().await.is(200).json()["invites_enabled"], true);
    make(&story, &token_of_ada, json!({})).await.is_api_error(403, "This action is not allowed");
    // Another port is another origin, and another sign-in.
    jar.keep_value("jwt", &story.sign_in(&ada, &story.usual_app().await).await.cookie);
    let page = story.get(PAGE).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("too young") && !page.body.contains("name=\"max_uses\""), "{}", page.body);
    story.advance_clock(Duration::from_secs(7 * 24 * 3600 + 1));
    make(&story, &token_of_ada, json!({})).await.is(200);
});

story!(staff_see_all_invitations_and_end_those_that_they_may, PEOPLE, |story| {
    let (ada, staff) = (story.person("ada").await, with_role(&story, "mona", Role::Moderator).await);
    let admin = with_role(&story, "rita", Role::Admin).await;
    let (person, staff, admin) = (token(&story, &ada).await, token(&story, &staff).await, token(&story, &admin).await);
    let made = make(&story, &person, json!({})).await.is(200).json();
    story.advance_clock(Duration::from_secs(1));
    let free = json!({ "expires_in": "never" });
    let wide = story.post(ALL).bearer(&staff).json(&free).send().await.is(200).json();
    assert_eq!((&wide["max_uses"], &wide["expires_at"]), (&json!(null), &json!(null)));
    assert_eq!(wide["skips_review"], true);
    for answer in [story.get(ALL).bearer(&person), story.post(ALL).bearer(&person).json(&free)] {
        answer.send().await.is_api_error(403, "This action is not allowed");
    }
    let names = |list: Value| -> Vec<String> {
        let all = list.as_array().expect("a list").clone();
        all.iter().map(|made| made["created_by"]["username"].as_str().expect("a name").to_owned()).collect()
    };
    assert_eq!(names(story.get(ALL).bearer(&staff).send().await.is(200).json()), ["mona", "ada"]);
    let of = |made: &Value| format!("{ALL}/{}", made["id"].as_str().expect("an id"));
    end(&story, &person, &of(&made)).await.is_api_error(403, "This action is not allowed");
    end(&story, &staff, &of(&made)).await.is_api_error(403, "This action is not allowed");
    end(&story, &staff, &of(&wide)).await.is(200);
    end(&story, &admin, &of(&made)).await.is(200);
    end(&story, &admin, &of(&made)).await.is_api_error(404, "Record not found");
    let app = story.app("https://little.example/cb", "read auth:write admin:read").await;
    let reads = story.token(&ada, &app).await;
    end(&story, &reads, &of(&made)).await.is_api_error(403, "This action is outside the authorized scopes");
});

const LIMITED: &[(&str, &str)] = &[
    ("signups.proof_of_work", "false"),
    ("signups.invitations", "people"),
    ("invitations.account_age", "0s"),
    ("invitations.max_open", "100"),
    ("ratelimit.enabled", "true"),
    ("ratelimit.invitations.max", "3"),
];

story!(invitations_of_one_account_are_limited_by_the_hour, LIMITED, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (ada, eve) = (token(&story, &ada).await, token(&story, &eve).await);
    for _ in 0..3 {
        make(&story, &ada, json!({})).await.is(200);
    }
    let refused = make(&story, &ada, json!({})).await.is(429);
    assert!(refused.header("retry-after").parse::<u64>().is_ok());
    make(&story, &eve, json!({})).await.is(200);
});

story!(invitations_page_makes_shows_and_ends_them, PEOPLE, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    assert_eq!(story.get(PAGE).send().await.is(302).location().path(), "/account/sign-in");
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    let account = story.get("/account").cookies(&jar).send().await.is(200);
    assert!(account.body.contains(PAGE), "{}", account.body);
    let token = form_token(&story, &mut jar, PAGE).await;
    let post = async |fields: &[(&str, &str)]| {
        let fields = [fields, &[("form_token", &*token)]].concat();
        story.post(PAGE).cookies(&jar).form(&fields).send().await
    };
    let wrong = post(&[("do", "make"), ("max_uses", "101"), ("comment", "For <Grace>")]).await.is(422);
    assert!(wrong.body.contains("aria-invalid") && wrong.body.contains("For &lt;Grace&gt;"), "{}", wrong.body);
    let fields =
        [("do", "make"), ("max_uses", "3"), ("expires_in", "86400"), ("comment", "For <Grace>"), ("email", "")];
    let made = post(&fields).await.is(302);
    assert!(made.header("location").ends_with("?notice=made"));
    let page = story.get("/account/invitations?notice=made").cookies(&jar).send().await.is(200);
    assert!(page.body.contains("The invitation is made.") && page.body.contains("/register?invite="), "{}", page.body);
    let mailed = post(&[("do", "make"), ("max_uses", "1"), ("email", "grace@example.com")]).await.is(302);
    assert!(mailed.header("location").ends_with("?notice=mailed"));
    assert_eq!(mails_to(&story, "grace@example.com", 1).await.len(), 1);
    let id = after(&page.body, "name=\"id\" value=\"").to_owned();
    post(&[("do", "end"), ("id", &id)]).await.is(302);
    let over = post(&[("do", "end"), ("id", &id)]).await.is(422);
    assert!(over.body.contains("This invitation is over already."), "{}", over.body);
    let stale = [("do", "make"), ("form_token", "stale"), ("max_uses", "7")];
    let again = story.post(PAGE).cookies(&jar).form(&stale).send().await.is(422);
    assert!(again.body.contains("value=\"7\""), "{}", again.body);
    let events = wait::until("two made, one ended", async || {
        let auth = &story.server().state().auth;
        let all = lysand_auth::flows::events::find(auth, lysand_auth::flows::events::EventQuery::new(100))
            .await
            .expect("a list");
        let names: Vec<String> =
            all.into_iter().map(|event| event.event).filter(|name| name.starts_with("invitation")).collect();
        Some(names).filter(|names| names.len() >= 3)
    });
    assert_eq!(events.await.iter().filter(|name| *name == "invitation_ended").count(), 1);
});
