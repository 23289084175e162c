//! What people see and change of their own second factors (FAC-35, FAC-36).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::credentials::Credentials;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::factors::{FactorKind, StoredFactor};
use crate::model::passkeys::StoredPasskey;
use crate::model::way_back::Stop;
pub use crate::model::way_back::WayBackTimes;
use crate::secret::{Digest, Secret};
use crate::steps::ending::{self, Spared};
use crate::steps::factor_change::FactorChange;
use crate::steps::factor_removal::{self, has_any};
use crate::steps::mail::{self, Outgoing};
use crate::steps::only_passkeys;
pub use crate::steps::owner::Owner;
pub use crate::steps::presence::OwnProof;
use crate::steps::recovery_set::{self, FirstCodes, RecoverySet};
use crate::steps::{
    self, enrolment, events, host_factors, mail_code, notices, revocation, second_step, session, way_back_stop,
};
use crate::store::{self, Conn, credentials, factors, identities, recovery_codes};
use crate::texts;

/// A second factor as its owner sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OwnFactor {
    /// Its id.
    pub id: String,
    /// Its kind.
    pub kind: FactorKind,
    /// Its name.
    pub name: String,
    /// Since when it is there.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Of a passkey: whether it can be on several devices, and is, and whether there may be a copy that is not its owner's.
    pub passkey: Option<PasskeyFacts>,
}

/// What is known of a passkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PasskeyFacts {
    /// Whether it can be on several devices of its owner.
    pub can_be_synced: bool,
    /// Whether it is.
    pub synced: bool,
    /// Whether its counter told of a copy: it signs nobody in any more (FAC-76).
    pub copied: bool,
}

/// The second factors of somebody.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OwnFactors {
    /// Whether a single proof does not finish a sign-in.
    pub two_step: bool,
    /// The passkeys and the authenticator apps.
    pub factors: Vec<OwnFactor>,
    /// Whether a code by mail may be the second proof beside the apps.
    pub email: bool,
    /// How many recovery codes were not used.
    pub recovery_left: i64,
    /// Until when a second factor has to be there that is not.
    pub required_until: Option<Timestamp>,
    /// Whether another app can be added.
    pub has_room: bool,
    /// Whether another passkey can be added.
    pub has_room_for_passkey: bool,
    /// Whether passkeys alone are the second proof, and recovery codes.
    pub only_passkeys: bool,
    /// That somebody asked to have all of them removed.
    pub way_back: Option<WayBackTimes>,
}

/// The own second factors.
///
/// # Errors
/// When the database does not answer.
pub async fn list(auth: &Auth, account: &Account) -> Result<OwnFactors, Error> {
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            let (known, apps) = (credentials::of_account(c, &id).await?, factors::proven(c, &id).await?);
            let passkeys = store::passkeys::of_account(c, &id).await?;
            let way_back = store::way_back::open(c, &id, now).await?.map(|row| row.times);
            Ok((known, apps, passkeys, recovery_codes::left(c, &id).await?, way_back))
        })
    });
    let (known, apps, passkeys, recovery_left, way_back) = found.await?;
    let rules = &auth.config().factors;
    let is_below = |there: usize, most: u32| there < usize::try_from(most).unwrap_or(usize::MAX);
    let has_room = rules.allow(FactorKind::Totp) && is_below(apps.len(), rules.max_totp);
    let has_room_for_passkey = steps::passkeys::require(auth).is_ok() && is_below(passkeys.len(), rules.max_passkeys);
    let factors = passkeys.into_iter().map(of_passkey).chain(apps.into_iter().map(of_row)).collect();
    let Credentials { two_step, mail_factor: email, only_passkeys, .. } = known;
    let required_until = enrolment::required_until(auth, account, known).await?;
    Ok(OwnFactors {
        two_step,
        factors,
        email,
        recovery_left,
        required_until,
        has_room,
        has_room_for_passkey,
        only_passkeys,
        way_back,
    })
}

fn of_row(row: StoredFactor) -> OwnFactor {
    let StoredFactor { id, name, created_at, last_used_at, .. } = row;
    OwnFactor { id, kind: FactorKind::Totp, name, created_at, last_used_at, passkey: None }
}

