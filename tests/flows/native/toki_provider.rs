//! Signing in to a toki client with a provider (native 2.6).

use lysand_auth::host::accounts::{Accounts as _, Role, Standing};
use serde_json::{Value, json};
use tests::misbehaving_provider::{Defect, IN_THE_TOKEN, Provider, ProviderUser};
use tests::story;
use tests::story::{CookieJar, Response, Story, query_of};
use url::Url;

use super::{Pair, TOKI, get, is_error, is_secret, opens, post, refresh, signed_in};
use crate::factors::enrol;
use crate::people::after;

/// The dialect is on, and people sign in to it with the provider called `id`.
const ON: &[(&str, &str)] = &[("native.toki.enabled", "true"), ("native.toki.provider", "id")];
/// The same, and unknown people get an account.
const OPEN: &[(&str, &str)] =
    &[("native.toki.enabled", "true"), ("native.toki.provider", "id"), ("oidc.allow_registration", "true")];
const BEGIN: &str = "/auth/oidc/authorize?redirect_uri=";
const PROGRAM: &str = "http://127.0.0.1:8085/done?run=1";
const OF_STATE: &str = "invalid or expired state parameter";

/// Where the browser is sent, with the cookie that it gets.
async fn begin(story: &Story, jar: &mut CookieJar, redirect_uri: &str, site: Option<&str>) -> Url {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("redirect_uri", redirect_uri);
    let call = story.get(&format!("/auth/oidc/authorize?{}", query.finish())).cookies(jar);
    let call = match site {
        Some(site) => call.header("sec-fetch-site", site),
        None => call,
    };
    let answer = call.send().await.is(307);
    jar.keep(&answer);
    answer.location()
}

/// To the provider and back, without a page of anybody.
async fn come_back(story: &Story, provider: &Provider, user: &ProviderUser, redirect_uri: &str) -> Response {
    let mut jar = CookieJar::default();
    let location = begin(story, &mut jar, redirect_uri, None).await;
    story.follow_callback(&mut jar, &provider.authorize(&location, user, story.now())).await
}

fn pair(place: &Url) -> Pair {
    let read = |name: &str| query_of(place, name).expect("a token");
    Pair { access: read("access_token"), refresh: read("refresh_token") }
}

async fn is_there(story: &Story, username: &str) -> bool {
    story.server().state().accounts.by_identifier(username).await.expect("an answer").is_some()
}

/// Somebody who is linked to the provider.
async fn linked(story: &Story, provider: &Provider, name: &str) -> (tests::Person, ProviderUser) {
    let (person, guest) = (story.person(name).await, ProviderUser::named(name));
    let token = story.token(&person, &story.usual_app().await).await;
    story.link_at(&mut CookieJar::default(), &token, provider, &guest).await.is_linked();
    (person, guest)
}

story!(toki_provider_signs_in_a_program_and_a_browser, |story| {
    let (story, provider) = story.with_provider(ON).await;
    let (_, guest) = linked(&story, &provider, "ada").await;
    let method = post(&story, "/auth-method", &json!({ "username": "nobody" })).await.is(200);
    assert_eq!(method.json(), json!({ "method": "oidc", "auth_url": BEGIN }));
    assert_eq!(story.get("/auth/info").send().await.is(200).json()["oidc_enabled"], json!(true));
    let back = come_back(&story, &provider, &guest, PROGRAM).await.is(307);
    is_secret(&back);
    assert_eq!(back.header("referrer-policy"), "no-referrer");
    let place = back.location();
    assert!(place.as_str().starts_with(&format!("{PROGRAM}&access_token=")), "{place}");
    assert_eq!(query_of(&place, "token_type").as_deref(), Some("Bearer"));
    assert_eq!(query_of(&place, "expires_in").as_deref(), Some("3600"));
    let tokens = pair(&place);
    assert!(opens(&story, &tokens.access).await);
    refresh(&story, &tokens.refresh).await.is(200);
    let back = come_back(&story, &provider, &guest, "").await.is(307);
    let place = back.location();
    assert!(place.path() == "/dashboard" && place.query().is_none(), "{place}");
    let fragment = place.fragment().expect("a fragment").to_owned();
    let names: Vec<String> =
        url::form_urlencoded::parse(fragment.as_bytes()).map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["access_token", "refresh_token", "expires_in"]);
});

