//! The yardstick: an actix-web server whose one handler returns a fixed body and does nothing else.
//!
//! It runs as a process of its own, as the server under test does: this program started again with a hidden subcommand.
//! It has as many workers as the server, answers the same request, and its body has the same size.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, Command, Stdio};

use actix_web::{App, HttpResponse, HttpServer, web};

use crate::Outcome;
use crate::bearer::BEARER_PATH;

/// The running yardstick; it ends with the value, or with this program.
pub(crate) struct Baseline {
    child: Child,
    /// Held open: the child ends when it closes, even if this program is killed.
    _lifeline: Option<ChildStdin>,
    pub(crate) address: SocketAddr,
}

impl Baseline {
    /// Starts it with that many workers and a body of that many bytes.
    pub(crate) fn start(workers: usize, body: usize) -> Outcome<Baseline> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["baseline", "--workers", &workers.to_string(), "--body", &body.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let lifeline = child.stdin.take();
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let address = line.trim().parse();
        let bare =
            Baseline { child, _lifeline: lifeline, address: address.unwrap_or_else(|_| ([127, 0, 0, 1], 0).into()) };
        if bare.address.port() == 0 {
            return Err("the bare handler did not start".into());
        }
        Ok(bare)
    }
}

impl Drop for Baseline {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The child's side: serves until its standard input closes. Prints its address as the only line.
pub(crate) fn serve(workers: usize, body: usize) -> Outcome<()> {
    let text = web::Bytes::from("x".repeat(body));
    let server = HttpServer::new(move || {
        let text = text.clone();
        let handler = move || {
            let text = text.clone();
            async move { HttpResponse::Ok().content_type("application/json; charset=utf-8").body(text) }
        };
        App::new().route(BEARER_PATH, web::get().to(handler))
    })
    .workers(workers)
    .bind(("127.0.0.1", 0))?;
    println!("{}", server.addrs().first().ok_or("no address")?);
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    actix_web::rt::System::new().block_on(server.run())?;
    Ok(())
}
