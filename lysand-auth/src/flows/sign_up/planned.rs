//! What a new account will be, found out before it is made.

use super::attempt::Checked;
use super::first_mail::FirstMail;
use super::form::{self, SignUpForm};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::host::accounts::NewAccount;
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId, Email, Standing};
use crate::model::app::App;
use crate::model::caller::Caller;
use crate::model::sign_up::{Road, SignUpRecord, WaitingState};
use crate::steps::confirmation::confirmation;
use crate::steps::mail::Outgoing;
use crate::steps::waiting;

/// What the account will be.
pub(super) struct Planned {
    road: Road,
    needs_review: bool,
    review_stays: bool,
    is_confirmed: bool,
    invitation: Option<String>,
    minimum_age: u8,
    agrees: bool,
    now: Timestamp,
}

impl Planned {
    pub(super) fn new(auth: &Auth, form: &SignUpForm, road: Road, checked: &Checked) -> Self {
        let admission = &checked.admission;
        Self {
            road,
            needs_review: admission.needs_review,
            review_stays: admission.review_stays,
            // There is nothing to confirm where there is no address (people PPL-44a).
            is_confirmed: admission.proves_address || form.email.trim().is_empty(),
            invitation: admission.invitation.as_ref().map(|invitation| invitation.id.clone()),
            minimum_age: checked.asked.minimum_age,
            agrees: form.agreement && checked.asked.agreement,
            now: auth.ambient().now(),
        }
    }

    pub(super) fn state(&self) -> WaitingState {
        match (self.is_confirmed, self.needs_review) {
            (false, _) => WaitingState::Unconfirmed,
            (true, true) => WaitingState::Pending,
            (true, false) => WaitingState::Ready,
        }
    }

    pub(super) fn account(&self, form: &SignUpForm) -> NewAccount {
        let address = Some(form.email.trim().to_owned()).filter(|address| !address.is_empty());
        let email = address.map(|address| Email { address, confirmed: self.is_confirmed });
        NewAccount::new(form.username.trim())
            .with_email(email)
            .with_password(form.password.clone())
            .with_standing(if self.needs_review { Standing::Pending } else { Standing::Active })
            .with_language(form.language.clone())
    }

    pub(super) fn record(&self, auth: &Auth, form: &SignUpForm, caller: &Caller, app: Option<&App>) -> SignUpRecord {
        let lifetimes = &auth.config().lifetimes;
        let (confirmed, decided) = (self.is_confirmed, self.is_confirmed && !self.needs_review);
        let lifetime = if confirmed { lifetimes.review } else { lifetimes.unconfirmed_account };
        let reason = form.reason.as_deref().map(str::trim).filter(|reason| self.needs_review && !reason.is_empty());
        SignUpRecord {
            account: AccountId::new(waiting::NOBODY),
            road: self.road,
            app: app.map(|app| app.id.clone()),
            provider: None,
            invitation: self.invitation.clone(),
            reason: reason.map(str::to_owned),
            agreed_to: self.agrees.then(|| form::agreement(auth)),
            minimum_age: Some(self.minimum_age).filter(|age| *age > 0),
            network: caller.network(),
            agent: caller.agent.clone(),
            language: form.language.as_ref().map(|language| language.as_str().to_owned()),
            needs_review: self.needs_review,
            created_at: self.now,
            confirmed_at: confirmed.then_some(self.now),
            decided_at: decided.then_some(self.now),
            expires_at: self.now.plus(lifetime),
            review_stays: self.review_stays,
        }
    }

    pub(super) fn mail(&self, auth: &Auth, form: &SignUpForm, owner: Option<&Account>) -> Option<FirstMail> {
        let to_new = |mail| {
            let outgoing = Outgoing::to_address(auth, form.email.trim(), mail);
            outgoing.with_language(form.language.clone()).with_username(form.username.trim().to_lowercase())
        };
        match (self.state(), owner) {
            _ if form.email.trim().is_empty() => None,
            (WaitingState::Ready, _) => Some(FirstMail::ToNewAccount(to_new(Mail::Welcome), None)),
            (WaitingState::Unconfirmed, None) => {
                Some(FirstMail::ToNewAccount(to_new(Mail::Confirm), Some(confirmation(auth, None))))
            }
            (WaitingState::Unconfirmed, Some(owner)) => {
                Outgoing::to_account(auth, owner, Mail::SignupExisting).map(FirstMail::ToOwner)
            }
            _ => None,
        }
    }
}
