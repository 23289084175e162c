//! Requests to join that staff decides.

use std::time::Duration;

use lysand_auth::error::Error;
use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::reset::{self, Demanded};
use lysand_auth::flows::{reviews, sweep, waiting};
use lysand_auth::host::accounts::{Account, AccountId, Accounts as _, Role};
use lysand_auth::secret::Secret;
use serde_json::{Value, json};
use tests::story::{CookieJar, Story, query_of};
use tests::{Person, story};

use super::{after, form, form_token, mail_with, mails_to, sign_up, state};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];
const APPROVAL: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("signups.approval", "true")];
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Confirms the address of somebody who waits, by the code of the newest mail.
async fn confirm(story: &Story, token: &str, address: &str) {
    let mail = mails_to(story, address, 1).await.pop().expect("a mail");
    let body = json!({ "waiting_token": token, "code": after(&mail, "where you began: ") }).to_string();
    story.post("/api/v1/auth/signup/confirm").body("application/json", body).send().await.is(200);
}

/// Somebody whose request waits for staff: the account, and what they wait with.
async fn pending(story: &Story, name: &str) -> (Account, String) {
    let address = format!("{name}@example.com");
    let made = sign_up(story, name, &address).await;
    let token = made["waiting_token"].as_str().expect("a token").to_owned();
    confirm(story, &token, &address).await;
    assert_eq!(state(story, &token).await, "pending");
    let account = story.server().state().accounts.by_identifier(name).await.expect("an answer").expect("an account");
    (account, token)
}

async fn approve(story: &Story, id: &AccountId) -> Result<(), Error> {
    reviews::approve(&story.server().state().auth, id, Actor::Command, &Caller::default()).await
}

async fn reject(story: &Story, id: &AccountId, message: Option<&str>) -> Result<(), Error> {
    reviews::reject(&story.server().state().auth, id, message, Actor::Command, &Caller::default()).await
}

async fn look(story: &Story, token: &str) -> Value {
    let body = json!({ "waiting_token": token }).to_string();
    story.post("/api/v1/auth/signup/state").body("application/json", body).send().await.is(200).json()
}

story!(register_from_app_with_approval_goes_on_to_consent_once_approved, APPROVAL, |story| {
    let app = story.usual_app().await;
    let mut here = CookieJar::default();
    let page = format!("/register?{}", app.authorize_query());
    let token = form_token(&story, &mut here, &page).await;
    let fields = [form("ada", "ada@example.com"), vec![("form_token", &token), ("reason", "I like it here")]].concat();
    here.keep(&story.post(&page).cookies(&here).form(&fields).send().await.is(302));
    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    let code = after(&mail, "where you began: ").to_owned();
    let token = form_token(&story, &mut here, "/register/waiting").await;
    let answer =
        story.post("/register/waiting/confirm").cookies(&here).form(&[("form_token", &token), ("code", &code)]);
    let answer = answer.send().await.is(302);
    assert!(answer.header("location").contains("/register/waiting") && answer.cookie("jwt").is_none());
    let asked = story.get("/register/waiting/state").cookies(&here);
    assert_eq!(asked.send().await.is(200).json(), json!({ "state": "pending" }));
    // Nothing but waiting is possible: neither by going on, nor by signing in.
    let answer = story.post("/register/waiting/continue").cookies(&here).form(&[("form_token", &token)]).send().await;
    assert!(answer.status == 302 && answer.cookie("jwt").is_none());
    let answer = story.log_in(&app.authorize_query(), "ada", "a calm evening").await;
    assert!(answer.cookie("jwt").is_none());

    let waiting = reviews::list(&story.server().state().auth, false).await.expect("a list");
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].sign_up.reason.as_deref(), Some("I like it here"));
    approve(&story, &waiting[0].account.id).await.expect("approved");
    let mails = mails_to(&story, "ada@example.com", 2).await;
    assert!(mails.iter().any(|mail| mail.contains("approved")), "{mails:?}");
    let asked = story.get("/register/waiting/state").cookies(&here);
    assert_eq!(asked.send().await.is(200).json(), json!({ "state": "ready" }));
    let token = form_token(&story, &mut here, "/register/waiting").await;
    let answer = story.post("/register/waiting/continue").cookies(&here).form(&[("form_token", &token)]);
    let signed_in = answer.send().await.is(302).signed_in();
    assert_eq!(query_of(&signed_in.consent, "client_id").as_deref(), Some(app.client_id.as_str()));
    let code = story.consent(&signed_in, &app).await;
    story.redeem(&app, &code).await.is(200);
});

