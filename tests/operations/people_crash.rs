//! `kill -9` while people sign up, confirm their addresses and replace forgotten passwords: nothing that was answered is lost, and
//! each mail arrives (people PPL-227).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tests::{App, Backend, Person, ServerProcess, TestClient, wait};
use tokio::task::JoinSet;

/// How long somebody waits for a mail from a server that may be gone.
const A_WHILE: Duration = Duration::from_secs(5);
/// When a mail that the killed server was just sending has come: its lease of two minutes ends, and another turn is taken (PPL-169).
const AFTER_LEASE: Duration = Duration::from_secs(150);
const WRITERS: usize = 3;
/// How many answers there are before the server is killed.
const ENOUGH: usize = 24;

/// What an answer confirmed of a person.
#[derive(Clone, Debug)]
enum Fact {
    /// The account is made, and its mail is on its way.
    SignedUp { person: Person, waiting: String },
    /// The address is confirmed.
    Confirmed { person: Person, waiting: String },
    /// The mail for a new password is on its way.
    Asked { person: Person },
    /// The password is another, and the link is spent.
    Reset { person: Person, former: Person, token: String },
    /// The sign-up was taken back.
    Withdrawn { person: Person, waiting: String },
}

#[derive(Clone, Default)]
struct Ledger(Arc<Mutex<Vec<Fact>>>);

impl Ledger {
    fn note(&self, fact: Fact) {
        self.0.lock().expect("a ledger").push(fact);
    }

    fn len(&self) -> usize {
        self.0.lock().expect("a ledger").len()
    }

    fn take(&self) -> Vec<Fact> {
        std::mem::take(&mut self.0.lock().expect("a ledger"))
    }
}

/// The mails that the server wrote.
#[derive(Clone)]
struct Mailbox(std::path::PathBuf);

impl Mailbox {
    fn of(server: &ServerProcess) -> Self {
        Self(server.folder().join("data/mail"))
    }

    /// The tokens of the links to `route` that somebody was sent, one for each mail.
    fn tokens(&self, person: &Person, route: &str) -> Vec<String> {
        let (to, before) = (format!("To: {}", person.email), format!("{route}?token="));
        let Ok(files) = std::fs::read_dir(&self.0) else { return Vec::new() };
        let mails = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
        let own = mails.map(|mail| mail.replace("=\r\n", "").replace("=3D", "=")).filter(|mail| mail.contains(&to));
        let tokens = own.filter_map(|mail| Some(mail.split_once(&before)?.1.split_whitespace().next()?.to_owned()));
        tokens.collect()
    }

