//! Bounds of requests for every kind of body, and parameters that cannot be kept as they were sent (faults A11, A14, G4).

use serde_json::json;
use tests::story;
use tests::story::{CALLBACK, query_of};

/// A body of `count` fields of these names, and its type, in each kind that has fields.
fn bodies(count: usize, name: &dyn Fn(usize) -> String) -> Vec<(&'static str, String)> {
    let names: Vec<String> = (0..count).map(name).collect();
    let form: Vec<String> = names.iter().map(|name| format!("{name}=1")).collect();
    let parts: String = names
        .iter()
        .map(|name| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n1\r\n"))
        .collect();
    let mut bodies = vec![
        ("application/x-www-form-urlencoded", form.join("&")),
        ("multipart/form-data; boundary=b", format!("{parts}--b--\r\n")),
    ];
    if name(0) == name(1) {
        let list = vec!["1"; count];
        bodies.push(("application/json", json!({ name(0).trim_end_matches("[]"): list }).to_string()));
    } else {
        let members: serde_json::Map<_, _> = names.into_iter().map(|name| (name, "1".into())).collect();
        bodies.push(("application/json", serde_json::Value::Object(members).to_string()));
    }
    bodies
}

story!(body_of_any_kind_with_too_many_fields_is_refused_not_cut, |story| {
    let distinct = |number: usize| format!("field{number}");
    let listed = |_: usize| "list[]".to_owned();
    for name in [&distinct as &dyn Fn(usize) -> String, &listed] {
        for path in ["/oauth/token", "/api/v1/apps", "/oauth/revoke", "/oauth/register"] {
            for (kind, body) in bodies(257, name) {
                let answer = story.post(path).body(kind, body).send().await;
                assert_eq!(answer.status, 413, "{path} {kind}: {}", answer.body);
            }
            for (kind, body) in bodies(256, name) {
                let answer = story.post(path).body(kind, body).send().await;
                assert_ne!(answer.status, 413, "{path} {kind}: {}", answer.body);
            }
        }
    }
    // What stands behind the bound is never left out: here the one that counts comes last.
    for (kind, body) in bodies(256, &distinct) {
        let more = match kind {
            "application/x-www-form-urlencoded" => format!("{body}&client_name=Last"),
            "application/json" => body.replacen('{', "{\"client_name\":\"Last\",", 1),
            _ => body
                .replace("--b--", "--b\r\nContent-Disposition: form-data; name=\"client_name\"\r\n\r\nLast\r\n--b--"),
        };
        story.post("/api/v1/apps").body(kind, more).send().await.is(413);
    }
    // Query and body count together.
    let query: Vec<String> = (0..200).map(|number| format!("q{number}=1")).collect();
    for (kind, body) in bodies(57, &distinct) {
        story.post(&format!("/oauth/token?{}", query.join("&"))).body(kind, body).send().await.is(413);
    }
});

story!(body_of_any_kind_beyond_its_size_is_refused_not_cut, |story| {
    let long = |size: usize| {
        let name = "x".repeat(size);
        [
            ("application/x-www-form-urlencoded", format!("client_name=A&redirect_uris=https://a.example&y={name}")),
            (
                "multipart/form-data; boundary=b",
                format!(
                    "--b\r\nContent-Disposition: form-data; name=\"client_name\"\r\n\r\nA\r\n--b\r\nContent-Disposition: \
                     form-data; name=\"redirect_uris\"\r\n\r\nhttps://a.example\r\n--b\r\nContent-Disposition: form-data; \
                     name=\"y\"\r\n\r\n{name}\r\n--b--\r\n"
                ),
            ),
            (
                "application/json",
                json!({ "client_name": "A", "redirect_uris": "https://a.example", "y": name }).to_string(),
            ),
            ("text/plain", name.clone()),
        ]
    };
    for (kind, body) in long(66_000) {
        story.post("/api/v1/apps").body(kind, body).send().await.is(413);
    }
    for (kind, body) in long(64_000) {
        let answer = story.post("/api/v1/apps").body(kind, body).send().await;
        assert_eq!(answer.status, if kind == "text/plain" { 422 } else { 200 }, "{kind}: {}", answer.body);
    }
});

story!(parameter_that_is_no_utf8_is_refused_never_changed, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    for bad in ["caf%E9", "%FF", "%C3", "%C3%28", "%ED%A0%80", "%F5%80%80%80", "a%C0%AFb"] {
        let page = story.get(&format!("/oauth/authorize?{}&state={bad}", app.authorize_query())).send().await.is(400);
        assert!(page.headers.get("location").is_none());
        let answer =
            story.log_in(&format!("{}&state={bad}", app.authorize_query()), &ada.username, &ada.password).await;
        answer.is(422);
        for (path, status) in [("/api/v1/apps", 400), ("/oauth/register", 400)] {
            let body = format!("client_name={bad}&redirect_uris=https://a.example");
            let answer = story.post(path).body("application/x-www-form-urlencoded", body).send().await;
            assert_eq!(answer.status, status, "{path} {bad}: {}", answer.body);
            assert!(!answer.body.contains('\u{FFFD}'), "{}", answer.body);
        }
        let body = format!("redirect_uris[]={bad}&client_name=A");
        story.post("/api/v1/apps").body("application/x-www-form-urlencoded", body).send().await.is(400);
    }
    let parts =
        *b"--b\r\nContent-Disposition: form-data; name=\"client_name\"\r\n\r\ncaf\xE9\r\n--b\r\nContent-Disposition: \
                  form-data; name=\"redirect_uris\"\r\n\r\nhttps://a.example\r\n--b--\r\n";
    story.post("/api/v1/apps").body("multipart/form-data; boundary=b", parts).send().await.is(400);
    story.post("/oauth/register").body("application/json", *b"{\"client_name\":\"caf\xE9\"}").send().await.is(400);
    story.approve(&app).await;
    // What is UTF-8 comes back whole, U+FFFD included; what is odd in another way is taken as it stands.
    for (sent, state) in [("caf%C3%A9", "café"), ("%EF%BF%BD", "\u{FFFD}"), ("100%", "100%"), ("%zz+%2B", "%zz +")] {
        let query = format!("{}&state={sent}&response_type=token", app.authorize_query_with(&[("response_type", "")]));
        let location = story.get(&format!("/oauth/authorize?{query}")).send().await.is(302).location();
        assert_eq!(query_of(&location, "state").as_deref(), Some(state));
    }
});

