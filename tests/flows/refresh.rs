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
    assert_eq!(answer.is(400).json()["error"], "unauthorized_client");
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
    story.verify(&second.access).await.is(200);

    // An unproven reuse ends nothing (security ONE-3).
    let thief = app.refresh_form(&first.refresh).into_iter().filter(|(name, _)| *name != "client_secret");
    story.post("/oauth/token").form(&thief.collect::<Vec<_>>()).send().await.is(401);
    is_invalid_grant(story.refresh(&story.expiring_app().await, &first.refresh).await);

    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    for token in [&first.access, &second.access] {
        story.verify(token).await.is_api_error(401, "The access token was revoked");
    }
    is_invalid_grant(story.refresh(&app, &second.refresh).await);
    story.verify(&untouched.access).await.is(200);
    story.refresh(&app, &untouched.refresh).await.is(200);
});

story!(
    replayed_refresh_token_within_grace_revokes_nothing,
    &[("tokens.replay_grace", "30s"), ("tokens.refresh_retry", "0s")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.expiring_app().await);
        let (first, ..) = bought(&story, &ada, &app).await;
        let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
        story.advance_clock(Duration::from_secs(30));
        is_invalid_grant(story.refresh(&app, &first.refresh).await);
        story.verify(&second.access).await.is(200);
        story.advance_clock(Duration::from_secs(1));
        is_invalid_grant(story.refresh(&app, &first.refresh).await);
        story.verify(&second.access).await.is_api_error(401, "The access token was revoked");
    }
);

/// How many refresh tokens and access tokens of these still serve.
async fn alive(story: &Story, app: &App, pairs: &[TokenPair]) -> (usize, usize) {
    let mut alive = (0, 0);
    for pair in pairs {
        alive.1 += usize::from(story.verify(&pair.access).await.status == 200);
    }
    let ask = |token| [&app.credentials()[..], &[("token", token)]].concat();
    for pair in pairs {
        let answer = story.post("/oauth/introspect").form(&ask(pair.refresh.as_str())).send().await.is(200).json();
        alive.0 += usize::from(answer["active"] == true);
    }
    alive
}

fn pairs(answers: &[Response]) -> Vec<TokenPair> {
    let good = answers.iter().filter(|answer| answer.status == 200);
    good.map(|answer| TokenPair::of(&answer.json())).collect()
}

story!(refresh_requested_concurrently_leaves_one_successor, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (pair, ..) = bought(&story, &ada, &app).await;
    let answers = futures_util::future::join_all((0..20).map(|_| story.refresh(&app, &pair.refresh))).await;
    assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 400)));
    // One answers, and one is the repeated request of a client whose answer was lost.
    let pairs = pairs(&answers);
    assert_eq!(pairs.len(), 2);
    assert_eq!(alive(&story, &app, &pairs).await, (1, 1));
});

story!(refresh_requested_concurrently_succeeds_only_once_without_retry, &[("tokens.refresh_retry", "0s")], |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (pair, ..) = bought(&story, &ada, &app).await;
    let answers = futures_util::future::join_all((0..20).map(|_| story.refresh(&app, &pair.refresh))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 400)), "{statuses:?}");
});

story!(refresh_whose_answer_was_lost_is_answered_once_more, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (first, ..) = bought(&story, &ada, &app).await;
    let lost = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    story.advance_clock(Duration::from_secs(600));
    let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    assert_ne!((&lost.access, &lost.refresh), (&second.access, &second.refresh));
    // Once. A third try is refused and harms nobody.
    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    story.verify(&lost.access).await.is_api_error(401, "The access token was revoked");
    story.verify(&second.access).await.is(200);
    let third = TokenPair::of(&story.refresh(&app, &second.refresh).await.is(200).json());
    story.verify(&third.access).await.is(200);
    // The grant stayed one: the person ends it with one click.
    let form = [&app.credentials()[..], &[("token", third.refresh.as_str())]].concat();
    story.post("/oauth/revoke").form(&form).send().await.is(200);
    story.verify(&third.access).await.is(401);
});

story!(refresh_token_reused_after_its_successor_was_used_ends_family, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let ended = async |pairs: &[&TokenPair]| {
        for pair in pairs {
            story.verify(&pair.access).await.is(401);
            is_invalid_grant(story.refresh(&app, &pair.refresh).await);
        }
    };
    // The successor's access token was used.
    let (first, ..) = bought(&story, &ada, &app).await;
    let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    story.verify(&second.access).await.is(200);
    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    ended(&[&first, &second]).await;

    // The same when that is written down already.
    let (first, ..) = bought(&story, &ada, &app).await;
    let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    story.verify(&second.access).await.is(200);
    lysand_auth::flows::bearer::write_uses(&story.server().state().auth).await.expect("written");
    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    ended(&[&first, &second]).await;

    // The successor itself was used, also one that came by a repeated request.
    for repeats in [false, true] {
        let (first, ..) = bought(&story, &ada, &app).await;
        let mut second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
        if repeats {
            second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
        }
        let third = TokenPair::of(&story.refresh(&app, &second.refresh).await.is(200).json());
        is_invalid_grant(story.refresh(&app, &first.refresh).await);
        ended(&[&first, &second, &third]).await;
    }

    // Whoever holds the answer that was taken for lost is one of two.
    let (first, ..) = bought(&story, &ada, &app).await;
    let lost = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    is_invalid_grant(story.refresh(&app, &lost.refresh).await);
    ended(&[&second]).await;

    // Too long ago.
    let (first, ..) = bought(&story, &ada, &app).await;
    let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    story.advance_clock(Duration::from_secs(601));
    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    ended(&[&second]).await;
});

story!(refresh_retried_twice_at_once_leaves_one_successor_and_family, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    for _ in 0..5 {
        let (first, ..) = bought(&story, &ada, &app).await;
        let lost = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
        let (one, other) = tokio::join!(story.refresh(&app, &first.refresh), story.refresh(&app, &first.refresh));
        let answers = [one, other];
        let mut pairs = pairs(&answers);
        assert_eq!(pairs.len(), 1, "the other is refused");
        pairs.push(lost);
        assert_eq!(alive(&story, &app, &pairs).await, (1, 1));
        story.refresh(&app, &pairs[0].refresh).await.is(200);
    }
});

story!(refresh_is_not_answered_again_when_switched_off, &[("tokens.refresh_retry", "0s")], |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let (first, ..) = bought(&story, &ada, &app).await;
    let second = TokenPair::of(&story.refresh(&app, &first.refresh).await.is(200).json());
    is_invalid_grant(story.refresh(&app, &first.refresh).await);
    story.verify(&second.access).await.is(401);
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
