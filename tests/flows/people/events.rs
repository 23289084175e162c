//! The log of events: what it keeps, for how long, and that nothing changes it.

use std::time::Duration;

use lysand_auth::flows::events::{self, Actor, Caller, Event, EventQuery};
use lysand_auth::flows::{apps, authorized_applications, outbox, sessions, sweep};
use lysand_auth::host::accounts::Account;
use lysand_auth::on;
use serde_json::json;
use tests::story;
use tests::story::Story;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn all(story: &Story) -> Vec<Event> {
    events::find(&story.server().state().auth, EventQuery::new(1_000)).await.expect("events")
}

/// The only event of a kind.
async fn one(story: &Story, kind: &str) -> Event {
    let mut found: Vec<_> = all(story).await.into_iter().filter(|event| event.event == kind).collect();
    assert_eq!(found.len(), 1, "{kind}: {found:?}");
    found.remove(0)
}

fn is_about(event: &Event, account: &Account) -> bool {
    event.target.as_deref() == Some(account.id.as_str()) && event.target_kind.as_deref() == Some("account")
}

async fn try_statement(story: &Story, statement: &'static str) -> bool {
    let store = story.server().state().auth.store();
    let done = store.write(move |c| Box::pin(async move { Ok(on!(c, c => diesel::sql_query(statement).execute(c))?) }));
    done.await.is_ok()
}

story!(events_are_changed_by_nobody_and_forget_where_they_came_from_and_then_all, |story| {
    let ada = story.person("ada").await;
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), "ada", &ada.password).await.signed_in();
    let made = one(&story, "sign_in").await;
    assert!(made.network.is_some());
    for change in [
        "UPDATE auth_event SET event = 'sign_out'",
        "UPDATE auth_event SET target = 'somebody'",
        "UPDATE auth_event SET at = at + 1",
        "UPDATE auth_event SET detail = '{}'",
        "UPDATE auth_event SET network = '192.0.2.0/24'",
        "UPDATE auth_event SET agent = 'another', network = NULL",
    ] {
        assert!(!try_statement(&story, change).await, "{change}");
    }
    assert_eq!(one(&story, "sign_in").await, made);
    let auth = &story.server().state().auth;
    story.advance_clock(DAY * 90 + Duration::from_secs(60));
    sweep::sweep(auth).await.expect("swept");
    let kept = one(&story, "sign_in").await;
    assert_eq!((kept.network.clone(), kept.agent.clone()), (None, None));
    let mut forgotten = made;
    (forgotten.network, forgotten.agent) = (None, None);
    assert_eq!(kept, forgotten, "nothing else of it has changed");
    story.advance_clock(DAY * 311);
    sweep::sweep(auth).await.expect("swept");
    assert!(all(&story).await.iter().all(|event| event.event != "sign_in"));
});

story!(events_record_sign_out_denial_ended_access_and_reuse_of_refresh_tokens, |story| {
    let ada = story.person("ada").await;
    let account = story.account(&ada).await;
    let app = story.expiring_app().await;
    let signed_in = story.sign_in(&ada, &app).await;
    let first = story.token_pair(&ada, &app).await;
    let refreshed = story.refresh(&app, &first.refresh).await.is(200).json();
    let second = refreshed["access_token"].as_str().expect("a token").to_owned();
    story.verify(&second).await.is(200);
    for _ in 0..3 {
        story.refresh(&app, &first.refresh).await.is(400);
    }
    let reused = one(&story, "refresh_reused").await;
    assert!(is_about(&reused, &account) && reused.outcome == "refused", "{reused:?}");

    story.post("/api/auth/mastodon-logout").session(&signed_in).send().await.is(303);
    let out = one(&story, "sign_out").await;
    assert!(is_about(&out, &account) && out.network.is_some(), "{out:?}");

    let auth = &story.server().state().auth;
    story.token_pair(&ada, &app).await;
    let known = apps::list(auth).await.expect("apps").into_iter().find(|known| known.client_id == app.client_id);
    let id = known.expect("the app").id;
    assert_eq!(reused.app.as_deref(), Some(id.as_str()));
    authorized_applications::end(auth, &account.id, &id).await.expect("ended");
    assert!(is_about(&one(&story, "app_removed").await, &account));
    authorized_applications::end(auth, &account.id, &id).await.expect_err("nothing is left");
    one(&story, "app_removed").await;
    sessions::end_all(auth, &account.id).await.expect("ended");
    assert!(is_about(&one(&story, "sessions_ended").await, &account));
    let by = Actor::Command;
    outbox::post_test(auth, "you@example.org", None, by, &Caller::default()).await.expect("an answer").expect("a mail");
    assert_eq!(one(&story, "mail_tested").await.actor_kind, "command");
    // What is not one's own is not shown.
    let own = events::of_account(auth, &account.id).await.expect("events");
    assert!(own.iter().all(|event| is_about(event, &account)) && own.len() >= 4);
});

