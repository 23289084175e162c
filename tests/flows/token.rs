//! The token endpoint (Mastodon §6).

use std::time::Duration;

use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::Standing;
use serde_json::json;
use tests::story;
use tests::story::{App, CALLBACK, SignedIn, Story, encode, query_of};

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) const INVALID_CLIENT: &str = "Client authentication failed due to unknown client, no client authentication included, or unsupported \
     authentication method.";
pub(crate) const INVALID_GRANT: &str = "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the \
     authorization request, or was issued to another client.";
const GRANT_NOT_ALLOWED: &str = "The client is not authorized to perform this request using this method.";
const UNSUPPORTED: &str = "The authorization grant type is not supported by the authorization server.";

/// An approved code for the request in `changes`.
async fn approved(story: &Story, app: &App, changes: &[(&str, &str)]) -> (SignedIn, String) {
    let person = tests::Person::named("ada");
    if story.server().state().accounts.by_identifier("ada").await.expect("an answer").is_none() {
        story.create(&person, true).await;
    }
    let signed_in = story.sign_in_with(&person, &app.authorize_query_with(changes)).await;
    let code = story.consent(&signed_in, app).await;
    (signed_in, code)
}

fn changed<'a>(
    form: &[(&'static str, &'a str)],
    name: &'static str,
    value: Option<&'a str>,
) -> Vec<(&'static str, &'a str)> {
    let kept = form.iter().copied().filter(|(known, _)| *known != name);
    kept.chain(value.map(|value| (name, value))).collect()
}

story!(token_with_one_wrong_parameter_returns_documented_error, |story| {
    let (app, other) = (story.usual_app().await, story.app(&format!("{CALLBACK} https://b.example/"), "read").await);
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let (_, code) = approved(&story, &app, &pkce).await;
    let good = [app.code_form(&code), vec![("code_verifier", VERIFIER)]].concat();
    let missing = |name: &str| format!("Missing required parameter: {name}.");
    let wrong = "x".repeat(43);
    for (name, value, status, error, description) in [
        ("grant_type", None, 400, "invalid_request", missing("grant_type")),
        ("grant_type", Some(""), 400, "invalid_request", missing("grant_type")),
        ("grant_type", Some("password"), 400, "unsupported_grant_type", UNSUPPORTED.into()),
        // This app did not register for it (faults A13).
        ("grant_type", Some("refresh_token"), 400, "unauthorized_client", GRANT_NOT_ALLOWED.into()),
        ("code", None, 400, "invalid_request", missing("code")),
        ("code_verifier", None, 400, "invalid_request", missing("code_verifier")),
        ("code_verifier", Some(""), 400, "invalid_request", missing("code_verifier")),
        ("redirect_uri", None, 400, "invalid_request", missing("redirect_uri")),
        ("client_id", None, 401, "invalid_client", INVALID_CLIENT.into()),
        ("client_id", Some("nobody"), 401, "invalid_client", INVALID_CLIENT.into()),
        ("client_secret", None, 401, "invalid_client", INVALID_CLIENT.into()),
        ("client_secret", Some(""), 401, "invalid_client", INVALID_CLIENT.into()),
        ("client_secret", Some(&wrong), 401, "invalid_client", INVALID_CLIENT.into()),
        ("client_secret", Some(&other.client_secret), 401, "invalid_client", INVALID_CLIENT.into()),
        ("code", Some(&wrong), 400, "invalid_grant", INVALID_GRANT.into()),
        ("redirect_uri", Some("https://app.example/callback/"), 400, "invalid_grant", INVALID_GRANT.into()),
        ("code_verifier", Some(&wrong), 400, "invalid_grant", INVALID_GRANT.into()),
    ] {
        let answer = story.post("/oauth/token").form(&changed(&good, name, value)).send().await;
        assert_ne!(answer.status, 200, "{name} {value:?}");
        let answer = answer.is_oauth_error(status, error, &description);
        let challenge = answer.header("www-authenticate");
        assert!(challenge.starts_with(&format!("Bearer realm=\"Lysand Auth\", error=\"{error}\"")), "{challenge}");
    }
    let foreign = other.code_form(&code);
    let foreign = [foreign, vec![("code_verifier", VERIFIER)]].concat();
    story.post("/oauth/token").form(&foreign).send().await.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
    // None of the wrong tries hurt the code (security ONE-3).
    story.post("/oauth/token").form(&good).send().await.is(200);
});

