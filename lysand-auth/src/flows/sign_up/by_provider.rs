//! Somebody whom a provider vouches for chooses a name: only then an account exists (people PPL-40 to PPL-42, Lysand §13.3).

use super::attempt::{Checked, SignUpError, Work};
use super::form::{self, Asked, SignUpForm};
use super::make::{self, ProvenIdentity};
use super::refusals::{counted, not_admitted, refuse_exceeded};
use crate::auth::Auth;
use crate::config::{Mode, Provider, ProviderSignUp};
use crate::error::{Code, Error};
use crate::host::accounts::rules;
use crate::host::sign_in_rules::ProofKind;
#[cfg(all(feature = "native", feature = "actix"))]
use crate::model::account::Account;
use crate::model::account::AccountId;
use crate::model::app::App;
use crate::model::authorization::{CheckedRequest, whole_request};
use crate::model::caller::Caller;
use crate::model::form_error::{FormError, FormErrors};
use crate::model::identity::{Flow, HeldIdentity, Identity, LinkedIdentity, Purpose};
use crate::model::session::Browser;
use crate::model::sign_up::{Road, WaitingState};
use crate::secret::Secret;
use crate::steps::admission::{self, Admission};
use crate::steps::host_rules::{Proven, Vouched as ProviderWord};
use crate::steps::{blocks, sign_in, waiting};
use crate::store::{apps, email_changes, sso_flows};
use crate::texts;

/// How many numbers are tried behind a name that somebody has.
const MOST_NUMBERS: u32 = 20;

/// What the page shows before an account is made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProviderOffer {
    /// The provider's name.
    pub provider: String,
    /// The name to propose; empty when there is none.
    pub username: String,
    /// The address there; `None` when there is none, or somebody here has confirmed it.
    pub email: Option<String>,
    /// Whether the address counts as confirmed.
    pub is_confirmed: bool,
    /// Whether the provider's address is left out, because somebody here has it.
    pub is_taken: bool,
    /// Whether an invitation is needed.
    pub needs_invitation: bool,
    /// `required`, `optional` or `absent`.
    pub reason: &'static str,
    /// Whether the day of birth is asked for.
    pub asks_age: bool,
    /// Whether the rules have to be agreed to.
    pub agreement: bool,
    /// The app that somebody came from.
    pub app: App,
}

/// What a finished form comes to.
#[derive(Debug)]
#[non_exhaustive]
pub enum SignedUpByProvider {
    /// Somebody is signed in.
    SignedIn(Box<sign_in::SignedIn>),
    /// The account is not usable yet; this is what the browser waits with.
    Waits(Secret),
}

/// What became of a sign-up in which nothing is asked of the person.
#[cfg(all(feature = "native", feature = "actix"))]
#[derive(Debug)]
pub(crate) enum MadeAtOnce {
    /// There is an account, and this is what it waits for.
    Made(Account, WaitingState),
    /// Somebody was faster with the same identity.
    Linked,
    /// Nobody may sign up, or only who answers more.
    Closed,
}

/// An identity that a provider proved.
#[derive(Clone, Copy)]
struct Vouched<'a> {
    flow: &'a Flow,
    provider: &'a Provider,
    identity: &'a HeldIdentity,
    /// Whether the person answers a form for it, which ends the flow.
    by_form: bool,
}

/// A flow that holds an identity for this browser.
struct Held {
    flow: Flow,
    identity: HeldIdentity,
    provider: Provider,
    app: App,
    request: CheckedRequest,
}

impl Held {
    fn vouched(&self) -> Vouched<'_> {
        Vouched { flow: &self.flow, provider: &self.provider, identity: &self.identity, by_form: true }
    }
}

/// What to show to the browser that came back with a flow.
///
/// # Errors
/// `invalid_request` when the flow holds nothing for it; 403 when nobody may sign up.
pub async fn provider_offer(auth: &Auth, flow_id: &str, cookie: Option<&Secret>) -> Result<ProviderOffer, Error> {
    let held = find(auth, flow_id, cookie).await?;
    let mode = mode(auth, &held.provider)?;
    let (email, is_confirmed, is_taken) = address(auth, held.vouched()).await?;
    let is_reviewed = mode == Mode::Approval || admission::of_provider(auth, &held.provider) == ProviderSignUp::Review;
    let asked = Asked::new(&auth.signups(), is_reviewed);
    let reason = match (asked.reason, asked.reason_required) {
        (false, _) => "absent",
        (true, false) => "optional",
        (true, true) => "required",
    };
    Ok(ProviderOffer {
        username: free_name(auth, held.identity.username.as_deref()).await?,
        provider: held.provider.name,
        email,
        is_confirmed,
        is_taken,
        needs_invitation: mode == Mode::Invitation,
        reason,
        asks_age: asked.minimum_age > 0,
        agreement: asked.agreement,
        app: held.app,
    })
}

