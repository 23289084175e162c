//! The signed-in person's own page: link and remove by form (security WEB-5, ID-12).

use std::time::Duration;

use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Response, Story, query_of};

use super::linked;
use crate::people::confirm_identity;

/// Opens the page and posts one of its forms.
async fn post(story: &Story, jar: &mut CookieJar, path: &str, fields: &[(&str, &str)]) -> Response {
    let page = story.get("/account").cookies(jar).send().await.is(200);
    jar.keep(&page);
    let token = page.hidden("form_token");
    let form = [&[("form_token", token.as_str())], fields].concat();
    let answer = story.post(path).cookies(jar).header("origin", story.base()).form(&form).send().await;
    jar.keep(&answer);
    answer
}

fn ends_at(answer: Response, place: &str) {
    let answer = answer.is(303);
    assert!(answer.header("location").ends_with(place), "{}", answer.header("location"));
}

story!(account_page_links_and_unlinks_identity_by_form, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let nobody = story.get("/account").send().await.is(302);
    assert!(nobody.header("location").ends_with("/account/sign-in?return_to=%2Faccount") && nobody.body.is_empty());
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    let answer = post(&story, &mut jar, "/account/link", &[("issuer", "id")]).await.is(302);
    let back = provider.authorize(&answer.location(), &ProviderUser::named("ada.at.home"), story.now());
    story.follow_callback(&mut jar, &back).await.is_linked();
    let page = story.get("/account").cookies(&jar).send().await.is(200);
    assert!(page.body.contains("ada.at.home") && page.markup().contains("/oauth/authorized_applications"));
    ends_at(post(&story, &mut jar, "/account/unlink", &[("issuer", "nobody")]).await, "?notice=gone");
    ends_at(post(&story, &mut jar, "/account/unlink", &[("issuer", "id")]).await, "?notice=unlinked");
    ends_at(post(&story, &mut jar, "/account/unlink", &[("issuer", "id")]).await, "?notice=gone");
    story.call(reqwest::Method::GET, "/account/unlink").send().await.is(405);
});

story!(account_forms_require_form_token_and_recent_sign_in, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let ada = linked(&story, &provider, "ada").await;
    let person = tests::Person::named("ada");
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&person, &ada.app).await.cookie);
    let page = story.get("/account").cookies(&jar).send().await.is(200);
    jar.keep(&page);
    let token = page.hidden("form_token");
    let form = [("form_token", token.as_str()), ("issuer", "id")];
    for path in ["/account/link", "/account/unlink"] {
        let call = || story.post(path).cookies(&jar);
        call().header("origin", "https://evil.example").form(&form).send().await.is(403);
        call().header("sec-fetch-site", "same-site").form(&form).send().await.is(403);
        ends_at(call().form(&form[1..]).send().await, "?notice=old");
        ends_at(call().form(&[("form_token", "guessed"), ("issuer", "id")]).send().await, "?notice=old");
        call().body("text/plain", "issuer=id").send().await.is(415);
        let much = format!("form_token={token}&issuer={}", "x".repeat(70_000));
        let refused = call().header("accept", "text/html").body("application/x-www-form-urlencoded", much).send().await;
        assert!(refused.status == 413 && refused.header("content-type").starts_with("text/html"), "{}", refused.body);
    }
    story.advance_clock(Duration::from_secs(301));
    for path in ["/account/link", "/account/unlink"] {
        ends_at(post(&story, &mut jar, path, &[("issuer", "id")]).await, "/account/confirm?then=/account");
    }
    assert_eq!(story.linked_providers(&ada.token).await, ["id"]);
    let old = jar.clone();
    let page = story.get("/account").cookies(&jar).send().await.is(200);
    assert!(page.markup().contains("/account/confirm?then=/account"), "{}", page.body);
    confirm_identity(&story, &mut jar, &person.password, "/account").await;
    assert_ne!(old.get("jwt"), jar.get("jwt"));
    let page = story.get("/account").cookies(&old).send().await.is(302);
    assert_eq!(page.location().path(), "/account/sign-in", "the old session ended");
    ends_at(post(&story, &mut jar, "/account/unlink", &[("issuer", "id")]).await, "?notice=unlinked");
    assert_eq!(story.linked_providers(&ada.token).await, [""; 0]);
});

story!(link_started_in_ended_session_is_not_made_without_its_owner, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    let answer = post(&story, &mut jar, "/account/link", &[("issuer", "id")]).await.is(302);
    story.post("/api/auth/mastodon-logout").cookies(&jar).send().await.is(303);
    let back = provider.authorize(&answer.location(), &ProviderUser::named("mallory"), story.now());
    let page = story.follow_callback(&mut jar, &back).await.is(302).location();
    assert_eq!(page.path(), "/oauth/sso/link/confirm", "{page}");
    let token = story.token(&ada, &app).await;
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
    // Signing out everywhere ends the question as well.
    let account = story.account(&ada).await;
    lysand_auth::flows::sessions::end_all(&story.server().state().auth, &account.id).await.expect("ended");
    let shown = story.get(page.as_str()).cookies(&jar).send().await;
    shown.is_link_error("Account linking error", "Invalid flow");
    let token = story.token(&ada, &app).await;
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
});

story!(account_page_unlink_of_last_identity_is_refused, &[("oidc.allow_registration", "true")], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    story.sign_in_at(&mut jar, &app, &provider, &ProviderUser::named("grace")).await.signed_in();
    ends_at(post(&story, &mut jar, "/account/unlink", &[("issuer", "id")]).await, "?notice=last");
    let page = story.get("/account?notice=last").cookies(&jar).send().await.is(200);
    assert!(page.body.contains("only way to sign in"));
    story.advance_clock(Duration::from_secs(301));
    let page = story.get("/account").cookies(&jar).send().await.is(200);
    assert!(page.markup().contains("/account/confirm?then=/account"), "{}", page.body);
    let page = story.get("/account/confirm?then=/account").cookies(&jar).send().await.is(200);
    assert!(!page.body.contains("current_password"), "{}", page.body);
    assert!(page.markup().contains("/account/sign-in?return_to=%2Faccount&prompt=login"), "{}", page.body);
});

story!(link_of_account_page_after_sign_out_requires_its_owner, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    let answer = post(&story, &mut jar, "/account/link", &[("issuer", "id")]).await.is(302);
    let home = story.get("/").cookies(&jar).send().await.is(200);
    jar.keep(&home);
    let form_token = home.hidden("form_token");
    let out = story.post("/api/auth/mastodon-logout").cookies(&jar).form(&[("form_token", form_token.as_str())]);
    jar.keep(&out.send().await);
    let eve = story.person("eve").await;
    jar.keep_value("jwt", &story.sign_in(&eve, &app).await.cookie);
    let back = provider.authorize(&answer.location(), &ProviderUser::named("eve.at.work"), story.now());
    let page = story.follow_callback(&mut jar, &back).await.is(302).location();
    assert_eq!(page.path(), "/oauth/sso/link/confirm", "{page}");
    let token = story.token(&ada, &app).await;
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&shown);
    let flow_id = query_of(&page, "flow_id").expect("a flow");
    let form_token = shown.hidden("form_token");
    let form = [("flow_id", flow_id.as_str()), ("form_token", &form_token), ("password", &ada.password)];
    story.post(page.path()).cookies(&jar).form(&form).send().await.is_linked();
    assert_eq!(story.linked_providers(&token).await, ["id"]);
});
