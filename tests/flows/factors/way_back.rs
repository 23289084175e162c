//! Whoever lost all second factors has them removed by password and mailbox, after a wait of which the owner is told (FAC-111 to FAC-115).

use std::time::Duration;

use lysand_auth::flows::{outbox, sweep};
use tests::story::{CookieJar, Response, Story, query_of};
use tests::{Person, story};

use super::passkeys;
use super::{Enrolled, WRONG, Waiting, begin, browser_of, enrol, is_step_error, proven_query};
use crate::people::{after, code_in, form_token, mail_with, mails_to};

pub(super) const ON: &[(&str, &str)] =
    &[("factors.way_back.enabled", "true"), ("sessions.idle_ttl", "20d"), ("tokens.session_ttl", "30d")];
pub(super) const PAGE: &str = "/oauth/factor/way_back";
pub(super) const DAY: Duration = Duration::from_secs(24 * 3600);
const NOT_OFFERED: &str = "That way is not offered for this sign-in.";
const OVER: &str = "This request was stopped, or is over.";
pub(super) const BANNER: &str = "Your second factors are to be removed";

/// Posts a form of the pages of a sign-in.
pub(super) async fn post(story: &Story, waiting: &mut Waiting, what: &str, fields: &[(&str, &str)]) -> Response {
    let token = form_token(story, &mut waiting.jar, &format!("/oauth/factor?pending={}", waiting.id)).await;
    let form = [&[("form_token", &*token), ("pending", &*waiting.id)], fields].concat();
    let answer = story.post(&format!("{PAGE}{what}")).header("accept", "text/html").cookies(&waiting.jar);
    let answer = answer.form(&form).send().await;
    waiting.jar.keep(&answer);
    answer
}

/// Has a code mailed, and reads it.
pub(super) async fn mailed(story: &Story, waiting: &mut Waiting, person: &Person) -> String {
    story.advance_clock(Duration::from_secs(1));
    let sent = post(story, waiting, "/start", &[]).await.is(302);
    let location = sent.location();
    assert_eq!((location.path(), query_of(&location, "error")), (PAGE, None), "{location}");
    newest_code(story, person).await
}

/// The code that was mailed last.
pub(super) async fn newest_code(story: &Story, person: &Person) -> String {
    outbox::send_waiting(&story.server().state().auth).await.expect("sent");
    let mut mails: Vec<String> = mails_to(story, &person.email, 1).await;
    mails.retain(|mail| mail.contains("Subject: Your code for"));
    let date = |mail: &String| mail.split("\r\nDate: ").nth(1).and_then(|rest| Some(rest.get(..31)?.to_owned()));
    let moment = |mail: &String| date(mail).and_then(|date| httpdate(&date));
    let newest = mails.iter().max_by_key(|mail| moment(mail)).expect("a mail with a code");
    code_in(newest).expect("a code").to_owned()
}

/// `Mon, 30 Nov 2026 10:00:00 +0000` as something that sorts.
fn httpdate(date: &str) -> Option<(i32, usize, u32, String)> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = date.split_whitespace().skip(1);
    let (day, month, year) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?.parse().ok()?);
    Some((year, MONTHS.iter().position(|known| *known == month)?, day, parts.next()?.to_owned()))
}

/// Asks for the way back, in a browser of its own.
pub(super) async fn ask(story: &Story, person: &Person) -> (Waiting, Response) {
    let app = story.usual_app().await;
    let mut waiting = begin(story, person, &app.authorize_query()).await;
    let code = mailed(story, &mut waiting, person).await;
    let page = post(story, &mut waiting, "", &[("code", &code)]).await.is(200);
    assert!(page.body.contains("It is asked for") && page.cookie("jwt").is_none(), "{}", page.body);
    (waiting, page)
}

/// What is told is told, and what is over is swept.
pub(super) async fn tell(story: &Story) {
    sweep::sweep(&story.server().state().auth).await.expect("swept");
}

/// Whether a page of the browser says that factors are to be removed.
pub(super) async fn is_told(story: &Story, jar: &CookieJar, path: &str) -> bool {
    let page = story.get(path).header("accept", "text/html").cookies(jar).send().await;
    page.body.contains(BANNER)
}

/// Somebody with an app, whose password alone signs nobody in.
pub(super) async fn somebody(story: &Story, name: &str) -> (Person, Enrolled) {
    let person = story.person(name).await;
    let own = enrol(story, &person).await;
    (person, own)
}

