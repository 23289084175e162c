//! Setting off to a provider, and the good way back (Lysand §8, §9.1).

use std::time::Duration;

use tests::misbehaving_provider::{Provider, ProviderUser, entries};
use tests::story;
use tests::story::{CALLBACK, CookieJar, encode, query_of};

use super::linked;

story!(sso_start_with_missing_or_unknown_parameter_is_refused, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let app = story.usual_app().await;
    let start = |pairs: &[(&str, &str)]| story.get(&encode("/oauth/sso", pairs)).send();
    start(&[("client_id", &app.client_id)]).await.is_api_error(422, "Validation error: Required at \"issuer\"");
    for client_id in ["", "undefined"] {
        let answer = start(&[("issuer", "nobody"), ("client_id", client_id)]).await;
        answer.is_login_error("invalid_request", "client_id is required");
    }
    let answer = start(&[("issuer", "nobody"), ("client_id", "nobody")]).await;
    answer.is_login_error("invalid_request", "issuer is invalid");
    let answer = start(&[("issuer", "id"), ("client_id", "nobody"), ("state", "a b")]).await;
    let answer = answer.is_login_error("invalid_request", "client_id is invalid");
    for (name, value) in [("state", "a b"), ("issuer", "id"), ("client_id", "nobody")] {
        assert_eq!(query_of(&answer.location(), name).as_deref(), Some(value), "{name}");
    }
    for (name, value, error, description) in [
        ("redirect_uri", "https://evil.example/", "invalid_request", "Redirect URI does not match client_id"),
        ("scope", "admin:read", "invalid_scope", "Invalid scope"),
        (
            "response_type",
            "token",
            "unsupported_response_type",
            "The authorization server does not support this response type.",
        ),
    ] {
        let path = format!("/oauth/sso?{}&issuer=id", app.authorize_query_with(&[(name, value)]));
        story.get(&path).send().await.is_login_error(error, description);
    }
    let twice = format!("/oauth/sso?{}&issuer=id&issuer=other", app.authorize_query());
    story.get(&twice).send().await.is(422);
    story.call(reqwest::Method::DELETE, "/oauth/sso").send().await.is(405);
    assert_eq!(provider.requests(), [""; 0], "nobody was asked anything");
});

story!(sso_start_redirects_to_provider_with_pkce_and_nonce, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let app = story.usual_app().await;
    let pairs = [("client_id", app.client_id.as_str()), ("issuer", "id")];
    let form = [("client_id", app.client_id.as_str()), ("scope[0]", "read"), ("scope[1]", "write")];
    let own = story.base().to_owned();
    for call in [
        story.get(&encode("/oauth/sso", &pairs)),
        story.post(&encode("/oauth/sso", &pairs)),
        story.post("/oauth/sso").form(&pairs),
        story.post("/oauth/sso/id").form(&form),
        story.post("/oauth/sso/id/").header("origin", &own).form(&pairs),
    ] {
        let answer = call.send().await.is(302);
        let location = answer.location();
        assert!(location.as_str().starts_with(&format!("{}/authorize?tenant=a&", provider.url())), "{location}");
        let callback = format!("{own}/oauth/sso/id/callback");
        for (name, value) in [
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("redirect_uri", callback.as_str()),
            ("code_challenge_method", "S256"),
        ] {
            assert_eq!(query_of(&location, name).as_deref(), Some(value), "{name}");
        }
        for name in ["state", "nonce", "code_challenge"] {
            assert_eq!(query_of(&location, name).map(|value| value.len()), Some(43), "{name}");
        }
        let lines = answer.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let cookie = lines.into_iter().find(|line| line.starts_with("sso_")).expect("a binding cookie").to_owned();
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
            assert!(cookie.contains(attribute), "{attribute} in {cookie}");
        }
        assert!(answer.header("cache-control").contains("no-store"));
    }
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        story.post("/oauth/sso/id").header(name, value).form(&pairs).send().await.is(403);
    }
});

