//! Everything that acts for an account ends (people PPL-109, PPL-224).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{join, join_all};
use lysand_auth::Auth;
use lysand_auth::flows::apps::AppId;
use lysand_auth::flows::end_apps::{self, WhichApps};
use lysand_auth::flows::own_sessions::Viewer;
use lysand_auth::flows::sessions::{Browser, OwnProof};
use lysand_auth::flows::{events, own_sessions, sessions};
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{Account, Accounts as _};
use lysand_auth::host::revocations::Revoked;
use lysand_auth::host::sign_in_rules::{Proofs, SignInRules, Verdict};
use lysand_auth::on;
use serde_json::{Value, json};
use tests::client::TestClient;
use tests::embedder::{Embedder, RecordedRevocations, auth_builder_of};
use tests::story::{App, CookieJar, SignedIn, Story, TokenPair};
use tests::{Person, story};

use super::email::account_app;
use super::sessions::{FIREFOX, SESSIONS, end, is_signed_in, own_live_sessions, sign_in_with_agent, token_and_sign_in};
use super::{confirm_identity, form_token, mails_to};

/// What acts for somebody: a browser, a code, a lasting token, tokens that refresh.
struct Acting {
    browser: SignedIn,
    code: (App, String),
    lasting: String,
    pair: (App, TokenPair),
}

impl Acting {
    async fn of(story: &Story, person: &Person) -> Self {
        let (usual, expiring) = (story.usual_app().await, story.expiring_app().await);
        let browser = story.sign_in(person, &usual).await;
        let code = story.consent(&browser, &usual).await;
        let lasting = story.token(person, &usual).await;
        let pair = story.token_pair(person, &expiring).await;
        Self { browser, code: (usual, code), lasting, pair: (expiring, pair) }
    }

    async fn alive(&self, story: &Story, base: &str) -> Vec<&'static str> {
        let mut alive = Vec::new();
        if is_signed_in(story, &self.browser.cookie).await {
            alive.push("browser");
        }
        for (token, name) in [(&self.lasting, "token"), (&self.pair.1.access, "expiring token")] {
            let path = format!("{base}/api/v1/accounts/verify_credentials");
            if story.get(&path).bearer(token).send().await.status == 200 {
                alive.push(name);
            }
        }
        if story.refresh(&self.pair.0, &self.pair.1.refresh).await.status == 200 {
            alive.push("refresh token");
        }
        if story.redeem(&self.code.0, &self.code.1).await.status == 200 {
            alive.push("code");
        }
        alive
    }
}

async fn count(story: &Story, table: &'static str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let query = match table {
        "auth_known_browser" => "SELECT count(*) AS number FROM auth_known_browser",
        _ => "SELECT count(*) AS number FROM auth_family WHERE ended_at IS NULL",
    };
    let store = story.server().state().auth.store();
    let found: Count = store
        .read(move |c| Box::pin(async move { Ok(on!(c, c => diesel::sql_query(query).get_result::<Count>(c))?) }))
        .await
        .expect("a count");
    found.number
}

story!(end_everything_wants_proof_and_leaves_nothing_that_acts_on_either_replica, |story| {
    let (ada, eve, app) = (story.person("ada").await, story.person("eve").await, account_app(&story).await);
    let hers = Acting::of(&story, &eve).await;
    let acting = Acting::of(&story, &ada).await;
    let (token, _) = token_and_sign_in(&story, &ada, &app).await;
    let personal = json!({ "name": "backup", "scopes": ["read"] });
    let made = story.post("/api/v1/auth/personal_tokens").bearer(&token).json(&personal).send().await.is(200).json();
    let personal = made["token"].as_str().expect("a value").to_owned();
    story.verify(&personal).await.is(200);
    story.advance_clock(Duration::from_secs(301));
    let replica = story.replica().await;
    let there = format!("http://localhost:{}", replica.addr().port());
    let path = format!("{there}{SESSIONS}/end_everything");
    let post = |body: Value| story.post(&path).bearer(&token).json(&body).send();
    let refused = post(json!({})).await.is(403);
    assert_eq!(refused.json()["error"], "Please confirm that it is you");
    assert!(refused.header("www-authenticate").contains("max_age=\"300\""));
    post(json!({ "current_password": "wrong" })).await.is(403);
    assert!(is_signed_in(&story, &acting.browser.cookie).await, "a refusal ends nothing");
    let ended = post(json!({ "current_password": ada.password })).await.is(200).json();
    assert_eq!(ended, json!({ "sessions": 4, "apps": 3, "tokens": 1 }));
    assert_eq!(acting.alive(&story, &there).await, Vec::<&str>::new());
    assert_eq!(acting.alive(&story, "").await, Vec::<&str>::new());
    story.verify(&token).await.is(401);
    story.verify(&personal).await.is(401);
    assert_eq!(count(&story, "auth_family").await, 1, "the other person's alone");
    assert_eq!(count(&story, "auth_known_browser").await, 3, "the other person's alone");
    let untouched = ["browser", "token", "expiring token", "refresh token"];
    assert_eq!(hers.alive(&story, &there).await, untouched, "the code is too old by now");
    let mails = mails_to(&story, &ada.email, 1).await;
    assert!(mails.iter().any(|mail| mail.contains("You were signed out everywhere")), "{mails:?}");
    let found = events::find(&story.server().state().auth, events::EventQuery::new(100)).await.expect("events");
    assert!(found.iter().any(|event| event.event == "sessions_ended" && event.actor_kind == "account"));
    replica.abort().await;
});

