//! Clean-up removes what is over and nothing that recognises a replay (security DUR-6, ONE-5).

use std::time::Duration;

use lysand_auth::flows::sweep::{Swept, sweep};
use tests::story;
use tests::story::{App, SignedIn, Story};

use crate::database;
use crate::database::facts;

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn swept(story: &Story) -> Swept {
    sweep(&story.server().state().auth).await.expect("swept")
}

/// A token and the spent code that bought it.
async fn bought(story: &Story, app: &App, signed_in: &SignedIn) -> (String, String) {
    let code = story.consent(signed_in, app).await;
    let body = story.redeem(app, &code).await.is(200).json();
    (body["access_token"].as_str().expect("a token").to_owned(), code)
}

async fn give_back(story: &Story, app: &App, token: &str) {
    let call = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
    call.form(&[("token", token)]).send().await.is(200);
}

/// So many codes and tokens were deleted, and nothing else.
fn codes_and_tokens(authorizations: usize, tokens: usize) -> Swept {
    let mut swept = Swept::default();
    swept.authorizations = authorizations;
    swept.tokens = tokens;
    swept
}

story!(sweep_keeps_redeemed_code_as_long_as_its_token, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let (kept, kept_code) = bought(&story, &app, &story.sign_in(&person, &app).await).await;
    let (revoked, _) = bought(&story, &app, &story.sign_in(&person, &app).await).await;
    give_back(&story, &app, &revoked).await;
    let unused = story.sign_in(&person, &app).await;
    story.consent(&unused, &app).await;
    let pending = story.sign_in(&person, &app).await;
    assert_eq!(swept(&story).await, Swept::default(), "nothing is over yet");

    story.advance_clock(DAY + Duration::from_secs(3_600));
    assert_eq!(swept(&story).await, codes_and_tokens(3, 1), "the revoked, the unused and the pending one");
    assert_eq!(swept(&story).await, Swept::default(), "once is enough");
    story.verify(&kept).await.is(200);
    story.decide(&pending, &app).await.is_login_error("invalid_grant", "Invalid code");
    story.verify(&revoked).await.is_api_error(401, "The access token is invalid");

    // Months later the replay is still recognised.
    story.advance_clock(100 * DAY);
    assert_eq!(swept(&story).await.authorizations, 0);
    story.redeem(&app, &kept_code).await.is(400);
    story.verify(&kept).await.is_api_error(401, "The access token was revoked");

    story.advance_clock(2 * DAY);
    assert_eq!(swept(&story).await, codes_and_tokens(1, 1));
    story.redeem(&app, &kept_code).await.is(400);
    story.verify(&kept).await.is_api_error(401, "The access token is invalid");
});

story!(sweep_removes_expired_sessions_and_rate_limit_counters, &[("ratelimit.enabled", "true")], |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    story.sign_in(&person, &app).await;
    story.log_in(&app.authorize_query(), "ada", "a wrong password").await.is(302);
    story.advance_clock(6 * DAY + DAY / 2);
    let later = story.sign_in(&person, &app).await;
    let swept_then = swept(&story).await;
    assert_eq!(swept_then.sessions, 0, "a week has not passed");
    assert!(swept_then.throttles >= 1, "{swept_then:?}");
    // Eight days and a half after the first sign-in; the later one was used two days ago, which is within its idle time.
    story.advance_clock(2 * DAY);
    assert_eq!(swept(&story).await.sessions, 1);
    let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).session(&later).send().await.is(302);
    assert_eq!(page.location().path(), "/oauth/consent", "the later session still stands");
});

story!(sweep_on_two_replicas_removes_all_expired_sessions, |story| {
    let auth = story.server().state().auth.clone();
    let rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300) ";
    let sessions = "INSERT INTO auth_session (id, account_id, created_at, authenticated_at, expires_at) \
                    SELECT 's' || CAST(i AS TEXT), 'nobody', 1, 1, 2 FROM n";
    database::run(auth.store(), &[rows, sessions].concat()).await;
    let replica = story.replica().await;
    let (here, there) = futures_util::future::join(sweep(&auth), sweep(&replica.state().auth)).await;
    assert_eq!(here.expect("swept").sessions + there.expect("swept").sessions, 1_300);
    assert_eq!(facts(auth.store(), "SELECT id AS fact FROM auth_session").await, Vec::<String>::new());
    replica.abort().await;
});

const NUMBERS: &str = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300) ";

story!(sweep_goes_on_with_other_tables_when_one_cannot_be_read, |story| {
    let auth = story.server().state().auth.clone();
    let sessions = "INSERT INTO auth_session (id, account_id, created_at, authenticated_at, expires_at, ended_at) \
                    SELECT 's' || CAST(i AS TEXT), 'nobody', 1, 1, 9000000000000000000, 2 FROM n";
    database::run(auth.store(), &[NUMBERS, sessions].concat()).await;
    database::run(auth.store(), "ALTER TABLE auth_token RENAME TO auth_token_elsewhere").await;
    sweep(&auth).await.expect_err("tokens cannot be swept");
    assert_eq!(facts(auth.store(), "SELECT id AS fact FROM auth_session").await, Vec::<String>::new());
    database::run(auth.store(), "ALTER TABLE auth_token_elsewhere RENAME TO auth_token").await;
});

