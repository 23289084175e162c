//! The own profile (PPL-126a).

use std::time::Duration;

use lysand_auth::flows::outbox;
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::{CookieJar, Response, Story};
use tests::wait;

use super::form_token;

const PAGE: &str = "/account/profile";
const ROUTE: &str = "/api/v1/accounts/update_credentials";

async fn writer(story: &Story, person: &tests::Person) -> String {
    let app = story.app("https://edits.example/cb", "read profile write:accounts").await;
    story.token(person, &app).await
}

async fn patch(story: &Story, token: &str, body: Value) -> Response {
    story.call(Method::PATCH, ROUTE).bearer(token).json(&body).send().await
}

story!(update_credentials_takes_name_and_locale_in_every_format, |story| {
    let ada = story.person("ada").await;
    let token = writer(&story, &ada).await;
    let name = "Ada\u{202e} Lovelace\u{200b}";
    let answer = patch(&story, &token, json!({ "display_name": name, "locale": "de", "note": "x" })).await.is(200);
    let entity = answer.json();
    assert_eq!((&entity["display_name"], &entity["username"]), (&json!("Ada Lovelace"), &json!("ada")));
    assert!(entity["source"].is_object(), "a CredentialAccount");
    let seen = story.get("/api/v1/accounts/verify_credentials").bearer(&token).send().await.is(200).json();
    assert_eq!(seen["display_name"], "Ada Lovelace");
    assert_eq!(story.account(&ada).await.language.expect("a language").as_str(), "de");
    let form = [("display_name", "Ada L.")];
    story.call(Method::PATCH, ROUTE).bearer(&token).form(&form).send().await.is(200);
    let multipart = "--x\r\ncontent-disposition: form-data; name=\"display_name\"\r\n\r\nGräfin\r\n--x--\r\n";
    let sent =
        story.call(Method::PATCH, ROUTE).bearer(&token).body("multipart/form-data; boundary=x", multipart.to_owned());
    assert_eq!(sent.send().await.is(200).json()["display_name"], "Gräfin");
    assert_eq!(story.account(&ada).await.language.expect("it stays").as_str(), "de");
    // Empty is none; nothing at all changes nothing.
    assert_eq!(patch(&story, &token, json!({})).await.is(200).json()["display_name"], "Gräfin");
    let emptied = patch(&story, &token, json!({ "display_name": "", "locale": "" })).await.is(200).json();
    assert_eq!(emptied["display_name"], "");
    assert_eq!(story.account(&ada).await.language, None);
});

story!(update_credentials_refuses_what_cannot_be_shown_and_changes_nothing, |story| {
    let ada = story.person("ada").await;
    let token = writer(&story, &ada).await;
    for (body, code, field) in [
        (json!({ "display_name": "x".repeat(31), "locale": "de" }), "ERR_TOO_LONG", "display_name"),
        (json!({ "display_name": "two\nlines" }), "ERR_INVALID", "display_name"),
        (json!({ "display_name": "Ada", "locale": "tlh" }), "ERR_INCLUSION", "locale"),
        (json!({ "locale": "../../etc/passwd" }), "ERR_INCLUSION", "locale"),
    ] {
        let answer = patch(&story, &token, body).await.is(422).json();
        assert_eq!(answer["details"][field][0]["error"], code, "{answer}");
    }
    let long = patch(&story, &token, json!({ "display_name": "x".repeat(31) })).await.is(422).json();
    assert_eq!(long["error"], "Validation failed: Display name is too long (maximum is 30 characters)");
    patch(&story, &token, json!({ "display_name": ["Ada"] })).await.is(400);
    let two = [("display_name", "Ada"), ("display_name", "Eve")];
    story.call(Method::PATCH, ROUTE).bearer(&token).form(&two).send().await.is(400);
    patch(&story, &token, json!({ "display_name": "A\u{0}da" })).await.is(400);
    let account = story.account(&ada).await;
    assert_eq!((account.display_name.as_str(), account.language), ("", None));
});

