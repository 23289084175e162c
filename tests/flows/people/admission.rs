//! Who may sign up, what they are told of it, and how often.

use lysand_auth::config::Mode;
use lysand_auth::flows::events::Caller;
use lysand_auth::flows::invitations::{self, NewInvitation};
use lysand_auth::flows::sign_up::{self, Road};
use lysand_auth::host::accounts::Accounts as _;
use serde_json::json;
use tests::story;
use tests::story::{CookieJar, Response, Story, query_of};

use super::races::solved;
use super::{after, form, form_token, mails_to, sign_up as join};

const CLOSED: &[(&str, &str)] = &[("signups.registration", "false"), ("signups.invitations", "off")];
const BY_INVITATION: &[(&str, &str)] = &[("signups.registration", "false"), ("signups.proof_of_work", "false")];

async fn bearer(story: &Story) -> String {
    let app = story.usual_app().await;
    let asked = [&[("grant_type", "client_credentials"), ("scope", "read write")][..], &app.credentials()].concat();
    let answer = story.post("/oauth/token").form(&asked).send().await.is(200).json();
    answer["access_token"].as_str().expect("a token").to_owned()
}

story!(closed_server_refuses_sign_up_on_all_roads_and_says_so_everywhere, CLOSED, |story| {
    let page = story.get("/register").header("accept", "text/html").send().await.is(403);
    assert!(
        page.body.contains("This server takes no new accounts at present.") && !page.body.contains("name=\"username\"")
    );
    let json = story.post("/api/v1/auth/signup").form(&form("ada", "ada@example.com")).send().await;
    json.is_api_error(403, "This server takes no new accounts at present.");
    let bearer = bearer(&story).await;
    let fields = [form("ada", "ada@example.com"), vec![("agreement", "true")]].concat();
    let app = story.post("/api/v1/accounts").bearer(&bearer).form(&fields).send().await;
    app.is_api_error(403, "Forbidden");
    let v2 = story.get("/api/v2/instance").send().await.is(200).json();
    assert_eq!(v2["registrations"]["enabled"], false);
    assert_eq!(story.get("/nodeinfo/2.0").send().await.json()["openRegistrations"], false);
    let app = story.usual_app().await;
    let sign_in = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).send().await.is(200);
    assert!(!sign_in.body.contains("/register"));
    assert_eq!(story.get("/api/v1/auth/signup").send().await.json()["mode"], "closed");
});

story!(server_by_invitation_asks_for_one_and_tells_bad_ones_alike, BY_INVITATION, |story| {
    let none = story.post("/api/v1/auth/signup").form(&form("ada", "ada@example.com")).send().await;
    none.is_api_error(403, "You need an invitation to join this server.");
    let bad = [form("ada", "ada@example.com"), vec![("invite_code", "nonsense")]].concat();
    let refused = story.post("/api/v1/auth/signup").form(&bad).send().await.is(422).json();
    assert_eq!(refused["details"]["invite_code"][0]["error"], "ERR_INVALID");
    let page = story.get("/register").send().await.is(200);
    assert!(page.body.contains("You need an invitation") && page.body.contains("name=\"invite_code\""));
    let bearer = bearer(&story).await;
    let fields = [bad.clone(), vec![("agreement", "true")]].concat();
    story.post("/api/v1/accounts").bearer(&bearer).form(&fields).send().await.is_api_error(403, "Forbidden");
    assert_eq!(story.get("/api/v1/auth/signup").send().await.json()["mode"], "invitation");
});

