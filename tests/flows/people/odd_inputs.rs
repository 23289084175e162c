//! Inputs that made trouble elsewhere: addresses, names, tokens and headers that are not what they look like (people PPL-3,
//! PPL-44, PPL-92, security ID-15).

use lysand_auth::host::accounts::Accounts as _;
use serde_json::{Value, json};
use tests::story;
use tests::story::{CookieJar, Story};

use super::{after, form, form_token, mails_to, sign_up};

const OPEN: &[(&str, &str)] = &[("signups.proof_of_work", "false")];
const NEW: &str = "quite another sentence";

/// What is no address, though somebody's software took it for one.
const NO_ADDRESSES: &[&str] = &[
    "victim@example.com,mallory@evil.example",
    "victim@example.com;mallory@evil.example",
    "victim@example.com mallory@evil.example",
    "victim@example.com\nBcc: mallory@evil.example",
    "victim@example.com\r\n\r\n<script>",
    "victim@example.com%0a%0dcc:mallory@evil.example",
    "victim@example.com\0@evil.example",
    "victim@example.com\0",
    "Ada <ada@example.com>",
    "<p>test</p> <ada@example.com>",
    "\"ada\"@example.com",
    "\"ada@evil.example\"@example.com",
    "ada(comment)@example.com",
    "ada@example.com(comment)",
    "ada@[127.0.0.1]",
    "ada@127.0.0.1",
    "ada@example.com.",
    "ada@.example.com",
    "ada@example..com",
    "ada@-example.com",
    ".ada@example.com",
    "ada.@example.com",
    "a..da@example.com",
    "ada@evil.example@example.com",
    "evil.example!ada@example.com",
    "ada%evil.example@example.com",
    "testо@example.com",
    "ada@exаmple.com",
    "a\u{200b}da@example.com",
    "ada@example.com\u{202e}",
    "ada@exam\u{ad}ple.com",
    "ａｄａ@example.com",
    "ada＠example.com",
    "ada@example。com",
    "=?utf-8?q?ada?=@example.com",
    "mailto:ada@example.com",
    "@example.com",
    "ada@",
    "@",
];

story!(addresses_that_are_none_are_refused_wherever_one_is_asked_for, OPEN, |story| {
    let app = story.app("https://keys.example/cb", "read auth:read auth:write").await;
    let bearer = story.token(&story.person("grace").await, &app).await;
    let waiting = sign_up(&story, "hedy", "hedy@example.com").await["waiting_token"].clone();
    let mut taken = Vec::new();
    for address in NO_ADDRESSES {
        let made = story.post("/api/v1/auth/signup").form(&form("ada", address)).send().await;
        let body = json!({ "waiting_token": waiting, "email": address });
        let changed = story.post("/api/v1/auth/signup/email").json(&body).send().await;
        let asked = story.post("/api/v1/auth/email").bearer(&bearer).json(&json!({ "email": address })).send().await;
        for (road, answer) in [("sign-up", made), ("waiting", changed), ("change", asked)] {
            if answer.status != 422 || !answer.json()["details"]["email"].is_array() {
                taken.push((road, address, answer.status, answer.body.clone()));
            }
        }
        // Whoever forgot a password is told nothing, and no mail goes anywhere.
        let forgot = json!({ "identifier": address });
        let answer = story.post("/api/v1/auth/password/forgot").json(&forgot).send().await;
        if answer.status != 200 && answer.status != 422 {
            taken.push(("forgot", address, answer.status, answer.body.clone()));
        }
    }
    assert!(taken.is_empty(), "{taken:?}");
    let long = format!("{}@example.com", "a".repeat(65));
    let label = format!("ada@{}.example", "a".repeat(64));
    let total = format!("ada@{}example", "a.".repeat(130));
    for address in [long, label, total] {
        story.post("/api/v1/auth/signup").form(&form("ada", &address)).send().await.is(422);
    }
    assert_eq!(story.mail().await.len(), 1, "the mail to hedy alone");
    for (number, good) in
        ["a+b@example.com", "o'hara@example.com", "x@a.co", "a_b-c.d@sub.example.org"].iter().enumerate()
    {
        sign_up(&story, &format!("good{number}"), good).await;
    }
});

