//! How fast one may be, and how one learns of it (Mastodon §18, security ID-3, LOAD-2).

use std::time::Duration;

use actix_web::test::{TestRequest, call_service, init_service};
use lysand_auth::web::limits::Limits;
use reqwest::Method;
use serde_json::json;
use tests::story;
use tests::story::{CALLBACK, Response, Story};

const VERIFY_APP: &str = "/api/v1/apps/verify_credentials";
const VERIFY: &str = "/api/v1/accounts/verify_credentials";
const INSTANCE: &str = "/api/v2/instance";

const ON: (&str, &str) = ("ratelimit.enabled", "true");

/// Limit and remaining requests, as a client reads them; nothing when the answer tells of no limit.
#[track_caller]
fn limit_of(answer: &Response) -> Option<(u32, u32)> {
    let value = |name: &str| answer.header(name).to_owned();
    let (limit, remaining, reset) =
        (value("x-ratelimit-limit"), value("x-ratelimit-remaining"), value("x-ratelimit-reset"));
    if limit.is_empty() && remaining.is_empty() && reset.is_empty() {
        return None;
    }
    assert!(reset.ends_with("00.000000Z") && reset.len() == 27, "{reset}");
    Some((limit.parse().expect("an integer"), remaining.parse().expect("an integer")))
}

/// Demands the refusal of Mastodon §18, as a browser can read it from any site.
#[track_caller]
fn refused(answer: Response, limit: u32) -> Response {
    let answer = answer.is_api_error(429, "Too many requests");
    assert_eq!(limit_of(&answer), Some((limit, 0)));
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| (1..=300).contains(&wait)));
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(answer.header("access-control-expose-headers").contains("X-RateLimit-Reset"));
    answer
}

async fn from(story: &Story, address: &str) -> Response {
    story.get(INSTANCE).header("x-forwarded-for", address).send().await
}

story!(api_responses_carry_rate_limit_headers, &[ON], |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let answer = story.get(VERIFY_APP).bearer(&token).send().await.is(200);
    assert_eq!(limit_of(&answer), Some((300, 299)), "the token's limit is nearer than the person's");
    assert_eq!(answer.header("x-ratelimit-reset"), "2026-11-21T21:05:00.000000Z", "windows are aligned");
    story.advance_clock(Duration::from_secs(61));
    assert_eq!(limit_of(&story.verify(&token).await.is(200)), Some((300, 298)), "the host's routes count as well");

    let long = "x".repeat(70_000);
    for (call, status) in [
        (story.get(VERIFY), 401),
        (story.get("/api/v1/nothing"), 404),
        (story.get(INSTANCE), 200),
        (story.get("/api/v1/frontend/config"), 200),
        (story.post("/api/v1/apps"), 422),
        (story.get("/api/v1/apps"), 405),
        (story.post("/api/v1/apps").json(&json!({ "client_name": long })), 413),
        (story.post("/api/auth/login"), 422),
        (story.call(Method::HEAD, "/api/v1/instance"), 200),
        (story.get("/api/v1/tokens/x"), 401),
    ] {
        assert!(
            limit_of(&call.send().await.is(status)).is_some_and(|(limit, left)| limit == 300 && left < 300),
            "{status}"
        );
    }
    for (path, status) in
        [("/oauth/authorized_applications.json", 401), ("/nodeinfo/2.0", 200), ("/oauth/nothing", 404)]
    {
        assert_eq!(limit_of(&story.get(path).send().await.is(status)), None, "{path} is not the API");
    }
});

story!(rate_limit_disabled_sends_no_rate_limit_headers, |story| {
    let app = story.usual_app().await;
    for call in [story.get(VERIFY), story.get(INSTANCE), story.post("/api/v1/apps"), story.get("/api/v1/nothing")] {
        assert_eq!(limit_of(&call.send().await), None);
    }
    assert!(!app.client_id.is_empty());
});

