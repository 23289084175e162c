//! Apps that ask for expiring tokens: refresh, rotation, reuse, and every way a family ends.

use std::time::Duration;

use serde_json::{Value, json};
use tests::server::Person;
use tests::story;
use tests::story::{Answer, App, CALLBACK, SignedIn, Story};

use crate::token::INVALID_GRANT;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// An app that asked for tokens that expire.
async fn expiring_app(story: &Story) -> App {
    let form = [
        ("client_name", "Expiring"),
        ("redirect_uris", CALLBACK),
        ("scopes", "read write"),
        ("grant_types[]", "authorization_code"),
        ("grant_types[]", "refresh_token"),
    ];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    App {
        client_id: body["client_id"].as_str().expect("a client_id").to_owned(),
        client_secret: body["client_secret"].as_str().expect("a client_secret").to_owned(),
        redirect_uri: CALLBACK.to_owned(),
        scopes: "read write".to_owned(),
    }
}

/// What a code or a refresh token bought.
struct Pair {
    access: String,
    refresh: String,
}

impl Pair {
    fn of(body: &Value) -> Self {
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{name} in {body}")).to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token") }
    }
}

async fn bought(story: &Story, person: &Person, app: &App) -> (Pair, SignedIn, String) {
    let signed_in = story.sign_in(person, app).await;
    let code = story.consent(&signed_in, app).await;
    let body = story.redeem(app, &code).await.is(200).json();
    (Pair::of(&body), signed_in, code)
}

fn form<'a>(app: &'a App, refresh: &'a str) -> Vec<(&'static str, &'a str)> {
    vec![
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh),
        ("client_id", &app.client_id),
        ("client_secret", &app.client_secret),
    ]
}

async fn refresh(story: &Story, app: &App, token: &str) -> Answer {
    story.post("/oauth/token").form(&form(app, token)).send().await
}

fn is_invalid_grant(answer: Answer) {
    answer.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
}

story!(an_expiring_token_ends_and_is_replaced, |story| {
    let (ada, app) = (story.person("ada").await, expiring_app(&story).await);
    let signed_in = story.sign_in(&ada, &app).await;
    let code = story.consent(&signed_in, &app).await;
    let body = story.redeem(&app, &code).await.is(200).json();
    assert_eq!(body["expires_in"], 3_600);
    let first = Pair::of(&body);
    story.verify(&first.access).await.is(200);
    story.verify(&first.refresh).await.is_api_error(401, "The access token is invalid");
    story.pass(HOUR);
    story.verify(&first.access).await.is_api_error(401, "The access token expired");

    let body = refresh(&story, &app, &first.refresh).await.is(200).json();
    assert_eq!((&body["scope"], &body["token_type"]), (&"read write".into(), &"Bearer".into()));
    let second = Pair::of(&body);
    assert_ne!((&first.access, &first.refresh), (&second.access, &second.refresh));
    story.verify(&second.access).await.is(200);
});

story!(apps_that_do_not_ask_see_no_change, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&ada, &app).await;
    let code = story.consent(&signed_in, &app).await;
    let body = story.redeem(&app, &code).await.is(200).json();
    assert_eq!((body.get("expires_in"), body.get("refresh_token")), (None, None));
    story.pass(4_000 * DAY);
    story.verify(body["access_token"].as_str().expect("a token")).await.is(200);
    let answer = refresh(&story, &app, "AAAAAAAAAAAAAAAA").await;
    assert_eq!(answer.is(400).json()["error"], "unsupported_grant_type");
});

story!(an_operator_may_demand_expiry, &[("tokens.access_token_ttl", "8h")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (pair, ..) = bought(&story, &ada, &app).await;
    story.pass(8 * HOUR);
    story.verify(&pair.access).await.is_api_error(401, "The access token expired");
    let body = refresh(&story, &app, &pair.refresh).await.is(200).json();
    assert_eq!(body["expires_in"], 8 * 3_600);
    let own = [("grant_type", "client_credentials")];
    let call = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&own);
    let body = call.send().await.is(200).json();
    assert_eq!((&body["expires_in"], body.get("refresh_token")), (&json!(8 * 3_600), None));
});

story!(a_refresh_token_that_comes_back_ends_its_family, |story| {
    let (ada, app) = (story.person("ada").await, expiring_app(&story).await);
    let (first, ..) = bought(&story, &ada, &app).await;
    let (untouched, ..) = bought(&story, &ada, &app).await;
    let second = Pair::of(&refresh(&story, &app, &first.refresh).await.is(200).json());

    // An unproven reuse ends nothing (security ONE-3).
    let thief = form(&app, &first.refresh).into_iter().filter(|(name, _)| *name != "client_secret");
    story.post("/oauth/token").form(&thief.collect::<Vec<_>>()).send().await.is(401);
    is_invalid_grant(refresh(&story, &expiring_app(&story).await, &first.refresh).await);
    story.verify(&second.access).await.is(200);

    is_invalid_grant(refresh(&story, &app, &first.refresh).await);
    for token in [&first.access, &second.access] {
        story.verify(token).await.is_api_error(401, "The access token was revoked");
    }
    is_invalid_grant(refresh(&story, &app, &second.refresh).await);
    story.verify(&untouched.access).await.is(200);
    refresh(&story, &app, &untouched.refresh).await.is(200);
});

