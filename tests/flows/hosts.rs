//! What a host of another make may do: sign people in by a road of its own, name the cookie, leave housekeeping to the
//! library, hand the pages to a frontend by one switch; and accounts that fail, panic, lie or are slow (faults E3, E4, E5,
//! E6).

use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{self, Data, Query};
use async_trait::async_trait;
use lysand_auth::config::BaseUrl;
use lysand_auth::flows::authorize::AuthorizationRequest;
use lysand_auth::flows::sessions::{self, Browser};
use lysand_auth::flows::sweep::sweep;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::Accounts;
use lysand_auth::host::accounts::{Account, AccountId};
use lysand_auth::host::sign_in_rules::ProofKind;
use lysand_auth::web::{ApiError, finish_sign_in};
use lysand_auth::{Auth, Secret};
use tests::embedder::{Embedder, auth_builder_of};
use tests::story;
use tests::story::{Story, query_of};
use tests::wait;
use tokio::sync::Notify;

/// `GET /magic`: whoever comes with the right link is signed in.
async fn magic(
    auth: Data<Auth>,
    req: HttpRequest,
    browser: Browser,
    query: Query<Vec<(String, String)>>,
) -> Result<actix_web::HttpResponse, ApiError> {
    let value = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let mut request = AuthorizationRequest::default();
    request.client_id = value("client_id");
    request.redirect_uri = value("redirect_uri");
    request.response_type = value("response_type");
    request.scope = value("scope");
    request.state = value("state");
    let account = AccountId::new(value("account").unwrap_or_default());
    let proof = ProofKind::Host("magic".into());
    let signed_in = sessions::begin(&auth, &account, proof, &request, browser).await?;
    Ok(finish_sign_in(&auth, &req, &signed_in).await?)
}

story!(sign_in_by_road_of_the_host_leads_to_consent_and_token, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let id = story.account(&ada).await.id.to_string();
    let auth = auth_builder_of(&story).build().expect("a host");
    let host = Embedder::serve(&auth, |config| {
        config.route("/magic", web::get().to(magic));
    })
    .await;
    let query = app.authorize_query_with(&[("state", "abc")]);
    let arrived = story.get(&host.url(&format!("/magic?account={id}&{query}"))).send().await;
    let signed_in = arrived.signed_in();
    assert_eq!(query_of(&signed_in.consent, "state").as_deref(), Some("abc"));
    let code = story.consent(&signed_in, &app).await;
    story.redeem(&app, &code).await.is(200);
    // The next sign-in of this browser ends the session before.
    let again = story.get(&host.url(&format!("/magic?account={id}&{query}"))).session(&signed_in).send().await;
    assert_ne!(again.signed_in().cookie, signed_in.cookie);
    story.get(signed_in.consent.as_str()).session(&signed_in).send().await.is(302);
    // Nobody, and a request that the app may not make.
    story.get(&host.url(&format!("/magic?account=nobody&{query}"))).send().await.is(400);
    let wide = app.authorize_query_with(&[("scope", "admin:write")]);
    let refused = story.get(&host.url(&format!("/magic?account={id}&{wide}"))).send().await.is(400);
    assert_eq!(refused.cookie("jwt"), None);
    host.end().await;
});

story!(sign_in_cookie_has_the_name_that_the_host_chose, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let state = story.server().state();
    let config = state.auth.config().clone();
    let build = |config| {
        Auth::builder(config, state.auth.store().clone())
            .accounts(state.accounts.clone())
            .ambient(state.auth.ambient().clone())
            .build()
    };
    let problems = build(config.clone().with_session_cookie("form")).expect_err("a name of ours");
    assert!(problems.to_string().contains("session_cookie"), "{problems}");
    let auth = build(config.with_session_cookie("fern_session")).expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let form = [("identifier", "ada"), ("password", &*ada.password)];
    let login = story.post(&host.url(&format!("/api/auth/login?{}", app.authorize_query()))).form(&form).send().await;
    let cookie = login.cookie("fern_session").expect("the cookie");
    assert_eq!(login.is(302).cookie("jwt"), None);
    let page = story.get(&host.url("/oauth/authorized_applications"));
    page.header("cookie", &format!("fern_session={cookie}")).send().await.is(200);
    let out = story.post(&host.url("/api/auth/mastodon-logout")).header("cookie", &format!("fern_session={cookie}"));
    assert!(out.send().await.is(303).set_cookie("fern_session").is_some_and(|line| line.contains("Max-Age=0")));
    host.end().await;
});

