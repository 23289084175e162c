//! Codes for devices in toki's forms (native 2.5): asked for, answered on the page or by somebody who is signed in, polled.

use std::time::Duration;

use futures_util::future::join_all;
use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::own_sessions;
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::{CLI, Pair, TOKI, call, get, is_error, is_secret, login, opens, post, refresh, signed_in, signed_in_on};
use crate::device::{self, Codes};
use crate::factors::{browser_of, enrol};

const BOTH: &[(&str, &str)] = &[("native.toki.enabled", "true"), ("oauth.device_grant", "true")];
const INTERVAL: Duration = Duration::from_secs(5);

fn codes_of(answer: &Response) -> Codes {
    let body = answer.json();
    let text = |name: &str| body[name].as_str().expect("a code").to_owned();
    Codes { device: text("device_code"), user: text("user_code") }
}

async fn codes(story: &Story) -> Codes {
    codes_of(&post(story, "/auth/device/code", &json!({})).await.is(200))
}

async fn poll(story: &Story, codes: &Codes) -> Response {
    story.advance_clock(INTERVAL);
    post(story, "/auth/device/token", &json!({ "device_code": codes.device })).await
}

/// Somebody who is signed in with a browser says yes.
async fn verify(story: &Story, jar: &CookieJar, typed: &str) -> Response {
    let request = story.post("/auth/device/verify").header("origin", story.base()).cookies(jar);
    request.json(&json!({ "user_code": typed })).send().await
}

