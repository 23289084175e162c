//! A PostgreSQL cluster of a test's own, which it may stop and start. It ends with the value.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;
use tests::server::free_port;

/// A cluster on loopback in a temporary folder.
pub(crate) struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
}

impl Cluster {
    /// Makes a cluster and starts it.
    pub(crate) fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("cluster-").tempdir().expect("a temporary folder");
        let cluster = Self { folder, programs: programs(), port: free_port() };
        if let Some(user) = other_user() {
            let owner = Command::new("chown").arg(user).arg(cluster.folder.path()).status();
            assert!(owner.is_ok_and(|status| status.success()), "the folder cannot be given to {user}");
        }
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "stories", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        cluster.start_again();
        cluster
    }

    /// Where it is, as `database.url` takes it.
    pub(crate) fn url(&self) -> String {
        format!("postgres://stories@{}:{}/postgres", Ipv4Addr::LOCALHOST, self.port)
    }

    /// Stops it at once, in the middle of whatever runs.
    pub(crate) fn stop(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "-s", "stop"]);
    }

    /// Starts it again and waits until it answers.
    pub(crate) fn start_again(&self) {
        let options = format!(
            "-c listen_addresses={} -c port={} -c unix_socket_directories={} -c fsync=off",
            Ipv4Addr::LOCALHOST,
            self.port,
            self.folder.path().display()
        );
        let log = self.folder.path().join("log").display().to_string();
        self.run("pg_ctl", &["-D", &self.data(), "-l", &log, "-w", "-s", "-o", &options, "start"]);
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// Runs one of PostgreSQL's programs; as another user when we are root, which PostgreSQL refuses to be.
    fn run(&self, program: &str, arguments: &[&str]) {
        let status = self.command(program, arguments).status();
        assert!(status.is_ok_and(|status| status.success()), "{program} failed: {}", self.log());
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let program = self.programs.join(program);
        let mut command = match other_user() {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(program);
                command
            }
            None => Command::new(program),
        };
        // Nothing that outlives the call may hold on to our output.
        command.args(arguments).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It may be stopped already.
        let _ = self.command("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "-s", "stop"]).status();
    }
}

/// Where `initdb` and `pg_ctl` are: Debian keeps them out of PATH.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = debian.chain(std::env::split_paths(&path));
    let has_both = |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file());
    all.into_iter().find(has_both).expect("PostgreSQL's initdb and pg_ctl; `tests/run` installs them")
}

/// Whom to run the cluster as, when we are root.
fn other_user() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string(Path::new("/etc/passwd")).unwrap_or_default();
    Some(if users.lines().any(|line| line.starts_with("postgres:")) { "postgres" } else { "nobody" })
}
