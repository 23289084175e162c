//! The outbox for staff, in JSON and on pages (PPL-148, PPL-154a, PPL-176).

use std::time::Duration;

use lysand_auth::host::accounts::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::story::Story;
use tests::{story, wait};

use super::pages::{browser, fill, look};
use super::{OPEN, post, staff};
use crate::people::mails_to;

const MAIL: &str = "/api/v1/admin/auth/mail";
const PAGE: &str = "/admin/mail";

/// Where a file is, no folder for mails can be: from now on no mail can be sent.
fn stop_mail(story: &Story) {
    let folder = story.mail_folder();
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(folder.parent().expect("a folder")).expect("a folder");
    std::fs::write(&folder, "").expect("a file");
}

fn go_on_with_mail(story: &Story) {
    std::fs::remove_file(story.mail_folder()).expect("no file");
}

async fn list(story: &Story, token: &str, query: &str) -> Vec<Value> {
    let listed = story.get(&format!("{MAIL}{query}")).bearer(token).send().await.is(200);
    assert_eq!(listed.header("cache-control"), "no-store");
    listed.json().as_array().expect("a list").clone()
}

async fn events(story: &Story, token: &str, event: &str) -> Vec<Value> {
    let path = format!("/api/v1/admin/auth/events?event={event}");
    story.get(&path).bearer(token).send().await.is(200).json().as_array().expect("a list").clone()
}

fn id(mail: &Value) -> &str {
    mail["id"].as_str().expect("an id")
}

story!(test_mail_is_sent_and_told_with_the_last_word_of_the_mail_server, OPEN, |story| {
    let (ada, token) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    let test = format!("{MAIL}/test");
    for (body, code) in [
        (json!({}), "ERR_BLANK"),
        (json!({ "to": " " }), "ERR_BLANK"),
        (json!({ "to": "nobody" }), "ERR_INVALID"),
        (json!({ "to": "a@b.example\r\nBcc: c@d.example" }), "ERR_INVALID"),
        (json!({ "to": "a@b.example, c@d.example" }), "ERR_INVALID"),
    ] {
        let refused = post(&story, &token, &test, &body).await.is(422).json();
        assert_eq!(refused["details"]["to"][0]["error"], code, "{body}");
    }
    post(&story, &token, &test, &json!({ "to": ["a@b.example"] })).await.is(400);
    post(&story, &moderator, &test, &json!({ "to": ada.email })).await.is_api_error(403, "This action is not allowed");
    let mut ids = Vec::new();
    // Each is a mail of its own, however soon it comes after another.
    for _ in 0..2 {
        let sent = post(&story, &token, &test, &json!({ "to": ada.email })).await.is(202).json();
        assert_eq!(
            (&sent["kind"], &sent["state"], &sent["tries"]),
            (&json!("test"), &json!("sent"), &json!(1)),
            "{sent}"
        );
        assert!(sent["last_reply"].as_str().is_some_and(|reply| reply.starts_with("written to ")), "{sent}");
        assert_eq!(sent["last_error"], json!(null));
        ids.push(id(&sent).to_owned());
    }
    assert_ne!(ids[0], ids[1]);
    assert_eq!(mails_to(&story, &ada.email, 2).await.len(), 2);
    let seen = story.get(&format!("{MAIL}/{}", ids[0])).bearer(&moderator).send().await.is(200).json();
    assert_eq!((&seen["address"], &seen["state"]), (&json!(ada.email), &json!("sent")));
    stop_mail(&story);
    let failed = post(&story, &token, &test, &json!({ "to": ada.email })).await.is(202).json();
    assert_eq!((&failed["state"], &failed["tries"]), (&json!("waiting"), &json!(1)), "{failed}");
    assert_eq!(failed["last_error"], failed["last_reply"]);
    assert!(failed["last_error"].as_str().is_some_and(|why| !why.is_empty()), "{failed}");
    let tested = events(&story, &token, "mail_tested").await;
    assert_eq!(tested.len(), 3);
    assert_eq!((&tested[0]["actor_kind"], &tested[0]["target_kind"]), (&json!("account"), &json!("mail")));
});