story!(toki_device_gets_tokens_once_after_a_yes_on_the_page, TOKI, |story| {
    let ada = story.person("ada").await;
    let asked = post(&story, "/auth/device/code", &json!({ "device_name": "Kitchen <b>" })).await.is(200);
    is_secret(&asked);
    let (told, codes, page) = (asked.json(), codes_of(&asked), format!("{}/device", story.base()));
    assert_eq!((codes.device.len(), codes.user.len()), (43, 9), "{told}");
    for (name, value) in [
        ("verification_uri", json!(page)),
        ("verification_url", json!(page)),
        ("verification_uri_complete", json!(format!("{page}?user_code={}", codes.user))),
        ("expires_in", json!(900)),
        ("interval", json!(5)),
    ] {
        assert_eq!(told[name], value, "{name}");
    }
    is_error(poll(&story, &codes).await, 428, "authorization_pending");
    let soon = post(&story, "/auth/device/token", &json!({ "device_code": codes.device })).await.is(400);
    assert_eq!(soon.json(), json!({ "error": "slow_down", "interval": 10 }));

    let mut jar = browser_of(&story, &ada).await;
    let question = device::question(&story, &mut jar, &codes.user).await;
    for part in ["toki clients", "Kitchen &lt;b&gt;", "@ada"] {
        assert!(question.body.contains(part), "{part}: {}", question.body);
    }
    device::press(&story, &mut jar, &question, "allow").await.is(200);
    story.advance_clock(INTERVAL);
    let answer = poll(&story, &codes).await.is(200);
    is_secret(&answer);
    assert_eq!((&answer.json()["token_type"], &answer.json()["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let pair = Pair::of(&answer);
    assert!(opens(&story, &pair.access).await);
    let devices = get(&story, "/me/devices", &pair.access).await.is(200).json();
    assert_eq!(devices[0]["device_name"], "toki-cli", "{devices}");
    refresh(&story, &pair.refresh).await.is(200);
    is_error(poll(&story, &codes).await, 400, "expired_token");
    let refused = codes_of(&post(&story, "/auth/device/code", &json!({})).await.is(200));
    device::decide(&story, &mut jar, &refused, "deny").await.is(200);
    is_error(poll(&story, &refused).await, 400, "access_denied");
    is_error(poll(&story, &refused).await, 400, "expired_token");
});

story!(published_command_line_of_toki_signs_in_and_out, TOKI, |story| {
    let ada = story.person("ada").await;
    // It sends no body, and no type of one.
    let asked = story.post("/device/code").header("user-agent", CLI).send().await.is(200);
    let codes = codes_of(&asked);
    let poll = async || {
        story.advance_clock(INTERVAL);
        let body = json!({ "device_code": codes.device, "device_key": "k-1", "device_name": "Ada's laptop" });
        post(&story, "/device/token", &body).await
    };
    is_error(poll().await, 400, "authorization_pending");
    let mut jar = browser_of(&story, &ada).await;
    let page = device::open(&story, &mut jar, &format!("/device?device={}", codes.user)).await.is(200);
    assert!(page.body.contains(&codes.user), "{}", page.body);
    device::decide(&story, &mut jar, &codes, "allow").await.is(200);
    let pair = Pair::of(&poll().await.is(200));
    is_error(poll().await, 410, "expired_token");
    let told = get(&story, "/me/devices", &pair.access).await.is(200).json();
    let own = &told["devices"][0];
    assert_eq!((&own["name"], &own["device_key"]), (&json!("Ada's laptop"), &json!("k-1")), "{told}");
    let path = format!("/me/devices/{}", own["id"].as_str().expect("an id"));
    call(&story, Method::DELETE, &path, &pair.access, None).await.is(200);
    assert!(!opens(&story, &pair.access).await);
    is_error(refresh(&story, &pair.refresh).await, 401, "invalid or expired refresh token");
});

story!(toki_device_code_is_none_of_an_app_and_an_apps_none_of_toki, BOTH, |story| {
    let (ada, app) = (story.person("ada").await, device::registered(&story, json!({})).await);
    let (own, of_app) = (codes(&story).await, device::codes(&story, &app).await);
    let jar = browser_of(&story, &ada).await;
    is_error(verify(&story, &jar, &of_app.user).await, 404, "invalid or expired code");
    verify(&story, &jar, &own.user).await.is(200);
    device::is_told(&story, &app, &own.device, "invalid_grant").await;
    is_error(poll(&story, &of_app).await, 400, "expired_token");
    poll(&story, &own).await.is(200);
});

story!(whoever_is_signed_in_allows_a_toki_device_with_program_or_browser, TOKI, |story| {
    let (ada, mut jar) = (story.person("ada").await, CookieJar::default());
    let pair = signed_in_on(&story, &ada, "phone").await;
    let by_program = async |typed: &str| {
        call(&story, Method::POST, "/auth/device/verify", &pair.access, Some(&json!({ "user_code": typed }))).await
    };
    let first = codes(&story).await;
    is_error(by_program("BCDF-GHJK").await, 404, "invalid or expired code");
    is_error(by_program("AEIO-UUUU").await, 404, "invalid or expired code");
    let typed = first.user.to_lowercase().replace('-', " ");
    let allowed = by_program(&typed).await.is(200);
    assert_eq!(allowed.json(), json!({ "verified": true }));
    is_secret(&allowed);
    is_error(by_program(&first.user).await, 409, "code already approved");
    assert!(opens(&story, &Pair::of(&poll(&story, &first).await.is(200)).access).await);

    jar.keep_value("jwt", browser_of(&story, &ada).await.get("jwt").expect("a session"));
    let second = codes(&story).await;
    let body = json!({ "user_code": second.user });
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let foreign = story.post("/auth/device/verify").header(name, value).cookies(&jar).json(&body).send().await;
        is_error(foreign, 401, "missing Authorization header");
    }
    is_error(verify(&story, &CookieJar::default(), &second.user).await, 401, "missing Authorization header");
    verify(&story, &jar, &second.user).await.is(200);
    poll(&story, &second).await.is(200);
    let late = codes(&story).await;
    story.advance_clock(Duration::from_secs(900));
    is_error(verify(&story, &jar, &late.user).await, 410, "code expired");
    is_error(poll(&story, &late).await, 400, "expired_token");
});

story!(toki_device_inherits_the_proofs_of_whoever_allowed_it, TOKI, |story| {
    let ada = story.person("ada").await;
    let own = enrol(&story, &ada).await;
    let codes = codes(&story).await;
    verify(&story, &own.jar, &codes.user).await.is(200);
    let pair = Pair::of(&poll(&story, &codes).await.is(200));
    let listed = story.get("/api/v1/auth/sessions").cookies(&own.jar).send().await;
    assert!(listed.status.as_u16() < 500);
    // With one proof alone the account would not get these tokens with a program.
    is_error(login(&story, &ada.username, &ada.password).await, 401, "second factor required");
    assert!(opens(&story, &pair.access).await);
});

story!(yes_to_a_toki_device_counts_no_more_when_its_sign_in_is_over, TOKI, |story| {
    let ada = story.person("ada").await;
    let phone = signed_in_on(&story, &ada, "phone").await;
    let first = codes(&story).await;
    let body = json!({ "user_code": first.user });
    call(&story, Method::POST, "/auth/device/verify", &phone.access, Some(&body)).await.is(200);
    let devices = get(&story, "/me/devices", &phone.access).await.is(200).json();
    let path = format!("/me/devices/{}", devices[0]["device_id"].as_str().expect("an id"));
    call(&story, Method::DELETE, &path, &phone.access, None).await.is(200);
    is_error(poll(&story, &first).await, 400, "access_denied");

    let jar = browser_of(&story, &ada).await;
    let second = codes(&story).await;
    verify(&story, &jar, &second.user).await.is(200);
    let auth = &story.server().state().auth;
    let account = auth.accounts().by_identifier("ada").await.expect("accounts").expect("ada");
    let caller = Caller::default();
    own_sessions::end_everything_of(auth, &account, Actor::System, &caller).await.expect("ended");
    is_error(poll(&story, &second).await, 400, "access_denied");
});

story!(polls_of_one_toki_device_at_once_get_tokens_once, &[TOKI[0], ("http.workers", "2")], |story| {
    let ada = story.person("ada").await;
    let codes = codes(&story).await;
    verify(&story, &browser_of(&story, &ada).await, &codes.user).await.is(200);
    story.advance_clock(INTERVAL);
    let body = json!({ "device_code": codes.device });
    let answers = join_all((0..12).map(|_| post(&story, "/auth/device/token", &body))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 400].contains(&answer.status.as_u16())));
});

