//! A copy of the database, outbox included, opens nothing (people PPL-168, PPL-228, PPL-237).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use lysand_auth::flows::events::{Actor, Caller};
use lysand_auth::flows::invitations::{self, NewInvitation};
use lysand_auth::flows::reset::{self, Demanded};
use serde_json::{Value, json};
use sha2::Digest as _;
use tests::misbehaving_provider::ProviderUser;
use tests::story;
use tests::story::{CookieJar, Story, query_of};

use super::{after, code_in, form, form_token, mails_to, races};

const SETTINGS: &[(&str, &str)] = &[("signups.proof_of_work_cost", "1000"), ("http.workers", "2")];

/// A value of a column, as its bytes.
pub(crate) type Cell = (String, Vec<u8>);

/// All that stands in the database.
pub(crate) async fn dump(story: &Story) -> Vec<Cell> {
    match story.database() {
        Some(database) => of_postgres(database.url().as_str()).await,
        None => of_sqlite(&story.mail_folder().with_file_name("story.sqlite3")),
    }
}

fn of_sqlite(file: &std::path::Path) -> Vec<Cell> {
    use rusqlite::types::ValueRef;
    let database = rusqlite::Connection::open(file).expect("a database");
    let mut tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").expect("a statement");
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).expect("tables").collect::<Result<_, _>>().expect("names");
    let mut cells = Vec::new();
    for table in tables {
        let mut all = database.prepare(&format!("SELECT * FROM \"{table}\"")).expect("a statement");
        let columns: Vec<String> = all.column_names().into_iter().map(|name| format!("{table}.{name}")).collect();
        let mut rows = all.query([]).expect("rows");
        while let Some(row) = rows.next().expect("a row") {
            for (at, column) in columns.iter().enumerate() {
                match row.get_ref(at).expect("a value") {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => cells.push((column.clone(), bytes.to_vec())),
                    ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => {}
                }
            }
        }
    }
    cells
}

async fn of_postgres(url: &str) -> Vec<Cell> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("a database");
    tokio::spawn(connection);
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
    let mut cells = Vec::new();
    for table in client.query(tables, &[]).await.expect("tables") {
        let table: String = table.get(0);
        for row in client.query(&format!("SELECT to_jsonb(t)::text FROM \"{table}\" t"), &[]).await.expect("rows") {
            let row: Value = serde_json::from_str(&row.get::<_, String>(0)).expect("JSON");
            for (column, value) in row.as_object().expect("an object") {
                let Some(text) = value.as_str() else { continue };
                let bytes = text.strip_prefix("\\x").and_then(from_hex).unwrap_or_else(|| text.as_bytes().to_vec());
                cells.push((format!("{table}.{column}"), bytes));
            }
        }
    }
    cells
}

fn from_hex(hex: &str) -> Option<Vec<u8>> {
    let is_hex = hex.len().is_multiple_of(2) && hex.is_ascii();
    is_hex.then(|| (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok()).collect())?
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// All shapes in which bytes might stand somewhere.
fn shapes(bytes: &[u8]) -> Vec<Vec<u8>> {
    let hex = to_hex(bytes);
    let texts =
        [hex.to_uppercase(), hex, STANDARD.encode(bytes), STANDARD_NO_PAD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes)];
    [bytes.to_vec()].into_iter().chain(texts.map(String::into_bytes)).collect()
}

/// A secret that somebody was given, in all shapes; a short one as its digest, too, from which it is guessed at once.
fn needles(secret: &str) -> Vec<Vec<u8>> {
    let mut needles = shapes(secret.as_bytes());
    let decoded = URL_SAFE_NO_PAD.decode(secret).ok().filter(|bytes| bytes.len() >= 16);
    needles.extend(decoded.into_iter().chain(from_hex(secret)).flat_map(|bytes| shapes(&bytes)));
    if secret.len() <= 10 {
        needles.extend(shapes(&sha2::Sha256::digest(secret.as_bytes())));
    }
    needles
}

