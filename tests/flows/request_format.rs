//! How a request may be put: slashes, methods, and parameters from every source (Mastodon §0.3, §0.4).

use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::{App, CALLBACK, Request, Story, encode};

const JSON: &str = "application/json; charset=utf-8";
const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// Every route of the contract that anybody can `GET`, with a query where one is needed.
fn readable(app: &App) -> Vec<String> {
    let authorize = format!("/oauth/authorize?{}", app.authorize_query());
    let mut paths: Vec<String> = [
        "/oauth/authorize/native?code=AAAAAAAAAAAAAAAA",
        "/oauth/code?code=AAAAAAAAAAAAAAAA",
        "/oauth/consent",
        "/oauth/userinfo",
        "/oauth/token/info",
        "/oauth/applications",
        "/api/v1/apps/verify_credentials",
        "/api/v1/accounts/verify_credentials",
        "/api/v1/preferences",
        "/api/v1/instance",
        "/api/v2/instance",
        "/api/v1/frontend/config",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/.well-known/host-meta",
        "/.well-known/nodeinfo",
        "/nodeinfo/2.0",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push(authorize);
    paths
}

story!(route_with_trailing_slash_answers_the_same, |story| {
    let app = story.usual_app().await;
    let reads = readable(&app).into_iter().map(|path| (Method::GET, path));
    let writes = [
        (Method::POST, "/api/v1/apps"),
        (Method::POST, "/oauth/token"),
        (Method::POST, "/oauth/revoke"),
        (Method::POST, "/oauth/register"),
        (Method::POST, "/oauth/introspect"),
        (Method::POST, "/oauth/userinfo"),
        (Method::POST, "/oauth/authorize"),
        (Method::DELETE, "/oauth/authorize"),
        (Method::POST, "/oauth/authorize/continue"),
        (Method::POST, "/api/auth/login"),
        (Method::POST, "/api/auth/redirect"),
        (Method::POST, "/api/auth/mastodon-logout"),
        (Method::DELETE, "/oauth/applications"),
        (Method::PUT, "/oauth/token"),
    ];
    for (method, path) in reads.chain(writes.map(|(method, path)| (method, path.to_owned()))) {
        let with_slash = match path.split_once('?') {
            Some((path, query)) => format!("{path}/?{query}"),
            None => format!("{path}/"),
        };
        let plain = story.call(method.clone(), &path).send().await;
        let slashed = story.call(method.clone(), &with_slash).send().await;
        assert_ne!(plain.status, 404, "{method} {path}");
        let shape = |answer: &tests::story::Response| {
            (answer.status, answer.header("location").to_owned(), answer.header("content-type").to_owned())
        };
        assert_eq!(shape(&plain), shape(&slashed), "{method} {path}");
    }
});

story!(head_request_returns_headers_of_get_without_body, |story| {
    let app = story.usual_app().await;
    for path in readable(&app) {
        let (get, head) = (story.get(&path).send().await, story.call(Method::HEAD, &path).send().await);
        assert_eq!((get.status, ""), (head.status, head.body.as_str()), "{path}");
        for name in ["content-type", "location", "cache-control", "access-control-allow-origin", "www-authenticate"] {
            assert_eq!(get.header(name), head.header(name), "{name} of {path}");
        }
    }
});

/// Sends parameters in each of the ways that there are.
fn in_every_way<'a>(story: &'a Story, path: &'a str, pairs: &'a [(&'a str, &'a str)]) -> Vec<(&'static str, Request)> {
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let json: serde_json::Map<String, Value> =
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let (first, rest) = pairs.split_at(1);
    vec![
        ("query", story.post(&encode(path, pairs))),
        ("form", story.post(path).form(pairs)),
        ("form with a charset", story.post(path).body(FORM, encoded)),
        ("multipart", story.post(path).multipart(pairs)),
        ("JSON", story.post(path).json(&json.clone().into())),
        ("JSON with a charset", story.post(path).body(JSON, Value::from(json).to_string())),
        ("query and form", story.post(&encode(path, first)).form(rest)),
    ]
}

