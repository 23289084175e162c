//! Changing the password, and setting the first one; the scopes `auth:read` and `auth:write`.

use std::time::Duration;

use lysand_auth::host::accounts::{Accounts as _, Email, NewAccount};
use serde_json::{Value, json};
use tests::Person;
use tests::story;
use tests::story::{App, CookieJar, Response, SignedIn, Story, query_of};

use super::{after, form_token, mail_with, mails_to};

const NEW: &str = "quite another sentence";
const PAGE: &str = "/account/password";

/// A browser with this session.
fn browser(signed_in: &SignedIn) -> CookieJar {
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &signed_in.cookie);
    jar
}

/// Posts the form of the page.
async fn post(story: &Story, jar: &mut CookieJar, fields: &[(&str, &str)]) -> Response {
    let token = form_token(story, jar, PAGE).await;
    let fields = [fields, &[("form_token", &token)]].concat();
    story.post(PAGE).cookies(jar).form(&fields).send().await
}

/// Changes the password by JSON.
async fn change(story: &Story, token: &str, body: Value) -> Response {
    story.post("/api/v1/auth/password").bearer(token).json(&body).send().await
}

/// An app that may change the account itself.
async fn account_app(story: &Story) -> App {
    story.app("https://keys.example/cb", "read auth:read auth:write").await
}

async fn signs_in(story: &Story, person: &Person, password: &str) -> bool {
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), &person.username, password).await.is(302).cookie("jwt").is_some()
}

story!(password_page_changes_it_and_spares_this_browser_alone, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let (here, elsewhere) = (story.sign_in(&ada, &app).await, story.sign_in(&ada, &app).await);
    let answer = story.get(PAGE).send().await.is(302);
    assert_eq!(answer.location().path(), "/account/sign-in");
    assert_eq!(query_of(&answer.location(), "return_to").as_deref(), Some(PAGE));
    let well_known = story.get("/.well-known/change-password").send().await.is(302);
    assert_eq!(well_known.location().path(), PAGE);
    let mut jar = browser(&here);
    for (fields, words) in [
        (vec![("current_password", "wrong"), ("password", NEW)], "This is not the password of the account"),
        (vec![("current_password", ""), ("password", NEW)], "can&#39;t be blank"),
        (vec![("current_password", &*ada.password), ("password", "short")], "is too short"),
        (vec![("current_password", &*ada.password), ("password", &*ada.password)], "is the one you have"),
    ] {
        let refused = post(&story, &mut jar, &fields).await.is(422);
        assert!(refused.body.contains(words), "{words}: {}", refused.body);
        assert!(!refused.body.contains(&ada.password) && refused.body.contains("aria-invalid"));
    }
    let answer = post(&story, &mut jar, &[("current_password", &ada.password), ("password", NEW)]).await.is(302);
    assert_eq!(answer.header("location"), format!("{}{PAGE}?notice=changed", story.base()));
    let old = here.cookie.clone();
    jar.keep(&answer);
    assert!(jar.get("jwt").is_some_and(|cookie| cookie != old), "this session has another id");
    let shown = story.get("/account/password?notice=changed").cookies(&jar).send().await.is(200);
    assert!(shown.body.contains("Your password is changed"));
    for ended in [&here, &elsewhere] {
        assert_eq!(story.client().is_signed_in(ended, &app).await, Some(false));
    }
    story.verify(&token).await.is(401);
    assert!(!signs_in(&story, &ada, &ada.password).await && signs_in(&story, &ada, NEW).await);
    mail_with(&story, &ada.email, "was changed").await;
});

story!(password_change_by_token_spares_the_token_and_its_session, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let other = story.token(&ada, &story.usual_app().await).await;
    let elsewhere = story.sign_in(&ada, &app).await;
    let here = story.sign_in(&ada, &app).await;
    let code = story.consent(&here, &app).await;
    let answer = story.redeem(&app, &code).await.is(200).json();
    let token = answer["access_token"].as_str().expect("a value");
    change(&story, token, json!({ "current_password": "wrong", "password": NEW }))
        .await
        .is_api_error(403, "This is not the password of the account");
    let answer = change(&story, token, json!({ "password": NEW })).await.is(422).json();
    assert_eq!(answer["details"]["current_password"][0]["error"], "ERR_BLANK");
    let same = json!({ "current_password": ada.password, "password": ada.password });
    let answer = change(&story, token, same).await.is(422).json();
    assert_eq!(answer["details"]["password"][0]["description"], "is the one you have");
    let body = json!({ "current_password": ada.password, "password": NEW });
    let answer = change(&story, token, body.clone()).await.is(200);
    assert_eq!((answer.json(), answer.header("cache-control")), (json!({}), "no-store"));
    story.verify(token).await.is(200);
    story.verify(&other).await.is(401);
    let usual = story.usual_app().await;
    assert_eq!(story.client().is_signed_in(&here, &usual).await, Some(true));
    assert_eq!(story.client().is_signed_in(&elsewhere, &usual).await, Some(false));
    change(&story, token, body).await.is_api_error(403, "This is not the password of the account");
});

