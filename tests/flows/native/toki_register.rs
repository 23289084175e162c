//! `POST /register` and what is told of it (native 2.4, NAT-4, NAT-28).

use serde_json::json;
use tests::story;
use tests::story::Story;

use super::{is_error, login, post};

const OPEN: &[(&str, &str)] = &[("native.toki.enabled", "true")];
const APPROVAL: &[(&str, &str)] = &[("native.toki.enabled", "true"), ("signups.approval", "true")];
const CLOSED: &[(&str, &str)] = &[("native.toki.enabled", "true"), ("signups.registration", "false")];

async fn mode(story: &Story) -> String {
    let info = story.get("/auth/info").send().await.is(200).json();
    assert_eq!(info["oidc_enabled"], false);
    assert!(info["server_version"].is_string());
    info["registration_mode"].as_str().expect("a mode").to_owned()
}

story!(toki_register_makes_a_usable_account_without_an_address, OPEN, |story| {
    assert_eq!(mode(&story).await, "open");
    let made = post(&story, "/register", &json!({ "username": "Ada_1", "password": "correct horse" })).await.is(201);
    let body = made.json();
    assert_eq!(body["username"], "ada_1");
    assert_eq!(body.as_object().map(|members| members.len()), Some(2));
    login(&story, "ada_1", "correct horse").await.is(200);
    is_error(
        post(&story, "/register", &json!({ "username": "ADA_1", "password": "correct horse" })).await,
        409,
        "username already exists",
    );
});

story!(toki_register_tells_what_is_wrong_in_its_own_words, OPEN, |story| {
    let (short, letters) = ("username must be 3-32 characters", "username may only contain letters, digits, _, -, .");
    let password = "password must be 8-128 characters";
    let long = "é".repeat(129);
    for (name, secret, text) in [
        ("ab", "correct horse", short),
        ("", "correct horse", short),
        (&*"a".repeat(33), "correct horse", short),
        ("a b c", "correct horse", letters),
        ("adá", "correct horse", letters),
        ("аda", "correct horse", letters),
        ("ada", "1234567", password),
        ("ada", "", password),
        ("ada", &*long, password),
    ] {
        is_error(post(&story, "/register", &json!({ "username": name, "password": secret })).await, 422, text);
    }
    // What the host says beside: a reserved name, one that it does not take, a common password.
    for (name, secret) in
        [("admin", "correct horse"), ("toki", "correct horse"), ("a.b-c", "correct horse"), ("ada", "password")]
    {
        let refused = post(&story, "/register", &json!({ "username": name, "password": secret })).await.is(422);
        assert!(refused.json()["error"].as_str().is_some_and(|text| !text.is_empty()), "{name}");
    }
    // Four bytes a letter.
    let body = json!({ "username": "ada", "password": (0..128).filter_map(|at| char::from_u32(0x1_D400 + at)).collect::<String>() });
    post(&story, "/register", &body).await.is(201);
});

story!(toki_register_waits_for_staff_where_they_approve, APPROVAL, |story| {
    assert_eq!(mode(&story).await, "approval");
    let body =
        post(&story, "/register", &json!({ "username": "ada", "password": "correct horse" })).await.is(201).json();
    assert_eq!(body["status"], "pending");
    is_error(login(&story, "ada", "correct horse").await, 401, "invalid credentials");
    let again = post(&story, "/register", &json!({ "username": "ada", "password": "correct horse" })).await;
    is_error(again, 409, "username already exists");
});

story!(toki_register_is_closed_with_sign_up, CLOSED, |story| {
    assert_eq!(mode(&story).await, "closed");
    let body = json!({ "username": "ada", "password": "correct horse" });
    is_error(post(&story, "/register", &body).await, 403, "registration is disabled");
});

story!(
    toki_register_is_closed_where_more_is_asked,
    &[("native.toki.enabled", "true"), ("signups.minimum_age", "16")],
    |story| {
        assert_eq!(mode(&story).await, "closed");
        let body = json!({ "username": "ada", "password": "correct horse" });
        is_error(post(&story, "/register", &body).await, 403, "registration is disabled");
    }
);

story!(
    toki_register_counts_as_sign_ups_without_work,
    &[("native.toki.enabled", "true"), ("ratelimit.enabled", "true"), ("ratelimit.signup_unproven_address.max", "1")],
    |story| {
        let body = |name: &str| json!({ "username": name, "password": "correct horse" });
        post(&story, "/register", &body("ada")).await.is(201);
        let refused = post(&story, "/register", &body("eve")).await.is(429);
        assert!(!refused.header("retry-after").is_empty());
    }
);

story!(toki_register_leaves_forms_and_the_page_to_people, OPEN, |story| {
    let page = story.get("/register").header("accept", "text/html").send().await.is(200);
    assert!(page.header("content-type").starts_with("text/html"));
    let form = story.post("/register").form(&[("username", "ada")]).send().await;
    assert!(form.header("content-type").starts_with("text/html"), "{}", form.body);
    for kind in ["text/plain", "text/json", "application/xml"] {
        is_error(story.post("/register").body(kind, "{}").send().await, 415, "the body must be application/json");
    }
    let spelled = story.post("/register").body("Application/JSON; charset=utf-8", r#"{"username":"ada"}"#).send().await;
    is_error(spelled, 422, "password is required");
    let preflight = story.call(reqwest::Method::OPTIONS, "/register");
    let preflight = preflight.header("origin", "https://a.example").header("access-control-request-method", "POST");
    let preflight = preflight.header("access-control-request-headers", "content-type").send().await;
    assert_eq!(preflight.header("access-control-allow-origin"), "*", "{}", preflight.status);
});
