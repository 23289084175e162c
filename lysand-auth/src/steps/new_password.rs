//! A password is set in one transaction with all that it costs and ends (people PPL-96, PPL-211).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::accounts::rules::{self, Field};
use crate::host::accounts::{AccountsError, Along, Candidate, Change, FieldProblem, ProblemKind};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
use crate::model::credentials::{Credentials, Demand};
use crate::model::device::Device;
use crate::model::event::NewEvent;
use crate::model::form_error::FormError;
use crate::secret::Secret;
use crate::steps::ending::{self, Spared};
use crate::steps::mail::{self, Outgoing};
use crate::steps::native_sign_in::New as NewSignIn;
use crate::steps::session::NewSession;
use crate::steps::{presence, revocation};
use crate::store::{self, Conn, credentials, mail_tokens};

/// The longest password, in characters (people PPL-45).
const LONGEST: usize = 128;

/// The notice that the password was changed, and from where.
pub(crate) fn changed(auth: &Auth, caller: &Caller) -> Mail {
    Mail::PasswordChanged {
        device: caller.agent.as_deref().and_then(|agent| Device::of(agent).words()),
        network: caller.network(),
        at: Some(auth.ambient().now()),
    }
}

/// What a new password costs, and what follows from it.
#[derive(Clone)]
pub(crate) struct PasswordChange {
    /// The token of a mail that is spent.
    pub(crate) token: Option<String>,
    /// The sign-in that lacked it, which goes on: the token came with the old password, and by no mail (FAC-25).
    pub(crate) sign_in: Option<String>,
    /// What is demanded of its owner next: somebody else knows it as well.
    pub(crate) demands: Option<Demand>,
    /// What was known when the old password was proven: of two who prove the same one, one changes it (people PPL-98).
    pub(crate) proven_with: Option<Credentials>,
    /// What lives on.
    pub(crate) spared: Spared,
    /// The session that takes the place of the one that changes it.
    pub(crate) session: Option<NewSession>,
    /// The sign-in of a native client that begins with it.
    pub(crate) begins: Option<Box<NewSignIn>>,
    pub(crate) notice: Option<Outgoing>,
    pub(crate) event: NewEvent,
    pub(crate) now: Timestamp,
}

/// Why a password is not set.
#[derive(Debug)]
pub(crate) enum NotSet {
    /// It cannot be one.
    Unfit(FormError),
    /// What it costs was spent meanwhile.
    Lost,
    /// Everything else.
    Failed(Error),
}

