//! The second proof of a sign-in: whether one is missing, which the account can give, and whether one is right.

use crate::auth::Auth;
use crate::config::AfterSso;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::credentials::Credentials;
use crate::model::factors::{Consumed, FactorKind, StoredFactor, place};
use crate::model::mail_token::Purpose;
use crate::model::passkeys::StoredPasskey;
use crate::model::proofs::ProofKind;
use crate::model::recovery_code;
use crate::model::totp::{self, TotpSecret};
use crate::steps::completion::wrong_code;
use crate::steps::host_rules::Proven;
use crate::steps::{host_factors, host_rules, mail, passkeys, recovery_set, trust};
use crate::store::{factors, mail_tokens, recovery_codes};
use crate::texts;

/// The longest name of a factor, in characters (FAC-64).
const LONGEST_NAME: usize = 64;
/// The longest code that is looked at, in bytes (FAC-172).
const LONGEST: usize = 64;

/// Whether a sign-in lacks a second proof (FAC-4). A provider's word is enough by itself, unless the operator says otherwise
/// (FAC-95), and so is a passkey, which verified its owner (FAC-83), and a password in a browser that the account trusts (FAC-97).
pub(crate) fn is_missing(auth: &Auth, proven: &Proven<'_>, known: Credentials) -> bool {
    let rules = &auth.config().factors;
    let is_enough = match proven.by {
        ProofKind::Provider => rules.after_sso == AfterSso::Skip,
        ProofKind::Passkey => rules.passkey_alone,
        ProofKind::Password => proven.trusted.is_some() && trust::is_allowed(rules, proven.account, proven.by),
        _ => false,
    };
    known.two_step && !is_enough && !proven.proofs(auth.ambient().now()).are_two()
}

/// Whether the host demands a second proof that the account can give.
///
/// # Errors
/// `SignInRefused` when the host gives no answer; when the database does not answer.
pub(crate) async fn is_missing_for_host(auth: &Auth, proven: &Proven<'_>, known: Credentials) -> Result<bool, Error> {
    let Some(demand) = host_rules::unmet(auth, proven).await? else { return Ok(false) };
    let proofs = proven.proofs(auth.ambient().now());
    let first = proofs.first().map_or(&ProofKind::Password, |proof| &proof.kind);
    let usable = usable(auth, (proven.account, known), first).await?;
    Ok(usable.kinds.iter().any(|kind| host_rules::would_meet(auth, demand, *kind)))
}

/// Leaves the kinds that are what the host demands.
///
/// # Errors
/// `SignInRefused` when the host gives no answer.
pub(crate) async fn keep_what_the_host_demands(
    auth: &Auth,
    proven: &Proven<'_>,
    usable: &mut Usable,
) -> Result<(), Error> {
    if let Some(demand) = host_rules::unmet(auth, proven).await? {
        usable.kinds.retain(|kind| host_rules::would_meet(auth, demand, *kind));
    }
    Ok(())
}

/// What an account can give as a second proof, the preferred kind first.
pub(crate) struct Usable {
    pub(crate) kinds: Vec<FactorKind>,
    pub(crate) recovery_left: i64,
    apps: Vec<StoredFactor>,
    pub(crate) passkeys: Vec<StoredPasskey>,
}

/// What is usable after `first`: the account has it, the configuration allows it, and it is of another kind (FAC-1).
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn usable(
    auth: &Auth,
    (account, known): (&Account, Credentials),
    first: &ProofKind,
) -> Result<Usable, Error> {
    let id = account.id.clone();
    let found = auth.store().look_up(move |c| {
        Box::pin(async move { Ok((factors::proven(c, &id).await?, recovery_codes::left(c, &id).await?)) })
    });
    let (apps, recovery_left) = found.await?;
    let passkeys = passkeys::working(auth, &account.id).await?;
    let allowed = &auth.config().factors;
    // Where the operator lets nobody use a passkey, the wish for them alone has no meaning.
    let only_passkeys = known.only_passkeys && passkeys::require(auth).is_ok();
    let may = |kind: &FactorKind| !only_passkeys || matches!(kind, FactorKind::Passkey | FactorKind::Recovery);
    let has = |kind: &FactorKind| match kind {
        FactorKind::Passkey => !passkeys.is_empty(),
        FactorKind::Totp => !apps.is_empty(),
        FactorKind::Recovery => recovery_left > 0,
        FactorKind::Email => takes_mail(auth, account, known, apps.is_empty() && passkeys.is_empty()),
        FactorKind::Password | FactorKind::Host(_) => false,
    };
    let own = FactorKind::ALL.into_iter().filter(|kind| allowed.allow(*kind) && has(kind));
    let mut kinds: Vec<FactorKind> = own.chain(host_factors::usable(auth, account).await).collect();
    kinds.retain(|kind| may(kind) && kind.proof() != *first);
    if takes_password(auth, account, first).await? {
        kinds.push(FactorKind::Password);
    }
    kinds.sort_unstable_by_key(|kind| matches!(kind, FactorKind::Recovery | FactorKind::Email).then_some(*kind));
    Ok(Usable { kinds, recovery_left, apps, passkeys })
}

