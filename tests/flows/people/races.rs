//! What happens to people in the same moment (people PPL-219 to PPL-225).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::{join, join_all};
use lysand_auth::flows::staff::{self, StaffAct};
use lysand_auth::flows::sweep;
use lysand_auth::host::accounts::{Accounts as _, Standing};
use serde_json::{Value, json};
use tests::Person;
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::{after, form, form_token, mails_to, sign_up, state};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("http.workers", "2")];
const WORKERS: &[(&str, &str)] = &[("http.workers", "2")];
const WORK: &[(&str, &str)] = &[("signups.proof_of_work_cost", "1000"), ("http.workers", "2")];

/// The field `altcha` of somebody who did the work.
pub(super) fn solved(challenge: &Value) -> String {
    let parameters = &challenge["parameters"];
    let bytes = |name: &str| {
        let hex = parameters[name].as_str().expect("a text");
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("digits"))
            .collect::<Vec<_>>()
    };
    let (nonce, salt) = (bytes("nonce"), bytes("salt"));
    let cost = parameters["cost"].as_u64().and_then(|cost| u32::try_from(cost).ok()).expect("a number");
    let cost = std::num::NonZeroU32::new(cost).expect("a cost");
    let (counter, derived) = (0_u32..)
        .map(|counter| {
            let mut derived = [0; 32];
            let password = [&nonce[..], &counter.to_be_bytes()].concat();
            ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, cost, &salt, &password, &mut derived);
            (counter, derived)
        })
        .find(|(_, derived)| derived[0] == 0)
        .expect("a solution");
    let key: String = derived.iter().map(|byte| format!("{byte:02x}")).collect();
    STANDARD
        .encode(json!({ "challenge": challenge, "solution": { "counter": counter, "derivedKey": key } }).to_string())
}

async fn confirm(story: &Story, token: &str) -> Response {
    story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": token })).send().await
}

async fn link(story: &Story, address: &str) -> String {
    let mails = mails_to(story, address, 1).await;
    let mail = mails.iter().find(|mail| mail.contains("/register/confirm?token=")).expect("a link");
    after(mail, "/register/confirm?token=").to_owned()
}

story!(twenty_sign_ups_through_an_app_with_one_address_make_one_account, WORKERS, |story| {
    let app = story.app("https://app.example/cb", "read write").await;
    let asked = [&[("grant_type", "client_credentials"), ("scope", "read write")][..], &app.credentials()].concat();
    let own = story.post("/oauth/token").form(&asked).send().await.is(200).json();
    let bearer = own["access_token"].as_str().expect("a token");
    let tries = (0..20).map(|number| {
        let name = format!("person{number}");
        let address = if number % 2 == 0 { "shared@example.com" } else { "Shared@Example.com" };
        let fields = [form(&name, address), vec![("agreement", "true")]].concat();
        story.post("/api/v1/accounts").bearer(bearer).form(&fields).send()
    });
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.json()["details"]["email"][0]["error"], "ERR_TAKEN");
    }
    // Once it is gone, the address is free at once.
    let auth = &story.server().state().auth;
    story.advance_clock(Duration::from_secs(7 * 24 * 3600 + 60));
    sweep::sweep(auth).await.expect("swept");
    let fields = [form("later", "shared@example.com"), vec![("agreement", "true")]].concat();
    story.post("/api/v1/accounts").bearer(bearer).form(&fields).send().await.is(200);
});

story!(one_proof_of_work_in_twenty_forms_makes_one_account, WORK, |story| {
    let challenge = story.get("/api/v1/auth/signup/challenge").send().await.is(200).json();
    let altcha = solved(&challenge);
    let fields = |name: &str| {
        let body = json!({
            "username": name, "email": format!("{name}@example.com"), "password": "a calm evening", "altcha": altcha,
        });
        story.post("/api/v1/auth/signup").json(&body)
    };
    // A form that is refused does not spend it.
    let refused = fields("x y").send().await.is(422).json();
    assert!(refused["details"]["username"].is_array(), "{refused}");
    let names: Vec<String> = (0..20).map(|number| format!("person{number}")).collect();
    let answers = join_all(names.iter().map(|name| fields(name).send())).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.json()["details"]["altcha"][0]["error"], "ERR_INVALID", "{}", refused.body);
    }
    // Nor does it count for as long as it is remembered, or once it is forgotten.
    fields("later").send().await.is(422);
    story.advance_clock(Duration::from_secs(601));
    sweep::sweep(&story.server().state().auth).await.expect("swept");
    fields("latest").send().await.is(422);
});

