//! Using, extending and ending sessions of Resonite clients (native 3.3, 3.4, 3.5).

use std::time::Duration;

use lysand_auth::flows::reset;
use lysand_auth::flows::staff::{StaffAct, Standing, set_standing};
use lysand_auth::{Secret, flows::events};
use reqwest::Method;
use serde_json::json;
use tests::story;

use super::resonite::{
    Held, RESONITE, UID, begin, by_password, call_as, extend, in_session, is_refused, lives, login, to_begin,
};
use super::{account_app, signed_in};
use crate::factors::enrol;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const BOTH: &[(&str, &str)] = &[("native.resonite.enabled", "true"), ("native.toki.enabled", "true")];

story!(resonite_session_is_extended_by_its_use_up_to_its_absolute_end, RESONITE, |story| {
    let ada = story.person("ada").await;
    let (used, unused) = (in_session(&story, &ada).await, in_session(&story, &ada).await);
    story.advance_clock(DAY - Duration::from_secs(1));
    let answer = extend(&story, &used).await.is(204);
    assert_eq!((answer.body.as_str(), answer.header("cache-control")), ("", "no-store"));
    story.advance_clock(Duration::from_secs(1));
    assert!(!lives(&story, &unused).await && lives(&story, &used).await);
    for _ in 0..29 {
        story.advance_clock(DAY - Duration::from_secs(60));
        let _ = extend(&story, &used).await;
    }
    story.advance_clock(Duration::from_secs(3_600));
    assert!(!lives(&story, &used).await, "thirty days are the most");
});

story!(resonite_token_is_good_in_its_own_scheme_alone, BOTH, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (held, other) = (in_session(&story, &ada).await, in_session(&story, &eve).await);
    let toki = signed_in(&story, &ada).await;
    let with =
        async |header: &str| story.call(Method::PATCH, "/userSessions").header("authorization", header).send().await;
    for good in [held.header(), held.header().replacen("res", "RES", 1)] {
        with(&good).await.is(204);
    }
    for bad in [
        String::new(),
        "res".to_owned(),
        "res ".to_owned(),
        format!("res {}", held.token),
        format!("res {}:", held.user),
        format!("res :{}", held.token),
        format!("res  {}:{}", held.user, held.token),
        format!("res {}:{}:x", held.user, held.token),
        format!("res {}:{}", other.user, held.token),
        format!("res {}:{}", held.user.to_lowercase(), held.token),
        format!("res {}:{}", held.user, toki.access),
        format!("Bearer {}", held.token),
        format!("Bearer {}:{}", held.user, held.token),
        format!("res {}:{}", held.user, "x".repeat(8_000)),
    ] {
        is_refused(with(&bad).await, 403, "Invalid session");
    }
    is_refused(story.call(Method::PATCH, "/userSessions").send().await, 403, "Invalid session");
    // Neither the social API nor another dialect takes it, in either scheme.
    story.verify(&held.token).await.is(401);
    story.get("/me/devices").bearer(&held.token).send().await.is(401);
    for path in ["/api/v1/accounts/verify_credentials", "/api/v1/auth/sessions", "/me/devices"] {
        story.get(path).header("authorization", &held.header()).send().await.is(401);
    }
    let introspected = story.usual_app().await;
    let form = [
        ("token", held.token.as_str()),
        ("client_id", &introspected.client_id),
        ("client_secret", &introspected.client_secret),
    ];
    let told = story.post("/oauth/introspect").form(&form).send().await;
    assert!(told.status != 200 || told.json()["active"] == false, "{}", told.body);
});

