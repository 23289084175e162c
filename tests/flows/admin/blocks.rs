//! Networks and mail domains that admins keep out (PPL-154b). Everybody but the admin comes from 127.0.0.1 here.

use std::time::Duration;

use futures_util::future::join_all;
use lysand_auth::flows::events::{self, EventQuery};
use lysand_auth::host::accounts::{Accounts as _, Role};
use reqwest::Method;
use serde_json::{Value, json};
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::pages::{browser, fill, look};
use super::{id, staff};
use crate::people::{after, form, form_token, mail_with};

const PROXY: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("http.trusted_proxies", "[\"127.0.0.1/32\"]")];
const PROVIDER: &[(&str, &str)] =
    &[("oidc.allow_registration", "true"), ("http.trusted_proxies", "[\"127.0.0.1/32\"]")];
const NETWORKS: &str = "/api/v1/admin/ip_blocks";
const DOMAINS: &str = "/api/v1/admin/email_domain_blocks";
const ELSEWHERE: &str = "198.51.100.1";
const NO_SIGN_UP: &str = "This server takes no new accounts from your network.";
const NO_SIGN_IN: &str = "Nobody can sign in to this server from your network.";

async fn call(story: &Story, method: Method, path: &str, token: &str, body: &Value) -> Response {
    story.call(method, path).bearer(token).header("x-forwarded-for", ELSEWHERE).json(body).send().await
}

/// Keeps this machine out, as somebody from elsewhere; the id of the block.
async fn block(story: &Story, token: &str, severity: &str) -> String {
    let body = json!({ "ip": "127.0.0.0/8", "severity": severity });
    let made = call(story, Method::POST, NETWORKS, token, &body).await.is(200).json();
    made["id"].as_str().expect("an id").to_owned()
}

async fn change(story: &Story, token: &str, id: &str, body: Value) -> Value {
    call(story, Method::PUT, &format!("{NETWORKS}/{id}"), token, &body).await.is(200).json()
}

async fn sign_up_by_json(story: &Story, name: &str) -> Response {
    let email = format!("{name}@example.com");
    story.post("/api/v1/auth/signup").form(&form(name, &email)).send().await
}

async fn sign_up_by_page(story: &Story, name: &str) -> Response {
    let mut jar = CookieJar::default();
    let token = form_token(story, &mut jar, "/register").await;
    let email = format!("{name}@example.com");
    let fields = [form(name, &email), vec![("form_token", &*token)]].concat();
    story.post("/register").header("accept", "text/html").cookies(&jar).form(&fields).send().await
}

async fn sign_up_by_app(story: &Story, name: &str) -> Response {
    let app = story.app("https://app.example/cb", "read write").await;
    let asked = [&[("grant_type", "client_credentials"), ("scope", "read write")][..], &app.credentials()].concat();
    let own = story.post("/oauth/token").form(&asked).send().await.is(200).json();
    let email = format!("{name}@example.com");
    let fields = [form(name, &email), vec![("agreement", "1"), ("locale", "en")]].concat();
    story.post("/api/v1/accounts").bearer(own["access_token"].as_str().expect("a text")).form(&fields).send().await
}

async fn exists(story: &Story, name: &str) -> bool {
    story.server().state().accounts.by_identifier(name).await.expect("an answer").is_some()
}

