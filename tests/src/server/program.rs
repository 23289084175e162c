//! Where the server's program is, and how it is called.

use std::env;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};

/// A call of the program in `folder` that sees `environment` and no configuration of whoever runs the tests.
pub(super) fn command(folder: &Path, environment: &[(String, String)]) -> Command {
    let mut command = Command::new(path());
    for (name, _) in env::vars_os() {
        if name.to_string_lossy().starts_with("LYSAND_AUTH_") {
            command.env_remove(name);
        }
    }
    command.current_dir(folder).envs(environment.iter().cloned());
    command
}

/// The program lies in the target folder, one level above the test that is running (`target/debug/deps/…`).
pub fn path() -> PathBuf {
    let test = env::current_exe().expect("a running test knows its own path");
    let folder = test.parent().and_then(Path::parent).expect("a test lies in target/PROFILE/deps");
    let program = folder.join(format!("reference-server{}", env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is missing. Build it with `cargo build -p reference-server`, or run `tests/run`, which does.",
        program.display()
    );
    program
}

/// A loopback port that nobody listens on.
///
/// The server's public URL contains its port, so the port is chosen before the server binds it. Ports below 32768 are not
/// handed out to outgoing connections: nothing takes this one between our look and the server's bind.
pub fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU32 = AtomicU32::new(0);

    // Two test programs that run side by side begin their search at different places.
    let start = process::id().wrapping_mul(97);
    (0..COUNT)
        .map(|_| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)))
        .filter_map(|candidate| u16::try_from(FIRST + candidate % COUNT).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of twelve thousand ports is free")
}
