//! How much one member of the staff changes in a while (PPL-190).

use lysand_auth::host::accounts::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;

use super::pages::browser;
use super::{LIST, id, post, staff};
use crate::people::form_token;

const THREE: &[(&str, &str)] =
    &[("signups.proof_of_work", "false"), ("ratelimit.enabled", "true"), ("ratelimit.admin_writes.max", "3")];

story!(staff_writes_are_limited_for_each_of_the_staff_by_routes_and_pages_together, THREE, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    let (mona, moderator) = staff(&story, "mona", Role::Moderator).await;
    story.person("bob").await;
    let bob = id(&story, "bob").await;
    let own = "/api/v1/admin/auth";
    // Every route that changes something, and every page.
    let routes = [
        (Method::DELETE, format!("{LIST}/{bob}")),
        (Method::POST, format!("{LIST}/{bob}/approve")),
        (Method::POST, format!("{LIST}/{bob}/reject")),
        (Method::POST, format!("{LIST}/{bob}/enable")),
        (Method::POST, format!("{LIST}/{bob}/unsuspend")),
        (Method::POST, format!("{LIST}/{bob}/unsilence")),
        (Method::POST, format!("{LIST}/{bob}/unsensitive")),
        (Method::POST, format!("{LIST}/{bob}/action")),
        (Method::PATCH, format!("{own}/settings")),
        (Method::POST, format!("{own}/accounts/{bob}/role")),
        (Method::POST, format!("{own}/accounts/{bob}/confirm")),
        (Method::POST, format!("{own}/accounts/{bob}/unlock")),
        (Method::POST, format!("{own}/accounts/{bob}/reset_password")),
        (Method::POST, format!("{own}/accounts/{bob}/end_sessions")),
        (Method::POST, format!("{own}/invitations")),
        (Method::DELETE, format!("{own}/invitations?created_by={bob}")),
        (Method::DELETE, format!("{own}/invitations/1")),
        (Method::POST, format!("{own}/accounts")),
        (Method::POST, "/api/v1/admin/ip_blocks".to_owned()),
        (Method::PUT, "/api/v1/admin/ip_blocks/1".to_owned()),
        (Method::DELETE, "/api/v1/admin/ip_blocks/1".to_owned()),
        (Method::POST, "/api/v1/admin/email_domain_blocks".to_owned()),
        (Method::DELETE, "/api/v1/admin/email_domain_blocks/1".to_owned()),
        (Method::POST, format!("{own}/mail/test")),
        (Method::POST, format!("{own}/mail/1/retry")),
        (Method::DELETE, format!("{own}/mail/1")),
        (Method::DELETE, format!("{own}/apps/1")),
    ];
    let body: Value = json!({ "type": "none", "role": "user" });
    for _ in 0..3 {
        post(&story, &admin, &format!("{LIST}/{bob}/action"), &body).await.is(200);
    }
    for (method, path) in routes {
        let refused = story.call(method.clone(), &path).bearer(&admin).json(&body).send().await.is(429);
        assert!(refused.header("retry-after").parse::<u64>().is_ok(), "{method} {path}");
    }
    let mut jar = browser(&story, &ada).await;
    let token = form_token(&story, &mut jar, "/account/profile").await;
    for page in [
        "/admin/requests",
        "/admin/settings",
        &format!("/admin/accounts/{bob}"),
        &format!("/admin/accounts/{bob}/disable"),
        "/admin/invitations",
        &format!("/admin/invitations/end?by={bob}"),
        "/admin/apps/1/remove",
        "/admin/mail",
        "/admin/mail/1",
        "/admin/mail/1/cancel",
        "/admin/new_account",
        "/admin/blocks",
        "/admin/blocks/domains",
        "/admin/events/export",
    ] {
        let fields = [("form_token", &*token), ("do", "make")];
        let refused = story.post(page).header("accept", "text/html").cookies(&jar).form(&fields).send().await.is(429);
        assert!(refused.header("retry-after").parse::<u64>().is_ok(), "{page}");
    }
    // Looking costs nothing, and nobody else is held up; what another site posts counts for nobody.
    story.get(LIST).bearer(&admin).send().await.is(200);
    let theirs = browser(&story, &mona).await;
    for _ in 0..5 {
        let foreign = story.post("/admin/requests").cookies(&theirs).header("origin", "https://evil.example");
        foreign.form(&[("do", "approve")]).send().await.is(403);
    }
    post(&story, &moderator, &format!("{LIST}/{bob}/action"), &body).await.is(200);
    story.advance_clock(std::time::Duration::from_secs(301));
    post(&story, &admin, &format!("{LIST}/{bob}/action"), &body).await.is(200);
});
