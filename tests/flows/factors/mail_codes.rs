//! A code by mail as the second proof (FAC-48, FAC-49, FAC-85, FAC-87 to FAC-89), and mails about second factors (FAC-151, FAC-152).

use std::time::Duration;

use tests::story;
use tests::story::{Story, query_of};

use super::{SECURITY, WRONG, Waiting, act, begin, enrol, is_over, is_step_error};
use crate::people::{code_in, form_token, mail_with, mails_to};

/// Has a code mailed, from the form of the page.
pub(super) async fn ask(story: &Story, waiting: &mut Waiting) -> tests::story::Response {
    let page = format!("/oauth/factor?pending={}&method=email", waiting.id);
    let token = form_token(story, &mut waiting.jar, &page).await;
    let form = [("form_token", &*token), ("pending", &*waiting.id)];
    story.post("/api/auth/factor/email/request").cookies(&waiting.jar).form(&form).send().await
}

/// The code of the newest mail with one.
pub(super) async fn mailed(story: &Story, address: &str, number: usize) -> String {
    let mails = mails_to(story, address, 1).await;
    let codes: Vec<&String> = mails.iter().filter(|mail| mail.contains("Subject: Your code for")).collect();
    assert_eq!(codes.len(), number, "{mails:?}");
    let newest = codes.iter().max_by_key(|mail| mail.split("Date: ").nth(1).map(|rest| rest[5..25].to_owned()));
    code_in(newest.expect("a mail")).expect("a code").to_owned()
}

story!(mail_code_is_a_second_proof_when_it_is_allowed, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    let query = app.authorize_query_with(&[("state", "kept")]);
    // Never beside a stronger one unasked.
    let mut waiting = begin(&story, &ada, &query).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("method=email") && !page.body.contains("by mail"), "{}", page.body);
    let refused = waiting.post(&story, "email", "12345678").await;
    is_step_error(refused, "invalid_request", "That way is not offered for this sign-in.");
    let refused = story.post("/api/auth/factor/email/request").cookies(&waiting.jar).form(&[("pending", &*waiting.id)]);
    is_step_error(refused.send().await, "invalid_request", "That way is not offered for this sign-in.");

    act(&story, &mut own.jar, "email", &[("on", "1")]).await.is(302);
    is_over(waiting.post(&story, "totp", "000000").await);
    waiting = begin(&story, &ada, &query).await;
    let asked = ask(&story, &mut waiting).await.is(302);
    assert_eq!(query_of(&asked.location(), "method").as_deref(), Some("email"));
    let page = story.get(asked.location().as_str()).cookies(&waiting.jar).send().await.is(200);
    assert!(page.body.contains("a***@people.example") && !page.body.contains(&ada.email), "{}", page.body);
    let mail = mail_with(&story, &ada.email, "Your code for").await;
    assert!(mail.contains("Type it only on") && mail.contains("Story App") && !mail.contains("?token"), "{mail}");
    let code = mailed(&story, &ada.email, 1).await;
    is_step_error(ask(&story, &mut waiting).await, "invalid_request", TOO_SOON);

    // It counts in the sign-in that asked, for its own time, and once.
    let mut other = begin(&story, &ada, &query).await;
    is_step_error(other.post(&story, "email", &code).await, "invalid_grant", WRONG);
    story.advance_clock(Duration::from_secs(61));
    ask(&story, &mut waiting).await.is(302);
    let newer = mailed(&story, &ada.email, 2).await;
    is_step_error(waiting.post(&story, "email", &code).await, "invalid_grant", WRONG);
    let spaced = format!("{} {}", &newer[..4], &newer[4..]);
    let signed_in = waiting.answer(&story, "email", &spaced).await.signed_in();
    assert_eq!(query_of(&signed_in.consent, "state").as_deref(), Some("kept"));
    is_over(Waiting { jar: other.jar.clone(), id: waiting.id.clone() }.post(&story, "email", &newer).await);
    ask(&story, &mut other).await.is(302);
    story.advance_clock(Duration::from_secs(541));
    let late = mailed(&story, &ada.email, 3).await;
    is_over(other.post(&story, "email", &late).await);
});

const TOO_SOON: &str = "A code was sent a moment ago. Please wait a minute before asking for another.";

