//! Who a bearer token speaks for, and how far (Mastodon §11).

use std::net::IpAddr;
use std::time::Duration;

use crate::auth::Auth;
use crate::error::Error;
pub use crate::model::strength::{Acr, Authentication, Strength};
use crate::secret::Secret;
#[cfg(feature = "native")]
pub(crate) use crate::steps::bearer::of_resonite;
pub use crate::steps::bearer::{Bearer, speaks_for_from};
use crate::steps::uses::{self, DAY};

/// How long uses are gathered before they are written together.
const FLUSH_DELAY: Duration = Duration::from_secs(1);

/// What a presented token opens, whatever its scope, to somebody whose address is not known.
///
/// # Errors
/// 401 when it is unknown, revoked or expired, or is a personal token for certain networks.
pub async fn speaks_for(auth: &Auth, token: &Secret) -> Result<Bearer, Error> {
    speaks_for_from(auth, token, None).await
}

/// Remembers that a token was used. Costs a comparison; only once a day is something written, a moment later and together
/// with what others did, and the request waits for none of it (Mastodon §11.4).
pub fn note_use(auth: &Auth, token: &Bearer, source: Option<IpAddr>) {
    let now = auth.ambient().now();
    let is_noted = token.last_used_at.is_some_and(|last| last.plus(DAY) > now);
    if is_noted || !auth.uses().record(&token.token_id, source, now) {
        return;
    }
    let auth = auth.clone();
    tokio::spawn(async move {
        tokio::time::sleep(FLUSH_DELAY).await;
        if let Err(error) = write_uses(&auth).await {
            tracing::warn!(%error, "the last use of tokens was not written; their next use will be");
        }
    });
}

/// Writes down the uses that were gathered; answers how many were a day later than the ones before.
///
/// # Errors
/// When the database does not answer.
pub async fn write_uses(auth: &Auth) -> Result<usize, Error> {
    uses::write_tokens(auth).await
}
