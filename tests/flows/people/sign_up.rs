//! Signing up by the page, by JSON and through an app.

use std::time::Duration;

use serde_json::json;
use tests::story;
use tests::story::{CookieJar, query_of};

use super::{after, form, form_token, mails_to, sign_up, state};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];

story!(register_from_app_goes_on_to_consent_after_mail_was_opened_in_another_browser, OPEN, |story| {
    let app = story.usual_app().await;
    let (mut here, mut elsewhere) = (CookieJar::default(), CookieJar::default());
    let page = format!("/register?{}", app.authorize_query());
    let token = form_token(&story, &mut here, &page).await;
    let mut fields = form("ada", "ada@example.com");
    fields.push(("form_token", &token));
    let answer = story.post(&page).cookies(&here).form(&fields).send().await.is(302);
    here.keep(&answer);
    assert_eq!(answer.location().path(), "/register/waiting");
    assert!(answer.cookie("waiting").is_some() && answer.cookie("jwt").is_none());
    let shown = story.get("/register/waiting").cookies(&here).send().await.is(200);
    assert!(shown.body.contains("ada@example.com") && shown.header("referrer-policy") == "same-origin");

    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    let path = &format!("/register/confirm?token={}", after(&mail, "/register/confirm?token="));
    // Looking at it changes nothing.
    let question = form_token(&story, &mut elsewhere, path).await;
    assert_eq!(
        story.get("/register/waiting/state").cookies(&here).send().await.is(200).json(),
        json!({ "state": "unconfirmed" })
    );
    let secret = path.split_once('=').expect("a token").1;
    let confirm = [("form_token", question.as_str()), ("token", secret), ("do", "confirm")];
    let answer = story.post("/register/confirm").cookies(&elsewhere).form(&confirm).send().await.is(200);
    assert!(answer.body.contains("go back to the window") && answer.cookie("jwt").is_none());

    assert_eq!(
        story.get("/register/waiting/state").cookies(&here).send().await.is(200).json(),
        json!({ "state": "ready" })
    );
    let token = form_token(&story, &mut here, "/register/waiting").await;
    let answer =
        story.post("/register/waiting/continue").cookies(&here).form(&[("form_token", &token)]).send().await.is(302);
    let signed_in = answer.signed_in();
    assert_eq!(query_of(&signed_in.consent, "client_id").as_deref(), Some(app.client_id.as_str()));
    let code = story.consent(&signed_in, &app).await;
    story.redeem(&app, &code).await.is(200);
    // Once.
    let again = story.post("/register/waiting/continue").cookies(&here).form(&[("form_token", &token)]).send().await;
    assert!(again.status == 302 && again.cookie("jwt").is_none() || again.status == 403, "{}", again.status);
});

story!(sign_up_by_json_is_confirmed_by_the_code_of_the_mail, OPEN, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let token = made["waiting_token"].as_str().expect("a text");
    assert_eq!((&made["state"], &made["resend_after"]), (&json!("unconfirmed"), &json!(60)));
    assert_eq!(state(&story, token).await, "unconfirmed");
    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    let code = after(&mail, "where you began: ").to_owned();
    let (first, last) = code.split_at(4);
    let spaced = format!("{first} - {last}");
    let body = json!({ "waiting_token": token, "code": "00000000" }).to_string();
    let wrong = story.post("/api/v1/auth/signup/confirm").body("application/json", body).send().await.is(422).json();
    assert_eq!(wrong["details"]["code"][0]["error"], "ERR_INVALID");
    let body = json!({ "waiting_token": token, "code": spaced }).to_string();
    story.post("/api/v1/auth/signup/confirm").body("application/json", body).send().await.is(200);
    assert_eq!(state(&story, token).await, "ready");
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), "ada@example.com", "a calm evening").await.signed_in();
    let unknown = json!({ "waiting_token": "nobody" }).to_string();
    let answer = story.post("/api/v1/auth/signup/state").body("application/json", unknown).send().await;
    answer.is_api_error(404, "Record not found");
});

