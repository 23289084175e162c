//! Linking an identity, in the browser that began or in another one (Lysand §9.2, §10, security RP-5).

use std::time::Duration;

use tests::Person;
use tests::misbehaving_provider::{Provider, ProviderUser};
use tests::story;
use tests::story::{App, CookieJar, Story, query_of};
use url::Url;

use super::linked;

const LINKED_ALREADY: (&str, &str) =
    ("Account already linked", "This account has already been linked to this OpenID Connect provider.");

async fn somebody(story: &Story, name: &str) -> (Person, App, String) {
    let (person, app) = (story.person(name).await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    (person, app, token)
}

story!(link_start_requires_bearer_token_and_known_provider, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (person, app, token) = somebody(&story, "ada").await;
    let post = || story.post("/api/v1/sso");
    // Before the body is looked at.
    let answer = post().body("application/json", "{").send().await.is(401);
    assert!(answer.header("www-authenticate").starts_with("Bearer"));
    post().bearer("x").form(&[("issuer", "id")]).send().await.is(401);
    for call in [post().form(&[]), post().form(&[("issuer", "")]), post().json(&serde_json::json!({}))] {
        call.bearer(&token).send().await.is_api_error(400, "Missing issuer in form body");
    }
    for call in [
        post().form(&[("issuer", "unknown")]),
        post().multipart(&[("issuer", "unknown")]),
        post().body("application/json; charset=utf-8", r#"{"issuer":"unknown"}"#),
    ] {
        call.bearer(&token).send().await.is_api_error(404, "Issuer unknown not found");
    }
    post().bearer(&token).body("text/plain", "issuer=id").send().await.is(415);
    post().bearer(&token).body("application/json", "{").send().await.is(400);
    let narrow = story.app(tests::story::CALLBACK, "read write:statuses").await;
    let narrow = story.token(&person, &narrow).await;
    let answer = post().bearer(&narrow).form(&[("issuer", "id")]).send().await;
    answer.is_api_error(403, "This action is outside the authorized scopes");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &*app.client_id),
        ("client_secret", &*app.client_secret),
        ("scope", "read write"),
    ];
    let own = story.post("/oauth/token").form(&form).send().await.is(200).json();
    let own = own["access_token"].as_str().expect("a token").to_owned();
    post().bearer(&own).form(&[("issuer", "id")]).send().await.is(422);
    let answer = post().bearer(&token).json(&serde_json::json!({ "issuer": "id" })).send().await.is(200);
    let body = answer.json();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1));
    assert!(body["link"].as_str().is_some_and(|link| link.starts_with(provider.url())));
    assert!(answer.headers.get("set-cookie").is_none(), "no browser was there");
});

story!(link_of_identity_already_linked_is_refused, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let ada = linked(&story, &provider, "ada").await;
    let (_, _, token) = somebody(&story, "eve").await;
    let answer = story.link_at(&mut CookieJar::default(), &token, &provider, &ada.guest).await;
    answer.is_link_error(LINKED_ALREADY.0, LINKED_ALREADY.1);
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
    for guest in [&ada.guest, &ProviderUser::named("ada's other")] {
        let answer = story.link_at(&mut CookieJar::default(), &ada.token, &provider, guest).await;
        answer.is_link_error(LINKED_ALREADY.0, LINKED_ALREADY.1);
    }
    let page = story.get("/?oidc_account_linked=true").send().await.is(200);
    assert!(page.body.contains("is linked"), "{}", page.body);
    let page = story.get("/?oidc_account_linking_error=Account+already+linked").send().await.is(200);
    assert!(page.body.contains("role=\"alert\""), "{}", page.body);
    let page = story.get("/?oidc_account_linking_error=x&oidc_account_linking_error_message=Pay+here").send().await;
    assert!(!page.body.contains("Pay here"), "nobody puts words into our mouth");
});

story!(link_after_token_revoked_or_sessions_ended_is_refused, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (person, app, token) = somebody(&story, "ada").await;
    let mut jar = CookieJar::default();
    let location = story.start_link(&mut jar, &token, "id").await;
    let form = [
        ("token", token.as_str()),
        ("client_id", app.client_id.as_str()),
        ("client_secret", app.client_secret.as_str()),
    ];
    story.post("/oauth/revoke").form(&form).send().await.is(200);
    let back = provider.authorize(&location, &ProviderUser::named("mallory"), story.now());
    let answer = story.follow_callback(&mut jar, &back).await;
    answer.is_link_error("Account linking error", "Invalid flow");

    let token = story.token(&person, &app).await;
    let location = story.start_link(&mut jar, &token, "id").await;
    let account = story.account(&person).await;
    lysand_auth::flows::sessions::end_all(&story.server().state().auth, &account.id).await.expect("ended");
    let back = provider.authorize(&location, &ProviderUser::named("mallory"), story.now());
    let answer = story.follow_callback(&mut jar, &back).await;
    answer.is_link_error("Account linking error", "Invalid flow");
    let token = story.token(&person, &app).await;
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
});

