//! Networks and mail domains that admins keep out (people PPL-154b).

use std::time::Duration;

use ipnet::IpNet;

use crate::auth::Auth;
use crate::error::{Code, Error};
use crate::model::account::{Account, Role};
pub use crate::model::block::{EmailDomainBlock, IpBlock, Severity};
use crate::model::block::{domain, network};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent, Target};
use crate::model::form_error::{FormError, FormErrors};
use crate::model::list_page::RowSpan;
pub use crate::model::list_page::{ListPage, ListSpan};
use crate::steps::events;
use crate::store::blocks::{self, NotKept};
use crate::{store, texts};

/// The longest note, in characters.
const LONGEST_COMMENT: usize = 1_000;
/// For how long a network is kept out at most, unless for ever: ten years.
const LONGEST: u64 = 10 * 365 * 24 * 3600;

/// Who keeps something out, or looks at what is kept out.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum By<'a> {
    /// Somebody of the staff, who has to be an admin.
    Staff(&'a Account),
    /// The command line: whoever has it owns the server.
    Command,
}

impl By<'_> {
    fn require_admin(self) -> Result<(), Error> {
        match self {
            Self::Command => Ok(()),
            Self::Staff(staff) if staff.role == Role::Admin => Ok(()),
            Self::Staff(_) => Err(Error::refused(Code::Forbidden, texts::ACTION_NOT_ALLOWED)),
        }
    }
}

/// A network as it is to be kept out: what is not given stays as it is, where there is one already.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WantedIpBlock {
    /// An address or a network.
    pub ip: Option<String>,
    /// Mastodon's name of a [`Severity`].
    pub severity: Option<String>,
    /// A note.
    pub comment: Option<String>,
    /// For how many seconds; empty is for ever.
    pub expires_in: Option<String>,
}

/// What was found good of it.
struct Judged {
    network: Option<IpNet>,
    severity: Option<Severity>,
    comment: Option<String>,
    expires_in: Option<Option<Duration>>,
}

/// The networks that are kept out, a page of them.
///
/// # Errors
/// 403 for everybody but admins; when the database does not answer.
pub async fn networks(auth: &Auth, by: By<'_>, span: ListSpan) -> Result<ListPage<IpBlock>, Error> {
    by.require_admin()?;
    let (rows, now) = (RowSpan::from(span), auth.ambient().now());
    let wanted = rows.clone();
    let found = auth.store().read(move |c| Box::pin(async move { blocks::some_networks(c, &wanted, now).await }));
    Ok(rows.page(found.await?))
}

/// One network that is kept out.
///
/// # Errors
/// 403 for everybody but admins; 404.
pub async fn network_block(auth: &Auth, by: By<'_>, id: &str) -> Result<IpBlock, Error> {
    by.require_admin()?;
    let (id, now) = (id.to_owned(), auth.ambient().now());
    let found = auth.store().look_up(move |c| Box::pin(async move { blocks::network(c, &id, now).await }));
    found.await?.ok_or_else(not_found)
}

/// Keeps a network out.
///
/// # Errors
/// The fields that are wrong; 403 for everybody but admins; when the database does not answer.
pub async fn block_network(
    auth: &Auth,
    by: By<'_>,
    wanted: WantedIpBlock,
    caller: &Caller,
) -> Result<Result<IpBlock, FormErrors>, Error> {
    by.require_admin()?;
    let now = auth.ambient().now();
    let judged = judge(&wanted, true);
    let (errors, judged) = (judged.1, judged.0);
    let (Some(network), Some(severity), true) = (judged.network, judged.severity, errors.is_empty()) else {
        return Ok(Err(FormErrors(errors)));
    };
    let new = IpBlock {
        id: auth.ambient().id(),
        network: network.to_string(),
        severity,
        comment: judged.comment.unwrap_or_default(),
        created_at: now,
        expires_at: judged.expires_in.flatten().map(|lifetime| now.plus(lifetime)),
    };
    if let Some(error) = shuts_out(&new, caller) {
        return Ok(Err(error.into()));
    }
    let event = event(auth, EventKind::NetworkBlocked, by, caller).of(Target::Other("ip_block", new.id.clone()));
    let event = event.with("network", new.network.as_str()).with("severity", severity.name());
    let row = new.clone();
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            let kept = blocks::insert_network(c, &row, now).await?;
            if kept.is_ok() {
                store::events::add(c, event).await?;
            }
            Ok(kept)
        })
    });
    kept_or(kept.await?, "ip").map(|kept| kept.map(|()| new))
}

