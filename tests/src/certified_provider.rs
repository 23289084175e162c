//! The certified npm package `oidc-provider`: a real OpenID provider with pages of its own.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tokio::net::TcpStream;

use crate::browser::Browser;
use crate::process::OwnedProcess;
use crate::server::{ServerBuilder, free_port};
use crate::wait;

const SECRET: &str = "a secret of at least thirty-two letters";

/// A running provider. Whoever gives a name there is that person.
pub struct CertifiedProvider {
    port: u16,
    server_port: u16,
    _process: OwnedProcess,
}

impl CertifiedProvider {
    /// Starts it for a server that will listen on a port of our choice.
    pub async fn start() -> Self {
        let (port, server_port) = (free_port(), free_port());
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("provider");
        let mut command = Command::new("node");
        command.arg(folder.join("server.mjs")).arg(port.to_string());
        command.arg(format!("http://localhost:{server_port}/oauth/sso/certified/callback"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = OwnedProcess::spawn(&mut command, "It needs Node.js and `npm ci --prefix tests/provider`.");
        let provider = Self { port, server_port, _process: process };
        let up = wait::within(wait::TIMEOUT, async || TcpStream::connect(("127.0.0.1", port)).await.ok());
        assert!(up.await.is_some(), "the provider does not answer; run `npm ci --prefix tests/provider`");
        provider
    }

    /// Its issuer.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A server that knows it under the id `certified`.
    pub fn known_to(&self, server: ServerBuilder) -> ServerBuilder {
        let issuer = self.issuer();
        let entry = format!(
            "[{{ id = \"certified\", name = \"Certified ID\", url = \"{issuer}\", client_id = \"lysand\", client_secret = \"{SECRET}\" }}]"
        );
        server.on_port(self.server_port).set("oidc.providers", &entry)
    }
}

impl Browser {
    /// Signs in on the provider's pages as `name`, and lets our server know.
    pub async fn sign_in_at_provider(&self, name: &str) {
        self.fill("login", name).await;
        self.fill("password", "any").await;
        self.click("button[type='submit']").await;
        self.click("form:has(input[value='consent']) button[type='submit']").await;
    }

    /// Says no on the provider's page: it tells our server `access_denied`.
    pub async fn refuse_at_provider(&self) {
        self.click("a[href$='/abort']").await;
    }
}
