//! `POST /userSessions` (native 3.2).

use std::time::Duration;

use lysand_auth::ambient::Timestamp;
use lysand_auth::flows::events;
use lysand_auth::flows::native::user_id;
use lysand_auth::flows::reset::{self, Demanded};
use lysand_auth::flows::staff::{StaffAct, Standing, set_standing};
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::Response;

use super::is_secret;
use super::resonite::{
    Held, LIMITED_RESONITE, RESONITE, begin, begin_with_code, by_password, call_as, in_session, is_refused, lives,
    login, to_begin,
};
use crate::factors::enrol;

const INVALID: &str = "Invalid credentials";

story!(resonite_session_has_every_member_that_clients_read, RESONITE, |story| {
    let ada = story.person("ada").await;
    let id = user_id(&story.account(&ada).await.id);
    for body in [
        by_password("ada", &ada.password),
        by_password(" ADA ", &ada.password),
        json!({ "email": ada.email, "authentication": { "password": ada.password, "$type": "password" } }),
        json!({ "ownerId": id, "authentication": { "$type": "password", "password": ada.password } }),
        json!({
            "UserName": "ada", "OWNERID": null, "email": "", "foo": [1],
            "Authentication": { "PASSWORD": ada.password, "$Type": "password", "recoveryCode": null },
            "SecretMachineID": null, "REMEMBERME": "false",
        }),
    ] {
        let answer = begin(&story, &body).await.is(200);
        is_secret(&answer);
        let body = answer.json();
        let members: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["configFiles", "entity"]);
        let entity = body["entity"].as_object().expect("an object");
        let names: Vec<&str> = entity.keys().map(String::as_str).collect();
        let mut expected = [
            "userId",
            "token",
            "created",
            "expire",
            "rememberMe",
            "isMachineBound",
            "originalLoginType",
            "logoutUrl",
            "logoutUrlClientSide",
            "sessionLoginCounter",
            "secretMachineIdHash",
            "secretMachineIdSalt",
            "uidHash",
            "uidSalt",
        ];
        expected.sort_unstable();
        let mut names = names;
        names.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(entity["userId"], json!(id));
        let fixed = [
            "rememberMe",
            "isMachineBound",
            "originalLoginType",
            "logoutUrl",
            "logoutUrlClientSide",
            "sessionLoginCounter",
        ];
        let fixed: Vec<&Value> = fixed.iter().map(|name| &entity[*name]).collect();
        assert_eq!(json!(fixed), json!([false, false, "Password", null, false, 1]));
        for name in ["secretMachineIdHash", "secretMachineIdSalt", "uidHash", "uidSalt", "token"] {
            assert!(entity[name].as_str().is_some_and(|text| text.len() >= 40), "{name}");
        }
        assert!(entity["expire"].as_str().is_some_and(|time| time.ends_with('Z')));
        assert!(answer.set_cookie("jwt").is_none() && answer.header("access-control-allow-origin") == "*");
        assert!(lives(&story, &Held::of(&answer)).await);
    }
});

story!(resonite_login_refuses_everything_in_the_same_words, RESONITE, |story| {
    let auth = story.server().state().auth.clone();
    let mut people = Vec::new();
    for name in ["ada", "off", "demanded"] {
        people.push(story.person(name).await);
    }
    let off = story.account(&people[1]).await;
    set_standing(&auth, &off, Standing::Disabled, &StaffAct::by_command()).await.expect("a standing");
    let demanded = story.account(&people[2]).await;
    reset::demand(&auth, &demanded, Demanded::Now, events::Actor::Command).await.expect("a demand");
    let unconfirmed = tests::Person::named("waits");
    story.create(&unconfirmed, false).await;
    for (name, password) in [
        ("ada", "wrong-password"),
        ("nobody", "wrong-password"),
        ("off", &*people[1].password),
        ("demanded", &*people[2].password),
        ("waits", &*unconfirmed.password),
    ] {
        is_refused(login(&story, name, password).await, 400, INVALID);
    }
    for id in ["U-nobody", "u-1", "1", "U-~00", "U-"] {
        let body = json!({ "ownerId": id, "authentication": { "$type": "password", "password": people[0].password } });
        is_refused(begin(&story, &body).await, 400, INVALID);
    }
});

story!(resonite_login_says_that_nobody_has_a_password_where_providers_are_forced, |story| {
    let settings = [("native.resonite.enabled", "true"), ("oidc.forced", "true")];
    let (story, _provider) = story.with_provider(&settings).await;
    let ada = story.person("ada").await;
    is_refused(login(&story, "ada", &ada.password).await, 400, INVALID);
    let lost = story.post("/users/requestlostpassword").json(&json!({ "email": ada.email })).send().await;
    is_refused(lost, 400, INVALID);
});

