//! Providers that let the browser post the callback across sites, as Apple does (faults C9).

use tests::misbehaving_provider::{Provider, entries};
use tests::story;
use tests::story::{CookieJar, Response, Story, query_of};
use url::Url;

use super::linked;

async fn posting(story: Story) -> (Story, Provider) {
    let provider = Provider::start().await;
    let setting = entries(&[provider.entry("id", ", response_mode = \"form_post\"")]);
    (story.restart(&[("oidc.providers", &setting)]).await, provider)
}

/// The browser posts what the callback says, with none of its cookies, and more than we asked for.
async fn post(story: &Story, back: &Url, more: &[(&str, &str)]) -> Response {
    let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
    let mut form: Vec<(&str, &str)> = pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.extend(more);
    let call = story.post(back.path()).header("origin", "https://appleid.example");
    call.header("sec-fetch-site", "cross-site").form(&form).send().await
}

story!(provider_callback_by_form_post_signs_in_and_links_by_get, |story| {
    let (story, provider) = posting(story).await;
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let guest = tests::misbehaving_provider::ProviderUser::named("ada");
    let mut jar = CookieJar::default();
    let location = story.start_link(&mut jar, &token, "id").await;
    assert_eq!(query_of(&location, "response_mode").as_deref(), Some("form_post"));
    let back = provider.authorize(&location, &guest, story.now());
    let name = ("user", r#"{"name":{"firstName":"Ada"}}"#);
    let answer = post(&story, &back, &[name, ("error_description", "x"), ("flow_id", "x")]).await.is(303);
    let again = answer.location();
    assert_eq!(again.path(), back.path());
    let names: Vec<String> = again.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    assert!(answer.headers.get("set-cookie").is_none() && answer.header("cache-control").contains("no-store"));
    assert_eq!(story.linked_providers(&token).await, [""; 0], "a post by itself does nothing");
    story
        .follow_callback(&mut CookieJar::default(), &again)
        .await
        .is_link_error("Account linking error", "Invalid flow");
    story.follow_callback(&mut jar, &again).await.is_linked();

    let location = story.redirect_to_provider(&mut jar, &app, "id").await;
    let back = provider.authorize(&location, &guest, story.now());
    let answer = post(&story, &back, &[name]).await.is(303);
    story.follow_callback(&mut jar, &answer.location()).await.signed_in();
    assert_eq!(provider.requests().iter().filter(|route| **route == "token").count(), 2);
});

story!(provider_callback_by_form_post_with_error_or_odd_body_is_refused, |story| {
    let (story, provider) = posting(story).await;
    let mut jar = CookieJar::default();
    let app = story.usual_app().await;
    let location = story.redirect_to_provider(&mut jar, &app, "id").await;
    let state = query_of(&location, "state").expect("a state");
    let form = [("state", state.as_str()), ("error", "user_cancelled_authorize"), ("iss", provider.url())];
    let answer = story.post("/oauth/sso/id/callback").form(&form).send().await.is(303);
    let answer = story.follow_callback(&mut jar, &answer.location()).await;
    answer.is_login_error("server_error", "The identity provider refused.");
    for (content_type, body) in [("text/plain", "state=x"), ("application/json", "{"), ("application/xml", "<x/>")] {
        let answer = story.post("/oauth/sso/id/callback").body(content_type, body).send().await;
        assert!(answer.status.is_client_error(), "{content_type}: {}", answer.status);
    }
    let twice = [("state", "a"), ("state", "b")];
    let answer = story.post("/oauth/sso/id/callback").form(&twice).send().await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    story.post("/oauth/sso/unknown/callback").form(&form).send().await.is(405);
});

story!(provider_callback_by_form_post_is_refused_unless_configured, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    assert_eq!(query_of(&location, "response_mode"), None);
    let back = provider.authorize(&location, &ada.guest, story.now());
    let answer = post(&story, &back, &[]).await.is(405);
    assert!(answer.header("allow").starts_with("GET"));
    story.follow_callback(&mut ada.jar, &back).await.signed_in();
});
