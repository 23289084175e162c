//! Closing the own account, coming back, and what is left of whoever goes (PPL-121 to PPL-124, PPL-225, PPL-226).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::App as HostApp;
use async_trait::async_trait;
use futures_util::future::join_all;
use lysand_auth::flows::{closing, events, outbox, sweep};
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{Account, AccountId, Accounts, AccountsError, Role};
use lysand_auth::secret::Secret;
use lysand_auth::web::{Surface, Surfaces, mount};
use serde_json::{Value, json};
use tests::embedder::{Embedder, auth_builder_of};
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{App, CookieJar, Response, Story};
use tests::{Person, wait};

use super::dump::Cell;
use super::{dump, form_token, mail_with};

const PATH: &str = "/api/v1/auth/closure";
const PAGE: &str = "/account/close";
const DAY: Duration = Duration::from_secs(24 * 3600);
const STALE: Duration = Duration::from_secs(301);
const AT_ONCE: &[(&str, &str)] = &[("accounts.closing_grace", "0s")];
const QUIET: &[(&str, &str)] = &[("accounts.closing_grace", "0s"), ("signups.proof_of_work", "false")];

async fn account_app(story: &Story) -> App {
    story.app("https://keys.example/cb", "read auth:read auth:write").await
}

async fn close(story: &Story, token: &str, body: Value) -> Response {
    story.post(PATH).bearer(token).json(&body).send().await
}

/// Closes an account; answers with the token of it that is over now.
async fn closed(story: &Story, person: &Person) -> String {
    let token = story.token(person, &account_app(story).await).await;
    close(story, &token, json!({ "username": person.username })).await.is(202);
    token
}

async fn exists(story: &Story, person: &Person) -> bool {
    story.server().state().accounts.by_identifier(&person.username).await.expect("an answer").is_some()
}

async fn swept(story: &Story) -> usize {
    sweep::sweep(&story.server().state().auth).await.expect("a sweep").closed
}

async fn kinds(story: &Story, account: &AccountId) -> Vec<String> {
    let all = events::of_account(&story.server().state().auth, account).await.expect("events");
    all.into_iter().map(|event| event.event).collect()
}

story!(closure_ends_everything_at_once_and_the_account_after_its_time, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let id = story.account(&ada).await.id;
    let (other, session) = (story.token(&ada, &app).await, story.sign_in(&ada, &app).await);
    let token = story.token(&ada, &account_app(&story).await).await;
    let body = json!({ "name": "x", "scopes": "read" });
    let personal = story.post("/api/v1/auth/personal_tokens").bearer(&token).json(&body).send().await.is(200).json();
    let personal = personal["token"].as_str().expect("a value").to_owned();
    close(&story, &other, json!({ "username": "ada" })).await.is(403);
    for (typed, code) in [(json!({}), "ERR_BLANK"), (json!({ "username": "eve" }), "ERR_INVALID")] {
        let refused = close(&story, &token, typed).await.is(422).json();
        assert_eq!(refused["details"]["username"][0]["error"], code);
    }
    let answer = close(&story, &token, json!({ "username": "@Ada" })).await.is(202);
    assert_eq!(answer.header("cache-control"), "no-store");
    let told = answer.json()["deleted_at"].as_str().expect("a moment").to_owned();
    for dead in [&token, &other, &personal] {
        story.verify(dead).await.is_api_error(401, "The access token was revoked");
    }
    assert_eq!(story.client().is_signed_in(&session, &app).await, Some(false));
    let mail = mail_with(&story, &ada.email, "will be deleted").await;
    let day = told.get(8..10).expect("a day").trim_start_matches('0').to_owned();
    assert!(mail.contains(&format!("{day} ")), "{day} in {mail}");
    story.advance_clock(DAY * 14 - Duration::from_secs(60));
    assert_eq!((swept(&story).await, exists(&story, &ada).await), (0, true));
    story.advance_clock(Duration::from_secs(120));
    assert_eq!((swept(&story).await, exists(&story, &ada).await), (1, false));
    assert_eq!(swept(&story).await, 0);
    mail_with(&story, &ada.email, "was deleted").await;
    story.verify(&other).await.is(401);
    // What happened stays, and says neither name nor place.
    let left = events::of_account(&story.server().state().auth, &id).await.expect("events");
    assert!(left.iter().any(|event| event.event == "deleted") && left.iter().any(|event| event.event == "closing"));
    for event in &left {
        assert_eq!((&event.name, &event.network, &event.agent), (&None, &None, &None), "{event:?}");
    }
    let mails = outbox::list(&story.server().state().auth, None, 100).await.expect("a list");
    assert!(mails.iter().all(|mail| mail.account.as_ref() != Some(&id)));
});

