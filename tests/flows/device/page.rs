//! The page where a person answers for a program.

use serde_json::json;
use tests::story;
use tests::story::{CookieJar, encode, query_of};

use super::{ENDPOINT, ON, browser_of, codes, decide, enter, is_told, open, poll, press, question, registered};
use crate::factors::{Waiting, begin_in, enrol, trusted_browsers};

story!(device_page_shows_who_what_where_and_when, ON, |story| {
    let ada = story.person("ada").await;
    let more =
        json!({ "client_uri": "https://tv.example/about", "redirect_uris": ["https://tv.example/cb", "app://cb"] });
    let app = registered(&story, more).await;
    let form = [("client_id", &*app.client_id), ("client_secret", &*app.client_secret), ("scope", "write:statuses")];
    let asked = story.post(ENDPOINT).header("user-agent", "tv-set/2.0 (<b>)").form(&form).send().await.is(200).json();
    let code = asked["user_code"].as_str().expect("a code");
    let mut jar = browser_of(&story, &ada).await;
    let page = question(&story, &mut jar, code).await;
    assert_ne!(page.header("content-security-policy"), "");
    assert_eq!((page.header("cache-control"), page.header("access-control-allow-origin")), ("private, no-store", ""));
    for shown in [
        "Story TV",
        "tv.example",
        "app:",
        "@ada@",
        code,
        "tv-set",
        "127.0.0.0",
        "21 November 2026",
        "21:00",
        "Only go on if you started this yourself, just now.",
        "Post, edit and delete in your name.",
    ] {
        assert!(page.markup().contains(shown), "{shown} in {}", page.body);
    }
    assert!(!page.body.contains("<b>"), "{}", page.body);
    // What anybody can claim never shows as more than it is, and scopes are those of this request.
    assert!(!page.markup().contains("Read-only access"), "{}", page.body);
    press(&story, &mut jar, &page, "allow").await.is(200);
});

story!(device_page_without_a_sign_in_leads_there_and_back_with_the_code, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let mut jar = CookieJar::default();
    let typed = codes.user.to_lowercase();
    for (path, back) in [
        ("/device".to_owned(), "/device".to_owned()),
        (format!("/device?user_code={typed}"), format!("/device?user_code={typed}")),
        (format!("/device/?device={typed}&lang=de"), format!("/device?user_code={typed}&lang=de")),
    ] {
        let location = open(&story, &mut jar, &path).await.is(302).location();
        assert_eq!(location.path(), "/account/sign-in", "{path}");
        assert_eq!(query_of(&location, "return_to"), Some(back), "{path}");
    }
    // The whole way by the sign-in page, and back.
    let to_sign_in = open(&story, &mut jar, &format!("/device?user_code={typed}")).await.location();
    let path = |url: &url::Url| format!("{}?{}", url.path(), url.query().unwrap_or_default());
    let authorize = open(&story, &mut jar, &path(&to_sign_in)).await.is(302).location();
    let page = open(&story, &mut jar, &path(&authorize)).await.is(200);
    let action =
        page.markup().split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form").to_owned();
    let token = page.hidden("form_token");
    let form = [("form_token", &*token), ("identifier", &*ada.username), ("password", &*ada.password)];
    let mut answer = story.post(&action).cookies(&jar).form(&form).send().await.is(302);
    for _ in 0..5 {
        jar.keep(&answer);
        let location = answer.location();
        if location.path() == "/device" {
            assert_eq!(query_of(&location, "user_code"), Some(typed.clone()));
            break;
        }
        answer = open(&story, &mut jar, &path(&location)).await;
    }
    assert_eq!(answer.location().path(), "/device");
    let page = open(&story, &mut jar, &path(&answer.location())).await.is(200);
    assert!(page.markup().contains(&format!("value=\"{typed}\"")), "{}", page.body);
    assert!(!page.body.contains("Story TV"), "the code is filled in, and not sent");
    is_told(&story, &app, &codes.device, "authorization_pending").await;
    decide(&story, &mut jar, &codes, "allow").await.is(200);
});

story!(device_page_fills_in_what_an_address_says_and_sends_nothing, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    for (name, typed, shown) in [
        ("user_code", codes.user.as_str(), codes.user.as_str()),
        ("device", &codes.user, &codes.user),
        ("device", "<script>alert(1)</script>", "&lt;script&gt;"),
        ("user_code", "aeiou \" onfocus=x", "&quot; onfocus=x"),
        ("user_code", "é\u{202e}", "é"),
    ] {
        let page = open(&story, &mut jar, &encode("/device", &[(name, typed)])).await.is(200);
        assert!(page.body.contains(shown), "{shown} in {}", page.body);
        assert!(!page.body.contains("<script>alert") && !page.body.contains("Story TV"), "{}", page.body);
        assert!(!page.body.contains("data-posts-itself"), "nothing posts itself");
    }
    // Another session's proof of having looked it up is none of this one's, and a made-up one neither.
    let location = enter(&story, &mut jar, &codes.user).await.is(303).location();
    let path = format!("/device?{}", location.query().expect("a query"));
    let mut other = browser_of(&story, &story.person("eve").await).await;
    assert!(!open(&story, &mut other, &path).await.is(200).body.contains("Story TV"));
    let made_up = encode("/device", &[("user_code", &codes.user), ("looked_up", "x")]);
    for path in [made_up, path.replace(&codes.user, "BCDF-GHJK")] {
        assert!(!open(&story, &mut jar, &path).await.is(200).body.contains("Story TV"), "{path}");
    }
    assert!(open(&story, &mut jar, &path).await.is(200).body.contains("Story TV"));
    is_told(&story, &app, &codes.device, "authorization_pending").await;
});

