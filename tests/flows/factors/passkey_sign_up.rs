//! Signing up with a passkey in place of a password (FAC-24, FAC-39, FAC-72, FAC-81, FAC-92, FAC-192).

use std::time::Duration;

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::invitations::{self, NewInvitation};
use lysand_auth::flows::reviews;
use lysand_auth::host::accounts::Accounts as _;
use serde_json::{Value, json};
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::{App, CookieJar, Response, SignedIn, Story, query_of};

use super::passkey_sign_in::{NOT_ACCEPTED, finish as sign_in_with, opened};
use super::passkeys::options;
use super::review::keep_all;
use super::{SECURITY, act, own_id};
use crate::people::{after, form_token, mail_with, mails_to};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];
const APPROVAL: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("signups.approval", "true")];
const INVITED: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("signups.registration", "false")];
const DEMANDED: &[(&str, &str)] =
    &[("signups.proof_of_work", "false"), ("factors.required", "everyone"), ("factors.grace", "0s")];
const OFF: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("factors.passkey_sign_up", "false")];
const NO_SIGN_IN: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("factors.passkey_sign_in", "false")];
const NO_PASSKEYS: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("factors.methods", "[\"totp\"]")];
const WORK: &[(&str, &str)] = &[("signups.proof_of_work", "true")];
const ADA: [(&str, &str); 2] = [("username", "ada"), ("email", "ada@example.com")];
const BEGIN: &str = "/api/v1/auth/signup/passkey";
const SIGN_UP: &str = "/api/v1/auth/signup";

/// A sign-up whose passkey is to be made now.
struct Begun {
    options: Value,
    setup: String,
    token: String,
    query: String,
}

/// Posts the form without a password.
async fn ask(story: &Story, jar: &mut CookieJar, query: &str, fields: &[(&str, &str)]) -> Response {
    let token = form_token(story, jar, &format!("/register?{query}")).await;
    let fields = [fields, &[("form_token", &*token)]].concat();
    let page = story.post(&format!("/register/passkey?{query}")).cookies(jar).form(&fields).send().await;
    jar.keep(&page);
    page
}

async fn begin(story: &Story, jar: &mut CookieJar, query: &str, fields: &[(&str, &str)]) -> Begun {
    let page = ask(story, jar, query, fields).await.is(200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("data-passkey=\"create\""), "{}", page.body);
    for (name, value) in fields {
        assert_eq!(page.hidden(name), *value, "it is sent once more");
    }
    let (options, setup, token) = (options(&page), page.hidden("setup_id"), page.hidden("form_token"));
    Begun { options, setup, token, query: query.to_owned() }
}

/// Posts the form with what a browser made.
async fn finish(
    story: &Story,
    jar: &mut CookieJar,
    begun: &Begun,
    credential: &Value,
    fields: &[(&str, &str)],
) -> Response {
    let credential = credential.to_string();
    let own = [("form_token", &*begun.token), ("setup_id", &*begun.setup), ("credential", &*credential)];
    let request = story.post(&format!("/register?{}", begun.query)).cookies(jar).form(&[fields, &own].concat());
    let answer = request.send().await;
    jar.keep(&answer);
    answer
}

/// Somebody signs up like this in a browser.
async fn sign_up(story: &Story, jar: &mut CookieJar, query: &str, fields: &[(&str, &str)]) -> SoftPasskey {
    let begun = begin(story, jar, query, fields).await;
    let mut passkey = SoftPasskey::new(story.base());
    passkey.model = 0xd548_826e_79b4_db40_a3d8_1111_6f7e_8349_u128.to_be_bytes();
    let credential = passkey.create(&begun.options);
    let answer = finish(story, jar, &begun, &credential, fields).await.is(302);
    assert_eq!(answer.location().path(), "/register/waiting");
    assert!(answer.cookie("waiting").is_some() && answer.cookie("jwt").is_none());
    passkey
}

