//! What programs see: the two endpoints, and every state of a code.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tests::story;
use tests::story::CALLBACK;

use super::{
    Codes, ENDPOINT, GRANT, ON, access, browser_of, codes, decide, enter, is_told, open, poll, press, question,
    registered,
};

const METADATA: [&str; 2] = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];

story!(device_grant_that_is_off_does_not_exist, |story| {
    for path in METADATA {
        let body = story.get(path).send().await.is(200).json();
        assert_eq!(body.get("device_authorization_endpoint"), None, "{path}");
        assert!(!body["grant_types_supported"].to_string().contains("device_code"), "{path}");
    }
    let nonsense = story.post("/oauth/no_such_thing").send().await;
    let answer = story.post(ENDPOINT).form(&[("client_id", "x")]).send().await.is(404);
    assert_eq!(answer.body, nonsense.is(404).body);
    for path in ["/device", "/device/", "/device/answer", "/device?user_code=BCDF-GHJK"] {
        let answer = story.get(path).send().await.is(404);
        assert_eq!(answer.body, story.get("/no_such_thing").send().await.is(404).body, "{path}");
    }
    story.post("/device").form(&[("user_code", "BCDF-GHJK")]).send().await.is(404);
    let app = story.usual_app().await;
    let answer = poll(&story, &app, "x").await;
    let why = "The authorization grant type is not supported by the authorization server.";
    answer.is_oauth_error(400, "unsupported_grant_type", why);
    // Registrations that name it: RFC 7591 refuses, Mastodon's route knows nothing of it.
    let body = json!({ "redirect_uris": [CALLBACK], "grant_types": [GRANT] });
    let answer = story.post("/oauth/register").json(&body).send().await.is(400);
    assert_eq!(answer.json()["error"], "invalid_client_metadata");
    let body = json!({ "client_name": "TV", "redirect_uris": CALLBACK, "grant_types": [GRANT] });
    story.post("/api/v1/apps").json(&body).send().await.is(200);
});

story!(device_grant_that_is_on_stands_in_both_metadata_documents, ON, |story| {
    for path in METADATA {
        let body = story.get(path).send().await.is(200).json();
        assert_eq!(body["device_authorization_endpoint"], format!("{}{ENDPOINT}", story.base()));
        assert!(body["grant_types_supported"].as_array().expect("a list").contains(&GRANT.into()), "{path}");
    }
});

story!(device_codes_are_answered_as_rfc_8628_says, ON, |story| {
    let app = registered(&story, json!({})).await;
    let form = [("client_id", &*app.client_id), ("client_secret", &*app.client_secret)];
    let answer = story.post(ENDPOINT).form(&form).send().await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    assert_eq!(answer.header("access-control-allow-origin"), "*", "as /oauth/token");
    let body = answer.json();
    let (device, user) = (body["device_code"].as_str().expect("text"), body["user_code"].as_str().expect("text"));
    assert_eq!((device.len(), user.len(), user.find('-')), (43, 9, Some(4)), "{user}");
    assert!(user.bytes().all(|letter| b"BCDFGHJKLMNPQRSTVWXZ-".contains(&letter)), "{user}");
    assert_eq!(body["verification_uri"], format!("{}/device", story.base()));
    assert_eq!(body["verification_uri_complete"], format!("{}/device?user_code={user}", story.base()));
    assert_eq!((&body["expires_in"], &body["interval"]), (&json!(900), &json!(5)));
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(6), "{body}");

    // Every road of the client's proof, and every kind of body (Mastodon §0.4, §6.1).
    let json = json!({ "client_id": app.client_id, "client_secret": app.client_secret, "scope": "read" });
    story.post(ENDPOINT).json(&json).send().await.is(200);
    story.post(ENDPOINT).multipart(&form).send().await.is(200);
    story.post(ENDPOINT).basic(&app.client_id, &app.client_secret).send().await.is(200);
    let encoded = app.client_secret.replace('-', "%2D").replace('_', "%5F");
    story.post(&format!("{ENDPOINT}/")).basic(&app.client_id, &encoded).send().await.is(200);
    story
        .post(&format!("{ENDPOINT}?client_id={}&client_secret={}", app.client_id, app.client_secret))
        .send()
        .await
        .is(200);
    let preflight = story.call(reqwest::Method::OPTIONS, ENDPOINT).header("origin", "https://tv.example");
    let preflight = preflight.header("access-control-request-method", "POST").send().await.is(200);
    assert_eq!(preflight.header("access-control-allow-origin"), "*");
    assert_eq!(story.get(ENDPOINT).send().await.is(405).header("allow"), "POST");
});