story!(ip_blocks_are_those_of_mastodons_admin_api, PROXY, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    assert_eq!(story.get(NETWORKS).bearer(&admin).send().await.is(200).json(), json!([]));
    let body = json!({ "ip": "2001:DB8::7/32", "severity": "sign_up_block", "comment": "Spam", "expires_in": 3600 });
    let made = call(&story, Method::POST, NETWORKS, &admin, &body).await.is(200).json();
    let one = format!("{NETWORKS}/{}", made["id"].as_str().expect("an id"));
    assert_eq!(
        (&made["ip"], &made["severity"], &made["comment"]),
        (&json!("2001:db8::/32"), &json!("sign_up_block"), &json!("Spam"))
    );
    let names: Vec<&String> = made.as_object().expect("an object").keys().collect();
    assert_eq!(names.len(), 6, "{names:?}");
    let seconds = |value: &Value| lysand_auth::ambient::Timestamp::parse(value.as_str().expect("a time")).expect("one");
    let lifetime = seconds(&made["expires_at"]).since(seconds(&made["created_at"]));
    assert_eq!(lifetime, Duration::from_secs(3_600));
    assert_eq!(story.get(&one).bearer(&admin).send().await.is(200).json(), made);
    story.advance_clock(Duration::from_secs(1));
    let lone =
        call(&story, Method::POST, NETWORKS, &admin, &json!({ "ip": "151.0.32.55", "severity": "no_access" })).await;
    let lone = lone.is(200).json();
    assert_eq!(
        (&lone["ip"], &lone["expires_at"], &lone["comment"]),
        (&json!("151.0.32.55/32"), &Value::Null, &json!(""))
    );
    // The newest first, and pages.
    let list = story.get(&format!("{NETWORKS}?limit=1")).bearer(&admin).send().await.is(200);
    assert_eq!(list.json(), json!([lone]));
    assert!(
        list.header("link").contains("max_id=") && list.header("link").contains("rel=\"prev\""),
        "{}",
        list.header("link")
    );
    // What is not said stays.
    let changed = change(&story, &admin, made["id"].as_str().expect("an id"), json!({ "severity": "no_access" })).await;
    assert_eq!((&changed["severity"], &changed["comment"]), (&json!("no_access"), &json!("Spam")));
    assert_eq!(changed["expires_at"], made["expires_at"]);
    let forever = change(&story, &admin, made["id"].as_str().expect("an id"), json!({ "expires_in": null })).await;
    assert_eq!(forever["expires_at"], Value::Null);
    for (body, error) in [
        (json!({ "ip": "", "severity": "no_access" }), "Validation failed: Ip can't be blank"),
        (json!({ "severity": "no_access" }), "Validation failed: Ip can't be blank"),
        (json!({ "ip": "520.13.54.120", "severity": "no_access" }), "Validation failed: Ip is invalid"),
        (json!({ "ip": "192.0.2.1" }), "Validation failed: Severity can't be blank"),
        (json!({ "ip": "192.0.2.1", "severity": "x" }), "Validation failed: Severity is not included in the list"),
        (json!({ "ip": "151.0.32.55/32", "severity": "no_access" }), "Validation failed: Ip has already been taken"),
        (
            json!({ "ip": "192.0.2.1", "severity": "no_access", "expires_in": -1 }),
            "Validation failed: Expires in is invalid",
        ),
        (
            json!({ "ip": "192.0.2.1", "severity": "no_access", "expires_in": "an age" }),
            "Validation failed: Expires in is invalid",
        ),
        (
            json!({ "ip": "192.0.2.1", "severity": "no_access", "comment": "a\u{7}b" }),
            "Validation failed: Comment is invalid",
        ),
    ] {
        let refused = call(&story, Method::POST, NETWORKS, &admin, &body).await.is(422).json();
        assert_eq!(refused["error"], error, "{body}");
    }
    let taken = call(&story, Method::PUT, &one, &admin, &json!({ "ip": "151.0.32.55" })).await.is(422).json();
    assert_eq!(taken["error"], "Validation failed: Ip has already been taken");
    assert_eq!(call(&story, Method::DELETE, &one, &admin, &json!({})).await.is(200).json(), json!({}));
    for (method, path) in [
        (Method::DELETE, one.clone()),
        (Method::GET, one.clone()),
        (Method::PUT, one),
        (Method::GET, format!("{NETWORKS}/-1")),
        (Method::GET, format!("{NETWORKS}/%00")),
    ] {
        let gone = call(&story, method.clone(), &path, &admin, &json!({ "severity": "no_access" })).await;
        gone.is_api_error(404, "Record not found");
    }
    // Of many at once that block the same, one does.
    let same = json!({ "ip": "192.0.2.9", "severity": "sign_up_block" });
    let all = join_all((0..8).map(|_| call(&story, Method::POST, NETWORKS, &admin, &same))).await;
    assert_eq!(all.iter().filter(|answer| answer.status.as_u16() == 200).count(), 1);
    let all = events::find(&story.server().state().auth, EventQuery::new(100)).await.expect("events");
    for kind in ["ip_block_made", "ip_block_changed", "ip_block_ended"] {
        let event = all.iter().find(|event| event.event == kind).expect(kind);
        assert_eq!(event.actor.as_deref(), Some(id(&story, "ada").await.as_str()));
    }
});

