//! Habits that are borne where the provider's settings say so.

use tests::misbehaving_provider::Part::{Claims, Info};
use tests::misbehaving_provider::{Provider, ProviderUser, entries};
use tests::story;

use super::super::registration::token_of;
use super::Outcome::{Borne, Refused};
use super::{Habit, check_all};

/// One line a habit.
#[rustfmt::skip]
const AUDIENCES: &[Habit] = &[
    ("Zitadel: aud with the project", &[(Claims, r#"{"aud":["$CLIENT","sibling"],"azp":"$CLIENT"}"#)], Borne),
    ("Canaille: aud with another client, no azp", &[(Claims, r#"{"aud":["sibling","$CLIENT"],"azp":"(absent)"}"#)], Borne),
    ("Keycloak: aud with account beside it", &[(Claims, r#"{"aud":["$CLIENT","sibling","account"]}"#)], Refused),
    ("odd: aud without us", &[(Claims, r#"{"aud":["sibling"]}"#)], Refused),
    ("odd: aud is the other alone", &[(Claims, r#"{"aud":"sibling"}"#)], Refused),
    ("odd: azp is the other", &[(Claims, r#"{"aud":["$CLIENT","sibling"],"azp":"sibling"}"#)], Refused),
];

story!(habits_with_trusted_audiences_at_sign_in_and_link, |story| {
    check_all(story, ", trusted_audiences = [\"sibling\"]", AUDIENCES).await;
});

/// The provider's word for `email_verified`; whether it counts; whether it does with `trust_text_booleans`.
const WORDS: &[(&str, bool, bool)] = &[
    ("true", true, true),
    ("false", false, false),
    (r#""true""#, false, true),
    (r#""True""#, false, true),
    (r#""false""#, false, false),
    (r#""1""#, false, false),
    ("1", false, false),
    ("null", false, false),
    (r#"["true"]"#, false, false),
    (r#""(absent)""#, false, false),
];

story!(provider_word_for_email_verified_counts_as_settings_say, &[("oidc.allow_registration", "true")], |story| {
    use lysand_auth::host::accounts::Accounts as _;
    let provider = Provider::start().await;
    let setting = |more: &str| entries(&[provider.entry("id", more)]);
    let mut story = story.restart(&[("oidc.providers", &setting("")), ("oidc.allow_registration", "true")]).await;
    for trusted in [false, true] {
        if trusted {
            let setting = setting(", trust_text_booleans = true");
            story = story.restart(&[("oidc.providers", &setting), ("oidc.allow_registration", "true")]).await;
        }
        let app = story.usual_app().await;
        for (number, (word, alone, with_trust)) in WORDS.iter().enumerate() {
            for part in [Info, Claims] {
                // In the ID token alone, or at the user endpoint, which is asked first.
                let word: &'static str = format!(r#"{{"email_verified":{word}}}"#).leak();
                provider.behave_like(&[(part, word), (Info, if part == Info { "{}" } else { "!404 =" })]);
                let guest = ProviderUser {
                    email_verified: false,
                    ..ProviderUser::named(&format!("{part:?}{number}{trusted}").to_lowercase())
                };
                token_of(&story, &provider, &app, &guest).await;
                let accounts = story.server().state().accounts.clone();
                let account = accounts.by_identifier(&guest.username).await.expect("an answer").expect("an account");
                let counts = if trusted { *with_trust } else { *alone };
                assert_eq!(account.email.is_some(), counts, "{part:?} {word} trusted: {trusted}");
            }
        }
    }
});
