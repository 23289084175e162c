//! chromedriver: the process that starts Chromium and steers it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;
use tempfile::TempDir;

use super::appearance::{Appearance, capabilities};
use crate::process::OwnedProcess;
use crate::{folder, wait};

const STARTED: &str = "started successfully on port ";
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Driver {
    port: u16,
    process: OwnedProcess,
    // Holds the browser's profile, which must outlive the process: fields drop in this order.
    _folder: TempDir,
    profile: PathBuf,
}

impl Driver {
    pub(super) async fn start() -> Self {
        let folder = folder::temporary("browser");
        let log = folder.path().join("driver.log");
        let output = File::create(&log).expect("a log file");

        let mut command = Command::new("chromedriver");
        command.arg("--port=0").stdin(Stdio::null()).stdout(output).stderr(Stdio::null());
        // What Chromium leaves in the home folder and among the temporary files goes with the profile.
        command.env("HOME", folder.path()).env("TMPDIR", folder.path());
        let process = OwnedProcess::spawn(
            &mut command,
            "Install Chromium and its driver, or run `tests/run`, which does. `tests/run --fast` needs no browser.",
        );
        let port = wait::until("chromedriver to name its port", async || announced_port(&log)).await;
        Self { port, process, profile: folder.path().join("profile"), _folder: folder }
    }

    pub(super) fn profile(&self) -> &Path {
        &self.profile
    }

    pub(super) async fn new_session(&self, appearance: Appearance) -> Client {
        let Value::Object(capabilities) = capabilities(appearance, &self.profile) else {
            unreachable!("capabilities are an object");
        };
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", self.port))
            .await
            .unwrap_or_else(|error| panic!("Chromium did not start: {error}"))
    }

    /// Asks the driver to end its browser and itself. Without the request the browser would stay behind.
    fn shut_down(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(STOP_TIMEOUT))?;
        stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        match self.shut_down() {
            Ok(()) => drop(self.process.wait(STOP_TIMEOUT)),
            Err(error) => eprintln!("chromedriver did not shut down: {error}"),
        }
    }
}

/// chromedriver picks a free port and says so: `ChromeDriver was started successfully on port 40123.`
fn announced_port(log: &Path) -> Option<u16> {
    let text = fs::read_to_string(log).ok()?;
    let (_, rest) = text.split_once(STARTED)?;
    let (port, _) = rest.split_once('.')?;
    port.parse().ok()
}
