//! Passkeys: added on the page and by a program, listed, renamed, removed (FAC-33, FAC-36 to FAC-39, FAC-72, FAC-77, FAC-82).

use std::time::Duration;

use serde_json::{Value, json};
use tests::Person;
use tests::misbehaving_provider::ProviderUser;
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::{SECURITY, act, browser_of, enrol};
use crate::people::mail_with;

const STALE: Duration = Duration::from_secs(301);
const PATH: &str = "/api/v1/auth/factors/passkeys";
const NOT_ACCEPTED: &str = "The passkey was not accepted.";

/// What a page or a program gives to the browser.
pub(super) fn options(page: &Response) -> Value {
    let text = page.markup();
    let text = text.split_once("data-options=\"").expect("options").1.split('"').next().expect("a value");
    serde_json::from_str(&text.replace("&quot;", "\"").replace("&#x27;", "'")).expect("JSON")
}

/// The page on which a passkey is made: its options, and its id.
pub(super) async fn begun(story: &Story, jar: &mut CookieJar) -> (Value, String) {
    let page = act(story, jar, "passkeys", &[]).await.is(200);
    assert!(page.body.contains("data-passkey=\"create\""), "{}", page.body);
    (options(&page), page.hidden("setup_id"))
}

/// Adds a passkey in a browser; answers with it and the page after.
pub(super) async fn add(story: &Story, jar: &mut CookieJar, fields: &[(&str, &str)]) -> (SoftPasskey, Response) {
    let mut passkey = SoftPasskey::new(story.base());
    let (options, setup) = begun(story, jar).await;
    let credential = passkey.create(&options).to_string();
    let fields = [fields, &[("setup_id", &*setup), ("credential", &*credential)]].concat();
    let page = act(story, jar, "passkeys", &fields).await;
    (passkey, page)
}

/// Somebody with a passkey, and the browser in which it was made.
pub(crate) async fn somebody(story: &Story, name: &str, two_step: bool) -> (Person, SoftPasskey, CookieJar) {
    let person = story.person(name).await;
    let mut jar = browser_of(story, &person).await;
    let fields: &[(&str, &str)] = if two_step { &[("two_step", "1")] } else { &[] };
    let (passkey, page) = add(story, &mut jar, fields).await;
    page.is(200);
    (person, passkey, jar)
}

story!(passkey_is_added_with_recovery_codes_and_ends_other_sign_ins, |story| {
    let ada = story.person("ada").await;
    let (mut jar, other) = (browser_of(&story, &ada).await, browser_of(&story, &ada).await);
    let (options, _) = begun(&story, &mut jar).await;
    assert_eq!(options["rp"]["id"], "localhost");
    assert_eq!((&options["user"]["name"], &options["attestation"]), (&json!("ada"), &json!("none")));
    assert_eq!(options["authenticatorSelection"]["residentKey"], "preferred");
    assert_eq!(options["pubKeyCredParams"].as_array().expect("algorithms").len(), 2);
    let handle = options["user"]["id"].as_str().expect("a handle");
    assert!(handle.len() == 43 && !handle.contains(story.account(&ada).await.id.as_str()), "{handle}");

    let (_, page) = add(&story, &mut jar, &[("name", " My key "), ("two_step", "1")]).await;
    let page = page.is(200);
    assert!(
        page.body.contains("The passkey is added") && page.body.matches("<li><code>").count() == 10,
        "{}",
        page.body
    );
    let gone = story.get("/account").cookies(&other).send().await.is(302);
    assert_eq!(gone.location().path(), "/account/sign-in");
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("My key") && page.body.contains("on one device only") && page.body.contains("It is on"));
    mail_with(&story, &ada.email, "second factor was added").await;
    // The second one comes without codes, and is told not to be made on the same device.
    let (options, _) = begun(&story, &mut jar).await;
    assert_eq!(options["excludeCredentials"].as_array().expect("a list").len(), 1);
    let (_, page) = add(&story, &mut jar, &[]).await;
    assert!(page.is(302).header("location").ends_with("notice=passkey_added"));
});

story!(passkey_that_is_only_another_way_in_turns_nothing_on, |story| {
    let (_, _, jar) = somebody(&story, "ada", false).await;
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("It is off") && page.body.contains("Passkey"), "{}", page.body);
});

