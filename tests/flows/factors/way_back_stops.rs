//! What stops the removal of second factors, who cannot ask for it, and what comes at the same moment (FAC-112, FAC-113, FAC-115, FAC-154,
//! FAC-191).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use lysand_auth::flows::events::{self, Actor, Caller, EventQuery};
use lysand_auth::flows::factors::{own, way_back_stop};
use lysand_auth::flows::staff;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{Account, Accounts as _, Role};
use lysand_auth::host::sign_in_rules::{SignInRules, Stage};
use serde_json::{Value, json};
use tests::client::TestClient;
use tests::embedder::{Embedder, SentByStory, auth_builder_with};
use tests::story::{CookieJar, Response, Story, query_of};
use tests::{Person, story};

use super::way_back::{DAY, ON, PAGE, ask, is_told, mailed, post, somebody, tell};
use super::{WRONG, Waiting, act, begin, is_over, is_step_error};
use crate::people::{after, form_token, mail_with, mails_to};

const NOT_OFFERED: &str = "That way is not offered for this sign-in.";
const OVER: &str = "This request was stopped, or is over.";
const PAUSED: &str = "This was stopped a short while ago, or asked for too often. Please try again later.";

/// The links of all mails that stop it, the oldest first.
async fn links(story: &Story, address: &str) -> Vec<String> {
    let mails = mails_to(story, address, 1).await;
    let link =
        |mail: &String| mail.contains("way_back/stop").then(|| after(mail, "/account/way_back/stop?token=").to_owned());
    mails.iter().filter_map(link).collect()
}

