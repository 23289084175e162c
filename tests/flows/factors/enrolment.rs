//! Adding, naming and removing an authenticator app on the page of the own factors (FAC-35 to FAC-38, FAC-61 to FAC-68).

use std::time::Duration;

use lysand_auth::host::accounts::{Accounts as _, Email};
use tests::story;
use tests::story::{CookieJar, query_of};

use super::{SECURITY, act, begin, between, browser_of, enrol, own_id, set_up, token};
use crate::people::confirm_identity;

const STALE: Duration = Duration::from_secs(301);

story!(enrolment_shows_code_and_recovery_codes_and_ends_other_sign_ins, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (elsewhere, access) = (story.sign_in(&ada, &app).await, story.token(&ada, &app).await);
    let expiring = story.expiring_app().await;
    let family = story.token_pair(&ada, &expiring).await;
    let stranger = story.get(SECURITY).send().await.is(302);
    assert_eq!(query_of(&stranger.location(), "return_to").as_deref(), Some(SECURITY));

    let mut jar = browser_of(&story, &ada).await;
    let page = act(&story, &mut jar, "totp", &[]).await.is(200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.body.contains("role=\"img\"") && page.body.contains("<svg") && page.body.contains("#ffffff"));
    let secret = between(&page.body, "<code>", "</code>");
    let address = page.markup().replace("&#x3D;", "=").replace("&#37;", "%");
    let wanted =
        format!("otpauth://totp/My%20instance:ada%40localhost?secret={}&issuer=My%20instance", secret.replace(' ', ""));
    assert!(address.contains(&wanted) && address.contains("&algorithm=SHA1&digits=6&period=30"), "{address}");
    assert_eq!(secret.split(' ').map(str::len).collect::<Vec<_>>(), [4; 8], "160 bits in groups of four");

    let (id, key) = (page.hidden("setup_id"), tests::authenticator::Authenticator::new(&secret));
    let wrong = act(&story, &mut jar, "totp/confirm", &[("setup_id", &id), ("code", "000000")]).await.is(422);
    assert!(wrong.body.contains("aria-invalid") && wrong.body.contains(&secret), "the same secret again");
    let before = jar.get("jwt").expect("a session").to_owned();
    let code = key.code(story.now());
    let fields = [("setup_id", &*id), ("code", &*code), ("name", "Phone <b>")];
    let page = act(&story, &mut jar, "totp/confirm", &fields).await.is(200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.body.matches("<li><code>").count(), 10);
    assert_ne!(jar.get("jwt"), Some(&*before), "the session is another one");

    let own = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(own.body.contains("It is on") && own.body.contains("Phone &lt;b&gt;"), "{}", own.body);
    assert!(own.body.contains("10 of your codes are left"), "{}", own.body);
    assert!(!own.body.contains(&secret) && !own.body.contains("<li><code>"), "neither is shown again");
    assert_eq!(story.client().is_signed_in(&elsewhere, &app).await, Some(false));
    story.refresh(&expiring, &family.refresh).await.is(400);
    // Tokens that no refresh replaces stay (FAC-38).
    story.verify(&access).await.is(200);
});

