//! Mail to a real mail server (aiosmtpd): encrypted as it must be, refused, later, too slow, gone in the middle
//! (PPL-169 to PPL-171, PPL-237).

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tests::server::Backend;
use tests::tls::PrivateCa;
use tests::{ServerProcess, folder, wait};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long a mail may take to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail server, which ends with the value.
struct MailServer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    host: String,
    port: u64,
    ca: PrivateCa,
    _folder: tempfile::TempDir,
}

impl MailServer {
    async fn start(host: &str, tls: &str) -> Self {
        let folder = folder::temporary("mail-server");
        let ca = PrivateCa::in_folder(folder.path());
        let mut child = Command::new(folder::target().join("clients-venv/bin/python"))
            .arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("clients/mail_server.py"))
            .args([host, tls])
            .args([&ca.certificate, &ca.key])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("`tests/run` installs the mail server");
        let lines = BufReader::new(child.stdout.take().expect("a value")).lines();
        let mut server = Self { child, lines, host: host.to_owned(), port: 0, ca, _folder: folder };
        server.port = server.next("port").await["port"].as_u64().expect("a value");
        server
    }

    /// The next line that has this member.
    async fn next(&mut self, member: &str) -> Value {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("a line in time");
            let value: Value =
                serde_json::from_str(&line.expect("a value").expect("a mail server that runs")).expect("a value");
            if value.get(member).is_some() {
                return value;
            }
        }
    }

    /// All lines that come for a while.
    async fn rest(&mut self) -> Vec<Value> {
        let mut rest = Vec::new();
        while let Ok(Ok(Some(line))) = tokio::time::timeout(Duration::from_millis(700), self.lines.next_line()).await {
            rest.push(serde_json::from_str(&line).expect("a value"));
        }
        rest
    }

    /// A server that sends its mail here, with more settings.
    async fn sender(&self, settings: &[(&str, &str)]) -> ServerProcess {
        self.sender_on(Backend::Sqlite, settings).await
    }

    async fn sender_on(&self, backend: Backend, settings: &[(&str, &str)]) -> ServerProcess {
        let port = self.port.to_string();
        let authority = self.ca.authority.display().to_string();
        let mut builder = ServerProcess::builder().backend(backend);
        for (key, value) in
            [("smtp.enabled", "true"), ("smtp.server", &*self.host), ("smtp.port", &port), ("smtp.ca_file", &authority)]
        {
            builder = builder.set(key, value);
        }
        for (key, value) in settings {
            builder = builder.set(key, value);
        }
        builder.start().await
    }
}

/// What `mail test` says, and whether it was content.
fn test_mail(server: &ServerProcess, address: &str) -> (bool, Value) {
    let output = server.run(&["mail", "test", address, "--json"], "");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{}", tests::server::stderr(&output)));
    (output.status.success(), value)
}

fn text_of<'a>(mail: &'a Value, member: &str) -> &'a str {
    mail[member].as_str().unwrap_or_default()
}

#[tokio::test]
async fn mail_is_delivered_by_implicit_tls_with_sign_in() {
    let mut mails = MailServer::start("localhost", "implicit").await;
    let login = [
        ("smtp.tls", "implicit"),
        ("smtp.username", "mailer"),
        ("smtp.password", "open sesame"),
        ("smtp.from", "Schöne Grüße <post@social.example>"),
        ("smtp.reply_to", "help@social.example"),
    ];
    let server = mails.sender(&login).await;
    let (sent, told) = test_mail(&server, "ada@people.example");
    assert!(sent && told["state"] == "sent" && told["tries"] == 1, "{told}");
    let mail = mails.next("text").await;
    assert_eq!(
        (&mail["to"][0], &mail["encrypted"], &mail["user"]),
        (&"ada@people.example".into(), &true.into(), &"mailer".into())
    );
    let text = text_of(&mail, "text");
    for header in [
        "To: ada@people.example\r\n",
        "Subject: Test mail from My instance\r\n",
        "Reply-To: help@social.example\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "<post@social.example>\r\n",
        "Message-ID: <",
        "Date: ",
        "Content-Type: multipart/alternative;",
    ] {
        assert!(text.contains(header), "{header}: {text}");
    }
    assert!(text.find("text/plain") < text.find("text/html") && text.is_ascii(), "{text}");
    let wrong =
        mails.sender(&[("smtp.tls", "implicit"), ("smtp.username", "mailer"), ("smtp.password", "hunter2")]).await;
    let (sent, told) = test_mail(&wrong, "ada@people.example");
    assert!(!sent && told["state"] == "waiting" && text_of(&told, "last_error").contains("535"), "mendable: {told}");
    assert!(!told.to_string().contains("hunter2"));
}

#[tokio::test]
async fn mail_is_delivered_by_starttls_which_is_the_default_beside_port_465() {
    let mut mails = MailServer::start("localhost", "starttls").await;
    let server = mails.sender(&[]).await;
    let (sent, told) = test_mail(&server, "ada@people.example");
    assert!(sent, "{told}");
    assert_eq!(mails.next("text").await["encrypted"], true);
    let listed = server.run(&["mail", "list", "--json"], "");
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("a value");
    assert_eq!((&listed[0]["kind"], &listed[0]["state"]), (&"test".into(), &"sent".into()));
}

