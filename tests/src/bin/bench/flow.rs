//! The whole code flow with a signed-in browser: authorize, consent page, allow, token.
//!
//! Each client is a browser with a session of its own and an application with a connection of its own. Nothing is skipped:
//! the consent page is fetched in full, the code is taken from the redirect, and the token must be in the answer.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::Outcome;
use crate::baseline::Baseline;
use crate::bearer::{BEARER_PATH, Repeat};
use crate::http::{BlockingConnection, Connection, encode, raw_parameter, request, target_of};
use crate::load::{Work, median, micros, quantile_ms, run};
use crate::machine::{SOME_SYNCS, sync_costs};
use crate::options::Length;
use crate::prepare::{Browser, PASSWORD, Prepared, REDIRECT_URI, signed_in};
use crate::report::{Row, Verdict};

const CLIENTS: usize = 8;
const WORK: &str = "code flows at 110,000/s of the bare handler";
const TARGET: &str = "2,000/s";
/// So many flows for so many answers of the bare handler.
const FLOWS: f64 = 2_000.0;
const OF_BARE: f64 = 110_000.0;
/// The example of RFC 7636, appendix B: what the measurement needs is the server's work, not the client's.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A signed-in browser and the application it signs in to.
pub(crate) struct Flow {
    prepared: Arc<Prepared>,
    browser: Browser,
    application: Connection,
    number: usize,
    count: u64,
    steps: Steps,
}

/// Microseconds of each of the four requests, of all clients together.
type Steps = Arc<Mutex<[Vec<u32>; 4]>>;

impl Flow {
    pub(crate) fn new(prepared: &Arc<Prepared>, number: usize) -> Flow {
        Flow {
            prepared: Arc::clone(prepared),
            browser: Browser::new(prepared.address),
            application: Connection::new(prepared.address),
            number,
            count: 0,
            steps: Steps::default(),
        }
    }

    /// The same browser with its session, for another round: a connection belongs to the runtime that opened it.
    fn again(&self, round: usize, steps: &Steps) -> Flow {
        Flow {
            prepared: Arc::clone(&self.prepared),
            browser: self.browser.reopened(),
            application: Connection::new(self.prepared.address),
            number: self.number + round * CLIENTS,
            count: 0,
            steps: Arc::clone(steps),
        }
    }

    /// Signs the browser in.
    pub(crate) async fn enter(&mut self) -> Result<(), String> {
        let reply = self.browser.exchange(&self.prepared.sign_in(PASSWORD)).await.map_err(text)?;
        if signed_in(&reply) { Ok(()) } else { Err(format!("sign-in: {}", reply.summary())) }
    }

    /// One whole flow; returns the body of the token answer.
    pub(crate) async fn walk(&mut self) -> Result<Vec<u8>, String> {
        self.count += 1;
        let state = format!("{}-{}", self.number, self.count);
        let start = Instant::now();
        let consent = self.authorize(&state).await?;
        let authorized = Instant::now();
        let code = raw_parameter(&consent, "code").ok_or("the consent page's address has no code")?.to_owned();
        self.read_consent(&consent).await?;
        let read = Instant::now();
        let code = self.allow(&code, &state).await?;
        let allowed = Instant::now();
        let answer = self.exchange(&code).await?;
        if let Ok(mut steps) = self.steps.lock() {
            let took = [authorized - start, read - authorized, allowed - read, allowed.elapsed()];
            steps.iter_mut().zip(took).for_each(|(step, took)| step.push(micros(took)));
        }
        Ok(answer)
    }

    /// `GET /oauth/authorize`: on to the consent page, whose address is returned.
    async fn authorize(&mut self, state: &str) -> Result<String, String> {
        let target = self.prepared.authorize_target(state, CHALLENGE);
        let headers = [("Cookie", self.browser.cookies()), ("Sec-Fetch-Site", "cross-site")];
        let request = request("GET", &target, &self.prepared.authority, &headers, "");
        let reply = self.browser.exchange(&request).await.map_err(text)?;
        let location = reply.header("location").unwrap_or_default();
        let target = target_of(&location);
        if reply.status == 302 && target.starts_with("/oauth/consent?") {
            return Ok(target.to_owned());
        }
        Err(format!("authorize: {}", reply.summary()))
    }

    /// `GET /oauth/consent`: the page on which the person decides.
    async fn read_consent(&mut self, target: &str) -> Result<(), String> {
        let headers = [("Cookie", self.browser.cookies()), ("Accept", "text/html")];
        let request = request("GET", target, &self.prepared.authority, &headers, "");
        let reply = self.browser.exchange(&request).await.map_err(text)?;
        let whole = reply.body.trim_ascii_end().ends_with(b"</html>");
        if reply.status == 200 && whole { Ok(()) } else { Err(format!("consent page: {}", reply.summary())) }
    }

    /// `POST /api/auth/redirect`: allows; the approved code comes back in the redirect to the application.
    async fn allow(&mut self, pending: &str, state: &str) -> Result<String, String> {
        let known = encode(&[("client_id", &self.prepared.client_id), ("redirect_uri", REDIRECT_URI)]);
        let target = format!("/api/auth/redirect?{known}&code={pending}");
        let headers = [("Cookie", self.browser.cookies()), ("Sec-Fetch-Site", "same-origin")];
        let request = request("POST", &target, &self.prepared.authority, &headers, "");
        let reply = self.browser.exchange(&request).await.map_err(text)?;
        let location = reply.header("location").unwrap_or_default();
        let home = location.starts_with(REDIRECT_URI) && raw_parameter(&location, "state") == Some(state);
        match raw_parameter(&location, "code") {
            Some(code) if reply.status == 302 && home => Ok(code.to_owned()),
            _ => Err(format!("allow: {}", reply.summary())),
        }
    }

