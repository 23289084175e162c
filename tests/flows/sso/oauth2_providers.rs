//! Providers that speak OAuth 2 alone, as GitHub does.

use tests::misbehaving_provider::{Defect, Provider, ProviderUser, entries};
use tests::story;
use tests::story::{CookieJar, Story, query_of};

async fn forge(story: Story) -> (Story, Provider) {
    let provider = Provider::start().await;
    let setting = entries(&[provider.plain_entry("forge")]);
    (story.restart(&[("oauth2.providers", &setting)]).await, provider)
}

story!(oauth2_provider_without_openid_links_and_signs_in, |story| {
    let (story, provider) = forge(story).await;
    let (person, app, guest) = (story.person("ada").await, story.usual_app().await, ProviderUser::named("ada"));
    let token = story.token(&person, &app).await;
    let mut jar = CookieJar::default();
    let location = story.start_link(&mut jar, &token, "forge").await;
    assert_eq!(query_of(&location, "scope").as_deref(), Some("read:user"));
    assert_eq!(query_of(&location, "nonce"), None);
    story
        .follow_callback(&mut jar, &provider.authorize_without_issuer(&location, &guest, story.now()))
        .await
        .is_linked();
    assert_eq!(story.linked_providers(&token).await, ["forge"]);
    let location = story.redirect_to_provider(&mut jar, &app, "forge").await;
    let answer =
        story.follow_callback(&mut jar, &provider.authorize_without_issuer(&location, &guest, story.now())).await;
    answer.signed_in();
    assert_eq!(provider.requests(), ["token", "user", "token", "user"]);
});

story!(misbehaving_oauth2_provider_refuses_sign_in_and_link, |story| {
    let (story, provider) = forge(story).await;
    let (person, app, guest) = (story.person("ada").await, story.usual_app().await, ProviderUser::named("ada"));
    let token = story.token(&person, &app).await;
    for defect in [
        Defect::SubjectEmpty,
        Defect::SubjectNull,
        Defect::NoSubject,
        Defect::InfoTwice,
        Defect::InfoPage,
        Defect::InfoRedirect,
        Defect::InfoHuge,
        Defect::InfoFails,
        Defect::TokenRefused,
        Defect::TokenPage,
        Defect::TokenRedirect,
        Defect::TokenHuge,
        Defect::TokenEndless,
        Defect::TokenTwice,
        Defect::TokenLineBreak,
        Defect::TokenType,
    ] {
        eprintln!("{defect:?}");
        provider.misbehave(defect);
        let text = "The identity provider gave an answer that cannot be trusted. Please try again.";
        let mut jar = CookieJar::default();
        let location = story.redirect_to_provider(&mut jar, &app, "forge").await;
        let answer =
            story.follow_callback(&mut jar, &provider.authorize_without_issuer(&location, &guest, story.now())).await;
        answer.is_login_error("server_error", text);
        let location = story.start_link(&mut jar, &token, "forge").await;
        let answer =
            story.follow_callback(&mut jar, &provider.authorize_without_issuer(&location, &guest, story.now())).await;
        answer.is_link_error("Account linking error", text);
        assert!(!provider.requests().contains(&"elsewhere"), "{defect:?}: a redirect was followed");
    }
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
});
