//! Second factors of the host's own: a code in a file, and one that is sent (FAC-4, FAC-164).

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lysand_auth::host::HostResult;
use lysand_auth::host::accounts::Account;
use lysand_auth::host::factor::{Factor, FactorLabel, Input, Prompt, Strength};
use lysand_auth::host::sign_in_rules::{Demand, Proofs, SignInRules};
use lysand_auth::secret::Secret;
use serde_json::{Value, json};
use tests::client::TestClient;
use tests::embedder::{Embedder, SentByStory, auth_builder_of};
use tests::story::{CookieJar, Response, Story, query_of};
use tests::{Person, story};

const WRONG: &str = "The code is wrong, used or too old.";
const NO_ANSWER: &str = "This way does not work at the moment. Please try again, or choose another one.";

/// Everybody needs two proofs.
struct TwoProofs;

#[async_trait]
impl SignInRules for TwoProofs {
    async fn demands(&self, _: &Account, _: &Proofs) -> HostResult<Demand> {
        Ok(Demand::TwoProofs)
    }
}

/// A code that stands in a file of its owner.
struct FileCode {
    folder: PathBuf,
}

#[async_trait]
impl Factor for FileCode {
    fn kind(&self) -> &'static str {
        "file-code"
    }

    fn strength(&self) -> Strength {
        Strength::Code
    }

    fn label(&self) -> FactorLabel {
        FactorLabel::new("Code sheet", "A code of the sheet that you were given.")
    }

    fn sends(&self) -> bool {
        false
    }

    async fn usable(&self, account: &Account) -> HostResult<bool> {
        Ok(self.folder.join(&account.username).exists())
    }

    async fn begin(&self, _: &Account) -> HostResult<Prompt> {
        Ok(Prompt::new("Look at your <sheet>.").with_field(Some("Code of the sheet".into())))
    }

    async fn check(&self, account: &Account, input: &Input) -> HostResult<bool> {
        let codes = std::fs::read_to_string(self.folder.join(&account.username))?;
        Ok(codes.lines().any(|code| code == input.value.expose()))
    }
}

/// A code that is sent, and remembered in the host's note alone.
#[derive(Default)]
struct Sms {
    sent: Mutex<Vec<String>>,
    fails: Mutex<bool>,
}

impl Sms {
    fn sent(&self) -> Vec<String> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fail(&self, fails: bool) {
        *self.fails.lock().unwrap_or_else(PoisonError::into_inner) = fails;
    }

    fn is_failing(&self) -> bool {
        *self.fails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Factor for Sms {
    fn kind(&self) -> &'static str {
        "sms"
    }

    fn strength(&self) -> Strength {
        Strength::Code
    }

    fn label(&self) -> FactorLabel {
        FactorLabel::new("Text message", "A code that is sent to your phone.")
    }

    async fn usable(&self, account: &Account) -> HostResult<bool> {
        Ok(account.username != "bob")
    }

    async fn begin(&self, account: &Account) -> HostResult<Prompt> {
        if self.is_failing() {
            return Err("the gateway is away".into());
        }
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let code = format!("{}{}", 7_000 + sent.len(), account.username.len());
        sent.push(code.clone());
        Ok(Prompt::new("We sent a code to ••• 42.").with_state(Secret::new(code)))
    }

    async fn check(&self, _: &Account, input: &Input) -> HostResult<bool> {
        assert!(!self.is_failing(), "the gateway is away");
        Ok(input.state.as_ref().is_some_and(|state| state.expose() == input.value.expose()))
    }
}

struct Host {
    host: Embedder,
    client: TestClient,
    sms: Arc<Sms>,
    folder: tempfile::TempDir,
}

/// A host with both, which demands two proofs.
async fn host(story: &Story) -> Host {
    let (folder, sms) = (tempfile::tempdir().expect("a folder"), Arc::new(Sms::default()));
    std::fs::write(folder.path().join("ada"), "alpha\nbeta\n").expect("a file");
    let file = Arc::new(FileCode { folder: folder.path().to_owned() });
    let builder = auth_builder_of(story).sign_in_rules(Arc::new(TwoProofs)).factor(file).factor(sms.clone());
    let auth = builder.mailer(Arc::new(SentByStory)).build().expect("a host");
    let host = Embedder::serve(&auth, |_| {}).await;
    let client = TestClient::new(&host.url(""), &tests::http::http_client(None));
    Host { host, client, sms, folder }
}

/// A sign-in that waits for a second proof.
struct Waiting {
    jar: CookieJar,
    id: String,
}

async fn begin(client: &TestClient, person: &Person, query: &str) -> Waiting {
    let form = [("identifier", &*person.username), ("password", &*person.password)];
    let answer = client.post(&format!("/api/auth/login?{query}")).form(&form).send().await.is(302);
    assert_eq!((answer.location().path(), answer.cookie("jwt")), ("/oauth/factor", None), "{}", answer.location());
    let mut jar = CookieJar::default();
    jar.keep(&answer);
    Waiting { jar, id: query_of(&answer.location(), "pending").expect("an id") }
}

impl Waiting {
    async fn page(&mut self, client: &TestClient, method: &str) -> Response {
        let path = format!("/oauth/factor?pending={}&method={method}", self.id);
        let page = client.get(&path).header("accept", "text/html").cookies(&self.jar).send().await.is(200);
        self.jar.keep(&page);
        page
    }

