//! Deleting an account by Mastodon's admin API (PPL-135).

use std::time::Duration;

use lysand_auth::host::accounts::{Accounts as _, Role};
use reqwest::Method;
use serde_json::json;
use tests::story;
use tests::story::{Response, Story};

use super::pages::{browser, look};
use super::{LIST, OPEN, id, post, staff};

const REFUSED: &str = "This action is not allowed";
const AT_ONCE: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("admin.api_delete_after", "0s")];
const OFF: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("admin.api_delete", "false")];
const NO_PAGES: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("admin.pages", "false")];

async fn delete(story: &Story, token: &str, id: &str) -> Response {
    story.call(Method::DELETE, &format!("{LIST}/{id}")).bearer(token).send().await
}

async fn act(story: &Story, token: &str, id: &str, act: &str) {
    let (path, body) = match act {
        "unsuspend" => (format!("{LIST}/{id}/unsuspend"), json!({})),
        kind => (format!("{LIST}/{id}/action"), json!({ "type": kind })),
    };
    post(story, token, &path, &body).await.is(200);
}

story!(account_is_deleted_by_api_a_day_after_it_was_suspended, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    let theirs = story.token(&bob, &story.usual_app().await).await;
    let bob_id = id(&story, "bob").await;
    delete(&story, &admin, &bob_id).await.is_api_error(403, REFUSED);
    act(&story, &admin, &bob_id, "disable").await;
    delete(&story, &admin, &bob_id).await.is_api_error(403, REFUSED);
    act(&story, &admin, &bob_id, "suspend").await;
    delete(&story, &admin, &bob_id).await.is_api_error(403, REFUSED);
    story.advance_clock(Duration::from_secs(23 * 3600));
    delete(&story, &admin, &bob_id).await.is_api_error(403, REFUSED);
    // Suspended anew, the time begins anew.
    act(&story, &admin, &bob_id, "unsuspend").await;
    act(&story, &admin, &bob_id, "suspend").await;
    story.advance_clock(Duration::from_secs(2 * 3600));
    delete(&story, &admin, &bob_id).await.is_api_error(403, REFUSED);
    story.advance_clock(Duration::from_secs(22 * 3600));
    delete(&story, &moderator, &bob_id).await.is_api_error(403, REFUSED);
    let gone = delete(&story, &admin, &bob_id).await.is(200).json();
    assert_eq!((&gone["username"], &gone["suspended"]), (&json!("bob"), &json!(true)));
    assert!(story.server().state().accounts.by_identifier("bob").await.expect("an answer").is_none());
    story.get("/api/v1/accounts/verify_credentials").bearer(&theirs).send().await.is(401);
    delete(&story, &admin, &bob_id).await.is_api_error(404, "Record not found");
    delete(&story, &admin, "nobody").await.is_api_error(404, "Record not found");
});

story!(deletion_by_api_can_be_at_once_but_for_oneself_and_the_last_admin, AT_ONCE, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    story.person("bob").await;
    let (ada, bob) = (id(&story, "ada").await, id(&story, "bob").await);
    delete(&story, &admin, &ada).await.is(409);
    delete(&story, &admin, &bob).await.is_api_error(403, REFUSED);
    act(&story, &admin, &bob, "suspend").await;
    let both = futures_util::join!(delete(&story, &admin, &bob), delete(&story, &admin, &bob));
    let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
    statuses.sort_unstable();
    assert!(statuses == [200, 404] || statuses == [200, 200], "{statuses:?}");
});

story!(deletion_by_api_can_be_switched_off, OFF, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    story.person("bob").await;
    let bob = id(&story, "bob").await;
    act(&story, &admin, &bob, "suspend").await;
    story.advance_clock(Duration::from_secs(48 * 3600));
    delete(&story, &admin, &bob).await.is_api_error(403, REFUSED);
});

story!(pages_for_staff_can_be_switched_off_and_the_api_stays, NO_PAGES, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    let jar = browser(&story, &ada).await;
    for path in ["/admin", "/admin/accounts", "/admin/settings"] {
        look(&story, &jar, path).await.is(404);
    }
    assert!(!look(&story, &jar, "/account").await.is(200).body.contains("/admin\""));
    story.get(LIST).bearer(&admin).send().await.is(200);
});
