//! A forgotten password: a mail with a link, which chooses a new one; and a new password that staff demand (the contract on people,
//! Lysand §12.6).

use crate::auth::Auth;
#[cfg(feature = "native")]
use crate::config::AdminPasswords;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::host::offers::Offered;
use crate::model::account::{Account, InactiveReason};
use crate::model::caller::Caller;
use crate::model::credentials::Demand;
use crate::model::event::{Actor, EventKind};
use crate::model::form_error::FormError;
use crate::model::language::Language;
use crate::model::mail_token::{Link, MailToken, Purpose};
use crate::model::rate_limit::Rule;
use crate::model::session::Browser;
use crate::model::sign_up::Road;
use crate::secret::Secret;
use crate::steps::confirmation::{self, Confirmed, Proof, is_unconfirmed};
use crate::steps::ending::{self, Spared};
use crate::steps::mail::{self, Outgoing};
use crate::steps::new_password::{self, NotSet, PasswordChange};
use crate::steps::refused_sign_in::digest;
use crate::steps::{events, identifier, recovery, throttle};
use crate::store::{self, credentials, rate_limits, sign_ups, spent};
use crate::texts;

/// The longest name or address that is looked up, in characters.
const LONGEST_IDENTIFIER: usize = 320;

/// Why nothing goes to anybody.
const NOBODY: &str = "there is nobody to send it to";

/// Whether people can recover their passwords here: passwords sign people in, and mail reaches them, or this server runs for
/// its developer alone.
#[must_use]
pub fn is_offered(auth: &Auth) -> bool {
    let reaches = mail::is_read(auth);
    let sets_none = auth.is_known_to_offer(Offered::Password) == Some(false);
    !auth.config().sso.forced && reaches && !sets_none
}

/// Somebody forgot the password of the account with this name or address. The answer, and what is done for it, are the same
/// whether there is one or not (people PPL-88, PPL-89, PPL-193).
///
/// # Errors
/// 404 where no password signs anybody in; 429 when too many ask from one network.
pub async fn forgot(
    auth: &Auth,
    typed: &str,
    browser: &Browser,
    language: Option<Language>,
) -> Result<Result<(), FormError>, Error> {
    asked(auth, typed, browser, (language, false)).await
}

/// The same with a program: the mail shows by itself what that takes (native NAT-29).
///
/// # Errors
/// As [`forgot`].
#[cfg(feature = "native")]
pub async fn forgot_in_app(auth: &Auth, typed: &str, browser: &Browser) -> Result<Result<(), FormError>, Error> {
    asked(auth, typed, browser, (None, true)).await
}

async fn asked(
    auth: &Auth,
    typed: &str,
    browser: &Browser,
    (language, in_app): (Option<Language>, bool),
) -> Result<Result<(), FormError>, Error> {
    recovery::require_passwords(auth).await?;
    let typed = typed.trim().to_lowercase();
    match () {
        () if typed.is_empty() => return Ok(Err(FormError::blank("identifier"))),
        () if typed.chars().any(char::is_control) => return Ok(Err(FormError::invalid("identifier"))),
        () if typed.chars().count() > LONGEST_IDENTIFIER => {
            return Ok(Err(FormError::too_long("identifier", LONGEST_IDENTIFIER)));
        }
        () => {}
    }
    let (limits, now) = (&auth.config().rate_limits, auth.ambient().now());
    let network = browser.caller.limited_as();
    let counter = network.and_then(|network| limits.counter(Rule::ForgotAddress, &network));
    let _turn = match counter {
        Some(counter) => Some(throttle::admit(auth, counter, texts::TOO_MANY_REQUESTS).await?),
        None => None,
    };
    let named = identifier::named(auth, typed.clone()).await?;
    let account = auth.accounts().by_identifier(&named).await.map_err(Error::from_host)?;
    let mail = mail_for(auth, account.as_ref(), &typed, browser).await?.with_language(language).in_app(in_app);
    let event = events::event(auth, EventKind::ResetAsked, &browser.caller).by(Actor::Nobody);
    let event = match &account {
        Some(account) => event.about(&account.id, &account.username),
        None => event.with("typed", digest(auth, &typed)),
    };
    // No mail confirms an address whose owner knows nothing of a sign-up, whoever is named (people PPL-66); others are sent.
    let unconfirmed = account.as_ref().filter(|account| is_unconfirmed(account));
    let unwanted = unconfirmed.and_then(|account| account.email.as_ref()).map(|email| email.address.as_str());
    let unwanted = confirmation::disowned_key(unwanted.unwrap_or_default());
    let exceeded = auth.store().write(move |c| {
        Box::pin(async move {
            if let Some(counter) = counter
                && rate_limits::count(c, counter, now).await? > i64::from(counter.limit.max)
            {
                return Ok(Some(counter));
            }
            let is_unwanted = spent::is_spent(c, spent::Kind::Disowned, unwanted, now).await?;
            let mail = if is_unwanted { mail.cancelled(NOBODY) } else { mail };
            mail::enqueue(c, mail).await?;
            store::events::add(c, event).await?;
            Ok(None)
        })
    });
    match exceeded.await? {
        Some(counter) => {
            Err(throttle::exceeded(auth, (counter, browser.caller.source), texts::TOO_MANY_REQUESTS).await)
        }
        None => {
            mail::wake(auth);
            Ok(Ok(()))
        }
    }
}

