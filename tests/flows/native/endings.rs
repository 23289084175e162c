//! Every way to end a native sign-in, and what dies with it (native C5, NAT-25, NAT-26).

use lysand_auth::Secret;
use lysand_auth::flows::staff::{self, StaffAct, Standing, set_standing};
use lysand_auth::flows::{closing, events, reset, sessions};
use lysand_auth::host::accounts::Account;
use lysand_auth::host::revocations::Revoked;
use reqwest::Method;
use serde_json::json;
use tests::Person;
use tests::embedder::{RecordedRevocations, auth_builder_of};
use tests::story;
use tests::story::{CookieJar, Story};

use super::{Pair, TOKI, account_app, get, is_error, opens, refresh, signed_in, signed_in_on};
use crate::factors::{browser_of, enrol};

/// Somebody with two native sign-ins, an app and a browser.
struct Cast {
    ada: Person,
    account: Account,
    pair: Pair,
    other: Pair,
    token: String,
    jar: CookieJar,
}

impl Cast {
    async fn of(story: &Story) -> Self {
        let ada = story.person("ada").await;
        let account = story.account(&ada).await;
        let (pair, other) = (signed_in_on(story, &ada, "laptop").await, signed_in(story, &ada).await);
        let token = story.token(&ada, &account_app(story).await).await;
        let jar = browser_of(story, &ada).await;
        Self { ada, account, pair, other, token, jar }
    }

    /// Whether these live: both native sign-ins, the app, the browser.
    async fn alive(&self, story: &Story) -> [bool; 4] {
        let native = [opens(story, &self.pair.access).await, opens(story, &self.other.access).await];
        let app = story.verify(&self.token).await.status == 200;
        [native[0], native[1], app, story.get("/account").cookies(&self.jar).send().await.status == 200]
    }

    /// Demands that nothing of a native sign-in works: on this server and on another.
    async fn is_dead(story: &Story, pair: &Pair) {
        assert!(!opens(story, &pair.access).await);
        story.verify(&pair.access).await.is(401);
        is_error(refresh(story, &pair.refresh).await, 401, "invalid or expired refresh token");
        let replica = story.replica().await;
        let there = format!("http://localhost:{}/me/devices", replica.addr().port());
        story.get(&there).bearer(&pair.access).send().await.is(401);
    }
}

story!(native_sign_in_ends_with_its_device_and_nothing_else_does, TOKI, |story| {
    let cast = Cast::of(&story).await;
    let devices = get(&story, "/me/devices", &cast.other.access).await.json();
    let laptop = devices.as_array().expect("a list").iter().find(|device| device["device_name"] == "laptop");
    let path = format!("/me/devices/{}", laptop.expect("the laptop")["device_id"].as_str().expect("an id"));
    story.call(Method::DELETE, &path).bearer(&cast.other.access).send().await.is(200);
    assert_eq!(cast.alive(&story).await, [false, true, true, true]);
    Cast::is_dead(&story, &cast.pair).await;
});

story!(native_sign_in_ends_by_a_replayed_refresh_token, TOKI, |story| {
    let cast = Cast::of(&story).await;
    let second = Pair::of(&refresh(&story, &cast.pair.refresh).await.is(200));
    refresh(&story, &cast.pair.refresh).await.is(401);
    Cast::is_dead(&story, &second).await;
    assert_eq!(cast.alive(&story).await, [false, true, true, true]);
});

story!(native_sign_ins_end_by_end_others_and_leave_apps, TOKI, |story| {
    let cast = Cast::of(&story).await;
    let ended = story.post("/api/v1/auth/sessions/end_others").bearer(&cast.token).send().await.is(200);
    // Two native ones, and the browser that came later.
    assert_eq!(ended.json(), json!({ "ended": 3 }));
    assert_eq!(cast.alive(&story).await, [false, false, true, false]);
    Cast::is_dead(&story, &cast.pair).await;
});