story!(housekeeping_runs_by_itself_unless_it_is_switched_off, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let builder = || auth_builder_of(&story);
    for (interval, runs) in [(None, false), (Some(Duration::from_millis(10)), true)] {
        let signed_in = story.sign_in(&ada, &app).await;
        story.consent(&signed_in, &app).await;
        story.advance_clock(Duration::from_secs(60 * 24 * 3600));
        let auth = builder().housekeeping_every(interval).build().expect("a host");
        let host = Embedder::serve(&auth, |_| {}).await;
        story.get(&host.url("/oauth/providers")).send().await.is(200);
        assert!(auth.take_housekeeping_turn().is_none(), "the turn is taken, or not to be had");
        if runs {
            wait::until("housekeeping", async || {
                let live = session_rows(&auth).await;
                (live == 0).then_some(())
            })
            .await;
        } else {
            assert!(session_rows(&auth).await > 0);
        }
        host.end().await;
        let swept = sweep(&auth).await.expect("swept");
        assert_eq!(swept.sessions == 0, runs, "{swept:?}");
    }
});

/// How many sessions the database has, over or not.
async fn session_rows(auth: &Auth) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        rows: i64,
    }
    let counted = auth.store().read(|c| {
        Box::pin(async move {
            let query = diesel::sql_query("SELECT COUNT(*) AS rows FROM auth_session");
            lysand_auth::on!(c, conn => query.get_result::<Count>(conn)).map_err(Into::into)
        })
    });
    counted.await.expect("an answer").rows
}

story!(frontend_origin_alone_hands_sign_in_and_consent_to_the_frontend, |story| {
    let app = story.usual_app().await;
    let state = story.server().state();
    let mut config = state.auth.config().clone();
    config.frontend.origin = Some(BaseUrl::parse("https://fe.example").expect("an origin"));
    let builder = Auth::builder(config, state.auth.store().clone()).accounts(state.accounts.clone());
    let auth = builder.ambient(state.auth.ambient().clone()).build().expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let away = story.get(&host.url(&format!("/oauth/authorize?{}", app.authorize_query()))).send().await.is(302);
    assert!(away.header("location").starts_with("https://fe.example/oauth/authorize?"), "{:?}", away.headers);
    let away = story.get(&host.url("/oauth/consent?code=x")).send().await.is(302);
    assert!(away.header("location").starts_with("https://fe.example/oauth/consent?"), "{:?}", away.headers);
    // What a frontend does not have is shown here, without pages of the host's own.
    let (ada, by_hand) = (story.person("ada").await, story.app("urn:ietf:wg:oauth:2.0:oob", "read").await);
    let signed_in = story.sign_in(&ada, &by_hand).await;
    let code = story.consent(&signed_in, &by_hand).await;
    story.get(&host.url(&format!("/oauth/code?code={code}"))).session(&signed_in).send().await.is(200);
    host.end().await;
});

/// What is wrong with a host's accounts.
#[derive(Clone)]
enum Fault {
    Fails,
    Panics,
    Lies(AccountId),
    Waits(Arc<Notify>),
}

/// A host's accounts, good but for one fault.
struct Faulty {
    accounts: Arc<reference_server::accounts::SqlAccounts>,
    fault: Fault,
}