/// The mail for whoever asked: a link to the confirmed address, the confirmation again to an unconfirmed one, and for everybody
/// else one that goes nowhere.
async fn mail_for(auth: &Auth, account: Option<&Account>, typed: &str, browser: &Browser) -> Result<Outgoing, Error> {
    let id = account.map(|account| account.id.clone()).unwrap_or_else(|| crate::model::account::AccountId::new(""));
    let is_known = throttle::known_browser(auth, browser, &id).await?.is_some();
    let made = auth.store().look_up(move |c| Box::pin(async move { sign_ups::of_account(c, &id).await })).await?;
    let is_by_staff = made.is_some_and(|made| made.road == Road::Staff);
    let mail = account.and_then(|account| match account.inactive_reason() {
        Some(InactiveReason::Unconfirmed) if is_by_staff => {
            let mail = Outgoing::to_account(auth, account, Mail::Invited { inviter: None, has_account: true })?;
            Some(mail.with_link(recovery::first_password_link(auth, Some(account.id.clone()))))
        }
        Some(InactiveReason::Unconfirmed) => {
            let mail = Outgoing::to_account(auth, account, Mail::Confirm)?;
            // No code: it would take the place of the one that whoever waits has, and tell them (people PPL-191).
            let link = confirmation::confirmation(auth, Some(account.id.clone()));
            Some(mail.with_link(Link { has_code: false, ..link }))
        }
        Some(InactiveReason::Disabled) => None,
        None | Some(InactiveReason::Pending) => {
            let mail = Outgoing::to_confirmed(auth, account, Mail::Reset)?;
            Some(mail.with_link(recovery::reset_link(auth, account)))
        }
    });
    let mail = mail.unwrap_or_else(|| {
        let ttl = auth.config().password.reset_ttl;
        let link = Link { purpose: Purpose::Reset, account: None, subject: None, ttl, has_code: false };
        Outgoing::to_address(auth, digest(auth, typed), Mail::Reset).with_link(link).cancelled(NOBODY)
    });
    Ok(if is_known { mail.from_proven_person() } else { mail })
}

/// What the page of a link shows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResetQuestion {
    /// The account's name.
    pub username: String,
    /// Whether staff demand the new password.
    pub demanded: bool,
}

/// Whose password a link sets; `None` for one that is over. Nothing changes (security ID-14).
///
/// # Errors
/// 404 where no password signs anybody in; 429 when an address tries too many links.
pub async fn look(auth: &Auth, token: &Secret, caller: &Caller) -> Result<Option<ResetQuestion>, Error> {
    recovery::require_passwords(auth).await?;
    recovery::count_link(auth, caller).await?;
    let Some((_, account)) = recovery::reset_token(auth, token).await? else { return Ok(None) };
    let id = account.id.clone();
    let known = auth.store().look_up(move |c| Box::pin(async move { credentials::of_account(c, &id).await })).await?;
    Ok(Some(ResetQuestion { username: account.username, demanded: known.demanded.is_some() }))
}