/// The link of the mail, opened and confirmed in a browser that knows nothing.
async fn confirm(story: &Story, address: &str) {
    let mail = mails_to(story, address, 1).await.remove(0);
    let path = format!("/register/confirm?token={}", after(&mail, "/register/confirm?token="));
    let mut jar = CookieJar::default();
    let page = story.get(&path).header("accept", "text/html").cookies(&jar).send().await.is(200);
    jar.keep(&page);
    assert!(page.body.contains("A passkey signs in to this account already."), "{}", page.body);
    let (token, form) = (page.hidden("token"), page.hidden("form_token"));
    let fields = [("form_token", &*form), ("token", &*token), ("do", "confirm")];
    story.post("/register/confirm").cookies(&jar).form(&fields).send().await.is(200);
}

/// The browser that waits goes on.
async fn proceed(story: &Story, jar: &mut CookieJar) -> Response {
    let token = form_token(story, jar, "/register/waiting").await;
    let answer = story.post("/register/waiting/continue").cookies(jar).form(&[("form_token", &token)]).send().await;
    jar.keep(&answer);
    answer.is(302)
}

async fn lets_in(story: &Story, signed_in: &SignedIn, app: &App) {
    let code = story.consent(signed_in, app).await;
    story.redeem(app, &code).await.is(200);
}

async fn exists(story: &Story, name: &str) -> bool {
    story.server().state().accounts.by_identifier(name).await.expect("an answer").is_some()
}

story!(passkey_signs_somebody_up_and_the_apps_request_survives, OPEN, |story| {
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let page = story.get("/register").send().await.is(200);
    assert!(page.markup().contains("formaction=\"/register/passkey"), "{}", page.body);
    let begun = begin(&story, &mut jar, &app.authorize_query(), &ADA).await;
    let chosen = &begun.options["authenticatorSelection"];
    assert_eq!((&chosen["residentKey"], &chosen["userVerification"]), (&json!("required"), &json!("required")));
    assert_eq!((&chosen["requireResidentKey"], &begun.options["user"]["name"]), (&json!(true), &json!("ada")));
    assert!(!exists(&story, "ada").await, "nothing is taken before the passkey is there");
    let mut passkey = sign_up(&story, &mut jar, &app.authorize_query(), &ADA).await;
    confirm(&story, "ada@example.com").await;
    let signed_in = proceed(&story, &mut jar).await.signed_in();
    assert_eq!(query_of(&signed_in.consent, "client_id").as_deref(), Some(&*app.client_id));
    lets_in(&story, &signed_in, &app).await;

    // It signs in from now on; it is the last way in, and there is no password.
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    sign_in_with(&story, &mut jar, &app, &passkey.get(&options)).await.signed_in();
    let id = own_id(&story, &jar).await;
    let refused = act(&story, &mut jar, &format!("{id}/remove"), &[]).await.is(422);
    assert!(refused.body.contains("This is the last way to sign in."), "{}", refused.body);
    let own = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(own.body.contains("It is off"), "a passkey alone is only a way in: {}", own.body);
    let account = story.server().state().accounts.by_identifier("ada").await.expect("an answer").expect("ada");
    assert!(!story.server().state().accounts.has_password(&account.id).await.expect("an answer"));

    // A reset by mail sets one.
    let body = json!({ "identifier": "ada" });
    story.post("/api/v1/auth/password/forgot").json(&body).send().await.is(200);
    let mail = mail_with(&story, "ada@example.com", "/oauth/reset?token=").await;
    let body = json!({ "token": after(&mail, "/oauth/reset?token="), "password": "a calm evening" });
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
    let led = story.log_in(&app.authorize_query(), "ada", "a calm evening").await;
    let mut jar = CookieJar::default();
    jar.keep(&led);
    keep_all(&story, &mut jar, led).await.signed_in();
});

