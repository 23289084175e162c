//! A forgotten password, and one that staff demand (Lysand §12.6).

use std::time::Duration;

use lysand_auth::flows::events::Actor;
use lysand_auth::flows::outbox;
use lysand_auth::flows::reset::{self, Demanded};
use lysand_auth::host::accounts::{Accounts as _, Email, NewAccount, Standing};
use serde_json::json;
use tests::person::Person;
use tests::story;
use tests::story::{CookieJar, Story, query_of};

use super::{after, form_token, mails_to, sign_up};

const NEW: &str = "quite another sentence";
const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];
const FRONTEND: &[(&str, &str)] = &[("frontend.mode", "redirect"), ("frontend.url", "https://fe.example")];
const WORKERS: &[(&str, &str)] = &[("http.workers", "2")];
const SENT: &str = "If there is an account with this name or address, a mail with a link is on its way.";

/// Asks for a link by JSON.
async fn forgot(story: &Story, identifier: &str) {
    let body = json!({ "identifier": identifier }).to_string();
    let answer = story.post("/api/v1/auth/password/forgot").body("application/json", body).send().await.is(200);
    assert_eq!(answer.json(), json!({ "message": SENT }));
}

/// The token of the newest of so many mails with a link to a new password.
async fn token_in_mail(story: &Story, address: &str, number: usize) -> String {
    let mails: Vec<String> = mails_to(story, address, number).await;
    let links: Vec<&String> = mails.iter().filter(|mail| mail.contains("/oauth/reset?token=")).collect();
    after(links.last().expect("a link"), "/oauth/reset?token=").to_owned()
}

/// Asks for a link and answers with its token.
async fn asked(story: &Story, person: &Person) -> String {
    forgot(story, &person.username).await;
    token_in_mail(story, &person.email, 1).await
}

/// Sets a new password by JSON.
async fn set(story: &Story, token: &str, password: &str) -> tests::http::Response {
    let body = json!({ "token": token, "password": password }).to_string();
    story.post("/api/v1/auth/password/reset").body("application/json", body).send().await
}

/// Whether the password signs somebody in.
async fn signs_in(story: &Story, person: &Person, password: &str) -> bool {
    let app = story.usual_app().await;
    let answer = story.log_in(&app.authorize_query(), &person.username, password).await.is(302);
    answer.cookie("jwt").is_some()
}

