//! Habits of real providers, one line each, with what becomes of them at sign-in and at link (faults C1 to C6).

mod documents;
mod id_tokens;
mod keys;
mod settings;
mod token_answers;
mod user_infos;

use std::time::Duration;

use tests::misbehaving_provider::{Difference, Provider, ProviderUser};
use tests::story::{App, CookieJar, Story};

/// What becomes of a habit, at sign-in and at link alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// The person is signed in, the identity is linked.
    Borne,
    /// Nobody is: `server_error`, or the error of a link; an answer that cannot be trusted.
    Refused,
    /// Nobody is: `server_error`, or the error of a link; the provider does not answer.
    NoAnswer,
    /// No browser is sent to the provider: `temporarily_unavailable`, or 502.
    NotAsked,
}

/// The provider, its habit, and what becomes of it.
type Habit = (&'static str, &'static [Difference], Outcome);

const UNTRUE: &str = "The identity provider gave an answer that cannot be trusted. Please try again.";
const AWAY: &str = "The identity provider does not answer. Please try again later.";
const UNREACHABLE: &str = "The identity provider cannot be reached. Please try again later.";

/// Somebody with nothing linked, and the app that is signed in to.
struct Visitor<'a> {
    story: &'a Story,
    provider: &'a Provider,
    app: App,
    token: String,
    guest: ProviderUser,
}

/// Each habit with a provider that has it alone, known anew each time.
async fn check_all(story: Story, more: &str, habits: &[Habit]) {
    let provider = Provider::start().await;
    let setting = tests::misbehaving_provider::entries(&[provider.entry("id", more)]);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    let (person, app) = (story.person("eve").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let visitor = Visitor { story: &story, provider: &provider, app, token, guest: ProviderUser::named("eve") };
    for (name, habit, outcome) in habits {
        eprintln!("{name}: {outcome:?}");
        provider.behave_like(habit);
        // The document and the keys are asked for again.
        story.advance_clock(Duration::from_secs(3_601));
        visitor.meets(*outcome).await;
        assert!(!provider.requests().contains(&"elsewhere"), "{name}: a redirect was followed");
    }
}

impl Visitor<'_> {
    async fn meets(&self, outcome: Outcome) {
        let (story, mut jar) = (self.story, CookieJar::default());
        if outcome == Outcome::NotAsked {
            let answer = story.get(&format!("/oauth/sso?{}&issuer=id", self.app.authorize_query())).send().await;
            answer.is_login_error("temporarily_unavailable", UNREACHABLE);
            story.advance_clock(Duration::from_secs(6));
            let answer = story.post("/api/v1/sso").bearer(&self.token).form(&[("issuer", "id")]).send().await;
            answer.is_api_error(502, UNREACHABLE);
            return;
        }
        let link = story.link_at(&mut jar, &self.token, self.provider, &self.guest).await;
        let text = match outcome {
            Outcome::NoAnswer => AWAY,
            _ => UNTRUE,
        };
        if outcome == Outcome::Borne {
            link.is_linked();
            story.sign_in_at(&mut CookieJar::default(), &self.app, self.provider, &self.guest).await.signed_in();
            story.unlink(&self.token).await;
            return;
        }
        link.is_link_error("Account linking error", text);
        assert_eq!(story.linked_providers(&self.token).await, [""; 0]);
        let mut jar = CookieJar::default();
        let answer = story.sign_in_at(&mut jar, &self.app, self.provider, &self.guest).await;
        answer.is_login_error("server_error", text);
        assert!(jar.get("jwt").is_none(), "a session is left behind");
    }
}
