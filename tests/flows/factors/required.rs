//! Accounts that must have a second factor: the step of a sign-in that has one set up, and what is out of reach without one
//! (FAC-26, FAC-34, FAC-92 to FAC-95).

use std::time::Duration;

use lysand_auth::host::accounts::{Accounts as _, Role};
use serde_json::{Value, json};
use tests::authenticator::Authenticator;
use tests::misbehaving_provider::ProviderUser;
use tests::soft_passkey::SoftPasskey;
use tests::story::{CALLBACK, CookieJar, Response, Story, query_of};
use tests::{Person, story};

use super::passkeys::{self, options};
use super::{SECURITY, Waiting, act, begin, between, browser_of, enrol, is_over, own_id, proven_query};
use crate::people::{after, form, form_token, mail_with};

const EVERYONE: [(&str, &str); 1] = [("factors.required", "everyone")];
const AT_ONCE: [(&str, &str); 2] = [("factors.required", "everyone"), ("factors.grace", "0s")];
const STAFF_AT_ONCE: [(&str, &str); 2] = [("factors.required", "staff"), ("factors.grace", "0s")];
const HOUR: [(&str, &str); 2] = [("factors.required", "admins"), ("factors.grace", "1h")];
const DAY: Duration = Duration::from_secs(24 * 3_600);
const NOT_OFFERED: &str = "That way is not offered for this sign-in.";
const DEMANDED: &str = "This instance demands a second factor.";
const REQUIRED: &str = "Your account requires two-factor authentication";

async fn set_role(story: &Story, person: &Person, role: Role) {
    let account = story.account(person).await;
    story.server().state().accounts.set_role(&account.id, role).await.expect("a role");
}

/// Gives name and password, which leads to the page where a second factor is set up.
pub(super) async fn begin_enrolment(story: &Story, person: &Person, query: &str) -> Waiting {
    let form = [("identifier", &*person.username), ("password", &*person.password)];
    let answer = story.post(&format!("/api/auth/login?{query}")).form(&form).send().await.is(302);
    assert_eq!(answer.location().path(), "/oauth/enrol", "{}", answer.location());
    assert_eq!(answer.cookie("jwt"), None, "no session before that");
    let mut jar = CookieJar::default();
    jar.keep(&answer);
    Waiting { jar, id: query_of(&answer.location(), "pending").expect("an id") }
}

/// The page of a sign-in on which a factor is chosen.
async fn page(story: &Story, waiting: &mut Waiting) -> Response {
    let page = story.get(&format!("/oauth/enrol?pending={}", waiting.id)).header("accept", "text/html");
    let page = page.cookies(&waiting.jar).send().await.is(200);
    waiting.jar.keep(&page);
    page
}

/// Posts a form of that page, or of the ones after it.
async fn post(story: &Story, waiting: &mut Waiting, what: &str, fields: &[(&str, &str)]) -> Response {
    let token = page(story, waiting).await.hidden("form_token");
    let own = [("form_token", &*token), ("pending", &*waiting.id)];
    let form = [&own[..], fields].concat();
    let answer = story.post(&format!("/api/auth/enrol/{what}")).cookies(&waiting.jar).form(&form).send().await;
    waiting.jar.keep(&answer);
    answer
}

/// The same, as a program.
async fn post_json(story: &Story, waiting: &mut Waiting, what: &str, mut body: Value) -> Response {
    body["pending"] = json!(waiting.id);
    let request = story.post(&format!("/api/auth/enrol/{what}")).header("accept", "application/json");
    let answer = request.cookies(&waiting.jar).json(&body).send().await;
    waiting.jar.keep(&answer);
    answer
}

/// Whether an answer leads back to the page with this text.
#[track_caller]
fn is_refused(answer: Response, text: &str) {
    let answer = answer.is(302);
    let location = answer.location();
    let told = (location.path(), query_of(&location, "error_description"));
    assert_eq!((told, answer.cookie("jwt")), (("/oauth/enrol", Some(text.to_owned())), None), "{location}");
}

