//! The account is made: with it, in one transaction, go its sign-up, who waits for it, its mail, the use of the invitation, the
//! spent proof of work, the counters and the event (people PPL-50, PPL-219, PPL-221, PPL-225).

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::attempt::{Checked, SignUp, SignUpError, Work};
use super::first_mail::FirstMail;
use super::form::{self, SignUpForm};
use super::planned::Planned;
use super::with_passkey::{NewPasskey, NotKept};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::{AccountsError, Along, Field, NewAccount, rules};
use crate::host::mailer::Mail;
use crate::model::account::{Account, AccountId};
use crate::model::app::App;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::form_error::FormError;
use crate::model::identity::LinkedIdentity;
use crate::model::rate_limit::{Counter, Rule};
use crate::model::sign_up::{Road, SignUpRecord, Waiting, WaitingSince, WaitingState};
use crate::secret::{Digest, Secret};
use crate::steps::confirmation::{confirmation, disowned_key};
use crate::steps::mail::{self, Decoy, Outgoing};
use crate::steps::new_tokens::{IssuedToken, NewTokens};
use crate::steps::{events, throttle, waiting};
use crate::store::spent::{self, Kind};
use crate::store::{Conn, apps, email_changes, identities, invitations, rate_limits, sign_ups, sso_flows};
use crate::{store, texts};

/// For how long two sign-ups of one address through apps could pass each other unseen.
const AT_ONCE: Duration = Duration::from_secs(60);

/// Somebody signed up, and waits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedUp {
    /// How far they are.
    pub state: WaitingState,
    /// What their browser or program shows from now on.
    pub waiting_token: Secret,
    /// When the account goes, unless its address is confirmed before.
    pub expires_at: Timestamp,
    /// Recovery codes that were made with a passkey, where a second factor is demanded: they are never shown again.
    pub recovery_codes: Vec<Secret>,
}

/// Makes an account, for whoever waits for it.
pub(super) async fn waiting(
    auth: &Auth,
    sign_up: SignUp,
    checked: Checked,
    passkey: Option<NewPasskey>,
) -> Result<SignedUp, SignUpError> {
    let SignUp { form, road, request, caller, .. } = sign_up;
    let planned = Planned::new(auth, &form, road, &checked);
    let (token, waits) = waiting::begin(auth, &AccountId::new(waiting::NOBODY), WaitingSince::SignUp, request);
    let owner = owner_of(auth, &form.email).await?;
    let bundle = Bundle {
        record: planned.record(auth, &form, &caller, None),
        waiting: Some((token.digest(), waits)),
        tokens: None,
        mail: planned.mail(auth, &form, owner.as_ref()),
        disowned: disowned_key(&form.email),
        is_alone: false,
        decoy: Decoy::new(auth, confirmation(auth, None)),
        counters: counters(auth, &caller, &checked.work),
        spends: checked.work,
        event: signed_up(auth, road, &caller),
        invitation: checked.admission.invitation.as_ref().map(|invitation| invitation.id.clone()),
        invitation_used: used(auth, &checked, &caller),
        identity: None,
        passkey: passkey.clone(),
    };
    let expires_at = bundle.record.expires_at;
    let recovery_codes = passkey.as_ref().map(|passkey| passkey.codes().to_vec()).unwrap_or_default();
    let signed_up = |state| SignedUp { state, waiting_token: token.clone(), expires_at, recovery_codes };
    match create(auth, planned.account(&form), bundle.clone()).await {
        Ok(account) => {
            mail::wake(auth);
            tracing::info!(account = %account.id, road = road.name(), "signed up");
            Ok(signed_up(planned.state()))
        }
        // A host whose addresses are unique, confirmed or not: nobody learns of it.
        Err(Stopped::TakenAddress) => {
            let owner = auth.accounts().by_email(form.email.trim()).await.map_err(Error::from_host)?;
            let Some((digest, waits)) = bundle.waiting else { return Err(form::taken("email").into()) };
            let existing = owner.and_then(|owner| Outgoing::to_account(auth, &owner, Mail::SignupExisting));
            let now = auth.ambient().now();
            let kept = auth.store().write(move |c| {
                Box::pin(async move {
                    if let Some(passkey) = passkey
                        && !passkey.spend(c, now).await?
                    {
                        return Err(Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY));
                    }
                    if let Some(existing) = existing {
                        mail::enqueue(c, existing).await?;
                    }
                    store::waiting::insert(c, digest, waits).await
                })
            });
            kept.await?;
            mail::wake(auth);
            Ok(signed_up(WaitingState::Unconfirmed))
        }
        Err(stopped) => Err(stopped.told(auth, road, caller.source).await),
    }
}