story!(token_with_unknown_code_does_not_ask_for_code_verifier, |story| {
    let app = story.usual_app().await;
    let form = changed(&app.code_form("AAAAAAAAAAAAAAAAAAAA"), "redirect_uri", None);
    let answer = story.post("/oauth/token").form(&form).send().await;
    answer.is_oauth_error(400, "invalid_request", "Missing required parameter: redirect_uri.");
});

story!(token_response_has_exactly_the_documented_fields, |story| {
    let app = story.usual_app().await;
    let (_, code) = approved(&story, &app, &[]).await;
    let noise: Vec<(&str, &str)> = ["issuer", "token_endpoint", "jwks_uri"].map(|name| ("oauth_info", name)).to_vec();
    let form = [app.code_form(&code), vec![("code_verifier", ""), ("scope", "nonsense")], noise].concat();
    let answer = story.post("/oauth/token/").form(&form).bearer("stray").send().await.is(200);
    let body = answer.json();
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("pragma"), "no-cache");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let mut keys: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["access_token", "created_at", "scope", "token_type"]);
    assert_eq!((&body["token_type"], &body["scope"]), (&"Bearer".into(), &"read write".into()));
    assert_eq!(body["created_at"], 1_795_294_800);
    let token = body["access_token"].as_str().expect("a token");
    assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)));
});

story!(token_accepts_json_multipart_query_and_basic_authentication, |story| {
    let app = story.usual_app().await;
    let code = || async { approved(&story, &app, &[]).await.1 };
    let (a, b, c, d, e) = (code().await, code().await, code().await, code().await, code().await);
    let json: serde_json::Map<_, _> = app.code_form(&a).into_iter().map(|(k, v)| (k.to_owned(), v.into())).collect();
    story.post("/oauth/token").json(&json.into()).send().await.is(200);
    story.post("/oauth/token").multipart(&app.code_form(&b)).send().await.is(200);
    story.post(&encode("/oauth/token", &app.code_form(&c))).send().await.is(200);
    let bare: Vec<_> = app.code_form(&d).into_iter().filter(|(name, _)| !name.starts_with("client")).collect();
    let call = |user: &str, secret: &str| story.post("/oauth/token").basic(user, secret).form(&bare);
    call(&app.client_id, "wrong").send().await.is_oauth_error(401, "invalid_client", INVALID_CLIENT);
    let wrong_header = call(&app.client_id, "wrong").form(&app.code_form(&d)).send().await;
    wrong_header.is_oauth_error(401, "invalid_client", INVALID_CLIENT);
    let two = story.post("/oauth/token").basic("somebody", &app.client_secret).form(&app.code_form(&d)).send().await;
    let why = "The request utilizes more than one mechanism for authenticating the client.";
    two.is_oauth_error(400, "invalid_request", why);
    call(&app.client_id, &app.client_secret).send().await.is(200);
    // Clients that follow RFC 6749 §2.3.1 to the letter encode both halves; some encode more than they must.
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let bare: Vec<_> = app.code_form(&e).into_iter().filter(|(name, _)| *name != "client_secret").collect();
    let call = story.post("/oauth/token").basic(&encoded(&app.client_id), &encoded(&app.client_secret));
    call.form(&bare).send().await.is(200);
});