story!(two_accounts_that_confirm_one_address_at_once_leave_one_owner, OPEN, |story| {
    for round in 0..4 {
        let address = format!("shared{round}@example.com");
        let (first, second) = (format!("ada{round}x"), format!("eve{round}x"));
        sign_up(&story, &first, &address).await;
        let one = link(&story, &address).await;
        sign_up(&story, &second, &address).await;
        let mails = mails_to(&story, &address, 2).await;
        let links = mails.iter().map(|mail| after(mail, "/register/confirm?token=").to_owned());
        let other = links.into_iter().find(|link| *link != one).expect("another link");
        let (here, there) = join(confirm(&story, &one), confirm(&story, &other)).await;
        let mut statuses = [here.status.as_u16(), there.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", here.body, there.body);
        let accounts = &story.server().state().accounts;
        let owner = accounts.by_email(&address).await.expect("an answer").expect("an owner");
        assert_eq!(owner.username, if here.status == 200 { first } else { second });
    }
});

/// The one link of a confirmation that counts.
async fn live_link(story: &Story, address: &str, number: usize) -> String {
    let mails = mails_to(story, address, number).await;
    for token in mails.iter().map(|mail| after(mail, "/register/confirm?token=")) {
        if story.get(&format!("/register/confirm?token={token}")).send().await.status == 200 {
            return token.to_owned();
        }
    }
    panic!("no link counts");
}

story!(confirmations_and_sweep_at_once_leave_an_account_or_none, OPEN, |story| {
    let auth = &story.server().state().auth;
    let mut waiting = Vec::new();
    for number in 0..16 {
        let (name, address) = (format!("person{number}x"), format!("person{number}@example.com"));
        let made = sign_up(&story, &name, &address).await;
        waiting.push((name, address, made["waiting_token"].clone()));
    }
    // Links that were sent late count beyond the life of their accounts.
    story.advance_clock(Duration::from_secs(7 * 24 * 3600 - 1800));
    let mut links = Vec::new();
    for (name, address, token) in waiting {
        story.post("/api/v1/auth/signup/resend").json(&json!({ "waiting_token": token })).send().await.is(200);
        links.push((name, live_link(&story, &address, 2).await));
    }
    story.advance_clock(Duration::from_secs(1860));
    // The oldest goes first, and the latest is confirmed first, so that the two meet in the middle.
    let confirming = async {
        let mut statuses = Vec::new();
        for (name, link) in links.iter().rev() {
            statuses.push((name, confirm(&story, link).await.status.as_u16()));
        }
        statuses
    };
    let (swept, confirmed) = join(sweep::sweep(auth), confirming).await;
    swept.expect("swept");
    for (name, status) in confirmed {
        let exists = story.server().state().accounts.by_identifier(name).await.expect("an answer");
        match status {
            200 => assert!(exists.is_some_and(|account| account.inactive_reason().is_none()), "{name}"),
            404 => assert!(exists.is_none(), "{name}"),
            other => panic!("{name}: {other}"),
        }
    }
});

story!(confirmation_and_another_address_at_once_come_in_one_order, OPEN, |story| {
    for round in 0..6 {
        let (name, old) = (format!("ada{round}x"), format!("old{round}@example.com"));
        let made = sign_up(&story, &name, &old).await;
        let mail = mails_to(&story, &old, 1).await.remove(0);
        let token = after(&mail, "/register/confirm?token=").to_owned();
        let code = after(&mail, "where you began: ").to_owned();
        let body = json!({ "waiting_token": made["waiting_token"], "email": format!("new{round}@example.com") });
        let by_code = json!({ "waiting_token": made["waiting_token"], "code": code });
        let confirming = async {
            match round % 2 {
                0 => confirm(&story, &token).await,
                _ => story.post("/api/v1/auth/signup/confirm").json(&by_code).send().await,
            }
        };
        let (confirmed, changed) = join(confirming, story.post("/api/v1/auth/signup/email").json(&body).send()).await;
        changed.is(200);
        let account = story.server().state().accounts.by_identifier(&name).await.expect("an answer").expect("one");
        let email = account.email.expect("an address");
        match confirmed.status.as_u16() {
            200 => assert_eq!((email.address, email.confirmed), (old, true), "round {round}"),
            404 | 422 => assert_eq!((email.address, email.confirmed), (format!("new{round}@example.com"), false)),
            other => panic!("round {round}: {other} {}", confirmed.body),
        }
    }
});

/// The token of the one link to a new password that still counts.
async fn reset_link(story: &Story, person: &Person) -> String {
    let body = json!({ "identifier": person.username });
    story.post("/api/v1/auth/password/forgot").json(&body).send().await.is(200);
    for mail in mails_to(story, &person.email, 1).await.iter().filter(|mail| mail.contains("/oauth/reset?token=")) {
        let token = after(mail, "/oauth/reset?token=").to_owned();
        if story.get(&format!("/oauth/reset?token={token}")).send().await.status == 200 {
            return token;
        }
    }
    panic!("no link counts");
}

story!(reset_beside_refreshes_and_code_exchanges_leaves_no_token_alive, WORKERS, |story| {
    let (ada, expiring, app) = (story.person("ada").await, story.expiring_app().await, story.usual_app().await);
    let mut person = ada.clone();
    for round in 0..4 {
        let pair = story.token_pair(&person, &expiring).await;
        let plain = story.token(&person, &app).await;
        let signed_in = story.sign_in(&person, &app).await;
        let code = story.consent(&signed_in, &app).await;
        let waiting = story.sign_in(&person, &app).await;
        story.advance_clock(Duration::from_secs(60));
        let secret = reset_link(&story, &person).await;
        let new = format!("another sentence {round}");
        let body = json!({ "token": secret, "password": new });
        let reset = story.post("/api/v1/auth/password/reset").json(&body).send();
        let (done, (refreshed, (redeemed, decided))) = join(
            reset,
            join(
                story.refresh(&expiring, &pair.refresh),
                join(story.redeem(&app, &code), story.decide(&waiting, &app)),
            ),
        )
        .await;
        done.is(200);
        let bought = [&refreshed, &redeemed].map(|answer| {
            let is_good = answer.status == 200;
            is_good.then(|| answer.json()["access_token"].as_str().expect("a token").to_owned())
        });
        let tokens = bought.into_iter().flatten().chain([plain, pair.access]);
        for token in tokens.collect::<Vec<_>>() {
            story.verify(&token).await.is(401);
        }
        if refreshed.status == 200 {
            let next = refreshed.json()["refresh_token"].as_str().expect("a token").to_owned();
            story.refresh(&expiring, &next).await.is(400);
        }
        // A consent that came before gave a code that is worth nothing now.
        if decided.status == 302 && decided.header("location").starts_with("https://app.example") {
            let code = tests::story::query_of(&decided.location(), "code").expect("a code");
            story.redeem(&app, &code).await.is(400);
        }
        person.password = new;
    }
});

story!(reset_beside_a_waiting_browser_that_goes_on_leaves_no_session_behind, OPEN, |story| {
    let app = story.usual_app().await;
    for round in 0..4 {
        let mut jar = CookieJar::default();
        let name = format!("ada{round}x");
        let person = Person { email: format!("{name}@example.com"), ..Person::named(&name) };
        let page = format!("/register?{}", app.authorize_query());
        let token = form_token(&story, &mut jar, &page).await;
        let fields = [form(&name, &person.email), vec![("form_token", &*token)]].concat();
        jar.keep(&story.post(&page).cookies(&jar).form(&fields).send().await.is(302));
        confirm(&story, &link(&story, &person.email).await).await.is(200);
        let form = form_token(&story, &mut jar, "/register/waiting").await;
        let secret = reset_link(&story, &person).await;
        let body = json!({ "token": secret, "password": "quite another sentence" });
        let (done, gone_on) = join(
            story.post("/api/v1/auth/password/reset").json(&body).send(),
            story.post("/register/waiting/continue").cookies(&jar).form(&[("form_token", &*form)]).send(),
        )
        .await;
        done.is(200);
        if gone_on.cookie("jwt").is_some() {
            let signed_in = gone_on.signed_in();
            assert_eq!(story.client().is_signed_in(&signed_in, &app).await, Some(false), "round {round}");
        }
    }
});

story!(disabling_an_account_ends_its_browser_sessions_and_enabling_brings_none_back, WORKERS, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let auth = &story.server().state().auth;
    for standing in [Standing::Disabled, Standing::Suspended] {
        let (first, second) = (story.sign_in(&ada, &app).await, story.sign_in(&ada, &app).await);
        let token = story.token(&ada, &app).await;
        let account = story.account(&ada).await;
        // Sign-ins in the same moment begin nothing that outlives it.
        let query = app.authorize_query();
        let sign_ins = (0..4).map(|_| story.log_in(&query, &ada.username, &ada.password));
        let (stopped, answers) =
            join(staff::set_standing(auth, &account, standing, &StaffAct::by_command()), join_all(sign_ins)).await;
        stopped.expect("stopped");
        story.verify(&token).await.is_api_error(403, "Your login is currently disabled");
        assert_eq!(story.client().is_signed_in(&first, &app).await, Some(false));
        let account = story.account(&ada).await;
        staff::set_standing(auth, &account, Standing::Active, &StaffAct::by_command()).await.expect("again");
        story.verify(&token).await.is(200);
        for ended in [first, second]
            .into_iter()
            .chain(answers.into_iter().filter(|answer| answer.cookie("jwt").is_some()).map(|answer| answer.signed_in()))
        {
            assert_eq!(story.client().is_signed_in(&ended, &app).await, Some(false), "{standing:?}");
        }
    }
});

story!(withdrawals_and_confirmations_at_once_have_one_outcome, OPEN, |story| {
    for round in 0..4 {
        let (name, address) = (format!("ada{round}x"), format!("ada{round}@example.com"));
        let made = sign_up(&story, &name, &address).await;
        let token = link(&story, &address).await;
        let waiting = json!({ "waiting_token": made["waiting_token"] });
        let (confirmed, withdrawn) =
            join(confirm(&story, &token), story.post("/api/v1/auth/signup/withdraw").json(&waiting).send()).await;
        let exists = story.server().state().accounts.by_identifier(&name).await.expect("an answer").is_some();
        match (confirmed.status.as_u16(), withdrawn.status.as_u16()) {
            (200, 409) => assert!(exists, "round {round}"),
            (404, 200) => assert!(!exists, "round {round}"),
            other => panic!("round {round}: {other:?} {} {}", confirmed.body, withdrawn.body),
        }
        if exists {
            assert_eq!(state(&story, made["waiting_token"].as_str().expect("a token")).await, "ready");
        }
    }
});