/// The recovery codes of a page, and where its button leads.
fn codes_of(page: &Response) -> usize {
    page.body.matches("<li><code>").count()
}

story!(enrolment_can_be_put_off_for_a_while_and_the_apps_request_survives, &EVERYONE, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (query, request) = proven_query(&story, &app);
    let mut waiting = begin_enrolment(&story, &ada, &query).await;
    let shown = page(&story, &mut waiting).await;
    for part in ["@ada", "Story App", "Add a passkey", "Add an authenticator app", "Later (until "] {
        assert!(shown.body.contains(part), "{part}: {}", shown.body);
    }
    assert!(!shown.body.contains(&request.state) && !shown.body.contains(&app.client_id));
    // The second proof is another step.
    let elsewhere = story.get(&format!("/oauth/factor?pending={}", waiting.id)).cookies(&waiting.jar).send().await;
    assert_eq!(elsewhere.is(302).location().path(), "/oauth/enrol");
    for method in ["totp", "recovery", "email"] {
        let code = if method == "recovery" { "AAAA-AAAA-AAAA-AAAA" } else { "12345678" };
        is_refused(waiting.post(&story, method, code).await, NOT_OFFERED);
    }
    let signed_in = post(&story, &mut waiting, "later", &[]).await.signed_in();
    let consent = story.decide(&signed_in, &app).await.is(302).location();
    assert!(consent.as_str().starts_with(CALLBACK), "{consent}");
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    let code = query_of(&consent, "code").expect("a code");
    let token = story.client().redeem_proven(&app, &request, &code).await.expect("an access token");
    story.verify(&token).await.is(200);
    is_over(post_again(&story, &waiting).await);

    // The time does not begin anew with another sign-in.
    story.advance_clock(DAY * 13);
    let mut waiting = begin_enrolment(&story, &ada, &query).await;
    assert!(page(&story, &mut waiting).await.body.contains("Later (until "));
    story.advance_clock(DAY);
    let mut waiting = begin_enrolment(&story, &ada, &query).await;
    assert!(!page(&story, &mut waiting).await.body.contains("Later (until "));
    is_refused(post(&story, &mut waiting, "later", &[]).await, NOT_OFFERED);
    let refused = post_json(&story, &mut waiting, "later", json!({})).await.is(409).json();
    assert_eq!((&refused["code"], &refused["signin"]["status"]), (&json!("not_offered"), &json!("enrol")));
});

/// A second press of "later" without the session that the first began.
async fn post_again(story: &Story, waiting: &Waiting) -> Response {
    let mut jar = CookieJar::default();
    let name = format!("signin_{}", waiting.id);
    jar.keep_value(&name, waiting.jar.get(&name).unwrap_or("gone"));
    let form = [("pending", &*waiting.id)];
    story.post("/api/auth/enrol/later").header("accept", "text/html").cookies(&jar).form(&form).send().await
}

