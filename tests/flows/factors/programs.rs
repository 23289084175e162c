//! Programs and frontends that sign people in by JSON, and change second factors with a token (FAC-33, FAC-42 to FAC-47).

use serde_json::{Value, json};
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::{WRONG, enrol};

const JSON: (&str, &str) = ("accept", "application/json");

/// Posts JSON to a route of a sign-in, as a program does.
async fn post(story: &Story, path: &str, jar: &mut CookieJar, body: &Value) -> Response {
    let answer = story.post(path).header(JSON.0, JSON.1).cookies(jar).json(body).send().await;
    jar.keep(&answer);
    answer
}

story!(program_signs_in_by_json_and_is_told_what_is_missing, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let login = format!("/api/auth/login?{}", app.authorize_query_with(&[("state", "s")]));
    let (mut jar, right) = (CookieJar::default(), json!({ "identifier": "ada", "password": ada.password }));
    let wrong = post(&story, &login, &mut jar, &json!({ "identifier": "ada", "password": "wrong" })).await.is(401);
    assert_eq!(wrong.json(), json!({ "error": "Invalid identifier or password", "code": "wrong_password" }));
    // Without two steps: done.
    let done = post(&story, &login, &mut CookieJar::default(), &right).await.is(200);
    let told = done.json();
    assert_eq!((&told["status"], &told["missing"], &told["pending"]), (&json!("done"), &json!([]), &Value::Null));
    assert_eq!(told["account"]["username"], "ada");
    let next = told["next"].as_str().expect("an address");
    assert!(next.contains("/oauth/consent?") && next.contains("state=s") && done.cookie("jwt").is_some(), "{next}");

    let own = enrol(&story, &ada).await;
    let waits = post(&story, &login, &mut jar, &right).await.is(200);
    assert_eq!((waits.cookie("jwt"), waits.header("cache-control")), (None, "no-store"));
    let told = waits.json();
    assert_eq!((&told["status"], &told["missing"]), (&json!("factor"), &json!(["factor"])));
    assert_eq!(told["methods"], json!([{ "type": "totp" }, { "type": "recovery", "left": 10 }]));
    assert_eq!(told["account"], json!({ "username": "ada", "display_name": "" }));
    let id = told["pending"].as_str().expect("an id").to_owned();
    assert!(told["next"].as_str().expect("an address").ends_with(&format!("/oauth/factor?pending={id}")), "{told}");

    let pending = story.get(&format!("/api/auth/pending?pending={id}")).cookies(&jar).send().await.is(200).json();
    assert_eq!(pending, told);
    let stranger = story.get(&format!("/api/auth/pending?pending={id}")).send().await.is(410).json();
    assert_eq!(stranger, json!({ "error": "This sign-in is over. Please start again.", "code": "over" }));
    for (code, status, name) in [("000000", 400, "wrong_code"), ("12", 422, "invalid")] {
        let body = json!({ "pending": id, "code": code });
        let refused = post(&story, "/api/auth/factor/totp", &mut jar, &body).await.is(status).json();
        assert_eq!((&refused["code"], &refused["signin"]["status"]), (&json!(name), &json!("factor")), "{refused}");
    }
    let body = json!({ "pending": id, "code": own.fresh_code(&story) });
    let foreign = story.post("/api/auth/factor/totp").header(JSON.0, JSON.1).header("origin", "https://evil.example");
    let foreign = foreign.cookies(&jar).json(&body).send().await.is(403).json();
    assert_eq!(foreign["code"], "foreign");
    let done = post(&story, "/api/auth/factor/totp", &mut jar, &body).await.is(200);
    assert!(done.cookie("jwt").is_some() && done.json()["status"] == "done", "{}", done.body);
    assert_eq!(done.json()["account"]["username"], "ada");
    let again = post(&story, "/api/auth/factor/totp", &mut jar, &body).await.is(410).json();
    assert_eq!((&again["code"], &again["signin"]), (&json!("over"), &Value::Null));
    // Libraries that take anything are as browsers.
    let any = story.post(&login).header("accept", "application/json, text/plain, */*").json(&right).send().await;
    assert_eq!(any.is(302).location().path(), "/oauth/factor");
});

