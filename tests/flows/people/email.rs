//! Changing the address, stopping and undoing it.

use std::time::Duration;

use lysand_auth::flows::email;
use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::invitations::{self, NewInvitation};
use lysand_auth::host::accounts::{Accounts as _, Email};
use serde_json::{Value, json};
use tests::Person;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{App, CookieJar, Response, Story};

use super::{after, code_in, form, form_token, mail_with, mails_to, sign_up};
use crate::factors::{begin, browser_of, enrol};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];
const NEW: &str = "ada@new.example";
const DAY: Duration = Duration::from_secs(24 * 3600);

pub(super) async fn account_app(story: &Story) -> App {
    story.app("https://keys.example/cb", "read auth:read auth:write").await
}

/// Asks for another address with a token.
pub(super) async fn ask(story: &Story, token: &str, address: &str) -> Response {
    story.post("/api/v1/auth/email").bearer(token).json(&json!({ "email": address })).send().await
}

async fn state(story: &Story, token: &str) -> Value {
    story.get("/api/v1/auth/email").bearer(token).send().await.is(200).json()
}

/// The token of a link that so many mails to an address have among them.
async fn link(story: &Story, address: &str, path: &str, number: usize) -> String {
    let before = format!("{path}?token=");
    let mails = mails_to(story, address, number).await;
    let found = mails.iter().rev().find(|mail| mail.contains(&before));
    after(found.unwrap_or_else(|| panic!("{path} in {mails:?}")), &before).to_owned()
}

/// Looks at the page of a link and presses its button.
async fn press(story: &Story, path: &str, token: &str) -> Response {
    let mut jar = CookieJar::default();
    let page = story.get(&format!("{path}?token={token}")).header("accept", "text/html").send().await;
    jar.keep(&page);
    if page.status != 200 {
        return page;
    }
    let form = after(&page.body, "name=\"form_token\" value=\"").to_owned();
    story.post(path).cookies(&jar).form(&[("form_token", &*form), ("token", token)]).send().await
}

/// Changes the address all the way, and answers with the link that undoes it.
async fn changed(story: &Story, token: &str, from: &str, to: &str) -> String {
    ask(story, token, to).await.is(202);
    let secret = link(story, to, "/account/email/confirm", 1).await;
    press(story, "/account/email/confirm", &secret).await.is(200);
    let mails = mails_to(story, from, 2).await;
    let undo = mails.iter().find(|mail| mail.contains("/account/email/undo?token=") && mail.contains(to));
    after(undo.unwrap_or_else(|| panic!("{mails:?}")), "/account/email/undo?token=").to_owned()
}

async fn signs_in(story: &Story, identifier: &str, password: &str) -> bool {
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), identifier, password).await.is(302).cookie("jwt").is_some()
}

story!(email_change_stays_without_effect_until_its_link_confirms_it, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let asked = ask(&story, &token, NEW).await.is(202).json();
    assert_eq!(asked["pending"], "a…@new.example");
    assert!(asked["expires_at"].as_str().is_some_and(|at| at.ends_with('Z')));
    let waits = json!({ "email": ada.email, "confirmed": true, "pending": "a…@new.example", "undo_until": null });
    assert_eq!(state(&story, &token).await, waits);
    let told = mails_to(&story, &ada.email, 1).await.remove(0);
    assert!(told.contains("/account/email/stop?token=") && told.contains(NEW), "{told}");
    let secret = link(&story, NEW, "/account/email/confirm", 1).await;
    // Looking at it changes nothing.
    let page = story.get(&format!("/account/email/confirm?token={secret}")).send().await.is(200);
    assert!(page.body.contains(NEW) && page.body.contains("@ada"));
    assert_eq!(state(&story, &token).await["email"], json!(ada.email));
    assert!(!signs_in(&story, NEW, &ada.password).await && signs_in(&story, &ada.email, &ada.password).await);
    press(&story, "/account/email/confirm", &secret).await.is(200);
    let now = state(&story, &token).await;
    assert_eq!((&now["email"], &now["confirmed"], &now["pending"]), (&json!(NEW), &json!(true), &Value::Null));
    assert!(now["undo_until"].is_string());
    assert!(signs_in(&story, NEW, &ada.password).await && !signs_in(&story, &ada.email, &ada.password).await);
    // Sessions and tokens stay; both addresses are told, and the former one alone can undo it.
    let (old, new) = (mails_to(&story, &ada.email, 2).await, mails_to(&story, NEW, 2).await);
    assert!(old.iter().any(|mail| mail.contains("/account/email/undo?token=")));
    assert!(!new.iter().any(|mail| mail.contains("/account/email/undo?token=")));
    // Once.
    press(&story, "/account/email/confirm", &secret).await.is(410);
    let stop = after(&told, "/account/email/stop?token=").to_owned();
    press(&story, "/account/email/stop", &stop).await.is(410);
});

