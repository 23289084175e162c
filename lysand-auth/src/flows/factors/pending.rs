//! Where a sign-in stands that lacks something, as its own browser sees it (FAC-10, FAC-43).

use std::collections::BTreeMap;

use super::sign_in::{app_of, host_factor};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::model::account::Account;
use crate::model::app::App;
pub use crate::model::factors::FactorKind;
use crate::model::mail::CodeUse;
use crate::model::session::SessionId;
use crate::secret::Secret;
pub use crate::steps::enrolment::Enrolment;
use crate::steps::mail_code;
pub use crate::steps::mail_code::MailCode;
use crate::steps::pending::{self, Open};
pub use crate::steps::review::{OtherWayIn, OtherWayKind};
pub use crate::steps::sign_in::BeforeSession;
use crate::steps::{demanded_password, factor_answer, missing_step, review, trust, way_back};

/// A sign-in that lacks something, as its own browser sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PendingView {
    /// Its id.
    pub id: String,
    /// Who is signing in.
    pub account: Account,
    /// What it lacks; nothing when only its browser has to come back.
    pub lacks: Option<BeforeSession>,
    /// What is asked for: kinds of a second proof, the preferred one first, or of a second factor to set up.
    pub methods: Vec<FactorKind>,
    /// What there is to say of a second factor that has to be set up.
    pub enrolment: Option<Enrolment>,
    /// What sets the new password that is demanded.
    pub new_password: Option<Secret>,
    /// The other ways in, of which the owner says which ones stay.
    pub other_ways: Vec<OtherWayIn>,
    /// How the host's own kinds among them are named.
    pub host_names: BTreeMap<&'static str, String>,
    /// How many recovery codes there are.
    pub recovery_left: i64,
    /// Where a code by mail goes, where that is one of the kinds.
    pub mail: Option<MailCode>,
    /// What a browser uses a passkey with, where that is one of the kinds: JSON.
    pub passkey_options: Option<String>,
    /// The app that asked, if one did.
    pub app: Option<App>,
    /// Its request: names and values.
    pub request: Vec<(String, String)>,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// Whether the person can have this browser trusted with the answer (FAC-97).
    pub may_be_trusted: bool,
    /// Whether there is a way back for whoever has none of the factors any more (FAC-112).
    pub way_back: bool,
}

/// Where a sign-in stands that a browser shows.
#[derive(Debug)]
#[non_exhaustive]
pub enum Standing {
    /// It waits.
    Open(Box<PendingView>),
    /// It came to something: this session, if one began. With the request, if an app made one.
    Finished(Option<SessionId>, Vec<(String, String)>),
    /// It is over without having come to anything; its browser can start again with the request.
    Over(Vec<(String, String)>),
    /// There is no such sign-in, or another browser began it.
    Unknown,
}

/// Where a sign-in stands. Nothing changes.
///
/// # Errors
/// When host or database do not answer.
pub async fn look(auth: &Auth, claim: &PendingClaim) -> Result<Standing, Error> {
    let Some(pending) = pending::found(auth, claim).await? else { return Ok(Standing::Unknown) };
    if let Some(session) = pending.session {
        return Ok(Standing::Finished(Some(session), pending.request));
    }
    let request = pending.request.clone();
    match pending::open(auth, claim).await {
        Ok(open) => Ok(Standing::Open(Box::new(view(auth, open, claim).await?))),
        Err(Error::Refused(refusal)) if refusal.code == Code::SignInOver => Ok(Standing::Over(request)),
        Err(error) => Err(error),
    }
}

/// What an app asked for in this sign-in, or where it leads on this server; nothing of one that is not known.
///
/// # Errors
/// When the database does not answer.
pub async fn request(auth: &Auth, claim: &PendingClaim) -> Result<Vec<(String, String)>, Error> {
    Ok(pending::found(auth, claim).await?.map(|pending| pending.request).unwrap_or_default())
}

async fn view(auth: &Auth, open: Open, claim: &PendingClaim) -> Result<PendingView, Error> {
    let lacks = missing_step::lacks(auth, &open).await?;
    let waiting = PendingView {
        lacks,
        app: app_of(auth, &open.pending).await?,
        id: open.pending.id.clone(),
        account: open.account.clone(),
        request: open.pending.request.clone(),
        expires_at: open.pending.expires_at,
        methods: Vec::new(),
        enrolment: None,
        new_password: None,
        other_ways: Vec::new(),
        host_names: BTreeMap::new(),
        recovery_left: 0,
        mail: None,
        passkey_options: None,
        may_be_trusted: false,
        way_back: false,
    };
    Ok(match lacks {
        None => waiting,
        Some(BeforeSession::Factor) => with_factors(auth, &open, waiting).await?,
        Some(BeforeSession::Password) => {
            PendingView { new_password: Some(demanded_password::token(auth, &open, claim).await?), ..waiting }
        }
        Some(BeforeSession::Review) => {
            PendingView { other_ways: review::listed(auth, &open.account.id).await?, ..waiting }
        }
        Some(BeforeSession::Enrolment) => {
            let (methods, enrolment) = missing_step::enrolment(auth, &open).await?;
            PendingView { methods, enrolment: Some(enrolment), ..waiting }
        }
    })
}

async fn with_factors(auth: &Auth, open: &Open, waiting: PendingView) -> Result<PendingView, Error> {
    let Open { pending, account, .. } = open;
    let usable = missing_step::usable(auth, open).await?;
    let names = usable.kinds.iter().filter_map(|kind| Some((kind.name(), host_factor(auth, *kind)?.0.name)));
    let host_names = names.collect();
    let mail = match usable.kinds.contains(&FactorKind::Email) {
        true => Some(mail_code::sent(auth, account, (pending, CodeUse::SignIn)).await?),
        false => None,
    };
    let first = pending.proofs.first();
    Ok(PendingView {
        way_back: way_back::is_offered(auth, open, &usable).await?,
        passkey_options: factor_answer::options(auth, &pending.id, pending, &usable),
        may_be_trusted: first.is_some_and(|proof| trust::is_allowed(&auth.config().factors, account, &proof.kind)),
        methods: usable.kinds,
        host_names,
        recovery_left: usable.recovery_left,
        mail,
        ..waiting
    })
}
