//! The browser comes back from a provider (Lysand §9). The order of the checks is the contract's.

use super::{acting, ended, make_link, owner, register};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error};
use crate::model::app::App;
use crate::model::authorization::CheckedRequest;
use crate::model::identity::{Flow, Hints, Person, Purpose, Waiting, provider_error};
use crate::model::session::SessionId;
use crate::secret::Secret;
use crate::steps::session;
pub use crate::steps::session::SignedIn;
use crate::store::{apps, sso_flows};
use crate::texts;
use crate::upstream;

/// What a callback's URL says.
#[derive(Clone, Debug, Default)]
pub struct Callback {
    /// The provider, from the path.
    pub provider: String,
    /// What is claimed about the flow.
    pub hints: Hints,
    /// `state`.
    pub state: Option<Secret>,
    /// `code`.
    pub code: Option<Secret>,
    /// `iss` (RFC 9207).
    pub iss: Option<String>,
    /// `error`.
    pub error: Option<String>,
    /// `error_description`.
    pub error_description: Option<String>,
}

/// What a good callback comes to.
#[derive(Debug)]
pub enum Arrival {
    /// Somebody is signed in, and the app's request waits for consent.
    SignedIn(Box<SignedIn>),
    /// The identity is linked.
    Linked,
    /// A link came back to another browser than it began in: the owner of the account must say that it is right.
    AskOwner {
        /// The journey.
        flow_id: String,
        /// What this browser must show when the owner answers.
        browser: Secret,
    },
}

/// A callback that came to nothing, and where the person is told.
#[derive(Debug)]
pub struct Astray {
    /// Where.
    pub place: Place,
    /// The name of the error, where the provider chose it.
    pub name: Option<&'static str>,
    /// What is wrong.
    pub error: Error,
}

/// Where a person is told what is wrong.
#[derive(Debug)]
pub enum Place {
    /// The sign-in page, without a request.
    Nowhere,
    /// The sign-in page, with the app's request.
    App(Box<App>, Box<CheckedRequest>),
    /// The home page: it was about a link.
    Home,
}

impl Place {
    fn of(flow: &Flow, app: Option<&App>) -> Self {
        match (&flow.purpose, app) {
            (Purpose::Link(..), _) => Self::Home,
            (Purpose::SignIn(_, checked), Some(app)) => Self::App(Box::new(app.clone()), Box::new(checked.clone())),
            (Purpose::SignIn(..), None) => Self::Nowhere,
        }
    }

    fn astray(self, error: Error) -> Astray {
        Astray { place: self, name: None, error }
    }
}

/// Follows a browser that came back. `cookie` finds what the browser keeps under a flow's name; `replaces` is the session
/// that it had.
///
/// # Errors
/// As Lysand §9 lists them; nothing is left behind.
pub async fn arrive(
    auth: &Auth,
    callback: Callback,
    cookie: &dyn Fn(&str) -> Option<Secret>,
    replaces: Option<SessionId>,
) -> Result<Arrival, Astray> {
    let now = auth.ambient().now();
    let blind = || if callback.hints.link { Place::Home } else { Place::Nowhere };
    let Some(provider) = auth.config().sso.provider(&callback.provider) else {
        return Err(blind().astray(Error::refused(Code::InvalidRequest, texts::ISSUER_INVALID)));
    };
    let (flow, app) = match find(auth, &callback).await {
        Ok(Some(found)) => found,
        Ok(None) => return Err(blind().astray(ended())),
        Err(error) => return Err(blind().astray(error)),
    };
    let about_link = matches!(flow.purpose, Purpose::Link(..));
    let early = |error: Error| if about_link { Place::Home } else { Place::Nowhere }.astray(error);
    let is_own = flow.is_open(now) && flow.provider == provider.id && flow.issuer == provider.issuer();
    let came_along = cookie(&flow.id);
    let is_bound = flow.browser.is_some();
    if !is_own || (is_bound && !flow.is_of_browser(came_along.as_ref())) || (!is_bound && !about_link) {
        tracing::info!(flow = %flow.id, provider = %provider.id, "a callback does not belong to an open flow");
        return Err(early(ended()));
    }
    if !flow.agrees(&callback.hints, app.as_ref().map(|app| app.client_id.as_str())) {
        return Err(early(ended()));
    }
    spend(auth, &flow, now).await.map_err(early)?;

    let late = |error: Error| Place::of(&flow, app.as_ref()).astray(error);
    let checked = auth.upstream().check_sender(&provider.id, now, callback.iss.as_deref()).await;
    checked.map_err(|trouble| late(failed(provider, &flow, &trouble)))?;
    if let Some(name) = callback.error.as_deref() {
        let (name, text) = provider_error(name, callback.error_description.as_deref());
        tracing::info!(flow = %flow.id, provider = %provider.id, error = name, "the provider refused");
        return Err(Astray { name: Some(name), ..late(Error::refused(Code::ProviderFailed, text)) });
    }
    let person = ask_provider(auth, provider, &flow, &callback, now).await.map_err(late)?;
    let outcome = match flow.purpose.clone() {
        Purpose::SignIn(_, checked) => sign_in(auth, provider, &person, app.clone(), checked, replaces).await,
        Purpose::Link(..) if is_bound => {
            let label = person.label();
            make_link(auth, &flow, person.identity.subject, label).await.map(|()| Arrival::Linked)
        }
        Purpose::Link(..) => hold(auth, &flow, &person).await,
    };
    outcome.map_err(late)
}