story!(toki_provider_takes_addresses_of_the_own_device_alone, |story| {
    let (story, _provider) = story.with_provider(ON).await;
    for address in [
        "http://localhost.evil",
        "http://127.0.0.1@evil",
        "https://localhost",
        "http://[::ffff:127.0.0.1]",
        "http://localhost/%23x#y",
        "http://127.0.0.1:8085/#",
        "//localhost",
        "javascript:alert(1)",
    ] {
        let query: String = url::form_urlencoded::byte_serialize(address.as_bytes()).collect();
        let answer = story.get(&format!("{BEGIN}{query}")).send().await;
        assert!(answer.header("set-cookie").is_empty());
        is_error(answer, 400, "redirect_uri must be localhost");
    }
});

story!(toki_provider_flow_counts_once_and_for_its_own_browser, |story| {
    let (story, provider) = story.with_provider(ON).await;
    let (_, guest) = linked(&story, &provider, "ada").await;
    let mut jar = CookieJar::default();
    let location = begin(&story, &mut jar, PROGRAM, None).await;
    let back = provider.authorize(&location, &guest, story.now());
    is_error(story.get(back.as_str()).send().await, 400, OF_STATE);
    // Nor does it end elsewhere, where flows of apps do.
    let elsewhere = back.as_str().replace("/auth/callback", "/oauth/sso/id/callback");
    let answer = story.get(&elsewhere).cookies(&jar).send().await.is(302);
    assert!(!answer.header("location").contains("access_token"), "{}", answer.header("location"));
    let kept = jar.clone();
    story.get(back.as_str()).cookies(&jar).send().await.is(307);
    is_error(story.get(back.as_str()).cookies(&kept).send().await, 400, OF_STATE);
    is_error(story.get("/auth/callback?code=x&state=unknown").send().await, 400, OF_STATE);
    is_error(story.get("/auth/callback").send().await, 400, OF_STATE);
    // An app's flow does not end here.
    let mut jar = CookieJar::default();
    let app = story.usual_app().await;
    let location = story.redirect_to_provider(&mut jar, &app, "id").await;
    let back = provider.authorize(&location, &guest, story.now());
    let moved = back.as_str().replace("/oauth/sso/id/callback", "/auth/callback");
    is_error(story.get(&moved).cookies(&jar).send().await, 400, OF_STATE);
    story.follow_callback(&mut jar, &back).await.signed_in();
    // Its time is ten minutes.
    let mut jar = CookieJar::default();
    let location = begin(&story, &mut jar, PROGRAM, None).await;
    story.advance_clock(std::time::Duration::from_secs(601));
    let back = provider.authorize(&location, &guest, story.now());
    is_error(story.get(back.as_str()).cookies(&jar).send().await, 400, OF_STATE);
});

story!(toki_provider_that_refuses_or_lies_signs_nobody_in, |story| {
    let (story, provider) = story.with_provider(OPEN).await;
    let (_, guest) = linked(&story, &provider, "ada").await;
    for defect in IN_THE_TOKEN {
        provider.misbehave(defect);
        eprintln!("{defect:?}");
        is_error(come_back(&story, &provider, &guest, PROGRAM).await, 400, "OIDC error: server_error");
    }
    provider.misbehave(Defect::TokenSlow);
    is_error(come_back(&story, &provider, &guest, PROGRAM).await, 502, "the identity provider does not answer");
    provider.misbehave(None);
    for (sent, told) in [("access_denied", "access_denied"), ("<script>", "server_error")] {
        let mut jar = CookieJar::default();
        let location = begin(&story, &mut jar, PROGRAM, None).await;
        let state = query_of(&location, "state").expect("a state");
        let mut back = Url::parse(&query_of(&location, "redirect_uri").expect("an address")).expect("a URL");
        back.query_pairs_mut().append_pair("error", sent).append_pair("state", &state).append_pair("code", "x");
        back.query_pairs_mut().append_pair("iss", provider.url());
        let answer = story.get(back.as_str()).cookies(&jar).send().await;
        is_error(answer, 400, &format!("OIDC error: {told}"));
        is_error(story.get(back.as_str()).cookies(&jar).send().await, 400, OF_STATE);
    }
});

