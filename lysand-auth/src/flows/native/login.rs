//! Signing in with name and password, without a second step (native 2.4).

use crate::auth::Auth;
use crate::config::Lockout;
use crate::error::{Code, Error};
use crate::host::sign_in_rules::ProofKind;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::native::{Dialect, Program};
use crate::secret::Secret;
use crate::steps::host_rules::Proven;
use crate::steps::native_sign_in::{self, NativeTokens, Outcome, Start};
use crate::steps::password_check::{self, Right, Try};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::sign_in::BeforeSession;
use crate::steps::standing;
use crate::store::identities;

/// A name and a password, from a program.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PasswordLogin {
    /// The program.
    pub program: Program,
    /// User name, handle or e-mail address, in any case of letters.
    pub identifier: String,
    /// The password.
    pub password: Secret,
    /// From where.
    pub caller: Caller,
}

impl PasswordLogin {
    /// A name and a password, from a program.
    #[must_use]
    pub fn new(program: Program, identifier: String, password: Secret, caller: Caller) -> Self {
        Self { program, identifier, password, caller }
    }
}

/// Why nobody is signed in.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refused {
    /// Nobody has that name, the password is another, the account has none or may not act: one answer for all (native C3).
    Credentials,
    /// The password is right, and the account wants more than this road can ask.
    SecondFactor,
    /// The password is right, and must be replaced first.
    PasswordChange,
    /// The account has no password, and its owner signs in with the provider of this dialect.
    Provider,
    /// Everything else: a limit, a network that is kept out, a failure.
    Other(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Signs somebody in.
///
/// # Errors
/// Why not.
pub async fn with_password(auth: &Auth, login: PasswordLogin) -> Result<NativeTokens, Refused> {
    let signed_in = checked(auth, &login).await;
    if let Err(refused) = &signed_in {
        let error = match refused {
            Refused::Other(Error::Refused(refusal)) => Error::Refused(refusal.clone()),
            Refused::Other(Error::Failed(_)) => return signed_in,
            _ => Error::refused(Code::InvalidGrant, ""),
        };
        refused_sign_in::log(auth, &Whom::Typed(&login.identifier), login.caller.source, &error);
    }
    signed_in
}

async fn checked(auth: &Auth, login: &PasswordLogin) -> Result<NativeTokens, Refused> {
    let dialect = login.program.dialect;
    if auth.config().sso.forced {
        return Err(Refused::Provider);
    }
    let tried = Try {
        typed: &login.identifier,
        password: &login.password,
        caller: &login.caller,
        service: dialect.name(),
        rule: rule(dialect),
        lockout: lockout(auth, dialect),
    };
    let Some(right) = password_check::check(auth, &tried).await? else {
        return Err(match is_of_provider(auth, login).await? {
            true => Refused::Provider,
            false => Refused::Credentials,
        });
    };
    begun(auth, login, right).await
}

/// The rule by which name and network are counted on this road.
pub(super) const fn rule(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Synctv => "native_synctv",
        Dialect::Toki => "native_toki",
        Dialect::Resonite => "native_resonite",
    }
}

/// When a name is closed for a network on this road.
pub(super) fn lockout(auth: &Auth, dialect: Dialect) -> &Lockout {
    auth.config().native.lockout(dialect)
}

async fn begun(auth: &Auth, login: &PasswordLogin, right: Right) -> Result<NativeTokens, Refused> {
    let Right { account, known, let_in, pair } = right;
    if standing::may_sign_in(&account).is_err() {
        return Err(Refused::Credentials);
    }
    let proven = Proven {
        known_before: Some(known),
        let_in: Some(let_in),
        // Whoever may put a second factor off still does so here.
        puts_off: true,
        ..Proven::new(&account, &ProofKind::Password)
    };
    let start = Start { program: &login.program, caller: &login.caller, pair };
    match native_sign_in::after_proof(auth, proven, start).await {
        Ok(Outcome::Begun(tokens)) => Ok(tokens),
        Ok(Outcome::Lacks(BeforeSession::Password)) => Err(Refused::PasswordChange),
        Ok(Outcome::Lacks(BeforeSession::Factor | BeforeSession::Enrolment)) => Err(Refused::SecondFactor),
        Ok(Outcome::Lacks(BeforeSession::Review)) => Err(Refused::Credentials),
        // The host's rules, or everything of the account was ended meanwhile.
        Err(Error::Refused(refusal)) if matches!(refusal.code, Code::SignInRefused | Code::InvalidGrant) => {
            tracing::info!(account = %account.id, why = %refusal.why, "a native sign-in is refused");
            Err(Refused::Credentials)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether somebody has no password and is linked to the provider of this dialect, and is told so.
async fn is_of_provider(auth: &Auth, login: &PasswordLogin) -> Result<bool, Error> {
    let toki = &auth.config().native.toki;
    if login.program.dialect != Dialect::Toki || !toki.tell_oidc_accounts || toki.provider.is_empty() {
        return Ok(false);
    }
    let typed = login.identifier.trim().to_lowercase();
    if typed.is_empty() || typed.contains('\0') {
        return Ok(false);
    }
    let account = auth.accounts().by_identifier(&typed).await.map_err(Error::from_host)?;
    match account {
        Some(account) if !auth.accounts().has_password(&account.id).await.map_err(Error::from_host)? => {
            is_linked(auth, &account, &toki.provider).await
        }
        _ => Ok(false),
    }
}

async fn is_linked(auth: &Auth, account: &Account, provider: &str) -> Result<bool, Error> {
    let provider = auth.config().sso.providers.iter().find(|known| known.id == provider);
    let Some(issuer) = provider.map(|provider| provider.issuer()) else { return Ok(false) };
    let id = account.id.clone();
    let linked = auth.store().look_up(move |c| Box::pin(async move { identities::of_account(c, &id).await })).await?;
    Ok(linked.iter().any(|linked| linked.identity.issuer == issuer))
}