story!(accounts_through_app_with_approval_answers_token_that_works_once_approved, APPROVAL, |story| {
    let app = story.app("https://app.example/cb", "read write").await;
    let asked = [&[("grant_type", "client_credentials"), ("scope", "read write")][..], &app.credentials()].concat();
    let own = story.post("/oauth/token").form(&asked).send().await.is(200).json();
    let bearer = own["access_token"].as_str().expect("a value");
    let fields = [form("ada", "ada@example.com"), vec![("agreement", "true"), ("reason", "Because")]].concat();
    let answer = story.post("/api/v1/accounts").bearer(bearer).form(&fields).send().await.is(200).json();
    let token = answer["access_token"].as_str().expect("a value");
    // What is missing is said one by one, the address first.
    story.verify(token).await.is_api_error(403, "Your login is missing a confirmed e-mail address");
    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    let path = &format!("/register/confirm?token={}", after(&mail, "/register/confirm?token="));
    let mut jar = CookieJar::default();
    let question = form_token(&story, &mut jar, path).await;
    let confirm = [("form_token", question.as_str()), ("token", path.split_once('=').expect("a value").1)];
    story.post("/register/confirm").cookies(&jar).form(&confirm).send().await.is(302);
    story.verify(token).await.is_api_error(403, "Your login is currently pending approval");
    let ada = story.server().state().accounts.by_identifier("ada").await.expect("a value").expect("a value");
    approve(&story, &ada.id).await.expect("approved");
    assert_eq!(story.verify(token).await.is(200).json()["username"], "ada");
});

story!(rejected_request_frees_name_and_address_and_tells_the_message, APPROVAL, |story| {
    let (ada, token) = pending(&story, "ada").await;
    let refused = reject(&story, &ada.id, Some(&"x".repeat(1_001))).await.expect_err("too long");
    assert!(refused.to_string().contains("1000"));
    reject(&story, &ada.id, Some("Not this time.")).await.expect("rejected");
    let told = look(&story, &token).await;
    assert_eq!((&told["state"], &told["message"]), (&json!("rejected"), &json!("Not this time.")));
    let withdrawn = story.post("/api/v1/auth/signup/withdraw").json(&json!({ "waiting_token": token }));
    withdrawn.send().await.is_api_error(409, "This request has been decided already");
    let mails = mails_to(&story, "ada@example.com", 2).await;
    assert!(mails.iter().any(|mail| mail.contains("Not this time.")), "{mails:?}");
    assert!(approve(&story, &ada.id).await.is_err() && reject(&story, &ada.id, None).await.is_err());
    // For a week the browser is told, then nobody knows of it.
    story.advance_clock(DAY * 8);
    let body = json!({ "waiting_token": token }).to_string();
    story.post("/api/v1/auth/signup/state").body("application/json", body).send().await.is(404);
    sign_up(&story, "ada", "ada@example.com").await;
});

story!(rejected_unconfirmed_request_sends_no_mail, APPROVAL, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let ada = story.server().state().accounts.by_identifier("ada").await.expect("a value").expect("a value");
    mails_to(&story, "ada@example.com", 1).await;
    reject(&story, &ada.id, Some("Not this time.")).await.expect("rejected");
    assert_eq!(state(&story, made["waiting_token"].as_str().expect("a value")).await, "rejected");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(mails_to(&story, "ada@example.com", 1).await.len(), 1, "the address is nobody's so far");
});

story!(request_approved_early_needs_no_review_once_confirmed, APPROVAL, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let token = made["waiting_token"].as_str().expect("a value");
    let ada = story.server().state().accounts.by_identifier("ada").await.expect("a value").expect("a value");
    approve(&story, &ada.id).await.expect("approved");
    assert_eq!(state(&story, token).await, "unconfirmed");
    confirm(&story, token, "ada@example.com").await;
    assert_eq!(state(&story, token).await, "ready");
});

story!(request_that_nobody_decides_expires_after_a_month, APPROVAL, |story| {
    let (_, token) = pending(&story, "ada").await;
    let auth = &story.server().state().auth;
    story.advance_clock(DAY * 30 - Duration::from_secs(60));
    sweep::sweep(auth).await.expect("a value");
    assert!(story.server().state().accounts.by_identifier("ada").await.expect("a value").is_some());
    story.advance_clock(Duration::from_secs(120));
    sweep::sweep(auth).await.expect("a value");
    assert!(story.server().state().accounts.by_identifier("ada").await.expect("a value").is_none());
    // The file of the first mail is gone by then.
    tests::wait::until("the mail", async || {
        let mails = mails_to(&story, "ada@example.com", 1).await;
        mails.iter().any(|mail| mail.contains("Nobody") || mail.contains("nobody")).then_some(())
    })
    .await;
    assert!(look_is_gone(&story, &token).await);
    sign_up(&story, "ada", "ada@example.com").await;
});

