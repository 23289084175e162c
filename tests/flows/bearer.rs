//! What a bearer token opens (Mastodon §8, §11, §13, §15).

use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::Standing;
use lysand_auth::secret::Secret;
use reqwest::Method;
use tests::story;
use tests::story::CALLBACK;

const VERIFY: &str = "/api/v1/accounts/verify_credentials";

story!(bearer_token_missing_or_unknown_returns_401_with_challenge, |story| {
    for header in ["", "Bearer", "Bearer ", "Basic YTpi", "token", "Bearer unknown", "bearer \u{e9}"] {
        let answer = story.get(VERIFY).header("authorization", header).send().await;
        let answer = answer.is_api_error(401, "The access token is invalid");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(
            answer.header("www-authenticate"),
            "Bearer realm=\"Lysand Auth\", error=\"invalid_token\", error_description=\"The access token is invalid\""
        );
    }
    let long = "x".repeat(3_000);
    story.get(VERIFY).bearer(&long).send().await.is(401);
});

story!(bearer_token_with_wrong_scope_or_no_user_is_refused, |story| {
    let person = story.person("ada").await;
    let app = story.app(CALLBACK, "read write profile").await;
    let narrow = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", "write")])).await;
    let code = story.consent(&narrow, &app).await;
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let answer = story.get(VERIFY).bearer(&token).send().await;
    let answer = answer.is_api_error(403, "This action is outside the authorized scopes");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.contains("error=\"insufficient_scope\"") && challenge.contains("_"), "{challenge}");

    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", &app.client_secret),
        ("scope", "read"),
    ];
    let body = story.post("/oauth/token").form(&form).send().await.is(200).json();
    let of_app = body["access_token"].as_str().expect("a token");
    let answer = story.get(VERIFY).bearer(of_app).send().await;
    answer.is_api_error(422, "This method requires an authenticated user");
});

story!(userinfo_requires_profile_scope_and_preferences_require_read, |story| {
    let person = story.person("ada").await;
    let app = story.app(CALLBACK, "read profile").await;
    let token = async |scope: &str| {
        let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", scope)])).await;
        let code = story.consent(&signed_in, &app).await;
        story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned()
    };
    let (reads, profile) = (token("read").await, token("profile").await);
    story.get("/oauth/userinfo").bearer(&reads).send().await.is(403);
    for call in [story.get("/oauth/userinfo"), story.post("/oauth/userinfo/")] {
        let body = call.bearer(&profile).send().await.is(200).json();
        assert_eq!(body["iss"], format!("{}/", story.base()));
        assert_eq!(body["preferred_username"], "ada");
        for key in ["sub", "profile", "picture"] {
            assert!(body[key].as_str().is_some_and(|url| url.starts_with(story.base())), "{key}");
        }
    }
    story.get(VERIFY).bearer(&profile).send().await.is(200);
    story.get("/api/v1/preferences").bearer(&profile).send().await.is(403);
    let body = story.get("/api/v1/preferences").bearer(&reads).send().await.is(200).json();
    assert!(body["posting:default:visibility"].is_string());
});

story!(bearer_token_of_disabled_account_is_refused_until_reactivated, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let account = story.account(&person).await;
    let accounts = story.server().state().accounts.clone();
    for (standing, status) in [(Standing::Disabled, 403), (Standing::Active, 200)] {
        accounts.set_standing(&account.id, standing).await.expect("an answer");
        let answer = story.verify(&token).await.is(status);
        if status == 403 {
            assert_eq!(answer.json()["error"], "Your login is currently disabled");
        }
    }
    accounts.set_standing(&account.id, Standing::Pending).await.expect("an answer");
    story.verify(&token).await.is_api_error(403, "Your login is currently pending approval");
});

story!(end_all_sessions_revokes_tokens_codes_and_sessions_of_account, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let signed_in = story.sign_in(&person, &app).await;
    let waiting = story.sign_in(&person, &app).await;
    let code = story.consent(&waiting, &app).await;
    let account = story.account(&person).await;
    let auth = &story.server().state().auth;
    lysand_auth::flows::sessions::end_all(auth, &account.id).await.expect("an answer");
    story.verify(&token).await.is_api_error(401, "The access token was revoked");
    story.redeem(&app, &code).await.is(400);
    story.decide(&signed_in, &app).await.is_login_error("invalid_request", "Invalid JWT, could not verify");
});