impl From<Error> for NotSet {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What is wrong with a password for this account, before anything is spent for it.
///
/// # Errors
/// When the host does not answer.
pub(crate) async fn problem(auth: &Auth, account: &Account, password: &Secret) -> Result<Option<FormError>, Error> {
    if password.is_empty() {
        return Ok(Some(FormError::blank("password")));
    }
    let host = auth.config().base_url.host().to_owned();
    let candidate = Candidate::new(&*account.username).with_host(host).with_password(password.clone());
    let candidate = match &account.email {
        Some(email) => candidate.with_email(&*email.address),
        None => candidate,
    };
    let problems = auth.accounts().check_new(&candidate).await.map_err(Error::from_host)?;
    Ok(problems.iter().find(|problem| problem.field == Field::Password).map(of_field))
}

fn of_field(problem: &FieldProblem) -> FormError {
    match problem.kind {
        ProblemKind::Blank => FormError::blank("password"),
        ProblemKind::TooShort => {
            let why = format!("is too short (minimum is {} characters)", rules::SHORTEST_PASSWORD);
            FormError::new("password", "ERR_TOO_SHORT", why)
        }
        ProblemKind::TooLong => FormError::too_long("password", LONGEST),
        _ => unfit(&problem.text),
    }
}

fn unfit(sentence: &str) -> FormError {
    let words = sentence.strip_prefix(Field::Password.name()).unwrap_or(sentence).trim();
    FormError::new("password", "ERR_INVALID", words.to_owned())
}

/// Sets the password, and does all that belongs to it, or nothing.
///
/// # Errors
/// Why it is not set. A host whose accounts are elsewhere may have lost what it cost; then the person asks again.
pub(crate) async fn set(
    auth: &Auth,
    account: &Account,
    password: &Secret,
    change: PasswordChange,
) -> Result<(), NotSet> {
    let lost = Arc::new(AtomicBool::new(false));
    let (told, along) = (Arc::clone(&lost), change.clone());
    let along = Along::new(move |c, id| {
        let id = id.clone();
        Box::pin(async move {
            along.take(c, &id, &told).await?;
            along.finish(c, &id).await
        })
    });
    let made = auth.accounts().change_along(&account.id, Change::Password(password.clone()), along).await;
    if lost.load(Ordering::Acquire) {
        return Err(NotSet::Lost);
    }
    match made {
        Ok(()) => {}
        Err(AccountsError::NotOffered) => set_elsewhere(auth, account, password, change).await?,
        Err(AccountsError::Invalid(why)) => return Err(NotSet::Unfit(unfit(&why))),
        Err(error) => return Err(NotSet::Failed(error.into())),
    }
    mail::wake(auth);
    revocation::notify(auth, &Revoked::Account(account.id.clone())).await;
    tracing::info!(account = %account.id, "password set; everything else of the account is ended");
    Ok(())
}

/// For hosts whose accounts are elsewhere: what it costs is spent first, so that nothing buys two passwords.
async fn set_elsewhere(
    auth: &Auth,
    account: &Account,
    password: &Secret,
    change: PasswordChange,
) -> Result<(), NotSet> {
    let (id, first, lost) = (account.id.clone(), change.clone(), Arc::new(AtomicBool::new(false)));
    let told = Arc::clone(&lost);
    let taken = auth.store().write(move |c| Box::pin(async move { first.take(c, &id, &told).await })).await;
    if lost.load(Ordering::Acquire) {
        return Err(NotSet::Lost);
    }
    taken?;
    match auth.accounts().set_password(&account.id, password).await {
        Ok(()) => {}
        Err(AccountsError::NotOffered) => return Err(Error::refused(Code::NotFound, "Record not found").into()),
        Err(AccountsError::Invalid(why)) => return Err(NotSet::Unfit(unfit(&why))),
        Err(error) => return Err(NotSet::Failed(error.into())),
    }
    let id = account.id.clone();
    let finished = auth.store().write(move |c| {
        Box::pin(async move {
            // A session that began with the old password since then ends, too.
            credentials::advance(c, &id).await?;
            change.finish(c, &id).await
        })
    });
    Ok(finished.await?)
}

impl PasswordChange {
    /// Spends what it costs. When somebody was faster, `lost` says so, and the transaction is given up.
    async fn take(&self, c: &mut Conn, account: &AccountId, lost: &AtomicBool) -> Result<(), Error> {
        // First of all, so that everything that changes an account waits in the same order.
        let is_first = match self.proven_with {
            None => credentials::advance(c, account).await.map(|()| true)?,
            Some(seen) => credentials::advance_from(c, account, seen).await?,
        };
        if !self.is_live(c).await? {
            lost.store(true, Ordering::Release);
            return Err(presence::wrong_password());
        }
        if let Some(begins) = &self.begins
            && let Err(error) = begins.use_up_second_proof(c).await
        {
            lost.store(true, Ordering::Release);
            return Err(error);
        }
        let is_spent = match &self.token {
            Some(token) if is_first => mail_tokens::spend(c, token, self.now).await?,
            _ => is_first,
        };
        if is_spent {
            return Ok(());
        }
        lost.store(true, Ordering::Release);
        Err(Error::refused(Code::Conflict, "it was spent meanwhile"))
    }

    /// Whether the session or the token that changes it still stands: neither comes back by a change (security REV-2).
    async fn is_live(&self, c: &mut Conn) -> Result<bool, Error> {
        if let Some(session) = self.session.as_ref().and_then(NewSession::replaced) {
            return store::sessions::lock_live(c, session, self.now).await;
        }
        match &self.spared.tokens.id {
            Some(token) => store::tokens::is_live(c, token, self.now).await,
            None => Ok(true),
        }
    }

    /// Ends what a new password ends, and tells.
    async fn finish(self, c: &mut Conn, account: &AccountId) -> Result<(), Error> {
        ending::end_rest(c, account, &self.spared, self.now).await?;
        ending::end_mailed_links(c, account, self.now).await?;
        if let Some(sign_in) = &self.sign_in {
            let known = credentials::of_account(c, account).await?;
            store::pending::follow(c, sign_in, known.generation.unwrap_or(0)).await?;
        } else if self.token.is_some() {
            credentials::prove_email(c, account).await?;
            credentials::note_reset_by_mail(c, account, self.now).await?;
        }
        credentials::demand(c, account, self.demands).await?;
        if let Some(session) = &self.session {
            session.insert(c).await?;
        }
        if let Some(begins) = &self.begins {
            begins.insert(c).await?;
        }
        mail::enqueue_notice(c, self.notice).await?;
        store::events::add(c, self.event).await
    }
}
