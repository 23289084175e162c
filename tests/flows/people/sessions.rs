//! What people see of the own sign-ins, and end (people PPL-107 to PPL-112).

use std::time::Duration;

use lysand_auth::flows::{events, sessions};
use lysand_auth::testing::counted;
use reqwest::Method;
use serde_json::{Value, json};
use tests::Person;
use tests::story;
use tests::story::{App, CookieJar, Response, SignedIn, Story};

use super::email::account_app;
use super::{form_token, mails_to};

pub(super) const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);
pub(super) const SESSIONS: &str = "/api/v1/auth/sessions";

/// Signs in with a browser that says this of itself.
pub(super) async fn sign_in_with_agent(
    story: &Story,
    person: &Person,
    jar: &mut CookieJar,
    (agent, from): (&str, &str),
) -> Response {
    let app = story.usual_app().await;
    let form = [("identifier", &*person.username), ("password", &*person.password)];
    let post = story.post(&format!("/api/auth/login?{}", app.authorize_query())).cookies(jar);
    let answer = post.header("user-agent", agent).header("x-forwarded-for", from).form(&form).send().await;
    jar.keep(&answer);
    answer
}

async fn list(story: &Story, token: &str) -> Vec<Value> {
    let told = story.get(SESSIONS).bearer(token).send().await.is(200);
    assert_eq!(told.header("cache-control"), "no-store");
    told.json().as_array().expect("a list").clone()
}

fn id_of(own: &Value) -> &str {
    own["id"].as_str().expect("an id")
}

pub(super) async fn end(story: &Story, token: &str, id: &str) -> Response {
    story.call(Method::DELETE, &format!("{SESSIONS}/{id}")).bearer(token).send().await
}

/// Whether a browser is signed in.
pub(super) async fn is_signed_in(story: &Story, cookie: &str) -> bool {
    let page = story.get("/account").header("cookie", &format!("jwt={cookie}")).send().await;
    page.status == 200
}

/// A token of an app that may see and change sign-ins, and the sign-in that it came from.
pub(super) async fn token_and_sign_in(story: &Story, person: &Person, app: &App) -> (String, SignedIn) {
    let signed_in = story.sign_in(person, app).await;
    let code = story.consent(&signed_in, app).await;
    let token = story.redeem(app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    (token, signed_in)
}

story!(sessions_list_tells_device_network_methods_and_which_is_current, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    sign_in_with_agent(&story, &ada, &mut CookieJar::default(), (FIREFOX, "203.0.113.77")).await.signed_in();
    story.advance_clock(MINUTE);
    let (token, _) = token_and_sign_in(&story, &ada, &app).await;
    let own = list(&story, &token).await;
    assert_eq!(own.len(), 2, "{own:?}");
    let [current, firefox] = [&own[0], &own[1]];
    assert_eq!((&current["current"], &firefox["current"]), (&json!(true), &json!(false)));
    let expected = json!({
        "id": firefox["id"], "current": false, "kind": "browser", "dialect": null, "name": null,
        "device": { "browser": "Firefox 140", "system": "Linux", "kind": "desktop" },
        "network": "203.0.113.0/24",
        "created_at": "2026-11-21T21:00:00.000Z",
        "last_used_at": "2026-11-21T21:00:00.000Z",
        "expires_at": "2026-11-28T21:00:00.000Z",
        "methods": ["pwd"],
    });
    assert_eq!(*firefox, expected);
    assert_eq!(current["device"], json!({ "browser": null, "system": null, "kind": "other" }));
    // Page by page.
    let first = story.get(&format!("{SESSIONS}?limit=1")).bearer(&token).send().await.is(200);
    assert!(first.header("link").contains("rel=\"next\""), "{}", first.header("link"));
    let path = format!("{SESSIONS}?limit=1&max_id={}", id_of(current));
    let next = story.get(&path).bearer(&token).send().await.is(200).json();
    assert_eq!(next.as_array().map(|page| (page.len(), &page[0])), Some((1, firefox)));
    story.get(&format!("{SESSIONS}?max_id=%00")).bearer(&token).send().await.is(400);
    // Only with the scope for it, and never another person's.
    story.get(SESSIONS).send().await.is(401);
    let narrow = story.token(&ada, &story.usual_app().await).await;
    story.get(SESSIONS).bearer(&narrow).send().await.is(403);
    let eve = story.person("eve").await;
    assert_eq!(list(&story, &story.token(&eve, &app).await).await.len(), 1);
});

