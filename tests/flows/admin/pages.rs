//! The pages of the people who run the server (PPL-151 to PPL-153, PPL-155).

use std::time::Duration;

use lysand_auth::host::accounts::Role;
use tests::Person;
use tests::story;
use tests::story::{CookieJar, Response, Story};

use super::{OPEN, id, staff};
use crate::people::{confirm_identity, form_token, mail_with, sign_up};
use crate::server_sign_in::{enter, sign_in_page};

const APPROVAL: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("signups.approval", "true")];
const REFUSED: &str = "This page is for the people who run this server.";

/// The browser of somebody who is signed in.
pub(super) async fn browser(story: &Story, person: &Person) -> CookieJar {
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(person, &story.usual_app().await).await.cookie);
    jar
}

pub(super) async fn look(story: &Story, jar: &CookieJar, path: &str) -> Response {
    story.get(path).header("accept", "text/html").cookies(jar).send().await
}

pub(super) async fn fill(story: &Story, jar: &mut CookieJar, path: &str, fields: &[(&str, &str)]) -> Response {
    let token = form_token(story, jar, path).await;
    let fields = [&[("form_token", &*token)], fields].concat();
    story.post(path).header("accept", "text/html").cookies(jar).form(&fields).send().await
}

story!(staff_pages_are_for_staff_also_where_there_is_none, OPEN, |story| {
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    let (jar, theirs, nobody) = (browser(&story, &moderator).await, browser(&story, &bob).await, CookieJar::default());
    let account = format!("/admin/accounts/{}", id(&story, "bob").await);
    for path in ["/admin", "/admin/requests", "/admin/accounts", &account, "/admin/nothing", "/admin/accounts/x/y/z"] {
        let away = look(&story, &nobody, path).await.is(302);
        let back = format!("/account/sign-in?return_to={}", path.replace('/', "%2F"));
        assert!(away.header("location").ends_with(&back), "{}", away.header("location"));
        let refused = look(&story, &theirs, path).await.is(403);
        assert!(refused.body.contains(REFUSED), "{path}: {}", refused.body);
    }
    for path in ["/admin", "/admin/requests", "/admin/accounts", &account] {
        look(&story, &jar, path).await.is(200);
    }
    for path in ["/admin/nothing", "/admin/accounts/nobody", "/admin/accounts/%00", &format!("{account}/nothing")] {
        look(&story, &jar, path).await.is(404);
    }
    assert!(look(&story, &jar, "/account").await.body.contains("/admin\""), "staff finds the pages");
    assert!(!look(&story, &theirs, "/account").await.body.contains("/admin\""));
    // Forms of theirs change nothing.
    let fields = [("form_token", "x"), ("do", "approve")];
    story.post("/admin/requests").cookies(&theirs).form(&fields).send().await.is(403);
    let foreign = story.post(&account).cookies(&jar).header("origin", "https://evil.example").form(&fields);
    foreign.send().await.is(403);
    let stale = story.post("/admin/requests").cookies(&jar).form(&fields).send().await.is(422);
    assert!(stale.body.contains("Please try again"), "{}", stale.body);
});

story!(sign_in_leads_back_to_the_pages_of_staff, OPEN, |story| {
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    let mut jar = CookieJar::default();
    let page = sign_in_page(&story, "/admin/accounts", &jar).await;
    let back = enter(&story, &page, &moderator, &mut jar).await;
    assert_eq!(back.location().path(), "/admin/accounts");
    look(&story, &jar, back.location().as_str()).await.is(200);
});