/// The person has chosen: the account is made, with its identity, or nothing is.
///
/// # Errors
/// The fields that are wrong; `invalid_request` when the flow is over; 403 when nobody may sign up.
pub async fn by_provider(
    auth: &Auth,
    (flow_id, cookie): (&str, Option<&Secret>),
    form: SignUpForm,
    browser: Browser,
) -> Result<SignedUpByProvider, SignUpError> {
    let held = find(auth, flow_id, cookie).await?;
    let caller = browser.caller.clone();
    let (form, checked) = match checked(auth, held.vouched(), form, &caller).await {
        Ok(checked) => checked,
        Err(error) => return Err(counted(auth, &caller, Road::Provider, error).await),
    };
    let proven = held.vouched().proven(auth);
    let asked = whole_request(&held.app, &held.request);
    let vouched = ProviderWord::by(&held.provider, auth.config().factors.after_sso, held.identity.acr.as_deref());
    let made = make::with_identity(auth, (form, caller), checked, (proven, held.provider.id), asked).await?;
    let (account, signed_up) = made;
    if signed_up.state != WaitingState::Ready {
        return Ok(SignedUpByProvider::Waits(signed_up.waiting_token));
    }
    let proven = Proven { vouched, ..Proven::new(&account, &ProofKind::Provider) };
    let signed_in = sign_in::after_proof(auth, proven, (held.app, held.request), browser, None).await?;
    waiting::forget(auth, &signed_up.waiting_token).await?;
    Ok(SignedUpByProvider::SignedIn(Box::new(signed_in)))
}

/// Makes an account for somebody whom a provider vouches for, with the name that they have there or the next that is free, where
/// nothing has to be asked of them (native 2.6).
///
/// # Errors
/// 429; when host or database do not answer.
#[cfg(all(feature = "native", feature = "actix"))]
pub(crate) async fn at_once(
    auth: &Auth,
    (flow, provider, identity): (&Flow, &Provider, &HeldIdentity),
    caller: &Caller,
) -> Result<MadeAtOnce, Error> {
    let vouched = Vouched { flow, provider, identity, by_form: false };
    let signups = auth.signups();
    if signups.asks_agreement() || signups.minimum_age > 0 {
        return Ok(MadeAtOnce::Closed);
    }
    let (email, is_confirmed, _) = address(auth, vouched).await?;
    let proposed = free_name(auth, identity.username.as_deref()).await?;
    // The second name is for when the first was taken a moment ago.
    for name in [proposed, String::new()] {
        let username = if name.is_empty() { format!("user_{}", random_end(auth)) } else { name };
        let email = email.clone().filter(|_| is_confirmed).unwrap_or_default();
        let form = SignUpForm { username, email, ..SignUpForm::new() };
        let made = match checked(auth, vouched, form, caller).await {
            Ok((form, checked)) => {
                let proven = (vouched.proven(auth), provider.id.clone());
                make::with_identity(auth, (form, caller.clone()), checked, proven, Vec::new()).await
            }
            Err(error) => Err(counted(auth, caller, Road::Provider, error).await),
        };
        match made {
            Ok((account, signed_up)) => return Ok(MadeAtOnce::Made(account, signed_up.state)),
            Err(SignUpError::Fields(_)) => {}
            Err(SignUpError::Refused(Error::Refused(refusal))) => match refusal.code {
                Code::SignUpRefused => return Ok(MadeAtOnce::Closed),
                Code::AlreadyLinked => return Ok(MadeAtOnce::Linked),
                _ => return Err(Error::Refused(refusal)),
            },
            Err(SignUpError::Refused(error)) => return Err(error),
        }
    }
    Ok(MadeAtOnce::Closed)
}

/// Eight hexadecimal digits.
#[cfg(all(feature = "native", feature = "actix"))]
fn random_end(auth: &Auth) -> String {
    auth.ambient().bytes::<4>().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Vouched<'_> {
    /// What is kept with the new account.
    fn proven(self, auth: &Auth) -> ProvenIdentity {
        let linked = LinkedIdentity {
            id: auth.ambient().id(),
            account_id: AccountId::new(""),
            identity: Identity { issuer: self.flow.issuer.clone(), subject: self.identity.subject.clone() },
            label: self.identity.label.clone(),
            linked_at: auth.ambient().now(),
        };
        ProvenIdentity { flow_id: self.by_form.then(|| self.flow.id.clone()), linked }
    }
}