/// Whether the password is a second proof: after a passkey or a mailed code, where one signs people in at all (FAC-52).
async fn takes_password(auth: &Auth, account: &Account, first: &ProofKind) -> Result<bool, Error> {
    if !matches!(first, ProofKind::Passkey | ProofKind::Email) || auth.config().sso.forced {
        return Ok(false);
    }
    auth.accounts().has_password(&account.id).await.map_err(Error::from_host)
}

/// Whether a code by mail is a second proof: never beside a stronger one unasked, and not while the mailbox alone has just set
/// the password, for then it would be both proofs (FAC-87).
fn takes_mail(auth: &Auth, account: &Account, known: Credentials, has_nothing_stronger: bool) -> bool {
    let reaches = auth.mailer().reaches_people() || auth.config().base_url.is_loopback();
    let is_confirmed = account.email.as_ref().is_some_and(|email| email.confirmed);
    reaches && is_confirmed && !known.was_reset_by_mail && (known.mail_factor || has_nothing_stronger)
}

/// A code of the right form for its kind: what counts of it.
///
/// # Errors
/// 422 for one that is none; nothing is counted for it (FAC-172).
pub(crate) fn code_of(kind: FactorKind, typed: &str) -> Result<String, Error> {
    let invalid = || Error::refused(Code::Validation, texts::NO_CODE);
    if typed.len() > LONGEST {
        return Err(invalid());
    }
    let digits = || typed.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect::<String>();
    let has_digits = |code: &String, most: usize| code.len() == most && code.bytes().all(|byte| byte.is_ascii_digit());
    match kind {
        FactorKind::Totp => Some(digits()).filter(|code| has_digits(code, totp::DIGITS)),
        FactorKind::Email => Some(digits()).filter(|code| has_digits(code, 8)),
        FactorKind::Passkey | FactorKind::Password => None,
        FactorKind::Recovery => recovery_code::normalised(typed).map(|code| code.expose().to_owned()),
        FactorKind::Host(_) => Some(typed.trim().to_owned()),
    }
    .ok_or_else(invalid)
}

/// What a right code uses up; it is looked at here, and used up with what it buys.
///
/// # Errors
/// `WrongFactor`; when the database does not answer.
pub(crate) async fn check(
    auth: &Auth,
    account: &Account,
    usable: &Usable,
    (kind, code, pending): (FactorKind, &str, Option<&str>),
    state: &str,
) -> Result<Consumed, Error> {
    match kind {
        FactorKind::Passkey | FactorKind::Password => Err(wrong_code()),
        FactorKind::Host(kind) => {
            let pending = pending.ok_or_else(wrong_code)?;
            host_factors::check(auth, account, kind, (code, state, pending)).await
        }
        FactorKind::Totp => {
            let found = usable.apps.iter().find_map(|app| step(auth, app, code).map(|step| (app, step)));
            let (app, step) = found.filter(|(app, step)| *step > app.last_step).ok_or_else(wrong_code)?;
            Ok(Consumed::Totp { factor: app.id.clone(), step })
        }
        FactorKind::Recovery => {
            for digest in recovery_set::digests(auth, account, code) {
                let id = account.id.clone();
                let found = auth
                    .store()
                    .look_up(move |c| Box::pin(async move { recovery_codes::is_unused(c, &id, digest).await }));
                if found.await? {
                    return Ok(Consumed::Recovery(digest));
                }
            }
            Err(wrong_code())
        }
        FactorKind::Email => {
            let Some(pending) = pending.map(str::to_owned) else { return Err(wrong_code()) };
            let (id, digest, now) = (account.id.clone(), mail::code_digest(auth, code), auth.ambient().now());
            let found = auth.store().look_up(move |c| {
                Box::pin(async move { mail_tokens::with_code(c, (&id, Purpose::Factor, &pending), digest, now).await })
            });
            found.await?.map(Consumed::Email).ok_or_else(wrong_code)
        }
    }
}

/// The time step that a code of this app is of.
pub(crate) fn step(auth: &Auth, app: &StoredFactor, code: &str) -> Option<i64> {
    secret_of(auth, app)?.step_of(code, auth.ambient().now())
}

/// What the app and this server share. None, and a line in the log, when its key is not there.
pub(crate) fn secret_of(auth: &Auth, app: &StoredFactor) -> Option<TotpSecret> {
    let opened = auth.config().keys.secrets().open(&place(&app.account, &app.id), &app.secret);
    if opened.is_none() {
        tracing::error!(factor = %app.id, key = %app.secret.key, "the secret of an authenticator app cannot be opened");
    }
    opened.map(TotpSecret::of)
}

/// The name of a factor, as it is kept; an empty one is the usual one.
///
/// # Errors
/// 422 when it is too long, or has control characters (FAC-178).
pub(crate) fn name_of(typed: &str, usual: &str) -> Result<String, Error> {
    let name = typed.trim();
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Err(Error::refused(Code::Validation, texts::BAD_NAME));
    }
    Ok(if name.is_empty() { usual.to_owned() } else { name.to_owned() })
}