story!(device_code_errors_are_those_of_oauth, ON, |story| {
    let app = registered(&story, json!({})).await;
    let own = [("client_id", &*app.client_id), ("client_secret", &*app.client_secret)];
    let unproven = "Client authentication failed due to unknown client, no client authentication included, or unsupported \
                    authentication method.";
    for form in [
        vec![],
        vec![("client_id", "nobody")],
        vec![("client_id", &*app.client_id)],
        vec![("client_id", &*app.client_id), ("client_secret", "")],
        vec![("client_id", &*app.client_id), ("client_secret", "wrong")],
        vec![("client_secret", &*app.client_secret)],
    ] {
        story.post(ENDPOINT).form(&form).send().await.is_oauth_error(401, "invalid_client", unproven);
    }
    for scope in ["follow everything", "write", "admin:write", "read,write:statuses", "read\nwrite:statuses"] {
        let form = [&own[..], &[("scope", scope)]].concat();
        let answer = story.post(ENDPOINT).form(&form).send().await.is(400);
        assert_eq!(answer.json()["error"], "invalid_scope", "{scope}");
    }
    let twice = [&own[..], &[("scope", "read"), ("scope", "write:statuses")]].concat();
    assert_eq!(story.post(ENDPOINT).form(&twice).send().await.is(400).json()["error"], "invalid_request");
    let other = story.post(ENDPOINT).basic("somebody", "else").form(&own).send().await.is(400);
    assert_eq!(other.json()["error"], "invalid_request");
    for body in ["{", "[]", "\"x\"", "{\"client_id\":{}}"] {
        let answer = story.post(ENDPOINT).body("application/json", body).send().await;
        assert!(matches!(answer.status.as_u16(), 400 | 401), "{body}: {}", answer.status);
        assert!(answer.json()["error"].is_string(), "{body}");
    }
    // Who did not ask for the grant has it not.
    let why = "The client is not authorized to perform this request using this method.";
    let usual = story.usual_app().await;
    let form = [("client_id", &*usual.client_id), ("client_secret", &*usual.client_secret)];
    story.post(ENDPOINT).form(&form).send().await.is_oauth_error(400, "unauthorized_client", why);
    poll(&story, &usual, "x").await.is_oauth_error(400, "unauthorized_client", why);
    let codes_alone = registered(&story, json!({ "grant_types": ["authorization_code"] })).await;
    let form = [("client_id", &*codes_alone.client_id), ("client_secret", &*codes_alone.client_secret)];
    story.post(ENDPOINT).form(&form).send().await.is_oauth_error(400, "unauthorized_client", why);
});

story!(apps_ask_for_the_device_grant_when_they_register, ON, |story| {
    let body = json!({ "redirect_uris": [CALLBACK], "grant_types": [GRANT, "refresh_token"] });
    let body = story.post("/oauth/register").json(&body).send().await.is(201).json();
    assert_eq!(body["grant_types"], json!(["refresh_token", GRANT]));
    assert_eq!(body["response_types"], json!([]));
    // An app of Mastodon's route has it beside all that such an app has.
    let body = json!({ "client_name": "TV", "redirect_uris": CALLBACK, "scopes": "read", "grant_types": [GRANT] });
    let body = story.post("/api/v1/apps").json(&body).send().await.is(200).json();
    let app = tests::story::App::registered(&body, CALLBACK, "read");
    let ada = story.person("ada").await;
    story.token(&ada, &app).await;
    let codes = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
    poll(&story, &app, &codes.device).await.is(200);
});

