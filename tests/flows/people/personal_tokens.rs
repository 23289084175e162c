//! Personal tokens: what a program of a person's own uses, without an app (PPL-117 to PPL-120).

use std::time::Duration;

use actix_web::{App as HostApp, web};
use futures_util::future::join_all;
use lysand_auth::flows::{closing, events, outbox, sessions, sweep};
use lysand_auth::host::accounts::{Accounts as _, Role};
use lysand_auth::web::{ApiError, Bearer, Surfaces, mount};
use reqwest::Method;
use serde_json::{Value, json};
use tests::Person;
use tests::embedder::Embedder;
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::{after, form_token, mail_with};

const PATH: &str = "/api/v1/auth/personal_tokens";
const PAGE: &str = "/account/tokens";
const WHO: &str = "/api/v1/accounts/verify_credentials";
const DAY: Duration = Duration::from_secs(24 * 3600);
/// After this a sign-in proves no longer that somebody is there.
const STALE: Duration = Duration::from_secs(301);

/// A token with which somebody manages the own tokens, fresh from a sign-in.
async fn manager(story: &Story, person: &Person) -> String {
    story.token(person, &story.app("https://keys.example/cb", "read auth:read auth:write").await).await
}

async fn make(story: &Story, manager: &str, body: Value) -> Response {
    story.post(PATH).bearer(manager).json(&body).send().await
}

/// Makes one that can read, differing as `more` says, and answers with it and its value.
async fn made(story: &Story, manager: &str, more: Value) -> (Value, String) {
    let mut body = json!({ "name": "backup", "scopes": ["read"] });
    for (name, value) in more.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let made = make(story, manager, body).await.is(200).json();
    let value = made["token"].as_str().expect("a value").to_owned();
    (made, value)
}

fn id(made: &Value) -> &str {
    made["id"].as_str().expect("an id")
}

async fn listed(story: &Story, manager: &str) -> Vec<Value> {
    let list = story.get(PATH).bearer(manager).send().await.is(200).json();
    list.as_array().expect("a list").clone()
}

async fn end(story: &Story, manager: &str, id: &str) -> Response {
    story.call(Method::DELETE, &format!("{PATH}/{id}")).bearer(manager).send().await
}

story!(personal_token_is_made_shown_once_listed_used_and_ended, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (token, other) = (manager(&story, &ada).await, manager(&story, &eve).await);
    let body =
        json!({ "name": " backup ", "scopes": ["read", "write:media"], "networks": ["127.0.0.1/8", "2001:db8::/32"] });
    let answer = make(&story, &token, body).await.is(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let (made, value) = (answer.json(), answer.json()["token"].as_str().expect("a value").to_owned());
    assert!(value.starts_with("lyp_") && value.len() == 47, "{value}");
    assert!(value[4..].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    assert_eq!((&made["name"], &made["scopes"]), (&json!("backup"), &json!(["read", "write:media"])));
    assert_eq!((&made["networks"], &made["last_used_at"]), (&json!(["127.0.0.0/8", "2001:db8::/32"]), &Value::Null));
    let mut shown = made.clone();
    shown.as_object_mut().expect("an object").remove("token");
    assert_eq!(listed(&story, &token).await, [shown]);
    assert_eq!(listed(&story, &other).await, Vec::<Value>::new());
    // It speaks for the person, as far as its scopes go, and for no app.
    assert_eq!(story.get(WHO).bearer(&value).send().await.is(200).json()["username"], "ada");
    let app = story.get("/api/v1/apps/verify_credentials").bearer(&value).send().await.is(200).json();
    assert_eq!((&app["name"], &app["scopes"]), (&json!("Personal token: backup"), &json!(["read", "write:media"])));
    assert_eq!((&app["website"], &app["redirect_uris"]), (&Value::Null, &json!([])));
    let update = story.call(Method::PATCH, "/api/v1/accounts/update_credentials").bearer(&value);
    update.form(&[("display_name", "x")]).send().await.is(403);
    let tokens = story.get("/api/v1/tokens").bearer(&value).send().await.is(200).json();
    let names: Vec<&str> =
        tokens.as_array().expect("a list").iter().filter_map(|token| token["application"]["name"].as_str()).collect();
    assert!(names.contains(&"Personal token: backup"), "{names:?}");
    // It is no app with access, which could be ended as one.
    let jar = signed_in(&story, &ada).await;
    let apps = story.get("/oauth/authorized_applications").cookies(&jar).send().await.is(200);
    assert!(!apps.body.contains("Personal token"), "{}", apps.body);
    let mail = mail_with(&story, &ada.email, "A personal token").await;
    assert!(mail.contains("backup") && !mail.contains("lyp_"), "{mail}");
    end(&story, &other, id(&made)).await.is_api_error(404, "Record not found");
    end(&story, &token, id(&made)).await.is(200);
    story.get(WHO).bearer(&value).send().await.is_api_error(401, "The access token was revoked");
    for gone in [id(&made), "nothing", "personal_tokens", "%00", "..%2f"] {
        end(&story, &token, gone).await.is_api_error(404, "Record not found");
    }
});

async fn signed_in(story: &Story, person: &Person) -> CookieJar {
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(person, &story.usual_app().await).await.cookie);
    jar
}

