//! `kill -9` in the middle of everything: what was answered is there, what was ended stays ended (security DUR-1 to DUR-3).

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::{Connection, RunQueryDsl, SqliteConnection};
use tests::{Backend, Person, ServerProcess, wait};
use tokio::task::JoinSet;

use crate::visitor::{App, Browser, Visitor, access_token};

const WRITERS: usize = 4;
/// How many facts are answered before the server is killed.
const ENOUGH: usize = 60;

/// Something that an answer confirmed.
#[derive(Clone, Debug)]
enum Fact {
    Registered(App),
    SignedIn(App, Browser),
    SignedOut(App, Browser),
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
async fn write(visitor: Visitor, person: Person, ledger: Ledger) -> Option<()> {
    for journey in 0.. {
        let app = visitor.register().await?;
        ledger.note(Fact::Registered(app.clone()));
        let browser = visitor.sign_in(&app, &person).await?;
        let signs_out = journey % 4 == 3;
        if !signs_out {
            ledger.note(Fact::SignedIn(app.clone(), browser.clone()));
        }
        let code = visitor.consent(&app, &browser).await?;
        if journey % 4 == 2 {
            ledger.note(Fact::Code(app, code));
            continue;
        }
        let token = access_token(visitor.redeem(&app, &code).await?)?;
        if journey % 4 == 1 {
            visitor.revoke(&app, &token).await?.is(200);
            ledger.note(Fact::Revoked(token));
        } else {
            ledger.note(Fact::Token(token));
        }
        if signs_out {
            visitor.sign_out(&browser).await?.is(303);
            ledger.note(Fact::SignedOut(app, browser));
        }
    }
    None
}

/// Looks whether a fact still holds.
async fn holds(visitor: &Visitor, fact: &Fact) -> Option<bool> {
    Some(match fact {
        Fact::Registered(app) => visitor.own_token(app).await?.status == 200,
        Fact::SignedIn(app, browser) => visitor.is_signed_in(app, &browser.cookie).await?,
        Fact::SignedOut(app, browser) => !visitor.is_signed_in(app, &browser.cookie).await?,
        Fact::Code(app, code) => {
            let first = visitor.redeem(app, code).await?.status == 200;
            first && visitor.redeem(app, code).await?.status == 400
        }
        Fact::Token(token) => visitor.token_status(token).await? == 200,
        Fact::Revoked(token) => visitor.token_status(token).await? == 401,
    })
}

async fn survives(backend: Backend, kills: usize) {
    let mut server = ServerProcess::builder().backend(backend).start().await;
    let person = Person::named("ada");
    server.create_account(&person);
    for round in 1..=kills {
        let ledger = Ledger::default();
        let visitor = Visitor::of(&server);
        let mut writers = JoinSet::new();
        for _ in 0..WRITERS {
            writers.spawn(write(visitor.clone(), person.clone(), ledger.clone()));
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
        let visitor = &visitor;
        let judged = facts.iter().map(|fact| async move { (fact, holds(visitor, fact).await) });
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
async fn a_kill_loses_nothing_that_was_answered_on_sqlite() {
    survives(Backend::Sqlite, 3).await;
}

#[tokio::test]
async fn a_kill_loses_nothing_that_was_answered_on_postgres() {
    survives(Backend::Postgres, 2).await;
}