story!(resonite_session_is_ended_by_any_session_of_its_account, RESONITE, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (first, second, others) =
        (in_session(&story, &ada).await, in_session(&story, &ada).await, in_session(&story, &eve).await);
    let end = async |held: &Held, path: &str| call_as(&story, held, Method::DELETE, path).await;
    is_refused(story.call(Method::DELETE, &first.path()).send().await, 403, "Invalid session");
    is_refused(end(&others, &first.path()).await, 403, "Not your own");
    is_refused(end(&first, &others.path()).await, 403, "Not your own");
    for unknown in ["x", &*others.token, "a%2Fb", "%00", &"x".repeat(43)] {
        is_refused(end(&first, &format!("/userSessions/{}/{unknown}", first.user)).await, 404, "Unknown session");
    }
    let ended = end(&second, &first.path()).await.is(200);
    assert_eq!(ended.body, "");
    assert!(!lives(&story, &first).await && lives(&story, &second).await && lives(&story, &others).await);
    is_refused(end(&second, &first.path()).await, 404, "Unknown session");
    end(&second, &format!("{}/", second.path())).await.is(200);
    assert!(!lives(&story, &second).await);
});

story!(resonite_routes_are_not_there_unless_they_are_on, |story| {
    let nonsense = story.post("/nonsense").json(&json!({})).send().await.is(404);
    for path in ["/userSessions", "/hub/negotiate", "/hub"] {
        let off = story.post(path).json(&json!({})).send().await.is(404);
        assert_eq!(off.body.len(), nonsense.body.len(), "{path}");
    }
    // The reference server has a page for each name there.
    story.get("/users/requestlostpassword").header("accept", "text/html").send().await.is(404);
});

story!(
    resonite_routes_answer_by_method_behind_their_prefix,
    &[("native.resonite.enabled", "true"), ("native.resonite.prefix", "/resonite")],
    |story| {
        let ada = story.person("ada").await;
        story.post("/userSessions").json(&json!({})).send().await.is(404);
        let body = by_password("ada", &ada.password);
        for path in ["/resonite/userSessions", "/resonite/userSessions/"] {
            story.post(path).header("uid", "x").json(&body).send().await.is(200);
        }
        let refused = story.call(Method::PUT, "/resonite/userSessions").json(&json!({})).send().await;
        assert_eq!(refused.header("allow"), "POST, PATCH");
        assert_eq!(refused.header("access-control-allow-origin"), "*");
        is_refused(refused, 405, "Method Not Allowed");
        let preflight =
            story.call(Method::OPTIONS, "/resonite/userSessions").header("access-control-request-headers", "uid, totp");
        assert_eq!(preflight.send().await.is(200).header("access-control-allow-headers"), "uid, totp");
        story.get("/resonite/hub").send().await.is(400);
        story.get("/hub").send().await.is(404);
    }
);

story!(resonite_requests_of_another_form_are_refused_as_text, RESONITE, |story| {
    let post = |kind: &str, body: &str| story.post("/userSessions").header("uid", "x").body(kind, body.to_owned());
    let deep = format!("{{\"username\":{}{}}}", "[".repeat(200), "]".repeat(200));
    for broken in
        ["", "{", "[]", "\"x\"", "null", "7", "{\"a\":1,}", &*deep, "{\"a\":\"\\ud800\"}", "{\"a\":1,\"A\":2}"]
    {
        is_refused(post("application/json", broken).send().await, 400, "Invalid request");
    }
    for kind in ["application/x-www-form-urlencoded", "text/plain", "text/json"] {
        is_refused(post(kind, "{}").send().await, 415, "The body must be application/json");
    }
    is_refused(post("application/json; charset=utf-8", "{}").send().await, 400, "Invalid request");
    let large = json!({ "username": "x".repeat(64 * 1024) });
    is_refused(to_begin(&story, &large).send().await, 413, "The request body is too large.");
});

story!(
    resonite_requests_beyond_the_limits_are_refused_as_text,
    &[("native.resonite.enabled", "true"), ("ratelimit.enabled", "true"), ("ratelimit.api_token.max", "3")],
    |story| {
        let ada = story.person("ada").await;
        let held = in_session(&story, &ada).await;
        for _ in 0..3 {
            extend(&story, &held).await.is(204);
        }
        let closed = extend(&story, &held).await.is(429);
        let wait: u64 = closed.header("retry-after").parse().expect("seconds");
        is_refused(closed, 429, &format!("Too many requests. Please try again in {wait} seconds."));
    }
);

