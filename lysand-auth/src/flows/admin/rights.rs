//! Who of the people who run a server may do what, and to whom (people PPL-15 to PPL-18, PPL-21, PPL-22).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{AccountQuery, AccountsError};
use crate::model::account::{Account, AccountId, Role, Standing};
use crate::model::caller::Caller;
use crate::model::event::EventKind;
use crate::model::rate_limit::Rule;
use crate::model::session::{ActingToken, SignedInBrowser};
use crate::secret::Secret;
use crate::steps::presence::Present;
use crate::steps::throttle;
use crate::store::events;
use crate::texts;

/// What staff does to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Says something to its owner.
    Warn,
    /// Approves the request to join, or declines it.
    Decide,
    /// Stops it, or lets it act again.
    Disable,
    /// Lets it act again.
    Enable,
    /// Lifts a lock after wrong passwords.
    Unlock,
    /// Opens it on their word for the address.
    Confirm,
    /// Demands a new password.
    DemandReset,
    /// Ends its sessions and tokens.
    EndSessions,
    /// Gives it another role.
    ChangeRole(Role),
    /// Removes it for good.
    Delete,
}

impl Act {
    /// Whether it is for admins alone.
    const fn is_for_admins(self) -> bool {
        matches!(self, Self::Confirm | Self::DemandReset | Self::EndSessions | Self::ChangeRole(_) | Self::Delete)
    }

    /// Whether an admin is none any more after it, or cannot get in.
    fn stops_an_admin(self) -> bool {
        match self {
            Self::Disable | Self::DemandReset | Self::Delete => true,
            Self::ChangeRole(role) => role != Role::Admin,
            _ => false,
        }
    }
}

/// Demands that staff asks.
///
/// # Errors
/// 403 for everybody else.
pub fn require_staff(account: &Account) -> Result<(), Error> {
    if account.role >= Role::Moderator { Ok(()) } else { Err(not_allowed()) }
}

/// Demands that an admin asks.
///
/// # Errors
/// 403 for everybody else.
pub fn require_admin(account: &Account) -> Result<(), Error> {
    if account.role == Role::Admin { Ok(()) } else { Err(not_allowed()) }
}

/// Admits one more change that a member of the staff asks for, by whatever route or page: each of them changes only so much in a
/// while, so that a stolen sign-in of staff does not empty the server at once (people PPL-190).
///
/// # Errors
/// 403 for everybody else; 429 beyond the limit.
pub async fn admit_change(auth: &Auth, staff: &Account, caller: &Caller) -> Result<(), Error> {
    require_staff(staff)?;
    throttle::count_act(auth, Rule::AdminWrites, &staff.id, caller).await
}

/// Demands that this member of the staff may do this to that account: moderators to people, admins to everybody but themselves
/// (people PPL-16 to PPL-18, PPL-21), and nobody to the last admin what would leave the server without one (PPL-22).
///
/// # Errors
/// 403; 409 about the last admin; when the host does not answer.
pub async fn require(auth: &Auth, staff: &Account, target: &Account, act: Act) -> Result<(), Error> {
    require_staff(staff)?;
    if staff.role != Role::Admin && (act.is_for_admins() || target.role >= Role::Moderator) {
        return Err(not_allowed());
    }
    if act.stops_an_admin() && is_last_admin(auth, target).await? {
        return Err(last_admin());
    }
    if target.id == staff.id { Err(not_allowed()) } else { Ok(()) }
}

/// The account with this id, where this member of the staff may do this to it.
///
/// # Errors
/// 404 for an account that is not there; those of [`require`].
pub async fn target(auth: &Auth, staff: &Account, id: &str, act: Act) -> Result<Account, Error> {
    require_staff(staff)?;
    let found = auth.account(&AccountId::new(id)).await?;
    let target = found.ok_or_else(|| Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND))?;
    require(auth, staff, &target, act).await?;
    Ok(target)
}

/// Demands that an app may delete this account: it was suspended long enough ago, which stands for the fresh proof that apps for
/// Mastodon's admin API cannot give (people PPL-135).
///
/// # Errors
/// 403; when the database does not answer.
pub async fn require_deletable(auth: &Auth, target: &Account) -> Result<(), Error> {
    let rules = auth.config().admin;
    if !rules.api_delete || target.standing != Standing::Suspended {
        return Err(not_allowed());
    }
    let id = target.id.clone();
    let last = auth.store().read(move |c| Box::pin(async move { events::last(c, &id, EventKind::Suspended).await }));
    // A suspension that no event tells of any more is an old one.
    let since = last.await?.unwrap_or(Timestamp::from_micros(0));
    match auth.ambient().now().since(since) >= rules.api_delete_after {
        true => Ok(()),
        false => Err(not_allowed()),
    }
}

/// Demands that a member of the staff who uses a program signed in a moment ago, or the password (people PPL-24).
///
/// # Errors
/// `ProofRequired` without either; `WrongPassword`; 429 after too many wrong ones.
pub async fn require_proof(
    auth: &Auth,
    token: &ActingToken,
    staff: &Account,
    password: Option<&Secret>,
) -> Result<(), Error> {
    let (present, _) = Present::with_token(auth, token, staff).await?;
    present.require(auth, staff, password).await
}

/// The same of a member of the staff in a browser.
///
/// # Errors
/// As [`require_proof`].
pub async fn require_proof_of_browser(
    auth: &Auth,
    browser: &SignedInBrowser,
    password: Option<&Secret>,
) -> Result<(), Error> {
    Present::in_session(auth, &browser.session).require(auth, &browser.account, password).await
}

/// Whether nobody else could administer the server. A host that cannot tell refuses by itself.
async fn is_last_admin(auth: &Auth, account: &Account) -> Result<bool, Error> {
    if account.role != Role::Admin || account.standing != Standing::Active {
        return Ok(false);
    }
    let query = AccountQuery::new().with_role(Role::Admin).with_standing(Standing::Active);
    match auth.accounts().count(&query).await {
        Ok(number) => Ok(number <= 1),
        Err(AccountsError::NotOffered) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Mastodon's words for what somebody may not do.
pub(super) fn not_allowed() -> Error {
    Error::refused(Code::Forbidden, texts::ACTION_NOT_ALLOWED)
}

fn last_admin() -> Error {
    Error::refused(Code::Conflict, texts::LAST_ADMIN)
}