/// Makes an account, and a token for the app that asked for it.
pub(super) async fn with_token(
    auth: &Auth,
    app: &App,
    (form, caller): (SignUpForm, Caller),
    checked: Checked,
) -> Result<IssuedToken, SignUpError> {
    let planned = Planned::new(auth, &form, Road::App, &checked);
    let new = NewTokens::of(auth, app, &AccountId::new(waiting::NOBODY), &app.scopes);
    let issued = new.issued.clone();
    // Where taken addresses are told, there is nobody.
    let owner = owner_of(auth, &form.email).await?;
    let bundle = Bundle {
        record: planned.record(auth, &form, &caller, Some(app)),
        waiting: None,
        tokens: Some(Arc::new(Mutex::new(Some(new)))),
        mail: planned.mail(auth, &form, owner.as_ref()),
        disowned: disowned_key(&form.email),
        is_alone: !auth.signups().hide_taken_addresses,
        decoy: Decoy::new(auth, confirmation(auth, None)),
        counters: counters(auth, &caller, &checked.work),
        spends: checked.work,
        event: signed_up(auth, Road::App, &caller).by(Actor::App(app.id.clone())).through(&app.id),
        invitation: checked.admission.invitation.as_ref().map(|invitation| invitation.id.clone()),
        invitation_used: used(auth, &checked, &caller),
        identity: None,
        passkey: None,
    };
    let account = match create(auth, planned.account(&form), bundle).await {
        Ok(account) => account,
        Err(stopped) => return Err(stopped.told(auth, Road::App, caller.source).await),
    };
    mail::wake(auth);
    tracing::info!(account = %account.id, app = %app.id, "signed up through an app");
    Ok(issued)
}

/// Makes an account for an identity that a provider proved, with whoever waits for it.
pub(super) async fn with_identity(
    auth: &Auth,
    (form, caller): (SignUpForm, Caller),
    checked: Checked,
    (proven, provider): (ProvenIdentity, String),
    request: Vec<(String, String)>,
) -> Result<(Account, SignedUp), SignUpError> {
    let planned = Planned::new(auth, &form, Road::Provider, &checked);
    let (token, waits) = waiting::begin(auth, &AccountId::new(waiting::NOBODY), WaitingSince::SignUp, request);
    let record = SignUpRecord { provider: Some(provider), ..planned.record(auth, &form, &caller, None) };
    let expires_at = record.expires_at;
    let owner = owner_of(auth, &form.email).await?;
    let bundle = Bundle {
        record,
        waiting: Some((token.digest(), waits)),
        tokens: None,
        mail: planned.mail(auth, &form, owner.as_ref()),
        disowned: disowned_key(&form.email),
        is_alone: false,
        decoy: Decoy::new(auth, confirmation(auth, None)),
        counters: counters(auth, &caller, &checked.work),
        spends: checked.work,
        event: signed_up(auth, Road::Provider, &caller),
        invitation: checked.admission.invitation.as_ref().map(|invitation| invitation.id.clone()),
        invitation_used: used(auth, &checked, &caller),
        identity: Some(proven),
        passkey: None,
    };
    let account = match create(auth, planned.account(&form), bundle).await {
        Ok(account) => account,
        Err(stopped) => return Err(stopped.told(auth, Road::Provider, caller.source).await),
    };
    mail::wake(auth);
    tracing::info!(account = %account.id, road = Road::Provider.name(), "signed up");
    Ok((account, SignedUp { state: planned.state(), waiting_token: token, expires_at, recovery_codes: Vec::new() }))
}

/// Makes an account, for whom nobody waits.
#[cfg(feature = "native")]
pub(super) async fn for_native_client(
    auth: &Auth,
    (form, caller): (SignUpForm, Caller),
    checked: Checked,
    passkey: Option<NewPasskey>,
) -> Result<(Account, WaitingState), SignUpError> {
    let planned = Planned::new(auth, &form, Road::Native, &checked);
    let owner = owner_of(auth, &form.email).await?;
    let bundle = Bundle {
        record: planned.record(auth, &form, &caller, None),
        waiting: None,
        tokens: None,
        mail: planned.mail(auth, &form, owner.as_ref()),
        disowned: disowned_key(&form.email),
        is_alone: false,
        decoy: Decoy::new(auth, confirmation(auth, None)),
        counters: counters(auth, &caller, &checked.work),
        spends: checked.work,
        event: signed_up(auth, Road::Native, &caller),
        invitation: checked.admission.invitation.as_ref().map(|invitation| invitation.id.clone()),
        invitation_used: used(auth, &checked, &caller),
        identity: None,
        passkey,
    };
    match create(auth, planned.account(&form), bundle).await {
        Ok(account) => {
            mail::wake(auth);
            tracing::info!(account = %account.id, road = Road::Native.name(), "signed up");
            Ok((account, planned.state()))
        }
        Err(stopped) => Err(stopped.told(auth, Road::Native, caller.source).await),
    }
}

