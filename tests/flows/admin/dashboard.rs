//! How the server is used, in numbers (PPL-150, PPL-151).

use std::time::Duration;

use lysand_auth::flows::sweep;
use lysand_auth::host::accounts::Role;
use serde_json::{Value, json};
use tests::story;
use tests::story::Story;

use super::pages::{browser, look};
use super::{OPEN, staff};

const PATH: &str = "/api/v1/admin/auth/dashboard";
const DAY: Duration = Duration::from_secs(24 * 3600);

async fn dashboard(story: &Story, token: &str, query: &str) -> Value {
    story.get(&format!("{PATH}{query}")).bearer(token).send().await.is(200).json()
}

/// The numbers of a day without its date, counted from the end: 0 is today.
fn numbers(dashboard: &Value, ago: usize) -> [i64; 5] {
    let days = dashboard["days"].as_array().expect("days");
    let day = &days[days.len() - 1 - ago];
    ["sign_ins", "failures", "sign_ups", "confirmed", "mails_failed"].map(|name| day[name].as_i64().expect("a number"))
}

story!(dashboard_counts_days_from_events_and_keeps_the_numbers_when_the_events_go, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let before = dashboard(&story, &admin, "").await;
    assert_eq!(before["days"].as_array().map(Vec::len), Some(30));
    assert_eq!(before["accounts"], 1);
    assert_eq!((&before["waiting"], &before["sessions"]), (&json!(0), &json!(1)));
    assert!(before["apps"].as_i64().is_some_and(|apps| apps >= 1));
    let bob = story.person("bob").await;
    let app = story.usual_app().await;
    story.sign_in(&bob, &app).await;
    for _ in 0..2 {
        story.log_in(&app.authorize_query(), &bob.username, "wrong").await;
    }
    crate::people::sign_up(&story, "eve", "eve@example.com").await;
    let today = dashboard(&story, &admin, "?days=2").await;
    let [sign_ins, ..] = numbers(&before, 0);
    assert_eq!(numbers(&today, 0), [sign_ins + 1, 2, 1, 0, 0]);
    assert_eq!(numbers(&today, 1), [0; 5]);
    // A day later it is yesterday's, counted for good, and no longer counted from the events.
    story.advance_clock(DAY + Duration::from_secs(7200));
    let yesterday = numbers(&today, 0);
    for _ in 0..2 {
        sweep::sweep(&story.server().state().auth).await.expect("a sweep");
        let later = dashboard(&story, &admin, "?days=3").await;
        assert_eq!((numbers(&later, 1), numbers(&later, 2)), (yesterday, [0; 5]));
    }
    // 399 days later the events and their numbers are about to go; a day after that both are gone.
    story.advance_clock(DAY * 398);
    sweep::sweep(&story.server().state().auth).await.expect("a sweep");
    let (_, admin) = staff(&story, "mona", Role::Moderator).await;
    let last = dashboard(&story, &admin, "?days=400").await;
    assert_eq!(numbers(&last, 399), yesterday);
});

story!(dashboard_is_for_staff_and_bears_odd_numbers_of_days, OPEN, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    for (query, days) in [("?days=0", 30), ("?days=-5", 30), ("?days=many", 30), ("?days=1", 1), ("?days=99999", 400)] {
        let told = dashboard(&story, &admin, query).await;
        assert_eq!(told["days"].as_array().map(Vec::len), Some(days), "{query}");
    }
    let app = story.app("https://readers.example/cb", "read admin:read:accounts admin:read").await;
    let bob = story.person("bob").await;
    let theirs = story.token(&bob, &app).await;
    story.get(PATH).bearer(&theirs).send().await.is_api_error(403, "This action is not allowed");
    let narrow = story.app("https://narrow.example/cb", "admin:read:accounts").await;
    let narrow = story.token(&ada, &narrow).await;
    story.get(PATH).bearer(&narrow).send().await.is_api_error(403, "This action is outside the authorized scopes");
});

story!(first_page_for_staff_shows_the_last_days_as_charts_and_as_numbers, OPEN, |story| {
    let (ada, _) = staff(&story, "ada", Role::Admin).await;
    let jar = browser(&story, &ada).await;
    let page = look(&story, &jar, "/admin").await.is(200);
    assert_eq!(page.body.matches("<svg").count(), 3);
    assert_eq!(page.body.matches("<title id=").count(), 3);
    assert_eq!(page.body.matches("<th scope=\"row\"").count(), 90, "thirty days each, for who sees no chart");
    assert!(page.body.contains("Sign-ins") && page.body.contains("Refused sign-ins") && page.body.contains("Sign-ups"));
});