    async fn post(&mut self, client: &TestClient, what: &str, fields: &[(&str, &str)]) -> Response {
        let token = self.page(client, "").await.hidden("form_token");
        let form = [&[("form_token", &*token), ("pending", &*self.id)][..], fields].concat();
        let answer = client.post(&format!("/api/auth/factor/{what}")).cookies(&self.jar).form(&form).send().await;
        self.jar.keep(&answer);
        answer
    }

    async fn json(&self, client: &TestClient, what: &str, mut body: Value) -> Response {
        body["pending"] = json!(self.id);
        let request = client.post(&format!("/api/auth/factor/{what}")).header("accept", "application/json");
        request.cookies(&self.jar).json(&body).send().await
    }
}

story!(host_factor_is_the_second_proof_and_an_answer_counts_once, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let Host { host, client, folder: _folder, .. } = host(&story).await;
    let query = app.authorize_query_with(&[("state", "kept")]);
    let mut waiting = begin(&client, &ada, &query).await;
    let page = waiting.page(&client, "file-code").await;
    for part in ["Code sheet", "Look at your &lt;sheet&gt;.", "Code of the sheet", "Text message"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    assert!(!page.body.contains("method=email"), "a mailbox is no way around it: {}", page.body);
    let state = page.hidden("state");
    let wrong = waiting.post(&client, "file-code", &[("code", "gamma"), ("state", &state)]).await.is(422);
    assert!(wrong.body.contains(WRONG) && wrong.cookie("jwt").is_none(), "{}", wrong.body);
    for empty in [&[][..], &[("code", " ")]] {
        let refused = waiting.post(&client, "file-code", empty).await.is(302).location();
        assert_eq!(query_of(&refused, "error").as_deref(), Some("invalid_request"), "{refused}");
    }
    let answer = waiting.post(&client, "file-code", &[("code", "beta"), ("state", &state)]).await;
    let signed_in = answer.signed_in();
    assert_eq!(query_of(&signed_in.consent, "state").as_deref(), Some("kept"));

    let mut again = begin(&client, &ada, &query).await;
    let used = again.post(&client, "file-code", &[("code", "beta")]).await.is(302).location();
    assert_eq!(query_of(&used, "error_description").as_deref(), Some(WRONG), "an answer counts once");
    again.post(&client, "file-code", &[("code", "alpha")]).await.signed_in();
    host.end().await;
});

story!(host_factor_that_sends_waits_for_the_person_and_is_bound_to_the_sign_in, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let Host { host, client, sms, .. } = host(&story).await;
    let mut waiting = begin(&client, &ada, &app.authorize_query()).await;
    let page = waiting.page(&client, "sms").await;
    assert!(page.body.contains("A code that is sent to your phone.") && sms.sent().is_empty(), "{}", page.body);
    let begun = waiting.post(&client, "sms/start", &[]).await.is(200);
    assert!(begun.body.contains("We sent a code to ••• 42."), "{}", begun.body);
    let (state, code) = (begun.hidden("state"), sms.sent().remove(0));
    assert!(!state.contains(&code));
    // A slip asks for no other message.
    let wrong = waiting.post(&client, "sms", &[("code", "1"), ("state", &state)]).await.is(422);
    assert!(wrong.body.contains("We sent a code") && wrong.hidden("state") == state, "{}", wrong.body);

    // Another sign-in of the same account, a changed note, none at all.
    let other = begin(&client, &ada, &app.authorize_query()).await;
    let refused = other.json(&client, "sms", json!({ "code": code, "state": state })).await.is(400).json();
    assert_eq!((&refused["code"], &refused["signin"]["status"]), (&json!("wrong_code"), &json!("factor")));
    let mut changed = state.clone();
    changed.push('A');
    for state in [&*changed, "", "x.y"] {
        waiting.json(&client, "sms", json!({ "code": code, "state": state })).await.is(400);
    }
    // Somebody with the password has no messages sent by the dozen.
    let soon = other.json(&client, "sms/start", json!({})).await.is(429);
    assert_eq!((soon.json()["code"].clone(), sms.sent().len()), (json!("too_soon"), 1));
    let fresh = begin(&client, &ada, &app.authorize_query()).await;
    for sent in 2..=5 {
        story.advance_clock(Duration::from_secs(61));
        let begun = fresh.json(&client, "sms/start", json!({})).await.is(200).json();
        assert!(begun["state"].is_string() && begun["field"] == "Code", "{begun}");
        assert_eq!(sms.sent().len(), sent);
    }
    story.advance_clock(Duration::from_secs(61));
    fresh.json(&client, "sms/start", json!({})).await.is(429);
    assert_eq!(sms.sent().len(), 5);
    story.advance_clock(Duration::from_secs(3_600));
    let fresh = begin(&client, &ada, &app.authorize_query()).await;
    let begun = fresh.json(&client, "sms/start", json!({})).await.is(200).json();
    let code = sms.sent().pop().expect("a code");
    let done = fresh.json(&client, "sms", json!({ "code": code, "state": begun["state"] })).await.is(200);
    assert!(done.cookie("jwt").is_some() && done.json()["status"] == "done", "{}", done.body);
    host.end().await;
});

