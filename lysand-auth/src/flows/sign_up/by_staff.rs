//! An account that staff make for somebody: without a password, which its owner chooses by the link of a mail, and so confirms the
//! address (people PPL-145).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::attempt::SignUpError;
use super::form::{self, Asked, SignUpForm};
#[cfg(feature = "native")]
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{AccountsError, Along, Field, NewAccount};
use crate::host::mailer::Mail;
use crate::host::offers::Offered;
use crate::model::account::{Account, AccountId, Email, Role};
use crate::model::caller::Caller;
use crate::model::credentials::Demand;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::form_error::{FormError, FormErrors};
use crate::model::language::Language;
use crate::model::mail_token::Link;
use crate::model::sign_up::{Road, SignUpRecord};
use crate::steps::mail::{self, Outgoing, Queued};
use crate::steps::{events, recovery, staff_mail, waiting};
use crate::store::{self, Conn, credentials, sign_ups};
use crate::texts;

/// When staff may try again whose mails to one address were too many.
const HOUR: Duration = Duration::from_secs(3_600);

/// An account that staff want made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AccountByStaff {
    /// The name.
    pub username: String,
    /// The address of its owner.
    pub email: String,
    /// What it may do; all but [`Role::Member`] is given by admins alone.
    pub role: Role,
    /// Whether the mail with the link goes out now. Else its owner asks for one, as whoever forgot a password does.
    pub sends: bool,
    /// The language of that mail.
    pub language: Option<Language>,
}

impl AccountByStaff {
    /// An ordinary account, whose owner is mailed.
    #[must_use]
    pub fn new(username: impl Into<String>, email: impl Into<String>) -> Self {
        Self { username: username.into(), email: email.into(), role: Role::Member, sends: true, language: None }
    }
}

/// Whether accounts can be made like this here: the host makes some, passwords sign people in, and mail reaches their owners.
pub async fn is_offered_to_staff(auth: &Auth) -> bool {
    let reaches = mail::is_read(auth);
    reaches && auth.offers(Offered::SignUp).await && recovery::require_passwords(auth).await.is_ok()
}

/// Demands that this member of the staff may make an account with this role.
///
/// # Errors
/// 403 for everybody but staff, and for a role that only admins give.
pub fn require_maker(staff: &Account, role: Role) -> Result<(), Error> {
    let may = staff.role >= Role::Moderator && (role == Role::Member || staff.role == Role::Admin);
    if may { Ok(()) } else { Err(Error::refused(Code::Forbidden, texts::ACTION_NOT_ALLOWED)) }
}

/// Makes an account for somebody, who chooses its password by the link of a mail. Who may sign up by themselves does not matter
/// here; names and addresses are judged as in every sign-up.
///
/// # Errors
/// 403 for whoever may not; 404 where no such account could be used; the fields that are wrong, all at once; 429 when too many
/// mails went to its address.
pub async fn by_staff(
    auth: &Auth,
    staff: &Account,
    wanted: AccountByStaff,
    caller: &Caller,
) -> Result<Account, SignUpError> {
    require_maker(staff, wanted.role)?;
    if !is_offered_to_staff(auth).await {
        return Err(Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND).into());
    }
    let errors = problems(auth, &wanted).await?;
    if !errors.is_empty() {
        return Err(SignUpError::Fields(FormErrors(errors)));
    }
    let bundle = Bundle::new(auth, staff, &wanted, caller).await?;
    let email = Email { address: wanted.email.trim().to_owned(), confirmed: false };
    let new = NewAccount::new(wanted.username.trim()).with_email(Some(email)).with_role(wanted.role);
    let account = create(auth, new.with_language(wanted.language), bundle).await?;
    mail::wake(auth);
    tracing::info!(account = %account.id, by = %staff.id, "made by staff");
    Ok(account)
}

/// All that is wrong with the name and the address.
async fn problems(auth: &Auth, wanted: &AccountByStaff) -> Result<Vec<FormError>, Error> {
    let form = SignUpForm { username: wanted.username.clone(), email: wanted.email.clone(), ..SignUpForm::default() };
    let mut errors = form::problems(auth, &form, Asked { password: false, ..Asked::name_and_password() }).await?;
    if form.email.trim().is_empty() {
        errors.push(FormError::blank("email"));
    }
    let is_good = |errors: &[FormError], field| !errors.iter().any(|error| error.field == field);
    if is_good(&errors, "username") {
        let name = form.username.trim().to_lowercase();
        let known = auth.accounts().by_identifier(&name).await.map_err(Error::from_host)?;
        errors.extend(known.map(|_| form::taken("username")));
    }
    if is_good(&errors, "email") {
        let owner = auth.accounts().by_email(form.email.trim()).await.map_err(Error::from_host)?;
        // Nobody blocks an address that is not theirs: one that waits to be confirmed is free.
        let owner = owner.filter(|owner| owner.email.as_ref().is_some_and(|email| email.confirmed));
        errors.extend(owner.map(|_| form::taken("email")));
    }
    Ok(errors)
}