story!(email_change_on_page_is_confirmed_by_code_where_it_was_asked_for, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&ada, &app).await;
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &signed_in.cookie);
    assert_eq!(story.get("/account/email").send().await.is(302).location().path(), "/account/sign-in");
    let page = "/account/email";
    let form = form_token(&story, &mut jar, page).await;
    let post = |fields: Vec<(&'static str, String)>| {
        let mut fields: Vec<(&str, String)> = fields;
        fields.push(("form_token", form.clone()));
        let request = story.post(page).cookies(&jar);
        async move {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
            request.form(&fields).send().await
        }
    };
    for (typed, words) in [("", "can&#39;t be blank"), ("nowhere", "is invalid"), (&*ada.email, "is the one you have")]
    {
        let refused = post(vec![("do", "ask".into()), ("email", typed.to_owned())]).await.is(422);
        assert!(refused.body.contains(words) && refused.body.contains("aria-invalid"), "{words}: {}", refused.body);
    }
    post(vec![("do", "ask".into()), ("email", NEW.into())]).await.is(302);
    let mail = mails_to(&story, NEW, 1).await.remove(0);
    let shown = story.get(page).cookies(&jar).send().await.is(200);
    assert!(shown.body.contains(NEW) && shown.body.contains("one-time-code"), "{}", shown.body);
    let code = code_in(&mail).expect("a code");
    // The code counts in this session alone.
    let elsewhere = story.token(&ada, &account_app(&story).await).await;
    let body = json!({ "code": code });
    story.post("/api/v1/auth/email/confirm").bearer(&elsewhere).json(&body).send().await.is(404);
    let refused = post(vec![("do", "code".into()), ("code", "00000000".into())]).await.is(422);
    assert!(refused.body.contains("That code is not right."));
    post(vec![("do", "code".into()), ("code", code.to_owned())]).await.is(302);
    assert!(signs_in(&story, NEW, &ada.password).await);
    // An hour later, the password is asked for.
    story.advance_clock(Duration::from_secs(301));
    let refused = post(vec![("do", "ask".into()), ("email", "third@new.example".into())]).await.is(422);
    assert!(refused.body.contains("Please confirm that it is you"), "{}", refused.body);
    let wrong = vec![("do", "ask".into()), ("email", "third@new.example".into()), ("current_password", "wrong".into())];
    assert!(post(wrong).await.is(422).body.contains("This is not the password of the account"));
    let right =
        vec![("do", "ask".into()), ("email", "third@new.example".into()), ("current_password", ada.password.clone())];
    post(right).await.is(302);
    let secret = link(&story, "third@new.example", "/account/email/confirm", 1).await;
    post(vec![("do", "cancel".into())]).await.is(302);
    press(&story, "/account/email/confirm", &secret).await.is(410);
});

