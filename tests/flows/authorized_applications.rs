//! What may act for a person, and how that ends (Mastodon §16, security REV-1, WEB-4, WEB-5, OPS-1).

use std::time::Duration;

use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::Standing;
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::{App, CALLBACK, Request, Response, SignedIn, Story};

const PAGE: &str = "/oauth/authorized_applications";
const LIST: &str = "/oauth/authorized_applications.json";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What the list says to a signed-in person, by name.
async fn names(story: &Story, signed_in: &SignedIn) -> Vec<String> {
    let list = story.get(LIST).session(signed_in).send().await.is(200).json();
    let name = |entry: &Value| entry["name"].as_str().expect("a name").to_owned();
    list.as_array().expect("a list").iter().map(name).collect()
}

/// The id under which the list has the only app.
async fn only_id(story: &Story, signed_in: &SignedIn) -> String {
    let list = story.get(LIST).session(signed_in).send().await.is(200).json();
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    list[0]["id"].as_str().expect("our ids are text").to_owned()
}

/// The page, its form token and the cookies that a browser would send back.
async fn page(story: &Story, signed_in: &SignedIn) -> (Response, String, String) {
    let page = story.get(PAGE).session(signed_in).send().await.is(200);
    let field = page.body.split("name=\"form_token\" value=\"").nth(1).expect("a form token");
    let token = field.split('"').next().expect("a value").to_owned();
    let cookies = format!("jwt={}; form={}", signed_in.cookie, page.cookie("form").expect("the form's cookie"));
    (page, token, cookies)
}

fn delete(story: &Story, id: &str) -> Request {
    story.call(Method::DELETE, &format!("{PAGE}/{id}"))
}

story!(authorized_applications_without_session_lists_nothing, |story| {
    for call in [story.get(LIST), story.get(PAGE).header("accept", "application/json"), delete(&story, "x.json")] {
        let answer = call.send().await.is_api_error(401, "This method requires an authenticated user");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("cache-control"), "private, no-store");
    }
    for call in [story.get(PAGE), story.get(&format!("{PAGE}/")), delete(&story, "x")] {
        assert_eq!(call.send().await.is(302).header("location"), format!("{}/", story.base()));
    }
    let (person, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&person, &app).await;
    story.get(LIST).bearer(&token).send().await.is(401);
});

story!(authorized_applications_json_lists_own_apps_with_live_tokens, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (app, other) = (story.usual_app().await, story.usual_app().await);
    let signed_in = story.sign_in(&ada, &app).await;
    assert_eq!(story.get(LIST).session(&signed_in).send().await.is(200).json(), json!([]));
    story.token(&ada, &app).await;
    story.token(&ada, &app).await;
    story.token(&eve, &other).await;
    for call in [story.get(LIST), story.get(&format!("{LIST}/")), story.get(PAGE).header("accept", "application/json")]
    {
        let list = call.session(&signed_in).send().await.is(200).json();
        let entry = list[0].as_object().expect("an entry");
        assert_eq!(list.as_array().map(Vec::len), Some(1), "one app, however many tokens: {list}");
        assert_eq!(entry.len(), 3, "{entry:?}");
        assert!(entry["id"].is_string());
        assert_eq!((&entry["name"], &entry["created_at"]), (&json!("Story App"), &json!("2026-11-21T21:00:00.000Z")));
    }
    let head = story.call(Method::HEAD, PAGE).session(&signed_in).send().await.is(200);
    assert_eq!(head.body, "");
});

story!(authorized_applications_page_shows_app_scopes_and_dates_escaped, |story| {
    let ada = story.person("ada").await;
    let form = [
        ("client_name", "<b>Tuba</b>"),
        ("redirect_uris", CALLBACK),
        ("scopes", "read write"),
        ("website", "https://tuba.example/\"><script>x</script>"),
    ];
    let body = story.post("/api/v1/apps").form(&form).send().await.is(200).json();
    let text = |key: &str| body[key].as_str().expect("text").to_owned();
    let app = App {
        client_id: text("client_id"),
        client_secret: text("client_secret"),
        redirect_uri: CALLBACK.into(),
        scopes: "read write".into(),
    };
    let signed_in = story.sign_in(&ada, &app).await;
    let empty = story.get(PAGE).session(&signed_in).send().await.is(200);
    assert!(empty.body.contains("No app can use your account"), "{}", empty.body);
    story.token(&ada, &app).await;
    let (page, ..) = page(&story, &signed_in).await;
    for wanted in ["&lt;b&gt;Tuba", "href=\"https:", "Everything in your account", "21 November 2026", "Not used yet"] {
        assert!(page.body.contains(wanted), "{wanted}: {}", page.body);
    }
    assert!(!page.body.contains("<b>") && !page.body.contains("<script>x"), "{}", page.body);
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "private, no-store"),
        ("x-frame-options", "DENY"),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    let home = story.get("/").session(&signed_in).send().await.is(200);
    assert!(home.markup().contains(PAGE), "the way to it starts at home");
    assert!(!story.get("/").send().await.is(200).markup().contains(PAGE));
});

