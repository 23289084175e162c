//! "Only passkeys": what counts then, what it needs, and what ends it (FAC-35, FAC-182).

use std::time::Duration;

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::factors::own;
use lysand_auth::flows::factors::sign_in::FactorKind;
use serde_json::{Value, json};
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::passkeys::{add, options};
use super::{SECURITY, WRONG, act, begin, enrol, is_step_error};

/// Turns it on or off on the page.
async fn switch(story: &Story, jar: &mut CookieJar, on: &str) -> Response {
    act(story, jar, "only_passkeys", &[("on", on)]).await
}

/// The ids of the passkeys on the page of the own factors.
async fn passkeys(story: &Story, jar: &CookieJar) -> Vec<String> {
    let page = story.get(SECURITY).cookies(jar).send().await.is(200).markup();
    let section = page.split_once("id=\"passkeys\"").expect("a section").1.split_once("</section>").expect("its end").0;
    let before = section.split("/remove\"").collect::<Vec<_>>();
    let ids = before[..before.len() - 1].iter().map(|text| text.rsplit('/').next().expect("an id").to_owned());
    ids.collect()
}

/// What is offered after the password.
async fn offered(story: &Story, waiting: &super::Waiting) -> Vec<String> {
    let pending = format!("/api/auth/pending?pending={}", waiting.id);
    let told = story.get(&pending).cookies(&waiting.jar).send().await.is(200).json();
    told["methods"].as_array().expect("a list").iter().map(|one| one["type"].as_str().expect("a type").into()).collect()
}

story!(only_passkeys_wants_two_and_then_no_other_code_counts, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    act(&story, &mut own.jar, "email", &[("on", "1")]).await.is(302);
    let refused = switch(&story, &mut own.jar, "1").await.is(422);
    assert!(refused.body.contains("Add two passkeys first"), "{}", refused.body);
    add(&story, &mut own.jar, &[]).await.1.is(302);
    switch(&story, &mut own.jar, "1").await.is(422);
    let (mut passkey, page) = add(&story, &mut own.jar, &[]).await;
    page.is(302);
    assert_eq!(
        offered(&story, &begin(&story, &ada, &app.authorize_query()).await).await,
        ["passkey", "totp", "email", "recovery"]
    );
    // A sign-in that waits at that moment is over.
    let before = begin(&story, &ada, &app.authorize_query()).await;
    let done = switch(&story, &mut own.jar, "1").await.is(302);
    assert!(done.header("location").contains("notice=only_on"), "{}", done.header("location"));
    crate::factors::is_over(before.post(&story, "totp", &own.fresh_code(&story)).await);

    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    assert_eq!(offered(&story, &waiting).await, ["passkey", "recovery"]);
    let not_offered = "That way is not offered for this sign-in.";
    let totp = waiting.post(&story, "totp", &own.fresh_code(&story)).await;
    is_step_error(totp, "invalid_request", not_offered);
    is_step_error(waiting.post(&story, "email", "12345678").await, "invalid_request", not_offered);
    is_step_error(waiting.post(&story, "email/request", "").await, "invalid_request", not_offered);
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    let form = [("pending", &*waiting.id), ("credential", &*passkey.get(&options(&page)).to_string())];
    story.post("/api/auth/factor/passkey/finish").cookies(&waiting.jar).form(&form).send().await.signed_in();
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "recovery", &own.codes[0]).await.signed_in();

    let page = story.get(SECURITY).cookies(&own.jar).send().await.is(200);
    assert!(page.body.contains("Take codes again"), "{}", page.body);
    switch(&story, &mut own.jar, "0").await.is(302);
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "totp", &own.fresh_code(&story)).await.signed_in();
});

story!(only_passkeys_takes_no_code_of_an_app_as_the_proof_of_a_change_either, |story| {
    let ada = story.person("ada").await;
    let token = story.token(&ada, &story.app("https://keys.example/cb", "read auth:read auth:write").await).await;
    let mut own = enrol(&story, &ada).await;
    for _ in 0..2 {
        add(&story, &mut own.jar, &[]).await.1.is(302);
    }
    let path = "/api/v1/auth/factors";
    let told = async || story.get(path).bearer(&token).send().await.is(200).json()["only_passkeys"].clone();
    let patch = async |body: Value| story.call(reqwest::Method::PATCH, path).bearer(&token).json(&body).send().await;
    assert_eq!(told().await, json!(false));
    patch(json!({ "only_passkeys": true, "email": true })).await.is(422);
    story.advance_clock(Duration::from_secs(301));
    patch(json!({ "only_passkeys": true })).await.is(403);
    patch(json!({ "only_passkeys": true, "current_password": ada.password })).await.is(403);
    let both = json!({ "only_passkeys": true, "current_password": ada.password, "otp": own.fresh_code(&story) });
    assert_eq!(patch(both).await.is(200).json()["only_passkeys"], true);
    assert_eq!(told().await, json!(true));
    // From now on a code of the app proves nothing, and a recovery code does.
    let code = json!({ "only_passkeys": false, "current_password": ada.password, "otp": own.fresh_code(&story) });
    assert_eq!(patch(code).await.is(400).json()["error"], WRONG);
    assert_eq!(told().await, json!(true));
    let code = json!({ "only_passkeys": false, "current_password": ada.password, "otp": own.codes[0] });
    assert_eq!(patch(code).await.is(200).json()["only_passkeys"], false);
});

story!(only_passkeys_goes_off_with_the_passkey_that_leaves_fewer_than_two, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    for _ in 0..3 {
        add(&story, &mut own.jar, &[]).await.1.is(302);
    }
    switch(&story, &mut own.jar, "1").await.is(302);
    let ids = passkeys(&story, &own.jar).await;
    assert_eq!(ids.len(), 3);
    act(&story, &mut own.jar, &format!("{}/remove", ids[0]), &[]).await.is(302);
    let offers = async || offered(&story, &begin(&story, &ada, &app.authorize_query()).await).await;
    assert_eq!(offers().await, ["passkey", "recovery"], "two are left");
    act(&story, &mut own.jar, &format!("{}/remove", ids[1]), &[]).await.is(302);
    assert_eq!(offers().await, ["passkey", "totp", "recovery"], "one is left");
    // The operator removes them all.
    add(&story, &mut own.jar, &[]).await.1.is(302);
    switch(&story, &mut own.jar, "1").await.is(302);
    let (account, auth) = (story.account(&ada).await, &story.server().state().auth);
    let removed = own::reset(auth, &account, Some(FactorKind::Passkey), Actor::Command, &Caller::default()).await;
    assert_eq!(removed.expect("removed"), 2);
    assert_eq!(offers().await, ["totp", "recovery"]);
});

story!(only_passkeys_means_nothing_where_the_operator_takes_none, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    for _ in 0..2 {
        add(&story, &mut own.jar, &[]).await.1.is(302);
    }
    switch(&story, &mut own.jar, "1").await.is(302);
    let story = story.restart(&[("factors.methods", "[\"totp\", \"recovery\"]")]).await;
    assert_eq!(offered(&story, &begin(&story, &ada, &app.authorize_query()).await).await, ["totp", "recovery"]);
});
