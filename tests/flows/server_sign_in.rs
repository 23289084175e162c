//! Signing in to the server itself, without an app (faults B3).

use reqwest::Url;
use tests::Person;
use tests::story;
use tests::story::{CookieJar, Response, Story, encode, query_of};

/// The sign-in page that an address leads to.
pub(crate) async fn sign_in_page(story: &Story, path: &str, jar: &CookieJar) -> Url {
    let page = story.get(path).cookies(jar).send().await.is(302).location();
    let page =
        if page.path() == "/account/sign-in" { story.get(page.as_str()).send().await.is(302).location() } else { page };
    assert_eq!((page.path(), page.origin()), ("/oauth/authorize", Url::parse(story.base()).expect("a URL").origin()));
    page
}

/// Signs in on a page, and follows to where the sign-in leads.
pub(crate) async fn enter(story: &Story, page: &Url, person: &Person, jar: &mut CookieJar) -> Response {
    let form = [("identifier", person.username.as_str()), ("password", &person.password)];
    let path = format!("/api/auth/login?{}", page.query().expect("a query"));
    let answer = story.post(&path).cookies(jar).form(&form).send().await.is(302);
    jar.keep(&answer);
    story.get(answer.header("location")).cookies(jar).send().await.is(302)
}

story!(server_sign_in_leads_from_account_page_to_sign_in_and_back, |story| {
    let (ada, mut jar) = (story.person("ada").await, CookieJar::default());
    let page = sign_in_page(&story, "/account?lang=de", &jar).await;
    assert_eq!(query_of(&page, "lang").as_deref(), Some("de"));
    let shown = story.get(page.as_str()).send().await.is(200);
    assert!(shown.markup().contains("name=\"password\""), "{}", shown.body);
    // A wrong try keeps the way back.
    let path = format!("/api/auth/login?{}", page.query().expect("a query"));
    let again = story.post(&path).form(&[("identifier", "ada"), ("password", "wrong")]).send().await.is(302).location();
    assert_eq!(query_of(&again, "state").as_deref(), Some("/account?lang=de"), "and the language");
    let back = enter(&story, &again, &ada, &mut jar).await;
    assert_eq!(back.header("location"), format!("{}/account?lang=de", story.base()));
    let account = story.get(back.header("location")).cookies(&jar).send().await.is(200);
    assert!(account.body.contains("@ada"), "{}", account.body);
    // Nobody was asked for consent, no app got anything, and the app is the same the next time.
    assert_eq!(story.get("/oauth/authorized_applications.json").cookies(&jar).send().await.is(200).body, "[]");
    let client = query_of(&page, "client_id");
    for _ in 0..4 {
        assert_eq!(query_of(&sign_in_page(&story, "/account", &CookieJar::default()).await, "client_id"), client);
    }
});

story!(server_sign_in_on_home_page_brings_back_home_and_passes_whoever_is_signed_in, |story| {
    let (ada, mut jar) = (story.person("ada").await, CookieJar::default());
    let home = story.get("/").send().await.is(200).markup();
    assert!(home.contains("href=\"/account/sign-in?return_to=%2F\""), "{home}");
    let page = sign_in_page(&story, "/account/sign-in?return_to=%2F", &jar).await;
    let back = enter(&story, &page, &ada, &mut jar).await;
    assert_eq!(back.header("location"), format!("{}/", story.base()));
    assert!(!story.get("/").cookies(&jar).send().await.is(200).markup().contains("/account/sign-in"));
    // Whoever is signed in passes through.
    let page = sign_in_page(&story, "/account/sign-in?return_to=/account", &jar).await;
    let arrived = story.get(page.as_str()).cookies(&jar).send().await.is(302).location();
    assert_eq!(arrived.path(), "/account/signed-in");
    let back = story.get(arrived.as_str()).cookies(&jar).send().await.is(302);
    assert_eq!(back.header("location"), format!("{}/account", story.base()));
});

story!(server_sign_in_leads_to_no_other_origin, |story| {
    let (ada, mut jar) = (story.person("ada").await, CookieJar::default());
    let own = Url::parse(story.base()).expect("a URL").origin();
    for place in [
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "https:/evil.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "/%09/evil.example",
        "/\t/evil.example",
        "/\r\nx: y",
        "@evil.example",
        ".evil.example",
        ":80@evil.example",
        "%2F%2Fevil.example",
        "/%2F%2Fevil.example",
        "/%5Cevil.example",
        "/account/../..//evil.example",
        "/.//evil.example",
        "",
    ] {
        let path = encode("/account/sign-in", &[("return_to", place)]);
        let page = sign_in_page(&story, &path, &CookieJar::default()).await;
        let back = enter(&story, &page, &ada, &mut jar).await;
        assert_eq!(back.location().origin(), own, "{place:?}: {}", back.header("location"));
        // A link that leads past the beginning is judged at its end.
        for code in ["x", ""] {
            let late = encode("/account/signed-in", &[("code", code), ("state", place)]);
            let back = story.get(&late).send().await.is(302);
            assert_eq!(back.location().origin(), own, "{place:?}: {}", back.header("location"));
            assert!(!back.header("location").contains("return_to"), "{}", back.header("location"));
        }
    }
    let turned_back = encode("/account/signed-in", &[("error", "access_denied"), ("state", "/account")]);
    let back = story.get(&turned_back).send().await.is(302);
    assert_eq!(back.header("location"), format!("{}/", story.base()), "not round in circles");
});

story!(
    server_sign_in_of_a_frontend_is_its_own_sign_in_page,
    &[
        ("frontend.mode", "redirect"),
        ("frontend.url", "https://fe.example"),
        ("frontend.routes.login", "/login"),
        ("oauth.require_pkce", "true")
    ],
    |story| {
        let (ada, mut jar) = (story.person("ada").await, CookieJar::default());
        let page = sign_in_page(&story, "/account", &jar).await;
        let login = story.get(page.as_str()).send().await.is(302).location();
        assert_eq!((login.host_str(), login.path()), (Some("fe.example"), "/login"));
        let back = enter(&story, &login, &ada, &mut jar).await;
        assert_eq!(back.header("location"), format!("{}/account", story.base()));
    }
);