story!(email_change_by_token_needs_fresh_sign_in_or_password, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    story.advance_clock(Duration::from_secs(301));
    let refused = ask(&story, &token, NEW).await.is_api_error(403, "Please confirm that it is you");
    let challenge = "Bearer error=\"insufficient_user_authentication\", max_age=\"300\"";
    assert_eq!(refused.header("www-authenticate"), challenge);
    let body = json!({ "email": NEW, "current_password": "wrong" });
    let refused = story.post("/api/v1/auth/email").bearer(&token).json(&body).send().await;
    refused.is_api_error(403, "This is not the password of the account");
    let body = json!({ "email": NEW, "current_password": ada.password });
    story.post("/api/v1/auth/email").bearer(&token).json(&body).send().await.is(202);
    story.call(reqwest::Method::DELETE, "/api/v1/auth/email").bearer(&token).send().await.is(200);
    story.call(reqwest::Method::DELETE, "/api/v1/auth/email").bearer(&token).send().await.is(404);
    for (body, code) in [
        (json!({}), "ERR_BLANK"),
        (json!({ "email": "x" }), "ERR_INVALID"),
        (json!({ "email": format!("{}@x.example", "a".repeat(250)) }), "ERR_TOO_LONG"),
    ] {
        let refused = story.post("/api/v1/auth/email").bearer(&token).json(&body).send().await.is(422).json();
        assert_eq!(refused["details"]["email"][0]["error"], code);
    }
    let reading = story.app("https://reads.example/cb", "read write auth:read").await;
    let reader = story.token(&ada, &reading).await;
    ask(&story, &reader, NEW).await.is(403);
    let general = story.token(&ada, &story.usual_app().await).await;
    story.get("/api/v1/auth/email").bearer(&general).send().await.is(403);
});

story!(email_change_to_taken_address_is_answered_as_to_a_free_one, |story| {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let free = ask(&story, &token, "bob@free.example").await.is(202);
    let taken = ask(&story, &token, &bob.email).await.is(202);
    let shape = |answer: &Response| answer.json().as_object().expect("a value").keys().cloned().collect::<Vec<_>>();
    assert_eq!(shape(&free), shape(&taken));
    assert_eq!(taken.json()["pending"], "b…@people.example");
    let mail = mails_to(&story, &bob.email, 1).await.remove(0);
    assert!(mail.contains("already in use") && !mail.contains("token="), "{mail}");
    // Guesses at a code that nobody has are answered as any others.
    let guess = |code: &str| {
        let body = json!({ "code": code });
        story.post("/api/v1/auth/email/confirm").bearer(&token).json(&body).send()
    };
    for number in 0..5 {
        let refused = guess(&format!("0000000{number}")).await.is(422).json();
        assert_eq!(refused["details"]["code"][0]["description"], "That code is not right.");
    }
    let refused = guess("00000009").await.is(422).json();
    assert_eq!(refused["details"]["code"][0]["description"], "Please have a new code sent.");
    assert_eq!(state(&story, &token).await["email"], json!(ada.email));
});

story!(email_taken_meanwhile_is_told_to_the_holder_of_the_mailbox, OPEN, |story| {
    let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, account_app(&story).await);
    let (first, second) = (story.token(&ada, &app).await, story.token(&bob, &app).await);
    ask(&story, &first, "one@new.example").await.is(202);
    ask(&story, &second, "one@new.example").await.is(202);
    let mails = mails_to(&story, "one@new.example", 2).await;
    let links: Vec<String> = mails.iter().map(|mail| after(mail, "/account/email/confirm?token=").to_owned()).collect();
    press(&story, "/account/email/confirm", &links[0]).await.is(200);
    let refused = press(&story, "/account/email/confirm", &links[1]).await.is(409);
    assert!(refused.body.contains("This address belongs to another account."));
});

