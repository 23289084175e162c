//! Browsers in which a second factor is not asked for again after the password, and what ends that (FAC-97, FAC-98, FAC-194).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lysand_auth::flows::{events, own_sessions, sessions, sweep};
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{Account, Accounts as _, Role};
use lysand_auth::host::sign_in_rules::{Demand, Proofs, SignInRules};
use lysand_auth::on;
use serde_json::json;
use tests::Person;
use tests::client::TestClient;
use tests::embedder::{Embedder, auth_builder_of};
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{App, CookieJar, Response, Story, query_of};

use super::passkeys::somebody;
use super::{Enrolled, Waiting, act, begin, begin_in, enrol};
use crate::people::form_token;

pub(super) const ON: &[(&str, &str)] = &[("factors.remember_for", "30d")];
const COOKIE: &str = "trusted";

/// Signs in with the checkbox ticked.
async fn tick(story: &Story, mut waiting: Waiting, own: &Enrolled) -> (Response, CookieJar) {
    let page = format!("/oauth/factor?pending={}", waiting.id);
    let page = story.get(&page).header("accept", "text/html").cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    assert!(
        page.body.contains("name=\"remember\" type=\"checkbox\"")
            || page.body.contains("type=\"checkbox\" name=\"remember\"")
    );
    let (token, code) = (page.hidden("form_token"), own.fresh_code(story));
    let form = [("form_token", &*token), ("pending", &*waiting.id), ("code", &*code), ("remember", "1")];
    let answer = story.post("/api/auth/factor/totp").cookies(&waiting.jar).form(&form).send().await;
    waiting.jar.keep(&answer);
    (answer, waiting.jar)
}

/// A browser that the account trusts, with nothing else in it.
pub(crate) async fn trusted(story: &Story, person: &Person, own: &Enrolled) -> CookieJar {
    let app = story.usual_app().await;
    let (answer, jar) = tick(story, begin(story, person, &app.authorize_query()).await, own).await;
    answer.signed_in();
    only_trust(&jar)
}

fn only_trust(jar: &CookieJar) -> CookieJar {
    let mut only = CookieJar::default();
    only.keep_value(COOKIE, jar.get(COOKIE).expect("a cookie"));
    only
}

/// Gives name and password in this browser.
async fn log_in(story: &Story, app: &App, (name, password): (&str, &str), jar: &CookieJar) -> Response {
    let form = [("identifier", name), ("password", password)];
    story.post(&format!("/api/auth/login?{}", app.authorize_query())).cookies(jar).form(&form).send().await
}

/// Whether a password alone signs in there; if not, a second proof is asked for.
pub(super) async fn is_trusted(story: &Story, person: &Person, jar: &CookieJar) -> bool {
    let app = story.usual_app().await;
    let answer = log_in(story, &app, (&person.username, &person.password), jar).await.is(302);
    match answer.cookie("jwt") {
        Some(_) => true,
        None => {
            assert_eq!(answer.location().path(), "/oauth/factor", "{}", answer.location());
            false
        }
    }
}

async fn rows(story: &Story) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let query = "SELECT count(*) AS number FROM auth_trusted_browser";
    let store = story.server().state().auth.store();
    let found: Count = store
        .read(move |c| Box::pin(async move { Ok(on!(c, c => diesel::sql_query(query).get_result::<Count>(c))?) }))
        .await
        .expect("a count");
    found.number
}

story!(browser_with_the_checkbox_ticked_is_asked_for_the_password_alone, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let (answer, jar) = tick(&story, begin(&story, &ada, &app.authorize_query()).await, &own).await;
    let cookie = answer.set_cookie(COOKIE).expect("a cookie");
    assert!(cookie.contains("HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000"), "{cookie}");
    assert_eq!(answer.cookie(COOKIE).map(|value| value.len()), Some(43), "256 bits");
    let jar = only_trust(&jar);
    assert!(is_trusted(&story, &ada, &jar).await && is_trusted(&story, &ada, &jar).await);
    // Elsewhere nothing changed, and the cookie without the password is worth nothing.
    assert!(!is_trusted(&story, &ada, &CookieJar::default()).await);
    let wrong = log_in(&story, &app, ("ada", "wrong"), &jar).await;
    wrong.is_login_error("invalid_grant", "Invalid identifier or password");
    for path in ["/account", "/account/sessions"] {
        let led = story.get(path).cookies(&jar).send().await.is(302);
        assert_eq!(led.location().path(), "/account/sign-in", "{path}");
    }
    story.verify(jar.get(COOKIE).expect("a cookie")).await.is(401);
    // What the browser shows stands in no row.
    let value = jar.get(COOKIE).expect("a cookie").to_owned();
    for (column, cell) in crate::people::dump(&story).await {
        assert!(!String::from_utf8_lossy(&cell).contains(&value), "{column}");
    }
    let found = events::find(&story.server().state().auth, events::EventQuery::new(100)).await.expect("events");
    assert_eq!(found.iter().filter(|event| event.event == "browser_trusted").count(), 1);
});

