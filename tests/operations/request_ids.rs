//! Answers and log lines that belong together, and refused sign-ins as a log watcher reads them (faults D12).

use std::collections::HashSet;
use std::time::Duration;

use regex_lite::Regex;
use reqwest::header::HeaderValue;
use tests::http::exchange;
use tests::{Person, ServerProcess, wait};

/// Our own ids are UUIDs.
const OWN_LENGTH: usize = 36;

#[tokio::test]
async fn every_answer_has_request_id_of_its_own() {
    let server = ServerProcess::start().await;
    let client = server.client();
    let answers = [
        client.get("/").send().await.is(200),
        client.get("/health").send().await.is(200),
        client.get("/assets/style.css").send().await.is(200),
        client.get("/assets/nothing").header("accept", "text/html").send().await.is(404),
        client.get("/nothing").header("accept", "text/html").send().await.is(404),
        client.get("/api/v1/nothing").send().await.is(404),
        client.get("/oauth/token").send().await.is(405),
        client.get("/oauth/authorize").header("accept", "text/html").send().await,
        client.get("/account").send().await,
        client.post("/oauth/token").form(&[("grant_type", "nonsense")]).send().await,
        client.post("/oauth/token").bare_body("x".repeat(200_000)).send().await.is(413),
        client.post("/oauth/token").header("content-type", "a/b").header("content-type", "c/d").send().await.is(400),
        client.get("/sw.js").header("service-worker", "script").send().await.is(403),
        client.get("/api/v1/accounts/verify_credentials").send().await.is(401),
    ];
    let ids: Vec<&str> = answers.iter().map(|answer| answer.header("x-request-id")).collect();
    for (answer, id) in answers.iter().zip(&ids) {
        assert_eq!(id.len(), OWN_LENGTH, "{} {:?}", answer.status, answer.headers);
        assert_eq!(answer.headers.get_all("x-request-id").iter().count(), 1);
    }
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "{ids:?}");
    let too_large = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "x".repeat(40_000));
    let refused = exchange(server.port(), too_large.as_bytes(), Duration::from_secs(8)).await;
    assert_eq!(refused.statuses(), [431]);
    assert!(refused.text.contains("\r\nx-request-id: "), "{}", refused.text);
}

#[tokio::test]
async fn request_id_of_trusted_proxy_is_in_answer_and_log() {
    let server = ServerProcess::start().await;
    let client = server.client();
    let app = client.register().await.expect("an app");
    let log_in = |id: &str| {
        let form = [("identifier", "nobody-at-all"), ("password", "wrong-password")];
        client.post(&format!("/api/auth/login?{}", app.authorize_query())).form(&form).header("x-request-id", id)
    };
    let answer = log_in("Root=1-67891233/trial@7").send().await.is(302);
    assert_eq!(answer.header("x-request-id"), "Root=1-67891233/trial@7");
    let line = server.log().lines().find(|line| line.contains("wrong_credentials")).map(str::to_owned).expect("a line");
    assert!(line.contains("request_id=Root=1-67891233/trial@7"), "{line}");
    for unsafe_id in ["two words", "a\"b", "{id}", &"x".repeat(129)] {
        assert_eq!(log_in(unsafe_id).send().await.header("x-request-id").len(), OWN_LENGTH, "{unsafe_id}");
    }
    let bytes = HeaderValue::from_bytes(b"\xff\xfe").expect("a value");
    let answer = client.get("/health").raw_header("x-request-id", bytes).send().await;
    assert_eq!(answer.header("x-request-id").len(), OWN_LENGTH);

    let untrusted = ServerProcess::builder().set("http.trusted_proxies", "[]").start().await;
    let answer = untrusted.client().get("/health").header("x-request-id", "mine").send().await;
    assert_eq!(answer.header("x-request-id").len(), OWN_LENGTH);
}

/// The pattern of the sample for fail2ban, with an address in its place.
fn documented_pattern() -> Regex {
    let documents = include_str!("../../docs/operations.md");
    let line = documents.lines().find_map(|line| line.strip_prefix("failregex = ")).expect("a sample for fail2ban");
    Regex::new(&line.replace("<HOST>", "(?P<host>[0-9a-f.:]+)")).expect("a pattern that is read")
}

