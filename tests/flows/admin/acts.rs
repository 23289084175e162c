//! What staff does to accounts (PPL-132 to PPL-134, PPL-143).

use futures_util::future::join_all;
use lysand_auth::host::accounts::{Accounts as _, Role};
use serde_json::json;
use tests::story;

use super::{LIST, OPEN, id, post, staff};
use crate::people::{mail_with, mails_to, sign_up};

const APPROVAL: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("signups.approval", "true")];

story!(request_to_join_is_approved_and_rejected_once, APPROVAL, |story| {
    let (_, token) = staff(&story, "mona", Role::Moderator).await;
    for name in ["grace", "eve"] {
        sign_up(&story, name, &format!("{name}@example.com")).await;
    }
    let (grace, eve) = (id(&story, "grace").await, id(&story, "eve").await);
    let approved = post(&story, &token, &format!("{LIST}/{grace}/approve"), &json!({})).await.is(200).json();
    assert_eq!((&approved["approved"], &approved["username"]), (&json!(true), &json!("grace")));
    for act in ["approve", "reject"] {
        post(&story, &token, &format!("{LIST}/{grace}/{act}"), &json!({}))
            .await
            .is_api_error(403, "This action is not allowed");
    }
    // Two of the staff at the same moment: one decides.
    let decide = |act: &'static str| {
        let (story, token, eve) = (&story, &token, &eve);
        async move {
            let body = json!({ "text": "Not this time" });
            post(story, token, &format!("{LIST}/{eve}/{act}"), &body).await.status.as_u16()
        }
    };
    let mut answers = join_all([decide("reject"), decide("approve"), decide("reject")]).await;
    answers.sort_unstable();
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    assert!(answers.iter().all(|status| [200, 403, 404].contains(status)), "{answers:?}");
});

story!(rejected_request_answers_the_account_as_it_was, APPROVAL, |story| {
    let (_, token) = staff(&story, "mona", Role::Moderator).await;
    sign_up(&story, "eve", "eve@example.com").await;
    let eve = id(&story, "eve").await;
    let rejected = post(&story, &token, &format!("{LIST}/{eve}/reject"), &json!({})).await.is(200).json();
    assert_eq!((&rejected["id"], &rejected["approved"]), (&json!(eve), &json!(false)));
    story.get(&format!("{LIST}/{eve}")).bearer(&token).send().await.is(404);
});

story!(disabled_account_is_told_and_enabled_again, OPEN, |story| {
    let (_, token) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    let theirs = story.token(&bob, &story.usual_app().await).await;
    let path = format!("{LIST}/{}", id(&story, "bob").await);
    let body = json!({ "type": "disable", "text": "Please read the rules" });
    assert_eq!(post(&story, &token, &format!("{path}/action"), &body).await.is(200).json(), json!({}));
    story.verify(&theirs).await.is_api_error(403, "Your login is currently disabled");
    let mail = mail_with(&story, &bob.email, "Please read the rules").await;
    assert!(mail.contains("The account bob") && mail.contains("About your account"), "{mail}");
    let seen = story.get(&path).bearer(&token).send().await.is(200).json();
    assert_eq!((&seen["disabled"], &seen["suspended"]), (&json!(true), &json!(false)));
    for _ in 0..2 {
        let enabled = post(&story, &token, &format!("{path}/enable"), &json!({})).await.is(200).json();
        assert_eq!(enabled["disabled"], false);
    }
    story.verify(&theirs).await.is(200);
    post(&story, &token, &format!("{path}/unsuspend"), &json!({}))
        .await
        .is_api_error(403, "This action is not allowed");
    let quiet = json!({ "type": "suspend", "send_email_notification": false });
    post(&story, &token, &format!("{path}/action"), &quiet).await.is(200);
    assert_eq!(story.get(&path).bearer(&token).send().await.is(200).json()["suspended"], true);
    // Enabling lifts no suspension.
    assert_eq!(post(&story, &token, &format!("{path}/enable"), &json!({})).await.is(200).json()["suspended"], true);
    assert_eq!(post(&story, &token, &format!("{path}/unsuspend"), &json!({})).await.is(200).json()["suspended"], false);
    assert_eq!(mails_to(&story, &bob.email, 1).await.len(), 1, "nobody was told of the rest");
    for act in ["unsilence", "unsensitive"] {
        post(&story, &token, &format!("{path}/{act}"), &json!({})).await.is(200);
    }
});

story!(action_of_no_known_type_or_too_long_a_text_changes_nothing, OPEN, |story| {
    let (_, token) = staff(&story, "mona", Role::Moderator).await;
    story.person("bob").await;
    let path = format!("{LIST}/{}/action", id(&story, "bob").await);
    for body in [
        json!({}),
        json!({ "type": "" }),
        json!({ "type": "delete" }),
        json!({ "type": "silence" }),
        json!({ "type": "sensitive" }),
    ] {
        post(&story, &token, &path, &body)
            .await
            .is_api_error(422, "Validation failed: Type is not included in the list");
    }
    let long = json!({ "type": "disable", "text": "x".repeat(5_001) });
    post(&story, &token, &path, &long).await.is(422);
    let seen = story.get(&format!("{LIST}/{}", id(&story, "bob").await)).bearer(&token).send().await.is(200).json();
    assert_eq!(seen["disabled"], false);
});

story!(warning_of_staff_is_a_mail_and_changes_nothing, OPEN, |story| {
    let (_, token) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    let path = format!("{LIST}/{}/action", id(&story, "bob").await);
    post(&story, &token, &path, &json!({ "type": "none", "text": "Be kind, please" })).await.is(200);
    let mail = mail_with(&story, &bob.email, "Be kind, please").await;
    assert!(mail.contains("write to you about the account bob"), "{mail}");
});

story!(act_on_one_of_the_staff_is_told_to_them_and_to_all_admins, OPEN, |story| {
    let (_, token) = staff(&story, "ada", Role::Admin).await;
    let (second, _) = staff(&story, "second", Role::Admin).await;
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    let path = format!("{LIST}/{}/action", id(&story, "mona").await);
    post(&story, &token, &path, &json!({ "type": "disable", "send_email_notification": false })).await.is(200);
    mail_with(&story, &moderator.email, "The account mona").await;
    let told = mail_with(&story, &second.email, "The account mona").await;
    assert!(told.contains("About an account"), "{told}");
    let path = format!("/api/v1/admin/auth/accounts/{}/role", id(&story, "mona").await);
    post(&story, &token, &path, &json!({ "role": "user" })).await.is(200);
    mail_with(&story, &moderator.email, "your role at").await;
    mail_with(&story, &second.email, "The role was changed").await;
});

story!(account_without_proven_address_is_confirmed_by_hand_and_gets_no_link, OPEN, |story| {
    let (_, token) = staff(&story, "ada", Role::Admin).await;
    sign_up(&story, "eve", "eve@example.com").await;
    let path = format!("/api/v1/admin/auth/accounts/{}", id(&story, "eve").await);
    post(&story, &token, &format!("{path}/reset_password"), &json!({})).await.is(422);
    let confirmed = post(&story, &token, &format!("{path}/confirm"), &json!({})).await.is(200).json();
    assert_eq!(confirmed["confirmed"], true);
    post(&story, &token, &format!("{path}/confirm"), &json!({})).await.is(409);
    let eve = story.server().state().accounts.by_identifier("eve").await.expect("an answer").expect("an account");
    assert!(eve.email.expect("an address").confirmed);
    post(&story, &token, &format!("{path}/reset_password"), &json!({})).await.is(200);
    mail_with(&story, "eve@example.com", "/oauth/reset?token=").await;
});
