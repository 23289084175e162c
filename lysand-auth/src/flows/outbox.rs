//! Sends the mails of the outbox: each once over several replicas, again when it fails, with secrets that are made for each
//! try (PPL-168 to PPL-170).

mod administration;

use std::time::Duration;

use futures_util::future::join_all;

pub use self::administration::{cancel, get, list, outcome, post_test, retry};
use crate::ambient::Timestamp;
use crate::auth::{Auth, Turn};
use crate::error::Error;
use crate::host::accounts::Account;
use crate::host::mailer::{Letter, Mail, MailRefused};
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind, NewEvent, Target};
use crate::model::language::Language;
use crate::model::mail::Content;
use crate::model::mail_token::Purpose;
use crate::secret::Secret;
use crate::steps::events::event;
use crate::steps::mail::{self, Outgoing};
use crate::steps::way_back_notice;
use crate::store::mail_tokens::{Armed, Digests};
use crate::store::mails::{Due, Outcome};
use crate::store::{Conn, events, mail_tokens, mails};

/// How long a mail is one replica's.
const LEASE: Duration = Duration::from_secs(120);
/// How long the host may take for one, so that its lease does not end meanwhile.
const MAILER_TIMEOUT: Duration = Duration::from_secs(100);
/// How many are taken at the same moment.
const AT_ONCE: i64 = 4;
/// How often in a row other replicas may be faster before the rest is left to the next turn.
const MISSES: u32 = 3;
/// When a mail that could not be sent is tried again: after the first try, after the second, and so on; the last for all others.
const AGAIN: [Duration; 5] = [
    Duration::from_secs(60),
    Duration::from_secs(5 * 60),
    Duration::from_secs(15 * 60),
    Duration::from_secs(3600),
    Duration::from_secs(3 * 3600),
];
/// The longest word of a mail server that is kept.
const LONGEST_ERROR: usize = 500;

/// What became of the mails that waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Mails that the mailer took.
    pub sent: usize,
    /// Mails that are tried again later.
    pub again: usize,
    /// Mails that were given up.
    pub failed: usize,
    /// Mails that had lost their purpose.
    pub cancelled: usize,
}

