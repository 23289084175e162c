//! Where a sign-in stands that lacks something, as its own browser sees it (FAC-10, FAC-43).

use std::collections::BTreeMap;

use super::sign_in::{app_of, host_factor, options};
use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::{Code, Error, PendingClaim};
use crate::model::account::Account;
use crate::model::app::App;
pub use crate::model::factors::FactorKind;
use crate::model::session::SessionId;
use crate::steps::enrolment;
pub use crate::steps::enrolment::Enrolment;
use crate::steps::mail_code;
pub use crate::steps::mail_code::MailCode;
use crate::steps::pending::{self, Open};
pub use crate::steps::sign_in::BeforeSession;
use crate::steps::{missing_step, trust};

/// A sign-in that lacks something, as its own browser sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PendingView {
    /// Its id.
    pub id: String,
    /// Who is signing in.
    pub account: Account,
    /// What it lacks.
    pub lacks: BeforeSession,
    /// What is asked for: kinds of a second proof, the preferred one first, or of a second factor to set up.
    pub methods: Vec<FactorKind>,
    /// What there is to say of a second factor that has to be set up.
    pub enrolment: Option<Enrolment>,
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
        Ok(open) => Ok(Standing::Open(Box::new(view(auth, open).await?))),
        Err(Error::Refused(refusal)) if refusal.code == Code::SignInOver => Ok(Standing::Over(request)),
        Err(error) => Err(error),
    }
}

async fn view(auth: &Auth, open: Open) -> Result<PendingView, Error> {
    if missing_step::lacks(auth, &open).await? != Some(BeforeSession::Factor) {
        return view_of_enrolment(auth, open).await;
    }
    let usable = missing_step::usable(auth, &open).await?;
    let Open { pending, account, .. } = open;
    let names = usable.kinds.iter().filter_map(|kind| Some((kind.name(), host_factor(auth, *kind)?.0.name)));
    let host_names = names.collect();
    let mail = match usable.kinds.contains(&FactorKind::Email) {
        true => Some(mail_code::sent(auth, &account, &pending).await?),
        false => None,
    };
    Ok(PendingView {
        app: app_of(auth, &pending).await?,
        passkey_options: options(auth, &pending.id, &usable),
        may_be_trusted: pending
            .proofs
            .first()
            .is_some_and(|proof| trust::is_allowed(&auth.config().factors, &account, &proof.kind)),
        id: pending.id,
        account,
        lacks: BeforeSession::Factor,
        methods: usable.kinds,
        enrolment: None,
        host_names,
        recovery_left: usable.recovery_left,
        mail,
        request: pending.request,
        expires_at: pending.expires_at,
    })
}

async fn view_of_enrolment(auth: &Auth, open: Open) -> Result<PendingView, Error> {
    let (methods, enrolment) = enrolment::offered(auth, &open.account, open.known).await?;
    let Open { pending, account, .. } = open;
    Ok(PendingView {
        app: app_of(auth, &pending).await?,
        passkey_options: None,
        id: pending.id,
        account,
        lacks: BeforeSession::Enrolment,
        methods,
        enrolment: Some(enrolment),
        may_be_trusted: false,
        host_names: BTreeMap::new(),
        recovery_left: 0,
        mail: None,
        request: pending.request,
        expires_at: pending.expires_at,
    })
}