story!(device_code_is_read_however_it_is_typed, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let mut jar = browser_of(&story, &ada).await;
    for change in [str::to_lowercase, |code: &str| code.replace('-', ""), |code: &str| code.replace('-', " \u{2013} ")]
    {
        let codes = codes(&story, &app).await;
        let page = question(&story, &mut jar, &change(&codes.user)).await;
        press(&story, &mut jar, &page, "allow").await.is(200);
        poll(&story, &app, &codes.device).await.is(200);
    }
});

story!(device_page_says_what_is_wrong_with_a_code, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let used = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    for typed in
        ["", "AEIO-UAEI", "BCDF-GHJ", "BCDF-GHJK", "<script>", &"B".repeat(60), &"B".repeat(60_000), "😀😀😀😀"]
    {
        let page = enter(&story, &mut jar, typed).await.is(422);
        assert!(page.body.contains("There is no such code."), "{typed}: {}", page.body);
        assert!(page.body.contains("name=\"user_code\"") && !page.body.contains("<script>"), "{typed}");
    }
    let page = question(&story, &mut jar, &used.user).await;
    press(&story, &mut jar, &page, "allow").await.is(200);
    // The same button twice, also after the program has its tokens; another answer, and another person, come too late.
    press(&story, &mut jar, &page, "allow").await.is(200);
    poll(&story, &app, &used.device).await.is(200);
    press(&story, &mut jar, &page, "allow").await.is(200);
    assert!(press(&story, &mut jar, &page, "deny").await.is(410).body.contains("This code is over"));
    enter(&story, &mut jar, &used.user).await.is(410);
    let mut other = browser_of(&story, &story.person("eve").await).await;
    enter(&story, &mut other, &used.user).await.is(410);
});

story!(device_page_speaks_the_language_of_its_reader, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let codes = codes(&story, &app).await;
    let mut jar = browser_of(&story, &ada).await;
    let page = open(&story, &mut jar, &format!("/device?lang=de&user_code={}", codes.user)).await.is(200);
    assert!(
        page.body.contains("Gerät verbinden") && page.markup().contains("action=\"/device?lang=de\""),
        "{}",
        page.body
    );
});

story!(device_page_asks_whoever_has_two_steps_for_both, ON, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    // A session from before two steps were on has given one proof.
    let mut old = browser_of(&story, &ada).await;
    let enrolled = enrol(&story, &ada).await;
    let codes = codes(&story, &app).await;
    let answer = open(&story, &mut old, &format!("/device?user_code={}", codes.user)).await.is(302);
    let place = answer.location();
    assert!(matches!(place.path(), "/oauth/factor" | "/account/sign-in"), "{place}");
    // Signed in with both, the page is there.
    let query = story.usual_app().await.authorize_query();
    let mut waiting = begin_in(&story, &ada, &query, CookieJar::default()).await;
    let code = enrolled.fresh_code(&story);
    waiting.answer(&story, "totp", &code).await.is(302);
    decide(&story, &mut waiting.jar, &codes, "allow").await.is(200);
    poll(&story, &app, &codes.device).await.is(200);
});

const TRUSTING: &[(&str, &str)] = &[("oauth.device_grant", "true"), ("factors.remember_for", "30d")];

story!(device_page_asks_for_the_second_proof_in_a_trusted_browser_too, TRUSTING, |story| {
    let (ada, app) = (story.person("ada").await, registered(&story, json!({})).await);
    let enrolled = enrol(&story, &ada).await;
    let mut jar = trusted_browsers::trusted(&story, &ada, &enrolled).await;
    let codes = codes(&story, &app).await;
    let query = story.usual_app().await.authorize_query();
    let form = [("identifier", &*ada.username), ("password", &*ada.password)];
    let signed_in = story.post(&format!("/api/auth/login?{query}")).cookies(&jar).form(&form).send().await.is(302);
    assert!(signed_in.cookie("jwt").is_some(), "a password is enough there");
    jar.keep(&signed_in);
    let token = open(&story, &mut jar, "/account/sessions").await.is(200).hidden("form_token");
    let form = [("form_token", &*token), ("user_code", &*codes.user), ("answer", "allow")];
    for path in ["/device", "/device/answer"] {
        let answer = story.post(path).cookies(&jar).form(&form).send().await.is(302);
        assert_eq!(answer.location().path(), "/oauth/factor", "{path}");
    }
    is_told(&story, &app, &codes.device, "authorization_pending").await;
    let asked = open(&story, &mut jar, &format!("/device?user_code={}", codes.user)).await.is(302).location();
    assert_eq!(asked.path(), "/oauth/factor");
    let mut waiting = Waiting { jar, id: query_of(&asked, "pending").expect("an id") };
    let code = enrolled.fresh_code(&story);
    let back = waiting.answer(&story, "totp", &code).await.is(302).location();
    assert_eq!((back.path(), query_of(&back, "user_code")), ("/device", Some(codes.user.clone())));
    decide(&story, &mut waiting.jar, &codes, "allow").await.is(200);
    poll(&story, &app, &codes.device).await.is(200);
});

story!(device_page_is_not_framed_and_takes_no_other_method, ON, |story| {
    for (path, allow) in [("/device", "GET, HEAD, POST"), ("/device/", "GET, HEAD, POST"), ("/device/answer", "POST")] {
        let answer = story.call(reqwest::Method::DELETE, path).send().await.is(405);
        assert_eq!(answer.header("allow"), allow, "{path}");
        let answer = story.call(reqwest::Method::OPTIONS, path).header("origin", "https://evil.example").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    let mut jar = browser_of(&story, &story.person("ada").await).await;
    let page = open(&story, &mut jar, "/device").await.is(200);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(story.call(reqwest::Method::HEAD, "/device").cookies(&jar).send().await.is(200).body, "");
});
