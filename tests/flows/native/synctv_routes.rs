//! Which routes there are, and in what form they answer (native NAT-2, NAT-6, NAT-8, NAT-11, 4.4).

use reqwest::Method;
use serde_json::{Value, json};
use tests::story;

use super::synctv::{SYNCTV, call, is_error, is_in_form, login, post, signed_in};

const ROUTES: [(&str, &str); 13] = [
    ("POST", "/api/auth/refresh"),
    ("POST", "/api/auth/mfa/email/request"),
    ("POST", "/api/auth/mfa/email/verify"),
    ("POST", "/api/auth/mfa/passkeys/start"),
    ("POST", "/api/auth/mfa/passkeys/finish"),
    ("POST", "/api/auth/mfa/password/verify"),
    ("POST", "/api/auth/mfa/totp/verify"),
    ("POST", "/api/auth/mfa/recovery-code/verify"),
    ("GET", "/api/user"),
    ("POST", "/api/user/logout"),
    ("GET", "/api/user/preferences"),
    ("POST", "/api/tickets"),
    ("GET", "/api/public/settings"),
];

fn method(name: &str) -> Method {
    Method::from_bytes(name.as_bytes()).expect("a method")
}

story!(synctv_routes_are_not_there_unless_they_are_on, |story| {
    for (name, path) in ROUTES {
        let told = async |path: &str| {
            let answer = story.call(method(name), path).json(&json!({})).send().await;
            (answer.status, answer.header("content-type").to_owned())
        };
        assert_eq!(told(path).await, told("/api/nonsense").await, "{name} {path}");
    }
});

story!(synctv_routes_answer_by_method_with_and_without_a_slash, SYNCTV, |story| {
    for (name, path) in ROUTES {
        for path in [path.to_owned(), format!("{path}/")] {
            assert_ne!(story.call(method(name), &path).send().await.status, 404, "{path}");
            let other = story.call(Method::PUT, &path).send().await.is(405);
            assert!(other.header("allow").contains(name), "{path}: {}", other.header("allow"));
            is_error(other, 405, "Method Not Allowed");
        }
    }
    story.get("/api/user/nonsense").send().await.is(404);
    story.call(Method::HEAD, "/api/public/settings").send().await.is(200);
});

story!(
    synctv_routes_stand_behind_their_prefix,
    &[("native.synctv.enabled", "true"), ("native.synctv.prefix", "/tv")],
    |story| {
        let ada = story.person("ada").await;
        let body = json!({ "username": "ada", "password": ada.password });
        post(&story, "/tv/api/auth/login", &body).await.is(200);
        post(&story, "/tv/api/auth/login?client_id=x", &body).await.is(200);
        let form = story.post("/tv/api/auth/login").form(&[("username", "ada")]).send().await;
        is_error(form, 415, "The body must be application/json");
        assert_ne!(post(&story, "/api/auth/login", &body).await.status, 200);
        story.get("/api/user").send().await.is(404);
    }
);

story!(synctv_routes_are_open_to_pages_of_other_origins, SYNCTV, |story| {
    let ada = story.person("ada").await;
    for answer in [
        login(&story, "ada", &ada.password).await,
        login(&story, "ada", "wrong").await,
        story.get("/api/user").send().await,
        story.get("/api/public/settings").send().await,
        story.call(Method::PUT, "/api/tickets").send().await,
    ] {
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{}", answer.body);
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
});

story!(synctv_routes_survive_bad_bodies, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    for (name, path) in ROUTES.into_iter().filter(|(name, path)| *name == "POST" && *path != "/api/user/logout") {
        let call = || story.call(method(name), path).bearer(&pair.access);
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        for broken in
            ["", "{", "[]", "\"x\"", "null", "7", "{\"a\":1,}", &*deep, "{\"a\":\"\\ud800\"}", "{\"a\":1,\"a\":2}"]
        {
            is_error(call().body("application/json", broken).send().await, 400, "Invalid JSON");
        }
        for kind in ["application/x-www-form-urlencoded", "text/json"] {
            is_error(call().body(kind, "{}").send().await, 415, "The body must be application/json");
        }
        let large = call().json(&json!({ "x": "x".repeat(64 * 1024) })).send().await.is(413);
        is_in_form(&large);
        let none = call().send().await.is(400);
        assert_eq!(is_in_form(&none)["code"], 3004, "{path}: {}", none.body);
    }
});

story!(synctv_routes_survive_bad_members, SYNCTV, |story| {
    let ada = story.person("ada").await;
    let pair = signed_in(&story, &ada).await;
    for (path, members) in [
        ("/api/auth/refresh", &["refresh_token"][..]),
        ("/api/auth/mfa/totp/verify", &["mfa_session_id", "code"]),
        ("/api/auth/mfa/email/verify", &["mfa_session_id", "email_token"]),
        ("/api/auth/mfa/password/verify", &["mfa_session_id", "password"]),
        ("/api/auth/mfa/passkeys/finish", &["mfa_session_id", "passkey_session_id", "credential"]),
        ("/api/tickets", &["room_id"]),
    ] {
        for name in members {
            for value in [json!(null), json!(7), json!(true), json!([]), json!("a\0b"), json!("x".repeat(5_000))] {
                let good = |name: &&str| ((*name).to_owned(), json!("123456"));
                let mut body: serde_json::Map<String, Value> = members.iter().map(good).collect();
                body.insert((*name).to_owned(), value.clone());
                let answer = call(&story, Method::POST, path, &pair.access, Some(&Value::Object(body))).await;
                is_in_form(&answer);
                assert_eq!(answer.status, 400, "{path} {name} {value}: {}", answer.body);
            }
        }
    }
});

story!(synctv_public_settings_say_who_may_sign_up, SYNCTV, |story| {
    let told = story.get("/api/public/settings").send().await.is(200);
    assert_ne!(told.header("cache-control"), "no-store");
    let told = told.json();
    assert_eq!(
        (&told["enable_password_signup"], &told["enable_email_signup"]),
        (&json!(true), &json!(false)),
        "{told}"
    );
    let closed = story.restart(&[("signups.registration", "false")]).await;
    let told = closed.get("/api/public/settings").send().await.is(200).json();
    assert_eq!(told["enable_password_signup"], false, "{told}");
});
