//! The admin rows (native 2.8, C8).

use std::time::Duration;

use lysand_auth::host::accounts::{Accounts as _, Role};
use reqwest::Method;
use serde_json::{Value, json};
use tests::Person;
use tests::story;
use tests::story::{Response, Story};

use super::{Pair, TOKI, call, get, is_error, login, opens, post, refresh, signed_in, signed_in_on};

const APPROVAL: &[(&str, &str)] = &[("native.toki.enabled", "true"), ("signups.approval", "true")];

async fn set_role(story: &Story, person: &Person, role: Role) {
    let account = story.account(person).await;
    story.server().state().accounts.set_role(&account.id, role).await.expect("a role");
}

/// An admin with a program.
async fn admin(story: &Story) -> (Person, Pair) {
    let root = story.person("root1").await;
    set_role(story, &root, Role::Admin).await;
    let pair = signed_in(story, &root).await;
    (root, pair)
}

async fn id(story: &Story, person: &Person) -> String {
    story.account(person).await.id.as_str().to_owned()
}

async fn change(story: &Story, pair: &Pair, path: &str, body: Value) -> Response {
    call(story, Method::PATCH, path, &pair.access, Some(&body)).await
}

const ROWS: [(&str, &str); 15] = [
    ("GET", "/admin/settings"),
    ("PATCH", "/admin/settings"),
    ("GET", "/admin/pending"),
    ("POST", "/admin/pending/x/approve"),
    ("DELETE", "/admin/pending/x"),
    ("GET", "/admin/users"),
    ("POST", "/admin/users"),
    ("DELETE", "/admin/users/x"),
    ("PATCH", "/admin/users/x/password"),
    ("PATCH", "/admin/users/x/role"),
    ("PATCH", "/admin/users/x/active"),
    ("GET", "/admin/devices"),
    ("DELETE", "/admin/devices/x"),
    ("GET", "/admin/active"),
    ("GET", "/admin/server-info"),
];

story!(toki_admin_rows_are_for_admins_and_ask_the_role_each_time, TOKI, |story| {
    let (ada, (root, pair)) = (story.person("ada").await, admin(&story).await);
    let of_ada = signed_in(&story, &ada).await;
    let refused = async |token: &str| {
        for (method, path) in ROWS {
            let method = Method::from_bytes(method.as_bytes()).expect("a method");
            let answer = story.call(method, path).bearer(token).json(&json!({ "active": false })).send().await;
            is_error(answer, 403, "admin role required");
        }
    };
    refused(&of_ada.access).await;
    set_role(&story, &ada, Role::Moderator).await;
    refused(&of_ada.access).await;
    set_role(&story, &ada, Role::Admin).await;
    get(&story, "/admin/users", &pair.access).await.is(200);
    set_role(&story, &root, Role::Member).await;
    refused(&pair.access).await;
});

story!(toki_admin_sees_and_changes_accounts, TOKI, |story| {
    let (ada, (root, pair)) = (story.person("ada").await, admin(&story).await);
    let listed = get(&story, "/admin/users", &pair.access).await.is(200).json();
    let users = listed["users"].as_array().expect("a list");
    let user = |name: &str| users.iter().find(|user| user["username"] == name).expect("a user");
    let own = user("ada");
    assert_eq!((&user("root1")["role"], &own["role"], &own["active"]), (&json!("admin"), &json!("user"), &json!(true)));
    assert!(own["created_at"].is_i64());
    let path = format!("/admin/users/{}", id(&story, &ada).await);
    let own = format!("/admin/users/{}", id(&story, &root).await);
    // Roles.
    is_error(
        change(&story, &pair, &format!("{path}/role"), json!({ "role": "root" })).await,
        422,
        "role must be 'user' or 'admin'",
    );
    is_error(change(&story, &pair, &format!("{path}/role"), json!({})).await, 422, "role is required");
    is_error(change(&story, &pair, "/admin/users/nobody/role", json!({ "role": "user" })).await, 404, "user not found");
    change(&story, &pair, &format!("{path}/role"), json!({ "role": "admin" })).await.is(204);
    assert_eq!(story.account(&ada).await.role, Role::Admin);
    let body = json!({ "password": "another horse" });
    let text = "the password of another admin cannot be set";
    is_error(change(&story, &pair, &format!("{path}/password"), body.clone()).await, 403, text);
    change(&story, &pair, &format!("{path}/role"), json!({ "role": "user" })).await.is(204);
    // Activity.
    let of_ada = signed_in(&story, &ada).await;
    change(&story, &pair, &format!("{path}/active"), json!({ "active": false })).await.is(204);
    assert!(!opens(&story, &of_ada.access).await);
    change(&story, &pair, &format!("{path}/active"), json!({ "active": true })).await.is(204);
    let text = "cannot deactivate your own account";
    is_error(change(&story, &pair, &format!("{own}/active"), json!({ "active": false })).await, 422, text);
    is_error(
        change(&story, &pair, &format!("{path}/active"), json!({ "active": 1 })).await,
        422,
        "active must be true or false",
    );
    // Passwords.
    is_error(
        change(&story, &pair, &format!("{own}/password"), body.clone()).await,
        403,
        "use /me/password for your own account",
    );
    change(&story, &pair, &format!("{path}/password"), json!({ "password": "short" })).await.is(422);
    let of_ada = signed_in(&story, &ada).await;
    change(&story, &pair, &format!("{path}/password"), body).await.is(204);
    assert!(!opens(&story, &of_ada.access).await);
    is_error(login(&story, "ada", "another horse").await, 401, "password change required");
    is_error(login(&story, "ada", &ada.password).await, 401, "invalid credentials");
    // Deletion.
    let remove = async |path: &str| call(&story, Method::DELETE, path, &pair.access, None).await;
    is_error(remove(&own).await, 403, "cannot delete your own account");
    remove(&path).await.is(204);
    is_error(remove(&path).await, 404, "user not found");
    for odd in ["%00", "..%2f", &*"9".repeat(10_000)] {
        assert!([404, 414].contains(&remove(&format!("/admin/users/{odd}")).await.status.as_u16()), "{odd}");
    }
});