story!(sweep_passes_kept_rows_and_removes_large_families_in_short_writes, |story| {
    story.usual_app().await;
    let auth = story.server().state().auth.clone();
    let run = async |text: String| database::run(auth.store(), &[NUMBERS, &text].concat()).await;
    run("INSERT INTO auth_family (id, app_id, account_id, scopes, created_at, rotated_at, expires_at) SELECT 'f' || CAST(i AS TEXT), \
         (SELECT id FROM auth_app WHERE id NOT LIKE 'native-%'), 'ada', 'read', 1, 1, CASE WHEN i < 4 THEN 2 ELSE 9000000000000000000 END FROM n WHERE i < 7"
        .to_owned())
    .await;
    let kind = if format!("{:?}", auth.store()).contains("SQLite") { "BLOB" } else { "BYTEA" };
    let digest = format!("CAST('digest' || CAST(i AS TEXT) || '-' || CAST(j AS TEXT) AS {kind})");
    run(format!(
        "INSERT INTO auth_refresh_token (digest, family_id, created_at, expires_at) SELECT {digest}, 'f' || CAST(j AS TEXT), 1, 2 \
         FROM n, (SELECT i AS j FROM n WHERE i < 7) families"
    ))
    .await;
    // Codes that ended long ago and whose family lives: more than a page of them, before one that may go.
    let code = digest.replace("digest", "code").replace("CAST(j AS TEXT)", "'x'");
    run(format!(
        "INSERT INTO auth_authorization (code_digest, app_id, account_id, session_id, redirect_uri, scopes, created_at, expires_at, family_id) \
         SELECT {code}, (SELECT id FROM auth_app WHERE id NOT LIKE 'native-%'), 'ada', 's', 'u', 'read', 1, CASE WHEN i = 1300 THEN 3 ELSE 2 END, \
         CASE WHEN i = 1300 THEN NULL ELSE 'f6' END FROM n"
    ))
    .await;
    database::run(auth.store(), "UPDATE auth_family SET rotated_at = 9000000000000000000 WHERE id > 'f3'").await;
    let swept = swept(&story).await;
    assert_eq!((swept.families, swept.authorizations), (3, 1), "{swept:?}");
    let left = "SELECT CAST(count(*) AS TEXT) AS fact FROM auth_refresh_token";
    assert_eq!(facts(auth.store(), left).await, ["3900"]);
});

story!(sweep_of_many_rows_lets_others_in_between, |story| {
    let auth = story.server().state().auth.clone();
    let sessions = "INSERT INTO auth_session (id, account_id, created_at, authenticated_at, expires_at, ended_at) \
                    SELECT 's' || CAST(i AS TEXT), 'nobody', 1, 1, 9000000000000000000, 2 FROM n";
    database::run(auth.store(), &[NUMBERS, sessions].concat()).await;
    let mut seen = std::collections::BTreeSet::new();
    let mut sweeping = std::pin::pin!(sweep(&auth));
    let left = "SELECT CAST(count(*) AS TEXT) AS fact FROM auth_session";
    loop {
        tokio::select! {
            swept = &mut sweeping => break assert_eq!(swept.expect("swept").sessions, 1300),
            count = facts(auth.store(), left) => { seen.insert(count); }
        }
    }
    // All of them before, none after: what is between was seen between two writes.
    let between = seen.iter().filter(|count| !matches!(count[0].as_str(), "1300" | "0")).count();
    assert!(between >= 2, "others saw {seen:?}");
});

story!(sweep_removes_apps_that_nobody_used_in_90_days, |story| {
    let person = story.person("ada").await;
    let (unused, approved, own) = (story.usual_app().await, story.usual_app().await, story.usual_app().await);
    let auth = story.server().state().auth.clone();
    let mut registration = lysand_auth::flows::apps::Registration::default();
    registration.name = Some("The operator's".into());
    registration.redirect_uris = vec!["https://operator.example/cb".into()];
    let operators = lysand_auth::flows::apps::register(&auth, registration, None).await.expect("registered");
    let token = story.token(&person, &approved).await;
    let revoke = story.post("/oauth/revoke").basic(&approved.client_id, &approved.client_secret);
    revoke.form(&[("token", &token)]).send().await.is(200);
    let form = [("grant_type", "client_credentials")];
    let issued = story.post("/oauth/token").basic(&own.client_id, &own.client_secret).form(&form).send().await.is(200);
    let issued = issued.json()["access_token"].as_str().expect("a token").to_owned();
    let revoke = story.post("/oauth/revoke").basic(&own.client_id, &own.client_secret);
    revoke.form(&[("token", &issued)]).send().await.is(200);
    // A request that nobody said yes to is no use.
    let signed_in = story.sign_in(&person, &unused).await;
    story.get(&format!("/oauth/authorize?{}", unused.authorize_query())).session(&signed_in).send().await.is(302);

    story.advance_clock(89 * DAY);
    assert_eq!(swept(&story).await.apps, 0);
    story.advance_clock(2 * DAY);
    assert_eq!(swept(&story).await.apps, 1);
    let left = facts(auth.store(), "SELECT client_id AS fact FROM auth_app").await;
    assert!(!left.contains(&unused.client_id));
    for app in [&approved.client_id, &own.client_id, &operators.app.client_id] {
        assert!(left.contains(app), "{left:?}");
    }
    assert_eq!(swept(&story).await, Swept::default(), "once is enough");
    story.redeem(&unused, "AAAAAAAAAAAAAAAAAAAA").await.is(401);
});

story!(app_is_unused_until_a_person_approves_it, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let auth = story.server().state().auth.clone();
    let approved = async || -> bool {
        let all = lysand_auth::flows::apps::list(&auth).await.expect("apps");
        all.iter().any(|listed| listed.client_id == app.client_id && listed.approved)
    };
    let signed_in = story.sign_in(&person, &app).await;
    assert!(!approved().await);
    let code = story.consent(&signed_in, &app).await;
    assert!(approved().await, "with the code, before it is redeemed");
    story.redeem(&app, &code).await.is(200);
});