story!(parameters_are_accepted_from_query_form_multipart_and_json, |story| {
    let registration = [("client_name", "A b"), ("redirect_uris", CALLBACK), ("scopes", "read write")];
    for (way, call) in in_every_way(&story, "/api/v1/apps", &registration) {
        let body = call.send().await.is(200).json();
        assert_eq!((&body["name"], &body["scopes"]), (&"A b".into(), &json!(["read", "write"])), "{way}");
    }
    let app = story.usual_app().await;
    let client = [("client_id", app.client_id.as_str()), ("client_secret", &app.client_secret)];
    let own = [&[("grant_type", "client_credentials"), ("scope", "write read")], &client[..]].concat();
    for (way, call) in in_every_way(&story, "/oauth/token", &own) {
        let body = call.send().await.is(200).json();
        assert_eq!(body["scope"], "write read", "{way}");
        // An empty body is one as well: what counts stands in the query.
        let token = body["access_token"].as_str().expect("a token");
        story.get("/api/v1/apps/verify_credentials").bearer(token).send().await.is(200);
    }
    for way in 0..7 {
        let token = story.post("/oauth/token").form(&own).send().await.is(200).json();
        let token = token["access_token"].as_str().expect("a token").to_owned();
        let revocation = [&[("token", token.as_str())], &client[..]].concat();
        let (way, call) = in_every_way(&story, "/oauth/revoke", &revocation).remove(way);
        assert_eq!(call.send().await.is(200).json(), json!({}), "{way}");
        story.get("/api/v1/apps/verify_credentials").bearer(&token).send().await.is(401);
    }
    let bare = story.post("/oauth/token?grant_type=client_credentials").basic(&app.client_id, &app.client_secret);
    bare.send().await.is(200);
});

story!(unknown_parameters_are_ignored_even_when_repeated, |story| {
    let app = story.usual_app().await;
    let noise = [
        "issuer",
        "service_documentation",
        "authorization_endpoint",
        "token_endpoint",
        "app_registration_endpoint",
        "revocation_endpoint",
        "userinfo_endpoint",
        "scopes_supported",
        "response_types_supported",
        "response_modes_supported",
        "code_challenge_methods_supported",
        "grant_types_supported",
        "token_endpoint_auth_methods_supported",
    ]
    .map(|name| ("oauth_info", name));
    let own = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", &app.client_secret),
        ("return_detailed_error", "0"),
        ("username[]", "x"),
        ("state", "a"),
        ("state", "b"),
    ];
    story.post("/oauth/token").form(&[&own[..], &noise].concat()).send().await.is(200);
    let registration = [("client_name", "A"), ("redirect_uris", CALLBACK), ("nonsense[x][y]", "1")];
    story.post("/api/v1/apps").form(&[&registration[..], &noise].concat()).send().await.is(200);
    let ask = format!("/oauth/authorize?{}&oauth_info=a&oauth_info=b&x[]=1&=&&", app.authorize_query());
    story.get(&ask).send().await.is(200);
});

story!(repeated_parameters_with_different_values_are_refused, |story| {
    let app = story.usual_app().await;
    let form = app.code_form("AAAAAAAAAAAAAAAAAAAA");
    let twice = |name: &'static str| [&form[..], &[(name, "one"), (name, "two")]].concat();
    for name in ["grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token"] {
        let bare: Vec<_> = form.iter().copied().filter(|(known, _)| *known != name).collect();
        let across = encode("/oauth/token", &[(name, "one")]);
        for call in [
            story.post("/oauth/token").form(&twice(name)),
            story.post(&encode("/oauth/token", &twice(name))),
            story.post("/oauth/token").multipart(&twice(name)),
            story.post(&across).form(&[&bare[..], &[(name, "two")]].concat()),
        ] {
            let why = format!("The parameter {name} was given more than once, with different values.");
            call.send().await.is_oauth_error(400, "invalid_request", &why);
        }
        let client = [("client_id", app.client_id.as_str()), ("client_secret", &app.client_secret)];
        if matches!(name, "client_id" | "client_secret") {
            let form = [&client[..], &[(name, "other"), ("token", "x")]].concat();
            let answer = story.post("/oauth/revoke").form(&form).send().await.is(400);
            assert_eq!(answer.json()["error"], "invalid_request");
        }
    }
    let own = |scopes: [&'static str; 2]| {
        let grant = [("grant_type", "client_credentials"), ("scope", scopes[0]), ("scope", scopes[1])];
        story.post("/oauth/token").basic(&app.client_id, &app.client_secret).form(&grant)
    };
    own(["read", "read"]).send().await.is(200);
    let why = "The parameter scope was given more than once, with different values.";
    own(["read", "write"]).send().await.is_oauth_error(400, "invalid_request", why);
    for name in ["token", "token_type_hint"] {
        for path in ["/oauth/revoke", "/oauth/introspect"] {
            let call = story.post(path).basic(&app.client_id, &app.client_secret);
            let answer = call.form(&[(name, "access_token"), (name, "refresh_token"), ("token", "access_token")]);
            assert_eq!(answer.send().await.is(400).json()["error"], "invalid_request", "{name} at {path}");
        }
    }
    for name in [
        "client_id",
        "redirect_uri",
        "response_type",
        "response_mode",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "force_login",
        "lang",
        "nonce",
        "prompt",
        "max_age",
    ] {
        let path = format!("/oauth/authorize?{}&{name}=1&{name}=0", app.authorize_query_with(&[(name, "")]));
        let page = story.get(&path).send().await.is(400);
        assert!(page.body.contains("invalid_request") && page.headers.get("location").is_none(), "{name}");
    }
    story.get(&format!("/oauth/authorize?{0}&{0}&lang=en&lang=en", app.authorize_query())).send().await.is(200);
});