story!(a_retry_within_the_grace_ends_nothing, &[("tokens.replay_grace", "30s")], |story| {
    let (ada, app) = (story.person("ada").await, expiring_app(&story).await);
    let (first, ..) = bought(&story, &ada, &app).await;
    let second = Pair::of(&refresh(&story, &app, &first.refresh).await.is(200).json());
    story.pass(Duration::from_secs(30));
    is_invalid_grant(refresh(&story, &app, &first.refresh).await);
    story.verify(&second.access).await.is(200);
    story.pass(Duration::from_secs(1));
    is_invalid_grant(refresh(&story, &app, &first.refresh).await);
    story.verify(&second.access).await.is_api_error(401, "The access token was revoked");
});

story!(of_many_parallel_refreshes_one_succeeds, |story| {
    let (ada, app) = (story.person("ada").await, expiring_app(&story).await);
    let (pair, ..) = bought(&story, &ada, &app).await;
    let answers = futures_util::future::join_all((0..20).map(|_| refresh(&story, &app, &pair.refresh))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
});

story!(idle_and_absolute_end, |story| {
    let (ada, app) = (story.person("ada").await, expiring_app(&story).await);
    let (idle, ..) = bought(&story, &ada, &app).await;
    story.pass(30 * DAY);
    is_invalid_grant(refresh(&story, &app, &idle.refresh).await);
    // Used every four weeks it lives on, and ends after a year all the same.
    let (mut used, ..) = bought(&story, &ada, &app).await;
    for _ in 0..13 {
        story.pass(28 * DAY);
        used = Pair::of(&refresh(&story, &app, &used.refresh).await.is(200).json());
    }
    story.pass(DAY);
    is_invalid_grant(refresh(&story, &app, &used.refresh).await);
});

story!(scope_may_shrink_for_one_token, |story| {
    let (ada, app) = (story.person("ada").await, expiring_app(&story).await);
    let (first, ..) = bought(&story, &ada, &app).await;
    let wide = [form(&app, &first.refresh), vec![("scope", "read write follow")]].concat();
    let answer = story.post("/oauth/token").form(&wide).send().await.is(400);
    assert_eq!(answer.json()["error"], "invalid_scope");
    let narrow = [form(&app, &first.refresh), vec![("scope", "read:accounts")]].concat();
    let body = story.post("/oauth/token").form(&narrow).send().await.is(200).json();
    assert_eq!(body["scope"], "read:accounts");
    let body = refresh(&story, &app, &Pair::of(&body).refresh).await.is(200).json();
    assert_eq!(body["scope"], "read write", "the family keeps what was granted");
});

story!(a_family_ends_with_a_revocation_a_replay_and_the_account, |story| {
    let (ada, app) = (story.person("ada").await, expiring_app(&story).await);
    let give_back = async |token: &str| {
        let call = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
        call.form(&[("token", token), ("token_type_hint", "access_token")]).send().await.is(200);
    };
    let dead = async |pair: &Pair| {
        story.verify(&pair.access).await.is(401);
        is_invalid_grant(refresh(&story, &app, &pair.refresh).await);
    };
    let (by_refresh, ..) = bought(&story, &ada, &app).await;
    give_back(&by_refresh.refresh).await;
    dead(&by_refresh).await;
    let (by_access, ..) = bought(&story, &ada, &app).await;
    give_back(&by_access.access).await;
    dead(&by_access).await;

    let (by_replay, _, code) = bought(&story, &ada, &app).await;
    let by_replay = Pair::of(&refresh(&story, &app, &by_replay.refresh).await.is(200).json());
    is_invalid_grant(story.redeem(&app, &code).await);
    dead(&by_replay).await;

    let (by_account, ..) = bought(&story, &ada, &app).await;
    let account = story.account(&ada).await;
    lysand_auth::flows::sessions::end_all(&story.server().state().auth, &account.id).await.expect("ended");
    dead(&by_account).await;
});

story!(refusals_in_order, |story| {
    let (ada, app) = (story.person("ada").await, expiring_app(&story).await);
    let (pair, ..) = bought(&story, &ada, &app).await;
    let other = expiring_app(&story).await;
    is_invalid_grant(refresh(&story, &other, &pair.refresh).await);
    is_invalid_grant(refresh(&story, &app, &pair.access).await);
    is_invalid_grant(refresh(&story, &app, "AAAAAAAAAAAAAAAA").await);
    let missing = "Missing required parameter: refresh_token.";
    refresh(&story, &app, "").await.is_oauth_error(400, "invalid_request", missing);
    let twice = [form(&app, &pair.refresh), vec![("refresh_token", "another")]].concat();
    story.post("/oauth/token").form(&twice).send().await.is(400);
    refresh(&story, &app, &pair.refresh).await.is(200);
});