/// All that is made with the account, in its transaction.
pub(super) struct Bundle {
    record: SignUpRecord,
    mail: Option<(Outgoing, Link)>,
    /// To all admins, about somebody who will be one of the staff (people PPL-21).
    told: Vec<Outgoing>,
    events: Vec<NewEvent>,
    username: String,
    /// What is demanded of its owner at the first sign-in.
    demand: Option<Demand>,
}

impl Bundle {
    /// The same for an account that can be used at once.
    #[cfg(feature = "native")]
    pub(super) fn usable(self, now: Timestamp, demand: Option<Demand>) -> Self {
        let record = SignUpRecord { confirmed_at: Some(now), decided_at: Some(now), ..self.record };
        Self { record, demand, ..self }
    }

    pub(super) async fn new(
        auth: &Auth,
        staff: &Account,
        wanted: &AccountByStaff,
        caller: &Caller,
    ) -> Result<Self, Error> {
        let (now, username) = (auth.ambient().now(), wanted.username.trim().to_lowercase());
        let nobody = AccountId::new(waiting::NOBODY);
        let is_staff = wanted.role >= Role::Moderator;
        let told = match is_staff {
            true => {
                let future = Account { role: wanted.role, ..Account::new(nobody.clone(), username.clone()) };
                staff_mail::about(auth, &future, Some(EventKind::RoleChanged), None, false).await?
            }
            false => Vec::new(),
        };
        let mail = wanted.sends.then(|| {
            let mail = Mail::Invited { inviter: None, has_account: true };
            let mail = Outgoing::to_address(auth, wanted.email.trim(), mail);
            let mail = mail.with_username(username.clone()).with_language(wanted.language.clone());
            (mail, recovery::first_password_link(auth, None))
        });
        let by = |kind| events::event(auth, kind, caller).by(Actor::Account(staff.id.clone()));
        let made = by(EventKind::SignedUp).with("road", Road::Staff.name());
        let role = is_staff.then(|| by(EventKind::RoleChanged).with("role", wanted.role.word()));
        let record = SignUpRecord {
            account: nobody,
            road: Road::Staff,
            app: None,
            provider: None,
            invitation: None,
            reason: None,
            agreed_to: None,
            minimum_age: None,
            network: None,
            agent: None,
            language: wanted.language.as_ref().map(|language| language.as_str().to_owned()),
            needs_review: false,
            created_at: now,
            confirmed_at: None,
            decided_at: None,
            expires_at: now.plus(auth.config().lifetimes.unconfirmed_account),
            review_stays: false,
        };
        Ok(Self { record, mail, told, events: [made].into_iter().chain(role).collect(), username, demand: None })
    }

    async fn keep(self, c: &mut Conn, id: &AccountId) -> Result<Queued, Error> {
        sign_ups::insert(c, SignUpRecord { account: id.clone(), ..self.record }).await?;
        if self.demand.is_some() {
            credentials::insert(c, id).await?;
            credentials::demand(c, id, self.demand).await?;
        }
        if let Some((mail, link)) = self.mail {
            let mail = mail.about(id.clone()).with_link(Link { account: Some(id.clone()), ..link });
            if mail::enqueue(c, mail).await? == Queued::Limited {
                return Ok(Queued::Limited);
            }
        }
        for mail in self.told {
            mail::enqueue(c, mail).await?;
        }
        for event in self.events {
            store::events::add(c, event.about(id, &self.username)).await?;
        }
        Ok(Queued::Waiting)
    }
}

pub(super) async fn create(auth: &Auth, new: NewAccount, bundle: Bundle) -> Result<Account, SignUpError> {
    let limited = Arc::new(Mutex::new(false));
    let told = Arc::clone(&limited);
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            match bundle.keep(c, &id).await? {
                Queued::Waiting => Ok(()),
                Queued::Limited => {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = true;
                    Err(Error::refused(Code::Conflict, "the account is not made"))
                }
            }
        })
    });
    let made = auth.accounts().create_along(new, along).await;
    if *limited.lock().unwrap_or_else(PoisonError::into_inner) {
        return Err(Error::later(Code::TooManyRequests, texts::TOO_MANY_REQUESTS, HOUR).into());
    }
    match made {
        Ok(account) => Ok(account),
        Err(AccountsError::Taken(Field::Email)) => Err(form::taken("email").into()),
        Err(AccountsError::Taken(_)) => Err(form::taken("username").into()),
        Err(error) => Err(Error::from(error).into()),
    }
}
