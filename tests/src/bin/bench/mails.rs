//! Fifty mails a second to a mail server on this machine, beside token checks at a fixed rate.
//!
//! Another process than the server writes the mails, as commands and other replicas do, so that the server finds them by looking.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lysand_auth::Ambient;
use lysand_auth::flows::outbox;
use lysand_auth::host::accounts::{Account, AccountId, Accounts as _, Email};
use lysand_auth::host::mailer::Mail;
use reference_server::settings::Settings;
use reference_server::state::State;

use crate::Outcome;
use crate::bearer::BEARER_PATH;
use crate::guessing::{Checks, checks};
use crate::load::quantile_ms;
use crate::options::Length;
use crate::prepare::prepare;
use crate::report::{Row, Verdict};
use crate::server::Installation;

const WORK: &str = "token check at 200/s while 50 mails a second leave, p99 against quiet";
const TARGET: &str = "≤ 2.00, all mails arrived";
const A_SECOND: u32 = 50;
const FACTOR: f64 = 2.0;
/// How long after the last mail was written all must have arrived.
const PATIENCE: Duration = Duration::from_secs(5);

/// A mail server that takes everything and counts it.
struct MailServer {
    port: u16,
    arrived: Arc<AtomicU64>,
}

impl MailServer {
    /// It goes on until the program ends.
    fn start() -> Outcome<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let (port, arrived) = (listener.local_addr()?.port(), Arc::new(AtomicU64::new(0)));
        let counter = Arc::clone(&arrived);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let counter = Arc::clone(&counter);
                std::thread::spawn(move || take(stream, &counter));
            }
        });
        Ok(Self { port, arrived })
    }
}

/// One connection.
fn take(mut stream: TcpStream, arrived: &AtomicU64) -> std::io::Result<()> {
    let _ = stream.set_nodelay(true);
    let lines = BufReader::new(stream.try_clone()?).lines();
    stream.write_all(b"220 bench\r\n")?;
    let mut in_message = false;
    for line in lines {
        let line = line?;
        let answer: &[u8] = match (in_message, line.get(..4).unwrap_or(&line)) {
            (true, _) if line == "." => {
                in_message = false;
                arrived.fetch_add(1, Ordering::Relaxed);
                b"250 taken\r\n"
            }
            (true, _) => continue,
            (false, "DATA") => {
                in_message = true;
                b"354 go on\r\n"
            }
            (false, "QUIT") => b"221 bye\r\n",
            (false, _) => b"250 fine\r\n",
        };
        stream.write_all(answer)?;
    }
    Ok(())
}

/// Measures on a new installation.
pub(crate) fn measure(installation: Installation, database: &str, length: &Length) -> Row {
    stretches(installation, database, length).unwrap_or_else(|fault| Row::failed(WORK, TARGET, &fault.to_string()))
}

fn stretches(installation: Installation, database: &str, length: &Length) -> Outcome<Row> {
    let mails = MailServer::start()?;
    let installation = installation
        .with("smtp.enabled", "true")
        .with("smtp.server", "127.0.0.1")
        .with("smtp.port", &mails.port.to_string())
        .with("smtp.tls", "false");
    let (server, _) = installation.serve()?;
    let prepared = prepare(&installation)?;
    let check = prepared.bearer_check(BEARER_PATH);
    let quiet = checks(&prepared, &check, length.guessing)?;
    let folder = installation.folder().to_owned();
    let (written, loaded) = std::thread::scope(|scope| {
        let writing = scope.spawn(|| write(&folder, database, length.guessing));
        let loaded = checks(&prepared, &check, length.guessing);
        (writing.join(), loaded)
    });
    let (written, loaded) = (written.map_err(|_| "the writing thread panicked")??, loaded?);
    let (begun, count) = (Instant::now(), |mails: &MailServer| mails.arrived.load(Ordering::Relaxed));
    while count(&mails) < written && begun.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(10));
    }
    let waited = begun.elapsed();
    server.stop()?;
    Ok(row(&quiet, &loaded, (written, count(&mails), waited)))
}

/// Writes mails at their rate, each another notice to another account; how many there were.
fn write(folder: &Path, database: &str, stretch: Duration) -> Outcome<u64> {
    let data = folder.join("data");
    let text = format!(
        "keys.jwt = \"{0}/jwt-ed25519.pem\"\nkeys.secrets = \"{0}/secrets.key\"\ndatabase.url = \"{database}\"",
        data.display()
    );
    let settings = Settings::parse(&text, []).map_err(|problems| format!("{problems}"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let state = State::open_existing(settings, Ambient::system()).await?;
        let found = state.accounts.by_identifier("bench").await.map_err(|error| error.to_string())?;
        let bench = found.ok_or("there is no account")?.id;
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / A_SECOND);
        let (begun, mut written) = (Instant::now(), 0_u64);
        while begun.elapsed() < stretch {
            ticks.tick().await;
            let account = with_address(&bench, written);
            let mail = Mail::IdentityLinked { provider: format!("Provider {written}") };
            outbox::post(&state.auth, &account, mail).await.map_err(|error| error.to_string())?;
            written += 1;
        }
        Ok(written)
    })
}

fn with_address(account: &AccountId, number: u64) -> Account {
    let email = Email { address: format!("p{number}@example.org"), confirmed: true };
    Account::new(account.clone(), "bench").with_email(email)
}

fn row(quiet: &Checks, loaded: &Checks, (written, arrived, waited): (u64, u64, Duration)) -> Row {
    let (before, after) = (quantile_ms(&quiet.micros, 0.99), quantile_ms(&loaded.micros, 0.99));
    let growth = if before > 0.0 { after / before } else { f64::INFINITY };
    let missed = quiet.missed + loaded.missed;
    Row {
        work: WORK,
        figure: format!("{growth:.2}, {arrived} of {written} arrived"),
        target: TARGET,
        verdict: if missed > 0 { Verdict::Failed } else { Verdict::of(growth <= FACTOR && arrived == written) },
        detail: format!(
            "p99 {after:.2} ms against quiet {before:.2} ms, {missed} missed; the last mail arrived {:.1} s after it was written",
            waited.as_secs_f64()
        ),
        numbers: vec![
            ("growth", growth),
            ("missed", f64::from(missed)),
            ("written", written as f64),
            ("arrived", arrived as f64),
            ("quiet_p99_ms", before),
            ("loaded_p99_ms", after),
        ],
    }
}