story!(token_with_malformed_body_returns_json_error, |story| {
    let app = story.usual_app().await;
    for (content_type, body, status) in [
        ("application/json", "{\"grant_type\"".to_owned(), 400),
        ("application/json", r#"{"grant_type":["a"]}"#.to_owned(), 400),
        ("application/json", r#"{"grant_type":"authorization_code","code":{"a":1}}"#.to_owned(), 400),
        ("application/x-www-form-urlencoded", "grant_type=a&grant_type=b".to_owned(), 400),
        ("application/x-www-form-urlencoded", "grant_type[x]=a".to_owned(), 400),
        ("application/x-www-form-urlencoded", "\u{0}=%ff%fe&%=%".to_owned(), 400),
        ("multipart/form-data", "x".to_owned(), 400),
        ("text/plain", "grant_type=authorization_code".to_owned(), 400),
        ("application/json", "x".repeat(70_000), 413),
    ] {
        let answer = story.post("/oauth/token").body(content_type, body).send().await.is(status);
        let body = answer.json();
        assert!(body["error"].is_string() && body["error_description"].is_string(), "{body}");
        assert_eq!(answer.header("access-control-allow-origin"), "*", "browsers must see the cause");
    }
    let conflict = format!("/oauth/token?client_id={}", "other");
    story.post(&conflict).form(&app.code_form("x")).send().await.is(400);
    story.get("/oauth/token").send().await.is(405);
});

story!(token_with_code_verifier_but_no_challenge_is_refused, |story| {
    let app = story.usual_app().await;
    let (_, code) = approved(&story, &app, &[]).await;
    let form = [app.code_form(&code), vec![("code_verifier", VERIFIER)]].concat();
    story.post("/oauth/token").form(&form).send().await.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
    story.redeem(&app, &code).await.is(200);
});

story!(token_with_expired_code_or_disabled_account_is_refused, |story| {
    let app = story.usual_app().await;
    let (_, code) = approved(&story, &app, &[]).await;
    story.advance_clock(Duration::from_secs(61));
    story.redeem(&app, &code).await.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
    let (_, code) = approved(&story, &app, &[]).await;
    let account = story.account(&tests::Person::named("ada")).await;
    story.server().state().accounts.set_standing(&account.id, Standing::Disabled).await.expect("an answer");
    story.redeem(&app, &code).await.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
});

story!(replayed_code_with_client_secret_revokes_its_token, |story| {
    let app = story.usual_app().await;
    let (_, code) = approved(&story, &app, &[]).await;
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let unproven = changed(&app.code_form(&code), "client_secret", Some("wrong"));
    story.post("/oauth/token").form(&unproven).send().await.is(401);
    story.verify(&token).await.is(200);
    let story = story.restart(&[]).await;
    story.redeem(&app, &code).await.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
    story.verify(&token).await.is_api_error(401, "The access token was revoked");
});

story!(code_redeemed_concurrently_on_two_replicas_succeeds_once, |story| {
    let app = story.usual_app().await;
    let (_, code) = approved(&story, &app, &[]).await;
    let replica = story.replica().await;
    let other = format!("http://localhost:{}/oauth/token", replica.addr().port());
    let here = (0..15).map(|_| story.redeem(&app, &code));
    let form = app.code_form(&code);
    let there = (0..15).map(|_| story.call(reqwest::Method::POST, &other).form(&form).send());
    let (here, there) =
        futures_util::future::join(futures_util::future::join_all(here), futures_util::future::join_all(there)).await;
    let answers: Vec<_> = here.into_iter().chain(there).collect();
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1);
    assert!(answers.iter().all(|answer| answer.status == 200 || answer.status == 400));
    replica.abort().await;
});

story!(each_code_redemption_issues_an_independent_token, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let (one, two) = (story.token(&person, &app).await, story.token(&person, &app).await);
    assert_ne!(one, two);
    let form = [("client_id", app.client_id.as_str()), ("client_secret", &app.client_secret), ("token", &one)];
    story.post("/oauth/revoke").form(&form).send().await.is(200);
    story.verify(&two).await.is(200);
});

story!(client_credentials_grant_issues_app_token_within_scope, |story| {
    let app = story.app(CALLBACK, "write:accounts push").await;
    let form = |scope: &'static str| {
        vec![
            ("grant_type", "client_credentials"),
            ("client_id", app.client_id.as_str()),
            ("client_secret", &app.client_secret),
            ("redirect_uri", "ignored"),
            ("code", "ignored"),
            ("scope", scope),
        ]
    };
    let body = story.post("/oauth/token").form(&form("")).send().await.is(200).json();
    assert_eq!(body["scope"], "write:accounts push");
    let answer = story.post("/oauth/token").form(&form("read")).send().await;
    answer.is_oauth_error(400, "invalid_scope", "The requested scope is invalid, unknown, or malformed.");
    let wrong = changed(&form("push"), "client_secret", Some("x"));
    story.post("/oauth/token").form(&wrong).send().await.is_oauth_error(401, "invalid_client", INVALID_CLIENT);
    let token = body["access_token"].as_str().expect("a token");
    story.get("/api/v1/apps/verify_credentials").bearer(token).send().await.is(200);
});

story!(token_failures_over_rate_limit_return_429, &[("ratelimit.enabled", "true")], |story| {
    let app = story.usual_app().await;
    for _ in 0..60 {
        story.redeem(&app, "AAAAAAAAAAAAAAAAAAAA").await.is(400);
    }
    let answer = story.redeem(&app, "AAAAAAAAAAAAAAAAAAAA").await.is(429);
    assert!(!answer.header("retry-after").is_empty());
    story.advance_clock(Duration::from_secs(300));
    story.redeem(&app, "AAAAAAAAAAAAAAAAAAAA").await.is(400);
});