/// The flow of a callback's state, with its app. The state alone finds it: whoever does not know it knows no flow.
async fn find(auth: &Auth, callback: &Callback) -> Result<Option<(Flow, Option<App>)>, Error> {
    let Some(state) = callback.state.as_ref() else {
        return if callback.hints.flow_id.is_none() { Err(Error::required("flow_id")) } else { Ok(None) };
    };
    let digest = state.digest();
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            let Some(flow) = sso_flows::by_state(c, digest).await? else { return Ok(None) };
            let app = match &flow.purpose {
                Purpose::SignIn(app, _) => apps::by_id(c, app).await?,
                Purpose::Link(..) => None,
            };
            Ok(Some((flow, app)))
        })
    });
    found.await
}

/// Once, before anybody is asked anything (security ONE-1, RP-4).
async fn spend(auth: &Auth, flow: &Flow, now: Timestamp) -> Result<(), Error> {
    let id = flow.id.clone();
    let spent = auth.store().write(move |c| Box::pin(async move { sso_flows::spend(c, &id, now).await })).await?;
    if spent { Ok(()) } else { Err(ended()) }
}

async fn ask_provider(
    auth: &Auth,
    provider: &Provider,
    flow: &Flow,
    callback: &Callback,
    now: Timestamp,
) -> Result<Person, Error> {
    let Some(code) = &callback.code else {
        return Err(Error::refused(Code::ProviderFailed, UNTRUE));
    };
    let trip = upstream::Return { code, nonce: &flow.nonce, verifier: &flow.verifier, callback: &flow.callback };
    let person = auth.upstream().arrive(&provider.id, now, trip).await;
    person.map_err(|trouble| failed(provider, flow, &trouble))
}

/// What the person is told when the provider's word proves nothing; the log knows more.
const UNTRUE: &str = texts::PROVIDER_UNTRUSTED;
const AWAY: &str = texts::PROVIDER_SILENT;

fn failed(provider: &Provider, flow: &Flow, trouble: &upstream::Trouble) -> Error {
    tracing::warn!(flow = %flow.id, provider = %provider.id, why = ?trouble.to_string(), "a provider's word is refused");
    Error::refused(
        Code::ProviderFailed,
        match trouble {
            upstream::Trouble::Away(_) => AWAY,
            upstream::Trouble::Untrue(_) => UNTRUE,
        },
    )
}

async fn sign_in(
    auth: &Auth,
    provider: &Provider,
    person: &Person,
    app: Option<App>,
    checked: CheckedRequest,
    replaces: Option<SessionId>,
) -> Result<Arrival, Error> {
    // The app was removed while the person was away.
    let app = app.ok_or_else(ended)?;
    let account = match owner(auth, &person.identity).await? {
        Some(linked) => acting(auth, &linked.account_id).await?,
        None if auth.config().sso.allow_registration => register::register(auth, person).await?,
        None => None,
    };
    // Why an account may not act is nobody's business who is not signed in to it (security REV-4).
    let Some(account) = account else {
        tracing::info!(provider = %provider.id, app = %app.id, "sign-in with an identity of nobody");
        return Err(Error::refused(Code::InvalidRequest, texts::NO_LINKED_ACCOUNT));
    };
    tracing::info!(account = %account.id, provider = %provider.id, "proven by a provider");
    let signed_in = session::begin(auth, &account, (app, checked), replaces, None).await?;
    Ok(Arrival::SignedIn(Box::new(signed_in)))
}

/// Keeps the identity until the owner of the account gives a word in this browser (security RP-5).
async fn hold(auth: &Auth, flow: &Flow, person: &Person) -> Result<Arrival, Error> {
    let browser = Secret::generate(auth.ambient());
    let expires_at = auth.ambient().now().plus(auth.config().sso.flow_lifetime);
    let waiting = Waiting { subject: person.identity.subject.clone(), label: person.label() };
    let (id, digest) = (flow.id.clone(), browser.digest());
    let held = auth
        .store()
        .write(move |c| Box::pin(async move { sso_flows::hold(c, &id, &waiting, digest, expires_at).await }))
        .await?;
    if held { Ok(Arrival::AskOwner { flow_id: flow.id.clone(), browser }) } else { Err(ended()) }
}