story!(user_names_that_are_not_what_they_look_like_are_refused, OPEN, |story| {
    story.person("linkup").await;
    for name in [
        "link up",
        "linkup\0",
        "linkup\n",
        "linkup\u{200b}",
        "linkup\u{202e}",
        "ｌｉｎｋｕｐ",
        "lіnkup",
        "ﬁnch",
        "link.up",
        "@linkup",
        "linkup@example.com",
        "../admin",
        "%6cinkup",
        "<b>linkup</b>",
        "'; DROP TABLE account; --",
        "Ⓛinkup",
        "١٢٣",
        "LINKUP",
        "l1nkup",
        "1inkup",
        "link_up",
        "Linkup",
    ] {
        // Blanks around a name are no part of it.
        let wanted = if name.trim() == "linkup" { "ERR_TAKEN" } else { "" };
        let answer = story.post("/api/v1/auth/signup").form(&form(name, "a@example.com")).send().await;
        assert_eq!(answer.status, 422, "{name:?} {}", answer.body);
        let told = answer.json()["details"]["username"][0]["error"].as_str().expect("a code").to_owned();
        assert!(wanted.is_empty() || told == wanted, "{name:?} {told}");
    }
});

/// Every type of JSON that is no text.
fn no_texts() -> Vec<Value> {
    vec![
        json!(["victim@example.com", "mallory@evil.example"]),
        json!({ "$ne": null }),
        json!({ "0": "ada" }),
        json!([["ada"]]),
        json!([]),
    ]
}

story!(values_of_another_type_are_refused_and_do_nothing, OPEN, |story| {
    let ada = story.person("ada").await;
    let app = story.app("https://keys.example/cb", "read auth:read auth:write").await;
    let bearer = story.token(&ada, &app).await;
    let whole = json!({ "username": "grace", "email": "grace@example.com", "password": "a calm evening" });
    for wrong in no_texts() {
        for field in ["username", "email", "password", "invite_code", "altcha"] {
            let mut body = whole.clone();
            body[field] = wrong.clone();
            let answer = story.post("/api/v1/auth/signup").json(&body).send().await;
            assert!(answer.status == 422 || answer.status == 400, "{body} {} {}", answer.status, answer.body);
        }
        for (path, body) in [
            ("/api/v1/auth/password/forgot", json!({ "identifier": wrong })),
            ("/api/v1/auth/password/reset", json!({ "token": wrong, "password": NEW })),
            ("/api/v1/auth/password/reset", json!({ "token": "x", "password": wrong })),
            ("/api/v1/auth/signup/state", json!({ "waiting_token": wrong })),
            ("/api/v1/auth/signup/confirm", json!({ "token": wrong })),
            ("/api/v1/auth/signup/confirm", json!({ "waiting_token": "x", "code": wrong })),
            ("/api/v1/auth/signup/email", json!({ "waiting_token": wrong, "email": "a@example.com" })),
        ] {
            let answer = story.post(path).json(&body).send().await;
            assert!(answer.status.is_client_error() && answer.status != 429, "{path} {body} {}", answer.status);
        }
        for (path, body) in [
            ("/api/v1/auth/email", json!({ "email": wrong })),
            ("/api/v1/auth/email/confirm", json!({ "code": wrong })),
            ("/api/v1/auth/password", json!({ "current_password": wrong, "password": NEW })),
            ("/api/v1/auth/password", json!({ "current_password": ada.password, "password": wrong })),
            ("/api/v1/auth/invitations", json!({ "max_uses": wrong })),
        ] {
            let answer = story.post(path).bearer(&bearer).json(&body).send().await;
            assert!(answer.status.is_client_error() && answer.status != 429, "{path} {body} {}", answer.status);
        }
    }
    // Two of a kind, of which one might be checked and the other one used.
    let kind = "application/x-www-form-urlencoded";
    for body in [
        "identifier=ada&identifier=grace",
        "identifier[]=ada@people.example&identifier[]=mallory@evil.example",
        "identifier[0]=ada&identifier[1]=eve",
    ] {
        let answer = story.post("/api/v1/auth/password/forgot").body(kind, body).send().await;
        assert!(answer.status == 400 || answer.status == 422, "{body} {}", answer.status);
    }
    let broken = [
        ("application/json", &b"{\"identifier\":\"\\ud800\"}"[..]),
        ("application/json", b"{\"identifier\":\"\xff\"}"),
        ("application/json", b"[]"),
        ("application/json", b"null"),
        ("application/json", b"\"ada\""),
        ("application/json; charset=utf-16", b"{\"identifier\":\"ada\"}"),
        (kind, b"identifier=%ff%fe"),
        (kind, b"identifier=%00ada"),
        ("multipart/form-data", b"identifier=ada"),
    ];
    for (kind, body) in broken {
        let answer = story.post("/api/v1/auth/password/forgot").body(kind, body).send().await;
        let is_told = answer.status.is_client_error() || answer.status == 200;
        assert!(is_told, "{kind} {:?} {}", String::from_utf8_lossy(body), answer.status);
    }
    assert!(story.server().state().accounts.by_identifier("grace").await.expect("an answer").is_none());
});