fn of_passkey(row: StoredPasskey) -> OwnFactor {
    let facts =
        PasskeyFacts { can_be_synced: row.backup_eligible, synced: row.backed_up, copied: row.copied_at.is_some() };
    let StoredPasskey { id, name, created_at, last_used_at, .. } = row;
    OwnFactor { id, kind: FactorKind::Passkey, name, created_at, last_used_at, passkey: Some(facts) }
}

/// Who changes something, from where, and with what proof.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "three references, made at each call")]
pub struct Act<'a> {
    /// Who.
    pub owner: &'a Owner,
    /// What is given as the proof.
    pub proof: &'a OwnProof,
    /// From where.
    pub caller: &'a Caller,
}

impl Act<'_> {
    fn event(&self, auth: &Auth, kind: EventKind) -> NewEvent {
        let account = &self.owner.account;
        let event = events::event(auth, kind, self.caller).by(Actor::Account(account.id.clone()));
        event.about(&account.id, &account.username)
    }

    pub(super) async fn begin(&self, auth: &Auth) -> Result<FactorChange, Error> {
        let known = session::credentials_of(auth, &self.owner.account.id).await?;
        self.owner.present.require_proof(auth, &self.owner.account, self.proof, self.caller).await?;
        Ok(FactorChange::new(auth, self.owner, known, false))
    }
}

fn gone() -> Error {
    Error::refused(Code::NotFound, "Record not found")
}

/// Gives a factor another name. It needs no proof, and ends nothing.
///
/// # Errors
/// 404 when it is not there, or another's; 422 for what is no name.
pub async fn rename(auth: &Auth, act: Act<'_>, id: &str, name: &str) -> Result<(), Error> {
    let (account, id, name) = (act.owner.account.id.clone(), id.to_owned(), second_step::name_of(name, "")?);
    if name.is_empty() {
        return Err(Error::refused(Code::Validation, texts::BAD_NAME));
    }
    let event = act.event(auth, EventKind::FactorRenamed);
    let renamed = auth.store().write(move |c| {
        Box::pin(async move {
            if !factors::rename(c, &account, &id, &name).await?
                && !store::passkeys::rename(c, &account, &id, &name).await?
            {
                return Err(gone());
            }
            store::events::add(c, event).await
        })
    });
    renamed.await
}

/// Removes a factor. With the last one two-step sign-in goes off, and recovery codes are void.
///
/// # Errors
/// 404 when it is not there, or another's; `ProofRequired`; `LastWayIn` when nothing would be left to sign in with (FAC-39);
/// `Demanded` when the account must keep it (FAC-92); `Conflict` when something else was changed at the same moment.
pub async fn remove(auth: &Auth, act: Act<'_>, id: &str) -> Result<(), Error> {
    let mut change = act.begin(auth).await?;
    let has_other_way = mail_code::is_way_in(auth, &act.owner.account)
        || !auth.config().sso.forced
            && auth.accounts().has_password(&act.owner.account.id).await.map_err(Error::from_host)?;
    let ways_in: Vec<String> = auth.config().sso.providers.iter().map(Provider::issuer).collect();
    let (domain, all) = (steps::passkeys::sign_in_domain(auth), only_passkeys::domain(auth));
    let event = act.event(auth, EventKind::FactorRemoved);
    change.notices.extend(notices::removed(auth, &act.owner.account, act.caller));
    let (account, id, was_on) = (act.owner.account.id.clone(), id.to_owned(), change.known.two_step);
    let off = act.event(auth, EventKind::TwoStepOff);
    let is_demanded = enrolment::refuse_removal(auth, &act.owner.account, change.known, false).is_err();
    let kinds: Vec<FactorKind> =
        FactorKind::ALL.into_iter().filter(|kind| auth.config().factors.satisfy(*kind)).collect();
    let removed = change.make(auth, move |c| {
        Box::pin(async move {
            let kind = match () {
                () if factors::remove(c, &account, &id).await? => FactorKind::Totp,
                () if store::passkeys::remove(c, &account, &id).await? => FactorKind::Passkey,
                () => return Err(gone()),
            };
            if kind == FactorKind::Passkey
                && !has_other_way
                && !has_way_in(c, &account, (&ways_in, domain.as_deref())).await?
            {
                return Err(Error::refused(Code::LastWayIn, texts::LAST_WAY_IN));
            }
            if is_demanded && !satisfies(c, &account, all.as_deref(), &kinds).await? {
                return Err(Error::refused(Code::Demanded, texts::SECOND_FACTOR_DEMANDED));
            }
            if kind == FactorKind::Passkey {
                only_passkeys::after_removal(c, &account, all.as_deref()).await?;
            }
            store::events::add(c, event.with("type", kind.name())).await?;
            if !has_any(c, &account).await? {
                recovery_codes::remove(c, &account).await?;
                credentials::set_two_step(c, &account, false).await?;
                if was_on {
                    store::events::add(c, off).await?;
                }
            }
            Ok(())
        })
    });
    removed.await?;
    tracing::info!(account = %act.owner.account.id, "a second factor was removed");
    Ok(())
}