story!(browser_is_not_trusted_unasked_and_by_default_nobody_can_ask, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let page = format!("/oauth/factor?pending={}", waiting.id);
    let page = story.get(&page).cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("remember"), "{}", page.body);
    let pending = format!("/api/auth/pending?pending={}", waiting.id);
    assert_eq!(story.get(&pending).cookies(&waiting.jar).send().await.is(200).json()["remember"], false);
    let form = [("pending", &*waiting.id), ("code", &*own.fresh_code(&story)), ("remember", "1")];
    let answer = story.post("/api/auth/factor/totp").cookies(&waiting.jar).form(&form).send().await;
    answer.signed_in();
    assert_eq!((answer.cookie(COOKIE), rows(&story).await), (None, 0));

    let story = story.restart(ON).await;
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let answer = waiting.post(&story, "totp", &own.fresh_code(&story)).await;
    answer.signed_in();
    assert_eq!((answer.cookie(COOKIE), rows(&story).await), (None, 0), "nobody ticked it");
    // A recovery code is for the day when the others are lost.
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    let page = format!("/oauth/factor?pending={}&method=recovery", waiting.id);
    let page = story.get(&page).cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    assert!(!page.body.contains("\"remember\""), "{}", page.body);
    let form = [("pending", &*waiting.id), ("code", &*own.codes[0]), ("remember", "1")];
    let answer = story.post("/api/auth/factor/recovery").cookies(&waiting.jar).form(&form).send().await;
    answer.signed_in();
    assert_eq!((answer.cookie(COOKIE), rows(&story).await), (None, 0));
});

story!(program_has_its_browser_trusted_by_json, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let wishes =
        [(json!(true), true), (json!("1"), true), (json!("on"), true), (json!(false), false), (json!("0"), false)];
    for (wish, is_kept) in wishes {
        let waiting = begin(&story, &ada, &app.authorize_query()).await;
        let pending = format!("/api/auth/pending?pending={}", waiting.id);
        assert_eq!(story.get(&pending).cookies(&waiting.jar).send().await.is(200).json()["remember"], true);
        let body = json!({ "pending": waiting.id, "code": own.fresh_code(&story), "remember": wish });
        let call = story.post("/api/auth/factor/totp").header("accept", "application/json").cookies(&waiting.jar);
        let done = call.json(&body).send().await.is(200);
        assert_eq!((&done.json()["status"], done.cookie(COOKIE).is_some()), (&json!("done"), is_kept), "{wish}");
    }
});

story!(trust_ends_with_whatever_ends_the_sessions_of_an_account, ON, |story| {
    let mut ada = story.person("ada").await;
    let mut own = enrol(&story, &ada).await;
    // A change of factors (FAC-38).
    let jar = trusted(&story, &ada, &own).await;
    assert!(is_trusted(&story, &ada, &jar).await);
    act(&story, &mut own.jar, "recovery", &[]).await.is(200);
    assert!(!is_trusted(&story, &ada, &jar).await, "new recovery codes");
    // Everything is ended.
    let jar = trusted(&story, &ada, &own).await;
    assert!(is_trusted(&story, &ada, &jar).await);
    let account = story.account(&ada).await;
    let auth = &story.server().state().auth;
    let (by, caller) = (events::Actor::Command, events::Caller::default());
    own_sessions::end_everything_of(auth, &account, by, &caller).await.expect("ended");
    assert!(!is_trusted(&story, &ada, &jar).await, "everything was ended");
    // Another password.
    let (answer, mut jar) =
        tick(&story, begin(&story, &ada, &story.usual_app().await.authorize_query()).await, &own).await;
    answer.signed_in();
    assert!(is_trusted(&story, &ada, &only_trust(&jar)).await);
    let token = form_token(&story, &mut jar, "/account/password").await;
    let fields =
        [("form_token", &*token), ("current_password", &*ada.password), ("password", "quite another sentence")];
    story.post("/account/password").cookies(&jar).form(&fields).send().await.is(302);
    ada.password = "quite another sentence".to_owned();
    assert!(!is_trusted(&story, &ada, &only_trust(&jar)).await, "another password");
    // The dead rows of an account make room for the next.
    trusted(&story, &ada, &own).await;
    assert_eq!(rows(&story).await, 1);
});

