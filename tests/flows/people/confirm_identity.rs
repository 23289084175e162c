//! Somebody who is signed in confirms that it is them, before they change what only the owner may (people PPL-23).

use std::time::Duration;

use tests::story;
use tests::story::{CookieJar, Story};

use super::form_token;

const STALE: Duration = Duration::from_secs(301);

/// Gives the password on the page, and is led to `then` with another session.
pub(crate) async fn confirm_identity(story: &Story, jar: &mut CookieJar, password: &str, then: &str) {
    let token = form_token(story, jar, &format!("/account/confirm?then={then}")).await;
    let fields = [("form_token", &*token), ("then", then), ("current_password", password)];
    let answer = story.post("/account/confirm").cookies(jar).form(&fields).send().await.is(302);
    assert_eq!(answer.header("location"), format!("{}{then}", story.base()));
    jar.keep(&answer);
}

story!(confirm_identity_asks_for_the_password_and_leads_on, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    let stranger = story.get("/account/confirm?then=/account/email").cookies(&jar).send().await.is(302);
    assert!(stranger.header("location").ends_with("/account/sign-in?return_to=%2Faccount%2Femail"));
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);

    // Whoever signed in a moment ago is not asked again.
    let fresh = story.get("/account/confirm?then=/account/email&lang=de").cookies(&jar).send().await.is(302);
    assert_eq!(fresh.header("location"), format!("{}/account/email?lang=de", story.base()));
    story.advance_clock(STALE);
    let path = "/account/confirm?then=/account/email";
    let token = form_token(&story, &mut jar, path).await;
    let wrong = [("form_token", &*token), ("then", "/account/email"), ("current_password", "wrong")];
    let refused = story.post("/account/confirm").cookies(&jar).form(&wrong).send().await.is(422);
    assert!(refused.body.contains("This is not the password of the account"), "{}", refused.body);
    assert!(refused.body.contains("value=\"/account/email\"") && refused.cookie("jwt").is_none());
    let stale = [("form_token", "guessed"), ("then", "/account/email"), ("current_password", &*ada.password)];
    let refused = story.post("/account/confirm").cookies(&jar).form(&stale).send().await.is(422);
    assert!(refused.body.contains("Please try again") && !refused.body.contains(&ada.password), "{}", refused.body);
    let right = [("form_token", &*token), ("then", "/account/email"), ("current_password", &*ada.password)];
    let foreign = story.post("/account/confirm").cookies(&jar).header("origin", "https://evil.example").form(&right);
    foreign.send().await.is(403);
    story.post("/account/confirm").cookies(&jar).body("text/plain", "then=/account").send().await.is(415);

    let old = jar.clone();
    confirm_identity(&story, &mut jar, &ada.password, "/account/email").await;
    assert_ne!(old.get("jwt"), jar.get("jwt"), "the session is another one");
    let page = story.get("/account/email").cookies(&jar).send().await.is(200);
    assert!(!page.body.contains("current_password"), "the proof counts on the page that asked for it");
    let page = story.get("/account/email").cookies(&old).send().await.is(302);
    assert_eq!(page.location().path(), "/account/sign-in");
});

story!(confirm_identity_leads_nowhere_else, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    for foreign in ["//evil.example", "https://evil.example", "/oauth/revoke", "%2F%2Fevil.example", "/account/../x"] {
        let answer = story.get(&format!("/account/confirm?then={foreign}")).cookies(&jar).send().await.is(302);
        assert_eq!(answer.header("location"), format!("{}/account", story.base()), "{foreign}");
    }
});

story!(confirm_identity_counts_wrong_passwords_of_the_session, &[("ratelimit.enabled", "true")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    story.advance_clock(STALE);
    let token = form_token(&story, &mut jar, "/account/confirm").await;
    let try_with = async |password: &str| {
        let fields = [("form_token", &*token), ("current_password", password)];
        story.post("/account/confirm").cookies(&jar).form(&fields).send().await
    };
    for _ in 0..10 {
        try_with("wrong").await.is(422);
    }
    let beyond = try_with(&ada.password).await.is(429);
    assert!(!beyond.header("retry-after").is_empty());
});