story!(passkey_signs_somebody_up_by_json, OPEN, |story| {
    let offer = story.get(SIGN_UP).send().await.is(200).json();
    assert_eq!(offer["passkey"], true);
    let begun = story.post(BEGIN).form(&ADA).send().await.is(200).json();
    let mut passkey = SoftPasskey::new(story.base());
    let credential = passkey.create(&begun["options"]);
    // A password beside it counts for nothing.
    let body = json!({
        "username": "ada", "email": "ada@example.com", "password": "a calm evening",
        "setup_id": begun["setup_id"], "credential": credential,
    });
    let made = story.post(SIGN_UP).json(&body).send().await.is(201).json();
    assert_eq!((&made["state"], made.get("recovery_codes")), (&json!("unconfirmed"), None));
    confirm(&story, "ada@example.com").await;
    let (app, mut jar) = (story.usual_app().await, CookieJar::default());
    assert_eq!(story.log_in(&app.authorize_query(), "ada", "a calm evening").await.cookie("jwt"), None);
    let (options, _) = opened(&story, &mut jar, &app).await;
    sign_in_with(&story, &mut jar, &app, &passkey.get(&options)).await.signed_in();

    // Once, and each problem is told before a passkey is made.
    let again = story.post(SIGN_UP).json(&json!({
        "username": "ada2", "email": "ada2@example.com", "setup_id": begun["setup_id"], "credential": body["credential"],
    }));
    again.send().await.is_api_error(400, NOT_ACCEPTED);
    let wrong = story.post(BEGIN).form(&[("username", "ada"), ("email", "nowhere")]).send().await.is(422).json();
    assert_eq!(wrong["details"]["username"][0]["error"], "ERR_TAKEN");
    assert_eq!(
        (&wrong["details"]["email"][0]["error"], wrong["details"].get("password")),
        (&json!("ERR_INVALID"), None)
    );
    // Without either there is a field missing.
    let none = [("username", "bob"), ("email", "bob@example.com"), ("setup_id", "x")];
    let none = story.post(SIGN_UP).form(&none).send().await.is(422).json();
    assert_eq!(none["details"]["password"][0]["error"], "ERR_BLANK");
});

story!(passkey_signs_somebody_up_with_the_approval_of_staff, APPROVAL, |story| {
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let fields = [&ADA[..], &[("reason", "I like it here")]].concat();
    sign_up(&story, &mut jar, &app.authorize_query(), &fields).await;
    confirm(&story, "ada@example.com").await;
    assert!(proceed(&story, &mut jar).await.cookie("jwt").is_none());
    let auth = &story.server().state().auth;
    let waiting = reviews::list(auth, false).await.expect("a list");
    assert_eq!(waiting[0].sign_up.reason.as_deref(), Some("I like it here"));
    reviews::approve(auth, &waiting[0].account.id, Actor::Command, &Caller::default()).await.expect("approved");
    let signed_in = proceed(&story, &mut jar).await.signed_in();
    lets_in(&story, &signed_in, &app).await;
});

story!(passkey_signs_somebody_up_by_invitation_alone, INVITED, |story| {
    let mut jar = CookieJar::default();
    let page = ask(&story, &mut jar, "", &ADA).await.is(403);
    assert!(page.body.contains("You need an invitation to join this server."), "{}", page.body);
    let made = invitations::create(&story.server().state().auth, NewInvitation::new(None), &Caller::default()).await;
    let code = made.expect("an answer").expect("an invitation").code.expect("a code");
    let fields = [&ADA[..], &[("invite_code", &*code)]].concat();
    sign_up(&story, &mut jar, "", &fields).await;
    assert!(exists(&story, "ada").await);
});