story!(
    closed_name_stays_taken_and_the_address_is_free,
    &[("accounts.closing_grace", "0s"), ("signups.proof_of_work", "false")],
    |story| {
        let ada = story.person("ada").await;
        closed(&story, &ada).await;
        assert!(!exists(&story, &ada).await);
        let form =
            |name: &'static str| [("username", name), ("email", "ada@people.example"), ("password", "a calm evening")];
        for look in ["ada", "Ada", "a_da"] {
            let refused = story.post("/api/v1/auth/signup").form(&form(look)).send().await.is(422).json();
            assert_eq!(refused["details"]["username"][0]["error"], "ERR_TAKEN", "{look}");
        }
        story.post("/api/v1/auth/signup").form(&form("ida")).send().await.is(201);
    }
);

story!(
    closed_name_is_free_where_names_are_used_again,
    &[("accounts.closing_grace", "0s"), ("accounts.reuse_names", "true"), ("signups.proof_of_work", "false")],
    |story| {
        let ada = story.person("ada").await;
        closed(&story, &ada).await;
        let form = [("username", "ada"), ("email", "other@people.example"), ("password", "a calm evening")];
        story.post("/api/v1/auth/signup").form(&form).send().await.is(201);
    }
);

story!(closed_name_is_kept_as_a_digest_also_one_from_before, QUIET, |story| {
    let zebulon = story.person("zebulon").await;
    closed(&story, &zebulon).await;
    mail_with(&story, &zebulon.email, "was deleted").await;
    let told = |cells: Vec<Cell>, name: &str| {
        let has_name = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase().contains(name);
        let in_names = cells.iter().filter(|(column, _)| column.starts_with("account_closed_name"));
        in_names.filter(|(_, bytes)| has_name(bytes)).count()
    };
    let cells = dump(&story).await;
    assert!(cells.iter().any(|(column, bytes)| column == "account_closed_name.name_key" && bytes.len() == 43));
    assert_eq!(told(cells, "zebulon"), 0);
    // An earlier version kept names as they look: they stay taken, and are digested at the next start.
    let statement = "INSERT INTO account_closed_name (name_key, closed_at) VALUES ('methuselah', 1)";
    match story.database() {
        Some(database) => {
            let url = database.url();
            let (client, connection) =
                tokio_postgres::connect(url.as_str(), tokio_postgres::NoTls).await.expect("a database");
            tokio::spawn(connection);
            client.execute(statement, &[]).await.expect("a row");
        }
        None => {
            let file = story.mail_folder().with_file_name("story.sqlite3");
            let database = rusqlite::Connection::open(file).expect("a database");
            database.execute(statement, []).expect("a row");
        }
    }
    assert_eq!(told(dump(&story).await, "methuselah"), 1);
    let taken = async |story: &Story, name: &str| {
        let form = [("username", name), ("email", "other@people.example"), ("password", "a calm evening")];
        let refused = story.post("/api/v1/auth/signup").form(&form).send().await.is(422).json();
        assert_eq!(refused["details"]["username"][0]["error"], "ERR_TAKEN", "{name}");
    };
    taken(&story, "methuselah").await;
    let story = story.restart(&[]).await;
    assert_eq!(told(dump(&story).await, "methuselah"), 0);
    for name in ["methuselah", "Methu_selah", "zebulon"] {
        taken(&story, name).await;
    }
    // Staff may let somebody else have it.
    let accounts = &story.server().state().accounts;
    assert!(accounts.release_name("zebulon").await.expect("an answer"));
    assert!(!accounts.release_name("zebulon").await.expect("an answer"));
    let form = [("username", "zebulon"), ("email", "other@people.example"), ("password", "a calm evening")];
    story.post("/api/v1/auth/signup").form(&form).send().await.is(201);
});

