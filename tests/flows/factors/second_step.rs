//! The step of a sign-in: it ends where the app waits, with its code, its state and its verifier (FAC-20, FAC-30, FAC-31).

use lysand_auth::flows::authorize::AuthorizationRequest;
use lysand_auth::flows::login::{self, PasswordAttempt};
use lysand_auth::flows::sessions::Browser;
use lysand_auth::host::accounts::{Accounts as _, Standing};
use lysand_auth::secret::Secret;
use tests::misbehaving_provider::{Part, Provider, ProviderUser, entries};
use tests::story;
use tests::story::{CALLBACK, CookieJar, query_of};

use super::{WRONG, Waiting, begin, begin_in, enrol, is_over, is_step_error, proven_query};
use crate::people::form_token;

story!(sign_in_with_two_steps_keeps_the_apps_request, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let (query, request) = proven_query(&story, &app);
    let mut waiting = begin(&story, &ada, &query).await;

    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    assert!(page.body.contains("inputmode=\"numeric\" autocomplete=\"one-time-code\""), "{}", page.body);
    assert!(page.body.contains("@ada") && page.body.contains("Story App"), "{}", page.body);
    assert_eq!(page.header("cache-control"), "private, no-store");
    // The page carries the id and nothing of the request.
    assert!(!page.body.contains(&app.client_id) && !page.body.contains(&request.state));
    is_step_error(waiting.answer(&story, "totp", "000000").await, "invalid_grant", WRONG);
    let page = story.get(&format!("/oauth/factor?pending={}&method=recovery", waiting.id)).cookies(&waiting.jar);
    assert!(page.send().await.is(200).body.contains("Recovery code"));

    let code = own.fresh_code(&story);
    let typed = format!(" {}-{} ", &code[..3], &code[3..]);
    let signed_in = waiting.answer(&story, "totp", &typed).await.signed_in();
    let consent = story.decide(&signed_in, &app).await.is(302).location();
    assert!(consent.as_str().starts_with(CALLBACK), "{consent}");
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    let code = query_of(&consent, "code").expect("a code");
    let redeemed = story.client().redeem_proven(&app, &request, &code).await.expect("an access token");
    story.verify(&redeemed).await.is(200);
});

story!(sign_in_with_a_recovery_code_keeps_the_apps_request_and_counts_it_once, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let (query, request) = proven_query(&story, &app);
    let mut waiting = begin(&story, &ada, &query).await;
    let code = own.codes[3].to_lowercase().replace('-', " ");
    let signed_in = waiting.answer(&story, "recovery", &code).await.signed_in();
    let consent = story.decide(&signed_in, &app).await.is(302).location();
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    let code = query_of(&consent, "code").expect("a code");
    story.client().redeem_proven(&app, &request, &code).await.expect("an access token");

    let mut again = begin(&story, &ada, &query).await;
    is_step_error(again.answer(&story, "recovery", &own.codes[3]).await, "invalid_grant", WRONG);
    again.answer(&story, "recovery", &own.codes[4]).await.signed_in();
});

story!(pending_sign_in_is_no_session_and_worthless_without_its_cookie, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let query = app.authorize_query();
    let (waiting, other) = (begin(&story, &ada, &query).await, begin(&story, &ada, &query).await);
    for path in ["/account", "/account/security", "/account/sessions"] {
        let answer = story.get(path).cookies(&waiting.jar).send().await.is(302);
        assert_eq!(answer.location().path(), "/account/sign-in", "{path}");
    }
    let cookie = waiting.jar.get(&format!("signin_{}", waiting.id)).expect("a cookie").to_owned();
    story.verify(&cookie).await.is(401);
    story.verify(&waiting.id).await.is(401);
    let as_session = story.get("/account").header("cookie", &format!("jwt={cookie}")).send().await.is(302);
    assert_eq!(as_session.location().path(), "/account/sign-in");

    let code = own.fresh_code(&story);
    // No cookie, the cookie of another sign-in of the same account, an id that nobody has.
    let stranger = Waiting { jar: CookieJar::default(), id: waiting.id.clone() };
    is_over(stranger.post(&story, "totp", &code).await);
    let mixed = Waiting { jar: other.jar.clone(), id: waiting.id.clone() };
    is_over(mixed.post(&story, "totp", &code).await);
    let mut forged = CookieJar::default();
    forged.keep_value(&format!("signin_{}", waiting.id), other.jar.get(&format!("signin_{}", other.id)).expect("one"));
    is_over(Waiting { jar: forged, id: waiting.id.clone() }.post(&story, "totp", &code).await);
    for id in ["", "x", "../../etc", &"9".repeat(36), &"a".repeat(5_000)] {
        let answer = story.get(&format!("/oauth/factor?pending={id}")).cookies(&CookieJar::default()).send().await;
        is_over(answer);
    }
    // None of that counted or consumed anything.
    waiting.post(&story, "totp", &code).await.signed_in();
});