story!(authenticator_app_is_set_up_on_the_way_through_a_sign_in, &AT_ONCE, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let (query, request) = proven_query(&story, &app);
    let mut waiting = begin_enrolment(&story, &ada, &query).await;
    let setup = post(&story, &mut waiting, "totp", &[]).await.is(200);
    assert_eq!(setup.header("cache-control"), "no-store");
    assert!(setup.body.contains("<svg") && setup.markup().contains("/api/auth/cancel"), "{}", setup.body);
    assert!(!setup.markup().contains("/account/security"), "no link leaves the sign-in: {}", setup.body);
    let (id, secret) = (setup.hidden("setup_id"), between(&setup.body, "<code>", "</code>"));
    let authenticator = Authenticator::new(&secret);

    // A wrong code, and what is none: the same secret again, and nothing is over.
    for code in ["000000", "12"] {
        let again = post(&story, &mut waiting, "totp/confirm", &[("setup_id", &id), ("code", code)]).await.is(422);
        assert_eq!(between(&again.body, "<code>", "</code>"), secret);
    }
    // Another sign-in of the same account does not have it.
    let mut other = begin_enrolment(&story, &ada, &query).await;
    let code = authenticator.code(story.now());
    let fields = [("setup_id", &*id), ("code", &*code)];
    let told = "Setting up this app took too long. Please start again.";
    is_refused(post(&story, &mut other, "totp/confirm", &fields).await, told);

    let shown = post(&story, &mut waiting, "totp/confirm", &fields).await.is(200);
    assert_eq!((codes_of(&shown), shown.cookie("jwt").is_some()), (10, true), "{}", shown.body);
    assert!(shown.markup().contains("action=\"") && shown.hidden("pending") == waiting.id, "{}", shown.body);
    let on = story.get(&format!("/oauth/continue?pending={}&kept=1", waiting.id)).cookies(&waiting.jar).send().await;
    let consent = on.is(302).location();
    assert_eq!(consent.path(), "/oauth/consent", "{consent}");
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    // What ended with the change of factors is over; the next sign-in asks for the app.
    is_over(post_again(&story, &other).await);
    let mut next = begin(&story, &ada, &query).await;
    story.advance_clock(Duration::from_secs(30));
    next.answer(&story, "totp", &authenticator.code(story.now())).await.signed_in();
    // Two proofs were given: what wants both is open.
    let page = story.get("/account/email").cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("/account/confirm"), "{}", page.body);
});

story!(passkey_is_set_up_on_the_way_through_a_sign_in, &AT_ONCE, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut waiting = begin_enrolment(&story, &ada, &app.authorize_query_with(&[("state", "s")])).await;
    let mut passkey = SoftPasskey::new(story.base());
    let setup = post(&story, &mut waiting, "passkey/start", &[]).await.is(200);
    assert!(!setup.markup().contains("name=\"two_step\""), "nobody is asked what is demanded: {}", setup.body);
    let credential = passkey.create(&options(&setup)).to_string();
    let id = setup.hidden("setup_id");
    let wrong = [("setup_id", &*id), ("credential", "{}")];
    let again = post(&story, &mut waiting, "passkey", &wrong).await.is(422);
    assert!(again.body.contains("The passkey was not accepted."), "{}", again.body);
    let fields = [("setup_id", &*id), ("credential", &*credential), ("name", "Phone")];
    let shown = post(&story, &mut waiting, "passkey", &fields).await.is(200);
    assert_eq!((codes_of(&shown), shown.cookie("jwt").is_some()), (10, true));
    let on = story.get(&format!("/oauth/continue?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(302);
    assert_eq!(query_of(&on.location(), "state").as_deref(), Some("s"));
    let own = story.get(SECURITY).cookies(&waiting.jar).send().await.is(200);
    assert!(own.body.contains("Phone") && own.markup().contains("name=\"on\" value=\"0\""), "it is on: {}", own.body);
    begin(&story, &ada, &app.authorize_query()).await;
});

story!(program_sets_up_a_factor_within_a_sign_in, &EVERYONE, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let login = format!("/api/auth/login?{}", app.authorize_query());
    let body = json!({ "identifier": "ada", "password": ada.password });
    let mut jar = CookieJar::default();
    let waits = story.post(&login).header("accept", "application/json").json(&body).send().await.is(200);
    jar.keep(&waits);
    let told = waits.json();
    assert_eq!((&told["status"], &told["missing"]), (&json!("enrol"), &json!(["enrol"])));
    assert_eq!(told["methods"], json!([{ "type": "passkey" }, { "type": "totp" }]));
    assert!(told["later_until"].is_string() && waits.cookie("jwt").is_none(), "{told}");
    let mut waiting = Waiting { jar, id: told["pending"].as_str().expect("an id").to_owned() };
    let pending = story.get(&format!("/api/auth/pending?pending={}", waiting.id)).cookies(&waiting.jar).send().await;
    assert_eq!(pending.is(200).json(), told);

    let setup = post_json(&story, &mut waiting, "totp", json!({})).await.is(201).json();
    let authenticator = Authenticator::new(setup["secret"].as_str().expect("a secret"));
    let id = setup["setup_id"].as_str().expect("an id");
    for (body, status, code) in [
        (json!({ "setup_id": id, "code": "000000" }), 400, "wrong_code"),
        (json!({ "setup_id": id, "code": "1" }), 422, "invalid"),
        (json!({ "setup_id": "other", "code": "000000" }), 404, "not_found"),
    ] {
        let refused = post_json(&story, &mut waiting, "totp/confirm", body).await.is(status).json();
        assert_eq!((&refused["code"], &refused["signin"]["status"]), (&json!(code), &json!("enrol")), "{refused}");
    }
    let body = json!({ "setup_id": id, "code": authenticator.code(story.now()) });
    let done = post_json(&story, &mut waiting, "totp/confirm", body).await.is(200);
    let told = done.json();
    assert_eq!((&told["status"], told["recovery_codes"].as_array().map(Vec::len)), (&json!("done"), Some(10)));
    assert!(done.cookie("jwt").is_some() && told["next"].as_str().is_some_and(|next| next.contains("/oauth/consent")));
});

