//! Refresh, signing out, and who may call (native 1.2, 1.4, C4, C5, C9, C12).

use std::time::Duration;

use lysand_auth::flows::staff::{StaffAct, Standing, set_standing};
use reqwest::Method;
use serde_json::json;
use tests::story;
use tests::story::TokenPair;

use super as toki;
use super::synctv::{FAILED, Pair, SYNCTV, call, get, is_error, is_secret, opens, post, refresh, signed_in};

const HOUR: Duration = Duration::from_secs(3_600);

story!(synctv_refresh_replaces_both_tokens_once, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let first = signed_in(&story, &ada).await;
    story.advance_clock(HOUR);
    assert!(!opens(&story, &first.access).await, "its hour is over");
    let answer = refresh(&story, &first.refresh).await.is(200);
    is_secret(&answer);
    let members = answer.json().as_object().expect("an object").len();
    assert_eq!(members, 2);
    let second = Pair::of(&answer);
    assert!(opens(&story, &second.access).await);
    // It comes back: one of two holders is a thief.
    is_error(refresh(&story, &first.refresh).await, 401, FAILED);
    assert!(!opens(&story, &second.access).await);
    is_error(refresh(&story, &second.refresh).await, 401, FAILED);
});

story!(synctv_refresh_takes_no_other_token, SYNCTV, |story| {
    let (ada, app) = (story.person("ada").await, story.expiring_app().await);
    let own = signed_in(&story, &ada).await;
    let TokenPair { access, refresh: of_app } = story.token_pair(&ada, &app).await;
    for token in [&*own.access, &*access] {
        is_error(refresh(&story, token).await, 401, "Not a refresh token");
    }
    for token in [&*of_app, "x", &"x".repeat(43), &"x".repeat(4_096), "lyp_x", "é"] {
        is_error(refresh(&story, token).await, 401, FAILED);
    }
    is_error(refresh(&story, &"x".repeat(4_097)).await, 400, "refresh_token must be at most 4096 characters");
    is_error(refresh(&story, "").await, 400, "refresh_token is required");
    // And none of them was spent.
    assert!(opens(&story, &own.access).await);
    story.refresh(&app, &of_app).await.is(200);
    refresh(&story, &own.refresh).await.is(200);
});

story!(synctv_refresh_in_parallel_succeeds_once, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    let answers = futures_util::future::join_all((0..8).map(|_| refresh(&story, &pair.refresh))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
});

story!(synctv_logout_ends_the_sign_in_and_no_other, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let (one, other) = (signed_in(&story, &ada).await, signed_in(&story, &ada).await);
    let answer = call(&story, Method::POST, "/api/user/logout", &one.access, None).await.is(200);
    assert_eq!(answer.json(), json!({ "success": true, "message": "" }));
    assert!(!opens(&story, &one.access).await);
    is_error(refresh(&story, &one.refresh).await, 401, FAILED);
    assert!(opens(&story, &other.access).await);
    is_error(post(&story, "/api/user/logout", &json!({})).await, 401, "Missing Authorization header");
});

story!(
    synctv_routes_take_their_own_tokens_alone,
    &[("native.synctv.enabled", "true"), ("native.toki.enabled", "true")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.app("https://a.example/cb", "read write auth:read").await);
        let of_app = story.token(&ada, &app).await;
        let (own, of_toki) = (signed_in(&story, &ada).await, toki::signed_in(&story, &ada).await);
        for token in [&*of_app, &*own.refresh, &*of_toki.access, "wrong", "lyp_wrong"] {
            for (method, path) in
                [(Method::GET, "/api/user"), (Method::GET, "/api/user/preferences"), (Method::POST, "/api/tickets")]
            {
                is_error(call(&story, method, path, token, None).await, 401, "Invalid or expired token");
            }
        }
        toki::is_error(toki::get(&story, "/me/devices", &own.access).await, 401, "invalid or expired token");
        let cookie = story.sign_in(&ada, &app).await.cookie;
        let with_cookie = story.get("/api/user").header("cookie", &format!("jwt={cookie}")).send().await;
        is_error(with_cookie, 401, "Missing Authorization header");
        for header in ["Basic YTpi", "Bearer", "Bearer ", "res U-1:x"] {
            let answer = story.get("/api/user").header("authorization", header).send().await;
            is_error(answer, 401, "Invalid Authorization header");
        }
        story.get("/api/user").header("authorization", &format!("bEARER {}", own.access)).send().await.is(200);
        // On the social API it does what its scopes say.
        story.verify(&own.access).await.is(200);
    }
);

story!(synctv_tokens_of_somebody_who_may_not_act_open_nothing, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    let (auth, account) = (story.server().state().auth.clone(), story.account(&ada).await);
    set_standing(&auth, &account, Standing::Disabled, &StaffAct::by_command()).await.expect("a standing");
    is_error(get(&story, "/api/user", &pair.access).await, 401, "Invalid or expired token");
    is_error(refresh(&story, &pair.refresh).await, 401, FAILED);
});
