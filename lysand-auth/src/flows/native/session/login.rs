//! A session by name and password, and the code of a second factor with them.

use super::super::login::{lockout, rule};
use super::machine::Machine;
use super::named;
use super::wanted::{BegunSession, SessionLogin, SessionRefused};
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::native::Dialect;
use crate::model::proofs::ProofKind;
use crate::secret::Secret;
use crate::steps::host_rules::Proven;
use crate::steps::native_sign_in::{self, Outcome, Start};
use crate::steps::password_check::{self, Right, Try};
use crate::steps::sign_in::{self, BeforeSession};
use crate::steps::{header_factor, standing};

pub(super) async fn with_password(
    auth: &Auth,
    login: &SessionLogin,
    password: &Secret,
) -> Result<BegunSession, SessionRefused> {
    let typed = named::typed(auth, login).await?;
    let dialect = Dialect::Resonite;
    let tried = Try {
        typed: &typed,
        password,
        caller: &login.caller,
        service: dialect.name(),
        rule: rule(dialect),
        lockout: lockout(auth, dialect),
    };
    let Some(right) = password_check::check(auth, &tried).await? else { return Err(SessionRefused::Credentials) };
    begun(auth, login, right).await
}

async fn begun(auth: &Auth, login: &SessionLogin, right: Right) -> Result<BegunSession, SessionRefused> {
    let Right { account, known, let_in, pair } = right;
    if standing::may_sign_in(&account).is_err() {
        return Err(SessionRefused::Credentials);
    }
    let first = ProofKind::Password;
    let proven = Proven {
        known_before: Some(known),
        let_in: Some(let_in),
        // Whoever may put a second factor off still does so here.
        puts_off: true,
        ..Proven::new(&account, &first)
    };
    let machine = Machine::of(auth, login, None);
    let program = machine.program();
    let start = Start { program: &program, caller: &login.caller, pair };
    let outcome = match sign_in::lacks_before_session(auth, &proven, known).await? {
        Some(BeforeSession::Factor) => {
            let code = login.code.as_ref();
            let checked = header_factor::check(auth, (&account, known, &first), code, &login.caller).await?;
            let Some((kind, completion)) = checked else { return Err(SessionRefused::SecondFactor) };
            let (earlier, by) = (proven.proofs(auth.ambient().now()), kind.proof());
            let proven = Proven { by: &by, earlier: Some(&earlier), completes: Some(&completion), ..proven };
            native_sign_in::after_proof(auth, proven, start).await
        }
        _ => native_sign_in::after_proof(auth, proven, start).await,
    };
    match told(outcome)? {
        Outcome::Begun(tokens) => Ok(machine.begun(auth, account, tokens).await?),
        Outcome::Lacks(BeforeSession::Password) => Err(SessionRefused::PasswordChange),
        Outcome::Lacks(BeforeSession::Factor | BeforeSession::Enrolment) => Err(SessionRefused::SecondFactor),
        Outcome::Lacks(BeforeSession::Review) => Err(SessionRefused::Credentials),
    }
}

/// What is told of a refusal that came with a right password.
pub(super) fn told<T>(outcome: Result<T, Error>) -> Result<T, SessionRefused> {
    outcome.map_err(|error| match error {
        // The host's rules, or everything of the account was ended meanwhile.
        Error::Refused(refusal) if matches!(refusal.code, Code::SignInRefused | Code::InvalidGrant) => {
            tracing::info!(why = %refusal.why, "a native sign-in is refused");
            SessionRefused::Credentials
        }
        // Somebody was faster with the same code.
        Error::Refused(refusal) if refusal.code == Code::WrongFactor => SessionRefused::SecondFactor,
        error => SessionRefused::Other(error),
    })
}