/// What was handed out, and for what.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: &str) {
        assert!(secret.len() >= 8, "{what}: {secret:?}");
        self.0.push((what, secret.to_owned()));
    }

    fn jar(&mut self, jar: &CookieJar) {
        for pair in jar.header().unwrap_or_default().split("; ") {
            if let Some((_, value)) = pair.split_once('=') {
                self.add("cookie", value);
            }
        }
    }

    fn mail(&mut self, mail: &str) {
        for rest in mail.split("token=").skip(1) {
            self.add(
                "link",
                rest.split(|letter: char| !letter.is_alphanumeric() && !"-_".contains(letter)).next().expect("a token"),
            );
        }
        for rest in mail.split("invite=").skip(1) {
            self.add(
                "invitation",
                rest.split(|letter: char| !letter.is_alphanumeric() && !"-_".contains(letter)).next().expect("a code"),
            );
        }
        if let Some(code) = code_in(mail) {
            self.add("code", code);
        }
    }
}

/// Somebody signs up in a browser and by a program, with work; both wait.
async fn sign_ups(story: &Story, secrets: &mut Secrets) -> String {
    let app = story.usual_app().await;
    let mut jar = CookieJar::default();
    let page = format!("/register?{}", app.authorize_query());
    let token = form_token(story, &mut jar, &page).await;
    let altcha = races::solved(&story.get("/api/v1/auth/signup/challenge").send().await.is(200).json());
    let fields = [form("grace", "grace@example.com"), vec![("form_token", &*token), ("altcha", &*altcha)]].concat();
    jar.keep(&story.post(&page).cookies(&jar).form(&fields).send().await.is(302));
    secrets.jar(&jar);
    let challenge = story.get("/api/v1/auth/signup/challenge").send().await.is(200).json();
    secrets.add("signature of work", challenge["signature"].as_str().expect("a text"));
    secrets.add("nonce of work", challenge["parameters"]["nonce"].as_str().expect("a text"));
    let body = json!({
        "username": "hedy", "email": "hedy@example.com", "password": "a calm evening",
        "altcha": races::solved(&challenge),
    });
    let made = story.post("/api/v1/auth/signup").json(&body).send().await.is(201).json();
    let waiting = made["waiting_token"].as_str().expect("a token").to_owned();
    secrets.add("waiting token", &waiting);
    secrets.add("password", "a calm evening");
    mails_to(story, "hedy@example.com", 1).await;
    mails_to(story, "grace@example.com", 1).await;
    waiting
}

/// Somebody signs in, gives apps access, and has more under way.
async fn access(story: &Story, secrets: &mut Secrets) -> (CookieJar, String) {
    let (ada, app, expiring) = (story.person("ada").await, story.usual_app().await, story.expiring_app().await);
    secrets.add("password", &ada.password);
    for app in [&app, &expiring] {
        secrets.add("client secret", &app.client_secret);
    }
    let pair = story.token_pair(&ada, &expiring).await;
    secrets.add("access token", &pair.access);
    secrets.add("refresh token", &pair.refresh);
    let refreshed = story.refresh(&expiring, &pair.refresh).await.is(200).json();
    secrets.add("access token", refreshed["access_token"].as_str().expect("a token"));
    secrets.add("refresh token", refreshed["refresh_token"].as_str().expect("a token"));
    let own = [&[("grant_type", "client_credentials")][..], &app.credentials()].concat();
    let own = story.post("/oauth/token").form(&own).send().await.is(200).json();
    secrets.add("token of an app", own["access_token"].as_str().expect("a token"));
    let form = [("identifier", &*ada.username), ("password", &*ada.password)];
    let login = story.post(&format!("/api/auth/login?{}", app.authorize_query())).form(&form).send().await;
    let mut jar = CookieJar::default();
    jar.keep(&login);
    secrets.jar(&jar);
    let signed_in = login.signed_in();
    secrets.add("pending code", &signed_in.code);
    let code = story.consent(&signed_in, &app).await;
    secrets.add("code", &code);
    let keys = story.app("https://keys.example/cb", "read write auth:read auth:write").await;
    let token = story.token(&ada, &keys).await;
    secrets.add("access token", &token);
    (jar, token)
}

