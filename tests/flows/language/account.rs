//! The language that a person chose for their account: after `lang`, before the browser's (Mastodon §5.1).

use lysand_auth::host::accounts::Language;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{App, CookieJar, Response, SignedIn, Story, encode, query_of};
use url::Url;

use super::{OUT_OF_BAND, address, speaks};

const PATH: &str = "/account/language";

/// A browser in which somebody is signed in, and its open page `/account` with the token of its forms.
async fn at_home(story: &Story, signed_in: &SignedIn) -> (CookieJar, String) {
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &signed_in.cookie);
    let page = story.get("/account").cookies(&jar).send().await.is(200);
    jar.keep(&page);
    let (_, rest) = page.body.split_once("name=\"form_token\" value=\"").expect("a form");
    (jar, rest.split('"').next().expect("a value").to_owned())
}

async fn choose(story: &Story, (jar, token): &(CookieJar, String), language: &str) -> Response {
    let form = [("form_token", token.as_str()), ("language", language)];
    story.post(PATH).cookies(jar).header("origin", story.base()).form(&form).send().await
}

#[track_caller]
fn ends_with(answer: Response, notice: &str) {
    assert_eq!(answer.is(303).location().query(), Some(format!("notice={notice}").as_str()));
}

/// What the accounts keep.
async fn kept(story: &Story) -> Option<String> {
    let account = story.account(&tests::Person::named("ada")).await;
    account.language.as_ref().map(Language::as_str).map(str::to_owned)
}

/// Ada, who chose German, asked by an app.
async fn german(story: &Story, app: &App) -> (SignedIn, (CookieJar, String)) {
    let ada = story.person("ada").await;
    let signed_in = story.sign_in(&ada, app).await;
    let home = at_home(story, &signed_in).await;
    ends_with(choose(story, &home, "de").await, "language");
    (signed_in, home)
}

story!(account_language_change_requires_form_token_and_known_language, |story| {
    let (_, home) = german(&story, &story.usual_app().await).await;
    let (jar, token) = &home;
    let form = [("form_token", token.as_str()), ("language", "fr")];
    let post = || story.post(PATH).cookies(jar);
    post().header("origin", "https://evil.example").form(&form).send().await.is(403);
    post().header("sec-fetch-site", "same-site").form(&form).send().await.is(403);
    for old in [&form[1..], &[("form_token", "guessed"), ("language", "fr")]] {
        let answer = post().form(old).send().await.is(303);
        assert!(answer.header("location").ends_with("/account?notice=old"), "{}", answer.header("location"));
    }
    post().body("text/plain", "language=fr").send().await.is(415);
    post().form(&[form[0], form[1], ("language", "es")]).send().await.is(400);
    post().form(&[form[0], ("language", &"de".repeat(50_000))]).send().await.is(413);
    for no_text in ["de\0", "\0"] {
        post().form(&[form[0], ("language", no_text)]).send().await.is(400);
    }
    story.get(PATH).cookies(jar).send().await.is(405);
    let long = "d".repeat(10_240);
    let odd = ["xx", "tlh", "DE", "de-AT", " de", "<script>alert(1)</script>", "' OR 1=1 --", &long];
    for language in odd {
        ends_with(choose(&story, &home, language).await, "unspoken");
        assert_eq!(kept(&story).await.as_deref(), Some("de"), "{language:?}");
    }
    ends_with(post().form(&form[..1]).send().await, "unspoken");
    let page = story.get("/account?notice=unspoken").cookies(jar).send().await.is(200);
    speaks(&page, "de", "Diese Sprache spricht dieser Server nicht. Es wurde nichts geändert.");
    let mut signed_out = jar.clone();
    signed_out.keep_value("jwt", "nobody");
    assert_eq!(
        story.post(PATH).cookies(&signed_out).form(&form).send().await.is(303).location().query(),
        Some("notice=old")
    );
    assert_eq!(kept(&story).await.as_deref(), Some("de"));
});

story!(account_language_choice_is_stored_and_can_be_reset, |story| {
    let app = story.usual_app().await;
    let (signed_in, home) = german(&story, &app).await;
    let page = || story.get("/account").session(&signed_in).header("accept-language", "fr").send();
    let german = page().await.is(200);
    speaks(&german, "de", "<option value=\"de\" lang=\"de\" selected>Deutsch</option>");
    for other in ["<option value=\"\">Wie im Browser", "lang=\"en\">English", "lang=\"fr\">Français", "lang=\"es\">Esp"]
    {
        assert!(german.body.contains(other), "{other}: {}", german.body);
    }
    speaks(&story.get("/account?notice=language").session(&signed_in).send().await.is(200), "de", "Gespeichert.");

    // What was chosen just now is not hidden behind a `lang` in the address.
    let form = [("form_token", home.1.as_str()), ("language", "es")];
    let back = story.post(&format!("{PATH}?lang=fr")).cookies(&home.0).form(&form).send().await;
    ends_with(back, "language");
    speaks(&page().await, "es", "selected>Español</option>");

    ends_with(choose(&story, &home, "").await, "language");
    assert_eq!(kept(&story).await, None);
    speaks(&page().await, "fr", "<option value=\"\" selected>");
    ends_with(choose(&story, &home, "en").await, "language");
    let story = story.restart(&[]).await;
    assert_eq!(kept(&story).await.as_deref(), Some("en"), "the database keeps it");
});