/// Whether the account has a factor of one of these kinds. In a transaction that changes that.
async fn satisfies(
    c: &mut Conn,
    account: &AccountId,
    domain: Option<&str>,
    kinds: &[FactorKind],
) -> Result<bool, Error> {
    if kinds.contains(&FactorKind::Totp) && !factors::proven(c, account).await?.is_empty() {
        return Ok(true);
    }
    let passkeys = store::passkeys::of_account(c, account).await?;
    let works = |passkey: &StoredPasskey| domain == Some(&*passkey.rp_id) && passkey.copied_at.is_none();
    Ok(kinds.contains(&FactorKind::Passkey) && passkeys.iter().any(works))
}

/// Whether somebody without a password can sign in by a provider or by a passkey. Whoever takes the other away waits (security ONE-6).
async fn has_way_in(
    c: &mut Conn,
    account: &AccountId,
    (providers, domain): (&[String], Option<&str>),
) -> Result<bool, Error> {
    identities::lock_owner(c, account).await?;
    let linked = identities::of_account(c, account).await?;
    let by_provider = linked.iter().any(|linked| providers.contains(&linked.identity.issuer));
    Ok(by_provider || steps::passkeys::is_way_in(c, account, domain).await?)
}

/// Turns two-step sign-in on or off. The factors stay. Answers with recovery codes, when there were none: they are never shown again.
///
/// # Errors
/// `Conflict` without a second factor; `ProofRequired`; `Demanded` when it must stay on (FAC-92).
pub async fn set_two_step(auth: &Auth, act: Act<'_>, on: bool) -> Result<Vec<Secret>, Error> {
    set_two_step_with_mail(auth, act, on, false).await
}

/// The same, and a code by mail counts as a second factor where that is offered (FAC-87, native 1.4).
///
/// # Errors
/// As [`set_two_step`].
pub async fn set_two_step_with_mail(auth: &Auth, act: Act<'_>, on: bool, by_mail: bool) -> Result<Vec<Secret>, Error> {
    let mut change = act.begin(auth).await?;
    if change.known.two_step == on {
        return Ok(Vec::new());
    }
    let kind = if on { EventKind::TwoStepOn } else { EventKind::TwoStepOff };
    change.events.push(act.event(auth, kind));
    if !on {
        change.notices.extend(notices::two_step_off(auth, &act.owner.account, act.caller));
    }
    enrolment::refuse_removal(auth, &act.owner.account, change.known, on)?;
    let is_read = by_mail && steps::mail::is_read(auth) && auth.config().factors.allow(FactorKind::Email);
    let has_host_factor = is_read || on && !host_factors::usable(auth, &act.owner.account).await.is_empty();
    let set = RecoverySet::new(auth, &act.owner.account);
    let first = FirstCodes::new(auth, &act.owner.account, &set, act.event(auth, EventKind::RecoveryMade));
    let account = act.owner.account.id.clone();
    let changed = change.make(auth, move |c| {
        Box::pin(async move {
            let has_any = has_any(c, &account).await?;
            if on && !has_host_factor && !has_any {
                return Err(Error::refused(Code::Conflict, texts::NO_SECOND_FACTOR));
            }
            credentials::set_two_step(c, &account, on).await?;
            if on && has_any { first.keep(c).await } else { Ok(false) }
        })
    });
    let is_first = changed.await?;
    tracing::info!(account = %act.owner.account.id, on, "two-step sign-in was changed");
    Ok(if is_first { set.codes } else { Vec::new() })
}