story!(email_domain_blocks_are_those_of_mastodons_admin_api, PROXY, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let made = call(&story, Method::POST, DOMAINS, &admin, &json!({ "domain": "Spam.Example" })).await.is(200).json();
    assert_eq!((&made["domain"], &made["history"]), (&json!("spam.example"), &json!([])));
    let one = format!("{DOMAINS}/{}", made["id"].as_str().expect("an id"));
    assert_eq!(story.get(&one).bearer(&admin).send().await.is(200).json(), made);
    assert_eq!(story.get(DOMAINS).bearer(&admin).send().await.is(200).json(), json!([made]));
    for (name, error) in [
        ("", "Validation failed: Domain can't be blank"),
        ("no domain", "Validation failed: Domain is invalid"),
        ("do\u{fffd}.com", "Validation failed: Domain is invalid"),
        ("SPAM.example", "Validation failed: Domain has already been taken"),
    ] {
        let refused = call(&story, Method::POST, DOMAINS, &admin, &json!({ "domain": name })).await.is(422).json();
        assert_eq!(refused["error"], error, "{name}");
    }
    // It counts on every road, for what is below it too, and for who changes to such an address.
    for (name, email, status) in
        [("one", "a@spam.example", 422), ("two", "a@deep.spam.example", 422), ("three", "a@notspam.example", 201)]
    {
        let answer = story.post("/api/v1/auth/signup").form(&form(name, email)).send().await.is(status).json();
        if status == 422 {
            assert_eq!(answer["details"]["email"][0]["error"], "ERR_BLOCKED", "{email}");
        }
    }
    let bob = story.person("bob").await;
    let app = story.app("https://keys.example/cb", "read auth:read auth:write").await;
    let token = story.token(&bob, &app).await;
    let asked = json!({ "email": "bob@spam.example", "current_password": bob.password });
    let refused = story.post("/api/v1/auth/email").bearer(&token).json(&asked).send().await.is(422).json();
    assert_eq!(refused["details"]["email"][0]["error"], "ERR_BLOCKED");
    let by_staff = json!({ "username": "four", "email": "a@spam.example" });
    story.post("/api/v1/admin/auth/accounts").bearer(&admin).json(&by_staff).send().await.is(422);
    assert_eq!(call(&story, Method::DELETE, &one, &admin, &json!({})).await.is(200).json(), json!({}));
    call(&story, Method::DELETE, &one, &admin, &json!({})).await.is_api_error(404, "Record not found");
    story.post("/api/v1/auth/signup").form(&form("one", "a@spam.example")).send().await.is(201);
});

story!(blocks_are_for_admins_with_their_scopes, PROXY, |story| {
    let (ada, _) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    let token = async |scopes: &str| {
        let app = story.app("https://a.example/cb", scopes).await;
        story.token(&ada, &app).await
    };
    let networks = (NETWORKS, json!({ "ip": "192.0.2.0/24", "severity": "no_access" }));
    let domains = (DOMAINS, json!({ "domain": "spam.example" }));
    for ((path, body), kind) in [(networks, "ip_blocks"), (domains, "email_domain_blocks")] {
        let reader = token(&format!("admin:read:{kind}")).await;
        let writer = token(&format!("admin:write:{kind}")).await;
        let other = token("admin:read:accounts admin:write:accounts").await;
        story.get(path).send().await.is(401);
        story.get(path).bearer(&reader).send().await.is(200);
        for token in [&writer, &other] {
            let refused = story.get(path).bearer(token).send().await;
            refused.is_api_error(403, "This action is outside the authorized scopes");
        }
        for token in [&reader, &other] {
            let refused = call(&story, Method::POST, path, token, &body).await;
            refused.is_api_error(403, "This action is outside the authorized scopes");
        }
        let made = call(&story, Method::POST, path, &writer, &body).await.is(200).json();
        let one = format!("{path}/{}", made["id"].as_str().expect("an id"));
        for (method, path) in [
            (Method::GET, path.to_owned()),
            (Method::POST, path.to_owned()),
            (Method::GET, one.clone()),
            (Method::DELETE, one.clone()),
        ] {
            let refused = call(&story, method.clone(), &path, &moderator, &body).await;
            refused.is_api_error(403, "This action is not allowed");
        }
        call(&story, Method::DELETE, &one, &writer, &json!({})).await.is(200);
    }
    // Nor do the pages show them to others.
    let mona = browser(&story, &staff(&story, "milo", Role::Moderator).await.0).await;
    for path in ["/admin/blocks", "/admin/blocks/domains"] {
        look(&story, &mona, path).await.is(403);
    }
    assert!(!look(&story, &mona, "/admin").await.is(200).body.contains("/admin/blocks"));
});