story!(
    resonite_session_is_bound_to_its_machine_where_that_is_wanted,
    &[("native.resonite.enabled", "true"), ("native.resonite.machine_bound", "true")],
    |story| {
        let ada = story.person("ada").await;
        let answer = login(&story, "ada", &ada.password).await.is(200);
        assert_eq!(answer.json()["entity"]["isMachineBound"], true);
        let held = Held::of(&answer);
        let from = async |uid: &str| {
            let call = story.call(Method::PATCH, "/userSessions").header("authorization", &held.header());
            call.header("uid", uid).send().await
        };
        from(UID).await.is(204);
        is_refused(from("another").await, 403, "Invalid session");
        is_refused(extend(&story, &held).await, 403, "Invalid session");
        let body =
            json!({ "username": "ada", "authentication": { "$type": "sessionToken", "sessionToken": held.token } });
        begin(&story, &body).await.is(200);
        let elsewhere = story.post("/userSessions").header("uid", "another").json(&body).send().await;
        is_refused(elsewhere, 400, "Invalid credentials");
    }
);

story!(resonite_sessions_are_listed_among_browsers_and_ended_there, RESONITE, |story| {
    let ada = story.person("ada").await;
    let app = story.token(&ada, &account_app(&story).await).await;
    let (first, second) = (in_session(&story, &ada).await, in_session(&story, &ada).await);
    let listed = story.get("/api/v1/auth/sessions").bearer(&app).send().await.is(200).json();
    let native: Vec<_> = listed.as_array().expect("a list").iter().filter(|own| own["kind"] == "native").collect();
    assert_eq!(native.len(), 2, "one machine, two sessions");
    for row in &native {
        assert_eq!(
            (&row["dialect"], &row["name"], &row["device"]["browser"]),
            (&json!("resonite"), &json!(null), &json!("Resonite"))
        );
        assert_eq!(row["methods"], json!(["pwd"]));
    }
    let id = native[0]["id"].as_str().expect("an id");
    story.call(Method::DELETE, &format!("/api/v1/auth/sessions/{id}")).bearer(&app).send().await.is(200);
    let alive = [lives(&story, &first).await, lives(&story, &second).await];
    assert_eq!(alive.iter().filter(|alive| **alive).count(), 1);
    story.post("/api/v1/auth/sessions/end_others").bearer(&app).send().await.is(200);
    assert!(!lives(&story, &first).await && !lives(&story, &second).await);
    story.verify(&app).await.is(200);
});

story!(resonite_sessions_end_with_what_ends_every_native_sign_in, RESONITE, |story| {
    let auth = &story.server().state().auth;
    let ada = story.person("ada").await;
    let account = story.account(&ada).await;
    let held = in_session(&story, &ada).await;
    reset::set_by_staff(auth, &account, &Secret::new("another horse"), events::Actor::Command).await.expect("set");
    assert!(!lives(&story, &held).await);
    let held = Held::of(&login(&story, "ada", "another horse").await.is(200));
    for standing in [Standing::Suspended, Standing::Active] {
        set_standing(auth, &account, standing, &StaffAct::by_command()).await.expect("a standing");
    }
    assert!(!lives(&story, &held).await);
    let held = Held::of(&login(&story, "ada", "another horse").await.is(200));
    let ada = tests::Person { password: "another horse".to_owned(), ..ada };
    enrol(&story, &ada).await;
    assert!(!lives(&story, &held).await);
    let replica = story.replica().await;
    let there = format!("http://localhost:{}/userSessions", replica.addr().port());
    story.call(Method::PATCH, &there).header("authorization", &held.header()).send().await.is(403);
});
