//! The second proof of a sign-in: whether one is missing, and which the account can give.

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::credentials::Credentials;
use crate::model::factors::{FactorKind, Usable};
use crate::model::proofs::ProofKind;
use crate::steps::host_rules::Proven;
use crate::steps::{code_factor, host_factors, host_rules, passkeys, trust};
use crate::store::{factors, recovery_codes};
use crate::texts;

/// The longest name of a factor, in characters (FAC-64).
const LONGEST_NAME: usize = 64;

/// Whether a sign-in lacks a second proof (FAC-4). A provider's word is enough by itself, unless the operator says otherwise
/// (FAC-95), and so is a passkey, which verified its owner (FAC-83), and a password in a browser that the account trusts (FAC-97).
pub(crate) fn is_missing(auth: &Auth, proven: &Proven<'_>, known: Credentials) -> bool {
    let rules = &auth.config().factors;
    let is_enough = match proven.by {
        ProofKind::Provider => proven.vouched.is_enough(),
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
    let mut usable = Usable { kinds: Vec::new(), recovery_left, apps, passkeys };
    let has = |kind: &FactorKind| match kind {
        FactorKind::Passkey => !usable.passkeys.is_empty(),
        kind => code_factor::of_kind(*kind).is_some_and(|factor| factor.is_usable(auth, (account, known), &usable)),
    };
    let of_host = host_factors::usable(auth, account).await;
    // Mail is never offered beside a stronger kind unasked, and a kind of the host's is one (FAC-87).
    let is_unasked = |kind: &FactorKind| *kind == FactorKind::Email && !of_host.is_empty() && !known.mail_factor;
    let own = FactorKind::ALL.into_iter().filter(|kind| allowed.allow(*kind) && has(kind) && !is_unasked(kind));
    let mut kinds: Vec<FactorKind> = own.chain(of_host.iter().copied()).collect();
    kinds.retain(|kind| may(kind) && kind.proof() != *first);
    if takes_password(auth, account, known, first).await? {
        kinds.push(FactorKind::Password);
    }
    kinds.sort_unstable_by_key(|kind| matches!(kind, FactorKind::Recovery | FactorKind::Email).then_some(*kind));
    usable.kinds = kinds;
    Ok(usable)
}

/// Whether the password is a second proof: after a passkey or a mailed code, where one signs people in at all (FAC-52). After a
/// mailed code not while the mailbox alone has just set it, for then it would be both proofs (FAC-87).
async fn takes_password(auth: &Auth, account: &Account, known: Credentials, first: &ProofKind) -> Result<bool, Error> {
    let is_of_another_kind = match first {
        ProofKind::Passkey => true,
        ProofKind::Email => !known.was_reset_by_mail(),
        _ => false,
    };
    Ok(is_of_another_kind && has_usable_password(auth, account).await?)
}

/// Whether the account has a password that signs its owner in.
///
/// # Errors
/// When the host does not answer.
pub(crate) async fn has_usable_password(auth: &Auth, account: &Account) -> Result<bool, Error> {
    if auth.config().sso.forced {
        return Ok(false);
    }
    auth.accounts().has_password(&account.id).await.map_err(Error::from_host)
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