/// The address changes twice: once all the way, and once it waits.
async fn address(story: &Story, bearer: &str) {
    let ask = async |address: &str| {
        story.post("/api/v1/auth/email").bearer(bearer).json(&json!({ "email": address })).send().await.is(202);
    };
    ask("ada@new.example").await;
    let mail = mails_to(story, "ada@new.example", 1).await.remove(0);
    let token = after(&mail, "/account/email/confirm?token=").to_owned();
    let mut jar = CookieJar::default();
    let form = form_token(story, &mut jar, &format!("/account/email/confirm?token={token}")).await;
    let fields = [("form_token", &*form), ("token", &*token)];
    story.post("/account/email/confirm").cookies(&jar).form(&fields).send().await.is(200);
    mails_to(story, "ada@people.example", 2).await;
    ask("third@new.example").await;
    mails_to(story, "third@new.example", 1).await;
}

/// What the database holds is shown as anything that opens something, in every shape.
async fn opens_nothing(story: &Story, cells: &[Cell]) {
    let app = story.expiring_app().await;
    let mut keys: BTreeSet<(String, String)> = BTreeSet::new();
    for (column, bytes) in cells {
        if bytes.is_empty() || bytes.len() > 200 {
            continue;
        }
        let text = String::from_utf8(bytes.clone()).ok();
        let plain = text.filter(|text| text.bytes().all(|byte| byte.is_ascii_graphic()));
        let others = [to_hex(bytes), URL_SAFE_NO_PAD.encode(bytes)];
        for key in plain.into_iter().chain(others.into_iter().filter(|_| bytes.len() <= 64)) {
            keys.insert((key, column.clone()));
        }
    }
    let keys: Vec<_> = keys.into_iter().collect();
    for some in keys.chunks(16) {
        join_all(some.iter().map(|(key, column)| opens_not(story, &app, key, column))).await;
    }
}

async fn opens_not(story: &Story, app: &tests::App, key: &str, column: &str) {
    let is_refused = |what: &str, status: reqwest::StatusCode| {
        assert!(status.is_client_error(), "{column} as {what}: {status} {key}");
    };
    let bearer = story.get("/api/v1/apps/verify_credentials").bearer(key).send().await;
    is_refused("bearer", bearer.status);
    let jwt = story.get("/account/activity").header("cookie", &format!("jwt={key}")).send().await;
    assert!(jwt.location().path() == "/account/sign-in", "{column} as session: {key}");
    let cookie = story.get("/register/waiting/state").header("cookie", &format!("waiting={key}")).send().await;
    is_refused("waiting cookie", cookie.status);
    let waiting = story.post("/api/v1/auth/signup/state").json(&json!({ "waiting_token": key })).send().await;
    is_refused("waiting token", waiting.status);
    let query = String::from_iter(form_urlencoded::byte_serialize(key.as_bytes()));
    for path in [
        "/register/confirm",
        "/oauth/reset",
        "/account/email/confirm",
        "/account/email/stop",
        "/account/email/undo",
        "/setup",
    ] {
        let page = story.get(&format!("{path}?token={query}")).send().await;
        is_refused(path, page.status);
        // The page of a dead link offers another one to whoever had it: that, too, is nothing for this.
        assert!(!page.body.contains("Send a new one"), "{column} as {path}: {key}");
    }
    let password = json!({ "token": key, "password": "quite another sentence" });
    let reset = story.post("/api/v1/auth/password/reset").json(&password).send().await;
    is_refused("reset token", reset.status);
    is_refused("refresh token", story.refresh(app, key).await.status);
    is_refused("code", story.redeem(app, key).await.status);
    // The codes of invitations are shown to their makers again and again (people PPL-81).
    if column != "auth_invitation.code" {
        let offered = story.get(&format!("/api/v1/auth/signup?invite={query}")).send().await.is(200).json();
        assert_ne!(offered["invitation"], "valid", "{column} as an invitation: {key}");
    }
}