story!(
    open_server_tells_what_is_asked_of_people,
    &[
        ("signups.approval", "true"),
        ("signups.reason_required", "true"),
        ("signups.minimum_age", "16"),
        ("signups.rules", "[\"Be kind.\", \"No spam.\"]"),
        ("signups.tos_url", "https://example.com/terms"),
    ],
    |story| {
        let offer = story.get("/api/v1/auth/signup").send().await.is(200);
        assert_eq!(offer.header("cache-control"), "public, max-age=60");
        assert_eq!(
            offer.json(),
            json!({
                "mode": "approval",
                "invitation": null,
                "fields": { "reason": "required", "date_of_birth": "required" },
                "password": { "min": 8, "max": 128 },
                "username": { "max": 30 },
                "minimum_age": 16,
                "tos_url": "https://example.com/terms",
                "rules": [{ "id": "1", "text": "Be kind." }, { "id": "2", "text": "No spam." }],
                "proof_of_work": true,
                "passkey": true,
                "providers": [],
                "message": "",
            })
        );
        let with_code = story.get("/api/v1/auth/signup?invite=nonsense").send().await.is(200);
        assert_eq!(
            (with_code.header("cache-control"), &with_code.json()["invitation"]),
            ("no-store", &json!("invalid"))
        );
        let v2 = story.get("/api/v2/instance").send().await.json();
        let told = &v2["registrations"];
        assert_eq!(
            (&told["enabled"], &told["approval_required"], &told["reason_required"], &told["min_age"]),
            (&json!(true), &json!(true), &json!(true), &json!(16))
        );
        assert_eq!(story.get("/api/v1/instance").send().await.json()["registrations"], true);
        let page = story.get("/register").send().await.is(200);
        for wanted in
            ["Be kind.", "name=\"reason\"", "name=\"date_of_birth\"", "name=\"agreement\"", "Terms of service"]
        {
            assert!(page.body.contains(wanted), "{wanted}");
        }
        let refused =
            story.post("/api/v1/auth/signup").form(&form("ada", "ada@example.com")).send().await.is(422).json();
        for field in ["reason", "date_of_birth", "agreement"] {
            assert!(refused["details"][field].is_array(), "{field}: {refused}");
        }
    }
);

story!(
    fields_of_a_sign_up_are_bounded_and_unknown_languages_are_none,
    &[("signups.approval", "true"), ("signups.proof_of_work", "false")],
    |story| {
        let with = async |name: &str, field: &str, value: &str| {
            let email = format!("{name}@example.com");
            let fields = [form(name, &email), vec![(field, value)]].concat();
            story.post("/api/v1/auth/signup").form(&fields).send().await
        };
        for (field, value, told, error) in [
            ("reason", "é".repeat(2_001).as_str(), "reason", "ERR_TOO_LONG"),
            ("reason", "nothing\u{7} seen", "reason", "ERR_INVALID"),
            ("invite_code", "nothing", "invite_code", "ERR_INVALID"),
            ("invite", "nothing", "invite_code", "ERR_INVALID"),
        ] {
            let refused = with("eve", field, value).await.is(422).json();
            assert_eq!(refused["details"][told][0]["error"], error, "{field}: {refused}");
        }
        with("ada", "reason", &"é".repeat(2_000)).await.is(201);
        with("bob", "reason", "").await.is(201);
        for (name, language, wanted) in [("carl", "de", Some("de")), ("emil", "../de", None), ("fay", "", None)] {
            with(name, "locale", language).await.is(201);
            let account = story.server().state().accounts.by_identifier(name).await.expect("an answer");
            let language = account.expect("an account").language;
            assert_eq!(language.as_ref().map(|language| language.as_str()), wanted, "{name}");
        }
        with("gil", "time_zone", "Nowhere/At_all").await.is(201);
    }
);

story!(
    mail_domains_are_blocked_with_their_sub_domains,
    &[("signups.proof_of_work", "false"), ("signups.email_domains_blocked", "[\"spam.example\"]"),],
    |story| {
        for address in ["a@spam.example", "a@mail.SPAM.example"] {
            let refused = story.post("/api/v1/auth/signup").form(&form("ada", address)).send().await.is(422).json();
            assert_eq!(refused["details"]["email"][0]["error"], "ERR_BLOCKED", "{address}");
        }
        join(&story, "ada", "a@notspam.example").await;
    }
);