story!(password_change_needs_auth_write_and_no_wider_scope_has_it, |story| {
    let ada = story.person("ada").await;
    let body = json!({ "current_password": ada.password, "password": NEW });
    let everything = story.app("https://all.example/cb", "read write follow push profile auth:read").await;
    let token = story.token(&ada, &everything).await;
    change(&story, &token, body.clone()).await.is_api_error(403, "This action is outside the authorized scopes");
    story.post("/api/v1/auth/password").json(&body).send().await.is(401);
    assert!(signs_in(&story, &ada, &ada.password).await);
});

story!(consent_to_auth_write_is_never_skipped_and_says_what_it_means, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let signed_in = story.sign_in(&ada, &app).await;
    let code = story.consent(&signed_in, &app).await;
    story.redeem(&app, &code).await.is(200);
    // Whoever comes again is asked again, where any other app would go on at once.
    let again =
        story.get(&format!("/oauth/authorize?{}", app.authorize_query())).session(&signed_in).send().await.is(302);
    assert_eq!(again.location().path(), "/oauth/consent");
    let page = story.get(again.header("location").trim_start_matches(story.base())).session(&signed_in).send().await;
    assert!(page.body.contains("change your password and e-mail address"), "{}", page.body);
    assert!(page.body.contains("take over your account"));
    let reading = story.app("https://reads.example/cb", "read auth:read").await;
    let code = story.consent(&story.sign_in(&ada, &reading).await, &reading).await;
    story.redeem(&reading, &code).await.is(200);
    let again = story.get(&format!("/oauth/authorize?{}", reading.authorize_query())).session(&signed_in).send().await;
    assert_eq!(again.is(302).location().host_str(), Some("reads.example"));
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let scopes = story.get(path).send().await.is(200).json()["scopes_supported"].clone();
        for scope in ["auth:read", "auth:write"] {
            assert!(scopes.as_array().expect("a value").contains(&json!(scope)), "{path}");
        }
    }
    // An app by itself has no account.
    let asked = [&[("grant_type", "client_credentials"), ("scope", "auth:read")][..], &app.credentials()].concat();
    let answer = story.post("/oauth/token").form(&asked).send().await.is(400).json();
    assert_eq!(answer["error"], "invalid_scope");
});

const LIMITED: &[(&str, &str)] = &[("ratelimit.enabled", "true"), ("ratelimit.login_session.max", "3")];

story!(password_guesses_are_limited_by_session_and_by_token, LIMITED, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let wrong = json!({ "current_password": "wrong", "password": NEW });
    for _ in 0..3 {
        change(&story, &token, wrong.clone()).await.is(403);
    }
    let right = json!({ "current_password": ada.password, "password": NEW });
    let answer = change(&story, &token, right.clone()).await.is(429);
    assert!(answer.header("retry-after").parse::<u64>().is_ok());
    // What one token does is no other's fault.
    let other = story.token(&ada, &app).await;
    change(&story, &other, right).await.is(200);
});

story!(first_password_needs_fresh_sign_in_or_mailed_link, |story| {
    let person = Person::named("ada");
    let (auth, accounts) = (&story.server().state().auth, &story.server().state().accounts);
    let new = NewAccount::new(&*person.username).with_email(Email { address: person.email.clone(), confirmed: true });
    let account = accounts.create(new).await.expect("a value");
    let cookie = lysand_auth::testing::sign_in(auth, &account).await.expect("a value");
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", cookie.cookie().expose());
    let page = story.get(PAGE).cookies(&jar).send().await.is(200);
    assert!(!page.body.contains("current_password") && page.body.contains("name=\"password\""), "{}", page.body);
    story.advance_clock(Duration::from_secs(301));
    let page = story.get(PAGE).cookies(&jar).send().await.is(200);
    assert!(!page.body.contains("name=\"password\""), "{}", page.body);
    let refused = post(&story, &mut jar, &[("password", NEW)]).await.is(422);
    assert!(refused.body.contains("Please confirm that it is you"));
    post(&story, &mut jar, &[("do", "link")]).await.is(302);
    let mail = mails_to(&story, &person.email, 1).await.remove(0);
    let secret = after(&mail, "/oauth/reset?token=").to_owned();
    let body = json!({ "token": secret, "password": NEW });
    story.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
    assert!(signs_in(&story, &person, NEW).await);
});

