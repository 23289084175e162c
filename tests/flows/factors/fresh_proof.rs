//! What asks for a fresh proof asks for both where a sign-in needs two: a password alone, or a sign-in at a provider alone, changes
//! nothing there (FAC-96, FAC-107).

use std::time::Duration;

use lysand_auth::host::accounts::{Accounts as _, Role};
use tests::Person;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Response, Story, query_of};

use super::enrol;
use crate::people::{form_token, sign_up};

const APPROVAL: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("signups.approval", "true")];
const STALE: Duration = Duration::from_secs(301);
const NEEDS_BOTH: &str = "Please confirm that it is you";

/// Posts a form, with a token of this browser.
async fn fill(story: &Story, jar: &mut CookieJar, path: &str, fields: &[(&str, &str)]) -> Response {
    let token = form_token(story, jar, "/account/profile").await;
    let fields = [&[("form_token", &*token)], fields].concat();
    story.post(path).header("accept", "text/html").cookies(jar).form(&fields).send().await
}

async fn make_admin(story: &Story, person: &Person) {
    let account = story.account(person).await;
    story.server().state().accounts.set_role(&account.id, Role::Admin).await.expect("a role");
}

story!(own_pages_ask_a_two_step_account_for_both_proofs, |story| {
    let ada = story.person("ada").await;
    let mut own = enrol(&story, &ada).await;
    story.advance_clock(STALE);
    let changes: [(&str, &[(&str, &str)]); 4] = [
        ("/account/email", &[("email", "new@example.org")]),
        ("/account/export", &[]),
        ("/account/close", &[("username", "ada")]),
        ("/account/tokens", &[("name", "script"), ("scopes", "read"), ("expires_in", "3600")]),
    ];
    for (path, fields) in changes {
        let page = story.get(path).cookies(&own.jar).send().await.is(200);
        assert!(!page.body.contains("current_password"), "{path} asks for what does not suffice: {}", page.body);
        assert!(
            page.markup().contains(&format!("/account/confirm?then={}", path.replace('/', "%2F"))),
            "{path}: {}",
            page.body
        );
        let fields = [fields, &[("current_password", &*ada.password)]].concat();
        let refused = fill(&story, &mut own.jar, path, &fields).await;
        assert!(refused.status == 422 && refused.body.contains(NEEDS_BOTH), "{path}: {}", refused.body);
    }
    for path in ["/account/sessions/end", "/account/apps/end/all"] {
        let led = story.get(path).cookies(&own.jar).send().await.is(302);
        assert!(led.header("location").starts_with("/account/confirm?"), "{path}: {}", led.header("location"));
    }
});

story!(staff_pages_ask_a_two_step_account_for_both_proofs, |story| {
    let (ada, bob) = (story.person("ada").await, story.person("bob").await);
    make_admin(&story, &ada).await;
    let theirs = story.token(&bob, &story.usual_app().await).await;
    let mut own = enrol(&story, &ada).await;
    let disable = format!("/admin/accounts/{}/disable", story.account(&bob).await.id);
    let settings = "/admin/settings";
    let page = story.get(&disable).cookies(&own.jar).send().await.is(200);
    assert!(!page.body.contains("current_password") && !page.body.contains("prompt=login"), "{}", page.body);
    story.advance_clock(STALE);
    for path in [&*disable, settings] {
        let page = story.get(path).cookies(&own.jar).send().await.is(200);
        assert!(!page.body.contains("current_password"), "{path} asks for what does not suffice: {}", page.body);
        assert!(page.markup().contains("/account/sign-in?return_to=%2Fadmin%2F"), "{path}: {}", page.body);
    }
    let fields = [("message", ""), ("current_password", &*ada.password)];
    let refused = fill(&story, &mut own.jar, &disable, &fields).await.is(422);
    assert!(refused.body.contains(NEEDS_BOTH), "{}", refused.body);
    story.verify(&theirs).await.is(200);
});

story!(sign_in_at_a_provider_alone_is_no_proof_of_a_two_step_account, APPROVAL, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    make_admin(&story, &ada).await;
    let token = story.token(&ada, &story.usual_app().await).await;
    let user = ProviderUser::named("ada");
    story.link_at(&mut CookieJar::default(), &token, &provider, &user).await.is_linked();
    enrol(&story, &ada).await;
    let mut jar = CookieJar::default();
    story.sign_in_at(&mut jar, &app, &provider, &user).await.signed_in();

    // The page that confirms who it is asks, and does not send the browser around in a circle.
    let page = story.get("/account/confirm?then=/account/security").cookies(&jar).send().await.is(200);
    assert!(page.body.contains("current_password"), "{}", page.body);
    let unlink = {
        let token = form_token(&story, &mut jar, "/account").await;
        let form = [("form_token", &*token), ("issuer", "id")];
        story.post("/account/unlink").cookies(&jar).form(&form).send().await.is(303)
    };
    assert!(unlink.location().path() == "/account/confirm", "{}", unlink.location());
    assert_eq!(story.linked_providers(&token).await, ["id"]);

    sign_up(&story, "carol", "carol@example.org").await;
    let carol = crate::admin::id(&story, "carol").await;
    let decline = [("id", &*carol), ("do", "reject")];
    let led = fill(&story, &mut jar, "/admin/requests", &decline).await.is(302);
    assert_eq!(led.location().path(), "/account/confirm");
    crate::admin::id(&story, "carol").await;
});

story!(password_alone_confirms_no_link_to_a_two_step_account, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let ada = story.person("ada").await;
    let token = story.token(&ada, &story.usual_app().await).await;
    let own = enrol(&story, &ada).await;
    // Begun with a token, come back in a browser where somebody else is signed in.
    let mut jar = CookieJar::default();
    let location = story.start_link(&mut jar, &token, "id").await;
    let eve = story.person("eve").await;
    jar.keep_value("jwt", &story.sign_in(&eve, &story.usual_app().await).await.cookie);
    let back = provider.authorize(&location, &ProviderUser::named("mallory"), story.now());
    let page = story.follow_callback(&mut jar, &back).await.is(302).location();
    assert_eq!(page.path(), "/oauth/sso/link/confirm", "{page}");
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&shown);
    assert!(!shown.body.contains("type=\"password\"") && shown.body.contains("First sign in as"), "{}", shown.body);
    let flow_id = query_of(&page, "flow_id").expect("a flow");
    let form_token = form_token(&story, &mut jar, "/").await;
    let form = [("flow_id", &*flow_id), ("form_token", &*form_token), ("password", &*ada.password)];
    let again = story.post(page.path()).cookies(&jar).form(&form).send().await.is(200);
    assert!(again.body.contains("First sign in as"), "{}", again.body);
    assert_eq!(story.linked_providers(&token).await, [""; 0]);

    // With both proofs in this browser it is made.
    jar.keep_value("jwt", own.jar.get("jwt").expect("a session"));
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&shown);
    let form = [("flow_id", &*flow_id), ("form_token", &*shown.hidden("form_token"))];
    story.post(page.path()).cookies(&jar).form(&form).send().await.is_linked();
    assert_eq!(story.linked_providers(&token).await, ["id"]);
});