story!(factor_of_another_kind_than_demanded_is_asked_for_and_does_not_satisfy, &[], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let own = enrol(&story, &ada).await;
    let settings = [("factors.required", "everyone"), ("factors.required_methods", "[\"passkey\"]")];
    let story = story.restart(&settings).await;
    let (query, request) = proven_query(&story, &app);
    let mut waiting = begin(&story, &ada, &query).await;
    let code = own.fresh_code(&story);
    let on = waiting.answer(&story, "totp", &code).await.is(302);
    assert_eq!((on.location().path(), on.cookie("jwt")), ("/oauth/enrol", None));
    // The code was used up, and the step is behind.
    let shown = page(&story, &mut waiting).await;
    assert!(!shown.body.contains("authenticator app") && shown.body.contains("Add a passkey"), "{}", shown.body);
    is_refused(waiting.post(&story, "totp", &own.fresh_code(&story)).await, NOT_OFFERED);
    is_refused(post(&story, &mut waiting, "totp", &[]).await, NOT_OFFERED);
    let mut second = begin(&story, &ada, &query).await;
    let used = second.answer(&story, "totp", &code).await.is(302);
    assert_eq!(used.location().path(), "/oauth/factor", "a code counts once");

    let signed_in = post(&story, &mut waiting, "later", &[]).await.signed_in();
    let consent = story.decide(&signed_in, &app).await.is(302).location();
    assert_eq!(query_of(&consent, "state").as_deref(), Some(&*request.state));
    // Both proofs count in the session.
    let page = story.get("/account/email").cookies(&waiting.jar).send().await.is(200);
    assert!(!page.body.contains("/account/confirm"), "{}", page.body);
});