    /// The token of the only mail, if it arrives in this time.
    async fn token(&self, person: &Person, route: &str, patience: Duration) -> Option<String> {
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Some(token) = self.tokens(person, route).pop() {
                return Some(token);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        None
    }
}

async fn post(client: &TestClient, path: &str, body: serde_json::Value) -> Option<tests::http::Response> {
    client.post(path).json(&body).try_send().await
}

/// One person after another joins, forgets the password, or thinks better of it, until the server is gone.
async fn write(client: TestClient, names: String, mailbox: Mailbox, ledger: Ledger) -> Option<()> {
    for number in 0.. {
        let person = Person::named(&format!("{names}{number}"));
        let form = json!({ "username": person.username, "email": person.email, "password": person.password });
        let made = post(&client, "/api/v1/auth/signup", form).await?.is(201).json();
        let waiting = made["waiting_token"].as_str().expect("a token").to_owned();
        if number % 3 == 2 {
            post(&client, "/api/v1/auth/signup/withdraw", json!({ "waiting_token": waiting })).await?.is(200);
            ledger.note(Fact::Withdrawn { person, waiting });
            continue;
        }
        if number % 3 == 1 {
            ledger.note(Fact::SignedUp { person, waiting });
            continue;
        }
        let token = mailbox.token(&person, "/register/confirm", A_WHILE).await?;
        post(&client, "/api/v1/auth/signup/confirm", json!({ "token": token })).await?.is(200);
        ledger.note(Fact::Confirmed { person: person.clone(), waiting: waiting.clone() });
        post(&client, "/api/v1/auth/password/forgot", json!({ "identifier": person.username })).await?.is(200);
        ledger.note(Fact::Asked { person: person.clone() });
        if number % 2 == 0 {
            let token = mailbox.token(&person, "/oauth/reset", A_WHILE).await?;
            let former = person.clone();
            let person = Person { password: format!("{} and a cat", person.password), ..person };
            let body = json!({ "token": token, "password": person.password });
            post(&client, "/api/v1/auth/password/reset", body).await?.is(200);
            ledger.note(Fact::Reset { person, former, token });
        }
    }
    None
}

async fn state(client: &TestClient, waiting: &str) -> Option<String> {
    let answer = post(client, "/api/v1/auth/signup/state", json!({ "waiting_token": waiting })).await?;
    match answer.status.as_u16() {
        200 => answer.json()["state"].as_str().map(str::to_owned),
        status => Some(status.to_string()),
    }
}

/// Whether somebody gets in with this password.
async fn gets_in(client: &TestClient, person: &Person, app: &App) -> Option<bool> {
    let answer = client.log_in(&app.authorize_query(), &person.username, &person.password).await?;
    Some(answer.location().query_pairs().all(|(name, _)| name != "error"))
}

/// What does not hold of a fact.
async fn judge(client: &TestClient, mailbox: &Mailbox, app: &App, fact: &Fact) -> Option<&'static str> {
    match fact {
        Fact::SignedUp { person, waiting } => {
            if state(client, waiting).await.as_deref() != Some("unconfirmed") {
                return Some("nobody waits");
            }
            if mailbox.token(person, "/register/confirm", AFTER_LEASE).await.is_none() {
                return Some("no mail came");
            }
            (mailbox.tokens(person, "/register/confirm").len() != 1).then_some("a mail came twice")
        }
        Fact::Confirmed { person, waiting } => {
            // A password that was replaced meanwhile ends what waits.
            let state = state(client, waiting).await?;
            if state != "ready" && state != "404" {
                return Some("the address is not confirmed");
            }
            let token = mailbox.tokens(person, "/register/confirm").pop()?;
            let again = post(client, "/api/v1/auth/signup/confirm", json!({ "token": token })).await?;
            again.status.is_server_error().then_some("the link fails")
        }
        Fact::Asked { person } => {
            mailbox.token(person, "/oauth/reset", AFTER_LEASE).await.is_none().then_some("no mail for a password came")
        }
        Fact::Reset { person, former, token } => {
            let again = json!({ "token": token, "password": "a third password" });
            if post(client, "/api/v1/auth/password/reset", again).await?.status != 400 {
                return Some("the link works twice");
            }
            if gets_in(client, former, app).await? {
                return Some("the old password works");
            }
            (!gets_in(client, person, app).await?).then_some("the new password does not work")
        }
        Fact::Withdrawn { person, waiting } => {
            if state(client, waiting).await.as_deref() != Some("404") {
                return Some("somebody still waits");
            }
            let form = json!({ "username": person.username, "email": person.email, "password": person.password });
            (post(client, "/api/v1/auth/signup", form).await?.status != 201).then_some("the name is not free")
        }
    }
}

async fn survives(backend: Backend, kills: usize) {
    let server = ServerProcess::builder().backend(backend).set("signups.proof_of_work", "false");
    let mut server = server.start().await;
    let mailbox = Mailbox::of(&server);
    for round in 0..kills {
        let (ledger, client) = (Ledger::default(), server.client());
        let app = client.register().await.expect("an app");
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let names = format!("r{round}w{writer}n");
            writers.spawn(write(client.clone(), names, mailbox.clone(), ledger.clone()));
        }
        wait::until("enough answers", async || (ledger.len() >= ENOUGH).then_some(())).await;
        server.kill();
        while let Some(ended) = writers.join_next().await {
            ended.expect("every answer was a good one");
        }

        let begun = Instant::now();
        server.start_again().await;
        assert!(begun.elapsed() < Duration::from_secs(5), "the start after a crash took {:?}", begun.elapsed());
        for fact in ledger.take() {
            let fault = judge(&client, &mailbox, &app, &fact).await;
            assert_eq!(fault, None, "round {round}: {fact:?}");
        }
    }
    server.stop().expect("it stops as ever");
}

#[tokio::test]
async fn server_killed_keeps_sign_ups_confirmations_and_new_passwords_on_sqlite() {
    survives(Backend::Sqlite, 2).await;
}

#[tokio::test]
async fn server_killed_keeps_sign_ups_confirmations_and_new_passwords_on_postgres() {
    survives(Backend::Postgres, 2).await;
}
