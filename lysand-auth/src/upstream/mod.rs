//! Identity providers: the only module that asks other servers (security RP-1 to RP-8).
//!
//! A provider that is away or slow ends the one attempt that needs it, within ten seconds, and nothing else (LOAD-5).

mod http;
mod json;
mod openid;
mod plain;
mod token;

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::Semaphore;

use self::http::{Http, HttpTrouble};
use self::openid::OpenId;
use crate::ambient::Timestamp;
use crate::config::{Protocol, Provider, Sso};
use crate::model::identity::Person;
use crate::secret::Secret;

/// How long all requests of one attempt may take together (security LOAD-5).
const WHOLE: Duration = Duration::from_secs(9);
/// How many attempts may wait for one provider; more are refused at once (security LOAD-3).
const MOST_WAITING: usize = 32;

/// Why a provider brought nobody. The text is for the log; it holds no secret.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// It does not answer, or not in time, or too many wait for it.
    #[error("{0}")]
    Away(String),
    /// What it says cannot be trusted.
    #[error("{0}")]
    Untrue(String),
}

impl Trouble {
    fn untrue(why: impl std::fmt::Display) -> Self {
        Self::Untrue(why.to_string())
    }
}

impl From<HttpTrouble> for Trouble {
    fn from(trouble: HttpTrouble) -> Self {
        match trouble {
            HttpTrouble::Silent(_) => Self::Away(trouble.to_string()),
            HttpTrouble::Forbidden(_) | HttpTrouble::Unvouched(..) | HttpTrouble::Odd(..) => {
                Self::Untrue(trouble.to_string())
            }
        }
    }
}

/// What goes to the provider with the browser.
pub(crate) struct Departure<'a> {
    pub(crate) state: &'a Secret,
    pub(crate) nonce: &'a Secret,
    pub(crate) verifier: &'a Secret,
    pub(crate) callback: &'a str,
}

/// What the browser brought back, and what was kept meanwhile.
pub(crate) struct Return<'a> {
    pub(crate) code: &'a Secret,
    pub(crate) nonce: &'a Secret,
    pub(crate) verifier: &'a Secret,
    pub(crate) callback: &'a str,
}

/// All configured providers.
pub(crate) struct Upstream {
    http: Http,
    providers: Vec<Desk>,
}

/// One provider, what is known of it, and how many ask it at present.
struct Desk {
    provider: Provider,
    openid: Option<OpenId>,
    places: Semaphore,
}

impl Upstream {
    /// Prepares to ask the providers of a configuration; nobody is asked yet, so that a provider may be down at the start.
    pub(crate) fn new(sso: &Sso) -> Result<Self, String> {
        let desk = |provider: &Provider| Desk {
            openid: match &provider.protocol {
                Protocol::OpenId { issuer } => Some(OpenId::new(issuer)),
                Protocol::OAuth2(_) => None,
            },
            provider: provider.clone(),
            places: Semaphore::new(MOST_WAITING),
        };
        Ok(Self { http: Http::new(&sso.trusted_roots)?, providers: sso.providers.iter().map(desk).collect() })
    }

    /// The address at the provider to which a browser is sent.
    pub(crate) async fn depart(&self, id: &str, now: Timestamp, trip: Departure<'_>) -> Result<String, Trouble> {
        let desk = self.desk(id)?;
        let asked = async {
            match (&desk.openid, &desk.provider.protocol) {
                (Some(openid), _) => openid.depart(&self.http, &desk.provider, now, trip).await,
                (None, Protocol::OAuth2(endpoints)) => plain::depart(&desk.provider, endpoints, &trip),
                (None, Protocol::OpenId { .. }) => Err(Trouble::untrue("no such provider")),
            }
        };
        desk.in_time(asked).await
    }

    /// Whether what the callback says of its sender can be true (RFC 9207): before anything is redeemed there.
    pub(crate) async fn check_sender(&self, id: &str, now: Timestamp, iss: Option<&str>) -> Result<(), Trouble> {
        let desk = self.desk(id)?;
        let Some(openid) = &desk.openid else { return Ok(()) };
        // A wrong one needs no question to anybody.
        if iss.is_some_and(|iss| iss != openid.issuer()) {
            return Err(Trouble::untrue("the callback names another issuer"));
        }
        if iss.is_none() && desk.in_time(openid.names_itself(&self.http, &desk.provider, now)).await? {
            return Err(Trouble::untrue("the callback names no issuer, although the provider always does"));
        }
        Ok(())
    }

    /// Who signed in at the provider.
    pub(crate) async fn arrive(&self, id: &str, now: Timestamp, trip: Return<'_>) -> Result<Person, Trouble> {
        let desk = self.desk(id)?;
        let asked = async {
            match (&desk.openid, &desk.provider.protocol) {
                (Some(openid), _) => openid.arrive(&self.http, &desk.provider, now, trip).await,
                (None, Protocol::OAuth2(endpoints)) => plain::arrive(&self.http, &desk.provider, endpoints, trip).await,
                (None, Protocol::OpenId { .. }) => Err(Trouble::untrue("no such provider")),
            }
        };
        desk.in_time(asked).await
    }

    fn desk(&self, id: &str) -> Result<&Desk, Trouble> {
        self.providers.iter().find(|desk| desk.provider.id == id).ok_or_else(|| Trouble::untrue("no such provider"))
    }
}

impl Desk {
    /// Asks, if there is a place, and waits no longer than a person may. A parser that panics over an answer ends this
    /// attempt alone (security LOAD-13).
    async fn in_time<T>(&self, asked: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        let _place = self.places.try_acquire().map_err(|_| Trouble::Away("too many wait for it".to_owned()))?;
        match tokio::time::timeout(WHOLE, AssertUnwindSafe(asked).catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Trouble::untrue("its answer made a parser panic, which is a bug")),
            Err(_) => Err(Trouble::Away("it takes too long".to_owned())),
        }
    }
}

/// A name, an address or a subject as it may be kept: something, and not too much.
fn usable(text: Option<&str>, longest: usize) -> Option<String> {
    text.filter(|text| !text.trim().is_empty() && text.len() <= longest).map(str::to_owned)
}
