//! The request of an unchanged Mastodon client survives each branch of a sign-in (FAC-20, FAC-21, FAC-25, FAC-26): Mastodon.py sends
//! somebody away, and gets its code and its state whatever is asked for on the way.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tests::authenticator::Authenticator;
use tests::http::{CookieJar, Response, query_of};
use tests::server::stdout;
use tests::soft_passkey::SoftPasskey;
use tests::{Person, ServerProcess, wait};
use url::Url;

use super::client_program::{ClientProgram, MASTODON_PY};
use super::{is_welcome_until_revoked, where_to_go};

const CALLBACK: &str = "https://app.example/callback";

fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_secs()).expect("a time")
}

/// Somebody whom Mastodon.py has sent to the server.
struct Sent<'a> {
    server: &'a ServerProcess,
    program: ClientProgram,
    person: Person,
    /// The request, as the program asked it.
    query: String,
    jar: CookieJar,
    /// The sign-in that waits.
    pending: String,
}

impl<'a> Sent<'a> {
    async fn new(server: &'a ServerProcess, name: &str) -> Self {
        let person = Person::named(name);
        server.create_account(&person);
        let mut program = ClientProgram::start_in_plain(&MASTODON_PY, server.base_url(), CALLBACK);
        let query = where_to_go(&mut program).await.query().expect("a query").to_owned();
        Self { server, program, person, query, jar: CookieJar::default(), pending: String::new() }
    }

    /// Posts as a frontend's script does, and keeps what the browser gets.
    async fn post(&mut self, path: &str, mut body: Value) -> Value {
        if !self.pending.is_empty() {
            body["pending"] = json!(self.pending);
        }
        let client = self.server.client();
        let request = client.post(path).header("accept", "application/json").header("origin", client.base());
        let answer: Response = request.cookies(&self.jar).json(&body).send().await;
        self.jar.keep(&answer);
        let told = answer.json();
        if let Some(id) = told["pending"].as_str() {
            self.pending = id.to_owned();
        }
        told
    }

    /// Name and password; answers with what is missing then.
    async fn password(&mut self) -> Value {
        let body = json!({ "identifier": self.person.username, "password": self.person.password });
        let path = format!("/api/auth/login?{}", self.query);
        self.post(&path, body).await
    }

    /// Adds an authenticator app; answers with it and the recovery codes.
    async fn enrol(&mut self) -> (Authenticator, Vec<String>) {
        let output =
            self.server.run(&["token", "create", &self.person.username, "--scopes", "auth:read auth:write"], "");
        let token = stdout(&output).trim().to_owned();
        let call = async |path: &str, mut body: Value| {
            body["current_password"] = json!(self.person.password);
            let request = self.server.client().post(&format!("/api/v1/auth/factors/{path}")).bearer(&token);
            request.json(&body).send().await.is(201).json()
        };
        let setup = call("totp", json!({})).await;
        let app = Authenticator::new(setup["secret"].as_str().expect("a secret"));
        let code = app.code(now());
        let made = call("totp/confirm", json!({ "setup_id": setup["setup_id"], "code": code })).await;
        let codes = made["recovery_codes"].as_array().expect("codes").iter();
        (app, codes.map(|code| code.as_str().expect("a code").to_owned()).collect())
    }

    /// What a mail to this person has between two texts.
    async fn mailed(&self, before: &str, after: &str) -> String {
        let to = format!("To: {}", self.person.email);
        wait::until("a mail", async || {
            let mails = self.server.mails();
            let mut own = mails.iter().filter(|mail| mail.contains(&to));
            own.find_map(|mail| Some(mail.split_once(before)?.1.split_once(after)?.0.to_owned()))
        })
        .await
    }

    /// The sign-in lacks nothing: the person consents, and the program has its token.
    async fn arrives(mut self, done: &Value) {
        assert_eq!(done["status"], "done", "{done}");
        let consent: Url = done["next"].as_str().expect("an address").parse().expect("a URL");
        let named = |name: &str| (name.to_owned(), query_of(&consent, name).unwrap_or_default());
        let pairs = ["client_id", "redirect_uri", "code"].map(named);
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
        let client = self.server.client();
        let request = client.post(&format!("/api/auth/redirect?{query}")).header("origin", client.base());
        let callback = request.cookies(&self.jar).send().await.is(302).location();
        assert!(callback.as_str().starts_with(CALLBACK), "{callback}");
        let (code, state) = (query_of(&callback, "code"), query_of(&callback, "state"));
        self.program.tell(&json!({ "code": code, "state": state, "callback": callback.as_str() })).await;
        is_welcome_until_revoked(self.program, &MASTODON_PY, &self.person).await;
    }
}

async fn server() -> ServerProcess {
    ServerProcess::builder().set("factors.email_sign_in", "true").start().await
}

