//! Second factors where it is rough: the same code sixty times at once on two servers over one PostgreSQL (FAC-120), and a server that
//! is killed after a setup and after a code was used.

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::authenticator::Authenticator;
use tests::http::{CookieJar, Response, query_of};
use tests::postgres::TestDatabase;
use tests::server::stdout;
use tests::{App, Backend, Person, ServerProcess, TestClient};

/// As many sign-ins as can wait for one account (FAC-18).
const WAITING: usize = 20;
const TRIES: usize = 60;

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("a time")
}

/// Somebody with an authenticator app.
struct Enrolled {
    person: Person,
    secret: String,
    authenticator: Authenticator,
    recovery_codes: Vec<String>,
}

impl Enrolled {
    async fn new(server: &ServerProcess, name: &str) -> Self {
        let person = Person::named(name);
        server.create_account(&person);
        let output = server.run(&["token", "create", name, "--scopes", "auth:read auth:write"], "");
        let token = stdout(&output).trim().to_owned();
        let client = server.client();
        let call = async |path: &str, mut body: Value| {
            body["current_password"] = json!(person.password);
            let request = client.post(&format!("/api/v1/auth/factors/{path}")).bearer(&token);
            request.json(&body).send().await.is(201).json()
        };
        let setup = call("totp", json!({})).await;
        let secret = setup["secret"].as_str().expect("a secret").to_owned();
        let authenticator = Authenticator::new(&secret);
        let code = authenticator.code(now());
        let made = call("totp/confirm", json!({ "setup_id": setup["setup_id"], "code": code })).await;
        let codes = made["recovery_codes"].as_array().expect("codes").iter();
        let recovery_codes = codes.map(|code| code.as_str().expect("a code").to_owned()).collect();
        Self { person, secret, authenticator, recovery_codes }
    }

    /// A code of the step after the one that the setup used.
    fn next_code(&self) -> String {
        self.authenticator.code(now() + 30)
    }

    /// Name and password: a sign-in that waits.
    async fn begin(&self, client: &TestClient, app: &App) -> (CookieJar, String) {
        let answer = client.log_in(&app.authorize_query(), &self.person.username, &self.person.password).await;
        let answer = answer.expect("an answer").is(302);
        let mut jar = CookieJar::default();
        jar.keep(&answer);
        (jar, query_of(&answer.location(), "pending").expect("a sign-in that waits"))
    }
}

async fn answer(client: &TestClient, (jar, id): &(CookieJar, String), method: &str, code: &str) -> Response {
    let form = [("pending", id.as_str()), ("code", code)];
    // As a form of the same site, whichever replica it comes to.
    let request = client.post(&format!("/api/auth/factor/{method}")).header("sec-fetch-site", "same-origin");
    request.cookies(jar).form(&form).send().await
}

fn is_signed_in(answer: &Response) -> bool {
    answer.cookie("jwt").is_some()
}

#[tokio::test]
async fn code_of_a_second_factor_parallel_use_succeeds_once_on_postgres() {
    let database = TestDatabase::create().await;
    let builder = || {
        let builder = ServerProcess::builder().set("database.url", database.url().as_str());
        builder.set("ratelimit.enabled", "false")
    };
    let first = builder().start().await;
    let address = first.base_url().origin().ascii_serialization();
    let secrets = first.folder().join("data/secrets.key").display().to_string();
    let second = builder().set("http.base_url", &address).set("keys.secrets", &secrets).start().await;
    let ada = Enrolled::new(&first, "ada").await;
    let clients = [first.client(), second.client()];
    let app = clients[0].register().await.expect("an app");
    let codes = [("totp", ada.next_code()), ("recovery", ada.recovery_codes[0].clone())];
    for (method, code) in &codes {
        let mut waiting = Vec::new();
        for number in 0..WAITING {
            waiting.push(ada.begin(&clients[number % 2], &app).await);
        }
        let tries = (0..TRIES).map(|number| {
            // Each sign-in is answered on the server where it began, and on the other.
            answer(&clients[(number + number / WAITING) % 2], &waiting[number % WAITING], method, code)
        });
        let answers = join_all(tries).await;
        assert!(answers.iter().all(|answer| answer.status == 302 || answer.status == 410), "{method}");
        assert_eq!(answers.iter().filter(|answer| is_signed_in(answer)).count(), 1, "{method}");
    }
}

async fn survives_kills(backend: Backend) {
    let mut server = ServerProcess::builder().backend(backend).start().await;
    let ada = Enrolled::new(&server, "ada").await;
    let app = server.client().register().await.expect("an app");
    server.kill();
    server.start_again().await;
    for (method, code) in [("totp", ada.next_code()), ("recovery", ada.recovery_codes[0].clone())] {
        let waiting = ada.begin(&server.client(), &app).await;
        // The sign-in waits on, whatever became of the server.
        server.kill();
        server.start_again().await;
        assert!(is_signed_in(&answer(&server.client(), &waiting, method, &code).await), "{method}");
        server.kill();
        server.start_again().await;
        let waiting = ada.begin(&server.client(), &app).await;
        assert!(!is_signed_in(&answer(&server.client(), &waiting, method, &code).await), "{method} counts once");
    }
}

#[tokio::test]
async fn second_factors_survive_a_kill_and_no_code_counts_twice_on_sqlite() {
    survives_kills(Backend::Sqlite).await;
}

#[tokio::test]
async fn second_factors_survive_a_kill_and_no_code_counts_twice_on_postgres() {
    survives_kills(Backend::Postgres).await;
}

#[tokio::test]
async fn second_factors_leave_no_secret_in_the_log() {
    let server = ServerProcess::builder().set("log.level", "trace").start().await;
    let ada = Enrolled::new(&server, "ada").await;
    let app = server.client().register().await.expect("an app");
    let mut secrets = vec![ada.person.password.clone(), ada.secret.clone()];
    secrets.extend(ada.recovery_codes.iter().cloned());
    for (method, code) in [("totp", ada.next_code()), ("recovery", ada.recovery_codes[0].clone())] {
        let waiting = ada.begin(&server.client(), &app).await;
        answer(&server.client(), &waiting, method, "000000").await;
        let signed_in = answer(&server.client(), &waiting, method, &code).await;
        secrets.push(waiting.0.get(&format!("signin_{}", waiting.1)).expect("a cookie").to_owned());
        secrets.extend([waiting.1, code, signed_in.cookie("jwt").expect("a session")]);
    }
    let log = server.log();
    assert!(log.contains("something more is asked for"), "{log}");
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "{secret} in {log}");
    }
}