story!(null_characters_reach_no_database, OPEN, |story| {
    let ada = story.person("ada").await;
    let app = story.app("https://keys.example/cb", "read write auth:read auth:write admin:read admin:write").await;
    let bearer = story.token(&ada, &app).await;
    for path in [
        "/api/v1/auth/invitations?max_id=%00",
        "/api/v1/auth/invitations?min_id=a%00",
        "/api/v1/auth/invitations?since_id=%00b",
        "/api/v1/auth/events?max_id=%00",
        "/api/v1/tokens?max_id=%00",
        "/api/v1/auth/email?x=%00",
        "/register?invite=%00&lang=%00&client_id=%00",
        "/register/confirm?token=%00",
        "/register/confirm?token=a%00b&confirmation_token=%00",
        "/oauth/reset?token=%00",
        "/account/forgot?client_id=%00&state=%00",
        "/account/email/confirm?token=%00",
        "/account/email/stop?token=%00",
        "/account/email/undo?token=%00",
        "/register/finish?flow=%00&flow_id=%00",
        "/invite/%00",
        "/account/activity?max_id=%00",
        "/account/invitations?max_id=%00&notice=%00",
        "/about?lang=%00",
    ] {
        let answer = story.get(path).bearer(&bearer).header("accept", "text/html").send().await;
        assert!(answer.status.as_u16() < 500, "{path}: {}", answer.status);
    }
    for (path, body) in [
        ("/api/v1/auth/signup", json!({ "username": "gr\0ace", "email": "a@example.com", "password": NEW })),
        ("/api/v1/auth/signup", json!({ "username": "grace", "email": "a\0@example.com", "password": NEW })),
        (
            "/api/v1/auth/signup",
            json!({ "username": "grace1", "email": "b@example.com", "password": "a\0 calm evening" }),
        ),
        (
            "/api/v1/auth/signup",
            json!({ "username": "grace2", "email": "c@example.com", "password": NEW, "locale": "d\0e" }),
        ),
        (
            "/api/v1/auth/signup",
            json!({ "username": "grace3", "email": "d@example.com", "password": NEW, "reason": "\0" }),
        ),
        (
            "/api/v1/auth/signup",
            json!({ "username": "grace4", "email": "e@example.com", "password": NEW, "invite_code": "\0" }),
        ),
        (
            "/api/v1/auth/signup",
            json!({
                "username": "grace5", "email": "f@example.com", "password": NEW,
                "authorization": {
                    "client_id": app.client_id, "redirect_uri": app.redirect_uri, "response_type": "code",
                    "scope": "read", "state": "a\0b", "nonce": "\0", "login_hint": "\0",
                },
            }),
        ),
        (
            "/api/v1/auth/signup",
            json!({ "username": "grace6", "email": "g@example.com", "password": NEW, "authorization": { "client_id": "\0" } }),
        ),
        ("/api/v1/auth/password/forgot", json!({ "identifier": "a\0da" })),
        ("/api/v1/auth/password/reset", json!({ "token": "\0", "password": NEW })),
        ("/api/v1/auth/signup/confirm", json!({ "waiting_token": "\0", "code": "\0" })),
        ("/api/v1/auth/email", json!({ "email": "a\0@example.com" })),
        ("/api/v1/auth/email/confirm", json!({ "code": "1234\u{0}5678" })),
        ("/api/v1/auth/password", json!({ "current_password": "\0", "password": "a\0 calm evening" })),
        ("/api/v1/auth/invitations", json!({ "comment": "\0", "email": "a\0@example.com" })),
        ("/api/v1/admin/auth/invitations", json!({ "comment": "\0" })),
        ("/api/v1/emails/confirmations", json!({ "email": "\0" })),
    ] {
        let answer = story.post(path).bearer(&bearer).json(&body).send().await;
        assert!(answer.status.as_u16() < 500, "{path} {body}: {} {}", answer.status, answer.body);
    }
    let body = json!({ "display_name": "a\0b", "locale": "\0" });
    let answer = story.call(reqwest::Method::PATCH, "/api/v1/accounts/update_credentials").bearer(&bearer).json(&body);
    assert!(answer.send().await.status.as_u16() < 500);
    let cookies = [("waiting", "/register/waiting"), ("known", "/account/forgot"), ("jwt", "/account")];
    for (name, path) in cookies {
        let answer = story.get(path).header("cookie", &format!("{name}=%00a; {name}=\"%01\"")).send().await;
        assert!(answer.status.as_u16() < 500, "{name}");
    }
});