/// A native client begins; the person's browser comes back and is shown the question.
async fn question(story: &Story, provider: &Provider, token: &str, guest: &ProviderUser) -> (CookieJar, Url) {
    let answer = story.post("/api/v1/sso").bearer(token).form(&[("issuer", "id")]).send().await.is(200);
    let location = Url::parse(answer.json()["link"].as_str().expect("a link")).expect("a URL");
    let mut jar = CookieJar::default();
    let answer = story.follow_callback(&mut jar, &provider.authorize(&location, guest, story.now())).await.is(302);
    let page = answer.location();
    assert_eq!(page.path(), "/oauth/sso/link/confirm", "{page}");
    assert_eq!(answer.cookie("jwt"), None);
    (jar, page)
}

async fn answer_with(story: &Story, jar: &mut CookieJar, page: &Url, password: &str) -> tests::story::Response {
    let shown = story.get(page.as_str()).cookies(jar).send().await.is(200);
    jar.keep(&shown);
    let flow_id = query_of(page, "flow_id").expect("a flow");
    let token = shown.hidden("form_token");
    let form = [("flow_id", flow_id.as_str()), ("form_token", &token), ("password", password)];
    let answer = story.post(page.path()).cookies(jar).form(&form).send().await;
    jar.keep(&answer);
    answer
}

story!(link_in_another_browser_requires_account_password, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app, token) = somebody(&story, "ada").await;
    let guest = ProviderUser::named("ada.at.home");
    let (mut jar, page) = question(&story, &provider, &token, &guest).await;
    assert_eq!(story.linked_providers(&token).await, [""; 0], "it never links silently");
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    assert!(shown.body.contains("@ada") && shown.body.contains("ada.at.home") && shown.body.contains("The id"));
    // Nobody else's browser, and nothing without the page's own token.
    let answer = story.get(page.as_str()).send().await;
    answer.is_link_error("Account linking error", "Invalid flow");
    let flow_id = query_of(&page, "flow_id").expect("a flow");
    let form = [("flow_id", flow_id.as_str()), ("password", &ada.password)];
    story.post(page.path()).cookies(&jar).form(&form).send().await.is(422);
    let foreign = story.post(page.path()).cookies(&jar).header("origin", "https://evil.example");
    foreign.form(&form).send().await.is(403);
    for wrong in ["", "wrong"] {
        let again = answer_with(&story, &mut jar, &page, wrong).await.is(200);
        assert!(again.body.contains("not the password"), "{}", again.body);
    }
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
    let spent = jar.clone();
    let answer = answer_with(&story, &mut jar, &page, &ada.password).await.is_linked();
    assert_eq!(answer.cookie("jwt"), None, "a link signs nobody in");
    assert_eq!(story.linked_providers(&token).await, ["id"]);
    let answer = story.get(page.as_str()).cookies(&spent).send().await;
    answer.is_link_error("Account linking error", "Invalid flow");
    story.sign_in_at(&mut CookieJar::default(), &app, &provider, &guest).await.signed_in();
});

story!(link_confirmation_by_other_signed_in_account_is_refused, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (_, app, token) = somebody(&story, "mallory").await;
    let victim = story.person("ada").await;
    // The victim is signed in here, and follows mallory's link to the provider.
    let pending = story.sign_in(&victim, &app).await;
    let (mut jar, page) = question(&story, &provider, &token, &ProviderUser::named("ada")).await;
    jar.keep_value("jwt", &pending.cookie);
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    assert!(shown.body.contains("@mallory"), "the page says whose account it is");
    let again = answer_with(&story, &mut jar, &page, &victim.password).await.is(200);
    assert!(again.body.contains("not the password"), "{}", again.body);
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
});

story!(link_confirmation_with_recent_sign_in_needs_no_password, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app, token) = somebody(&story, "ada").await;
    let pending = story.sign_in(&ada, &app).await;
    let (mut jar, page) = question(&story, &provider, &token, &ProviderUser::named("ada")).await;
    jar.keep_value("jwt", &pending.cookie);
    story.advance_clock(Duration::from_secs(301));
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    assert!(shown.body.contains("type=\"password\""), "what was proven long ago is not proven");
    let pending = story.sign_in(&ada, &app).await;
    jar.keep_value("jwt", &pending.cookie);
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    assert!(!shown.body.contains("type=\"password\""));
    answer_with(&story, &mut jar, &page, "").await.is_linked();
    assert_eq!(story.linked_providers(&token).await, ["id"]);
});

story!(link_confirmation_expires_and_ends_with_sessions, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, _, token) = somebody(&story, "ada").await;
    let (jar, page) = question(&story, &provider, &token, &ProviderUser::named("ada")).await;
    story.advance_clock(Duration::from_secs(601));
    let answer = story.get(page.as_str()).cookies(&jar).send().await;
    answer.is_link_error("Account linking error", "Invalid flow");
    // Ending everything ends a question as well.
    let (jar, page) = question(&story, &provider, &token, &ProviderUser::named("ada")).await;
    let account = story.account(&ada).await;
    lysand_auth::flows::sessions::end_all(&story.server().state().auth, &account.id).await.expect("ended");
    let answer = story.get(page.as_str()).cookies(&jar).send().await;
    answer.is_link_error("Account linking error", "Invalid flow");
});