story!(json_sign_up_without_proof_of_work_is_refused_while_it_is_on, |story| {
    let refused = story.post("/api/v1/auth/signup").form(&form("ada", "ada@example.com")).send().await.is(422).json();
    let told = json!([{ "error": "ERR_INVALID", "description": "could not be checked; please try again" }]);
    assert_eq!(refused["details"]["altcha"], told);
    let challenge = story.get("/api/v1/auth/signup/challenge").send().await.is(200);
    assert_eq!(challenge.header("cache-control"), "no-store");
    let parameters = &challenge.json()["parameters"];
    assert_eq!(
        (&parameters["algorithm"], &parameters["cost"], &parameters["keyLength"], &parameters["keyPrefix"]),
        (&json!("PBKDF2/SHA-256"), &json!(5_000), &json!(32), &json!("00"))
    );
});

story!(page_sign_ups_without_scripts_are_few, &[("ratelimit.enabled", "true")], |story| {
    for (number, wanted) in [(1, 302), (2, 302), (3, 429)] {
        let mut jar = CookieJar::default();
        let token = form_token(&story, &mut jar, "/register").await;
        let (name, address) = (format!("person{number}"), format!("person{number}@example.com"));
        let fields = [form(&name, &address), vec![("form_token", token.as_str())]].concat();
        let answer = story.post("/register").cookies(&jar).form(&fields).send().await.is(wanted);
        assert!(wanted == 302 || answer.body.contains("with scripts on"), "{}", answer.body);
    }
});

story!(
    sign_ups_and_refused_forms_of_one_address_are_limited,
    &[("ratelimit.enabled", "true"), ("signups.proof_of_work", "false"),],
    |story| {
        for number in 0..5 {
            join(&story, &format!("person{number}"), &format!("person{number}@example.com")).await;
        }
        let sixth = story.post("/api/v1/auth/signup").form(&form("sixth", "sixth@example.com")).send().await.is(429);
        assert!(!sixth.header("retry-after").is_empty());
        story.advance_clock(std::time::Duration::from_secs(30 * 60));
        for _ in 0..30 {
            story.post("/api/v1/auth/signup").form(&form("!", "x")).send().await.is(422);
        }
        story.post("/api/v1/auth/signup").form(&form("good", "good@example.com")).send().await.is(429);
    }
);

story!(sign_up_without_mail_on_a_public_origin_is_closed, &[("http.base_url", "https://social.example")], |story| {
    let auth = &story.server().state().auth;
    assert_eq!(sign_up::mode(auth, Road::Page), Mode::Closed);
    assert_eq!(sign_up::mode(auth, Road::App), Mode::Closed);
    // Where a provider vouches for the address, no mail of ours is needed.
    assert_eq!(sign_up::mode(auth, Road::Provider), Mode::Open);
});

story!(prompt_create_leads_to_sign_up_and_nobody_in_circles, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query();
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    // Whether somebody is signed in or not.
    for jar in [CookieJar::default(), jar] {
        for (prompt, kept) in [("create", None), ("login+create", Some("login"))] {
            let asked = format!("/oauth/authorize?{query}&prompt={prompt}");
            let place = story.get(&asked).cookies(&jar).send().await.is(302).location();
            assert_eq!(place.path(), "/register", "{place}");
            assert_eq!(query_of(&place, "client_id").as_deref(), Some(&*app.client_id));
            assert_eq!(query_of(&place, "response_type").as_deref(), Some("code"), "{place}");
            assert_eq!(query_of(&place, "prompt").as_deref(), kept, "{place}");
        }
    }
    // Who comes back with an error is told.
    let back = format!("/oauth/authorize?{query}&prompt=create&error=access_denied");
    assert!(story.get(&back).send().await.is(200).body.contains("identifier"));
    let metadata = story.get("/.well-known/oauth-authorization-server").send().await.is(200).json();
    let prompts = metadata["prompt_values_supported"].as_array().expect("a list");
    assert!(prompts.contains(&json!("create")), "{metadata}");
});

