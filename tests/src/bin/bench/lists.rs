//! Pages of the lists for staff where there are many accounts and many events (people PPL-157).

use std::path::Path;
use std::time::{Duration, Instant};

use lysand_auth::Ambient;
use reference_server::server::Running;
use reference_server::settings::Settings;

use crate::Outcome;
use crate::http::{BlockingConnection, request};
use crate::load::median;
use crate::options::Length;
use crate::prepare::PASSWORD;
use crate::report::{Row, Verdict};
use crate::server::Installation;
use crate::sweeping::{in_portions, run};

const ACCOUNTS: &str = "the slowest page of 100,000 accounts, any filter";
const EVENTS: &str = "the slowest page of 1,000,000 events, any filter";
const TARGET: &str = "≤ 20 ms";
const LIMIT_MS: f64 = 20.0;
const LIMIT: Duration = Duration::from_secs(30);
const TIMES: usize = 9;

const ACCOUNT_PAGES: [&str; 8] = [
    "/api/v1/admin/accounts?limit=40",
    "/api/v1/admin/accounts?limit=40&disabled=true",
    "/api/v1/admin/accounts?limit=40&pending=true",
    "/api/v1/admin/accounts?limit=40&username=person99",
    "/api/v1/admin/accounts?limit=40&email=person1",
    "/api/v2/admin/accounts?limit=40&status=active&origin=local",
    "/api/v2/admin/accounts?limit=40&permissions=staff",
    "/api/v2/admin/accounts?limit=40&username=nobody",
];
const EVENT_PAGES: [&str; 9] = [
    "/api/v1/admin/auth/events?limit=40",
    "/api/v1/admin/auth/events?limit=40&event=consent",
    "/api/v1/admin/auth/events?limit=40&outcome=refused",
    "/api/v1/admin/auth/events?limit=40&network=10.0.7.0/24",
    "/api/v1/admin/auth/events?limit=40&actor=100000000077",
    "/api/v1/admin/auth/events?limit=40&target=100000000077",
    "/api/v1/admin/auth/events?limit=40&event=sign_in_failed&outcome=refused",
    "/api/v1/admin/auth/events?limit=40&event=sign_in&outcome=refused",
    "/api/v1/admin/auth/events?limit=40&event=sign_in&network=10.0.7.0/24",
];

/// Measures on a new database, with one hundredth of the rows where it is only tried.
pub(crate) fn measure(installation: &Installation, length: &Length) -> Vec<Row> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let measured = runtime.map_err(Into::into).and_then(|runtime| pages(&runtime, installation, length));
    measured.unwrap_or_else(|fault| vec![Row::failed(ACCOUNTS, TARGET, &fault.to_string())])
}

fn pages(runtime: &tokio::runtime::Runtime, installation: &Installation, length: &Length) -> Outcome<Vec<Row>> {
    // The first start makes the tables.
    installation.serve()?.0.stop()?;
    let create = ["account", "create", "chief", "--email", "chief@example.org", "--admin", "--password-stdin"];
    installation.administer(&create, &format!("{PASSWORD}\n"))?;
    let printed = installation.administer(&["token", "create", "chief", "--scopes", "admin:read"], "")?;
    let token = printed.lines().map(str::trim).rfind(|line| !line.is_empty()).ok_or("no token")?.to_owned();
    let (accounts, events) = (length.kept / 10, length.kept);
    let server = runtime.block_on(filled(installation.folder(), &installation.database(), (accounts, events)))?;
    let (address, authority) = (server.addr(), format!("localhost:{}", server.addr().port()));
    let bearer = format!("Bearer {token}");
    let mut rows = Vec::new();
    for (work, paths, number) in [(ACCOUNTS, &ACCOUNT_PAGES[..], accounts), (EVENTS, &EVENT_PAGES, events)] {
        let mut slowest = (0.0, "");
        for &path in paths {
            let headers = [("Authorization", &*bearer), ("Accept", "application/json")];
            let asked = request("GET", path, &authority, &headers, "");
            let mut times = Vec::new();
            for _ in 0..TIMES {
                let mut connection = BlockingConnection::new(address, LIMIT);
                let begun = Instant::now();
                let reply = connection.exchange(&asked)?;
                if reply.status != 200 {
                    return Err(format!("{path}: {}", reply.summary()).into());
                }
                times.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            let middle = median(&times);
            if middle > slowest.0 {
                slowest = (middle, path);
            }
        }
        let (milliseconds, path) = slowest;
        rows.push(Row {
            work,
            figure: format!("{milliseconds:.1} ms"),
            target: TARGET,
            verdict: Verdict::of(milliseconds <= LIMIT_MS),
            detail: format!("{number} rows, {} pages of 40, each asked {TIMES} times; {path}", paths.len()),
            numbers: vec![("milliseconds", milliseconds)],
        });
    }
    runtime.block_on(server.abort());
    Ok(rows)
}

async fn filled(folder: &Path, database: &str, (accounts, events): (usize, usize)) -> Outcome<Running> {
    let text = format!(
        "http.bind_port = 0\nkeys.jwt = \"{0}/data/jwt-ed25519.pem\"\nkeys.secrets = \"{0}/data/secrets.key\"\n\
         database.url = \"{database}\"\nratelimit.enabled = false",
        folder.display()
    );
    let mut settings = Settings::parse(&text, []).map_err(|problems| format!("{problems}"))?;
    settings.data_dir = folder.join("data");
    let server = Running::start(settings, Ambient::system()).await?;
    let store = server.state().auth.store().clone();
    let people = "INSERT INTO account (id, username, username_key, display_name, email, email_key, email_confirmed, role, standing, created_at) \
         SELECT CAST(100000000000 + i AS TEXT), 'person' || CAST(i AS TEXT), 'person' || CAST(i AS TEXT), '', \
         'person' || CAST(i AS TEXT) || '@example.org', 'person' || CAST(i AS TEXT) || '@example.org', 1, 'member', \
         CASE i % 50 WHEN 0 THEN 'disabled' ELSE 'active' END, 1700000000000000 + i FROM n";
    in_portions(&store, accounts, people).await?;
    let log = format!(
        "INSERT INTO auth_event (id, at, event, outcome, actor_kind, actor, target_kind, target, name, network) \
         SELECT '019000' || CAST(10000000 + i AS TEXT), 1700000000000000 + i, \
         CASE i % 4 WHEN 0 THEN 'sign_in' WHEN 1 THEN 'consent' WHEN 2 THEN 'sign_in_failed' ELSE 'token_issued' END, \
         CASE i % 4 WHEN 2 THEN 'refused' ELSE 'done' END, 'account', CAST(100000000000 + i % {accounts} AS TEXT), 'account', \
         CAST(100000000000 + i % {accounts} AS TEXT), 'somebody', '10.0.' || CAST(i % 250 AS TEXT) || '.0/24' FROM n"
    );
    in_portions(&store, events, &log).await?;
    run(&store, "ANALYZE".to_owned()).await?;
    Ok(server)
}