story!(session_cookie_code_and_client_secret_are_not_bearer_tokens, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let signed_in = story.sign_in(&person, &app).await;
    story.verify(&signed_in.cookie).await.is(401);
    story.verify(&signed_in.code).await.is(401);
    story.verify(&app.client_secret).await.is(401);
    story.redeem(&app, &token).await.is(400);
    let page =
        story.get(&format!("/oauth/authorize?{}", app.authorize_query())).header("cookie", &format!("jwt={token}"));
    page.send().await.is(200);
    let account = story.account(&person).await;
    let fresh = Secret::new("another password 9");
    story.server().state().accounts.set_password(&account.id, &fresh).await.expect("a new password");
    story
        .log_in(&app.authorize_query(), "ada", &person.password)
        .await
        .is_login_error("invalid_grant", "Invalid identifier or password");
});

story!(userinfo_returns_claims_of_account_and_refuses_wrong_scope, |story| {
    let (person, app) = (story.person("ada").await, story.app(CALLBACK, "read profile").await);
    let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", "profile")])).await;
    let code = story.consent(&signed_in, &app).await;
    let token = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let base = story.base();
    let body = story.get("/oauth/userinfo").bearer(&token).send().await.is(200).json();
    let mut keys: Vec<&str> = body.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["iss", "name", "picture", "preferred_username", "profile", "sub"]);
    assert_eq!(body["sub"], format!("{base}/users/ada"));
    assert_eq!(body["profile"], format!("{base}/@ada"));
    assert!(body["name"].is_string());
    let picture = body["picture"].as_str().expect("an address");
    assert!(story.get(picture).send().await.is(200).header("content-type").starts_with("image/"), "the default one");

    let answer = story.get("/oauth/userinfo").send().await;
    answer.is_api_error(401, "The access token is invalid");
    let own = [("grant_type", "client_credentials"), ("scope", "read")];
    let call = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&own);
    let reads = call.send().await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let answer = story.get("/oauth/userinfo").bearer(&reads).send().await;
    let answer = answer.is_api_error(403, "This action is outside the authorized scopes");
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer realm=\"Lysand Auth\", error=\"insufficient_scope\", error_description=\"Access to this resource \
         requires scope _profile_.\""
    );
    let own = [own[0], ("scope", "profile")];
    let call = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&own);
    let nobody = call.send().await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let answer = story.post("/oauth/userinfo").bearer(&nobody).send().await;
    answer.is_api_error(422, "This method requires an authenticated user");
});

story!(bearer_token_is_accepted_in_header_but_not_in_query, |story| {
    let (person, app) = (story.person("ada").await, story.app(CALLBACK, "read profile").await);
    let token = story.token(&person, &app).await;
    for scheme in ["Bearer", "bearer", "BEARER", "bEARER"] {
        story.get(VERIFY).header("authorization", &format!("{scheme} {token}")).send().await.is(200);
    }
    for header in [token.clone(), format!("Token {token}"), format!("Basic {token}"), format!("Bearer{token}")] {
        story.get(VERIFY).header("authorization", &header).send().await.is(401);
    }
    for name in ["access_token", "bearer_token"] {
        // Two routes take the one name there (faults A6).
        let nowhere = ["/api/v1/apps/verify_credentials", "/api/v1/preferences"];
        let profiles = PROFILES.into_iter().filter(|_| name != "access_token");
        for path in nowhere.into_iter().chain(profiles) {
            let answer = story.get(&format!("{path}?{name}={token}")).send().await;
            answer.is_api_error(401, "The access token is invalid");
        }
    }
    story.post("/oauth/userinfo").form(&[("access_token", &token)]).send().await.is(200);
    story.post("/oauth/userinfo").form(&[("bearer_token", &token)]).send().await.is(401);
});

story!(public_routes_ignore_revoked_or_malformed_bearer_token, |story| {
    let app = story.usual_app().await;
    let own = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", &app.client_secret),
    ];
    let dead = story.post("/oauth/token").form(&own).send().await.is(200).json();
    let dead = dead["access_token"].as_str().expect("a token");
    let revoke = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
    revoke.form(&[("token", dead)]).send().await.is(200);
    for header in ["Bearer ", "Bearer", "Bearer unknown", "token", "Basic", "Basic Og==", &format!("Bearer {dead}")] {
        for path in [
            "/api/v1/instance",
            "/api/v2/instance",
            "/.well-known/oauth-authorization-server",
            "/.well-known/nodeinfo",
            "/.well-known/host-meta",
            "/nodeinfo/2.0",
        ] {
            story.get(path).header("authorization", header).send().await.is(200);
        }
        let form = [("client_name", "A"), ("redirect_uris", CALLBACK)];
        story.post("/api/v1/apps").header("authorization", header).form(&form).send().await.is(200);
        story.post("/oauth/token").header("authorization", header).form(&own).send().await.is(200);
    }
    let form = [("client_name", "A"), ("redirect_uris", CALLBACK)];
    story.post("/api/v1/apps").basic("somebody", "x").form(&form).send().await.is(200);
});