story!(sso_sign_in_keeps_the_authorization_request, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let ask = ada.app.authorize_query_with(&[
        ("scope", "read"),
        ("state", "a+b c&d=ü"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("nonce", "n-1"),
    ]);
    let answer = story.get(&format!("/oauth/sso?{ask}&issuer=id")).send().await.is(302);
    ada.jar.keep(&answer);
    assert!(!answer.header("location").contains("n-1"), "the app's nonce is not the provider's business");
    let back = provider.authorize(&answer.location(), &ada.guest, story.now());
    provider.requests();
    let answer = story.follow_callback(&mut ada.jar, &back).await;
    let consent = answer.signed_in().consent;
    for (name, value) in [
        ("redirect_uri", CALLBACK),
        ("client_id", &ada.app.client_id),
        ("application", "Story App"),
        ("website", ""),
        ("scope", "read"),
        ("response_type", "code"),
        ("state", "a+b c&d=ü"),
        ("code_challenge", challenge),
        ("code_challenge_method", "S256"),
        ("nonce", "n-1"),
    ] {
        assert_eq!(query_of(&consent, name).as_deref(), Some(value), "{name}");
    }
    let cookie = answer.set_cookie("jwt").expect("a session cookie");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
    assert!(!ada.jar.has("sso_"), "the binding cookie has done its work");
    assert_eq!(provider.requests(), ["token", "userinfo"], "the document and the keys were known");
    // Signed in is not consented to.
    let pending = answer.signed_in();
    story.redeem(&ada.app, &pending.code).await.is(400);
    let page = story.get(consent.as_str()).cookies(&ada.jar).send().await.is(200);
    assert!(page.body.contains("@ada"), "{}", page.body);
});

story!(provider_sign_in_with_existing_session_ends_old_session, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let first = story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
    story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
    story.decide(&first, &ada.app).await.is_login_error("invalid_request", "Invalid JWT, could not verify");
});

story!(sso_start_without_redirect_uri_or_scope_uses_registration, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let pairs = [("client_id", ada.app.client_id.as_str()), ("issuer", "id")];
    let answer = story.get(&encode("/oauth/sso", &pairs)).send().await.is(302);
    ada.jar.keep(&answer);
    let back = provider.authorize(&answer.location(), &ada.guest, story.now());
    let consent = story.follow_callback(&mut ada.jar, &back).await.signed_in().consent;
    assert_eq!(query_of(&consent, "redirect_uri").as_deref(), Some(CALLBACK));
    assert_eq!(query_of(&consent, "scope").as_deref(), Some("read write"));
    let two = story.app("https://a.example/1 https://a.example/2", "read").await;
    let answer = story.get(&encode("/oauth/sso", &[("client_id", &two.client_id), ("issuer", "id")])).send().await;
    answer.is_login_error("invalid_request", "Redirect URI does not match client_id");
});

story!(provider_callback_query_setting_adds_hints_to_redirect_uri, |story| {
    let provider = Provider::start().await;
    let setting = entries(&[provider.entry("id", ", callback = \"query\"")]);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let location = story.redirect_to_provider(&mut ada.jar, &ada.app, "id").await;
    let callback = url::Url::parse(&query_of(&location, "redirect_uri").expect("a redirect_uri")).expect("a URL");
    assert_eq!(query_of(&callback, "client_id").as_deref(), Some(ada.app.client_id.as_str()));
    assert!(query_of(&callback, "flow_id").is_some());
    story.follow_callback(&mut ada.jar, &provider.authorize(&location, &ada.guest, story.now())).await.signed_in();
    let location = story.start_link(&mut ada.jar, &ada.token, "id").await;
    let callback = query_of(&location, "redirect_uri").expect("a redirect_uri");
    assert!(callback.contains("link=true&user_id="), "{callback}");
});

story!(sso_start_over_rate_limit_returns_429, &[("ratelimit.enabled", "true")], |story| {
    let (story, _provider) = story.with_provider(&[]).await;
    let app = story.usual_app().await;
    let path = format!("/oauth/sso?{}&issuer=id", app.authorize_query());
    for _ in 0..20 {
        story.get(&path).send().await.is(302);
    }
    let answer = story.get(&path).send().await.is(429);
    assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|wait| wait >= 1));
    let page = story.get(&path).header("accept", "text/html").send().await.is(429);
    assert!(page.header("content-type").starts_with("text/html"));
    story.advance_clock(Duration::from_secs(60));
    story.get(&path).send().await.is(302);
});