story!(removing_app_revokes_its_tokens_codes_and_consent, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let (app, other) = (story.usual_app().await, story.usual_app().await);
    let (first, second) = (story.token(&ada, &app).await, story.token(&ada, &app).await);
    let (of_eve, of_other) = (story.token(&eve, &app).await, story.token(&ada, &other).await);
    let waiting = story.sign_in(&ada, &app).await;
    let code = story.consent(&waiting, &app).await;
    let signed_in = story.sign_in(&ada, &other).await;
    let list = story.get(LIST).session(&signed_in).send().await.is(200).json();
    let id_of_app = async || {
        // Both are called the same, so the id is found through the token's own entry.
        let body = story.get("/api/v1/apps/verify_credentials").bearer(&first).send().await.is(200).json();
        body["id"].as_str().expect("an id").to_owned()
    };
    let id = id_of_app().await;
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");

    let answer = delete(&story, &format!("{id}.json")).session(&signed_in).send().await.is(204);
    assert_eq!(answer.body, "");
    for token in [&first, &second] {
        story.verify(token).await.is_api_error(401, "The access token was revoked");
    }
    story.redeem(&app, &code).await.is(400);
    for token in [&of_eve, &of_other] {
        story.verify(token).await.is(200);
    }
    assert_eq!(names(&story, &signed_in).await.len(), 1);
    delete(&story, &format!("{id}.json")).session(&signed_in).send().await.is_api_error(404, "Record not found");

    // The app is asked for anew, and may come back.
    let page =
        story.get(&format!("/oauth/authorize?{}", app.authorize_query())).session(&signed_in).send().await.is(302);
    assert_eq!(page.location().path(), "/oauth/consent", "consent is not remembered");
    story.token(&ada, &app).await;
});

story!(removing_app_without_live_token_voids_its_code, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let id = only_id(&story, &signed_in).await;
    let revoke = story.post("/oauth/revoke").basic(&app.client_id, &app.client_secret);
    revoke.form(&[("token", &token)]).send().await.is(200);
    let code = story.consent(&story.sign_in(&ada, &app).await, &app).await;
    delete(&story, &format!("{id}.json")).session(&signed_in).send().await.is(204);
    story.redeem(&app, &code).await.is(400);
});

/// An app whose tokens expire, and what a consent to it bought: access token and refresh token.
async fn expiring(story: &Story, person: &tests::Person) -> (App, String, String) {
    let app = story.expiring_app().await;
    let bought = story.token_pair(person, &app).await;
    (app, bought.access, bought.refresh)
}

story!(authorized_applications_list_app_with_refresh_token_until_removed, |story| {
    let ada = story.person("ada").await;
    let (app, access, token) = expiring(&story, &ada).await;
    story.advance_clock(Duration::from_secs(2 * 3600));
    story.verify(&access).await.is_api_error(401, "The access token expired");
    let signed_in = story.sign_in(&ada, &story.usual_app().await).await;
    assert_eq!(names(&story, &signed_in).await, ["Expiring"], "it has no live token, and can have one at any time");
    let body = story.refresh(&app, &token).await.is(200).json();
    let (access, token) = (body["access_token"].as_str().expect("a token"), body["refresh_token"].as_str());
    let id = only_id(&story, &signed_in).await;
    delete(&story, &format!("{id}.json")).session(&signed_in).send().await.is(204);
    story.verify(access).await.is_api_error(401, "The access token was revoked");
    story.refresh(&app, token.expect("a refresh token")).await.is(400);
    assert_eq!(names(&story, &signed_in).await, Vec::<String>::new());
    let page =
        story.get(&format!("/oauth/authorize?{}", app.authorize_query())).session(&signed_in).send().await.is(302);
    assert_eq!(page.location().path(), "/oauth/consent", "consent is not remembered");
});

