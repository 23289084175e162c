//! What staff does to an account on the pages.

use actix_web::HttpRequest;

use super::frame::ACCOUNTS;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::flows::admin::{self, Act};
use crate::flows::reset::{self, Demanded};
use crate::flows::reviews;
use crate::flows::sessions::{self, SignedInBrowser};
use crate::flows::staff::{self, StaffAct};
use crate::model::account::{Account, Role, Standing};
use crate::model::event::Actor;
use crate::texts;
use crate::web::wire::redirect::with_query;
use crate::web::wire::request as wire;

/// Something that staff does on the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Approve,
    Enable,
    Unlock,
    Confirm,
    Disable,
    Suspend,
    EndSessions,
    ResetPassword,
    ChangeRole,
}

/// What is done at once.
pub(super) const AT_ONCE: [Deed; 4] = [Deed::Approve, Deed::Enable, Deed::Unlock, Deed::Confirm];
/// What has a page that says what will happen.
pub(super) const GRAVE: [Deed; 5] =
    [Deed::Disable, Deed::Suspend, Deed::EndSessions, Deed::ResetPassword, Deed::ChangeRole];

/// What the form says.
#[derive(Clone, Debug, Default)]
pub(super) struct Filled {
    pub(super) message: Option<String>,
    pub(super) role: Option<Role>,
}

impl Deed {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Enable => "enable",
            Self::Unlock => "unlock",
            Self::Confirm => "confirm",
            Self::Disable => "disable",
            Self::Suspend => "suspend",
            Self::EndSessions => "end_sessions",
            Self::ResetPassword => "reset_password",
            Self::ChangeRole => "role",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Approve => texts::ACT_APPROVE,
            Self::Enable => texts::ACT_ENABLE,
            Self::Unlock => texts::ACT_UNLOCK,
            Self::Confirm => texts::ACT_CONFIRM,
            Self::Disable => texts::ACT_DISABLE,
            Self::Suspend => texts::ACT_SUSPEND,
            Self::EndSessions => texts::ACT_END_SESSIONS,
            Self::ResetPassword => texts::ACT_RESET_PASSWORD,
            Self::ChangeRole => texts::ACT_CHANGE_ROLE,
        }
    }

    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Disable => texts::ACT_DISABLE_WHAT,
            Self::Suspend => texts::ACT_SUSPEND_WHAT,
            Self::EndSessions => texts::ACT_END_SESSIONS_WHAT,
            Self::ResetPassword => texts::ACT_RESET_PASSWORD_WHAT,
            _ => texts::ACT_CHANGE_ROLE_WHAT,
        }
    }

    pub(super) const fn act(self) -> Act {
        match self {
            Self::Approve => Act::Decide,
            Self::Enable => Act::Enable,
            Self::Unlock => Act::Unlock,
            Self::Confirm => Act::Confirm,
            Self::Disable | Self::Suspend => Act::Disable,
            Self::EndSessions => Act::EndSessions,
            Self::ResetPassword => Act::DemandReset,
            // Which role is judged when it is chosen.
            Self::ChangeRole => Act::ChangeRole(Role::Admin),
        }
    }

    /// Whether it makes sense for an account as it is.
    pub(super) fn fits(self, account: &Account) -> bool {
        let is_confirmed = account.email.as_ref().is_some_and(|email| email.confirmed);
        match self {
            Self::Approve => account.standing == Standing::Pending,
            Self::Enable => matches!(account.standing, Standing::Disabled | Standing::Suspended),
            Self::Confirm => account.email.as_ref().is_some_and(|email| !email.confirmed),
            Self::Disable => matches!(account.standing, Standing::Active | Standing::Pending),
            Self::Suspend => account.standing != Standing::Suspended,
            Self::ResetPassword => is_confirmed,
            Self::Unlock | Self::EndSessions | Self::ChangeRole => true,
        }
    }

    /// Does it, where this member of the staff may.
    pub(super) async fn perform(
        self,
        auth: &Auth,
        req: &HttpRequest,
        browser: &SignedInBrowser,
        id: &str,
        filled: &Filled,
    ) -> Result<(), Error> {
        let act = filled.role.map_or(self.act(), Act::ChangeRole);
        let target = admin::target(auth, &browser.account, id, act).await?;
        let (by, caller) = (Actor::Account(browser.account.id.clone()), wire::caller(req, auth.config()));
        let staff_act = StaffAct::by_account(&browser.account, caller.clone()).told(filled.message.as_deref());
        match self {
            Self::Approve => reviews::approve(auth, &target.id, by, &caller).await,
            Self::Enable => Ok(staff::set_standing(auth, &target, Standing::Active, &staff_act).await?),
            Self::Unlock => sessions::unlock(auth, &target, by, &caller).await,
            Self::Confirm => reviews::confirm(auth, &target.id, by, &caller).await,
            Self::Disable => Ok(staff::set_standing(auth, &target, Standing::Disabled, &staff_act).await?),
            Self::Suspend => Ok(staff::set_standing(auth, &target, Standing::Suspended, &staff_act).await?),
            Self::EndSessions => staff::end_access(auth, &target, &staff_act).await,
            Self::ResetPassword => reset::demand(auth, &target, Demanded::Now, by).await.map(drop),
            Self::ChangeRole => match filled.role {
                Some(role) => Ok(staff::set_role(auth, &target, role, &staff_act).await?),
                None => Err(Error::refused(Code::Validation, texts::UNKNOWN_ROLE)),
            },
        }
    }
}

/// The page of the account, after something was done.
pub(super) fn done(auth: &Auth, id: &str) -> String {
    with_query(&address(auth, id), [("notice", "done")])
}

/// The page of an account.
pub(super) fn address(auth: &Auth, id: &str) -> String {
    auth.config().base_url.join(&format!("{ACCOUNTS}/{id}"))
}
