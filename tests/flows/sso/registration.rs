//! An unknown person at a provider gets an account, where it is allowed (Lysand §13.3).

use tests::provider::{Guest, Provider};
use tests::story;
use tests::story::{App, Jar, Story};

use super::signed_in;

/// Signs somebody in at the provider called `id`, all the way to an access token.
pub(crate) async fn token_of(story: &Story, provider: &Provider, app: &App, guest: &Guest) -> String {
    let pending = signed_in(&story.sign_in_at(&mut Jar::default(), app, provider, guest).await);
    let code = story.consent(&pending, app).await;
    let body = story.redeem(app, &code).await.is(200).json();
    body["access_token"].as_str().expect("a token").to_owned()
}

async fn name_of(story: &Story, provider: &Provider, app: &App, guest: &Guest) -> String {
    let token = token_of(story, provider, app, guest).await;
    let account = story.verify(&token).await.is(200).json();
    account["username"].as_str().expect("a name").to_owned()
}

fn is_chance(name: &str) -> bool {
    name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

story!(names_are_proposals, &[("oidc.allow_registration", "true")], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    assert_eq!(name_of(&story, &provider, &app, &Guest::named("Grace")).await, "grace");
    assert_eq!(name_of(&story, &provider, &app, &Guest::named("Grace")).await, "grace", "the same account");
    let unnamed = Guest { username: String::new(), ..Guest::named("linus") };
    assert_eq!(name_of(&story, &provider, &app, &unnamed).await, "linus", "the front of the address");
    for odd in ["ada", "admin", "a b", "<script>", "../x", "grace"] {
        let guest = Guest { subject: odd.to_owned(), username: odd.to_owned(), ..Guest::named("somebody") };
        let name = name_of(&story, &provider, &app, &guest).await;
        assert!(is_chance(&name), "{odd} became {name}");
    }
    let account = story.account(&ada).await;
    assert!(story.linked(&story.token(&ada, &app).await).await.is_empty(), "{account:?} is left alone");
});

story!(an_address_is_taken_only_when_it_is_proven_and_free, &[("oidc.allow_registration", "true")], |story| {
    use lysand_auth::host::accounts::Accounts as _;
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let accounts = story.server().state().accounts.clone();
    let address = async |username: &str| {
        let account = accounts.by_identifier(username).await.expect("an answer").expect("an account");
        account.email.map(|email| email.address)
    };
    name_of(&story, &provider, &app, &Guest::named("grace")).await;
    assert_eq!(address("grace").await.as_deref(), Some("grace@id.example"));
    let unproven = Guest { email_verified: false, ..Guest::named("linus") };
    name_of(&story, &provider, &app, &unproven).await;
    assert_eq!(address("linus").await, None);
    let taken = Guest { email: ada.email.to_uppercase(), ..Guest::named("mallory") };
    assert_eq!(name_of(&story, &provider, &app, &taken).await, "mallory");
    assert_eq!(address("mallory").await, None);
    let odd = Guest { email: "a b@c".into(), ..Guest::named("odd") };
    name_of(&story, &provider, &app, &odd).await;
    // Nobody signs in to such an account with a password.
    story.log_in(&app.ask(), "grace", "x").await.is_login_error("invalid_grant", "Invalid identifier or password");
});