story!(staff_without_a_factor_reaches_only_the_pages_where_one_is_set_up, &STAFF_AT_ONCE, |story| {
    let (ada, bob) = (story.person("ada").await, story.person("bob").await);
    let app = story.app("https://admin.example/cb", "read profile admin:read auth:write auth:read").await;
    let (token, mut jar) = (story.token(&ada, &app).await, browser_of(&story, &ada).await);
    let bobs = browser_of(&story, &bob).await;
    story.get("/account").cookies(&jar).send().await.is(200);
    // A risen role counts at once (FAC-94).
    set_role(&story, &ada, Role::Admin).await;
    let pages = ["/account", "/account/email", "/account/sessions", "/account/tokens", "/account/password", "/admin"];
    for path in pages.into_iter().chain(["/admin/settings", "/oauth/authorized_applications", "/account/close"]) {
        let answer = story.get(path).header("accept", "text/html").cookies(&jar).send().await.is(302);
        assert_eq!(answer.location().path(), SECURITY, "{path}");
    }
    story.get("/account/confirm?then=/account/security").cookies(&jar).send().await.is(302);
    story.get("/about").cookies(&jar).send().await.is(200);
    // Programs keep what needs no right of staff: 401 would make them drop the account.
    story.verify(&token).await.is(200);
    let refused = story.get("/api/v1/admin/accounts").bearer(&token).send().await.is(403);
    assert_eq!(refused.json(), json!({ "error": REQUIRED }));
    let own = story.get("/api/v1/auth/factors").bearer(&token).send().await.is(200).json();
    assert!(own["required_until"].is_string(), "{own}");
    // An app's request goes by the sign-in, where a factor is set up.
    let query = story.usual_app().await.authorize_query();
    let asked = story.get(&format!("/oauth/authorize?{query}")).cookies(&jar).send().await.is(200);
    assert!(asked.body.contains("type=\"password\"") && !asked.body.contains("Continue as"), "{}", asked.body);
    begin_enrolment(&story, &ada, &query).await;
    story.get("/account").cookies(&bobs).send().await.is(200);

    let setup = act(&story, &mut jar, "totp", &[]).await.is(200);
    let authenticator = Authenticator::new(&between(&setup.body, "<code>", "</code>"));
    let code = authenticator.code(story.now());
    let fields = [("setup_id", &*setup.hidden("setup_id")), ("code", &*code)];
    act(&story, &mut jar, "totp/confirm", &fields).await.is(200);
    story.get("/admin").cookies(&jar).send().await.is(200);
    story.get("/api/v1/admin/accounts").bearer(&token).send().await.is(200);
    let own = story.get("/api/v1/auth/factors").bearer(&token).send().await.is(200).json();
    assert_eq!((&own["required_until"], &own["two_step"]), (&Value::Null, &json!(true)));
});

story!(staff_without_a_factor_signs_out, &STAFF_AT_ONCE, |story| {
    let ada = story.person("ada").await;
    let mut jar = browser_of(&story, &ada).await;
    set_role(&story, &ada, Role::Moderator).await;
    let token = form_token(&story, &mut jar, SECURITY).await;
    let out = story.post("/api/auth/mastodon-logout").cookies(&jar).form(&[("form_token", &*token)]).send().await;
    out.is(303);
    let answer = story.get(SECURITY).cookies(&jar).send().await.is(302);
    assert_eq!(answer.location().path(), "/account/sign-in", "the session has ended");
});

story!(new_staff_has_the_time_that_everybody_has, &HOUR, |story| {
    let ada = story.person("ada").await;
    let app = story.app("https://admin.example/cb", "read admin:read").await;
    let (token, jar) = (story.token(&ada, &app).await, browser_of(&story, &ada).await);
    set_role(&story, &ada, Role::Admin).await;
    story.get("/admin").cookies(&jar).send().await.is(200);
    story.get("/api/v1/admin/accounts").bearer(&token).send().await.is(200);
    story.advance_clock(Duration::from_secs(3_600));
    let answer = story.get("/admin").header("accept", "text/html").cookies(&jar).send().await.is(302);
    assert_eq!(answer.location().path(), SECURITY);
    story.get("/api/v1/admin/accounts").bearer(&token).send().await.is(403);
    // Lowered, nothing is demanded any more.
    set_role(&story, &story.person("bea").await, Role::Admin).await;
    set_role(&story, &ada, Role::Moderator).await;
    story.get("/admin").cookies(&jar).send().await.is(200);
});