story!(toki_admin_makes_an_account_whose_password_must_be_changed, TOKI, |story| {
    let (_, pair) = admin(&story).await;
    let make = async |body: Value| call(&story, Method::POST, "/admin/users", &pair.access, Some(&body)).await;
    let made = make(json!({ "username": "eve", "password": "correct horse", "role": "admin" })).await.is(201).json();
    assert_eq!((&made["username"], &made["role"]), (&json!("eve"), &json!("admin")));
    is_error(login(&story, "eve", "correct horse").await, 401, "password change required");
    is_error(make(json!({ "username": "EVE", "password": "correct horse" })).await, 409, "username already exists");
    is_error(
        make(json!({ "username": "ab", "password": "correct horse" })).await,
        422,
        "username must be 3-32 characters",
    );
    is_error(make(json!({ "username": "abc", "password": "short" })).await, 422, "password must be 8-128 characters");
    is_error(
        make(json!({ "username": "abc", "password": "correct horse", "role": "root" })).await,
        422,
        "role must be 'user' or 'admin'",
    );
    let plain = make(json!({ "username": "mallory", "password": "correct horse" })).await.is(201).json();
    assert_eq!(plain["role"], "user");
    // It stays: it is no sign-up that anybody has to confirm.
    story.advance_clock(Duration::from_secs(40 * 24 * 3600));
    lysand_auth::flows::sweep::sweep(&story.server().state().auth).await.expect("swept");
    is_error(login(&story, "mallory", "correct horse").await, 401, "password change required");
});

story!(
    toki_admin_passwords_can_stand_or_be_off,
    &[("native.toki.enabled", "true"), ("native.toki.admin_passwords", "off")],
    |story| {
        let (ada, (_, pair)) = (story.person("ada").await, admin(&story).await);
        let path = format!("/admin/users/{}/password", id(&story, &ada).await);
        let body = json!({ "password": "another horse" });
        is_error(change(&story, &pair, &path, body.clone()).await, 403, "setting passwords is disabled");
        let new = json!({ "username": "eve", "password": "correct horse" });
        let made = call(&story, Method::POST, "/admin/users", &pair.access, Some(&new)).await;
        is_error(made, 403, "setting passwords is disabled");
        let story = story.restart(&[("native.toki.admin_passwords", "permanent")]).await;
        change(&story, &pair, &path, body).await.is(204);
        login(&story, "ada", "another horse").await.is(200);
    }
);

story!(toki_admin_changes_want_a_sign_in_of_late, TOKI, |story| {
    let (_, pair) = admin(&story).await;
    story.advance_clock(Duration::from_secs(3_000));
    let pair = Pair::of(&refresh(&story, &pair.refresh).await.is(200));
    let body = json!({ "registration_mode": "closed" });
    change(&story, &pair, "/admin/settings", body.clone()).await.is(204);
    // A refresh is no proof.
    story.advance_clock(Duration::from_secs(601));
    is_error(change(&story, &pair, "/admin/settings", body).await, 403, "please log in again");
    is_error(call(&story, Method::DELETE, "/admin/users/x", &pair.access, None).await, 403, "please log in again");
    get(&story, "/admin/users", &pair.access).await.is(200);
});