story!(link_confirmation_password_attempts_are_rate_limited, &[("ratelimit.enabled", "true")], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app, token) = somebody(&story, "ada").await;
    let (mut jar, page) = question(&story, &provider, &token, &ProviderUser::named("ada")).await;
    for _ in 0..25 {
        answer_with(&story, &mut jar, &page, "wrong").await.is(200);
    }
    answer_with(&story, &mut jar, &page, &ada.password).await.is(429);
    story.log_in(&app.authorize_query(), "ada", &ada.password).await.is(429);
});

/// Ada begins a link in a browser in which she is signed in.
async fn begun_by_ada(story: &Story, ada: &Person, app: &App, token: &str) -> (CookieJar, Url) {
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(ada, app).await.cookie);
    let location = story.start_link(&mut jar, token, "id").await;
    (jar, location)
}

async fn sign_out(story: &Story, jar: &mut CookieJar) {
    let page = story.get("/").cookies(jar).send().await.is(200);
    jar.keep(&page);
    let form = [("form_token", page.hidden("form_token"))];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = story.post("/api/auth/mastodon-logout").cookies(jar).form(&form).send().await;
    jar.keep(&answer);
    assert!(jar.get("jwt").is_none_or(str::is_empty), "still signed in: {}", answer.status);
}

/// The browser comes back, and the owner of the account is asked.
async fn is_asked(
    story: &Story,
    provider: &Provider,
    jar: &mut CookieJar,
    location: &Url,
    guest: &ProviderUser,
) -> Url {
    let answer = story.follow_callback(jar, &provider.authorize(location, guest, story.now())).await.is(302);
    let page = answer.location();
    assert_eq!(page.path(), "/oauth/sso/link/confirm", "{page}");
    page
}

story!(link_in_the_browser_and_session_that_began_it_needs_no_confirmation, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app, token) = somebody(&story, "ada").await;
    let (mut jar, location) = begun_by_ada(&story, &ada, &app, &token).await;
    let back = provider.authorize(&location, &ProviderUser::named("ada"), story.now());
    story.follow_callback(&mut jar, &back).await.is_linked();
});

story!(link_finished_under_another_account_requires_its_owner, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app, token) = somebody(&story, "ada").await;
    let (eve, _, eve_token) = somebody(&story, "eve").await;
    let guest = ProviderUser::named("eve.at.work");
    // Somebody was signed in when it began, or nobody; there is no difference afterwards.
    for signed_in in [true, false] {
        let (mut jar, location) = match signed_in {
            true => begun_by_ada(&story, &ada, &app, &token).await,
            false => {
                let mut jar = CookieJar::default();
                let location = story.start_link(&mut jar, &token, "id").await;
                (jar, location)
            }
        };
        if signed_in {
            sign_out(&story, &mut jar).await;
        }
        jar.keep_value("jwt", &story.sign_in(&eve, &app).await.cookie);
        let page = is_asked(&story, &provider, &mut jar, &location, &guest).await;
        let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
        assert!(shown.body.contains("@ada") && shown.body.contains("eve.at.work"), "{}", shown.body);
        // Eve has signed in a moment ago, but it is not her account.
        for password in ["", eve.password.as_str()] {
            let again = answer_with(&story, &mut jar, &page, password).await.is(200);
            assert!(again.body.contains("not the password"), "{}", again.body);
        }
        assert_eq!(story.linked_providers(&token).await, [""; 0], "signed in: {signed_in}");
        answer_with(&story, &mut jar, &page, &ada.password).await.is_linked();
        assert_eq!(story.linked_providers(&token).await, ["id"]);
        assert_eq!(story.linked_providers(&eve_token).await, [""; 0]);
        story.unlink(&token).await;
    }
});

story!(link_after_its_session_ended_requires_its_owner, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app, token) = somebody(&story, "ada").await;
    let guest = ProviderUser::named("ada.at.home");
    // Signed out, and nobody is signed in.
    let (mut jar, location) = begun_by_ada(&story, &ada, &app, &token).await;
    sign_out(&story, &mut jar).await;
    let page = is_asked(&story, &provider, &mut jar, &location, &guest).await;
    assert_eq!(story.linked_providers(&token).await, [""; 0]);
    answer_with(&story, &mut jar, &page, &ada.password).await.is_linked();
    story.unlink(&token).await;
    // The cookie is gone, though its session is not.
    let (mut jar, location) = begun_by_ada(&story, &ada, &app, &token).await;
    jar.keep_value("jwt", "");
    is_asked(&story, &provider, &mut jar, &location, &guest).await;
    // The owner has signed in again, a moment ago: the question needs no password.
    let (mut jar, location) = begun_by_ada(&story, &ada, &app, &token).await;
    sign_out(&story, &mut jar).await;
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    let page = is_asked(&story, &provider, &mut jar, &location, &guest).await;
    let shown = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    assert!(!shown.body.contains("type=\"password\""), "{}", shown.body);
    answer_with(&story, &mut jar, &page, "").await.is_linked();
});
