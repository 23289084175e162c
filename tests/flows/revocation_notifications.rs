//! The host is told what is over: once, rightly, and not when nothing ended (Mastodon §7, §11.4, §16).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lysand_auth::Auth;
use lysand_auth::flows::apps::AppId;
use lysand_auth::flows::{apps, authorized_applications, sessions, sweep};
use lysand_auth::host::HostResult;
use lysand_auth::host::revocations::{Revocations, Revoked};
use lysand_auth::web::Bearer;
use reqwest::Method;
use tests::embedder::{Embedder, RecordedRevocations, auth_builder_of};
use tests::story;
use tests::story::{App, CALLBACK, Story, TokenPair};

const PAGE: &str = "/oauth/authorized_applications";

/// A host with a route of its own that keys a subscription on the grant.
struct Host {
    auth: Auth,
    embedder: Embedder,
    told: Arc<RecordedRevocations>,
}

async fn subscribe(bearer: Bearer) -> String {
    bearer.grant_id().to_owned()
}

impl Host {
    async fn over(story: &Story) -> Self {
        let told = Arc::new(RecordedRevocations::default());
        let auth = auth_builder_of(story).revocations(told.clone()).build().expect("a host");
        Self { embedder: serve(&auth).await, auth, told }
    }

    fn url(&self, path: &str) -> String {
        self.embedder.url(path)
    }

    /// The grant of a token, as a handler of the host sees it.
    async fn grant(&self, story: &Story, token: &str) -> String {
        story.post(&self.url("/subscribe")).bearer(token).send().await.is(200).body
    }

    async fn is_live(&self, grant: &str) -> bool {
        authorized_applications::is_live(&self.auth, grant).await.expect("an answer")
    }
}

async fn serve(auth: &Auth) -> Embedder {
    Embedder::serve(auth, |config| {
        config.route("/subscribe", actix_web::web::post().to(subscribe));
    })
    .await
}

fn grant(id: &str) -> Vec<Revoked> {
    vec![Revoked::Grant(id.to_owned())]
}

story!(revocation_of_token_notifies_host_once, |story| {
    let (host, ada) = (Host::over(&story).await, story.person("ada").await);
    let (app, other) = (story.usual_app().await, story.usual_app().await);
    let token = story.token(&ada, &app).await;
    let id = host.grant(&story, &token).await;
    let kept = host.grant(&story, &story.token(&ada, &app).await).await;
    assert_ne!(id, kept, "each consent is a grant of its own");
    let revoke = |app: &App, token: &str| {
        let call = story.post(&host.url("/oauth/revoke")).basic(&app.client_id, &app.client_secret);
        call.form(&[("token", token)])
    };
    revoke(&other, &token).send().await.is(403);
    story
        .post(&host.url("/oauth/revoke"))
        .basic(&app.client_id, "wrong")
        .form(&[("token", &token)])
        .send()
        .await
        .is(403);
    for harmless in ["", "unknown"] {
        revoke(&app, harmless).send().await.is(200);
    }
    assert_eq!(host.told.take(), [], "nothing ended");
    assert!(host.is_live(&id).await);

    revoke(&app, &token).send().await.is(200);
    assert_eq!(host.told.take(), grant(&id));
    assert!(!host.is_live(&id).await && host.is_live(&kept).await);
    revoke(&app, &token).send().await.is(200);
    assert_eq!(host.told.take(), [], "it was over before");

    let own = story.post("/oauth/token").basic(&app.client_id, &app.client_secret);
    let body = own.form(&[("grant_type", "client_credentials")]).send().await.is(200).json();
    let of_app = body["access_token"].as_str().expect("a token");
    let id = host.grant(&story, of_app).await;
    revoke(&app, of_app).send().await.is(200);
    assert_eq!(host.told.take(), grant(&id));
    host.embedder.end().await;
});

story!(refresh_keeps_grant_id_and_revocation_notifies_host_of_grant, |story| {
    let (host, ada) = (Host::over(&story).await, story.person("ada").await);
    // `refresh_token` alone is enough to ask for it.
    let alone = [("grant_types[]", "refresh_token")];
    let app = story.client().register_with("Expiring", CALLBACK, "read write", &alone).await.expect("an app");
    for by_refresh_token in [true, false] {
        let code = story.consent(&story.sign_in(&ada, &app).await, &app).await;
        let TokenPair { access: first, refresh: token } =
            TokenPair::of(&story.redeem(&app, &code).await.is(200).json());
        let id = host.grant(&story, &first).await;
        let TokenPair { access: second, refresh: next } = TokenPair::of(
            &story.post(&host.url("/oauth/token")).form(&app.refresh_form(&token)).send().await.is(200).json(),
        );
        assert_eq!(host.grant(&story, &second).await, id, "a subscription survives a refresh");
        assert_eq!(host.told.take(), []);
        let held = if by_refresh_token { &next } else { &second };
        let call = story.post(&host.url("/oauth/revoke")).basic(&app.client_id, &app.client_secret);
        call.form(&[("token", held)]).send().await.is(200);
        assert_eq!(host.told.take(), grant(&id));
        assert!(!host.is_live(&id).await);
    }
    host.embedder.end().await;
});