story!(token_scope_parameter_cannot_widen_granted_scope, |story| {
    let person = story.person("ada").await;
    let app = story.app(CALLBACK, "read write:statuses").await;
    let signed_in =
        story.sign_in_with(&person, &app.authorize_query_with(&[("scope", "read:accounts  write:statuses")])).await;
    assert_eq!(query_of(&signed_in.consent, "scope").as_deref(), Some("read:accounts  write:statuses"));
    let code = story.consent(&signed_in, &app).await;
    let form = [app.code_form(&code), vec![("scope", "read write admin:read")]].concat();
    let body = story.post("/oauth/token").form(&form).send().await.is(200).json();
    assert_eq!(body["scope"], json!("read:accounts write:statuses"));
});

story!(replayed_code_within_grace_revokes_nothing, &[("tokens.replay_grace", "10s")], |story| {
    let app = story.usual_app().await;
    let (_, code) = approved(&story, &app, &[]).await;
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    story.advance_clock(Duration::from_secs(9));
    story.redeem(&app, &code).await.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
    story.verify(&token).await.is(200);
    story.advance_clock(Duration::from_secs(2));
    story.redeem(&app, &code).await.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
    story.verify(&token).await.is(401);
});

story!(token_with_several_errors_reports_first_failing_check, |story| {
    let other = "https://b.example/";
    let app = story.app(&format!("{CALLBACK} {other}"), "read write").await;
    let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
    let (_, code) = approved(&story, &app, &pkce).await;
    let good = [app.code_form(&code), vec![("code_verifier", VERIFIER)]].concat();
    let missing = |name: &str| ("invalid_request", format!("Missing required parameter: {name}."));
    let (wrong, unknown) = ("x".repeat(43), "A".repeat(43));
    let grant = ("invalid_grant", INVALID_GRANT.to_owned());
    let checks = [
        (("grant_type", None), 400, missing("grant_type")),
        (("grant_type", Some("nonsense")), 400, ("unsupported_grant_type", UNSUPPORTED.to_owned())),
        (("code", None), 400, missing("code")),
        (("code_verifier", None), 400, missing("code_verifier")),
        (("redirect_uri", None), 400, missing("redirect_uri")),
        (("client_secret", Some("wrong")), 401, ("invalid_client", INVALID_CLIENT.to_owned())),
        (("code", Some(unknown.as_str())), 400, grant.clone()),
        (("redirect_uri", Some(other)), 400, grant.clone()),
        (("code_verifier", Some(wrong.as_str())), 400, grant),
    ];
    for (number, (_, status, (error, description))) in checks.iter().enumerate() {
        let (mut form, mut touched) = (good.clone(), Vec::new());
        for ((name, value), ..) in &checks[number..] {
            // Only a code that is there tells whether it has a challenge.
            if !touched.contains(name) && (number != 3 || *name != "code") {
                form = changed(&form, name, *value);
                touched.push(*name);
            }
        }
        let answer = story.post("/oauth/token").form(&form).send().await;
        answer.is_oauth_error(*status, error, description);
    }
    story.post("/oauth/token").form(&good).send().await.is(200);
});

story!(token_with_unsupported_grant_type_is_refused, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    for grant in [
        "password",
        "implicit",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "AUTHORIZATION_CODE",
        "authorization_code client_credentials",
    ] {
        let form = [
            ("grant_type", grant),
            ("username", person.username.as_str()),
            ("password", &person.password),
            ("refresh_token", "AAAAAAAAAAAAAAAA"),
            ("client_id", &app.client_id),
            ("client_secret", &app.client_secret),
        ];
        let answer = story.post("/oauth/token").form(&form).send().await;
        answer.is_oauth_error(400, "unsupported_grant_type", UNSUPPORTED);
    }
});