/// Changes how a network is kept out.
///
/// # Errors
/// The fields that are wrong; 403 for everybody but admins; 404; when the database does not answer.
pub async fn change_network(
    auth: &Auth,
    by: By<'_>,
    id: &str,
    wanted: WantedIpBlock,
    caller: &Caller,
) -> Result<Result<IpBlock, FormErrors>, Error> {
    let former = network_block(auth, by, id).await?;
    let (judged, errors) = judge(&wanted, false);
    if !errors.is_empty() {
        return Ok(Err(FormErrors(errors)));
    }
    let now = auth.ambient().now();
    let changed = IpBlock {
        network: judged.network.map_or(former.network, |network| network.to_string()),
        severity: judged.severity.unwrap_or(former.severity),
        comment: judged.comment.unwrap_or(former.comment),
        expires_at: match judged.expires_in {
            Some(lifetime) => lifetime.map(|lifetime| now.plus(lifetime)),
            None => former.expires_at,
        },
        ..former
    };
    if let Some(error) = shuts_out(&changed, caller) {
        return Ok(Err(error.into()));
    }
    let event = event(auth, EventKind::NetworkBlockChanged, by, caller);
    let event = event.of(Target::Other("ip_block", changed.id.clone()));
    let event = event.with("network", changed.network.as_str()).with("severity", changed.severity.name());
    let row = changed.clone();
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            let kept = blocks::update_network(c, &row, now).await?;
            if kept.is_ok() {
                store::events::add(c, event).await?;
            }
            Ok(kept)
        })
    });
    kept_or(kept.await?, "ip").map(|kept| kept.map(|()| changed))
}

/// Lets a network in again.
///
/// # Errors
/// 403 for everybody but admins; 404.
pub async fn unblock_network(auth: &Auth, by: By<'_>, id: &str, caller: &Caller) -> Result<(), Error> {
    let former = network_block(auth, by, id).await?;
    let event = event(auth, EventKind::NetworkUnblocked, by, caller);
    let event = event.of(Target::Other("ip_block", former.id.clone())).with("network", former.network.as_str());
    let removed = auth.store().write(move |c| {
        Box::pin(async move {
            let removed = blocks::remove_network(c, &former.id).await?;
            if removed {
                store::events::add(c, event).await?;
            }
            Ok(removed)
        })
    });
    if removed.await? { Ok(()) } else { Err(not_found()) }
}

/// The mail domains that are kept out, a page of them.
///
/// # Errors
/// 403 for everybody but admins; when the database does not answer.
pub async fn domains(auth: &Auth, by: By<'_>, span: ListSpan) -> Result<ListPage<EmailDomainBlock>, Error> {
    by.require_admin()?;
    let rows = RowSpan::from(span);
    let wanted = rows.clone();
    let found = auth.store().read(move |c| Box::pin(async move { blocks::some_domains(c, &wanted).await }));
    Ok(rows.page(found.await?))
}

/// One mail domain that is kept out.
///
/// # Errors
/// 403 for everybody but admins; 404.
pub async fn domain_block(auth: &Auth, by: By<'_>, id: &str) -> Result<EmailDomainBlock, Error> {
    by.require_admin()?;
    let id = id.to_owned();
    let found = auth.store().look_up(move |c| Box::pin(async move { blocks::domain(c, &id).await }));
    found.await?.ok_or_else(not_found)
}

/// Takes no address of a domain any more, nor of those below it.
///
/// # Errors
/// What is wrong with it; 403 for everybody but admins; when the database does not answer.
pub async fn block_domain(
    auth: &Auth,
    by: By<'_>,
    name: &str,
    caller: &Caller,
) -> Result<Result<EmailDomainBlock, FormErrors>, Error> {
    by.require_admin()?;
    let name = match (name.trim().is_empty(), domain(name)) {
        (true, _) => return Ok(Err(FormError::blank("domain").into())),
        (_, None) => return Ok(Err(FormError::invalid("domain").into())),
        (_, Some(name)) => name,
    };
    let new = EmailDomainBlock { id: auth.ambient().id(), domain: name, created_at: auth.ambient().now() };
    let event = event(auth, EventKind::MailDomainBlocked, by, caller);
    let event = event.of(Target::Other("email_domain_block", new.id.clone())).with("domain", new.domain.as_str());
    let row = new.clone();
    let kept = auth.store().write(move |c| {
        Box::pin(async move {
            let kept = blocks::insert_domain(c, &row).await?;
            if kept.is_ok() {
                store::events::add(c, event).await?;
            }
            Ok(kept)
        })
    });
    kept_or(kept.await?, "domain").map(|kept| kept.map(|()| new))
}