story!(program_changes_second_factors_with_a_token, |story| {
    let ada = story.person("ada").await;
    let app = story.app("https://keys.example/cb", "read auth:read auth:write").await;
    let token = story.token(&ada, &app).await;
    let path = "/api/v1/auth/factors";
    let list = async || story.get(path).bearer(&token).send().await.is(200).json();
    let send = async |method: reqwest::Method, path: String, body: Value| {
        story.call(method, &path).bearer(&token).json(&body).send().await
    };
    let nothing = list().await;
    assert_eq!(
        (&nothing["two_step"], &nothing["factors"], &nothing["recovery_left"]),
        (&json!(false), &json!([]), &json!(0))
    );
    story.post(&format!("{path}/totp")).json(&json!({})).send().await.is(401);
    let reader = story.token(&ada, &story.app("https://r.example/cb", "auth:read").await).await;
    story.post(&format!("{path}/totp")).bearer(&reader).json(&json!({})).send().await.is(403);

    story.advance_clock(std::time::Duration::from_secs(301));
    let post = reqwest::Method::POST;
    let stale = send(post.clone(), format!("{path}/totp"), json!({})).await.is(403);
    assert!(stale.header("www-authenticate").contains("insufficient_user_authentication"));
    let proof = json!({ "current_password": ada.password });
    let setup = send(post.clone(), format!("{path}/totp"), proof).await.is(201).json();
    let key = tests::authenticator::Authenticator::new(setup["secret"].as_str().expect("a secret"));
    assert!(setup["otpauth_uri"].as_str().expect("an address").starts_with("otpauth://totp/My%20instance:ada"));
    let confirm = |code: String| json!({ "setup_id": setup["setup_id"], "code": code, "name": "Phone", "current_password": ada.password });
    let wrong = send(post.clone(), format!("{path}/totp/confirm"), confirm("000000".to_owned())).await.is(400).json();
    assert_eq!(wrong["error"], WRONG);
    let added = send(post.clone(), format!("{path}/totp/confirm"), confirm(key.code(story.now()))).await.is(201).json();
    assert_eq!((&added["type"], &added["name"]), (&json!("totp"), &json!("Phone")));
    assert_eq!(added["recovery_codes"].as_array().map(Vec::len), Some(10));
    // The token that changed it goes on.
    let told = list().await;
    assert_eq!((&told["two_step"], &told["recovery_left"]), (&json!(true), &json!(10)));
    let id = told["factors"][0]["id"].as_str().expect("an id").to_owned();

    // A password alone is no proof any more; with a code it is, once.
    let password = json!({ "current_password": ada.password });
    send(post.clone(), format!("{path}/recovery"), password).await.is(403);
    story.advance_clock(std::time::Duration::from_secs(30));
    let both = json!({ "current_password": ada.password, "otp": key.code(story.now()) });
    send(post.clone(), format!("{path}/recovery"), both.clone()).await.is(201);
    send(post.clone(), format!("{path}/recovery"), both).await.is(400);
    let renamed =
        send(reqwest::Method::PATCH, format!("{path}/{id}"), json!({ "name": "Tablet" })).await.is(200).json();
    assert_eq!(renamed["name"], "Tablet");
    let grace = story.token(&story.person("grace").await, &app).await;
    for method in [reqwest::Method::PATCH, reqwest::Method::DELETE] {
        let answer = story.call(method, &format!("{path}/{id}")).bearer(&grace).json(&json!({ "name": "x" }));
        answer.send().await.is(404);
    }
    story.advance_clock(std::time::Duration::from_secs(30));
    let both = json!({ "current_password": ada.password, "otp": key.code(story.now()) });
    send(reqwest::Method::DELETE, format!("{path}/{id}"), both).await.is(204);
    assert_eq!((&list().await["two_step"], &list().await["recovery_left"]), (&json!(false), &json!(0)));
});