story!(email_change_is_stopped_from_the_former_address, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    ask(&story, &token, NEW).await.is(202);
    let stop = link(&story, &ada.email, "/account/email/stop", 1).await;
    let secret = link(&story, NEW, "/account/email/confirm", 1).await;
    let page = story.get(&format!("/account/email/stop?token={stop}")).send().await.is(200);
    assert!(page.body.contains("Stop this change?") && page.body.contains(NEW));
    let stopped = press(&story, "/account/email/stop", &stop).await.is(200);
    assert!(stopped.body.contains("/account/forgot"), "{}", stopped.body);
    press(&story, "/account/email/confirm", &secret).await.is(410);
    assert_eq!(state(&story, &token).await["pending"], Value::Null);
});

story!(email_undo_takes_the_account_back_and_removes_what_was_added, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let full = story.app("https://full.example/cb", "read write auth:read auth:write").await;
    // The owner linked an identity long ago; the thief links another one.
    let own = story.token(&ada, &full).await;
    let mut jar = CookieJar::default();
    let kept = ProviderUser::named("kept");
    story.link_at(&mut jar, &own, &provider, &kept).await.is_linked();
    story.advance_clock(DAY);
    let token = story.token(&ada, &full).await;
    let undo = changed(&story, &token, &ada.email, NEW).await;
    story.advance_clock(DAY);
    story.unlink(&token).await;
    let added = ProviderUser::named("added");
    story.link_at(&mut CookieJar::default(), &token, &provider, &added).await.is_linked();
    let signed_in = story.sign_in(&ada, &app).await;

    let page = story.get(&format!("/account/email/undo?token={undo}")).send().await.is(200);
    assert!(page.body.contains(NEW) && page.body.contains(&ada.email) && page.body.contains("November 2026"));
    story.verify(&token).await.is(200);
    press(&story, "/account/email/undo", &undo).await.is(200);
    story.verify(&token).await.is(401);
    let usual = story.usual_app().await;
    assert_eq!(story.client().is_signed_in(&signed_in, &usual).await, Some(false));
    let account = story.server().state().accounts.by_identifier("ada").await.expect("a value").expect("a value");
    assert_eq!(account.email, Some(Email { address: ada.email.clone(), confirmed: true }));
    // No password until a new one is chosen, and no way in that was added since.
    assert!(!signs_in(&story, "ada", &ada.password).await);
    let linked = lysand_auth::flows::sso::list(&story.server().state().auth, &account.id).await.expect("a value");
    assert!(linked.is_empty(), "{linked:?}");
    let secret = link(&story, &ada.email, "/oauth/reset", 4).await;
    let body = json!({ "token": secret, "password": "quite another sentence" });
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
    assert!(signs_in(&story, &ada.email, "quite another sentence").await);
    press(&story, "/account/email/undo", &undo).await.is(410);
});

story!(email_undo_keeps_ways_to_sign_in_from_before_the_change, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let ada = story.person("ada").await;
    let full = story.app("https://full.example/cb", "read write auth:read auth:write").await;
    let own = story.token(&ada, &full).await;
    story.link_at(&mut CookieJar::default(), &own, &provider, &ProviderUser::named("kept")).await.is_linked();
    story.advance_clock(DAY);
    let token = story.token(&ada, &full).await;
    let undo = changed(&story, &token, &ada.email, NEW).await;
    press(&story, "/account/email/undo", &undo).await.is(200);
    let account = story.account(&ada).await;
    assert_eq!(
        lysand_auth::flows::sso::list(&story.server().state().auth, &account.id).await.expect("a value").len(),
        1
    );
});

story!(email_undo_holds_the_former_address_for_a_week, OPEN, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let undo = changed(&story, &token, &ada.email, NEW).await;
    sign_up(&story, "mallory", &ada.email).await;
    let confirm = link(&story, &ada.email, "/register/confirm", 3).await;
    let refused = press(&story, "/register/confirm", &confirm).await.is(409);
    assert!(refused.body.contains("This address belongs to another account."));
    let bob = story.person("bob").await;
    let other = story.token(&bob, &app).await;
    ask(&story, &other, &ada.email).await.is(202);
    press(&story, "/account/email/undo", &undo).await.is(200);
    let account = story.server().state().accounts.by_identifier("ada").await.expect("a value").expect("a value");
    assert_eq!(account.email.expect("a value").address, ada.email);
});