story!(outbox_is_listed_by_state_and_page_and_each_look_is_recorded, OPEN, |story| {
    let (ada, token) = staff(&story, "ada", Role::Admin).await;
    let bob = story.person("bob").await;
    let scopes = story.app("https://little.example/cb", "read admin:read:accounts admin:write:accounts").await;
    let little = story.token(&ada, &scopes).await;
    let outside = "This action is outside the authorized scopes";
    story.get(MAIL).bearer(&little).send().await.is_api_error(403, outside);
    let app = story.app("https://all.example/cb", "read admin:read admin:write").await;
    let by_bob = story.token(&bob, &app).await;
    for path in [MAIL.to_owned(), format!("{MAIL}/x"), format!("{MAIL}?state=odd")] {
        story.get(&path).bearer(&by_bob).send().await.is_api_error(403, "This action is not allowed");
    }
    let before = list(&story, &token, "").await.len();
    for _ in 0..3 {
        story.advance_clock(Duration::from_secs(1));
        post(&story, &token, &format!("{MAIL}/test"), &json!({ "to": ada.email })).await.is(202);
    }
    stop_mail(&story);
    story.advance_clock(Duration::from_secs(1));
    let stuck = post(&story, &token, &format!("{MAIL}/test"), &json!({ "to": ada.email })).await.is(202).json();
    let all = list(&story, &token, "").await;
    assert_eq!((all.len(), id(&all[0])), (before + 4, id(&stuck)), "the newest first");
    assert_eq!(list(&story, &token, "?state=waiting").await.len(), 1);
    assert!(list(&story, &token, "?state=sent").await.len() >= 3);
    let odd = story.get(&format!("{MAIL}?state=odd")).bearer(&token).send().await.is(422).json();
    assert_eq!(odd["details"]["state"][0]["error"], "ERR_INCLUSION");
    let paged = story.get(&format!("{MAIL}?limit=1&state=sent")).bearer(&token).send().await.is(200);
    assert!(paged.header("link").contains("state=sent&limit=1&max_id="), "{}", paged.header("link"));
    let older = list(&story, &token, &format!("?max_id={}&limit=1", id(&all[0]))).await;
    assert_eq!(id(&older[0]), id(&all[1]));
    let newer = list(&story, &token, &format!("?min_id={}&limit=1", id(&all[1]))).await;
    assert_eq!(id(&newer[0]), id(&all[0]));
    for odd in ["nobody", "%2527", "..%2F..", &"x".repeat(3_000)] {
        story.get(&format!("{MAIL}/{odd}")).bearer(&token).send().await.is(404);
    }
    assert!(events(&story, &token, "account_seen").await.len() >= 6, "each look at addresses is recorded");
});

story!(mail_is_tried_again_or_cancelled_by_admins_and_only_while_it_can_be, OPEN, |story| {
    let (ada, token) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    let test = format!("{MAIL}/test");
    let sent = post(&story, &token, &test, &json!({ "to": ada.email })).await.is(202).json();
    stop_mail(&story);
    let one = post(&story, &token, &test, &json!({ "to": ada.email })).await.is(202).json();
    let other = post(&story, &token, &test, &json!({ "to": ada.email })).await.is(202).json();
    let of = |mail: &Value, act: &str| format!("{MAIL}/{}{act}", id(mail));
    let cancel = async |token: &str, path: String, body: Value| {
        story.call(Method::DELETE, &path).bearer(token).json(&body).send().await
    };
    post(&story, &moderator, &of(&one, "/retry"), &json!({})).await.is_api_error(403, "This action is not allowed");
    cancel(&moderator, of(&one, ""), json!({})).await.is_api_error(403, "This action is not allowed");
    let over = "This mail was sent or cancelled, or is being sent.";
    post(&story, &token, &of(&sent, "/retry"), &json!({})).await.is_api_error(409, over);
    cancel(&token, of(&sent, ""), json!({})).await.is_api_error(409, over);
    post(&story, &token, &format!("{MAIL}/nobody/retry"), &json!({})).await.is_api_error(404, "Record not found");
    cancel(&token, format!("{MAIL}/nobody"), json!({})).await.is_api_error(404, "Record not found");
    story.advance_clock(Duration::from_secs(301));
    // Both are tried once more, in vain, and then rest for a while.
    for mail in [&one, &other] {
        let tried = async || {
            let seen = story.get(&of(mail, "")).bearer(&token).send().await.is(200).json();
            (seen["tries"] == 2 && seen["state"] == "waiting").then_some(())
        };
        wait::until("a second try", tried).await;
    }
    cancel(&token, of(&other, ""), json!({})).await.is_api_error(403, "Please confirm that it is you");
    let wrong = json!({ "current_password": "wrong" });
    cancel(&token, of(&other, ""), wrong).await.is_api_error(403, "This is not the password of the account");
    let proof = json!({ "current_password": ada.password });
    let cancelled = cancel(&token, of(&other, ""), proof.clone()).await.is(200).json();
    assert_eq!(cancelled["state"], "cancelled");
    cancel(&token, of(&other, ""), proof).await.is_api_error(409, over);
    go_on_with_mail(&story);
    post(&story, &token, &of(&one, "/retry"), &json!({})).await.is(200);
    // What was sent before is gone with the folder; the cancelled one never arrives.
    assert_eq!(mails_to(&story, &ada.email, 1).await.len(), 1);
    let after = story.get(&of(&one, "")).bearer(&token).send().await.is(200).json();
    assert_eq!(after["state"], "sent");
    for (event, number) in [("mail_retried", 1), ("mail_cancelled", 1)] {
        assert_eq!(events(&story, &token, event).await.len(), number, "{event}");
    }
});

