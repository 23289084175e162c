//! PgBouncer before a cluster, as Debian packages it.

use std::fs;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use url::Url;

use super::cluster::{Cluster, give_away, other_user};
use crate::process::OwnedProcess;
use crate::server::free_port;
use crate::{folder, wait};

/// How long PgBouncer lends a server connection.
#[derive(Clone, Copy, Debug)]
pub enum PoolMode {
    /// As long as the client's connection lasts.
    Session,
    /// For one transaction, with what the guide demands.
    Transaction,
}

/// A running PgBouncer; it ends with the value.
#[derive(Debug)]
pub struct Bouncer {
    _process: OwnedProcess,
    folder: TempDir,
    port: u16,
}

impl Bouncer {
    /// Starts one before a cluster, with so many server connections.
    pub async fn start(cluster: &Cluster, mode: PoolMode, size: u32) -> Self {
        let (folder, port) = (folder::temporary("bouncer"), free_port());
        let mode = match mode {
            PoolMode::Session => "pool_mode = session",
            PoolMode::Transaction => "pool_mode = transaction\nserver_reset_query_always = 1",
        };
        let configuration = format!(
            "[databases]\n* = host={localhost} port={} user=stories\n\n[pgbouncer]\nlisten_addr = {localhost}\n\
             listen_port = {port}\nauth_type = any\nunix_socket_dir =\n{mode}\nserver_reset_query = DISCARD ALL\n\
             default_pool_size = {size}\nmax_client_conn = 200\n",
            cluster.url().port().expect("a port"),
            localhost = Ipv4Addr::LOCALHOST,
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, configuration).expect("a configuration");
        give_away(folder.path());
        give_away(&file);
        // Debian keeps it out of the path of people.
        let program = ["/usr/sbin/pgbouncer", "pgbouncer"].into_iter().find(|path| fs::exists(path).unwrap_or(false));
        let log = fs::File::create(folder.path().join("log")).expect("a log file");
        let mut command = Command::new(program.unwrap_or("pgbouncer"));
        if let Some(user) = other_user() {
            command.args(["-u", user]);
        }
        command.arg(&file).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let process = OwnedProcess::spawn(&mut command, "`tests/run` installs pgbouncer.");
        let bouncer = Self { _process: process, folder, port };
        let answers = async || tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.ok().map(drop);
        wait::until("PgBouncer to listen", answers).await;
        bouncer
    }

    /// Where it is, as `database.url` takes it.
    pub fn url(&self) -> Url {
        Url::parse(&format!("postgres://stories@{}:{}/postgres", Ipv4Addr::LOCALHOST, self.port)).expect("a URL")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}
