//! Callbacks that must not be believed: another provider's callback, another flow, another browser, twice, late (security RP-4).

use std::time::Duration;

use tests::misbehaving_provider::{Provider, ProviderUser, entries};
use tests::story;
use tests::story::{App, CookieJar, Response, Story, query_of};
use url::Url;

use super::linked;

/// The callback with other or more parameters; an empty value leaves one out.
fn changed(back: &Url, changes: &[(&str, &str)]) -> Url {
    let mut pairs: Vec<_> = back.query_pairs().into_owned().collect();
    for (name, value) in changes {
        pairs.retain(|(known, _)| known != name);
        pairs.push(((*name).to_owned(), (*value).to_owned()));
    }
    pairs.retain(|(_, value)| !value.is_empty());
    let mut changed = back.clone();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    changed
}

fn is_no_flow(answer: Response) {
    let answer = answer.is_login_error("invalid_request", "Invalid flow");
    assert!(!answer.header("location").contains("client_id"), "nothing of the app is told");
}

/// The sign-in page of the app that the browser came from.
fn is_over(answer: Response, app: &App) -> Url {
    let answer = answer.is_login_error("invalid_request", "Invalid flow");
    assert_eq!(query_of(&answer.location(), "client_id").as_deref(), Some(app.client_id.as_str()));
    assert_eq!(query_of(&answer.location(), "redirect_uri").as_deref(), Some(tests::story::CALLBACK));
    answer.location()
}

fn is_no_link(answer: Response) {
    answer.is_link_error("Account linking error", "Invalid flow");
}

async fn two(story: Story) -> (Story, Provider, Provider) {
    let (one, other) = (Provider::start().await, Provider::start().await);
    let setting = entries(&[one.entry("id", ""), other.entry("other", "")]);
    (story.restart(&[("oidc.providers", &setting)]).await, one, other)
}

story!(provider_callback_with_invalid_parameters_is_refused, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let get = |path: &str| story.get(path).send();
    get("/oauth/sso/id/callback").await.is_api_error(422, "Validation error: Required at \"flow_id\"");
    is_no_flow(get("/oauth/sso/id/callback?flow_id=x").await);
    is_no_flow(get("/oauth/sso/id/callback?flow=x&state=y&code=z").await);
    is_no_flow(get("/oauth/sso/id/callback?flow_id=x&flow=y&state=z").await);
    is_no_flow(get("/oauth/sso/id/callback?state=a&state=b").await);
    is_no_flow(get("/oauth/sso/id/callback?flow_id=%00&state=%00").await);
    is_no_link(get("/oauth/sso/id/callback?flow_id=x&link=true&user_id=y").await);
    is_no_link(get("/oauth/sso/id/callback?flow_id=x&link=ON").await);
    get("/oauth/sso/nobody/callback?state=x").await.is_login_error("invalid_request", "issuer is invalid");
    let answer = get("/oauth/sso/nobody/callback?state=x&link=1").await;
    answer.is_link_error("Account linking error", "issuer is invalid");
    for odd in ["%2e%2e", "%ff", "a%2fb", "%00"] {
        let answer = get(&format!("/oauth/sso/{odd}/callback?state=x")).await;
        assert!(answer.status == 302 || answer.status == 404, "{odd}: {}", answer.status);
    }
    story.post("/oauth/sso/id/callback?state=x").send().await.is(405);
    assert_eq!(provider.requests(), [""; 0]);
});

story!(provider_callback_requires_flow_cookie_of_starting_browser, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    let back = provider.authorize(&location, &ada.guest, story.now());
    provider.requests();
    is_no_flow(story.follow_callback(&mut CookieJar::default(), &back).await);
    // Another flow's cookie, under this flow's name or its own.
    let mut other = CookieJar::default();
    story.redirect_to_provider(&mut other, &ada.app, "id").await;
    is_no_flow(story.follow_callback(&mut other, &back).await);
    assert_eq!(provider.requests(), [""; 0], "nobody was asked anything");
    story.follow_callback(&mut ada.jar.clone(), &back).await.signed_in();

    let location = story.start_link(&mut ada.jar, &ada.token, "id").await;
    let back = provider.authorize(&location, &ProviderUser::named("eve"), story.now());
    is_no_link(story.follow_callback(&mut CookieJar::default(), &back).await);
});

