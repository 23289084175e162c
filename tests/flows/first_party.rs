//! Apps of the server's own: nobody is asked about them, and nobody makes one from outside (Mastodon §5.4, §16).

use lysand_auth::flows::apps;
use lysand_auth::flows::apps::Registration;
use serde_json::json;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{App, CALLBACK, CookieJar, SignedIn, Story, query_of};

use crate::token::{CHALLENGE, VERIFIER};

const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";
const PAGE: &str = "/oauth/authorized_applications";

/// An app that the operator flagged.
pub(crate) async fn own_app(story: &Story, redirect_uris: &str) -> App {
    let mut wanted = Registration::default();
    wanted.name = Some("House".into());
    wanted.redirect_uris = vec![redirect_uris.into()];
    wanted.scopes = Some("read write".into());
    let made = apps::register_first_party(&story.server().state().auth, wanted).await.expect("an app");
    assert!(made.app.first_party);
    App {
        client_id: made.app.client_id,
        client_secret: made.secret.expect("a secret").expose().to_owned(),
        redirect_uri: redirect_uris.split_whitespace().next().unwrap_or_default().to_owned(),
        scopes: "read write".into(),
    }
}

/// Signs in for an app that is not of the server's own.
async fn signed_in(story: &Story) -> SignedIn {
    story.sign_in(&story.person("ada").await, &story.usual_app().await).await
}

story!(first_party_app_with_session_skips_consent, |story| {
    let (signed_in, app) = (signed_in(&story).await, own_app(&story, CALLBACK).await);
    for changes in [
        vec![],
        vec![("force_login", "true")],
        vec![("prompt", "none")],
        vec![("prompt", "consent")],
        vec![("scope", "read:accounts")],
    ] {
        let path =
            format!("/oauth/authorize?{}", app.authorize_query_with(&[&changes[..], &[("state", "s")]].concat()));
        let location = story.get(&path).session(&signed_in).send().await.is(302).location();
        assert!(location.as_str().starts_with("https://app.example/callback?code="), "{changes:?}: {location}");
        assert_eq!(query_of(&location, "state").as_deref(), Some("s"));
        let code = query_of(&location, "code").expect("a code");
        let scope = story.redeem(&app, &code).await.is(200).json()["scope"].clone();
        assert_eq!(scope, if changes == [("scope", "read:accounts")] { "read:accounts" } else { "read write" });
    }
});

story!(first_party_app_without_session_still_requires_login, |story| {
    let app = own_app(&story, CALLBACK).await;
    for changes in [vec![], vec![("prompt", "none")], vec![("force_login", "true")]] {
        let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&changes))).send().await.is(200);
        assert!(page.body.contains("name=\"password\""), "{changes:?}");
    }
    let signed_in = signed_in(&story).await;
    for (name, value) in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "0"), ("error", "x")] {
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[(name, value), ("force_login", "true")]));
        let page = story.get(&path).session(&signed_in).send().await.is(200);
        assert!(page.body.contains("name=\"password\"") && page.body.contains("ada"), "{name}={value}");
    }
    let sign_out = story.post("/api/auth/mastodon-logout").session(&signed_in);
    sign_out.send().await.is(303);
    story.get(&format!("/oauth/authorize?{}", app.authorize_query())).session(&signed_in).send().await.is(200);
});

story!(first_party_login_redirects_to_app_with_code, |story| {
    let (ada, app) = (story.person("ada").await, own_app(&story, CALLBACK).await);
    let query = app.authorize_query_with(&[("state", "s"), ("nonce", "n"), ("response_mode", "fragment")]);
    story
        .log_in(&query, &ada.username, "wrong")
        .await
        .is_login_error("invalid_grant", "Invalid identifier or password");
    let answer = story.log_in(&app.authorize_query_with(&[("state", "s")]), &ada.username, &ada.password).await.is(302);
    let location = answer.location();
    assert!(location.as_str().starts_with("https://app.example/callback?code="), "{location}");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let cookie = answer.cookie("jwt").expect("a session");
    let code = query_of(&location, "code").expect("a code");
    let body = story.redeem(&app, &code).await.is(200).json();
    story.verify(body["access_token"].as_str().expect("a token")).await.is(200);
    let browser = SignedIn { cookie, code, consent: location };
    story.get("/oauth/authorized_applications.json").session(&browser).send().await.is(200);

    let location = story.log_in(&query, &ada.username, &ada.password).await.is(302).location();
    assert!(location.fragment().is_some_and(|answer| answer.starts_with("code=")), "{location}");
    // The code of a sign-in lives no longer than any other.
    let answer = story.log_in(&app.authorize_query(), &ada.username, &ada.password).await.is(302);
    let late = query_of(&answer.location(), "code").expect("a code");
    story.advance_clock(std::time::Duration::from_secs(61));
    story.redeem(&app, &late).await.is(400);
});

