//! How an authorization response travels: query, fragment, form post.

use tests::story;
use tests::story::{CALLBACK, query_of};
use url::Url;

/// The parameters in the fragment of a URL.
fn in_fragment(url: &Url) -> Vec<(String, String)> {
    form_urlencoded::parse(url.fragment().unwrap_or_default().as_bytes()).into_owned().collect()
}

story!(response_mode_fragment_returns_code_and_errors_in_fragment, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query_with(&[("response_mode", "fragment"), ("state", "a b")]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let answer = story.decide(&signed_in, &app).await.is(302);
    assert!(answer.header("location").starts_with(&format!("{CALLBACK}#code=")), "{}", answer.header("location"));
    let pairs = in_fragment(&answer.location());
    let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["code", "state"]);
    assert_eq!(pairs[1].1, "a b");
    story.redeem(&app, &pairs[0].1).await.is(200);

    // Errors travel the same way, before and after the sign-in.
    let bad = app.authorize_query_with(&[("response_mode", "fragment"), ("scope", "admin:read"), ("state", "s")]);
    let answer = story.get(&format!("/oauth/authorize?{bad}")).send().await.is(302);
    assert_eq!(in_fragment(&answer.location())[0], ("error".into(), "invalid_scope".into()));
    assert_eq!(query_of(&answer.location(), "error"), None);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let no = [("_method", "delete"), ("code", signed_in.code.as_str())];
    let answer = story.post("/oauth/authorize").session(&signed_in).form(&no).send().await.is(302);
    assert_eq!(in_fragment(&answer.location())[0], ("error".into(), "access_denied".into()));
});

story!(response_mode_form_post_returns_escaped_form_with_code, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let state = "\"><script>alert(1)</script>";
    let query = app.authorize_query_with(&[("response_mode", "form_post"), ("state", state)]);
    let signed_in = story.sign_in_with(&ada, &query).await;
    let answer = story.decide(&signed_in, &app).await.is(200);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.header("cache-control"), "private, no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert!(!answer.header("content-security-policy").contains("form-action"), "the form must leave for the app");
    let page = answer.markup();
    assert!(page.contains("method=\"post\""), "{page}");
    assert!(!page.contains("<script>"), "{page}");
    let code = page.split("name=\"code\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a code");
    assert!(page.contains("name=\"state\"") && !page.contains("name=\"iss\""), "{page}");
    story.redeem(&app, code).await.is(200);
});

story!(unknown_response_mode_returns_error_in_query, |story| {
    let app = story.usual_app().await;
    story.approve(&app).await;
    let answer = story
        .get(&format!("/oauth/authorize?{}", app.authorize_query_with(&[("response_mode", "web_message")])))
        .send();
    let location = answer.await.is(302).location();
    assert_eq!(query_of(&location, "error").as_deref(), Some("unsupported_response_mode"));
});

story!(out_of_band_with_form_post_mode_redirects_to_code_page, |story| {
    let (ada, app) = (story.person("ada").await, story.app("urn:ietf:wg:oauth:2.0:oob", "read").await);
    let signed_in = story.sign_in_with(&ada, &app.authorize_query_with(&[("response_mode", "form_post")])).await;
    let answer = story.decide(&signed_in, &app).await.is(302);
    assert_eq!(answer.location().path(), "/oauth/authorize/native");
});

story!(response_mode_fragment_applies_to_remembered_consent, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    story.token(&ada, &app).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let query = app.authorize_query_with(&[("response_mode", "fragment")]);
    let answer = story.get(&format!("/oauth/authorize?{query}")).session(&signed_in).send().await.is(302);
    assert_eq!(in_fragment(&answer.location())[0].0, "code", "consented before: no page in between");
});