story!(
    email_undo_holds_the_former_address_against_accounts_that_need_no_mail,
    &[("signups.proof_of_work", "false"), ("oidc.allow_registration", "true")],
    |story| {
        let (story, provider) = story.with_provider(&[]).await;
        let (ada, app) = (story.person("ada").await, account_app(&story).await);
        let token = story.token(&ada, &app).await;
        let undo = changed(&story, &token, &ada.email, NEW).await;

        // A mailed invitation would prove it.
        let mut new = NewInvitation::new(None);
        new.email = Some(ada.email.clone());
        let made = invitations::create(&story.server().state().auth, new, &Caller::default()).await;
        made.expect("an answer").expect("an invitation");
        let mail = mail_with(&story, &ada.email, "/register?invite=").await;
        let fields = [form("mallory", &ada.email), vec![("invite_code", after(&mail, "/register?invite="))]].concat();
        let answer = story.post("/api/v1/auth/signup").form(&fields).send().await.is(201).json();
        assert_eq!(answer["state"], "unconfirmed", "as with any address that somebody has");
        let mallory = story.server().state().accounts.by_identifier("mallory").await.expect("an answer");
        assert!(mallory.is_none(), "{mallory:?}");

        // So would a provider: its word is left out.
        let mallory = ProviderUser { email: ada.email.clone(), ..ProviderUser::named("mallory") };
        let mut jar = CookieJar::default();
        let back = story.come_back(&mut jar, &story.usual_app().await, &provider, &mallory).await.is(302);
        let page = story.get(back.location().as_str()).cookies(&jar).send().await.is(200);
        assert!(!page.body.contains(&ada.email), "{}", page.body);
        press(&story, "/account/email/undo", &undo).await.is(200);
    }
);

story!(email_undo_ends_with_its_time_and_releases_the_address, OPEN, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let undo = changed(&story, &token, &ada.email, NEW).await;
    story.advance_clock(7 * DAY + Duration::from_secs(1));
    press(&story, "/account/email/undo", &undo).await.is(410);
    sign_up(&story, "grace", &ada.email).await;
    let confirm = link(&story, &ada.email, "/register/confirm", 1).await;
    press(&story, "/register/confirm", &confirm).await.is(200);
});

story!(email_undo_of_an_earlier_change_voids_the_later_ones, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let first = changed(&story, &token, &ada.email, NEW).await;
    story.advance_clock(Duration::from_secs(60));
    let second = changed(&story, &token, NEW, "third@new.example").await;
    story.advance_clock(Duration::from_secs(60));
    press(&story, "/account/email/undo", &first).await.is(200);
    let account = story.server().state().accounts.by_identifier("ada").await.expect("a value").expect("a value");
    assert_eq!(account.email.expect("a value").address, ada.email);
    press(&story, "/account/email/undo", &second).await.is(410);
});

story!(email_undo_and_confirmation_at_the_same_moment_leave_one_owner, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let undo = changed(&story, &token, &ada.email, NEW).await;
    ask(&story, &token, "third@new.example").await.is(202);
    let secret = link(&story, "third@new.example", "/account/email/confirm", 1).await;
    let (undone, confirmed) = futures_util::future::join(
        press(&story, "/account/email/undo", &undo),
        press(&story, "/account/email/confirm", &secret),
    )
    .await;
    undone.is(200);
    assert!(confirmed.status == 200 || confirmed.status == 410, "{}", confirmed.status);
    let account = story.server().state().accounts.by_identifier("ada").await.expect("a value").expect("a value");
    assert_eq!(account.email.expect("a value").address, ada.email);
    let by_other = story.server().state().accounts.by_email("third@new.example").await.expect("a value");
    assert!(by_other.is_none());
});