story!(forgot_page_leads_by_mail_to_new_password_and_ends_everything, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let expiring = story.expiring_app().await;
    let pair = story.token_pair(&ada, &expiring).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let code = story.consent(&signed_in, &app).await;
    let mut jar = CookieJar::default();
    let sign_in_page = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).cookies(&jar).send().await;
    assert!(sign_in_page.body.contains("/account/forgot?"), "{}", sign_in_page.body);
    let page = format!("/account/forgot?{}", app.authorize_query());
    let form = form_token(&story, &mut jar, &page).await;
    let fields = [("form_token", form.as_str()), ("identifier", ada.email.as_str())];
    let answer = story.post(&page).cookies(&jar).form(&fields).send().await.is(302);
    jar.keep(&answer);
    assert_eq!(answer.location().path(), "/account/forgot");
    assert_eq!(query_of(&answer.location(), "notice").as_deref(), Some("sent"));
    let shown =
        story.get(answer.header("location").trim_start_matches(story.base())).cookies(&jar).send().await.is(200);
    assert!(shown.body.contains(SENT) && shown.body.contains(&app.client_id), "{}", shown.body);

    // Nothing has changed so far.
    assert!(signs_in(&story, &ada, &ada.password).await);
    let secret = token_in_mail(&story, &ada.email, 1).await;
    let path = format!("/oauth/reset?token={secret}");
    let form = form_token(&story, &mut jar, &path).await;
    let shown = story.get(&path).cookies(&jar).send().await.is(200);
    assert_eq!((shown.header("referrer-policy"), shown.header("cache-control")), ("no-referrer", "private, no-store"));
    assert!(shown.body.contains("@ada") && secret.len() == 64);
    let fields = [("form_token", form.as_str()), ("token", &secret), ("password", "short")];
    let refused = story.post("/api/auth/reset").cookies(&jar).form(&fields).send().await.is(422);
    assert!(refused.body.contains("is too short") && refused.body.contains(&secret), "{}", refused.body);
    let fields = [("form_token", form.as_str()), ("token", &secret), ("password", NEW)];
    let answer = story.post("/api/auth/reset").cookies(&jar).form(&fields).send().await.is(302);
    assert_eq!(answer.header("location"), format!("{}/oauth/reset?success=true", story.base()));
    assert!(answer.cookie("jwt").is_none());
    let done = story.get("/oauth/reset?success=true").cookies(&jar).send().await.is(200);
    assert!(done.body.contains("Sign in to go on") && done.body.contains(&app.client_id), "{}", done.body);

    // Everything from before is over; nothing is left to use.
    assert!(!signs_in(&story, &ada, &ada.password).await && signs_in(&story, &ada, NEW).await);
    story.verify(&token).await.is(401);
    story.verify(&pair.access).await.is(401);
    story.refresh(&expiring, &pair.refresh).await.is(400);
    story.redeem(&app, &code).await.is(400);
    assert_eq!(story.client().is_signed_in(&signed_in, &app).await, Some(false));
    story.get(&path).cookies(&jar).send().await.is(410);
    let again = story.post("/api/auth/reset").cookies(&jar).form(&fields).send().await.is(410);
    assert!(again.body.contains("/account/forgot"));
    let told = mails_to(&story, &ada.email, 2).await;
    assert!(told.iter().any(|mail| mail.contains("was changed")), "{told:?}");
});

story!(reset_routes_answer_frontends_as_lysand_documents_them, |story| {
    let ada = story.person("ada").await;
    let secret = asked(&story, &ada).await;
    let page = format!("{}/oauth/reset", story.base());
    for (form, error, description) in [
        (vec![("token", "nobody"), ("password", NEW)], "invalid_token", "Invalid token"),
        (
            vec![("token", &*secret), ("password", NEW), ("password2", "another sentence")],
            "password_mismatch",
            "Passwords do not match",
        ),
        (
            vec![("token", &*secret), ("password", NEW), ("password-confirm", "another sentence")],
            "password_mismatch",
            "Passwords do not match",
        ),
        (
            vec![("token", &*secret), ("password", "short")],
            "invalid_password",
            "Password is too short (minimum is 8 characters)",
        ),
    ] {
        let answer = story.post("/api/auth/reset").form(&form).send().await.is(302).location();
        assert!(answer.as_str().starts_with(&page), "{answer}");
        assert_eq!(query_of(&answer, "error").as_deref(), Some(error));
        assert_eq!(query_of(&answer, "error_description").as_deref(), Some(description));
        assert_eq!(query_of(&answer, "token").as_deref(), Some(form[0].1));
    }
    for form in [vec![("token", &*secret)], vec![("password", NEW)], vec![("token", ""), ("password", NEW)]] {
        story.post("/api/auth/reset").form(&form).send().await.is(422);
    }
    let foreign = [("token", &*secret), ("password", NEW)];
    story.post("/api/auth/reset").header("origin", "https://evil.example").form(&foreign).send().await.is(403);
    let form = [("token", &*secret), ("password", NEW), ("password2", NEW)];
    let answer = story.post("/api/auth/reset").form(&form).send().await.is(302);
    assert_eq!(answer.header("location"), format!("{page}?success=true"));
    // Once.
    let answer = story.post("/api/auth/reset").form(&form).send().await.is(302).location();
    assert_eq!(query_of(&answer, "error").as_deref(), Some("invalid_token"));
    assert_eq!(story.get("/oauth/reset").send().await.is(302).location().path(), "/account/forgot");
    assert!(signs_in(&story, &ada, NEW).await);
});