story!(passkey_that_was_not_asked_for_is_not_added, |story| {
    let (ada, bob) = (story.person("ada").await, story.person("bob").await);
    let mut jar = browser_of(&story, &ada).await;
    let mut theirs = browser_of(&story, &bob).await;
    let (options, setup) = begun(&story, &mut jar).await;
    let (foreign, foreign_setup) = begun(&story, &mut theirs).await;
    let base = story.base().to_owned();
    type Wrong = fn(&mut SoftPasskey);
    let wrongs: [(&str, Wrong); 6] = [
        ("origin", |it| it.origin = "https://evil.example".into()),
        ("domain", |it| it.domain = "evil.example".into()),
        ("frame", |it| it.more = json!({ "crossOrigin": true })),
        ("top origin", |it| it.more = json!({ "topOrigin": "https://evil.example" })),
        ("type", |it| it.more = json!({ "type": "webauthn.get" })),
        ("backed up", |it| it.backed_up = true),
    ];
    for (name, wrong) in wrongs {
        let (options, setup) = begun(&story, &mut jar).await;
        let mut passkey = SoftPasskey::new(&base);
        wrong(&mut passkey);
        let credential = passkey.create(&options).to_string();
        let page =
            act(&story, &mut jar, "passkeys", &[("setup_id", &setup), ("credential", &credential)]).await.is(422);
        assert!(page.body.contains(NOT_ACCEPTED), "{name}: {}", page.body);
    }
    // The challenge of another account, another setup, none of ours, and broken ones.
    let credential = |options: &Value| SoftPasskey::new(&base).create(options).to_string();
    let mut made_up = options.clone();
    made_up["challenge"] = "A".repeat(43).into();
    let huge = format!("{{\"rawId\":\"{}\"}}", "A".repeat(60_000));
    for (credential, setup) in [
        (credential(&foreign), &foreign_setup),
        (credential(&options), &foreign_setup),
        (credential(&made_up), &setup),
        ("{}".to_owned(), &setup),
        ("[".to_owned(), &setup),
        (huge, &setup),
    ] {
        let page = act(&story, &mut jar, "passkeys", &[("setup_id", setup), ("credential", &credential)]).await.is(422);
        assert!(page.body.contains(NOT_ACCEPTED), "{}", page.body);
    }
    // Too late.
    let (options, setup) = begun(&story, &mut jar).await;
    let late = credential(&options);
    story.advance_clock(STALE);
    jar.keep_value("jwt", browser_of(&story, &ada).await.get("jwt").expect("a session"));
    let page = act(&story, &mut jar, "passkeys", &[("setup_id", &setup), ("credential", &late)]).await.is(422);
    assert!(page.body.contains(NOT_ACCEPTED), "{}", page.body);
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("A passkey signs you in"), "nothing was added: {}", page.body);
});

story!(passkey_of_somebody_is_nobody_elses, |story| {
    let (_, mut passkey, mut jar) = somebody(&story, "ada", true).await;
    let bob = story.person("bob").await;
    let mut theirs = browser_of(&story, &bob).await;
    let (options, setup) = begun(&story, &mut theirs).await;
    let credential = passkey.create(&options).to_string();
    let page = act(&story, &mut theirs, "passkeys", &[("setup_id", &setup), ("credential", &credential)]).await.is(422);
    assert!(page.body.contains("This passkey is registered already."), "{}", page.body);
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200).markup();
    let id = page.split_once("/rename").expect("a passkey").0.rsplit('/').next().expect("an id").to_owned();
    for what in ["rename", "remove"] {
        let page = act(&story, &mut theirs, &format!("{id}/{what}"), &[("name", "mine")]).await.is(422);
        assert!(page.body.contains("It is gone already."), "{what}: {}", page.body);
    }
    act(&story, &mut jar, &format!("{id}/rename"), &[("name", "Ring")]).await.is(302);
    for name in ["", "x\u{7}", &"x".repeat(65)] {
        act(&story, &mut jar, &format!("{id}/rename"), &[("name", name)]).await.is(422);
    }
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("Ring"), "{}", page.body);
    act(&story, &mut jar, &format!("{id}/remove"), &[]).await.is(302);
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("It is off") && !page.body.contains("Ring"), "{}", page.body);
});

story!(program_adds_a_passkey, |story| {
    let ada = story.person("ada").await;
    let token = story.token(&ada, &story.app("https://keys.example/cb", "auth:read auth:write").await).await;
    let send = async |path: &str, body: Value| story.post(path).bearer(&token).json(&body).send().await;
    let begun = send(&format!("{PATH}/start"), json!({})).await.is(200).json();
    let mut passkey = SoftPasskey::new(story.base());
    passkey.backup_eligible = true;
    passkey.backed_up = true;
    let credential = passkey.create(&begun["options"]);
    // The credential as an object, as `toJSON` makes it, or as its text.
    let wrong = json!({ "setup_id": begun["setup_id"], "credential": { "id": "x" } });
    send(PATH, wrong).await.is(400);
    let body = json!({ "setup_id": begun["setup_id"], "credential": credential, "name": "Phone" });
    let added = send(PATH, body.clone()).await.is(201).json();
    assert_eq!((&added["type"], &added["name"], &added["synced"]), (&json!("passkey"), &json!("Phone"), &json!(true)));
    assert_eq!(added["recovery_codes"].as_array().expect("codes").len(), 10);
    let own = story.get("/api/v1/auth/factors").bearer(&token).send().await.is(200).json();
    assert_eq!((&own["two_step"], &own["factors"][0]["type"]), (&json!(true), &json!("passkey")));
    // Two-step sign-in is on: a token of a sign-in by password alone changes nothing any more.
    send(PATH, body).await.is(403);
    let id = added["id"].as_str().expect("an id");
    let own = format!("/api/v1/auth/factors/{id}");
    story.call(reqwest::Method::DELETE, &own).bearer(&token).send().await.is(403);
    let renamed = story.call(reqwest::Method::PATCH, &own).bearer(&token).json(&json!({ "name": "Tablet" }));
    let renamed = renamed.send().await.is(200).json();
    assert_eq!(renamed["name"], "Tablet");
});

