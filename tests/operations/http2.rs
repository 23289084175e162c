//! HTTP/2 over TLS: its requests are answered, and its limits hold (faults F2, F16).

use std::time::Duration;

use h2::client::SendRequest;
use http02::{Request, StatusCode};
use tests::ServerProcess;
use tests::http::connect_tls;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// When the server must have disconnected who reads nothing: ten seconds, and some for a busy machine.
const DISCONNECTED: Duration = Duration::from_secs(14);

type Sender = SendRequest<actix_web::web::Bytes>;

/// A connection on which the client takes `window` bytes of each response.
async fn open(server: &ServerProcess, window: u32) -> (Sender, JoinHandle<()>) {
    let ca = server.ca().expect("certificates");
    let io = connect_tls(server.port(), ca, "h2").await;
    let mut builder = h2::client::Builder::new();
    let (sender, connection) = builder.initial_window_size(window).handshake(io).await.expect("a connection");
    let running = tokio::spawn(async move {
        let _ = connection.await;
    });
    (sender, running)
}

fn get(server: &ServerProcess, path: &str) -> Request<()> {
    Request::get(server.url(path).as_str()).body(()).expect("a request")
}

/// The status of a response, and its body.
async fn ask(sender: &Sender, request: Request<()>, body: &[u8]) -> Result<(StatusCode, Vec<u8>), h2::Error> {
    let mut sender = sender.clone().ready().await?;
    let (response, mut stream) = sender.send_request(request, body.is_empty())?;
    if !body.is_empty() {
        stream.send_data(body.to_vec().into(), true)?;
    }
    let (head, mut body) = response.await?.into_parts();
    let mut bytes = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        let _ = body.flow_control().release_capacity(piece.len());
        bytes.extend_from_slice(&piece);
    }
    // A head that is too large is refused below the application.
    let is_below = head.status == StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    assert!((is_below || head.headers.contains_key("date")) && !head.headers.contains_key("connection"), "{head:?}");
    if let Some(length) = head.headers.get("content-length") {
        assert_eq!(length.to_str().ok(), Some(bytes.len().to_string().as_str()));
    }
    Ok((head.status, bytes))
}

#[tokio::test]
async fn http2_requests_are_answered_many_at_a_time() {
    let server = ServerProcess::builder().with_tls().start().await;
    let (sender, _running) = open(&server, 65_535).await;
    let (status, body) = ask(&sender, get(&server, "/health"), b"").await.expect("an answer");
    assert_eq!((status, body.as_slice()), (StatusCode::OK, &br#"{"status":"ok"}"#[..]));
    let form = format!("client_name=Two&redirect_uris=https://a.example/&scopes=read&more={}", "a".repeat(50_000));
    let post = Request::post(server.url("/api/v1/apps").as_str())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(())
        .expect("a request");
    let (status, body) = ask(&sender, post, form.as_bytes()).await.expect("an answer");
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&body));
    let styles = (0..300).map(|_| ask(&sender, get(&server, "/assets/style.css"), b""));
    for answer in futures_util::future::join_all(styles).await {
        let (status, body) = answer.expect("an answer");
        assert!(status == StatusCode::OK && body.len() > 1_000);
    }
}

#[tokio::test]
async fn http2_limits_of_streams_heads_and_repeated_headers_hold() {
    let mut server = ServerProcess::builder().with_tls().set("http.max_streams", "7").start().await;
    let (sender, _running) = open(&server, 65_535).await;
    ask(&sender, get(&server, "/health"), b"").await.expect("an answer");
    let (full, _also_running) = open(&server, 0).await;
    // A response that is dropped gives its stream back; the limit is known once the server has said something.
    let mut open_responses = Vec::new();
    for _ in 0..7 {
        let mut ready = full.clone().ready().await.expect("a connection");
        let head = ready.send_request(get(&server, "/assets/style.css"), true).expect("sent").0;
        open_responses.push(head.await.expect("an answer"));
    }
    let mut ready = full.clone().ready().await.expect("a connection");
    let eighth = ready.send_request(get(&server, "/assets/style.css"), true).expect("sent").0;
    assert!(timeout(Duration::from_millis(500), eighth).await.is_err(), "an eighth stream is open");
    drop(open_responses);
    let mut large = get(&server, "/health");
    large.headers_mut().insert("x-large", "v".repeat(40_000).parse().expect("a value"));
    let mut long = get(&server, "/health");
    let name = http02::HeaderName::try_from("n".repeat(60_000)).expect("a name");
    long.headers_mut().insert(name, "v".parse().expect("a value"));
    for request in [large, long] {
        match ask(&sender, request, b"").await {
            Ok((status, _)) => assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            Err(error) => assert!(error.is_remote() || error.is_reset(), "{error}"),
        }
    }
    let (sender, _running) = open(&server, 65_535).await;
    let mut twice = get(&server, "/health");
    twice.headers_mut().append("authorization", "Bearer a".parse().expect("a value"));
    twice.headers_mut().append("authorization", "Bearer b".parse().expect("a value"));
    assert_eq!(ask(&sender, twice, b"").await.expect("an answer").0, StatusCode::BAD_REQUEST);
    let declared = Request::post(server.url("/oauth/token").as_str()).header("content-length", "10737418240");
    let mut ready = sender.ready().await.expect("a connection");
    let (response, _stream) = ready.send_request(declared.body(()).expect("a request"), false).expect("sent");
    let status = timeout(Duration::from_secs(3), response).await.expect("in time").expect("an answer").status();
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(server.ended().is_none() && !server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn http2_reader_with_window_zero_is_disconnected_in_time() {
    let server = ServerProcess::builder().with_tls().start().await;
    let (sender, running) = open(&server, 0).await;
    let mut responses = Vec::new();
    for _ in 0..50 {
        let mut ready = sender.clone().ready().await.expect("a connection");
        responses.push(ready.send_request(get(&server, "/assets/style.css"), true).expect("sent").0);
    }
    timeout(DISCONNECTED, running).await.expect("closed in time").expect("no panic");
}