#[tokio::test]
async fn mastodon_py_goes_on_after_a_second_proof() {
    let server = server().await;
    // The code of an app, after a wrong one; then a recovery code.
    let mut ada = Sent::new(&server, "ada").await;
    let (app, _) = ada.enrol().await;
    assert_eq!(ada.password().await["status"], "factor");
    let wrong = ada.post("/api/auth/factor/totp", json!({ "code": "000000" })).await;
    assert_eq!(wrong["code"], "wrong_code");
    // The step of the setup is used up.
    let code = app.code(now() + 30);
    let done = ada.post("/api/auth/factor/totp", json!({ "code": code })).await;
    ada.arrives(&done).await;

    let mut grace = Sent::new(&server, "grace").await;
    let (_, codes) = grace.enrol().await;
    assert_eq!(grace.password().await["status"], "factor");
    let done = grace.post("/api/auth/factor/recovery", json!({ "code": codes[0] })).await;
    grace.arrives(&done).await;
}

#[tokio::test]
async fn mastodon_py_goes_on_after_a_code_by_mail_and_after_a_passkey() {
    let server = server().await;
    let mut ada = Sent::new(&server, "ada").await;
    let path = format!("/api/auth/code/request?{}", ada.query);
    assert_eq!(ada.post(&path, json!({ "identifier": "ada" })).await["status"], "code");
    let code = ada.mailed("<strong>", "</strong>").await;
    let done = ada.post("/api/auth/code", json!({ "code": code })).await;
    ada.arrives(&done).await;

    let mut eve = Sent::new(&server, "eve").await;
    let output = server.run(&["token", "create", "eve", "--scopes", "auth:read auth:write"], "");
    let token = stdout(&output).trim().to_owned();
    let mut passkey = SoftPasskey::new(server.client().base());
    let call = async |path: &str, body: Value| {
        let request = server.client().post(&format!("/api/v1/auth/factors/passkeys{path}")).bearer(&token);
        request.json(&body).send().await.json()
    };
    let setup = call("/start", json!({ "current_password": eve.person.password })).await;
    let credential = passkey.create(&setup["options"]);
    let made =
        json!({ "setup_id": setup["setup_id"], "credential": credential, "current_password": eve.person.password });
    assert_eq!(call("", made).await["type"], "passkey");
    let started = eve.post("/api/auth/passkey/start", json!({})).await;
    let path = format!("/api/auth/passkey/finish?{}", eve.query);
    let done = eve.post(&path, json!({ "credential": passkey.get(&started["options"]) })).await;
    eve.arrives(&done).await;
}

#[tokio::test]
async fn mastodon_py_goes_on_after_a_demanded_password_and_after_a_reset() {
    let server = server().await;
    let mut ada = Sent::new(&server, "ada").await;
    let demanded = server.run(&["account", "reset", "ada", "--at-next-sign-in"], "");
    assert!(demanded.status.success(), "{demanded:?}");
    let told = ada.password().await;
    assert_eq!(told["status"], "password", "{told}");
    let next: Url = told["next"].as_str().expect("an address").parse().expect("a URL");
    let token = query_of(&next, "token").expect("a token");
    let client = server.client();
    let form = [("token", &*token), ("password", "a new one, 12 words")];
    let set = client.post("/api/auth/reset").header("origin", client.base()).cookies(&ada.jar).form(&form).send().await;
    let gone_on = set.is(302).location();
    let path = gone_on.as_str().strip_prefix(client.base()).expect("an own address");
    let done = client.get(path).header("accept", "application/json").cookies(&ada.jar).send().await.is(200);
    ada.jar.keep(&done);
    ada.arrives(&done.json()).await;

    // A link by mail, and then the question what else of the account stays.
    let mut eve = Sent::new(&server, "eve").await;
    let (_, codes) = eve.enrol().await;
    client.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "eve" })).send().await.is(200);
    let token: String = eve.mailed("/oauth/reset?token=", "\n").await.trim().to_owned();
    eve.person.password = "a new one, 12 words".to_owned();
    let body = json!({ "token": token, "password": eve.person.password });
    client.post("/api/v1/auth/password/reset").json(&body).send().await.is(200);
    assert_eq!(eve.password().await["status"], "factor");
    let told = eve.post("/api/auth/factor/recovery", json!({ "code": codes[0] })).await;
    assert_eq!((&told["status"], &told["other_ways"][0]["type"]), (&json!("review"), &json!("totp")));
    let done = eve.post("/api/auth/review", json!({ "remove": [] })).await;
    eve.arrives(&done).await;
}

#[tokio::test]
async fn mastodon_py_goes_on_after_an_enrolment_and_without_one() {
    let server = ServerProcess::builder().set("factors.required", "everyone").start().await;
    let mut ada = Sent::new(&server, "ada").await;
    assert_eq!(ada.password().await["status"], "enrol");
    let done = ada.post("/api/auth/enrol/later", json!({})).await;
    ada.arrives(&done).await;

    let mut eve = Sent::new(&server, "eve").await;
    assert_eq!(eve.password().await["status"], "enrol");
    let setup = eve.post("/api/auth/enrol/totp", json!({})).await;
    let app = Authenticator::new(setup["secret"].as_str().expect("a secret"));
    let code = app.code(now());
    let done = eve.post("/api/auth/enrol/totp/confirm", json!({ "setup_id": setup["setup_id"], "code": code })).await;
    eve.arrives(&done).await;
}
