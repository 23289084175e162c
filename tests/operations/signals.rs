//! The end of the process: what runs is finished, what waits is let go, a second signal is the last word (running §5,
//! security LOAD-10).

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use tests::client::TestClient;
use tests::http::{connect, http_client};
use tests::tls::PrivateCa;
use tests::{ServerProcess, folder, wait};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const FORM: &str = "client_name=Late&redirect_uris=https%3A%2F%2Fapp.example%2Fcb&scopes=read";

/// A registration whose body has only begun to arrive.
async fn half_a_request(server: &ServerProcess) -> TcpStream {
    let mut stream = connect(server.port()).await;
    let head = format!(
        "POST /api/v1/apps HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        FORM.len()
    );
    stream.write_all(head.as_bytes()).await.expect("sent");
    // The server asks for the body, so the request is in its hands.
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).await.expect("an interim answer");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(&FORM.as_bytes()[..10]).await.expect("sent");
    stream
}

async fn no_longer_accepts(server: &ServerProcess) {
    let port = server.port();
    let refused = async || TcpStream::connect(("127.0.0.1", port)).await.is_err().then_some(());
    wait::until("new connections to be refused", refused).await;
}

#[tokio::test]
async fn shutdown_finishes_request_in_flight_and_exits_cleanly() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = ServerProcess::start().await;
        let mut stream = half_a_request(&server).await;
        let _idle = connect(server.port()).await;
        server.signal(signal);
        no_longer_accepts(&server).await;
        assert!(server.ended().is_none(), "it waits for the request");

        stream.write_all(&FORM.as_bytes()[10..]).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the answer, then the end of the connection");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
        assert!(answer.contains("\"client_secret\""), "{answer}");

        let begun = Instant::now();
        let status = server.wait().expect("an end in time");
        assert_eq!(status.code(), Some(0), "{}", server.log());
        assert!(begun.elapsed() < Duration::from_secs(10), "idle connections held it up for {:?}", begun.elapsed());

        server.start_again().await;
        let listed = server.run(&["app", "list", "--json"], "");
        assert!(String::from_utf8_lossy(&listed.stdout).contains("\"Late\""), "what was answered is kept");
    }
}

#[tokio::test]
async fn shutdown_second_signal_stops_at_once() {
    let mut server = ServerProcess::start().await;
    let _unfinished = half_a_request(&server).await;
    server.signal(Signal::TERM);
    no_longer_accepts(&server).await;
    let begun = Instant::now();
    server.signal(Signal::TERM);
    server.wait().expect("an end");
    assert!(begun.elapsed() < Duration::from_secs(3), "it took {:?}", begun.elapsed());
}

#[tokio::test]
async fn shutdown_drain_delay_ends_readiness_before_listener_closes() {
    let mut server = ServerProcess::builder().set("http.drain_delay", "2s").start().await;
    let client = server.client();
    client.get("/health/ready").send().await.is(200);
    server.signal(Signal::TERM);
    let unready = wait::until("readiness to end", async || {
        client.get("/health/ready").try_send().await.filter(|answer| answer.status == 503)
    });
    assert_eq!(unready.await.json()["error"], "shutting_down");
    // Whoever has not heard of it yet is still served.
    let answer = client.get("/.well-known/oauth-authorization-server").send().await.is(200);
    assert_eq!(answer.header("connection"), "close");
    assert_eq!(server.wait().expect("an end in time").code(), Some(0));
}

