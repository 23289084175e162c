//! Signing in with an identity provider, and linking one (Lysand §8 to §13, security RP-1 to RP-10).

mod account_page;
mod callback_checks;
mod concurrency;
mod form_post;
mod habits;
mod linked_identities;
mod linking;
mod mail;
mod misbehaving_provider;
mod oauth2_providers;
mod outgoing_proxy;
mod provider_client;
mod redirect_to_provider;
mod registration;

use tests::misbehaving_provider::{Provider, ProviderUser};
use tests::story::{App, CookieJar, Story};

/// What an account that is linked to the provider signs in with.
struct Linked {
    app: App,
    token: String,
    guest: ProviderUser,
    jar: CookieJar,
}

/// Somebody with an account that is linked to the provider.
async fn linked(story: &Story, provider: &Provider, name: &str) -> Linked {
    let (person, app, guest) = (story.person(name).await, story.usual_app().await, ProviderUser::named(name));
    let token = story.token(&person, &app).await;
    let mut jar = CookieJar::default();
    story.link_at(&mut jar, &token, provider, &guest).await.is_linked();
    Linked { app, token, guest, jar: CookieJar::default() }
}
