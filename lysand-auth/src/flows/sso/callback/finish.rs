//! The last stage of a callback: somebody signs in, or an identity is linked, or its link awaits confirmation.

use std::time::Duration;

use super::super::make_link::{OwnerConfirmed, make_link};
use super::super::owner::owner;
use super::super::refusals::invalid_flow;
use super::super::register;
use super::identify::IdentifiedFlow;
use super::outcome::{AwaitsSignUp, CallbackError, CallbackOutcome, ReportTo};
use super::redeem::RedeemedFlow;
use crate::auth::Auth;
use crate::config::{Provider, ProviderSignUp};
use crate::error::{Code, Error};
use crate::host::sign_in_rules::ProofKind;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::authorization::{CheckedRequest, whole_request};
use crate::model::identity::{Flow, ProviderProfile, Purpose, UnconfirmedLink};
use crate::model::session::{Browser, SignedInBrowser};
use crate::model::sign_up::Road;
use crate::secret::Secret;
use crate::steps::host_rules::{Proven, Vouched};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::{admission, blocks, second_step, session, sign_in, standing, strength, waiting};
use crate::store::sso_flows;
use crate::texts;

/// How long an identity waits for its person to choose a name (people PPL-41).
const HELD: Duration = Duration::from_secs(30 * 60);

/// Does what the flow was begun for. `signed_in` is who is signed in with the browser that came back, and `browser` what it has
/// of earlier sign-ins.
///
/// # Errors
/// As Lysand §9 lists them; nothing is left behind.
pub async fn finish(
    auth: &Auth,
    redeemed: RedeemedFlow,
    signed_in: Option<&SignedInBrowser>,
    browser: Browser,
) -> Result<CallbackOutcome, CallbackError> {
    let RedeemedFlow { identified: IdentifiedFlow { flow, app, provider }, profile, is_same_browser } = redeemed;
    let link = UnconfirmedLink { subject: profile.identity.subject.clone(), label: profile.label() };
    let outcome = match &flow.purpose {
        Purpose::SignIn(_, request) => {
            let request = app.clone().map(|app| (app, request.clone()));
            match is_for_sign_up(auth, &provider, &profile, &browser).await {
                Ok(true) => hold(auth, &flow, &profile).await.map(CallbackOutcome::AwaitsSignUp),
                Ok(false) => sign_in_with(auth, &provider, &profile, request, browser).await,
                Err(error) => Err(error),
            }
        }
        Purpose::Link(account, _) if is_same_browser && is_still_the_owners(&flow, account, signed_in) => {
            let linked = make_link(auth, &flow, link, OwnerConfirmed::No).await;
            linked.map(|()| CallbackOutcome::Linked)
        }
        Purpose::Link(..) => await_confirmation(auth, &flow, link).await,
        Purpose::Native(..) => Err(invalid_flow()),
    };
    outcome.map_err(|error| ReportTo::of(&flow, app.as_ref()).tell(error))
}

/// Whether nobody here has an identity with which an account may be made, and the browser can show the page for it.
async fn is_for_sign_up(
    auth: &Auth,
    provider: &Provider,
    profile: &ProviderProfile,
    browser: &Browser,
) -> Result<bool, Error> {
    let takes = admission::of_provider(auth, provider) != ProviderSignUp::No && browser.can_wait;
    Ok(takes && owner(auth, &profile.identity).await?.is_none())
}

/// Keeps the identity until the person has chosen a name, or has answered; nothing exists before (people PPL-41).
pub(super) async fn hold(auth: &Auth, flow: &Flow, profile: &ProviderProfile) -> Result<AwaitsSignUp, Error> {
    let browser = Secret::generate(auth.ambient());
    let expires_at = auth.ambient().now().plus(HELD);
    let (id, digest, held) = (flow.id.clone(), browser.digest(), profile.held());
    let kept = auth
        .store()
        .write(move |c| Box::pin(async move { sso_flows::await_answer(c, &id, &held, digest, expires_at).await }));
    match kept.await? {
        true => Ok(AwaitsSignUp { flow_id: flow.id.clone(), browser }),
        false => Err(invalid_flow()),
    }
}

