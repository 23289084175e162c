//! The log of events for staff: narrowed, page by page, and as files (PPL-20, PPL-149).

use std::time::Duration;

use lysand_auth::host::accounts::Role;
use serde_json::Value;
use tests::story;
use tests::story::{Response, Story};

use super::pages::{browser, fill, look};
use super::{OPEN, id, staff};

const EVENTS: &str = "/api/v1/admin/auth/events";
const PAGE: &str = "/admin/events";
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn ask(story: &Story, token: &str, path: &str) -> Response {
    story.get(path).bearer(token).send().await
}

async fn list(story: &Story, token: &str, query: &str) -> Vec<Value> {
    let listed = ask(story, token, &format!("{EVENTS}{query}")).await.is(200);
    assert_eq!(listed.header("cache-control"), "no-store");
    listed.json().as_array().expect("a list").clone()
}

/// The names of the kinds of what is found.
async fn kinds(story: &Story, token: &str, query: &str) -> Vec<String> {
    let found = list(story, token, query).await;
    found.iter().map(|event| event["event"].as_str().expect("a word").to_owned()).collect()
}

story!(events_are_narrowed_by_each_filter_and_paged, OPEN, |story| {
    let (mona, token) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    story.advance_clock(DAY * 2);
    story.log_in(&story.usual_app().await.authorize_query(), "bob", "wrong").await;
    story.advance_clock(Duration::from_secs(1));
    story.sign_in(&bob, &story.usual_app().await).await;
    let bob = id(&story, "bob").await;
    assert_eq!(kinds(&story, &token, "?event=sign_in_failed").await, ["sign_in_failed"]);
    assert_eq!(kinds(&story, &token, "?outcome=refused&actor=nobody").await, ["sign_in_failed"]);
    let of_bob = kinds(&story, &token, &format!("?target={bob}")).await;
    assert!(of_bob.contains(&"sign_in".to_owned()) && of_bob.contains(&"sign_in_failed".to_owned()), "{of_bob:?}");
    let by_bob = list(&story, &token, &format!("?actor={bob}")).await;
    assert!(!by_bob.is_empty() && by_bob.iter().all(|event| event["actor"] == *bob), "{by_bob:?}");
    for (network, is_there) in
        [("127.0.0.1", true), ("127.0.0.0/24", true), ("127.0.0.9%2F24", true), ("10.0.0.1", false), ("odd", false)]
    {
        let found = list(&story, &token, &format!("?event=sign_in_failed&network={network}")).await;
        assert_eq!(!found.is_empty(), is_there, "{network}");
    }
    // Days in UTC, and the last one whole.
    let now = list(&story, &token, "?limit=1").await[0]["at"].as_str().expect("a moment").to_owned();
    let today = now.get(..10).expect("a day");
    let since = kinds(&story, &token, &format!("?since={today}&until={today}&event=sign_in_failed")).await;
    assert_eq!(since, ["sign_in_failed"]);
    assert!(
        kinds(&story, &token, &format!("?until={now}&event=sign_in")).await.len()
            < kinds(&story, &token, "?event=sign_in").await.len()
    );
    assert_eq!(kinds(&story, &token, "?since=2999-01-01").await, [""; 0]);
    assert_eq!(kinds(&story, &token, "?until=1999-01-01T00:00:00Z").await, [""; 0]);
    // Pages, from both ends.
    let all = list(&story, &token, "?limit=100").await;
    let ids: Vec<&str> = all.iter().map(|event| event["id"].as_str().expect("an id")).collect();
    assert!(ids.is_sorted_by(|one, other| one > other), "the newest first");
    let paged = ask(&story, &token, &format!("{EVENTS}?limit=2&outcome=done")).await.is(200);
    assert!(paged.header("link").contains("outcome=done&limit=2&max_id="), "{}", paged.header("link"));
    let older = list(&story, &token, &format!("?limit=2&max_id={}", ids[1])).await;
    assert_eq!(older[0]["id"], ids[2]);
    let newer = list(&story, &token, &format!("?limit=1&min_id={}", ids[2])).await;
    assert_eq!(newer[0]["id"], ids[1]);
    let newest = list(&story, &token, &format!("?limit=1&since_id={}", ids[2])).await;
    assert_eq!(newest[0]["id"], ids[0]);
    drop(mona);
});

