//! The longest that a write waits while much that is over is swept, beside rows that stay.
//!
//! The server runs inside this program, so that the sweep begins when it is wanted and not after a quarter of an hour.

use std::path::Path;
use std::time::{Duration, Instant};

use lysand_auth::Ambient;
use lysand_auth::error::Error;
use lysand_auth::flows::sweep::sweep;
use lysand_auth::on;
use lysand_auth::store::Store;
use reference_server::server::Running;
use reference_server::settings::Settings;

use crate::Outcome;
use crate::options::Length;
use crate::report::{Row, Verdict};

const WORK: &str = "longest wait of a write while 2 M rows are swept and 1 M stay";
const TARGET: &str = "≤ 50 ms";
const LIMIT_MS: f64 = 50.0;
/// Rows that one statement makes.
const PORTION: usize = 100_000;
/// Between two writes that are timed.
const STEP: Duration = Duration::from_millis(10);

/// Measures on a new database.
pub(crate) fn measure(folder: &Path, database: &str, length: &Length) -> Row {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let measured = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(waits(folder, database, length)));
    measured.unwrap_or_else(|fault| Row::failed(WORK, TARGET, &fault.to_string()))
}

async fn waits(folder: &Path, database: &str, length: &Length) -> Outcome<Row> {
    std::fs::create_dir_all(folder)?;
    let text = format!(
        "http.bind_port = 0\nkeys.jwt = \"{0}/key.pem\"\ndatabase.url = \"{database}\"\nratelimit.enabled = false",
        folder.display()
    );
    let mut settings = Settings::parse(&text, []).map_err(|problems| format!("{problems}"))?;
    settings.data_dir = folder.to_owned();
    let server = Running::start(settings, Ambient::system()).await?;
    let auth = server.state().auth.clone();
    fill(auth.store(), database, length.swept, length.kept).await?;
    let quiet = timed_writes(auth.store(), length.slow_window).await?;
    let sweeper = auth.clone();
    let sweeping = tokio::spawn(async move { sweep(&sweeper).await });
    let (start, mut longest, mut writes) = (Instant::now(), Duration::ZERO, 0);
    while start.elapsed() < length.sweeping && !sweeping.is_finished() {
        longest = longest.max(write(auth.store(), &format!("during-{writes}")).await?);
        writes += 1;
        tokio::time::sleep(STEP).await;
    }
    let is_over = sweeping.is_finished();
    sweeping.abort();
    server.abort().await;
    let (quiet, longest) = (quiet.as_secs_f64() * 1000.0, longest.as_secs_f64() * 1000.0);
    Ok(Row {
        work: WORK,
        figure: format!("{longest:.1} ms"),
        target: TARGET,
        verdict: Verdict::of(writes > 0 && longest <= LIMIT_MS),
        detail: format!(
            "{} rows swept, {} kept; {writes} writes, quiet {quiet:.1} ms; the sweep {}",
            length.swept,
            length.kept,
            if is_over { "ended" } else { "went on" }
        ),
        numbers: vec![("longest_ms", longest), ("quiet_longest_ms", quiet)],
    })
}

/// Sessions that ended, and codes that ended too but whose tokens live.
async fn fill(store: &Store, database: &str, swept: usize, kept: usize) -> Outcome<()> {
    let bytes = if database.starts_with("sqlite") { "BLOB" } else { "BYTEA" };
    run(
        store,
        format!(
            "INSERT INTO auth_app (id, client_id, secret_digest, name, redirect_uris, scopes, created_at) \
         VALUES ('kept', 'kept', CAST('none' AS {bytes}), 'Kept', 'https://a.example/', 'read', 1)"
        ),
    )
    .await?;
    let family = "INSERT INTO auth_family (id, app_id, account_id, scopes, created_at, rotated_at, expires_at) \
                  VALUES ('kept', 'kept', 'somebody', 'read', 1, 9000000000000000000, 9000000000000000000)";
    run(store, family.to_owned()).await?;
    let sessions = "INSERT INTO auth_session (id, account_id, created_at, authenticated_at, expires_at) \
                    SELECT 'over-' || CAST(i AS TEXT), 'somebody', 1, 1, 2 FROM n";
    in_portions(store, swept, sessions).await?;
    let codes = format!(
        "INSERT INTO auth_authorization (code_digest, app_id, account_id, session_id, redirect_uri, scopes, created_at, \
         expires_at, approved_at, used_at, family_id) SELECT CAST('code-' || CAST(i AS TEXT) AS {bytes}), 'kept', 'somebody', \
         'over', 'https://a.example/', 'read', 1, 2, 1, 1, 'kept' FROM n"
    );
    in_portions(store, kept, &codes).await
}

/// Runs a statement over the numbers from 1 to `rows`.
pub(crate) async fn in_portions(store: &Store, rows: usize, statement: &str) -> Outcome<()> {
    for first in (1..=rows).step_by(PORTION) {
        let last = rows.min(first + PORTION - 1);
        let numbers =
            format!("WITH RECURSIVE n (i) AS (SELECT {first} UNION ALL SELECT i + 1 FROM n WHERE i < {last}) ");
        run(store, [&numbers, statement].concat()).await?;
    }
    Ok(())
}

async fn timed_writes(store: &Store, stretch: Duration) -> Outcome<Duration> {
    let (start, mut longest, mut number) = (Instant::now(), Duration::ZERO, 0);
    while start.elapsed() < stretch {
        longest = longest.max(write(store, &format!("quiet-{number}")).await?);
        number += 1;
        tokio::time::sleep(STEP).await;
    }
    Ok(longest)
}

/// How long one write takes: a session that lives.
async fn write(store: &Store, id: &str) -> Outcome<Duration> {
    let statement = format!(
        "INSERT INTO auth_session (id, account_id, created_at, authenticated_at, expires_at) \
         VALUES ('{id}', 'somebody', 1, 1, 9000000000000000000)"
    );
    let begun = Instant::now();
    run(store, statement).await?;
    Ok(begun.elapsed())
}

/// Runs one statement.
pub(crate) async fn run(store: &Store, statement: String) -> Outcome<()> {
    let done = store.write(move |c| {
        Box::pin(async move {
            on!(c, c => diesel::sql_query(statement).execute(c))?;
            Ok::<(), Error>(())
        })
    });
    done.await.map_err(|error| format!("{error}").into())
}
