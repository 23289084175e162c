//! What a person sees and ends of the own sign-ins (people PPL-107 to PPL-109).

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::host::mailer::Mail;
use crate::host::revocations::Revoked;
use crate::model::account::{Account, AccountId};
use crate::model::caller::Caller;
pub use crate::model::device::Device;
use crate::model::event::{Actor, EventKind};
use crate::model::list_page::RowSpan;
pub use crate::model::list_page::{ListPage, ListSpan};
use crate::model::native::NativeSignIn;
pub use crate::model::native::{Dialect, NativeClient};
use crate::model::session::{Session, SessionId};
use crate::secret::Secret;
use crate::steps::ending::{self, Spared};
use crate::steps::mail::{self, Outgoing};
pub use crate::steps::viewer::Viewer;
use crate::steps::{events, native_sign_in, revocation};
use crate::store::{
    self, Conn, authorizations, credentials, grants, known_browsers, native_sign_ins, personal_tokens, sessions,
};

/// A session, or a sign-in of a native client, as its owner sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OwnSession {
    /// The session.
    pub session: Session,
    /// Whether it is the one that somebody looks from.
    pub is_current: bool,
    /// What its browser says that it is.
    pub device: Device,
    /// What it is where it is no browser's: the sign-in of a native client, in the form of a session. Its id names the grant.
    pub native: Option<NativeClient>,
}

impl OwnSession {
    fn in_browser(viewer: &Viewer, session: Session) -> Self {
        Self {
            is_current: viewer.is_in(&session.id),
            device: Device::of(session.agent.as_deref().unwrap_or_default()),
            native: None,
            session,
        }
    }

    fn of_native_client(viewer: &Viewer, sign_in: &NativeSignIn) -> Self {
        let native = NativeClient::from(sign_in);
        let device = Device { browser: native.program.clone(), ..Device::of("") };
        let session = sign_in.as_session();
        Self { is_current: viewer.is_in(&session.id), device, native: Some(native), session }
    }
}

/// How much was ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// Sessions, and sign-ins of native clients.
    pub sessions: usize,
    /// Apps that had access.
    pub apps: usize,
    /// Personal tokens.
    pub tokens: usize,
}

/// The own live sessions, the newest first.
///
/// # Errors
/// When the database does not answer.
pub async fn list(auth: &Auth, viewer: &Viewer, span: ListSpan) -> Result<ListPage<OwnSession>, Error> {
    let ids = [&span.max_id, &span.since_id, &span.min_id];
    if ids.into_iter().flatten().any(|id| known_id(id).is_none()) {
        return Err(Error::refused(Code::InvalidRequest, "This is not the id of a session."));
    }
    let (account, now, rows) = (viewer.account.id.clone(), auth.ambient().now(), RowSpan::from(span));
    let wanted = rows.clone();
    let found = auth.store().read(move |c| {
        Box::pin(async move {
            let native = native_sign_ins::some(c, &account, &wanted, now).await?;
            Ok((sessions::some(c, &account, &wanted, now).await?, native))
        })
    });
    let (sessions, native) = found.await?;
    let native = native.iter().map(|sign_in| OwnSession::of_native_client(viewer, sign_in));
    let mut own: Vec<OwnSession> = native.collect();
    own.extend(sessions.into_iter().map(|session| OwnSession::in_browser(viewer, session)));
    own.sort_by(|one, other| one.session.id.as_str().cmp(other.session.id.as_str()));
    if !rows.oldest_first {
        own.reverse();
    }
    Ok(rows.page(own))
}

/// Ends one of the own sessions and the codes that wait in it; whether it was the current one.
///
/// # Errors
/// 404 when it is unknown, over, or another person's.
pub async fn end(auth: &Auth, viewer: &Viewer, id: &str, caller: &Caller) -> Result<bool, Error> {
    let nothing = || Error::refused(Code::NotFound, "Record not found");
    let (account, id, now) = (viewer.account.id.clone(), known_id(id).ok_or_else(nothing)?, auth.ambient().now());
    let event = events::event(auth, EventKind::SessionEnded, caller).by(Actor::Account(account.clone()));
    let event = event.about(&account, &viewer.account.username);
    let (person, session) = (account.clone(), id.clone());
    let ended = native_sign_in::end(auth, move |c| {
        Box::pin(async move {
            let is_native = native_sign_ins::end_own(c, &account, &id, now).await?;
            if !is_native && !sessions::end_own(c, &account, &id, now).await? {
                return Ok((false, Vec::new()));
            }
            authorizations::revoke_all_of_session(c, &id, &account, now).await?;
            store::events::add(c, event).await?;
            Ok((true, Some(id.as_str().to_owned()).filter(|_| is_native).into_iter().collect()))
        })
    });
    if !ended.await? {
        return Err(nothing());
    }
    tracing::info!(account = %person, %session, "session ended by its person");
    Ok(viewer.is_in(&session))
}