story!(events_refuse_what_cannot_be_looked_for_and_whoever_may_not_look, OPEN, |story| {
    let (mona, token) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    for (query, field, code) in [
        ("?event=odd", "event", "ERR_INCLUSION"),
        ("?event=Sign_in", "event", "ERR_INCLUSION"),
        ("?outcome=perhaps", "outcome", "ERR_INCLUSION"),
        ("?since=yesterday", "since", "ERR_INVALID"),
        ("?since=2026-13-01", "since", "ERR_INVALID"),
        ("?until=1969-12-31", "until", "ERR_INVALID"),
        ("?until=99999-01-01", "until", "ERR_INVALID"),
    ] {
        let refused = ask(&story, &token, &format!("{EVENTS}{query}")).await.is(422).json();
        assert_eq!(refused["details"][field][0]["error"], code, "{query}: {refused}");
    }
    for odd in ["?actor=%00", "?target[]=a", "?since[a]=b", "?event=%ff"] {
        ask(&story, &token, &format!("{EVENTS}{odd}")).await.is(400);
    }
    for odd in ["?max_id=zzz", "?max_id='", "?target=%25", "?actor=_", "?limit=-1", "?limit=many"] {
        ask(&story, &token, &format!("{EVENTS}{odd}")).await.is(200);
    }
    let app = story.app("https://all.example/cb", "read admin:read").await;
    let by_bob = story.token(&bob, &app).await;
    let little = story.app("https://little.example/cb", "read admin:read:accounts").await;
    let little = story.token(&mona, &little).await;
    for path in [EVENTS.to_owned(), format!("{EVENTS}.csv"), format!("{EVENTS}.json")] {
        ask(&story, &by_bob, &path).await.is_api_error(403, "This action is not allowed");
        ask(&story, &little, &path).await.is_api_error(403, "This action is outside the authorized scopes");
    }
    // Moderators look, and take nothing along.
    for path in [format!("{EVENTS}.csv"), format!("{EVENTS}.json")] {
        ask(&story, &token, &path).await.is_api_error(403, "This action is not allowed");
    }
    let jar = browser(&story, &mona).await;
    let page = look(&story, &jar, PAGE).await.is(200);
    assert!(!page.body.contains("/admin/events/export"), "{}", page.body);
    look(&story, &jar, "/admin/events/export").await.is(403);
    story.post("/admin/events/export").cookies(&jar).form(&[("form_token", "x")]).send().await.is(403);
});

story!(events_are_exported_as_files_with_a_fresh_sign_in, OPEN, |story| {
    let (_, token) = staff(&story, "ada", Role::Admin).await;
    // Whatever a program says of itself is no formula.
    let agent = "=HYPERLINK(\"https://evil.example\",\"x\")";
    let query = story.usual_app().await.authorize_query();
    let form = [("identifier", "nobody"), ("password", "wrong")];
    story.post(&format!("/api/auth/login?{query}")).header("user-agent", agent).form(&form).send().await;
    let file = ask(&story, &token, &format!("{EVENTS}.csv?event=sign_in_failed")).await.is(200);
    assert!(file.header("content-type").starts_with("text/csv"), "{}", file.header("content-type"));
    let named = file.header("content-disposition");
    assert!(named.starts_with("attachment; filename=\"events-") && named.ends_with(".csv\""), "{named}");
    assert_eq!(file.header("cache-control"), "no-store");
    let lines: Vec<&str> = file.body.split("\r\n").collect();
    assert!(lines[0].starts_with("id,at,event,outcome,") && lines.len() == 3 && lines[2].is_empty(), "{}", file.body);
    assert!(lines[1].contains(",\"'=HYPERLINK(\"\"https://evil.example\"\""), "{}", lines[1]);
    story.advance_clock(Duration::from_secs(1));
    let file = ask(&story, &token, &format!("{EVENTS}.json?outcome=done")).await.is(200);
    let all = file.json();
    let all = all.as_array().expect("a list");
    assert!(all.len() > 1 && all.iter().all(|event| event["outcome"] == "done"), "{all:?}");
    assert_eq!(all[0]["event"], "events_exported", "the export is in its own file");
    assert_eq!(ask(&story, &token, &format!("{EVENTS}.json?event=swept")).await.is(200).json(), serde_json::json!([]));
    ask(&story, &token, &format!("{EVENTS}.csv?event=odd")).await.is(422);
    assert_eq!(list(&story, &token, "?event=events_exported").await.len(), 3);
    story.advance_clock(Duration::from_secs(301));
    for path in [format!("{EVENTS}.csv"), format!("{EVENTS}.json?current_password=x")] {
        let stale = ask(&story, &token, &path).await;
        assert!(stale.header("www-authenticate").contains("insufficient_user_authentication"));
        stale.is_api_error(403, "Please confirm that it is you");
    }
});