story!(closure_without_grace_deletes_at_once, AT_ONCE, |story| {
    let ada = story.person("ada").await;
    let token = closed(&story, &ada).await;
    assert!(!exists(&story, &ada).await);
    story.verify(&token).await.is(401);
    mail_with(&story, &ada.email, "was deleted").await;
    let app = story.usual_app().await;
    assert!(story.log_in(&app.authorize_query(), "ada", &ada.password).await.is(302).cookie("jwt").is_none());
    assert_eq!(swept(&story).await, 0);
});

story!(closure_asks_for_a_fresh_proof, |story| {
    let ada = story.person("ada").await;
    let token = story.token(&ada, &account_app(&story).await).await;
    story.advance_clock(STALE);
    close(&story, &token, json!({ "username": "ada" })).await.is_api_error(403, "Please confirm that it is you");
    let wrong = json!({ "username": "ada", "current_password": "wrong" });
    close(&story, &token, wrong).await.is_api_error(403, "This is not the password of the account");
    story.verify(&token).await.is(200);
    close(&story, &token, json!({ "username": "ada", "current_password": ada.password })).await.is(202);
});

story!(sign_in_cancels_the_closure_and_nothing_else_does, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let id = story.account(&ada).await.id;
    let token = closed(&story, &ada).await;
    story.advance_clock(DAY);
    // A wrong password, and a link for a new one, are no sign-in.
    story.log_in(&app.authorize_query(), "ada", "wrong").await.is(302);
    story.post("/api/v1/auth/password/forgot").form(&[("email", &*ada.email)]).send().await;
    assert!(!kinds(&story, &id).await.contains(&"closing_cancelled".to_owned()));
    let signed_in = story.sign_in(&ada, &app).await;
    let mail = mail_with(&story, &ada.email, "will not be deleted").await;
    assert!(!mail.contains("http://lyp_"));
    assert_eq!(kinds(&story, &id).await.iter().filter(|kind| *kind == "closing_cancelled").count(), 1);
    // The next page says so, and the app's request goes on.
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &signed_in.cookie);
    let words = "Your account was to be deleted. You signed in, so it stays.";
    let consent = story.get(signed_in.consent.as_str()).cookies(&jar).send().await.is(200);
    assert!(consent.body.contains(words), "{}", consent.body);
    assert!(story.get("/account").cookies(&jar).send().await.is(200).body.contains(words));
    let code = story.consent(&signed_in, &app).await;
    story.redeem(&app, &code).await.is(200);
    story.verify(&token).await.is(401);
    story.advance_clock(DAY * 30);
    assert_eq!((swept(&story).await, exists(&story, &ada).await), (0, true));
    let later = story.sign_in(&ada, &app).await;
    jar.keep_value("jwt", &later.cookie);
    assert!(!story.get("/account").cookies(&jar).send().await.is(200).body.contains(words));
});

story!(sign_in_at_a_provider_cancels_the_closure, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let user = ProviderUser::named("ada");
    let linking = story.token(&ada, &story.app("https://link.example/cb", "read write").await).await;
    story.link_at(&mut CookieJar::default(), &linking, &provider, &user).await;
    closed(&story, &ada).await;
    story.come_back(&mut CookieJar::default(), &app, &provider, &user).await.signed_in();
    mail_with(&story, &ada.email, "will not be deleted").await;
    story.advance_clock(DAY * 30);
    assert_eq!((swept(&story).await, exists(&story, &ada).await), (0, true));
});