story!(pending_sign_in_without_its_parameter_is_the_youngest_of_the_browser, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let first = begin(&story, &ada, &app.authorize_query_with(&[("state", "first")])).await;
    story.advance_clock(std::time::Duration::from_secs(1));
    let second = begin_in(&story, &ada, &app.authorize_query_with(&[("state", "second")]), first.jar.clone()).await;
    let form = [("code", &*own.fresh_code(&story))];
    let answer = story.post("/api/auth/factor/totp").cookies(&second.jar).form(&form).send().await;
    assert_eq!(query_of(&answer.signed_in().consent, "state").as_deref(), Some("second"));
    // The other tab goes on with its own.
    let answer = first.post(&story, "totp", &own.fresh_code(&story)).await.signed_in();
    assert_eq!(query_of(&answer.consent, "state").as_deref(), Some("first"));
});

story!(browser_keeps_eight_pending_sign_ins_and_the_oldest_makes_room, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    enrol(&story, &ada).await;
    let mut jar = CookieJar::default();
    let mut ids = Vec::new();
    for _ in 0..9 {
        story.advance_clock(std::time::Duration::from_secs(1));
        let waiting = begin_in(&story, &ada, &app.authorize_query(), jar).await;
        jar = waiting.jar;
        ids.push(waiting.id);
    }
    let kept: Vec<bool> = ids.iter().map(|id| jar.get(&format!("signin_{id}")).is_some()).collect();
    assert_eq!(kept, [false, true, true, true, true, true, true, true, true]);
});

story!(sign_in_twice_by_double_click_leads_to_the_same_place, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let waiting = begin(&story, &ada, &app.authorize_query_with(&[("state", "s")])).await;
    let code = own.fresh_code(&story);
    let first = waiting.post(&story, "totp", &code).await;
    let signed_in = first.signed_in();
    let mut jar = waiting.jar.clone();
    jar.keep(&first);
    let again = Waiting { jar: jar.clone(), id: waiting.id.clone() };
    let second = again.post(&story, "totp", &code).await.is(302);
    assert_eq!(second.location().path(), "/oauth/consent", "{}", second.location());
    assert_eq!(query_of(&second.location(), "state").as_deref(), Some("s"));
    assert_eq!(second.cookie("jwt"), None, "there is one session");
    let by_page = story.get(&format!("/oauth/continue?pending={}", waiting.id)).cookies(&jar).send().await.is(302);
    assert_eq!(by_page.location().path(), "/oauth/consent");
    story.decide(&signed_in, &app).await.is(302);
    // Without the session that the first began there is nothing to go on with.
    is_over(waiting.post(&story, "totp", &code).await);
});

story!(sign_in_over_starts_again_with_the_same_request_in_its_own_browser, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let waiting = begin(&story, &ada, &app.authorize_query_with(&[("state", "kept")])).await;
    story.advance_clock(std::time::Duration::from_secs(601));
    let code = own.fresh_code(&story);
    let answer = is_over(waiting.post(&story, "totp", &code).await);
    assert!(answer.markup().contains("/oauth/authorize?") && answer.markup().contains("state=kept"), "{}", answer.body);
    let stranger = story.get(&format!("/oauth/continue?pending={}", waiting.id)).send().await;
    assert!(!is_over(stranger).body.contains("kept"));
    // The code was not looked at.
    begin(&story, &ada, &app.authorize_query()).await.post(&story, "totp", &code).await.signed_in();
});

story!(cancel_tells_the_app_and_ends_the_sign_in, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let mut waiting = begin(&story, &ada, &app.authorize_query_with(&[("state", "s")])).await;
    let token = form_token(&story, &mut waiting.jar, &format!("/oauth/factor?pending={}", waiting.id)).await;
    let form = [("pending", &*waiting.id), ("form_token", &*token)];
    let foreign = story.post("/api/auth/cancel").cookies(&waiting.jar).header("origin", "https://evil.example");
    foreign.form(&form).send().await.is(403);
    let answer = story.post("/api/auth/cancel").cookies(&waiting.jar).form(&form).send().await.is(302);
    assert!(answer.location().as_str().starts_with(CALLBACK));
    assert_eq!(query_of(&answer.location(), "error").as_deref(), Some("access_denied"));
    assert_eq!(query_of(&answer.location(), "state").as_deref(), Some("s"));
    is_over(waiting.post(&story, "totp", &own.fresh_code(&story)).await);
});

