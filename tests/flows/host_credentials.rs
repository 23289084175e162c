//! What a host takes over and asks outside of HTTP: name and password for other protocols, second factors that it had before
//! (FAC-166).

use std::net::{IpAddr, Ipv4Addr};

use lysand_auth::Auth;
use lysand_auth::Secret;
use lysand_auth::error::{Code, Error};
use lysand_auth::flows::credentials::{Checked, PasswordCheck, check};
use lysand_auth::flows::import::{self, ImportedPasskey, ImportedTotp};
use lysand_auth::host::accounts::AccountId;
use tests::authenticator::Authenticator;
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::{CookieJar, Story};

use crate::factors::{WRONG, begin, enrol, is_step_error};

const SHARED: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";

fn from(last: u8) -> Option<IpAddr> {
    Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, last)))
}

async fn checked(story: &Story, name: &str, password: &str) -> Checked {
    let auth: &Auth = &story.server().state().auth;
    check(auth, PasswordCheck::new(name, Secret::new(password), from(1)).at("imap")).await.expect("a verdict")
}

fn code_of(refused: Result<(), Error>) -> Code {
    match refused {
        Err(Error::Refused(refusal)) => refusal.code,
        other => panic!("{other:?}"),
    }
}

story!(credentials_outside_of_http_know_no_second_step, |story| {
    let ada = story.person("ada").await;
    for name in ["ada", " ADA ", "@ada", &*ada.email] {
        let Checked::Account(account) = checked(&story, name, &ada.password).await else { panic!("{name}") };
        assert_eq!(account.username, "ada");
    }
    for (name, password) in [("ada", "wrong"), ("nobody", &*ada.password), ("", &*ada.password), ("ada", "")] {
        assert_eq!(checked(&story, name, password).await, Checked::No, "{name}");
    }
    let long = "x".repeat(2_000);
    assert_eq!(checked(&story, "ada", &long).await, Checked::No);
    assert_eq!(checked(&story, &long, &ada.password).await, Checked::No);
    // No code can be asked for there, so nobody gets in with the password alone.
    enrol(&story, &ada).await;
    assert_eq!(checked(&story, "ada", &ada.password).await, Checked::SecondFactorNeeded);
    assert_eq!(checked(&story, "ada", "wrong").await, Checked::No);
});

story!(
    credentials_outside_of_http_count_as_sign_ins,
    &[("ratelimit.enabled", "true"), ("ratelimit.login_account.max", "3")],
    |story| {
        let ada = story.person("ada").await;
        let auth = &story.server().state().auth;
        for guess in 0..3 {
            let verdict = check(auth, PasswordCheck::new("ada", Secret::new("wrong"), from(guess))).await;
            assert_eq!(verdict.expect("a verdict"), Checked::No);
        }
        let refused = check(auth, PasswordCheck::new("ada", Secret::new(&*ada.password), from(9))).await;
        assert!(
            matches!(&refused, Err(Error::Refused(refusal)) if refusal.code == Code::TooManyRequests),
            "{refused:?}"
        );
    }
);

story!(totp_of_another_server_is_taken_over_with_its_last_step, |story| {
    let ada = story.person("ada").await;
    let (auth, id) = (&story.server().state().auth, story.account(&ada).await.id);
    let (app, step) = (Authenticator::new(SHARED), story.now() / 30);
    let secret = "jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp====";
    import::totp(auth, &id, ImportedTotp::new(Secret::new(secret), step)).await.expect("taken over");
    let again = import::totp(auth, &id, ImportedTotp::new(Secret::new(SHARED), step)).await;
    assert_eq!(code_of(again), Code::Conflict);
    for wrong in ["", "AAAA", "not base32!", &*"A".repeat(320)] {
        let refused = import::totp(auth, &id, ImportedTotp::new(Secret::new(wrong), 0)).await;
        assert_eq!(code_of(refused), Code::Validation, "{wrong}");
    }
    let future =
        import::totp(auth, &id, ImportedTotp::new(Secret::new("AEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIB"), step + 10)).await;
    assert_eq!(code_of(future), Code::Validation);
    let nobody = AccountId::new("nobody-at-all");
    let refused = import::totp(auth, &nobody, ImportedTotp::new(Secret::new(SHARED), 0)).await;
    assert_eq!(code_of(refused), Code::NotFound);

    // The step that the other server had used counts no more; the next one does.
    let query = story.usual_app().await.authorize_query();
    let mut waiting = begin(&story, &ada, &query).await;
    let used = app.code(story.now());
    is_step_error(waiting.answer(&story, "totp", &used).await, "invalid_grant", WRONG);
    story.advance_clock(std::time::Duration::from_secs(30));
    waiting.answer(&story, "totp", &app.code(story.now())).await.signed_in();
});

story!(passkey_of_another_server_is_taken_over_and_signs_in, |story| {
    let ada = story.person("ada").await;
    let (auth, id) = (&story.server().state().auth, story.account(&ada).await.id);
    let mut passkey = SoftPasskey::new(story.base());
    passkey.owner = b"handle of before".to_vec();
    let imported = ImportedPasskey::new(passkey.id.clone(), passkey.cose_key(), passkey.owner.clone());
    import::passkey(auth, &id, imported.clone()).await.expect("taken over");
    assert_eq!(code_of(import::passkey(auth, &id, imported.clone()).await), Code::Conflict);
    let mut other = imported.clone();
    (other.credential_id, other.user_handle) = (vec![1; 16], b"another".to_vec());
    assert_eq!(code_of(import::passkey(auth, &id, other).await), Code::Conflict);
    for (key, credential) in
        [(vec![0xa0], vec![2; 16]), (b"no cbor".to_vec(), vec![2; 16]), (passkey.cose_key(), Vec::new())]
    {
        let mut wrong = imported.clone();
        (wrong.public_key, wrong.credential_id) = (key, credential);
        assert_eq!(code_of(import::passkey(auth, &id, wrong).await), Code::Validation);
    }
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let (options, _) = crate::factors::passkey_sign_in::opened(&story, &mut jar, &app).await;
    let credential = passkey.get(&options);
    crate::factors::passkey_sign_in::finish(&story, &mut jar, &app, &credential).await.signed_in();
});