story!(passkey_of_a_sign_up_that_was_not_asked_for_makes_nobody, OPEN, |story| {
    let (mut jar, mut other) = (CookieJar::default(), CookieJar::default());
    let base = story.base().to_owned();
    let refused = async |answer: Response, what: &str| {
        let page = answer.is(422);
        assert!(page.body.contains(NOT_ACCEPTED) && page.body.contains("data-passkey=\"create\""), "{what}");
        assert!(page.cookie("waiting").is_none() && !exists(&story, "ada").await, "{what}");
    };
    type Wrong = fn(&mut SoftPasskey);
    let wrongs: [(&str, Wrong); 6] = [
        ("origin", |it| it.origin = "https://evil.example".into()),
        ("domain", |it| it.domain = "evil.example".into()),
        ("not verified", |it| it.verifies = false),
        ("frame", |it| it.more = json!({ "crossOrigin": true })),
        ("type", |it| it.more = json!({ "type": "webauthn.get" })),
        ("backed up", |it| it.backed_up = true),
    ];
    for (name, wrong) in wrongs {
        let begun = begin(&story, &mut jar, "", &ADA).await;
        let mut passkey = SoftPasskey::new(&base);
        wrong(&mut passkey);
        let credential = passkey.create(&begun.options);
        refused(finish(&story, &mut jar, &begun, &credential, &ADA).await, name).await;
        if name == "frame" {
            continue;
        }
        // What was presented in vain is spent: also with everything right.
        passkey = SoftPasskey::new(&base);
        let credential = passkey.create(&begun.options);
        refused(finish(&story, &mut jar, &begun, &credential, &ADA).await, name).await;
    }
    let (begun, foreign) = (begin(&story, &mut jar, "", &ADA).await, begin(&story, &mut other, "", &ADA).await);
    let credential = |options: &Value| SoftPasskey::new(&base).create(options);
    let with = |setup: &str| Begun {
        setup: setup.to_owned(),
        token: begun.token.clone(),
        query: String::new(),
        options: Value::Null,
    };
    let by_program = story.post(BEGIN).form(&ADA).send().await.is(200).json();
    let program = by_program["setup_id"].as_str().expect("an id");
    for (what, credential, setup) in [
        ("another browser's", credential(&foreign.options), &*foreign.setup),
        ("another setup's", credential(&begun.options), &*foreign.setup),
        ("a program's", credential(&by_program["options"]), program),
        ("no id", credential(&begun.options), ""),
        ("odd id", credential(&begun.options), "☃"),
        ("no object", json!([]), &*begun.setup),
        ("nothing in it", json!({}), &*begun.setup),
        ("too long", json!({ "rawId": "A".repeat(60_000) }), &*begun.setup),
    ] {
        refused(finish(&story, &mut jar, &with(setup), &credential, &ADA).await, what).await;
    }
    // For another name, and without the cookie.
    let right = credential(&begun.options);
    let eve = [("username", "eve"), ("email", "eve@example.com")];
    refused(finish(&story, &mut jar, &begun, &right, &eve).await, "another name").await;
    let mut stripped = CookieJar::default();
    stripped.keep_value("form", jar.get("form").unwrap_or_default());
    let answer = finish(&story, &mut stripped, &begun, &right, &ADA).await.is(422);
    assert!(!exists(&story, "ada").await && !exists(&story, "eve").await, "{}", answer.body);
    // Too late.
    story.advance_clock(Duration::from_secs(301));
    refused(finish(&story, &mut jar, &begun, &right, &ADA).await, "too late").await;
    let path = format!("/register?{}", begun.query);
    let foreign = story.post(&path).cookies(&jar).header("origin", "https://evil.example").form(&ADA);
    foreign.send().await.is(403);
    let foreign = story.post("/register/passkey").cookies(&jar).header("origin", "https://evil.example").form(&ADA);
    foreign.send().await.is(403);
    story.post("/register/passkey").cookies(&jar).body("application/json", "{}").send().await.is(415);
    let shown = story.get("/register/passkey?lang=de").header("accept", "text/html").send().await.is(302);
    assert_eq!(shown.location().path(), "/register");
});

