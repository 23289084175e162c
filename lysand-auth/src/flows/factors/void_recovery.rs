//! All recovery codes are void: after a database was restored from a backup, codes that were used since would count again (FAC-70).

use crate::auth::Auth;
use crate::error::Error;
use crate::host::mailer::Mail;
use crate::model::account::AccountId;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::factors::FactorKind;
use crate::steps::events;
use crate::steps::mail::{self, Outgoing};
use crate::store::{self, recovery_codes};

/// How many accounts are looked at together.
const PAGE: i64 = 100;

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Voided {
    /// Accounts whose sets are void.
    pub accounts: usize,
    /// Those of them whose owners are told; the others have no confirmed address.
    pub told: usize,
}

/// Voids the sets of recovery codes of all accounts, and tells each owner. The factors stay, and so does two-step sign-in: owners make
/// new codes themselves. An account at a time, so that what is interrupted can simply be done again.
///
/// # Errors
/// When host or database do not answer.
pub async fn of_all(auth: &Auth, by: Actor, caller: &Caller) -> Result<Voided, Error> {
    let (mut voided, mut after) = (Voided::default(), String::new());
    loop {
        let from = after;
        let page =
            auth.store().read(move |c| Box::pin(async move { recovery_codes::owners_after(c, &from, PAGE).await }));
        let page = page.await?;
        let Some(last) = page.last() else { break };
        after = last.as_str().to_owned();
        for account in page {
            if let Some(is_told) = of_one(auth, account, &by, caller).await? {
                voided.accounts += 1;
                voided.told += usize::from(is_told);
            }
        }
    }
    mail::wake(auth);
    tracing::info!(accounts = voided.accounts, told = voided.told, "all recovery codes are void");
    Ok(voided)
}

/// Whether the owner is told; none when the account had no codes any more.
async fn of_one(auth: &Auth, id: AccountId, by: &Actor, caller: &Caller) -> Result<Option<bool>, Error> {
    let account = auth.account(&id).await?;
    let name = account.as_ref().map(|account| account.username.as_str()).unwrap_or_default();
    let event = events::event(auth, EventKind::FactorRemoved, caller).by(by.clone()).about(&id, name);
    let event = event.with("type", FactorKind::Recovery.name());
    let notice = account.and_then(|account| Outgoing::to_confirmed(auth, &account, Mail::RecoveryVoided));
    let is_told = notice.is_some();
    let voided = auth.store().write(move |c| {
        Box::pin(async move {
            if recovery_codes::void(c, &id).await? == 0 {
                return Ok(false);
            }
            store::events::add(c, event).await?;
            mail::enqueue_notice(c, notice).await?;
            Ok(true)
        })
    });
    Ok(voided.await?.then_some(is_told))
}