story!(token_invalidated_by_api_voids_its_refresh_token, |story| {
    let ada = story.person("ada").await;
    let (app, access, token) = expiring(&story, &ada).await;
    let id = ids(&story.get("/api/v1/tokens").bearer(&access).send().await.is(200).json())[0].clone();
    story.post(&format!("/api/v1/tokens/{id}/invalidate")).bearer(&access).send().await.is(200);
    story.verify(&access).await.is_api_error(401, "The access token was revoked");
    story.refresh(&app, &token).await.is(400);
});

story!(removing_app_during_refresh_leaves_no_live_token, |story| {
    let ada = story.person("ada").await;
    let (app, _, token) = expiring(&story, &ada).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let path = format!("{}.json", only_id(&story, &signed_in).await);
    let removal = delete(&story, &path).session(&signed_in).send();
    let (removed, refreshed) = futures_util::future::join(removal, story.refresh(&app, &token)).await;
    removed.is(204);
    if refreshed.status == 200 {
        let body = refreshed.json();
        story.verify(body["access_token"].as_str().expect("a token")).await.is(401);
        story.refresh(&app, body["refresh_token"].as_str().expect("a token")).await.is(400);
    }
    assert_eq!(names(&story, &signed_in).await, Vec::<String>::new());
});

story!(removing_app_of_other_account_returns_not_found, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let of_ada = story.sign_in(&ada, &app).await;
    let id = only_id(&story, &of_ada).await;
    let of_eve = story.sign_in_with(&eve, &story.usual_app().await.authorize_query()).await;
    for id in [id.as_str(), "0192f0c1-0000-7000-8000-000000000000", "x", "%00", "%27", "..%2f", &"a".repeat(3_000)] {
        let answer = delete(&story, &format!("{id}.json")).session(&of_eve).send().await;
        answer.is_api_error(404, "Record not found");
        let answer = delete(&story, id).session(&of_eve).send().await.is(404);
        assert!(answer.header("content-type").starts_with("text/html"), "{}", answer.body);
    }
    story.verify(&token).await.is(200);
});

story!(removing_app_requires_form_token_and_same_origin, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let id = only_id(&story, &signed_in).await;
    let (page, form_token, cookies) = page(&story, &signed_in).await;
    let action = format!("{PAGE}/{id}");
    assert!(page.markup().contains(&format!("action=\"{action}\"")), "{}", page.body);
    let good = [("_method", "delete"), ("form_token", form_token.as_str())];
    let post = || story.post(&action).header("cookie", &cookies);

    // Without Origin and Sec-Fetch-Site the form token alone says whose form it is.
    post().form(&[("_method", "delete")]).send().await.is(422);
    post().form(&[("_method", "delete"), ("form_token", "")]).send().await.is(422);
    post().form(&[("_method", "delete"), ("form_token", "guessed")]).send().await.is(422);
    story.post(&action).session(&signed_in).form(&good).send().await.is(422);
    post().header("origin", story.base()).form(&[("_method", "delete")]).send().await.is(422);
    post().body("text/plain", format!("_method=delete&form_token={form_token}")).send().await.is(422);
    story
        .post(&format!("{action}?_method=delete&form_token={form_token}"))
        .header("cookie", &cookies)
        .send()
        .await
        .is(422);
    // With them, no token helps another site.
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "none"),
    ] {
        post().header(name, value).form(&good).send().await.is(403);
        delete(&story, &format!("{id}.json")).session(&signed_in).header(name, value).send().await.is(403);
        let path = format!("{PAGE}/{id}.json");
        story.post(&path).header("cookie", &cookies).header(name, value).form(&good).send().await.is(403);
    }
    // Other methods change nothing.
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::PATCH] {
        story.call(method, &format!("{action}?_method=delete")).header("cookie", &cookies).send().await.is(405);
    }
    post().form(&[("form_token", form_token.as_str())]).send().await.is(405);
    let preflight = story.call(Method::OPTIONS, &action).header("origin", "https://evil.example");
    let answer = preflight.header("access-control-request-method", "DELETE").send().await;
    assert_eq!(answer.header("access-control-allow-origin"), "");
    story.verify(&token).await.is(200);

    let answer = post().header("origin", story.base()).form(&good).send().await.is(302);
    assert_eq!(answer.header("location"), format!("{}{PAGE}?notice=removed", story.base()));
    story.verify(&token).await.is(401);
    assert_eq!(post().form(&good).send().await.is(404).header("access-control-allow-origin"), "");
});

