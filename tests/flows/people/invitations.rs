//! Invitations: making, using and ending them.

use std::time::Duration;

use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::invitations::{self, Invitation, NewInvitation};
use lysand_auth::flows::staff::{self, StaffAct};
use lysand_auth::flows::{reviews, sweep};
use lysand_auth::host::accounts::{Accounts as _, Standing};
use serde_json::json;
use tests::story;
use tests::story::{Response, Story, query_of};

use super::{after, form, mails_to, sign_up};

const INVITED: &[(&str, &str)] =
    &[("signups.proof_of_work", "false"), ("signups.registration", "false"), ("signups.invitations", "admins")];
const REVIEWED: &[(&str, &str)] = &[("signups.proof_of_work", "false"), ("signups.approval", "true")];
const CLOSED: &[(&str, &str)] = &[("signups.registration", "false"), ("signups.invitations", "off")];

/// Makes an invitation of the command line, differing as `change` says.
async fn invite(story: &Story, change: impl FnOnce(&mut NewInvitation)) -> Invitation {
    let mut new = NewInvitation::new(None);
    change(&mut new);
    let made = invitations::create(&story.server().state().auth, new, &Caller::default()).await.expect("an answer");
    made.expect("an invitation")
}

async fn with_code(story: &Story, name: &str, code: &str) -> Response {
    let email = format!("{name}@example.com");
    let fields = [form(name, &email), vec![("invite_code", code)]].concat();
    story.post("/api/v1/auth/signup").form(&fields).send().await
}

async fn uses(story: &Story, id: &str) -> i64 {
    let all = invitations::list(&story.server().state().auth, None).await.expect("a list");
    all.into_iter().find(|made| made.id == id).expect("the invitation").uses
}

async fn shown(story: &Story, code: &str) -> Response {
    story.get(&format!("/invite/{code}")).header("accept", "application/json").send().await
}

story!(invite_link_leads_browser_to_sign_up_and_tells_app_whether_it_is_valid, INVITED, |story| {
    let made = invite(&story, |_| {}).await;
    let code = made.code.clone().expect("a value");
    let api = format!("{}/api/v2/instance", story.base().trim_end_matches('/'));
    let told = shown(&story, &code).await.is(200).json();
    assert_eq!(told, json!({ "invite_code": code, "instance_api_url": api }));
    let link = format!("/invite/{code}?client_id=x&lang=de&invite=other");
    let to = story.get(&link).header("accept", "text/html").send().await.is(302).location();
    assert_eq!((to.path(), query_of(&to, "client_id").as_deref()), ("/register", Some("x")));
    let last = to.query_pairs().filter(|(name, _)| name == "invite").last().map(|(_, code)| code.into_owned());
    assert_eq!(last.as_deref(), Some(code.as_str()));
    // A code of nobody's says the same page; only an app is told the difference.
    story.get("/invite/nothing").header("accept", "text/html").send().await.is(302);
    shown(&story, "nothing").await.is_api_error(404, "Record not found");
    let odd = story.get("/invite/a%0d%0aX-Bad:%20b%22%3E").header("accept", "text/html").send().await.is(302);
    assert!(odd.headers.get("x-bad").is_none());
    invitations::end(&story.server().state().auth, &code, Actor::Command, &Caller::default()).await.expect("ended");
    shown(&story, &code).await.is_api_error(401, "This invite is not valid");
});

story!(invite_link_of_closed_server_is_not_allowed, CLOSED, |story| {
    let made = invite(&story, |_| {}).await;
    shown(&story, made.code.as_deref().expect("a value")).await.is_api_error(403, "This action is not allowed");
});

story!(
    invite_codes_that_are_wrong_count_as_tries_of_their_network,
    &[
        ("ratelimit.enabled", "true"),
        ("ratelimit.signup_tries.max", "3"),
        ("signups.registration", "false"),
        ("signups.invitations", "admins"),
        ("signups.proof_of_work", "false")
    ],
    |story| {
        let made = invite(&story, |_| {}).await;
        for _ in 0..2 {
            shown(&story, "nothing").await.is(404);
        }
        with_code(&story, "ada", "nothing").await.is(422);
        shown(&story, "nothing").await.is(429);
        with_code(&story, "ada", made.code.as_deref().expect("a value")).await.is(429);
    }
);

story!(fifty_sign_ups_at_once_on_an_invitation_with_three_uses_make_three_accounts, INVITED, |story| {
    let made = invite(&story, |new| new.max_uses = Some(3)).await;
    let code = made.code.clone().expect("a value");
    let attempts = (0..50).map(|number| {
        let (story, code) = (&story, code.as_str());
        async move { with_code(story, &format!("p{number}x"), code).await }
    });
    let answers = futures_util::future::join_all(attempts).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 3);
    for refused in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(refused.json()["details"]["invite_code"][0]["error"], "ERR_INVALID", "{}", refused.body);
    }
    assert_eq!(uses(&story, &made.id).await, 3);
});

story!(invitation_use_is_given_back_when_its_sign_up_is_withdrawn_swept_or_rejected, INVITED, |story| {
    let auth = &story.server().state().auth;
    let made = invite(&story, |new| {
        new.max_uses = Some(1);
        new.expires_in = None;
    })
    .await;
    let code = made.code.clone().expect("a value");
    let first = with_code(&story, "ada", &code).await.is(201).json();
    with_code(&story, "eve", &code).await.is(422);
    let body = json!({ "waiting_token": first["waiting_token"] }).to_string();
    story.post("/api/v1/auth/signup/withdraw").body("application/json", body).send().await.is(200);
    assert_eq!(uses(&story, &made.id).await, 0);
    with_code(&story, "grace", &code).await.is(201);
    story.advance_clock(Duration::from_secs(8 * 24 * 3600));
    sweep::sweep(auth).await.expect("a value");
    assert_eq!(uses(&story, &made.id).await, 0);
    with_code(&story, "hedy", &code).await.is(201);
    assert_eq!(uses(&story, &made.id).await, 1);
});

