//! nginx, HAProxy and Caddy in front of the server: Debian's packages, with the samples of `docs/operations.md`.
//!
//! A sample is taken from the guide as it stands there; only names, ports and files are put in. Around it stands what Debian
//! installs: its `nginx.conf`, the `defaults` of its `haproxy.cfg`.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use url::Url;

use crate::client::TestClient;
use crate::folder;
use crate::http::{http_client, http_client_from};
use crate::process::OwnedProcess;
use crate::server::{ServerBuilder, ServerProcess, free_port};
use crate::tls::PrivateCa;
use crate::wait;

/// Which proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// nginx.
    Nginx,
    /// HAProxy.
    Haproxy,
    /// Caddy.
    Caddy,
}

/// A server with a proxy in front, which speaks TLS with a certificate of a private authority. Both end with the value.
#[derive(Debug)]
pub struct Proxied {
    proxy: Proxy,
    port: u16,
    server_port: u16,
    ca: PrivateCa,
    running: Option<OwnedProcess>,
    folder: TempDir,
    /// The server itself; its own address and client go past the proxy.
    pub server: ServerProcess,
}

impl Proxied {
    /// Starts a server and a proxy in front of it, as the guide sets it up.
    pub async fn start(proxy: Proxy) -> Self {
        Self::with(proxy, ServerProcess::builder(), &[]).await
    }

    /// The same with a server that differs from the default, and with `edits` of the sample: each a text of it and what stands
    /// in its place.
    pub async fn with(proxy: Proxy, server: ServerBuilder, edits: &[(&str, &str)]) -> Self {
        let (port, server_port, folder) = (free_port(), free_port(), folder::temporary("proxy"));
        let ca = PrivateCa::in_folder(folder.path());
        let base_url = format!("https://localhost:{port}");
        let server = server.on_port(server_port).set("http.base_url", &base_url).start().await;
        let mut proxied = Self { proxy, port, server_port, ca, running: None, folder, server };
        proxied.configure(edits).await;
        proxied
    }

    /// Starts the proxy anew with the sample of the guide and other `edits`.
    pub async fn configure(&mut self, edits: &[(&str, &str)]) {
        drop(self.running.take());
        let folder = self.folder.path();
        let sample = edits.iter().fold(documented(self.proxy), |sample, (old, new)| replaced(&sample, old, new));
        let mut command = match self.proxy {
            Proxy::Nginx => self.nginx(&sample),
            Proxy::Haproxy => self.haproxy(&sample),
            Proxy::Caddy => self.caddy(&sample),
        };
        let log = fs::File::create(folder.join("log")).expect("a log file");
        let errors = log.try_clone().expect("a file");
        command.current_dir(folder).stdin(Stdio::null()).stdout(log).stderr(errors);
        let mut running = OwnedProcess::spawn(&mut command, "`tests/run` installs the proxies.");
        let client = self.client();
        let up = wait::within(wait::TIMEOUT, async || {
            assert!(running.ended().is_none(), "the proxy ended:\n{}", self.log());
            client.get("/health").try_send().await.filter(|answer| answer.status == 200)
        });
        assert!(up.await.is_some(), "the proxy does not answer:\n{}", self.log());
        self.running = Some(running);
    }

    /// The public URL, without a path.
    pub fn base_url(&self) -> Url {
        Url::parse(&format!("https://localhost:{}", self.port)).expect("a URL")
    }

    /// The port that the proxy listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who vouches for the proxy.
    pub fn ca(&self) -> &PrivateCa {
        &self.ca
    }

    /// A client that talks to the proxy, each time on a new connection.
    pub fn client(&self) -> TestClient {
        TestClient::new(self.base_url().as_str(), &http_client(Some(&self.ca)))
    }

    /// A client at another address of this machine, which keeps its connections.
    pub fn client_from(&self, address: Ipv4Addr) -> TestClient {
        TestClient::new(self.base_url().as_str(), &http_client_from(address, Some(&self.ca)))
    }

    /// What the proxy has logged.
    pub fn log(&self) -> String {
        let read = |name: &str| fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
        read("log") + &read("error.log") + &read("access.log")
    }

    /// A sample with this story's ports and names.
    fn placed(&self, sample: &str) -> String {
        // A story may have put another port in already.
        sample
            .replace("127.0.0.1:8080", &format!("127.0.0.1:{}", self.server_port))
            .replace("social.example", "localhost")
    }

