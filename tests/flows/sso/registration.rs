//! An unknown person at a provider gets an account, where it is allowed (Lysand §13.3).

use tests::misbehaving_provider::{Provider, ProviderUser};
use tests::story;
use tests::story::{App, CookieJar, Story};

/// Signs somebody in at the provider called `id`, all the way to an access token.
pub(crate) async fn token_of(story: &Story, provider: &Provider, app: &App, guest: &ProviderUser) -> String {
    let pending = story.sign_in_at(&mut CookieJar::default(), app, provider, guest).await.signed_in();
    let code = story.consent(&pending, app).await;
    let body = story.redeem(app, &code).await.is(200).json();
    body["access_token"].as_str().expect("a token").to_owned()
}

async fn name_of(story: &Story, provider: &Provider, app: &App, guest: &ProviderUser) -> String {
    let token = token_of(story, provider, app, guest).await;
    let account = story.verify(&token).await.is(200).json();
    account["username"].as_str().expect("a name").to_owned()
}

story!(provider_registration_takes_free_username_or_generates_one, &[("oidc.allow_registration", "true")], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    assert_eq!(name_of(&story, &provider, &app, &ProviderUser::named("Grace")).await, "grace");
    assert_eq!(name_of(&story, &provider, &app, &ProviderUser::named("Grace")).await, "grace", "the same account");
    let unnamed = ProviderUser { username: String::new(), ..ProviderUser::named("linus") };
    assert_eq!(name_of(&story, &provider, &app, &unnamed).await, "linus", "the front of the address");
    for (there, here) in [
        ("ada", "ada2"),
        ("admin", "admin2"),
        ("a b", "a_b"),
        ("<script>", "script"),
        ("../x", "__x"),
        ("grace", "grace2"),
        ("grace.hopper@contoso.example", "grace_hopper"),
        ("tim.lee", "tim_lee"),
        ("john-doe", "john_doe"),
        ("Alan Turing", "alan_turing"),
        ("Zoë", "zo"),
    ] {
        let guest = ProviderUser {
            subject: there.to_owned(),
            username: there.to_owned(),
            email: format!("{here}@id.example"),
            ..ProviderUser::named("somebody")
        };
        assert_eq!(name_of(&story, &provider, &app, &guest).await, here, "{there}");
    }
    let account = story.account(&ada).await;
    assert!(story.linked_providers(&story.token(&ada, &app).await).await.is_empty(), "{account:?} is left alone");
});

story!(provider_registration_keeps_email_only_if_verified_and_free, &[("oidc.allow_registration", "true")], |story| {
    use lysand_auth::host::accounts::Accounts as _;
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let accounts = story.server().state().accounts.clone();
    let address = async |username: &str| {
        let account = accounts.by_identifier(username).await.expect("an answer").expect("an account");
        account.email.map(|email| email.address)
    };
    name_of(&story, &provider, &app, &ProviderUser::named("grace")).await;
    assert_eq!(address("grace").await.as_deref(), Some("grace@id.example"));
    let unproven = ProviderUser { email_verified: false, ..ProviderUser::named("linus") };
    name_of(&story, &provider, &app, &unproven).await;
    assert_eq!(address("linus").await, None);
    let taken = ProviderUser { email: ada.email.to_uppercase(), ..ProviderUser::named("mallory") };
    assert_eq!(name_of(&story, &provider, &app, &taken).await, "mallory");
    assert_eq!(address("mallory").await, None);
    let odd = ProviderUser { email: "a b@c".into(), ..ProviderUser::named("odd") };
    name_of(&story, &provider, &app, &odd).await;
    // Nobody signs in to such an account with a password.
    story
        .log_in(&app.authorize_query(), "grace", "x")
        .await
        .is_login_error("invalid_grant", "Invalid identifier or password");
});
