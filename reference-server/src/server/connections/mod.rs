//! Connections: how they are accepted, what bounds each of them, and how many there may be (faults F1, F2, F16).
//!
//! The framework trusts its peers: it decodes every request of its read buffer before it answers the first, waits for ever for a
//! client that does not read, and knows no limit by address. `docs/decisions/connections.md` tells what is done about it.

mod framing;
mod http2;
mod meter;
mod places;
mod stream;

use std::future::ready;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_http::body::{BoxBody, MessageBody};
use actix_http::{Extensions, HttpService, Protocol, Request, Response};
use actix_server::{GracefulShutdownSignal, ServerBuilder};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, fn_factory, map_config};
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use futures_util::future::LocalBoxFuture;
use rustls::ServerConfig;
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;

use self::http2::Http2;
use self::meter::HEAD_TIMEOUT;
pub(super) use self::meter::{Answering, Meter};
use self::places::{Limits, Places};
use self::stream::BoundedStream;
use crate::settings::Http;

/// How long a connection may be idle; short enough that idle ones do not hold up the end of the process.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a connection may take to end, and the client to read why.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a TLS handshake may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(3);
/// TLS handshakes at the same time.
const MAX_HANDSHAKES: usize = 256;
/// Connections that the system may hold while all workers are busy.
const BACKLOG: i32 = 1024;
/// What the system keeps of a response that the client does not read. It is memory as well, though not the process's.
const SEND_BUFFER: usize = 256 * 1024;

/// What all workers share.
#[derive(Clone)]
pub(super) struct Connections {
    places: Arc<Places>,
    handshakes: Arc<Semaphore>,
    tls: Option<TlsAcceptor>,
    max_connections: usize,
    max_streams: u32,
    write_timeout: Duration,
}

/// Listens on an address.
pub(super) fn listen(addr: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    // Accepted sockets inherit it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

impl Connections {
    pub(super) fn new(settings: &Http, tls: Option<ServerConfig>) -> Self {
        let limits = Limits {
            connections: settings.max_connections,
            per_address: settings.max_connections_per_address,
            trusted_proxies: settings.trusted_proxies.clone(),
        };
        let tls = tls.map(|mut config| {
            config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
            TlsAcceptor::from(Arc::new(config))
        });
        Self {
            places: Arc::new(Places::new(limits)),
            handshakes: Arc::new(Semaphore::new(MAX_HANDSHAKES)),
            tls,
            max_connections: settings.max_connections,
            max_streams: settings.max_streams,
            write_timeout: settings.write_timeout,
        }
    }

    /// Serves what `app` makes, once for each worker, on `listener`.
    pub(super) fn serve<F, I, S, B>(
        self,
        server: ServerBuilder,
        listener: std::net::TcpListener,
        app: F,
    ) -> io::Result<ServerBuilder>
    where
        F: Fn() -> I + Send + Clone + 'static,
        I: IntoServiceFactory<S, Request>,
        S: ServiceFactory<Request, Config = AppConfig> + 'static,
        S::Response: Into<Response<B>> + 'static,
        S::Error: Into<Response<BoxBody>> + 'static,
        S::InitError: std::fmt::Debug,
        S::Service: 'static,
        <S::Service as Service<Request>>::Future: 'static,
        B: MessageBody + 'static,
    {
        let stopping = server.graceful_shutdown_signal();
        server.max_concurrent_connections(self.max_connections).listen("http", listener, move || {
            let (connections, stopping) = (self.clone(), stopping.clone());
            let app = Rc::new(map_config(app().into_factory(), |()| AppConfig::default()));
            fn_factory(move || worker(Rc::clone(&app), connections.clone(), stopping.clone()))
        })
    }
}

/// Makes the service of one worker: takes connections, and hands their requests to one instance of the application.
async fn worker<A, B>(
    app: Rc<A>,
    connections: Connections,
    stopping: GracefulShutdownSignal,
) -> Result<Worker<impl Service<Accepted, Response = ()> + 'static, A::Service, B>, ()>
where
    A: ServiceFactory<Request, Config = ()> + 'static,
    A::Response: Into<Response<B>> + 'static,
    A::Error: Into<Response<BoxBody>> + 'static,
    A::InitError: std::fmt::Debug,
    A::Service: 'static,
    <A::Service as Service<Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let no_service = |error: A::InitError| tracing::error!(?error, "the application cannot be built");
    let service = Rc::new(app.new_service(()).await.map_err(no_service)?);
    let (shared, signal) = (Rc::clone(&service), stopping.clone());
    let http1 = HttpService::build()
        .graceful_shutdown_signal(move || {
            let signal = signal.clone();
            async move { signal.notified().await }
        })
        .keep_alive(IDLE_TIMEOUT)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .on_connect_ext(|io: &BoundedStream<Transport>, data: &mut Extensions| {
            data.insert(Rc::clone(io.meter()));
        })
        .finish(fn_factory(move || ready(Ok::<_, ()>(Rc::clone(&shared)))))
        .new_service(())
        .await?;
    let (max_streams, write_timeout) = (connections.max_streams, connections.write_timeout);
    let http2 = Rc::new(Http2::new(service, max_streams, write_timeout));
    Ok(Worker { connections, http1: Rc::new(http1), http2, stopping })
}

