//! A sign-in with a browser that is new to the account is told by mail (people PPL-114).

use std::time::Duration;

use serde_json::json;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Story};

use super::sessions::sign_in_with_agent;
use super::{after, form, form_token, mails_to};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.3 Safari/605.1.15";
const HERE: &str = "203.0.113.77";
const THERE: &str = "198.51.100.1";
const HOUR: Duration = Duration::from_secs(3600);

/// The mails about new sign-ins to an address.
async fn told(story: &Story, address: &str) -> Vec<String> {
    let mails = mails_to(story, address, 0).await;
    mails.into_iter().filter(|mail| mail.contains("New sign-in to")).collect()
}

story!(new_sign_in_is_told_with_device_network_app_and_what_to_do, |story| {
    let ada = story.person("ada").await;
    let mut jar = CookieJar::default();
    sign_in_with_agent(&story, &ada, &mut jar, (FIREFOX, HERE)).await.signed_in();
    assert_eq!(told(&story, &ada.email).await.len(), 0, "the first of all is no news");
    sign_in_with_agent(&story, &ada, &mut jar, (SAFARI, THERE)).await.signed_in();
    assert_eq!(told(&story, &ada.email).await.len(), 0, "the account knows this browser, whatever it says");
    let other = &mut CookieJar::default();
    sign_in_with_agent(&story, &ada, other, (SAFARI, THERE)).await.signed_in();
    let mails = told(&story, &ada.email).await;
    assert_eq!(mails.len(), 1, "{mails:?}");
    for words in ["Safari 18, macOS", "198.51.100.0/24", "Story App", "/account/sessions", "/account/forgot"] {
        assert!(mails[0].contains(words), "{words}: {}", mails[0]);
    }
    // A wrong password is told to nobody.
    let wrong = tests::Person { password: "wrong".to_owned(), ..ada.clone() };
    assert!(
        sign_in_with_agent(&story, &wrong, &mut CookieJar::default(), ("Odd/1", HERE)).await.cookie("jwt").is_none()
    );
    assert_eq!(told(&story, &ada.email).await.len(), 1);
});

story!(new_sign_in_is_told_once_an_hour_for_one_device_and_network, |story| {
    let ada = story.person("ada").await;
    let sign_in = async |agent: &str, from: &str| {
        sign_in_with_agent(&story, &ada, &mut CookieJar::default(), (agent, from)).await.signed_in();
        told(&story, &ada.email).await.len()
    };
    sign_in(FIREFOX, HERE).await;
    assert_eq!(sign_in(FIREFOX, HERE).await, 1);
    assert_eq!(sign_in(FIREFOX, "203.0.113.200").await, 1, "the same network");
    assert_eq!(sign_in(FIREFOX, THERE).await, 2);
    assert_eq!(sign_in(SAFARI, HERE).await, 3);
    assert_eq!(sign_in(FIREFOX, HERE).await, 3);
    story.advance_clock(HOUR);
    assert_eq!(sign_in(FIREFOX, HERE).await, 4);
});

story!(new_sign_ins_at_the_same_moment_are_told_once, |story| {
    let ada = story.person("ada").await;
    sign_in_with_agent(&story, &ada, &mut CookieJar::default(), (FIREFOX, HERE)).await.signed_in();
    let app = story.usual_app().await;
    let query = app.authorize_query();
    let sign_ins = (0..6).map(|_| story.log_in(&query, "ada", &ada.password));
    for answer in futures_util::future::join_all(sign_ins).await {
        answer.signed_in();
    }
    assert_eq!(told(&story, &ada.email).await.len(), 1);
});

story!(new_sign_in_is_told_on_every_road, &[("signups.proof_of_work", "false")], |story| {
    // Signed up in a browser, and gone on there: the first sign-in.
    let mut jar = CookieJar::default();
    let token = form_token(&story, &mut jar, "/register").await;
    let fields = [form("grace", "grace@example.com"), vec![("form_token", &*token)]].concat();
    jar.keep(&story.post("/register").cookies(&jar).form(&fields).send().await.is(302));
    let mail = mails_to(&story, "grace@example.com", 1).await.remove(0);
    let link = after(&mail, "/register/confirm?token=").to_owned();
    story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": link })).send().await.is(200);
    let token = form_token(&story, &mut jar, "/register/waiting").await;
    let gone_on = story.post("/register/waiting/continue").cookies(&jar).form(&[("form_token", &*token)]).send().await;
    assert!(gone_on.cookie("jwt").is_some(), "{}", gone_on.status);
    assert_eq!(told(&story, "grace@example.com").await.len(), 0);
    // By a provider, in another browser.
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let user = ProviderUser::named("ada");
    story.link_at(&mut CookieJar::default(), &story.token(&ada, &app).await, &provider, &user).await.is_linked();
    assert_eq!(told(&story, &ada.email).await.len(), 0);
    story.sign_in_at(&mut CookieJar::default(), &app, &provider, &user).await;
    assert_eq!(told(&story, &ada.email).await.len(), 1);
    // On this server's own page, for no app of anybody's.
    let grace = tests::Person {
        username: "grace".into(),
        email: "grace@example.com".into(),
        password: "a calm evening".into(),
    };
    sign_in_with_agent(&story, &grace, &mut CookieJar::default(), (FIREFOX, HERE)).await.signed_in();
    assert_eq!(told(&story, "grace@example.com").await.len(), 1);
});

story!(new_sign_in_is_told_beside_mails_that_strangers_cause, &[("ratelimit.enabled", "true")], |story| {
    let ada = story.person("ada").await;
    sign_in_with_agent(&story, &ada, &mut CookieJar::default(), (FIREFOX, HERE)).await.signed_in();
    // A stranger uses up what anybody may cause.
    for _ in 0..8 {
        let body = json!({ "identifier": "ada" });
        story.post("/api/v1/auth/password/forgot").json(&body).send().await.is(200);
    }
    sign_in_with_agent(&story, &ada, &mut CookieJar::default(), (SAFARI, THERE)).await.signed_in();
    assert_eq!(told(&story, &ada.email).await.len(), 1);
});

story!(new_sign_in_is_not_told_where_it_is_switched_off, &[("sessions.new_sign_in_mail", "false")], |story| {
    let ada = story.person("ada").await;
    for agent in [FIREFOX, SAFARI, FIREFOX] {
        sign_in_with_agent(&story, &ada, &mut CookieJar::default(), (agent, HERE)).await.signed_in();
    }
    assert_eq!(told(&story, &ada.email).await.len(), 0);
});
