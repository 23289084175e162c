//! An OpenID app that somebody else wrote: it checks tokens by the published keys, and is told when a session is over.

use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::header::LOCATION;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use url::Url;

use crate::tls::PrivateCa;

/// Header and claims of a token.
#[track_caller]
pub fn parts(token: &str) -> (Value, Value) {
    let part = |at: usize| decoded(token.split('.').nth(at).expect("three parts"));
    let json = |bytes: Vec<u8>| serde_json::from_slice(&bytes).expect("JSON");
    (json(part(0)), json(part(1)))
}

/// Header and claims of a token that one of the keys signed which it names; `None` for all others.
pub fn verified(keys: &Value, token: &str) -> Option<(Value, Value)> {
    let (header, claims) = parts(token);
    let key = keys["keys"].as_array()?.iter().find(|key| key["kid"] == header["kid"] && key["alg"] == header["alg"])?;
    let (message, signature) = token.rsplit_once('.')?;
    let (message, signature) = (message.as_bytes(), decoded(signature));
    let member = |name: &str| decoded(key[name].as_str().unwrap_or_default());
    let is_signed = match header["alg"].as_str()? {
        "RS256" => RsaPublicKeyComponents { n: member("n"), e: member("e") }
            .verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
            .is_ok(),
        "EdDSA" => UnparsedPublicKey::new(&ED25519, member("x")).verify(message, &signature).is_ok(),
        _ => false,
    };
    is_signed.then_some((header, claims))
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).expect("base64url")
}

/// What an app was told.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where.
    pub path: String,
    /// The type of the body.
    pub content_type: String,
    /// `logout_token`.
    pub token: String,
}

/// The end of an app where it is told that sessions are over, on `https://localhost`. Its path says how it behaves: `/told` answers
/// well, `/refuses` with 500, `/redirects` leads to `/told`, `/slow` takes two seconds, `/hangs` takes a minute, `/floods` sends
/// without end.
pub struct BackChannel {
    addr: SocketAddr,
    url: String,
    told: web::Data<Mutex<Vec<Told>>>,
    visits: web::Data<Mutex<Vec<Url>>>,
    handle: ServerHandle,
}

impl BackChannel {
    /// Begins to listen, with a certificate of a private authority.
    pub async fn start(ca: &PrivateCa) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("an address");
        let url = format!("https://localhost:{}", addr.port());
        let (told, visits) = (web::Data::new(Mutex::new(Vec::new())), web::Data::new(Mutex::new(Vec::new())));
        let shared = (told.clone(), visits.clone());
        let app = move || App::new().app_data(shared.0.clone()).app_data(shared.1.clone());
        let server =
            HttpServer::new(move || app().route("/{path:.*}", web::get().to(visit)).default_service(web::to(hear)))
                .workers(1)
                .disable_signals()
                .shutdown_timeout(0);
        let tls =
            reference_server::tls::Certificate::load(&ca.certificate, &ca.key).expect("a certificate and its key");
        let server = server.listen_rustls_0_23(listener, tls.server_config().expect("TLS")).expect("a server").run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { addr, url, told, visits, handle }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its origin.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where a browser came back to it, in that order.
    pub fn visits(&self) -> Vec<Url> {
        self.visits.lock().expect("nobody panics here").clone()
    }

    /// What it was told so far.
    pub fn told(&self) -> Vec<Told> {
        self.told.lock().expect("nobody panics here").clone()
    }
}

impl Drop for BackChannel {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

async fn visit(visits: web::Data<Mutex<Vec<Url>>>, req: HttpRequest) -> HttpResponse {
    if req.path() != "/favicon.ico" {
        let url = req.full_url();
        visits.lock().expect("nobody panics here").push(url);
    }
    HttpResponse::Ok().body("Back at the app.")
}

async fn hear(told: web::Data<Mutex<Vec<Told>>>, req: HttpRequest, body: web::Bytes) -> HttpResponse {
    let mut fields = form_urlencoded::parse(&body);
    let token = fields.find(|(name, _)| name == "logout_token").map(|(_, value)| value.into_owned());
    let content_type = req.headers().get("content-type").and_then(|value| value.to_str().ok());
    let heard = Told {
        path: req.path().to_owned(),
        content_type: content_type.unwrap_or_default().to_owned(),
        token: token.unwrap_or_default(),
    };
    told.lock().expect("nobody panics here").push(heard);
    match req.path() {
        "/refuses" => HttpResponse::InternalServerError().finish(),
        "/redirects" => HttpResponse::TemporaryRedirect().insert_header((LOCATION, "/told")).finish(),
        "/slow" => {
            tokio::time::sleep(Duration::from_secs(2)).await;
            HttpResponse::Ok().finish()
        }
        "/hangs" => {
            tokio::time::sleep(Duration::from_secs(60)).await;
            HttpResponse::Ok().finish()
        }
        "/floods" => HttpResponse::Ok().streaming(futures_util::stream::repeat_with(|| {
            Ok::<_, actix_web::Error>(web::Bytes::from_static(&[b'x'; 16 * 1024]))
        })),
        _ => HttpResponse::Ok().finish(),
    }
}