story!(toki_admin_settings_are_those_of_people, TOKI, |story| {
    let (_, pair) = admin(&story).await;
    let shown = get(&story, "/admin/settings", &pair.access).await.is(200).json();
    assert_eq!((&shown["registration_mode"], &shown["oidc_client_secret_set"]), (&json!("open"), &json!(false)));
    for (mode, told) in [("approval", "approval"), ("closed", "closed"), ("open", "open")] {
        change(&story, &pair, "/admin/settings", json!({ "registration_mode": mode })).await.is(204);
        assert_eq!(story.get("/auth/info").send().await.json()["registration_mode"], told);
    }
    change(&story, &pair, "/admin/settings", json!({ "registration_mode": "closed" })).await.is(204);
    change(&story, &pair, "/admin/settings", json!({ "registration_mode": null })).await.is(204);
    assert_eq!(story.get("/auth/info").send().await.json()["registration_mode"], "open");
    let text = "registration_mode must be 'open', 'approval', or 'closed'";
    for value in [json!("on"), json!(7), json!([])] {
        is_error(change(&story, &pair, "/admin/settings", json!({ "registration_mode": value })).await, 422, text);
    }
    is_error(change(&story, &pair, "/admin/settings", json!({ "x": 1 })).await, 422, "unknown setting: x");
    let fixed = "oidc_client_secret is fixed by the configuration file";
    is_error(change(&story, &pair, "/admin/settings", json!({ "oidc_client_secret": "x" })).await, 422, fixed);
});

story!(toki_admin_decides_requests_to_join, APPROVAL, |story| {
    let (_, pair) = admin(&story).await;
    let ask = async |name: &str| {
        let body = json!({ "username": name, "password": "correct horse" });
        post(&story, "/register", &body).await.is(201).json()["id"].as_str().expect("an id").to_owned()
    };
    let (ada, eve) = (ask("ada").await, ask("eve").await);
    let pending = get(&story, "/admin/pending", &pair.access).await.is(200).json();
    let names: Vec<_> =
        pending["pending"].as_array().expect("a list").iter().map(|entry| entry["username"].clone()).collect();
    assert_eq!(names.len(), 2, "{pending}");
    call(&story, Method::POST, &format!("/admin/pending/{ada}/approve"), &pair.access, None).await.is(204);
    login(&story, "ada", "correct horse").await.is(200);
    call(&story, Method::DELETE, &format!("/admin/pending/{eve}"), &pair.access, None).await.is(204);
    is_error(login(&story, "eve", "correct horse").await, 401, "invalid credentials");
    for path in [&ada, &eve, "nobody"] {
        let again = call(&story, Method::POST, &format!("/admin/pending/{path}/approve"), &pair.access, None).await;
        is_error(again, 404, "pending registration not found");
        let again = call(&story, Method::DELETE, &format!("/admin/pending/{path}"), &pair.access, None).await;
        is_error(again, 404, "pending registration not found");
    }
});

story!(toki_admin_sees_and_ends_devices_of_all, TOKI, |story| {
    let (ada, (_, pair)) = (story.person("ada").await, admin(&story).await);
    let of_ada = signed_in_on(&story, &ada, "laptop").await;
    let listed = get(&story, "/admin/devices", &pair.access).await.is(200).json();
    let devices = listed["devices"].as_array().expect("a list");
    let laptop = devices.iter().find(|device| device["name"] == "laptop").expect("the laptop");
    assert_eq!((devices.len(), &laptop["username"]), (2, &json!("ada")));
    let active = get(&story, "/admin/active", &pair.access).await.is(200).json();
    assert_eq!(active["devices"].as_array().map(Vec::len), Some(2));
    story.advance_clock(Duration::from_secs(301));
    let info = get(&story, "/admin/server-info", &pair.access).await.is(200).json();
    assert_eq!((&info["connected_devices"], &info["database"]["accounts"]), (&json!(0), &json!(2)), "{info}");
    assert_eq!(info["database"]["tokens"], 2);
    let path = format!("/admin/devices/{}", laptop["id"].as_str().expect("an id"));
    call(&story, Method::DELETE, &path, &pair.access, None).await.is(204);
    is_error(call(&story, Method::DELETE, &path, &pair.access, None).await, 404, "device not found");
    assert!(!opens(&story, &of_ada.access).await && opens(&story, &pair.access).await);
});