story!(events_record_consent_tokens_and_browsers_that_are_new_to_the_account, |story| {
    let ada = story.person("ada").await;
    let account = story.account(&ada).await;
    let app = story.usual_app().await;
    let token = story.token(&ada, &app).await;
    let consent = one(&story, "consent").await;
    assert!(is_about(&consent, &account) && consent.actor_kind == "account" && consent.app.is_some(), "{consent:?}");
    assert!(consent.detail.as_deref().expect("scopes").contains("read"), "{consent:?}");
    let issued = one(&story, "token_issued").await;
    assert!(is_about(&issued, &account) && issued.app == consent.app && issued.network.is_some(), "{issued:?}");
    assert!(all(&story).await.iter().all(|event| event.event != "new_browser"), "the first browser is no news");

    for _ in 0..2 {
        let form = [&app.credentials()[..], &[("token", token.as_str())]].concat();
        story.post("/oauth/revoke").form(&form).send().await.is(200);
    }
    assert!(is_about(&one(&story, "token_revoked").await, &account));

    story.sign_in(&ada, &app).await;
    let new = one(&story, "new_browser").await;
    assert!(is_about(&new, &account) && new.outcome == "done", "{new:?}");
    assert_eq!(all(&story).await.iter().filter(|event| event.event == "sign_in").count(), 2);
});

story!(
    events_record_an_exceeded_limit_once_a_window,
    &[("ratelimit.enabled", "true"), ("ratelimit.login_address.max", "2")],
    |story| {
        story.person("ada").await;
        let app = story.usual_app().await;
        for _ in 0..6 {
            story.log_in(&app.authorize_query(), "ada", "wrong").await;
        }
        let throttled = one(&story, "throttled").await;
        assert_eq!((throttled.outcome.as_str(), throttled.target.as_deref()), ("refused", None));
        assert!(throttled.network.is_some() && throttled.detail.as_deref() == Some(r#"{"rule":"login_address"}"#));
        story.advance_clock(Duration::from_secs(301));
        for _ in 0..4 {
            story.log_in(&app.authorize_query(), "ada", "wrong").await;
        }
        let throttled = all(&story).await.into_iter().filter(|event| event.event == "throttled").count();
        assert_eq!(throttled, 2);
    }
);

story!(activity_shows_a_person_what_happened_and_nobody_else, &[("ratelimit.enabled", "true")], |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let app = story.usual_app().await;
    for _ in 0..3 {
        story.log_in(&app.authorize_query(), "ada", "wrong").await.is(302);
    }
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let form = [("identifier", "ada"), ("password", &*ada.password)];
    let login =
        story.post(&format!("/api/auth/login?{}", app.authorize_query())).header("user-agent", agent).form(&form);
    let signed_in = login.send().await.signed_in();
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    sessions::unlock(auth, &account, Actor::Command, &Caller::default()).await.expect("unlocked");
    story.get("/account/activity").send().await.is(302);
    let page = story.get("/account/activity").session(&signed_in).send().await.is(200);
    assert!(page.body.contains("<bdi>Firefox 140</bdi> · <bdi>Linux</bdi>"), "{}", page.body);
    assert!(page.body.contains("Signed in") && page.body.contains("A sign-in failed</strong> (3×)"), "{}", page.body);
    let lifted = "The limit on sign-ins was lifted</strong> by the people who run this server";
    assert!(page.body.contains(lifted) && page.body.contains("/account/password"), "{}", page.body);
    assert_eq!(page.header("cache-control"), "private, no-store");
    let page = story.get("/account/activity").session(&story.sign_in(&eve, &app).await).send().await.is(200);
    assert!(!page.body.contains("A sign-in failed"), "what is not one's own is not shown");

    story.get("/api/v1/auth/events").send().await.is(401);
    story.get("/api/v1/auth/events").bearer(&story.token(&ada, &app).await).send().await.is(403);
    let reader = story.app("https://log.example/cb", "auth:read").await;
    let token = story.token(&ada, &reader).await;
    let told = story.get("/api/v1/auth/events").bearer(&token).send().await.is(200).json();
    let of = |kind: &str| told.as_array().expect("a list").iter().find(|one| one["event"] == kind).expect(kind).clone();
    let failed = of("sign_in_failed");
    assert_eq!((&failed["count"], &failed["by"]), (&json!(3), &json!("nobody")), "{failed}");
    assert_eq!(of("unlocked")["by"], "staff");
    let came_in = of("sign_in");
    assert_eq!((&came_in["by"], &came_in["outcome"]), (&json!("you"), &json!("done")), "{came_in}");
    let devices: Vec<_> = told.as_array().expect("a list").iter().map(|one| &one["device"]).collect();
    assert!(devices.contains(&&json!({ "browser": "Firefox 140", "system": "Linux", "kind": "desktop" })), "{told}");
    assert!(came_in["app"].is_string() && came_in["network"].is_string(), "{came_in}");
});

story!(
    events_record_an_exceeded_limit_once_over_replicas,
    &[("ratelimit.enabled", "true"), ("ratelimit.login_address.max", "2")],
    |story| {
        story.person("ada").await;
        let app = story.usual_app().await;
        let other = story.replica().await;
        let there = tests::TestClient::new(other.base_url(), &tests::http::http_client(None));
        for _ in 0..3 {
            story.log_in(&app.authorize_query(), "ada", "wrong").await;
            there.log_in(&app.authorize_query(), "ada", "wrong").await.expect("an answer");
        }
        assert_eq!(one(&story, "throttled").await.detail.as_deref(), Some(r#"{"rule":"login_address"}"#));
    }
);