story!(end_everything_beside_sign_ins_refreshes_and_code_exchanges_leaves_nothing_alive, |story| {
    let (ada, usual, expiring) = (story.person("ada").await, story.usual_app().await, story.expiring_app().await);
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    for round in 0..4 {
        let browser = story.sign_in(&ada, &usual).await;
        let code = story.consent(&browser, &usual).await;
        let pair = story.token_pair(&ada, &expiring).await;
        // A step later in each round, so that it falls into another moment of the others.
        let ending = async {
            tokio::time::sleep(Duration::from_millis(round * 4)).await;
            let caller = events::Caller::default();
            own_sessions::end_everything_of(auth, &account, events::Actor::Command, &caller).await.expect("ended")
        };
        let query = usual.authorize_query();
        let signing_in = join_all((0..3).map(|_| story.log_in(&query, &ada.username, &ada.password)));
        let exchanging = join(story.redeem(&usual, &code), story.refresh(&expiring, &pair.refresh));
        let ((_, sign_ins), (exchanged, refreshed)) = join(join(ending, signing_in), exchanging).await;
        // Whoever signed in did so before the end, or after it with a proof that was made after it.
        let signed_in = sign_ins.iter().filter(|answer| answer.cookie("jwt").is_some()).count();
        assert!(own_live_sessions(&story, &account.id).await <= signed_in, "round {round}");
        assert!(!is_signed_in(&story, &browser.cookie).await);
        for answer in [exchanged, refreshed] {
            if answer.status == 200 {
                let token = answer.json()["access_token"].as_str().expect("a token").to_owned();
                story.verify(&token).await.is(401);
            }
        }
        story.refresh(&expiring, &pair.refresh).await.is(400);
        sessions::end_all(auth, &account.id).await.expect("ended");
    }
});

story!(end_everything_page_asks_for_proof_and_says_what_ends, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let acting = Acting::of(&story, &ada).await;
    let mut jar = CookieJar::default();
    sign_in_with_agent(&story, &ada, &mut jar, (FIREFOX, "203.0.113.77")).await.signed_in();
    let path = "/account/sessions/end";
    let token = form_token(&story, &mut jar, path).await;
    story.advance_clock(Duration::from_secs(301));
    let asked = story.get(path).cookies(&jar).send().await.is(302);
    assert!(asked.header("location").ends_with("/account/confirm?then=%2Faccount%2Fsessions%2Fend"));
    let too_late = story.post(path).cookies(&jar).form(&[("form_token", &*token)]).send().await.is(302);
    assert!(too_late.header("location").contains("/account/confirm?then="), "{}", too_late.header("location"));
    assert!(is_signed_in(&story, &acting.browser.cookie).await);
    confirm_identity(&story, &mut jar, &ada.password, path).await;
    let page = story.get(path).cookies(&jar).send().await.is(200);
    assert!(page.body.contains("<dd>4</dd>") && page.body.contains("<dd>2</dd>"), "{}", page.body);
    let token = form_token(&story, &mut jar, path).await;
    story.post(path).cookies(&jar).form(&[("form_token", "guessed")]).send().await.is(422);
    let done = story.post(path).cookies(&jar).form(&[("form_token", &*token)]).send().await.is(302);
    assert!(done.header("location").ends_with("/account/sessions/ended"));
    let cookie = jar.get("jwt").expect("signed in").to_owned();
    assert!(jar.has("known"));
    jar.keep(&done);
    assert!(!jar.has("jwt") && !jar.has("known"));
    assert!(!is_signed_in(&story, &cookie).await);
    assert_eq!(acting.alive(&story, "").await, Vec::<&str>::new());
    // The next sign-in is told: nobody knows the browser any more.
    story.sign_in(&ada, &app).await;
    let mails = mails_to(&story, &ada.email, 3).await;
    assert!(mails.iter().any(|mail| mail.contains("You were signed out everywhere")), "{mails:?}");
});

