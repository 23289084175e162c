//! Every cookie of ours, over https and over http on loopback (security WEB-2, faults G1), and cookies of neighbours
//! (faults A4).

use reqwest::Method;
use reqwest::header::HeaderValue;
use tests::misbehaving_provider::{Provider, entries};
use tests::story;
use tests::story::{App, CookieJar, Request, Response, Story};

/// A request to the port on which the server listens behind its proxy.
fn call(story: &Story, method: Method, path: &str) -> Request {
    story.call(method, &format!("http://{}{path}", story.server().addr()))
}

/// The `Set-Cookie` lines of an answer, without their values.
fn set_cookies(answer: &Response) -> Vec<String> {
    let lines = answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().expect("text"));
    let shape = |line: &str| {
        let (pair, attributes) = line.split_once("; ").expect("attributes");
        let (name, value) = pair.split_once('=').expect("a cookie");
        let name = name.split_once("sso_").map_or(name.to_owned(), |(prefix, _)| format!("{prefix}sso_ID"));
        let mut attributes: Vec<&str> = attributes.split("; ").filter(|part| !part.starts_with("Expires")).collect();
        attributes.sort_unstable();
        format!("{name}{}; {}", if value.is_empty() { " removed" } else { "" }, attributes.join("; "))
    };
    lines.map(shape).collect()
}

/// What a browser gets on its way through everything that sets a cookie.
async fn all_cookies(story: &Story) -> Vec<Vec<String>> {
    let ada = story.person("ada").await;
    let form = [("client_name", "App"), ("redirect_uris", "https://app.example/callback"), ("scopes", "read")];
    let app = call(story, Method::POST, "/api/v1/apps").form(&form).send().await.is(200).json();
    let app = App::registered(&app, "https://app.example/callback", "read");
    let (query, mut jar, mut seen) = (app.authorize_query(), CookieJar::default(), Vec::new());
    let mut keep = |jar: &mut CookieJar, answer: &Response| {
        jar.keep(answer);
        seen.push(set_cookies(answer));
    };
    let page = call(story, Method::GET, &format!("/oauth/authorize?{query}")).send().await.is(200);
    keep(&mut jar, &page);
    let form = [("identifier", "ada"), ("password", &*ada.password), ("form_token", &*page.hidden("form_token"))];
    let login = call(story, Method::POST, &format!("/api/auth/login?{query}")).cookies(&jar).form(&form);
    keep(&mut jar, &login.send().await.is(302));
    let home = call(story, Method::GET, "/").cookies(&jar).send().await.is(200);
    keep(&mut jar, &home);
    let token = home.hidden("form_token");
    let demo = call(story, Method::POST, "/demo/start").cookies(&jar).form(&[("form_token", &token)]);
    keep(&mut jar, &demo.send().await.is(303));
    let away = call(story, Method::GET, &format!("/oauth/sso?{query}&issuer=id")).cookies(&jar);
    keep(&mut jar, &away.send().await.is(302));
    let out = call(story, Method::POST, "/api/auth/mastodon-logout").cookies(&jar).form(&[("form_token", &token)]);
    keep(&mut jar, &out.send().await.is(303));
    seen
}

async fn with_provider(story: Story) -> (Story, Provider) {
    let provider = Provider::start().await;
    let setting = entries(&[provider.entry("id", "")]);
    (story.restart(&[("oidc.providers", setting.as_str())]).await, provider)
}

story!(
    cookies_over_https_are_host_bound_secure_and_lax,
    &[("http.base_url", "https://social.example"), ("demo.enabled", "true")],
    |story| {
        let (story, _provider) = with_provider(story).await;
        let session = |name: &str| format!("{name}; HttpOnly; Path=/; SameSite=Lax; Secure");
        let lasting =
            |name: &str, seconds: u32| format!("{name}; HttpOnly; Max-Age={seconds}; Path=/; SameSite=Lax; Secure");
        let expected = [
            vec![session("__Host-form")],
            vec![lasting("__Host-known", 400 * 24 * 3_600), lasting("jwt", 604_800)],
            vec![],
            vec![session("__Host-demo")],
            vec![lasting("__Host-sso_ID", 600)],
            vec![lasting("__Host-form removed", 0), lasting("_session_id removed", 0), lasting("jwt removed", 0)],
        ];
        let mut seen = all_cookies(&story).await;
        seen.iter_mut().for_each(|cookies| cookies.sort());
        assert_eq!(seen, expected);
    }
);

story!(cookies_over_http_on_loopback_have_no_prefix_and_are_not_secure, |story| {
    let (story, _provider) = with_provider(story).await;
    let seen = all_cookies(&story).await.concat();
    let names: Vec<&str> = seen.iter().filter_map(|cookie| cookie.split([';', ' ']).next()).collect();
    assert_eq!(names[..5], ["form", "jwt", "known", "demo", "sso_ID"]);
    for cookie in &seen {
        assert!(!cookie.contains("Secure") && !cookie.contains("__Host-"), "{cookie}");
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
            "{cookie}"
        );
    }
});

story!(cookie_of_a_neighbour_with_any_bytes_does_not_hide_ours, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query();
    let page = story.get(&format!("/oauth/authorize?{query}")).send().await.is(200);
    let (cookie, token) = (page.cookie("form").expect("a cookie"), page.hidden("form_token"));
    let with_neighbour = |own: &str| {
        let mut bytes = "theme=größe; ".as_bytes().to_vec();
        bytes.extend(own.as_bytes());
        bytes.extend(b"; other=\xff\xfe");
        HeaderValue::from_bytes(&bytes).expect("a header")
    };
    let form = [("identifier", "ada"), ("password", &*ada.password), ("form_token", &*token)];
    let login =
        story.post(&format!("/api/auth/login?{query}")).raw_header("cookie", with_neighbour(&format!("form={cookie}")));
    let signed_in = login.form(&form).send().await.signed_in();
    let page = story.get("/").raw_header("cookie", with_neighbour(&format!("jwt={}", signed_in.cookie))).send().await;
    assert!(page.is(200).body.contains("@ada"));
});