story!(invitation_that_is_not_to_skip_review_leads_to_a_request_and_gives_its_use_back, REVIEWED, |story| {
    let auth = &story.server().state().auth;
    let made = invite(&story, |new| new.skips_review = false).await;
    with_code(&story, "ada", made.code.as_deref().expect("a value")).await.is(201);
    let waiting = reviews::list(auth, true).await.expect("a value");
    assert_eq!(waiting[0].sign_up.invitation.as_deref(), Some(made.id.as_str()));
    reviews::reject(auth, &waiting[0].account.id, None, Actor::Command, &Caller::default()).await.expect("a value");
    assert_eq!(uses(&story, &made.id).await, 0);
    // One that skips it leads past it.
    let free = invite(&story, |_| {}).await;
    with_code(&story, "grace", free.code.as_deref().expect("a value")).await.is(201);
    assert_eq!(reviews::list(auth, true).await.expect("a value").len(), 0);
});

story!(invitation_ends_with_the_standing_of_its_maker, INVITED, |story| {
    let auth = &story.server().state().auth;
    let ada = story.person("ada").await;
    let maker = story.account(&ada).await;
    let new = NewInvitation::new(Some(maker.clone()));
    let made = invitations::create(auth, new, &Caller::default()).await.expect("a value").expect("a value");
    let code = made.code.clone().expect("a value");
    let set = async |standing| {
        staff::set_standing(auth, &maker, standing, &StaffAct::by_command()).await.expect("a value");
    };
    shown(&story, &code).await.is(200);
    set(Standing::Disabled).await;
    shown(&story, &code).await.is(401);
    with_code(&story, "eve", &code).await.is(422);
    set(Standing::Active).await;
    with_code(&story, "grace", &code).await.is(201);
});

story!(mailed_invitation_proves_the_address_that_alone_may_use_it, INVITED, |story| {
    let made = invite(&story, |new| new.email = Some("grace@example.com".to_owned())).await;
    assert_eq!((made.code.clone(), made.max_uses), (None, Some(1)));
    let mail = mails_to(&story, "grace@example.com", 1).await.remove(0);
    let code = after(&mail, "/register?invite=").to_owned();
    assert!(code.len() >= 22, "{code}");
    with_code(&story, "mallory", &code).await.is(422);
    let answer = with_code(&story, "grace", &code).await.is(201).json();
    assert_eq!(answer["state"], "ready", "the mail has proven the address");
    with_code(&story, "grace2", &code).await.is(422);
    let app = story.usual_app().await;
    story.log_in(&app.authorize_query(), "grace@example.com", "a calm evening").await.signed_in();
    let accounts = &story.server().state().accounts;
    assert!(accounts.by_identifier("mallory").await.expect("a value").is_none());
    let refused = story.post("/api/v1/auth/signup").form(&form("eve", "eve@example.com")).send().await;
    refused.is_api_error(403, "You need an invitation to join this server.");
});

story!(invitation_codes_that_are_wrong_spent_expired_and_ended_are_answered_alike, INVITED, |story| {
    let auth = &story.server().state().auth;
    let spent = invite(&story, |_| {}).await.code.expect("a value");
    with_code(&story, "ada", &spent).await.is(201);
    let over = invite(&story, |new| new.expires_in = Some(Duration::from_secs(300))).await.code.expect("a value");
    let ended = invite(&story, |_| {}).await.code.expect("a value");
    invitations::end(auth, &ended, Actor::Command, &Caller::default()).await.expect("a value");
    story.advance_clock(Duration::from_secs(301));
    let mut bodies = Vec::new();
    for code in ["nothing", spent.as_str(), over.as_str(), ended.as_str(), &"x".repeat(5_000)] {
        bodies.push(with_code(&story, "eve", code).await.is(422).body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert!(invitations::end(auth, &ended, Actor::Command, &Caller::default()).await.is_err());
});

story!(sign_up_without_invitation_on_open_server_ignores_none_and_names_a_bad_one, REVIEWED, |story| {
    sign_up(&story, "ada", "ada@example.com").await;
    let refused = with_code(&story, "eve", "nothing").await.is(422).json();
    assert_eq!(refused["details"]["invite_code"][0]["error"], "ERR_INVALID");
});

story!(invitation_with_a_null_character_is_an_unknown_one, REVIEWED, |story| {
    let offered = story.get("/api/v1/auth/signup?invite=%00").send().await.is(200).json();
    assert_eq!(offered["invitation"], "invalid");
    let page = story.get("/register?invite=a%00b").header("accept", "text/html").send().await;
    assert!(page.status.as_u16() < 500, "{}", page.body);
    let ada = story.person("ada").await;
    let app = story.app("https://invites.example/cb", "auth:read auth:write").await;
    let token = story.token(&ada, &app).await;
    for id in ["%00", "a%00b", "x"] {
        let path = format!("/api/v1/auth/invitations/{id}");
        story.call(reqwest::Method::DELETE, &path).bearer(&token).send().await.is(404);
    }
});