story!(toki_provider_asks_whom_a_page_sent, |story| {
    let (story, provider) = story.with_provider(ON).await;
    let (_, guest) = linked(&story, &provider, "ada").await;
    for site in ["cross-site", "same-site", "same-origin"] {
        for answer in ["deny", "allow"] {
            let mut jar = CookieJar::default();
            let location = begin(&story, &mut jar, PROGRAM, Some(site)).await;
            let back =
                story.follow_callback(&mut jar, &provider.authorize(&location, &guest, story.now())).await.is(303);
            assert!(!back.header("location").contains("token"), "{}", back.header("location"));
            let place = back.location();
            let flow = query_of(&place, "flow_id").expect("a flow");
            story.get(place.as_str()).send().await.is(400);
            let page = story.get(place.as_str()).cookies(&jar).send().await.is(200);
            jar.keep(&page);
            assert!(page.body.contains("A program on this device asks to sign in as"), "{}", page.body);
            assert!(page.body.contains("@ada") && page.body.contains("just now"), "{}", page.body);
            let token = after(&page.body, "name=\"form_token\" value=\"").to_owned();
            let form = [("flow_id", &*flow), ("answer", answer)];
            // Without the form's token nothing happens, nor for another browser.
            story.post("/auth/oidc/confirm").cookies(&jar).form(&form).send().await.is(422);
            let form = [("form_token", &*token), ("flow_id", &*flow), ("answer", answer)];
            story.post("/auth/oidc/confirm").form(&form).send().await.is(422);
            let done = story.post("/auth/oidc/confirm").cookies(&jar).form(&form).send().await;
            if answer == "deny" {
                assert!(done.is(200).body.contains("You can close this window"));
            } else {
                let done = done.is(303);
                is_secret(&done);
                assert!(opens(&story, &pair(&done.location()).access).await);
            }
            story.post("/auth/oidc/confirm").cookies(&jar).form(&form).send().await.is(400);
        }
    }
    // A program that opens the browser, and the browser's own way, ask nothing.
    for (address, site) in [(PROGRAM, "none"), ("", "cross-site")] {
        let mut jar = CookieJar::default();
        let location = begin(&story, &mut jar, address, Some(site)).await;
        story.follow_callback(&mut jar, &provider.authorize(&location, &guest, story.now())).await.is(307);
    }
});