story!(queue_of_requests_is_decided_several_at_once, APPROVAL, |story| {
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    let mut jar = browser(&story, &moderator).await;
    for name in ["grace", "hedy", "eve"] {
        sign_up(&story, name, &format!("{name}@example.com")).await;
    }
    let page = look(&story, &jar, "/admin/requests").await.is(200);
    assert!(["grace", "hedy", "eve"].iter().all(|name| page.body.contains(name)), "{}", page.body);
    let none = fill(&story, &mut jar, "/admin/requests", &[("do", "approve")]).await.is(422);
    assert!(none.body.contains("Choose at least one."), "{}", none.body);
    let (grace, hedy, eve) = (id(&story, "grace").await, id(&story, "hedy").await, id(&story, "eve").await);
    let both = [("do", "approve"), ("id", grace.as_str()), ("id", hedy.as_str())];
    let done = fill(&story, &mut jar, "/admin/requests", &both).await.is(302);
    let page = look(&story, &jar, done.location().as_str()).await.is(200);
    assert!(page.body.contains("The requests are approved.") && !page.body.contains("grace"), "{}", page.body);
    let again = fill(&story, &mut jar, "/admin/requests", &both).await.is(422);
    assert!(!again.body.contains("The requests are approved."), "{}", again.body);
    let reject = [("do", "reject"), ("id", eve.as_str()), ("message", "Not this time")];
    // Declining removes an account: it wants a fresh proof.
    story.advance_clock(Duration::from_secs(301));
    let asked = fill(&story, &mut jar, "/admin/requests", &reject).await.is(302);
    assert!(
        asked.header("location").ends_with("/account/confirm?then=%2Fadmin%2Frequests"),
        "{}",
        asked.header("location")
    );
    assert_eq!(id(&story, "eve").await, eve, "nobody is gone");
    confirm_identity(&story, &mut jar, &moderator.password, "/admin/requests").await;
    fill(&story, &mut jar, "/admin/requests", &reject).await.is(302);
    let page = look(&story, &jar, "/admin/requests").await.is(200);
    assert!(page.body.contains("Nobody waits."), "{}", page.body);
});

story!(account_is_stopped_on_a_page_that_asks_for_the_password, OPEN, |story| {
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    let theirs = story.token(&bob, &story.usual_app().await).await;
    let mut jar = browser(&story, &moderator).await;
    let account = format!("/admin/accounts/{}", id(&story, "bob").await);
    let page = look(&story, &jar, &account).await.is(200);
    for (act, offered) in [("disable", true), ("suspend", true), ("end_sessions", false), ("role", false)] {
        assert_eq!(page.body.contains(&format!("{account}/{act}")), offered, "{act} by a moderator");
    }
    assert!(page.body.contains(&bob.email) && !page.body.contains("value=\"enable\""), "{}", page.body);
    story.advance_clock(Duration::from_secs(301));
    let disable = format!("{account}/disable");
    let asked = look(&story, &jar, &disable).await.is(200);
    assert!(asked.body.contains("current_password") && asked.body.contains("Nobody can sign in to this account"));
    for password in ["", "wrong"] {
        let fields = [("message", "Please wait"), ("current_password", password)];
        let refused = fill(&story, &mut jar, &disable, &fields).await.is(422);
        assert!(refused.body.contains("Please wait"), "what was typed stays: {}", refused.body);
        story.verify(&theirs).await.is(200);
    }
    let fields = [("message", "Please wait"), ("current_password", &*moderator.password)];
    fill(&story, &mut jar, &disable, &fields).await.is(302);
    story.verify(&theirs).await.is_api_error(403, "Your login is currently disabled");
    mail_with(&story, &bob.email, "Please wait").await;
    let page = look(&story, &jar, &account).await.is(200);
    assert!(page.body.contains("value=\"enable\"") && page.body.contains("The account was disabled"), "{}", page.body);
    fill(&story, &mut jar, &account, &[("do", "enable")]).await.is(302);
    story.verify(&theirs).await.is(200);
    // What has a page of its own is not done without it.
    fill(&story, &mut jar, &account, &[("do", "suspend")]).await.is(422);
    story.verify(&theirs).await.is(200);
});