story!(session_end_takes_own_live_ids_alone, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, account_app(&story).await);
    let (token, here) = token_and_sign_in(&story, &ada, &app).await;
    let (hers, there) = token_and_sign_in(&story, &eve, &app).await;
    let foreign = id_of(&list(&story, &hers).await[0]).to_owned();
    end(&story, &token, &foreign).await.is(404);
    for odd in ["0", "%00", "a%2Fb", "a%27b", "end_other", &"9".repeat(65), "%F0%9F%90%98"] {
        assert_eq!(end(&story, &token, odd).await.status, 404, "{odd}");
    }
    assert!(is_signed_in(&story, &there.cookie).await && is_signed_in(&story, &here.cookie).await);
    let reader = story.app("https://reader.example/cb", "read auth:read").await;
    let only_reads = story.token(&ada, &reader).await;
    let own = id_of(&list(&story, &token).await[0]).to_owned();
    end(&story, &only_reads, &own).await.is(403);
    end(&story, &token, &own).await.is(200);
    end(&story, &token, &own).await.is(404);
    // What is over by itself is over, too.
    let own = id_of(&list(&story, &token).await[0]).to_owned();
    story.advance_clock(DAY * 3);
    end(&story, &token, &own).await.is(404);
    assert!(list(&story, &token).await.is_empty());
    let found = events::find(&story.server().state().auth, events::EventQuery::new(100)).await.expect("events");
    let ended: Vec<_> = found.iter().filter(|event| event.event == "session_ended").collect();
    assert_eq!(ended.len(), 1, "{ended:?}");
    assert_eq!(ended[0].target.as_deref(), Some(story.account(&ada).await.id.as_str()));
});

story!(session_ended_on_one_replica_fails_on_the_other_and_its_code_is_dead, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let (token, first) = token_and_sign_in(&story, &ada, &app).await;
    story.advance_clock(MINUTE);
    let second = story.sign_in(&ada, &app).await;
    let code = story.consent(&second, &app).await;
    let own = list(&story, &token).await;
    assert_eq!(own[0]["current"], json!(false));
    let replica = story.replica().await;
    let there = format!("http://localhost:{}", replica.addr().port());
    assert!(is_signed_in(&story, &second.cookie).await);
    // Cookies are of one origin, and the replicas of a test have two: it ends there by a token.
    let path = format!("{there}{SESSIONS}/{}", id_of(&own[0]));
    story.call(Method::DELETE, &path).bearer(&token).send().await.is(200);
    assert!(!is_signed_in(&story, &second.cookie).await);
    // Exactly that one.
    assert!(is_signed_in(&story, &first.cookie).await);
    story.verify(&token).await.is(200);
    story.redeem(&app, &code).await.is(400);
    replica.abort().await;
});

story!(end_others_spares_the_current_sign_in_and_the_apps, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, account_app(&story).await);
    let hers = story.sign_in(&eve, &app).await;
    let others = [story.sign_in(&ada, &app).await, story.sign_in(&ada, &app).await];
    let code = story.consent(&others[0], &app).await;
    let (token, here) = token_and_sign_in(&story, &ada, &app).await;
    let post = story.post(&format!("{SESSIONS}/end_others")).bearer(&token).json(&json!({}));
    assert_eq!(post.send().await.is(200).json(), json!({ "ended": 2 }));
    for other in &others {
        assert!(!is_signed_in(&story, &other.cookie).await);
    }
    story.redeem(&app, &code).await.is(400);
    assert!(is_signed_in(&story, &here.cookie).await && is_signed_in(&story, &hers.cookie).await);
    story.verify(&token).await.is(200);
    story.call(Method::GET, &format!("{SESSIONS}/end_others")).bearer(&token).send().await.is(405);
    let text = story.post(&format!("{SESSIONS}/end_others")).bearer(&token).body("text/plain", "x");
    text.send().await.is(415);
});