story!(reset_page_in_frontend_mode_is_the_frontends, FRONTEND, |story| {
    let ada = story.person("ada").await;
    forgot(&story, &ada.email).await;
    let mail = mails_to(&story, &ada.email, 1).await.remove(0);
    let secret = after(&mail, "https://fe.example/oauth/reset?token=").to_owned();
    let answer = story.get(&format!("/oauth/reset?token={secret}")).send().await.is(302);
    assert_eq!(answer.header("location"), format!("https://fe.example/oauth/reset?token={secret}"));
    let form = [("token", &*secret), ("password", NEW), ("form_token", "whatever")];
    let wrong = [("token", "nobody"), ("password", NEW)];
    let answer = story.post("/api/auth/reset").form(&wrong).send().await.is(302);
    assert!(answer.header("location").starts_with("https://fe.example/oauth/reset?error=invalid_token&"));
    let answer = story.post("/api/auth/reset").form(&form[..2]).send().await.is(302);
    assert_eq!(answer.header("location"), "https://fe.example/oauth/reset?success=true");
});

story!(reset_by_json_tells_what_is_wrong_and_keeps_the_token, |story| {
    let ada = story.person("ada").await;
    let secret = asked(&story, &ada).await;
    set(&story, "nobody", NEW).await.is_api_error(400, "Invalid token");
    set(&story, "", NEW).await.is_api_error(400, "Invalid token");
    for (password, code) in [
        ("", "ERR_BLANK"),
        ("short", "ERR_TOO_SHORT"),
        (&*"x".repeat(129), "ERR_TOO_LONG"),
        ("password1", "ERR_INVALID"),
        ("ada@people.example", "ERR_INVALID"),
    ] {
        let refused = set(&story, &secret, password).await.is(422).json();
        assert_eq!(refused["details"]["password"][0]["error"], code, "{password}");
    }
    assert_eq!(set(&story, &secret, NEW).await.is(200).json(), json!({}));
    set(&story, &secret, NEW).await.is_api_error(400, "Invalid token");
    let kind = "application/json";
    story.post("/api/v1/auth/password/reset").body("text/plain", "x").send().await.is(415);
    story.post("/api/v1/auth/password/reset").body(kind, "{").send().await.is(400);
    story.post("/api/v1/auth/password/forgot").body(kind, "{}").send().await.is(422);
    let list = json!({ "identifier": ["ada"] }).to_string();
    let answer = story.post("/api/v1/auth/password/forgot").body(kind, list).send().await;
    assert!(answer.status == 400 || answer.status == 422, "{}", answer.status);
    story.get("/api/v1/auth/password/forgot").send().await.is(405);
});

story!(forgot_answers_the_same_for_every_state_of_an_account, OPEN, |story| {
    let (ada, bob) = (story.person("ada").await, story.person("bob").await);
    sign_up(&story, "grace", "grace@example.com").await;
    let waiting = mails_to(&story, "grace@example.com", 1).await.len();
    let id = story.account(&bob).await.id;
    story.server().state().accounts.set_standing(&id, Standing::Disabled).await.expect("a value");
    let mut answers = Vec::new();
    for identifier in [&*ada.username, &*ada.email, &*bob.username, "grace", "nobody", "nobody@example.com", "@ada"] {
        let body = json!({ "identifier": identifier }).to_string();
        let answer = story.post("/api/v1/auth/password/forgot").body("application/json", body).send().await;
        answers.push((answer.status, answer.body.clone(), answer.header("set-cookie").to_owned()));
        let mut jar = CookieJar::default();
        let form = form_token(&story, &mut jar, "/account/forgot").await;
        let fields = [("form_token", form.as_str()), ("identifier", identifier)];
        let answer = story.post("/account/forgot").cookies(&jar).form(&fields).send().await;
        answers.push((answer.status, answer.header("location").to_owned(), answer.header("set-cookie").to_owned()));
    }
    assert!(answers.chunks(2).all(|pair| pair == &answers[..2]), "{answers:?}");
    let mails = story.mail().await;
    let to = |address: &str| mails.iter().filter(|mail| mail.contains(&format!("To: {address}"))).count();
    assert!(to(&ada.email) > 0 && to("grace@example.com") > waiting);
    assert_eq!((to(&bob.email), to("nobody@example.com")), (0, 0));
    // As many rows of the outbox, whoever is asked for.
    let auth = &story.server().state().auth;
    let rows = outbox::list(auth, None, 100).await.expect("a value");
    assert_eq!(rows.len(), waiting + answers.len(), "{rows:?}");
});

