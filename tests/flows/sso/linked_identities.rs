//! Which identities are mine (Lysand §10, §11, security RP-10).

use reqwest::Method;
use tests::misbehaving_provider::{Provider, ProviderUser, entries};
use tests::story;
use tests::story::CookieJar;

use super::linked;
use super::registration::token_of;

story!(linked_identities_api_without_links_returns_empty_or_404, |story| {
    let (story, _provider) = story.with_provider(&[]).await;
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    assert_eq!(story.get("/api/v1/sso").bearer(&token).send().await.is(200).json(), serde_json::json!([]));
    for method in [Method::GET, Method::DELETE] {
        let call = |path: &str| story.call(method.clone(), path);
        call("/api/v1/sso/id").send().await.is(401);
        let unknown = call("/api/v1/sso/unknown").bearer(&token).header("content-type", "application/json");
        unknown.send().await.is_api_error(404, "Issuer not found");
        let answer = call("/api/v1/sso/id").bearer(&token).send().await;
        answer.is_api_error(404, "Account not found or is not linked to this issuer");
    }
    story.get("/api/v1/sso").send().await.is(401);
    story.call(Method::PUT, "/api/v1/sso").bearer(&token).send().await.is(405);
});

story!(linked_identities_api_lists_and_removes_own_identities, |story| {
    let (one, other) = (Provider::start().await, Provider::start().await);
    let icon = ", icon = \"https://id.example/logo.svg\"";
    let setting = entries(&[one.entry("id", ""), other.entry("other", icon)]);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    let ada = linked(&story, &one, "ada").await;
    let eve = linked_elsewhere(&story, "eve").await;
    story.advance_clock(std::time::Duration::from_secs(1));
    let mut jar = CookieJar::default();
    let location = story.start_link(&mut jar, &ada.token, "other").await;
    story
        .follow_callback(&mut jar, &other.authorize(&location, &ProviderUser::named("a"), story.now()))
        .await
        .is_linked();

    let usual = format!("{}/assets/provider.svg", story.base());
    let answer = story.get("/api/v1/sso").bearer(&ada.token).send().await.is(200).json();
    assert_eq!((&answer[0]["id"], &answer[0]["name"]), (&"id".into(), &"The id".into()));
    assert!(answer[0]["icon"].as_str().is_some_and(|icon| icon.starts_with(&usual)), "{answer}");
    assert_eq!(answer[1]["icon"], "https://id.example/logo.svg");
    story.get(answer[0]["icon"].as_str().expect("an icon")).send().await.is(200);
    let single = story.get("/api/v1/sso/other").bearer(&ada.token).send().await.is(200).json();
    assert_eq!(single, answer[1]);
    assert_eq!(story.linked_providers(&eve).await, [""; 0], "only one's own");

    let reader = story.app(tests::story::CALLBACK, "read:accounts").await;
    let reader = story.token(&tests::Person::named("ada"), &reader).await;
    assert_eq!(story.linked_providers(&reader).await, ["id", "other"]);
    story.call(Method::DELETE, "/api/v1/sso/other").bearer(&reader).send().await.is(403);
    story.call(Method::DELETE, "/api/v1/sso/other").bearer(&eve).send().await.is(404);
    // As the frontend's client sends it: with a type and no body.
    let call = story.call(Method::DELETE, "/api/v1/sso/other").bearer(&ada.token);
    let answer = call.header("content-type", "application/json").send().await.is(204);
    assert!(answer.headers.get("content-type").is_none() && answer.body.is_empty());
    assert_eq!(story.linked_providers(&ada.token).await, ["id"]);
    story.call(Method::DELETE, "/api/v1/sso/other").bearer(&ada.token).send().await.is(404);

    // A provider that left the configuration is not listed, and comes back with it.
    let setting = entries(&[other.entry("other", icon)]);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    assert_eq!(story.linked_providers(&ada.token).await, [""; 0]);
    let setting = entries(&[one.entry("renamed", "")]);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    assert_eq!(story.linked_providers(&ada.token).await, ["renamed"], "an identity is its issuer's, not its entry's");
});

async fn linked_elsewhere(story: &tests::story::Story, name: &str) -> String {
    let (person, app) = (story.person(name).await, story.usual_app().await);
    story.token(&person, &app).await
}

story!(linked_identities_api_keeps_the_last_way_to_sign_in, &[("oidc.allow_registration", "true")], |story| {
    let (one, other) = (Provider::start().await, Provider::start().await);
    let setting = entries(&[one.entry("id", ""), other.entry("other", "")]);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    let app = story.usual_app().await;
    let token = token_of(&story, &one, &app, &ProviderUser::named("grace")).await;
    let remove = |id: &str| story.call(Method::DELETE, &format!("/api/v1/sso/{id}")).bearer(&token).send();
    let answer = remove("id").await.is(409);
    assert!(answer.json()["error"].is_string());
    let mut jar = CookieJar::default();
    let location = story.start_link(&mut jar, &token, "other").await;
    story
        .follow_callback(&mut jar, &other.authorize(&location, &ProviderUser::named("g"), story.now()))
        .await
        .is_linked();
    // Of two removals at once one finds the last link.
    let answers = futures_util::future::join(remove("id"), remove("other")).await;
    let mut statuses = [answers.0.status.as_u16(), answers.1.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 409]);
    assert_eq!(story.linked_providers(&token).await.len(), 1);
});

story!(forgetting_an_account_removes_its_linked_identities, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let ada = linked(&story, &provider, "ada").await;
    let account = story.account(&tests::Person::named("ada")).await;
    lysand_auth::flows::sso::forget(&story.server().state().auth, &account.id).await.expect("forgotten");
    assert_eq!(story.linked_providers(&ada.token).await, [""; 0]);
});