story!(lost_factors_are_removed_after_a_week_and_the_apps_request_goes_on, ON, |story| {
    let (ada, own) = somebody(&story, "ada").await;
    let app = story.usual_app().await;
    let mut waiting = begin(&story, &ada, &app.authorize_query()).await;
    let factor = format!("/oauth/factor?pending={}", waiting.id);
    let page = story.get(&factor).header("accept", "text/html").cookies(&waiting.jar).send().await.is(200);
    assert!(page.body.contains("I have none of these") && page.markup().contains(PAGE), "{}", page.body);
    let page = story.get(&format!("{PAGE}?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(200);
    for part in ["a recovery code, or a browser", "wait 7 days", "a***@people.example", "Story App", "@ada"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains(&ada.email));
    let code = mailed(&story, &mut waiting, &ada).await;
    let asked = post(&story, &mut waiting, "", &[("code", &code)]).await.is(200);
    assert!(asked.body.contains("It is asked for") && asked.cookie("jwt").is_none(), "{}", asked.body);
    // The owner is told everywhere; nothing has changed.
    let told = mail_with(&story, &ada.email, "Somebody asked to remove your second factors").await;
    assert!(told.contains("/account/way_back/stop?token=") && told.contains("Time:"), "{told}");
    for path in ["/account/security", "/account", "/", "/oauth/authorized_applications", "/nothing"] {
        assert!(is_told(&story, &own.jar, path).await, "{path}");
    }
    begin(&story, &ada, &app.authorize_query()).await;

    story.advance_clock(7 * DAY - Duration::from_secs(60));
    let (query, request) = proven_query(&story, &app);
    let mut early = begin(&story, &ada, &query).await;
    let page = story.get(&format!("{PAGE}?pending={}", early.id)).cookies(&early.jar).send().await.is(200);
    assert!(page.body.contains("They can be removed from") && !page.body.contains("name=\"code\""), "{}", page.body);
    is_step_error(post(&story, &mut early, "/claim", &[("code", "12345678")]).await, "invalid_request", OVER);
    story.advance_clock(Duration::from_secs(60));
    let code = mailed(&story, &mut early, &ada).await;
    let ripe = post(&story, &mut early, "", &[("code", &code)]).await.is(200);
    assert!(ripe.body.contains("Remove my second factors and go on"), "{}", ripe.body);
    // Ripe is not done.
    begin(&story, &ada, &app.authorize_query()).await;
    let wrong = post(&story, &mut early, "/claim", &[("code", "00000000")]).await.is(302).location();
    assert_eq!(query_of(&wrong, "error_description").as_deref(), Some(WRONG), "{wrong}");
    let token = ripe.hidden("form_token");
    let form = [("form_token", &*token), ("pending", &*early.id), ("code", &*code)];
    let claimed = story.post(&format!("{PAGE}/claim")).cookies(&early.jar).form(&form).send().await.signed_in();
    let consent = story.decide(&claimed, &app).await.is(302).location();
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    let code = query_of(&consent, "code").expect("a code");
    story.client().redeem_proven(&app, &request, &code).await.expect("an access token");

    // Everything else is signed out, and the password is enough.
    story.get("/account/security").cookies(&own.jar).send().await.is(302);
    let done = mail_with(&story, &ada.email, "were removed").await;
    assert!(done.contains("as it was asked for a while ago"), "{done}");
    let again = story.log_in(&app.authorize_query(), &ada.username, &ada.password).await.is(302);
    assert!(again.cookie("jwt").is_some(), "{}", again.location());
    let mut jar = CookieJar::default();
    jar.keep(&again);
    assert!(!is_told(&story, &jar, "/account/security").await);
    // The link of the mail is over.
    let link = after(&told, "/account/way_back/stop?token=").to_owned();
    story.get(&format!("/account/way_back/stop?token={link}")).send().await.is(410);
    let _ = NOT_OFFERED;
    tell(&story).await;
});

story!(session_that_is_made_stronger_asks_for_no_way_back, ON, |story| {
    let (ada, ..) = passkeys::somebody(&story, "ada", false).await;
    let mut jar = browser_of(&story, &ada).await;
    // The password of that session was given some time ago: it is none of this sign-in.
    let wish = [("acr", "phr"), ("return_to", "/account")];
    let asked = story.post("/api/auth/step_up").header("origin", story.base()).cookies(&jar).form(&wish).send().await;
    jar.keep(&asked);
    let id = query_of(&asked.is(302).location(), "pending").expect("an id");
    let start = |path: &str| story.post(path).header("origin", story.base()).header("accept", "text/html");
    let sent = start(&format!("{PAGE}/start")).cookies(&jar).form(&[("pending", &*id)]).send().await.is(302);
    assert_eq!(query_of(&sent.location(), "error_description").as_deref(), Some(NOT_OFFERED), "{}", sent.location());
});
