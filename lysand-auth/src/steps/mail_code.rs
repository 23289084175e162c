//! A code by mail, for one sign-in and typed in the browser that asked (FAC-85, FAC-88, FAC-89).

use std::time::Duration;

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::device::Device;
use crate::model::factors::{FactorKind, PendingSignIn, masked};
use crate::model::mail::CodeUse;
use crate::model::mail_token::{Link, Purpose};
use crate::steps::mail::{self, Outgoing, Queued};
use crate::steps::pending::Open;
use crate::store::mail_tokens;
use crate::texts;

/// How long a code lives, from the sending of its mail; no longer than its sign-in.
pub(crate) const LIFETIME: Duration = Duration::from_secs(600);
/// How long nobody asks for another.
pub(crate) const AGAIN: Duration = Duration::from_secs(60);
/// When somebody may ask again whom the limit of mails has stopped.
const HOUR: Duration = Duration::from_secs(3600);

/// Where a code by mail goes, and when it did.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MailCode {
    /// The address, most of its local part hidden.
    pub masked: String,
    /// When one was asked for last.
    pub sent_at: Option<Timestamp>,
    /// When another may be asked for.
    pub again_at: Option<Timestamp>,
}

/// Whether a code by mail takes the place of name and password here (FAC-86).
pub(crate) fn signs_people_in(auth: &Auth) -> bool {
    let rules = &auth.config().factors;
    let reaches = mail::is_read(auth);
    rules.email_sign_in && rules.allow(FactorKind::Email) && reaches
}

/// Whether an account can be signed in to by a code by mail alone (FAC-39).
pub(crate) fn is_way_in(auth: &Auth, account: &Account) -> bool {
    signs_people_in(auth) && account.email.as_ref().is_some_and(|email| email.confirmed)
}

/// What is known of the codes of a sign-in for this use.
pub(crate) async fn sent(
    auth: &Auth,
    account: &Account,
    (pending, use_for): (&PendingSignIn, CodeUse),
) -> Result<MailCode, Error> {
    let (id, purpose) = (pending.id.clone(), purpose(use_for));
    let last = auth.store().look_up(move |c| Box::pin(async move { mail_tokens::last_about(c, (purpose, &id)).await }));
    let sent_at = last.await?;
    let address = account.email.as_ref().map(|email| masked(&email.address)).unwrap_or_default();
    Ok(MailCode { masked: address, sent_at, again_at: sent_at.map(|at| at.plus(AGAIN)) })
}

/// What a code for this use opens.
fn purpose(use_for: CodeUse) -> Purpose {
    match use_for {
        CodeUse::SignIn => Purpose::Factor,
        CodeUse::WayBack => Purpose::WayBack,
    }
}

/// Has one mailed. An earlier one of the same sign-in and use is void once the mail leaves.
pub(crate) async fn send(
    auth: &Auth,
    open: &Open,
    (app, use_for): (Option<String>, CodeUse),
    caller: &Caller,
) -> Result<(), Error> {
    let (account, now) = (&open.account, auth.ambient().now());
    let again_at = sent(auth, account, (&open.pending, use_for)).await?.again_at.filter(|again| now < *again);
    if let Some(again) = again_at {
        return Err(Error::later(Code::TooSoon, texts::CODE_TOO_SOON, again.since(now)));
    }
    let device = caller.agent.as_deref().and_then(|agent| Device::of(agent).words());
    let mail = Outgoing::to_confirmed(auth, account, Mail::Code { app, device, at: now, use_for });
    let mail = mail.ok_or_else(|| Error::refused(Code::NotOffered, texts::NOT_OFFERED))?;
    let link = Link {
        purpose: purpose(use_for),
        account: Some(account.id.clone()),
        subject: Some(open.pending.id.clone()),
        ttl: LIFETIME.min(open.pending.expires_at.since(now)),
        has_code: true,
    };
    let mail = mail.with_link(link).from_proven_person();
    match auth.store().write(move |c| Box::pin(async move { mail::enqueue(c, mail).await })).await? {
        Queued::Waiting => {
            mail::wake(auth);
            Ok(())
        }
        Queued::Limited => Err(Error::later(Code::TooManyRequests, texts::TOO_MANY_REQUESTS, HOUR)),
    }
}
