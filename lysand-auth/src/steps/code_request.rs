//! A code by mail in place of name and password: whom it is for, and its mail (FAC-86). What is done for nobody is the same.

use crate::auth::Auth;
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::credentials::{Credentials, Demand};
use crate::model::device::Device;
use crate::model::factors::PendingSignIn;
use crate::model::mail::CodeUse;
use crate::model::mail_token::{Link, Purpose};
use crate::steps::mail::Outgoing;
use crate::steps::{mail_code, refused_sign_in, standing};

/// Why nothing goes to anybody.
const NOBODY: &str = "there is nobody to send it to";

/// In the place of an account: tries of whoever typed this are counted by it.
pub(crate) fn stand_in(auth: &Auth, typed: &str) -> AccountId {
    AccountId::new(format!("nobody {}", refused_sign_in::digest(auth, typed)))
}

/// Whether the account is there for its owner, and the address has been proven to be theirs.
pub(crate) fn can_use_it(account: &Account, known: Credentials) -> bool {
    let is_confirmed = account.email.as_ref().is_some_and(|email| email.confirmed);
    is_confirmed && standing::may_sign_in(account).is_ok() && known.demanded != Some(Demand::Now)
}

/// The mail with the code of a sign-in that waits for it; one that goes nowhere where there is no account.
pub(crate) fn mail_for(
    auth: &Auth,
    account: Option<&Account>,
    (typed, app): (&str, Option<String>),
    row: &PendingSignIn,
    caller: &Caller,
) -> Outgoing {
    let device = caller.agent.as_deref().and_then(|agent| Device::of(agent).words());
    let mail = Mail::Code { app, device, at: row.created_at, use_for: CodeUse::SignIn };
    let account_id = account.map(|account| account.id.clone());
    let ttl = mail_code::LIFETIME.min(row.expires_at.since(row.created_at));
    let subject = Some(row.id.clone());
    let link = Link { purpose: Purpose::SignIn, account: account_id, subject, ttl, has_code: true };
    match account.and_then(|account| Outgoing::to_confirmed(auth, account, mail.clone())) {
        Some(outgoing) => outgoing.with_link(link),
        None => {
            let nobody = Outgoing::to_address(auth, refused_sign_in::digest(auth, typed), mail);
            nobody.with_link(Link { account: None, ..link }).cancelled(NOBODY)
        }
    }
}