/// The only link in the mails to an address.
async fn reset_link(story: &Story, address: &str, number: usize) -> String {
    let mails = mails_to(story, address, number).await;
    let found = mails.iter().rev().find(|mail| mail.contains("/oauth/reset?token=")).expect("a link");
    after(found, "/oauth/reset?token=").to_owned()
}

story!(mailed_links_lead_to_this_server_whatever_the_request_says_of_its_host, OPEN, |story| {
    let ada = story.person("ada").await;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-host", "evil.example"),
        ("x-original-host", "evil.example"),
        ("x-forwarded-server", "evil.example"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-original-url", "https://evil.example/"),
        ("x-forwarded-proto", "gopher"),
        ("x-forwarded-prefix", "/evil"),
        ("referer", "https://evil.example/"),
        ("x-http-host-override", "evil.example"),
    ] {
        let body = json!({ "identifier": ada.username });
        story.post("/api/v1/auth/password/forgot").header(name, value).json(&body).send().await;
        let fields = form("grace", "grace@example.com");
        story.post("/api/v1/auth/signup").header(name, value).form(&fields).send().await;
    }
    let mails = story.mail().await;
    assert!(mails.len() >= 2, "{}", mails.len());
    for mail in mails {
        assert!(!mail.contains("evil") && !mail.contains("gopher"), "{mail}");
    }
});

story!(reset_tokens_count_as_they_were_sent_and_for_nothing_else, OPEN, |story| {
    let (ada, bob) = (story.person("ada").await, story.person("bob").await);
    sign_up(&story, "grace", "grace@example.com").await;
    let confirmation = after(&mails_to(&story, "grace@example.com", 1).await[0], "/register/confirm?token=").to_owned();
    let forgot = json!({ "identifier": ada.username });
    story.post("/api/v1/auth/password/forgot").json(&forgot).send().await.is(200);
    let token = reset_link(&story, &ada.email, 1).await;
    let set = async |token: &str| {
        let body = json!({ "token": token, "password": NEW, "username": bob.username, "identifier": bob.email });
        story.post("/api/v1/auth/password/reset").json(&body).send().await.status.as_u16()
    };
    let (front, back) = token.split_at(32);
    for wrong in [
        token.to_uppercase(),
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\0"),
        format!("0x{token}"),
        front.to_owned(),
        back.to_owned(),
        format!("{back}{front}"),
        "%".to_owned(),
        "_".repeat(64),
        "0".repeat(64),
        "null".to_owned(),
        "undefined".to_owned(),
        confirmation.clone(),
    ] {
        let status = set(&wrong).await;
        assert!(status == 400 || status == 422, "{wrong:?} {status}");
    }
    // The link of one kind opens none of the others.
    for path in ["/register/confirm", "/account/email/confirm", "/account/email/stop", "/account/email/undo"] {
        let page = story.get(&format!("{path}?token={token}")).send().await;
        assert!(page.status == 410 || page.status == 404, "{path} {}", page.status);
    }
    story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": token })).send().await.is(404);
    story.post("/api/v1/auth/signup/state").json(&json!({ "waiting_token": token })).send().await.is(404);
    story.get("/api/v1/apps/verify_credentials").bearer(&token).send().await.is(401);
    for path in ["/oauth/reset", "/account/email/undo"] {
        let page = story.get(&format!("{path}?token={confirmation}")).send().await;
        assert!(page.status == 410, "{path} {}", page.status);
    }
    // What looks at links before people do spends none.
    let path = format!("/oauth/reset?token={token}");
    for method in [reqwest::Method::HEAD, reqwest::Method::GET, reqwest::Method::OPTIONS] {
        for agent in ["Slackbot-LinkExpanding 1.0", "Mozilla/5.0 (compatible; Outlook SafeLinks)", ""] {
            story.call(method.clone(), &path).header("user-agent", agent).header("purpose", "prefetch").send().await;
        }
    }
    assert_eq!(set(&token).await, 200);
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), &ada.username, NEW).await.signed_in();
    story.log_in(&app.authorize_query(), &bob.username, &bob.password).await.signed_in();
});

