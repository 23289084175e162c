//! The first stage of a callback: which flow it belongs to, and whether it is one of ours that is still open.

use super::super::refusals::invalid_flow;
use super::outcome::{CallbackError, ReportTo};
use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error};
use crate::model::app::App;
use crate::model::identity::{Flow, Hints, Purpose};
use crate::secret::Secret;
use crate::store::{apps, sso_flows};
use crate::texts;

/// What a callback's URL says.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
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

impl Callback {
    /// A callback whose parameters cannot be read: it is no flow of ours; where to say so is a hint all the same.
    #[must_use]
    pub fn unreadable(provider: String, link: bool) -> Self {
        let hints = Hints { flow_id: Some(String::new()), link, ..Hints::default() };
        Self { provider, hints, ..Self::default() }
    }
}

/// A flow of ours to which a callback belongs. Whether it is open, and the browser the one that began it, is not known yet.
#[derive(Debug)]
pub struct IdentifiedFlow {
    pub(super) flow: Flow,
    pub(super) app: Option<App>,
    pub(super) provider: Provider,
}

impl IdentifiedFlow {
    /// The flow's name, under which its browser keeps a cookie.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.flow.id
    }

    pub(super) fn is_link(&self) -> bool {
        matches!(self.flow.purpose, Purpose::Link(..))
    }
}

/// Finds the flow of a callback.
///
/// # Errors
/// As Lysand §9 lists them: an unknown provider, a callback without a flow, one that does not agree with its flow.
pub async fn identify(auth: &Auth, callback: &Callback) -> Result<IdentifiedFlow, CallbackError> {
    let found = find(auth, callback).await;
    let identified = found.map_err(|error| ReportTo::about(callback.hints.link).tell(error))?;
    if belongs(&identified, &callback.hints) {
        return Ok(identified);
    }
    tracing::info!(flow = %identified.flow.id, provider = %identified.provider.id, "callback error: not this flow");
    Err(ReportTo::about(identified.is_link()).tell(invalid_flow()))
}

/// The provider of a callback, and the flow of its state with its app. The state alone finds it: whoever does not know it
/// knows no flow.
pub(super) async fn find(auth: &Auth, callback: &Callback) -> Result<IdentifiedFlow, Error> {
    let provider = auth.config().sso.provider(&callback.provider);
    let provider = provider.ok_or_else(|| Error::refused(Code::InvalidRequest, texts::ISSUER_INVALID))?.clone();
    let Some(state) = callback.state.as_ref() else {
        let is_named = callback.hints.flow_id.is_some();
        return Err(if is_named { invalid_flow() } else { Error::required("flow_id") });
    };
    let digest = state.digest();
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            let Some(flow) = sso_flows::by_state(c, digest).await? else { return Ok(None) };
            let app = match &flow.purpose {
                Purpose::SignIn(app, _) => apps::by_id(c, app).await?,
                Purpose::Link(..) | Purpose::Native(..) => None,
            };
            Ok(Some((flow, app)))
        })
    });
    let (flow, app) = found.await?.ok_or_else(invalid_flow)?;
    Ok(IdentifiedFlow { flow, app, provider })
}

/// Whether the flow began with this provider, and agrees with what the URL claims about it (security RP-4).
fn belongs(identified: &IdentifiedFlow, hints: &Hints) -> bool {
    let IdentifiedFlow { flow, app, provider } = identified;
    let is_of_provider = flow.provider == provider.id && flow.issuer == provider.issuer();
    is_of_provider && flow.agrees(hints, app.as_ref().map(|app| app.client_id.as_str()))
}
