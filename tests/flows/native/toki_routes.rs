//! Which routes there are, and in what form they answer (native NAT-2, NAT-4, NAT-7, NAT-8, NAT-11, C12).

use lysand_auth::testing::counted;
use reqwest::Method;
use serde_json::json;
use tests::story;

use super::{TOKI, get, is_error, login, post, signed_in};

const ROUTES: [(&str, &str); 12] = [
    ("POST", "/login"),
    ("POST", "/token/refresh"),
    ("POST", "/auth-method"),
    ("GET", "/auth/info"),
    ("GET", "/me/devices"),
    ("PATCH", "/me/password"),
    ("GET", "/admin/settings"),
    ("GET", "/admin/pending"),
    ("GET", "/admin/users"),
    ("GET", "/admin/devices"),
    ("GET", "/admin/active"),
    ("GET", "/admin/server-info"),
];

story!(toki_routes_are_not_there_unless_they_are_on, |story| {
    // Staff's own page of the settings stands there.
    for (method, path) in ROUTES.into_iter().filter(|(_, path)| *path != "/admin/settings") {
        let nonsense = if path.starts_with("/admin/") { "/admin/nonsense" } else { "/nonsense" };
        for method in [method, "GET"] {
            let told = async |path: &str| {
                let method = Method::from_bytes(method.as_bytes()).expect("a method");
                let answer = story.call(method, path).json(&json!({})).send().await;
                (answer.status, answer.header("content-type").to_owned())
            };
            assert_eq!(told(path).await, told(nonsense).await, "{method} {path}");
        }
    }
    assert_eq!(story.post("/login").json(&json!({})).send().await.status, 404);
});

story!(toki_routes_answer_by_method_with_and_without_a_slash, TOKI, |story| {
    for (method, path) in ROUTES {
        let call =
            |method: &str, path: &str| story.call(Method::from_bytes(method.as_bytes()).expect("a method"), path);
        for path in [path.to_owned(), format!("{path}/")] {
            assert_ne!(call(method, &path).send().await.status, 404, "{path}");
            let other = call("PUT", &path).send().await.is(405);
            assert!(other.header("allow").contains(method), "{path}: {}", other.header("allow"));
            assert_eq!(other.json(), json!({ "error": "Method Not Allowed" }));
        }
    }
    story.get("/me/nonsense").send().await.is(404);
    let to_account = story.get("/login").send().await.is(302);
    assert!(to_account.header("location").ends_with("/account"));
    let with_code = story.get("/login?device=BCDF-GHJK").send().await.is(302);
    assert!(with_code.header("location").ends_with("/device?user_code=BCDF-GHJK"), "{}", with_code.header("location"));
    let dashboard = story.get("/dashboard").send().await.is(302);
    assert!(dashboard.header("location").ends_with("/account#signed-in"));
    assert_eq!(dashboard.header("access-control-allow-origin"), "");
    let method = post(&story, "/auth-method", &json!({ "username": "anybody" })).await.is(200);
    assert_eq!(method.json(), json!({ "method": "password" }));
    assert_eq!(story.get("/health").send().await.is(200).json(), json!({ "status": "ok" }));
});

story!(
    toki_routes_stand_behind_their_prefix,
    &[("native.toki.enabled", "true"), ("native.toki.prefix", "/toki")],
    |story| {
        let ada = story.person("ada").await;
        let body = json!({ "username": "ada", "password": ada.password });
        post(&story, "/toki/login", &body).await.is(200);
        post(&story, "/toki/register", &json!({ "username": "eve", "password": "correct horse" })).await.is(201);
        post(&story, "/login", &body).await.is(404);
        let with_code = story.get("/toki/login?user_code=X").send().await.is(302);
        assert!(with_code.header("location").ends_with("/toki/device?user_code=X"));
    }
);

story!(toki_routes_take_their_own_tokens_alone, TOKI, |story| {
    let (ada, app) =
        (story.person("ada").await, story.app("https://a.example/cb", "read write auth:read auth:write").await);
    let of_app = story.token(&ada, &app).await;
    let pair = signed_in(&story, &ada).await;
    for token in [&*of_app, &*pair.refresh, "wrong", "lyp_wrong"] {
        for path in ["/me/devices", "/admin/users"] {
            is_error(get(&story, path, token).await, 401, "invalid or expired token");
        }
    }
    let cookie = story.sign_in(&ada, &app).await.cookie;
    let with_cookie = story.get("/me/devices").header("cookie", &format!("jwt={cookie}")).send().await;
    is_error(with_cookie, 401, "missing Authorization header");
    for header in ["Basic YTpi", "Bearer", "Bearer ", "res U-1:x", "token x"] {
        let answer = story.get("/me/devices").header("authorization", header).send().await;
        is_error(answer, 401, "expected Bearer token");
    }
    let spelled = story.get("/me/devices").header("authorization", &format!("bEARER {}", pair.access)).send().await;
    spelled.is(200);
    let doubled = story.get("/me/devices").bearer(&pair.access).header("authorization", "Bearer x").send().await;
    assert!([400, 401].contains(&doubled.status.as_u16()), "{}", doubled.body);
});

story!(native_token_check_costs_what_that_of_an_app_does, TOKI, |story| {
    let ada = story.person("ada").await;
    let (of_app, pair) = (story.token(&ada, &story.usual_app().await).await, signed_in(&story, &ada).await);
    let auth = &story.server().state().auth;
    let cost = async |token: &str| {
        let token = lysand_auth::Secret::new(token);
        let (answer, work) = counted(lysand_auth::flows::bearer::speaks_for(auth, &token)).await;
        answer.expect("a live token");
        format!("{work:?}")
    };
    assert_eq!(cost(&pair.access).await, cost(&of_app).await);
});

story!(toki_routes_are_open_to_pages_of_other_origins, TOKI, |story| {
    let ada = story.person("ada").await;
    for answer in [
        login(&story, "ada", &ada.password).await,
        login(&story, "ada", "wrong").await,
        story.get("/me/devices").send().await,
        story.get("/auth/info").send().await,
        story.call(Method::PUT, "/login").send().await,
    ] {
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{}", answer.body);
        assert_eq!(answer.header("access-control-allow-credentials"), "");
    }
});

story!(names_of_native_routes_are_nobodys, |story| {
    let accounts = &story.server().state().accounts;
    use lysand_auth::host::accounts::{Accounts as _, Candidate};
    for name in [
        "requestlostpassword",
        "usersessions",
        "hub",
        "ws",
        "rooms",
        "tickets",
        "user",
        "dashboard",
        "callback",
        "authmethod",
        "oauth2",
        "synctv",
        "toki",
        "resonite",
    ] {
        let problems = accounts.check_new(&Candidate::new(name)).await.expect("an answer");
        assert!(!problems.is_empty(), "{name}");
    }
});

story!(toki_settings_leave_the_page_to_browsers, TOKI, |story| {
    let jar = crate::factors::browser_of(&story, &story.person("ada").await).await;
    let page = story.get("/admin/settings").header("accept", "text/html,*/*;q=0.8").cookies(&jar).send().await.is(403);
    assert!(page.header("content-type").starts_with("text/html"), "{}", page.body);
    is_error(story.get("/admin/settings").send().await, 401, "missing Authorization header");
    let form = story.post("/admin/settings").cookies(&jar).form(&[("do", "x")]).send().await;
    assert_ne!(form.status, 405);
});