story!(forgot_sends_the_link_to_the_address_on_record_and_never_to_the_typed_one, OPEN, |story| {
    let kim = story.person("kim").await;
    // Letters that become others when their case is folded: elsewhere, the mail went to what was typed.
    let typed =
        ["\u{212a}im@people.example", "K\u{130}M@people.example", "k\u{131}m@people.example", "KIM@PEOPLE.EXAMPLE"];
    for identifier in typed.into_iter().chain(["kim@people.example\u{200b}", "kim@people。example"]) {
        let body = json!({ "identifier": identifier });
        let answer = story.post("/api/v1/auth/password/forgot").json(&body).send().await;
        assert!(answer.status == 200 || answer.status == 422, "{identifier}");
    }
    for mail in story.mail().await {
        assert!(mail.contains(&format!("To: {}", kim.email)), "{mail}");
    }
});

story!(reset_link_of_an_account_that_was_disabled_meanwhile_opens_nothing, OPEN, |story| {
    use lysand_auth::host::accounts::Standing;
    let ada = story.person("ada").await;
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": ada.username })).send().await.is(200);
    let token = reset_link(&story, &ada.email, 1).await;
    let account = story.account(&ada).await;
    for standing in [Standing::Disabled, Standing::Suspended] {
        story.server().state().accounts.set_standing(&account.id, standing).await.expect("stopped");
        story.get(&format!("/oauth/reset?token={token}")).send().await.is(410);
        let body = json!({ "token": token, "password": NEW });
        story.post("/api/v1/auth/password/reset").json(&body).send().await.is(400);
    }
});

story!(passwords_are_taken_as_they_are_typed, OPEN, |story| {
    let app = story.usual_app().await;
    for (number, password) in [
        "  blanks around it  ",
        "pass\u{e9} compos\u{e9} ici",
        "😀🐑🎈🚲🌧🍋🎻🧦",
        "+%2B&=;#?/\\\"'<>",
        "quite\ta tab in it",
    ]
    .into_iter()
    .enumerate()
    {
        let (name, email) = (format!("ada{number}x"), format!("ada{number}@example.com"));
        let fields = [("username", &*name), ("email", &*email), ("password", password)];
        story.post("/api/v1/auth/signup").form(&fields).send().await.is(201);
        let token = after(&mails_to(&story, &email, 1).await[0], "/register/confirm?token=").to_owned();
        story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": token })).send().await.is(200);
        story.log_in(&app.authorize_query(), &name, password).await.signed_in();
        let other = format!("{password} ");
        story
            .log_in(&app.authorize_query(), &name, &other)
            .await
            .is_login_error("invalid_grant", "Invalid identifier or password");
    }
});

story!(register_page_shows_what_was_typed_as_text, OPEN, |story| {
    let mut jar = CookieJar::default();
    let token = form_token(&story, &mut jar, "/register").await;
    let bad = "\"><script>alert(1)</script>{{ 7 * 7 }}{% raw %}";
    let fields = [("username", bad), ("email", bad), ("password", NEW), ("reason", bad), ("form_token", &*token)];
    let page = story.post("/register").cookies(&jar).form(&fields).send().await.is(422);
    assert!(!page.body.contains("<script>alert") && page.body.contains("{{ 7 * 7 }}"), "{}", page.body);
    let path = "/register?invite=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&lang=%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    let page = story.get(path).header("accept", "text/html").send().await;
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
});