story!(personal_token_needs_the_scope_a_fresh_proof_and_sound_fields, |story| {
    let ada = story.person("ada").await;
    let token = manager(&story, &ada).await;
    let reader = story.token(&ada, &story.app("https://read.example/cb", "read write auth:read").await).await;
    story.post(PATH).json(&json!({ "name": "x", "scopes": "read" })).send().await.is(401);
    make(&story, &reader, json!({ "name": "x", "scopes": "read" })).await.is(403);
    let narrow = story.token(&ada, &story.usual_app().await).await;
    story.get(PATH).bearer(&narrow).send().await.is(403);
    for (body, field, code) in [
        (json!({ "scopes": "read" }), "name", "ERR_BLANK"),
        (json!({ "name": "x" }), "scopes", "ERR_BLANK"),
        (json!({ "name": "x", "scopes": [] }), "scopes", "ERR_BLANK"),
        (json!({ "name": "x".repeat(61), "scopes": "read" }), "name", "ERR_TOO_LONG"),
        (json!({ "name": "a\u{7}b", "scopes": "read" }), "name", "ERR_INVALID"),
        (json!({ "name": "x", "scopes": "auth:write" }), "scopes", "ERR_INCLUSION"),
        (json!({ "name": "x", "scopes": ["read", "admin:read"] }), "scopes", "ERR_INCLUSION"),
        (json!({ "name": "x", "scopes": "openid nonsense" }), "scopes", "ERR_INCLUSION"),
        (json!({ "name": "x", "scopes": "read", "expires_in": "never" }), "expires_in", "ERR_INVALID"),
        (json!({ "name": "x", "scopes": "read", "expires_in": 31_536_001 }), "expires_in", "ERR_INVALID"),
        (json!({ "name": "x", "scopes": "read", "expires_in": -1 }), "expires_in", "ERR_INVALID"),
        (json!({ "name": "x", "scopes": "read", "networks": ["192.0.2.0/33"] }), "networks", "ERR_INVALID"),
        (json!({ "name": "x", "scopes": "read", "networks": "home" }), "networks", "ERR_INVALID"),
    ] {
        let refused = make(&story, &token, body.clone()).await.is(422).json();
        assert_eq!(refused["details"][field][0]["error"], code, "{body}");
    }
    story.post(PATH).bearer(&token).body("text/plain", "name=x".to_owned()).send().await.is(415);
    story.post(PATH).bearer(&token).body("application/json", "{".to_owned()).send().await.is(400);
    story.call(Method::PUT, PATH).bearer(&token).send().await.is(405);
    // Text of words will do as well, and a form.
    let form = [("name", "form"), ("scopes", "read  profile"), ("expires_in", "3600"), ("networks", "192.0.2.1, ::1")];
    let made = story.post(PATH).bearer(&token).form(&form).send().await.is(200).json();
    assert_eq!(
        (&made["scopes"], &made["networks"]),
        (&json!(["read", "profile"]), &json!(["192.0.2.1/32", "::1/128"]))
    );
    story.advance_clock(STALE);
    let plain = json!({ "name": "x", "scopes": "read" });
    let refused = make(&story, &token, plain).await;
    let challenge = refused.header("www-authenticate").to_owned();
    assert!(challenge.contains("insufficient_user_authentication"), "{challenge}");
    refused.is_api_error(403, "Please confirm that it is you");
    let wrong = json!({ "name": "x", "scopes": "read", "current_password": "wrong" });
    make(&story, &token, wrong).await.is_api_error(403, "This is not the password of the account");
    make(&story, &token, json!({ "name": "x", "scopes": "read", "current_password": ada.password })).await.is(200);
    // To look and to end takes no proof.
    let list = listed(&story, &token).await;
    assert_eq!(list.len(), 2);
    end(&story, &token, id(&list[0])).await.is(200);
});