story!(enrolment_of_others_late_or_used_is_refused, |story| {
    let (ada, grace) = (story.person("ada").await, story.person("grace").await);
    let mut jar = browser_of(&story, &ada).await;
    let (id, key) = set_up(&story, &mut jar).await;
    // Another account, and another session of the same account.
    for mut other in [browser_of(&story, &grace).await, browser_of(&story, &ada).await] {
        let fields = [("setup_id", &*id), ("code", &*key.code(story.now()))];
        let refused = act(&story, &mut other, "totp/confirm", &fields).await.is(422);
        assert!(refused.body.contains("took too long"), "{}", refused.body);
    }
    // A newer one takes its place.
    let (newer, newer_key) = set_up(&story, &mut jar).await;
    let fields = [("setup_id", &*id), ("code", &*key.code(story.now()))];
    act(&story, &mut jar, "totp/confirm", &fields).await.is(422);
    for odd in ["", "12345", "1234567", "abcdef", &"1".repeat(65)] {
        let refused = act(&story, &mut jar, "totp/confirm", &[("setup_id", &newer), ("code", odd)]).await.is(422);
        assert!(refused.body.contains("This is no such code."), "{odd}");
    }
    let (code, long) = (newer_key.code(story.now()), "n".repeat(65));
    for name in [long.as_str(), "a\nb"] {
        let fields = [("setup_id", &*newer), ("code", &*code), ("name", name)];
        act(&story, &mut jar, "totp/confirm", &fields).await.is(422);
    }
    let fields = [("setup_id", &*newer), ("code", &*code)];
    let token = token(&story, &mut jar).await;
    let foreign =
        story.post(&format!("{SECURITY}/totp/confirm")).cookies(&jar).header("origin", "https://evil.example");
    foreign.form(&[("setup_id", &*newer), ("code", &*code), ("form_token", &*token)]).send().await.is(403);
    act(&story, &mut jar, "totp/confirm", &fields).await.is(200);
    // Its code was used by that, and it is set up once.
    act(&story, &mut jar, "totp/confirm", &fields).await.is(422);
    let answer =
        begin(&story, &ada, &story.usual_app().await.authorize_query()).await.post(&story, "totp", &code).await;
    crate::factors::is_step_error(answer, "invalid_grant", crate::factors::WRONG);

    let (late, late_key) = set_up(&story, &mut jar).await;
    story.advance_clock(Duration::from_secs(601));
    confirm_with(&story, &mut jar, &ada, &newer_key).await;
    let fields = [("setup_id", &*late), ("code", &*late_key.code(story.now()))];
    let refused = act(&story, &mut jar, "totp/confirm", &fields).await.is(422);
    assert!(refused.body.contains("took too long"), "{}", refused.body);
});

/// Gives password and code on the page that confirms who somebody is.
async fn confirm_with(
    story: &tests::story::Story,
    jar: &mut CookieJar,
    person: &tests::Person,
    key: &tests::authenticator::Authenticator,
) {
    story.advance_clock(Duration::from_secs(30));
    let page = format!("/account/confirm?then={SECURITY}");
    let token = crate::people::form_token(story, jar, &page).await;
    let code = key.code(story.now());
    let fields = [("form_token", &*token), ("then", SECURITY), ("current_password", &person.password), ("otp", &code)];
    let answer = story.post("/account/confirm").cookies(jar).form(&fields).send().await.is(302);
    assert_eq!(answer.location().path(), SECURITY);
    jar.keep(&answer);
}

story!(factors_are_changed_with_a_fresh_proof_alone, |story| {
    let ada = story.person("ada").await;
    let mut jar = browser_of(&story, &ada).await;
    let form = token(&story, &mut jar).await;
    story.advance_clock(STALE);
    let page = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(!page.body.contains("/account/security/totp") && page.markup().contains("/account/confirm?then="));
    let refused = story.post(&format!("{SECURITY}/totp")).cookies(&jar).form(&[("form_token", &*form)]);
    let refused = refused.send().await.is(302);
    assert_eq!(refused.header("location"), "/account/confirm?then=%2Faccount%2Fsecurity");
    confirm_identity(&story, &mut jar, &ada.password, SECURITY).await;
    let (id, key) = set_up(&story, &mut jar).await;
    let code = key.code(story.now());
    act(&story, &mut jar, "totp/confirm", &[("setup_id", &id), ("code", &code)]).await.is(200);

    // With two steps a password alone proves nothing (mastodon#13616).
    story.advance_clock(STALE);
    let remove = own_id(&story, &jar).await;
    let stale = act(&story, &mut jar, &format!("{remove}/remove"), &[]).await.is(302);
    assert_eq!(stale.header("location"), "/account/confirm?then=%2Faccount%2Fsecurity");
    let page = format!("/account/confirm?then={SECURITY}");
    let form = crate::people::form_token(&story, &mut jar, &page).await;
    for otp in ["", "000000"] {
        let fields = [("form_token", &*form), ("then", SECURITY), ("current_password", &*ada.password), ("otp", otp)];
        let refused = story.post("/account/confirm").cookies(&jar).form(&fields).send().await.is(422);
        assert!(refused.body.contains(crate::factors::WRONG) && refused.cookie("jwt").is_none(), "{}", refused.body);
    }
    confirm_with(&story, &mut jar, &ada, &key).await;
    act(&story, &mut jar, &format!("{remove}/remove"), &[]).await.is(302);
    let own = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(own.body.contains("It is off") && !own.body.contains("codes are left"), "{}", own.body);
    let app = story.usual_app().await;
    assert!(story.log_in(&app.authorize_query(), "ada", &ada.password).await.cookie("jwt").is_some());
});