pub(super) async fn own_live_sessions(story: &Story, account: &lysand_auth::host::accounts::AccountId) -> usize {
    sessions::of_account(&story.server().state().auth, account).await.expect("sessions").len()
}

story!(session_ends_when_nobody_uses_it_and_lives_on_while_somebody_does, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let auth = &story.server().state().auth;
    let (used, unused) = (story.sign_in(&ada, &app).await, story.sign_in(&ada, &app).await);
    for _ in 0..3 {
        story.advance_clock(DAY - MINUTE);
        assert!(is_signed_in(&story, &used.cookie).await);
        sessions::write_uses(auth).await.expect("written");
    }
    // A few minutes before its end.
    let account = story.account(&ada).await;
    assert_eq!(own_live_sessions(&story, &account.id).await, 2);
    story.advance_clock(MINUTE * 3);
    assert!(!is_signed_in(&story, &unused.cookie).await, "three days after the sign-in");
    assert!(is_signed_in(&story, &used.cookie).await);
    assert_eq!(own_live_sessions(&story, &account.id).await, 1);
    // A use that is written too late brings nothing back.
    sessions::write_uses(&story.server().state().auth).await.expect("written");
    assert!(!is_signed_in(&story, &unused.cookie).await);
    // However much it is used, it ends after seven days.
    for _ in 0..2 {
        story.advance_clock(DAY * 2);
        is_signed_in(&story, &used.cookie).await;
        sessions::write_uses(&story.server().state().auth).await.expect("written");
    }
    assert!(!is_signed_in(&story, &used.cookie).await);
});

story!(session_last_use_is_written_every_five_minutes_and_by_no_request, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let auth = &story.server().state().auth;
    let (token, signed_in) = token_and_sign_in(&story, &ada, &app).await;
    let last_used = async || list(&story, &token).await[0]["last_used_at"].clone();
    story.advance_clock(MINUTE * 4);
    assert!(is_signed_in(&story, &signed_in.cookie).await);
    assert_eq!(sessions::write_uses(auth).await.expect("written"), 0, "not within five minutes");
    assert_eq!(last_used().await, "2026-11-21T21:00:00.000Z");
    story.advance_clock(MINUTE * 2);
    let (found, work) = counted(sessions::of_cookie(auth, &signed_in.cookie)).await;
    found.expect("an answer").expect("somebody");
    assert_eq!(work.transactions, 0, "{work:?}");
    for _ in 0..5 {
        assert!(is_signed_in(&story, &signed_in.cookie).await);
    }
    let written = tests::wait::until("the last use to be written", async || {
        let told = last_used().await;
        (told == "2026-11-21T21:06:00.000Z").then_some(())
    });
    written.await;
    assert_eq!(sessions::write_uses(auth).await.expect("written"), 0);
});

story!(session_networks_full_keep_whole_addresses, &[("sessions.networks", "full")], |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    sign_in_with_agent(&story, &ada, &mut CookieJar::default(), (FIREFOX, "203.0.113.77")).await.signed_in();
    let (token, _) = token_and_sign_in(&story, &ada, &app).await;
    let own = list(&story, &token).await;
    assert!(own.iter().any(|one| one["network"] == "203.0.113.77"), "{own:?}");
});

story!(session_networks_none_keep_no_address_anywhere, &[("sessions.networks", "none")], |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    for agent in [FIREFOX, "Another/1.0"] {
        sign_in_with_agent(&story, &ada, &mut CookieJar::default(), (agent, "203.0.113.77")).await.signed_in();
    }
    let (token, _) = token_and_sign_in(&story, &ada, &app).await;
    let own = list(&story, &token).await;
    assert!(own.iter().all(|one| one["network"] == Value::Null), "{own:?}");
    let found = events::find(&story.server().state().auth, events::EventQuery::new(100)).await.expect("events");
    assert!(found.iter().all(|event| event.network.is_none()), "{found:?}");
    let mails = mails_to(&story, &ada.email, 1).await;
    assert!(mails.iter().all(|mail| !mail.contains("203.0.113")), "{mails:?}");
});