/// What carries the bytes of a connection: the network, or TLS over it.
trait Carrier: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Carrier for T {}
type Transport = Box<dyn Carrier>;

/// A connection as the framework takes it.
type Accepted = (BoundedStream<Transport>, Protocol, Option<SocketAddr>);

/// The connections of one worker.
struct Worker<H, S, B> {
    connections: Connections,
    http1: Rc<H>,
    http2: Rc<Http2<S, B>>,
    stopping: GracefulShutdownSignal,
}

impl<H, S, B> Service<TcpStream> for Worker<H, S, B>
where
    H: Service<Accepted, Response = ()> + 'static,
    S: Service<Request> + 'static,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody + 'static,
{
    type Response = ();
    type Error = H::Error;
    type Future = LocalBoxFuture<'static, Result<(), H::Error>>;

    fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<Result<(), H::Error>> {
        self.http1.poll_ready(cx)
    }

    fn call(&self, tcp: TcpStream) -> Self::Future {
        let (connections, http1, http2) = (self.connections.clone(), Rc::clone(&self.http1), Rc::clone(&self.http2));
        let stopping = self.stopping.clone();
        Box::pin(async move {
            let Ok(peer) = tcp.peer_addr() else { return Ok(()) };
            let Some(place) = connections.places.wait(peer.ip()).await else { return Ok(()) };
            let (meter, write_timeout) = (Meter::new(place), connections.write_timeout);
            let watch = Rc::clone(&meter);
            // A task of its own: the framework begins the time of an idle connection anew whenever it is woken.
            let mut serving = actix_web::rt::spawn(async move {
                let Some((io, is_http2)) = connections.open(tcp).await else { return };
                // What ends a connection too early is the client's business.
                if is_http2 {
                    let io = BoundedStream::http2(io, meter);
                    let _ = http2.serve(io, Some(peer), stopping.notified()).await;
                } else {
                    let io = BoundedStream::http1(io, meter);
                    let _ = http1.call((io, Protocol::Http1, Some(peer))).await;
                }
            });
            tokio::select! {
                _ = &mut serving => {}
                () = watch.watch(write_timeout) => serving.abort(),
            }
            Ok(())
        })
    }
}

impl Connections {
    /// Makes the TLS handshake where there is one; whether the client wants HTTP/2.
    async fn open(&self, tcp: TcpStream) -> Option<(Transport, bool)> {
        let Some(acceptor) = &self.tls else { return Some((Box::new(tcp), false)) };
        let handshake = async {
            let _turn = self.handshakes.acquire().await.ok()?;
            acceptor.accept(tcp).await.ok()
        };
        let tls = tokio::time::timeout(HANDSHAKE_TIMEOUT, handshake).await.ok()??;
        let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        Some((Box::new(tls), is_http2))
    }
}