story!(copy_of_the_database_opens_nothing, SETTINGS, |story| {
    let (story, provider) = story.with_provider(&[("signups.invitations", "people")]).await;
    let mut secrets = Secrets::default();
    let waiting = sign_ups(&story, &mut secrets).await;
    let (_, bearer) = access(&story, &mut secrets).await;
    address(&story, &bearer).await;

    // An identity that waits to be linked, one that waits for a name, a mailed invitation, demanded and asked-for passwords.
    let mut jar = CookieJar::default();
    let link = story.start_link(&mut jar, &bearer, "id").await;
    secrets.jar(&jar);
    for name in ["nonce", "code_challenge"] {
        if let Some(value) = query_of(&link, name) {
            secrets.add("flow", &value);
        }
    }
    let auth = &story.server().state().auth;
    let mut new = NewInvitation::new(None);
    new.email = Some("guest@example.com".to_owned());
    new.max_uses = Some(1);
    invitations::create(auth, new, &Caller::default()).await.expect("an answer").expect("an invitation");
    mails_to(&story, "guest@example.com", 1).await;
    let bob = story.person("bob").await;
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "bob" })).send().await.is(200);
    mails_to(&story, &bob.email, 1).await;
    let eve = story.person("eve").await;
    let account = story.account(&eve).await;
    let demanded = reset::demand(auth, &account, Demanded::Now, Actor::Command).await.expect("a demand");
    secrets.add("printed link", after(demanded.link.expect("a link").expose(), "?token="));
    mails_to(&story, &eve.email, 1).await;
    let guest = ProviderUser::named("linus");
    let mut finishing = CookieJar::default();
    let location = story.redirect_to_provider(&mut finishing, &story.usual_app().await, "id").await;
    story.follow_callback(&mut finishing, &provider.authorize(&location, &guest, story.now())).await;
    secrets.jar(&finishing);
    for mail in story.mail().await {
        secrets.mail(&mail.replace("=\r\n", "").replace("=3D", "="));
    }

    // From now on no mail goes out: what waits in the outbox is in the copy as well.
    std::fs::rename(story.mail_folder(), story.mail_folder().with_file_name("sent")).expect("moved");
    std::fs::write(story.mail_folder(), "").expect("a file in its place");
    story.advance_clock(std::time::Duration::from_secs(61));
    let body = json!({ "waiting_token": waiting });
    story.post("/api/v1/auth/signup/resend").json(&body).send().await.is(200);
    story.post("/api/v1/auth/password/forgot").json(&json!({ "identifier": "bob" })).send().await.is(200);
    lysand_auth::flows::outbox::send_waiting(auth).await.expect("tried");

    let cells = dump(&story).await;
    for wanted in
        ["auth_mail.", "auth_mail_token.", "auth_waiting.", "auth_sso_flow.", "auth_spent.", "auth_email_change."]
    {
        assert!(cells.iter().any(|(column, _)| column.starts_with(wanted)), "{wanted}");
    }
    assert!(cells.iter().any(|(column, value)| column == "auth_mail.state" && value == b"waiting"));
    assert!(secrets.0.iter().filter(|(what, _)| *what == "link").count() >= 8 && secrets.0.len() > 30);
    for (what, secret) in &secrets.0 {
        for needle in needles(secret) {
            for (column, value) in &cells {
                let is_in = value.windows(needle.len()).any(|part| part == needle);
                assert!(!is_in, "{what} {secret} stands in {column}: {}", String::from_utf8_lossy(value));
            }
        }
    }
    opens_nothing(&story, &cells).await;
    // Nothing was spent by trying: what was handed out goes on to count.
    story.post("/api/v1/auth/signup/state").json(&json!({ "waiting_token": waiting })).send().await.is(200);
    story.verify(&bearer).await.is(200);
});
