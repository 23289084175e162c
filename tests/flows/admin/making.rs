//! An account that staff make for somebody else (PPL-145).

use std::time::Duration;

use futures_util::future::join_all;
use lysand_auth::flows::events::{self, EventQuery};
use lysand_auth::flows::sweep;
use lysand_auth::host::accounts::{Accounts as _, Role};
use serde_json::{Value, json};
use tests::http::Response;
use tests::story;
use tests::story::Story;

use super::pages::{browser, fill, look};
use super::{OPEN, id, post, staff};
use crate::people::{after, mail_with, mails_to, sign_up};

const PATH: &str = "/api/v1/admin/auth/accounts";
const PAGE: &str = "/admin/new_account";
const PASSWORD: &str = "quite another sentence";
const MADE: &str = "made an account there for you";
const LIMITED: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("ratelimit.enabled", "true")];
const BLOCKED: &[(&str, &str)] =
    &[("signups.registration", "false"), ("signups.email_domains_blocked", "[\"blocked.example\"]")];

async fn make(story: &Story, token: &str, body: Value) -> Response {
    post(story, token, PATH, &body).await
}

/// The one token of mails that somebody was made an account which is none of the former ones, of so many mails.
async fn token_in_mail(story: &Story, address: &str, former: &[&str]) -> String {
    let mails = mails_to(story, address, former.len() + 1).await;
    let made = mails.iter().filter(|mail| mail.contains(MADE));
    let mut tokens = made.map(|mail| after(mail, "/oauth/reset?token=")).filter(|token| !former.contains(token));
    let token = tokens.next().expect("a token").to_owned();
    assert_eq!(tokens.next(), None);
    token
}

async fn choose(story: &Story, token: &str, password: &str) -> Response {
    story.post("/api/v1/auth/password/reset").json(&json!({ "token": token, "password": password })).send().await
}

async fn signs_in(story: &Story, name: &str) -> bool {
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), name, PASSWORD).await.is(302).cookie("jwt").is_some()
}

async fn forgot(story: &Story, name: &str) {
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": name })).send().await.is(200);
}

story!(account_made_by_staff_is_opened_by_the_link_of_its_mail, BLOCKED, |story| {
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    // Nobody may sign up by themselves; staff make accounts nevertheless.
    let made = make(&story, &moderator, json!({ "username": "Bob", "email": "bob@example.com" })).await.is(201).json();
    assert_eq!(
        (&made["username"], &made["confirmed"], &made["approved"]),
        (&json!("bob"), &json!(false), &json!(true))
    );
    assert_eq!(made["role"]["name"], "");
    let mail = mail_with(&story, "bob@example.com", MADE).await;
    assert!(mail.contains("bob") && !mail.contains("mona"), "nobody of the staff is named: {mail}");
    let token = token_in_mail(&story, "bob@example.com", &[]).await;
    assert!(!signs_in(&story, "bob").await);
    // Looking changes nothing, and a password that cannot be one spends nothing.
    story.get(&format!("/oauth/reset?token={token}")).header("accept", "text/html").send().await.is(200);
    choose(&story, &token, "short").await.is(422);
    let bob = story.server().state().accounts.by_identifier("bob").await.expect("an answer").expect("an account");
    assert!(!bob.email.expect("an address").confirmed);
    // Of several at once, one chooses.
    let several = join_all((0..5).map(|_| choose(&story, &token, PASSWORD))).await;
    let mut codes: Vec<u16> = several.iter().map(|answer| answer.status.as_u16()).collect();
    codes.sort_unstable();
    assert_eq!(codes, [200, 400, 400, 400, 400]);
    assert!(signs_in(&story, "bob").await);
    let seen = story.get(&format!("/api/v1/admin/accounts/{}", bob.id)).bearer(&moderator).send().await.is(200).json();
    assert_eq!(seen["confirmed"], true);
    choose(&story, &token, PASSWORD).await.is(400);
    // What the mail proved counts for apps as well.
    let all = events::find(&story.server().state().auth, EventQuery::new(100)).await.expect("events");
    let made = all.iter().find(|event| event.event == "signed_up" && event.target.as_deref() == Some(bob.id.as_str()));
    let made = made.expect("an event");
    assert_eq!(made.actor.as_deref(), Some(id(&story, "mona").await.as_str()));
    assert!(format!("{made:?}").contains("staff"), "{made:?}");
});

