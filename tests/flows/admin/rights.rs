//! Who may do what to whom (PPL-15 to PPL-18, PPL-22), and in what order the API refuses.

use futures_util::future::join_all;
use lysand_auth::host::accounts::{AccountId, AccountQuery, Accounts as _, Role, Standing};
use reqwest::Method;
use serde_json::json;
use tests::story;

use super::{LIST, OPEN, id, post, staff};

story!(admin_api_refuses_in_the_order_of_mastodon, OPEN, |story| {
    let (admin, token) = staff(&story, "ada", Role::Admin).await;
    let bob = story.person("bob").await;
    let bob_id = id(&story, "bob").await;
    let disable = format!("{LIST}/{bob_id}/action");
    let app = story.app("https://admin.example/cb", "read admin:read admin:write").await;
    let none = story.get(LIST).send().await;
    none.is_api_error(401, "The access token is invalid");
    let readers = story.app("https://readers.example/cb", "read admin:read:accounts").await;
    let reader = story.token(&admin, &readers).await;
    story.get(LIST).bearer(&reader).send().await.is(200);
    post(&story, &reader, &disable, &json!({ "type": "disable" }))
        .await
        .is_api_error(403, "This action is outside the authorized scopes");
    let plain = story.token(&admin, &story.usual_app().await).await;
    story.get(LIST).bearer(&plain).send().await.is_api_error(403, "This action is outside the authorized scopes");
    // An app's own token speaks for nobody.
    let asked = [("grant_type", "client_credentials"), ("scope", "read admin:read")];
    let own = story.post("/oauth/token").form(&[&asked[..], &app.credentials()].concat()).send().await.is(200).json();
    let own = own["access_token"].as_str().expect("a token").to_owned();
    story.get(LIST).bearer(&own).send().await.is_api_error(422, "This method requires an authenticated user");
    // An app may have every scope; its person is none of the staff.
    let by_bob = story.token(&bob, &app).await;
    for path in [
        LIST.to_owned(),
        "/api/v2/admin/accounts?origin=mars".to_owned(),
        format!("{LIST}/nobody"),
        format!("{LIST}/{bob_id}"),
    ] {
        story.get(&path).bearer(&by_bob).send().await.is_api_error(403, "This action is not allowed");
    }
    for act in ["approve", "reject", "enable", "unsuspend", "unsilence", "unsensitive", "action"] {
        let path = format!("{LIST}/{}/{act}", id(&story, "ada").await);
        post(&story, &by_bob, &path, &json!({ "type": "odd" })).await.is_api_error(403, "This action is not allowed");
    }
    story.get(&disable).bearer(&token).send().await.is(405);
    story
        .call(Method::POST, &format!("{LIST}/nobody/enable"))
        .bearer(&token)
        .send()
        .await
        .is_api_error(404, "Record not found");
});

story!(moderators_act_on_people_alone_and_admins_not_on_themselves, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    staff(&story, "second", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    staff(&story, "milo", Role::Moderator).await;
    story.person("bob").await;
    let act = async |token: &str, name: &str, kind: &str| {
        let path = format!("{LIST}/{}/action", id(&story, name).await);
        post(&story, token, &path, &json!({ "type": kind })).await.status.as_u16()
    };
    for (who, token, name, expected) in [
        ("moderator", &moderator, "bob", 200),
        ("moderator", &moderator, "mona", 403),
        ("moderator", &moderator, "milo", 403),
        ("moderator", &moderator, "ada", 403),
        ("admin", &admin, "bob", 200),
        ("admin", &admin, "milo", 200),
        ("admin", &admin, "ada", 403),
    ] {
        for kind in ["none", "disable", "suspend"] {
            assert_eq!(act(token, name, kind).await, expected, "{who} {kind} {name}");
        }
    }
    for what in ["role", "confirm", "reset_password", "end_sessions"] {
        let path = format!("/api/v1/admin/auth/accounts/{}/{what}", id(&story, "bob").await);
        let body = json!({ "role": "moderator", "current_password": "x" });
        post(&story, &moderator, &path, &body).await.is_api_error(403, "This action is not allowed");
        let own = format!("/api/v1/admin/auth/accounts/{}/{what}", id(&story, "ada").await);
        post(&story, &admin, &own, &json!({ "role": "user" })).await.is_api_error(403, "This action is not allowed");
    }
    assert_eq!(act(&admin, "second", "disable").await, 200, "an admin on an admin, while one remains");
});