story!(authorized_applications_and_token_list_refuse_disabled_account, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let id = only_id(&story, &signed_in).await;
    let account = story.account(&ada).await;
    let accounts = story.server().state().accounts.clone();
    accounts.set_standing(&account.id, Standing::Disabled).await.expect("an answer");
    story.get(LIST).session(&signed_in).send().await.is(401);
    delete(&story, &format!("{id}.json")).session(&signed_in).send().await.is(401);
    story.get("/api/v1/tokens").bearer(&token).send().await.is_api_error(403, "Your login is currently disabled");
    accounts.set_standing(&account.id, Standing::Active).await.expect("an answer");
    story.verify(&token).await.is(200);
});

story!(removing_app_during_code_redemption_leaves_no_live_token, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    story.token(&ada, &app).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let id = only_id(&story, &signed_in).await;
    let mut codes = Vec::new();
    for _ in 0..6 {
        codes.push(story.consent(&story.sign_in(&ada, &app).await, &app).await);
    }
    let path = format!("{id}.json");
    let removal = delete(&story, &path).session(&signed_in).send();
    let redemptions = codes.iter().map(|code| story.redeem(&app, code));
    let (removed, redeemed) = futures_util::future::join(removal, futures_util::future::join_all(redemptions)).await;
    removed.is(204);
    // What was redeemed before the removal was acknowledged is dead; what comes later finds a dead code.
    for answer in redeemed {
        if answer.status == 200 {
            let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
            story.verify(&token).await.is(401);
        }
    }
    assert_eq!(names(&story, &signed_in).await, Vec::<String>::new());
});

story!(removing_app_during_authorize_leaves_no_valid_code, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    story.token(&ada, &app).await;
    let signed_in = story.sign_in(&ada, &app).await;
    let path = format!("{}.json", only_id(&story, &signed_in).await);
    let removal = delete(&story, &path).session(&signed_in).send();
    let ask = format!("/oauth/authorize?{}", app.authorize_query());
    let asks = (0..8).map(|_| story.get(&ask).session(&signed_in).send());
    let (removed, asked) = futures_util::future::join(removal, futures_util::future::join_all(asks)).await;
    removed.is(204);
    // Each was asked for consent again, or got a code that died with the access.
    for answer in asked {
        let location = answer.is(302).location();
        if location.path() != "/oauth/consent" {
            let code = tests::story::query_of(&location, "code").expect("a code");
            story.redeem(&app, &code).await.is(400);
        }
    }
    assert_eq!(names(&story, &signed_in).await, Vec::<String>::new());
});

/// A token for some scopes.
async fn token_for(story: &Story, person: &tests::Person, app: &App, scope: &str) -> String {
    let signed_in = story.sign_in_with(person, &app.authorize_query_with(&[("scope", scope)])).await;
    let code = story.consent(&signed_in, app).await;
    story.redeem(app, &code).await.is(200).json()["access_token"].as_str().expect("a token").to_owned()
}

fn ids(list: &Value) -> Vec<String> {
    let id = |entry: &Value| entry["id"].as_str().expect("an id").to_owned();
    list.as_array().expect("a list").iter().map(id).collect()
}

story!(authorized_applications_page_merges_token_scopes_and_sorts_newest_first, |story| {
    let (ada, app, later) = (story.person("ada").await, story.usual_app().await, story.usual_app().await);
    token_for(&story, &ada, &app, "read").await;
    story.advance_clock(DAY);
    let signed_in = story.sign_in(&ada, &later).await;
    token_for(&story, &ada, &app, "write").await;
    token_for(&story, &ada, &app, "write").await;
    let page = story.get(PAGE).session(&signed_in).send().await.is(200);
    assert!(page.body.contains("Read and write access"), "{}", page.body);
    assert!(page.body.contains("21 November 2026") && !page.body.contains("22 November 2026"), "since the first one");
    token_for(&story, &ada, &later, "read").await;
    let page = story.get(PAGE).session(&signed_in).send().await.is(200);
    let place = |text: &str| page.body.find(text).unwrap_or_else(|| panic!("{text}: {}", page.body));
    assert!(place("22 November 2026") < place("21 November 2026"), "the latest one first");
});