story!(network_that_may_not_sign_up_may_not_by_any_road, PROXY, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    let block = block(&story, &admin, "sign_up_block").await;
    let page = sign_up_by_page(&story, "page").await.is(403);
    assert!(page.body.contains(NO_SIGN_UP), "{}", page.body);
    sign_up_by_json(&story, "json").await.is_api_error(403, NO_SIGN_UP);
    sign_up_by_app(&story, "app").await.is_api_error(403, "Forbidden");
    for name in ["page", "json", "app"] {
        assert!(!exists(&story, name).await, "{name}");
    }
    // From elsewhere, and to sign in, nothing changed.
    let fields = form("json", "json@example.com");
    story.post("/api/v1/auth/signup").form(&fields).header("x-forwarded-for", "203.0.113.7").send().await.is(201);
    let app = story.usual_app().await;
    story.sign_in(&ada, &app).await;
    change(&story, &admin, &block, json!({ "severity": "no_access" })).await;
    sign_up_by_json(&story, "bob").await.is_api_error(403, NO_SIGN_UP);
    change(&story, &admin, &block, json!({ "ip": "192.0.2.0/24" })).await;
    sign_up_by_json(&story, "bob").await.is(201);
});

story!(network_without_access_signs_nobody_in, PROXY, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let (bob, app) = (story.person("bob").await, story.usual_app().await);
    let token = story.token(&bob, &app).await;
    let jar = browser(&story, &bob).await;
    let block = block(&story, &admin, "no_access").await;
    for password in [&*bob.password, "wrong"] {
        let refused = story.log_in(&app.authorize_query(), "bob", password).await.is(302);
        // Right and wrong look the same.
        refused.is_login_error("access_denied", NO_SIGN_IN);
    }
    // From elsewhere one signs in; who is signed in stays so, and tokens go on.
    let path = format!("/api/auth/login?{}", app.authorize_query());
    let form = [("identifier", "bob"), ("password", &*bob.password)];
    let elsewhere = story.post(&path).form(&form).header("x-forwarded-for", "203.0.113.7").send().await.is(302);
    assert!(elsewhere.cookie("jwt").is_some());
    story.verify(&token).await.is(200);
    look(&story, &jar, "/account").await.is(200);
    change(&story, &admin, &block, json!({ "expires_in": 60 })).await;
    assert!(story.log_in(&app.authorize_query(), "bob", &bob.password).await.cookie("jwt").is_none());
    story.advance_clock(Duration::from_secs(61));
    assert!(story.log_in(&app.authorize_query(), "bob", &bob.password).await.is(302).cookie("jwt").is_some());
    // What is over is told no more, and makes room.
    assert_eq!(story.get(NETWORKS).bearer(&admin).send().await.is(200).json(), json!([]));
    self::block(&story, &admin, "sign_up_block").await;
});

story!(network_that_needs_approval_waits_for_staff_also_where_all_may_sign_up, PROXY, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    block(&story, &admin, "sign_up_requires_approval").await;
    let waits = sign_up_by_json(&story, "bob").await.is(201).json();
    let state = async || {
        let body = json!({ "waiting_token": waits["waiting_token"] });
        story.post("/api/v1/auth/signup/state").json(&body).send().await.is(200).json()["state"].clone()
    };
    assert_eq!(state().await, "unconfirmed");
    let mail = mail_with(&story, "bob@example.com", "/register/confirm?token=").await;
    let token = after(&mail, "/register/confirm?token=").to_owned();
    story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": token })).send().await.is(200);
    assert_eq!(state().await, "pending");
    let app = story.usual_app().await;
    assert!(story.log_in(&app.authorize_query(), "bob", "a calm evening").await.cookie("jwt").is_none());
    let approve = format!("/api/v1/admin/accounts/{}/approve", id(&story, "bob").await);
    call(&story, Method::POST, &approve, &admin, &json!({})).await.is(200);
    assert_eq!(state().await, "ready");
    assert!(story.log_in(&app.authorize_query(), "bob", "a calm evening").await.is(302).cookie("jwt").is_some());
});