story!(host_factor_that_gives_no_answer_costs_no_try_and_lets_nobody_in, |story| {
    let (ada, app) = (story.person("ada").await, story.usual_app().await);
    let Host { host, client, sms, .. } = host(&story).await;
    let waiting = begin(&client, &ada, &app.authorize_query()).await;
    let begun = waiting.json(&client, "sms/start", json!({})).await.is(200).json();
    let (code, state) = (sms.sent().remove(0), begun["state"].clone());
    sms.fail(true);
    for _ in 0..8 {
        let refused = waiting.json(&client, "sms", json!({ "code": code, "state": state })).await.is(503).json();
        assert_eq!((&refused["code"], &refused["error"]), (&json!("unavailable"), &json!(NO_ANSWER)));
    }
    story.advance_clock(Duration::from_secs(61));
    waiting.json(&client, "sms/start", json!({})).await.is(503);
    sms.fail(false);
    waiting.json(&client, "sms", json!({ "code": code, "state": state })).await.is(200);
    host.end().await;
});

story!(host_that_demands_two_proofs_refuses_whoever_can_give_none, |story| {
    let (bob, app) = (story.person("bob").await, story.usual_app().await);
    let Host { host, client, folder: _folder, .. } = host(&story).await;
    // Bob has neither a sheet nor a phone; but his address takes mail.
    let waiting = begin(&client, &bob, &app.authorize_query()).await;
    let told = client.get(&format!("/api/auth/pending?pending={}", waiting.id)).cookies(&waiting.jar).send().await;
    let methods = told.is(200).json()["methods"].clone();
    assert_eq!(methods.as_array().map(|methods| methods.len()), Some(1), "{methods}");
    assert_eq!(methods[0]["type"], "email");
    let refused = waiting.json(&client, "sms/start", json!({})).await.is(409).json();
    assert_eq!(refused["code"], "not_offered");
    host.end().await;
});

story!(host_factors_have_names_that_fit_an_address, |story| {
    struct Named(&'static str);
    #[async_trait]
    impl Factor for Named {
        fn kind(&self) -> &'static str {
            self.0
        }
        fn strength(&self) -> Strength {
            Strength::Code
        }
        fn label(&self) -> FactorLabel {
            FactorLabel::new("", "")
        }
        async fn usable(&self, _: &Account) -> HostResult<bool> {
            Ok(true)
        }
        async fn begin(&self, _: &Account) -> HostResult<Prompt> {
            Ok(Prompt::new(""))
        }
        async fn check(&self, _: &Account, _: &Input) -> HostResult<bool> {
            Ok(true)
        }
    }
    for kind in [
        "",
        "SMS",
        "a/b",
        "totp",
        "passkey",
        "password",
        "auth",
        "factor",
        "start",
        "ü",
        "a23456789012345678901234567890123",
    ] {
        let built = auth_builder_of(&story).factor(Arc::new(Named(kind))).build();
        let problem = built.err().unwrap_or_else(|| panic!("{kind:?} was taken")).to_string();
        assert!(problem.contains("factor"), "{problem}");
    }
    let twice = auth_builder_of(&story).factor(Arc::new(Named("sms"))).factor(Arc::new(Named("sms"))).build();
    assert!(twice.is_err(), "two of one name");
    auth_builder_of(&story).factor(Arc::new(Named("sms-2"))).build().expect("a host");
});