story!(trust_ends_by_itself_and_is_swept_with_its_account, ON, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let jar = trusted(&story, &ada, &own).await;
    story.advance_clock(Duration::from_secs(30 * 24 * 3600 - 120));
    assert!(is_trusted(&story, &ada, &jar).await, "its use does not prolong it");
    story.advance_clock(Duration::from_secs(120));
    assert!(!is_trusted(&story, &ada, &jar).await);
    assert_eq!(rows(&story).await, 1);
    story.advance_clock(Duration::from_secs(1));
    sweep::sweep(&story.server().state().auth).await.expect("swept");
    assert_eq!(rows(&story).await, 0);

    // What the operator shortens ends sooner; off is off.
    let jar = trusted(&story, &ada, &own).await;
    let story = story.restart(&[("factors.remember_for", "1d")]).await;
    assert!(is_trusted(&story, &ada, &jar).await);
    story.advance_clock(Duration::from_secs(24 * 3600));
    assert!(!is_trusted(&story, &ada, &jar).await);
    let jar = trusted(&story, &ada, &own).await;
    let story = story.restart(&[("factors.remember_for", "0s")]).await;
    assert!(!is_trusted(&story, &ada, &jar).await);
    let story = story.restart(ON).await;
    assert!(is_trusted(&story, &ada, &jar).await);

    let auth = &story.server().state().auth;
    let (by, caller) = (events::Actor::Command, events::Caller::default());
    lysand_auth::flows::closing::remove(auth, &story.account(&ada).await, by, &caller).await.expect("deleted");
    assert_eq!(rows(&story).await, 0);
});

story!(trust_of_staff_wants_a_word_of_the_operator, ON, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let jar = trusted(&story, &ada, &own).await;
    let account = story.account(&ada).await;
    for role in [Role::Moderator, Role::Admin] {
        story.server().state().accounts.set_role(&account.id, role).await.expect("a role");
        assert!(!is_trusted(&story, &ada, &jar).await, "{role:?}");
    }
    let waiting = begin(&story, &ada, &story.usual_app().await.authorize_query()).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("remember"), "{}", page.body);
    let form = [("pending", &*waiting.id), ("code", &*own.fresh_code(&story)), ("remember", "1")];
    let answer = story.post("/api/auth/factor/totp").cookies(&waiting.jar).form(&form).send().await;
    answer.signed_in();
    assert_eq!(answer.cookie(COOKIE), None);
    let story = story.restart(&[("factors.remember_staff", "true")]).await;
    assert!(is_trusted(&story, &ada, &jar).await);
});

story!(trust_is_no_second_proof_for_changes_that_want_two, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let jar = trusted(&story, &ada, &own).await;
    story.advance_clock(Duration::from_secs(1));
    let answer = log_in(&story, &app, ("ada", &ada.password), &jar).await.is(302);
    let mut jar = jar;
    jar.keep(&answer);
    let page = story.get("/account/security").cookies(&jar).send().await.is(200);
    jar.keep(&page);
    assert!(page.body.contains("/account/confirm"), "a sign-in a moment ago is not enough: {}", page.body);
    let refused = act(&story, &mut jar, "two_step", &[("on", "0")]).await.is(302);
    assert!(refused.header("location").contains("/account/confirm"), "{}", refused.header("location"));
    let token = form_token(&story, &mut jar, "/account/confirm?then=/account/security").await;
    let alone = [("form_token", &*token), ("then", "/account/security"), ("password", &*ada.password)];
    let alone = story.post("/account/confirm").cookies(&jar).form(&alone).send().await;
    assert_eq!((alone.status.as_u16(), alone.cookie("jwt")), (422, None), "the password alone proves nothing there");
    let account = story.account(&ada).await;
    let live = sessions::of_account(&story.server().state().auth, &account.id).await.expect("sessions");
    let methods = &live.iter().max_by_key(|session| session.created_at).expect("a session").methods;
    assert_eq!(methods, &["pwd"], "one proof, and no word of two");
});

