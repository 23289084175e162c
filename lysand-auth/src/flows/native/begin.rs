//! A sign-in by a protocol of the host's own (native NAT-33).

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::native::{LONGEST_DEVICE, Program};
use crate::model::proofs::Proofs;
use crate::steps::host_rules::Proven;
use crate::steps::native_sign_in::{self, NativeTokens, Outcome, Start};
use crate::steps::standing;
use crate::texts;

/// A native pair of tokens for somebody whom the host has proven by these proofs: listed, ended and told to their owner like every
/// sign-in of a native client.
///
/// # Errors
/// `FactorRequired` for proofs that are not enough for this account; `AccountInactive` when it may not act; what the host's rules
/// refuse; `Validation` for a device or a name of more than 64 characters; when host or database do not answer.
pub async fn begin(
    auth: &Auth,
    account: &Account,
    program: Program,
    proofs: &Proofs,
    caller: &Caller,
) -> Result<NativeTokens, Error> {
    let is_short = |text: &Option<String>| text.as_ref().is_none_or(|text| is_device_text(text));
    if !is_short(&program.name) || !is_short(&program.device) {
        return Err(Error::refused(Code::Validation, "a device and its name have at most 64 characters"));
    }
    standing::may_sign_in(account)?;
    let not_enough = || Error::refused(Code::FactorRequired, texts::MORE_PROOFS_DEMANDED);
    let (earlier, last) = proofs.split_last().ok_or_else(not_enough)?;
    let earlier = Some(&earlier).filter(|earlier| earlier.first().is_some());
    let proven = Proven { earlier, ..Proven::new(account, &last.kind) };
    match native_sign_in::after_proof(auth, proven, Start { program: &program, caller, pair: None }).await? {
        Outcome::Begun(tokens) => Ok(tokens),
        Outcome::Lacks(_) => Err(not_enough()),
    }
}

/// Whether a text can be the id or the name of a device.
#[must_use]
pub fn is_device_text(text: &str) -> bool {
    (1..=LONGEST_DEVICE).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}