/// Who has confirmed this address.
async fn owner_of(auth: &Auth, address: &str) -> Result<Option<Account>, Error> {
    let address = address.trim();
    let owner = match address.is_empty() {
        true => None,
        false => auth.accounts().by_email(address).await.map_err(Error::from_host)?,
    };
    Ok(owner.filter(|owner| owner.email.as_ref().is_some_and(|email| email.confirmed)))
}

fn signed_up(auth: &Auth, road: Road, caller: &Caller) -> NewEvent {
    events::event(auth, EventKind::SignedUp, caller).with("road", road.name())
}

fn used(auth: &Auth, checked: &Checked, caller: &Caller) -> Option<NewEvent> {
    let invitation = checked.admission.invitation.as_ref()?;
    let event = events::event(auth, EventKind::InvitationUsed, caller);
    Some(event.with("invitation", invitation.id.as_str()))
}

fn counters(auth: &Auth, caller: &Caller, work: &Work) -> Vec<Counter> {
    let limits = &auth.config().rate_limits;
    let network = caller.limited_as();
    let of = |rule| network.as_deref().and_then(|network| limits.counter(rule, network));
    let mut counters: Vec<Counter> = of(Rule::SignupAddress).into_iter().collect();
    if matches!(work, Work::Missing) {
        counters.extend(of(Rule::SignupUnprovenAddress));
        counters.extend(limits.counter(Rule::SignupUnprovenTotal, "all"));
    }
    counters
}

/// All that is made with an account.
#[derive(Clone)]
struct Bundle {
    record: SignUpRecord,
    waiting: Option<(Digest, Waiting)>,
    tokens: Option<Arc<Mutex<Option<NewTokens>>>>,
    mail: Option<FirstMail>,
    disowned: Digest,
    /// Whether another sign-up with this address in the same moment is told that it is taken.
    is_alone: bool,
    decoy: Decoy,
    counters: Vec<Counter>,
    spends: Work,
    event: NewEvent,
    invitation: Option<String>,
    invitation_used: Option<NewEvent>,
    identity: Option<ProvenIdentity>,
    passkey: Option<NewPasskey>,
}

/// An identity that comes with the account, and the flow that ends with it.
#[derive(Clone)]
pub(super) struct ProvenIdentity {
    pub(super) flow_id: Option<String>,
    pub(super) linked: LinkedIdentity,
}

/// What stands in the way of an account, found out in its transaction.
enum Stopped {
    /// Beyond this limit.
    Limit(Counter),
    /// The last use of the invitation was taken meanwhile.
    Invitation,
    /// The proof of work was used meanwhile.
    Work,
    /// The identity belongs to somebody, or its flow is over.
    Identity,
    /// The passkey is another's, or was used before.
    Passkey(NotKept),
    /// Somebody has the name.
    TakenName,
    /// Somebody has the address, and the host tells them apart no further.
    TakenAddress,
    /// Everything else.
    Other(SignUpError),
}

impl Stopped {
    async fn told(self, auth: &Auth, road: Road, source: Option<IpAddr>) -> SignUpError {
        match self {
            Self::Limit(counter) => {
                let is_unproven = matches!(counter.rule, Rule::SignupUnprovenAddress | Rule::SignupUnprovenTotal);
                let why = if is_unproven { texts::TOO_MANY_UNPROVEN } else { texts::TOO_MANY_REQUESTS };
                throttle::exceeded(auth, (counter, source), why).await.into()
            }
            Self::Invitation => FormError::new("invite_code", "ERR_INVALID", texts::INVALID_INVITATION).into(),
            Self::Work => FormError::new("altcha", "ERR_INVALID", texts::WORK_UNCHECKED).into(),
            Self::Identity => Error::refused(Code::AlreadyLinked, texts::INVALID_FLOW).into(),
            Self::Passkey(NotKept::Spent) => Error::refused(Code::WrongPasskey, texts::WRONG_PASSKEY).into(),
            Self::Passkey(NotKept::Taken) => Error::refused(Code::Conflict, texts::PASSKEY_TAKEN).into(),
            Self::TakenName => form::taken("username").into(),
            Self::TakenAddress if road == Road::App => form::taken("email").into(),
            Self::TakenAddress => FormError::invalid("email").into(),
            Self::Other(error) => error,
        }
    }
}

