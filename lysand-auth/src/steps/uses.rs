//! The last use of tokens, gathered by this process, is written.

use std::time::Duration;

use crate::auth::Auth;
use crate::error::Error;
use crate::store::token_uses;

/// How often the use of a token is written down (Mastodon §11.4).
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);
/// How many uses share a transaction.
const BATCH: usize = 500;

/// Writes down the uses of tokens that were gathered; answers how many were a day later than the ones before.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn write_tokens(auth: &Auth) -> Result<usize, Error> {
    let (gathered, now) = (auth.uses().take(), auth.ambient().now());
    let mut written = 0;
    for batch in gathered.chunks(BATCH) {
        let batch = batch.to_vec();
        let write = auth
            .store()
            .write(move |c| Box::pin(async move { token_uses::write(c, &batch, now.minus(DAY), now).await }));
        written += write.await?;
    }
    Ok(written)
}
