//! Refusals cost no write, outsiders cannot multiply counters, and nobody's failures lock others out (faults F3, F5, F14).

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::sessions::{self, Browser, OwnProof};
use lysand_auth::secret::Secret;
use tests::story;
use tests::story::{App, Response, Story};

use crate::database::facts;

const ON: (&str, &str) = ("ratelimit.enabled", "true");

async fn counters(story: &Story) -> Vec<String> {
    let counters = "SELECT rule || ' ' || CAST(count AS TEXT) AS fact FROM auth_throttle ORDER BY rule, count";
    facts(story.server().state().auth.store(), counters).await
}

async fn log_in_from(story: &Story, app: &App, address: &str, identifier: &str, password: &str) -> Response {
    let path = format!("/api/auth/login?{}", app.authorize_query());
    let form = [("identifier", identifier), ("password", password)];
    story.post(&path).header("x-forwarded-for", address).form(&form).send().await
}

story!(
    login_refused_by_rate_limit_writes_nothing,
    &[ON, ("ratelimit.login_address.max", "3"), ("ratelimit.apps.max", "2"), ("ratelimit.token_failures.max", "2")],
    |story| {
        let app = story.usual_app().await;
        let tries = (0..30).map(|_| log_in_from(&story, &app, "192.0.2.1", "nobody", "wrong"));
        let answers = futures_util::future::join_all(tries).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 27);
        let before = counters(&story).await;
        assert_eq!(before[1], "login_account 3", "{before:?}");
        for _ in 0..20 {
            log_in_from(&story, &app, "192.0.2.1", "nobody", "wrong").await.is(429);
            let form = [("client_name", "Many"), ("redirect_uris", "https://a.example/")];
            story.post("/api/v1/apps").header("x-forwarded-for", "192.0.2.1").form(&form).send().await;
            let form =
                [("grant_type", "client_credentials"), ("client_id", &app.client_id), ("client_secret", "wrong")];
            story.post("/oauth/token").header("x-forwarded-for", "192.0.2.1").form(&form).send().await;
        }
        let after = counters(&story).await;
        assert_eq!(after, ["apps 1", "apps 3", "login_account 3", &before[2], "token_failures 2"]);
    }
);

story!(token_failures_with_invented_clients_share_one_counter, &[ON], |story| {
    let app = story.usual_app().await;
    let ask = async |client: &str, secret: &str| {
        let form = [("grant_type", "client_credentials"), ("client_id", client), ("client_secret", secret)];
        story.post("/oauth/token").form(&form).send().await
    };
    for number in 0..60 {
        ask(&format!("invented-{number}"), "x").await.is(401);
    }
    for number in 60..90 {
        let answer = ask(&format!("invented-{number}"), "x").await.is(429);
        assert!(answer.header("retry-after").parse::<u32>().is_ok());
    }
    ask(&app.client_id, "wrong").await.is(401);
    ask(&app.client_id, &app.client_secret).await.is(200);
    assert_eq!(counters(&story).await, ["apps 1", "token_failures 1", "token_failures 61"]);
});

story!(
    login_failures_count_for_the_account_however_it_is_spelled,
    &[ON, ("ratelimit.login_account.max", "4")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let spellings = ["ada", " ADA ", &ada.email, "Ada"];
        for (number, identifier) in spellings.into_iter().enumerate() {
            log_in_from(&story, &app, &format!("192.0.2.{number}"), identifier, "wrong").await.is(302);
        }
        for identifier in ["ada", &ada.email] {
            log_in_from(&story, &app, "192.0.2.9", identifier, &ada.password).await.is(429);
        }
        log_in_from(&story, &app, "192.0.2.9", "bob", "wrong").await.is(302);
    }
);

story!(
    login_failures_refused_for_their_address_do_not_count_for_the_account,
    &[ON, ("ratelimit.login_account.max", "4"), ("ratelimit.login_address.max", "2")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        for number in 0..20 {
            let status = if number < 2 { 302 } else { 429 };
            log_in_from(&story, &app, "192.0.2.1", "ada", "wrong").await.is(status);
        }
        let answer = log_in_from(&story, &app, "192.0.2.2", "ada", &ada.password).await.is(302);
        assert_eq!(answer.location().path(), "/oauth/consent");
    }
);

story!(
    password_proof_in_live_session_has_its_own_rate_limit,
    &[ON, ("ratelimit.login_account.max", "2"), ("ratelimit.login_session.max", "3")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let (first, second) = (story.sign_in(&ada, &app).await, story.sign_in(&ada, &app).await);
        for _ in 0..3 {
            log_in_from(&story, &app, "192.0.2.1", "ada", "wrong").await;
        }
        log_in_from(&story, &app, "192.0.2.2", "ada", &ada.password).await.is(429);
        let auth = story.server().state().auth.clone();
        let prove = async |cookie: &str, password: &str| {
            let browser = sessions::of_cookie(&auth, cookie).await.expect("an answer").expect("a session");
            let mut from = Browser::default();
            from.caller = Caller::new("192.0.2.3".parse().ok());
            sessions::renew(&auth, &browser, &OwnProof::new(Some(Secret::new(password)), None), &from).await
        };
        prove(&first.cookie, &ada.password).await.expect("the owner is not locked out");
        for _ in 0..3 {
            assert!(prove(&second.cookie, "wrong").await.is_err());
        }
        let refused = prove(&second.cookie, &ada.password).await.expect_err("too many in this session");
        assert!(format!("{refused:?}").contains("TooManyRequests"), "{refused:?}");
    }
);

