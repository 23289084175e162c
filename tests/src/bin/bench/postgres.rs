//! PostgreSQL for the measurement: a server that is given, or a throw-away cluster of our own.
//!
//! The cluster has the default settings of its version, durability included; only its address is ours (loopback, no
//! socket in the file system). Each installation gets a database of its own.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio_postgres::NoTls;
use url::Url;

use crate::Outcome;
use crate::server::{free_port, wait};

/// A cluster of our own must accept connections within this time.
const START_LIMIT: Duration = Duration::from_secs(30);
/// Making the files of a cluster may take this long.
const INIT_LIMIT: Duration = Duration::from_secs(60);
/// Unprivileged users that may own the files when this program runs as root, which PostgreSQL refuses.
const OWNERS: [&str; 2] = ["postgres", "nobody"];

/// A PostgreSQL server on which databases are made for this run, and removed after it.
pub(crate) struct Postgres {
    url: Url,
    made: Vec<String>,
    own: Option<Cluster>,
}

struct Cluster {
    child: Child,
    /// Removed after the child has ended.
    _folder: TempDir,
}

impl Postgres {
    /// `auto` starts a cluster of its own; anything else is the URL of a database whose user may create others.
    pub(crate) fn open(argument: &str) -> Outcome<Postgres> {
        if argument == "auto" {
            return own_cluster();
        }
        let postgres = Postgres { url: Url::parse(argument)?, made: Vec::new(), own: None };
        run(&postgres.url, "SELECT 1").map_err(|fault| format!("PostgreSQL at the given URL: {fault}"))?;
        Ok(postgres)
    }

    /// The URL of a new, empty database.
    pub(crate) fn database(&mut self) -> Outcome<String> {
        let name = format!("lysand_auth_bench_{}_{}", std::process::id(), self.made.len());
        run(&self.url, &format!("CREATE DATABASE {name}"))?;
        let mut url = self.url.clone();
        url.set_path(&name);
        self.made.push(name);
        Ok(url.into())
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.own.is_some() {
            return;
        }
        for name in &self.made {
            if let Err(fault) = run(&self.url, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")) {
                eprintln!("the database {name} is left behind: {fault}");
            }
        }
    }
}

impl Drop for Cluster {
    /// A fast shutdown, then a hard one. The files go anyway.
    fn drop(&mut self) {
        let _ = kill_process(Pid::from_child(&self.child), Signal::INT);
        if !matches!(wait(&mut self.child, Duration::from_secs(10)), Ok(Some(_))) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Makes and starts a cluster.
fn own_cluster() -> Outcome<Postgres> {
    let programs =
        programs().ok_or("no initdb found in PATH or below /usr/lib/postgresql: is PostgreSQL installed?")?;
    let folder = tempfile::Builder::new().prefix("lysand-auth-bench-pg-").tempdir()?;
    let owner = if fs::metadata(folder.path())?.uid() == 0 { Some(unprivileged()?) } else { None };
    let password = random_word()?;
    let password_file = folder.path().join("password");
    fs::write(&password_file, &password)?;
    if let Some((user, group)) = owner {
        chown(folder.path(), Some(user), Some(group))?;
        chown(&password_file, Some(user), Some(group))?;
    }
    let data = folder.path().join("data");
    let log = fs::File::create(folder.path().join("log"))?;
    let command = |name: &str| -> Outcome<Command> {
        let mut command = Command::new(programs.join(name));
        command.arg("-D").arg(&data).current_dir(folder.path()).env("LC_ALL", "C").stdin(Stdio::null());
        command.stdout(log.try_clone()?).stderr(log.try_clone()?);
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
        Ok(command)
    };
    let log_end = || fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    let mut making = command("initdb")?
        .args(["--username=bench", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync"])
        .arg(format!("--pwfile={}", password_file.display()))
        .spawn()?;
    if !wait(&mut making, INIT_LIMIT)?.is_some_and(|status| status.success()) {
        let _ = making.kill();
        let _ = making.wait();
        return Err(format!("initdb failed: {}", log_end()).into());
    }
    let port = free_port()?;
    let child = command("postgres")?
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
        .args(["-c", &format!("port={port}")])
        .spawn()?;
    let url = Url::parse(&format!("postgres://bench:{password}@127.0.0.1:{port}/postgres"))?;
    let mut cluster = Cluster { child, _folder: folder };
    let start = Instant::now();
    loop {
        match run(&url, "SELECT 1") {
            Ok(()) => return Ok(Postgres { url, made: Vec::new(), own: Some(cluster) }),
            Err(fault) if start.elapsed() > START_LIMIT || cluster.child.try_wait()?.is_some() => {
                return Err(format!("the PostgreSQL cluster did not start: {fault}").into());
            }
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// The folder with `initdb` and `postgres`: one in PATH, else the newest of the distribution's.
fn programs() -> Option<PathBuf> {
    let has = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    let path = std::env::var_os("PATH").unwrap_or_default();
    if let Some(folder) = std::env::split_paths(&path).find(|folder| has(folder)) {
        return Some(folder);
    }
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
    let numbered = versions.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        let folder = entry.path().join("bin");
        has(&folder).then_some((version, folder))
    });
    numbered.max().map(|(_, folder)| folder)
}

/// User and group of an unprivileged account of this system.
fn unprivileged() -> Outcome<(u32, u32)> {
    let accounts = fs::read_to_string("/etc/passwd")?;
    let of = |name: &str| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    OWNERS.into_iter().find_map(of).ok_or_else(|| "no unprivileged account to run PostgreSQL as".into())
}

/// A word nobody can guess.
fn random_word() -> Outcome<String> {
    let mut bytes = [0_u8; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// One statement on a connection of its own.
fn run(url: &Url, statement: &str) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
        let connection = tokio::spawn(connection);
        client.batch_execute(statement).await?;
        drop(client);
        connection.await??;
        Ok(())
    })
}
