//! `kill -9` in the middle of everything: what was answered is there, what was ended stays ended (security DUR-1 to DUR-3).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::{Connection, RunQueryDsl, SqliteConnection};
use tests::{Backend, Person, ServerProcess, wait};
use tokio::task::JoinSet;

use tests::app::SignedIn;
use tests::client::access_token;
use tests::{App, TestClient};

const WRITERS: usize = 4;
/// How many facts are answered before the server is killed.
const ENOUGH: usize = 60;

/// Something that an answer confirmed.
#[derive(Clone, Debug)]
enum Fact {
    Registered(App),
    SignedIn(App, SignedIn),
    SignedOut(App, SignedIn),
    /// Approved, and nobody has tried to redeem it.
    Code(App, String),
    Token(String),
    Revoked(String),
}

/// What all writers were told.
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

/// Goes from app to token and back until the server is gone, and notes what each answer confirmed. Before a step that would
/// undo an earlier fact that fact is left out, since an unanswered step may have happened or not.
async fn write(client: TestClient, person: Person, ledger: Ledger) -> Option<()> {
    for journey in 0.. {
        let app = client.register().await?;
        ledger.note(Fact::Registered(app.clone()));
        let browser = client.sign_in(&person, &app).await?;
        let signs_out = journey % 4 == 3;
        if !signs_out {
            ledger.note(Fact::SignedIn(app.clone(), browser.clone()));
        }
        let code = client.consent(&browser, &app).await?;
        if journey % 4 == 2 {
            ledger.note(Fact::Code(app, code));
            continue;
        }
        let token = access_token(client.redeem(&app, &code).await?)?;
        if journey % 4 == 1 {
            client.revoke(&app, &token).await?.is(200);
            ledger.note(Fact::Revoked(token));
        } else {
            ledger.note(Fact::Token(token));
        }
        if signs_out {
            client.sign_out(&browser).await?.is(303);
            ledger.note(Fact::SignedOut(app, browser));
        }
    }
    None
}

/// Whether a fact still holds.
async fn holds(client: &TestClient, fact: &Fact) -> Option<bool> {
    Some(match fact {
        Fact::Registered(app) => client.own_token(app).await?.status == 200,
        Fact::SignedIn(app, browser) => client.is_signed_in(browser, app).await?,
        Fact::SignedOut(app, browser) => !client.is_signed_in(browser, app).await?,
        Fact::Code(app, code) => {
            let first = client.redeem(app, code).await?.status == 200;
            first && client.redeem(app, code).await?.status == 400
        }
        Fact::Token(token) => client.token_status(token).await? == 200,
        Fact::Revoked(token) => client.token_status(token).await? == 401,
    })
}

async fn survives(backend: Backend, kills: usize) {
    let mut server = ServerProcess::builder().backend(backend).start().await;
    let person = Person::named("ada");
    server.create_account(&person);
    for round in 1..=kills {
        let ledger = Ledger::default();
        let client = server.client();
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write(client.clone(), person.clone(), ledger.clone()));
        }
        wait::until("enough answers", async || (ledger.len() >= ENOUGH).then_some(())).await;
        server.kill();
        while let Some(ended) = writers.join_next().await {
            ended.expect("every answer was a good one");
        }

        let begun = Instant::now();
        server.start_again().await;
        assert!(begun.elapsed() < Duration::from_secs(5), "the start after a crash took {:?}", begun.elapsed());
        let facts = ledger.take();
        let client = &client;
        let judged = facts.iter().map(|fact| async move { (fact, holds(client, fact).await) });
        for (fact, holds) in futures_util::future::join_all(judged).await {
            assert_eq!(holds, Some(true), "round {round}: {fact:?}");
        }
    }
    server.stop().expect("it stops as ever");
    if backend == Backend::Sqlite {
        let file = server.folder().join("data/lysand-auth.sqlite3").display().to_string();
        let mut database = SqliteConnection::establish(&file).expect("a database");
        let check = diesel::sql_query("SELECT integrity_check AS found FROM pragma_integrity_check");
        let found: Vec<Found> = check.load(&mut database).expect("an answer");
        assert!(
            found.len() == 1 && found[0].found == "ok",
            "{:?}",
            found.iter().map(|row| &row.found).collect::<Vec<_>>()
        );
    }
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    found: String,
}

#[tokio::test]
async fn server_killed_keeps_everything_it_confirmed_on_sqlite() {
    survives(Backend::Sqlite, 3).await;
}

#[tokio::test]
async fn server_killed_keeps_everything_it_confirmed_on_postgres() {
    survives(Backend::Postgres, 2).await;
}