story!(
    trust_follows_no_passkey_and_no_provider,
    &[("factors.remember_for", "30d"), ("factors.passkey_alone", "false")],
    |story| {
        let (story, provider) = story.with_provider(&[("factors.after_sso", "ask")]).await;
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let (token, guest) = (story.token(&ada, &app).await, ProviderUser::named("ada"));
        story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
        let own = enrol(&story, &ada).await;
        let mut jar = trusted(&story, &ada, &own).await;
        assert!(is_trusted(&story, &ada, &jar).await);
        let answer = story.sign_in_at(&mut jar, &app, &provider, &guest).await.is(302);
        assert_eq!((answer.location().path(), answer.cookie("jwt")), ("/oauth/factor", None), "{}", answer.location());
        // And such a sign-in makes no browser trusted.
        let waiting = Waiting { id: query_of(&answer.location(), "pending").expect("an id"), jar };
        let pending = format!("/api/auth/pending?pending={}", waiting.id);
        assert_eq!(story.get(&pending).cookies(&waiting.jar).send().await.is(200).json()["remember"], false);
        let form = [("pending", &*waiting.id), ("code", &*own.fresh_code(&story)), ("remember", "1")];
        let answer = story.post("/api/auth/factor/totp").cookies(&waiting.jar).form(&form).send().await;
        answer.signed_in();
        assert_eq!((answer.cookie(COOKIE), rows(&story).await), (None, 1));

        let (bob, mut passkey, _) = somebody(&story, "bob", true).await;
        let _ = bob;
        let mut jar = waiting.jar.clone();
        let (options, _) = crate::factors::passkey_sign_in::opened(&story, &mut jar, &app).await;
        let answer =
            crate::factors::passkey_sign_in::finish(&story, &mut jar, &app, &passkey.get(&options)).await.is(302);
        assert_eq!((answer.location().path(), answer.cookie("jwt")), ("/oauth/factor", None), "{}", answer.location());
    }
);

story!(cookie_of_trust_is_one_accounts_alone_whatever_else_it_says, ON, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (own, hers) = (enrol(&story, &ada).await, enrol(&story, &eve).await);
    let jar = trusted(&story, &ada, &own).await;
    assert!(!is_trusted(&story, &eve, &jar).await, "another account's");
    let value = jar.get(COOKIE).expect("a cookie").to_owned();
    for odd in [
        "",
        "x",
        ".....",
        &"A".repeat(43),
        &value[..42],
        &value.to_uppercase(),
        &"A".repeat(6_000),
        &"A.".repeat(2_000),
    ] {
        let mut jar = CookieJar::default();
        jar.keep_value(COOKIE, odd);
        assert!(!is_trusted(&story, &ada, &jar).await, "{odd}");
    }
    // One browser, two accounts: each has a value of its own, and neither was taken over.
    let app = story.usual_app().await;
    let waiting = begin_in(&story, &eve, &app.authorize_query(), jar.clone()).await;
    let (answer, both) = tick(&story, waiting, &hers).await;
    answer.signed_in();
    let both = only_trust(&both);
    let values: Vec<&str> = both.get(COOKIE).expect("a cookie").split('.').collect();
    assert!(values.len() == 2 && values[1] == value && values[0] != value, "{values:?}");
    assert!(is_trusted(&story, &ada, &both).await && is_trusted(&story, &eve, &both).await);
    assert!(!is_trusted(&story, &eve, &jar).await, "the value that was there before is not hers");
    // What a stranger put there stays nobody's.
    let mut planted = CookieJar::default();
    planted.keep_value(COOKIE, &"B".repeat(43));
    let waiting = begin_in(&story, &ada, &app.authorize_query(), planted.clone()).await;
    let (answer, kept) = tick(&story, waiting, &own).await;
    answer.signed_in();
    assert_eq!(kept.get(COOKIE).map(str::len), Some(43));
    assert!(!is_trusted(&story, &ada, &planted).await);
});

