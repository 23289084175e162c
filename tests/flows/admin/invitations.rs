//! Invitations on the pages for staff, and their end all at once (PPL-19, PPL-87, PPL-153).

use std::time::Duration;

use lysand_auth::host::accounts::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::story;
use tests::story::{Response, Story};

use super::pages::{browser, fill, look};
use super::{OPEN, id, staff};
use crate::people::form;

const PAGE: &str = "/admin/invitations";
const JSON: &str = "/api/v1/admin/auth/invitations";
const PEOPLE: &[(&str, &str)] = &[
    ("signups.proof_of_work", "false"),
    ("signups.invitations", "people"),
    ("invitations.account_age", "0s"),
    ("signups.registration", "false"),
];

async fn make(story: &Story, token: &str, body: &Value) -> Value {
    story.post("/api/v1/auth/invitations").bearer(token).json(body).send().await.is(200).json()
}

async fn sign_up(story: &Story, name: &str, code: &str) -> Response {
    let email = format!("{name}@example.com");
    let fields = [form(name, &email), vec![("invite_code", code)]].concat();
    story.post("/api/v1/auth/signup").form(&fields).send().await
}

fn text<'a>(made: &'a Value, name: &str) -> &'a str {
    made[name].as_str().expect("a text")
}

story!(invitations_page_for_staff_makes_shows_and_ends_those_that_they_may, PEOPLE, |story| {
    let (admin, _) = staff(&story, "ada", Role::Admin).await;
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    let app = story.app("https://invites.example/cb", "auth:read auth:write").await;
    let of_bob = make(&story, &story.token(&bob, &app).await, &json!({ "comment": "For <Grace>" })).await;
    let (mut jar, theirs) = (browser(&story, &moderator).await, browser(&story, &bob).await);
    look(&story, &theirs, PAGE).await.is(403);
    let page = look(&story, &jar, PAGE).await.is(200);
    assert!(page.body.contains(text(&of_bob, "url")) && page.body.contains("For &lt;Grace&gt;"), "{}", page.body);
    assert!(page.body.contains("@bob") && !page.body.contains("value=\"end\""), "not theirs to end: {}", page.body);
    assert!(
        page.body
            .contains("name=\"max_uses\" type=\"number\" min=\"1\" max=\"10000\" inputmode=\"numeric\" value=\"1\"")
    );
    for (fields, wrong) in [
        (vec![("do", "make"), ("max_uses", "0")], "is invalid"),
        (vec![("do", "make"), ("max_uses", "many")], "is invalid"),
        (vec![("do", "make"), ("expires_in", "1")], "is invalid"),
        (vec![("do", "make"), ("email", "nobody"), ("comment", "kept <b>")], "kept &lt;b&gt;"),
        (vec![("do", "end"), ("id", text(&of_bob, "id"))], "This action is not allowed"),
        (vec![("do", "end"), ("id", "nothing")], "This invitation is over already."),
        (vec![("do", "else")], "Choose at least one."),
    ] {
        let refused = fill(&story, &mut jar, PAGE, &fields).await.is(422);
        assert!(refused.body.contains(wrong), "{fields:?}: {}", refused.body);
    }
    story.advance_clock(Duration::from_secs(1));
    let new = [("do", "make"), ("max_uses", ""), ("expires_in", "never"), ("comment", "For all")];
    let done = fill(&story, &mut jar, PAGE, &new).await.is(302);
    let page = look(&story, &jar, done.location().as_str()).await.is(200);
    assert!(page.body.contains("The invitation is made.") && page.body.contains("with review"), "{}", page.body);
    assert_eq!(page.body.matches("value=\"end\"").count(), 1, "one of two is theirs");
    let own = page.body.split("name=\"id\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("an id");
    let end = [("do", "end"), ("id", own)];
    fill(&story, &mut jar, PAGE, &end).await.is(302);
    fill(&story, &mut jar, PAGE, &end).await.is(422);
    let mailed = [("do", "make"), ("email", "grace@example.com"), ("skips_review", "1")];
    let done = fill(&story, &mut jar, PAGE, &mailed).await.is(302);
    assert!(look(&story, &jar, done.location().as_str()).await.body.contains("grace@example.com"));
    let mut jar = browser(&story, &admin).await;
    fill(&story, &mut jar, PAGE, &[("do", "end"), ("id", text(&of_bob, "id"))]).await.is(302);
    sign_up(&story, "grace", text(&of_bob, "code")).await.is(422);
});

story!(invitations_page_for_staff_narrows_to_one_account_and_pages, PEOPLE, |story| {
    let (moderator, token) = staff(&story, "mona", Role::Moderator).await;
    let jar = browser(&story, &moderator).await;
    let bob = story.person("bob").await;
    let app = story.app("https://invites.example/cb", "auth:write").await;
    make(&story, &story.token(&bob, &app).await, &json!({ "comment": "only one" })).await;
    for number in 0..55 {
        story.advance_clock(Duration::from_secs(1));
        make(&story, &token, &json!({ "comment": format!("number {number}.") })).await;
    }
    let first = look(&story, &jar, &format!("{PAGE}?lang=fr")).await.is(200);
    assert!(first.body.contains("number 54.") && !first.body.contains("number 4."), "{}", first.body);
    let next = first.body.split("rel=\"next\"").next().and_then(|before| before.rsplit("href=\"").next());
    let next = next.and_then(|rest| rest.split('"').next()).expect("a link").replace("&amp;", "&");
    let second = look(&story, &jar, &next).await.is(200);
    assert!(second.body.contains("number 4.") && second.body.contains("only one"), "{}", second.body);
    assert!(second.body.contains("rel=\"prev\"") && !second.body.contains("rel=\"next\""), "{}", second.body);
    let by = id(&story, "bob").await;
    let narrow = look(&story, &jar, &format!("{PAGE}?by={by}")).await.is(200);
    assert!(narrow.body.contains("only one") && !narrow.body.contains("number 54."), "{}", narrow.body);
    let listed = story.get(&format!("{JSON}?created_by={by}")).bearer(&token).send().await.is(200);
    assert_eq!(listed.json().as_array().expect("a list").len(), 1);
    let mine = format!("{JSON}?limit=2&created_by={}", id(&story, "mona").await);
    let listed = story.get(&mine).bearer(&token).send().await.is(200);
    assert!(listed.header("link").contains("created_by="), "{}", listed.header("link"));
    for odd in ["nobody", "%00", "a'b"] {
        let none = look(&story, &jar, &format!("{PAGE}?by={odd}")).await;
        assert!(
            [200, 400].contains(&none.status.as_u16()) && !none.body.contains("number 54."),
            "{odd}: {}",
            none.body
        );
    }
});

story!(invitations_of_an_account_are_all_ended_at_once, PEOPLE, |story| {
    let (admin, token) = staff(&story, "ada", Role::Admin).await;
    let (moderator, theirs) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    let app = story.app("https://invites.example/cb", "auth:write").await;
    let of_bob = story.token(&bob, &app).await;
    let mut codes = Vec::new();
    for _ in 0..3 {
        codes.push(make(&story, &of_bob, &json!({ "max_uses": 5 })).await);
    }
    let kept = make(&story, &theirs, &json!({})).await;
    sign_up(&story, "grace", text(&codes[0], "code")).await.is(201);
    let bob_id = id(&story, "bob").await;
    let all = format!("{JSON}?created_by={bob_id}");
    let end = async |token: &str, path: &str, body: &Value| {
        story.call(Method::DELETE, path).bearer(token).json(body).send().await
    };
    end(&theirs, &all, &json!({})).await.is_api_error(403, "This action is not allowed");
    end(&of_bob, &all, &json!({})).await.is_api_error(403, "This action is outside the authorized scopes");
    let blank = end(&token, JSON, &json!({})).await.is(422).json();
    assert_eq!(blank["details"]["created_by"][0]["error"], "ERR_BLANK");
    end(&token, &format!("{JSON}?created_by=nobody"), &json!({})).await.is_api_error(404, "Record not found");
    // The page asks for the password, and says what will happen.
    story.advance_clock(Duration::from_secs(301));
    let stale = end(&token, &all, &json!({})).await;
    stale.is_api_error(403, "Please confirm that it is you");
    let page = format!("{PAGE}/end?by={bob_id}");
    let mut jar = browser(&story, &moderator).await;
    look(&story, &jar, &page).await.is(403);
    let foreign = [("form_token", "x"), ("current_password", &*moderator.password)];
    story.post(&page).cookies(&jar).form(&foreign).send().await.is(403);
    jar = browser(&story, &admin).await;
    story.advance_clock(Duration::from_secs(301));
    let narrow = look(&story, &jar, &format!("{PAGE}?by={bob_id}")).await.is(200);
    assert!(narrow.body.contains("/admin/invitations/end?by="), "{}", narrow.body);
    let asked = look(&story, &jar, &page).await.is(200);
    assert!(asked.body.contains("@bob") && asked.body.contains("current_password"), "{}", asked.body);
    for password in ["", "wrong"] {
        fill(&story, &mut jar, &page, &[("current_password", password)]).await.is(422);
        assert_eq!(invitations_of(&story, &token, &bob_id).await, ["usable", "usable", "usable"]);
    }
    let done = fill(&story, &mut jar, &page, &[("current_password", &*admin.password)]).await.is(302);
    let after = look(&story, &jar, done.location().as_str()).await.is(200);
    assert!(after.body.contains("The invitations are ended."), "{}", after.body);
    assert_eq!(invitations_of(&story, &token, &bob_id).await, ["ended", "ended", "ended"]);
    for made in &codes {
        sign_up(&story, "hedy", text(made, "code")).await.is(422);
    }
    sign_up(&story, "hedy", text(&kept, "code")).await.is(201);
    let none = end(&token, &all, &json!({ "current_password": admin.password })).await.is(200);
    assert_eq!(none.json(), json!({ "ended": 0 }));
    look(&story, &jar, "/admin/invitations/end?by=nobody").await.is(404);
    look(&story, &jar, "/admin/invitations/end").await.is(404);
});

async fn invitations_of(story: &Story, token: &str, account: &str) -> Vec<String> {
    let listed = story.get(&format!("{JSON}?created_by={account}")).bearer(token).send().await.is(200).json();
    listed.as_array().expect("a list").iter().map(|made| text(made, "state").to_owned()).collect()
}

story!(moderators_end_all_their_own_invitations, OPEN, |story| {
    let (_, token) = staff(&story, "mona", Role::Moderator).await;
    for _ in 0..2 {
        story.post(JSON).bearer(&token).json(&json!({})).send().await.is(200);
    }
    let own = format!("{JSON}?created_by={}", id(&story, "mona").await);
    let ended = story.call(Method::DELETE, &own).bearer(&token).json(&json!({})).send().await.is(200);
    assert_eq!(ended.json(), json!({ "ended": 2 }));
});