story!(rate_limit_by_address_returns_429_until_window_ends, &[ON, ("ratelimit.api_address.max", "20")], |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    for left in (0..20).rev() {
        assert_eq!(limit_of(&from(&story, "192.0.2.7").await.is(200)), Some((20, left)));
    }
    let answer = refused(from(&story, "192.0.2.7").await, 20);
    assert_eq!(answer.header("x-ratelimit-reset"), "2026-11-21T21:05:00.000000Z");
    assert_eq!(answer.header("retry-after"), "300");

    // Nobody else waits, and neither do those who are known by their token.
    from(&story, "192.0.2.8").await.is(200);
    story.verify(&token).await.is(200);
    let mine = story.get(VERIFY).bearer(&token).header("x-forwarded-for", "192.0.2.7").send().await;
    assert_eq!(limit_of(&mine.is(200)).map(|(limit, _)| limit), Some(300));
    let preflight = story.call(Method::OPTIONS, INSTANCE).header("x-forwarded-for", "192.0.2.7");
    let preflight = preflight.header("access-control-request-method", "GET").send().await.is(200);
    assert_eq!(limit_of(&preflight), None);
    // Tokens that open nothing are free to make, so they are counted by address.
    let guess = async |token: &str, path: &str| {
        story.get(path).bearer(token).header("x-forwarded-for", "192.0.2.7").send().await
    };
    for path in [VERIFY, INSTANCE, "/api/v1/nothing", "/api/v1/tokens"] {
        refused(guess(&format!("guess at {path}").replace(['/', ' '], "-"), path).await, 20);
    }

    story.advance_clock(Duration::from_millis(299_500));
    assert_eq!(refused(from(&story, "192.0.2.7").await, 20).header("retry-after"), "1");
    story.advance_clock(Duration::from_millis(500));
    assert_eq!(limit_of(&from(&story, "192.0.2.7").await.is(200)), Some((20, 19)));
});

story!(rate_limit_counts_equivalent_address_forms_as_one, &[ON, ("ratelimit.api_address.max", "4")], |story| {
    for address in ["2001:db8:1:2::1", "2001:DB8:1:2:ffff::9", "2001:0db8:0001:0002:0:0:0:3", "2001:db8:1:2:a:b:c:d"] {
        from(&story, address).await.is(200);
    }
    refused(from(&story, "2001:db8:1:2::77").await, 4);
    from(&story, "2001:db8:1:3::1").await.is(200);
    for address in ["10.1.1.1", "::ffff:10.1.1.1", "6.6.6.6, 10.1.1.1", " 10.1.1.1 "] {
        from(&story, address).await.is(200);
    }
    refused(from(&story, "10.1.1.1").await, 4);
    // Other spellings of a path, other methods and other types are the same caller.
    for path in ["/api/v2/instance/", "/%61pi/v2/instance", "/api/v1/instance?x=1"] {
        let answer = story.get(path).header("x-forwarded-for", "10.1.1.1").send().await;
        assert!(answer.status == 429 || answer.status == 404, "{path}: {}", answer.status);
    }
    let call = story.call(Method::HEAD, INSTANCE).header("x-forwarded-for", "10.1.1.1");
    call.send().await.is(429);
});

story!(
    rate_limit_counts_each_token_and_each_user_separately,
    &[ON, ("ratelimit.api_token.max", "3"), ("ratelimit.api_user.max", "8")],
    |story| {
        let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
        let (first, second) = (story.token(&ada, &app).await, story.token(&ada, &app).await);
        let of_eve = story.token(&eve, &app).await;
        for left in [2, 1, 0] {
            assert_eq!(limit_of(&story.verify(&first).await.is(200)), Some((3, left)));
        }
        refused(story.verify(&first).await, 3);
        refused(story.get(INSTANCE).bearer(&first).send().await, 3);
        // A token that is refused does not use up what its person has left.
        for left in [2, 1, 0] {
            assert_eq!(limit_of(&story.verify(&second).await.is(200)), Some((3, left)));
        }
        let third = story.token(&ada, &app).await;
        assert_eq!(limit_of(&story.verify(&third).await.is(200)), Some((8, 1)), "now the person's limit is nearer");
        assert_eq!(limit_of(&story.verify(&third).await.is(200)), Some((8, 0)));
        let fourth = story.token(&ada, &app).await;
        refused(story.verify(&fourth).await, 8);
        story.verify(&of_eve).await.is(200);

        // A revoked token is told so, until its address has asked too often.
        let revoke = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
        revoke.form(&[("token", &of_eve)]).send().await.is(200);
        story.verify(&of_eve).await.is_api_error(401, "The access token was revoked");
    }
);