story!(forgot_link_is_replaced_by_newer_one_and_dies_with_time, |story| {
    let ada = story.person("ada").await;
    let first = asked(&story, &ada).await;
    story.advance_clock(Duration::from_secs(60));
    forgot(&story, &ada.username).await;
    let mails = mails_to(&story, &ada.email, 2).await;
    let second = mails
        .iter()
        .map(|mail| after(mail, "/oauth/reset?token=").to_owned())
        .find(|token| *token != first)
        .expect("another token");
    set(&story, &first, NEW).await.is_api_error(400, "Invalid token");
    story.advance_clock(Duration::from_secs(3_599));
    assert_eq!(story.get(&format!("/oauth/reset?token={second}")).send().await.status, 200);
    story.advance_clock(Duration::from_secs(2));
    set(&story, &second, NEW).await.is_api_error(400, "Invalid token");
    assert!(signs_in(&story, &ada, &ada.password).await);
});

story!(forgot_of_account_without_password_sets_one, |story| {
    let ada = Person::named("ada");
    let accounts = &story.server().state().accounts;
    let new = NewAccount::new(&*ada.username).with_email(Email { address: ada.email.clone(), confirmed: true });
    let account = accounts.create(new).await.expect("a value");
    assert!(!accounts.has_password(&account.id).await.expect("a value"));
    let secret = asked(&story, &ada).await;
    set(&story, &secret, NEW).await.is(200);
    assert!(signs_in(&story, &ada, NEW).await);
});

const LIMITED: &[(&str, &str)] = &[("ratelimit.enabled", "true"), ("ratelimit.forgot_address.max", "3")];

story!(forgot_is_limited_by_network_and_never_by_account, LIMITED, |story| {
    let ada = story.person("ada").await;
    for identifier in [&*ada.username, "nobody", &*ada.username] {
        forgot(&story, identifier).await;
    }
    let body = json!({ "identifier": ada.username }).to_string();
    let answer = story.post("/api/v1/auth/password/forgot").body("application/json", body).send().await.is(429);
    assert!(answer.header("retry-after").parse::<u64>().is_ok());
});

story!(reset_by_one_link_at_the_same_moment_succeeds_once, |story| {
    let ada = story.person("ada").await;
    let secret = asked(&story, &ada).await;
    let passwords: Vec<String> = (0..20).map(|number| format!("another sentence {number}")).collect();
    let tries = passwords.iter().map(|password| set(&story, &secret, password));
    let answers = futures_util::future::join_all(tries).await;
    let won: Vec<usize> =
        answers.iter().enumerate().filter(|(_, answer)| answer.status == 200).map(|(number, _)| number).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 400));
    assert!(signs_in(&story, &ada, &passwords[won[0]]).await);
    let told = mails_to(&story, &ada.email, 2).await;
    assert_eq!(told.iter().filter(|mail| mail.contains("was changed")).count(), 1);
});

story!(sign_in_with_old_password_during_reset_leaves_no_session_behind, WORKERS, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query();
    for round in 0..4 {
        let old = if round == 0 { ada.password.clone() } else { format!("another sentence {round}") };
        let new = format!("another sentence {}", round + 1);
        story.advance_clock(Duration::from_secs(3_700));
        forgot(&story, &ada.username).await;
        let secret = newest_token(&story, &ada).await;
        let sign_ins = (0..6).map(|_| story.log_in(&query, &ada.username, &old));
        let (done, signed_in) =
            futures_util::future::join(set(&story, &secret, &new), futures_util::future::join_all(sign_ins)).await;
        done.is(200);
        for answer in signed_in {
            if answer.cookie("jwt").is_none() {
                continue;
            }
            // It came before, and is over now.
            let signed_in = answer.signed_in();
            assert_eq!(story.client().is_signed_in(&signed_in, &app).await, Some(false), "round {round}");
        }
    }
});