story!(role_is_given_by_admins_alone_and_not_to_themselves, OPEN, |story| {
    let (admin, _) = staff(&story, "ada", Role::Admin).await;
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    story.person("bob").await;
    let (mut jar, mut theirs) = (browser(&story, &admin).await, browser(&story, &moderator).await);
    let role = format!("/admin/accounts/{}/role", id(&story, "bob").await);
    let token = form_token(&story, &mut theirs, "/account/profile").await;
    let fields = [("form_token", &*token), ("role", "admin")];
    let refused = story.post(&role).cookies(&theirs).form(&fields).send().await.is(422);
    assert!(refused.body.contains("This action is not allowed"), "{}", refused.body);
    fill(&story, &mut jar, &role, &[("role", "owner")]).await.is(422);
    fill(&story, &mut jar, &role, &[("role", "moderator")]).await.is(302);
    let page = look(&story, &jar, "/admin/accounts?role=moderator").await.is(200);
    assert!(page.body.contains("@bob") && page.body.contains("@mona") && !page.body.contains("@ada<"), "{}", page.body);
    let own = format!("/admin/accounts/{}", id(&story, "ada").await);
    let page = look(&story, &jar, &own).await.is(200);
    assert!(!page.body.contains(&format!("{own}/")), "nobody acts on themselves: {}", page.body);
    look(&story, &jar, &format!("{own}/role")).await.is(403);
});

story!(accounts_are_searched_filtered_and_paged, OPEN, |story| {
    let (moderator, _) = staff(&story, "mona", Role::Moderator).await;
    let jar = browser(&story, &moderator).await;
    for number in 0..60 {
        story.advance_clock(Duration::from_secs(1));
        story.person(&format!("person{number}")).await;
    }
    let first = look(&story, &jar, "/admin/accounts?lang=de").await.is(200);
    assert!(first.body.contains("@person59<") && !first.body.contains("@person5<"), "{}", first.body);
    let next = first.body.split("rel=\"next\"").next().and_then(|before| before.rsplit("href=\"").next());
    let next = next.and_then(|rest| rest.split('"').next()).expect("a link").replace("&amp;", "&");
    assert!(next.contains("lang=de"), "{next}");
    let second = look(&story, &jar, &next).await.is(200);
    assert!(second.body.contains("@person5<") && second.body.contains("@mona<"), "{}", second.body);
    assert!(second.body.contains("rel=\"prev\"") && !second.body.contains("rel=\"next\""), "{}", second.body);
    for (query, expected) in
        [("q=RSON5", 11), ("q=person5%40", 1), ("q=127.0.0.1", 1), ("state=disabled", 0), ("q=%25", 0)]
    {
        let found = look(&story, &jar, &format!("/admin/accounts?{query}")).await.is(200);
        assert_eq!(found.body.matches("class=\"name\">@").count(), expected, "{query}");
    }
});

story!(staff_pages_stay_clear_of_the_routes_of_the_native_dialect, OPEN, |story| {
    let (admin, token) = staff(&story, "ada", Role::Admin).await;
    let jar = browser(&story, &admin).await;
    // What that dialect has below `/admin`, but for the settings, which are told apart by their content type.
    let theirs = ["pending", "users", "devices", "active", "server-info"];
    for route in story.server().state().auth.routes().iter() {
        let name = route.path.strip_prefix("/admin/").unwrap_or_default().split('/').next().unwrap_or_default();
        assert!(!theirs.contains(&name), "{}", route.path);
    }
    for name in theirs {
        let id = id(&story, "ada").await;
        for path in [format!("/admin/{name}"), format!("/admin/{name}/{id}"), format!("/admin/{name}/{id}/approve")] {
            // Without that dialect nothing is there: no page, and nothing that a program can do.
            look(&story, &jar, &path).await.is(404);
            for method in [reqwest::Method::POST, reqwest::Method::DELETE] {
                let answer = story.call(method, &path).bearer(&token).json(&serde_json::json!({})).send().await;
                assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
            }
        }
    }
});
