//! A copy of all that is kept about a person (PPL-125).

use std::time::Duration;

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::export;
use serde_json::{Value, json};
use tests::Person;
use tests::story;
use tests::story::{App, CookieJar, Story};

use super::form_token;

const PATH: &str = "/api/v1/auth/export";
const PAGE: &str = "/account/export";
const STALE: Duration = Duration::from_secs(301);

async fn account_app(story: &Story) -> App {
    story.app("https://keys.example/cb", "read auth:read auth:write").await
}

/// Every text in a document.
fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(list) => list.iter().for_each(|value| texts(value, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// Somebody who has something of everything; answers with the tokens.
async fn full(story: &Story, person: &Person) -> [String; 2] {
    let token = story.token(person, &account_app(story).await).await;
    let body = json!({ "name": "backup", "scopes": "read", "networks": "127.0.0.1" });
    let made = story.post("/api/v1/auth/personal_tokens").bearer(&token).json(&body).send().await.is(200).json();
    story.post("/api/v1/auth/invitations").bearer(&token).json(&json!({ "comment": "For Eve" })).send().await.is(200);
    story.sign_in(person, &story.usual_app().await).await;
    [token, made["token"].as_str().expect("a value").to_owned()]
}

const PEOPLE: &[(&str, &str)] = &[("signups.invitations", "people"), ("invitations.account_age", "0s")];

story!(export_has_all_that_is_kept_and_no_secret_digest_or_code, PEOPLE, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let [token, personal] = full(&story, &ada).await;
    full(&story, &eve).await;
    let answer = story.get(PATH).bearer(&token).send().await.is(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let (named, copy) = (answer.header("content-disposition").to_owned(), answer.json());
    let day = copy["made_at"].as_str().expect("a moment").get(..10).expect("a day").to_owned();
    assert_eq!(named, format!("attachment; filename=\"lysand-auth-ada-{day}.json\""));
    assert_eq!((&copy["version"], &copy["account"]["username"]), (&json!(1), &json!("ada")));
    assert_eq!(copy["account"]["email"], "ada@people.example");
    assert_eq!(copy["personal_tokens"][0]["name"], "backup");
    assert_eq!(copy["personal_tokens"][0]["networks"], json!(["127.0.0.1/32"]));
    assert_eq!(copy["invitations"][0]["comment"], "For Eve");
    let apps: Vec<&str> =
        copy["apps"].as_array().expect("a list").iter().filter_map(|app| app["name"].as_str()).collect();
    assert_eq!(apps.len(), 1, "a personal token is no app: {apps:?}");
    for list in ["sessions", "events", "mails", "known_browsers"] {
        assert!(!copy[list].as_array().expect("a list").is_empty(), "{list}");
    }
    assert!(copy["events"].as_array().expect("a list").iter().any(|event| event["event"] == "personal_token_made"));
    for member in ["addresses", "identities", "factors"] {
        assert_eq!(copy[member], json!([]), "{member}");
    }
    assert_eq!(copy["host"], json!({}));
    let mut all = Vec::new();
    texts(&copy, &mut all);
    let invitation = story.get("/api/v1/auth/invitations").bearer(&token).send().await.is(200).json();
    let code = invitation[0]["code"].as_str().expect("a code");
    for text in &all {
        assert!(!text.contains(&token) && !text.contains(&personal) && !text.contains(code), "{text}");
        // A digest or a secret, in base64 or in hexadecimal digits.
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        assert!(text.len() < 43 || !text.bytes().all(is_word), "{text}");
        assert!(!text.contains("eve") && !text.contains("argon2"), "{text}");
    }
    // It is an event, which the next copy has.
    let next = story.get(PATH).bearer(&token).send().await.is(200).json();
    assert!(next["events"].as_array().expect("a list").iter().any(|event| event["event"] == "exported"));
});

story!(export_asks_for_scope_and_fresh_proof_and_comes_five_times_a_day, &[("ratelimit.enabled", "true")], |story| {
    let ada = story.person("ada").await;
    let token = story.token(&ada, &account_app(&story).await).await;
    story.get(PATH).send().await.is(401);
    story.get(PATH).bearer(&story.token(&ada, &story.usual_app().await).await).send().await.is(403);
    let body = json!({ "name": "looks", "scopes": "auth:read" });
    let made = story.post("/api/v1/auth/personal_tokens").bearer(&token).json(&body).send().await.is(200).json();
    // A personal token never was a sign-in.
    let personal = made["token"].as_str().expect("a value");
    story.get(PATH).bearer(personal).send().await.is_api_error(403, "Please confirm that it is you");
    for _ in 0..5 {
        story.get(PATH).bearer(&token).send().await.is(200);
    }
    let refused = story.get(PATH).bearer(&token).send().await.is(429);
    assert!(!refused.header("retry-after").is_empty());
    story.advance_clock(STALE);
    story.get(PATH).bearer(&token).send().await.is_api_error(403, "Please confirm that it is you");
});

story!(export_page_gives_the_file_after_the_password, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    assert_eq!(story.get(PAGE).send().await.is(302).location().path(), "/account/sign-in");
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    let post = async |jar: &mut CookieJar, fields: &[(&str, &str)]| {
        let token = form_token(&story, jar, PAGE).await;
        story.post(PAGE).cookies(jar).form(&[fields, &[("form_token", &token)]].concat()).send().await
    };
    let file = post(&mut jar, &[]).await.is(200);
    assert!(file.header("content-type").contains("application/json"));
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"lysand-auth-ada-"));
    assert_eq!(file.json()["account"]["username"], "ada");
    story.advance_clock(STALE);
    assert!(post(&mut jar, &[]).await.is(422).body.contains("Please confirm that it is you"));
    let refused = post(&mut jar, &[("current_password", "wrong")]).await.is(422);
    assert!(refused.body.contains("This is not the password of the account"));
    assert_eq!(post(&mut jar, &[("current_password", &ada.password)]).await.is(200).json()["version"], 1);
    story.post(PAGE).cookies(&jar).form(&[("form_token", "guessed")]).send().await.is(422);
});

story!(export_of_a_person_by_the_operator_is_recorded, |story| {
    let ada = story.person("ada").await;
    let (auth, account) = (&story.server().state().auth, story.account(&ada).await);
    let copy = export::of_account(auth, &account, Actor::Command, &Caller::default()).await.expect("a copy");
    assert!(copy.file_name.starts_with("lysand-auth-ada-"));
    let next = export::of_account(auth, &account, Actor::Command, &Caller::default()).await.expect("a copy");
    assert_eq!(
        (&next.content["events"][0]["event"], &next.content["events"][0]["by"]),
        (&json!("exported"), &json!("staff"))
    );
});
