//! What a host demands of sign-ins beyond the library: asked on every road, before a session begins and after (FAC-163).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::web::{self, Data};
use async_trait::async_trait;
use lysand_auth::Auth;
use lysand_auth::flows::apps::AppId;
use lysand_auth::flows::authorize::AuthorizationRequest;
use lysand_auth::flows::sessions;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::{Account, AccountId};
use lysand_auth::host::sign_in_rules::{Demand, ProofKind, Proofs, SignInRules, Verdict};
use lysand_auth::web::{ApiError, finish_sign_in};
use tests::client::TestClient;
use tests::embedder::{Embedder, SentByStory, auth_builder_of};
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::CookieJar;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Answer {
    #[default]
    Allow,
    Refuse,
    DemandTwo,
    DemandHard,
    Fail,
    Panic,
    Never,
    FailAfterwards,
}

/// Rules that answer as they were told, and write down what they were asked.
#[derive(Default)]
struct Rules {
    answer: Mutex<Answer>,
    asked: Mutex<Vec<String>>,
}

const SENTENCE: &str = "The <garden> is closed on Sundays.";

impl Rules {
    fn answer(&self, answer: Answer) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = answer;
    }

    fn now(&self) -> Answer {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, what: &str, account: &Account, proofs: &Proofs, app: Option<&AppId>) {
        let kinds: Vec<_> = proofs.iter().map(|proof| format!("{:?}", proof.kind)).collect();
        let app = if app.is_some() { "app" } else { "no app" };
        let line = format!("{what} {} {} {app}", account.username, kinds.join("+"));
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl SignInRules for Rules {
    async fn demands(&self, _: &Account, _: &Proofs) -> HostResult<Demand> {
        Ok(match self.now() {
            Answer::DemandTwo => Demand::TwoProofs,
            Answer::DemandHard => Demand::PhishingResistant,
            _ => Demand::Usual,
        })
    }

    async fn before_session(&self, account: &Account, proofs: &Proofs, app: Option<&AppId>) -> HostResult<Verdict> {
        self.note("before", account, proofs, app);
        match self.now() {
            Answer::Refuse => Ok(Verdict::Refuse(SENTENCE.to_owned())),
            Answer::Fail => Err("the directory is away".into()),
            Answer::Panic => panic!("a fault of the host's"),
            Answer::Never => {
                std::future::pending::<()>().await;
                Ok(Verdict::Allow)
            }
            _ => Ok(Verdict::Allow),
        }
    }

    async fn after_session(&self, account: &Account, proofs: &Proofs, app: Option<&AppId>) -> HostResult<()> {
        self.note("after", account, proofs, app);
        if self.now() == Answer::FailAfterwards { Err("no more paper".into()) } else { Ok(()) }
    }
}

const UNDECIDED: &str = "This server could not decide whether you may sign in. Please try again later.";

story!(sign_in_that_the_host_refuses_begins_no_session_and_shows_its_sentence, |story| {
    let (ada, app, rules) = (story.person("ada").await, story.usual_app().await, Arc::new(Rules::default()));
    let auth = auth_builder_of(&story).sign_in_rules(rules.clone()).mailer(Arc::new(SentByStory));
    let auth = auth.build().expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let client = TestClient::new(&host.url(""), &tests::http::http_client(None));
    let before = client.sign_in(&ada, &app).await.expect("a response");
    assert_eq!(rules.take(), ["before ada Password app", "after ada Password app"]);

    let further = "This account needs a further proof to sign in, and this server has none to ask for.";
    for (answer, why) in [
        (Answer::Refuse, SENTENCE),
        (Answer::DemandHard, further),
        (Answer::Fail, UNDECIDED),
        (Answer::Panic, UNDECIDED),
    ] {
        rules.answer(answer);
        let query = app.authorize_query();
        let form = [("identifier", ada.username.as_str()), ("password", ada.password.as_str())];
        let post = || client.post(&format!("/api/auth/login?{query}")).form(&form).session(&before);
        let page = post().header("accept", "text/html").send().await.is(403);
        assert!(page.body.contains(&why.replace('<', "&lt;").replace('>', "&gt;")), "{answer:?}: {}", page.body);
        assert_eq!(page.set_cookie("jwt"), None, "{answer:?}");
        assert!(page.markup().contains("/oauth/authorize?"), "{answer:?}: a way back");
        post().send().await.is_api_error(403, why);
    }
    // What ada can give is asked for.
    rules.answer(Answer::DemandTwo);
    let asked = client.log_in(&app.authorize_query(), &ada.username, &ada.password).await.expect("a response").is(302);
    assert_eq!((asked.location().path(), asked.set_cookie("jwt")), ("/oauth/factor", None));
    // Whoever could not sign in again is still signed in, and a wrong password is told as ever, without asking.
    client
        .get(&format!("/oauth/consent?{}", before.consent.query().expect("a query")))
        .session(&before)
        .send()
        .await
        .is(200);
    rules.take();
    rules.answer(Answer::Refuse);
    let wrong = client.log_in(&app.authorize_query(), &ada.username, "wrong").await.expect("a response");
    wrong.is_login_error("invalid_grant", "Invalid identifier or password");
    assert_eq!(rules.take(), [] as [String; 0]);
    rules.answer(Answer::FailAfterwards);
    client.sign_in(&ada, &app).await.expect("what fails afterwards changes nothing");
    host.end().await;
});

story!(sign_in_rules_without_an_answer_refuse_after_five_seconds, |story| {
    let (ada, app, rules) = (story.person("ada").await, story.usual_app().await, Arc::new(Rules::default()));
    rules.answer(Answer::Never);
    let auth = auth_builder_of(&story).sign_in_rules(rules).build().expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let client = TestClient::new(&host.url(""), &tests::http::http_client(None));
    let begun = std::time::Instant::now();
    let refused = client.log_in(&app.authorize_query(), &ada.username, &ada.password).await.expect("a response");
    refused.is_api_error(403, UNDECIDED);
    let waited = begun.elapsed();
    assert!((Duration::from_secs(5)..Duration::from_secs(9)).contains(&waited), "{waited:?}");
    host.end().await;
});

/// A road of the host's own.
async fn directory(
    auth: Data<Auth>,
    req: HttpRequest,
    name: web::Path<(String, String)>,
) -> Result<actix_web::HttpResponse, ApiError> {
    let (account, client_id) = name.into_inner();
    let mut request = AuthorizationRequest::default();
    request.client_id = Some(client_id);
    let proof = ProofKind::Host("ldap".into());
    let signed_in =
        sessions::begin(&auth, &AccountId::new(account), proof, &request, sessions::Browser::default()).await?;
    Ok(finish_sign_in(&auth, &req, &signed_in).await?)
}

story!(sign_in_rules_are_asked_on_every_road, |story| {
    let (story, provider) = story.with_provider(&[]).await;
    let (ada, app, rules) = (story.person("ada").await, story.usual_app().await, Arc::new(Rules::default()));
    let auth = auth_builder_of(&story).sign_in_rules(rules.clone()).build().expect("a host");
    let host = Embedder::serve(&auth, |config| {
        config.route("/directory/{account}/{client_id}", web::get().to(directory));
    })
    .await;
    let client = TestClient::new(&host.url(""), &tests::http::http_client(None));
    let id = story.account(&ada).await.id;
    let road = format!("/directory/{id}/{}", app.client_id);
    client.get(&road).send().await.is(302).signed_in();
    assert_eq!(rules.take(), ["before ada Host(\"ldap\") app", "after ada Host(\"ldap\") app"]);
    rules.answer(Answer::Refuse);
    let refused = client.get(&road).send().await;
    assert_eq!(refused.is_api_error(403, SENTENCE).set_cookie("jwt"), None);

    // A provider's word: the browser comes back to this host.
    let (guest, mut jar) = (ProviderUser::named("ada"), CookieJar::default());
    let token = story.token(&ada, &app).await;
    story.link_at(&mut jar, &token, &provider, &guest).await.is_linked();
    rules.take();
    for (answer, status) in [(Answer::Refuse, 403), (Answer::Allow, 302)] {
        rules.answer(answer);
        let mut jar = CookieJar::default();
        let start = format!("/oauth/sso?issuer=id&{}", app.authorize_query());
        let left = client.get(&start).cookies(&jar).send().await.is(302);
        jar.keep(&left);
        let back = provider.authorize(&left.location(), &guest, story.now());
        let path = format!("{}?{}", back.path(), back.query().unwrap_or_default());
        let arrived = client.get(&path).cookies(&jar).send().await.is(status);
        assert_eq!(arrived.set_cookie("jwt").is_some(), answer == Answer::Allow, "{answer:?}");
        assert_eq!(arrived.body.contains("closed on Sundays"), answer == Answer::Refuse, "{}", arrived.body);
    }
    assert_eq!(rules.take(), ["before ada Provider app", "before ada Provider app", "after ada Provider app"]);
    host.end().await;
});
