//! A TCP proxy between two programs that a test can silence or cut, and that counts connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// What happens to what is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It arrives.
    Open,
    /// It vanishes, and nobody is told: as behind a firewall that forgot its connections.
    Silent,
    /// Connections end, and new ones too.
    Cut,
    /// The proxy is taken away.
    Gone,
}

/// A TCP relay on loopback, on a thread of its own. A connection that was silenced stays silent for ever.
#[derive(Debug)]
pub struct TcpProxy {
    addr: SocketAddr,
    state: watch::Sender<State>,
    accepted: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl TcpProxy {
    /// Relays to `target`, as host and port.
    pub fn to(target: &str) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
        listener.set_nonblocking(true).expect("a listener of the runtime's kind");
        let addr = listener.local_addr().expect("an address");
        let (state, seen) = watch::channel(State::Open);
        let target = target.to_owned();
        let accepted = Arc::default();
        let counter = Arc::clone(&accepted);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                relay(listener, target, seen, &counter).await;
            });
        });
        Self { addr, state, accepted, thread: Some(thread) }
    }

    /// Relays to the host and port of `url`; answers with the proxy and with the URL that leads through it.
    pub fn before(url: &Url) -> (Self, Url) {
        let host = url.host_str().expect("a host");
        let proxy = Self::to(&format!("{host}:{}", url.port().unwrap_or(5432)));
        let mut through = url.clone();
        through.set_host(Some("127.0.0.1")).expect("a host fits");
        through.set_port(Some(proxy.addr.port())).expect("a port fits");
        (proxy, through)
    }

    /// The port that it listens on.
    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }

    /// From now on nothing arrives, on new connections as on old ones.
    pub fn silence(&self) {
        self.state.send_replace(State::Silent);
    }

    /// Ends all connections, and new ones as soon as they are made.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// New connections work again.
    pub fn restore(&self) {
        self.state.send_replace(State::Open);
    }
}

impl Drop for TcpProxy {
    fn drop(&mut self) {
        self.state.send_replace(State::Gone);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn relay(listener: TcpListener, target: String, mut state: watch::Receiver<State>, count: &AtomicUsize) {
    let mut connections = JoinSet::new();
    let seen = state.clone();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                if let Ok((stream, _)) = accepted {
                    count.fetch_add(1, Ordering::Relaxed);
                    connections.spawn(carry(stream, target.clone(), seen.clone()));
                }
            }
            _ = state.wait_for(|state| *state == State::Gone) => return,
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn carry(mut near: TcpStream, target: String, mut state: watch::Receiver<State>) {
    let relayed = async {
        let mut far = TcpStream::connect(&target).await?;
        copy_bidirectional(&mut near, &mut far).await
    };
    let disturbed = *tokio::select! {
        disturbed = state.wait_for(|state| *state != State::Open) => disturbed.expect("the proxy outlives its connections"),
        _ = relayed => return,
    };
    if disturbed == State::Silent {
        // Held open, and nothing passes.
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let addr = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await
                });
            }
        });
        addr
    }

    /// What comes back: something, nothing for now, or the end.
    async fn said(stream: &mut TcpStream) -> Option<usize> {
        let _ = stream.write_all(b"x").await;
        let mut byte = [0];
        let heard = tokio::time::timeout(Duration::from_millis(200), stream.read(&mut byte));
        heard.await.ok().map(|read| read.unwrap_or(0))
    }

    #[tokio::test]
    async fn test_network_relay_forwards_goes_silent_cuts_and_recovers() {
        let proxy = TcpProxy::to(&echo().await.to_string());
        let connect = async || TcpStream::connect(proxy.addr).await.expect("a connection");
        let mut first = connect().await;
        assert_eq!((said(&mut first).await, proxy.connections()), (Some(1), 1));
        proxy.silence();
        let mut second = connect().await;
        assert_eq!((said(&mut first).await, said(&mut second).await), (None, None));
        proxy.restore();
        let mut third = connect().await;
        assert_eq!((said(&mut first).await, said(&mut third).await), (None, Some(1)));
        proxy.cut();
        let mut fourth = connect().await;
        assert_eq!((said(&mut third).await, said(&mut fourth).await), (Some(0), Some(0)));
    }
}