story!(token_list_api_returns_only_own_tokens, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
    let (reads, writes) = (token_for(&story, &ada, &app, "read").await, token_for(&story, &ada, &app, "write").await);
    story.token(&eve, &app).await;
    story.get("/api/v1/tokens").send().await.is_api_error(401, "The access token is invalid");
    let answer = story.get("/api/v1/tokens").bearer(&writes).send().await;
    let answer = answer.is_api_error(403, "This action is outside the authorized scopes");
    assert!(answer.header("www-authenticate").contains("read read:accounts"), "{:?}", answer.headers);

    let answer = story.get("/api/v1/tokens/").bearer(&reads).send().await.is(200);
    let list = answer.json();
    assert_eq!(list.as_array().map(Vec::len), Some(2), "{list}");
    let scopes: Vec<_> = list.as_array().expect("a list").iter().map(|entry| entry["scope"].clone()).collect();
    assert!(scopes.contains(&json!("read")) && scopes.contains(&json!("write")), "{list}");
    for entry in list.as_array().expect("a list") {
        assert_eq!(entry["created_at"], "2026-11-21T21:00:00.000Z");
        assert_eq!(entry["application"], json!({ "name": "Story App" }), "no null, no secret");
        assert!(!entry.to_string().contains(&reads) && !entry.to_string().contains(&writes));
        let path = format!("/api/v1/tokens/{}", entry["id"].as_str().expect("an id"));
        let one = story.get(&path).bearer(&reads).send().await.is(200).json();
        assert_eq!(one["id"], entry["id"]);
    }
    assert_eq!(answer.header("access-control-allow-origin"), "*");
});

story!(token_list_api_paginates_with_link_header, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    for _ in 0..4 {
        story.advance_clock(Duration::from_secs(1));
        story.token(&ada, &app).await;
    }
    let get = async |path: &str| story.get(path).bearer(&token).send().await.is(200);
    let all = ids(&get("/api/v1/tokens").await.json());
    assert_eq!(all.len(), 5);
    assert!(all.is_sorted_by(|one, next| one > next), "newest first: {all:?}");
    let link = |answer: &Response, rel: &str| {
        let links = answer.header("link").to_owned();
        let part = links.split(", ").find(|part| part.ends_with(&format!("rel=\"{rel}\"")))?.to_owned();
        Some(part.split(['<', '>']).nth(1)?.to_owned())
    };

    let first = get("/api/v1/tokens?limit=2").await;
    assert_eq!(ids(&first.json()), all[..2]);
    let next = link(&first, "next").expect("there is more");
    assert_eq!(next, format!("{}/api/v1/tokens?limit=2&max_id={}", story.base(), all[1]));
    let second = get(&next).await;
    assert_eq!(ids(&second.json()), all[2..4]);
    let third = get(&link(&second, "next").expect("there is more")).await;
    assert_eq!(ids(&third.json()), all[4..]);
    assert_eq!(link(&third, "next"), None, "that was all");
    let back = get(&link(&third, "prev").expect("there was more")).await;
    assert_eq!(ids(&back.json()), all[2..4], "min_id is the page right before");
    let since = get(&format!("/api/v1/tokens?limit=2&since_id={}", all[4])).await;
    assert_eq!(ids(&since.json()), all[..2], "since_id is the newest page");
    let nothing = get(&format!("/api/v1/tokens?max_id={}", all[4])).await;
    assert_eq!((nothing.json(), nothing.header("link")), (json!([]), ""));

    for limit in ["0", "1", "101", "x", "-1", "99999999999999999999", ""] {
        let list = ids(&get(&format!("/api/v1/tokens?limit={limit}")).await.json());
        assert!((1..=5).contains(&list.len()), "{limit}: {list:?}");
    }
    for odd in ["%00", "'", "%ff", "a%20b"] {
        let answer = story.get(&format!("/api/v1/tokens?max_id={odd}")).bearer(&token).send().await.is(400);
        assert!(answer.json()["error"].is_string());
    }
});