story!(network_that_is_kept_out_comes_in_by_no_provider, PROVIDER, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let (story, provider) = story.with_provider(&[]).await;
    let app = story.usual_app().await;
    let grace = ProviderUser::named("grace");
    story.sign_in_at(&mut CookieJar::default(), &app, &provider, &grace).await.signed_in();
    let block = block(&story, &admin, "sign_up_block").await;
    let linus = ProviderUser::named("linus");
    let mut jar = CookieJar::default();
    let back = story.come_back(&mut jar, &app, &provider, &linus).await.is(302);
    let page = story.get(back.location().as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&page);
    let fields = [
        ("form_token", after(&page.body, "name=\"form_token\" value=\"")),
        ("flow_id", after(&page.body, "name=\"flow_id\" value=\"")),
        ("username", "linus"),
    ];
    let refused = story.post("/register/finish").cookies(&jar).form(&fields).send().await.is(403);
    assert!(refused.body.contains(NO_SIGN_UP) && !exists(&story, "linus").await, "{}", refused.body);
    // Who has an account signs in until nobody may.
    story.come_back(&mut CookieJar::default(), &app, &provider, &grace).await.signed_in();
    change(&story, &admin, &block, json!({ "severity": "no_access" })).await;
    let refused = story.come_back(&mut CookieJar::default(), &app, &provider, &grace).await;
    refused.is_login_error("access_denied", NO_SIGN_IN);
});

story!(nobody_locks_themselves_out, PROXY, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    let error = "Validation failed: Ip has your own address in it: you would lock yourself out";
    for ip in ["198.51.100.1", "198.51.100.0/24", "0.0.0.0/0", "::ffff:198.51.100.1"] {
        let body = json!({ "ip": ip, "severity": "no_access" });
        let refused = call(&story, Method::POST, NETWORKS, &admin, &body).await.is(422).json();
        assert_eq!(refused["error"], error, "{ip}");
    }
    let body = json!({ "ip": "198.51.100.0/24", "severity": "sign_up_block" });
    let made = call(&story, Method::POST, NETWORKS, &admin, &body).await.is(200).json();
    let one = format!("{NETWORKS}/{}", made["id"].as_str().expect("an id"));
    let refused = call(&story, Method::PUT, &one, &admin, &json!({ "severity": "no_access" })).await.is(422).json();
    assert_eq!(refused["error"], error);
    // The page refuses it as well; there the admin comes from this machine.
    let mut jar = browser(&story, &ada).await;
    let fields = [("do", "make"), ("ip", "127.0.0.1"), ("severity", "no_access")];
    let refused = fill(&story, &mut jar, "/admin/blocks", &fields).await.is(422);
    assert!(
        refused.body.contains("you would lock yourself out") && refused.body.contains("127.0.0.1"),
        "{}",
        refused.body
    );
});

story!(blocks_page_makes_shows_and_ends_blocks, PROXY, |story| {
    let (ada, _) = staff(&story, "ada", Role::Admin).await;
    let mut jar = browser(&story, &ada).await;
    let home = look(&story, &jar, "/admin").await.is(200);
    assert!(home.body.contains("/admin/blocks"), "{}", home.body);
    let fields = [
        ("do", "make"),
        ("ip", "203.0.113.0/24"),
        ("severity", "sign_up_block"),
        ("comment", "Many <bad> forms"),
        ("expires_in", "604800"),
    ];
    let done = fill(&story, &mut jar, "/admin/blocks", &fields).await.is(302);
    let page = look(&story, &jar, done.location().as_str()).await.is(200);
    for text in ["203.0.113.0/24", "Nobody signs up", "Many &lt;bad&gt; forms", "The block is made."] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let again = fill(&story, &mut jar, "/admin/blocks", &fields).await.is(422);
    assert!(again.body.contains("has already been taken"), "{}", again.body);
    let id = after(&page.body, "name=\"id\" value=\"").to_owned();
    let done = fill(&story, &mut jar, "/admin/blocks", &[("do", "end"), ("id", &id)]).await.is(302);
    let page = look(&story, &jar, done.location().as_str()).await.is(200);
    assert!(page.body.contains("There are none yet.") && page.body.contains("The block is ended."), "{}", page.body);
    fill(&story, &mut jar, "/admin/blocks", &[("do", "end"), ("id", &id)]).await.is(422);
    let fields = [("do", "make"), ("domain", "spam.example")];
    let done = fill(&story, &mut jar, "/admin/blocks/domains", &fields).await.is(302);
    let page = look(&story, &jar, done.location().as_str()).await.is(200);
    assert!(page.body.contains("spam.example"), "{}", page.body);
    let id = after(&page.body, "name=\"id\" value=\"").to_owned();
    fill(&story, &mut jar, "/admin/blocks/domains", &[("do", "end"), ("id", &id)]).await.is(302);
    fill(&story, &mut jar, "/admin/blocks/domains", &[("do", "make"), ("domain", "")]).await.is(422);
    fill(&story, &mut jar, "/admin/blocks", &[("do", "nothing")]).await.is(422);
});