impl Faulty {
    async fn misbehave(&self) -> HostResult<()> {
        match &self.fault {
            Fault::Fails => Err("the password of the directory is swordfish".into()),
            Fault::Panics => panic!("a fault of the host"),
            Fault::Waits(until) => {
                until.notified().await;
                Ok(())
            }
            Fault::Lies(_) => Ok(()),
        }
    }
}

#[async_trait]
impl Accounts for Faulty {
    async fn by_id(&self, id: &AccountId) -> HostResult<Option<Account>> {
        match &self.fault {
            Fault::Lies(other) => self.accounts.by_id(other).await,
            _ => self.accounts.by_id(id).await,
        }
    }

    async fn by_identifier(&self, identifier: &str) -> HostResult<Option<Account>> {
        self.accounts.by_identifier(identifier).await
    }

    async fn check_password(&self, identifier: &str, password: &Secret) -> HostResult<Option<Account>> {
        self.misbehave().await?;
        self.accounts.check_password(identifier, password).await
    }
}

async fn faulty(story: &Story, fault: Fault) -> Embedder {
    let accounts = story.server().state().accounts.clone();
    let auth = auth_builder_of(story).accounts(Arc::new(Faulty { accounts, fault })).build().expect("a host");
    Embedder::serve(&auth, |_| {}).await
}

story!(
    accounts_that_fail_are_server_error_without_their_words_and_count_no_try,
    &[("ratelimit.enabled", "true")],
    |story| {
        let (ada, app) = (story.person("ada").await, story.usual_app().await);
        let host = faulty(&story, Fault::Fails).await;
        let form = [("identifier", "ada"), ("password", &*ada.password)];
        for _ in 0..30 {
            let login = story.post(&host.url(&format!("/api/auth/login?{}", app.authorize_query()))).form(&form);
            let answer = login.try_send().await.expect("an answer").is(500);
            assert!(!answer.body.contains("swordfish"), "{}", answer.body);
        }
        story.log_in(&app.authorize_query(), "ada", &ada.password).await.signed_in();
        host.end().await;
    }
);

story!(accounts_that_panic_end_one_connection_and_no_other, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let host = faulty(&story, Fault::Panics).await;
    let form = [("identifier", "ada"), ("password", &*ada.password)];
    for _ in 0..3 {
        let login = story.post(&host.url(&format!("/api/auth/login?{}", app.authorize_query()))).form(&form);
        assert!(login.try_send().await.is_none_or(|answer| answer.status == 500));
        story.get(&host.url("/oauth/providers")).send().await.is(200);
    }
    host.end().await;
});

story!(accounts_that_answer_with_another_account_open_nothing, |story| {
    let (ada, eve) = (story.person("ada").await, story.person("eve").await);
    let app = story.app(tests::story::CALLBACK, "read write profile").await;
    let (signed_in, token) = (story.sign_in(&ada, &app).await, story.token(&ada, &app).await);
    let host = faulty(&story, Fault::Lies(story.account(&eve).await.id)).await;
    let answer = story.get(&host.url("/oauth/userinfo")).bearer(&token).try_send().await.expect("an answer").is(500);
    assert!(!answer.body.contains("eve"), "{}", answer.body);
    let page = story.get(&host.url("/oauth/authorized_applications")).session(&signed_in);
    let page = page.try_send().await.expect("an answer").is(500);
    assert!(!page.body.contains("@eve") && !page.body.contains("@ada"), "{}", page.body);
    host.end().await;
});

story!(accounts_that_are_slow_hold_up_nobody_else, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let until = Arc::new(Notify::new());
    let host = faulty(&story, Fault::Waits(until.clone())).await;
    let form = [("identifier", "ada"), ("password", &*ada.password)];
    let path = host.url(&format!("/api/auth/login?{}", app.authorize_query()));
    let login = tokio::spawn(story.post(&path).form(&form).send());
    for _ in 0..20 {
        story.get(&host.url("/oauth/providers")).send().await.is(200);
    }
    assert!(!login.is_finished());
    until.notify_one();
    login.await.expect("an answer").signed_in();
    host.end().await;
});
