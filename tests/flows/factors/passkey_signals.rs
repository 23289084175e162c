//! What pages tell a browser of the passkeys that it keeps (FAC-79).

use serde_json::{Value, json};
use tests::soft_passkey::SoftPasskey;
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::passkey_sign_in::{finish, is_refused, opened};
use super::passkeys::{add, begun, somebody};
use super::{SECURITY, act, own_id};

/// The ids of the passkeys that a page says to count; none when it says nothing.
fn accepted(page: &Response) -> Option<Value> {
    let page = page.markup();
    let rest = page.split_once("data-passkey-user=")?.1.split_once("data-accepted=\"").expect("what counts").1;
    let text = rest.split('"').next().expect("a value").replace("&quot;", "\"");
    Some(serde_json::from_str(&text).expect("JSON"))
}

async fn security(story: &Story, jar: &CookieJar) -> Response {
    story.get(SECURITY).cookies(jar).send().await.is(200)
}

story!(page_tells_the_browser_which_passkeys_count, |story| {
    let ada = story.person("ada").await;
    let mut jar = crate::factors::browser_of(&story, &ada).await;
    assert_eq!(accepted(&security(&story, &jar).await), None, "there never was one");
    let (mut passkey, page) = add(&story, &mut jar, &[("two_step", "1")]).await;
    page.is(200);
    let id =
        |passkey: &mut SoftPasskey| passkey.get(&json!({ "challenge": "AAAA", "rpId": "localhost" }))["id"].clone();
    let page = security(&story, &jar).await;
    assert_eq!(accepted(&page), Some(json!([id(&mut passkey)])));
    let (options, _) = begun(&story, &mut jar).await;
    let user = options["user"]["id"].as_str().expect("a handle");
    for fact in [format!("data-passkey-user=\"{user}\""), "data-rp=\"localhost\"".into(), "data-name=\"ada\"".into()] {
        assert!(page.markup().contains(&fact), "{fact}: {}", page.body);
    }
    // After a sign-in with it, and not after one without.
    let app = story.usual_app().await;
    let mut elsewhere = CookieJar::default();
    let (options, _) = opened(&story, &mut elsewhere, &app).await;
    let answer = finish(&story, &mut elsewhere, &app, &passkey.get(&options)).await.is(302);
    let consent = story.get(answer.location().as_str()).cookies(&elsewhere).send().await.is(200);
    assert_eq!(accepted(&consent), Some(json!([id(&mut passkey)])));
    let grace = story.sign_in(&story.person("grace").await, &app).await;
    let mut other = CookieJar::default();
    other.keep_value("jwt", &grace.cookie);
    let consent = story.get(grace.consent.as_str()).cookies(&other).send().await.is(200);
    assert_eq!(accepted(&consent), None);
    // Removed: none counts any more.
    let own = own_id(&story, &jar).await;
    act(&story, &mut jar, &format!("{own}/remove"), &[]).await.is(302);
    assert_eq!(accepted(&security(&story, &jar).await), Some(json!([])));
});

story!(page_tells_the_browser_of_a_passkey_that_nobody_has_and_no_address_makes_it, |story| {
    let (_, mut passkey, mut owner) = somebody(&story, "ada", false).await;
    let app = story.usual_app().await;
    let own = own_id(&story, &owner).await;
    act(&story, &mut owner, &format!("{own}/remove"), &[]).await.is(302);
    let mut jar = CookieJar::default();
    let (options, _) = opened(&story, &mut jar, &app).await;
    let credential = passkey.get(&options);
    let answer = finish(&story, &mut jar, &app, &credential).await;
    let address = answer.location();
    is_refused(answer, "This server does not know the passkey.");
    let id = credential["id"].as_str().expect("an id");
    let page = story.get(address.as_str()).cookies(&jar).send().await.is(200);
    jar.keep(&page);
    assert!(page.markup().contains(&format!("data-unknown=\"{id}\"")), "{}", page.body);
    // Once, in that browser; an address alone says nothing.
    for jar in [&jar, &CookieJar::default()] {
        let page = story.get(address.as_str()).cookies(jar).send().await.is(200);
        assert!(
            page.body.contains("does not know the passkey") && !page.body.contains("data-unknown"),
            "{}",
            page.body
        );
    }
    let mut odd = CookieJar::default();
    for value in ["\"><script>", &"A".repeat(2_000)] {
        odd.keep_value("unknown_passkey", value);
        let page = story.get(address.as_str()).cookies(&odd).send().await.is(200);
        assert!(!page.body.contains("data-unknown"), "{}", page.body);
    }
    // One that is somebody's, and is refused for another cause, is not told away.
    let (_, mut hers, _) = somebody(&story, "eve", false).await;
    let mut jar = CookieJar::default();
    opened(&story, &mut jar, &app).await;
    let stale = hers.get(&json!({ "challenge": "A".repeat(43), "rpId": "localhost" }));
    let answer = finish(&story, &mut jar, &app, &stale).await;
    assert_eq!(answer.cookie("unknown_passkey"), None);
});