story!(second_step_comes_before_what_an_account_is_told, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let account = story.account(&ada).await;
    story.server().state().accounts.set_standing(&account.id, Standing::Disabled).await.expect("an answer");
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    is_step_error(waiting.answer(&story, "totp", "000000").await, "invalid_grant", WRONG);
    let code = own.fresh_code(&story);
    let told = waiting.answer(&story, "totp", &code).await.is(302);
    assert_eq!(told.location().path(), "/oauth/authorize", "{}", told.location());
    assert_eq!(query_of(&told.location(), "error_description").as_deref(), Some("This account is disabled."));
    assert_eq!(told.cookie("jwt"), None);
    is_over(waiting.post(&story, "totp", &code).await);
});

story!(sign_in_without_two_steps_costs_what_it_did, &[("ratelimit.enabled", "true")], |story| {
    let (ada, grace) = (story.person("ada").await, story.person("grace").await);
    let app = story.usual_app().await;
    enrol(&story, &grace).await;
    let auth = &story.server().state().auth;
    let sign_in = async |person: &tests::Person| {
        let mut request = AuthorizationRequest::default();
        request.client_id = Some(app.client_id.clone());
        request.redirect_uri = Some(app.redirect_uri.clone());
        request.response_type = Some("code".to_owned());
        request.scope = Some(app.scopes.clone());
        let password = Secret::new(&*person.password);
        let attempt = PasswordAttempt::new(request, &person.username, password, Browser::default());
        lysand_auth::testing::counted(login::with_password(auth, attempt)).await
    };
    let (signed_in, work) = sign_in(&ada).await;
    signed_in.expect("signed in");
    // The count before the proof, and the session with its code.
    assert_eq!((work.transactions, work.hashes), (2, 1), "{work:?}");
    let (waits, other) = sign_in(&grace).await;
    assert!(waits.is_err());
    assert_eq!((other.reads, other.transactions, other.hashes), (work.reads, 2, 1), "{other:?}");
});

const REDIRECT: [(&str, &str); 2] = [("frontend.mode", "redirect"), ("frontend.url", "https://fe.example")];

story!(frontend_that_knows_no_factors_loses_nobody, &REDIRECT, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    // As a frontend's page posts it.
    let waiting = begin(&story, &ada, &app.authorize_query_with(&[("state", "kept")])).await;
    let page = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    assert!(page.body.contains("one-time-code"), "our own page");
    let answer = waiting.post(&story, "totp", &own.fresh_code(&story)).await.is(302);
    let consent = answer.location();
    assert_eq!((consent.host_str(), consent.path()), (Some("fe.example"), "/oauth/consent"));
    assert_eq!(query_of(&consent, "state").as_deref(), Some("kept"));
    assert!(answer.cookie("jwt").is_some() && query_of(&consent, "code").is_some());
});

const OWN_PAGE: [(&str, &str); 3] = [REDIRECT[0], REDIRECT[1], ("frontend.routes.factor", "/two")];

