//! Signing in with a native client whose dialect can ask for a second proof (native 1.5). A sign-in that waits is bound by its handle: no
//! cookie has a part in it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::login::{self, PasswordLogin, Refused};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, InactiveReason};
use crate::model::caller::Caller;
use crate::model::credentials::Credentials;
use crate::model::factors::{FactorKind, masked};
use crate::model::lockout::Pair;
use crate::model::mail::CodeUse;
use crate::model::native::{CAMEL_CASE, Dialect, Program};
use crate::model::proofs::ProofKind;
use crate::model::rate_limit::Rule;
use crate::model::session::Browser;
use crate::secret::{Digest, Secret};
use crate::steps::completion::Completion;
use crate::steps::host_rules::Proven;
use crate::steps::native_sign_in::{self, NativeTokens, Outcome, Start};
use crate::steps::password_check::Right;
use crate::steps::pending::{self, Open};
use crate::steps::refused_sign_in::{self, Whom};
use crate::steps::sign_in::BeforeSession;
use crate::steps::{factor_answer, lockout, mail, mail_code, missing_step, second_step, standing, throttle};
use crate::texts;

/// Under what names a sign-in that waits keeps by which form of a request it began, and what is forgotten when it comes to tokens.
const ORIGIN: &str = "origin";
const PAIR: &str = "pair";

/// What a first proof comes to.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "tokens or a second proof: there is no third")]
pub enum FirstStep {
    /// Tokens.
    SignedIn(SignedInNatively),
    /// A second proof is asked for.
    Waits(NativeSecondStep),
}

/// Somebody who is signed in with a native client.
#[derive(Debug)]
#[non_exhaustive]
pub struct SignedInNatively {
    /// The account.
    pub account: Account,
    /// What the client gets.
    pub tokens: NativeTokens,
    /// By which form of a request the sign-in began, where answers depend on it.
    pub origin: Option<String>,
}

/// A sign-in that waits for a second proof.
#[derive(Debug)]
#[non_exhaustive]
pub struct NativeSecondStep {
    /// What the client goes on with: 48 characters.
    pub handle: Secret,
    /// What can be the second proof, the preferred one first.
    pub methods: Vec<FactorKind>,
    /// Where a code by mail would go, most of it hidden; empty where none is offered.
    pub masked_email: String,
    /// Until when it waits.
    pub expires_at: Timestamp,
}

/// Why nobody is signed in.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepRefused {
    /// No right proof of an account that may act, or no sign-in that waits: one answer for all (native C3).
    Credentials,
    /// The code is wrong, used or too old.
    Code,
    /// The password is right, and the address is not confirmed yet.
    Unconfirmed,
    /// Everything is right, and the password must be replaced first.
    PasswordChange,
    /// Two proofs are wanted, and the account has no second one that this dialect can ask for.
    NoFactor,
    /// No password signs anybody in here.
    PasswordsOff,
    /// No code by mail reaches anybody here.
    NoMail,
    /// Everything else: a limit, a network that is kept out, a failure.
    Other(Error),
}

impl From<Error> for StepRefused {
    fn from(error: Error) -> Self {
        let Error::Refused(refusal) = &error else { return Self::Other(error) };
        match refusal.code {
            Code::SignInOver | Code::NotOffered | Code::WrongPasskey | Code::UnknownPasskey | Code::WrongPassword => {
                Self::Credentials
            }
            // The host's rules, or everything of the account was ended meanwhile.
            Code::SignInRefused | Code::InvalidGrant | Code::AccountInactive => Self::Credentials,
            Code::WrongFactor => Self::Code,
            _ => Self::Other(error),
        }
    }
}

impl From<Refused> for StepRefused {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Credentials => Self::Credentials,
            Refused::SecondFactor => Self::NoFactor,
            Refused::PasswordChange => Self::PasswordChange,
            Refused::Provider => Self::PasswordsOff,
            Refused::Other(error) => error.into(),
        }
    }
}