/// The token of the one link that still counts.
async fn newest_token(story: &Story, person: &Person) -> String {
    let mails = mails_to(story, &person.email, 1).await;
    for mail in mails.iter().filter(|mail| mail.contains("/oauth/reset?token=")) {
        let token = after(mail, "/oauth/reset?token=").to_owned();
        if story.get(&format!("/oauth/reset?token={token}")).send().await.status == 200 {
            return token;
        }
    }
    panic!("no link counts");
}

story!(passwords_are_absent_where_only_providers_sign_in, |story| {
    let (story, _provider) = story.with_provider(&[]).await;
    let story = story.restart(&[("oidc.forced", "true")]).await;
    let app = story.usual_app().await;
    let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).send().await;
    assert!(!page.body.contains("/account/forgot"));
    story.get("/account/forgot").send().await.is(404);
    story.get("/oauth/reset?token=x").send().await.is(404);
    let body = json!({ "identifier": "ada" }).to_string();
    story.post("/api/v1/auth/password/forgot").body("application/json", body).send().await.is(404);
    set(&story, "x", NEW).await.is(404);
});

story!(demanded_reset_stops_the_password_until_a_new_one_is_set, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    let demand = reset::demand(auth, &account, Demanded::Now, Actor::Command).await.expect("a value");
    let link = demand.link.expect("a link");
    assert!(demand.mailed);
    story.verify(&token).await.is(401);
    let wrong = story.log_in(&app.authorize_query(), &ada.username, "wrong").await.is(302);
    let right = story.log_in(&app.authorize_query(), &ada.username, &ada.password).await.is(302);
    assert_eq!(right.header("location"), wrong.header("location"));
    assert!(right.cookie("jwt").is_none());
    // Both links count, the printed one and the mailed one, until one of them is used.
    let mailed = token_in_mail(&story, &ada.email, 1).await;
    let printed = after(link.expose(), "?token=").to_owned();
    assert_ne!(mailed, printed);
    let page = story.get(&format!("/oauth/reset?token={mailed}")).send().await.is(200);
    assert!(page.body.contains("ask you for a new password"), "{}", page.body);
    set(&story, &printed, NEW).await.is(200);
    set(&story, &mailed, NEW).await.is(400);
    assert!(signs_in(&story, &ada, NEW).await);
});

story!(reset_at_next_sign_in_leads_right_password_to_new_one, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    let demand = reset::demand(auth, &account, Demanded::AtNextSignIn, Actor::Command).await.expect("a value");
    assert!(demand.link.is_none() && !demand.mailed);
    let wrong = story.log_in(&app.authorize_query(), &ada.username, "wrong").await.is(302).location();
    assert!(query_of(&wrong, "token").is_none());
    let answer = story.log_in(&app.authorize_query(), &ada.username, &ada.password).await.is(302);
    assert!(answer.cookie("jwt").is_none());
    let location = answer.location();
    assert_eq!((location.path(), query_of(&location, "login_reset").as_deref()), ("/oauth/reset", Some("true")));
    let secret = query_of(&location, "token").expect("a token");
    set(&story, &secret, NEW).await.is(200);
    assert!(signs_in(&story, &ada, NEW).await);
    // The short-lived link of another sign-in dies after ten minutes.
    let account = story.account(&ada).await;
    reset::demand(auth, &account, Demanded::AtNextSignIn, Actor::Command).await.expect("a value");
    let location = story.log_in(&app.authorize_query(), &ada.username, NEW).await.is(302).location();
    story.advance_clock(Duration::from_secs(601));
    set(&story, &query_of(&location, "token").expect("a value"), "a third sentence").await.is(400);
});