story!(personal_token_makes_no_other_and_ends_by_itself, |story| {
    let ada = story.person("ada").await;
    let token = manager(&story, &ada).await;
    let (_, value) = made(&story, &token, json!({ "scopes": "read auth:read", "expires_in": 3600 })).await;
    assert_eq!(listed(&story, &value).await.len(), 1, "it may look");
    make(&story, &value, json!({ "name": "y", "scopes": "read" })).await.is(403);
    story.advance_clock(Duration::from_secs(3599));
    story.get(WHO).bearer(&value).send().await.is(200);
    story.advance_clock(Duration::from_secs(1));
    story.get(WHO).bearer(&value).send().await.is_api_error(401, "The access token expired");
    assert_eq!(listed(&story, &token).await, Vec::<Value>::new());
});

story!(personal_token_of_another_network_is_refused_and_recorded_once_a_day, |story| {
    let ada = story.person("ada").await;
    let token = manager(&story, &ada).await;
    let (foreign, value) = made(&story, &token, json!({ "networks": "192.0.2.0/24, 2001:db8::/32" })).await;
    let (_, home) = made(&story, &token, json!({ "networks": "127.0.0.1" })).await;
    story.get(WHO).bearer(&home).send().await.is(200);
    let recorded = async || {
        let account = story.account(&ada).await.id;
        let all = events::of_account(&story.server().state().auth, &account).await.expect("events");
        let all = all.into_iter().filter(|event| event.event == "personal_token_foreign_network");
        all.collect::<Vec<_>>()
    };
    let answers = join_all((0..8).map(|_| story.get(WHO).bearer(&value).send())).await;
    for answer in answers {
        answer.is_api_error(401, "The access token is invalid");
    }
    let events = recorded().await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!((events[0].outcome.as_str(), events[0].network.as_deref()), ("refused", Some("127.0.0.0/24")));
    assert!(events[0].detail.as_deref().is_some_and(|detail| detail.contains(id(&foreign))));
    story.advance_clock(DAY);
    story.get("/api/v1/apps/verify_credentials").bearer(&value).send().await.is(401);
    story.get("/api/v1/tokens").bearer(&value).send().await.is(401);
    assert_eq!(recorded().await.len(), 2);
});

story!(
    personal_token_of_a_network_is_judged_by_the_address_that_the_proxy_tells,
    &[("http.trusted_proxies", "[\"127.0.0.1/32\", \"::1/128\"]")],
    |story| {
        let ada = story.person("ada").await;
        let token = manager(&story, &ada).await;
        let (_, value) = made(&story, &token, json!({ "networks": "192.0.2.0/24" })).await;
        for (from, status) in [("192.0.2.9", 200), ("::ffff:192.0.2.9", 200), ("198.51.100.9", 401), ("192.0.3.0", 401)]
        {
            let answer = story.get(WHO).bearer(&value).header("x-forwarded-for", from).send().await;
            assert_eq!(answer.status, status, "{from}");
        }
        story.get(WHO).bearer(&value).send().await.is(401);
    }
);

async fn for_staff(bearer: Bearer) -> Result<String, ApiError> {
    Ok(bearer.account(&["admin:read"]).await?.username)
}