story!(resonite_login_takes_the_second_factor_in_a_header, RESONITE, |story| {
    let ada = story.person("ada").await;
    // Without two-step it is nothing.
    begin_with_code(&story, &by_password("ada", &ada.password), "123456").await.is(200);
    let factors = enrol(&story, &ada).await;
    let body = by_password("ada", &ada.password);
    for code in ["", "  ", "000000", "1234", "12345678", "AAAA-AAAA-AAAA-AAAA", "x"] {
        is_refused(begin_with_code(&story, &body, code).await, 403, "TOTP");
    }
    is_refused(begin(&story, &body).await, 403, "TOTP");
    is_refused(begin_with_code(&story, &by_password("ada", "wrong"), "000000").await, 400, INVALID);
    let code = factors.fresh_code(&story);
    let spaced = format!("{} {}", &code[..3], &code[3..]);
    begin_with_code(&story, &body, &spaced).await.is(200);
    is_refused(begin_with_code(&story, &body, &code).await, 403, "TOTP");
    let recovery = &factors.codes[0];
    let held = Held::of(&begin_with_code(&story, &body, &recovery.to_lowercase().replace('-', "")).await.is(200));
    is_refused(begin_with_code(&story, &body, recovery).await, 403, "TOTP");
    assert!(lives(&story, &held).await);
});

story!(resonite_login_takes_a_code_in_parallel_once, RESONITE, |story| {
    let ada = story.person("ada").await;
    let factors = enrol(&story, &ada).await;
    let body = by_password("ada", &ada.password);
    let tries = (0..8).map(|_| begin_with_code(&story, &body, &factors.codes[1]));
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        is_refused(answer, 403, "TOTP");
    }
});

story!(resonite_login_counts_wrong_codes_for_the_account_and_missing_ones_for_the_address, LIMITED_RESONITE, |story| {
    let ada = story.person("ada").await;
    let factors = enrol(&story, &ada).await;
    let body = by_password("ada", &ada.password);
    let from = async |address: &str, code: &str| {
        let call = to_begin(&story, &body).header("x-forwarded-for", address);
        if code.is_empty() { call.send().await } else { call.header("totp", code).send().await }
    };
    for _ in 0..12 {
        is_refused(from("203.0.113.7", "").await, 403, "TOTP");
    }
    for number in 0..10 {
        is_refused(from(&format!("198.51.100.{number}"), "000000").await, 403, "TOTP");
    }
    let closed = from("192.0.2.1", &factors.codes[0]).await.is(429);
    let wait: u64 = closed.header("retry-after").parse().expect("seconds");
    is_refused(closed, 429, &format!("Too many requests. Please try again in {wait} seconds."));
});

story!(resonite_login_tells_that_the_password_must_be_changed_after_the_second_factor, RESONITE, |story| {
    let ada = story.person("ada").await;
    let factors = enrol(&story, &ada).await;
    let (auth, account) = (&story.server().state().auth, story.account(&ada).await);
    reset::demand(auth, &account, Demanded::AtNextSignIn, events::Actor::Command).await.expect("a demand");
    let body = by_password("ada", &ada.password);
    is_refused(begin(&story, &body).await, 403, "TOTP");
    is_refused(begin_with_code(&story, &body, &factors.codes[0]).await, 403, "Password change required");
    is_refused(login(&story, "ada", "wrong").await, 400, INVALID);
});

story!(resonite_lockout_closes_a_name_for_one_network_in_steps, LIMITED_RESONITE, |story| {
    let ada = story.person("ada").await;
    let try_from = async |name: &str, password: &str, from: &str| {
        to_begin(&story, &by_password(name, password)).header("x-forwarded-for", from).send().await
    };
    for name in ["ada", "nobody"] {
        for _ in 0..5 {
            is_refused(try_from(name, "wrong", "203.0.113.7").await, 400, INVALID);
        }
        let closed = try_from(name, &ada.password, "203.0.113.7").await.is(429);
        let wait: u64 = closed.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        is_refused(closed, 429, &format!("Too many requests. Please try again in {wait} seconds."));
    }
    try_from("ada", &ada.password, "198.51.100.7").await.is(200);
    story.advance_clock(Duration::from_secs(61));
    try_from("ada", &ada.password, "203.0.113.7").await.is(200);
});

