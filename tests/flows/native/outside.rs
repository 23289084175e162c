//! Checks outside of HTTP (native NAT-30 to NAT-33).

use std::net::{IpAddr, Ipv4Addr};

use lysand_auth::error::{Code, Error};
use lysand_auth::flows::credentials::{Checked, PasswordCheck, check, greeting, token};
use lysand_auth::flows::events;
use lysand_auth::flows::native::{self, Dialect, Program, ProofKind, Proofs};
use lysand_auth::flows::staff::{StaffAct, Standing, set_standing};
use lysand_auth::{Auth, Secret};
use serde_json::json;
use tests::story;
use tests::story::Story;

use super::{LIMITED, TOKI, account_app, opens, refresh, signed_in};
use crate::factors::enrol;

fn from(last: u8) -> Option<IpAddr> {
    Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
}

fn auth(story: &Story) -> &Auth {
    &story.server().state().auth
}

fn is_limited<T: std::fmt::Debug>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(Error::Refused(refusal)) if refusal.code == Code::TooManyRequests && refusal.retry_after.is_some())
}

story!(password_check_names_its_service_and_closes_it_alone, LIMITED, |story| {
    let ada = story.person("ada").await;
    let tried = async |password: &str, service: &str, last: u8| {
        check(auth(&story), PasswordCheck::new("ada", Secret::new(password), from(last)).at(service)).await
    };
    for _ in 0..5 {
        assert_eq!(tried("wrong", "imap", 1).await.expect("a verdict"), Checked::No);
    }
    assert!(is_limited(&tried(&ada.password, "imap", 1).await));
    assert!(matches!(tried(&ada.password, "xmpp", 1).await, Ok(Checked::Account(_))));
    assert!(matches!(tried(&ada.password, "imap", 2).await, Ok(Checked::Account(_))));
    let found = events::find(auth(&story), events::EventQuery::new(100)).await.expect("events");
    let failed = found.iter().find(|event| event.event == "sign_in_failed").expect("a failure");
    assert!(
        failed.detail.as_deref().is_some_and(|detail| detail.contains("\"service\":\"imap\"")),
        "{:?}",
        failed.detail
    );
});

story!(token_check_outside_of_http_opens_live_tokens_alone, TOKI, |story| {
    let ada = story.person("ada").await;
    let account = story.account(&ada).await;
    let of_app = story.token(&ada, &story.usual_app().await).await;
    let native = signed_in(&story, &ada).await;
    let asked = async |secret: &str| token(auth(&story), &Secret::new(secret), from(1)).await.expect("an answer");
    for secret in [&*of_app, &*native.access] {
        let bearer = asked(secret).await.expect("a live token");
        assert_eq!(bearer.account_id, Some(account.id.clone()));
    }
    for secret in [&*native.refresh, "", "wrong", &"x".repeat(5_000), "\0"] {
        assert!(asked(secret).await.is_none());
    }
    set_standing(auth(&story), &account, Standing::Suspended, &StaffAct::by_command()).await.expect("a standing");
    assert!(asked(&of_app).await.is_none());
});

story!(
    token_check_outside_of_http_counts_unknown_ones_for_the_address,
    &[("native.toki.enabled", "true"), ("ratelimit.enabled", "true"), ("ratelimit.login_address.max", "3")],
    |story| {
        let ada = story.person("ada").await;
        let native = signed_in(&story, &ada).await;
        for _ in 0..3 {
            assert!(token(auth(&story), &Secret::new("wrong"), from(1)).await.expect("an answer").is_none());
        }
        assert!(is_limited(&token(auth(&story), &Secret::new("wrong"), from(1)).await));
        assert!(token(auth(&story), &Secret::new(&*native.access), from(2)).await.expect("an answer").is_some());
    }
);

story!(greeting_takes_a_token_of_that_very_account_or_its_password, TOKI, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let native = signed_in(&story, &ada).await;
    let account = story.account(&ada).await;
    let own = story.token(&ada, &account_app(&story).await).await;
    let body = json!({ "name": "imap", "scopes": ["read"] });
    let made = story.post("/api/v1/auth/personal_tokens").bearer(&own).json(&body).send().await.is(200).json();
    let personal = made["token"].as_str().expect("a token");
    let greeted = async |name: &str, secret: &str| {
        greeting(auth(&story), name, &Secret::new(secret), from(1), "toki").await.expect("a verdict")
    };
    for secret in [&*native.access, personal, &*ada.password] {
        for name in ["ada", "ADA", &*ada.email] {
            assert!(matches!(greeted(name, secret).await, Checked::Account(found) if found.id == account.id), "{name}");
        }
        for name in ["eve", "nobody", ""] {
            assert_eq!(greeted(name, secret).await, Checked::No, "{name}");
        }
    }
    for secret in ["lyp_wrong", &"A".repeat(43), &*native.refresh, ""] {
        assert_eq!(greeted("ada", secret).await, Checked::No);
    }
    // A password may look like a token.
    let long = tests::Person {
        password: "correct-horse-battery-staple-and-9-more-abc".into(),
        ..tests::Person::named("long")
    };
    story.create(&long, true).await;
    assert!(matches!(greeted("long", &long.password).await, Checked::Account(_)));
    // Where two proofs are wanted, the token of an app or of its owner does, and the password not.
    enrol(&story, &ada).await;
    assert_eq!(greeted("ada", &ada.password).await, Checked::SecondFactorNeeded);
    assert!(matches!(greeted("eve", &eve.password).await, Checked::Account(_)));
});

story!(native_begin_is_a_sign_in_like_every_other_and_wants_enough_proofs, TOKI, |story| {
    let ada = story.person("ada").await;
    let (account, now) = (story.account(&ada).await, auth(&story).ambient().now());
    let password = Proofs::new([(ProofKind::Password, now)]);
    let both = Proofs::new([(ProofKind::Password, now), (ProofKind::Totp, now)]);
    let program = || Program::of(Dialect::Toki).on_device(Some("sync".into())).named(Some("Sync".into()));
    let caller = events::Caller::new(from(1)).with_agent("sync/1");
    let pair = native::begin(auth(&story), &account, program(), &password, &caller).await.expect("tokens");
    assert!(opens(&story, pair.access_token.expose()).await);
    refresh(&story, pair.refresh_token.expose()).await.is(200);
    let devices = native::devices(auth(&story), &account.id).await.expect("devices");
    assert_eq!((devices.len(), devices[0].shown_name()), (1, "Sync"));
    enrol(&story, &ada).await;
    let refused = native::begin(auth(&story), &account, program(), &password, &caller).await;
    assert!(matches!(&refused, Err(Error::Refused(refusal)) if refusal.code == Code::FactorRequired), "{refused:?}");
    let pair = native::begin(auth(&story), &account, program(), &both, &caller).await.expect("tokens");
    assert!(opens(&story, pair.access_token.expose()).await);
    let nothing = native::begin(auth(&story), &account, program(), &Proofs::new([]), &caller).await;
    assert!(nothing.is_err());
    let long = Program::of(Dialect::Toki).on_device(Some("x".repeat(65)));
    assert!(native::begin(auth(&story), &account, long, &both, &caller).await.is_err());
});