/// Why the transaction is rolled back: a value, since the host passes errors on without looking at them.
type Reason = Arc<Mutex<Option<Stopped>>>;

async fn create(auth: &Auth, new: NewAccount, bundle: Bundle) -> Result<Account, Stopped> {
    let reason: Reason = Arc::default();
    let told = Arc::clone(&reason);
    let now = auth.ambient().now();
    let name = new.username.to_lowercase();
    let proven = new.email.as_ref().filter(|email| email.confirmed).map(|email| rules::email_key(&email.address));
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            // The owner of a change that can be undone may come back to the address (people PPL-105).
            let is_held = match &proven {
                Some(key) => email_changes::is_held(c, key, &id, now).await?,
                None => false,
            };
            let stopped = if is_held { Some(Stopped::TakenAddress) } else { bundle.keep(c, &id, &name, now).await? };
            match stopped {
                None => Ok(()),
                Some(stopped) => {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = Some(stopped);
                    Err(Error::refused(Code::Conflict, "the account is not made"))
                }
            }
        })
    });
    let made = auth.accounts().create_along(new, along).await;
    if let Some(stopped) = reason.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(stopped);
    }
    made.map_err(|error| match error {
        AccountsError::Taken(Field::Email) => Stopped::TakenAddress,
        AccountsError::Taken(_) => Stopped::TakenName,
        AccountsError::NotOffered => Stopped::Other(Error::refused(Code::SignUpRefused, texts::SIGN_UP_CLOSED).into()),
        AccountsError::Invalid(why) => {
            tracing::warn!(%why, "the host refuses an account that its rules let through");
            Stopped::Other(FormError::invalid("username").into())
        }
        other => Stopped::Other(Error::from(other).into()),
    })
}

impl Bundle {
    /// Keeps everything; what stands in the way, if anything does.
    async fn keep(self, c: &mut Conn, id: &AccountId, name: &str, now: Timestamp) -> Result<Option<Stopped>, Error> {
        for counter in self.counters {
            if rate_limits::count(c, counter, now).await? > i64::from(counter.limit.max) {
                return Ok(Some(Stopped::Limit(counter)));
            }
        }
        if self.is_alone && !spent::claim(c, Kind::AppAddress, self.disowned, (now, now.plus(AT_ONCE))).await? {
            return Ok(Some(Stopped::TakenAddress));
        }
        if let Some(invitation) = &self.invitation
            && !invitations::take_use(c, invitation, now).await?
        {
            return Ok(Some(Stopped::Invitation));
        }
        if let Work::Done(solved) = self.spends
            && !spent::spend(c, Kind::ProofOfWork, solved.nonce, solved.expires_at).await?
        {
            return Ok(Some(Stopped::Work));
        }
        if let Some(ProvenIdentity { flow_id, linked }) = self.identity {
            let linked = LinkedIdentity { account_id: id.clone(), ..linked };
            let is_own = match flow_id {
                Some(flow_id) => sso_flows::finish(c, &flow_id, now).await?,
                None => true,
            };
            if !is_own || !identities::insert(c, &linked).await? {
                return Ok(Some(Stopped::Identity));
            }
        }
        let mut happened = vec![self.event];
        if let Some(passkey) = self.passkey {
            match passkey.keep(c, id, now).await? {
                Ok(events) => happened.extend(events),
                Err(why) => return Ok(Some(Stopped::Passkey(why))),
            }
        }
        happened.extend(self.invitation_used);
        sign_ups::insert(c, SignUpRecord { account: id.clone(), ..self.record }).await?;
        if let Some((digest, waits)) = self.waiting {
            store::waiting::insert(c, digest, Waiting { account: id.clone(), ..waits }).await?;
        }
        let tokens = self.tokens.and_then(|tokens| tokens.lock().unwrap_or_else(PoisonError::into_inner).take());
        if let Some(tokens) = tokens {
            let app = tokens.token.app_id.clone();
            tokens.for_account(id).insert(c, now).await?;
            apps::set_approved(c, &app).await?;
        }
        if let Some(mail) = self.mail {
            mail.post(c, id, (self.disowned, self.decoy), now).await?;
        }
        let by = |event: NewEvent| match event.actor {
            Actor::Nobody => event.by(Actor::Account(id.clone())).about(id, name),
            _ => event.about(id, name),
        };
        for event in happened {
            store::events::add(c, by(event)).await?;
        }
        Ok(None)
    }
}
