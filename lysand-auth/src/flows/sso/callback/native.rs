//! A native client's person comes back from a provider: the tokens go on to the program, or to the dashboard (native 2.6).

use super::super::owner::owner;
use super::finish::hold;
use super::identify::{Callback, IdentifiedFlow, find};
use super::outcome::AwaitsSignUp;
use super::redeem::{RedeemedFlow, Unredeemed, redeem_for_native};
use crate::auth::Auth;
use crate::config::Provider;
use crate::error::{Code, Error};
use crate::host::sign_in_rules::ProofKind;
use crate::model::account::{Account, InactiveReason};
use crate::model::caller::Caller;
use crate::model::identity::{Flow, HeldIdentity, Identity, ProviderProfile, Purpose};
use crate::model::native::{Dialect, Program};
use crate::model::native_return::NativeReturn;
use crate::secret::Secret;
use crate::steps::host_rules::{Proven, Vouched};
use crate::steps::native_sign_in::{self, NativeTokens, Outcome, Start};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::session;
use crate::steps::sign_in::BeforeSession;
use crate::store::sso_flows;

/// Why nobody is signed in.
#[derive(Debug)]
pub(crate) enum NotSignedIn {
    /// The flow is unknown, over, or not this browser's.
    Flow,
    /// The provider refused, or what it said cannot be trusted: the name of the error.
    Provider(&'static str),
    /// The provider does not answer.
    NoAnswer,
    /// The account may not act.
    Credentials,
    /// The account wants more than the provider's word.
    SecondFactor,
    /// The password must be replaced first.
    PasswordChange,
    /// Nobody here has the identity, and no account is made for it.
    Closed,
    /// Staff has still to decide about the account.
    Pending,
    /// Everything else: a limit, a network that is kept out, a failure.
    Other(Error),
}

impl From<Error> for NotSignedIn {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<Unredeemed> for NotSignedIn {
    fn from(why: Unredeemed) -> Self {
        match why {
            Unredeemed::Refused(name, _) => Self::Provider(name),
            Unredeemed::NoAnswer => Self::NoAnswer,
            Unredeemed::Untrusted => Self::Provider("server_error"),
            Unredeemed::Other(Error::Refused(refusal)) if refusal.code == Code::InvalidRequest => Self::Flow,
            Unredeemed::Other(error) => Self::Other(error),
        }
    }
}

/// Somebody who came back from the provider.
pub(crate) struct CameBack {
    profile: ProviderProfile,
    pub(crate) vouching: Vouching,
    dialect: Dialect,
    back: NativeReturn,
}

/// What a good callback comes to.
#[derive(Debug)]
pub(crate) enum Finished {
    /// Somebody is signed in.
    SignedIn(Issued),
    /// A page sent the browser: the person is asked first.
    IsAsked(AwaitsSignUp),
}

/// Tokens, and where they go.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) tokens: NativeTokens,
    /// The program's address; `None` for the dashboard.
    pub(crate) redirect_uri: Option<String>,
}

/// Finds the flow of a callback.
///
/// # Errors
/// [`NotSignedIn::Flow`] when it is none of this dialect.
pub(crate) async fn identify(auth: &Auth, of: Dialect, callback: &Callback) -> Result<IdentifiedFlow, NotSignedIn> {
    let found = match find(auth, callback).await {
        Ok(found) => found,
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::InvalidRequest | Code::Validation) => {
            return Err(NotSignedIn::Flow);
        }
        Err(error) => return Err(error.into()),
    };
    let is_of_dialect = matches!(&found.flow.purpose, Purpose::Native(dialect, _) if *dialect == of);
    let is_of_provider = found.flow.provider == found.provider.id && found.flow.issuer == found.provider.issuer();
    if is_of_dialect && is_of_provider { Ok(found) } else { Err(NotSignedIn::Flow) }
}

/// Spends the flow, and asks the provider who signed in.
///
/// # Errors
/// Why nobody is known. A flow that is spent stays spent.
pub(crate) async fn redeem(
    auth: &Auth,
    identified: IdentifiedFlow,
    cookie: Option<&Secret>,
    callback: &Callback,
) -> Result<CameBack, NotSignedIn> {
    let RedeemedFlow { identified, profile, .. } = redeem_for_native(auth, identified, cookie, callback).await?;
    let IdentifiedFlow { flow, provider, .. } = identified;
    let Purpose::Native(dialect, back) = flow.purpose.clone() else { return Err(NotSignedIn::Flow) };
    let identity = profile.held();
    Ok(CameBack { profile, vouching: Vouching { flow, provider, identity }, dialect, back })
}

/// Signs the owner of the identity in, unless they are asked first.
///
/// # Errors
/// Why nobody is signed in.
pub(crate) async fn finish(
    auth: &Auth,
    came_back: &CameBack,
    account: &Account,
    caller: &Caller,
) -> Result<Finished, NotSignedIn> {
    let CameBack { profile, vouching, dialect, back } = came_back;
    if back.is_asked {
        let awaits = hold(auth, &vouching.flow, profile).await.map_err(of_flow)?;
        return Ok(Finished::IsAsked(awaits));
    }
    let tokens = vouching.signed_in(auth, account, *dialect, caller).await?;
    Ok(Finished::SignedIn(Issued { tokens, redirect_uri: back.redirect_uri.clone() }))
}

/// Whom the page asks.
///
/// # Errors
/// [`NotSignedIn::Flow`] when nobody of this browser is asked.
pub(crate) async fn who_is_asked(
    auth: &Auth,
    (dialect, flow_id): (Dialect, &str),
    cookie: Option<&Secret>,
) -> Result<Account, NotSignedIn> {
    let (vouching, _) = asked(auth, (dialect, flow_id), cookie).await?;
    vouching.known(auth).await?.ok_or(NotSignedIn::Flow)
}