async fn events_of(story: &Story, name: &str) -> Vec<Value> {
    let found = events::find(&story.server().state().auth, EventQuery::new(200)).await.expect("events");
    let detail = |event: &events::Event| event.detail.as_deref().map_or(Value::Null, json_of);
    found.iter().filter(|event| event.event == name).map(detail).collect()
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// Whether the way back is offered to somebody.
async fn is_offered(story: &Story, person: &Person) -> bool {
    let app = story.usual_app().await;
    let mut waiting = begin(story, person, &app.authorize_query()).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    let offered = page.body.contains("I have none of these");
    waiting.jar.keep(&page);
    let token = page.hidden("form_token");
    let form = [("form_token", &*token), ("pending", &*waiting.id)];
    let started = story.post(&format!("{PAGE}/start")).cookies(&waiting.jar).form(&form).send().await;
    if !offered {
        is_step_error(started, "invalid_request", NOT_OFFERED);
        let shown = story.get(&format!("{PAGE}?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(302);
        assert_eq!(shown.location().path(), "/oauth/factor");
    }
    offered
}

story!(each_mail_stops_the_removal_without_signing_in, ON, |story| {
    let (ada, own) = somebody(&story, "ada").await;
    let (mut waiting, _) = ask(&story, &ada).await;
    story.advance_clock(DAY / 2 * 7);
    tell(&story).await;
    let soon = mail_with(&story, &ada.email, "will be removed").await;
    assert!(soon.contains("nobody stopped it") && soon.contains("way_back/stop"), "{soon}");
    tell(&story).await;
    story.advance_clock(DAY / 2 * 5);
    tell(&story).await;
    let all = tests::wait::until("three mails", async || {
        Some(links(&story, &ada.email).await).filter(|links| links.len() == 3)
    });
    let all = all.await;
    // Looking at a link changes nothing, and neither does a form of another site.
    let path = |link: &str| format!("/account/way_back/stop?token={link}");
    let mut jar = CookieJar::default();
    for link in &all {
        let page = story.get(&path(link)).header("accept", "text/html").cookies(&jar).send().await.is(200);
        assert!(page.body.contains("@ada") && page.body.contains("Stop it"), "{}", page.body);
        jar.keep(&page);
    }
    let foreign = story.post("/account/way_back/stop").header("origin", "https://evil.example").cookies(&jar);
    foreign.form(&[("token", &*all[0])]).send().await.is(403);
    let no_token = story.post("/account/way_back/stop").header("origin", story.base()).cookies(&jar);
    no_token.form(&[("token", &*all[0])]).send().await.is(422);
    for odd in ["", "x", &"A".repeat(5_000)] {
        story.get(&path(odd)).header("accept", "text/html").send().await.is(410);
    }
    assert!(is_told(&story, &own.jar, "/account").await);
    // Of presses at the same moment one stops it, and everything else is over with it.
    let token = form_token(&story, &mut jar, &path(&all[1])).await;
    let stops = (0..6).map(|_| {
        let form = [("form_token", &*token), ("token", &*all[1])];
        story.post("/account/way_back/stop").header("accept", "text/html").cookies(&jar).form(&form).send()
    });
    let answers = join_all(stops).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer.status == 410).count(), 5);
    let done = answers.iter().find(|answer| answer.status == 200).expect("one");
    assert!(
        done.body.contains("Your second factors stay") && done.body.contains("Choose a new password"),
        "{}",
        done.body
    );
    for link in &all {
        story.get(&path(link)).header("accept", "text/html").send().await.is(410);
    }
    assert!(!is_told(&story, &own.jar, "/account").await);
    mail_with(&story, &ada.email, "stay").await;
    assert_eq!(events_of(&story, "way_back_stopped").await, [json!({ "why": "mail" })]);
    story.advance_clock(DAY * 2);
    is_over(post_anywhere(&story, &mut waiting).await);
    let app = story.usual_app().await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    let refused = post(&story, &mut waiting, "/claim", &[("code", "12345678")]).await;
    is_step_error(refused, "invalid_request", OVER);
});

/// Posts for a sign-in whose page is gone.
async fn post_anywhere(story: &Story, waiting: &mut Waiting) -> Response {
    let form = [("pending", &*waiting.id), ("code", "12345678")];
    let answer = story.post(&format!("{PAGE}/claim")).header("accept", "text/html").header("origin", story.base());
    answer.cookies(&waiting.jar).form(&form).send().await
}

story!(owner_stops_the_removal_and_whatever_proves_the_owner_does, ON, |story| {
    let app = story.usual_app().await;
    for (way, why) in [
        ("page", "owner"),
        ("json", "owner"),
        ("totp", "factor"),
        ("recovery", "factor"),
        ("password", "credentials"),
        ("reset", "credentials"),
        ("address", "credentials"),
        ("access", "staff"),
        ("factors", "staff"),
    ] {
        let (ada, mut own) = somebody(&story, &format!("ada{way}")).await;
        ask(&story, &ada).await;
        assert!(is_told(&story, &own.jar, "/account").await, "{way}");
        let auth = &story.server().state().auth;
        let account = story.account(&ada).await;
        match way {
            "page" => {
                let answer = act(&story, &mut own.jar, "way_back/stop", &[]).await.is(302);
                let page = story.get(answer.location().as_str()).cookies(&own.jar).send().await.is(200);
                assert!(page.body.contains("It is stopped"), "{}", page.body);
                // What is over is not stopped once more.
                act(&story, &mut own.jar, "way_back/stop", &[]).await.is(422);
            }
            "json" => {
                let own_app = story.app("https://own.example/cb", "read write auth:read auth:write").await;
                let consent = own_app.authorize_query_with(&[("scope", "auth:read auth:write")]);
                let path = format!("/oauth/authorize?{consent}");
                let led = story.get(&path).cookies(&own.jar).send().await.is(302).location();
                let signed = tests::story::SignedIn {
                    cookie: own.jar.get("jwt").expect("a session").to_owned(),
                    code: query_of(&led, "code").expect("a code"),
                    consent: led,
                };
                let code = story.consent(&signed, &own_app).await;
                let token = story.redeem(&own_app, &code).await.is(200).json();
                let token = token["access_token"].as_str().expect("a token").to_owned();
                let told = story.get("/api/v1/auth/factors").bearer(&token).send().await.is(200).json();
                for name in ["asked_at", "ripe_at", "until"] {
                    assert!(told["way_back"][name].as_str().is_some_and(|at| at.ends_with('Z')), "{told}");
                }
                let stop = || story.post("/api/v1/auth/factors/way_back/stop").bearer(&token).json(&json!({})).send();
                assert_eq!(stop().await.is(200).json()["way_back"], Value::Null);
                stop().await.is(404);
                story.post("/api/v1/auth/factors/way_back/stop").json(&json!({})).send().await.is(401);
            }
            "totp" | "recovery" => {
                let code = if way == "totp" { own.fresh_code(&story) } else { own.codes[0].clone() };
                begin(&story, &ada, &app.authorize_query()).await.post(&story, way, &code).await.signed_in();
            }
            "password" => {
                let token = form_token(&story, &mut own.jar, "/account/password").await;
                let form = [
                    ("form_token", &*token),
                    ("current_password", &*ada.password),
                    ("password", "quite another sentence"),
                ];
                let changed = story.post("/account/password").cookies(&own.jar).form(&form).send().await;
                assert!(changed.status == 302 || changed.status == 200, "{} {}", changed.status, changed.body);
                own.jar.keep(&changed);
            }
            "reset" => {
                let asked = json!({ "identifier": ada.username }).to_string();
                story.post("/api/v1/auth/password/forgot").body("application/json", asked).send().await.is(200);
                let mail = mail_with(&story, &ada.email, "/oauth/reset?token=").await;
                let body =
                    json!({ "token": after(&mail, "/oauth/reset?token="), "password": "quite another sentence" });
                story.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
            }
            "address" => {
                let email =
                    lysand_auth::host::accounts::Email { address: "new@people.example".into(), confirmed: true };
                lysand_auth::flows::email::set(auth, &account, email, Actor::Command).await.expect("set");
            }
            "access" => {
                let act = staff::StaffAct::by_command();
                staff::end_access(auth, &account, &act).await.expect("ended");
            }
            _ => {
                own::reset(auth, &account, None, Actor::Command, &Caller::default()).await.expect("reset");
            }
        }
        tell(&story).await;
        let stopped = events_of(&story, "way_back_stopped").await;
        assert_eq!(stopped.first().and_then(|detail| detail["why"].as_str()), Some(why), "{way}: {stopped:?}");
        assert!(!is_told(&story, &own.jar, "/account").await, "{way}");
    }
    assert_eq!(events_of(&story, "way_back_stopped").await.len(), 9);
});

story!(way_back_is_for_whoever_has_password_and_mailbox_and_for_no_admin, ON, |story| {
    let (ada, own) = somebody(&story, "ada").await;
    assert!(is_offered(&story, &ada).await);
    // Whoever may give a code by mail anyway has another way.
    let (grace, mut hers) = somebody(&story, "grace").await;
    act(&story, &mut hers.jar, "email", &[("on", "1")]).await.is(302);
    assert!(!is_offered(&story, &grace).await);
    // An address that nobody confirmed, an admin, and a password that a mailed link has set.
    let (eve, _) = somebody(&story, "eve").await;
    let state = story.server().state();
    let account = story.account(&eve).await;
    state.accounts.set_role(&account.id, Role::Admin).await.expect("a role");
    assert!(!is_offered(&story, &eve).await);
    let asked = json!({ "identifier": ada.username }).to_string();
    story.post("/api/v1/auth/password/forgot").body("application/json", asked).send().await.is(200);
    let mail = mail_with(&story, &ada.email, "/oauth/reset?token=").await;
    let body = json!({ "token": after(&mail, "/oauth/reset?token="), "password": "quite another sentence" });
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
    let ada = Person { password: "quite another sentence".to_owned(), ..ada };
    assert!(!is_offered(&story, &ada).await);
    // For thirty days, or until another factor was proven.
    story.advance_clock(29 * DAY);
    assert!(!is_offered(&story, &ada).await);
    story.advance_clock(DAY);
    assert!(is_offered(&story, &ada).await);
    let _ = own;
    // A code for this is no second proof, and one of another sign-in counts nowhere.
    let app = story.usual_app().await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    let code = mailed(&story, &mut waiting, &ada).await;
    is_step_error(waiting.post(&story, "email", &code).await, "invalid_request", NOT_OFFERED);
    let mut other = begin(&story, &ada, &app.authorize_query()).await;
    let refused = post(&story, &mut other, "", &[("code", &code)]).await.is(302).location();
    assert_eq!(query_of(&refused, "error_description").as_deref(), Some(WRONG), "{refused}");
    for odd in ["", "1234567", "abcdefgh", &"1".repeat(65)] {
        let refused = post(&story, &mut other, "", &[("code", odd)]).await.is(302).location();
        assert_eq!(query_of(&refused, "error_description").as_deref(), Some("This is no such code."), "{odd}");
    }
    // Another browser has no part in it.
    let mut thief = Waiting { jar: CookieJar::default(), id: waiting.id.clone() };
    is_over(post_anywhere(&story, &mut thief).await);
    post(&story, &mut waiting, "", &[("code", &code)]).await.is(200);
    let again = post(&story, &mut waiting, "", &[("code", &code)]).await;
    assert!(again.status == 302 || again.status == 200, "a code counts once: {}", again.status);
});

story!(way_back_that_is_off_is_not_there, |story| {
    let (ada, _) = somebody(&story, "ada").await;
    let app = story.usual_app().await;
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("I have none of these"));
    story.get(&format!("{PAGE}?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(404);
});

story!(way_back_is_asked_once_a_day_after_a_stop_and_three_times_a_month, ON, |story| {
    let (ada, mut own) = somebody(&story, "ada").await;
    let app = story.usual_app().await;
    for number in 1..=3 {
        ask(&story, &ada).await;
        // What is open is not asked once more.
        let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
        let page = story.get(&format!("{PAGE}?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
        assert!(page.body.contains("It is asked for") && !page.body.contains("<form"), "{}", page.body);
        waiting.jar.keep(&page);
        act(&story, &mut own.jar, "way_back/stop", &[]).await.is(302);
        let mut early = begin(&story, &ada, &app.authorize_query()).await;
        let paused = post(&story, &mut early, "/start", &[]).await.is(302).location();
        assert_eq!(query_of(&paused, "error_description").as_deref(), Some(PAUSED), "{number}");
        story.advance_clock(DAY);
    }
    let mut early = begin(&story, &ada, &app.authorize_query()).await;
    let paused = post(&story, &mut early, "/start", &[]).await.is(302).location();
    assert_eq!(query_of(&paused, "error_description").as_deref(), Some(PAUSED));
    story.advance_clock(28 * DAY);
    tell(&story).await;
    ask(&story, &ada).await;
});

story!(way_back_that_nobody_claims_lapses, ON, |story| {
    let (ada, _) = somebody(&story, "ada").await;
    let app = story.usual_app().await;
    ask(&story, &ada).await;
    story.advance_clock(14 * DAY - Duration::from_secs(1));
    tell(&story).await;
    assert_eq!(events_of(&story, "way_back_lapsed").await.len(), 0);
    story.advance_clock(Duration::from_secs(1));
    // Before anybody has swept it.
    let mut late = begin(&story, &ada, &app.authorize_query()).await;
    is_step_error(post(&story, &mut late, "/claim", &[("code", "12345678")]).await, "invalid_request", OVER);
    tell(&story).await;
    tell(&story).await;
    assert_eq!(events_of(&story, "way_back_lapsed").await.len(), 1);
    ask(&story, &ada).await;
});

story!(way_back_is_claimed_once_and_never_after_a_stop, &[ON[0], ON[1], ON[2], ("http.workers", "2")], |story| {
    let (ada, own) = somebody(&story, "ada").await;
    let app = story.usual_app().await;
    ask(&story, &ada).await;
    story.advance_clock(7 * DAY);
    // Claims at the same moment, in different sign-ins and in one.
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut one = begin(&story, &ada, &app.authorize_query()).await;
        story.advance_clock(Duration::from_secs(1));
        let code = mailed(&story, &mut one, &ada).await;
        let token = form_token(&story, &mut one.jar, &format!("/oauth/factor?pending={}", one.id)).await;
        waiting.push((one, code, token));
    }
    let claims = waiting.iter().flat_map(|one| [one, one]).map(|(one, code, token)| {
        let form = [("form_token", &**token), ("pending", &*one.id), ("code", &**code)];
        story.post(&format!("{PAGE}/claim")).header("accept", "text/html").cookies(&one.jar).form(&form).send()
    });
    let answers = join_all(claims).await;
    let signed_in = answers.iter().filter(|answer| answer.cookie("jwt").is_some()).count();
    assert_eq!(signed_in, 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| answer.status.as_u16() < 500));
    assert_eq!(events_of(&story, "way_back_done").await.len(), 1);
    // A stop and a claim at the same moment: one of them wins.
    for round in 0..4 {
        let (eve, mut hers) = somebody(&story, &format!("eve{round}")).await;
        ask(&story, &eve).await;
        story.advance_clock(7 * DAY);
        let mut one = begin(&story, &eve, &app.authorize_query()).await;
        let code = mailed(&story, &mut one, &eve).await;
        let token = form_token(&story, &mut one.jar, &format!("/oauth/factor?pending={}", one.id)).await;
        let own_token = crate::factors::token(&story, &mut hers.jar).await;
        let form = [("form_token", &*token), ("pending", &*one.id), ("code", &*code)];
        let claim =
            story.post(&format!("{PAGE}/claim")).header("accept", "text/html").cookies(&one.jar).form(&form).send();
        let stop_form = [("form_token", &*own_token)];
        let stop = story.post("/account/security/way_back/stop").cookies(&hers.jar).form(&stop_form).send();
        let (claimed, _) = futures_util::future::join(claim, stop).await;
        tell(&story).await;
        let stopped = events_of(&story, "way_back_stopped").await.len();
        let done = events_of(&story, "way_back_done").await.len();
        assert_eq!(stopped + done, round + 2, "{round}");
        let again = story.log_in(&app.authorize_query(), &eve.username, &eve.password).await.is(302);
        assert_eq!(again.cookie("jwt").is_some(), claimed.cookie("jwt").is_some(), "{round}");
    }
    let _ = own;
});

story!(
    removal_is_followed_by_a_factor_where_one_is_demanded,
    &[ON[0], ON[1], ON[2], ("factors.required", "everyone"), ("factors.grace", "0s")],
    |story| {
        let ada = story.person("ada").await;
        let app = story.usual_app().await;
        let query = app.authorize_query_with(&[("state", "kept")]);
        let mut first = crate::factors::required::begin_enrolment(&story, &ada, &query).await;
        crate::factors::required::enrol_in(&story, &mut first).await;
        ask(&story, &ada).await;
        story.advance_clock(7 * DAY);
        let mut waiting = begin(&story, &ada, &query).await;
        let code = mailed(&story, &mut waiting, &ada).await;
        let led = post(&story, &mut waiting, "/claim", &[("code", &code)]).await.is(302).location();
        assert_eq!(led.path(), "/oauth/enrol", "{led}");
        // Nothing has begun, and the factor is gone.
        assert_eq!(waiting.jar.get("jwt"), None);
        assert_eq!(events_of(&story, "way_back_done").await.len(), 1);
        crate::factors::required::enrol_in(&story, &mut waiting).await;
        let on =
            story.get(&format!("/oauth/continue?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(302);
        assert_eq!(query_of(&on.location(), "state").as_deref(), Some("kept"), "{}", on.location());
    }
);

/// Rules that write down how far somebody is, and say no more.
#[derive(Default)]
struct Watching(Mutex<Vec<Stage>>);

impl Watching {
    fn take(&self) -> Vec<Stage> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl SignInRules for Watching {
    async fn way_back(&self, _: &Account, stage: Stage) -> HostResult<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(stage);
        Err("what comes of it changes nothing".into())
    }
}

story!(
    starts_and_claims_of_a_way_back_count_as_guesses,
    &[ON[0], ON[1], ON[2], ("ratelimit.enabled", "true"), ("ratelimit.factor_account.max", "1")],
    |story| {
        let (ada, _) = somebody(&story, "ada").await;
        let app = story.usual_app().await;
        let mut statuses = Vec::new();
        for _ in 0..2 {
            let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
            let started = post(&story, &mut waiting, "/start", &[]).await;
            statuses.push(started.status.as_u16());
        }
        assert_eq!(statuses, [302, 429]);
    }
);

story!(host_is_told_how_far_somebody_is_with_a_way_back, |story| {
    let (ada, _) = somebody(&story, "ada").await;
    let app = story.usual_app().await;
    let rules = Arc::new(Watching::default());
    let mut config = story.server().state().auth.config().clone();
    config.factors.way_back.enabled = true;
    let auth = auth_builder_with(&story, config).sign_in_rules(rules.clone()).mailer(Arc::new(SentByStory));
    let auth = auth.outbox_every(None).housekeeping_every(None).build().expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let client = TestClient::new(&host.url(""), &tests::http::http_client(None));
    // As far as the form with the code.
    let begun = async || {
        let form = [("identifier", &*ada.username), ("password", &*ada.password)];
        let led = client.post(&format!("/api/auth/login?{}", app.authorize_query())).form(&form).send().await.is(302);
        let mut jar = CookieJar::default();
        jar.keep(&led);
        let id = query_of(&led.location(), "pending").expect("an id");
        client.post(&format!("{PAGE}/start")).cookies(&jar).form(&[("pending", &*id)]).send().await.is(302);
        let code = crate::factors::way_back::newest_code(&story, &ada).await;
        (jar, id, code)
    };
    let ask = async || {
        let (jar, id, code) = begun().await;
        client.post(PAGE).cookies(&jar).form(&[("pending", &*id), ("code", &*code)]).send().await.is(200);
    };
    let later = async |time: Duration| {
        story.advance_clock(time);
        lysand_auth::flows::sweep::sweep(&auth).await.expect("swept");
    };
    ask().await;
    assert_eq!(rules.take(), [Stage::Asked]);
    let account = story.account(&ada).await;
    way_back_stop::by_owner(&auth, &account, &Caller::default()).await.expect("stopped");
    later(Duration::from_secs(1)).await;
    assert_eq!(rules.take(), [Stage::Stopped]);
    story.advance_clock(DAY);
    ask().await;
    later(14 * DAY).await;
    assert_eq!(rules.take(), [Stage::Asked, Stage::Lapsed]);
    ask().await;
    later(6 * DAY).await;
    assert_eq!(rules.take(), [Stage::Asked]);
    later(DAY).await;
    let (jar, id, code) = begun().await;
    let form = [("pending", &*id), ("code", &*code)];
    client.post(&format!("{PAGE}/claim")).cookies(&jar).form(&form).send().await.signed_in();
    later(Duration::from_secs(1)).await;
    assert_eq!(rules.take(), [Stage::Ripe, Stage::Claimed]);
});