/// Whether the browser that began a link is in the same hands: its session is the one that it had, or nobody has signed in
/// with it, before or since. Else the owner of the account confirms the link (security RP-5, faults C8).
fn is_still_the_owners(flow: &Flow, owner: &AccountId, browser: Option<&SignedInBrowser>) -> bool {
    match (&flow.session, browser) {
        (Some(session), Some(browser)) => browser.session.id == *session && browser.account.id == *owner,
        (None, Some(browser)) => browser.account.id == *owner,
        (Some(_), None) => false,
        (None, None) => true,
    }
}

async fn sign_in_with(
    auth: &Auth,
    provider: &Provider,
    profile: &ProviderProfile,
    request: Option<(App, CheckedRequest)>,
    browser: Browser,
) -> Result<CallbackOutcome, Error> {
    // The app was removed while the person was away.
    let (app, request) = request.ok_or_else(invalid_flow)?;
    let account = match owner(auth, &profile.identity).await? {
        Some(linked) => auth.account(&linked.account_id).await?,
        None if admission::of_provider(auth, provider) == ProviderSignUp::Yes => {
            // Nobody waits for a review here.
            if blocks::may_sign_up(auth, &browser.caller, Road::Provider).await? {
                return Err(Error::refused(Code::SignUpRefused, texts::NETWORK_MAY_NOT_SIGN_UP));
            }
            register::register(auth, profile).await?
        }
        None => None,
    };
    let source = browser.caller.source;
    let Some(account) = account else {
        let error = Error::refused(Code::InvalidRequest, texts::NO_LINKED_ACCOUNT);
        tracing::info!(provider = %provider.id, app = %app.id, "no account has this identity");
        refused_sign_in::log(auth, &Whom::Nobody, source, &error);
        return Err(error);
    };
    tracing::info!(account = %account.id, provider = %provider.id, "identity proven by a provider");
    let asked = whole_request(&app, &request);
    let signed_in = async {
        let proven = Proven::new(&account, &ProofKind::Provider);
        // Whatever else is missing is told after the second proof (FAC-3).
        let known = session::credentials_of(auth, &account.id).await?;
        let vouched = Vouched::by(provider, auth.config().factors.after_sso, profile.acr.as_deref());
        let acr_values = request.acr_values.clone();
        let proven = Proven { known_before: Some(known), vouched, acr_values: acr_values.as_deref(), ..proven };
        if second_step::is_missing(auth, &proven, known) || strength::is_factor_missing(auth, &proven, known).await? {
            return sign_in::after_proof(auth, proven, (app, request), browser, None).await;
        }
        if let Err(inactive) = standing::may_sign_in(&account) {
            return Err(waiting::instead_of(auth, inactive, &account, asked, &browser).await?);
        }
        sign_in::after_proof(auth, proven, (app, request), browser, None).await
    };
    let signed_in = signed_in.await;
    let signed_in =
        signed_in.inspect_err(|error| refused_sign_in::log(auth, &Whom::Account(&account.id), source, error))?;
    Ok(CallbackOutcome::SignedIn(Box::new(signed_in)))
}

/// Keeps the identity until the owner of the account confirms the link in this browser (security RP-5).
async fn await_confirmation(auth: &Auth, flow: &Flow, link: UnconfirmedLink) -> Result<CallbackOutcome, Error> {
    let browser = Secret::generate(auth.ambient());
    let expires_at = auth.ambient().now().plus(auth.config().sso.flow_lifetime);
    let (id, digest) = (flow.id.clone(), browser.digest());
    let kept = auth
        .store()
        .write(move |c| Box::pin(async move { sso_flows::await_answer(c, &id, &link, digest, expires_at).await }));
    if !kept.await? {
        return Err(invalid_flow());
    }
    Ok(CallbackOutcome::AwaitsConfirmation { flow_id: flow.id.clone(), browser })
}
