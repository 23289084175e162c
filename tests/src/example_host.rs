//! The library's example hosts as running programs.

use std::process::{Command, Stdio};

use tempfile::TempDir;
use url::Url;

use crate::http::http_client;
use crate::process::OwnedProcess;
use crate::server::free_port;
use crate::{folder, wait};

/// A running example. It stops, and its folder vanishes, when the value is dropped.
#[derive(Debug)]
pub struct ExampleHost {
    _process: OwnedProcess,
    base_url: Url,
    // Below the process, so that it ends first.
    _folder: TempDir,
}

impl ExampleHost {
    /// Starts the example of this name, and waits until it answers.
    pub async fn start(name: &str) -> Self {
        let (folder, port) = (folder::temporary(name), free_port());
        let program = folder::programs().join("examples").join(name);
        let mut command = Command::new(program);
        command.arg(folder.path()).arg(port.to_string()).stdin(Stdio::null());
        let process = OwnedProcess::spawn(&mut command, "`cargo build -p lysand-auth --examples` builds it.");
        let base_url = Url::parse(&format!("http://localhost:{port}")).expect("a URL");
        let client = http_client(None);
        let is_there = wait::within(wait::TIMEOUT, async || client.get(base_url.clone()).send().await.ok());
        is_there.await.expect("the example answers in time");
        Self { _process: process, base_url, _folder: folder }
    }

    /// Where it answers.
    pub fn base_url(&self) -> &Url {
        &self.base_url
    }
}