story!(null_and_empty_parameters_are_treated_as_missing, |story| {
    let app = story.usual_app().await;
    let missing = "Missing required parameter: code.";
    for code in [json!(null), json!(""), json!(" ")] {
        let body = json!({
            "grant_type": "authorization_code", "code": code, "client_id": app.client_id, "redirect_uri": CALLBACK,
        });
        story.post("/oauth/token").json(&body).send().await.is_oauth_error(400, "invalid_request", missing);
    }
    for (scopes, website) in [(json!(null), json!(null)), (json!(""), json!("")), (json!([]), json!(" "))] {
        let body = json!({
            "client_name": "A", "redirect_uris": CALLBACK, "scopes": scopes, "website": website,
        });
        let body = story.post("/api/v1/apps").json(&body).send().await.is(200).json();
        assert_eq!((&body["scopes"], &body["website"]), (&json!(["read"]), &Value::Null), "{scopes}");
    }
    for blank in ["", "+", "%20%20"] {
        let path =
            format!("/oauth/authorize?{}&redirect_uri={blank}", app.authorize_query_with(&[("redirect_uri", "")]));
        assert!(story.get(&path).send().await.is(400).body.contains("invalid_redirect_uri"), "{blank:?}");
        let body = format!("grant_type={blank}&code=x");
        let answer = story.post("/oauth/token").body(FORM, body).send().await;
        answer.is_oauth_error(400, "invalid_request", "Missing required parameter: grant_type.");
    }
});

story!(json_numbers_and_booleans_are_read_as_text, |story| {
    for (sent, name) in [(json!(123), "123"), (json!(true), "true"), (json!(1.5), "1.5")] {
        let body = json!({ "client_name": sent, "redirect_uris": CALLBACK });
        assert_eq!(story.post("/api/v1/apps").json(&body).send().await.is(200).json()["name"], name);
    }
    let app = story.usual_app().await;
    let body = json!({
        "grant_type": "authorization_code", "code": 12_345_678_901_u64, "redirect_uri": CALLBACK,
        "client_id": app.client_id, "client_secret": app.client_secret,
    });
    assert_eq!(story.post("/oauth/token").json(&body).send().await.is(400).json()["error"], "invalid_grant");
});

story!(array_or_object_parameter_values_are_refused, |story| {
    let app = story.usual_app().await;
    let odd = [json!(["read"]), json!({ "a": "read" }), json!([["read"]]), json!([])];
    for value in &odd {
        for (name, error) in [
            ("grant_type", "unsupported_grant_type"),
            ("client_id", "invalid_request"),
            ("client_secret", "invalid_request"),
            ("code", "invalid_request"),
            ("redirect_uri", "invalid_request"),
            ("code_verifier", "invalid_request"),
        ] {
            let mut body = json!({ "grant_type": "authorization_code", "code": "x", "client_id": app.client_id });
            body[name] = value.clone();
            let answer = story.post("/oauth/token").json(&body).send().await.is(400);
            assert_eq!(answer.json()["error"], error, "{name} {value}");
        }
        let own = json!({ "grant_type": "client_credentials", "scope": value });
        let call = story.post("/oauth/token").basic(&app.client_id, &app.client_secret).json(&own);
        assert_eq!(call.send().await.is(400).json()["error"], "invalid_scope", "{value}");
        let call = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
        let answer = call.json(&json!({ "token": value })).send().await.is(400);
        assert_eq!(answer.json()["error"], "invalid_request", "{value}");
        for name in ["client_name", "website"] {
            let mut body = json!({ "client_name": "A", "redirect_uris": CALLBACK });
            body[name] = value.clone();
            let answer = story.post("/api/v1/apps").json(&body).send().await;
            answer.is_api_error(400, &format!("The parameter {name} must be a single value."));
        }
    }
    // Where an array may stand, what is in it must be text.
    for name in ["scopes", "redirect_uris"] {
        for value in &odd[1..3] {
            let mut body = json!({ "client_name": "A", "redirect_uris": CALLBACK });
            body[name] = value.clone();
            story.post("/api/v1/apps").json(&body).send().await.is(400);
        }
    }
    for name in ["client_id", "redirect_uri", "response_type", "scope", "state", "code_challenge", "force_login"] {
        for index in ["[]", "[0]", "[x]", "[x][y]", "["] {
            let name = form_urlencoded::byte_serialize(format!("{name}{index}").as_bytes()).collect::<String>();
            story.get(&format!("/oauth/authorize?{}&{name}=x", app.authorize_query())).send().await.is(400);
        }
    }
});

