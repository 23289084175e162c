//! Apps as staff sees them, and their end (PPL-147).

use std::time::Duration;

use lysand_auth::flows::sweep;
use lysand_auth::host::accounts::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::story::{Response, Story};
use tests::{App, story};

use super::pages::{browser, fill, look};
use super::{OPEN, staff};

const APPS: &str = "/api/v1/admin/auth/apps";
const PAGE: &str = "/admin/apps";

async fn list(story: &Story, token: &str, query: &str) -> Vec<Value> {
    let listed = story.get(&format!("{APPS}{query}")).bearer(token).send().await.is(200);
    listed.json().as_array().expect("a list").clone()
}

async fn register(story: &Story, name: &str, website: &str) -> Value {
    let form = [
        ("client_name", name),
        ("redirect_uris", "https://gardens.example/cb"),
        ("website", website),
        ("scopes", "read write:statuses"),
    ];
    story.post("/api/v1/apps").form(&form).send().await.is(200).json()
}

async fn remove(story: &Story, token: &str, id: &str, body: &Value) -> Response {
    story.call(Method::DELETE, &format!("{APPS}/{id}")).bearer(token).json(body).send().await
}

fn named<'a>(apps: &'a [Value], name: &str) -> &'a Value {
    apps.iter().find(|app| app["name"] == name).unwrap_or_else(|| panic!("no {name} in {apps:?}"))
}

fn id(app: &Value) -> &str {
    app["id"].as_str().expect("an id")
}

/// The id of an app that the story registered.
fn id_of(apps: &[Value], app: &App) -> String {
    let has = |known: &&Value| known["redirect_uris"][0] == *app.redirect_uri;
    id(apps.iter().find(has).unwrap_or_else(|| panic!("no {app:?} in {apps:?}"))).to_owned()
}

story!(apps_are_listed_with_how_they_are_used, OPEN, |story| {
    let (ada, token) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    register(&story, "Gardens", "https://gardens.example/about").await;
    let used = story.app("https://used.example/cb", "read profile").await;
    let (one, two) = (story.token(&ada, &used).await, story.token(&bob, &used).await);
    story.token(&bob, &used).await;
    story.verify(&one).await.is(200);
    let apps = list(&story, &moderator, "?limit=100").await;
    let gardens = named(&apps, "Gardens");
    assert_eq!(gardens["website"], "https://gardens.example/about");
    assert_eq!(gardens["redirect_uris"], json!(["https://gardens.example/cb"]));
    assert_eq!(gardens["scopes"], json!(["read", "write:statuses"]));
    assert_eq!((&gardens["public"], &gardens["first_party"]), (&json!(false), &json!(false)));
    assert_eq!(gardens["network"], "127.0.0.0/24");
    assert_eq!((&gardens["live_tokens"], &gardens["people"]), (&json!(0), &json!(0)));
    assert_eq!((&gardens["counted_all"], &gardens["last_used_at"]), (&json!(true), &json!(null)));
    let used_id = id_of(&apps, &used);
    let seen = story.get(&format!("{APPS}/{used_id}")).bearer(&moderator).send().await.is(200).json();
    assert_eq!((&seen["live_tokens"], &seen["people"]), (&json!(3), &json!(2)), "{seen}");
    assert!(seen["last_used_at"].is_string(), "{seen}");
    story.post("/oauth/revoke").form(&[&used.credentials()[..], &[("token", &*two)]].concat()).send().await.is(200);
    let seen = story.get(&format!("{APPS}/{used_id}")).bearer(&moderator).send().await.is(200).json();
    assert_eq!((&seen["live_tokens"], &seen["people"]), (&json!(2), &json!(2)), "{seen}");
    // Searched, as it is typed.
    for (query, found) in
        [("?q=GARD", 1), ("?q=gardens.example%2Fabout", 1), ("?q=%25", 0), ("?q=_ardens", 0), ("?q=%5C", 0)]
    {
        assert_eq!(list(&story, &token, query).await.len(), found, "{query}");
    }
    let paged = story.get(&format!("{APPS}?limit=1")).bearer(&token).send().await.is(200);
    assert!(paged.header("link").contains("rel=\"next\""), "{}", paged.header("link"));
    let newest = paged.json()[0].clone();
    let older = list(&story, &token, &format!("?limit=1&max_id={}", id(&newest))).await;
    assert_ne!(id(&older[0]), id(&newest));
    for odd in ["nobody", "%2527", "personal_tokens", "personal%20tokens"] {
        story.get(&format!("{APPS}/{odd}")).bearer(&token).send().await.is(404);
    }
    assert!(apps.iter().all(|app| app["name"] != "Personal tokens"), "{apps:?}");
    // Where it came from is forgotten with the networks of events.
    story.advance_clock(Duration::from_secs(91 * 24 * 3600));
    sweep::sweep(&story.server().state().auth).await.expect("swept");
    let (_, token) = staff(&story, "rita", Role::Admin).await;
    let seen = story.get(&format!("{APPS}/{used_id}")).bearer(&token).send().await.is(200).json();
    assert_eq!(seen["network"], json!(null));
});