story!(token_invalidate_api_works_only_for_the_owner, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, story.usual_app().await);
    let (mine, hers) = (story.token(&ada, &app).await, story.token(&eve, &app).await);
    let second = story.token(&ada, &app).await;
    let (reads, writes) = (token_for(&story, &ada, &app, "read").await, token_for(&story, &ada, &app, "write").await);
    let of_eve = ids(&story.get("/api/v1/tokens").bearer(&hers).send().await.is(200).json())[0].clone();
    let post = |id: &str| story.post(&format!("/api/v1/tokens/{id}/invalidate"));
    post(&of_eve).send().await.is_api_error(401, "The access token is invalid");
    post(&of_eve).bearer(&reads).send().await.is_api_error(403, "This action is outside the authorized scopes");
    let long = "a".repeat(3_000);
    for id in [of_eve.as_str(), "0192f0c1-0000-7000-8000-000000000000", "x", "%00", "%F0%9F", &long] {
        post(id).bearer(&mine).send().await.is_api_error(404, "Record not found");
        let path = format!("/api/v1/tokens/{id}");
        story.get(&path).bearer(&mine).send().await.is_api_error(404, "Record not found");
    }
    story.verify(&hers).await.is(200);
    story.get(&format!("/api/v1/tokens/{of_eve}/invalidate")).bearer(&hers).send().await.is(405);

    let all = ids(&story.get("/api/v1/tokens").bearer(&mine).send().await.is(200).json());
    assert_eq!(all.len(), 4);
    let mut dead = Vec::new();
    for id in &all {
        // `write` is enough for itself and others; the order is unknown, so it may end itself first.
        let answer = post(id).bearer(&writes).send().await;
        if answer.status == 401 {
            break;
        }
        let entry = answer.is(200).json();
        assert_eq!(entry["id"], id.as_str());
        assert_eq!(entry["application"]["name"], "Story App");
        dead.push(id.clone());
        if story.get("/api/v1/apps/verify_credentials").bearer(&writes).send().await.status == 200 {
            post(id).bearer(&writes).send().await.is_api_error(404, "Record not found");
        }
    }
    let mut living = 0;
    for token in [&mine, &second, &reads, &writes] {
        let status = story.get("/api/v1/apps/verify_credentials").bearer(token).send().await.status;
        living += usize::from(status == 200);
    }
    assert_eq!(living + dead.len(), 4);
    let of_app = [
        ("grant_type", "client_credentials"),
        ("client_id", app.client_id.as_str()),
        ("client_secret", &app.client_secret),
    ];
    let body = story.post("/oauth/token").form(&of_app).send().await.is(200).json();
    let of_app = body["access_token"].as_str().expect("a token");
    let answer = story.get("/api/v1/tokens").bearer(of_app).send().await;
    answer.is_api_error(422, "This method requires an authenticated user");
});

/// What the list says about when the token was last used, once that is written.
async fn last_used(story: &Story, token: &str) -> Option<String> {
    let list = story.get("/api/v1/tokens").bearer(token).send().await.is(200).json();
    list[0]["last_used"].as_str().map(str::to_owned)
}

story!(token_last_used_is_written_once_a_day, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let written = async |wanted: &str| {
        tests::wait::until("the last use to be written", async || {
            (last_used(&story, &token).await.as_deref() == Some(wanted)).then_some(())
        })
        .await;
    };
    story.verify(&token).await.is(200);
    written("2026-11-21T21:00:00.000Z").await;
    story.advance_clock(DAY - Duration::from_secs(1));
    story.verify(&token).await.is(200);
    lysand_auth::flows::bearer::write_uses(&story.server().state().auth).await.expect("written");
    assert_eq!(last_used(&story, &token).await.as_deref(), Some("2026-11-21T21:00:00.000Z"), "not within a day");
    story.advance_clock(Duration::from_secs(1));
    let replica = story.replica().await;
    let there = format!("http://localhost:{}/api/v1/apps/verify_credentials", replica.addr().port());
    for call in [story.get("/api/v1/apps/verify_credentials"), story.get(&there)] {
        call.bearer(&token).send().await.is(200);
    }
    written("2026-11-22T21:00:00.000Z").await;
    replica.abort().await;

    let signed_in = story.sign_in(&ada, &app).await;
    let page = story.get(PAGE).session(&signed_in).send().await.is(200);
    assert!(page.body.contains("22 November 2026"), "{}", page.body);
});

story!(revoked_token_use_is_not_recorded_as_last_used, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    lysand_auth::flows::sessions::end_all(auth, &account.id).await.expect("an answer");
    story.verify(&token).await.is(401);
    assert_eq!(lysand_auth::flows::bearer::write_uses(auth).await.expect("written"), 0);
});