story!(factor_that_is_demanded_stays, &AT_ONCE, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut waiting = begin_enrolment(&story, &ada, &app.authorize_query()).await;
    enrol_in(&story, &mut waiting).await;
    let mut jar = waiting.jar;
    let id = own_id(&story, &jar).await;
    for (what, fields) in [("two_step", &[("on", "0")][..]), (&*format!("{id}/remove"), &[])] {
        let refused = act(&story, &mut jar, what, fields).await.is(422);
        assert!(refused.body.contains(DEMANDED), "{what}: {}", refused.body);
    }
    // With another one beside it, it may go.
    let (_, added) = passkeys::add(&story, &mut jar, &[]).await;
    added.is(302);
    act(&story, &mut jar, &format!("{id}/remove"), &[]).await.is(302);
    let kept = story.get(SECURITY).cookies(&jar).send().await.is(200);
    assert!(kept.markup().contains("name=\"on\" value=\"0\""), "two steps are on: {}", kept.body);
});

story!(factor_that_is_there_and_off_is_turned_on_and_asked_for, &[], |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let mut own = enrol(&story, &ada).await;
    act(&story, &mut own.jar, "two_step", &[("on", "0")]).await.is(302);
    let story = story.restart(&AT_ONCE).await;
    let mut waiting = begin_enrolment(&story, &ada, &app.authorize_query()).await;
    assert!(page(&story, &mut waiting).await.body.contains("Ask for it from now on"));
    let on = post(&story, &mut waiting, "two_step", &[]).await.is(302);
    assert_eq!((on.location().path(), on.cookie("jwt")), ("/oauth/factor", None));
    waiting.answer(&story, "totp", &own.fresh_code(&story)).await.signed_in();
    begin(&story, &ada, &app.authorize_query()).await;
});

story!(enrolment_is_for_the_browser_and_the_step_that_wait_for_it, &AT_ONCE, |story| {
    let (ada, bob) = (story.person("ada").await, story.person("bob").await);
    let app = story.usual_app().await;
    let waiting = begin_enrolment(&story, &ada, &app.authorize_query()).await;
    let bobs = begin_enrolment(&story, &bob, &app.authorize_query()).await;
    for what in ["totp", "passkey/start", "passkey", "totp/confirm", "later", "two_step"] {
        let path = format!("/api/auth/enrol/{what}");
        // Without the cookie, with that of somebody else, without an origin that is ours.
        for jar in [CookieJar::default(), bobs.jar.clone()] {
            let form = [("pending", &*waiting.id)];
            let answer = story.post(&path).header("accept", "text/html").cookies(&jar).form(&form).send().await;
            is_over(answer);
        }
        let foreign = story.post(&path).header("origin", "https://evil.example").cookies(&waiting.jar);
        foreign.form(&[("pending", &*waiting.id)]).send().await.is(403);
    }
    // A thief with the password alone, where the factor is there already, sets up none.
    let mut waiting = waiting;
    let own = enrol_in(&story, &mut waiting).await;
    let mut thief = begin(&story, &ada, &app.authorize_query()).await;
    for what in ["totp", "passkey/start", "later", "two_step"] {
        let body = json!({ "pending": thief.id });
        let request = story.post(&format!("/api/auth/enrol/{what}")).header("accept", "application/json");
        let refused = request.cookies(&thief.jar).json(&body).send().await.is(409).json();
        assert_eq!((&refused["code"], &refused["signin"]["status"]), (&json!("not_offered"), &json!("factor")));
    }
    story.advance_clock(Duration::from_secs(30));
    thief.answer(&story, "totp", &own.code(story.now())).await.signed_in();
});

/// Sets up an authenticator app in a sign-in that waits.
pub(super) async fn enrol_in(story: &Story, waiting: &mut Waiting) -> Authenticator {
    let setup = post(story, waiting, "totp", &[]).await.is(200);
    let authenticator = Authenticator::new(&between(&setup.body, "<code>", "</code>"));
    let code = authenticator.code(story.now());
    let fields = [("setup_id", &*setup.hidden("setup_id")), ("code", &*code)];
    let shown = post(story, waiting, "totp/confirm", &fields).await.is(200);
    assert_eq!(codes_of(&shown), 10, "{}", shown.body);
    authenticator
}

