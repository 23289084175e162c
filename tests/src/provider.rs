//! An identity provider that tells the truth, until a story makes it lie: one switch for each defect.

mod desk;
mod token;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use serde_json::{Value, json};
use url::Url;

pub use self::token::IN_THE_TOKEN;
use crate::story::query_of;
use crate::tls::PrivateCa;

/// This server's name there, and its secret: it holds what an encoding could break.
pub const CLIENT_ID: &str = "lysand test";
/// See [`CLIENT_ID`].
pub const CLIENT_SECRET: &str = "s3cret: +&%/é";

/// A way to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// `iss` of another issuer.
    WrongIssuer,
    /// `iss` with a slash more.
    IssuerWithSlash,
    /// `aud` of another client.
    WrongAudience,
    /// `aud` of us and of another client.
    ExtraAudience,
    /// No `aud`.
    NoAudience,
    /// `azp` of another client.
    WrongParty,
    /// `exp` is over.
    Expired,
    /// `exp` as text.
    ExpiryAsText,
    /// No `exp`.
    NoExpiry,
    /// `iat` to come.
    IssuedTomorrow,
    /// `iat` of yesterday.
    IssuedYesterday,
    /// `iat` as text.
    IssuedAsText,
    /// `nbf` to come.
    NotYet,
    /// Another nonce.
    WrongNonce,
    /// No nonce.
    NoNonce,
    /// `nonce` as a list.
    NonceAsList,
    /// `at_hash` of another access token.
    WrongAtHash,
    /// `at_hash` as a number.
    AtHashAsNumber,
    /// `alg: none` and no signature.
    Unsigned,
    /// `alg: none` with the signature left in place.
    UnsignedWithSignature,
    /// HS256 with the public key as its secret.
    MacWithPublicKey,
    /// HS256 with our client secret.
    MacWithOurSecret,
    /// Signed by another key under the right name.
    ForeignKey,
    /// Signed by another key that comes along in the header.
    KeyInHeader,
    /// The name of a key that nobody has.
    UnknownKeyId,
    /// One bit of the signature is another.
    BrokenSignature,
    /// The claims were changed after signing.
    ChangedClaims,
    /// Five parts, as an encrypted token has.
    Encrypted,
    /// Demands that nobody understands.
    Critical,
    /// Another type of token, with the right signature.
    AnotherType,
    /// `sub` stands twice.
    SubjectTwice,
    /// `sub` is empty.
    SubjectEmpty,
    /// `sub` is a number.
    SubjectNumber,
    /// `sub` is null.
    SubjectNull,
    /// No `sub`.
    NoSubject,
    /// `sub` is longer than any.
    SubjectLong,
    /// `email_verified` as text.
    VerifiedAsText,
    /// No ID token.
    NoIdToken,
    /// An ID token that is none.
    IdTokenGarbage,
    /// The token endpoint refuses, with markup in its words.
    TokenRefused,
    /// The token endpoint answers with a page.
    TokenPage,
    /// The token endpoint sends us elsewhere.
    TokenRedirect,
    /// The token endpoint says far too much.
    TokenHuge,
    /// The token endpoint never stops.
    TokenEndless,
    /// The token endpoint never begins.
    TokenSlow,
    /// The access token stands twice.
    TokenTwice,
    /// The access token holds a line break.
    TokenLineBreak,
    /// The token is no bearer token.
    TokenType,
    /// User info of another person.
    InfoOfAnother,
    /// User info of nobody.
    InfoOfNobody,
    /// User info in which `sub` stands twice.
    InfoTwice,
    /// User info as a page.
    InfoPage,
    /// User info elsewhere.
    InfoRedirect,
    /// User info that is far too much.
    InfoHuge,
    /// User info that fails.
    InfoFails,
    /// The document of another issuer.
    DocumentOfAnother,
    /// The document as a page.
    DocumentPage,
    /// The document elsewhere.
    DocumentRedirect,
    /// A document that is far too much.
    DocumentHuge,
    /// A document that never comes.
    DocumentSlow,
    /// A document that says a thing twice.
    DocumentTwice,
    /// A document that sends our secrets where no https is.
    DocumentFtp,
    /// No document.
    DocumentFails,
    /// No keys.
    KeysFail,
    /// Keys that are far too many.
    KeysMany,
    /// The callback names another issuer.
    CallbackOfAnother,
    /// The callback names no issuer, although the document promises it.
    CallbackOfNobody,
    /// The callback has neither code nor error.
    CallbackEmpty,
}

/// Somebody with an account at the provider.
#[derive(Clone, Debug)]
pub struct Guest {
    /// `sub`
    pub subject: String,
    /// `preferred_username`
    pub username: String,
    /// `email`
    pub email: String,
    /// `email_verified`
    pub email_verified: bool,
}

impl Guest {
    /// Somebody of this name, with an address that the provider vouches for.
    pub fn named(name: &str) -> Self {
        Self {
            subject: format!("subject of {name}"),
            username: name.to_owned(),
            email: format!("{name}@id.example"),
            email_verified: true,
        }
    }
}

/// A running provider. It ends when the value is dropped.
pub struct Provider {
    url: String,
    desk: web::Data<Desk>,
    handle: ServerHandle,
}

/// What its routes share.
struct Desk {
    url: String,
    key: SigningKey,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    defect: Option<Defect>,
    key: Option<SigningKey>,
    key_id: Option<String>,
    authentication: Option<&'static str>,
    codes: BTreeMap<String, Visit>,
    tokens: BTreeMap<String, Guest>,
    asked: Vec<&'static str>,
    now: i64,
}