/// The browser waits no longer than a week.
async fn look_is_gone(story: &Story, token: &str) -> bool {
    let body = json!({ "waiting_token": token }).to_string();
    story.post("/api/v1/auth/signup/state").body("application/json", body).send().await.status == 404
}

story!(approval_rejection_withdrawal_and_sweep_at_once_take_effect_once, APPROVAL, |story| {
    let state = story.server().state();
    for round in 0..6 {
        let name = format!("kim{round}x");
        let (account, token) = pending(&story, &name).await;
        story.advance_clock(DAY * 31);
        // The waiting cookie has its own end, so this browser waits since now.
        let token = Secret::new(token);
        let (auth, caller) = (&state.auth, Caller::default());
        let (approved, rejected, withdrawn, swept) = tokio::join!(
            approve(&story, &account.id),
            reject(&story, &account.id, None),
            waiting::withdraw(auth, &token, &caller),
            sweep::sweep(auth),
        );
        let by_sweep = swept.expect("swept").sign_ups;
        let effects = usize::from(approved.is_ok()) + usize::from(rejected.is_ok()) + by_sweep;
        assert!(withdrawn.is_err(), "nobody waits that long");
        assert_eq!(effects, 1, "{approved:?} {rejected:?} {by_sweep}");
        let is_there = state.accounts.by_identifier(&name).await.expect("a value").is_some();
        assert_eq!(is_there, approved.is_ok());
    }
    for round in 0..6 {
        let (account, token) = pending(&story, &format!("lou{round}x")).await;
        let (auth, caller, token) = (&state.auth, Caller::default(), Secret::new(token));
        let (approved, rejected, withdrawn) = tokio::join!(
            approve(&story, &account.id),
            reject(&story, &account.id, None),
            waiting::withdraw(auth, &token, &caller),
        );
        let effects = [approved.is_ok(), rejected.is_ok(), withdrawn.is_ok()];
        assert_eq!(effects.iter().filter(|done| **done).count(), 1, "{approved:?} {rejected:?} {withdrawn:?}");
        for refused in [approved, rejected, withdrawn].into_iter().filter_map(Result::err) {
            let why = refused.to_string();
            assert!(why.contains("decided already") || why.contains("not found"), "{why}");
        }
    }
});

story!(staff_is_mailed_about_requests_at_most_once_an_hour_and_reminded_after_three_days, APPROVAL, |story| {
    let (boss, modest) = (story.person("boss").await, story.person("modest").await);
    let accounts = &story.server().state().accounts;
    let role = async |name: &str, role| {
        let account = accounts.by_identifier(name).await.expect("a value").expect("a value");
        accounts.set_role(&account.id, role).await.expect("a value");
    };
    role("boss", Role::Admin).await;
    role("modest", Role::Moderator).await;
    let count = async |address: &str| {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let wanted = format!("To: {address}");
        story.mail().await.iter().filter(|mail| mail.contains(&wanted)).count()
    };
    pending(&story, "ada").await;
    mails_to(&story, &boss.email, 1).await;
    mails_to(&story, &modest.email, 1).await;
    story.advance_clock(Duration::from_secs(60));
    pending(&story, "grace").await;
    assert_eq!((count(&boss.email).await, count(&modest.email).await), (1, 1), "not twice within the hour");
    let auth = &story.server().state().auth;
    story.advance_clock(Duration::from_secs(3700));
    sweep::sweep(auth).await.expect("a value");
    assert_eq!(mails_to(&story, &boss.email, 2).await.len(), 2, "the second one is told later");
    sweep::sweep(auth).await.expect("a value");
    story.advance_clock(Duration::from_secs(3700));
    sweep::sweep(auth).await.expect("a value");
    assert_eq!((count(&boss.email).await, count(&modest.email).await), (2, 2), "nothing is new");
    story.advance_clock(DAY * 3);
    sweep::sweep(auth).await.expect("a value");
    assert_eq!((count(&boss.email).await, count(&modest.email).await), (3, 2), "admins are reminded");
});