story!(update_credentials_needs_a_person_and_write_accounts, |story| {
    let ada = story.person("ada").await;
    let name = json!({ "display_name": "Eve" });
    let app = story.app("https://reads.example/cb", "read profile auth:write").await;
    let token = story.token(&ada, &app).await;
    patch(&story, &token, name.clone()).await.is_api_error(403, "This action is outside the authorized scopes");
    story.call(Method::PATCH, ROUTE).json(&name).send().await.is(401);
    story.post(ROUTE).json(&name).send().await.is(405);
    assert_eq!(story.account(&ada).await.display_name, "");
});

story!(profile_page_saves_name_and_language_and_keeps_what_was_typed, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let refused = story.get(PAGE).send().await.is(302);
    assert_eq!(refused.location().path(), "/account/sign-in");
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    let account = story.get("/account").cookies(&jar).send().await.is(200);
    assert!(account.body.contains("href=\"/account/profile\""), "{}", account.body);
    let token = form_token(&story, &mut jar, PAGE).await;
    let long = "long ".repeat(7);
    let fields = [("form_token", &*token), ("display_name", &*long), ("locale", "fr")];
    let again = story.post(PAGE).cookies(&jar).form(&fields).send().await.is(422);
    assert!(again.body.contains("value=\"long long") && again.body.contains("aria-invalid"), "{}", again.body);
    assert!(again.body.contains("value=\"fr\" lang=\"fr\" selected"), "{}", again.body);
    let fields = [("form_token", &*token), ("display_name", "Ada <3"), ("locale", "fr")];
    let saved = story.post(PAGE).cookies(&jar).form(&fields).send().await.is(302);
    let shown = story.get(saved.header("location").trim_start_matches(story.base())).cookies(&jar).send().await;
    assert!(shown.body.contains("Votre profil est enregistré.") && shown.body.contains("Ada &lt;3"), "{}", shown.body);
    let stale = [("form_token", "stale"), ("display_name", "Eve"), ("locale", "")];
    let again = story.post(PAGE).cookies(&jar).form(&stale).send().await.is(422);
    assert!(again.body.contains("value=\"Eve\""), "{}", again.body);
    story.post(PAGE).cookies(&jar).header("origin", "https://evil.example").form(&fields).send().await.is(403);
    assert_eq!(story.account(&ada).await.display_name, "Ada <3");
});

story!(account_page_tells_that_mail_to_its_address_was_refused, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    // Where a file is, no folder for mails can be.
    let folder = story.mail_folder();
    std::fs::remove_dir_all(&folder).ok();
    std::fs::create_dir_all(folder.parent().expect("a folder")).expect("a folder");
    std::fs::write(&folder, "").expect("a file");
    let forgot = json!({ "identifier": "ada" });
    story.post("/api/v1/auth/password/forgot").json(&forgot).send().await.is(200);
    let auth = &story.server().state().auth;
    let tries = async || {
        let all = outbox::list(auth, None, 10).await.expect("a list");
        all.first().map(|mail| mail.tries).filter(|tries| *tries > 0)
    };
    wait::until("a try", tries).await;
    story.advance_clock(Duration::from_secs(4 * 24 * 3600));
    story.post("/api/v1/auth/password/forgot").json(&forgot).send().await.is(200);
    wait::until("a refusal", async || outbox::refused_at(auth, &ada.email).await.expect("an answer")).await;
    let page = story.get("/account").session(&story.sign_in(&ada, &app).await).send().await.is(200);
    assert!(page.body.contains("Mail to your address was refused on <time"), "{}", page.body);
    let eve = story.sign_in(&story.person("eve").await, &app).await;
    let page = story.get("/account").session(&eve).send().await.is(200);
    assert!(!page.body.contains("was refused on"), "{}", page.body);
});