story!(passkey_of_a_sign_up_counts_once, OPEN, |story| {
    let mut jar = CookieJar::default();
    let begun = begin(&story, &mut jar, "", &ADA).await;
    let credential = SoftPasskey::new(story.base()).create(&begun.options);
    let tries = (0..8).map(|_| async { finish(&story, &mut jar.clone(), &begun, &credential, &ADA).await.status });
    let made = futures_util::future::join_all(tries).await.into_iter().filter(|status| *status == 302).count();
    assert_eq!(made, 1);
    // The account is gone, and the passkey with it; its challenge is spent all the same.
    let account = story.server().state().accounts.by_identifier("ada").await.expect("an answer").expect("ada");
    story.server().state().accounts.delete(&account.id).await.expect("removed");
    let again = finish(&story, &mut jar, &begun, &credential, &ADA).await.is(422);
    assert!(again.body.contains(NOT_ACCEPTED) && !exists(&story, "ada").await, "{}", again.body);
});

story!(passkey_that_somebody_has_signs_nobody_else_up, OPEN, |story| {
    let mut jar = CookieJar::default();
    let mut passkey = sign_up(&story, &mut jar, "", &ADA).await;
    let eve = [("username", "eve"), ("email", "eve@example.com")];
    let begun = begin(&story, &mut jar, "", &eve).await;
    let taken = finish(&story, &mut jar, &begun, &passkey.create(&begun.options), &eve).await.is(422);
    assert!(taken.body.contains("This passkey is registered already."), "{}", taken.body);
    let begun = story.post(BEGIN).form(&eve).send().await.is(200).json();
    let body = json!({
        "username": "eve", "email": "eve@example.com",
        "setup_id": begun["setup_id"], "credential": passkey.create(&begun["options"]),
    });
    story.post(SIGN_UP).json(&body).send().await.is_api_error(409, "This passkey is registered already.");
    assert!(!exists(&story, "eve").await);
    // Whoever has the address says that it was not them: account and passkey go.
    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    let path = format!("/register/confirm?token={}", after(&mail, "/register/confirm?token="));
    let mut elsewhere = CookieJar::default();
    let form = form_token(&story, &mut elsewhere, &path).await;
    let secret = path.split_once('=').expect("a token").1;
    let disown = [("form_token", &*form), ("token", secret), ("do", "disown")];
    story.post("/register/confirm").cookies(&elsewhere).form(&disown).send().await.is(200);
    assert!(!exists(&story, "ada").await);
    let begun = begin(&story, &mut jar, "", &eve).await;
    finish(&story, &mut jar, &begun, &passkey.create(&begun.options), &eve).await.is(302);
});

story!(name_that_was_taken_meanwhile_is_told_after_the_passkey_was_made, OPEN, |story| {
    let mut jar = CookieJar::default();
    let begun = begin(&story, &mut jar, "", &ADA).await;
    let credential = SoftPasskey::new(story.base()).create(&begun.options);
    story.person("ada").await;
    let page = finish(&story, &mut jar, &begun, &credential, &ADA).await.is(422);
    assert!(page.body.contains("has already been taken") && page.body.contains("value=\"ada\""), "{}", page.body);
    // What is wrong is told before, too, and a password is not asked for.
    let page = ask(&story, &mut jar, "", &[("username", "a b"), ("email", "")]).await.is(422);
    assert!(page.body.contains("must contain only letters") && page.body.contains("email-error"), "{}", page.body);
    assert!(!page.body.contains("password-error"), "{}", page.body);
    let page = ask(&story, &mut jar, "", &[("username", "eve"), ("email", "eve@example.com"), ("homepage", "x")]).await;
    assert!(page.is(422).body.contains("Please leave this field empty."));
});