story!(mail_page_sends_a_test_mail_retries_and_cancels, OPEN, |story| {
    let (ada, token) = staff(&story, "ada", Role::Admin).await;
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    let theirs = browser(&story, &moderator).await;
    let page = look(&story, &theirs, PAGE).await.is(200);
    assert!(!page.body.contains("Send a test mail to me"), "{}", page.body);
    let mut jar = browser(&story, &ada).await;
    let page = look(&story, &jar, PAGE).await.is(200);
    assert!(page.body.contains("Send a test mail to me") && page.body.contains(&ada.email), "{}", page.body);
    let done = fill(&story, &mut jar, PAGE, &[]).await.is(302);
    let one = look(&story, &jar, done.location().as_str()).await.is(200);
    assert!(one.body.contains("written to ") && one.body.contains("Test mail"), "{}", one.body);
    assert!(!one.body.contains("/cancel") && !one.body.contains("Try again now"), "it is sent: {}", one.body);
    stop_mail(&story);
    let done = fill(&story, &mut jar, PAGE, &[]).await.is(302);
    let place = done.location().path().to_owned();
    let one = look(&story, &jar, &place).await.is(200);
    assert!(one.body.contains("Try again now") && one.body.contains("Tried next"), "{}", one.body);
    let of_moderator = look(&story, &theirs, &place).await.is(200);
    assert!(!of_moderator.body.contains("Try again now") && !of_moderator.body.contains("/cancel"));
    look(&story, &theirs, &format!("{place}/cancel")).await.is(403);
    // Their forms do nothing either.
    for path in [PAGE.to_owned(), place.clone(), format!("{place}/cancel")] {
        story.post(&path).cookies(&theirs).form(&[("form_token", "x")]).send().await.is(403);
        story
            .post(&path)
            .cookies(&jar)
            .header("origin", "https://evil.example")
            .form(&[("a", "b")])
            .send()
            .await
            .is(403);
        story.post(&path).cookies(&jar).form(&[("form_token", "stale")]).send().await.is(422);
    }
    let waiting = look(&story, &jar, &format!("{PAGE}?state=waiting&lang=de")).await.is(200);
    assert_eq!(waiting.body.matches("Testmail</a>").count(), 1, "{}", waiting.body);
    story.advance_clock(Duration::from_secs(301));
    let cancel = format!("{place}/cancel");
    let asked = look(&story, &jar, &cancel).await.is(200);
    assert!(asked.body.contains("current_password") && asked.body.contains("The mail is not sent"), "{}", asked.body);
    fill(&story, &mut jar, &cancel, &[("current_password", "wrong")]).await.is(422);
    assert_eq!(list(&story, &token, "?state=cancelled").await.len(), 0);
    fill(&story, &mut jar, &cancel, &[("current_password", &*ada.password)]).await.is(302);
    assert_eq!(list(&story, &token, "?state=cancelled").await.len(), 1);
    fill(&story, &mut jar, PAGE, &[]).await.is(302);
    let again = look(&story, &jar, &place).await.is(200);
    assert!(!again.body.contains("Try again now"), "{}", again.body);
    look(&story, &jar, &format!("{PAGE}/nobody")).await.is(404);
    look(&story, &jar, &format!("{PAGE}/%00")).await.is(404);
});