/// Allows a code by mail as the second proof beside the apps, or not any more. It is the weaker one, so nobody gets it unasked
/// (FAC-87).
///
/// # Errors
/// `ProofRequired`.
pub async fn set_mail_factor(auth: &Auth, act: Act<'_>, on: bool) -> Result<(), Error> {
    let mut change = act.begin(auth).await?;
    if change.known.mail_factor == on {
        return Ok(());
    }
    change.events.push(act.event(auth, if on { EventKind::EmailFactorOn } else { EventKind::EmailFactorOff }));
    let account = act.owner.account.id.clone();
    change.make(auth, move |c| Box::pin(async move { credentials::set_mail_factor(c, &account, on).await })).await
}

/// Removes all second factors of an account, or `only` those of one kind, and ends everything of it; its owner is told (FAC-116).
/// Answers with how many passkeys and apps there were. With the last of those two-step sign-in goes off, and recovery codes are void.
///
/// # Errors
/// When the database does not answer.
pub async fn reset(
    auth: &Auth,
    account: &Account,
    only: Option<FactorKind>,
    by: Actor,
    caller: &Caller,
) -> Result<usize, Error> {
    let event = events::event(auth, EventKind::FactorRemoved, caller).by(by).about(&account.id, &account.username);
    let event = event.with("type", only.map_or("all", FactorKind::name));
    let notice = Outgoing::to_confirmed(auth, account, Mail::FactorsReset);
    let (id, now) = (account.id.clone(), auth.ambient().now());
    let over = Revoked::Account(id.clone());
    let removed = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                ending::end_everything(c, &id, &Spared::default(), now).await?;
                let removed = factor_removal::remove(c, &id, only).await?;
                if removed > 0 || only.is_none() {
                    way_back_stop::stop(c, &id, (Stop::Staff, None), now).await?;
                }
                mail::enqueue_notice(c, notice).await?;
                store::events::add(c, event).await?;
                Ok(removed)
            })
        },
        move |_| Some(over),
    );
    let removed = removed.await?;
    mail::wake(auth);
    tracing::info!(account = %account.id, "the second factors are removed");
    Ok(removed)
}

/// Makes new recovery codes; those before are void. Answers with the codes, which are never shown again.
///
/// # Errors
/// `Conflict` without a second factor; `ProofRequired`.
pub async fn make_recovery_codes(auth: &Auth, act: Act<'_>) -> Result<Vec<Secret>, Error> {
    let mut change = act.begin(auth).await?;
    change.events.push(act.event(auth, EventKind::RecoveryMade));
    change.notices.extend(notices::recovery_made(auth, &act.owner.account, act.caller));
    let set = RecoverySet::new(auth, &act.owner.account);
    let (account, digests, now) = (act.owner.account.id.clone(), set.digests.clone(), auth.ambient().now());
    let made = change.make(auth, move |c| {
        Box::pin(async move {
            if !has_any(c, &account).await? {
                return Err(Error::refused(Code::Conflict, texts::NO_SECOND_FACTOR));
            }
            recovery_codes::replace(c, &account, &digests, now).await
        })
    });
    made.await?;
    Ok(set.codes)
}

/// Whether these are the account's living set of recovery codes, all of them: what a file may be made of (FAC-68).
///
/// # Errors
/// When the database does not answer.
pub async fn is_own_set(auth: &Auth, account: &Account, codes: &[String]) -> Result<bool, Error> {
    let id = account.id.clone();
    let mut kept = auth.store().look_up(move |c| Box::pin(async move { recovery_codes::all(c, &id).await })).await?;
    // A set is whole under one key.
    let is_of_set = |digest: &Digest| kept.contains(digest);
    let found = codes.iter().map(|code| recovery_set::digests(auth, account, code).find(is_of_set));
    let Some(mut digests) = found.collect::<Option<Vec<_>>>() else { return Ok(false) };
    kept.sort_unstable();
    digests.sort_unstable();
    Ok(!kept.is_empty() && kept == digests)
}
