//! Whether somebody may sign up or in from a network, and with an address of a domain (people PPL-154b). Only sign-ups and sign-ins
//! are asked about, by an index and on every replica alike: who is signed in stays so, and a token costs nothing more.

use std::net::IpAddr;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::block::{Severity, domains_of, networks_of};
use crate::model::caller::Caller;
use crate::model::sign_up::Road;
use crate::store::blocks;
use crate::texts;

/// What nobody may from an address; nothing where everything is allowed.
async fn severity(auth: &Auth, source: Option<IpAddr>) -> Result<Option<Severity>, Error> {
    let Some(source) = source else { return Ok(None) };
    let now = auth.ambient().now();
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            match blocks::is_any_network(c).await? {
                true => blocks::severities(c, &networks_of(source), now).await,
                false => Ok(Vec::new()),
            }
        })
    });
    Ok(found.await?.into_iter().max())
}

/// An address that was found to be let in, in the request that it is asked about: it is not looked up again there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LetIn(Option<IpAddr>);

/// Refuses a sign-in from a network that is kept out, before anything is looked up for it. What was found of the same address in
/// the same request counts.
///
/// # Errors
/// 403; when the database does not answer.
pub(crate) async fn may_sign_in(auth: &Auth, source: Option<IpAddr>, found: Option<LetIn>) -> Result<LetIn, Error> {
    let let_in = LetIn(source);
    if found == Some(let_in) {
        return Ok(let_in);
    }
    match severity(auth, source).await? {
        Some(Severity::NoAccess) => Err(Error::refused(Code::AccessDenied, texts::NETWORK_MAY_NOT_SIGN_IN)),
        _ => Ok(let_in),
    }
}

/// Refuses a sign-up from a network that is kept out; true where staff reviews whoever comes from there.
///
/// # Errors
/// 403, by Mastodon's road in its words; when the database does not answer.
pub(crate) async fn may_sign_up(auth: &Auth, caller: &Caller, road: Road) -> Result<bool, Error> {
    let why = if road == Road::App { "Forbidden" } else { texts::NETWORK_MAY_NOT_SIGN_UP };
    match severity(auth, caller.source).await? {
        None => Ok(false),
        Some(Severity::SignUpRequiresApproval) => Ok(true),
        Some(Severity::SignUpBlock | Severity::NoAccess) => Err(Error::refused(Code::Forbidden, why)),
    }
}

/// Whether staff keeps one of these domains out, or one above it.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn is_domain_blocked(auth: &Auth, names: impl IntoIterator<Item = &str>) -> Result<bool, Error> {
    let names: Vec<String> = names.into_iter().flat_map(domains_of).collect();
    auth.store().look_up(move |c| Box::pin(async move { blocks::is_domain_blocked(c, &names).await })).await
}
