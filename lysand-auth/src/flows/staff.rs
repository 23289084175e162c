//! What the people who run a server do to accounts. Who of them may is asked before ([`admin`](crate::flows::admin)).

use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{AccountsError, Along, Change};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
pub use crate::model::account::Standing;
use crate::model::account::{Account, AccountId, Role};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::way_back::Stop;
use crate::steps::ending::{self, Spared};
use crate::steps::mail::{self, Outgoing};
use crate::steps::{events, revocation, staff_mail, way_back_stop};
use crate::store;
use crate::store::{Conn, authorizations, credentials, native_sign_ins, sessions, sign_ups};

/// The longest word of staff to the owner of an account, in characters (people PPL-134).
const LONGEST_MESSAGE: usize = 5_000;

/// Who of the staff acts, and what the owner of the account is told.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StaffAct {
    /// Who acts.
    pub by: Actor,
    /// From where.
    pub caller: Caller,
    /// Whether the owner is told by mail. One of the staff is told in any case (people PPL-21).
    pub tells_owner: bool,
    /// What the owner is told beside: plain text of at most 5,000 characters.
    pub message: Option<String>,
}

impl StaffAct {
    /// An act of the operator at the command line: the owner is not told.
    #[must_use]
    pub fn by_command() -> Self {
        Self { by: Actor::Command, caller: Caller::default(), tells_owner: false, message: None }
    }

    /// An act of somebody of the staff.
    #[must_use]
    pub fn by_account(staff: &Account, caller: Caller) -> Self {
        Self { by: Actor::Account(staff.id.clone()), caller, tells_owner: false, message: None }
    }

    /// The owner is told by mail, with this message if there is one.
    #[must_use]
    pub fn told(self, message: Option<&str>) -> Self {
        let message = message.map(str::trim).filter(|message| !message.is_empty()).map(str::to_owned);
        Self { tells_owner: true, message, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        match &self.message {
            Some(message) if message.chars().count() > LONGEST_MESSAGE => Err(Error::refused(
                Code::Validation,
                "Validation failed: Text is too long (maximum is 5000 characters)",
            )),
            _ => Ok(()),
        }
    }

    fn event(&self, auth: &Auth, kind: EventKind, account: &Account) -> NewEvent {
        let event = events::event(auth, kind, &self.caller).by(self.by.clone());
        event.about(&account.id, &account.username)
    }

    async fn mails(&self, auth: &Auth, account: &Account, kind: Option<EventKind>) -> Result<Vec<Outgoing>, Error> {
        staff_mail::about(auth, account, kind, self.message.as_deref(), self.tells_owner).await
    }
}

/// Lets an account act, or stops it. What it may do no more ends at once: its browser sessions and the codes that wait in them;
/// its apps keep their tokens, which open nothing until it may act again. Somebody whose request to join was never decided
/// waits again.
///
/// # Errors
/// When the host refuses, as for the last admin; `Validation` for a message that is too long; when host or database do not answer.
pub async fn set_standing(
    auth: &Auth,
    account: &Account,
    standing: Standing,
    act: &StaffAct,
) -> Result<(), AccountsError> {
    let kind = kind(account, standing);
    let prepared = async {
        act.check()?;
        Ok::<_, Error>((act.mails(auth, account, Some(kind)).await?, resting(auth, &account.id, standing).await?))
    };
    let (mails, standing) = prepared.await.map_err(failed)?;
    let ended = Arc::default();
    let stops = standing != Standing::Active;
    let record = Record { event: act.event(auth, kind, account), mails, stops, ended };
    let along = Along::new({
        let (record, now) = (record.clone(), auth.ambient().now());
        move |c, id| {
            let id = id.clone();
            Box::pin(async move { record.keep(c, &id, now).await })
        }
    });
    match auth.accounts().change_along(&account.id, Change::Standing(standing), along).await {
        // A host whose accounts are elsewhere.
        Err(AccountsError::NotOffered) => {
            auth.accounts().set_standing(&account.id, standing).await?;
            keep_alone(auth, account.id.clone(), record.clone()).await.map_err(failed)?;
        }
        done => done?,
    }
    let ended = std::mem::take(&mut *record.ended.lock().unwrap_or_else(PoisonError::into_inner));
    for family in ended {
        revocation::notify(auth, &Revoked::Grant(family)).await;
    }
    mail::wake(auth);
    tracing::info!(account = %account.id, "standing changed");
    Ok(())
}

/// Gives an account another role, which counts from its next request on (people PPL-144). Its owner is told, and so are all admins
/// when the role is or was one of the staff.
///
/// # Errors
/// When the host refuses, as for the last admin; when host or database do not answer.
pub async fn set_role(auth: &Auth, account: &Account, role: Role, act: &StaffAct) -> Result<(), AccountsError> {
    let event = act.event(auth, EventKind::RoleChanged, account).with("role", role_name(role));
    let told = Outgoing::to_confirmed(auth, account, Mail::RoleChanged { role });
    let about = Account { role: account.role.max(role), ..account.clone() };
    let mails = staff_mail::about(auth, &about, Some(EventKind::RoleChanged), None, false).await.map_err(failed)?;
    // The owner has a mail of the own kind.
    let others = mails.into_iter().filter(|mail| !mail.is_about(&account.id));
    let record = Record { event, mails: told.into_iter().chain(others).collect(), stops: false, ended: Arc::default() };
    let along = Along::new({
        let (record, now) = (record.clone(), auth.ambient().now());
        move |c, id| {
            let id = id.clone();
            Box::pin(async move { record.keep(c, &id, now).await })
        }
    });
    match auth.accounts().change_along(&account.id, Change::Role(role), along).await {
        Err(AccountsError::NotOffered) => {
            auth.accounts().set_role(&account.id, role).await?;
            keep_alone(auth, account.id.clone(), record).await.map_err(failed)?;
        }
        done => done?,
    }
    mail::wake(auth);
    tracing::info!(account = %account.id, role = role_name(role), "role changed");
    Ok(())
}

/// Says something to the owner of an account, and changes nothing.
///
/// # Errors
/// `Validation` for a message that is too long; when host or database do not answer.
pub async fn warn(auth: &Auth, account: &Account, act: &StaffAct) -> Result<(), Error> {
    act.check()?;
    let mails = match act.message {
        Some(_) => act.mails(auth, account, None).await?,
        None => Vec::new(),
    };
    let event = act.event(auth, EventKind::Warned, account);
    keep_alone(auth, account.id.clone(), Record { event, mails, stops: false, ended: Arc::default() }).await?;
    mail::wake(auth);
    Ok(())
}

/// Ends all sessions, codes and tokens of an account; its owner is told.
///
/// # Errors
/// When host or database do not answer.
pub async fn end_access(auth: &Auth, account: &Account, act: &StaffAct) -> Result<(), Error> {
    let kind = EventKind::SessionsEndedByStaff;
    let mails = staff_mail::about(auth, account, Some(kind), act.message.as_deref(), true).await?;
    let record = Record { event: act.event(auth, kind, account), mails, stops: false, ended: Arc::default() };
    let (id, over, now) = (account.id.clone(), account.id.clone(), auth.ambient().now());
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                ending::end_everything(c, &id, &Spared::default(), now).await?;
                way_back_stop::stop(c, &id, (Stop::Staff, None), now).await?;
                record.keep(c, &id, now).await
            })
        },
        |()| Some(Revoked::Account(over)),
    );
    ended.await?;
    mail::wake(auth);
    Ok(())
}