story!(authorized_application_removed_notifies_host_once_for_all_tokens, |story| {
    let (host, ada, app) = (Host::over(&story).await, story.person("ada").await, story.usual_app().await);
    let first = host.grant(&story, &story.token(&ada, &app).await).await;
    let second = host.grant(&story, &story.token(&ada, &app).await).await;
    let browser = story.sign_in(&ada, &app).await;
    let list = story.get(&format!("{PAGE}.json")).session(&browser).send().await.is(200).json();
    let id = list[0]["id"].as_str().expect("an id");
    let delete = |id: &str| story.call(Method::DELETE, &host.url(&format!("{PAGE}/{id}.json"))).session(&browser);
    delete("unknown").send().await.is(404);
    delete(id).header("origin", "https://evil.example").send().await.is(403);
    assert_eq!(host.told.take(), []);
    delete(id).send().await.is(204);
    let account = story.account(&ada).await.id;
    assert_eq!(host.told.take(), [Revoked::Access { app: AppId::new(id), account }]);
    assert!(!host.is_live(&first).await && !host.is_live(&second).await);
    delete(id).send().await.is(404);
    assert_eq!(host.told.take(), []);
    host.embedder.end().await;
});

story!(token_invalidated_by_api_notifies_host_with_its_grant_id, |story| {
    let (host, ada, eve) = (Host::over(&story).await, story.person("ada").await, story.person("eve").await);
    let (plain, app) = (story.usual_app().await, story.expiring_app().await);
    let (mine, hers) = (story.token(&ada, &plain).await, story.token(&eve, &plain).await);
    let code = story.consent(&story.sign_in(&ada, &app).await, &app).await;
    let TokenPair { access, .. } = TokenPair::of(&story.redeem(&app, &code).await.is(200).json());
    let family = host.grant(&story, &access).await;
    let list = story.get("/api/v1/tokens").bearer(&access).send().await.is(200).json();
    let ids: Vec<&str> =
        list.as_array().expect("a list").iter().map(|entry| entry["id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), 2);
    let post = |id: &str, token: &str| story.post(&host.url(&format!("/api/v1/tokens/{id}/invalidate"))).bearer(token);
    for id in &ids {
        post(id, &hers).send().await.is(404);
    }
    assert_eq!(host.told.take(), []);
    let own = host.grant(&story, &mine).await;
    assert!(ids.contains(&own.as_str()), "a token without a family is a grant by itself");
    let of_family = ids.iter().find(|id| **id != own).expect("the other one");
    assert_ne!(*of_family, family);
    post(of_family, &mine).send().await.is(200);
    assert_eq!(host.told.take(), grant(&family));
    assert!(!host.is_live(of_family).await, "a token of a family is no grant");
    post(&own, &mine).send().await.is(200);
    assert_eq!(host.told.take(), grant(&own));
    host.embedder.end().await;
});

story!(end_all_sessions_notifies_host_once_for_the_account, |story| {
    let (host, ada) = (Host::over(&story).await, story.person("ada").await);
    let account = story.account(&ada).await.id;
    let mut ids = Vec::new();
    for app in [story.usual_app().await, story.usual_app().await] {
        ids.push(host.grant(&story, &story.token(&ada, &app).await).await);
    }
    // What a new password, signing out everywhere and deletion have in common.
    sessions::end_all(&host.auth, &account).await.expect("ended");
    assert_eq!(host.told.take(), [Revoked::Account(account)]);
    for id in ids {
        assert!(!host.is_live(&id).await);
    }
    // A browser that signs out takes no token along.
    let eve = story.person("eve").await;
    let browser = story.sign_in(&eve, &story.usual_app().await).await;
    story.post(&host.url("/api/auth/mastodon-logout")).session(&browser).send().await.is(303);
    assert_eq!(host.told.take(), []);
    host.embedder.end().await;
});

story!(app_deleted_by_operator_notifies_host_and_ends_grants, |story| {
    let (host, ada, app) = (Host::over(&story).await, story.person("ada").await, story.usual_app().await);
    let live = host.grant(&story, &story.token(&ada, &app).await).await;
    let id = apps::list(&host.auth).await.expect("apps").remove(0).id;
    apps::delete(&host.auth, &AppId::new("unknown")).await.expect_err("there is none");
    assert_eq!(host.told.take(), []);
    apps::delete(&host.auth, &id).await.expect("deleted");
    assert_eq!(host.told.take(), [Revoked::App(id.clone())]);
    assert!(!host.is_live(&live).await);
    apps::delete(&host.auth, &id).await.expect_err("it is gone");
    assert_eq!(host.told.take(), []);
    host.embedder.end().await;
});

story!(replayed_code_notifies_host_of_the_revoked_grant, |story| {
    let (host, ada) = (Host::over(&story).await, story.person("ada").await);
    for app in [story.usual_app().await, story.expiring_app().await] {
        let code = story.consent(&story.sign_in(&ada, &app).await, &app).await;
        let body = story.post(&host.url("/oauth/token")).form(&app.code_form(&code)).send().await.is(200).json();
        let id = host.grant(&story, body["access_token"].as_str().expect("a token")).await;
        let wrong: Vec<_> = app.code_form(&code).into_iter().filter(|(name, _)| *name != "client_secret").collect();
        story.post(&host.url("/oauth/token")).form(&wrong).send().await.is(401);
        assert_eq!(host.told.take(), [], "an unproven replay ends nothing");
        for told in [grant(&id), vec![]] {
            story.post(&host.url("/oauth/token")).form(&app.code_form(&code)).send().await.is(400);
            assert_eq!(host.told.take(), told);
        }
        assert!(!host.is_live(&id).await);
    }
    // A code that bought nothing takes nothing along.
    let app = story.usual_app().await;
    let pending = story.sign_in(&ada, &app).await;
    story.post(&host.url("/oauth/token")).form(&app.code_form(&pending.code)).send().await.is(400);
    assert_eq!(host.told.take(), []);
    host.embedder.end().await;
});

story!(replayed_refresh_token_notifies_host_of_the_revoked_grant, |story| {
    let (host, ada, app) = (Host::over(&story).await, story.person("ada").await, story.expiring_app().await);
    let code = story.consent(&story.sign_in(&ada, &app).await, &app).await;
    let TokenPair { access, refresh: token } = TokenPair::of(&story.redeem(&app, &code).await.is(200).json());
    let id = host.grant(&story, &access).await;
    let call = || story.post(&host.url("/oauth/token")).form(&app.refresh_form(&token));
    let next = TokenPair::of(&call().send().await.is(200).json());
    story.post(&host.url("/oauth/token")).form(&app.refresh_form(&next.refresh)).send().await.is(200);
    assert_eq!(host.told.take(), []);
    for told in [grant(&id), vec![]] {
        call().send().await.is(400);
        assert_eq!(host.told.take(), told);
    }
    assert!(!host.is_live(&id).await);
    host.embedder.end().await;
});

story!(grant_expired_by_time_does_not_notify_host, |story| {
    let (host, ada, app) = (Host::over(&story).await, story.person("ada").await, story.expiring_app().await);
    let code = story.consent(&story.sign_in(&ada, &app).await, &app).await;
    let TokenPair { access, .. } = TokenPair::of(&story.redeem(&app, &code).await.is(200).json());
    let id = host.grant(&story, &access).await;
    story.advance_clock(Duration::from_secs(7_200));
    assert!(host.is_live(&id).await, "between two tokens the grant stands");
    story.advance_clock(Duration::from_secs(366 * 24 * 3_600));
    assert!(!host.is_live(&id).await);
    sweep::sweep(&host.auth).await.expect("swept");
    for odd in ["", "unknown", "\0", "'", &"a".repeat(3_000)] {
        assert!(!host.is_live(odd).await, "{odd:?}");
    }
    assert_eq!(host.told.take(), []);
    host.embedder.end().await;
});

/// A host that cannot take in what it is told.
struct Failing(fn() -> HostResult<()>);

#[async_trait]
impl Revocations for Failing {
    async fn revoked(&self, _: &Revoked) -> HostResult<()> {
        (self.0)()
    }
}

story!(revocation_with_failing_host_notification_still_succeeds, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let account = story.account(&ada).await.id;
    for fails in [(|| Err("the push table is away".into())) as fn() -> HostResult<()>, || panic!("a fault of the host")]
    {
        let auth = auth_builder_of(&story).revocations(Arc::new(Failing(fails))).build().expect("a host");
        let embedder = serve(&auth).await;
        let token = story.token(&ada, &app).await;
        let call = story.post(&embedder.url("/oauth/revoke")).basic(&app.client_id, &app.client_secret);
        let answer = call.form(&[("token", &token)]).send().await.is(200);
        assert_eq!(answer.json(), serde_json::json!({}));
        story.verify(&token).await.is_api_error(401, "The access token was revoked");
        let token = story.token(&ada, &app).await;
        sessions::end_all(&auth, &account).await.expect("ended all the same");
        story.verify(&token).await.is(401);
        embedder.end().await;
    }
});

story!(revocation_with_dropped_connection_still_notifies_host, |story| {
    let (host, ada) = (Host::over(&story).await, story.person("ada").await);
    let account = story.account(&ada).await.id;
    // One look at the future, and then it is dropped: as when a client goes away.
    let _ = tokio::time::timeout(Duration::ZERO, sessions::end_all(&host.auth, &account)).await;
    tests::wait::until("the host to be told", async || {
        let told = host.told.take();
        (told == [Revoked::Account(account.clone())]).then_some(())
    })
    .await;
    host.embedder.end().await;
});