#[tokio::test]
async fn shutdown_under_load_keeps_every_confirmed_registration() {
    let mut server = ServerProcess::start().await;
    let client = server.client();
    let traffic = Arc::new(AtomicUsize::new(0));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, traffic) = (client.clone(), Arc::clone(&traffic));
        calls.spawn(async move {
            while client.register().await.is_some() {
                traffic.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    wait::until("some traffic", async || (traffic.load(Ordering::Relaxed) > 40).then_some(())).await;
    server.signal(Signal::TERM);
    calls.join_all().await;
    assert_eq!(server.wait().expect("an end in time").code(), Some(0));
    let answered = traffic.load(Ordering::Relaxed);
    let listed = server.run(&["app", "list", "--json"], "");
    let kept = String::from_utf8_lossy(&listed.stdout).matches("\"client_id\"").count();
    assert!(kept >= answered, "{answered} were confirmed, {kept} are there");
}

/// A server with TLS whose configuration, certificate and templates lie in files.
async fn with_files(folder: &Path) -> ServerProcess {
    fs::create_dir(folder.join("pages")).expect("a folder");
    fs::write(folder.join("config.toml"), CONFIGURATION).expect("a configuration");
    let config = folder.join("config.toml").display().to_string();
    ServerProcess::builder().with_tls().environment("LYSAND_AUTH_CONFIG", &config).start().await
}

const CONFIGURATION: &str = "[frontend]\ntemplates_dir = \"pages\"\n[log]\nlevel = \"info\"\n";
const PAGE: &str = "{% extends \"base.html\" %}{% block main %}<h1>The new page</h1>{% endblock main %}";

/// Asks the server to read its files again, and waits until it says so for the `time`th time.
async fn read_again(server: &ServerProcess, time: usize) -> String {
    server.signal(Signal::HUP);
    let said = async || Some(server.log()).filter(|log| log.matches("SIGHUP: read again").count() == time);
    wait::until("the files to be read again", said).await
}

#[tokio::test]
async fn hangup_reads_certificate_templates_and_log_level_again() {
    let folder = folder::temporary("hangup");
    let server = with_files(folder.path()).await;
    let shown = server.client().get("/nothing").header("accept", "text/html").send().await.is(404);
    assert!(!shown.body.contains("The new page"));
    fs::write(folder.path().join("pages/trouble.html"), PAGE).expect("a template");
    let files = server.ca().expect("certificates");
    let fresh = PrivateCa::in_folder(files.certificate.parent().expect("a folder"));
    read_again(&server, 1).await;

    let old = server.client().get("/nothing").header("accept", "text/html").header("connection", "close");
    assert!(old.try_send().await.is_none_or(|answer| answer.body.contains("The new page")), "on an open connection");
    let client = TestClient::new(server.base_url().as_str(), &http_client(Some(&fresh)));
    let shown = client.get("/nothing").header("accept", "text/html").send().await.is(404);
    assert!(shown.body.contains("The new page"), "{}", shown.body);

    // The level says nothing of its own change downwards, so it is looked at by what is said and what is not.
    let quiet = CONFIGURATION.replace("info", "error");
    fs::write(folder.path().join("config.toml"), quiet).expect("a configuration");
    server.signal(Signal::HUP);
    wait::until("the log to be quiet", async || {
        let before = server.log().len();
        client.register().await.expect("an app");
        (server.log().len() == before).then_some(())
    })
    .await;
}

#[tokio::test]
async fn hangup_with_what_cannot_be_used_leaves_the_old_in_force() {
    let folder = folder::temporary("hangup");
    let mut server = with_files(folder.path()).await;
    let client = server.client();
    let key = server.ca().expect("certificates").key.clone();
    let right = fs::read(&key).expect("a key");
    fs::write(&key, "no key at all").expect("written");
    fs::write(folder.path().join("pages/trouble.html"), "{{ nothing_of_the_kind }}").expect("a template");
    let log = read_again(&server, 1).await;
    for words in ["part=\"certificate\"", "part=\"templates and branding\"", "trouble.html", "the old goes on"] {
        assert!(log.contains(words), "no {words:?} in {log}");
    }
    let works = async || {
        let fresh = TestClient::new(server.base_url().as_str(), &http_client(server.ca()));
        let shown = fresh.get("/nothing").header("accept", "text/html").send().await.is(404);
        assert!(shown.body.contains("<!doctype html>"), "{}", shown.body);
    };
    works().await;

    // A configuration with a mistake is not used at all; the files that the one before named are read.
    fs::write(&key, right).expect("written");
    fs::write(folder.path().join("pages/trouble.html"), PAGE).expect("a template");
    fs::write(folder.path().join("config.toml"), format!("{CONFIGURATION}[htpp]\nbind_port = 1\n")).expect("written");
    let log = read_again(&server, 2).await;
    assert!(log.contains("part=\"configuration\"") && log.contains("htpp"), "{log}");
    assert!(log.contains("SIGHUP: read again: certificate, templates and branding\n"), "{log}");
    works().await;
    let shown = client.get("/nothing").header("accept", "text/html").send().await.is(404);
    assert!(shown.body.contains("The new page"), "{}", shown.body);
    assert!(server.ended().is_none());
}

#[tokio::test]
async fn hangup_while_draining_does_not_end_the_process() {
    let mut server = ServerProcess::start().await;
    let mut stream = half_a_request(&server).await;
    server.signal(Signal::TERM);
    no_longer_accepts(&server).await;
    server.signal(Signal::HUP);
    stream.write_all(&FORM.as_bytes()[10..]).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the answer");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(server.wait().expect("an end in time").code(), Some(0));
}