story!(accounts_through_app_answers_token_that_works_once_confirmed, |story| {
    let app = story.app("https://app.example/cb", "read write").await;
    let asked = [&[("grant_type", "client_credentials"), ("scope", "read write")][..], &app.credentials()].concat();
    let own = story.post("/oauth/token").form(&asked).send().await.is(200).json();
    let bearer = own["access_token"].as_str().expect("a text");
    let fields = [form("ada", "ada@example.com"), vec![("agreement", "1"), ("locale", "de")]].concat();
    let answer = story.post("/api/v1/accounts").bearer(bearer).form(&fields).send().await.is(200).json();
    assert_eq!((&answer["token_type"], &answer["scope"]), (&json!("Bearer"), &json!("read write")));
    let token = answer["access_token"].as_str().expect("a text");
    story.verify(token).await.is_api_error(403, "Your login is missing a confirmed e-mail address");
    let check = "/api/v1/emails/check_confirmation";
    assert_eq!(story.get(check).bearer(token).send().await.is(200).json(), json!(false));
    let mail = mails_to(&story, "ada@example.com", 1).await.remove(0);
    assert!(mail.contains("Content-Language: de") || mail.contains("Hallo ada"), "{mail}");
    let path = &format!("/register/confirm?token={}", after(&mail, "/register/confirm?token="));
    let mut jar = CookieJar::default();
    let question = form_token(&story, &mut jar, path).await;
    let secret = path.split_once('=').expect("a token").1;
    let confirm = [("form_token", question.as_str()), ("token", secret)];
    let answer = story.post("/register/confirm").cookies(&jar).form(&confirm).send().await.is(302);
    assert_eq!(answer.header("location"), "https://app.example/cb");
    assert_eq!(story.verify(token).await.is(200).json()["username"], "ada");
    assert_eq!(story.get(check).bearer(token).send().await.is(200).json(), json!(true));
    // The address is told to be taken here, as Mastodon does it.
    let again = [form("ada", "ADA@example.com"), vec![]].concat();
    let refused = story.post("/api/v1/accounts").bearer(bearer).form(&again).send().await.is(422).json();
    assert_eq!(
        refused["error"],
        "Validation failed: Agreement must be accepted, Username has already been taken, Email has already been taken"
    );
    assert_eq!(refused["details"]["email"], json!([{ "error": "ERR_TAKEN", "description": "has already been taken" }]));
    let person = story.post("/api/v1/accounts").bearer(token).form(&fields).send().await;
    person.is_api_error(403, "This method requires an client credentials authentication");
});

story!(sign_up_with_taken_address_looks_like_any_other, OPEN, |story| {
    let ada = story.person("ada").await;
    let free = sign_up(&story, "grace", "grace@example.com").await;
    let taken = sign_up(&story, "mallory", &ada.email).await;
    assert_eq!(free["state"], taken["state"]);
    let mail = mails_to(&story, &ada.email, 1).await.remove(0);
    assert!(mail.contains("already have an account") && !mail.contains("/register/confirm"), "{mail}");
    let token = taken["waiting_token"].as_str().expect("a text");
    assert_eq!(state(&story, token).await, "unconfirmed");
    // The account that waits can be given another address.
    let body = json!({ "waiting_token": token, "email": "mallory@example.com" }).to_string();
    story.post("/api/v1/auth/signup/email").body("application/json", body).send().await.is(200);
    mails_to(&story, "mallory@example.com", 1).await;
    // Sign-in by the address still finds its owner.
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), &ada.email, &ada.password).await.signed_in();
});

story!(sign_up_with_several_mistakes_tells_them_all_at_once, OPEN, |story| {
    let fields = [("username", "admin"), ("email", "nowhere"), ("password", "short"), ("invite_code", "")];
    let answer = story.post("/api/v1/auth/signup").form(&fields).send().await.is(422).json();
    assert_eq!(answer["details"]["username"][0]["error"], "ERR_RESERVED");
    assert_eq!(answer["details"]["email"][0]["error"], "ERR_INVALID");
    assert_eq!(answer["details"]["password"][0]["error"], "ERR_TOO_SHORT");
    let long = "x".repeat(31);
    let fields = [("username", long.as_str()), ("email", ""), ("password", "password1")];
    let answer = story.post("/api/v1/auth/signup").form(&fields).send().await.is(422).json();
    assert_eq!(answer["details"]["username"][0]["error"], "ERR_TOO_LONG");
    assert_eq!(answer["details"]["email"][0]["error"], "ERR_BLANK");
    assert_eq!(answer["details"]["password"][0]["error"], "ERR_INVALID");
    let twice = "username=a&username=b&email=a@example.com&password=x";
    let kind = "application/x-www-form-urlencoded";
    story.post("/api/v1/auth/signup").body(kind, twice).send().await.is(400);
    story.post("/api/v1/auth/signup").body("text/plain", "x").send().await.is(415);
    story.post("/api/v1/auth/signup").body("application/json", "{").send().await.is(400);
    story.post("/api/v1/auth/signup").body(kind, "x=".to_owned() + &"y".repeat(70_000)).send().await.is(413);
    story.call(reqwest::Method::PUT, "/api/v1/auth/signup").send().await.is(405);
});