story!(prompt_create_is_a_sign_in_where_nobody_may_sign_up, CLOSED, |story| {
    let query = story.usual_app().await.authorize_query();
    let page = story.get(&format!("/oauth/authorize?{query}&prompt=create")).send().await.is(200);
    assert!(page.body.contains("identifier"), "{}", page.body);
    let metadata = story.get("/.well-known/openid-configuration").send().await.is(200).json();
    assert!(!metadata["prompt_values_supported"].as_array().expect("a list").contains(&json!("create")));
});

/// Signs somebody up through an app, as programs do that can do no work, and answers with the page of the mailed link.
async fn signed_up_by_app(story: &Story, bearer: &str, name: &str, invitation: Option<&str>) -> (Response, String) {
    let email = format!("{name}@example.com");
    let fields = [form(name, &email), vec![("agreement", "1")]].concat();
    let fields = fields.into_iter().chain(invitation.map(|code| ("invite_code", code))).collect::<Vec<_>>();
    story.post("/api/v1/accounts").bearer(bearer).form(&fields).send().await.is(200);
    let mail = mails_to(story, &email, 1).await.remove(0);
    let token = after(&mail, "/register/confirm?token=").to_owned();
    (story.get(&format!("/register/confirm?token={token}")).send().await.is(200), token)
}

story!(
    confirmation_of_what_an_app_signed_up_asks_for_work_or_counts_as_unproven,
    &[("ratelimit.enabled", "true"), ("signups.proof_of_work_cost", "1000"), ("signups.invitations", "admins")],
    |story| {
        let bearer = bearer(&story).await;
        let confirm = async |page: &Response, token: &str, altcha: &str| {
            let mut jar = CookieJar::default();
            jar.keep(page);
            let form_token = page.hidden("form_token");
            let fields = [("form_token", &*form_token), ("token", token), ("altcha", altcha), ("do", "confirm")];
            story.post("/register/confirm").cookies(&jar).form(&fields).send().await
        };
        for name in ["one", "two"] {
            let (page, token) = signed_up_by_app(&story, &bearer, name, None).await;
            assert!(page.markup().contains("data-challenge=\"/api/v1/auth/signup/challenge\""), "{}", page.body);
            confirm(&page, &token, "").await.is(302);
        }
        let (page, token) = signed_up_by_app(&story, &bearer, "three", None).await;
        let beyond = confirm(&page, &token, "").await.is(429);
        assert!(beyond.body.contains("with scripts on") && !beyond.header("retry-after").is_empty(), "{}", beyond.body);
        let wrong = confirm(&page, &token, "bm9uZQ==").await.is(422);
        assert!(wrong.body.contains("could not be checked") && wrong.body.contains(&token), "{}", wrong.body);
        let refused = story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": token, "altcha": "x" }));
        let refused = refused.send().await.is(422).json();
        assert_eq!(refused["details"]["altcha"][0]["error"], "ERR_INVALID");

        let challenge = story.get("/api/v1/auth/signup/challenge").send().await.is(200).json();
        let work = solved(&challenge);
        confirm(&page, &token, &work).await.is(302);
        // It counts once.
        let (page, token) = signed_up_by_app(&story, &bearer, "four", None).await;
        confirm(&page, &token, &work).await.is(422);
        let challenge = story.get("/api/v1/auth/signup/challenge").send().await.is(200).json();
        let body = json!({ "token": token, "altcha": solved(&challenge) });
        story.post("/api/v1/auth/signup/confirm").json(&body).send().await.is(200);

        // An invitation pays for its sign-up.
        let auth = story.server().state().auth.clone();
        let made = invitations::create(&auth, NewInvitation::new(None), &Caller::default()).await;
        let code = made.expect("an answer").expect("an invitation").code.expect("a code");
        let (page, token) = signed_up_by_app(&story, &bearer, "five", Some(&code)).await;
        assert!(!page.body.contains("data-challenge"), "{}", page.body);
        confirm(&page, &token, "").await.is(302);
    }
);