/// Whoever takes STARTTLS out of the server's greeting would read along.
#[tokio::test]
async fn mail_is_not_sent_in_the_clear_when_the_server_offers_no_starttls() {
    let mut mails = MailServer::start("localhost", "none").await;
    for tls in ["true", "starttls", "implicit"] {
        let server = mails.sender(&[("smtp.tls", tls), ("smtp.timeout", "3s")]).await;
        let (sent, told) = test_mail(&server, "ada@people.example");
        assert!(!sent && told["state"] == "waiting", "{tls}: {told}");
    }
    assert_eq!(mails.rest().await, [Value::Null; 0], "not even a sender was named");
    let server = mails.sender(&[("smtp.tls", "false")]).await;
    assert!(test_mail(&server, "ada@people.example").0, "to this machine, and told so");
    assert_eq!(mails.next("text").await["encrypted"], false);
}

#[tokio::test]
async fn mail_is_not_sent_to_a_server_whose_certificate_is_another_s() {
    for tls in ["implicit", "starttls"] {
        // The certificate is for 127.0.0.1, not for this address.
        let mut mails = MailServer::start("127.0.0.2", tls).await;
        let server = mails.sender(&[("smtp.tls", tls)]).await;
        let (sent, told) = test_mail(&server, "ada@people.example");
        assert!(!sent && told["state"] == "waiting" && text_of(&told, "last_error").contains("certificate"), "{told}");
        assert_eq!(mails.rest().await, [Value::Null; 0]);
    }
    let mut mails = MailServer::start("localhost", "implicit").await;
    let server = mails.sender(&[("smtp.tls", "implicit"), ("smtp.ca_file", "")]).await;
    let (sent, told) = test_mail(&server, "ada@people.example");
    assert!(!sent && text_of(&told, "last_error").contains("certificate"), "nobody vouches for it: {told}");
    assert_eq!(mails.rest().await, [Value::Null; 0]);
}

#[tokio::test]
async fn mail_that_the_server_refuses_is_given_up_and_others_are_tried_again() {
    let mut mails = MailServer::start("localhost", "starttls").await;
    let server = mails.sender(&[("smtp.timeout", "2s")]).await;
    for (address, word) in [("refused@people.example", "no such person"), ("spam@people.example", "not this message")] {
        let (sent, told) = test_mail(&server, address);
        assert!(!sent && told["state"] == "failed" && text_of(&told, "last_error").contains(word), "{told}");
    }
    for (address, word) in [
        ("greylisted@people.example", "come back later"),
        ("closing@people.example", ""),
        ("hanging@people.example", "too long"),
    ] {
        let (sent, told) = test_mail(&server, address);
        assert!(!sent && told["state"] == "waiting" && text_of(&told, "last_error").contains(word), "{told}");
        if address.starts_with("hanging") {
            continue;
        }
        let again = server.run(&["mail", "retry", text_of(&told, "id")], "");
        assert!(tests::server::stdout(&again).contains("was sent"), "{address}: {}", tests::server::stderr(&again));
    }
    let arrived: Vec<_> = mails.rest().await.into_iter().filter(|line| line.get("text").is_some()).collect();
    let to =
        |name: &str| arrived.iter().filter(|mail| mail["to"][0].as_str().expect("a value").starts_with(name)).count();
    // A server that says nothing after a message may have taken it: once too often, and never lost.
    assert_eq!((to("greylisted"), to("closing"), to("refused"), to("spam")), (1, 2, 0, 0), "{arrived:?}");
    let mut gone = MailServer::start("localhost", "none").await;
    let server = gone.sender(&[("smtp.tls", "false")]).await;
    gone.child.kill().await.expect("a value");
    let (sent, told) = test_mail(&server, "ada@people.example");
    assert!(!sent && told["state"] == "waiting", "{told}");
}

#[tokio::test]
async fn mails_of_many_processes_on_one_postgres_database_arrive_once_each() {
    let mut mails = MailServer::start("localhost", "none").await;
    let one = mails.sender_on(Backend::Postgres, &[("smtp.tls", "false")]).await;
    // Each command sends as the server does, so that these are six senders.
    let (one, names) = (std::sync::Arc::new(one), 0..30);
    let threads = (0..5).map(|lane| {
        let (server, names) = (one.clone(), names.clone());
        tokio::task::spawn_blocking(move || {
            for name in names.filter(|name| name % 5 == lane) {
                assert!(test_mail(&server, &format!("p{name}@people.example")).0);
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.await.expect("a value");
    }
    let arrived = mails.rest().await;
    let mut to: Vec<_> = arrived.iter().filter_map(|mail| mail["to"][0].as_str()).collect();
    assert_eq!(to.len(), 30);
    to.sort_unstable();
    to.dedup();
    assert_eq!(to.len(), 30, "no mail twice");
}

#[tokio::test]
async fn mail_of_a_process_that_was_killed_in_the_middle_is_sent_by_another() {
    let mut mails = MailServer::start("localhost", "none").await;
    let server = mails.sender(&[("smtp.tls", "false")]).await;
    let output = {
        let mut command = server.command(&["mail", "test", "slow@people.example"]);
        let mut child = command.stdout(Stdio::null()).spawn().expect("a value");
        mails.next("slow").await;
        kill_process(Pid::from_child(&child), Signal::KILL).expect("a value");
        child.wait().expect("a value")
    };
    assert!(!output.success());
    let listed = || -> Value {
        let listed = server.run(&["mail", "list", "--json"], "");
        serde_json::from_slice::<Value>(&listed.stdout).expect("a value")[0].clone()
    };
    let before = listed();
    // The server may have been the one that took it.
    if before["state"] == "sending" {
        let database = rusqlite::Connection::open(server.folder().join("data/lysand-auth.sqlite3")).expect("a value");
        let ended =
            database.execute("UPDATE auth_mail SET lease_until = 1 WHERE state = 'sending'", []).expect("a value");
        assert_eq!(ended, 1, "as after two minutes");
    }
    wait::until("the mail to be sent", async || (listed()["state"] == "sent").then_some(())).await;
}