story!(register_page_keeps_what_was_typed_and_shows_each_mistake, OPEN, |story| {
    let mut jar = CookieJar::default();
    let token = form_token(&story, &mut jar, "/register").await;
    let mut fields = form("ada!", "ada@example.com");
    fields.push(("form_token", &token));
    let answer = story.post("/register").cookies(&jar).form(&fields).send().await.is(422);
    assert!(answer.body.contains("must contain only letters") && answer.body.contains("value=\"ada!\""));
    assert!(!answer.body.contains("a calm evening") && answer.body.contains("aria-invalid"));
    fields.push(("homepage", "https://spam.example"));
    let answer = story.post("/register").cookies(&jar).form(&fields).send().await.is(422);
    assert!(answer.body.contains("Please leave this field empty."));
    let stale = [form("ada", "ada@example.com"), vec![("form_token", "old")]].concat();
    let answer = story.post("/register").cookies(&jar).form(&stale).send().await.is(422);
    assert!(answer.body.contains("value=\"ada\""), "{}", answer.body);
    let foreign = story.post("/register").cookies(&jar).header("origin", "https://evil.example").form(&fields);
    foreign.send().await.is(403);
    story.post("/register").cookies(&jar).body("application/json", "{}").send().await.is(415);
});

story!(sign_up_of_unconfirmed_account_is_swept_after_a_week, OPEN, |story| {
    let made = sign_up(&story, "ada", "ada@example.com").await;
    let token = made["waiting_token"].as_str().expect("a text");
    let (auth, accounts) = (&story.server().state().auth, &story.server().state().accounts);
    use lysand_auth::host::accounts::Accounts as _;
    story.advance_clock(Duration::from_secs(7 * 24 * 3600 - 60));
    lysand_auth::flows::sweep::sweep(auth).await.expect("an answer");
    assert!(accounts.by_identifier("ada").await.expect("an answer").is_some());
    story.advance_clock(Duration::from_secs(120));
    lysand_auth::flows::sweep::sweep(auth).await.expect("an answer");
    assert!(accounts.by_identifier("ada").await.expect("an answer").is_none());
    let body = json!({ "waiting_token": token }).to_string();
    story.post("/api/v1/auth/signup/state").body("application/json", body).send().await.is(404);
    // Name and address are free again.
    sign_up(&story, "ada", "ada@example.com").await;
});

story!(twenty_sign_ups_of_one_name_at_once_make_one_account, OPEN, |story| {
    let attempts = (0..20).map(|number| {
        let (email, name) = (format!("a{number}@example.com"), if number % 2 == 0 { "kim_1" } else { "kiml" });
        let request = story.post("/api/v1/auth/signup").form(&form(name, &email));
        request.send()
    });
    let answers = futures_util::future::join_all(attempts).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.status, 422, "{}", answer.body);
        assert_eq!(answer.json()["details"]["username"][0]["error"], "ERR_TAKEN");
    }
});

story!(register_with_the_hidden_field_filled_makes_nobody_and_shows_the_field, OPEN, |story| {
    use lysand_auth::host::accounts::Accounts as _;
    let mut jar = CookieJar::default();
    let token = form_token(&story, &mut jar, "/register").await;
    let hidden = [form("ada", "ada@example.com"), vec![("form_token", &*token), ("homepage", "https://spam.example")]];
    let refused = story.post("/register").cookies(&jar).form(&hidden.concat()).send().await.is(422);
    assert!(refused.body.contains("Please leave this field empty."));
    assert!(story.server().state().accounts.by_identifier("ada").await.expect("an answer").is_none());
    // Whoever empties it goes on.
    let fields = [form("ada", "ada@example.com"), vec![("form_token", &*token), ("homepage", "")]].concat();
    story.post("/register").cookies(&jar).form(&fields).send().await.is(302);
});
