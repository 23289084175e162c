//! What a new password ends beside sessions and tokens, and what a waiting browser cannot do (people PPL-59, PPL-96).

use serde_json::json;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Story};

use super::{after, form, form_token, mails_to, sign_up, state};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];

/// Chooses a new password by a mailed link.
async fn reset(story: &Story, identifier: &str, address: &str) {
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": identifier })).send().await.is(200);
    let mut tries = 0;
    loop {
        let mails = mails_to(story, address, 1).await;
        let links = mails.iter().filter(|mail| mail.contains("/oauth/reset?token="));
        let links: Vec<String> = links.map(|mail| after(mail, "/oauth/reset?token=").to_owned()).collect();
        for token in &links {
            let body = json!({ "token": token, "password": "quite another sentence" });
            if story.post("/api/v1/auth/password/reset").json(&body).send().await.status == 200 {
                return;
            }
        }
        tries += 1;
        assert!(tries < 20, "no link counts: {links:?}");
    }
}

async fn confirm(story: &Story, address: &str) {
    let mail = mails_to(story, address, 1).await.remove(0);
    let token = after(&mail, "/register/confirm?token=").to_owned();
    story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": token })).send().await.is(200);
}

story!(reset_ends_waiting_browsers_and_programs, OPEN, |story| {
    let mut jar = CookieJar::default();
    let token = form_token(&story, &mut jar, "/register").await;
    let fields = [form("ada", "ada@example.com"), vec![("form_token", &*token)]].concat();
    jar.keep(&story.post("/register").cookies(&jar).form(&fields).send().await.is(302));
    confirm(&story, "ada@example.com").await;
    let made = sign_up(&story, "eve", "eve@example.com").await;
    let waiting = made["waiting_token"].as_str().expect("a token");
    confirm(&story, "eve@example.com").await;
    assert_eq!(state(&story, waiting).await, "ready");
    let form = form_token(&story, &mut jar, "/register/waiting").await;
    reset(&story, "ada", "ada@example.com").await;
    reset(&story, "eve", "eve@example.com").await;
    let gone_on = story.post("/register/waiting/continue").cookies(&jar).form(&[("form_token", &*form)]).send().await;
    assert!(gone_on.cookie("jwt").is_none() && gone_on.status == 404, "{}", gone_on.status);
    let body = json!({ "waiting_token": waiting });
    story.post("/api/v1/auth/signup/state").json(&body).send().await.is(404);
    let gone_on = story.post("/api/auth/continue").form(&[("waiting_token", waiting)]).send().await;
    assert!(gone_on.cookie("jwt").is_none());
});

story!(reset_ends_links_under_way_to_a_provider, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    let link = story.start_link(&mut jar, &story.token(&ada, &app).await, "id").await;
    reset(&story, "ada", &ada.email).await;
    let thief = ProviderUser::named("thief");
    story.follow_callback(&mut jar, &provider.authorize(&link, &thief, story.now())).await;
    let account = story.account(&ada).await;
    let linked = lysand_auth::flows::sso::list(&story.server().state().auth, &account.id).await.expect("a list");
    assert!(linked.is_empty(), "{linked:?}");
    // The owner links their own all the same.
    let ada = tests::Person { password: "quite another sentence".to_owned(), ..ada };
    let token = story.token(&ada, &app).await;
    story.link_at(&mut CookieJar::default(), &token, &provider, &ProviderUser::named("ada")).await.is_linked();
});

story!(waiting_token_opens_nothing_but_waiting, OPEN, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let waiting = made["waiting_token"].as_str().expect("a token").to_owned();
    let app = story.expiring_app().await;
    // Before the address is confirmed, and afterwards.
    for _ in 0..2 {
        story.verify(&waiting).await.is(401);
        let as_session = story.get("/account").header("cookie", &format!("jwt={waiting}; waiting={waiting}"));
        let page = as_session.header("accept", "text/html").send().await.is(302);
        assert_eq!(page.location().path(), "/account/sign-in");
        for path in ["/register/confirm", "/oauth/reset", "/account/email/confirm", "/account/email/undo"] {
            story.get(&format!("{path}?token={waiting}")).send().await.is(410);
        }
        story.redeem(&app, &waiting).await.is(400);
        story.refresh(&app, &waiting).await.is(400);
        for path in ["/account/password", "/account/email", "/account/profile", "/account/activity"] {
            let page = story.get(path).header("cookie", &format!("waiting={waiting}")).send().await.is(302);
            assert_eq!(page.location().path(), "/account/sign-in", "{path}");
        }
        if state(&story, &waiting).await == "unconfirmed" {
            confirm(&story, "ada@example.com").await;
        }
    }
    // An account that is usable is changed by nobody who only waited for it.
    let body = json!({ "waiting_token": waiting, "email": "mallory@example.com" });
    story.post("/api/v1/auth/signup/email").json(&body).send().await.is(200);
    story.post("/api/v1/auth/signup/withdraw").json(&body).send().await.is(409);
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), "ada@example.com", "a calm evening").await.signed_in();
});