story!(device_gets_tokens_once_after_a_yes, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let pending = poll(&story, &app, &codes.device).await;
    let why = "The person has not answered yet. Poll again after the interval.";
    let pending = pending.is_oauth_error(400, "authorization_pending", why);
    assert_eq!(pending.header("www-authenticate"), "", "libraries take a challenge for the end");
    assert_eq!((pending.header("pragma"), pending.header("access-control-allow-origin")), ("no-cache", "*"));
    let mut jar = browser_of(&story, &ada).await;
    let done = decide(&story, &mut jar, &codes, "allow").await.is(200);
    assert!(done.body.contains("You can go back to your program."), "{}", done.body);
    let answer = poll(&story, &app, &codes.device).await.is(200);
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["scope"]), (&json!("Bearer"), &json!("read")), "read is the usual scope");
    assert_eq!((body.get("refresh_token"), body.get("id_token")), (None, None));
    let token = access(&answer);
    assert_eq!(story.verify(&token).await.is(200).json()["username"], "ada");
    is_told(&story, &app, &codes.device, "expired_token").await;
    story.verify(&token).await.is(200);
});

story!(device_tokens_follow_the_rules_of_codes, ON, |story| {
    let ada = story.person("ada").await;
    let more = json!({ "grant_types": [GRANT, "refresh_token"], "scope": "openid read", "token_endpoint_auth_method": "none" });
    let app = registered(&story, more).await;
    assert_eq!(app.client_secret, "");
    let form = [("client_id", &*app.client_id), ("scope", "openid read")];
    let asked = story.post(ENDPOINT).form(&form).send().await.is(200).json();
    let text = |name: &str| asked[name].as_str().expect("text").to_owned();
    let codes = Codes { device: text("device_code"), user: text("user_code") };
    let mut jar = browser_of(&story, &ada).await;
    let page = question(&story, &mut jar, &codes.user).await;
    assert!(page.body.contains("Any program can say that it is this app."), "a public app proves nothing");
    press(&story, &mut jar, &page, "allow").await.is(200);
    let body = poll(&story, &app, &codes.device).await.is(200).json();
    assert_eq!(body["scope"], "openid read");
    assert!(body["refresh_token"].is_string() && body["id_token"].is_string() && body["expires_in"].is_i64(), "{body}");
    let refreshed = story.refresh(&app, body["refresh_token"].as_str().expect("text")).await.is(200);
    story.verify(&access(&refreshed)).await.is(200);
    let listed = story.get("/oauth/authorized_applications.json").cookies(&jar).send().await.is(200).json();
    let grant = listed.as_array().expect("a list").iter().find(|grant| grant["name"] == "Story TV").expect("the app");
    let path = format!("/oauth/authorized_applications/{}.json", grant["id"].as_str().expect("text"));
    let ended = story.call(reqwest::Method::DELETE, &path).cookies(&jar).send().await;
    assert!(ended.status.is_success() || ended.status.as_u16() == 302, "{}", ended.status);
    story.verify(&access(&refreshed)).await.is(401);
});

story!(device_that_is_refused_is_told_once_and_forgotten, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    let done = decide(&story, &mut jar, &codes, "deny").await.is(200);
    assert!(done.body.contains("The program gets no access to your account."), "{}", done.body);
    enter(&story, &mut jar, &codes.user).await.is(410);
    let why = "The resource owner or authorization server denied the request.";
    poll(&story, &app, &codes.device).await.is_oauth_error(400, "access_denied", why);
    is_told(&story, &app, &codes.device, "invalid_grant").await;
});

story!(device_code_expires_after_fifteen_minutes, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let (waiting, allowed) = (codes(&story, &app).await, codes(&story, &app).await);
    let mut jar = browser_of(&story, &ada).await;
    let page = question(&story, &mut jar, &waiting.user).await;
    story.advance_clock(Duration::from_secs(894));
    decide(&story, &mut jar, &allowed, "allow").await.is(200);
    is_told(&story, &app, &waiting.device, "authorization_pending").await;
    story.advance_clock(Duration::from_secs(1));
    let why = "The device code has expired, or was used. Ask for another one.";
    poll(&story, &app, &waiting.device).await.is_oauth_error(400, "expired_token", why);
    poll(&story, &app, &allowed.device).await.is_oauth_error(400, "expired_token", why);
    press(&story, &mut jar, &page, "allow").await.is(410);
    press(&story, &mut jar, &page, "deny").await.is(410);
    enter(&story, &mut jar, &waiting.user).await.is(410);
    is_told(&story, &app, &waiting.device, "expired_token").await;
});