story!(session_ended_from_elsewhere_is_not_prolonged_by_a_proof_at_the_same_moment, |story| {
    let (ada, app) = (story.person("ada").await, account_app(&story).await);
    let (token, _) = token_and_sign_in(&story, &ada, &app).await;
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    for round in 0..6 {
        let mut jar = CookieJar::default();
        sign_in_with_agent(&story, &ada, &mut jar, (FIREFOX, "203.0.113.77")).await.signed_in();
        let cookie = jar.get("jwt").expect("signed in").to_owned();
        let browser = sessions::of_cookie(auth, &cookie).await.expect("an answer").expect("somebody");
        let id = browser.session.id.to_string();
        let password = lysand_auth::secret::Secret::new(&*ada.password);
        let ending = async {
            tokio::time::sleep(Duration::from_millis(18 + round * 3)).await;
            end(&story, &token, &id).await
        };
        let (proof, known) = (OwnProof::new(Some(password), None), Browser::default());
        let (renewed, ended) = join(sessions::renew(auth, &browser, &proof, &known), ending).await;
        // One of the two came first: either the old one was ended, or there is another one in its place.
        assert_eq!(ended.status == 200, renewed.is_err(), "round {round}: {} {renewed:?}", ended.status);
        if let Ok(cookie) = renewed {
            let live = sessions::of_cookie(auth, cookie.expose()).await.expect("an answer").expect("somebody");
            assert_eq!(live.session.agent.as_deref(), Some(FIREFOX), "its owner knows it by the same words");
            sessions::sign_out(auth, &live.session, &events::Caller::default()).await.expect("ended");
        }
    }
    assert_eq!(own_live_sessions(&story, &account.id).await, 1);
});

story!(account_sign_out_ends_everything_as_its_owner_would, |story| {
    let ada = story.person("ada").await;
    let acting = Acting::of(&story, &ada).await;
    let auth = &story.server().state().auth;
    let account = story.server().state().accounts.by_identifier("ada").await.expect("an answer").expect("ada");
    let caller = events::Caller::default();
    let ended = own_sessions::end_everything_of(auth, &account, events::Actor::Command, &caller).await.expect("ended");
    assert_eq!((ended.sessions, ended.apps, ended.tokens), (3, 2, 0));
    assert_eq!(acting.alive(&story, "").await, Vec::<&str>::new());
    assert_eq!(count(&story, "auth_known_browser").await, 0);
});

/// Rules of a host that takes its time: meanwhile the person ends everything, or all other sign-ins.
struct EndsMeanwhile {
    auth: Auth,
    viewer: Option<Viewer>,
}

#[async_trait]
impl SignInRules for EndsMeanwhile {
    async fn before_session(&self, account: &Account, _: &Proofs, _: Option<&AppId>) -> HostResult<Verdict> {
        let caller = events::Caller::default();
        match &self.viewer {
            Some(viewer) => own_sessions::end_others(&self.auth, viewer, &caller).await.map(drop)?,
            None => {
                let by = events::Actor::Command;
                own_sessions::end_everything_of(&self.auth, account, by, &caller).await.map(drop)?;
            }
        }
        Ok(Verdict::Allow)
    }
}

story!(sign_in_under_way_while_everything_or_all_others_end_begins_no_session, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let auth = &story.server().state().auth;
    let account = story.account(&ada).await;
    for ends_all in [false, true] {
        let here = story.sign_in(&ada, &app).await;
        let browser = sessions::of_cookie(auth, &here.cookie).await.expect("an answer").expect("somebody");
        let viewer = (!ends_all).then(|| Viewer::in_browser(auth, &browser));
        let rules = EndsMeanwhile { auth: auth.clone(), viewer };
        let slow = auth_builder_of(&story).sign_in_rules(Arc::new(rules)).build().expect("a host");
        let host = Embedder::serve(&slow, |_| {}).await;
        let client = TestClient::new(&host.url(""), &tests::http::http_client(None));
        let refused = client.log_in(&app.authorize_query(), "ada", &ada.password).await.expect("a response");
        assert!(refused.cookie("jwt").is_none(), "{ends_all}: {}", refused.status);
        let lives = usize::from(!ends_all);
        assert_eq!(own_live_sessions(&story, &account.id).await, lives, "{ends_all}");
        host.end().await;
    }
});

story!(host_is_told_once_of_everything_and_of_each_app_that_ends, |story| {
    let (ada, app, other) = (story.person("ada").await, story.usual_app().await, story.expiring_app().await);
    let told = Arc::new(RecordedRevocations::default());
    let auth = auth_builder_of(&story).revocations(told.clone()).build().expect("a host");
    let account = story.account(&ada).await;
    let here = story.sign_in(&ada, &app).await;
    story.token(&ada, &app).await;
    story.token_pair(&ada, &other).await;
    let browser = sessions::of_cookie(&auth, &here.cookie).await.expect("an answer").expect("somebody");
    let (viewer, caller) = (Viewer::in_browser(&auth, &browser), events::Caller::default());
    own_sessions::end_others(&auth, &viewer, &caller).await.expect("ended");
    assert_eq!(told.take(), [], "apps stay");
    let ended = end_apps::end(&auth, &viewer, WhichApps::All, None, &caller).await.expect("ended");
    let access = |app: &AppId| Revoked::Access { app: app.clone(), account: account.id.clone() };
    assert_eq!(told.take(), ended.iter().map(|app| access(&app.id)).collect::<Vec<_>>());
    assert_eq!(ended.len(), 2);
    own_sessions::end_everything(&auth, &viewer, None, &caller).await.expect("ended");
    assert_eq!(told.take(), [Revoked::Account(account.id.clone())]);
});
