//! A link that came back to another browser than it began in, or to one that its owner has left meanwhile: the owner of the
//! account confirms it there, with the account's own password, on a page that names both (security RP-5, ID-12).

use std::net::IpAddr;

use super::make_link::{OwnerConfirmed, make_link};
use super::owner::active_account;
use super::refusals::invalid_flow;
use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::identity::{Flow, Purpose, UnconfirmedLink};
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::steps::presence::Present;
use crate::steps::{proof, session};
use crate::store::sso_flows;
use crate::texts;

/// What the owner is asked.
#[derive(Debug)]
#[non_exhaustive]
pub struct ConfirmationQuestion {
    /// Whose account gets the identity.
    pub account: Account,
    /// The provider.
    pub provider: Provider,
    /// How the person knows the identity there.
    pub label: Option<String>,
    /// Whether the owner must prove to be there; not when that was proven in this browser a moment ago.
    pub password: bool,
    /// Whether the password proves it. Where a sign-in needs two proofs, another sign-in with this browser does (FAC-107).
    pub takes_password: bool,
}

/// Who answers, and with what.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LinkConfirmation {
    /// What this browser keeps under the flow's name.
    pub cookie: Option<Secret>,
    /// Who is signed in with it.
    pub browser: Option<SignedInBrowser>,
    /// The password.
    pub password: Option<Secret>,
    /// Where the request comes from, for the limit on attempts.
    pub source: Option<IpAddr>,
}

/// The question behind a flow, for the browser that came back with it.
///
/// # Errors
/// `invalid_request` when no link of this browser awaits confirmation.
pub async fn confirmation_question(
    auth: &Auth,
    flow_id: &str,
    confirmation: &LinkConfirmation,
) -> Result<ConfirmationQuestion, Error> {
    Ok(unconfirmed(auth, flow_id, confirmation).await?.1)
}

/// The owner confirms the link.
///
/// # Errors
/// `invalid_request` when no link of this browser awaits confirmation; `invalid_grant` for a wrong password; 429 after too
/// many; 409 when the identity was linked meanwhile.
pub async fn confirm_link(auth: &Auth, flow_id: &str, confirmation: &LinkConfirmation) -> Result<(), Error> {
    let (flow, question, link) = unconfirmed(auth, flow_id, confirmation).await?;
    if question.password && !question.takes_password {
        return Err(Error::refused(Code::InvalidGrant, texts::CONFIRM_IT_IS_YOU));
    }
    if question.password {
        let own = confirmation.browser.as_ref().filter(|browser| browser.account.id == question.account.id);
        let (password, session) = (confirmation.password.as_ref(), own.map(|browser| &browser.session.id));
        proof::by_password(auth, &question.account, password, confirmation.source, session).await?;
    }
    make_link(auth, &flow, link, OwnerConfirmed::Yes).await
}

async fn unconfirmed(
    auth: &Auth,
    flow_id: &str,
    confirmation: &LinkConfirmation,
) -> Result<(Flow, ConfirmationQuestion, UnconfirmedLink), Error> {
    let id = flow_id.to_owned();
    let found = auth.store().look_up(move |c| Box::pin(async move { sso_flows::by_id(c, &id).await })).await?;
    let now = auth.ambient().now();
    let is_here = |flow: &Flow| {
        flow.finished_at.is_none() && now < flow.expires_at && flow.is_of_browser(confirmation.cookie.as_ref())
    };
    let flow = found.filter(is_here).ok_or_else(invalid_flow)?;
    let (Purpose::Link(account, _), Some(link)) = (&flow.purpose, flow.unconfirmed.clone()) else {
        return Err(invalid_flow());
    };
    let account = active_account(auth, account).await?.ok_or_else(invalid_flow)?;
    let provider = auth.config().sso.provider_of_issuer(&flow.issuer).ok_or_else(invalid_flow)?.clone();
    let own = confirmation.browser.as_ref().filter(|browser| browser.account.id == account.id);
    let is_proven = match own {
        Some(browser) => Present::in_session(auth, &browser.session).is_proven(auth, &account).await?,
        None => false,
    };
    let takes_password = !auth.config().sso.forced && !session::credentials_of(auth, &account.id).await?.two_step;
    let (label, password) = (link.label.clone(), !is_proven);
    let question = ConfirmationQuestion { account, provider, label, password, takes_password };
    Ok((flow, question, link))
}