story!(events_page_narrows_pages_and_exports, OPEN, |story| {
    let (ada, _) = staff(&story, "ada", Role::Admin).await;
    let bob = story.person("bob").await;
    story.log_in(&story.usual_app().await.authorize_query(), "bob", "wrong").await;
    for _ in 0..60 {
        story.advance_clock(Duration::from_secs(1));
        story.sign_in(&bob, &story.usual_app().await).await;
    }
    let mut jar = browser(&story, &ada).await;
    look(&story, &browser(&story, &bob).await, PAGE).await.is(403);
    let first = look(&story, &jar, &format!("{PAGE}?target=%40bob&event=sign_in&lang=es")).await.is(200);
    assert_eq!(first.body.matches("<li>\n<p><strong>").count(), 50, "{}", first.body);
    assert!(first.body.contains("@bob</bdi></a>") && first.body.contains(" open>"), "{}", first.body);
    let next = first.body.split("rel=\"next\"").next().and_then(|before| before.rsplit("href=\"").next());
    let next = next.and_then(|rest| rest.split('"').next()).expect("a link").replace("&amp;", "&");
    assert!(next.contains("target=%40bob") && next.contains("event=sign_in") && next.contains("lang=es"), "{next}");
    let second = look(&story, &jar, &next).await.is(200);
    assert!(second.body.contains("rel=\"prev\"") && !second.body.contains("rel=\"next\""), "{}", second.body);
    let failed = look(&story, &jar, &format!("{PAGE}?actor=nobody&outcome=refused&event=&since=")).await.is(200);
    assert!(failed.body.contains("A sign-in failed") && failed.body.contains("somebody unknown"), "{}", failed.body);
    let none = look(&story, &jar, &format!("{PAGE}?actor=eve")).await.is(200);
    assert!(none.body.contains("Nothing was found."), "{}", none.body);
    for odd in ["since=tomorrow", "until=%3Cb%3E"] {
        let wrong = look(&story, &jar, &format!("{PAGE}?{odd}")).await.is(422);
        assert!(wrong.body.contains("is invalid") && !wrong.body.contains("<b>"), "{odd}: {}", wrong.body);
    }
    look(&story, &jar, &format!("{PAGE}?max_id=%00&target=%00")).await.is(400);
    // The export takes along what is looked at.
    let export = "/admin/events/export?event=sign_in_failed";
    story.advance_clock(Duration::from_secs(301));
    let asked = look(&story, &jar, export).await.is(200);
    assert!(asked.body.contains("current_password") && asked.body.contains("100,000"), "{}", asked.body);
    fill(&story, &mut jar, export, &[("format", "csv"), ("current_password", "wrong")]).await.is(422);
    let proof = ("current_password", &*ada.password);
    fill(&story, &mut jar, export, &[("format", "odd"), proof]).await.is(422);
    let file = fill(&story, &mut jar, export, &[("format", "json"), proof]).await.is(200);
    assert!(file.header("content-disposition").ends_with(".json\""), "{}", file.header("content-disposition"));
    let file = file.json();
    assert!(file.as_array().is_some_and(|all| all.len() == 1 && all[0]["event"] == "sign_in_failed"), "{file}");
    story.post(export).cookies(&jar).header("origin", "https://evil.example").form(&[("a", "b")]).send().await.is(403);
});