/// Posts the form of the page of the own sign-ins.
async fn press(story: &Story, jar: &mut CookieJar, fields: &[(&str, &str)]) -> Response {
    let token = form_token(story, jar, "/account/sessions").await;
    let fields = [fields, &[("form_token", &*token)]].concat();
    story.post("/account/sessions").cookies(jar).form(&fields).send().await
}

story!(sessions_page_shows_browsers_and_apps_and_each_button_ends_one, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, account_app(&story).await);
    let stranger = story.get("/account/sessions").send().await.is(302);
    assert!(stranger.header("location").ends_with("/account/sign-in?return_to=%2Faccount%2Fsessions"));
    let mut jar = CookieJar::default();
    sign_in_with_agent(&story, &ada, &mut jar, (FIREFOX, "203.0.113.77")).await.signed_in();
    let (token, other) = token_and_sign_in(&story, &ada, &app).await;
    let (hers, there) = token_and_sign_in(&story, &eve, &app).await;
    let page = story.get("/account/sessions").cookies(&jar).send().await.is(200);
    assert!(page.body.contains("<bdi>Firefox 140</bdi> · <bdi>Linux</bdi>") && page.body.contains("This browser"));
    assert!(page.body.contains("203.0.113.0/24") && page.body.contains("Unknown browser"), "{}", page.body);
    assert!(page.body.contains("Story App") && page.body.contains("/account/sessions/end\""), "{}", page.body);
    assert!(page.body.find("This browser") < page.body.find("Unknown browser"), "this one first");
    assert_eq!(page.header("cache-control"), "private, no-store");
    // What is another person's, or nobody's, ends nothing; nor does a form without its token.
    let foreign = id_of(&list(&story, &hers).await[0]).to_owned();
    for fields in [&[("do", "end"), ("id", &*foreign)][..], &[("do", "end")], &[("do", "end_app"), ("id", "0")], &[]] {
        let refused = press(&story, &mut jar, fields).await.is(422);
        assert!(refused.body.contains("That is over already."), "{fields:?}");
    }
    let own = list(&story, &token).await;
    let id = own.iter().find(|one| one["current"] == json!(true)).map(id_of).expect("the other").to_owned();
    let stale = [("do", "end"), ("id", &*id), ("form_token", "guessed")];
    story.post("/account/sessions").cookies(&jar).form(&stale).send().await.is(422);
    assert!(is_signed_in(&story, &other.cookie).await && is_signed_in(&story, &there.cookie).await);
    // Exactly one.
    let done = press(&story, &mut jar, &[("do", "end"), ("id", &id)]).await.is(302);
    assert!(done.header("location").ends_with("/account/sessions?notice=ended"));
    assert!(!is_signed_in(&story, &other.cookie).await);
    story.verify(&token).await.is(200);
    let app_id = story.get("/oauth/authorized_applications.json").cookies(&jar).send().await.is(200).json();
    let app_id = app_id[0]["id"].as_str().expect("an id").to_owned();
    let done = press(&story, &mut jar, &[("do", "end_app"), ("id", &app_id)]).await.is(302);
    assert!(done.header("location").ends_with("notice=app_ended"));
    story.verify(&token).await.is(401);
    story.verify(&hers).await.is(200);
    // All other browsers, then this one.
    let last = story.sign_in(&ada, &app).await;
    press(&story, &mut jar, &[("do", "end_others")]).await.is(302);
    assert!(!is_signed_in(&story, &last.cookie).await);
    let cookie = jar.get("jwt").expect("signed in").to_owned();
    let here = sessions::of_account(&story.server().state().auth, &story.account(&ada).await.id).await;
    let here = here.expect("sessions").remove(0).id.to_string();
    let out = press(&story, &mut jar, &[("do", "end"), ("id", &here)]).await.is(302);
    assert!(out.header("location").ends_with("/account/sessions/ended"));
    jar.keep(&out);
    assert!(!jar.has("jwt") && !is_signed_in(&story, &cookie).await);
    let said = story.get("/account/sessions/ended").cookies(&jar).send().await.is(200);
    assert!(said.body.contains("You are signed out") && said.body.contains("/account/sign-in"));
});