story!(toki_provider_makes_accounts_where_that_is_allowed, |story| {
    let (story, provider) = story.with_provider(ON).await;
    let guest = ProviderUser::named("Grace");
    is_error(come_back(&story, &provider, &guest, PROGRAM).await, 403, "registration is disabled");
    let setting = tests::misbehaving_provider::entries(&[provider.entry("id", "")]);
    let provided = ("oidc.providers", setting.as_str());
    let settings = [OPEN, &[provided, ("signups.registration", "true")]].concat();
    let story = story.restart(&settings).await;
    let back = come_back(&story, &provider, &guest, PROGRAM).await.is(307);
    assert!(opens(&story, &pair(&back.location()).access).await);
    assert!(is_there(&story, "grace").await);
    come_back(&story, &provider, &guest, PROGRAM).await.is(307);
    // Somebody has that name: the next one is free.
    let other =
        ProviderUser { subject: "other".to_owned(), email: "g2@id.example".to_owned(), ..ProviderUser::named("grace") };
    come_back(&story, &provider, &other, PROGRAM).await.is(307);
    assert!(is_there(&story, "grace2").await);
    // A page sent the browser: the account is there, its tokens are not.
    let mut jar = CookieJar::default();
    let location = begin(&story, &mut jar, PROGRAM, Some("cross-site")).await;
    let third = ProviderUser::named("third");
    story.follow_callback(&mut jar, &provider.authorize(&location, &third, story.now())).await.is(303);
    let settings = [OPEN, &[provided, ("signups.registration", "true"), ("signups.approval", "true")]].concat();
    let story = story.restart(&settings).await;
    let waits = ProviderUser::named("waits");
    is_error(come_back(&story, &provider, &waits, PROGRAM).await, 403, "registration is pending");
    is_error(come_back(&story, &provider, &waits, PROGRAM).await, 403, "registration is pending");
    // Where something would have to be asked, nobody is made.
    let settings = [OPEN, &[provided, ("signups.approval", "false"), ("signups.minimum_age", "16")]].concat();
    let story = story.restart(&settings).await;
    let asked = ProviderUser::named("asked");
    is_error(come_back(&story, &provider, &asked, PROGRAM).await, 403, "registration is disabled");
});

story!(toki_provider_refuses_accounts_that_may_not_act_or_want_more, |story| {
    let (story, provider) = story.with_provider(&[ON, &[("factors.after_sso", "ask")]].concat()).await;
    let (ada, guest) = linked(&story, &provider, "ada").await;
    enrol(&story, &ada).await;
    is_error(come_back(&story, &provider, &guest, PROGRAM).await, 401, "second factor required");
    let story = story.restart(&[("factors.after_sso", "skip")]).await;
    come_back(&story, &provider, &guest, PROGRAM).await.is(307);
    let id = story.account(&ada).await.id;
    story.server().state().accounts.set_standing(&id, Standing::Disabled).await.expect("disabled");
    is_error(come_back(&story, &provider, &guest, PROGRAM).await, 401, "invalid credentials");
    story.server().state().accounts.set_standing(&id, Standing::Pending).await.expect("pending");
    is_error(come_back(&story, &provider, &guest, PROGRAM).await, 403, "registration is pending");
});

story!(toki_provider_is_not_there_unless_it_is_configured, |story| {
    let (story, _provider) = story.with_provider(TOKI).await;
    for path in ["/auth/oidc/authorize", "/auth/callback?code=x&state=y"] {
        is_error(story.get(path).send().await, 404, "OIDC not configured");
    }
    let method = post(&story, "/auth-method", &json!({ "username": "ada" })).await.is(200).json();
    assert_eq!(method, json!({ "method": "password" }));
    let (story, _provider) = story.with_provider(&[ON, &[("native.toki.tokens_in_redirect", "false")]].concat()).await;
    is_error(story.get(BEGIN).send().await, 404, "OIDC not configured");
    assert_eq!(story.get("/auth/info").send().await.json()["oidc_enabled"], json!(false));
});

story!(toki_settings_tell_which_provider_there_is, |story| {
    let (story, _provider) = story.with_provider(ON).await;
    let ada = story.person("ada").await;
    let id = story.account(&ada).await.id;
    story.server().state().accounts.set_role(&id, Role::Admin).await.expect("an admin");
    let tokens = signed_in(&story, &ada).await;
    let settings: Value = get(&story, "/admin/settings", &tokens.access).await.is(200).json();
    assert!(settings["oidc_issuer"].is_string() && settings["oidc_client_id"].is_string(), "{settings}");
    assert!(
        settings["oidc_redirect_uri"].as_str().is_some_and(|place| place.ends_with("/auth/callback")),
        "{settings}"
    );
    assert_eq!(settings["oidc_client_secret_set"], json!(true));
});
