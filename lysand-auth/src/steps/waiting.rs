//! Somebody who waits for an account to become usable: what they show, and how far they are.

use std::time::Duration;

use crate::auth::Auth;
use crate::error::{Code, Error, Refusal};
use crate::model::account::{Account, AccountId, InactiveReason};
use crate::model::event::{Actor, EventKind};
use crate::model::session::Browser;
use crate::model::sign_up::{Waiting, WaitingSince, WaitingState};
use crate::secret::Secret;
use crate::steps::events;
use crate::store::{self, waiting};

/// How long one waits at most (people PPL-59).
pub(crate) const LIFETIME: Duration = Duration::from_secs(7 * 24 * 3600);

/// The account of those who wait for nothing: the host tells nobody whose an address is (people PPL-71).
pub(crate) const NOBODY: &str = "";

/// Somebody begins to wait for `account`; what they show is for them alone.
pub(crate) fn begin(
    auth: &Auth,
    account: &AccountId,
    since: WaitingSince,
    request: Vec<(String, String)>,
) -> (Secret, Waiting) {
    let now = auth.ambient().now();
    let waiting = Waiting {
        id: auth.ambient().id(),
        account: account.clone(),
        since,
        request,
        created_at: now,
        expires_at: now.plus(LIFETIME),
        spent_at: None,
        outcome: None,
        message: None,
    };
    (Secret::generate(auth.ambient()), waiting)
}

/// Who shows this, and the account that they wait for while there is one.
///
/// # Errors
/// 404 for whatever is unknown, or over.
pub(crate) async fn found(auth: &Auth, token: &Secret) -> Result<(Waiting, Option<Account>), Error> {
    let digest = token.digest();
    let found = auth.store().look_up(move |c| Box::pin(async move { waiting::by_token(c, digest).await })).await?;
    let waiting = found.filter(|waiting| auth.ambient().now() < waiting.expires_at).ok_or_else(unknown)?;
    let account = match waiting.account.as_str() {
        NOBODY => None,
        _ => auth.account(&waiting.account).await?,
    };
    if account.is_none() && waiting.outcome.is_none() && waiting.account.as_str() != NOBODY {
        // The sign-up was taken back.
        return Err(unknown());
    }
    Ok((waiting, account))
}

fn unknown() -> Error {
    Error::refused(Code::NotFound, "Record not found")
}

/// How far they are.
pub(crate) fn state(waiting: &Waiting, account: Option<&Account>) -> WaitingState {
    match (waiting.outcome, account) {
        (Some(outcome), None) => outcome,
        (_, None) => WaitingState::Unconfirmed,
        (_, Some(account)) => match account.inactive_reason() {
            None => WaitingState::Ready,
            Some(InactiveReason::Unconfirmed) => WaitingState::Unconfirmed,
            Some(InactiveReason::Pending) => WaitingState::Pending,
            Some(InactiveReason::Disabled) => WaitingState::Rejected,
        },
    }
}

/// Nobody waits any more with this: the way on was another.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn forget(auth: &Auth, token: &Secret) -> Result<(), Error> {
    let digest = token.digest();
    auth.store().write_one(move |c| Box::pin(async move { waiting::delete(c, digest).await })).await
}

/// The refusal of a sign-in whose proof was right, to an account that is not usable yet: a browser that can wait gets what it waits
/// with (people PPL-59).
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn instead_of(
    auth: &Auth,
    refused: Error,
    account: &Account,
    request: Vec<(String, String)>,
    browser: &Browser,
) -> Result<Error, Error> {
    let event = events::event(auth, EventKind::SignInBlocked, &browser.caller);
    let event = event.by(Actor::Account(account.id.clone())).about(&account.id, &account.username).refused();
    let is_on_its_way =
        matches!(account.inactive_reason(), Some(InactiveReason::Unconfirmed | InactiveReason::Pending));
    let waits = (browser.can_wait && is_on_its_way).then(|| begin(auth, &account.id, WaitingSince::SignIn, request));
    let (token, row) = waits.unzip();
    let digest = token.as_ref().map(Secret::digest);
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some((digest, row)) = digest.zip(row) {
                waiting::insert(c, digest, row).await?;
            }
            store::events::add(c, event).await
        })
    });
    kept.await?;
    Ok(match refused {
        Error::Refused(refusal) => Error::Refused(Refusal { waiting_token: token.map(Box::new), ..refusal }),
        failed @ Error::Failed(_) => failed,
    })
}
