//! Apps that ask for expiring tokens: refresh, rotation, reuse, and every way a family ends.

use std::time::Duration;

use serde_json::json;
use tests::Person;
use tests::story;
use tests::story::{App, Response, SignedIn, Story, TokenPair};

use crate::token::INVALID_GRANT;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn bought(story: &Story, person: &Person, app: &App) -> (TokenPair, SignedIn, String) {
    let signed_in = story.sign_in(person, app).await;
    let code = story.consent(&signed_in, app).await;
    let body = story.redeem(app, &code).await.is(200).json();
    (TokenPair::of(&body), signed_in, code)
}

fn is_invalid_grant(answer: Response) {
    answer.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
}

story!(refresh_replaces_expired_access_token_with_new_pair, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let signed_in = story.sign_in(&ada, &app).await;
    let code = story.consent(&signed_in, &app).await;
    let body = story.redeem(&app, &code).await.is(200).json();
    assert_eq!(body["expires_in"], 3_600);
    let first = TokenPair::of(&body);
    story.verify(&first.access).await.is(200);
    story.verify(&first.refresh).await.is_api_error(401, "The access token is invalid");
    story.advance_clock(HOUR);
    story.verify(&first.access).await.is_api_error(401, "The access token expired");

    let body = story.refresh(&app, &first.refresh).await.is(200).json();
    assert_eq!((&body["scope"], &body["token_type"]), (&"read write".into(), &"Bearer".into()));
    let second = TokenPair::of(&body);
    assert_ne!((&first.access, &first.refresh), (&second.access, &second.refresh));
    story.verify(&second.access).await.is(200);
});

story!(token_of_app_without_refresh_grant_never_expires, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&ada, &app).await;
    let code = story.consent(&signed_in, &app).await;
    let body = story.redeem(&app, &code).await.is(200).json();
    assert_eq!((body.get("expires_in"), body.get("refresh_token")), (None, None));
    story.advance_clock(4_000 * DAY);
    story.verify(body["access_token"].as_str().expect("a token")).await.is(200);
    let answer = story.refresh(&app, "AAAAAAAAAAAAAAAA").await;
    assert_eq!(answer.is(400).json()["error"], "unsupported_grant_type");
});

story!(access_token_ttl_setting_makes_every_token_expire, &[("tokens.access_token_ttl", "8h")], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (pair, ..) = bought(&story, &ada, &app).await;
    story.advance_clock(8 * HOUR);
    story.verify(&pair.access).await.is_api_error(401, "The access token expired");
    let body = story.refresh(&app, &pair.refresh).await.is(200).json();
    assert_eq!(body["expires_in"], 8 * 3_600);
    let own = [("grant_type", "client_credentials")];
    let call = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&own);
    let body = call.send().await.is(200).json();
    assert_eq!((&body["expires_in"], body.get("refresh_token")), (&json!(8 * 3_600), None));
});

story!(replayed_refresh_token_revokes_its_token_family, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (first, ..) = bought(&story, &ada, &app).await;
    let (untouched, ..) = bought(&story, &ada, &app).await;
    let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());

    // An unproven reuse ends nothing (security ONE-3).
    let thief = app.refresh_form(&first.refresh).into_iter().filter(|(name, _)| *name != "client_secret");
    story.post("/oauth/token").form(&thief.collect::<Vec<_>>()).send().await.is(401);
    is_invalid_grant(story.refresh(&story.expiring_app().await, &first.refresh).await);
    story.verify(&second.access).await.is(200);

    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    for token in [&first.access, &second.access] {
        story.verify(token).await.is_api_error(401, "The access token was revoked");
    }
    is_invalid_grant(story.refresh(&app, &second.refresh).await);
    story.verify(&untouched.access).await.is(200);
    story.refresh(&app, &untouched.refresh).await.is(200);
});