story!(personal_token_of_staff_scope_opens_nothing_once_its_owner_is_staff_no_more, |story| {
    let ada = story.person("ada").await;
    let accounts = &story.server().state().accounts;
    let account = story.account(&ada).await;
    accounts.set_role(&account.id, Role::Moderator).await.expect("a role");
    let token = manager(&story, &ada).await;
    let (_, value) = made(&story, &token, json!({ "scopes": "read admin:read" })).await;
    let all = "/api/v1/admin/auth/invitations";
    story.get(all).bearer(&value).send().await.is(200);
    // A host's own route may leave the role to the scope; of a personal token it is judged in any case.
    let auth = story.server().state().auth.clone();
    let host = Embedder::serve_app(move || {
        HostApp::new().configure(mount(auth.clone(), Surfaces::all())).route("/staff", web::get().to(for_staff))
    });
    story.get(&host.url("/staff")).bearer(&value).send().await.is(200);
    accounts.set_role(&account.id, Role::Member).await.expect("a role");
    story.get(all).bearer(&value).send().await.is(403);
    story.get(&host.url("/staff")).bearer(&value).send().await.is(403);
    story.get(WHO).bearer(&value).send().await.is(200);
});

story!(personal_token_is_extended_by_a_new_value, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (token, other) = (manager(&story, &ada).await, manager(&story, &eve).await);
    let (first, old) = made(&story, &token, json!({ "expires_in": 3600, "networks": "127.0.0.1" })).await;
    let path = format!("{PATH}/{}/extend", id(&first));
    story.post(&path).bearer(&other).json(&json!({})).send().await.is_api_error(404, "Record not found");
    story.post(&path).bearer(&token).json(&json!({ "expires_in": "never" })).send().await.is(422);
    let next = story.post(&path).bearer(&token).json(&json!({ "expires_in": 7200 })).send().await.is(200).json();
    let new = next["token"].as_str().expect("a value");
    assert_eq!((id(&next), &next["name"], &next["networks"]), (id(&first), &first["name"], &first["networks"]));
    assert!(new.starts_with("lyp_") && new != old && next["expires_at"] != first["expires_at"]);
    story.get(WHO).bearer(&old).send().await.is_api_error(401, "The access token is invalid");
    story.get(WHO).bearer(new).send().await.is(200);
    story.advance_clock(STALE);
    story.post(&path).bearer(&token).json(&json!({})).send().await.is(403);
    story.advance_clock(Duration::from_secs(7200));
    let proven = json!({ "current_password": ada.password });
    story.post(&path).bearer(&token).json(&proven).send().await.is_api_error(404, "Record not found");
});

story!(personal_token_end_is_told_a_week_and_a_day_before_and_at_the_end, |story| {
    let ada = story.person("ada").await;
    let token = manager(&story, &ada).await;
    let auth = &story.server().state().auth;
    let (_, value) = made(&story, &token, json!({ "name": "monthly", "expires_in": 30 * 24 * 3600 })).await;
    made(&story, &token, json!({ "name": "short", "expires_in": 3600 })).await;
    // How often it was told that a token ends soon, and that one has ended; however often the server cleans up.
    let told = async || {
        sweep::sweep(auth).await.expect("a sweep");
        sweep::sweep(auth).await.expect("a sweep");
        let mails = outbox::list(auth, None, 100).await.expect("a list");
        ["token_expires", "token_expired"].map(|kind| mails.iter().filter(|mail| mail.kind == kind).count())
    };
    assert_eq!(told().await, [0, 0], "nobody is told at once what they have just chosen");
    story.advance_clock(DAY * 23 - Duration::from_secs(5));
    assert_eq!(told().await, [0, 1], "the short one");
    story.advance_clock(Duration::from_secs(10));
    assert_eq!(told().await, [1, 1]);
    let mail = mail_with(&story, &ada.email, "ends soon").await;
    assert!(mail.contains("monthly") && !mail.contains("lyp_"), "{mail}");
    story.advance_clock(DAY * 6);
    assert_eq!(told().await, [2, 1]);
    story.get(WHO).bearer(&value).send().await.is(200);
    story.advance_clock(DAY);
    assert_eq!(told().await, [2, 2]);
    story.advance_clock(DAY * 3);
    assert_eq!(told().await, [2, 2]);
    story.get(WHO).bearer(&value).send().await.is_api_error(401, "The access token is invalid");
});

