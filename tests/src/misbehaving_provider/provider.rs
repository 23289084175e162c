//! The running provider, and what a browser does there.

use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use url::Url;

use super::defect::Defect;
use super::habit::Difference;
use super::routes;
use super::state::{Authorization, CLIENT_ID, CLIENT_SECRET, ProviderUser, State, new_key, random};
use crate::http::query_of;
use crate::tls::PrivateCa;

/// A running provider. It ends when the value is dropped.
pub struct Provider {
    url: String,
    addr: SocketAddr,
    state: web::Data<State>,
    handle: ServerHandle,
}

impl Provider {
    /// A provider that does not misbehave, on a free loopback port.
    pub async fn start() -> Self {
        Self::serve(None, None).await
    }

    /// The same over TLS, on `https://localhost`, with a certificate of a private authority.
    pub async fn start_with_tls(ca: &PrivateCa) -> Self {
        Self::serve(Some(ca), None).await
    }

    /// The same under a name that leads nowhere: only whoever knows where it is finds it.
    pub async fn start_as(url: &str, ca: &PrivateCa) -> Self {
        Self::serve(Some(ca), Some(url)).await
    }

    async fn serve(ca: Option<&PrivateCa>, name: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("an address");
        let url = ca.map_or_else(|| format!("http://{addr}"), |_| format!("https://localhost:{}", addr.port()));
        let url = name.map_or(url, str::to_owned);
        let state = web::Data::new(State { url: url.clone(), key: new_key(), inner: Mutex::default() });
        let shared = state.clone();
        let server = HttpServer::new(move || App::new().app_data(shared.clone()).configure(routes::routes))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(0);
        let server = match ca {
            None => server.listen(listener),
            Some(ca) => {
                let tls = reference_server::tls::Certificate::load(&ca.certificate, &ca.key)
                    .expect("a certificate and its key");
                let tls = tls.server_config().expect("TLS");
                server.listen_rustls_0_23(listener, tls)
            }
        };
        let server = server.expect("a server").run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { url, addr, state, handle }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
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

    /// From now on it misbehaves in this way, or not at all.
    pub fn misbehave(&self, defect: impl Into<Option<Defect>>) {
        self.state.inner().defect = defect.into();
    }

    /// From now on it has these habits, and does not misbehave.
    pub fn behave_like(&self, habit: &[Difference]) {
        let mut inner = self.state.inner();
        (inner.defect, inner.signer, inner.habit) = (None, None, habit.to_vec());
    }

    /// It signs with a new key from now on.
    pub fn rotate_key(&self, key_id: &str) {
        let mut inner = self.state.inner();
        inner.key = Some(new_key());
        inner.key_id = Some(key_id.to_owned());
    }

    /// It takes client credentials in this way alone.
    pub fn accept_only(&self, authentication: &'static str) {
        self.state.inner().authentication = Some(authentication);
    }

    /// Its routes that were requested since the last time.
    pub fn requests(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.state.inner().requests)
    }

    /// What a browser does there: it takes the request to the provider, somebody signs in, and it is sent back.
    pub fn authorize(&self, location: &Url, user: &ProviderUser, now: i64) -> Url {
        let one = |name: &str| query_of(location, name);
        assert_eq!(one("client_id").as_deref(), Some(CLIENT_ID), "{location}");
        assert_eq!(one("response_type").as_deref(), Some("code"), "{location}");
        assert_eq!(one("code_challenge_method").as_deref(), Some("S256"), "{location}");
        let callback = one("redirect_uri").expect("a redirect_uri");
        let code = format!("code-{}", URL_SAFE_NO_PAD.encode(random::<12>()));
        let authorization = Authorization {
            user: user.clone(),
            nonce: one("nonce"),
            challenge: one("code_challenge").expect("a challenge"),
            callback: callback.clone(),
        };
        let mut inner = self.state.inner();
        inner.now = now;
        inner.codes.insert(code.clone(), authorization);
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
    pub fn authorize_without_issuer(&self, location: &Url, user: &ProviderUser, now: i64) -> Url {
        let back = self.authorize(location, user, now);
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