/// Takes addresses of a domain again.
///
/// # Errors
/// 403 for everybody but admins; 404.
pub async fn unblock_domain(auth: &Auth, by: By<'_>, id: &str, caller: &Caller) -> Result<(), Error> {
    let former = domain_block(auth, by, id).await?;
    let event = event(auth, EventKind::MailDomainUnblocked, by, caller);
    let event = event.of(Target::Other("email_domain_block", former.id.clone())).with("domain", former.domain.as_str());
    let removed = auth.store().write(move |c| {
        Box::pin(async move {
            let removed = blocks::remove_domain(c, &former.id).await?;
            if removed {
                store::events::add(c, event).await?;
            }
            Ok(removed)
        })
    });
    if removed.await? { Ok(()) } else { Err(not_found()) }
}

/// What of a wish is good, and what is wrong. A new block needs a network and a severity.
fn judge(wanted: &WantedIpBlock, is_new: bool) -> (Judged, Vec<FormError>) {
    let mut errors = Vec::new();
    let mut wrong = |error| errors.push(error);
    let given = |text: &Option<String>| text.as_deref().map(str::trim).map(str::to_owned);
    let network = match given(&wanted.ip) {
        None if !is_new => None,
        Some(text) if !text.is_empty() => network(&text).or_else(|| {
            wrong(FormError::invalid("ip"));
            None
        }),
        _ => {
            wrong(FormError::blank("ip"));
            None
        }
    };
    let severity = match given(&wanted.severity) {
        None if !is_new => None,
        Some(word) if !word.is_empty() => Severity::named(&word).or_else(|| {
            wrong(FormError::new("severity", "ERR_INCLUSION", "is not included in the list"));
            None
        }),
        _ => {
            wrong(FormError::blank("severity"));
            None
        }
    };
    let comment = given(&wanted.comment);
    if let Some(comment) = &comment {
        if comment.chars().count() > LONGEST_COMMENT {
            wrong(FormError::too_long("comment", LONGEST_COMMENT));
        } else if comment.chars().any(char::is_control) {
            wrong(FormError::invalid("comment"));
        }
    }
    let expires_in = match given(&wanted.expires_in) {
        None => None,
        Some(text) if text.is_empty() => Some(None),
        Some(text) => match text.parse::<u64>() {
            Ok(seconds) if (1..=LONGEST).contains(&seconds) => Some(Some(Duration::from_secs(seconds))),
            _ => {
                wrong(FormError::invalid("expires_in"));
                None
            }
        },
    };
    (Judged { network, severity, comment, expires_in }, errors)
}

/// Nobody locks themselves out: whoever keeps a network out altogether is not in it.
fn shuts_out(block: &IpBlock, caller: &Caller) -> Option<FormError> {
    let own = caller.source?.to_canonical();
    let holds_own = network(&block.network).is_some_and(|network| network.contains(&own));
    let is_own = block.severity == Severity::NoAccess && holds_own;
    is_own.then(|| FormError::new("ip", "ERR_OWN_NETWORK", texts::OWN_NETWORK))
}

type Kept = Result<Result<(), FormErrors>, Error>;

fn kept_or(kept: Result<(), NotKept>, field: &'static str) -> Kept {
    match kept {
        Ok(()) => Ok(Ok(())),
        Err(NotKept::Taken) => Ok(Err(FormError::new(field, "ERR_TAKEN", "has already been taken").into())),
        Err(NotKept::Full) => Ok(Err(FormError::new(field, "ERR_FULL", texts::TOO_MANY_BLOCKS).into())),
        Err(NotKept::Gone) => Err(not_found()),
    }
}

fn event(auth: &Auth, kind: EventKind, by: By<'_>, caller: &Caller) -> NewEvent {
    let actor = match by {
        By::Staff(staff) => Actor::Account(staff.id.clone()),
        By::Command => Actor::Command,
    };
    events::event(auth, kind, caller).by(actor)
}

fn not_found() -> Error {
    Error::refused(Code::NotFound, texts::RECORD_NOT_FOUND)
}