story!(client_authentication_accepts_basic_header_or_body_credentials, |story| {
    let (app, other) = (story.usual_app().await, story.usual_app().await);
    let own = [("grant_type", "client_credentials"), ("scope", "read")];
    let post = || story.post("/oauth/token");
    let body = [("client_id", app.client_id.as_str()), ("client_secret", &app.client_secret)];
    let whole = [&own[..], &body].concat();
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    for call in [
        post().form(&whole),
        post().basic(&app.client_id, &app.client_secret).form(&own),
        post().basic(&app.client_id, &escaped(&app.client_secret)).form(&own),
        post().basic(&escaped(&app.client_id), &escaped(&app.client_secret)).form(&own),
        post().basic(&app.client_id, &app.client_secret).form(&whole),
        post().basic(&app.client_id, &app.client_secret).form(&[&own[..], &[body[0], ("client_secret", "x")]].concat()),
        post().basic("", "").form(&whole),
        post().basic("", "x").form(&whole),
        post().header("authorization", "Basic").form(&whole),
        post().bearer("stray").form(&whole),
        post().header("authorization", "Bearer").form(&whole),
    ] {
        assert_eq!(call.send().await.is(200).json()["scope"], "read");
    }
    for call in [
        post().form(&own),
        post().form(&[&own[..], &body[..1]].concat()),
        post().form(&[&own[..], &body[1..]].concat()),
        post().form(&[&own[..], &[body[0], ("client_secret", "")]].concat()),
        post().form(&[&own[..], &[body[0], ("client_secret", " ")]].concat()),
        post().form(&[&own[..], &[body[0], ("client_secret", other.client_secret.as_str())]].concat()),
        post().form(&[&own[..], &[("client_id", "nobody"), body[1]]].concat()),
        post().basic(&app.client_id, "wrong").form(&whole),
        post().basic(&app.client_id, "").form(&whole),
        post().basic(&app.client_id, &format!("{}:", app.client_secret)).form(&own),
        post().basic("nobody", &app.client_secret).form(&own),
        post().bearer(&app.client_secret).form(&own),
    ] {
        let answer = call.send().await.is_oauth_error(401, "invalid_client", INVALID_CLIENT);
        assert!(!answer.header("www-authenticate").contains("Basic"));
    }
    let why = "The request utilizes more than one mechanism for authenticating the client.";
    for call in
        [post().basic(&other.client_id, &other.client_secret).form(&whole), post().basic("nobody", "x").form(&whole)]
    {
        call.send().await.is_oauth_error(400, "invalid_request", why);
    }
});

story!(code_verifier_must_have_43_to_128_characters, |story| {
    let app = story.usual_app().await;
    for (verifier, fits) in [
        ("a".repeat(43), true),
        ("aB0-._~".repeat(8), true),
        ("a".repeat(128), true),
        ("a".repeat(42), false),
        ("a".repeat(129), false),
        (format!("{}!", "a".repeat(42)), false),
        (format!("{}\u{e9}", "a".repeat(43)), false),
    ] {
        let digest = <sha2::Sha256 as sha2::Digest>::digest(verifier.as_bytes());
        let challenge = base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, digest);
        let pkce = [("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")];
        let (_, code) = approved(&story, &app, &pkce).await;
        let form = [app.code_form(&code), vec![("code_verifier", &verifier)]].concat();
        let answer = story.post("/oauth/token").form(&form).send().await;
        assert_eq!(answer.status == 200, fits, "{verifier}");
        if !fits {
            answer.is_oauth_error(400, "invalid_grant", INVALID_GRANT);
        }
    }
});

story!(token_scope_keeps_the_requested_order, |story| {
    let app = story.app(CALLBACK, "read write follow push").await;
    for asked in ["push follow write read", "write:media read:accounts push", "read write follow push"] {
        let (_, code) = approved(&story, &app, &[("scope", asked)]).await;
        assert_eq!(story.redeem(&app, &code).await.is(200).json()["scope"], asked);
    }
});

story!(code_redemption_while_sessions_end_leaves_no_live_token, |story| {
    let app = story.usual_app().await;
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(approved(&story, &app, &[]).await.1);
    }
    let account = story.account(&tests::Person::named("ada")).await;
    let auth = &story.server().state().auth;
    let end = lysand_auth::flows::sessions::end_all(auth, &account.id);
    let redemptions = futures_util::future::join_all(codes.iter().map(|code| story.redeem(&app, code)));
    let (ended, redeemed) = futures_util::future::join(end, redemptions).await;
    ended.expect("an answer");
    for answer in redeemed {
        if answer.status == 200 {
            story.verify(answer.json()["access_token"].as_str().expect("a token")).await.is(401);
        }
    }
});

story!(
    token_failures_rate_limit_counts_each_address_separately,
    &[("ratelimit.enabled", "true"), ("ratelimit.token_failures.max", "3")],
    |story| {
        let app = story.usual_app().await;
        let (_, code) = approved(&story, &app, &[]).await;
        let redeem = async |from: &str, code: &str| {
            story.post("/oauth/token").header("x-forwarded-for", from).form(&app.code_form(code)).send().await
        };
        for _ in 0..3 {
            redeem("192.0.2.1", "AAAAAAAAAAAAAAAA").await.is(400);
        }
        let answer = redeem("192.0.2.1", &code).await.is(429);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        redeem("192.0.2.2", &code).await.is(200);
    }
);