story!(bearer_token_of_unconfirmed_or_deleted_account_returns_403_reason, |story| {
    let (unconfirmed, leaving) = (tests::Person::named("bob"), story.person("eve").await);
    let unconfirmed = story.create(&unconfirmed, false).await;
    let leaving = story.account(&leaving).await;
    story.usual_app().await;
    let auth = &story.server().state().auth;
    let app = lysand_auth::flows::apps::list(auth).await.expect("apps").remove(0);
    let token = async |account: &lysand_auth::host::accounts::AccountId| {
        let issued = lysand_auth::flows::token::issue(auth, &app, Some(account.clone()), app.scopes.clone()).await;
        issued.expect("a token").access_token.expose().to_owned()
    };
    let of_unconfirmed = token(&unconfirmed.id).await;
    story.verify(&of_unconfirmed).await.is_api_error(403, "Your login is missing a confirmed e-mail address");
    let of_leaving = token(&leaving.id).await;
    story.verify(&of_leaving).await.is(200);
    story.server().state().accounts.delete(&leaving.id).await.expect("gone");
    let answer = story.verify(&of_leaving).await;
    let answer = answer.is_api_error(403, "Your login is currently disabled");
    assert_eq!(answer.header("www-authenticate"), "", "signing in again would not help");
});

story!(bearer_checks_token_then_scope_then_account_state, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("scope", "write")])).await;
    let code = story.consent(&signed_in, &app).await;
    let narrow = story.redeem(&app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    let wide = story.token(&person, &app).await;
    let account = story.account(&person).await;
    let accounts = story.server().state().accounts.clone();
    accounts.set_standing(&account.id, Standing::Disabled).await.expect("an answer");
    story.verify(&wide).await.is_api_error(403, "Your login is currently disabled");
    story.verify(&narrow).await.is_api_error(403, "This action is outside the authorized scopes");
    let own = [("grant_type", "client_credentials"), ("scope", "write")];
    let call = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&own);
    let of_app = call.send().await.is(200).json()["access_token"].as_str().expect("a token").to_owned();
    story.verify(&of_app).await.is_api_error(403, "This action is outside the authorized scopes");
    for token in [&wide, &narrow] {
        let revoke = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
        revoke.form(&[("token", token)]).send().await.is(200);
        story.verify(token).await.is_api_error(401, "The access token was revoked");
    }
});

story!(bearer_token_without_expiry_survives_years_and_sweep, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    for _ in 0..5 {
        story.advance_clock(std::time::Duration::from_secs(400 * 24 * 3600));
        lysand_auth::flows::sweep::sweep(&story.server().state().auth).await.expect("a clean-up");
        story.verify(&token).await.is(200);
    }
});

/// Where libraries that fetch the profile put the token (faults A6).
const PROFILES: [&str; 2] = ["/api/v1/accounts/verify_credentials", "/oauth/userinfo"];

story!(bearer_token_in_query_opens_profile_alone, |story| {
    let (ada, app) = (story.person("ada").await, story.app(CALLBACK, "read profile").await);
    let token = story.token(&ada, &app).await;
    for path in PROFILES {
        for path in [path.to_owned(), format!("{path}/")] {
            let answer = story.get(&format!("{path}?access_token={token}")).send().await.is(200);
            assert_eq!(answer.header("cache-control"), "private, no-store", "{path}");
            story.call(Method::HEAD, &format!("{path}?access_token={token}")).send().await.is(200);
            for bad in ["", "wrong", &format!("{token}&access_token=other"), &format!("{token}%FF")] {
                let answer = story.get(&format!("{path}?access_token={bad}")).send().await.is(401);
                assert_eq!(answer.header("cache-control"), "no-store", "{path} {bad}");
            }
            // The header counts where there is one.
            story.get(&format!("{path}?access_token={token}")).bearer("wrong").send().await.is(401);
            story.get(&format!("{path}?access_token=wrong")).bearer(&token).send().await.is(200);
        }
    }
    for path in ["/api/v1/preferences", "/api/v1/apps/verify_credentials", "/api/v1/tokens", "/oauth/token/info"] {
        story.get(&format!("{path}?access_token={token}")).send().await.is(401);
        story.get(path).bearer(&token).send().await.is(200);
    }
    story.post(&format!("/oauth/userinfo?access_token={token}")).send().await.is(401);
    story.post(&format!("/api/v1/sso?access_token={token}&issuer=x")).send().await.is(401);
});

story!(bearer_token_in_query_opens_nothing_when_switched_off, &[("oauth.bearer_in_query", "off")], |story| {
    let (ada, app) = (story.person("ada").await, story.app(CALLBACK, "read profile").await);
    let token = story.token(&ada, &app).await;
    for path in PROFILES {
        story.get(&format!("{path}?access_token={token}")).send().await.is(401);
        story.get(path).bearer(&token).send().await.is(200);
    }
});