story!(deletion_and_cancelling_sign_in_at_once_leave_one_of_both, |story| {
    let query = story.usual_app().await.authorize_query();
    for round in 0..6 {
        let person = story.person(&format!("p{round}x")).await;
        closed(&story, &person).await;
        story.advance_clock(DAY * 15);
        let (answer, _) = tokio::join!(story.log_in(&query, &person.username, &person.password), swept(&story));
        let cookie = answer.is(302).cookie("jwt");
        swept(&story).await;
        match (exists(&story, &person).await, cookie) {
            (true, Some(cookie)) => {
                let mut jar = CookieJar::default();
                jar.keep_value("jwt", &cookie);
                story.get("/account").cookies(&jar).send().await.is(200);
            }
            (false, Some(cookie)) => {
                let mut jar = CookieJar::default();
                jar.keep_value("jwt", &cookie);
                story.get("/account").cookies(&jar).send().await.is(302);
                panic!("a session began on an account that was deleted");
            }
            (true, None) => panic!("nobody signed in, and the account stays"),
            (false, None) => {}
        }
    }
});

story!(last_admin_cannot_close_the_account_and_of_two_one_stays, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let accounts = &story.server().state().accounts;
    accounts.set_role(&story.account(&ada).await.id, Role::Admin).await.expect("a role");
    let token = story.token(&ada, &account_app(&story).await).await;
    close(&story, &token, json!({ "username": "ada" })).await.is_api_error(409, "The last admin stays");
    story.verify(&token).await.is(200);
    accounts.set_role(&story.account(&eve).await.id, Role::Admin).await.expect("a role");
    let other = story.token(&eve, &account_app(&story).await).await;
    let (one, two) = tokio::join!(
        close(&story, &token, json!({ "username": "ada" })),
        close(&story, &other, json!({ "username": "eve" })),
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 409], "{} {}", one.body, two.body);
});

story!(last_admin_is_not_deleted_though_the_account_is_closed, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let accounts = &story.server().state().accounts;
    for person in [&ada, &eve] {
        accounts.set_role(&story.account(person).await.id, Role::Admin).await.expect("a role");
    }
    closed(&story, &ada).await;
    accounts.set_role(&story.account(&eve).await.id, Role::Member).await.expect("a role");
    story.advance_clock(DAY * 15);
    sweep::sweep(&story.server().state().auth).await.expect_err("the host refuses");
    assert!(exists(&story, &ada).await);
    story.sign_in(&ada, &story.usual_app().await).await;
});

story!(close_page_asks_for_the_name_signs_out_and_says_until_when, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    assert_eq!(story.get(PAGE).send().await.is(302).location().path(), "/account/sign-in");
    let mut jar = CookieJar::default();
    jar.keep_value("jwt", &story.sign_in(&ada, &app).await.cookie);
    assert!(story.get("/account").cookies(&jar).send().await.is(200).body.contains("href=\"/account/close\""));
    story.advance_clock(STALE);
    let post = async |jar: &mut CookieJar, fields: &[(&str, &str)]| {
        let token = form_token(&story, jar, PAGE).await;
        story.post(PAGE).cookies(jar).form(&[fields, &[("form_token", &token)]].concat()).send().await
    };
    for (fields, words) in [
        (vec![("username", ""), ("current_password", &*ada.password)], "can&#39;t be blank"),
        (vec![("username", "eve"), ("current_password", &*ada.password)], "is not the name of your account"),
        (vec![("username", "ada")], "Please confirm that it is you"),
        (vec![("username", "ada"), ("current_password", "wrong")], "This is not the password of the account"),
    ] {
        let refused = post(&mut jar, &fields).await.is(422);
        assert!(refused.body.contains(words) && !refused.body.contains(&ada.password), "{words}: {}", refused.body);
    }
    let fields = [("username", "ada"), ("current_password", &*ada.password)];
    let foreign = story.post(PAGE).cookies(&jar).header("origin", "https://evil.example").form(&fields);
    foreign.send().await.is(403);
    let shown = post(&mut jar, &fields).await.is(200);
    assert!(shown.body.contains("Your account is closed") && shown.body.contains("<time"), "{}", shown.body);
    assert!(shown.header("cache-control").contains("no-store"));
    story.get("/account").cookies(&jar).send().await.is(302);
    jar.keep(&shown);
    assert!(jar.get("jwt").is_none_or(|cookie| cookie.is_empty()), "the browser is signed out");
    story.post(PAGE).cookies(&jar).form(&fields).send().await.is(302);
});

