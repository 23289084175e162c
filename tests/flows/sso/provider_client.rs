//! What the server does when a provider is away, slow, strange or new (security RP-3, RP-7, RP-8, LOAD-5).

use std::time::{Duration, Instant};

use tests::misbehaving_provider::{Defect, Provider, ProviderUser, entries};
use tests::story;
use tests::story::{CookieJar, Story};

use super::linked;

const UNTRUSTED: &str = "The identity provider gave an answer that cannot be trusted. Please try again.";
const UNREACHABLE: &str = "The identity provider cannot be reached. Please try again later.";

async fn cannot_set_off(story: &Story, app: &tests::story::App, token: &str) {
    let answer = story.get(&format!("/oauth/sso?{}&issuer=id", app.authorize_query())).send().await;
    answer.is_login_error("temporarily_unavailable", UNREACHABLE);
    cannot_begin_to_link(story, token).await;
}

async fn cannot_begin_to_link(story: &Story, token: &str) {
    let answer = story.post("/api/v1/sso").bearer(token).form(&[("issuer", "id")]).send().await;
    answer.is_api_error(502, UNREACHABLE);
}

story!(untrusted_provider_document_or_keys_are_not_used, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    for defect in [
        Defect::DocumentOfAnother,
        Defect::DocumentPage,
        Defect::DocumentRedirect,
        Defect::DocumentHuge,
        Defect::DocumentTwice,
        Defect::DocumentFtp,
        Defect::DocumentFails,
        Defect::KeysFail,
        Defect::KeysMany,
    ] {
        eprintln!("{defect:?}");
        provider.misbehave(defect);
        cannot_set_off(&story, &app, &token).await;
        let asked = provider.requests();
        assert_eq!(asked.iter().filter(|route| **route == "document").count(), 1, "asked once for both: {asked:?}");
        assert!(!asked.contains(&"elsewhere"), "{defect:?}: a redirect was followed");
        story.advance_clock(Duration::from_secs(6));
        // A link by itself, which no failure of a moment ago answers.
        cannot_begin_to_link(&story, &token).await;
        let asked = provider.requests();
        assert!(asked.contains(&"document") && !asked.contains(&"elsewhere"), "{defect:?}: {asked:?}");
        story.advance_clock(Duration::from_secs(6));
    }
    provider.misbehave(None);
    story.redirect_to_provider(&mut CookieJar::default(), &app, "id").await;
});

story!(slow_provider_document_times_out_without_blocking_password_login, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    provider.misbehave(Defect::DocumentSlow);
    let began = Instant::now();
    let path = format!("/oauth/sso?{}&issuer=id", app.authorize_query());
    let waiting = (0..20).map(|_| story.get(&path).send());
    let (answers, ()) = futures_util::future::join(futures_util::future::join_all(waiting), async {
        story.sign_in(&person, &app).await;
        assert!(began.elapsed() < Duration::from_secs(5), "a password is checked meanwhile");
    })
    .await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    for answer in answers {
        answer.is_login_error("temporarily_unavailable", UNREACHABLE);
    }
    assert_eq!(provider.requests(), ["document"], "they waited for one answer together");

    let token = story.token(&person, &app).await;
    story.advance_clock(Duration::from_secs(6));
    let began = Instant::now();
    cannot_begin_to_link(&story, &token).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(provider.requests(), ["document"], "nor is a link waited for any longer");
});

story!(provider_unreachable_at_start_is_retried_later, |story| {
    let provider = Provider::start().await;
    let setting = entries(&[provider.entry("id", "")]);
    provider.misbehave(Defect::DocumentFails);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    let app = story.usual_app().await;
    let start = || story.get(&format!("/oauth/sso?{}&issuer=id", app.authorize_query())).send();
    start().await.is_login_error("temporarily_unavailable", UNREACHABLE);
    provider.misbehave(None);
    start().await.is_login_error("temporarily_unavailable", UNREACHABLE);
    story.advance_clock(Duration::from_secs(5));
    assert!(start().await.is(302).header("location").starts_with(provider.url()));
});

story!(provider_keys_are_refetched_after_rotation_but_rarely, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    story.advance_clock(Duration::from_secs(61));
    for key_id in ["two", "two"] {
        // First a new name, then a new key under the old name.
        provider.rotate_key(key_id);
        provider.requests();
        story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
        assert_eq!(provider.requests(), ["token", "keys", "userinfo"]);
        story.advance_clock(Duration::from_secs(61));
    }
    provider.misbehave(Defect::UnknownKeyId);
    provider.requests();
    for _ in 0..5 {
        story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.is(302);
    }
    assert_eq!(provider.requests().iter().filter(|route| **route == "keys").count(), 1);
});

story!(provider_keys_rotated_twice_within_a_minute_are_fetched_at_once, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let (eve, guest) = (story.person("eve").await, ProviderUser::named("eve"));
    let token = story.token(&eve, &ada.app).await;
    // The first time a moment after the document was fetched.
    for key_id in ["two", "three"] {
        provider.rotate_key(key_id);
        provider.requests();
        story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
        assert_eq!(provider.requests(), ["token", "keys", "userinfo"], "{key_id}");
        story.advance_clock(Duration::from_secs(10));
        provider.rotate_key(&format!("{key_id} for a link"));
        story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
        story.unlink(&token).await;
        story.advance_clock(Duration::from_secs(10));
    }
    // Nine seconds are too few.
    provider.rotate_key("four");
    story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
    story.advance_clock(Duration::from_secs(9));
    provider.rotate_key("five");
    story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.is_login_error("server_error", UNTRUSTED);
    story.advance_clock(Duration::from_secs(1));
    story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
});

story!(provider_keys_fetched_for_one_sign_in_serve_all_others, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let ada = linked(&story, &provider, "ada").await;
    let mut journeys = Vec::new();
    for _ in 0..10 {
        let mut jar = CookieJar::default();
        let location = story.redirect_to_provider(&mut jar, &ada.app, "id").await;
        journeys.push((jar, provider.authorize(&location, &ada.guest, story.now())));
    }
    provider.rotate_key("two");
    provider.requests();
    let arrivals = journeys.iter().map(|(jar, back)| story.get(back.as_str()).cookies(jar).send());
    for answer in futures_util::future::join_all(arrivals).await {
        answer.signed_in();
    }
    assert_eq!(provider.requests().iter().filter(|route| **route == "keys").count(), 1);
});

story!(provider_document_is_fetched_again_after_an_hour, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    provider.requests();
    story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    assert_eq!(provider.requests(), [""; 0]);
    story.advance_clock(Duration::from_secs(3_601));
    story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    assert_eq!(provider.requests(), ["document", "keys"]);
});

story!(provider_client_authentication_supports_basic_and_post, |story| {
    for method in ["client_secret_basic", "client_secret_post"] {
        let (story, provider) = Story::begin(
            if story.database().is_some() { tests::Backend::Postgres } else { tests::Backend::Sqlite },
            &[],
        )
        .await
        .with_provider(&[])
        .await;
        provider.accept_only(method);
        linked(&story, &provider, "ada").await;
    }
});