story!(resonite_session_buys_another_one_with_its_proofs_and_its_end, RESONITE, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let held = in_session(&story, &ada).await;
    let by_token = |name: &str, token: &str| json!({ "username": name, "authentication": { "$type": "sessionToken", "sessionToken": token }, "rememberMe": true });
    let second = Held::of(&begin(&story, &by_token("ada", &held.token)).await.is(200));
    assert!(second.token != held.token && lives(&story, &held).await && lives(&story, &second).await);
    in_session(&story, &eve).await;
    for (name, token) in [("eve", &*held.token), ("nobody", &held.token), ("ada", "x"), ("ada", &"x".repeat(43))] {
        is_refused(begin(&story, &by_token(name, token)).await, 400, INVALID);
    }
    // Used or not, it ends with the first: thirty days after that began.
    for _ in 0..29 {
        story.advance_clock(Duration::from_secs(24 * 3_600));
        assert!(lives(&story, &second).await);
    }
    story.advance_clock(Duration::from_secs(24 * 3_600));
    assert!(!lives(&story, &second).await);
    is_refused(begin(&story, &by_token("ada", &second.token)).await, 400, INVALID);
});

story!(resonite_session_token_of_a_session_that_ended_buys_nothing, RESONITE, |story| {
    let ada = story.person("ada").await;
    let held = in_session(&story, &ada).await;
    call_as(&story, &held, Method::DELETE, &held.path()).await.is(200);
    let body = json!({ "username": "ada", "authentication": { "$type": "sessionToken", "sessionToken": held.token } });
    is_refused(begin(&story, &body).await, 400, INVALID);
});

story!(resonite_requests_need_a_machine_and_one_name, RESONITE, |story| {
    let ada = story.person("ada").await;
    let good = by_password("ada", &ada.password);
    let with_uid = async |uid: &str| story.post("/userSessions").header("uid", uid).json(&good).send().await;
    is_refused(story.post("/userSessions").json(&good).send().await, 400, "Missing UID");
    for uid in ["", " ", "a b", &*"x".repeat(129)] {
        is_refused(with_uid(uid).await, 400, "Missing UID");
    }
    let doubled = story.post("/userSessions").header("uid", "a").header("uid", "b").json(&good).send().await;
    is_refused(doubled, 400, "Missing UID");
    with_uid(&"x".repeat(128)).await.is(200);
    let auth = json!({ "$type": "password", "password": ada.password });
    for body in [
        json!({}),
        json!({ "authentication": auth }),
        json!({ "username": "ada" }),
        json!({ "username": "ada", "email": ada.email, "authentication": auth }),
        json!({ "username": "ada", "ownerId": "U-1", "authentication": auth }),
        json!({ "username": "ada", "authentication": { "password": ada.password } }),
        json!({ "username": "ada", "authentication": { "$type": "magic", "password": ada.password } }),
        json!({ "username": "ada", "authentication": { "$type": "Password", "password": ada.password } }),
        json!({ "username": "ada", "authentication": { "$type": "password" } }),
        json!({ "username": "ada", "authentication": { "$type": "sessionToken" } }),
        json!({ "username": "ada", "authentication": [] }),
        json!({ "username": 7, "authentication": auth }),
        json!({ "username": "a\0b", "authentication": auth }),
        json!({ "username": "ada", "authentication": auth, "rememberMe": 1 }),
        json!({ "username": "ada", "authentication": auth, "secretMachineId": "x".repeat(129) }),
        json!({ "username": "ada", "authentication": auth, "secretMachineId": {} }),
        json!({ "username": "ada", "userName": "bob", "authentication": auth }),
        json!({ "username": "ada", "authentication": { "$type": "password", "password": "x", "Password": ada.password } }),
    ] {
        is_refused(begin(&story, &body).await, 400, "Invalid request");
    }
    begin(&story, &json!({ "username": "ada", "userName": "ada", "UserName": null, "authentication": auth }))
        .await
        .is(200);
});

/// When a session ends that nobody uses.
fn expire(answer: &Response) -> i64 {
    Timestamp::parse(answer.json()["entity"]["expire"].as_str().expect("a time")).expect("a time").seconds()
}

story!(resonite_session_is_remembered_for_longer, RESONITE, |story| {
    let ada = story.person("ada").await;
    let mut body = by_password("ada", &ada.password);
    for (remember, days, told) in
        [(json!(true), 30, true), (json!("true"), 30, true), (json!("false"), 1, false), (json!(null), 1, false)]
    {
        body["rememberMe"] = remember;
        let answer = begin(&story, &body).await.is(200);
        assert_eq!(answer.json()["entity"]["rememberMe"], told);
        assert_eq!(expire(&answer), story.now() + days * 24 * 3_600);
    }
});