story!(accounts_are_searched_filtered_and_paged, |story| {
    use lysand_auth::host::accounts::{AccountQuery, Standing};
    let accounts = &story.server().state().accounts;
    for name in ["ada", "grace", "hedy", "a_b"] {
        story.person(name).await;
        story.advance_clock(Duration::from_secs(1));
    }
    let id = async |name: &str| accounts.by_identifier(name).await.expect("a value").expect("a value").id;
    accounts.set_standing(&id("grace").await, Standing::Disabled).await.expect("a value");
    accounts.set_role(&id("hedy").await, Role::Moderator).await.expect("a value");
    let names = async |query: AccountQuery| {
        let counted = accounts.count(&query).await.expect("a value");
        let page = accounts.search(&query).await.expect("a value");
        (page.items.into_iter().map(|account| account.username).collect::<Vec<_>>().join(" "), page.has_more, counted)
    };
    let all = AccountQuery::new();
    let found = |names: &str, more: bool, counted: u64| (names.to_owned(), more, counted);
    assert_eq!(names(all.clone()).await, found("a_b hedy grace ada", false, 4));
    assert_eq!(names(all.clone().with_limit(2)).await, found("a_b hedy", true, 4));
    assert_eq!(names(all.clone().with_limit(2).with_older_than(id("hedy").await)).await, found("grace ada", false, 4));
    let newer = all.clone().with_limit(2).with_newer_than(id("ada").await);
    assert_eq!(names(newer.clone()).await, found("a_b hedy", true, 4));
    let mut nearest = newer;
    nearest.nearest = true;
    assert_eq!(names(nearest).await, found("hedy grace", true, 4));
    assert_eq!(names(all.clone().with_text("GRA")).await, found("grace", false, 1));
    for literal in ["a_", "%", "\\", "' OR 1=1 --"] {
        let expected = if literal == "a_" { found("a_b", false, 1) } else { found("", false, 0) };
        assert_eq!(names(all.clone().with_text(literal)).await, expected, "{literal}");
    }
    assert_eq!(names(all.clone().with_standing(Standing::Disabled)).await, found("grace", false, 1));
    assert_eq!(names(all.clone().with_role(Role::Moderator)).await, found("hedy", false, 1));
    assert_eq!(names(all.clone().with_role(Role::Member)).await, found("a_b grace ada", false, 3));
    assert_eq!(names(all.with_confirmed(false)).await, found("", false, 0));
});

/// What apps are told of the address.
async fn email_verified(story: &Story, token: &str) -> Value {
    story.get("/oauth/userinfo").bearer(token).send().await.is(200).json()["email_verified"].clone()
}

story!(confirmation_by_staff_opens_the_account_and_proves_no_address, OPEN, |story| {
    let waiting = sign_up(&story, "ada", "ada@example.com").await["waiting_token"].clone();
    let state = story.server().state();
    let ada = state.accounts.by_identifier("ada").await.expect("an answer").expect("an account");
    reviews::confirm(&state.auth, &ada.id, Actor::Command, &Caller::default()).await.expect("confirmed");
    assert_eq!(self::state(&story, waiting.as_str().expect("a token")).await, "ready");
    let ada = Person { username: "ada".into(), email: "ada@example.com".into(), password: "a calm evening".into() };
    let app = story.app("https://app.example/cb", "openid email").await;
    assert_eq!(email_verified(&story, &story.token(&ada, &app).await).await, json!(false));

    // A mailed link is used: now the address is proven.
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "ada" })).send().await.is(200);
    let mail = mail_with(&story, "ada@example.com", "/oauth/reset?token=").await;
    let body = json!({ "token": after(&mail, "/oauth/reset?token="), "password": "another calm evening" });
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
    let ada = Person { password: "another calm evening".into(), ..ada };
    assert_eq!(email_verified(&story, &story.token(&ada, &app).await).await, json!(true));
});

story!(link_that_staff_may_have_handed_out_proves_no_address, OPEN, |story| {
    sign_up(&story, "ada", "ada@example.com").await;
    let state = story.server().state();
    let ada = state.accounts.by_identifier("ada").await.expect("an answer").expect("an account");
    reviews::confirm(&state.auth, &ada.id, Actor::Command, &Caller::default()).await.expect("confirmed");
    let demanded = reset::demand(&state.auth, &ada, Demanded::Now, Actor::Command).await.expect("demanded");
    let link = demanded.link.expect("a link").expose().to_owned();
    let body = json!({ "token": after(&link, "/oauth/reset?token="), "password": "another calm evening" });
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
    let ada =
        Person { username: "ada".into(), email: "ada@example.com".into(), password: "another calm evening".into() };
    let app = story.app("https://app.example/cb", "openid email").await;
    assert_eq!(email_verified(&story, &story.token(&ada, &app).await).await, json!(false));
});

story!(address_that_a_mail_confirmed_is_verified_for_apps, OPEN, |story| {
    let waiting = sign_up(&story, "ada", "ada@example.com").await["waiting_token"].clone();
    confirm(&story, waiting.as_str().expect("a token"), "ada@example.com").await;
    let ada = Person { username: "ada".into(), email: "ada@example.com".into(), password: "a calm evening".into() };
    let app = story.app("https://app.example/cb", "openid email").await;
    assert_eq!(email_verified(&story, &story.token(&ada, &app).await).await, json!(true));
});
