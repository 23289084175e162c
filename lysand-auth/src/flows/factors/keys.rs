//! The keys under which secrets of second factors are sealed (FAC-66).

use crate::auth::Auth;
use crate::error::Error;
use crate::model::factors::{StoredFactor, place};
use crate::store::factors;

/// Secrets that are looked at in one go.
const PAGE: i64 = 200;

/// Secrets that are sealed under a key which is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownKey {
    /// The name of the key.
    pub name: String,
    /// How many secrets it seals.
    pub secrets: i64,
}

/// The keys that are missing: a server that starts without one shuts people out who have done nothing wrong.
///
/// # Errors
/// When the database does not answer.
pub async fn missing(auth: &Auth) -> Result<Vec<UnknownKey>, Error> {
    let keys = auth.config().keys.secrets().ids();
    let found = auth.store().read(move |c| Box::pin(async move { factors::sealed_otherwise(c, &keys).await })).await?;
    Ok(found.into_iter().map(|(name, secrets)| UnknownKey { name, secrets }).collect())
}

/// Seals every secret under the first key that is sealed under another; how many there were. Afterwards the others can go.
///
/// # Errors
/// When the database does not answer.
pub async fn rewrap(auth: &Auth) -> Result<usize, Error> {
    let keys = auth.config().keys.secrets();
    let Some(first) = keys.ids().into_iter().next() else { return Ok(0) };
    let (mut after, mut done) = (String::new(), 0);
    loop {
        let from = (first.clone(), after);
        let page = auth
            .store()
            .read(move |c| Box::pin(async move { factors::sealed_by_others(c, (&from.0, &from.1), PAGE).await }));
        let page = page.await?;
        let Some(last) = page.last() else { return Ok(done) };
        after = last.id.clone();
        for factor in page {
            done += usize::from(rewrap_one(auth, factor).await?);
        }
    }
}

async fn rewrap_one(auth: &Auth, factor: StoredFactor) -> Result<bool, Error> {
    let (keys, at) = (auth.config().keys.secrets(), place(&factor.account, &factor.id));
    let opened = keys.open(&at, &factor.secret);
    let sealed = opened.and_then(|plain| keys.seal(auth.ambient(), &at, &plain));
    let Some(sealed) = sealed else {
        tracing::error!(factor = %factor.id, key = %factor.secret.key, "a secret cannot be opened, and stays as it is");
        return Ok(false);
    };
    auth.store()
        .write_one(move |c| Box::pin(async move { factors::reseal(c, &factor.id, &factor.secret, &sealed).await }))
        .await
}