story!(device_that_polls_too_fast_is_slowed_down, ON, |story| {
    let app = registered(&story, json!({})).await;
    let codes = codes(&story, &app).await;
    let after = async |seconds: u64| {
        story.advance_clock(Duration::from_secs(seconds));
        let answer = poll(&story, &app, &codes.device).await.is(400);
        answer.json()["error"].as_str().expect("text").to_owned()
    };
    assert_eq!(after(0).await, "authorization_pending");
    assert_eq!(after(5).await, "authorization_pending");
    assert_eq!(after(4).await, "slow_down", "from now on ten seconds");
    assert_eq!(after(9).await, "slow_down", "from now on fifteen");
    assert_eq!(after(15).await, "authorization_pending");
    for _ in 0..5 {
        assert_eq!(after(1).await, "slow_down");
    }
    assert_eq!(after(40).await, "authorization_pending");
    // A yes is told at once, however fast it is asked for.
    let mut jar = browser_of(&story, &story.person("ada").await).await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
    poll(&story, &app, &codes.device).await.is(200);
});

story!(device_code_belongs_to_the_app_that_asked, ON, |story| {
    let (ada, app, other) =
        (story.person("ada").await, registered(&story, json!({})).await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    is_told(&story, &other, &codes.device, "invalid_grant").await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
    is_told(&story, &other, &codes.device, "invalid_grant").await;
    for nothing in ["", "x", &codes.user, &codes.device[1..], &codes.device.to_lowercase(), &"x".repeat(5_000)] {
        let answer = poll(&story, &app, nothing).await.is(400).json();
        let error = if nothing.is_empty() { "invalid_request" } else { "invalid_grant" };
        assert_eq!(answer["error"], error, "{nothing}");
    }
    // No other grant takes it, and a code or a token is none.
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &*codes.device),
        ("redirect_uri", CALLBACK),
        ("client_id", &*app.client_id),
        ("client_secret", &*app.client_secret),
    ];
    story.post("/oauth/token").form(&form).send().await.is(400);
    story.verify(&codes.device).await.is(401);
    poll(&story, &app, &codes.device).await.is(200);
});

story!(sixty_polls_at_once_get_tokens_once, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
    let answers = join_all((0..60).map(|_| poll(&story, &app, &codes.device))).await;
    let (good, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(good.len(), 1);
    for answer in refused {
        assert_eq!(answer.is(400).json()["error"], "expired_token");
    }
    story.verify(&access(&good[0])).await.is(200);
});

story!(yes_and_no_at_once_leave_one_of_them, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let mut jar = browser_of(&story, &ada).await;
    for _ in 0..5 {
        let codes = codes(&story, &app).await;
        let page = question(&story, &mut jar, &codes.user).await;
        let (token, code) = (page.hidden("form_token"), page.hidden("user_code"));
        let answers = ["allow", "deny"].iter().cycle().take(20).map(|answer| {
            let form = [("form_token", &*token), ("user_code", &*code), ("answer", *answer)];
            story.post("/device/answer").cookies(&jar).form(&form).send()
        });
        let answers = join_all(answers).await;
        let said =
            |what: &str| answers.iter().filter(|answer| answer.status == 200 && answer.body.contains(what)).count();
        let (yes, no) = (said("You can go back to your program."), said("The program gets no access"));
        assert!((yes > 0) != (no > 0) && no <= 1, "{yes} {no}");
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 200 | 410)));
        let answer = poll(&story, &app, &codes.device).await;
        assert_eq!(answer.status.as_u16(), if yes > 0 { 200 } else { 400 }, "{}", answer.body);
    }
});

story!(device_code_survives_a_restart, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let story = story.restart(&[]).await;
    is_told(&story, &app, &codes.device, "authorization_pending").await;
    let mut jar = browser_of(&story, &ada).await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
    let story = story.restart(&[]).await;
    poll(&story, &app, &codes.device).await.is(200);
    let story = story.restart(&[("oauth.device_grant", "false")]).await;
    assert_eq!(poll(&story, &app, &codes.device).await.is(400).json()["error"], "unsupported_grant_type");
    open(&story, &mut jar, "/device").await.is(404);
});