/// Why no new password is set.
#[derive(Debug)]
#[non_exhaustive]
pub enum ResetError {
    /// It cannot be one; the link goes on to count.
    Password(FormError),
    /// The link is over, and everything else.
    Refused(Error),
}

impl From<Error> for ResetError {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// What came of a new password.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResetDone {
    /// Whose it is.
    pub account: Account,
    /// The id of the sign-in that lacked it, which goes on in the browser that began it (FAC-25).
    pub sign_in: Option<String>,
}

/// Sets a new password by the token of a link, and ends everything of the account. Nobody is signed in by it (people PPL-93), but a
/// sign-in that lacked it goes on.
///
/// # Errors
/// `DeadLink` for a link that is over; what is wrong with the password.
pub async fn reset(auth: &Auth, token: &Secret, password: &Secret, caller: &Caller) -> Result<ResetDone, ResetError> {
    recovery::require_passwords(auth).await?;
    recovery::count_link(auth, caller).await?;
    let (token, account) = recovery::reset_token(auth, token).await?.ok_or_else(recovery::dead_link)?;
    if let Some(problem) = new_password::problem(auth, &account, password).await? {
        return Err(ResetError::Password(problem));
    }
    let sign_in = token.subject.clone();
    let (spends, account) = match is_unconfirmed(&account) {
        true => (None, confirmed(auth, &token, &account, caller).await?),
        false => (Some(token.id), account),
    };
    // Whoever has just confirmed the address and gets a welcome is told nothing more.
    let changed = spends.is_some().then(|| new_password::changed(auth, caller));
    let notice = changed.and_then(|mail| Outgoing::to_confirmed(auth, &account, mail));
    let has_one = auth.accounts().has_password(&account.id).await.map_err(Error::from_host)?;
    let event = events::event(auth, EventKind::ResetDone, caller).by(Actor::Nobody);
    let change = PasswordChange {
        demands: None,
        token: spends,
        sign_in: sign_in.clone(),
        proven_with: None,
        spared: Spared::default(),
        session: None,
        begins: None,
        notice,
        event: event.about(&account.id, &account.username).with("first", !has_one),
        now: auth.ambient().now(),
    };
    match new_password::set(auth, &account, password, change).await {
        Ok(()) => Ok(ResetDone { account, sign_in }),
        Err(NotSet::Unfit(problem)) => Err(ResetError::Password(problem)),
        Err(NotSet::Lost) => Err(recovery::dead_link().into()),
        Err(NotSet::Failed(error)) => Err(error.into()),
    }
}

/// Confirms the address of an account that staff made, by the link that chooses its first password, which is spent with it: should
/// the password not be set in the end, its owner asks for a link as everybody does who has none (people PPL-145).
///
/// # Errors
/// `DeadLink` when somebody was faster; `Conflict` when another account has confirmed the address.
async fn confirmed(auth: &Auth, token: &MailToken, account: &Account, caller: &Caller) -> Result<Account, Error> {
    let proof = Proof::Mail(token.id.clone());
    match confirmation::confirm(auth, account, proof, caller).await? {
        Confirmed::Before => Err(recovery::dead_link()),
        Confirmed::Now => auth.account(&account.id).await?.ok_or_else(recovery::dead_link),
    }
}

/// Staff sets the password of an account, from the command line: everything of it ends, and its owner is told (people PPL-21,
/// PPL-96).
///
/// # Errors
/// What is wrong with the password; everything else.
pub async fn set_by_staff(auth: &Auth, account: &Account, password: &Secret, by: Actor) -> Result<(), Error> {
    set_for_owner(auth, account, password, (by, None), &Caller::default()).await
}