    /// `POST /oauth/token`, on the application's own connection.
    async fn exchange(&mut self, code: &str) -> Result<Vec<u8>, String> {
        let known = encode(&[
            ("grant_type", "authorization_code"),
            ("redirect_uri", REDIRECT_URI),
            ("client_id", &self.prepared.client_id),
            ("client_secret", &self.prepared.client_secret),
            ("code_verifier", VERIFIER),
        ]);
        let request = request("POST", "/oauth/token", &self.prepared.authority, &[], &format!("{known}&code={code}"));
        let reply = self.application.exchange(&request).await.map_err(text)?;
        let has_token = reply.body.windows(16).any(|window| window == b"\"access_token\":\"");
        if reply.status == 200 && has_token {
            Ok(reply.body.into_owned())
        } else {
            Err(format!("token: {}", reply.summary()))
        }
    }
}

impl Work for Flow {
    async fn once(&mut self) -> Result<(), String> {
        self.walk().await.map(|_| ())
    }
}

fn text(fault: std::io::Error) -> String {
    fault.to_string()
}

/// Measures on a prepared server, with the bare handler in turn.
pub(crate) fn measure(prepared: &Arc<Prepared>, bare: &Baseline, body: usize, folder: &Path, length: &Length) -> Row {
    rounds(prepared, bare, body, folder, length).unwrap_or_else(|fault| Row::failed(WORK, TARGET, &fault.to_string()))
}

fn rounds(prepared: &Arc<Prepared>, bare: &Baseline, body: usize, folder: &Path, length: &Length) -> Outcome<Row> {
    let browsers = browsers(prepared)?;
    let steps = Steps::default();
    let request: Arc<[u8]> = prepared.bearer_check(BEARER_PATH).into();
    let (mut scaled, mut flows, mut bares) = (Vec::new(), Vec::new(), Vec::new());
    let (mut times, mut syncs) = (Vec::new(), Vec::new());
    for round in 0..length.rounds {
        syncs.extend(sync_costs(folder, SOME_SYNCS)?);
        let first = run(Repeat::clients(bare.address, &request, body), length.ramp, length.window)?.sound()?;
        let second = run(browsers.iter().map(|flow| flow.again(round, &steps)).collect(), length.ramp, length.window)?
            .sound()?;
        scaled.push(second.rate / first.rate * OF_BARE);
        flows.push(second.rate);
        bares.push(first.rate);
        times.extend(second.micros);
    }
    let (figure, flows, bares) = (median(&scaled), median(&flows), median(&bares));
    let (p50, p99) = (quantile_ms(&times, 0.5), quantile_ms(&times, 0.99));
    let sync = quantile_ms(&syncs, 0.5);
    let [authorize, consent, allow, token] =
        steps.lock().map_or([0.0; 4], |all| all.each_ref().map(|step| quantile_ms(step, 0.5)));
    Ok(Row {
        work: WORK,
        figure: format!("{figure:.0}/s"),
        target: TARGET,
        verdict: Verdict::of(figure >= FLOWS),
        detail: format!(
            "{flows:.0} flows/s by {CLIENTS} clients where the bare handler made {bares:.0}/s, \
             median {p50:.2} ms, p99 {p99:.2} ms a flow (authorize {authorize:.2}, consent page {consent:.2}, \
             allow {allow:.2}, token {token:.2} ms); one fdatasync meanwhile {sync:.2} ms"
        ),
        numbers: vec![
            ("scaled_flows_per_second", figure),
            ("flows_per_second", flows),
            ("bare_per_second", bares),
            ("median_ms", p50),
            ("p99_ms", p99),
            ("authorize_ms", authorize),
            ("consent_ms", consent),
            ("allow_ms", allow),
            ("token_ms", token),
            ("fdatasync_ms", sync),
        ],
    })
}

/// Browsers that have signed in, and have been through one flow each.
fn browsers(prepared: &Arc<Prepared>) -> Outcome<Vec<Flow>> {
    let mut flows: Vec<Flow> = (0..CLIENTS).map(|number| Flow::new(prepared, number)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for flow in &mut flows {
        let answer = runtime.block_on(async {
            flow.enter().await?;
            flow.walk().await
        })?;
        try_token(prepared, &answer)?;
    }
    Ok(flows)
}

/// The token of a flow must speak for the account.
fn try_token(prepared: &Prepared, answer: &[u8]) -> Outcome<()> {
    let answer: serde_json::Value = serde_json::from_slice(answer)?;
    let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap_or_default());
    let check =
        request("GET", "/api/v1/accounts/verify_credentials", &prepared.authority, &[("Authorization", &bearer)], "");
    let mut connection = BlockingConnection::new(prepared.address, std::time::Duration::from_secs(5));
    let reply = connection.exchange(&check)?;
    if reply.status == 200 { Ok(()) } else { Err(format!("the token of a flow: {}", reply.summary()).into()) }
}