    fn nginx(&self, sample: &str) -> Command {
        let (folder, ca) = (self.folder.path(), &self.ca);
        let site = sample
            .replace("/etc/letsencrypt/live/social.example/fullchain.pem", &ca.certificate.display().to_string())
            .replace("/etc/letsencrypt/live/social.example/privkey.pem", &ca.key.display().to_string());
        let site = replaced(&site, "listen 443 ", &format!("listen 127.0.0.1:{} ", self.port));
        fs::write(folder.join("site.conf"), self.placed(&site)).expect("a configuration");
        let debian = installed("/etc/nginx/nginx.conf");
        let lines = debian.lines().map(|line| nginx_line(line, folder)).collect::<Vec<_>>();
        fs::write(folder.join("nginx.conf"), lines.join("\n")).expect("a configuration");
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(folder.join("error.log"));
        command.args(["-g", "daemon off;"]);
        command
    }

    fn haproxy(&self, sample: &str) -> Command {
        let folder = self.folder.path();
        let certificate = folder.join("both.pem");
        let pem = [&self.ca.certificate, &self.ca.key].map(|file| fs::read_to_string(file).expect("a PEM file"));
        fs::write(&certificate, pem.concat()).expect("a PEM file");
        let sample = sample
            .replace("/etc/haproxy/social.example.pem", &certificate.display().to_string())
            .replace("bind :443 ", &format!("bind 127.0.0.1:{} ", self.port));
        let debian = installed("/etc/haproxy/haproxy.cfg");
        let defaults = debian.find("\ndefaults").expect("a section `defaults` in Debian's file");
        let global = "global\n    log stdout format raw local0\n";
        let configuration = format!("{global}{}\n\n{}", &debian[defaults..], self.placed(&sample));
        fs::write(folder.join("haproxy.cfg"), configuration).expect("a configuration");
        let mut command = Command::new("/usr/sbin/haproxy");
        command.arg("-db").arg("-f").arg(folder.join("haproxy.cfg"));
        command
    }

    fn caddy(&self, sample: &str) -> Command {
        let (folder, ca) = (self.folder.path(), &self.ca);
        let (certificate, key) = (ca.certificate.display(), ca.key.display());
        let site = format!("localhost:{} {{\n    bind 127.0.0.1\n    tls {certificate} {key}\n", self.port);
        let sample = self.placed(&replaced(sample, "social.example {\n", &site));
        let global = "{\n    admin off\n    auto_https disable_redirects\n}\n";
        fs::write(folder.join("Caddyfile"), format!("{global}{sample}")).expect("a configuration");
        let mut command = Command::new("/usr/bin/caddy");
        command.args(["run", "--adapter", "caddyfile", "--config"]).arg(folder.join("Caddyfile"));
        // It keeps what it likes in the home folder.
        command.env("HOME", folder).env("XDG_CONFIG_HOME", folder).env("XDG_DATA_HOME", folder);
        command
    }
}

/// The sample that the guide has for a proxy.
fn documented(proxy: Proxy) -> String {
    let language = match proxy {
        Proxy::Nginx => "nginx",
        Proxy::Haproxy => "haproxy",
        Proxy::Caddy => "caddy",
    };
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operations.md");
    let guide = fs::read_to_string(guide).expect("docs/operations.md");
    let sample = guide.split_once(&format!("```{language}\n")).and_then(|(_, rest)| rest.split_once("```"));
    sample.unwrap_or_else(|| panic!("no sample for {language} in docs/operations.md")).0.to_owned()
}

/// A file of a package.
fn installed(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}. `tests/run` installs the proxies."))
}

/// A line of Debian's `nginx.conf`, with files of this story.
fn nginx_line(line: &str, folder: &Path) -> String {
    let folder = folder.display();
    let temporary = || {
        let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        kinds.map(|kind| format!("{kind}_temp_path {folder}/{kind};\n")).concat()
    };
    match line.split_whitespace().next() {
        // The folder of a story is for its owner alone.
        Some("user") => "user root;".to_owned(),
        Some("pid") => format!("pid {folder}/pid;"),
        Some("error_log") => format!("error_log {folder}/error.log info;"),
        Some("access_log") => format!("access_log {folder}/access.log;"),
        Some("include") if line.contains("/conf.d/") => temporary(),
        Some("include") if line.contains("/sites-enabled/") => format!("include {folder}/site.conf;"),
        _ => line.to_owned(),
    }
}

#[track_caller]
fn replaced(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "no {old:?} in\n{text}");
    text.replace(old, new)
}