/// The same by an admin with a program: by the configuration, the owner must change it at the next sign-in (native 2.8).
///
/// # Errors
/// 403 where no passwords are set so; what is wrong with the password; everything else.
#[cfg(feature = "native")]
pub async fn set_by_admin(
    auth: &Auth,
    admin: &Account,
    account: &Account,
    password: &Secret,
    caller: &Caller,
) -> Result<(), Error> {
    let demand = match auth.config().native.toki.admin_passwords {
        AdminPasswords::Off => return Err(Error::refused(Code::Forbidden, "setting passwords is disabled")),
        AdminPasswords::Temporary => Some(Demand::AtSignIn),
        AdminPasswords::Permanent => None,
    };
    set_for_owner(auth, account, password, (Actor::Account(admin.id.clone()), demand), caller).await
}

async fn set_for_owner(
    auth: &Auth,
    account: &Account,
    password: &Secret,
    (by, demands): (Actor, Option<Demand>),
    caller: &Caller,
) -> Result<(), Error> {
    let event = events::event(auth, EventKind::PasswordSet, caller).by(by);
    let change = PasswordChange {
        token: None,
        sign_in: None,
        demands,
        proven_with: None,
        spared: Spared::default(),
        session: None,
        begins: None,
        notice: Outgoing::to_account(auth, account, new_password::changed(auth, &Caller::default())),
        event: event.about(&account.id, &account.username),
        now: auth.ambient().now(),
    };
    match new_password::set(auth, account, password, change).await {
        Ok(()) => Ok(()),
        Err(NotSet::Unfit(problem)) => Err(Error::refused(Code::Validation, problem.sentence())),
        Err(NotSet::Lost) => {
            Err(Error::refused(Code::Conflict, "somebody else changes this account at the same moment"))
        }
        Err(NotSet::Failed(error)) => Err(error),
    }
}

/// How staff demand a new password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Demanded {
    /// No password signs in until a new one is set.
    #[default]
    Now,
    /// The next sign-in with the right password leads to the page where a new one is set.
    AtNextSignIn,
}

/// What came of a demand.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ResetDemand {
    /// The link that chooses a new password, to be given to its owner; it opens the account to whoever has it. `None` where
    /// the next sign-in leads there.
    pub link: Option<Secret>,
    /// Whether a mail with a link of its own is on its way.
    pub mailed: bool,
}

/// Staff demand a new password: everything of the account ends, and a link goes to its confirmed address (people PPL-99).
///
/// # Errors
/// When the database does not answer.
pub async fn demand(auth: &Auth, account: &Account, how: Demanded, by: Actor) -> Result<ResetDemand, Error> {
    let now = auth.ambient().now();
    let kept = match how {
        Demanded::Now => Demand::Now,
        Demanded::AtNextSignIn => Demand::AtSignIn,
    };
    let issued = (how == Demanded::Now).then(|| recovery::IssuedLink::new(auth, recovery::reset_link(auth, account)));
    let link = issued.as_ref().map(|issued| issued.address(auth));
    let mail = match how {
        Demanded::Now => Outgoing::to_confirmed(auth, account, Mail::ResetDemanded),
        Demanded::AtNextSignIn => None,
    };
    let mail = mail.map(|mail| mail.with_link(recovery::reset_link(auth, account)));
    let mailed = mail.is_some();
    let event = events::event(auth, EventKind::ResetDemanded, &Caller::default()).by(by);
    let event = event.about(&account.id, &account.username).with("how", kept.name());
    let id = account.id.clone();
    let over = crate::host::revocations::Revoked::Account(id.clone());
    let demanded = crate::steps::revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                ending::end_everything(c, &id, &Spared::default(), now).await?;
                ending::end_mailed_links(c, &id, now).await?;
                credentials::demand(c, &id, Some(kept)).await?;
                mail::enqueue_notice(c, mail).await?;
                if let Some(issued) = issued {
                    issued.keep(c).await?;
                }
                store::events::add(c, event).await
            })
        },
        |()| Some(over),
    );
    demanded.await?;
    mail::wake(auth);
    tracing::info!(account = %account.id, how = kept.name(), "a new password is demanded");
    Ok(ResetDemand { link, mailed })
}