impl StepRefused {
    /// The same for the log.
    pub(super) fn logged(&self) -> Option<Error> {
        match self {
            Self::Other(Error::Refused(refusal)) => Some(Error::Refused(refusal.clone())),
            Self::Other(Error::Failed(_)) => None,
            _ => Some(Error::refused(Code::InvalidGrant, "")),
        }
    }
}

/// Begins with name and password.
///
/// # Errors
/// Why not.
pub async fn begin_with_password(auth: &Auth, login: PasswordLogin) -> Result<FirstStep, StepRefused> {
    let begun = by_password(auth, &login).await;
    if let Some(error) = begun.as_ref().err().and_then(StepRefused::logged) {
        refused_sign_in::log(auth, &Whom::Typed(&login.identifier), login.caller.source, &error);
    }
    begun
}

async fn by_password(auth: &Auth, login: &PasswordLogin) -> Result<FirstStep, StepRefused> {
    let Right { account, known, let_in, pair } = login::right_password(auth, login).await?;
    may_sign_in(&account)?;
    let by = ProofKind::Password;
    let proven = Proven { known_before: Some(known), let_in: Some(let_in), ..Proven::new(&account, &by) };
    after_first_proof(auth, proven, known, Start { program: &login.program, caller: &login.caller, pair }).await
}

/// Refuses an account that may not act. Only its owner is told that it waits for its address.
pub(super) fn may_sign_in(account: &Account) -> Result<(), StepRefused> {
    standing::may_sign_in(account).map_err(|_| match account.inactive_reason() {
        Some(InactiveReason::Unconfirmed) => StepRefused::Unconfirmed,
        _ => StepRefused::Credentials,
    })
}

/// The first proof was right: tokens, or a second one is asked for. Where two-step is on that is asked after a passkey as well
/// (factors section 20).
///
/// # Errors
/// Why nothing of both.
pub(super) async fn after_first_proof(
    auth: &Auth,
    proven: Proven<'_>,
    known: Credentials,
    start: Start<'_>,
) -> Result<FirstStep, StepRefused> {
    // Whoever may put a second factor off does so here.
    let proven = Proven { puts_off: true, ..proven };
    if known.two_step && *proven.by != ProofKind::Provider {
        return waits(auth, &proven, known, &start).await;
    }
    let (account, origin) = (proven.account.clone(), start.program.origin);
    let again = Start { program: start.program, caller: start.caller, pair: start.pair };
    match native_sign_in::after_proof(auth, proven, start).await? {
        Outcome::Begun(tokens) => {
            Ok(FirstStep::SignedIn(SignedInNatively { account, tokens, origin: origin.map(str::to_owned) }))
        }
        Outcome::Lacks(BeforeSession::Factor) => waits(auth, &proven, known, &again).await,
        Outcome::Lacks(lacks) => Err(lacking(lacks)),
    }
}

/// What a sign-in lacks that this dialect cannot ask for.
fn lacking(lacks: BeforeSession) -> StepRefused {
    match lacks {
        BeforeSession::Password => StepRefused::PasswordChange,
        BeforeSession::Factor | BeforeSession::Enrolment => StepRefused::NoFactor,
        BeforeSession::Review => StepRefused::Credentials,
    }
}

async fn waits(
    auth: &Auth,
    proven: &Proven<'_>,
    known: Credentials,
    start: &Start<'_>,
) -> Result<FirstStep, StepRefused> {
    let account = proven.account;
    let mut usable = second_step::usable(auth, (account, known), proven.by).await?;
    second_step::keep_what_the_host_demands(auth, proven, &mut usable).await?;
    let mut methods = usable.kinds;
    methods.retain(|kind| !matches!(kind, FactorKind::Host(_)));
    if methods.is_empty() {
        return Err(StepRefused::NoFactor);
    }
    let mut kept = Vec::new();
    if let Some(origin) = start.program.origin {
        kept.push((ORIGIN.to_owned(), origin.to_owned()));
    }
    if let Some(pair) = start.pair {
        kept.push((PAIR.to_owned(), pair.subject.to_base64url()));
    }
    let (handle, expires_at) =
        pending::begin_native(auth, (proven, known), start.program.dialect, kept).await.map_err(StepRefused::from)?;
    let is_by_mail = methods.contains(&FactorKind::Email);
    let masked_email = account.email.as_ref().filter(|_| is_by_mail).map(|email| masked(&email.address));
    let masked_email = masked_email.unwrap_or_default();
    Ok(FirstStep::Waits(NativeSecondStep { handle, methods, masked_email, expires_at }))
}