/// Sends what waits, again and again, for as long as the future is polled: what [`web::mount`](crate::web::mount) starts, and
/// what a host without it may spawn.
pub async fn regularly(turn: Turn) {
    let every = turn.every().max(Duration::from_millis(1));
    loop {
        if let Err(error) = send_waiting(turn.auth()).await {
            tracing::warn!(%error, "the outbox cannot be read; it is tried again soon");
        }
        tokio::select! {
            () = turn.auth().outbox().woken() => {}
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// Sends every mail whose time has come.
///
/// # Errors
/// When the database does not answer.
pub async fn send_waiting(auth: &Auth) -> Result<Delivery, Error> {
    let _one_at_a_time = auth.outbox().lock().await;
    let (mut delivery, mut missed) = (Delivery::default(), 0);
    if auth.config().factors.way_back.enabled {
        // What waits is sent all the same.
        if let Err(error) = way_back_notice::tell(auth).await {
            tracing::warn!(%error, "people cannot be told of requests to remove second factors; it is tried again soon");
        }
    }
    loop {
        let now = auth.ambient().now();
        let due = auth.store().look_up(move |c| Box::pin(mails::due(c, now, AT_ONCE))).await?;
        if due.is_empty() {
            return Ok(delivery);
        }
        let taken = take(auth, due).await?;
        // Another replica was faster, and there may be more; or what they are about is just changing, which the next turn sees.
        missed = if taken.is_empty() { missed + 1 } else { 0 };
        if missed == MISSES {
            return Ok(delivery);
        }
        for outcome in join_all(taken.into_iter().map(|taken| deliver(auth, taken))).await {
            match outcome? {
                Outcome::Sent(_) => delivery.sent += 1,
                Outcome::Again(..) => delivery.again += 1,
                Outcome::Failed(_) => delivery.failed += 1,
                Outcome::Cancelled(_) => delivery.cancelled += 1,
            }
        }
    }
}

/// A mail that is this replica's for a while.
struct Taken {
    due: Due,
    tries: u32,
    lease_until: Timestamp,
    ready: Ready,
}

/// Whether a mail can be handed over.
enum Ready {
    Yes {
        content: Content,
        secrets: Option<(Purpose, Secret, Option<Secret>)>,
    },
    /// It has lost its purpose, or cannot be read.
    No(&'static str),
}

/// What a mail with a link would carry; its digests are kept, and the rest is forgotten with the mail.
struct FreshSecrets {
    link: Secret,
    code: Secret,
    digests: Digests,
}

impl FreshSecrets {
    fn new(auth: &Auth, is_hex: bool) -> Self {
        let bytes: [u8; 32] = auth.ambient().bytes();
        let hex = || bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let link = if is_hex { Secret::new(hex()) } else { Secret::of_bytes(&bytes) };
        let code = Secret::new(format!("{:08}", u64::from_le_bytes(auth.ambient().bytes()) % 100_000_000));
        let digests = Digests { link: link.digest(), code: mail::code_digest(auth, code.expose()) };
        Self { link, code, digests }
    }

    fn into_secrets(self, armed: Armed) -> (Purpose, Secret, Option<Secret>) {
        (armed.purpose, self.link, armed.has_code.then_some(self.code))
    }
}

/// Takes these mails and gives them their secrets, in one transaction that is committed before any of them is handed over.
async fn take(auth: &Auth, due: Vec<Due>) -> Result<Vec<Taken>, Error> {
    let mut wanted = Vec::new();
    for due in due {
        let gone = is_account_gone(auth, &due).await?;
        // Pages of Lysand's own want hexadecimal digits (PPL-90).
        let is_hex = matches!(due.kind.as_str(), "reset" | "reset_demanded");
        let secrets = due.token_id.as_ref().map(|_| FreshSecrets::new(auth, is_hex));
        wanted.push((due, gone, secrets));
    }
    let now = auth.ambient().now();
    let taken = auth.store().write(move |c| {
        Box::pin(async move {
            let mut taken = Vec::new();
            for (due, gone, secrets) in wanted {
                if let Some(token) = &due.token_id
                    && !mail_tokens::try_lock(c, token).await?
                {
                    continue;
                }
                let Some((tries, lease_until)) = mails::take(c, &due.id, now, LEASE).await? else { continue };
                let ready = match gone {
                    true => Ready::No("its account is gone"),
                    false => make_ready(c, &due, secrets, now).await?,
                };
                taken.push(Taken { due, tries, lease_until, ready });
            }
            Ok(taken)
        })
    });
    taken.await
}

async fn make_ready(c: &mut Conn, due: &Due, secrets: Option<FreshSecrets>, now: Timestamp) -> Result<Ready, Error> {
    let Ok(content) = serde_json::from_str::<Content>(&due.context) else {
        return Ok(Ready::No("this version does not know what it is about"));
    };
    let (Some(token), Some(secrets)) = (&due.token_id, secrets) else {
        return Ok(Ready::Yes { content, secrets: None });
    };
    Ok(match mail_tokens::arm(c, token, secrets.digests, now).await? {
        Some(armed) => Ready::Yes { content, secrets: Some(secrets.into_secrets(armed)) },
        None => Ready::No("what its link was for is done or over"),
    })
}

/// Whether the account that a mail is about does not exist any more, and the mail is not about that.
async fn is_account_gone(auth: &Auth, due: &Due) -> Result<bool, Error> {
    let tells_the_end = matches!(due.kind.as_str(), "deleted" | "rejected" | "request_expired");
    match &due.account {
        Some(account) if !tells_the_end => Ok(auth.account(account).await?.is_none()),
        _ => Ok(false),
    }
}

/// Hands one mail to the host, and notes what became of it.
async fn deliver(auth: &Auth, taken: Taken) -> Result<Outcome, Error> {
    let Taken { due, tries, lease_until, ready } = taken;
    let mut username = None;
    let outcome = match ready {
        Ready::No(why) => Outcome::Cancelled(why.to_owned()),
        Ready::Yes { content, secrets } => {
            username = content.username.clone();
            let letter = letter(auth, &due, content, secrets);
            hand_over(auth, &due, &letter, tries).await
        }
    };
    let (id, now, kept) = (due.id.clone(), auth.ambient().now(), outcome.clone());
    let failed = matches!(outcome, Outcome::Failed(_)).then(|| failed(auth, &due, username.as_deref()));
    let settled = auth.store().write(move |c| {
        Box::pin(async move {
            let settled = mails::settle(c, &id, lease_until, &kept, now).await?;
            if let Some(event) = failed.filter(|_| settled) {
                events::add(c, event).await?;
            }
            Ok(settled)
        })
    });
    if !settled.await? {
        tracing::warn!(id = due.id, kind = due.kind, "a mail took longer than its lease and may be sent twice");
    }
    report(&due, &outcome);
    Ok(outcome)
}

/// The event of a mail that was given up.
fn failed(auth: &Auth, due: &Due, username: Option<&str>) -> NewEvent {
    let event =
        event(auth, EventKind::MailFailed, &Caller::default()).by(Actor::System).with("mail", due.kind.as_str());
    match &due.account {
        Some(account) => event.about(account, username.unwrap_or_default()),
        None => event.of(Target::Other("mail", due.id.clone())),
    }
}

fn letter(auth: &Auth, due: &Due, content: Content, secrets: Option<(Purpose, Secret, Option<Secret>)>) -> Letter {
    let mut letter = Letter::new(due.address.clone(), content.mail).with_id(due.id.clone());
    if let Some(username) = content.username {
        letter = letter.with_username(username);
    }
    if let Some(language) = content.language.as_deref().and_then(Language::parse) {
        letter = letter.with_language(language);
    }
    if let Some((purpose, link, code)) = secrets {
        if purpose.has_link() && content.in_app {
            letter.token = Some(link.clone());
        }
        if purpose.has_link() {
            letter = letter.with_link(Secret::new(auth.config().mailed_link(purpose, link.expose())));
        }
        letter.code = code;
    }
    letter
}

async fn hand_over(auth: &Auth, due: &Due, letter: &Letter, tries: u32) -> Outcome {
    let error = match tokio::time::timeout(MAILER_TIMEOUT, auth.mailer().deliver(letter)).await {
        Ok(Ok(reply)) => return Outcome::Sent(reply.map(|said| kept(&said))),
        Ok(Err(error)) => error,
        Err(_) => "the mailer takes too long".into(),
    };
    let why = kept(&error.to_string());
    if error.is::<MailRefused>() {
        return Outcome::Failed(why);
    }
    let (now, rules) = (auth.ambient().now(), auth.live_config().mail);
    let next = now.plus(spread(again_after(tries), auth.ambient().bytes()));
    match next > due.created_at.plus(rules.retry_for) {
        true => Outcome::Failed(why),
        false => Outcome::Again(next, why),
    }
}

/// The word of a mail server, as much of it as is kept: in one line, without what a terminal or a page might take for its own.
fn kept(said: &str) -> String {
    said.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST_ERROR)
        .collect()
}

/// How long after this try the next one is.
fn again_after(tries: u32) -> Duration {
    let index = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
    AGAIN[index.min(AGAIN.len() - 1)]
}

/// A fifth more or less, so that what failed at once is not tried at once.
fn spread(wait: Duration, random: [u8; 4]) -> Duration {
    wait.mul_f64(0.8 + 0.4 * f64::from(u32::from_le_bytes(random)) / f64::from(u32::MAX))
}

fn report(due: &Due, outcome: &Outcome) {
    let (id, kind) = (&due.id, &due.kind);
    match outcome {
        Outcome::Sent(_) => tracing::info!(id, kind, "mail sent"),
        Outcome::Again(_, why) => tracing::warn!(id, kind, why, "a mail cannot be sent; it is tried again later"),
        Outcome::Failed(why) => tracing::error!(id, kind, why, "a mail cannot be sent and was given up"),
        Outcome::Cancelled(why) => tracing::debug!(id, kind, why, "a mail was cancelled"),
    }
}

/// Puts a mail about an account into the outbox; false when the account has no address. For what a host does by itself.
///
/// # Errors
/// When the database does not answer.
pub async fn post(auth: &Auth, to: &Account, mail: Mail) -> Result<bool, Error> {
    let Some(mail) = Outgoing::to_account(auth, to, mail) else { return Ok(false) };
    auth.store().write(move |c| Box::pin(mail::enqueue(c, mail))).await?;
    mail::wake(auth);
    Ok(true)
}

/// When the last mail to an address was refused for good, if none has arrived since.
///
/// # Errors
/// When the database does not answer.
pub async fn refused_at(auth: &Auth, address: &str) -> Result<Option<Timestamp>, Error> {
    let address = address.to_owned();
    auth.store().read(move |c| Box::pin(async move { mails::refused_at(c, &address).await })).await
}

#[cfg(test)]
mod tests;