story!(replayed_refresh_token_within_grace_revokes_nothing, &[("tokens.replay_grace", "30s")], |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (first, ..) = bought(&story, &ada, &app).await;
    let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    story.advance_clock(Duration::from_secs(30));
    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    story.verify(&second.access).await.is(200);
    story.advance_clock(Duration::from_secs(1));
    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    story.verify(&second.access).await.is_api_error(401, "The access token was revoked");
});

story!(refresh_requested_concurrently_succeeds_only_once, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (pair, ..) = bought(&story, &ada, &app).await;
    let answers = futures_util::future::join_all((0..20).map(|_| story.refresh(&app, &pair.refresh))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
});

story!(refresh_token_expires_when_idle_and_after_a_year, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (idle, ..) = bought(&story, &ada, &app).await;
    story.advance_clock(30 * DAY);
    is_invalid_grant(story.refresh(&app, &idle.refresh).await);
    // Used every four weeks it lives on, and ends after a year all the same.
    let (mut used, ..) = bought(&story, &ada, &app).await;
    for _ in 0..13 {
        story.advance_clock(28 * DAY);
        used = TokenPair::of(&story.refresh(&app, &used.refresh).await.is(200).json());
    }
    story.advance_clock(DAY);
    is_invalid_grant(story.refresh(&app, &used.refresh).await);
});

story!(refresh_may_narrow_scope_but_not_widen_it, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (first, ..) = bought(&story, &ada, &app).await;
    let wide = [app.refresh_form(&first.refresh), vec![("scope", "read write follow")]].concat();
    let answer = story.post("/oauth/token").form(&wide).send().await.is(400);
    assert_eq!(answer.json()["error"], "invalid_scope");
    let narrow = [app.refresh_form(&first.refresh), vec![("scope", "read:accounts")]].concat();
    let body = story.post("/oauth/token").form(&narrow).send().await.is(200).json();
    assert_eq!(body["scope"], "read:accounts");
    let body = story.refresh(&app, &TokenPair::of(&body).refresh).await.is(200).json();
    assert_eq!(body["scope"], "read write", "the family keeps what was granted");
});

story!(revocation_code_replay_or_account_end_voids_refresh_token, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let give_back = async |token: &str| {
        let call = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
        call.form(&[("token", token), ("token_type_hint", "access_token")]).send().await.is(200);
    };
    let dead = async |pair: &TokenPair| {
        story.verify(&pair.access).await.is(401);
        is_invalid_grant(story.refresh(&app, &pair.refresh).await);
    };
    let (by_refresh, ..) = bought(&story, &ada, &app).await;
    give_back(&by_refresh.refresh).await;
    dead(&by_refresh).await;
    let (by_access, ..) = bought(&story, &ada, &app).await;
    give_back(&by_access.access).await;
    dead(&by_access).await;

    let (by_replay, _, code) = bought(&story, &ada, &app).await;
    let by_replay = TokenPair::of(&story.refresh(&app, &by_replay.refresh).await.is(200).json());
    is_invalid_grant(story.redeem(&app, &code).await);
    dead(&by_replay).await;

    let (by_account, ..) = bought(&story, &ada, &app).await;
    let account = story.account(&ada).await;
    lysand_auth::flows::sessions::end_all(&story.server().state().auth, &account.id).await.expect("ended");
    dead(&by_account).await;
});

story!(refresh_with_wrong_client_or_token_is_refused, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (pair, ..) = bought(&story, &ada, &app).await;
    let other = story.expiring_app().await;
    is_invalid_grant(story.refresh(&other, &pair.refresh).await);
    is_invalid_grant(story.refresh(&app, &pair.access).await);
    is_invalid_grant(story.refresh(&app, "AAAAAAAAAAAAAAAA").await);
    let missing = "Missing required parameter: refresh_token.";
    story.refresh(&app, "").await.is_oauth_error(400, "invalid_request", missing);
    let twice = [app.refresh_form(&pair.refresh), vec![("refresh_token", "another")]].concat();
    story.post("/oauth/token").form(&twice).send().await.is(400);
    story.refresh(&app, &pair.refresh).await.is(200);
});