story!(mailbox_alone_is_never_two_proofs, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    act(&story, &mut own.jar, "email", &[("on", "1")]).await.is(302);
    // Whoever has the mailbox chooses a new password by it.
    let mut thief = tests::story::CookieJar::default();
    let token = form_token(&story, &mut thief, "/account/forgot").await;
    let form = [("form_token", &*token), ("identifier", &*ada.email)];
    story.post("/account/forgot").cookies(&thief).form(&form).send().await;
    let mail = mail_with(&story, &ada.email, "Choose a new password").await;
    let link = mail.split("token=").nth(1).and_then(|rest| rest.get(..64)).expect("a link").to_owned();
    let token = form_token(&story, &mut thief, &format!("/oauth/reset?token={link}")).await;
    let form = [("form_token", &*token), ("token", &*link), ("password", "quite another sentence")];
    story.post("/api/auth/reset").cookies(&thief).form(&form).send().await;
    let ada = tests::Person { password: "quite another sentence".to_owned(), ..ada };
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let refused = story.post("/api/auth/factor/email/request").cookies(&waiting.jar).form(&[("pending", &*waiting.id)]);
    is_step_error(refused.send().await, "invalid_request", "That way is not offered for this sign-in.");
    // Once another factor was proven, mail counts again.
    let review = waiting.post(&story, "totp", &own.fresh_code(&story)).await.is(302);
    assert_eq!(review.location().path(), "/oauth/review");
    let kept = story.post("/api/auth/review").header("origin", story.base()).cookies(&waiting.jar);
    kept.form(&[("pending", &*waiting.id)]).send().await.signed_in();
    let mut again = begin(&story, &ada, &app.authorize_query()).await;
    ask(&story, &mut again).await.is(302);
});

story!(owner_is_told_by_mail_what_happens_to_second_factors, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    let added = mail_with(&story, &ada.email, "A second factor was added").await;
    assert!(added.contains("Authenticator app") && added.contains(SECURITY) && added.contains("Time:"), "{added}");
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "recovery", &own.codes[0]).await.signed_in();
    let used = mail_with(&story, &ada.email, "A recovery code was used").await;
    assert!(used.contains("Codes that are left: 9"), "{used}");
    act(&story, &mut own.jar, "recovery", &[]).await.is(200);
    mail_with(&story, &ada.email, "New recovery codes").await;
    act(&story, &mut own.jar, "two_step", &[("on", "0")]).await.is(302);
    mail_with(&story, &ada.email, "Two-step sign-in was turned off").await;
    let id = crate::factors::own_id(&story, &own.jar).await;
    act(&story, &mut own.jar, &format!("{id}/remove"), &[]).await.is(302);
    mail_with(&story, &ada.email, "A second factor was removed").await;
    for mail in mails_to(&story, &ada.email, 5).await {
        assert!(own.codes.iter().all(|code| !mail.contains(code)), "{mail}");
    }
});

story!(owner_is_told_once_that_somebody_knows_the_password, &[("ratelimit.enabled", "true")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    enrol(&story, &ada).await;
    for _ in 0..2 {
        let waiting = begin(&story, &ada, &app.authorize_query()).await;
        for _ in 0..4 {
            is_step_error(waiting.post(&story, "totp", "000000").await, "invalid_grant", WRONG);
        }
    }
    mail_with(&story, &ada.email, "Somebody knows your password").await;
    let mails = mails_to(&story, &ada.email, 2).await;
    assert_eq!(mails.iter().filter(|mail| mail.contains("Subject: Somebody knows")).count(), 1);
});

story!(operator_resets_second_factors, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let waiting = begin(&story, &ada, &app.authorize_query()).await;
    let (auth, account) = (&story.server().state().auth, story.account(&ada).await);
    let (by, caller) = (lysand_auth::flows::events::Actor::Command, lysand_auth::flows::events::Caller::default());
    let removed = lysand_auth::flows::factors::own::reset(auth, &account, None, by, &caller).await.expect("removed");
    assert_eq!(removed, 1);
    is_over(waiting.post(&story, "totp", &own.fresh_code(&story)).await);
    assert_eq!(story.get(SECURITY).cookies(&own.jar).send().await.is(302).location().path(), "/account/sign-in");
    assert!(story.log_in(&app.authorize_query(), "ada", &ada.password).await.cookie("jwt").is_some());
    mail_with(&story, &ada.email, "Your second factors on").await;
});