story!(personal_tokens_are_fifty_at_most_even_at_once, |story| {
    let ada = story.person("ada").await;
    let token = manager(&story, &ada).await;
    for number in 0..45 {
        made(&story, &token, json!({ "name": format!("n{number}") })).await;
    }
    let body = || json!({ "name": "more", "scopes": "read" });
    let answers = join_all((0..12).map(|_| make(&story, &token, body()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 5);
    assert_eq!(answers.iter().filter(|answer| answer.status == 409).count(), 7);
    let list = story.get(&format!("{PATH}?limit=100")).bearer(&token).send().await.is(200).json();
    assert_eq!(list.as_array().expect("a list").len(), 50);
    let page = story.get(&format!("{PATH}?limit=2")).bearer(&token).send().await.is(200);
    assert_eq!(page.json().as_array().expect("a list").len(), 2);
    assert!(page.header("link").contains("rel=\"next\""));
    story.get(&format!("{PATH}?max_id=%00")).bearer(&token).send().await.is(400);
    let odd = story.get(&format!("{PATH}?max_id=%C3%A9%2F")).bearer(&token).send().await.is(200).json();
    assert_eq!(odd, json!([]));
    end(&story, &token, id(&list[0])).await.is(200);
    make(&story, &token, body()).await.is(200);
});

story!(
    personal_token_is_limited_an_hour,
    &[("ratelimit.enabled", "true"), ("ratelimit.personal_tokens.max", "2")],
    |story| {
        let ada = story.person("ada").await;
        let token = manager(&story, &ada).await;
        for _ in 0..2 {
            make(&story, &token, json!({ "name": "x", "scopes": "read" })).await.is(200);
        }
        make(&story, &token, json!({ "name": "x", "scopes": "read" })).await.is(429);
    }
);

story!(personal_token_ends_with_everything_else_and_none_is_made_by_what_was_ended, |story| {
    let ada = story.person("ada").await;
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    let token = manager(&story, &ada).await;
    let (_, value) = made(&story, &token, json!({})).await;
    sessions::end_all(auth, &account.id).await.expect("an end");
    story.get(WHO).bearer(&value).send().await.is_api_error(401, "The access token was revoked");
    make(&story, &token, json!({ "name": "x", "scopes": "read" })).await.is(401);
    // In the same moment: whatever was made before the end is over after it.
    for _ in 0..3 {
        let token = manager(&story, &ada).await;
        let makings = join_all((0..6).map(|_| make(&story, &token, json!({ "name": "x", "scopes": "read" }))));
        let (answers, ended) = tokio::join!(makings, sessions::end_all(auth, &account.id));
        ended.expect("an end");
        for answer in answers.iter().filter(|answer| answer.status == 200) {
            let value = answer.json()["token"].as_str().expect("a value").to_owned();
            story.get(WHO).bearer(&value).send().await.is(401);
        }
    }
});

story!(personal_tokens_page_makes_extends_and_ends, &[("personal_tokens.never", "true")], |story| {
    let ada = story.person("ada").await;
    let to = story.get(PAGE).send().await.is(302).location();
    assert_eq!(to.path(), "/account/sign-in");
    let mut jar = signed_in(&story, &ada).await;
    let account = story.get("/account").cookies(&jar).send().await.is(200);
    assert!(account.body.contains("href=\"/account/tokens\""), "{}", account.body);
    let post = async |jar: &mut CookieJar, fields: &[(&str, &str)]| {
        let token = form_token(&story, jar, PAGE).await;
        story.post(PAGE).cookies(jar).form(&[fields, &[("form_token", &token)]].concat()).send().await
    };
    let wrong = [("do", "make"), ("name", "  "), ("scopes[]", "write:media"), ("expires_in", "2592000")];
    let refused = post(&mut jar, &wrong).await.is(422);
    assert!(refused.body.contains("can&#39;t be blank") && refused.body.contains("value=\"write:media\" checked"));
    assert!(refused.body.contains("<details open>") && refused.body.contains("value=\"2592000\" selected"));
    let fields = [
        ("do", "make"),
        ("name", "<b>backup</b>"),
        ("scopes[]", "read"),
        ("scopes[]", "write:media"),
        ("expires_in", "never"),
        ("networks", "127.0.0.1"),
    ];
    let shown = post(&mut jar, &fields).await.is(200);
    let value = after(&shown.body, "id=\"value\" type=\"text\" value=\"").to_owned();
    assert!(value.starts_with("lyp_") && !shown.body.contains("<b>backup"), "{}", shown.body);
    assert!(shown.header("cache-control").contains("no-store"));
    story.get(WHO).bearer(&value).send().await.is(200);
    let again = story.get(PAGE).cookies(&jar).send().await.is(200);
    assert!(!again.body.contains("lyp_") && again.body.contains("counts until you end it"), "it is shown once");
    let key = after(&again.body, "name=\"id\" value=\"").to_owned();
    let extended = post(&mut jar, &[("do", "extend"), ("id", &key)]).await.is(200);
    let next = after(&extended.body, "id=\"value\" type=\"text\" value=\"").to_owned();
    story.get(WHO).bearer(&value).send().await.is(401);
    story.get(WHO).bearer(&next).send().await.is(200);
    story.advance_clock(STALE);
    let page = story.get(PAGE).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("name=\"current_password\"") && !page.body.contains("value=\"extend\""));
    post(&mut jar, &[("do", "extend"), ("id", &key)]).await.is(422);
    let plain = [("do", "make"), ("name", "kept"), ("scopes[]", "read")];
    let refused = post(&mut jar, &plain).await.is(422);
    assert!(refused.body.contains("Please confirm that it is you") && refused.body.contains("value=\"kept\""));
    let wrong = [&plain[..], &[("current_password", "wrong")]].concat();
    assert!(post(&mut jar, &wrong).await.is(422).body.contains("This is not the password of the account"));
    post(&mut jar, &[&plain[..], &[("current_password", &*ada.password)]].concat()).await.is(200);
    let stale = [&plain[..], &[("current_password", &*ada.password), ("form_token", "guessed")]].concat();
    let refused = story.post(PAGE).cookies(&jar).form(&stale).send().await.is(422);
    assert!(refused.body.contains("value=\"kept\"") && !refused.body.contains(&ada.password));
    let ended = post(&mut jar, &[("do", "end"), ("id", &key)]).await.is(302);
    assert_eq!(ended.header("location"), format!("{}{PAGE}?notice=ended", story.base()));
    assert!(post(&mut jar, &[("do", "end"), ("id", &key)]).await.is(422).body.contains("is over already"));
    story.get(WHO).bearer(&next).send().await.is(401);
});

story!(personal_tokens_that_are_switched_off_are_nowhere, &[("personal_tokens.enabled", "false")], |story| {
    let ada = story.person("ada").await;
    let token = manager(&story, &ada).await;
    for call in [story.get(PATH), story.post(PATH).json(&json!({ "name": "x", "scopes": "read" }))] {
        call.bearer(&token).send().await.is_api_error(404, "Record not found");
    }
    let jar = signed_in(&story, &ada).await;
    story.get(PAGE).cookies(&jar).send().await.is(404);
    assert!(!story.get("/account").cookies(&jar).send().await.is(200).body.contains(PAGE));
});

story!(personal_token_of_a_removed_account_is_dead_and_its_app_is_nobodys, |story| {
    let ada = story.person("ada").await;
    let auth = &story.server().state().auth;
    let token = manager(&story, &ada).await;
    let (_, value) = made(&story, &token, json!({})).await;
    // What stands in the place of an app cannot be asked for, nor asked with.
    let query = "client_id=personal_tokens&redirect_uri=https%3A%2F%2Fx.example&response_type=code&scope=read";
    let refused = story.get(&format!("/oauth/authorize?{query}")).header("accept", "text/html").send().await;
    assert!(
        refused.status.is_client_error() && refused.body.contains("This app is not known here"),
        "{}",
        refused.body
    );
    let grant = [("grant_type", "client_credentials"), ("client_id", "personal_tokens"), ("client_secret", "")];
    story.post("/oauth/token").form(&grant).send().await.is(401);
    let account = story.account(&ada).await;
    closing::remove(auth, &account, events::Actor::Command, &events::Caller::default()).await.expect("a removal");
    story.get(WHO).bearer(&value).send().await.is(401);
});