story!(first_party_provider_sign_in_redirects_to_app_with_code, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, own_app(&story, CALLBACK).await);
    let (token, guest, mut jar) =
        (story.token(&ada, &story.usual_app().await).await, ProviderUser::named("ada"), CookieJar::default());
    story.link_at(&mut jar, &token, &provider, &guest).await.is_linked();
    let mut fresh = CookieJar::default();
    let location = story.sign_in_at(&mut fresh, &app, &provider, &guest).await.is(302).location();
    assert!(location.as_str().starts_with("https://app.example/callback?code="), "{location}");
    assert!(fresh.get("jwt").is_some(), "signed in");
    story.redeem(&app, &query_of(&location, "code").expect("a code")).await.is(200);
    let third_party =
        story.sign_in_at(&mut CookieJar::default(), &app, &provider, &ProviderUser::named("eve")).await.is(302);
    assert_eq!(query_of(&third_party.location(), "code"), None, "{}", third_party.location());
});

story!(first_party_continue_sign_in_skips_consent, |story| {
    let (signed_in, app) = (signed_in(&story).await, own_app(&story, CALLBACK).await);
    let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("prompt", "select_account")]));
    let page = story.get(&path).session(&signed_in).send().await.is(200);
    let (markup, form) = (page.markup(), page.cookie("form").expect("the form's cookie"));
    let part = |before: &str| markup.split(before).nth(1).and_then(|rest| rest.split('"').next()).expect("there");
    let (action, token) = (
        format!("/oauth/authorize/continue?{}", part("/oauth/authorize/continue?")),
        part("name=\"form_token\" value=\""),
    );
    let post = || story.post(&action).header("cookie", &format!("jwt={}; form={form}", signed_in.cookie));
    post().form(&[("form_token", "guessed")]).send().await.is(422);
    let location = post().form(&[("form_token", token)]).send().await.is(302).location();
    assert!(location.as_str().starts_with("https://app.example/callback?code="), "{location}");
});

story!(first_party_code_goes_only_to_registered_redirect_uri, |story| {
    let (signed_in, app) =
        (signed_in(&story).await, own_app(&story, &format!("{CALLBACK} {OOB} com.example.house://cb")).await);
    for elsewhere in ["", "https://evil.example/", "https://app.example/callback/", "https://app.example/callback?x=1"]
    {
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("redirect_uri", elsewhere)]));
        let page = story.get(&path).session(&signed_in).send().await.is(400);
        assert!(page.headers.get("location").is_none(), "{elsewhere}");
        let person = tests::Person::named("ada");
        let answer = story
            .log_in(&app.authorize_query_with(&[("redirect_uri", elsewhere)]), &person.username, &person.password)
            .await;
        assert_eq!(answer.cookie("jwt"), None, "{elsewhere}");
        assert!(!answer.header("location").contains("code="), "{elsewhere}");
    }
    for (uri, begin) in [
        (OOB, format!("{}/oauth/authorize/native?code=", story.base())),
        ("com.example.house://cb", "com.example.house://cb?code=".into()),
    ] {
        let path = format!("/oauth/authorize?{}", app.authorize_query_with(&[("redirect_uri", uri)]));
        let location = story.get(&path).session(&signed_in).send().await.is(302).location();
        assert!(location.as_str().starts_with(&begin), "{location}");
        // The code is good for that address and no other.
        let code = query_of(&location, "code").expect("a code");
        story.redeem(&app, &code).await.is(400);
        let there = App { redirect_uri: uri.into(), ..app.clone() };
        story.redeem(&there, &code).await.is(200);
    }
    let wide = story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&[("scope", "admin:read")])));
    let location = wide.session(&signed_in).send().await.is(302).location();
    assert_eq!(query_of(&location, "error").as_deref(), Some("invalid_scope"));
});

/// A registration with the flag in every shape that somebody might try, by name and value.
const ATTEMPTS: [(&str, &str); 12] = [
    ("first_party", "true"),
    ("first_party", "1"),
    ("first-party", "true"),
    ("firstParty", "true"),
    ("superapp", "true"),
    ("superapp", "1"),
    ("app[first_party]", "true"),
    ("app[superapp]", "1"),
    ("doorkeeper_application[superapp]", "true"),
    ("first_party[]", "true"),
    ("trusted", "true"),
    ("confidential", "true"),
];

