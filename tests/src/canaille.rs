//! Canaille, an identity provider from PyPI: written by others, with pages and habits of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tokio::net::TcpStream;

use crate::browser::Browser;
use crate::person::Person;
use crate::process::OwnedProcess;
use crate::server::{ServerBuilder, free_port};
use crate::{folder, wait};

const SECRET: &str = "a secret of at least thirty-two letters";

/// A running Canaille, which knows one person.
pub struct Canaille {
    port: u16,
    server_port: u16,
    process: OwnedProcess,
}

impl Canaille {
    /// Starts it for a server that will listen on a port of our choice.
    pub async fn start() -> Self {
        let (port, server_port) = (free_port(), free_port());
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("provider/canaille_server.py");
        let mut command = Command::new(folder::target().join("canaille-venv/bin/python"));
        command.arg(script).arg(port.to_string());
        command.arg(format!("http://localhost:{server_port}/oauth/sso/canaille/callback"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = OwnedProcess::spawn(&mut command, "`tests/run` installs Canaille.");
        let mut provider = Self { port, server_port, process };
        let up = wait::within(wait::TIMEOUT, async || {
            assert!(
                provider.process.ended().is_none(),
                "Canaille ended; start tests/provider/canaille_server.py by hand"
            );
            TcpStream::connect(("127.0.0.1", port)).await.ok()
        });
        assert!(up.await.is_some(), "Canaille does not answer");
        provider
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Who has an account there.
    pub fn person(&self) -> Person {
        Person { email: "alice@id.example".to_owned(), ..Person::named("alice") }
    }

    /// A server that knows it under the id `canaille`.
    pub fn known_to(&self, server: ServerBuilder) -> ServerBuilder {
        let issuer = self.issuer();
        let entry = format!(
            "[{{ id = \"canaille\", name = \"Canaille\", url = \"{issuer}\", client_id = \"lysand\", client_secret = \"{SECRET}\" }}]"
        );
        server.on_port(self.server_port).set("oidc.providers", &entry)
    }
}

impl Browser {
    /// Signs in on Canaille's pages: the name on one, the password on the next.
    pub async fn sign_in_at_canaille(&self, person: &Person) {
        self.fill("login", &person.username).await;
        self.click("form button[type='submit'].primary").await;
        self.fill("password", &person.password).await;
        self.click("form button[type='submit'].primary").await;
    }

    /// Lets our server know, on Canaille's page.
    pub async fn consent_at_canaille(&self) {
        self.click("#accept").await;
    }
}
