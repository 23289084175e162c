//! What a bearer token opens (Mastodon §8, §11, §13, §15).

use lysand_auth::host::accounts::Accounts;
use lysand_auth::model::account::Standing;
use lysand_auth::secret::Secret;
use tests::story;
use tests::story::CALLBACK;

const VERIFY: &str = "/api/v1/accounts/verify_credentials";

story!(no_token_is_401, |story| {
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

story!(scope_then_account, |story| {
    let person = story.person("ada").await;
    let app = story.app(CALLBACK, "read write profile").await;
    let narrow = story.sign_in_with(&person, &app.ask_with(&[("scope", "write")])).await;
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

story!(userinfo_wants_profile_alone, |story| {
    let person = story.person("ada").await;
    let app = story.app(CALLBACK, "read profile").await;
    let token = async |scope: &str| {
        let signed_in = story.sign_in_with(&person, &app.ask_with(&[("scope", scope)])).await;
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

story!(an_account_that_may_not_act_keeps_its_tokens, |story| {
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

story!(ending_everything_ends_everything, |story| {
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

story!(credentials_have_one_purpose, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    let signed_in = story.sign_in(&person, &app).await;
    story.verify(&signed_in.cookie).await.is(401);
    story.verify(&signed_in.code).await.is(401);
    story.verify(&app.client_secret).await.is(401);
    story.redeem(&app, &token).await.is(400);
    let page = story.get(&format!("/oauth/authorize?{}", app.ask())).header("cookie", &format!("jwt={token}"));
    page.send().await.is(200);
    let account = story.account(&person).await;
    let fresh = Secret::new("another password 9");
    story.server().state().accounts.set_password(&account.id, &fresh).await.expect("a new password");
    story
        .log_in(&app.ask(), "ada", &person.password)
        .await
        .is_login_error("invalid_grant", "Invalid identifier or password");
});
