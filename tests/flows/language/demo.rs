//! The built-in demo: its words are the reader's, what travels is as it travels.

use tests::Person;
use tests::story;
use tests::story::{CookieJar, Response, Story, query_of};

use super::{address, speaks};

/// Begins a run on a page with the demo's form, and goes as far as the consent page.
async fn begin(story: &Story, jar: &mut CookieJar, page: &str, person: &Person) -> Response {
    let page = story.get(page).cookies(jar).send().await.is(200);
    jar.keep(&page);
    let (_, rest) = page.body.split_once("name=\"form_token\" value=\"").expect("a form");
    let token = rest.split('"').next().expect("a value");
    let start = story.post(&address(&page, "action", "/demo/start")).cookies(jar).form(&[("form_token", token)]);
    let answer = start.send().await.is(303);
    jar.keep(&answer);
    let ask = answer.location();
    let answer = story.log_in(ask.query().expect("a request"), &person.username, &person.password).await.is(302);
    jar.keep(&answer);
    story.get(answer.location().as_str()).cookies(jar).send().await.is(200)
}

/// Posts one of the two forms of the consent page, and comes back to the demo.
async fn decide(story: &Story, jar: &mut CookieJar, consent: &Response, allow: bool) -> Response {
    let field = |name: &str| {
        let (_, rest) = consent.body.split_once(&format!("name=\"{name}\" value=\"")).expect("a field");
        rest.split('"').next().expect("a value").replace("&#x2F;", "/")
    };
    let path = address(consent, "action", if allow { "/api/auth/redirect" } else { "/oauth/authorize" });
    let (code, client_id, redirect_uri) = (field("code"), field("client_id"), field("redirect_uri"));
    let no = [("_method", "delete"), ("code", &*code), ("client_id", &*client_id), ("redirect_uri", &*redirect_uri)];
    let answer = story.post(&path).cookies(jar).form(if allow { &[] } else { &no }).send().await.is(302);
    let callback = answer.location();
    assert_eq!((callback.path(), query_of(&callback, "lang")), ("/demo/callback", None), "{callback}");
    let page = story.get(callback.as_str()).cookies(jar).send().await;
    jar.keep(&page);
    page
}

story!(demo_app_pages_are_in_requested_language, |story| {
    let ada = story.person("ada").await;
    for (lang, heading, step) in [
        ("en", "It worked", "The app redeems the code"),
        ("de", "Es hat geklappt", "Die App löst den Code ein"),
        ("fr", "Cela a fonctionné", "L’application échange le code"),
        ("es", "Ha funcionado", "La aplicación canjea el código"),
    ] {
        let mut jar = CookieJar::default();
        let consent = begin(&story, &mut jar, &format!("/?lang={lang}"), &ada).await;
        assert_eq!(consent.header("content-language"), lang);
        let page = decide(&story, &mut jar, &consent, true).await.is(200);
        speaks(&page, lang, heading);
        assert!(page.body.contains(step), "{}", page.body);
        for word in ["grant_type=authorization_code", "code_challenge_method=S256", &format!("&lang={lang}"), "200 OK"]
        {
            assert!(page.markup().contains(word), "{word}: {}", page.body);
        }
        assert_eq!(address(&page, "action", "/demo/start"), format!("/demo/start?lang={lang}"));
        let again = story.get(&format!("/demo/callback?lang={lang}")).cookies(&jar).send().await.is(400);
        assert_eq!(again.header("content-language"), lang, "it works once");
    }
});

story!(demo_app_denied_shows_access_denied_in_requested_language, |story| {
    let ada = story.person("ada").await;
    let mut jar = CookieJar::default();
    let consent = begin(&story, &mut jar, "/?lang=de", &ada).await;
    let page = decide(&story, &mut jar, &consent, false).await.is(200);
    speaks(&page, "de", "Die App bekam eine Antwort, aber keinen Code");
    for words in ["„access_denied“ heißt", "error=access_denied", "aria-label=\"Antwort von Schritt 4\""] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let stale = story.post("/demo/start?lang=de").cookies(&jar).form(&[("form_token", "x")]).send().await.is(400);
    speaks(&stale, "de", "Diese Seite war zu lange geöffnet");
});