async fn checked(
    auth: &Auth,
    held: Vouched<'_>,
    form: SignUpForm,
    caller: &Caller,
) -> Result<(SignUpForm, Checked), SignUpError> {
    refuse_exceeded(auth, caller).await?;
    let mode = mode(auth, held.provider)?;
    let is_reviewed = blocks::may_sign_up(auth, caller, Road::Provider).await?;
    let (known, is_confirmed, _) = address(auth, held).await?;
    // A confirmed address is the provider's word, and nothing that is typed changes it.
    let email = match (known, is_confirmed) {
        (Some(address), true) => address,
        (_, _) => form.email.clone(),
    };
    let form = SignUpForm { email, password: None, ..form };
    let invited = admission::invitation(auth, form.invite_code.as_deref(), Some(&form.email)).await?;
    let admission = admission::admit(mode, invited);
    let admission = admission.map_err(|refused| not_admitted(auth, refused, mode, Road::Provider))?;
    let by_provider = admission::of_provider(auth, held.provider) == ProviderSignUp::Review;
    let proves_address = is_confirmed || admission.proves_address;
    let admission = Admission { proves_address, ..admission }.reviewed_if(by_provider);
    let is_asked_why = admission.needs_review && held.by_form;
    let asked = Asked { address: false, password: false, ..Asked::new(&auth.signups(), is_asked_why) };
    let admission = admission.reviewed_if(is_reviewed);
    let mut errors: Vec<FormError> = form::problems(auth, &form, asked).await?;
    let name = form.username.trim().to_lowercase();
    let is_named_well = !errors.iter().any(|error| error.field == "username");
    if is_named_well && auth.accounts().by_identifier(&name).await.map_err(Error::from_host)?.is_some() {
        errors.push(form::taken("username"));
    }
    match errors.is_empty() {
        true => Ok((form, Checked { admission, asked, work: Work::NotDue })),
        false => Err(SignUpError::Fields(FormErrors(errors))),
    }
}

/// Who may sign up with the provider.
fn mode(auth: &Auth, provider: &Provider) -> Result<Mode, Error> {
    let mode = admission::mode(auth, Road::Provider);
    match admission::of_provider(auth, provider) == ProviderSignUp::No || mode == Mode::Closed {
        true => Err(Error::refused(Code::SignUpRefused, texts::SIGN_UP_CLOSED)),
        false => Ok(mode),
    }
}

/// The provider's address, whether it counts as confirmed, and whether it is left out because somebody here has it: it never leads
/// to that somebody (security RP-6).
async fn address(auth: &Auth, held: Vouched<'_>) -> Result<(Option<String>, bool, bool), Error> {
    let Some(address) = held.identity.email.as_deref().and_then(|email| rules::email(email).ok()) else {
        return Ok((None, false, false));
    };
    let owner = auth.accounts().by_email(&address).await.map_err(Error::from_host)?;
    let (key, nobody, now) = (rules::email_key(&address), AccountId::new(""), auth.ambient().now());
    let held_for_undo =
        auth.store().look_up(move |c| Box::pin(async move { email_changes::is_held(c, &key, &nobody, now).await }));
    if owner.and_then(|owner| owner.email).is_some_and(|email| email.confirmed) || held_for_undo.await? {
        return Ok((None, false, true));
    }
    let is_confirmed = held.identity.email_verified && held.provider.trust_email;
    Ok((Some(address), is_confirmed, false))
}

/// The proposed name, with a number behind it when somebody has it or nobody may; empty when there is none.
async fn free_name(auth: &Auth, proposed: Option<&str>) -> Result<String, Error> {
    let Some(proposed) = proposed else { return Ok(String::new()) };
    for number in 1..=MOST_NUMBERS {
        let suffix = if number == 1 { String::new() } else { number.to_string() };
        let front: String = proposed.chars().take(30 - suffix.len()).collect();
        let name = front + &suffix;
        let is_free = rules::username(&name).is_ok()
            && auth.accounts().by_identifier(&name).await.map_err(Error::from_host)?.is_none();
        if is_free {
            return Ok(name);
        }
    }
    Ok(String::new())
}

async fn find(auth: &Auth, flow_id: &str, cookie: Option<&Secret>) -> Result<Held, Error> {
    let over = || Error::refused(Code::InvalidRequest, texts::INVALID_FLOW);
    let id = flow_id.to_owned();
    let found = auth.store().look_up(move |c| {
        Box::pin(async move {
            let Some(flow) = sso_flows::by_id(c, &id).await? else { return Ok(None) };
            let app = match &flow.purpose {
                Purpose::SignIn(app, _) => apps::by_id(c, app).await?,
                Purpose::Link(..) | Purpose::Native(..) => None,
            };
            Ok(app.map(|app| (flow, app)))
        })
    });
    let (flow, app) = found.await?.ok_or_else(over)?;
    let now = auth.ambient().now();
    if flow.finished_at.is_some() || now >= flow.expires_at || !flow.is_of_browser(cookie) {
        return Err(over());
    }
    let (Purpose::SignIn(_, request), Some(identity)) = (flow.purpose.clone(), flow.held.clone()) else {
        return Err(over());
    };
    let provider = auth.config().sso.provider_of_issuer(&flow.issuer).ok_or_else(over)?.clone();
    Ok(Held { flow, identity, provider, app, request })
}