story!(account_that_staff_remove_is_gone_with_all_that_was_kept, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let auth = &story.server().state().auth;
    let token = story.token(&ada, &account_app(&story).await).await;
    let kept = story.token(&eve, &account_app(&story).await).await;
    let account = story.account(&ada).await;
    closing::remove(auth, &account, events::Actor::Command, &events::Caller::default()).await.expect("a removal");
    story.verify(&token).await.is_api_error(401, "The access token is invalid");
    story.verify(&kept).await.is(200);
    assert!(!exists(&story, &ada).await && exists(&story, &eve).await);
    // Twice, and at once with a sign-in, is no fault.
    let refused = closing::remove(auth, &account, events::Actor::Command, &events::Caller::default()).await;
    assert!(refused.is_err());
    let hedy = story.person("hedy").await;
    let (app, account) = (story.usual_app().await, story.account(&hedy).await);
    let query = app.authorize_query();
    let signing_in = join_all((0..4).map(|_| story.log_in(&query, "hedy", &hedy.password)));
    let nowhere = events::Caller::default();
    let (answers, removed) =
        tokio::join!(signing_in, closing::remove(auth, &account, events::Actor::Command, &nowhere));
    removed.expect("a removal");
    for cookie in answers.iter().filter_map(|answer| answer.cookie("jwt")) {
        let mut jar = CookieJar::default();
        jar.keep_value("jwt", &cookie);
        story.get("/account").cookies(&jar).send().await.is(302);
    }
    wait::until("the end", async || (!exists(&story, &hedy).await).then_some(())).await;
});

/// A host whose accounts are elsewhere: they go by themselves, and not always.
struct Elsewhere {
    accounts: Arc<dyn Accounts>,
    fails: AtomicBool,
}

#[async_trait]
impl Accounts for Elsewhere {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        self.accounts.by_id(id).await
    }

    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
        self.accounts.by_identifier(identifier).await
    }

    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
        self.accounts.check_password(identifier, password).await
    }

    async fn delete(&self, id: &AccountId) -> Result<(), AccountsError> {
        match self.fails.load(Ordering::Relaxed) && !id.as_str().is_empty() {
            true => Err(AccountsError::Failed("the other server does not answer".into())),
            false => self.accounts.delete(id).await,
        }
    }
}

story!(removal_that_was_interrupted_at_a_host_with_accounts_elsewhere_is_finished_by_the_next_sweep, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let id = story.account(&ada).await.id;
    let token = story.token(&ada, &app).await;
    let elsewhere =
        Arc::new(Elsewhere { accounts: story.server().state().accounts.clone(), fails: AtomicBool::new(true) });
    let auth = auth_builder_of(&story).accounts(elsewhere.clone()).build().expect("a host");
    let served = auth.clone();
    let host = Embedder::serve_app(move || {
        HostApp::new().configure(mount(served.clone(), Surfaces::all().with(Surface::People)))
    });
    let closing = story.post(&host.url(PATH)).bearer(&token).json(&json!({ "username": "ada" }));
    closing.send().await.is(202);
    story.advance_clock(DAY * 15);
    sweep::sweep(&auth).await.expect_err("the other server does not answer");
    assert!(exists(&story, &ada).await);
    // It is too late to come back, at this replica as at any other.
    assert!(story.log_in(&app.authorize_query(), "ada", &ada.password).await.is(302).cookie("jwt").is_none());
    elsewhere.fails.store(false, Ordering::Relaxed);
    assert_eq!(sweep::sweep(&auth).await.expect("a sweep").closed, 1);
    assert!(!exists(&story, &ada).await);
    assert_eq!(kinds(&story, &id).await.iter().filter(|kind| *kind == "deleted").count(), 1);
    assert_eq!(sweep::sweep(&auth).await.expect("a sweep").closed, 0);
});
