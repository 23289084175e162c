//! Every cookie of ours, over https and over http on loopback (security WEB-2, faults G1), and cookies of neighbours
//! (faults A4) and of hosts below the same domain (faults F13).

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

/// An app that registered behind the proxy.
async fn registered(story: &Story) -> App {
    let form = [("client_name", "App"), ("redirect_uris", "https://app.example/callback"), ("scopes", "read")];
    let app = call(story, Method::POST, "/api/v1/apps").form(&form).send().await.is(200).json();
    App::registered(&app, "https://app.example/callback", "read")
}

/// What a browser gets on its way through everything that sets a cookie.
async fn all_cookies(story: &Story) -> Vec<Vec<String>> {
    let ada = story.person("ada").await;
    let app = registered(story).await;
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
            vec![session("__Host-form"), lasting("__Host-passkey", 3_600)],
            vec![lasting("__Host-jwt", 604_800), lasting("__Host-known", 400 * 24 * 3_600), lasting("jwt", 604_800)],
            vec![],
            vec![session("__Host-demo")],
            vec![lasting("__Host-sso_ID", 600)],
            ["__Host-form", "__Host-jwt", "_session_id", "jwt"]
                .map(|name| lasting(&format!("{name} removed"), 0))
                .to_vec(),
        ];
        let mut seen = all_cookies(&story).await;
        seen.iter_mut().for_each(|cookies| cookies.sort());
        assert_eq!(seen, expected);
        let path = format!("/api/auth/login?{}", registered(&story).await.authorize_query());
        let form = [("identifier", "ada"), ("password", "wrong")];
        let refused = call(&story, Method::POST, &path).header("accept", "text/html").form(&form).send().await.is(302);
        assert_eq!(set_cookies(&refused), [lasting("__Host-typed", 60)]);
    }
);

