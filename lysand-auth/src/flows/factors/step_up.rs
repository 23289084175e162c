//! A session is made stronger, or proven anew, where it is weaker or older than what somebody is about to do takes (FAC-57,
//! RFC 9470).

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::model::session::SignedInBrowser;
use crate::steps::strength::Standing;
use crate::steps::{pending, proof, strength};
use crate::texts;

/// How strong a session is to be, and where its browser goes then.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Wish {
    /// Names of authentication context classes, the preferred one first (`acr_values`).
    pub acr_values: Option<String>,
    /// How many seconds ago the latest proof may have been given.
    pub max_age: Option<String>,
    /// A path of this server.
    pub return_to: Option<String>,
}

/// Begins to ask for what the session lacks; nothing when it lacks nothing.
///
/// # Errors
/// 422 when nothing is wished, or nothing that is known here.
pub async fn begin(auth: &Auth, browser: &SignedInBrowser, wish: Wish) -> Result<Option<PendingClaim>, Error> {
    let Wish { acr_values, max_age, return_to } = wish;
    let is_known =
        |values: &String| values.split_ascii_whitespace().any(|name| auth.config().openid.class(name).is_some());
    let max_age = max_age.map(|seconds| seconds.parse::<u64>().map(Duration::from_secs)).transpose();
    let max_age = max_age.map_err(|_| unknown_wish())?;
    if acr_values.as_ref().map_or(max_age.is_none(), |values| !is_known(values)) {
        return Err(unknown_wish());
    }
    let age = auth.ambient().now().since(browser.session.authenticated_at);
    // Of a session that is as young as can be nothing is too old.
    let is_older = max_age.is_some_and(|max_age| age > max_age);
    let standing = strength::of_session(auth, browser, acr_values.as_deref()).await?;
    if !is_older && standing == Standing::Enough {
        return Ok(None);
    }
    // A factor is set up by whoever proved a moment ago to be the owner (FAC-190).
    let is_too_old = is_older || (standing == Standing::Unreachable && !proof::is_fresh(auth, &browser.session));
    let named = [("acr_values", acr_values), ("return_to", return_to)];
    let request = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    pending::step_up(auth, browser, request, is_too_old).await.map(Some)
}

fn unknown_wish() -> Error {
    Error::refused(Code::Validation, texts::UNKNOWN_STRENGTH)
}
