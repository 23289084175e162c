//! Several accounts in one browser: which there are, going on as another, and leaving (factors section 13).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
pub use crate::model::session::{ListedAccount, Session, SessionId, SignedInBrowser};
use crate::secret::Secret;
use crate::steps::{account_hint, events, session_copy};
use crate::store::{self, authorizations, sessions};
use crate::texts;

/// An account that was signed in to with a browser.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BrowserAccount {
    /// By what forms and programs name it: nothing that means anything elsewhere.
    pub name: String,
    /// The account.
    pub account: Account,
    /// Its session, while that lives and the account may act.
    pub session: Option<Session>,
}

/// What a browser's list comes to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BrowserAccounts {
    /// The accounts, the one used last first.
    pub accounts: Vec<BrowserAccount>,
    /// The list as the browser should keep it from now on.
    pub listed: Vec<ListedAccount>,
}

/// By what forms and programs name an account in a browser.
#[must_use]
pub fn name_of(auth: &Auth, account: &AccountId) -> String {
    let name = Secret::derive(auth.code_key(), &[b"account of a browser", account.as_str().as_bytes()]);
    name.digest().to_base64url()
}

/// Which accounts were signed in to with a browser; each use looks its session up, for the list itself signs nobody in.
///
/// # Errors
/// When host or database do not answer.
pub async fn list(auth: &Auth, listed: &[ListedAccount]) -> Result<BrowserAccounts, Error> {
    let now = auth.ambient().now();
    let mut found = BrowserAccounts { accounts: Vec::new(), listed: Vec::new() };
    for entry in listed {
        let Some(account) = auth.account(&entry.account).await? else { continue };
        let session = session_of(auth, entry).await?;
        let ended_at = entry.ended_at.or_else(|| end_of(session.as_ref(), now));
        let session = session.filter(|session| session.is_live(now) && account.inactive_reason().is_none());
        found.accounts.push(BrowserAccount { name: name_of(auth, &account.id), account, session });
        found.listed.push(ListedAccount { ended_at, ..entry.clone() });
    }
    Ok(found)
}

/// When a session ended; now for one that nobody knows any more.
fn end_of(session: Option<&Session>, now: Timestamp) -> Option<Timestamp> {
    match session {
        Some(session) if session.is_live(now) => None,
        Some(session) => session.ended_at.or(Some(now)),
        None => Some(now),
    }
}

async fn session_of(auth: &Auth, entry: &ListedAccount) -> Result<Option<Session>, Error> {
    let id = entry.session.clone();
    let found = auth.store().look_up(move |c| Box::pin(async move { sessions::by_id(c, &id).await })).await?;
    Ok(found.filter(|session| session.account_id == entry.account))
}

/// The account that a request hints at comes first; nothing else changes, and none is added (FAC-122).
pub fn put_first(accounts: &mut [BrowserAccount], hinted: Option<&AccountId>) {
    if let Some(hinted) = hinted {
        accounts.sort_by_key(|listed| listed.account.id != *hinted);
    }
}

/// Which of these accounts a name or an address means (`login_hint`).
#[must_use]
pub fn hinted_at(accounts: &[BrowserAccount], hint: &str) -> Option<AccountId> {
    let hint = hint.trim().trim_start_matches('@').to_lowercase();
    let is_it = |account: &Account| {
        let email = account.email.as_ref().map(|email| email.address.to_lowercase());
        account.username.to_lowercase() == hint || email.is_some_and(|email| email == hint)
    };
    accounts.iter().find(|listed| is_it(&listed.account)).map(|listed| listed.account.id.clone())
}

/// Which of these accounts an app means by an id token (`account_hint`, FAC-140).
#[must_use]
pub fn meant_by(auth: &Auth, accounts: &[BrowserAccount], hint: &str) -> Option<AccountId> {
    let meant = accounts.iter().find(|listed| account_hint::is_of(auth, hint, &listed.account));
    meant.map(|listed| listed.account.id.clone())
}

/// The entry that a form or a program names.
fn named<'a>(auth: &Auth, listed: &'a [ListedAccount], name: &str) -> Option<&'a ListedAccount> {
    listed.iter().find(|entry| name_of(auth, &entry.account) == name)
}

/// Goes on as another account of the browser: who it is from now on, and the cookie. The session that is left lives on.
///
/// # Errors
/// 404 for one that is not listed; `SignInRequired` when its session has ended.
pub async fn switch(
    auth: &Auth,
    listed: &[ListedAccount],
    name: &str,
    caller: &Caller,
) -> Result<(SignedInBrowser, Secret), Error> {
    let entry = named(auth, listed, name).ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
    let (now, ended) = (auth.ambient().now(), || Error::refused(Code::SignInRequired, texts::SIGN_IN_ENDED));
    let session = session_of(auth, entry).await?.filter(|session| session.is_live(now)).ok_or_else(ended)?;
    let account = auth.account(&entry.account).await?.filter(|account| account.inactive_reason().is_none());
    let account = account.ok_or_else(ended)?;
    let event = event(auth, EventKind::AccountSwitched, &account, caller);
    let (session, cookie) = session_copy::succeed(auth, &account, &session, event).await?.ok_or_else(ended)?;
    tracing::info!(account = %account.id, session = %session.id, "going on as another account of the browser");
    Ok((SignedInBrowser { session, account }, cookie))
}

/// Signs out of one account of the browser, and forgets it there: the list that is left, and whose session it was.
///
/// # Errors
/// 404 for one that is not listed.
pub async fn forget(
    auth: &Auth,
    listed: &[ListedAccount],
    name: &str,
    caller: &Caller,
) -> Result<(Vec<ListedAccount>, AccountId), Error> {
    let entry = named(auth, listed, name).ok_or_else(|| Error::refused(Code::NotFound, "Record not found"))?;
    end(auth, entry, caller).await?;
    let left = listed.iter().filter(|other| other.account != entry.account).cloned().collect();
    Ok((left, entry.account.clone()))
}

/// Signs out of all accounts of the browser.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_out_of_all(auth: &Auth, listed: &[ListedAccount], caller: &Caller) -> Result<(), Error> {
    for entry in listed {
        end(auth, entry, caller).await?;
    }
    Ok(())
}

async fn end(auth: &Auth, entry: &ListedAccount, caller: &Caller) -> Result<(), Error> {
    let (id, account, now) = (entry.session.clone(), entry.account.clone(), auth.ambient().now());
    let event = events::event(auth, EventKind::SignOut, caller).by(Actor::Account(account.clone())).about(&account, "");
    let ended = auth.store().write(move |c| {
        Box::pin(async move {
            if !sessions::end_own(c, &account, &id, now).await? {
                return Ok(false);
            }
            authorizations::revoke_all_of_session(c, &id, &account, now).await?;
            store::events::add(c, event).await?;
            Ok(true)
        })
    });
    if ended.await? {
        tracing::info!(account = %entry.account, session = %entry.session, "signed out");
    }
    Ok(())
}

fn event(auth: &Auth, kind: EventKind, account: &Account, caller: &Caller) -> NewEvent {
    let event = events::event(auth, kind, caller).by(Actor::Account(account.id.clone()));
    event.about(&account.id, &account.username)
}