story!(app_name_that_hides_something_is_refused, |story| {
    for name in [
        "\u{200B}",
        "\u{3164}",
        "\u{2800}",
        "\u{FEFF}",
        "App\u{202E}ppA",
        "A\nB",
        "A\u{85}B",
        "A\u{2028}B",
        "Mas\u{200B}todon",
    ] {
        let form = [("client_name", name), ("redirect_uris", CALLBACK)];
        let answer = story.post("/api/v1/apps").form(&form).send().await.is(422);
        assert!(answer.body.contains("Validation failed: Application name "), "{}", answer.body);
    }
    for name in ["Tusky", "می\u{200C}خواهم", "👩\u{200D}💻 Dev", "\u{200F}תוכנה"] {
        let form = [("client_name", name), ("redirect_uris", CALLBACK)];
        assert_eq!(story.post("/api/v1/apps").form(&form).send().await.is(200).json()["name"], name);
    }
});

story!(path_with_doubled_slashes_is_served_like_one_slash, |story| {
    let form = [("client_name", "A"), ("redirect_uris", CALLBACK), ("scopes", "read")];
    for path in ["//api/v1/apps", "/api//v1/apps", "///api/v1///apps//"] {
        let answer = story.post(path).form(&form).send().await.is(200);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{path}");
    }
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let query = app.authorize_query_with(&[("state", "a//b")]);
    story.get(&format!("//oauth//authorize?{query}")).send().await.is(200);
    let sign_in = [("identifier", ada.username.as_str()), ("password", &ada.password)];
    let signed_in = story.post(&format!("//api/auth//login?{query}")).form(&sign_in).send().await.signed_in();
    let pairs = [("client_id", app.client_id.as_str()), ("redirect_uri", CALLBACK), ("code", &signed_in.code)];
    let path = tests::story::encode("/api/auth/redirect", &pairs).replacen("/api", "//api", 1);
    let location = story.post(&path).session(&signed_in).send().await.is(302).location();
    assert_eq!(query_of(&location, "state").as_deref(), Some("a//b"), "a query stays as it is");
    let code = query_of(&location, "code").expect("a code");
    let token = story.post("/oauth//token").form(&app.code_form(&code)).send().await.is(200).json();
    let token = token["access_token"].as_str().expect("a token");
    story.get("//api/v1/accounts/verify_credentials").bearer(token).send().await.is(200);
    story.get("//api/v1/instance").send().await.is(200);
    story.get("//health").send().await.is(200);
    story.get("//.well-known/openid-configuration").send().await.is(200);
    story.call(reqwest::Method::PUT, "//oauth/token").send().await.is(405);
    for asset in ["//assets/style.css", "/assets//style.css", "/assets/style.css//", "//favicon.ico"] {
        let answer = story.get(asset).send().await.is(200);
        assert_eq!(answer.header("access-control-allow-origin"), "*", "{asset}");
    }
    for path in ["//setup?token=x", "/setup//?token=x"] {
        let page = story.get(path).header("accept", "text/html").send().await.is(410);
        assert!(page.body.contains("This set-up link no longer works"), "{path}");
        story.post(path).form(&[("token", "x"), ("username", "eve")]).send().await.is(410);
        story.call(reqwest::Method::PUT, path).send().await.is(405);
    }
    for unknown in [
        "//assets//nothing",
        "//nothing",
        "/nothing//here",
        "//api/v1//nothing",
        "//oauth/authorized_applications//x//y",
    ] {
        story.get(unknown).send().await.is(404);
    }
});