story!(provider_list_is_shown_in_api_and_on_login_page, |story| {
    let provider = Provider::start().await;
    let icon = "https://id.example/logo.svg";
    let setting =
        entries(&[provider.entry("one", &format!(", icon = \"{icon}\"")), Provider::start().await.entry("two", "")]);
    let story = story.restart(&[("oidc.providers", &setting)]).await;
    let one = serde_json::json!({ "id": "one", "name": "The one", "icon": icon });
    let two = serde_json::json!({ "id": "two", "name": "The two" });
    let offered = serde_json::json!([one, two]);
    let answer = story.get("/oauth/providers").send().await.is(200);
    assert_eq!(answer.json(), offered);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    for path in ["/api/v1/instance", "/api/v2/instance"] {
        let body = story.get(path).send().await.is(200).json();
        assert_eq!(body["sso"], serde_json::json!({ "forced": false, "providers": offered }), "{path}");
    }
    let app = story.usual_app().await;
    let page =
        story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&[("state", "s")]))).send().await.is(200);
    for id in ["one", "two"] {
        let wanted = format!("scope=read+write&state=s&issuer={id}\"");
        assert!(page.markup().contains(&wanted), "{wanted} is not in {}", page.markup());
    }
    assert!(!page.body.contains("id.example"), "nothing is loaded from elsewhere");
});

/// A port that nobody listens on.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

story!(provider_icon_on_login_page_is_shown_when_it_is_ours_alone, |story| {
    let port = free_port();
    let own = format!("http://localhost:{port}");
    let icons = [
        ("own", format!("{own}/assets/avatar.svg")),
        ("foreign", "https://id.example/logo.svg".to_owned()),
        ("sibling", format!("http://localhost.id.example:{port}/logo.svg")),
        ("user", format!("http://localhost:{port}@id.example/logo.svg")),
        ("none", String::new()),
    ];
    let mut all = Vec::new();
    let mut others = Vec::new();
    for (id, icon) in &icons {
        let other = Provider::start().await;
        all.push(other.entry(id, &format!(", icon = \"{icon}\"")));
        others.push(other);
    }
    let (setting, bind) = (entries(&all), port.to_string());
    let story =
        story.restart(&[("oidc.providers", &setting), ("http.base_url", &own), ("http.bind_port", &bind)]).await;
    let app = story.usual_app().await;
    let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).send().await.is(200);
    let links: Vec<&str> = page.body.split("<li>").filter(|item| item.contains("issuer=")).collect();
    assert_eq!(links.len(), icons.len(), "{}", page.body);
    for (link, (id, icon)) in links.iter().zip(&icons) {
        assert!(link.contains(&format!("issuer={id}\"")) && link.matches("<img ").count() == 1, "{link}");
        assert_eq!(link.contains(icon.as_str()), matches!(*id, "own" | "none"), "{id}: {link}");
        assert_eq!(link.contains("/assets/provider.svg"), *id != "own", "the usual one in its place: {link}");
    }
    assert!(!page.body.contains("id.example"), "nothing is loaded from elsewhere");
});

story!(sso_forced_setting_disables_password_login, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let mut ada = linked(&story, &provider, "ada").await;
    let story = story.restart(&[("oidc.forced", "true")]).await;
    let why =
        "Logging in with a password is disabled by the administrator. Please use a valid OpenID Connect provider.";
    let person = tests::Person::named("ada");
    let answer = story.log_in(&ada.app.authorize_query(), &person.username, &person.password).await;
    answer.is_login_error("invalid_request", why);
    let body = story.get("/api/v2/instance").send().await.is(200).json();
    assert_eq!(body["sso"]["forced"], true);
    let page = story.get(&format!("/oauth/authorize?{}", ada.app.authorize_query())).send().await.is(200);
    assert!(!page.body.contains("type=\"password\"") && page.body.contains("The id"));
    story.sign_in_at(&mut ada.jar, &ada.app, &provider, &ada.guest).await.signed_in();
    // The password is no way in here, so the link is the last one.
    let answer = story.call(reqwest::Method::DELETE, "/api/v1/sso/id").bearer(&ada.token).send().await.is(409);
    assert!(answer.json()["error"].is_string());
});

story!(provider_sign_in_with_same_email_but_no_link_is_refused, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let person = story.person("ada").await;
    let app = story.usual_app().await;
    // The same name and the same confirmed address prove nothing (security RP-6).
    let guest = ProviderUser { email: person.email.clone(), ..ProviderUser::named("ada") };
    let answer = story.sign_in_at(&mut CookieJar::default(), &app, &provider, &guest).await;
    answer.is_login_error("invalid_request", "No user found with that account");
});