const SESSIONS: &[(&str, &str)] = &[("password.change_ends", "sessions")];

story!(password_change_may_let_apps_live_where_configured_and_reset_never, SESSIONS, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let pair = story.token_pair(&ada, &story.expiring_app().await).await;
    let mut jar = browser(&story.sign_in(&ada, &app).await);
    let page = story.get(PAGE).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("name=\"sign_out_apps\" value=\"1\" checked"), "{}", page.body);
    let answer = post(&story, &mut jar, &[("current_password", &ada.password), ("password", NEW)]).await.is(302);
    jar.keep(&answer);
    story.verify(&token).await.is(200);
    story.verify(&pair.access).await.is(401);
    let fields = [("current_password", NEW), ("password", "a third sentence"), ("sign_out_apps", "1")];
    post(&story, &mut jar, &fields).await.is(302);
    story.verify(&token).await.is(401);
});

story!(password_changes_at_the_same_moment_succeed_once, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(story.token(&ada, &app).await);
    }
    let passwords: Vec<String> = (0..6).map(|number| format!("another sentence {number}")).collect();
    let tries = tokens.iter().zip(&passwords).map(|(token, password)| {
        change(&story, token, json!({ "current_password": ada.password, "password": password }))
    });
    let answers = futures_util::future::join_all(tries).await;
    let won: Vec<usize> =
        answers.iter().enumerate().filter(|(_, answer)| answer.status == 200).map(|(number, _)| number).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert!(answer.status == 401 || answer.status == 403, "{}", answer.status);
    }
    assert!(signs_in(&story, &ada, &passwords[won[0]]).await);
});

story!(password_change_and_reset_at_the_same_moment_leave_one_password, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    for round in 0..4 {
        let old = if round == 0 { ada.password.clone() } else { current_of(&story, &ada, round - 1).await };
        let person = Person { password: old.clone(), ..ada.clone() };
        let token = story.token(&person, &app).await;
        story.advance_clock(Duration::from_secs(3_700));
        let body = json!({ "identifier": ada.username });
        story.post("/api/v1/auth/password/forgot").json(&body).send().await.is(200);
        let secret = newest_link(&story, &ada).await;
        let (changed, reset) = (format!("changed sentence {round}"), format!("chosen sentence {round}"));
        let body = json!({ "token": secret, "password": reset });
        let (change, chosen) = futures_util::future::join(
            change(&story, &token, json!({ "current_password": old, "password": changed })),
            story.post("/api/v1/auth/password/reset").json(&body).send(),
        )
        .await;
        let (won_change, won_reset) = (change.status == 200, chosen.status == 200);
        assert!(won_change != won_reset, "{} {}", change.status, chosen.status);
        assert!(signs_in(&story, &ada, if won_reset { &reset } else { &changed }).await);
        assert!(!signs_in(&story, &ada, if won_reset { &changed } else { &reset }).await);
    }
});

async fn current_of(story: &Story, person: &Person, round: usize) -> String {
    let changed = format!("changed sentence {round}");
    if signs_in(story, person, &changed).await { changed } else { format!("chosen sentence {round}") }
}

async fn newest_link(story: &Story, person: &Person) -> String {
    for mail in mails_to(story, &person.email, 1).await.iter().filter(|mail| mail.contains("/oauth/reset?token=")) {
        let token = after(mail, "/oauth/reset?token=").to_owned();
        if story.get(&format!("/oauth/reset?token={token}")).send().await.status == 200 {
            return token;
        }
    }
    panic!("no link counts");
}

story!(password_changes_with_one_token_at_the_same_moment_succeed_once, |story| {
    // The token outlives the change that it makes, so that it is the old password alone that counts once.
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let token = story.token(&ada, &app).await;
    let passwords: Vec<String> = (0..6).map(|number| format!("another sentence {number}")).collect();
    let tries = passwords
        .iter()
        .map(|password| change(&story, &token, json!({ "current_password": ada.password, "password": password })));
    let answers = futures_util::future::join_all(tries).await;
    let won: Vec<usize> =
        answers.iter().enumerate().filter(|(_, answer)| answer.status == 200).map(|(number, _)| number).collect();
    assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 403));
    assert!(signs_in(&story, &ada, &passwords[won[0]]).await);
});
