//! A call through the outgoing proxy to an address that was judged before: the proxy is asked for that very address, so that it
//! looks up nothing, and the app proves by its certificate that it has the name (FAC-148).

use std::io::Cursor;
use std::net::SocketAddr;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioExecutor;
use oauth2::http::header::{CONTENT_TYPE, HOST};
use oauth2::http::{Request, Uri};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use url::Url;

use crate::secret::Secret;

/// The outgoing proxy, for calls to apps.
pub(super) struct ProxyTunnel {
    proxy: Matcher,
    tls: ClientConfig,
}

impl ProxyTunnel {
    pub(super) fn new(proxy: &Secret, tls: ClientConfig) -> Self {
        Self { proxy: Matcher::builder().all(proxy.expose()).build(), tls }
    }

    /// Sends a form to `url`, whose name leads to `address`, and reads at most `most` bytes of the answer. Answers with its status.
    pub(super) async fn post(
        &self,
        (url, address): (&Url, SocketAddr),
        form: String,
        most: usize,
    ) -> Result<u16, String> {
        let path = url.as_str().strip_prefix(&url.origin().ascii_serialization()).unwrap_or("/");
        let there: Uri = format!("https://{address}{path}").parse().map_err(|_| "the address cannot be called")?;
        let name = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(|_| "the name cannot be in a certificate")?;
        let proxy = self.proxy.intercept(&there).ok_or("the proxy's address is none")?;

        let to_proxy = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_or_http().enable_http1();
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        let mut tunnel = Tunnel::new(proxy.uri().clone(), to_proxy.wrap_connector(plain));
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let https = HttpsConnectorBuilder::new().with_tls_config(self.tls.clone()).https_only();
        let https = https.with_server_name_resolver(FixedServerNameResolver::new(name)).enable_http1();
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(https.wrap_connector(tunnel));

        let request = Request::post(there)
            .header(HOST, url.authority())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Cursor::new(form.into_bytes())))
            .map_err(|_| "the address cannot be called")?;
        let answer = client.request(request).await.map_err(|error| chain(&error))?;
        let status = answer.status().as_u16();
        // What is said there counts for nothing: it is read so that the app sees its answer taken.
        drop(Limited::new(answer.into_body(), most).collect().await);
        Ok(status)
    }
}

/// What went wrong, with its causes.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