story!(pages_with_session_use_account_language_over_accept_language, |story| {
    let app = story.app(OUT_OF_BAND, "read write").await;
    let (signed_in, _) = german(&story, &app).await;
    story.token(&tests::Person::named("ada"), &app).await;
    let chooser = format!("/oauth/authorize?{}", app.authorize_query_with(&[("prompt", "select_account")]));
    let form = [
        ("client_id", app.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", OUT_OF_BAND),
        ("scope", "read"),
    ];
    let again = story.post("/oauth/authorize").session(&signed_in).form(&form).send().await.is(302);
    let code = format!("/oauth/authorize/native?code={}", query_of(&again.location(), "code").expect("a code"));
    for (path, words) in [
        ("/", "Abmelden"),
        ("/account", "Verknüpfte Identitäten"),
        ("/oauth/authorized_applications", "Zugriff entziehen"),
        (&*chooser, "Als <bdi>@ada</bdi> fortfahren"),
        (signed_in.consent.as_str(), "Ihr Konto verwenden?"),
        (&*code, "Kopieren Sie diesen Code"),
    ] {
        let get = |path: &str| story.get(path).session(&signed_in).header("accept-language", "fr").send();
        speaks(&get(path).await.is(200), "de", words);
        let joint = if path.contains('?') { '&' } else { '?' };
        for (lang, language) in [("es", "es"), ("en-GB", "en"), ("tlh", "de"), ("%00", "de"), ("%3Cb%3E", "de")] {
            let page = get(&format!("{path}{joint}lang={lang}")).await;
            assert!(page.status == 200 || (page.status == 400 && lang == "%00"), "{path} {lang}");
            assert_eq!(page.header("content-language"), language, "{path} {lang}");
        }
        let signed_out = story.get(path).header("accept-language", "fr").send().await;
        assert!(!signed_out.body.contains("lang=\"de\""), "{path}: {}", signed_out.body);
    }
    // Another account in the same browser has chosen nothing.
    let eve = story.person("eve").await;
    let eve = story.sign_in(&eve, &app).await;
    let page = story.get(eve.consent.as_str()).session(&eve).header("accept-language", "fr").send().await.is(200);
    assert_eq!(page.header("content-language"), "fr");
});

story!(error_and_response_pages_use_account_language, |story| {
    let app = story.app(OUT_OF_BAND, "read").await;
    let (signed_in, home) = german(&story, &app).await;
    let post = |path: &str| story.post(path).cookies(&home.0).header("accept-language", "fr");
    let stale = [("form_token", "stale")];
    let go_on = format!("/oauth/authorize/continue?{}", app.authorize_query());
    for path in [&*go_on, "/oauth/authorized_applications/x", "/api/auth/redirect", "/api/auth/mastodon-logout"] {
        speaks(&post(path).form(&stale).send().await.is(422), "de", "Diese Seite ist zu alt");
    }
    let page = story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(200);
    let form = [
        ("_method", "delete"),
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", OUT_OF_BAND),
        ("code", &signed_in.code),
    ];
    let deny = post(&address(&page, "action", "/oauth/authorize")).form(&form).send().await.is(403);
    speaks(&deny, "de", "Sie haben abgelehnt");
    let over = story.get(signed_in.consent.as_str()).session(&signed_in).header("accept-language", "fr");
    speaks(&over.send().await.is(400), "de", "Diese Anfrage ist abgeschlossen");

    let app = story.usual_app().await;
    let ask = app.authorize_query_with(&[("response_mode", "form_post")]);
    let again = story.sign_in_with(&tests::Person::named("ada"), &ask).await;
    let allow = [("client_id", &*app.client_id), ("redirect_uri", &*app.redirect_uri), ("code", &*again.code)];
    let allow = story.post(&encode("/api/auth/redirect", &allow)).session(&again).header("accept-language", "fr");
    speaks(&allow.send().await.is(200), "de", "Zurück zur App");
});

story!(link_confirmation_page_uses_account_language_with_session, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let app = story.usual_app().await;
    let (signed_in, _) = german(&story, &app).await;
    let token = story.token(&tests::Person::named("ada"), &app).await;
    let answer = story.post("/api/v1/sso").bearer(&token).form(&[("issuer", "id")]).send().await.is(200);
    let location = Url::parse(answer.json()["link"].as_str().expect("a link")).expect("a URL");
    let mut jar = CookieJar::default();
    let back = provider.authorize(&location, &ProviderUser::named("ada.at.home"), story.now());
    let question = story.follow_callback(&mut jar, &back).await.is(302).location();
    let get = |jar: &CookieJar| story.get(question.as_str()).cookies(jar).header("accept-language", "fr").send();
    speaks(&get(&jar).await.is(200), "fr", "Mot de passe de");
    jar.keep_value("jwt", &signed_in.cookie);
    speaks(&get(&jar).await.is(200), "de", "mit diesem Konto verknüpfen?");
});

// What language somebody reads pages in is nobody else's business, and not the language in which they post.
story!(apis_do_not_expose_account_language_to_apps, |story| {
    let app = story.app(tests::story::CALLBACK, "read openid profile").await;
    german(&story, &app).await;
    let token = story.token(&tests::Person::named("ada"), &app).await;
    let entity = story.verify(&token).await.is(200).json();
    assert_eq!(entity["source"]["language"], serde_json::Value::Null);
    let preferences = story.get("/api/v1/preferences").bearer(&token).send().await.is(200).json();
    assert_eq!(preferences["posting:default:language"], serde_json::Value::Null);
    let info = story.get("/oauth/userinfo").bearer(&token).send().await.is(200).json();
    assert_eq!(info.get("locale"), None);
});
