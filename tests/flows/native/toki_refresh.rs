//! `POST /token/refresh` (native 2.2, C4, C5).

use std::time::Duration;

use lysand_auth::flows::staff::{StaffAct, Standing, set_standing};
use serde_json::json;
use tests::story;
use tests::story::{Response, TokenPair};

use super::{LIMITED, Pair, TOKI, get, is_error, is_secret, opens, post, refresh, signed_in, signed_in_on};

const INVALID: &str = "invalid or expired refresh token";
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

fn is_refused(answer: Response) {
    is_secret(&answer);
    is_error(answer, 401, INVALID);
}

story!(toki_refresh_replaces_both_tokens_once, TOKI, |story| {
    let ada = story.person("ada").await;
    let first = signed_in(&story, &ada).await;
    story.advance_clock(HOUR);
    assert!(!opens(&story, &first.access).await, "its hour is over");
    let answer = refresh(&story, &first.refresh).await.is(200);
    is_secret(&answer);
    let second = Pair::of(&answer);
    assert!(opens(&story, &second.access).await);
    assert_ne!((&first.access, &first.refresh), (&second.access, &second.refresh));
    // It comes back: one of two holders is a thief.
    is_refused(refresh(&story, &first.refresh).await);
    assert!(!opens(&story, &second.access).await);
    is_refused(refresh(&story, &second.refresh).await);
});

story!(toki_refresh_takes_no_other_token, TOKI, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let own = signed_in(&story, &ada).await;
    let TokenPair { access, refresh: of_app } = story.token_pair(&ada, &app).await;
    for token in [&*own.access, &*access, &*of_app, "", &"x".repeat(43), &"x".repeat(4_097), "lyp_x", "é"] {
        is_refused(refresh(&story, token).await);
    }
    // And none of them was spent.
    assert!(opens(&story, &own.access).await);
    story.refresh(&app, &of_app).await.is(200);
    refresh(&story, &own.refresh).await.is(200);
});

story!(toki_refresh_is_bound_to_its_device, TOKI, |story| {
    let ada = story.person("ada").await;
    let ask = async |token: &str, device: serde_json::Value| {
        post(&story, "/token/refresh", &json!({ "refresh_token": token, "device_id": device })).await
    };
    let first = signed_in_on(&story, &ada, "laptop").await;
    let second = Pair::of(&ask(&first.refresh, json!("laptop")).await.is(200));
    let third = Pair::of(&ask(&second.refresh, json!(null)).await.is(200));
    is_error(
        ask(&third.refresh, json!("a\u{7}b")).await,
        422,
        "device_id must be 1-64 characters without control characters",
    );
    is_error(
        ask(&third.refresh, json!("x".repeat(65))).await,
        422,
        "device_id must be 1-64 characters without control characters",
    );
    let other = signed_in_on(&story, &ada, "phone").await;
    is_refused(ask(&third.refresh, json!("phone")).await);
    assert!(!opens(&story, &third.access).await, "the sign-in is over");
    is_refused(ask(&third.refresh, json!("laptop")).await);
    assert!(opens(&story, &other.access).await);
});

story!(toki_refresh_ends_idle_and_absolute, TOKI, |story| {
    let ada = story.person("ada").await;
    let idle = signed_in(&story, &ada).await;
    story.advance_clock(DAY * 90);
    is_refused(refresh(&story, &idle.refresh).await);
    let mut pair = signed_in(&story, &ada).await;
    for _ in 0..4 {
        story.advance_clock(DAY * 89);
        pair = Pair::of(&refresh(&story, &pair.refresh).await.is(200));
    }
    story.advance_clock(DAY * 9);
    is_refused(refresh(&story, &pair.refresh).await);
});

story!(toki_refresh_of_somebody_who_may_not_act_brings_nothing, TOKI, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    let (auth, account) = (&story.server().state().auth, story.account(&ada).await);
    set_standing(auth, &account, Standing::Disabled, &StaffAct::by_command()).await.expect("a standing");
    assert!(!opens(&story, &pair.access).await);
    is_refused(refresh(&story, &pair.refresh).await);
    set_standing(auth, &account, Standing::Active, &StaffAct::by_command()).await.expect("a standing");
    assert!(!opens(&story, &pair.access).await, "what a native client held does not come back");
});

story!(
    toki_refresh_in_parallel_succeeds_once,
    &[("native.toki.enabled", "true"), ("tokens.replay_grace", "30s")],
    |story| {
        let ada = story.person("ada").await;
        let pair = signed_in(&story, &ada).await;
        let replica = story.replica().await;
        let there = format!("http://localhost:{}/token/refresh", replica.addr().port());
        let calls = (0..60).map(|at| {
            let path = if at % 2 == 0 { "/token/refresh" } else { &*there };
            story.post(path).json(&json!({ "refresh_token": pair.refresh })).send()
        });
        let answers = futures_util::future::join_all(calls).await;
        let won: Vec<&Response> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1, "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
        assert!(answers.iter().all(|answer| [200, 401].contains(&answer.status.as_u16())));
        assert!(opens(&story, &Pair::of(won[0]).access).await);
    }
);

story!(toki_refresh_counts_refused_tokens_that_are_well_formed, LIMITED, |story| {
    let ada = story.person("ada").await;
    let good = signed_in(&story, &ada).await;
    for _ in 0..10 {
        is_refused(refresh(&story, "stale").await);
    }
    let unknown = "A".repeat(43);
    for _ in 0..5 {
        is_refused(refresh(&story, &unknown).await);
    }
    refresh(&story, &unknown).await.is(429);
    // Nobody else of the network is shut out.
    refresh(&story, &good.refresh).await.is(200);
});

story!(
    native_tokens_are_nothing_to_the_token_routes,
    &[("native.toki.enabled", "true"), ("oauth.revoke_by_possession", "true")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let pair = signed_in(&story, &ada).await;
        for client in ["native-toki", "native-synctv", &*app.client_id] {
            for (secret, token) in [("", &pair.refresh), (&*app.client_secret, &pair.refresh), ("x", &pair.access)] {
                let form = [
                    ("grant_type", "refresh_token"),
                    ("client_id", client),
                    ("client_secret", secret),
                    ("refresh_token", token),
                ];
                let refused = story.post("/oauth/token").form(&form).send().await;
                assert!([400, 401].contains(&refused.status.as_u16()), "{client}: {}", refused.body);
                let form = [("client_id", client), ("client_secret", secret), ("token", &**token)];
                story.post("/oauth/revoke").form(&form).send().await.is(403);
            }
        }
        for token in [&pair.access, &pair.refresh] {
            let form = [&app.credentials()[..], &[("token", token.as_str())]].concat();
            assert_eq!(
                story.post("/oauth/introspect").form(&form).send().await.is(200).json(),
                json!({ "active": false })
            );
        }
        // As clients they are nobody.
        let query = "client_id=native-toki&redirect_uri=urn:ietf:wg:oauth:2.0:oob&response_type=code&scope=profile";
        let asked = story.get(&format!("/oauth/authorize?{query}")).send().await;
        assert!(asked.status.as_u16() >= 300, "{}", asked.status);
        // On the social API a token does what its scopes say.
        story.verify(&pair.access).await.is(200);
        get(&story, "/api/v1/tokens", &pair.access).await.is(403);
        refresh(&story, &pair.refresh).await.is(200);
    }
);