story!(last_admin_stays, OPEN, |story| {
    let (_, one) = staff(&story, "ada", Role::Admin).await;
    let (_, other) = staff(&story, "second", Role::Admin).await;
    let (ada, second) = (id(&story, "ada").await, id(&story, "second").await);
    // Of two who stop each other at the same moment, one stays.
    let stop = |token: String, target: String| {
        let story = &story;
        async move {
            let path = format!("{LIST}/{target}/action");
            post(story, &token, &path, &json!({ "type": "disable" })).await.status.as_u16()
        }
    };
    let mut answers = join_all([stop(one.clone(), second.clone()), stop(other.clone(), ada.clone())]).await;
    answers.sort_unstable();
    assert_eq!(answers.first(), Some(&200), "{answers:?}");
    assert!(answers[1] == 409 || answers[1] == 403, "{answers:?}");
    let accounts = &story.server().state().accounts;
    let active = AccountQuery::new().with_role(Role::Admin).with_standing(Standing::Active);
    assert_eq!(accounts.count(&active).await.expect("a number"), 1);
    let (last, token) = match story
        .server()
        .state()
        .accounts
        .by_id(&AccountId::new(&*ada))
        .await
        .expect("an answer")
        .expect("an account")
        .standing
    {
        Standing::Active => (ada, one),
        _ => (second, other),
    };
    for body in [json!({ "type": "disable" }), json!({ "type": "suspend" })] {
        post(&story, &token, &format!("{LIST}/{last}/action"), &body).await.is_api_error(409, "The last admin stays");
    }
    for what in ["role", "reset_password"] {
        let path = format!("/api/v1/admin/auth/accounts/{last}/{what}");
        post(&story, &token, &path, &json!({ "role": "user" })).await.is_api_error(409, "The last admin stays");
    }
});

story!(role_that_is_lowered_counts_from_the_next_request_on, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    story.get(LIST).bearer(&moderator).send().await.is(200);
    let path = format!("/api/v1/admin/auth/accounts/{}/role", id(&story, "mona").await);
    post(&story, &admin, &path, &json!({ "role": "owner" }))
        .await
        .is_api_error(422, "The role must be one of: user, moderator, admin");
    let lowered = post(&story, &admin, &path, &json!({ "role": "user" })).await.is(200).json();
    assert_eq!(lowered["role"]["id"], -99);
    story.get(LIST).bearer(&moderator).send().await.is_api_error(403, "This action is not allowed");
    story.verify(&moderator).await.is(200);
});

story!(acts_that_hurt_need_a_fresh_sign_in_or_the_password, OPEN, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    let bob = story.person("bob").await;
    let theirs = story.token(&bob, &story.usual_app().await).await;
    let bob = id(&story, "bob").await;
    story.advance_clock(std::time::Duration::from_secs(301));
    for what in ["role", "reset_password", "end_sessions"] {
        let path = format!("/api/v1/admin/auth/accounts/{bob}/{what}");
        let refused = post(&story, &admin, &path, &json!({ "role": "moderator" })).await;
        assert!(refused.header("www-authenticate").contains("insufficient_user_authentication"));
        refused.is_api_error(403, "Please confirm that it is you");
        let wrong = json!({ "role": "moderator", "current_password": "wrong" });
        post(&story, &admin, &path, &wrong).await.is_api_error(403, "This is not the password of the account");
    }
    story.verify(&theirs).await.is(200);
    let path = format!("/api/v1/admin/auth/accounts/{bob}/end_sessions");
    post(&story, &admin, &path, &json!({ "current_password": ada.password })).await.is(200);
    story.verify(&theirs).await.is(401);
    // These two hurt nobody.
    let path = format!("/api/v1/admin/auth/accounts/{bob}/unlock");
    post(&story, &admin, &path, &json!({})).await.is(200);
});