story!(
    native_sign_in_is_spared_when_it_ends_the_others,
    &[("native.toki.enabled", "true"), ("native.toki.scopes", "[\"profile\", \"auth:read\", \"auth:write\"]")],
    |story| {
        let cast = Cast::of(&story).await;
        let listed = get(&story, "/api/v1/auth/sessions", &cast.pair.access).await.is(200).json();
        let current: Vec<_> = listed.as_array().expect("a list").iter().filter(|own| own["current"] == true).collect();
        assert_eq!((current.len(), &current[0]["kind"]), (1, &json!("native")));
        story.post("/api/v1/auth/sessions/end_others").bearer(&cast.pair.access).send().await.is(200);
        assert_eq!(cast.alive(&story).await, [true, false, true, false]);
    }
);

story!(native_sign_ins_end_with_everything, TOKI, |story| {
    let cast = Cast::of(&story).await;
    let body = json!({ "current_password": cast.ada.password });
    let ended = story.post("/api/v1/auth/sessions/end_everything").bearer(&cast.token).json(&body).send().await.is(200);
    assert_eq!(ended.json()["sessions"], 4, "{}", ended.body);
    assert_eq!(ended.json()["apps"], 1, "what native clients hold is no app");
    assert_eq!(cast.alive(&story).await, [false; 4]);
    Cast::is_dead(&story, &cast.pair).await;
});

story!(native_sign_ins_end_by_a_password_that_is_set_elsewhere, TOKI, |story| {
    let cast = Cast::of(&story).await;
    let auth = &story.server().state().auth;
    reset::set_by_staff(auth, &cast.account, &Secret::new("another horse"), events::Actor::Command).await.expect("set");
    assert_eq!(cast.alive(&story).await, [false; 4]);
    Cast::is_dead(&story, &cast.pair).await;
});

story!(native_sign_ins_end_by_a_change_of_factors, TOKI, |story| {
    let cast = Cast::of(&story).await;
    enrol(&story, &cast.ada).await;
    let [first, second, app, _] = cast.alive(&story).await;
    assert_eq!([first, second, app], [false, false, true]);
    Cast::is_dead(&story, &cast.pair).await;
});

story!(native_sign_ins_end_by_a_suspension_and_apps_wait, TOKI, |story| {
    let auth = &story.server().state().auth;
    let cast = Cast::of(&story).await;
    for standing in [Standing::Suspended, Standing::Active] {
        set_standing(auth, &cast.account, standing, &StaffAct::by_command()).await.expect("a standing");
    }
    assert_eq!(cast.alive(&story).await, [false, false, true, false]);
    Cast::is_dead(&story, &cast.pair).await;
});

story!(native_sign_ins_end_by_staff_and_by_the_host, TOKI, |story| {
    let auth = &story.server().state().auth;
    let cast = Cast::of(&story).await;
    sessions::sign_out_everywhere(auth, &cast.account.id).await.expect("signed out");
    assert_eq!(cast.alive(&story).await, [false, false, true, false]);
    let pair = signed_in(&story, &cast.ada).await;
    staff::end_access(auth, &cast.account, &StaffAct::by_command()).await.expect("ended");
    Cast::is_dead(&story, &pair).await;
    let pair = signed_in(&story, &cast.ada).await;
    closing::remove(auth, &cast.account, events::Actor::Command, &events::Caller::default()).await.expect("removed");
    Cast::is_dead(&story, &pair).await;
});

story!(host_is_told_which_native_sign_in_is_over, TOKI, |story| {
    let told = std::sync::Arc::new(RecordedRevocations::default());
    let auth = auth_builder_of(&story).revocations(told.clone()).build().expect("a host");
    let ada = story.person("ada").await;
    let account = story.account(&ada).await;
    for _ in 0..2 {
        signed_in(&story, &ada).await;
    }
    set_standing(&auth, &account, Standing::Suspended, &StaffAct::by_command()).await.expect("a standing");
    let over = told.take();
    assert_eq!(over.len(), 2, "{over:?}");
    assert!(over.iter().all(|over| matches!(over, Revoked::Grant(_))), "{over:?}");
});