#[tokio::test]
async fn refused_sign_in_is_logged_as_documented_sample_for_fail2ban_reads_it() {
    let server =
        ServerProcess::builder().set("ratelimit.enabled", "true").set("ratelimit.login_address.max", "4").start().await;
    let (client, ada, bob) = (server.client(), Person::named("ada"), Person::named("bob"));
    server.create_account(&ada);
    server.create_account(&bob);
    assert!(server.run(&["account", "disable", "bob"], "").status.success());
    // The name of an app is text of a stranger, who would like to have somebody else banned.
    let forged = "INFO lysand_auth::sign_in: refused source=198.51.100.1";
    client.register_with(forged, "https://app.example/callback", "read", &[]).await.expect("an app");
    let app = client.register().await.expect("an app");
    let log_in = async |identifier: &str, password: &str, source: &str| {
        let form = [("identifier", identifier), ("password", password)];
        let call = client.post(&format!("/api/auth/login?{}", app.authorize_query())).form(&form);
        call.header("x-forwarded-for", source).send().await
    };
    log_in("ada", "a-wrong-password", "203.0.113.7").await;
    log_in("my-secret-password", "a-wrong-password", "203.0.113.8").await;
    log_in("bob", &bob.password, "2001:db8::9").await;
    log_in(forged, "a-wrong-password", "203.0.113.10").await;
    for _ in 0..5 {
        log_in("ada", "a-wrong-password", "203.0.113.11").await;
    }
    log_in("ada", &ada.password, "203.0.113.12").await;

    let pattern = documented_pattern();
    let whole = async || Some(server.log()).filter(|log| log.contains("signed in"));
    let log = wait::until("the whole log", whole).await;
    let found: Vec<(String, &str)> = log
        .lines()
        .filter_map(|line| {
            // Of a file fail2ban takes the time away before it looks; before a line of the journal it puts its origin.
            let of_file = line.split_once('Z').map_or(line, |(_, rest)| rest);
            let of_journal = pattern.is_match(&format!("host reference-server[17]: {line}"));
            let found = pattern.captures(of_file).map(|found| (found["host"].to_owned(), line));
            assert_eq!(of_journal, found.is_some(), "{line}");
            found
        })
        .collect();
    let hosts: Vec<&str> = found.iter().map(|(host, _)| host.as_str()).collect();
    let guesses = ["203.0.113.11"; 5];
    let expected = [&["203.0.113.7", "203.0.113.8", "2001:db8::9", "203.0.113.10"][..], &guesses].concat();
    assert_eq!(hosts, expected, "{log}");
    let reasons: Vec<&str> = found.iter().map(|(_, line)| line.split('"').nth(1).expect("a reason")).collect();
    assert_eq!(reasons[..4], ["wrong_credentials", "wrong_credentials", "inactive_account", "wrong_credentials"]);
    assert_eq!(reasons[8], "rate_limit", "{log}");
    assert!(found[0].1.contains(" account=") && found[1].1.contains(" typed="), "{log}");
    assert!(!log.contains("my-secret-password") && !log.contains(&ada.password), "{log}");
}

#[tokio::test]
async fn log_level_of_configuration_counts_unless_rust_log_is_set() {
    let quiet = ServerProcess::builder().set("log.level", "warn").start().await;
    assert!(!quiet.log().contains("serving"), "{}", quiet.log());
    let refused = quiet.run(&["check-config"], "");
    assert!(refused.status.success());
    let loud = ServerProcess::builder().set("log.level", "off").environment("RUST_LOG", "info").start().await;
    assert!(loud.log().contains("serving"), "{}", loud.log());
    let empty = ServerProcess::builder().set("log.level", "warn").environment("RUST_LOG", "").start().await;
    assert!(!empty.log().contains("serving"), "{}", empty.log());
    let wrong = tests::server::run_in(quiet.folder(), &[("log.level", "loud")], &["check-config"], "");
    let words = tests::server::stderr(&wrong) + &tests::server::stdout(&wrong);
    assert!(wrong.status.code() == Some(2) && words.contains("LOG__LEVEL") && words.contains("debug"), "{words}");
}
