//! A link that came back to another browser than it began in: the owner of the account gives a word there, with the
//! account's own password, on a page that names both (security RP-5, ID-12).

use std::net::IpAddr;

use super::{acting, ended, is_fresh, make_link};
use crate::auth::Auth;
use crate::config::Provider;
use crate::error::Error;
use crate::model::account::Account;
use crate::model::identity::{Flow, Purpose, Waiting};
use crate::model::session::SignedInBrowser;
use crate::secret::Secret;
use crate::steps::proof;
use crate::store::sso_flows;

/// What the owner is asked.
#[derive(Debug)]
pub struct Question {
    /// Whose account gets the identity.
    pub account: Account,
    /// The provider.
    pub provider: Provider,
    /// How the person knows the identity there.
    pub label: Option<String>,
    /// Whether the password is asked for; not when it was given in this browser a moment ago.
    pub password: bool,
}

/// Who answers.
#[derive(Debug, Default)]
pub struct Finisher {
    /// What this browser keeps under the flow's name.
    pub cookie: Option<Secret>,
    /// Who is signed in with it.
    pub browser: Option<SignedInBrowser>,
    /// The password.
    pub password: Option<Secret>,
    /// Where the request comes from, for the limit on guessing.
    pub source: Option<IpAddr>,
}

/// The question behind a flow, for the browser that came back with it.
///
/// # Errors
/// `invalid_request` when nothing waits for this browser.
pub async fn question(auth: &Auth, flow_id: &str, finisher: &Finisher) -> Result<Question, Error> {
    Ok(waiting(auth, flow_id, finisher).await?.1)
}

/// The owner's yes.
///
/// # Errors
/// `invalid_request` when nothing waits for this browser; `invalid_grant` for a wrong password; 429 after too many; 409
/// when the identity was linked meanwhile.
pub async fn confirm(auth: &Auth, flow_id: &str, finisher: &Finisher) -> Result<(), Error> {
    let (flow, question, waiting) = waiting(auth, flow_id, finisher).await?;
    if question.password {
        proof::by_password(auth, &question.account, finisher.password.as_ref(), finisher.source).await?;
    }
    make_link(auth, &flow, waiting.subject, waiting.label).await
}

async fn waiting(auth: &Auth, flow_id: &str, finisher: &Finisher) -> Result<(Flow, Question, Waiting), Error> {
    let id = flow_id.to_owned();
    let found = auth.store().look_up(move |c| Box::pin(async move { sso_flows::by_id(c, &id).await })).await?;
    let now = auth.ambient().now();
    let is_here = |flow: &Flow| {
        flow.finished_at.is_none() && now < flow.expires_at && flow.is_of_browser(finisher.cookie.as_ref())
    };
    let flow = found.filter(is_here).ok_or_else(ended)?;
    let (Purpose::Link(account, _), Some(waiting)) = (&flow.purpose, flow.waiting.clone()) else {
        return Err(ended());
    };
    let account = acting(auth, account).await?.ok_or_else(ended)?;
    let provider = auth.config().sso.provider_of_issuer(&flow.issuer).ok_or_else(ended)?.clone();
    let is_proven = finisher
        .browser
        .as_ref()
        .is_some_and(|browser| browser.account.id == account.id && is_fresh(auth, &browser.session));
    let question = Question { account, provider, label: waiting.label.clone(), password: !is_proven };
    Ok((flow, question, waiting))
}