/// Whoever goes on with a sign-in that waits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SecondStep {
    /// The program, which speaks the dialect of whatever began it.
    pub program: Program,
    /// What it was given.
    pub handle: Secret,
    /// From where.
    pub caller: Caller,
}

impl SecondStep {
    /// Whoever goes on with a sign-in that waits.
    #[must_use]
    pub fn new(program: Program, handle: Secret, caller: Caller) -> Self {
        Self { program, handle, caller }
    }

    fn dialect(&self) -> Dialect {
        self.program.dialect
    }

    async fn open(&self, auth: &Auth) -> Result<Open, StepRefused> {
        Ok(pending::open_native(auth, self.dialect(), &self.handle).await?)
    }

    /// In a browser that nobody knows.
    fn browser(&self) -> Browser {
        Browser { caller: self.caller.clone(), ..Browser::default() }
    }

    /// By which form of a request the sign-in began.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn origin(&self, auth: &Auth) -> Result<Option<String>, Error> {
        match pending::open_native(auth, self.dialect(), &self.handle).await {
            Ok(open) => Ok(open.pending.kept(ORIGIN).map(str::to_owned)),
            Err(Error::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Signs in with a code: of an app, of the list for recovery, or mailed.
    ///
    /// # Errors
    /// Why not.
    pub async fn with_code(&self, auth: &Auth, kind: FactorKind, code: &str) -> Result<SignedInNatively, StepRefused> {
        let open = self.open(auth).await?;
        let answered = factor_answer::by_code(auth, &open, (kind, code, ""), &self.browser()).await;
        self.answered(auth, open, kind, answered).await
    }

    /// What `navigator.credentials.get` takes as `publicKey`, and the handle that goes back with its answer.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn passkey_options(&self, auth: &Auth) -> Result<(Secret, String), StepRefused> {
        throttle::count_from(auth, Rule::PasskeyStart, &self.caller).await?;
        let open = self.open(auth).await?;
        let usable = missing_step::usable(auth, &open).await?;
        let handle = pending::new_handle(auth);
        let options = factor_answer::options(auth, &ceremony(&open, &handle), &open.pending, &usable);
        Ok((handle, options.ok_or(StepRefused::Credentials)?))
    }

    /// Signs in with a passkey.
    ///
    /// # Errors
    /// Why not.
    pub async fn with_passkey(
        &self,
        auth: &Auth,
        (handle, credential): (&Secret, &str),
    ) -> Result<SignedInNatively, StepRefused> {
        let open = self.open(auth).await?;
        let ceremony = ceremony(&open, handle);
        let answered = factor_answer::by_passkey(auth, &open, (&ceremony, credential), &self.browser()).await;
        self.answered(auth, open, FactorKind::Passkey, answered).await
    }

    /// Signs in with the password, after another first proof. A wrong one counts for the pair of that.
    ///
    /// # Errors
    /// Why not.
    pub async fn with_password(&self, auth: &Auth, password: &Secret) -> Result<SignedInNatively, StepRefused> {
        let open = self.open(auth).await?;
        let (pair, rules) = (self.pair(&open), login::lockout(auth, self.dialect()));
        lockout::admit(auth, pair, rules).await?;
        let answered = factor_answer::by_password(auth, &open, password, &self.caller).await;
        let is_wrong = |error: &Error| matches!(error, Error::Refused(refusal) if matches!(refusal.code, Code::WrongPassword | Code::SignInOver));
        if !answered.as_ref().is_err_and(is_wrong) {
            lockout::take_back(auth, pair).await?;
        }
        self.answered(auth, open, FactorKind::Password, answered).await
    }

    /// Has a code mailed; answers where it goes, most of it hidden.
    ///
    /// # Errors
    /// Why not.
    pub async fn mail_code(&self, auth: &Auth) -> Result<String, StepRefused> {
        let open = self.open(auth).await?;
        if !mail::is_read(auth) {
            return Err(StepRefused::NoMail);
        }
        if !missing_step::usable(auth, &open).await?.kinds.contains(&FactorKind::Email) {
            return Err(StepRefused::Credentials);
        }
        mail_code::send(auth, &open, (None, CodeUse::SignIn), &self.caller).await?;
        Ok(open.account.email.as_ref().map(|email| masked(&email.address)).unwrap_or_default())
    }

    fn pair(&self, open: &Open) -> Option<Pair> {
        let kept = URL_SAFE_NO_PAD.decode(open.pending.kept(PAIR)?).ok()?;
        Some(Pair { rule: login::rule(self.dialect()), subject: Digest::stored(&kept)? })
    }

    async fn answered(
        &self,
        auth: &Auth,
        open: Open,
        kind: FactorKind,
        answered: Result<Completion, Error>,
    ) -> Result<SignedInNatively, StepRefused> {
        let account = open.account.id.clone();
        let done = match answered {
            Ok(completion) => self.finish(auth, open, kind, completion).await,
            Err(Error::Refused(refusal)) if refusal.code == Code::NotOffered => {
                Err(self.not_offered(auth, &open, kind).await?)
            }
            Err(error) => Err(error.into()),
        };
        if let Some(error) = done.as_ref().err().and_then(StepRefused::logged) {
            refused_sign_in::log(auth, &Whom::Account(&account), self.caller.source, &error);
        }
        done
    }

    /// What is not offered counts as a wrong answer.
    async fn not_offered(&self, auth: &Auth, open: &Open, kind: FactorKind) -> Result<StepRefused, StepRefused> {
        let attempts = throttle::uncounted_factor(auth, &open.pending.id).await?;
        let error = Error::refused(Code::NotOffered, texts::NOT_OFFERED);
        Ok(factor_answer::wrong(auth, open, (kind, &attempts), &self.caller, error).await?.into())
    }

    async fn finish(
        &self,
        auth: &Auth,
        open: Open,
        kind: FactorKind,
        completion: Completion,
    ) -> Result<SignedInNatively, StepRefused> {
        let pair = self.pair(&open);
        let origin = open.pending.kept(ORIGIN).map(str::to_owned);
        let Open { pending, account, known } = open;
        if let Err(refused) = may_sign_in(&account) {
            take(auth, completion).await?;
            return Err(refused);
        }
        let by = kind.proof();
        let proven = Proven {
            known_before: Some(known),
            earlier: Some(&pending.proofs),
            completes: Some(&completion),
            synced: completion.consumed.is_synced_passkey(),
            puts_off: true,
            ..Proven::new(&account, &by)
        };
        let program = match origin.as_deref() {
            Some(origin) => self.program.clone().begun_by(names_of(origin)),
            None => self.program.clone(),
        };
        let start = Start { program: &program, caller: &self.caller, pair };
        match native_sign_in::after_proof(auth, proven, start).await? {
            Outcome::Begun(tokens) => Ok(SignedInNatively { account, tokens, origin }),
            Outcome::Lacks(lacks) => {
                take(auth, completion).await?;
                Err(lacking(lacks))
            }
        }
    }
}

/// What an answer with a passkey is bound to: the sign-in, and the handle of its ceremony.
fn ceremony(open: &Open, handle: &Secret) -> String {
    format!("{}\n{}", open.pending.id, handle.expose())
}

/// The spelling in which a request was written, as a sign-in keeps it.
fn names_of(origin: &str) -> Option<&'static str> {
    (origin == CAMEL_CASE).then_some(CAMEL_CASE)
}

/// Uses up what was right, where no sign-in begins.
async fn take(auth: &Auth, completion: Completion) -> Result<(), Error> {
    auth.store().write(move |c| Box::pin(async move { completion.take(c, None).await })).await
}