story!(provider_callback_works_once_and_only_within_ten_minutes, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    let jar = ada.jar.clone();
    let back = provider.authorize(&location, &ada.guest, story.now());
    story.follow_callback(&mut ada.jar, &back).await.signed_in();
    // Its own browser is led back to the sign-in page of the app, and no other (faults C9).
    is_over(story.follow_callback(&mut jar.clone(), &back).await, &ada.app);
    is_no_flow(story.follow_callback(&mut ada.jar, &back).await);
    let fresh = provider.authorize(&location, &ada.guest, story.now());
    is_over(story.follow_callback(&mut jar.clone(), &fresh).await, &ada.app);
    is_no_flow(story.follow_callback(&mut CookieJar::default(), &fresh).await);

    let mut jar = CookieJar::default();
    let location = story.redirect_to_provider(&mut jar, &ada.app, "id").await;
    let back = provider.authorize(&location, &ada.guest, story.now() + 601);
    story.advance_clock(Duration::from_secs(601));
    is_no_flow(story.follow_callback(&mut CookieJar::default(), &back).await);
    is_over(story.follow_callback(&mut jar, &back).await, &ada.app);
    let location = story.start_link(&mut jar, &ada.token, "id").await;
    let back = provider.authorize(&location, &ada.guest, story.now());
    story.advance_clock(Duration::from_secs(601));
    is_no_link(story.follow_callback(&mut jar, &back).await);
});

story!(provider_callback_submitted_concurrently_signs_in_once, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    let back = provider.authorize(&location, &ada.guest, story.now());
    provider.requests();
    let tries = (0..20).map(|_| story.get(back.as_str()).cookies(&ada.jar).send());
    let answers = futures_util::future::join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.cookie("jwt").is_some()).count(), 1);
    assert_eq!(provider.requests(), ["token", "userinfo"], "the others asked nobody");
});

story!(provider_callback_at_wrong_provider_is_refused, |story| {
    let (story, one, other) = two(story).await;
    let mut ada = linked(&story, &one, "ada").await;
    let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    let back = one.authorize(&location, &ada.guest, story.now());
    let (_, _) = (one.requests(), other.requests());
    let elsewhere = Url::parse(&back.as_str().replace("/sso/id/", "/sso/other/")).expect("a URL");
    is_no_flow(story.follow_callback(&mut ada.jar, &elsewhere).await);
    assert!(one.requests().is_empty() && other.requests().is_empty(), "no code was sent to anybody");
    story.follow_callback(&mut ada.jar, &back).await.signed_in();
});

story!(same_subject_at_two_providers_is_two_identities, |story| {
    let (story, one, other) = two(story).await;
    let ada = linked(&story, &one, "ada").await;
    let mut jar = CookieJar::default();
    let location = story.redirect_to_provider(&mut jar, &ada.app, "other").await;
    let answer = story.follow_callback(&mut jar, &other.authorize(&location, &ada.guest, story.now())).await;
    answer.is_login_error("invalid_request", "No user found with that account");
    let (eve, mut jar) = (story.person("eve").await, CookieJar::default());
    let token = story.token(&eve, &ada.app).await;
    let location = story.start_link(&mut jar, &token, "other").await;
    story.follow_callback(&mut jar, &other.authorize(&location, &ada.guest, story.now())).await.is_linked();
    let location = story.redirect_to_provider(&mut jar, &ada.app, "other").await;
    let answer = story.follow_callback(&mut jar, &other.authorize(&location, &ada.guest, story.now())).await;
    let pending = answer.signed_in();
    let code = story.consent(&pending, &ada.app).await;
    let body = story.redeem(&ada.app, &code).await.is(200).json();
    let account = story.verify(body["access_token"].as_str().expect("a token")).await.is(200).json();
    assert_eq!(account["username"], "eve");
});

