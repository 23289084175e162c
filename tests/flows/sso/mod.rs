//! Signing in with an identity provider, and linking one (Lysand §8 to §13, security RP-1 to RP-10).

mod account_page;
mod callback_checks;
mod concurrency;
mod linked_identities;
mod linking;
mod mail;
mod misbehaving_provider;
mod oauth2_providers;
mod provider_client;
mod redirect_to_provider;
mod registration;

use tests::provider::{Guest, Provider};
use tests::story::{Answer, App, Jar, SignedIn, Story, query_of};

/// What an account that is linked to the provider signs in with.
struct Linked {
    app: App,
    token: String,
    guest: Guest,
    jar: Jar,
}

/// Somebody with an account that is linked to the provider.
async fn linked(story: &Story, provider: &Provider, name: &str) -> Linked {
    let (person, app, guest) = (story.person(name).await, story.usual_app().await, Guest::named(name));
    let token = story.token(&person, &app).await;
    let mut jar = Jar::default();
    story.link_at(&mut jar, &token, provider, &guest).await.is_linked();
    Linked { app, token, guest, jar: Jar::default() }
}

/// What a good callback of a sign-in brought.
#[track_caller]
fn signed_in(answer: &Answer) -> SignedIn {
    assert_eq!(answer.status, 302, "{}", answer.body);
    let consent = answer.location();
    assert_eq!(consent.path(), "/oauth/consent", "{consent}");
    let code = query_of(&consent, "code").expect("a pending code");
    SignedIn { cookie: answer.cookie("jwt").expect("a session cookie"), code, consent }
}