story!(body_with_unsupported_content_type_is_not_read, |story| {
    let app = story.usual_app().await;
    let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(app.code_form("AAAAAAAAAAAAAAAA")).finish();
    for kind in ["text/plain", "application/octet-stream", "application/xml", "nonsense", ""] {
        let answer = story.post("/oauth/token").body(kind, form.clone()).send().await;
        answer.is_oauth_error(400, "invalid_request", "Missing required parameter: grant_type.");
        let answer = story.post("/api/v1/apps").body(kind, "client_name=A&redirect_uris=https://a.example").send();
        let words = "Validation failed: Application name can't be blank, Redirect URI can't be blank";
        answer.await.is_api_error(422, words);
        let answer = story.post("/oauth/revoke").body(kind, form.clone()).send().await.is(403);
        assert_eq!(answer.json()["error"], "unauthorized_client");
    }
});

story!(malformed_json_body_returns_error_format_of_route, |story| {
    for bad in ["{", "[1]", "\"text\"", "null", "{\"a\":1}x", "{'a':1}", "\u{feff}{}", "{\"a\":\"\n\"}"] {
        for path in ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/oauth/register"] {
            let answer = story.post(path).body(JSON, bad).send().await.is(400);
            let body = answer.json();
            assert_eq!(body["error"], "invalid_request", "{path} {bad}");
            assert!(body["error_description"].as_str().is_some_and(|why| why.len() > 10), "{path} {bad}");
        }
        let body = story.post("/api/v1/apps").body(JSON, bad).send().await.is(400).json();
        let keys: Vec<&String> = body.as_object().expect("an object").keys().collect();
        assert!(keys == ["error"] && body["error"].is_string(), "{bad}: {body}");
    }
});

story!(null_character_in_parameter_is_refused, |story| {
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let null_text = "a\u{0}b";
    let words = |name: &str| format!("The parameter {name} must not hold a null character.");
    for name in ["client_id", "client_secret", "grant_type", "redirect_uri", "code", "code_verifier"] {
        let mut body = json!({ "grant_type": "client_credentials", "client_id": app.client_id });
        body[name] = null_text.into();
        let answer = story.post("/oauth/token").json(&body).send().await;
        answer.is_oauth_error(400, "invalid_request", &words(name));
    }
    let answer =
        story.post("/api/v1/apps").json(&json!({ "client_name": null_text, "redirect_uris": CALLBACK })).send();
    answer.await.is_api_error(400, &words("client_name"));
    for (name, status) in [("redirect_uris", 422), ("scopes", 422), ("website", 400)] {
        let mut body = json!({ "client_name": "A", "redirect_uris": CALLBACK });
        body[name] = format!("https://a.example/{null_text}").into();
        story.post("/api/v1/apps").json(&body).send().await.is(status);
    }
    for name in ["client_id", "redirect_uri", "state", "nonce", "code_challenge", "response_mode"] {
        let query = app.authorize_query_with(&[(name, null_text)]);
        story.get(&format!("/oauth/authorize?{query}")).send().await.is(400);
        story.log_in(&query, &person.username, &person.password).await.is(422);
    }
    for header in ["Basic ???", "Basic AA==", "Basic AHg6eA=="] {
        let own = [("grant_type", "client_credentials")];
        story.post("/oauth/token").header("authorization", header).form(&own).send().await.is(401);
        story.post("/oauth/revoke").header("authorization", header).form(&[("token", "x")]).send().await.is(403);
        story.post("/oauth/introspect").header("authorization", header).form(&[("token", "x")]).send().await.is(401);
    }
    let signed_in = story.sign_in(&person, &app).await;
    story.get("/oauth/consent?code=%00").session(&signed_in).send().await.is(400);
    story.get("/api/v1/preferences").bearer("a%00").send().await.is(401);
});