/// Demands that a person is asked about the app with this entity.
async fn is_asked_about(story: &Story, signed_in: &SignedIn, body: &serde_json::Value, how: &str) {
    for key in ["first_party", "superapp"] {
        assert_eq!(body.get(key), None, "{how}");
    }
    let app = App {
        client_id: body["client_id"].as_str().expect("a client_id").to_owned(),
        client_secret: String::new(),
        redirect_uri: CALLBACK.into(),
        scopes: "read".into(),
    };
    let more = [
        ("first_party", "true"),
        ("superapp", "true"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let path = format!("/oauth/authorize?{}", app.authorize_query_with(&more));
    let location = story.get(&path).session(signed_in).send().await.is(302).location();
    assert_eq!(location.path(), "/oauth/consent", "{how}");
}

story!(app_registration_cannot_set_first_party_flag, |story| {
    let signed_in = signed_in(&story).await;
    for (name, value) in ATTEMPTS {
        let base = [("client_name", "X"), ("redirect_uris", CALLBACK), ("scopes", "read")];
        let form = [&base[..], &[(name, value)]].concat();
        let query = tests::story::encode("/api/v1/apps", &[(name, value)]);
        for call in [
            story.post("/api/v1/apps").form(&form),
            story.post("/api/v1/apps").multipart(&form),
            story
                .post("/api/v1/apps")
                .json(&form.iter().copied().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect()),
            story.post(&query).form(&base),
        ] {
            is_asked_about(&story, &signed_in, &call.send().await.is(200).json(), name).await;
        }
        let public = [&form[..], &[("token_endpoint_auth_method", "none")]].concat();
        let body = story.post("/api/v1/apps").form(&public).send().await.is(200).json();
        is_asked_about(&story, &signed_in, &body, name).await;
    }
    for flag in [json!(true), json!("true"), json!(1), json!([true]), json!({ "value": true })] {
        for name in ["first_party", "superapp"] {
            let mut body =
                json!({ "client_name": "X", "redirect_uris": [CALLBACK], "scope": "read", "scopes": "read" });
            body[name] = flag.clone();
            body["software_statement"] = json!({ name: flag });
            for (path, status) in [("/api/v1/apps", 200), ("/oauth/register", 201)] {
                let made = story.post(path).header("x-first-party", "true").json(&body).send().await.is(status).json();
                is_asked_about(&story, &signed_in, &made, &format!("{path}: {body}")).await;
            }
        }
    }
    let all = apps::list(&story.server().state().auth).await.expect("apps");
    assert!(all.len() > 70 && all.iter().all(|app| !app.first_party && !app.skips_consent()));
});

story!(first_party_registration_of_public_app_is_refused, |story| {
    let auth = &story.server().state().auth;
    let mut wanted = Registration::default();
    wanted.name = Some("House".into());
    wanted.redirect_uris = vec![CALLBACK.into()];
    wanted.auth_method = Some("none".into());
    let refused = apps::register_first_party(auth, wanted).await.expect_err("refused");
    assert!(refused.to_string().contains("secret"), "{refused}");
    assert_eq!(apps::list(auth).await.expect("apps").len(), 0);
});

story!(first_party_code_with_pkce_requires_code_verifier, |story| {
    let (signed_in, app) = (signed_in(&story).await, own_app(&story, CALLBACK).await);
    let query = app.authorize_query_with(&[("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]);
    let location = story.get(&format!("/oauth/authorize?{query}")).session(&signed_in).send().await.is(302).location();
    let code = query_of(&location, "code").expect("a code");
    story.redeem(&app, &code).await.is(400);
    let form = [app.code_form(&code), vec![("code_verifier", VERIFIER)]].concat();
    story.post("/oauth/token").form(&form).send().await.is(200);
});

story!(first_party_code_requested_while_sessions_end_is_invalid, |story| {
    let (signed_in, app) = (signed_in(&story).await, own_app(&story, CALLBACK).await);
    let account = story.account(&tests::Person::named("ada")).await;
    let auth = story.server().state().auth.clone();
    let path = format!("/oauth/authorize?{}", app.authorize_query());
    let asks = (0..8).map(|_| story.get(&path).session(&signed_in).send());
    let end = lysand_auth::flows::sessions::end_all(&auth, &account.id);
    let (ended, asked) = futures_util::future::join(end, futures_util::future::join_all(asks)).await;
    ended.expect("ended");
    for answer in asked {
        if answer.status == 302 {
            let code = query_of(&answer.location(), "code").expect("a code");
            story.redeem(&app, &code).await.is(400);
        }
    }
});

story!(authorized_applications_page_lists_first_party_app_without_remove_button, |story| {
    let (ada, own, other) = (story.person("ada").await, own_app(&story, CALLBACK).await, story.usual_app().await);
    let answer = story.log_in(&own.authorize_query(), &ada.username, &ada.password).await.is(302);
    let code = query_of(&answer.location(), "code").expect("a code");
    let body = story.redeem(&own, &code).await.is(200).json();
    let token = body["access_token"].as_str().expect("a token");
    let browser = story.sign_in(&ada, &other).await;
    let page = story.get(PAGE).session(&browser).send().await.is(200);
    assert!(page.body.contains("House") && page.body.contains("part of this server"), "{}", page.body);
    assert!(!page.markup().contains(&format!("{PAGE}/")), "nothing to press: {}", page.body);
    story.token(&ada, &other).await;
    let page = story.get(PAGE).session(&browser).send().await.is(200);
    assert_eq!(page.markup().matches(&format!("action=\"{PAGE}/")).count(), 1, "the other one can go: {}", page.body);

    // Programs see it as in Mastodon, and ending access is refused to nobody.
    let list = story.get(&format!("{PAGE}.json")).session(&browser).send().await.is(200).json();
    let entry =
        list.as_array().expect("a list").iter().find(|entry| entry["name"] == "House").expect("it is listed").clone();
    assert_eq!(entry.as_object().map(|entry| entry.len()), Some(3), "{entry}");
    let path = format!("{PAGE}/{}.json", entry["id"].as_str().expect("an id"));
    story.call(reqwest::Method::DELETE, &path).session(&browser).send().await.is(204);
    story.verify(token).await.is(401);
});
