//! The language of the pages (Mastodon §5.1): `lang`, then the account's, then `Accept-Language`, then English.

mod account;
mod demo;
mod reference_server;

use tests::story;
use tests::story::{App, CALLBACK, Response, SignedIn, Story, encode, query_of};

const OUT_OF_BAND: &str = "urn:ietf:wg:oauth:2.0:oob";

/// Demands a page in a language, and the headers that go with it.
#[track_caller]
fn speaks(page: &Response, language: &str, words: &str) {
    assert_eq!(page.header("content-language"), language, "{}", page.body);
    assert_eq!(page.header("vary"), "Accept-Language, Cookie");
    assert!(page.body.contains(&format!("<html lang=\"{language}\">")), "{}", page.body);
    assert!(page.body.contains(words), "no “{words}” in {}", page.body);
}

/// The way of one sign-in in German, up to the consent page.
async fn consent_in_german(story: &Story, app: &App) -> SignedIn {
    let person = story.person("ada").await;
    story.sign_in_with(&person, &app.authorize_query_with(&[("lang", "de"), ("state", "s")])).await
}

/// The address in an attribute such as `action="…"` behind which `path` stands.
fn address(page: &Response, attribute: &str, path: &str) -> String {
    let (markup, opening) = (page.markup(), format!("{attribute}=\""));
    let found = markup.split(&opening).skip(1).filter_map(|rest| rest.split('"').next());
    found
        .into_iter()
        .find(|address| address.contains(path))
        .unwrap_or_else(|| panic!("no {path} in {markup}"))
        .to_owned()
}

story!(page_language_follows_lang_then_accept_language, |story| {
    let app = story.usual_app().await;
    let (de, fr, es, en) = ("Benutzername oder E-Mail", "Mot de passe", "Contraseña", "Username or e-mail");
    for (lang, accept, language, words) in [
        ("", "", "en", en),
        ("de", "", "de", de),
        ("de", "fr", "de", de),
        ("", "fr", "fr", fr),
        ("", "es-MX, en;q=0.9", "es", es),
        ("de-AT", "fr", "de", de),
        ("de_AT", "", "de", de),
        ("tlh", "fr", "fr", fr),
        ("None", "", "en", en),
        ("", "tlh, da;q=0.9, es;q=0.2, fr;q=0.4", "fr", fr),
        ("", "en-GB, de;q=0.9", "en", en),
        ("", "de;q=0, fr;q=nonsense, ;;,,*", "en", en),
        ("\"><script>", "de", "de", de),
    ] {
        let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query_with(&[("lang", lang)])));
        let page = if accept.is_empty() { page } else { page.header("accept-language", accept) };
        speaks(&page.send().await.is(200), language, words);
    }
    let head =
        story.call(reqwest::Method::HEAD, &format!("/oauth/authorize?{}", app.authorize_query_with(&[("lang", "de")])));
    assert_eq!(head.send().await.is(200).header("content-language"), "de");
});

story!(login_with_wrong_password_keeps_page_language, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let wrong = story.log_in(&app.authorize_query_with(&[("lang", "de")]), &person.username, "wrong").await;
    let login = wrong.is_login_error("invalid_grant", "Invalid identifier or password").location();
    assert_eq!(query_of(&login, "lang").as_deref(), Some("de"));
    let page = story.get(login.as_str()).send().await.is(200);
    speaks(&page, "de", "Benutzername, E-Mail oder Passwort ist falsch");
    assert!(page.body.contains("<title>Fehler: Anmelden"), "{}", page.body);
    let action = address(&page, "action", "/api/auth/login");
    let form = [("identifier", person.username.as_str()), ("password", &person.password)];
    let consent = story.post(&action).form(&form).send().await.is(302).location();
    assert_eq!(query_of(&consent, "lang").as_deref(), Some("de"));
});

story!(out_of_band_flow_keeps_language_on_every_page, |story| {
    let app = story.app(OUT_OF_BAND, "read write:media").await;
    let signed_in = consent_in_german(&story, &app).await;
    let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200);
    speaks(&page, "de", "Darf diese App Ihr Konto verwenden?");
    for words in [
        "Alles in Ihrem Konto",
        "Alles sehen, was Sie sehen können, auch private Nachrichten.",
        "Bilder, Videos und Töne hochladen.",
        "Nur lesen",
        "Sie bekommen einen Code",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }

    let switch = address(&page, "href", "prompt=select_account");
    let again = story.get(&switch).session(&signed_in).send().await.is(200);
    speaks(&again, "de", "Bereits angemeldet");
    assert!(again.body.contains("Als <bdi>@ada</bdi> fortfahren"), "{}", again.body);

    let allow = address(&page, "action", "/api/auth/redirect");
    let code = story.post(&allow).session(&signed_in).send().await.is(302).location();
    assert_eq!(query_of(&code, "lang").as_deref(), Some("de"));
    let page = story.get(code.as_str()).session(&signed_in).send().await.is(200);
    speaks(&page, "de", "Kopieren Sie diesen Code");
    assert!(page.body.contains("data-copied=\"Kopiert.\""), "{}", page.body);
});

