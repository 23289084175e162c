//! Signing up with a native client: by people's own settings, with what its dialect can carry (native NAT-28).

use super::admit;
use super::attempt::SignUpError;
use super::form::SignUpForm;
use super::make;
use super::refusals::counted;
use crate::auth::Auth;
use crate::config::Mode;
use crate::error::{Code, Error};
use crate::host::offers::Offered;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::form_error::FormError;
use crate::model::sign_up::{Road, WaitingState};
use crate::secret::Secret;
use crate::steps::{admission, lockout, review_notice};

/// The code of a name with a letter that no name of this dialect has.
pub const FOREIGN_LETTER: &str = "ERR_FOREIGN_LETTER";
/// The rule by which refused sign-ups are counted.
const RULE: &str = "native_register";
const SHORTEST_NAME: usize = 3;
const LONGEST_NAME: usize = 32;
const SHORTEST_PASSWORD: usize = 8;
const LONGEST_PASSWORD: usize = 128;

/// Whether people can sign up with a native client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NativeMode {
    /// Everybody can.
    Open,
    /// Everybody can, and staff decides.
    Approval,
    /// Nobody can, or only with what the dialect cannot carry.
    Closed,
}

impl NativeMode {
    /// Whether people can.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Closed)
    }

    /// Whether staff decides.
    #[must_use]
    pub const fn is_reviewed(self) -> bool {
        matches!(self, Self::Approval)
    }

    /// Its name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
            Self::Closed => "closed",
        }
    }
}

/// Somebody wants an account: a name and a password.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NativeSignUp {
    /// The name.
    pub username: String,
    /// The password.
    pub password: Secret,
    /// From where.
    pub caller: Caller,
}

impl NativeSignUp {
    /// A name and a password.
    #[must_use]
    pub fn new(username: String, password: Secret, caller: Caller) -> Self {
        Self { username, password, caller }
    }
}

/// An account that was made.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SignedUpNatively {
    /// The account.
    pub account: Account,
    /// Whether it is ready, or staff has to decide.
    pub state: WaitingState,
}

/// Why there is no account.
#[derive(Debug)]
#[non_exhaustive]
pub enum NativeRefused {
    /// This road is closed.
    Closed,
    /// A field is wrong: the first.
    Field(FormError),
    /// Everything else: a limit, a network that is kept out, a failure.
    Other(Error),
}

impl From<Error> for NativeRefused {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Whether people can sign up with a native client now: not where something is asked of them that it cannot carry.
pub async fn native_mode(auth: &Auth) -> NativeMode {
    auth.offers(Offered::SignUp).await;
    let signups = auth.signups();
    let asks_more = signups.asks_agreement() || signups.minimum_age > 0;
    match admission::mode(auth, Road::Native) {
        _ if asks_more => NativeMode::Closed,
        Mode::Open => NativeMode::Open,
        Mode::Approval => NativeMode::Approval,
        _ => NativeMode::Closed,
    }
}

/// Makes an account without an address.
///
/// # Errors
/// Why there is none.
pub async fn by_native_client(auth: &Auth, sign_up: &NativeSignUp) -> Result<SignedUpNatively, NativeRefused> {
    if native_mode(auth).await == NativeMode::Closed {
        return Err(NativeRefused::Closed);
    }
    let name = format!("register\n{}", sign_up.username.trim().to_lowercase());
    let pair = lockout::pair(auth, RULE, &name, sign_up.caller.source);
    lockout::admit(auth, pair, &auth.config().native.toki.lockout).await?;
    let made = made(auth, sign_up).await;
    if !matches!(&made, Err(NativeRefused::Field(_))) {
        lockout::take_back(auth, pair).await?;
    }
    made
}

/// The same refusal to a native client: the first field that is wrong.
pub(super) fn of_sign_up(error: SignUpError) -> NativeRefused {
    match error {
        SignUpError::Refused(Error::Refused(refusal)) if refusal.code == Code::SignUpRefused => NativeRefused::Closed,
        SignUpError::Refused(error) => NativeRefused::Other(error),
        SignUpError::Fields(errors) => errors.0.into_iter().next().map_or(NativeRefused::Closed, NativeRefused::Field),
    }
}

/// What a sign-up over a dialect came to.
pub(super) async fn told(
    auth: &Auth,
    made: Result<(Account, WaitingState), SignUpError>,
) -> Result<SignedUpNatively, NativeRefused> {
    match made {
        Ok((account, state)) => {
            if state == WaitingState::Pending {
                review_notice::try_tell(auth).await;
            }
            Ok(SignedUpNatively { account, state })
        }
        Err(error) => Err(of_sign_up(error)),
    }
}

async fn made(auth: &Auth, sign_up: &NativeSignUp) -> Result<SignedUpNatively, NativeRefused> {
    if let Some(problem) = name_problem(&sign_up.username).or_else(|| password_problem(&sign_up.password)) {
        return Err(NativeRefused::Field(problem));
    }
    let password = Some(sign_up.password.clone());
    let form = SignUpForm { username: sign_up.username.clone(), password, ..SignUpForm::new() };
    let caller = sign_up.caller.clone();
    let made = match admit::checked(auth, &form, (Road::Native, true), &caller).await {
        Ok(checked) => make::for_native_client(auth, (form, caller), checked, None).await,
        Err(error) => Err(counted(auth, &caller, Road::Native, error).await),
    };
    told(auth, made).await
}

/// What the dialect says of names; what the host says of them comes after.
pub(super) fn name_problem(name: &str) -> Option<FormError> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.');
    match name.chars().count() {
        length if length < SHORTEST_NAME => Some(FormError::new("username", "ERR_TOO_SHORT", "is too short")),
        length if length > LONGEST_NAME => Some(FormError::too_long("username", LONGEST_NAME)),
        _ if !name.chars().all(is_plain) => Some(FormError::new("username", FOREIGN_LETTER, "has a foreign letter")),
        _ => None,
    }
}

/// What the dialect says of passwords.
pub(super) fn password_problem(password: &Secret) -> Option<FormError> {
    match password.expose().chars().count() {
        length if length < SHORTEST_PASSWORD => Some(FormError::new("password", "ERR_TOO_SHORT", "is too short")),
        length if length > LONGEST_PASSWORD => Some(FormError::too_long("password", LONGEST_PASSWORD)),
        _ => None,
    }
}