story!(provider_satisfies_the_demand_unless_it_is_to_be_asked, &[], |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, user) = (story.person("ada").await, ProviderUser::named("ada"));
    let app = story.app("https://admin.example/cb", "read write profile admin:read").await;
    set_role(&story, &ada, Role::Admin).await;
    let token = story.token(&ada, &app).await;
    story.link_at(&mut CookieJar::default(), &token, &provider, &user).await.is_linked();

    let story = story.restart(&AT_ONCE).await;
    story.get("/api/v1/admin/accounts").bearer(&token).send().await.is(403);
    let mut jar = CookieJar::default();
    let signed_in = story.sign_in_at(&mut jar, &app, &provider, &user).await.signed_in();
    story.get("/admin").cookies(&jar).send().await.is(200);
    // And so do the tokens of a session for which a provider vouches.
    let code = story.consent(&signed_in, &app).await;
    let redeemed = story.redeem(&app, &code).await.is(200).json();
    let vouched = redeemed["access_token"].as_str().expect("a token");
    story.get("/api/v1/admin/accounts").bearer(vouched).send().await.is(200);
    begin_enrolment(&story, &ada, &app.authorize_query()).await;

    let story = story.restart(&[("factors.after_sso", "ask")]).await;
    let led = story.sign_in_at(&mut CookieJar::default(), &app, &provider, &user).await.is(302);
    assert_eq!((led.location().path(), led.cookie("jwt")), ("/oauth/enrol", None));
    story.get("/api/v1/admin/accounts").bearer(vouched).send().await.is(403);
});

story!(sign_in_to_this_server_itself_has_a_factor_set_up, &AT_ONCE, |story| {
    let ada = story.person("ada").await;
    let page = crate::server_sign_in::sign_in_page(&story, "/account", &CookieJar::default()).await;
    let mut waiting = begin_enrolment(&story, &ada, page.query().expect("a query")).await;
    enrol_in(&story, &mut waiting).await;
    let back = story.get(&format!("/oauth/continue?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(302);
    assert_eq!(back.location().path(), "/account/signed-in", "{}", back.location());
    let account = story.get(back.location().as_str()).cookies(&waiting.jar).send().await.is(302).location();
    assert_eq!(account.path(), "/account");
    story.get(account.as_str()).cookies(&waiting.jar).send().await.is(200);
});

const OPEN: [(&str, &str); 3] =
    [("factors.required", "everyone"), ("factors.grace", "0s"), ("signups.proof_of_work", "false")];

story!(whoever_signs_up_sets_a_factor_up_before_the_first_session, &OPEN, |story| {
    let (app, mut jar) = (story.usual_app().await, CookieJar::default());
    let register = format!("/register?{}", app.authorize_query_with(&[("state", "kept")]));
    let token = form_token(&story, &mut jar, &register).await;
    let fields = [form("carol", "carol@example.com"), vec![("form_token", &token)]].concat();
    jar.keep(&story.post(&register).cookies(&jar).form(&fields).send().await.is(302));
    let mail = mail_with(&story, "carol@example.com", "where you began: ").await;
    let token = form_token(&story, &mut jar, "/register/waiting").await;
    let fields = [("form_token", &*token), ("code", after(&mail, "where you began: "))];
    let led = story.post("/register/waiting/confirm").cookies(&jar).form(&fields).send().await.is(302);
    assert_eq!((led.location().path(), led.cookie("jwt")), ("/oauth/enrol", None));
    jar.keep(&led);
    let mut waiting = Waiting { jar, id: query_of(&led.location(), "pending").expect("an id") };
    enrol_in(&story, &mut waiting).await;
    let on = story.get(&format!("/oauth/continue?pending={}", waiting.id)).cookies(&waiting.jar).send().await.is(302);
    assert_eq!(query_of(&on.location(), "state").as_deref(), Some("kept"), "{}", on.location());
});