story!(frontend_with_a_page_of_its_own_gets_all_that_it_needs, &OWN_PAGE, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let query = app.authorize_query_with(&[("state", "kept")]);
    let form = [("identifier", &*ada.username), ("password", &*ada.password)];
    let answer = story.post(&format!("/api/auth/login?{query}")).form(&form).send().await.is(302);
    let page = answer.location();
    assert!(page.as_str().starts_with("https://fe.example/two?pending="), "{page}");
    for (name, value) in [
        ("application", "Story App"),
        ("methods", "totp recovery"),
        ("client_id", &app.client_id),
        ("state", "kept"),
        ("scope", "read write"),
    ] {
        assert_eq!(query_of(&page, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(answer.cookie("jwt"), None);
    let id = query_of(&page, "pending").expect("an id");
    let mut jar = CookieJar::default();
    jar.keep(&answer);
    let waiting = Waiting { jar, id };
    let wrong = waiting.post(&story, "totp", "000000").await.is(302).location();
    assert!(wrong.as_str().starts_with("https://fe.example/two?"), "{wrong}");
    assert_eq!(query_of(&wrong, "error").as_deref(), Some("invalid_grant"));
    assert_eq!(query_of(&wrong, "error_description").as_deref(), Some(WRONG));
    assert_eq!(query_of(&wrong, "state").as_deref(), Some("kept"));
    let consent = waiting.post(&story, "totp", &own.fresh_code(&story)).await.is(302).location();
    assert!(consent.as_str().starts_with("https://fe.example/oauth/consent?"), "{consent}");
});

story!(provider_is_asked_beside_or_not_by_its_own_entry_and_by_what_it_vouches_for, |story| {
    let provider = Provider::start().await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (token, guest) = (story.token(&ada, &app).await, ProviderUser::named("ada"));
    let with = |more: &str| entries(&[provider.entry("id", more)]);
    let mut story = story.restart(&[("oidc.providers", &with(""))]).await;
    story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
    enrol(&story, &ada).await;
    let asked = r#", after_sso = "ask", trusted_acr = ["strong", "stronger"]"#;
    for (entry, usual, acr, is_asked) in [
        ("", "skip", r#"{"acr": "weak"}"#, false),
        ("", "ask", r#"{"acr": "strong"}"#, true),
        (r#", after_sso = "skip""#, "ask", "{}", false),
        (asked, "skip", "{}", true),
        (asked, "skip", r#"{"acr": "weak"}"#, true),
        (asked, "skip", r#"{"acr": "strong "}"#, true),
        (asked, "skip", r#"{"acr": ["strong"]}"#, true),
        (asked, "skip", r#"{"acr": 2}"#, true),
        (asked, "skip", r#"{"acr": "stronger"}"#, false),
    ] {
        story = story.restart(&[("oidc.providers", &with(entry)), ("factors.after_sso", usual)]).await;
        provider.behave_like(&[(Part::Claims, acr)]);
        let answer = story.sign_in_at(&mut CookieJar::default(), &app, &provider, &guest).await;
        assert_eq!(answer.cookie("jwt").is_none(), is_asked, "{entry} {usual} {acr}: {}", answer.location());
        assert_eq!(answer.location().path() == "/oauth/factor", is_asked, "{entry} {usual} {acr}");
    }
    // What the operator trusts as two proofs is told to apps as such, and is none of the two that a change wants (FAC-96).
    let mut jar = CookieJar::default();
    let signed_in = story.sign_in_at(&mut jar, &app, &provider, &guest).await.signed_in();
    jar.keep_value("jwt", &signed_in.cookie);
    let code = story.consent(&signed_in, &app).await;
    let bought = story.redeem(&app, &code).await.is(200).json();
    let told = story.post("/oauth/introspect").basic(&app.client_id, &app.client_secret);
    let told = told.form(&[("token", bought["access_token"].as_str().expect("a token"))]).send().await.is(200).json();
    assert_eq!(told["acr"], "urn:lysand-auth:loa:2", "{told}");
    let page = story.get("/account/email").cookies(&jar).send().await.is(200);
    assert!(page.body.contains("/account/confirm"), "{}", page.body);
});

story!(provider_sign_in_is_asked_for_our_second_step_where_the_operator_wants_it, |story| {
    let (story, provider) = story.with_provider(&[("factors.after_sso", "ask")]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (token, guest) = (story.token(&ada, &app).await, ProviderUser::named("ada"));
    story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
    let own = enrol(&story, &ada).await;
    let mut jar = CookieJar::default();
    let answer = story.sign_in_at(&mut jar, &app, &provider, &guest).await.is(302);
    assert_eq!((answer.location().path(), answer.cookie("jwt")), ("/oauth/factor", None), "{}", answer.location());
    let waiting = Waiting { id: query_of(&answer.location(), "pending").expect("an id"), jar };
    is_step_error(waiting.post(&story, "totp", "000000").await, "invalid_grant", WRONG);
    waiting.post(&story, "totp", &own.fresh_code(&story)).await.signed_in();
});

story!(provider_signs_in_without_our_second_step, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (token, guest) = (story.token(&ada, &app).await, ProviderUser::named("ada"));
    story.link_at(&mut CookieJar::default(), &token, &provider, &guest).await.is_linked();
    enrol(&story, &ada).await;
    begin(&story, &ada, &app.authorize_query()).await;
    let answer = story.sign_in_at(&mut CookieJar::default(), &app, &provider, &guest).await.is(302);
    assert!(answer.cookie("jwt").is_some() && answer.location().path() == "/oauth/consent", "{}", answer.location());
});