story!(error_and_denial_pages_keep_request_language, |story| {
    let app = story.app(OUT_OF_BAND, "read").await;
    let signed_in = consent_in_german(&story, &app).await;
    let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200);
    let deny = address(&page, "action", "/oauth/authorize");
    let form = [
        ("_method", "delete"),
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", OUT_OF_BAND),
        ("response_type", "code"),
        ("code", &signed_in.code),
    ];
    let page = story.post(&deny).session(&signed_in).form(&form).send().await.is(403);
    speaks(&page, "de", "Sie haben abgelehnt");
    assert!(page.body.contains("The resource owner or authorization server denied the request."), "for developers");

    let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(400);
    speaks(&page, "de", "Diese Anfrage ist abgeschlossen");
    let page = story.get("/oauth/authorize?client_id=nobody&response_type=code&lang=fr").send().await;
    speaks(&page, "fr", "Cette application");
    let stale = story.post(&format!("/oauth/authorize/continue?{}", app.authorize_query_with(&[("lang", "es")])));
    speaks(&stale.session(&signed_in).send().await.is(422), "es", "Esta página es demasiado antigua");
});

story!(
    login_rate_limit_page_is_in_request_language,
    &[("ratelimit.enabled", "true"), ("ratelimit.login_address.max", "1")],
    |story| {
        let app = story.usual_app().await;
        let query = app.authorize_query_with(&[("lang", "de")]);
        story.log_in(&query, "nobody", "wrong").await.is(302);
        let form = [("identifier", "nobody"), ("password", "wrong")];
        let post = || story.post(&format!("/api/auth/login?{query}")).form(&form);
        let page = post().header("accept", "text/html").send().await.is(429);
        speaks(&page, "de", "Zu viele Anmeldeversuche. Bitte warten Sie");
        let json = post().header("accept-language", "de").send().await;
        json.is_api_error(429, "Too many attempts to sign in. Please wait before trying again.");
    }
);

story!(form_post_response_page_is_in_request_language, |story| {
    let app = story.usual_app().await;
    let person = story.person("ada").await;
    let query = app.authorize_query_with(&[("lang", "fr"), ("response_mode", "form_post")]);
    let signed_in = story.sign_in_with(&person, &query).await;
    let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200);
    let allow = address(&page, "action", "/api/auth/redirect");
    let page = story.post(&allow).session(&signed_in).send().await.is(200);
    speaks(&page, "fr", "Retour à l’application");
});

story!(api_and_redirect_errors_ignore_requested_language, |story| {
    let app = story.usual_app().await;
    story.approve(&app).await;
    let german = |call: tests::story::Request| call.header("accept-language", "de");
    let answer = german(story.get("/api/v1/accounts/verify_credentials?lang=de")).send().await;
    answer.is_api_error(401, "The access token is invalid");
    let refused =
        german(story.post("/oauth/token?lang=de")).form(&app.code_form("nothing")).send().await.is(400).json();
    assert!(refused["error_description"].as_str().expect("a text").starts_with("The provided authorization grant"));
    // An app reads what it is sent back with.
    let query = app.authorize_query_with(&[("lang", "de"), ("scope", "nonsense")]);
    let back = story.get(&format!("/oauth/authorize?{query}")).send().await.is(302).location();
    let described = query_of(&back, "error_description").expect("a description");
    assert_eq!(described, "The requested scope is invalid, unknown, or malformed.");
    assert_eq!(query_of(&back, "lang"), None, "our parameter is no business of the app");
});

story!(hostile_app_name_is_escaped_in_every_language, |story| {
    let person = story.person("ada").await;
    let name = "<img src=x>{} {{ 1 }}";
    let form = [("client_name", name), ("redirect_uris", CALLBACK)];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    let app = App {
        client_id: body["client_id"].as_str().expect("an id").into(),
        client_secret: body["client_secret"].as_str().expect("a secret").into(),
        redirect_uri: CALLBACK.into(),
        scopes: "read".into(),
    };
    for lang in ["en", "de", "fr", "es"] {
        let signed_in = story.sign_in_with(&person, &app.authorize_query_with(&[("lang", lang)])).await;
        let hostile = [("lang", lang), ("error", "x"), ("error_description", "Back to <b>Request 555</b>.")];
        for path in [format!("/oauth/authorize?{}", app.authorize_query_with(&hostile)), signed_in.consent.to_string()]
        {
            let page = story.get(&path).session(&signed_in).send().await.is(200);
            assert_eq!(page.header("content-language"), lang);
            assert!(page.body.contains("&lt;img src=x&gt;{} {{ 1 }}"), "{}", page.body);
            assert!(!page.body.contains("<img src=x") && !page.body.contains("Request 555"), "{}", page.body);
        }
    }
});

story!(
    frontend_redirect_carries_lang_parameter,
    &[("frontend.mode", "redirect"), ("frontend.url", "https://web.example")],
    |story| {
        let app = story.usual_app().await;
        let ask = encode("/oauth/authorize", &[("client_id", &app.client_id), ("redirect_uri", CALLBACK)]);
        let ask = format!("{ask}&response_type=code&lang=de");
        let page = story.get(&ask).send().await.is(302).location();
        assert_eq!(page.host_str(), Some("web.example"));
        assert_eq!(query_of(&page, "lang").as_deref(), Some("de"));
        // What the frontend does not show comes from our own pages, for the same reader.
        let (ada, by_hand) = (story.person("ada").await, story.app("urn:ietf:wg:oauth:2.0:oob", "read").await);
        let signed_in = story.sign_in(&ada, &by_hand).await;
        let code = story.consent(&signed_in, &by_hand).await;
        let page = story.get(&format!("/oauth/code?code={code}&lang=de")).session(&signed_in).send().await.is(200);
        speaks(&page, "de", "Ihr Code");
    }
);
