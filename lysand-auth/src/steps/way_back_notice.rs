//! Telling owners and the host of requests to remove second factors: at half time, a day before, when they are ripe, and how they
//! ended (FAC-113). That one was asked is told when it is asked.

use crate::ambient::Timestamp;
use crate::auth::Auth;
use crate::error::Error;
use crate::host::mailer::Mail;
use crate::host::sign_in_rules::Stage;
use crate::model::account::Account;
use crate::model::caller::Caller;
use crate::model::device::Device;
use crate::model::event::{Actor, EventKind, NewEvent};
use crate::model::mail_token::{Link, Purpose};
use crate::model::way_back::{End, Ending, Stop, Told, WayBack};
use crate::steps::host_rules::answered;
use crate::steps::mail::{self, Outgoing};
use crate::steps::{events, way_back_stop};
use crate::store;

/// How many are looked at together, and how often in a row: what is left is told at the next turn.
const PAGE: i64 = 100;
const TURNS: usize = 20;

/// Tells all that is due.
///
/// # Errors
/// When host or database do not answer.
pub(crate) async fn tell(auth: &Auth) -> Result<(), Error> {
    for _ in 0..TURNS {
        let now = auth.ambient().now();
        let due = auth.store().look_up(move |c| Box::pin(store::way_back::due(c, now, PAGE))).await?;
        if due.is_empty() {
            break;
        }
        for row in due {
            match row.end {
                Some(end) => tell_end(auth, row, end).await?,
                None if row.times.until <= now => lapse(auth, row, now).await?,
                None => tell_open(auth, row, now).await?,
            }
        }
    }
    Ok(())
}

/// Mails to every confirmed address of an account, with a link that stops the request.
///
/// # Errors
/// When the host does not answer.
pub(crate) async fn with_stop(
    auth: &Auth,
    account: &Account,
    row: &WayBack,
    mail: Mail,
) -> Result<Vec<Outgoing>, Error> {
    let link = Link {
        purpose: Purpose::WayBackStop,
        account: Some(account.id.clone()),
        subject: Some(row.id.clone()),
        ttl: row.times.until.since(auth.ambient().now()),
        has_code: false,
    };
    let mails = Outgoing::to_every_confirmed(auth, account, &mail).await?;
    Ok(mails.into_iter().map(|mail| mail.with_link(link.clone())).collect())
}

/// With what it was asked for, in words.
pub(crate) fn device(row: &WayBack) -> Option<String> {
    row.agent.as_deref().and_then(|agent| Device::of(agent).words())
}

async fn tell_open(auth: &Auth, row: WayBack, now: Timestamp) -> Result<(), Error> {
    let told = row.due(now);
    let account = auth.account(&row.account).await?;
    // Whoever was not told in time is told late, and alone of what comes last.
    let is_news = row.told < Told::Day && told >= Told::Half && (row.told < Told::Half || told >= Told::Day);
    let soon = Mail::WayBackSoon {
        device: device(&row),
        network: row.network.clone(),
        at: row.times.asked_at,
        ripe_at: row.times.ripe_at,
    };
    let mails = match account.as_ref().filter(|_| is_news) {
        Some(account) => with_stop(auth, account, &row, soon).await?,
        None => Vec::new(),
    };
    let noted = row.clone();
    let is_noted = auth.store().write(move |c| {
        Box::pin(async move {
            let is_noted = store::way_back::note_told(c, &noted, told).await?;
            if is_noted {
                for mail in mails {
                    mail::enqueue(c, mail).await?;
                }
            }
            Ok(is_noted)
        })
    });
    if is_noted.await? {
        mail::wake(auth);
        if let Some(account) = account.filter(|_| told == Told::Ripe) {
            tell_host(auth, &account, Stage::Ripe).await;
        }
    }
    Ok(())
}

async fn lapse(auth: &Auth, row: WayBack, now: Timestamp) -> Result<(), Error> {
    let account = auth.account(&row.account).await?;
    let event = event(auth, EventKind::WayBackLapsed, &row, account.as_ref());
    let id = row.id.clone();
    let lapsed = auth.store().write(move |c| {
        Box::pin(async move {
            let lapsed = store::way_back::lapse(c, &id, now).await?;
            if lapsed {
                store::events::add(c, event).await?;
            }
            Ok(lapsed)
        })
    });
    if let (true, Some(account)) = (lapsed.await?, account) {
        tell_host(auth, &account, Stage::Lapsed).await;
    }
    Ok(())
}

async fn tell_end(auth: &Auth, row: WayBack, end: End) -> Result<(), Error> {
    let account = auth.account(&row.account).await?;
    let (mut mails, mut events) = (Vec::new(), Vec::new());
    let stage = match end.how {
        Ending::Claimed => Stage::Claimed,
        Ending::Lapsed => Stage::Lapsed,
        Ending::Stopped(why) => {
            if let Some(account) = &account {
                mails = Outgoing::to_every_confirmed(auth, account, &Mail::WayBackStopped { at: end.at }).await?;
            }
            if !way_back_stop::is_recorded(why) {
                events.push(event(auth, EventKind::WayBackStopped, &row, account.as_ref()).with("why", why.name()));
            }
            Stage::Stopped
        }
    };
    let id = row.id.clone();
    let told = auth.store().write(move |c| {
        Box::pin(async move {
            let told = store::way_back::note_end_told(c, &id).await?;
            if told {
                for mail in mails {
                    mail::enqueue(c, mail).await?;
                }
                for event in events {
                    store::events::add(c, event).await?;
                }
            }
            Ok(told)
        })
    });
    if told.await? {
        mail::wake(auth);
        if let Some(account) = account {
            tell_host(auth, &account, stage).await;
        }
    }
    Ok(())
}

fn event(auth: &Auth, kind: EventKind, row: &WayBack, account: Option<&Account>) -> NewEvent {
    let name = account.map_or("", |account| &account.username);
    events::event(auth, kind, &Caller::default()).by(Actor::System).about(&row.account, name)
}

/// The event of a request that somebody stops just now.
pub(crate) fn stopped(auth: &Auth, account: &Account, why: Stop, (by, caller): (Actor, &Caller)) -> NewEvent {
    let event = events::event(auth, EventKind::WayBackStopped, caller).by(by);
    event.about(&account.id, &account.username).with("why", why.name())
}

/// Tells the host how far somebody is. What comes of it changes nothing.
pub(crate) async fn tell_host(auth: &Auth, account: &Account, stage: Stage) {
    let Some(rules) = auth.sign_in_rules() else { return };
    if let Err(why) = answered(rules.way_back(account, stage)).await {
        tracing::error!(account = %account.id, ?stage, %why, "the host was not told of a way back");
    }
}