/// A try to sign in with the browser that has this cookie.
async fn log_in_with(story: &Story, app: &App, known: &str, password: &str) -> Response {
    let call = story.post(&format!("/api/auth/login?{}", app.authorize_query())).header("x-forwarded-for", "192.0.2.7");
    let call = call.header("cookie", &format!("known={known}"));
    call.form(&[("identifier", "ada"), ("password", password)]).send().await
}

/// Sixteen addresses lock an account with wrong passwords.
async fn lock(story: &Story, app: &App) {
    for number in 0..16 {
        log_in_from(story, app, &format!("192.0.2.{}", 100 + number), "ada", "wrong").await;
    }
    log_in_from(story, app, "192.0.2.200", "ada", "wrong").await.is(429);
}

story!(
    login_in_known_browser_is_not_locked_out_by_failures_elsewhere,
    &[ON, ("ratelimit.login_account.max", "4")],
    |story| {
        let (ada, bob, app) = (story.person("ada").await, story.person("bob").await, story.usual_app().await);
        let known = log_in_from(&story, &app, "192.0.2.7", "ada", &ada.password).await.is(302).cookie("known");
        let known = known.expect("a cookie");
        let stranger = log_in_from(&story, &app, "192.0.2.8", "bob", &bob.password).await.is(302).cookie("known");
        lock(&story, &app).await;
        let answer = log_in_with(&story, &app, &known, &ada.password).await.is(302);
        assert_eq!(answer.location().path(), "/oauth/consent");
        assert_eq!(answer.cookie("known").as_ref(), Some(&known), "a browser keeps its value");
        for other in [stranger.expect("a cookie"), "x".repeat(43), known[..42].to_owned(), String::new()] {
            log_in_with(&story, &app, &other, &ada.password).await.is(429);
        }
        // It replaces no password, and has a limit of its own.
        for _ in 0..4 {
            assert!(log_in_with(&story, &app, &known, "wrong").await.is(302).cookie("jwt").is_none());
        }
        log_in_with(&story, &app, &known, &ada.password).await.is(429);
    }
);

story!(
    login_limit_of_an_account_is_lifted_by_unlock_also_in_known_browsers,
    &[ON, ("ratelimit.login_account.max", "4")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let known = log_in_from(&story, &app, "192.0.2.7", "ada", &ada.password).await.is(302).cookie("known");
        let known = known.expect("a cookie");
        lock(&story, &app).await;
        for _ in 0..5 {
            log_in_with(&story, &app, &known, "wrong").await;
        }
        log_in_with(&story, &app, &known, &ada.password).await.is(429);
        let account = story.account(&ada).await;
        let auth = &story.server().state().auth;
        sessions::unlock(auth, &account, Actor::Command, &Caller::default()).await.expect("unlocked");
        // A process believes what it saw for five seconds.
        story.advance_clock(std::time::Duration::from_secs(6));
        log_in_with(&story, &app, &known, &ada.password).await.is(302);
        let answer = log_in_from(&story, &app, "192.0.2.9", "ada", &ada.password).await.is(302);
        assert_eq!(answer.location().path(), "/oauth/consent");
    }
);

story!(
    known_browsers_are_limited_and_forgotten_after_400_days,
    &[ON, ("ratelimit.login_account.max", "100")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let count = async |story: &Story| {
            let rows = "SELECT CAST(count(*) AS TEXT) AS fact FROM auth_known_browser";
            facts(story.server().state().auth.store(), rows).await.remove(0)
        };
        for number in 0..53 {
            log_in_from(&story, &app, &format!("192.0.2.{number}"), "ada", &ada.password).await.is(302);
            story.advance_clock(std::time::Duration::from_millis(1));
        }
        assert_eq!(count(&story).await, "50");
        let known = "k".repeat(43);
        for number in 0..22 {
            let person = story.person(&format!("person{number}")).await;
            let call = story.post(&format!("/api/auth/login?{}", app.authorize_query()));
            let call = call.header("x-forwarded-for", &format!("192.0.3.{number}"));
            let form = [("identifier", &*person.username), ("password", &*person.password)];
            call.header("cookie", &format!("known={known}")).form(&form).send().await.is(302);
            story.advance_clock(std::time::Duration::from_millis(1));
        }
        assert_eq!(count(&story).await, "70");
        story.advance_clock(std::time::Duration::from_secs(401 * 24 * 3600));
        let swept = lysand_auth::flows::sweep::sweep(&story.server().state().auth).await.expect("swept");
        assert_eq!((swept.known_browsers, count(&story).await.as_str()), (70, "0"));
    }
);