story!(rate_limit_for_app_token_also_counts_address, &[ON, ("ratelimit.api_address.max", "5")], |story| {
    let app = story.usual_app().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", &app.client_secret),
    ];
    let body = story.post("/oauth/token").form(&form).send().await.is(200).json();
    let token = body["access_token"].as_str().expect("a token");
    let call = async || story.get(VERIFY_APP).bearer(token).header("x-forwarded-for", "192.0.2.1").send().await;
    for left in (0..5).rev() {
        assert_eq!(limit_of(&call().await.is(200)), Some((5, left)));
    }
    refused(call().await, 5);
});

story!(app_registration_shows_its_own_rate_limit, &[ON], |story| {
    let form = [("client_name", "A"), ("redirect_uris", CALLBACK)];
    for left in (0..5).rev() {
        let answer = story.post("/api/v1/apps").form(&form).send().await.is(200);
        assert_eq!(limit_of(&answer), Some((5, left)));
        assert_eq!(answer.header("x-ratelimit-reset"), "2026-11-21T21:10:00.000000Z");
    }
    let answer = story.post("/api/v1/apps").form(&form).send().await.is_api_error(429, "Too many requests");
    assert_eq!((limit_of(&answer), answer.header("retry-after")), (Some((5, 0)), "600"));
});

story!(app_registration_shows_the_nearer_rate_limit, &[ON, ("ratelimit.api_address.max", "3")], |story| {
    let form = [("client_name", "A"), ("redirect_uris", CALLBACK)];
    let left = async || limit_of(&story.post("/api/v1/apps").form(&form).send().await);
    assert_eq!([left().await, left().await], [Some((3, 2)), Some((3, 1))]);
});

story!(login_and_token_over_rate_limit_send_rate_limit_headers, &[ON, ("ratelimit.login_account.max", "2")], |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    for _ in 0..2 {
        story.log_in(&app.authorize_query(), &person.username, "wrong").await.is(302);
    }
    let answer = story.log_in(&app.authorize_query(), &person.username, "wrong").await.is(429);
    assert_eq!((limit_of(&answer), answer.header("retry-after")), (Some((2, 0)), "3600"));
    let form = [("identifier", person.username.as_str()), ("password", "wrong")];
    let path = format!("/api/auth/login?{}", app.authorize_query());
    let page = story.post(&path).header("accept", "text/html").form(&form).send().await.is(429);
    assert!(page.header("content-type").starts_with("text/html"));
    assert_eq!((limit_of(&page), page.header("retry-after")), (Some((2, 0)), "3600"));

    for _ in 0..60 {
        story.redeem(&app, "unknown").await.is(400);
    }
    let answer = story.redeem(&app, "unknown").await.is(429);
    assert_eq!(limit_of(&answer), Some((60, 0)));
    assert_eq!(answer.json()["error_description"], "Too many requests");
});

story!(rate_limit_exceeded_shows_page_or_json_by_accept, &[ON, ("ratelimit.api_address.max", "1")], |story| {
    let post = || story.post("/api/auth/mastodon-logout");
    post().send().await.is(303);
    let page = post().header("accept", "text/html,*/*").send().await.is(429);
    assert!(page.header("content-type").starts_with("text/html") && page.body.contains("Please wait"), "{}", page.body);
    assert_eq!(page.header("access-control-allow-origin"), "");
    post().send().await.is_api_error(429, "Too many requests");
});

story!(rate_limit_counters_are_per_replica_and_reset_on_restart, &[ON, ("ratelimit.api_address.max", "1")], |story| {
    from(&story, "192.0.2.7").await.is(200);
    refused(from(&story, "192.0.2.7").await, 1);
    let replica = story.replica().await;
    let there = format!("http://localhost:{}{INSTANCE}", replica.addr().port());
    story.get(&there).header("x-forwarded-for", "192.0.2.7").send().await.is(200);
    replica.abort().await;
    let story = story.restart(&[]).await;
    from(&story, "192.0.2.7").await.is(200);
});

story!(rate_limit_nested_in_host_middleware_counts_once, &[ON], |story| {
    let auth = story.server().state().auth.clone();
    let routes = lysand_auth::web::mount(auth.clone(), lysand_auth::web::Surfaces::all());
    let host = init_service(actix_web::App::new().wrap(Limits::new(&auth)).configure(routes)).await;
    for left in ["299", "298"] {
        let request = TestRequest::get().uri("/api/v1/frontend/config").peer_addr("192.0.2.9:1".parse().expect("one"));
        let reply = call_service(&host, request.to_request()).await;
        assert_eq!(reply.headers().get("x-ratelimit-remaining").expect("told"), left);
    }
});