story!(sessions_page_lists_trusted_browsers_and_ends_each, ON, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (own, hers) = (enrol(&story, &ada).await, enrol(&story, &eve).await);
    let app = story.usual_app().await;
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let form = [("pending", &*waiting.id), ("code", &*own.fresh_code(&story)), ("remember", "1")];
    let call = story.post("/api/auth/factor/totp").cookies(&waiting.jar).form(&form);
    let answer = call.header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
    let mut here = CookieJar::default();
    here.keep(&answer.send().await);
    let trust = only_trust(&here);
    let theirs = trusted(&story, &eve, &hers).await;
    let page = story.get("/account/sessions").cookies(&here).send().await.is(200);
    here.keep(&page);
    let section = page
        .markup()
        .split_once("id=\"trusted\"")
        .expect("a section")
        .1
        .split_once("</section>")
        .expect("its end")
        .0
        .to_owned();
    assert!(section.contains("Firefox 140") && section.contains("Linux") && section.contains("until"), "{section}");
    assert_eq!(section.matches("value=\"forget_browser\"").count(), 1, "only the own one: {section}");
    assert!(section.contains("Not used yet"), "{section}");
    assert!(is_trusted(&story, &ada, &trust).await);
    let id = crate::factors::between(&section, "name=\"id\" value=\"", "\"");

    // Ids of others, of nobody, and none: nothing ends.
    let mut elsewhere = browser_of_two(&story, &eve, &hers).await;
    for (is_hers, id) in [(true, &*id), (false, "nobody"), (false, ""), (false, "\u{0}")] {
        let jar = if is_hers { &mut elsewhere } else { &mut here };
        let token = form_token(&story, jar, "/account/sessions").await;
        let form = [("form_token", &*token), ("do", "forget_browser"), ("id", id)];
        story.post("/account/sessions").cookies(jar).form(&form).send().await.is(422);
    }
    assert!(is_trusted(&story, &ada, &trust).await && is_trusted(&story, &eve, &theirs).await);
    let form = [("form_token", "old"), ("do", "forget_browser"), ("id", &*id)];
    assert_ne!(story.post("/account/sessions").cookies(&here).form(&form).send().await.status, 302, "no token");
    assert!(is_trusted(&story, &ada, &trust).await);

    let token = form_token(&story, &mut here, "/account/sessions").await;
    let form = [("form_token", &*token), ("do", "forget_browser"), ("id", &*id)];
    let done = story.post("/account/sessions").cookies(&here).form(&form).send().await.is(302);
    assert!(done.header("location").contains("notice=browser_forgotten"), "{}", done.header("location"));
    let page = story.get(done.header("location")).cookies(&here).send().await.is(200);
    assert!(
        page.body.contains("asked for a second factor again") && !page.body.contains("id=\"trusted\""),
        "{}",
        page.body
    );
    assert!(!is_trusted(&story, &ada, &trust).await && is_trusted(&story, &eve, &theirs).await);
    let found = events::find(&story.server().state().auth, events::EventQuery::new(100)).await.expect("events");
    assert_eq!(found.iter().filter(|event| event.event == "browser_forgotten").count(), 1);
});

/// A browser in which somebody with two steps is signed in.
async fn browser_of_two(story: &Story, person: &Person, own: &Enrolled) -> CookieJar {
    let waiting = begin(story, person, &story.usual_app().await.authorize_query()).await;
    let mut jar = CookieJar::default();
    jar.keep(&waiting.post(story, "totp", &own.fresh_code(story)).await);
    jar
}

story!(account_trusts_twenty_browsers_and_the_first_makes_room, ON, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let (first, second) = (trusted(&story, &ada, &own).await, trusted(&story, &ada, &own).await);
    for _ in 0..19 {
        trusted(&story, &ada, &own).await;
    }
    assert_eq!(rows(&story).await, 20);
    assert!(!is_trusted(&story, &ada, &first).await && is_trusted(&story, &ada, &second).await);
});

/// A host that wants two proofs of everybody.
struct WantsTwo;

#[async_trait]
impl SignInRules for WantsTwo {
    async fn demands(&self, _: &Account, _: &Proofs) -> HostResult<Demand> {
        Ok(Demand::TwoProofs)
    }
}

story!(trust_is_not_enough_where_the_host_demands_two, ON, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let jar = trusted(&story, &ada, &own).await;
    for demands in [false, true] {
        let builder = auth_builder_of(&story);
        let builder = if demands { builder.sign_in_rules(Arc::new(WantsTwo)) } else { builder };
        let host = Embedder::serve(&builder.build().expect("a host"), |_| {}).await;
        let client = TestClient::new(&host.url(""), &tests::http::http_client(None));
        let form = [("identifier", "ada"), ("password", &*ada.password)];
        let login = client.post(&format!("/api/auth/login?{}", app.authorize_query())).cookies(&jar).form(&form);
        let answer = login.send().await.is(302);
        let asked = (answer.location().path() == "/oauth/factor", answer.cookie("jwt").is_none());
        assert_eq!(asked, (demands, demands), "asked for the second factor, not refused: {}", answer.location());
        host.end().await;
    }
});