story!(account_made_by_staff_refuses_wrong_fields_and_whoever_may_not, BLOCKED, |story| {
    let (ada, admin) = staff(&story, "ada", Role::Admin).await;
    let (_, moderator) = staff(&story, "mona", Role::Moderator).await;
    let bob = story.person("bob").await;
    for (name, email, field, code) in [
        ("bob", "new@example.com", "username", "ERR_TAKEN"),
        ("b_ob", "new@example.com", "username", "ERR_TAKEN"),
        ("admin", "new@example.com", "username", "ERR_RESERVED"),
        ("", "new@example.com", "username", "ERR_BLANK"),
        ("two words", "new@example.com", "username", "ERR_INVALID"),
        ("eve", "", "email", "ERR_BLANK"),
        ("eve", "nothing", "email", "ERR_INVALID"),
        ("eve", &bob.email, "email", "ERR_TAKEN"),
        ("eve", "eve@blocked.example", "email", "ERR_BLOCKED"),
        ("eve", "eve@deep.blocked.example", "email", "ERR_BLOCKED"),
    ] {
        let refused = make(&story, &admin, json!({ "username": name, "email": email })).await.is(422).json();
        assert_eq!(refused["details"][field][0]["error"], code, "{name} {email}: {refused}");
    }
    let eve = |role: &str| json!({ "username": "eve", "email": "eve@example.com", "role": role });
    // Roles are given by admins alone, who proved a moment ago that it is them.
    for role in ["moderator", "admin"] {
        make(&story, &moderator, eve(role)).await.is_api_error(403, "This action is not allowed");
    }
    make(&story, &admin, eve("owner")).await.is_api_error(422, "The role must be one of: user, moderator, admin");
    story.advance_clock(Duration::from_secs(301));
    make(&story, &admin, eve("moderator")).await.is_api_error(403, "Please confirm that it is you");
    // Scopes and people.
    let app = story.app("https://a.example/cb", "read admin:read admin:write").await;
    let by_bob = story.token(&bob, &app).await;
    make(&story, &by_bob, eve("user")).await.is_api_error(403, "This action is not allowed");
    let readers = story.app("https://r.example/cb", "read admin:read").await;
    let reader = story.token(&ada, &readers).await;
    make(&story, &reader, eve("user")).await.is_api_error(403, "This action is outside the authorized scopes");
    story.post(PATH).json(&eve("user")).send().await.is(401);
    story.post(PATH).bearer(&admin).body("text/plain", "x").send().await.is(415);
    // A password has no effect.
    let mut given = eve("user");
    given["password"] = json!(PASSWORD);
    make(&story, &admin, given).await.is(201);
    assert!(!signs_in(&story, "eve").await);
    make(&story, &admin, eve("user")).await.is(422);
    let mut proven = json!({ "username": "milo", "email": "milo@example.com", "role": "moderator" });
    proven["current_password"] = json!(ada.password);
    make(&story, &admin, proven).await.is(201);
    let milo = story.server().state().accounts.by_identifier("milo").await.expect("an answer").expect("an account");
    assert_eq!(milo.role, Role::Moderator);
    // All admins learn of a new member of the staff.
    mail_with(&story, &ada.email, "milo").await;
});

story!(account_made_by_staff_gets_another_link_and_goes_when_nobody_wants_it, OPEN, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    let quiet = json!({ "username": "bob", "email": "bob@example.com", "send": false });
    make(&story, &admin, quiet).await.is(201);
    // By itself nothing is sent: whoever asks gets the link.
    forgot(&story, "bob").await;
    let first = token_in_mail(&story, "bob@example.com", &[]).await;
    story.advance_clock(Duration::from_secs(61));
    forgot(&story, "bob@example.com").await;
    let second = token_in_mail(&story, "bob@example.com", &[&first]).await;
    choose(&story, &first, PASSWORD).await.is(400);
    // An hour is its life.
    story.advance_clock(Duration::from_secs(3_601));
    choose(&story, &second, PASSWORD).await.is(400);
    forgot(&story, "bob").await;
    let third = token_in_mail(&story, "bob@example.com", &[&first, &second]).await;
    // Somebody else confirms the address meanwhile: it is theirs.
    sign_up(&story, "hedy", "bob@example.com").await;
    let mail = mail_with(&story, "bob@example.com", "/register/confirm?token=").await;
    let token = after(&mail, "/register/confirm?token=").to_owned();
    story.post("/api/v1/auth/signup/confirm").json(&json!({ "token": token })).send().await.is(200);
    choose(&story, &third, PASSWORD).await.is(409);
    assert!(!signs_in(&story, "bob").await);
    // Nobody chose a password: the account goes after a week, and the name is free.
    let eve = json!({ "username": "eve", "email": "eve@example.com" });
    make(&story, &admin, eve.clone()).await.is(201);
    story.advance_clock(Duration::from_secs(8 * 24 * 3600));
    sweep::sweep(&story.server().state().auth).await.expect("a sweep");
    assert!(story.server().state().accounts.by_identifier("eve").await.expect("an answer").is_none());
    let (_, admin) = staff(&story, "second", Role::Admin).await;
    make(&story, &admin, eve).await.is(201);
});

