//! Mails about somebody's second factors: what happened, with what, from where and when (FAC-151, FAC-152).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::mailer::Mail;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::device::Device;
use crate::steps::mail::Outgoing;

/// With what, from where and when.
type Circumstances = (Option<String>, Option<String>, Timestamp);

fn circumstances(auth: &Auth, caller: &Caller) -> Circumstances {
    let device = caller.agent.as_deref().and_then(|agent| Device::of(agent).words());
    (device, caller.network(), auth.ambient().now())
}

/// A factor was added.
pub(crate) fn added(auth: &Auth, account: &Account, name: &str, caller: &Caller) -> Option<Outgoing> {
    let (device, network, at) = circumstances(auth, caller);
    Outgoing::to_confirmed(auth, account, Mail::FactorAdded { name: name.to_owned(), device, network, at })
}

/// A factor was removed.
pub(crate) fn removed(auth: &Auth, account: &Account, caller: &Caller) -> Option<Outgoing> {
    let (device, network, at) = circumstances(auth, caller);
    Outgoing::to_confirmed(auth, account, Mail::FactorRemoved { device, network, at })
}

/// Two-step sign-in was turned off.
pub(crate) fn two_step_off(auth: &Auth, account: &Account, caller: &Caller) -> Option<Outgoing> {
    let (device, network, at) = circumstances(auth, caller);
    Outgoing::to_confirmed(auth, account, Mail::TwoStepOff { device, network, at })
}

/// Recovery codes were made.
pub(crate) fn recovery_made(auth: &Auth, account: &Account, caller: &Caller) -> Option<Outgoing> {
    let (device, network, at) = circumstances(auth, caller);
    Outgoing::to_confirmed(auth, account, Mail::RecoveryMade { device, network, at })
}

/// The counter of a passkey did not rise: there may be a copy of it (FAC-76).
pub(crate) fn passkey_copied(auth: &Auth, account: &Account, name: &str, caller: &Caller) -> Option<Outgoing> {
    let (device, network, at) = circumstances(auth, caller);
    Outgoing::to_confirmed(auth, account, Mail::PasskeyCopied { name: name.to_owned(), device, network, at })
}

/// The second factors are removed by a way back: to every confirmed address (FAC-154).
///
/// # Errors
/// When the host does not answer.
pub(crate) async fn way_back_done(auth: &Auth, account: &Account, caller: &Caller) -> Result<Vec<Outgoing>, Error> {
    let (device, network, at) = circumstances(auth, caller);
    Outgoing::to_every_confirmed(auth, account, &Mail::WayBackDone { device, network, at }).await
}

/// A recovery code was used.
pub(crate) fn recovery_used(auth: &Auth, account: &Account, left: u64, caller: &Caller) -> Option<Outgoing> {
    let (device, network, at) = circumstances(auth, caller);
    Outgoing::to_confirmed(auth, account, Mail::RecoveryUsed { left, device, network, at })
}