story!(account_that_must_have_a_second_factor_has_it_with_its_passkey, DEMANDED, |story| {
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let begun = begin(&story, &mut jar, &app.authorize_query(), &ADA).await;
    let mut passkey = SoftPasskey::new(story.base());
    let page = finish(&story, &mut jar, &begun, &passkey.create(&begun.options), &ADA).await.is(200);
    assert_eq!((page.body.matches("<li><code>").count(), page.header("cache-control")), (10, "no-store"));
    assert!(page.body.contains("/register/waiting") && !page.body.contains("recovery/download"), "{}", page.body);
    let code = crate::factors::between(&page.body, "<li><code>", "</code>");
    confirm(&story, "ada@example.com").await;
    // The passkey itself is asked for, and nothing is to be set up.
    let step = proceed(&story, &mut jar).await;
    assert_eq!((step.location().path(), step.cookie("jwt")), ("/oauth/factor", None), "{}", step.location());
    let (options, _) = opened(&story, &mut jar, &app).await;
    let signed_in = sign_in_with(&story, &mut jar, &app, &passkey.get(&options)).await.signed_in();
    lets_in(&story, &signed_in, &app).await;
    let own = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(own.body.contains("It is on") && own.body.contains("10 of your codes are left"), "{}", own.body);
    // Who loses it has a password by mail, and a code beside it.
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "ada" })).send().await.is(200);
    let mail = mail_with(&story, "ada@example.com", "/oauth/reset?token=").await;
    let body = json!({ "token": after(&mail, "/oauth/reset?token="), "password": "a calm evening" });
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
    let ada = tests::Person { password: "a calm evening".to_owned(), ..tests::Person::named("ada") };
    let mut waiting = crate::factors::begin(&story, &ada, &app.authorize_query()).await;
    let led = waiting.answer(&story, "recovery", &code).await;
    keep_all(&story, &mut waiting.jar, led).await.signed_in();
});

story!(sign_up_with_a_passkey_owes_the_proof_of_work_as_any_other, WORK, |story| {
    let begun = story.post(BEGIN).form(&ADA).send().await.is(200).json();
    let body = json!({
        "username": "ada", "email": "ada@example.com",
        "setup_id": begun["setup_id"], "credential": SoftPasskey::new(story.base()).create(&begun["options"]),
    });
    let owed = story.post(SIGN_UP).json(&body).send().await.is(422).json();
    assert_eq!(owed["details"]["altcha"][0]["error"], "ERR_INVALID");
    let wrong = [&ADA[..], &[("altcha", "x")]].concat();
    story.post(BEGIN).form(&wrong).send().await.is(422);
});

/// Nothing of it is there.
async fn is_not_offered(story: &Story) {
    let mut jar = CookieJar::default();
    let page = story.get("/register").send().await.is(200);
    assert!(!page.body.contains("/register/passkey") && !page.body.contains("passkey.js"), "{}", page.body);
    assert_eq!(story.get(SIGN_UP).send().await.is(200).json()["passkey"], false);
    ask(story, &mut jar, "", &ADA).await.is(404);
    story.post(BEGIN).form(&ADA).send().await.is_api_error(404, "Record not found");
    let body = json!({ "username": "ada", "email": "ada@example.com", "setup_id": "x", "credential": {} });
    story.post(SIGN_UP).json(&body).send().await.is(404);
    assert!(!exists(story, "ada").await);
}

story!(sign_up_with_a_passkey_can_be_switched_off, OFF, |story| {
    is_not_offered(&story).await;
});

story!(nobody_signs_up_with_a_passkey_that_would_sign_nobody_in, NO_SIGN_IN, |story| {
    is_not_offered(&story).await;
});

story!(nobody_signs_up_with_a_passkey_where_there_are_none, NO_PASSKEYS, |story| {
    is_not_offered(&story).await;
});

story!(two_step_sign_in_that_is_turned_on_later_brings_recovery_codes, OPEN, |story| {
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    sign_up(&story, &mut jar, &app.authorize_query(), &ADA).await;
    confirm(&story, "ada@example.com").await;
    proceed(&story, &mut jar).await.signed_in();
    let page = act(&story, &mut jar, "two_step", &[("on", "1")]).await.is(200);
    assert_eq!((page.body.matches("<li><code>").count(), page.header("cache-control")), (10, "no-store"));
    // They are there now: nothing is made anew.
    act(&story, &mut jar, "two_step", &[("on", "0")]).await.is(302);
    act(&story, &mut jar, "two_step", &[("on", "1")]).await.is(302);
    let own = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(own.body.contains("It is on") && own.body.contains("10 of your codes are left"), "{}", own.body);
    assert!(own.body.contains("Bitwarden"), "the passkey has the name of its model: {}", own.body);
});
