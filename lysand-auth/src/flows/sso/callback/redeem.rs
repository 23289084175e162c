//! The second stage of a callback: the browser's own flow is spent, and the provider says who signed in there.

use super::super::refusals::invalid_flow;
use super::identify::{Callback, IdentifiedFlow};
use super::outcome::{CallbackError, ReportTo};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::identity::{FlowSecrets, ProviderProfile, provider_error};
use crate::secret::Secret;
use crate::store::sso_flows;
use crate::texts;
use crate::upstream::{AuthorizationResponse, ProviderError};

/// A flow that is spent, and the person at the provider.
#[derive(Debug)]
pub struct RedeemedFlow {
    pub(super) identified: IdentifiedFlow,
    pub(super) profile: ProviderProfile,
    /// Whether the browser is the one that began. Of a link that was begun without a browser nobody can say.
    pub(super) is_same_browser: bool,
}

/// Why the provider's answer is not redeemed.
pub(super) enum Unredeemed {
    /// The provider refused: the name of its error, and its text.
    Refused(&'static str, String),
    /// It does not answer.
    NoAnswer,
    /// What it says cannot be trusted.
    Untrusted,
    /// It was not asked.
    Other(Error),
}

impl From<Error> for Unredeemed {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl Unredeemed {
    /// The error, and its name where the provider chose it.
    fn told(self) -> (Option<&'static str>, Error) {
        let failed = |text| Error::refused(Code::ProviderFailed, text);
        match self {
            Self::Refused(name, text) => (Some(name), Error::refused(Code::ProviderFailed, text)),
            Self::NoAnswer => (None, failed(texts::PROVIDER_NO_ANSWER)),
            Self::Untrusted => (None, failed(texts::PROVIDER_UNTRUSTED)),
            Self::Other(error) => (None, error),
        }
    }
}

/// Spends the flow, if the browser is the one that began it, and asks the provider who signed in. `cookie` is what the
/// browser keeps under the flow's name.
///
/// # Errors
/// As Lysand §9 lists them. A flow that is spent stays spent.
pub async fn redeem(
    auth: &Auth,
    identified: IdentifiedFlow,
    cookie: Option<&Secret>,
    callback: &Callback,
) -> Result<RedeemedFlow, CallbackError> {
    let now = auth.ambient().now();
    let is_same_browser = identified.flow.browser.is_some();
    if let Err(error) = spend(auth, &identified, cookie, now).await {
        // What an app asked for is nobody's business but of the browser that came from it (faults C9).
        let report_to = match identified.flow.is_of_browser(cookie) {
            true => ReportTo::of(&identified.flow, identified.app.as_ref()),
            false => ReportTo::about(identified.is_link()),
        };
        return Err(report_to.tell(error));
    }
    let browser = cookie.filter(|_| is_same_browser);
    match ask_provider(auth, &identified, (callback, browser), now).await {
        Ok(profile) => Ok(RedeemedFlow { identified, profile, is_same_browser }),
        Err(why) => {
            let (report_to, (name, error)) = (ReportTo::of(&identified.flow, identified.app.as_ref()), why.told());
            Err(CallbackError { report_to, name, error })
        }
    }
}

/// The same for the sign-in of a native client, which tells errors in its own form (native 2.6).
///
/// # Errors
/// Why nobody is known. A flow that is spent stays spent.
#[cfg(all(feature = "native", feature = "actix"))]
pub(super) async fn redeem_for_native(
    auth: &Auth,
    identified: IdentifiedFlow,
    cookie: Option<&Secret>,
    callback: &Callback,
) -> Result<RedeemedFlow, Unredeemed> {
    let now = auth.ambient().now();
    spend(auth, &identified, cookie, now).await?;
    let profile = ask_provider(auth, &identified, (callback, cookie), now).await?;
    Ok(RedeemedFlow { identified, profile, is_same_browser: true })
}

/// Once, for the browser that began, and before anybody is asked anything (security ONE-1, RP-4). A link that a program
/// began is of no browser; its owner confirms it afterwards (security RP-5).
async fn spend(auth: &Auth, identified: &IdentifiedFlow, cookie: Option<&Secret>, now: Timestamp) -> Result<(), Error> {
    let IdentifiedFlow { flow, provider, .. } = identified;
    let is_own = if flow.browser.is_some() { flow.is_of_browser(cookie) } else { identified.is_link() };
    if !is_own {
        tracing::info!(flow = %flow.id, provider = %provider.id, "callback error: another browser");
        return Err(invalid_flow());
    }
    if !flow.is_open(now) {
        tracing::info!(flow = %flow.id, provider = %provider.id, "callback error: the flow is over");
        return Err(invalid_flow());
    }
    let id = flow.id.clone();
    let spent = auth.store().write(move |c| Box::pin(async move { sso_flows::spend(c, &id, now).await })).await?;
    if spent { Ok(()) } else { Err(invalid_flow()) }
}

async fn ask_provider(
    auth: &Auth,
    identified: &IdentifiedFlow,
    (callback, browser): (&Callback, Option<&Secret>),
    now: Timestamp,
) -> Result<ProviderProfile, Unredeemed> {
    let IdentifiedFlow { flow, provider, .. } = identified;
    let clients = auth.provider_clients();
    let failed = |error| failed(identified, &error);
    clients.check_issuer(&provider.id, now, callback.iss.as_deref()).await.map_err(failed)?;
    if let Some(name) = callback.error.as_deref() {
        let (name, text) = provider_error(name, callback.error_description.as_deref());
        tracing::info!(flow = %flow.id, provider = %provider.id, error = name, "callback error: the provider refused");
        return Err(Unredeemed::Refused(name, text));
    }
    let code = callback.code.as_ref().ok_or(Unredeemed::Untrusted)?;
    let state = callback.state.as_ref().ok_or_else(invalid_flow)?;
    let derived = || FlowSecrets::derive(&auth.flow_key(), state, browser);
    let FlowSecrets { verifier, nonce } = flow.stored_secrets.clone().unwrap_or_else(derived);
    let response = AuthorizationResponse { code, nonce: &nonce, verifier: &verifier, callback: &flow.callback };
    clients.exchange(&provider.id, now, response).await.map_err(failed)
}

fn failed(identified: &IdentifiedFlow, error: &ProviderError) -> Unredeemed {
    let (flow, provider) = (&identified.flow.id, &identified.provider.id);
    tracing::warn!(%flow, %provider, why = ?error.to_string(), "callback error: {}", error.kind());
    match error {
        ProviderError::Unreachable(_) => Unredeemed::NoAnswer,
        ProviderError::Untrusted(_) => Unredeemed::Untrusted,
    }
}
