//! Where the browser ends up when the server sends a person back to the application.

use tokio::sync::mpsc;
use url::Url;

use crate::site::{Reply, Site};
use crate::wait;

const PATH: &str = "/callback";
const BODY: &str = "<!doctype html><title>Back at the application</title><p>You can close this window.";

/// A small web server on loopback: the application's callback.
#[derive(Debug)]
pub struct Redirects {
    site: Site,
    visits: mpsc::UnboundedReceiver<Url>,
}

impl Redirects {
    /// Listens on a free port.
    pub async fn listen() -> Self {
        let (report, visits) = mpsc::unbounded_channel();
        let site = Site::serve(move |url| {
            // Some libraries have paths of their own around it.
            let is_visit = url.path() == PATH || url.path().contains("/callback/");
            if is_visit {
                // A story that has ended is not interested any more.
                let _ = report.send(url);
            }
            async move { if is_visit { Reply::Page(BODY.to_owned()) } else { Reply::Missing } }
        });
        Self { site: site.await, visits }
    }

    /// The redirect URI to register.
    pub fn uri(&self) -> String {
        self.site.url(PATH).into()
    }

    /// The next URL by which a browser came back.
    pub async fn next(&mut self) -> Url {
        tokio::time::timeout(wait::TIMEOUT, self.visits.recv())
            .await
            .unwrap_or_else(|_| panic!("nobody came back to {}", self.uri()))
            .expect("the callback serves as long as it lives")
    }

    /// Whether nobody has come back that was not already reported by [`Redirects::next`].
    pub fn is_quiet(&self) -> bool {
        self.visits.is_empty()
    }
}