story!(app_is_removed_by_admins_with_all_its_tokens_and_codes, OPEN, |story| {
    let (ada, token) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    let app = story.app("https://bad.example/cb", "read profile").await;
    let live = story.token(&bob, &app).await;
    let signed_in = story.sign_in(&bob, &app).await;
    let code = story.consent(&signed_in, &app).await;
    let bad = id_of(&list(&story, &token, "?limit=100").await, &app);
    remove(&story, &moderator, &bad, &json!({})).await.is_api_error(403, "This action is not allowed");
    remove(&story, &token, "nobody", &json!({})).await.is_api_error(404, "Record not found");
    story.advance_clock(Duration::from_secs(301));
    remove(&story, &token, &bad, &json!({})).await.is_api_error(403, "Please confirm that it is you");
    let wrong = json!({ "current_password": "wrong" });
    remove(&story, &token, &bad, &wrong).await.is_api_error(403, "This is not the password of the account");
    story.verify(&live).await.is(200);
    remove(&story, &token, &bad, &json!({ "current_password": ada.password })).await.is(200);
    story.verify(&live).await.is(401);
    assert!(story.redeem(&app, &code).await.status.is_client_error());
    remove(&story, &token, &bad, &json!({ "current_password": ada.password })).await.is(404);
    let events = story.get("/api/v1/admin/auth/events?event=app_deleted").bearer(&token).send().await.is(200).json();
    assert_eq!(events.as_array().expect("a list").len(), 1);
    assert_eq!((&events[0]["target_kind"], &events[0]["target"]), (&json!("app"), &json!(bad)));
    assert!(events[0]["name"].is_string() && events[0]["actor_kind"] == "account", "{events}");
});

story!(apps_page_searches_shows_and_removes_apps_but_none_of_the_servers_own, OPEN, |story| {
    let (ada, token) = staff(&story, "ada", Role::Admin).await;
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    register(&story, "<b>Gardens</b>", "https://gardens.example").await;
    let app = crate::first_party::own_app(&story, "https://own.example/cb").await;
    let app = id_of(&list(&story, &token, "?limit=100").await, &app);
    let theirs = browser(&story, &moderator).await;
    let mut jar = browser(&story, &ada).await;
    let all = list(&story, &token, "?limit=100").await;
    let gardens = named(&all, "<b>Gardens</b>");
    let page = look(&story, &jar, &format!("{PAGE}?q=garden")).await.is(200);
    assert!(page.body.contains("&lt;b&gt;Gardens&lt;") && page.body.contains("gardens.example"), "{}", page.body);
    assert_eq!(page.body.matches("class=\"name\"").count(), 1, "{}", page.body);
    let place = format!("{PAGE}/{}", id(gardens));
    let seen = look(&story, &theirs, &place).await.is(200);
    assert!(seen.body.contains("https://gardens.example/cb") && !seen.body.contains("/remove"), "{}", seen.body);
    look(&story, &theirs, &format!("{place}/remove")).await.is(403);
    let seen = look(&story, &jar, &place).await.is(200);
    assert!(seen.body.contains(&format!("{place}/remove")), "{}", seen.body);
    let own = format!("{PAGE}/{app}");
    let seen = look(&story, &jar, &own).await.is(200);
    assert!(seen.body.contains("Only the command line removes it.") && !seen.body.contains("/remove"), "{}", seen.body);
    look(&story, &jar, &format!("{own}/remove")).await.is(409);
    remove(&story, &token, &app, &json!({ "current_password": ada.password }))
        .await
        .is_api_error(409, "This app is the server’s own. Only the command line removes it.");
    story.advance_clock(Duration::from_secs(301));
    let path = format!("{place}/remove");
    let asked = look(&story, &jar, &path).await.is(200);
    assert!(asked.body.contains("Its access to all accounts ends now") && asked.body.contains("current_password"));
    story.post(&path).cookies(&jar).header("origin", "https://evil.example").form(&[("a", "b")]).send().await.is(403);
    fill(&story, &mut jar, &path, &[("current_password", "wrong")]).await.is(422);
    look(&story, &jar, &place).await.is(200);
    let done = fill(&story, &mut jar, &path, &[("current_password", &*ada.password)]).await.is(302);
    let page = look(&story, &jar, done.location().as_str()).await.is(200);
    assert!(page.body.contains("The app is removed.") && !page.body.contains("Gardens"), "{}", page.body);
    for path in [&*place, &*path, "/admin/apps/%00"] {
        look(&story, &jar, path).await.is(404);
    }
});
