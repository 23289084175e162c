//! What attackers try with passkeys: each of WebAuthn's checks of a use (FAC-74, FAC-75, FAC-175, FAC-185).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::CookieJar;

use super::passkey_sign_in::{NOT_ACCEPTED, finish, is_refused, opened};
use crate::factors::passkeys::somebody;

story!(passkey_with_one_thing_wrong_signs_nobody_in, |story| {
    let (_, mut passkey, _) = somebody(&story, "ada", true).await;
    let (_, other, _) = somebody(&story, "bob", true).await;
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let mut refuse = async |name: &str, change: &mut dyn FnMut(&mut SoftPasskey), after: &dyn Fn(&mut Value)| {
        let (options, _) = opened(&story, &mut jar, &app).await;
        let (origin, domain, owner) = (passkey.origin.clone(), passkey.domain.clone(), passkey.owner.clone());
        change(&mut passkey);
        let mut credential = passkey.get(&options);
        after(&mut credential);
        let answer = finish(&story, &mut jar, &app, &credential).await;
        assert!(answer.cookie("jwt").is_none(), "{name}");
        is_refused(answer, NOT_ACCEPTED);
        (passkey.origin, passkey.domain, passkey.owner, passkey.more) = (origin, domain, owner, json!({}));
        (passkey.verifies, passkey.backup_eligible, passkey.backed_up) = (true, false, false);
    };
    let nothing = |_: &mut Value| {};
    refuse("origin", &mut |it| it.origin = "https://evil.example".into(), &nothing).await;
    refuse("port", &mut |it| it.origin = "http://localhost:1".into(), &nothing).await;
    refuse("below", &mut |it| it.origin = it.origin.replace("localhost", "a.localhost"), &nothing).await;
    refuse("domain", &mut |it| it.domain = "evil.example".into(), &nothing).await;
    refuse("frame", &mut |it| it.more = json!({ "crossOrigin": true }), &nothing).await;
    refuse("top origin", &mut |it| it.more = json!({ "topOrigin": "https://evil.example" }), &nothing).await;
    refuse("type", &mut |it| it.more = json!({ "type": "webauthn.create" }), &nothing).await;
    refuse("challenge", &mut |it| it.more = json!({ "challenge": "A".repeat(43) }), &nothing).await;
    refuse("unverified", &mut |it| it.verifies = false, &nothing).await;
    refuse("backup", &mut |it| it.backup_eligible = true, &nothing).await;
    refuse("owner", &mut |it| it.owner = other.owner.clone(), &nothing).await;
    refuse("no owner", &mut |it| it.owner = Vec::new(), &nothing).await;
    refuse("signature", &mut |_| {}, &|credential| credential["response"]["signature"] = "AAAA".into()).await;
    refuse("data", &mut |_| {}, &|credential| {
        let data = credential["response"]["authenticatorData"].as_str().expect("data").to_owned();
        let mut data = URL_SAFE_NO_PAD.decode(data).expect("base64");
        data[36] = 9;
        credential["response"]["authenticatorData"] = URL_SAFE_NO_PAD.encode(data).into();
    })
    .await;
    for (name, broken) in [
        ("nothing", json!({})),
        ("a text", json!("x")),
        ("no response", json!({ "id": "AA", "rawId": "AA", "type": "public-key" })),
        ("a long id", json!({ "id": "A".repeat(3_000), "rawId": "A".repeat(3_000), "response": {} })),
        ("two ids", json!({ "id": "AAAA", "rawId": "BBBB", "response": { "clientDataJSON": "e30" } })),
    ] {
        refuse(name, &mut |_| {}, &|credential| *credential = broken.clone()).await;
    }
    // All right, once more: none of that closed the passkey.
    let (options, _) = opened(&story, &mut jar, &app).await;
    finish(&story, &mut jar, &app, &passkey.get(&options)).await.signed_in();
});

story!(passkey_challenge_that_was_answered_in_vain_is_used_up, |story| {
    let (_, mut passkey, _) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    for wrong in [
        json!({ "crossOrigin": true }),
        json!({ "topOrigin": "https://evil.example" }),
        json!({ "type": "webauthn.create" }),
    ] {
        let mut jar = CookieJar::default();
        let (options, _) = opened(&story, &mut jar, &app).await;
        let page = jar.clone();
        passkey.more = wrong.clone();
        is_refused(finish(&story, &mut jar, &app, &passkey.get(&options)).await, NOT_ACCEPTED);
        passkey.more = json!({});
        let again = finish(&story, &mut page.clone(), &app, &passkey.get(&options)).await;
        assert!(again.cookie("jwt").is_none(), "{wrong}");
        is_refused(again, NOT_ACCEPTED);
    }
});

story!(passkey_challenge_of_one_ceremony_is_none_of_another, |story| {
    let (_, mut passkey, mut owner) = somebody(&story, "ada", true).await;
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    // That of adding one, in the same browser.
    let (setup, _) = crate::factors::passkeys::begun(&story, &mut owner).await;
    opened(&story, &mut jar, &app).await;
    is_refused(finish(&story, &mut jar, &app, &passkey.get(&setup)).await, NOT_ACCEPTED);
    // And the other way around.
    let (options, _) = opened(&story, &mut jar, &app).await;
    let (setup, id) = crate::factors::passkeys::begun(&story, &mut owner).await;
    let mut stolen = setup.clone();
    stolen["challenge"] = options["challenge"].clone();
    let credential = SoftPasskey::new(story.base()).create(&stolen).to_string();
    let fields = [("setup_id", &*id), ("credential", &*credential)];
    let page = crate::factors::act(&story, &mut owner, "passkeys", &fields).await.is(422);
    assert!(page.body.contains(NOT_ACCEPTED), "{}", page.body);
    // An old page.
    let (options, _) = opened(&story, &mut jar, &app).await;
    let credential = passkey.get(&options);
    story.advance_clock(std::time::Duration::from_secs(300));
    is_refused(finish(&story, &mut jar, &app, &credential).await, NOT_ACCEPTED);
});

story!(
    passkey_starts_of_one_address_are_limited,
    &[("ratelimit.enabled", "true"), ("ratelimit.passkey_start.max", "3")],
    |story| {
        let start = async || story.post("/api/auth/passkey/start").header("origin", story.base()).send().await;
        for _ in 0..3 {
            start().await.is(200);
        }
        assert!(!start().await.is(429).header("retry-after").is_empty());
        // The page of a sign-in still offers one: it keeps nothing.
        let query = story.usual_app().await.authorize_query();
        let page = story.get(&format!("/oauth/authorize?{query}")).send().await.is(200);
        assert!(page.body.contains("data-passkey"), "{}", page.body);
    }
);