/// The person answers; nothing is issued for a no.
///
/// # Errors
/// Why nobody is signed in. An answer is the only one.
pub(crate) async fn answer(
    auth: &Auth,
    (dialect, flow_id): (Dialect, &str),
    cookie: Option<&Secret>,
    allow: bool,
    caller: &Caller,
) -> Result<Option<Issued>, NotSignedIn> {
    let (vouching, back) = asked(auth, (dialect, flow_id), cookie).await?;
    let (id, now) = (vouching.flow.id.clone(), auth.ambient().now());
    if !auth.store().write(move |c| Box::pin(async move { sso_flows::finish(c, &id, now).await })).await? {
        return Err(NotSignedIn::Flow);
    }
    if !allow {
        tracing::info!(flow = %vouching.flow.id, "a native sign-in is refused by its person");
        return Ok(None);
    }
    let account = vouching.known(auth).await?.ok_or(NotSignedIn::Flow)?;
    let tokens = vouching.signed_in(auth, &account, dialect, caller).await?;
    Ok(Some(Issued { tokens, redirect_uri: back.redirect_uri }))
}

fn of_flow(error: Error) -> NotSignedIn {
    match error {
        Error::Refused(refusal) if refusal.code == Code::InvalidRequest => NotSignedIn::Flow,
        error => NotSignedIn::Other(error),
    }
}

async fn asked(
    auth: &Auth,
    (of, flow_id): (Dialect, &str),
    cookie: Option<&Secret>,
) -> Result<(Vouching, NativeReturn), NotSignedIn> {
    let id = flow_id.to_owned();
    let found = auth.store().look_up(move |c| Box::pin(async move { sso_flows::by_id(c, &id).await })).await?;
    let now = auth.ambient().now();
    let is_here = |flow: &Flow| flow.finished_at.is_none() && now < flow.expires_at && flow.is_of_browser(cookie);
    let flow = found.filter(is_here).ok_or(NotSignedIn::Flow)?;
    match (flow.purpose.clone(), flow.held.clone()) {
        (Purpose::Native(dialect, back), Some(identity)) if dialect == of => {
            let provider = auth.config().sso.provider_of_issuer(&flow.issuer).ok_or(NotSignedIn::Flow)?.clone();
            Ok((Vouching { flow, provider, identity }, back))
        }
        _ => Err(NotSignedIn::Flow),
    }
}

/// Whom a provider vouches for.
pub(crate) struct Vouching {
    pub(crate) flow: Flow,
    pub(crate) provider: Provider,
    pub(crate) identity: HeldIdentity,
}

impl Vouching {
    /// The account that the identity belongs to.
    pub(crate) async fn known(&self, auth: &Auth) -> Result<Option<Account>, Error> {
        let identity = Identity { issuer: self.flow.issuer.clone(), subject: self.identity.subject.clone() };
        match owner(auth, &identity).await? {
            Some(linked) => auth.account(&linked.account_id).await,
            None => Ok(None),
        }
    }

    /// Writes down that nobody here has the identity.
    pub(crate) fn log_unknown(&self, auth: &Auth, caller: &Caller) {
        tracing::info!(provider = %self.provider.id, "no account has this identity");
        let error = Error::refused(Code::SignUpRefused, "");
        refused_sign_in::log(auth, &Whom::Nobody, caller.source, &error);
    }

    async fn signed_in(
        &self,
        auth: &Auth,
        account: &Account,
        dialect: Dialect,
        caller: &Caller,
    ) -> Result<NativeTokens, NotSignedIn> {
        let signed_in = self.begun(auth, account, dialect, caller).await;
        match &signed_in {
            Ok(_) | Err(NotSignedIn::Other(Error::Failed(_))) => {}
            Err(NotSignedIn::Other(error)) => {
                refused_sign_in::log(auth, &Whom::Account(&account.id), caller.source, error);
            }
            Err(_) => {
                let error = Error::refused(Code::InvalidGrant, "");
                refused_sign_in::log(auth, &Whom::Account(&account.id), caller.source, &error);
            }
        }
        signed_in
    }

    async fn begun(
        &self,
        auth: &Auth,
        account: &Account,
        dialect: Dialect,
        caller: &Caller,
    ) -> Result<NativeTokens, NotSignedIn> {
        match account.inactive_reason() {
            None => {}
            Some(InactiveReason::Pending) => return Err(NotSignedIn::Pending),
            Some(_) => return Err(NotSignedIn::Credentials),
        }
        let known = session::credentials_of(auth, &account.id).await?;
        let vouched = Vouched::by(&self.provider, auth.config().factors.after_sso, self.identity.acr.as_deref());
        let by = ProofKind::Provider;
        let proven = Proven { known_before: Some(known), vouched, puts_off: true, ..Proven::new(account, &by) };
        let start = Start { program: &Program::of(dialect), caller, pair: None };
        match native_sign_in::after_proof(auth, proven, start).await {
            Ok(Outcome::Begun(tokens)) => Ok(tokens),
            Ok(Outcome::Lacks(BeforeSession::Password)) => Err(NotSignedIn::PasswordChange),
            Ok(Outcome::Lacks(BeforeSession::Factor | BeforeSession::Enrolment)) => Err(NotSignedIn::SecondFactor),
            Ok(Outcome::Lacks(BeforeSession::Review)) => Err(NotSignedIn::Pending),
            Err(Error::Refused(refusal)) if matches!(refusal.code, Code::SignInRefused | Code::InvalidGrant) => {
                tracing::info!(account = %account.id, why = %refusal.why, "a native sign-in is refused");
                Err(NotSignedIn::Credentials)
            }
            Err(error) => Err(error.into()),
        }
    }
}