story!(provider_callback_with_mismatched_hint_parameters_is_refused, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let eve = story.person("eve").await;
    let account = story.account(&eve).await;
    let other_app = story.usual_app().await;
    let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    let back = provider.authorize(&location, &ada.guest, story.now());
    for changes in [
        vec![("link", "true"), ("user_id", account.id.as_str())],
        vec![("link", "1")],
        vec![("user_id", account.id.as_str())],
        vec![("client_id", other_app.client_id.as_str())],
        vec![("flow_id", "another")],
        vec![("state", "another")],
        vec![("state", "")],
    ] {
        eprintln!("{changes:?}");
        let answer = story.get(changed(&back, &changes).as_str()).cookies(&ada.jar).send().await;
        let about_link = changes.contains(&("link", "true")) || changes.contains(&("link", "1"));
        let found_no_flow = changes.iter().any(|(name, _)| *name == "state");
        match about_link && found_no_flow {
            true => is_no_link(answer),
            false if changes.contains(&("state", "")) => drop(answer.is(422)),
            false => is_no_flow(answer),
        }
    }
    let good = changed(&back, &[("client_id", &ada.app.client_id)]);
    story.follow_callback(&mut ada.jar, &good).await.signed_in();

    let token = story.token(&eve, &ada.app).await;
    ada.jar = CookieJar::default();
    let location = story.start_link(&mut ada.jar, &token, "id").await;
    let back = provider.authorize(&location, &ProviderUser::named("eve"), story.now());
    let ada_id = story.account(&tests::Person::named("ada")).await.id;
    for changes in [vec![("link", "true"), ("user_id", ada_id.as_str())], vec![("client_id", "x"), ("link", "true")]] {
        is_no_link(story.get(changed(&back, &changes).as_str()).cookies(&ada.jar).send().await);
    }
    let good = changed(&back, &[("link", "true"), ("user_id", account.id.as_str())]);
    story.follow_callback(&mut ada.jar, &good).await.is_linked();
    assert_eq!(story.linked_providers(&token).await, ["id"]);
});

story!(provider_sign_in_of_disabled_or_deleted_account_is_refused, |story| {
    use lysand_auth::host::accounts::Accounts as _;
    use lysand_auth::host::accounts::Standing;
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let account = story.account(&tests::Person::named("ada")).await;
    let accounts = story.server().state().accounts.clone();
    accounts.set_standing(&account.id, Standing::Disabled).await.expect("disabled");
    let answer = story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await;
    answer.is_login_error("access_denied", "This account is disabled.");
    accounts.set_standing(&account.id, Standing::Active).await.expect("enabled");
    story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
    // A removed account leaves nothing to inherit (security REV-3), not even when it was removed behind our back.
    accounts.delete(&account.id).await.expect("removed");
    let answer = story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await;
    answer.is_login_error("invalid_request", "No user found with that account");
    let eve = story.person("eve").await;
    let token = story.token(&eve, &ada.app).await;
    story.link_at(&mut CookieJar::default(), &token, &provider, &ada.guest).await.is_linked();
});

story!(provider_callback_that_is_over_shows_a_page_and_the_way_back, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    let jar = ada.jar.clone();
    let back = provider.authorize(&location, &ada.guest, story.now());
    story.follow_callback(&mut ada.jar, &back).await.signed_in();
    // The back button after a sign-in, a lost cookie, an unknown flow: nothing is known of an app.
    let unknown = changed(&back, &[("state", "unknown")]);
    for (at, mut jar) in [(&back, ada.jar.clone()), (&back, CookieJar::default()), (&unknown, jar.clone())] {
        let answer = story.follow_callback(&mut jar, at).await;
        let page = story.get(answer.header("location")).cookies(&jar).send().await.is(400);
        assert!(page.body.contains("This sign-in was finished already"), "{}", page.body);
        assert!(!page.body.contains("client_id") && page.markup().contains("Start over"), "{}", page.body);
        for language in ["de", "es", "fr"] {
            let page = story.get(answer.header("location")).header("accept-language", language).send().await.is(400);
            assert!(!page.body.contains("<p class=\"lead\" dir=\"auto\">This sign-in was"), "{}", page.body);
        }
    }
    // Its own browser gets the sign-in page of the app, and may sign in there.
    let page = is_over(story.follow_callback(&mut jar.clone(), &back).await, &ada.app);
    let page = story.get(page.as_str()).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("Story App") && page.body.contains("The id"), "{}", page.body);
    // A stranger's words are not shown in its place.
    let page = story.get("/oauth/authorize?error=x&error_description=Pay+here").send().await.is(400);
    assert!(!page.body.contains("Pay here") && !page.body.contains("finished already"), "{}", page.body);
});