story!(passkeys_are_as_many_as_the_configuration_allows, &[("factors.max_passkeys", "1")], |story| {
    let (_, _, mut jar) = somebody(&story, "ada", true).await;
    let page = act(&story, &mut jar, "passkeys", &[]).await.is(422);
    assert!(page.body.contains("as many passkeys as there can be"), "{}", page.body);
});

story!(passkeys_are_not_there_where_the_configuration_has_none, &[("factors.methods", r#"["totp"]"#)], |story| {
    let ada = story.person("ada").await;
    let mut jar = browser_of(&story, &ada).await;
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(!page.body.contains("passkey.js"), "{}", page.body);
    act(&story, &mut jar, "passkeys", &[]).await.is(422);
    story.post("/api/auth/passkey/start").header("origin", story.base()).send().await.is(404);
    let query = story.usual_app().await.authorize_query();
    let page = story.get(&format!("/oauth/authorize?{query}")).send().await.is(200);
    assert!(!page.body.contains("data-passkey"), "{}", page.body);
});

story!(passkey_that_is_the_last_way_in_stays, &[("oidc.allow_registration", "true")], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    story.sign_in_at(&mut jar, &app, &provider, &ProviderUser::named("grace")).await.signed_in();
    // Somebody without a password has to be verified by the device.
    let (options, _) = begun(&story, &mut jar).await;
    assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
    let (_, page) = add(&story, &mut jar, &[]).await;
    page.is(200);
    let token = crate::people::form_token(&story, &mut jar, "/account").await;
    let form = [("form_token", &*token), ("issuer", "id")];
    let unlinked = story.post("/account/unlink").cookies(&jar).form(&form).send().await.is(303);
    assert!(unlinked.header("location").ends_with("notice=unlinked"), "{}", unlinked.header("location"));
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200).markup();
    let id = page.split_once("/rename").expect("a passkey").0.rsplit('/').next().expect("an id").to_owned();
    let page = act(&story, &mut jar, &format!("{id}/remove"), &[]).await.is(422);
    assert!(page.body.contains("This is the last way to sign in."), "{}", page.body);
});

story!(passkey_without_a_name_has_that_of_its_model, |story| {
    let ada = story.person("ada").await;
    let mut jar = browser_of(&story, &ada).await;
    let bitwarden = 0xd548_826e_79b4_db40_a3d8_1111_6f7e_8349_u128.to_be_bytes();
    for (model, typed, name) in [
        (bitwarden, "", "Bitwarden"),
        (bitwarden, "My vault", "My vault"),
        ([7; 16], "", "Passkey"),
        ([0; 16], "", "Passkey"),
    ] {
        let mut passkey = SoftPasskey::new(story.base());
        passkey.model = model;
        let (options, setup) = begun(&story, &mut jar).await;
        let credential = passkey.create(&options).to_string();
        let fields = [("setup_id", &*setup), ("credential", &*credential), ("name", typed)];
        let answer = act(&story, &mut jar, "passkeys", &fields).await;
        assert!(answer.status == 200 || answer.status == 302, "{}", answer.body);
        let page = story.get(SECURITY).cookies(&jar).send().await.is(200).markup();
        assert!(page.contains(&format!("<bdi class=\"name\">{name}</bdi>")), "{page}");
    }
});

story!(passkeys_and_apps_stand_beside_each_other, |story| {
    let ada = story.person("ada").await;
    let mut own = enrol(&story, &ada).await;
    let (_, page) = add(&story, &mut own.jar, &[("name", "Ring")]).await;
    page.is(302);
    let page = story.get(SECURITY).cookies(&own.jar).send().await.is(200).markup();
    let ids: Vec<&str> = page.split("/rename").filter_map(|before| before.rsplit('/').next()).collect();
    act(&story, &mut own.jar, &format!("{}/remove", ids[0]), &[]).await.is(302);
    let page = story.get(SECURITY).cookies(&own.jar).send().await.is(200);
    assert!(page.body.contains("It is on") && !page.body.contains("Ring"), "the app is left: {}", page.body);
});

story!(browsers_are_told_where_passkeys_belong, |story| {
    story.get("/.well-known/webauthn").send().await.is(404);
    let places = story.get("/.well-known/passkey-endpoints").send().await.is(200);
    let place = format!("{}{SECURITY}", story.base());
    assert_eq!(places.json(), json!({ "enroll": place, "manage": place }));
    let story =
        story.restart(&[("passkeys.related_origins", r#"["https://social.test", "https://other.test:8443"]"#)]).await;
    let told = story.get("/.well-known/webauthn").send().await.is(200);
    assert_eq!(told.json(), json!({ "origins": ["https://social.test", "https://other.test:8443"] }));
    assert!(told.header("content-type").starts_with("application/json"), "{}", told.header("content-type"));
});