/// A sign-in at the provider, until its code is redeemed.
#[derive(Clone)]
struct Visit {
    guest: Guest,
    nonce: Option<String>,
    challenge: String,
    callback: String,
}

impl Desk {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lies(&self, defect: Defect) -> bool {
        self.inner().defect == Some(defect)
    }

    fn key(&self) -> (SigningKey, String) {
        let inner = self.inner();
        (inner.key.clone().unwrap_or_else(|| self.key.clone()), inner.key_id.clone().unwrap_or_else(|| "one".into()))
    }
}

impl Provider {
    /// A provider that tells the truth, on a free loopback port.
    pub async fn start() -> Self {
        Self::serve(None).await
    }

    /// The same over TLS, on `https://localhost`, with a certificate of a private authority.
    pub async fn start_with_tls(ca: &PrivateCa) -> Self {
        Self::serve(Some(ca)).await
    }

    async fn serve(ca: Option<&PrivateCa>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("an address");
        let url = ca.map_or_else(|| format!("http://{addr}"), |_| format!("https://localhost:{}", addr.port()));
        let desk = web::Data::new(Desk { url: url.clone(), key: new_key(), inner: Mutex::default() });
        let shared = desk.clone();
        let server = HttpServer::new(move || App::new().app_data(shared.clone()).configure(desk::routes))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(0);
        let server = match ca {
            None => server.listen(listener),
            Some(ca) => {
                let tls = reference_server::tls::load(&ca.certificate, &ca.key).expect("a certificate and its key");
                server.listen_rustls_0_23(listener, tls)
            }
        };
        let server = server.expect("a server").run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, desk, handle }
    }

    /// Its issuer.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its entry in `oidc.providers`, with more keys.
    pub fn entry(&self, id: &str, more: &str) -> String {
        let (secret, url) = (CLIENT_SECRET, &self.url);
        format!(
            "{{ id = \"{id}\", name = \"The {id}\", url = \"{url}\", client_id = \"{CLIENT_ID}\", client_secret = \"{secret}\"{more} }}"
        )
    }

    /// Its entry in `oauth2.providers`: the same people, without OpenID Connect.
    pub fn plain_entry(&self, id: &str) -> String {
        let (secret, url) = (CLIENT_SECRET, &self.url);
        format!(
            "{{ id = \"{id}\", name = \"The {id}\", authorization_url = \"{url}/authorize\", token_url = \"{url}/token\", \
             userinfo_url = \"{url}/user\", client_id = \"{CLIENT_ID}\", client_secret = \"{secret}\", scopes = [\"read:user\"] }}"
        )
    }

    /// From now on it lies in this way, or tells the truth.
    pub fn lie(&self, defect: impl Into<Option<Defect>>) {
        self.desk.inner().defect = defect.into();
    }

    /// It signs with a new key from now on.
    pub fn rotate(&self, key_id: &str) {
        let mut inner = self.desk.inner();
        inner.key = Some(new_key());
        inner.key_id = Some(key_id.to_owned());
    }

    /// It takes client credentials in this way alone.
    pub fn take_only(&self, authentication: &'static str) {
        self.desk.inner().authentication = Some(authentication);
    }

    /// Its routes that were asked since the last time.
    pub fn asked(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.desk.inner().asked)
    }

    /// What a browser does there: it takes the request to the provider, somebody signs in, and it is sent back.
    pub fn visit(&self, location: &Url, guest: &Guest, now: i64) -> Url {
        let one = |name: &str| query_of(location, name);
        assert_eq!(one("client_id").as_deref(), Some(CLIENT_ID), "{location}");
        assert_eq!(one("response_type").as_deref(), Some("code"), "{location}");
        assert_eq!(one("code_challenge_method").as_deref(), Some("S256"), "{location}");
        let callback = one("redirect_uri").expect("a redirect_uri");
        let code = format!("code-{}", URL_SAFE_NO_PAD.encode(random::<12>()));
        let visit = Visit {
            guest: guest.clone(),
            nonce: one("nonce"),
            challenge: one("code_challenge").expect("a challenge"),
            callback: callback.clone(),
        };
        let mut inner = self.desk.inner();
        inner.now = now;
        inner.codes.insert(code.clone(), visit);
        let defect = inner.defect;
        drop(inner);
        let mut back = Url::parse(&callback).expect("a URL");
        {
            let mut pairs = back.query_pairs_mut();
            if defect != Some(Defect::CallbackEmpty) {
                pairs.append_pair("code", &code);
            }
            pairs.append_pair("state", &one("state").expect("a state"));
            match defect {
                Some(Defect::CallbackOfNobody) => {}
                Some(Defect::CallbackOfAnother) => {
                    pairs.append_pair("iss", "https://another.example");
                }
                _ => {
                    pairs.append_pair("iss", &self.url);
                }
            }
        }
        back
    }

    /// The same without `iss`, as providers do it that speak OAuth 2 alone.
    pub fn visit_plainly(&self, location: &Url, guest: &Guest, now: i64) -> Url {
        let back = self.visit(location, guest, now);
        let pairs: Vec<_> = back.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        let mut plain = back.clone();
        plain.query_pairs_mut().clear().extend_pairs(pairs);
        plain
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// A list of providers as a setting.
pub fn entries(entries: &[String]) -> String {
    format!("[{}]", entries.join(", "))
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes
}

fn new_key() -> SigningKey {
    SigningKey::from_bytes(&random())
}

fn as_jwk(key: &SigningKey, id: &str) -> Value {
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": id, "x": x })
}
