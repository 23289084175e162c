//! The names of accounts and apps that events tell by their ids.

use std::collections::{BTreeSet, HashMap};

use crate::auth::Auth;
use crate::error::Error;
use crate::host::accounts::{AccountQuery, AccountsError};
use crate::model::account::AccountId;
use crate::store::apps;

/// Names by ids; of those that are gone there are none.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Names {
    /// Of accounts.
    pub accounts: HashMap<String, String>,
    /// Of apps.
    pub apps: HashMap<String, String>,
}

/// The names of these accounts and apps, as they are now. A host that has no lists tells none of accounts.
///
/// # Errors
/// When host or database do not answer.
pub async fn names(auth: &Auth, accounts: BTreeSet<String>, apps: BTreeSet<String>) -> Result<Names, Error> {
    let mut names = Names::default();
    if !apps.is_empty() {
        names.apps = auth.store().read(move |c| Box::pin(apps::names(c, apps))).await?;
    }
    if !accounts.is_empty() {
        let ids: Vec<AccountId> = accounts.into_iter().map(AccountId::new).collect();
        let query = AccountQuery::new().with_limit(ids.len()).with_among(ids);
        let found = match auth.accounts().search(&query).await {
            Ok(page) => page.items,
            Err(AccountsError::NotOffered) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let named = found.into_iter().map(|account| (account.id.as_str().to_owned(), account.username));
        names.accounts = named.collect();
    }
    Ok(names)
}