story!(account_made_by_staff_is_limited_by_the_mails_to_its_address, LIMITED, |story| {
    let (_, admin) = staff(&story, "ada", Role::Admin).await;
    for number in 0..6 {
        let body = json!({ "username": format!("bob{number}"), "email": "bob@example.com" });
        make(&story, &admin, body).await.is(if number < 5 { 201 } else { 429 });
    }
    assert!(story.server().state().accounts.by_identifier("bob5").await.expect("an answer").is_none(), "none or all");
});

story!(account_is_made_on_a_page_with_its_role, OPEN, |story| {
    let (ada, _) = staff(&story, "ada", Role::Admin).await;
    let (mona, _) = staff(&story, "mona", Role::Moderator).await;
    story.person("bob").await;
    let (mut jar, mut theirs) = (browser(&story, &ada).await, browser(&story, &mona).await);
    let list = look(&story, &jar, "/admin/accounts").await.is(200);
    assert!(list.body.contains(PAGE), "{}", list.body);
    let page = look(&story, &jar, PAGE).await.is(200);
    assert!(page.body.contains("value=\"moderator\"") && !page.body.contains("type=\"password\""), "{}", page.body);
    let page = look(&story, &theirs, PAGE).await.is(200);
    assert!(!page.body.contains("value=\"moderator\""), "{}", page.body);
    let fields = |name: &'static str, role: &'static str| {
        vec![("username", name), ("email", "new@example.com"), ("role", role), ("send", "1")]
    };
    let refused = fill(&story, &mut theirs, PAGE, &fields("eve", "admin")).await.is(422);
    assert!(refused.body.contains("This action is not allowed") && refused.body.contains("eve"), "{}", refused.body);
    let refused = fill(&story, &mut jar, PAGE, &fields("bob", "user")).await.is(422);
    assert!(refused.body.contains("has already been taken") && refused.body.contains("new@example.com"));
    story.advance_clock(Duration::from_secs(301));
    let page = look(&story, &jar, PAGE).await.is(200);
    assert!(page.body.contains("current_password"), "{}", page.body);
    let refused = fill(&story, &mut jar, PAGE, &fields("eve", "moderator")).await.is(422);
    assert!(refused.body.contains("eve"), "what was typed stays: {}", refused.body);
    let proven = [fields("eve", "moderator"), vec![("current_password", &*ada.password)]].concat();
    let done = fill(&story, &mut jar, PAGE, &proven).await.is(302);
    let page = look(&story, &jar, done.location().as_str()).await.is(200);
    assert!(page.body.contains("The account is made.") && page.body.contains("moderator"), "{}", page.body);
    mail_with(&story, "new@example.com", MADE).await;
    let quiet = [("username", "hedy"), ("email", "hedy@example.com"), ("role", "user")];
    fill(&story, &mut theirs, PAGE, &quiet).await.is(302);
    assert!(story.mail().await.iter().all(|mail| !mail.contains("To: hedy@example.com")), "only who asks for a mail");
    // One account's page leads to its events and its invitations, and the first one to mail that was given up.
    for place in ["/admin/events?target=", "/admin/invitations?by="] {
        let link = format!("{place}{}", id(&story, "eve").await);
        assert!(page.body.contains(&link), "{link}: {}", page.body);
        look(&story, &jar, &link).await.is(200);
    }
    let home = look(&story, &jar, "/admin").await.is(200);
    assert!(home.body.contains("/admin/mail?state=failed"), "{}", home.body);
    look(&story, &jar, "/admin/mail?state=failed").await.is(200);
});