/// Ends all of the own sessions but the current one, and the codes that wait in them; how many there were. Apps keep their
/// tokens.
///
/// # Errors
/// When the database does not answer.
pub async fn end_others(auth: &Auth, viewer: &Viewer, caller: &Caller) -> Result<usize, Error> {
    let (account, current, now) = (viewer.account.id.clone(), viewer.current.clone(), auth.ambient().now());
    let event = events::event(auth, EventKind::SessionsEnded, caller).by(Actor::Account(account.clone()));
    let event = event.about(&account, &viewer.account.username);
    let person = account.clone();
    let ended = native_sign_in::end(auth, move |c| {
        Box::pin(async move {
            // A sign-in whose proof was right a moment ago begins no session either (security REV-2).
            credentials::advance(c, &account).await?;
            let live = sessions::live_of_account(c, &account, now).await?;
            let others = live.iter().filter(|session| current.as_ref() != Some(&session.id)).count();
            sessions::end_others(c, &account, current.as_ref(), now).await?;
            authorizations::revoke_all_of_other_sessions(c, current.as_ref(), &account, now).await?;
            let spared = current.as_ref().map(SessionId::as_str);
            let counted = native_sign_ins::live_of_account(c, &account, now).await?;
            let others = others + counted.iter().filter(|own| spared != Some(own.family.as_str())).count();
            let native = native_sign_ins::end_others(c, &account, spared, now).await?;
            store::events::add(c, event.with("sessions", others)).await?;
            Ok((others, native))
        })
    });
    let ended = ended.await?;
    tracing::info!(account = %person, ended, "other sessions ended by their person");
    Ok(ended)
}

/// How much there is that acts for an account.
///
/// # Errors
/// When the database does not answer.
pub async fn would_end(auth: &Auth, account: &Account) -> Result<Ended, Error> {
    let (id, now) = (account.id.clone(), auth.ambient().now());
    auth.store().read(move |c| Box::pin(async move { count(c, &id, now).await })).await
}

async fn count(c: &mut Conn, account: &AccountId, now: Timestamp) -> Result<Ended, Error> {
    let native = native_sign_ins::live_of_account(c, account, now).await?.len();
    let sessions = sessions::live_of_account(c, account, now).await?.len() + native;
    let apps = grants::all(c, account, now).await?.1.len();
    let tokens = usize::try_from(personal_tokens::count(c, account, now).await?).unwrap_or_default();
    Ok(Ended { sessions, apps, tokens })
}

/// Ends everything that acts for its owner, this session as well, once the owner proved to be there (people PPL-109).
///
/// # Errors
/// `ProofRequired` and `WrongPassword`; 429 after too many guesses.
pub async fn end_everything(
    auth: &Auth,
    viewer: &Viewer,
    password: Option<&Secret>,
    caller: &Caller,
) -> Result<Ended, Error> {
    viewer.present.require(auth, &viewer.account, password).await?;
    end_everything_of(auth, &viewer.account, Actor::Account(viewer.account.id.clone()), caller).await
}

/// Ends everything that acts for an account: sessions, codes, tokens of all apps, what browsers wait with, links that are under way, and
/// the browsers that it knows. The owner and the host are told.
///
/// # Errors
/// When the database does not answer.
pub async fn end_everything_of(auth: &Auth, account: &Account, by: Actor, caller: &Caller) -> Result<Ended, Error> {
    let event = events::event(auth, EventKind::SessionsEnded, caller).by(by).about(&account.id, &account.username);
    let notice = Outgoing::to_confirmed(auth, account, Mail::SignedOutEverywhere);
    let (over, id, now) = (Revoked::Account(account.id.clone()), account.id.clone(), auth.ambient().now());
    let ended = revocation::revoke(
        auth,
        move |c| {
            Box::pin(async move {
                // First, so that sign-ins wait, and what is counted is what ends.
                credentials::advance(c, &id).await?;
                let ended = count(c, &id, now).await?;
                ending::end_rest(c, &id, &Spared::default(), now).await?;
                known_browsers::forget_account(c, &id).await?;
                mail::enqueue_notice(c, notice).await?;
                let event = event.with("sessions", ended.sessions).with("apps", ended.apps);
                store::events::add(c, event).await?;
                Ok(ended)
            })
        },
        |_| Some(over),
    );
    let ended = ended.await?;
    mail::wake(auth);
    tracing::info!(account = %account.id, ?ended, "everything ended");
    Ok(ended)
}

/// An id in the form in which ours are made. Others name nothing, and must not reach the database: it cannot take all of them.
fn known_id(id: &str) -> Option<SessionId> {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    ((1..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| SessionId::new(id))
}
