//! A PostgreSQL cluster of a test's own, which it may stop and start. It ends with the value.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use url::Url;

use crate::folder;
use crate::server::free_port;

/// A cluster on loopback in a temporary folder.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    port: u16,
    options: String,
    /// What the cluster reads beside its own folder; it goes with the value.
    files: Option<TempDir>,
}

impl Cluster {
    /// Makes a cluster that need not survive a power cut, and starts it.
    pub fn start() -> Self {
        Self::start_with("-c fsync=off")
    }

    /// Makes a cluster with the default settings of its version, durability included, and starts it.
    pub fn start_durable() -> Self {
        Self::start_with("")
    }

    /// Makes a cluster that speaks TLS with this certificate, as Debian installs it.
    pub fn start_with_tls(certificate: &str, key: &str) -> Self {
        let files = folder::temporary("cluster-tls");
        let write = |name: &str, text: &str| {
            let path = files.path().join(name);
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
            give_away(&path);
            path.display().to_string()
        };
        give_away(files.path());
        let (certificate, key) = (write("server.pem", certificate), write("server.key", key));
        let options = format!("-c fsync=off -c ssl=on -c ssl_cert_file={certificate} -c ssl_key_file={key}");
        let mut cluster = Self::start_with(&options);
        cluster.files = Some(files);
        cluster
    }

    fn start_with(options: &str) -> Self {
        let (folder, port) = (folder::temporary("cluster"), free_port());
        let cluster = Self { folder, programs: programs(), port, options: options.to_owned(), files: None };
        give_away(cluster.folder.path());
        let data = cluster.data();
        cluster.run("initdb", &["-D", &data, "-U", "stories", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]);
        cluster.start_again();
        cluster
    }

    /// Where it is, as `database.url` takes it.
    pub fn url(&self) -> Url {
        Url::parse(&format!("postgres://stories@{}:{}/postgres", Ipv4Addr::LOCALHOST, self.port)).expect("a URL")
    }

    /// Writes the rules of who may connect, and lets the cluster read them.
    pub fn admit(&self, rules: &str) {
        fs::write(self.folder.path().join("data/pg_hba.conf"), rules).expect("the rules");
        self.run("pg_ctl", &["-D", &self.data(), "-s", "reload"]);
    }

    /// Stops it at once, in the middle of whatever runs.
    pub fn stop(&self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "-w", "-s", "stop"]);
    }

    /// Starts it again and waits until it answers.
    pub fn start_again(&self) {
        let options = format!(
            "-c listen_addresses={} -c port={} -c unix_socket_directories={} {}",
            Ipv4Addr::LOCALHOST,
            self.port,
            self.folder.path().display(),
            self.options
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

/// Lets whom the cluster runs as own a file or folder.
pub(super) fn give_away(path: &std::path::Path) {
    if let Some(user) = other_user() {
        let owner = Command::new("chown").arg(user).arg(path).status();
        assert!(owner.is_ok_and(|status| status.success()), "{} cannot be given to {user}", path.display());
    }
}

/// Where `initdb` and `pg_ctl` are: Debian keeps them out of PATH, the newest version last.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut debian: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    debian.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&path).chain(debian.into_iter().rev());
    let has_both = |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file());
    all.into_iter().find(has_both).expect("PostgreSQL's initdb and pg_ctl; `tests/run` installs them")
}

/// Whom to run the cluster as, when we are root.
pub(super) fn other_user() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    Some(if users.lines().any(|line| line.starts_with("postgres:")) { "postgres" } else { "nobody" })
}