story!(factors_of_others_are_not_there, |story| {
    let (ada, grace) = (story.person("ada").await, story.person("grace").await);
    let (mut adas, mut graces) = (enrol(&story, &ada).await, enrol(&story, &grace).await);
    let id = own_id(&story, &adas.jar).await;
    for what in ["rename", "remove"] {
        let refused = act(&story, &mut graces.jar, &format!("{id}/{what}"), &[("name", "mine")]).await.is(422);
        assert!(refused.body.contains("It is gone already."), "{}", refused.body);
        act(&story, &mut graces.jar, &format!("x/{what}"), &[("name", "mine")]).await.is(422);
    }
    let renamed = act(&story, &mut adas.jar, &format!("{id}/rename"), &[("name", " Phone ")]).await.is(302);
    assert_eq!(query_of(&renamed.location(), "notice").as_deref(), Some("renamed"));
    assert!(story.get(SECURITY).cookies(&adas.jar).send().await.is(200).body.contains(">Phone<"));
    // Grace's session still stands: a refused change ends nothing.
    story.get(SECURITY).cookies(&graces.jar).send().await.is(200);
});

story!(two_steps_are_turned_off_and_on_again, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    act(&story, &mut own.jar, "two_step", &[("on", "0")]).await.is(302);
    let signed_in = story.sign_in(&ada, &app).await;
    act(&story, &mut own.jar, "two_step", &[("on", "1")]).await.is(302);
    assert_eq!(story.client().is_signed_in(&signed_in, &app).await, Some(false), "a change ends other sign-ins");
    begin(&story, &ada, &app.authorize_query()).await;
    let mut grace = browser_of(&story, &story.person("grace").await).await;
    let refused = act(&story, &mut grace, "two_step", &[("on", "1")]).await.is(422);
    assert!(refused.body.contains("Add a passkey or an authenticator app first."), "{}", refused.body);
});

story!(authenticator_apps_have_a_maximum_number, &[("factors.max_totp", "2")], |story| {
    let ada = story.person("ada").await;
    let mut own = enrol(&story, &ada).await;
    let (id, key) = set_up(&story, &mut own.jar).await;
    let code = key.code(story.now());
    let second = act(&story, &mut own.jar, "totp/confirm", &[("setup_id", &id), ("code", &code)]).await.is(302);
    assert_eq!(query_of(&second.location(), "notice").as_deref(), Some("added"), "recovery codes stay as they are");
    let refused = act(&story, &mut own.jar, "totp", &[]).await.is(422);
    assert!(refused.body.contains("as many authenticator apps as there can be"), "{}", refused.body);
    // Both are asked for.
    let app = story.usual_app().await;
    story.advance_clock(Duration::from_secs(60));
    let first = own.app.code(story.now());
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "totp", &first).await.signed_in();
    let second = key.code(story.now());
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "totp", &second).await.signed_in();
});

story!(account_whose_address_is_not_confirmed_adds_no_factor, |story| {
    let ada = story.person("ada").await;
    let mut jar = browser_of(&story, &ada).await;
    let form = token(&story, &mut jar).await;
    let accounts = story.server().state().accounts.clone();
    let id = story.account(&ada).await.id;
    let with = async |confirmed: bool| {
        let email = Email { address: ada.email.clone(), confirmed };
        accounts.set_email(&id, &email).await.expect("an address");
    };
    let ask = async || {
        let request = story.post(&format!("{SECURITY}/totp")).cookies(&jar);
        request.form(&[("form_token", form.as_str())]).send().await
    };
    with(false).await;
    let refused = ask().await;
    assert!(refused.status != 200 && !refused.body.contains("<svg"), "{}: {}", refused.status, refused.body);
    with(true).await;
    assert!(ask().await.is(200).body.contains("<svg"), "with a confirmed one it does");
});