story!(cookies_over_http_on_loopback_have_no_prefix_and_are_not_secure, |story| {
    let (story, _provider) = with_provider(story).await;
    let seen = all_cookies(&story).await.concat();
    let mut names: Vec<&str> = seen.iter().filter_map(|cookie| cookie.split([';', ' ']).next()).collect();
    names[..2].sort_unstable();
    assert_eq!(names[..6], ["form", "passkey", "jwt", "known", "demo", "sso_ID"]);
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

/// Somebody's sign-in cookie and its twin.
async fn signed_in(story: &Story, app: &App, name: &str) -> (String, String) {
    let person = story.person(name).await;
    let form = [("identifier", name), ("password", &*person.password)];
    let path = format!("/api/auth/login?{}", app.authorize_query());
    let login = call(story, Method::POST, &path).form(&form).send().await.is(302);
    (login.cookie("jwt").expect("a cookie"), login.cookie("__Host-jwt").expect("its twin"))
}

story!(
    sign_in_cookie_that_another_host_has_set_counts_for_nobody_over_https,
    &[("http.base_url", "https://social.example")],
    |story| {
        let form = [("client_name", "App"), ("redirect_uris", "https://app.example/callback"), ("scopes", "read")];
        let app = call(&story, Method::POST, "/api/v1/apps").form(&form).send().await.is(200).json();
        let app = App::registered(&app, "https://app.example/callback", "read");
        let (ada, twin) = signed_in(&story, &app, "ada").await;
        let (eve, other_twin) = signed_in(&story, &app, "eve").await;
        let gone = ["jwt removed with domain"].as_slice();
        let all_gone = ["jwt removed", "jwt removed with domain"].as_slice();
        for (cookies, is_browser, who, removed, why) in [
            (format!("jwt={ada}; __Host-jwt={twin}"), true, "ada", &[][..], "as we have set them"),
            (format!("jwt={eve}; jwt={ada}; __Host-jwt={twin}"), true, "ada", gone, "beside a foreign one"),
            (format!("__Host-jwt={twin}; jwt={ada}; jwt=nonsense"), true, "ada", gone, "before a foreign one"),
            (format!("jwt={eve}; __Host-jwt={twin}"), true, "", all_gone, "a foreign one in place of ours"),
            (format!("jwt={eve}"), true, "", all_gone, "a foreign one alone"),
            (format!("jwt={eve}; jwt={ada}; __Host-jwt={twin}"), false, "ada", gone, "a browser that tells nothing"),
            (format!("jwt={ada}"), false, "ada", &[], "a program"),
            (format!("__Host-jwt={twin}"), true, "", &[], "a twin alone"),
            (format!("jwt={ada}; __Host-jwt={twin}; __Host-jwt={other_twin}"), true, "", all_gone, "two twins"),
            (format!("jwt={ada}; __Host-jwt="), false, "", all_gone, "an empty twin"),
            ("jwt=; __Host-jwt=".to_owned(), true, "", all_gone, "nothing in both"),
        ] {
            let request = call(&story, Method::GET, "/").header("cookie", &cookies);
            let request = if is_browser { request.header("sec-fetch-site", "none") } else { request };
            let page = request.send().await.is(200);
            for name in ["ada", "eve"] {
                assert_eq!(page.body.contains(&format!("@{name}")), who == name, "{why}: {name}");
            }
            let lines = page.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
            let shape = |line: &str| {
                assert!(line.contains("Max-Age=0") && line.contains("Path=/"), "{line}");
                let domain = if line.contains("Domain=social.example") { " with domain" } else { "" };
                format!("{} removed{domain}", line.split('=').next().unwrap_or_default())
            };
            let mut seen: Vec<String> = lines.filter(|line| line.starts_with("jwt")).map(shape).collect();
            seen.sort();
            assert_eq!(seen, removed, "{why}");
        }
    }
);

story!(two_differing_sign_in_cookies_sign_nobody_in_and_the_person_is_told, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let signed_in = story.sign_in(&ada, &app).await;
    let told = "Your browser sent two different sign-ins. Please sign in again.";
    let both = format!("jwt={}; theme=dark; jwt=another", signed_in.cookie);
    let page = story.get(&format!("/oauth/authorize?{}", app.authorize_query())).header("cookie", &both).send().await;
    let page = page.is(200);
    assert!(page.body.contains(told), "{}", page.body);
    assert!(page.set_cookie("jwt").is_some_and(|line| line.contains("Max-Age=0") && !line.contains("Domain")));
    let pairs = [("client_id", app.client_id.as_str()), ("redirect_uri", &app.redirect_uri), ("code", &signed_in.code)];
    let path = tests::story::encode("/api/auth/redirect", &pairs);
    let answer = story.post(&path).header("cookie", &both).send().await.is_login_error("invalid_request", told);
    assert!(answer.set_cookie("jwt").is_some_and(|line| line.contains("Max-Age=0")));
    // Who signs in with the form gets a cookie all the same.
    let form = [("identifier", ada.username.as_str()), ("password", &ada.password)];
    let login = story.post(&format!("/api/auth/login?{}", app.authorize_query())).header("cookie", &both);
    login.form(&form).send().await.signed_in();
    // Two equal copies are one.
    let equal = format!("jwt={0}; jwt={0}", signed_in.cookie);
    let answer = story.post(&path).header("cookie", &equal).send().await.is(302);
    assert_eq!(answer.location().host_str(), Some("app.example"));
    assert_eq!(answer.set_cookie("jwt"), None);
});

story!(own_headers_of_a_redirect_stay_small_beside_a_long_state, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let state = "s".repeat(3_000);
    let query = app.authorize_query_with(&[("state", &state)]);
    let form = [("identifier", ada.username.as_str()), ("password", &ada.password)];
    let login = story.post(&format!("/api/auth/login?{query}")).form(&form).send().await;
    let signed_in = login.signed_in();
    let decided = story.decide(&signed_in, &app).await.is(302);
    assert_eq!(tests::story::query_of(&decided.location(), "state"), Some(state));
    let page = story.get(&format!("/oauth/authorize?{query}")).send().await.is(200);
    for answer in [&login, &decided, &page] {
        let size: usize = answer.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let location = answer.header("location").len();
        // What is ours, the sign-in cookie included, leaves the buffers of a proxy to the app's state.
        assert!(size - location < 1_200, "{size} bytes, {location} of them the location");
    }
});