story!(email_undo_by_one_link_at_the_same_moment_succeeds_once, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let undo = changed(&story, &token, &ada.email, NEW).await;
    let tries = (0..6).map(|_| press(&story, "/account/email/undo", &undo));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 410));
    let undone = mails_to(&story, NEW, 3).await;
    assert_eq!(undone.iter().filter(|mail| mail.contains("undone")).count(), 1, "{undone:?}");
});

story!(email_change_voids_reset_links_to_the_former_address, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "ada" })).send().await.is(200);
    let secret = link(&story, &ada.email, "/oauth/reset", 1).await;
    ask(&story, &token, NEW).await.is(202);
    let confirm = link(&story, NEW, "/account/email/confirm", 1).await;
    press(&story, "/account/email/confirm", &confirm).await.is(200);
    let body = json!({ "token": secret, "password": "quite another sentence" });
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(400);
    story.verify(&token).await.is(200);
    // Nor do they count again once the former address is back.
    ask(&story, &token, &ada.email).await.is(202);
    let confirm = link(&story, &ada.email, "/account/email/confirm", 1).await;
    press(&story, "/account/email/confirm", &confirm).await.is(200);
    assert_eq!(state(&story, &token).await["email"], json!(ada.email));
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(400);
});

story!(email_set_by_staff_is_told_to_the_former_address, |story| {
    let ada: Person = story.person("ada").await;
    let (auth, account) = (&story.server().state().auth, story.account(&ada).await);
    let confirmed = Email { address: NEW.into(), confirmed: true };
    email::set(auth, &account, confirmed.clone(), Actor::Command).await.expect("a value");
    assert!(signs_in(&story, NEW, &ada.password).await);
    let told = mails_to(&story, &ada.email, 1).await.remove(0);
    assert!(told.contains(NEW) && !told.contains("undo"), "{told}");
    let bob = story.person("bob").await;
    let other = story.account(&bob).await;
    assert!(email::set(auth, &other, confirmed, Actor::Command).await.is_err());
});

story!(old_address_is_given_up_by_whoever_proves_a_second_factor, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let page = "/account/email";
    let ask = async |jar: &mut CookieJar, address: &str| {
        let token = form_token(&story, jar, page).await;
        let fields = [("form_token", &*token), ("do", "ask"), ("email", address), ("give_up_old", "1")];
        story.post(page).cookies(jar).form(&fields).send().await
    };
    // One proof is not enough, and is not asked for what it cannot have.
    let mut jar = browser_of(&story, &ada).await;
    assert!(!story.get(page).cookies(&jar).send().await.is(200).body.contains("give_up_old"));
    let refused = ask(&mut jar, NEW).await.is(422);
    assert!(refused.body.contains("Please confirm that it is you"), "{}", refused.body);
    let token = story.token(&ada, &app).await;
    let body = json!({ "email": NEW, "give_up_old": true });
    story.post("/api/v1/auth/email").bearer(&token).json(&body).send().await.is(403);
    let enrolled = enrol(&story, &ada).await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    waiting.answer(&story, "totp", &enrolled.fresh_code(&story)).await.signed_in();
    assert!(story.get(page).cookies(&waiting.jar).send().await.is(200).body.contains("give_up_old"));
    ask(&mut waiting.jar, NEW).await.is(302);
    let secret = link(&story, NEW, "/account/email/confirm", 1).await;
    press(&story, "/account/email/confirm", &secret).await.is(200);
    let told = mail_with(&story, &ada.email, "was changed").await;
    let old = mails_to(&story, &ada.email, 1).await;
    assert!(told.contains(NEW) && old.iter().all(|mail| !mail.contains("/account/email/undo")), "{old:?}");
    assert!(story.get(page).cookies(&waiting.jar).send().await.is(200).body.contains(NEW));
});