story!(toki_device_routes_refuse_what_is_none_and_do_not_exist_while_off, TOKI, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    for (path, body, text) in [
        (
            "/auth/device/code",
            json!({ "device_name": "x".repeat(65) }),
            "device_name must be 1-64 characters without control characters",
        ),
        ("/auth/device/code", json!({ "device_name": 7 }), "device_name must be a string"),
        ("/auth/device/token", json!({}), "device_code is required"),
        ("/device/token", json!({ "device_code": null }), "device_code is required"),
        (
            "/auth/device/token",
            json!({ "device_code": "x", "device_key": "" }),
            "device_key must be 1-64 characters without control characters",
        ),
    ] {
        is_error(post(&story, path, &body).await, 422, text);
    }
    is_error(
        post(&story, "/auth/device/token", &json!({ "device_code": "x".repeat(4_000) })).await,
        400,
        "expired_token",
    );
    let none = call(&story, Method::POST, "/auth/device/verify", &pair.access, Some(&json!({}))).await;
    is_error(none, 422, "user_code is required");
    is_error(
        story.post("/auth/device/verify").bearer("x").json(&Value::Null).send().await,
        401,
        "invalid or expired token",
    );
    let open = story.post("/auth/device/code").header("origin", "https://any.example").json(&json!({})).send().await;
    assert_eq!(open.header("access-control-allow-origin"), "*");
    for path in ["/device/code", "/device/token", "/auth/device/verify"] {
        let answer = story.post(path).header("origin", "https://any.example").json(&json!({})).send().await;
        assert!(answer.headers.get("access-control-allow-origin").is_none(), "{path}");
        story.get(path).send().await.is(405);
    }
    story.post("/device/approve").json(&json!({})).send().await.is(404);
    let story = story.restart(&[("native.toki.enabled", "false")]).await;
    for path in
        ["/auth/device/code", "/auth/device/token", "/auth/device/verify", "/device/code", "/device/token", "/device"]
    {
        story.post(path).json(&json!({})).send().await.is(404);
    }
    let story = story.restart(&[("native.toki.enabled", "true"), ("native.toki.prefix", "/toki")]).await;
    let told = post(&story, "/toki/auth/device/code", &json!({})).await.is(200).json();
    let page = told["verification_uri_complete"].as_str().expect("an address").to_owned();
    assert!(page.starts_with(&format!("{}/toki/device?user_code=", story.base())), "{page}");
    let there = story.get(&page[story.base().len()..]).send().await.is(302).location();
    assert_eq!(there.path(), "/device", "{there}");
});