/// What is kept of an act.
#[derive(Clone)]
struct Record {
    event: NewEvent,
    mails: Vec<Outgoing>,
    /// Whether the account may not act from now on.
    stops: bool,
    /// The sign-ins of native clients that were ended.
    ended: Arc<Mutex<Vec<String>>>,
}

impl Record {
    async fn keep(self, c: &mut Conn, id: &AccountId, now: crate::ambient::Timestamp) -> Result<(), Error> {
        if self.stops {
            // A sign-in whose proof was right a moment ago begins no session either (security REV-2).
            credentials::advance(c, id).await?;
            sessions::end_all(c, id, now).await?;
            // What a native client holds ends, too; apps keep their tokens (native C5).
            let native = native_sign_ins::end_others(c, id, None, now).await?;
            self.ended.lock().unwrap_or_else(PoisonError::into_inner).extend(native);
            authorizations::revoke_all_of_account(c, id, now).await?;
        }
        for mail in self.mails {
            mail::enqueue(c, mail).await?;
        }
        store::events::add(c, self.event).await
    }
}

async fn keep_alone(auth: &Auth, id: AccountId, record: Record) -> Result<(), Error> {
    let now = auth.ambient().now();
    auth.store().write(move |c| Box::pin(async move { record.keep(c, &id, now).await })).await
}

/// The standing that an account gets which may act: somebody whose request to join nobody decided waits for that.
async fn resting(auth: &Auth, id: &AccountId, standing: Standing) -> Result<Standing, Error> {
    if standing != Standing::Active {
        return Ok(standing);
    }
    let id = id.clone();
    let sign_up = auth.store().look_up(move |c| Box::pin(async move { sign_ups::of_account(c, &id).await })).await?;
    let waits = sign_up.is_some_and(|record| record.needs_review && record.decided_at.is_none());
    Ok(if waits { Standing::Pending } else { Standing::Active })
}

fn failed(error: Error) -> AccountsError {
    AccountsError::Failed(Box::new(error))
}

fn kind(account: &Account, standing: Standing) -> EventKind {
    match (standing, account.standing) {
        (Standing::Suspended, _) => EventKind::Suspended,
        (Standing::Active, Standing::Suspended) => EventKind::Unsuspended,
        (Standing::Active, _) => EventKind::Enabled,
        _ => EventKind::Disabled,
    }
}

/// The word for a role, as people and apps read it.
#[must_use]
pub fn role_name(role: Role) -> &'static str {
    role.word()
}
